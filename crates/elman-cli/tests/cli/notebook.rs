//! `elman notebook`: the published losses, and what may be changed about them.

use crate::common::{Place, repository};
use serde_json::Value;

/// The losses in a file of the repository.
fn losses(file: &str, pointer: &str) -> Vec<f64> {
    let file: Value = serde_json::from_str(&repository(file)).expect("JSON");
    let losses = file.pointer(pointer).and_then(Value::as_array).expect("losses");
    losses.iter().map(|loss| loss.as_f64().expect("a number")).collect()
}

/// The figures of lines like `Epoch 10, Loss: 0.5`, which must be those of every tenth epoch.
fn printed(stdout: &str) -> Vec<f64> {
    let loss = |(n, line): (usize, &str)| {
        let start = format!("Epoch {}, Loss: ", 10 * n);
        line.strip_prefix(&start).unwrap_or_else(|| panic!("{line}")).parse().expect("a number")
    };
    stdout.lines().enumerate().map(loss).collect()
}

#[track_caller]
fn assert_close(ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() <= 1e-15, "{ours} and {theirs}");
    }
}

#[test]
fn prints_the_ten_published_losses() {
    let place = Place::new();
    let said = place.ok("notebook");
    assert_close(&printed(&said.stdout), &losses("crates/elman/data/notebook.json", "/loss"));
    assert!(
        said.stdout.starts_with("Epoch 0, Loss: 0.9997162173225019\nEpoch 10, Loss: "),
        "{}",
        said.stdout
    );
    assert_eq!(said.stderr, "");
    assert!(place.names().is_empty());
}

#[test]
fn json_has_the_same_losses() {
    let lines = Place::new().json("notebook");
    let epochs: Vec<_> = lines.iter().map(|line| line["epoch"].as_u64()).collect();
    assert_eq!(epochs, (0..10).map(|n| Some(10 * n)).collect::<Vec<_>>());
    let found: Vec<f64> = lines.iter().map(|line| line["loss"].as_f64().unwrap()).collect();
    assert_close(&found, &losses("crates/elman/data/notebook.json", "/loss"));
}

#[test]
fn a_seed_draws_numpys_weights() {
    for seed in [0, 7] {
        let said = Place::new().ok(&format!("notebook --seed {seed}"));
        let numpys = losses("reference/notebook.json", &format!("/numpy_seed_{seed}/loss"));
        assert_close(&printed(&said.stdout), &numpys);
    }
}

#[test]
fn weights_come_from_a_file() {
    let place = Place::with("w.json", repository("crates/elman/data/notebook.json"));
    assert_eq!(place.ok("notebook --weights w.json").stdout, place.ok("notebook").stdout);

    let zeros = r#"{"Wx": [[0,0],[0,0],[0,0]], "Wh": [[0,0,0],[0,0,0],[0,0,0]], "Wy": [[0,0,0]], "by": 0.5}"#;
    place.write("zeros.json", zeros);
    // Nothing but the bias learns: its error shrinks by 1 - rate in each epoch.
    let found = printed(&place.ok("notebook --weights zeros.json --learning-rate 0.1 --epochs 21").stdout);
    for (epoch, loss) in [0, 10, 20].into_iter().zip(found) {
        let wanted = (0.5 * 0.9f64.powi(epoch)).powi(2);
        assert!((loss - wanted).abs() < 1e-15, "{loss} and {wanted}");
    }
}

#[test]
fn weights_that_cannot_be_read_are_refused() {
    let place = Place::new();
    let wanted = r#"; wanted is {"Wx": 3 rows of 2, "Wh": 3 rows of 3, "Wy": 1 row of 3}"#;
    for (content, message) in [
        ("weights", "w.json: expected value at line 1 column 1"),
        ("{\n\"Wx\": [[1]]}", "w.json: invalid length 1, expected an array of length 2 at line 2 column 10"),
        ("{}", "w.json: missing field `Wx` at line 1 column 2"),
        ("", "w.json: EOF while parsing a value at line 1 column 0"),
    ] {
        place.write("w.json", content);
        place.refuses(1, "notebook --weights w.json", &format!("{message}{wanted}"));
    }
    let message = place.refused(1, "notebook --weights none.json");
    assert!(message.starts_with("cannot read none.json: "), "{message}");
}

#[test]
fn epochs_and_rate_are_ones_own() {
    let place = Place::new();
    let all = place.ok("notebook").stdout;
    for (epochs, lines) in [(1, 1), (10, 1), (11, 2), (100, 10)] {
        let said = place.ok(&format!("notebook --epochs {epochs}")).stdout;
        assert_eq!(said.lines().count(), lines, "{epochs}");
        assert!(all.starts_with(&said), "{epochs}");
    }
    let still = printed(&place.ok("notebook --learning-rate 0 --epochs 11").stdout);
    assert_eq!(still[0], still[1]);
    let fast = printed(&place.ok("notebook --learning-rate 0.02").stdout);
    assert!(fast.iter().zip(printed(&all)).skip(1).all(|(&fast, usual)| fast < usual));
}

#[test]
fn the_exact_gradient_shows_where_the_curves_part() {
    let place = Place::new();
    let stdout = place.ok("notebook --gradient exact").stdout;
    let lines: Vec<&str> = stdout.lines().collect();
    let head: Vec<&str> = lines[0].split("  ").map(str::trim).filter(|name| !name.is_empty()).collect();
    assert_eq!(head, ["epoch", "notebook", "exact", "exact of half", "difference"]);
    let rows: Vec<Vec<f64>> = lines[1..=10]
        .iter()
        .map(|line| line.split_whitespace().map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let column = |n: usize| rows.iter().map(|row: &Vec<f64>| row[n]).collect::<Vec<_>>();
    // Printed to 16 decimals.
    assert_close(&column(1), &losses("crates/elman/data/notebook.json", "/loss"));
    assert_eq!(rows[0][1..4], [rows[0][1]; 3], "all start alike");
    assert!(rows[1..].iter().all(|row| row[2] < row[1]), "twice as steep is faster");
    assert!(rows[1..].iter().all(|row| row[4] < 0.0), "the notebook is a little ahead of half the loss");
    assert!(stdout.ends_with(
        "exact: parts from the notebook by more than 1e-9 at epoch 1\n\
         exact of half: parts from the notebook by more than 1e-9 at epoch 7\n"
    ));

    let objects = place.json("notebook --gradient exact");
    for (row, object) in rows.iter().zip(objects) {
        for (name, &value) in ["loss", "exact", "halved"].into_iter().zip(&row[1..]) {
            assert!((object[name].as_f64().unwrap() - value).abs() < 1e-15, "{name} {object}");
        }
    }
}

#[test]
fn wrong_usage_is_refused() {
    let place = Place::new();
    let message = place.refused(2, "notebook --seed 1 --weights w.json");
    assert!(
        message.starts_with("the argument '--seed <N>' cannot be used with '--weights <FILE>'\n"),
        "{message}"
    );
    let message = place.refused(2, "notebook --gradient other");
    assert!(message.contains("[possible values: notebook, exact]"), "{message}");
    place.refuses(2, "notebook --learning-rate nan", "--learning-rate is NaN; it must be a finite number");
}
