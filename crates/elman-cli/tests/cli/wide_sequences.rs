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
        let answers = place.ok("predict l.elman l.csv").stdout;
        assert_eq!(place.ok(&format!("predict w.elman {name}")).stdout, answers);
    }
    // Numbers are learned as well, and what is named is the target.
    let numbered = rows.iter().zip(0..).map(|((values, _), n)| (values.clone(), ["1.5", "2.5"][n % 2]));
    let numbered: Vec<_> = numbered.collect();
    place.write("n.csv", format!("{},level\n{}", header(), lines(&numbered, ",", true)));
    place.ok(&format!("train regress n.csv --target level {QUICK} -o n.elman"));
    place.ok("predict n.elman n.csv");
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
    assert!(with.starts_with("id,time,col1_predicted,probability_-1,probability_1\n1,24,"), "{with}");

    // What is to be told has no classes.
    let bare: String = lines(&coded, "\t", false)
        .lines()
        .map(|line| line.split_once('\t').unwrap().1.to_owned() + "\n")
        .collect();
    place.write("new.tsv", &bare);
    assert_eq!(place.ok("predict m.elman new.tsv").stdout, with);
    let message = place.refused(1, "evaluate m.elman new.tsv");
    assert!(
        message.starts_with("new.tsv, line 1, column \"col1\": the model has not seen class"),
        "{message}"
    );
    // The class behind the values, in a file with blanks.
    place.write("last.txt", lines(&coded, " ", true).replace("  ", " NaN ").replace("  ", " NaN "));
    let told = place.ok(&format!("train classify last.txt {QUICK} -o n.elman")).stderr;
    assert!(told.contains("whose target is in \"col27\""), "{told}");
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
        assert!(told.starts_with("w.csv has no column \"id\""), "{told}");
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
    // Two columns that are not of the values.
    let of_subjects: String = rows.lines().zip(0..).map(|(row, n)| format!("{},{row}\n", n / 10)).collect();
    refuses(format!("subject,{}{of_subjects}", names("class")), "--target class");
    // Few columns.
    refuses("t1,t2,t3,class\n1,2,3,a\n2,3,4,b\n1,2,3,a\n2,3,4,b\n".to_owned(), "--target class");
}
