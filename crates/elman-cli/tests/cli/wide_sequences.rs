//! Tables with a sequence in each row.

use crate::common::{Place, noise};

const QUICK: &str = "--epochs 3 --hidden-size 4";

/// Rows of a bump at an early or a late place, of unequal lengths, each with its class.
fn rows(count: usize) -> Vec<(Vec<String>, &'static str)> {
    let mut noise = noise(7);
    let mut row = |n: usize| {
        let (at, class) = if n.is_multiple_of(2) { (6.0, "early") } else { (18.0, "late") };
        let value = |t: usize| (-(t as f64 - at).powi(2) / 8.0).exp() + 0.05 * noise();
        ((0..24 + n % 3).map(value).map(|value| format!("{value:.4}")).collect(), class)
    };
    (0..count).map(&mut row).collect()
}

/// These rows with as many cells each, and the class at the end that `is_last` says.
fn lines(rows: &[(Vec<String>, &str)], separator: &str, is_last: bool) -> String {
    let line = |(values, class): &(Vec<String>, &str)| {
        let mut cells = values.clone();
        cells.resize(26, String::new());
        let place = if is_last { cells.len() } else { 0 };
        cells.insert(place, (*class).to_owned());
        cells.join(separator) + "\n"
    };
    rows.iter().map(line).collect()
}

fn header() -> String {
    (1..=26).map(|n| format!("t{n}")).collect::<Vec<_>>().join(",")
}

/// What is predicted, without the columns that tell for which rows.
fn answers(place: &Place, predict: &str) -> Vec<String> {
    let said = place.ok(predict).stdout;
    let header = said.lines().next().unwrap_or_default();
    let keys = header.split(',').position(|name| name.ends_with("_predicted")).expect("an answer");
    said.lines().map(|line| line.split(',').skip(keys).collect::<Vec<_>>().join(",")).collect()
}

#[test]
fn a_sequence_in_each_row_is_read_as_the_long_table() {
    let rows = rows(40);
    let mut long = "id,time,value,class\n".to_owned();
    for ((values, class), id) in rows.iter().zip(1..) {
        for (value, time) in values.iter().zip(1..) {
            long += &format!("{id},{time},{value},{class}\n");
        }
    }
    let place = Place::with("l.csv", long);
    place.ok(&format!("train classify l.csv --target class --time time {QUICK} -o l.elman"));
    let said = place.ok("evaluate l.elman l.csv").stdout;
    for (name, separator, is_last) in [("w.csv", ",", true), ("w.tsv", "\t", false)] {
        let names = if is_last { format!("{},class", header()) } else { format!("class,{}", header()) };
        place.write(name, names.replace(',', separator) + "\n" + &lines(&rows, separator, is_last));
        let told = place.ok(&format!("train classify {name} {QUICK} -o w.elman")).stderr;
        let note = format!(
            "note: {name}: each of its 40 rows is read as a sequence of the numbers in the 26 columns \"t1\" to \"t26\", whose \
             target is in \"class\"; if a column tells sequences apart, name it with --id\n"
        );
        assert!(told.contains(&note), "{told}");
        assert_eq!(place.ok(&format!("evaluate w.elman {name}")).stdout, said);
        assert_eq!(
            answers(&place, &format!("predict w.elman {name}")),
            answers(&place, "predict l.elman l.csv")
        );
    }
    assert!(place.ok("inspect w.elman").stdout.contains("classify \"class\" from rows of up to 26 values"));

    // What is predicted needs no class, or one that is not known, and may have other columns.
    let lines = lines(&rows, ",", true);
    let with = |class: &str, id: &str| {
        let row = |line: &str| format!("{id}{},{class}\n", line.rsplit_once(',').unwrap().0);
        lines.lines().map(row).collect::<String>()
    };
    let expected = answers(&place, "predict w.elman w.csv");
    for (head, class, id) in [("", "", ""), ("", "?", ""), ("", "unknown", ""), ("id,", "late", "a,")] {
        place.write("p.csv", format!("{head}{},class\n{}", header(), with(class, id)));
        assert_eq!(answers(&place, "predict w.elman p.csv"), expected, "{head}{class}");
    }
    place.write("other.csv", "a,b\n1,2\n");
    place.refuses(
        1,
        "predict w.elman other.csv",
        "other.csv: no column is called like \"t1\", and the model has learned from rows of such columns",
    );
}

