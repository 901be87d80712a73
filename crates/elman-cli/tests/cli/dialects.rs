//! One table in every way in which people have it: the same training, the same figures.

use std::fs::File;

use crate::common::{Place, airline};

const TRAIN: &str = "--epochs 2 --hidden-size 4 --json";

/// The last line of a training on this file.
fn trained(place: &Place, file: &str) -> String {
    let said = place.ok(&format!("train {file} -o t.elman {TRAIN}"));
    said.stdout.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn every_dialect_gives_the_same_model() {
    let csv = airline();
    let place = Place::with("a.csv", &csv);
    place.ok(&format!("train a.csv -o a.elman {TRAIN}"));
    let wanted = place.ok("predict a.elman a.csv").stdout;
    let semicolons: String = csv.lines().map(|line| line.replace(',', ";") + ",0\n").collect();
    let semicolons = semicolons.replacen("passengers,0", "passengers", 1);
    let utf16: Vec<u8> =
        format!("\u{feff}{}", csv.replace(',', "\t")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes) in [
        ("semicolons.csv", semicolons.clone().into_bytes()),
        ("excel.csv", format!("sep=;\r\n{}", semicolons.replace('\n', "\r\n")).into_bytes()),
        ("utf16.txt", utf16),
        ("bars.txt", csv.replace(',', "|").into_bytes()),
        ("comments.csv", format!("# from the archive\n{csv}").into_bytes()),
        ("ends.csv", csv.replace('\n', ",\n").into_bytes()),
    ] {
        place.write(name, bytes);
        assert_eq!(place.ok(&format!("predict a.elman {name}")).stdout, wanted, "{name}");
        let mut command = place.command("predict a.elman -");
        command.stdin(File::open(place.path(name)).unwrap());
        assert_eq!(String::from_utf8(command.output().unwrap().stdout).unwrap(), wanted, "{name}");
    }
    let said = place.ok("predict a.elman semicolons.csv").stderr;
    assert_eq!(
        said,
        "note: semicolons.csv: read as columns separated by semicolons\n\
         note: semicolons.csv, line 2, column \"passengers\": \"112,0\" is read as 112\n"
    );
    let lines: String = csv
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .map(|(month, value)| format!("{{\"month\":\"{month}\",\"passengers\":{value}}}\n"))
        .collect();
    place.write("a.jsonl", lines);
    assert_eq!(place.ok("predict a.elman a.jsonl").stdout, wanted);
    assert_eq!(trained(&place, "semicolons.csv"), trained(&place, "bars.txt"));
}

/// A row of units, the names once more, a sum and a source are none of the table's, and are named.
#[test]
fn what_stands_around_a_table_changes_nothing() {
    let csv = airline();
    let place = Place::with("a.csv", &csv);
    place.ok(&format!("train a.csv -o a.elman {TRAIN}"));
    let wanted = place.ok("predict a.elman a.csv").stdout;
    let (names, rows) = csv.split_once('\n').unwrap();
    let (first, rest) = rows.split_at(60 * (rows.find('\n').unwrap() + 1));
    let around = format!("{names}\n,[1000]\n{first}{names}\n{rest}Total,40363\n");
    place.write("around.csv", &around);
    let said = place.ok("predict a.elman around.csv");
    assert_eq!(said.stdout, wanted);
    assert_eq!(
        said.stderr,
        "note: around.csv, line 2: the row below the names, \"[1000]\", holds no values but units, and is left out\n\
         note: around.csv, line 148: the last row is one of sums, \"Total\", and left out\n\
         note: around.csv, line 63: the columns' names stand there again, and are left out\n"
    );
    place.write("source.csv", format!("{csv}\nSource: Box and Jenkins\n"));
    assert_eq!(place.ok("predict a.elman source.csv").stdout, wanted);
}

/// What comes next is written as what was.
#[test]
fn days_are_written_in_many_ways() {
    const GERMAN: [&str; 7] = ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"];
    let place = Place::new();
    // 60 days from Monday, 1 January 2024, on; the next is Friday, 1 March.
    let day = |n: usize| if n < 31 { (1 + n, 1) } else { (n - 30, 2) };
    let value = |n: usize| 20 + n * n % 7;
    let german = |n: usize| format!("{}. {:02}.{:02}.2024", GERMAN[n % 7], day(n).0, day(n).1);
    let zone = |n: usize| format!("2024-{:02}-{:02} 06:00 CET", day(n).1, day(n).0);
    let half = |n: usize| format!("{}H{}", 1990 + n / 2, 1 + n % 2);
    let decimal = |n: usize| format!("{:.3}", 1990.0 + n as f64 / 12.0);
    let column = |time: &dyn Fn(usize) -> String| (0..60).map(time).collect::<Vec<_>>();
    for (times, next, rows) in [
        (column(&german), "Fr. 01.03.2024", "days"),
        (column(&zone), "2024-03-01 06:00 CET", "days"),
        (column(&half), "2020H1", "rows"),
        (column(&decimal), "1995.000", "months"),
    ] {
        let rows_of = |(n, time): (usize, &String)| format!("{time},{}\n", value(n));
        let csv = times.iter().enumerate().map(rows_of).collect::<String>();
        place.write("d.csv", format!("date,v\n{csv}"));
        let said =
            place.ok("train d.csv --epochs 1 --hidden-size 2 --horizon 2 --window 4 -o d.elman --force");
        assert!(said.stderr.contains(&format!("over \"date\", 2 {rows} ahead")), "{}", said.stderr);
        let predicted = place.ok("predict d.elman d.csv").stdout;
        assert!(predicted.starts_with(&format!("date,v_forecast\n{next},")), "{predicted}");
    }
    let said = place.ok("train d.csv --epochs 1 --hidden-size 2 --horizon 2 --window 4 -o d.elman --force");
    let remark = "note: d.csv, line 2, column \"date\": 1990.000 is read as 1990-01-01: decimals of a year tell the month\n";
    assert!(said.stderr.starts_with(remark), "{}", said.stderr);
}

#[test]
fn what_is_no_table_is_named() {
    let place = Place::with("a.pdf", b"%PDF-1.7\n");
    place.refuses(1, "train a.pdf", "a.pdf is a PDF document; export its table as CSV");
    let head = [b"PK\x03\x04", &[0; 22][..], &[19, 0, 0, 0], b"[Content_Types].xml"].concat();
    place.write("a.xlsx", head);
    place.refuses(1, "train a.xlsx", "a.xlsx is a spreadsheet; export the sheet as CSV");
    place.write("a.bin", vec![0; 100]);
    place.refuses(1, "train a.bin", "a.bin is a binary file, no table");
    #[cfg(unix)]
    place.refuses(
        1,
        "train /dev/zero",
        "cannot read /dev/zero: it is a device; name a file, or - for standard input",
    );
}

#[test]
fn many_columns_are_not_all_listed() {
    let names: Vec<String> = (0..20_000).map(|n| format!("c{n}")).collect();
    let row = "1,".repeat(19_999) + "2";
    let place = Place::with("w.csv", format!("{}\n{row}\n{row}\n", names.join(",")));
    for arguments in ["train w.csv", "train w.csv --target x", "train regress w.csv"] {
        let message = place.refused(1, arguments);
        assert!(message.len() < 600, "{arguments}: {} characters", message.len());
    }
}

/// Whole numbers below a thousand beside groups of three from there on, whatever separates them.
#[test]
fn thousands_are_told_by_what_stands_below_them() {
    let place = Place::new();
    let month = |n: usize| format!("{}-{:02}", 2012 + n / 12, n % 12 + 1);
    let level = |n: usize| 900 + 7 * n + [0, 40, 16][n % 3];
    let plain = |n: usize| level(n).to_string();
    let grouped = |n: usize, mark: char| match level(n) {
        small @ ..1000 => small.to_string(),
        large => format!("{}{mark}{:03}", large / 1000, large % 1000),
    };
    let table = |separator: &str, cell: &dyn Fn(usize) -> String| {
        let rows = (0..72).map(|n| format!("{}{separator}{}\n", month(n), cell(n))).collect::<String>();
        format!("m{separator}y\n{rows}")
    };
    let train = "train t.csv -o m.elman --epochs 1 --hidden-size 2 --transform log-difference";
    let answers = |text: String| {
        place.write("t.csv", text);
        place.ok(train);
        place.ok("predict m.elman t.csv").stdout
    };
    let expected = answers(table(",", &plain));
    for (separator, mark) in [(";", '.'), (";", ','), ("\t", '.'), ("\t", ','), (",", '.')] {
        assert_eq!(answers(table(separator, &|n| grouped(n, mark))), expected, "{separator} {mark}");
    }
    assert_eq!(answers(table(",", &|n| format!("\"{}\"", grouped(n, ',')))), expected);
    // Decimals leave out none, or not three.
    let thousandths = |n: usize| format!("{}.{:03}", level(n) / 1000, level(n) % 1000);
    let decimals = answers(table(";", &thousandths));
    assert_ne!(decimals, expected);
    assert_eq!(answers(table(",", &thousandths)), decimals);
}
