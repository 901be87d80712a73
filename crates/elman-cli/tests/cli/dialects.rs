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

#[test]
fn what_is_no_table_is_named() {
    let place = Place::with("a.pdf", b"%PDF-1.7\n");
    place.refuses(1, "train a.pdf", "a.pdf is a PDF document; export its table as CSV");
    place.write("a.xlsx", b"PK\x03\x04....[Content_Types].xml");
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