#[test]
fn what_is_named_is_the_target() {
    // Of numbers, below names and without.
    let numbered = rows(40).into_iter().zip(0..).map(|((values, _), n)| (values, ["1.5", "2.5"][n % 2]));
    let numbered: Vec<_> = numbered.collect();
    let place = Place::with("n.csv", format!("{},level\n{}", header(), lines(&numbered, ",", true)));
    place.ok(&format!("train regress n.csv --target level {QUICK} -o n.elman"));
    let expected = answers(&place, "predict n.elman n.csv")[1..].to_vec();
    let ask = place.refused(1, &format!("train regress n.csv {QUICK} -o m.elman"));
    assert!(ask.starts_with(
        "n.csv: no column is called \"id\"; name the one that tells sequences apart with --id, or, "
    ));

    place.write("u.csv", lines(&numbered, ",", false));
    place.ok(&format!("train regress u.csv --target col1 {QUICK} -o u.elman"));
    assert_eq!(answers(&place, "predict u.elman u.csv")[1..], expected);
    let cells =
        |line: &str, count: usize| line.split(',').skip(1).take(count).collect::<Vec<_>>().join(",") + "\n";
    let bare =
        |count| lines(&numbered, ",", false).lines().map(|line| cells(line, count)).collect::<String>();
    place.write("bare.csv", bare(26));
    assert_eq!(answers(&place, "predict u.elman bare.csv")[1..], expected);
    for (count, columns) in [(26, "evaluate"), (22, "evaluate"), (22, "predict")] {
        place.write("bare.csv", bare(count));
        let message = place.refused(1, &format!("{columns} u.elman bare.csv"));
        assert!(
            message.starts_with(&format!("bare.csv: of {count} columns without names, one may be")),
            "{message}"
        );
    }
}

/// As the UCR archive's files: tabs, no names, the class in front.
#[test]
fn a_file_without_names_tells_its_classes_by_their_place() {
    let rows = rows(40);
    let coded = |class: &str| if class == "early" { "1" } else { "-1" };
    let coded: Vec<_> = rows.iter().map(|(values, class)| (values.clone(), coded(class))).collect();
    let place = Place::with("TRAIN.tsv", lines(&coded, "\t", false));
    let told = place.ok(&format!("train classify TRAIN.tsv {QUICK} -o m.elman")).stderr;
    assert!(told.contains("26 columns \"col2\" to \"col27\", whose target is in \"col1\""), "{told}");
    let with = place.ok("predict m.elman TRAIN.tsv").stdout;
    assert!(with.starts_with("row,col1_predicted,probability_-1,probability_1\n1,"), "{with}");

    // What is to be told has no classes.
    let bare: String = lines(&coded, "\t", false)
        .lines()
        .map(|line| line.split_once('\t').unwrap().1.to_owned() + "\n")
        .collect();
    place.write("new.tsv", &bare);
    assert_eq!(place.ok("predict m.elman new.tsv").stdout, with);
    place.write("empty.jsonl", "{}\n{}\n");
    let message = place.refused(1, "predict m.elman empty.jsonl");
    assert!(message.starts_with("empty.jsonl: no column is called like \"col1\""), "{message}");
    // Some values are classes as well, and columns may have no value.
    let ones = |line: &str| format!("1\t{}\n", line.split_once('\t').unwrap().1);
    place.write("ones.tsv", bare.lines().map(ones).collect::<String>());
    place.ok("predict m.elman ones.tsv -o ones.csv");
    let differ = |n: usize| place.text("ones.csv").lines().nth(n) != with.lines().nth(n);
    assert!((1..41).all(differ));
    let padded = |text: &str| text.lines().map(|line| format!("{line}\tNaN\tNaN\n")).collect::<String>();
    place.write("pad.tsv", padded(&lines(&coded, "\t", false)));
    place.ok(&format!("train classify pad.tsv {QUICK} -o p.elman"));
    assert_eq!(place.ok("predict p.elman pad.tsv").stdout, with);
    // Longer ones, with their classes and without.
    let longer = |class: &str| format!("{class}{}\n", vec!["0.5"; 30].join("\t")).repeat(3);
    let answers = ["", "-1\t"].map(|class| {
        place.write("longer.tsv", longer(class));
        place.ok("predict m.elman longer.tsv").stdout
    });
    assert_eq!(answers[0], answers[1]);
    // The class behind the values, in a file with blanks.
    place.write("last.txt", lines(&coded, " ", true).replace("  ", " NaN ").replace("  ", " NaN "));
    let told = place.ok(&format!("train classify last.txt {QUICK} -o n.elman")).stderr;
    assert!(told.contains("whose target is in \"col27\""), "{told}");
}

