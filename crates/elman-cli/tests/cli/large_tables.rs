//! Tables whose rows stay in their file.

use std::io::Read;

use flate2::read::GzDecoder;

use crate::common::{Place, noise};

/// A level that follows two inflows, as a file of 69 MB: few rows, each with a long note beside it.
fn tank() -> String {
    let (mut drawn, mut level) = (noise(4), 0.0);
    let note = "as it was written down by hand ".repeat(110);
    let row = |k: usize| {
        let (a, b) = (drawn(), (k as f64 / 40.0).sin());
        level = 0.95 * level + 0.2 * a * b;
        let measured = if k.is_multiple_of(7) { String::new() } else { format!("{level:.4}") };
        format!("{a:.4},{b:.4},{measured},{note}\n")
    };
    format!("a,b,level,note\n{}", (0..20_000).map(row).collect::<String>())
}

#[test]
fn a_large_table_is_learned_from_part_by_part() {
    let place = Place::with("t.csv", tank());
    let said =
        place.ok("train label t.csv --target level --hidden-size 8 --epochs 1 -o m.elman --report r.html");
    let notes = [
        "note: 2,858 of 20,000 rows have no target: they are read, and count nothing\n",
        "note: the table is large, so its rows are read part by part, and again in each epoch; scales and classes are those \
         of ",
    ];
    assert!(notes.iter().all(|note| said.stderr.contains(note)), "{}", said.stderr);
    assert!(said.stdout.contains("test: 3,428 labelled rows of the last 4,000\n"), "{}", said.stdout);
    let figures = |stdout: &str| -> Vec<String> {
        let line = stdout.lines().find(|line| line.starts_with("elman ")).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect()
    };
    let report = place.text("r.html");
    assert!(report.contains("20,000") && report.contains("Rows 16,001 to 20,000 of 20,000 are looked at"));

    // Kept back and measured later, in the same way.
    let measured = place.ok("evaluate m.elman t.csv --test 4000");
    assert_eq!(figures(&measured.stdout), figures(&said.stdout));
    assert_eq!(figures(&said.stdout).len(), 4);

    // Rows that are answered in parts are those that are answered together.
    let said = place.ok("predict m.elman t.csv -o p.csv");
    assert!(said.stderr.ends_with("wrote 20000 rows to p.csv\n"), "{}", said.stderr);
    place.ok("predict m.elman t.csv -o p.csv.gz");
    let mut whole = String::new();
    GzDecoder::new(place.read("p.csv.gz").as_slice()).read_to_string(&mut whole).unwrap();
    assert_eq!(place.text("p.csv"), whole);
    assert_eq!(place.ok("predict m.elman t.csv").stdout, whole);
    place.write("p.csv", "mine\n");
    let refused = place.refused(2, "predict m.elman t.csv -o p.csv");
    assert!(refused.contains("p.csv is there and is not a table of these columns"), "{refused}");
    assert_eq!(place.text("p.csv"), "mine\n");
}