/// Of counts each end may hold labels: the one with far fewer does.
#[test]
fn classes_are_told_from_counts() {
    let place = Place::new();
    let counts = |n: usize| (0..24).map(move |t| (n * 7 + t * 3 + n * t / 5) % 10);
    for (is_last, target) in [(false, "col1"), (true, "col25")] {
        let row = |n: usize| {
            let class = std::iter::once(n % 2);
            let cells: Vec<usize> =
                if is_last { counts(n).chain(class).collect() } else { class.chain(counts(n)).collect() };
            cells.iter().map(ToString::to_string).collect::<Vec<_>>().join("\t") + "\n"
        };
        place.write("c.tsv", (0..40).map(row).collect::<String>());
        let told = place.ok(&format!("train classify c.tsv {QUICK} -o c.elman")).stderr;
        assert!(told.contains(&format!("whose target is in \"{target}\"")), "{told}");
    }
}

#[test]
fn gaps_and_words_among_the_values_are_named() {
    let mut rows = rows(40);
    let place = Place::new();
    let mut write = |row: usize, text: &str| {
        rows[row].0[4] = text.to_owned();
        place.write("w.csv", format!("{},class\n{}", header(), lines(&rows, ",", true)));
    };
    let train = format!("train classify w.csv {QUICK} -o m.elman");
    let refuses = |message: &str| {
        let told = place.refused(1, &train);
        assert!(told.starts_with(message), "{told}");
    };
    write(2, "");
    refuses("w.csv, line 4, column \"t5\": the value is missing; fill it in, or choose with --missing");
    place.ok(&format!("{train} --missing interpolate"));
    write(2, "oops");
    refuses("w.csv, line 4, column \"t5\": \"oops\" is not a number");
    write(2, "0.5");
    rows[3].0.fill(String::new());
    place.write("w.csv", format!("{},class\n{}", header(), lines(&rows, ",", true)));
    refuses("w.csv, line 5, column \"t1\": the row is a sequence, and has no value; take it out");
}

/// Columns of many things, and a table whose rows belong together by a column of another name.
#[test]
fn what_has_no_sequence_in_each_row_is_asked_for_its_ids() {
    let place = Place::new();
    let refuses = |text: String, train: &str| {
        place.write("w.csv", text);
        let told = place.refused(1, &format!("train classify w.csv {train}"));
        let is_asked = ["w.csv has no column \"id\"", "w.csv: no column is called \"id\""];
        assert!(is_asked.iter().any(|start| told.starts_with(start)), "{told}");
    };
    let mut noise = noise(3);
    // Sensors on levels of their own, in no order, as of engines.
    let levels: [f64; 12] =
        [518.0, 642.0, 1580.0, 1400.0, 14.6, 21.6, 554.0, 2388.0, 9046.0, 1.3, 47.5, 521.0];
    let mut sensors = |n: usize| {
        let cells: Vec<String> =
            levels.iter().map(|level| format!("{:.3}", level * (1.0 + 0.001 * noise()))).collect();
        format!("{},{}\n", n % 4, cells.join(","))
    };
    let rows: String = (0..40).map(&mut sensors).collect();
    let names = |first: &str| {
        let names: Vec<String> = (1..=12).map(|n| format!("s{n}")).collect();
        format!("{first},{}\n", names.join(","))
    };
    refuses(rows.clone(), "");
    refuses(names("unit") + &rows, "--target unit");
    // What tells sequences apart under another name, or counts the rows, is no class; two columns are left over.
    let rows: String = lines(&self::rows(40), ",", false);
    let numbered: String = rows.lines().zip(0..).map(|(row, n)| format!("{n},{row}\n")).collect();
    refuses(format!("unit,{}\n{rows}", header()), "");
    refuses(numbered.clone(), "");
    refuses(format!("subject,class,{}\n{numbered}", header()), "--target class");
    // Nothing at all, as JSON lines of empty objects are.
    refuses("{}\n{}\n{}\n{}\n{}\n".to_owned(), "");
    // Few columns.
    refuses("t1,t2,t3,class\n1,2,3,a\n2,3,4,b\n1,2,3,a\n2,3,4,b\n".to_owned(), "--target class");
}
