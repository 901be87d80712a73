//! Tables of many sequences as people have them: rows in any order, labels written in several ways, gaps, text,
//! targets that change from row to row.

use crate::common::{CLASSIFY, Place, REGRESS, Said, figure, line_of, noise, sequences};

/// The lines below the header in another order.
fn shuffled(csv: &str) -> String {
    let (header, rows) = csv.split_once('\n').expect("a header");
    let mut noise = noise(3);
    let mut rows: Vec<(f64, &str)> = rows.lines().map(|row| (noise(), row)).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rows: Vec<&str> = rows.into_iter().map(|(_, row)| row).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

/// Sequences that rise or fall: read in another order they are the same.
fn rising_or_falling(time: impl Fn(usize) -> String) -> String {
    let mut csv = String::from("id,when,level,target\n");
    for n in 0..40 {
        for step in 0..8 {
            let (level, class) = if n % 2 == 0 { (step, "up") } else { (7 - step, "down") };
            let level = level as f64 + 0.01 * n as f64;
            line_of(&mut csv, &[&format!("s{n}"), &time(step), &level.to_string(), class]);
        }
    }
    csv
}

const IN_ORDER: &str = "train classify c.csv --time when --epochs 8 --hidden-size 8 --learning-rate 0.02";

#[test]
fn rows_are_read_in_the_order_of_time() {
    let steps = rising_or_falling(|step| step.to_string());
    let days = rising_or_falling(|step| format!("2024-01-{:02}", step + 5));
    for csv in [steps, days] {
        let place = Place::with("c.csv", &csv);
        place.ok(&format!("{IN_ORDER} -o straight.elman"));
        let straight = place.ok("predict straight.elman c.csv").stdout;
        place.write("c.csv", shuffled(&csv));
        let said = place.ok(&format!("{IN_ORDER} -o m.elman"));
        assert!(
            said.stderr.starts_with(
                "note: the rows of 40 of 40 sequences were not in the order of \"when\" (first: line "
            ),
            "{}",
            said.stderr
        );
        let said = place.ok("predict straight.elman c.csv");
        assert!(said.stderr.contains("they were sorted by it"), "{}", said.stderr);
        // Sequences are in another order, but each has the answer that it had.
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&said.stdout), sorted(&straight));
        let evaluated = place.last_json("evaluate straight.elman c.csv");
        assert_eq!(figure(&evaluated, "/test/accuracy"), 1.0, "{evaluated}");
    }
}

#[test]
fn times_are_times_and_each_row_has_its_own() {
    let csv = "id,when,level,target\na,0,1,x\nb,0,1,y\na,1,2,x\nb,2,2,y\nc,0,1,x\nb,1,3,y\nb,2.0,4,y\n";
    let place = Place::with("c.csv", csv);
    place.refuses(
        1,
        IN_ORDER,
        "c.csv, column \"when\": sequence \"b\" has the time \"2\" in lines 5 and 8; give every row of a sequence a \
         time of its own",
    );
    place.write("c.csv", csv.replace("2.0", "soon"));
    place.refuses(
        1,
        IN_ORDER,
        "c.csv, line 8, column \"when\": \"soon\" is not a number; write one such as 12 or 3.5, or leave the cell empty and choose with --missing what becomes of it",
    );
    place.write("c.csv", "id,when,level,target\na,early,1,x\na,late,2,x\n");
    let message = place.refused(1, IN_ORDER);
    assert!(message.starts_with("c.csv, line 2, column \"when\": \"early\" is not a time"), "{message}");
}

#[test]
fn a_label_is_a_number_however_it_is_written() {
    const ONE_ROW: &str = "note: each sequence has one row, so there is nothing that follows to learn from; if another column \
                           tells sequences apart, name it with --id\n";
    let begins = |said: &Said, remark: &str| {
        said.stderr.strip_prefix(ONE_ROW).is_some_and(|rest| rest.starts_with(remark))
    };
    let rows = |labels: &[&str]| {
        let row = |n: usize| format!("s{n},{},{}\n", n % 2, labels[n % labels.len()]);
        format!("id,a,target\n{}", (0..40).map(row).collect::<String>())
    };
    let train = "train classify c.csv --epochs 2 --hidden-size 2";
    let place = Place::with("c.csv", rows(&["10", "20.0", "10.0", "20"]));
    let said = place.ok(train);
    assert!(
        begins(&said, "note: \"10.0\" says the same as class \"10\", and counts as that (1 more likewise)\n"),
        "{}",
        said.stderr
    );
    let head = |place: &Place| place.ok("predict c.elman c.csv").stdout.lines().next().unwrap().to_owned();
    assert_eq!(head(&place), "id,target_predicted,probability_10,probability_20.0");
    for labels in [["10", "20"], ["1e1", "020"], ["10.00", "+20"]] {
        place.write("c.csv", rows(&labels));
        assert_eq!(place.last_json("evaluate c.elman c.csv")["on"], "all 40 sequences");
    }
    place.write("c.csv", rows(&["10", "21"]));
    let message = place.refused(1, "evaluate c.elman c.csv");
    assert!(message.contains("line 3, column \"target\": the model has not seen class \"21\""), "{message}");
    // One label that is no number: all are text.
    place.write("c.csv", rows(&["10", "10.0", "ten", "10"]));
    place.ok(&format!("{train} -o t.elman"));
    let text = place.ok("inspect t.elman").stdout;
    assert!(text.contains("told apart by \"id\": 10, 10.0, ten\n"), "{text}");
    // Truth values are as spreadsheets and programs write them.
    place.write("c.csv", rows(&["TRUE", "False", "true", "FALSE"]));
    let said = place.ok(&format!("{train} -o b.elman"));
    let remark = "note: \"FALSE\" says the same as class \"False\", and counts as that (1 more likewise)\n";
    assert!(begins(&said, remark), "{}", said.stderr);
    place.write("c.csv", rows(&["True", "false"]));
    assert_eq!(place.last_json("evaluate b.elman c.csv")["on"], "all 40 sequences");
    place.write("c.csv", rows(&["yes", "NA", "no", "NA"]));
    let said = place.ok(&format!("{train} -o n.elman"));
    let remark = "note: \"NA\" counts as a class; leave those cells empty if it stands for no label\n";
    assert!(begins(&said, remark), "{}", said.stderr);
    place.write("c.csv", rows(&["Yes", "no", "yes "]));
    let said = place.ok(&format!("{train} -o y.elman"));
    assert!(
        begins(&said, "note: classes \"Yes\" and \"yes\" differ in capitals alone, and are two\n"),
        "{}",
        said.stderr
    );
}

/// The column `b` says 3 but for what is told.
fn with_b(b: impl Fn(&str) -> Option<&'static str>) -> String {
    let mut csv = String::from("id,time,a,b,level,side\n");
    for line in sequences(40).lines().skip(1) {
        let mut cells: Vec<&str> = line.split(',').collect();
        cells[3] = b(cells[0]).unwrap_or("3");
        line_of(&mut csv, &cells);
    }
    csv
}

#[test]
fn a_column_that_hardly_varies_is_left_out_whatever_the_split() {
    let constant = "note: \"b\" is the same in every row, and no input\n";
    let nearly = "note: \"b\" is the same in all sequences but one, and no input; to use it, name the inputs with --features\n";
    let kept = "note: split: ";
    for (csv, features, note, inputs) in [
        (with_b(|_| None), "--features a,b", constant, 1),
        (with_b(|_| None), "", constant, 1),
        (with_b(|id| (id == "s7").then_some("4")), "", nearly, 1),
        (with_b(|id| (id == "s7").then_some("4")), "--features a,b", "note: not used: \"side\"\n", 2),
        (with_b(|id| ["s7", "s8"].contains(&id).then_some("4")), "", kept, 2),
    ] {
        let csv = if features.is_empty() { csv.replacen("side", "kind", 1) } else { csv };
        let csv = csv.replace(",low", ",").replace(",high", ",");
        let place = Place::with("s.csv", csv);
        for seed in 0..6 {
            let said = place.ok(&format!(
                "train regress s.csv --target level --time time {features} --epochs 1 --hidden-size 2 --split-seed {seed} -o {seed}.elman"
            ));
            assert!(said.stderr.contains(note), "{}", said.stderr);
            assert!(said.stderr.contains(&format!("gru: {inputs} input")), "{}", said.stderr);
        }
        if note == constant {
            place.write("new.csv", "id,time,a\nx,0,1.5\n");
            place.ok("predict 0.elman new.csv");
        }
    }
}

/// Machines that wear: what is left of each falls by one from row to row.
fn machines(count: usize) -> String {
    let mut noise = noise(5);
    let mut csv = String::from("id,cycle,wear,left\n");
    for n in 0..count {
        let life = 30 + 7 * (n % 5);
        for cycle in 0..life {
            let wear = cycle as f64 / life as f64 + 0.01 * noise();
            line_of(
                &mut csv,
                &[
                    &format!("m{n}"),
                    &cycle.to_string(),
                    &format!("{wear:.4}"),
                    &(life - 1 - cycle).to_string(),
                ],
            );
        }
    }
    csv
}

#[test]
fn a_target_that_falls_from_row_to_row_is_learned_from_windows() {
    let place = Place::with("m.csv", machines(20));
    let train = "train regress m.csv --target left --time cycle --hidden-size 12 --epochs 10";
    let said = place.ok(train);
    // The median of 30, 37, 44, 51 and 58 is 44: windows of 11 rows, and each row from the 11th on ends one.
    let windows = 4 * ((30 - 10) + (37 - 10) + (44 - 10) + (51 - 10) + (58 - 10));
    let note = format!(
        "note: \"left\" differs from row to row, so it is learned from {windows} windows, each of 11 rows (--window) \
         with the target of the last; predictions are for each sequence's last row, those of the task label for every row\n\
         note: split: 14 sequences for training ("
    );
    assert!(said.stderr.starts_with(&note), "{}", said.stderr);
    assert!(said.stdout.contains(" windows of 4 sequences kept back\n"), "{}", said.stdout);
    let json = place.last_json("evaluate m.elman m.csv");
    assert_eq!(json["on"], format!("all {windows} windows of 20 sequences"));
    assert!(figure(&json, "/test/mae") < 0.5 * figure(&json, "/baseline/mae"), "{json}");

    // The answer is for the newest row, from the rows of a window alone; targets need not be there.
    let last: Vec<String> =
        machines(2).lines().map(|row| row.rsplit_once(',').unwrap().0.to_owned()).collect();
    place.write("all.csv", last.join("\n"));
    let said = place.ok("predict m.elman all.csv");
    assert!(
        said.stderr.contains("note: each answer is for the last row of its sequence\n"),
        "{}",
        said.stderr
    );
    assert!(said.stdout.starts_with("id,cycle,left_predicted\nm0,29,"), "{}", said.stdout);
    let of_window = |row: &&String| {
        let mut cells = row.split(',');
        let (id, cycle) = (cells.next(), cells.next().unwrap().parse().unwrap_or(0));
        id == Some("id") || id == Some("m0") && cycle >= 19 || id == Some("m1") && cycle >= 26
    };
    place.write("newest.csv", last.iter().filter(of_window).cloned().collect::<Vec<_>>().join("\n"));
    assert_eq!(place.ok("predict m.elman newest.csv").stdout, said.stdout);
    let message = place.refused(2, &format!("{train} --window 59"));
    assert_eq!(message, "--window is 59; it must be at least 1 and at most 58, the longest sequence");
    // One that differs in few sequences is a mistake.
    place.write("s.csv", sequences(20).replacen("low", "high", 1));
    let message = place.refused(1, CLASSIFY);
    assert!(message.contains("give one per sequence"), "{message}");
}

#[test]
fn classes_may_differ_from_row_to_row() {
    let mut csv = String::from("id,t,a,target\n");
    for n in 0..12 {
        for t in 0..30 {
            let busy = (t + n) / 10 % 2 == 0;
            let (a, class) = if busy { (1, "busy") } else { (-1, "idle") };
            line_of(&mut csv, &[&n.to_string(), &t.to_string(), &a.to_string(), class]);
        }
    }
    let place = Place::with("c.csv", csv);
    let json = place.last_json("train classify c.csv --time t --window 2 --epochs 5 --hidden-size 8");
    assert_eq!(json["on"], "58 windows of 2 sequences kept back");
    assert!(figure(&json, "/test/accuracy") > 0.95, "{json}");
}

/// Every tenth cell of `a` is empty.
fn with_gaps(csv: &str) -> String {
    let mut gappy = String::new();
    for (n, line) in csv.lines().enumerate() {
        let mut cells: Vec<&str> = line.split(',').collect();
        if n % 10 == 3 {
            cells[2] = "";
        }
        line_of(&mut gappy, &cells);
    }
    gappy
}

#[test]
fn gaps_are_refused_until_something_is_chosen() {
    let place = Place::with("s.csv", with_gaps(&sequences(60)));
    let rows = sequences(60).lines().count();
    let gaps = (0..rows).filter(|n| n % 10 == 3).count();
    let choices = "drop, interpolate, previous, zero or flag";
    place.refuses(
        1,
        &format!("{REGRESS} --epochs 1"),
        &format!(
            "s.csv, line 4, column \"a\": the first of {gaps} empty cells; fill them in, or choose with --missing what \
             becomes of missing values: {choices}"
        ),
    );
    for (missing, made, inputs) in [
        ("drop", "left out with their rows", 2),
        ("interpolate", "filled by a line between their neighbours", 2),
        ("previous", "filled with the value before", 2),
        ("zero", "taken as 0", 2),
        ("flag", "filled with the value before, and flagged by an input of their own", 3),
    ] {
        let said = place.ok(&format!("{REGRESS} --epochs 20 --learning-rate 0.01 --missing {missing}"));
        let note = format!("note: {gaps} empty cells are {made} (first: s.csv, line 4, column \"a\")\n");
        assert!(said.stderr.starts_with(&note), "{}", said.stderr);
        assert!(said.stderr.contains(&format!("gru: {inputs} inputs")), "{}", said.stderr);
        let json = place.last_json("evaluate m.elman s.csv");
        assert!(figure(&json, "/test/mae") < 0.5 * figure(&json, "/baseline/mae"), "{missing}: {json}");
        // Whole data are read as ever.
        place.write("whole.csv", sequences(3));
        assert!(!place.ok("predict m.elman whole.csv").stderr.contains("empty"));
    }
    // Filling by hand gives what the policy gives.
    place.write("gap.csv", "id,time,a,b\nx,0,1,1\nx,1,,2\nx,2,2,1\n");
    place.write("filled.csv", "id,time,a,b\nx,0,1,1\nx,1,1.5,2\nx,2,2,1\n");
    place.ok(&format!("{REGRESS} --epochs 1 --missing interpolate"));
    let answer = |file: &str| place.ok(&format!("predict m.elman {file}")).stdout;
    assert_eq!(answer("gap.csv"), answer("filled.csv"));
    place.ok("train regress whole.csv --target level --features a,b --time time -o w.elman --epochs 1");
    place.refuses(
        1,
        "predict w.elman gap.csv",
        "gap.csv, line 3, column \"a\": the cell is empty; fill it in, or train a model that was told what becomes of \
         them, with --missing",
    );
}

/// In every part but that for training, and what nothing is known of.
#[test]
fn what_the_training_part_does_not_tell_counts_nothing() {
    let mut csv = String::from("id,when,a,rare,kind,target\n");
    for n in 0..20 {
        let (rare, kind) = if n < 16 { (0, ["x", "y"][n % 2]) } else { (n, "z") };
        let a = if n == 18 { String::new() } else { (n % 3).to_string() };
        line_of(
            &mut csv,
            &[&n.to_string(), &n.to_string(), &a, &rare.to_string(), kind, &((n * 7) % 5).to_string()],
        );
    }
    let place = Place::with("t.csv", &csv);
    let said = place
        .ok("train regress t.csv --time when --split time --missing previous --epochs 1 --hidden-size 3");
    for note in [
        "note: 1 empty cell is filled with the value before (first: t.csv, line 20, column \"a\")\n\
         note: \"a\" of sequence \"18\" has no value at all: the mean in training stands there, or no category\n",
        "note: \"kind\" holds categories: each value is an input\n\
         note: \"kind\" says what was not there in training, which is no category: \"z\" (first: line 18)\n\
         note: \"rare\" is the same in the whole training part, and counts nothing\n",
        "gru: 4 inputs",
    ] {
        assert!(said.stderr.contains(note), "{}", said.stderr);
    }
    let answer = |rare: &str, kind: &str| {
        place.write("new.csv", format!("id,when,a,rare,kind\nx,1,1,{rare},{kind}\n"));
        place.ok("predict t.elman new.csv").stdout
    };
    assert_eq!(answer("1e9", "z"), answer("0", "never"));
    assert_ne!(answer("0", "x"), answer("0", "never"));
}

#[test]
fn sequences_without_a_target_are_left_out_once_missing_is_chosen() {
    let bare = |line: &str| match line.strip_prefix("s4,") {
        Some(rest) => format!("s4,{},,\n", rest.rsplitn(3, ',').last().unwrap()),
        None => format!("{line}\n"),
    };
    let place = Place::with("s.csv", sequences(30).lines().map(bare).collect::<String>());
    let message = place.refused(1, &format!("{REGRESS} --epochs 1"));
    assert!(message.contains("sequence \"s4\" (line 20) has no target; "), "{message}");
    let note = "note: 1 of 30 sequences without a target left out (first: \"s4\" (line 20))\n";
    let said = place.ok(&format!("{REGRESS} --epochs 1 --missing zero"));
    assert!(
        said.stderr.starts_with("note: not used: \"side\"\n") && said.stderr.contains(note),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr
            .contains("21 sequences for training, 2 sequences for validation, 6 sequences for the test")
    );
    assert_eq!(place.ok("predict m.elman s.csv").stdout.lines().count(), 31);
    assert_eq!(place.last_json("evaluate m.elman s.csv")["on"], "all 29 sequences");
}

#[test]
fn text_with_few_values_is_a_category() {
    let mut csv = String::from("id,kind,running,name,a,target\n");
    for n in 0..40 {
        let kind = ["red", "green", "blue"][n % 3];
        for step in 0..3 {
            let running = (n + step) % 2 == 0;
            let cells = [
                n.to_string(),
                kind.into(),
                running.to_string(),
                format!("part {n}"),
                (step * n % 7).to_string(),
            ];
            let target = [1.0, 5.0, 9.0][n % 3];
            line_of(&mut csv, &[&cells[0], &cells[1], &cells[2], &cells[3], &cells[4], &target.to_string()]);
        }
    }
    let place = Place::with("k.csv", &csv);
    let train = "train regress k.csv --hidden-size 8 --epochs 20 --learning-rate 0.02";
    let said = place.ok(train);
    assert!(
        said.stderr.starts_with(
            "note: \"name\" is text with too many values for categories, and no input; to use it, name the inputs with \
             --features\nnote: \"kind\" and \"running\" hold categories: each value is an input\n"
        ),
        "{}",
        said.stderr
    );
    let json = place.last_json("evaluate k.elman k.csv");
    assert!(figure(&json, "/test/mae") < 0.5, "{json}");
    place.write("new.csv", "id,kind,running,a\nx,red,true,1\ny,pink,true,1\nz,violet,false,1\n");
    let said = place.ok("predict k.elman new.csv");
    assert!(
        said.stderr.contains(
            "note: \"kind\" says what was not there in training, which is no category: \"pink\" and \"violet\" (first: line 3)\n"
        ),
        "{}",
        said.stderr
    );
    // What is named is used, with an input for each of the 29 names in the training part.
    let said = place.ok(&format!("{train} --features name,a -o n.elman"));
    assert!(said.stderr.contains("gru: 30 inputs"), "{}", said.stderr);
    assert!(said.stderr.contains("note: not used: \"kind\" and \"running\"\n"), "{}", said.stderr);
    // A number that is written wrongly is no category.
    place.write("k.csv", csv.replacen(",0,", ",O,", 1));
    place.refuses(
        1,
        train,
        "k.csv, line 2, column \"a\": \"O\" is not a number, as all cells below it are; correct it, or take the row out if it is \
         one of names or units",
    );
}

#[test]
fn who_belongs_together_is_in_one_part() {
    let with_person = |line: &str| match line
        .strip_prefix('s')
        .and_then(|rest| rest.split(',').next()?.parse::<usize>().ok())
    {
        Some(n) => format!("{line},p{}\n", n % 10),
        None => format!("{line},person\n"),
    };
    let csv: String = sequences(60).lines().map(with_person).collect();
    let place = Place::with("s.csv", csv.replacen(",p3\n", ",p5\n", 1));
    let train = "train regress s.csv --target level --features a,b --time time --group person --epochs 1";
    place.refuses(
        1,
        train,
        "s.csv, column \"person\": sequence \"s3\" has \"p5\" in line 14 and \"p3\" in line 15; a sequence belongs to one",
    );
    place.write("s.csv", csv);
    for seed in 0..4 {
        let said = place.ok(&format!("{train} --split-seed {seed} -o {seed}.elman"));
        let split = said.stderr.lines().find(|line| line.starts_with("note: split: ")).unwrap();
        assert!(
            split.contains("42 sequences for training") && split.contains("12 sequences for the test"),
            "{split}"
        );
        let count = |person: &str| split.matches(&format!("{person:?}")).count();
        // The training part names the first five of seven.
        assert_eq!((0..10).map(|n| count(&format!("p{n}"))).sum::<usize>(), 8, "{split}");
        assert!((0..10).all(|n| count(&format!("p{n}")) <= 1), "{split}");
    }
}

#[test]
fn a_split_by_time_tests_on_the_last() {
    let mut csv = String::from("id,when,a,target\n");
    for n in 0..20 {
        for step in 0..2 {
            // The later a sequence stands, the earlier it begins.
            let when = 100 * (20 - n) + step;
            line_of(&mut csv, &[&n.to_string(), &when.to_string(), &(n % 3).to_string(), &n.to_string()]);
        }
    }
    let place = Place::with("t.csv", csv);
    let json = place.last_json("train regress t.csv --time when --split time --epochs 1");
    // Training holds 6 to 19 (mean 12.5), the test 0 to 3.
    assert_eq!(figure(&json, "/baseline/mae"), (12.5 + 11.5 + 10.5 + 9.5) / 4.0);
    let said = place.ok("train regress t.csv --time when --split time --epochs 1 -o u.elman");
    let split = "note: split by time: 14 sequences for training, 2 sequences for validation, 4 sequences for the test\n";
    assert!(said.stderr.contains(split), "{}", said.stderr);
}

#[test]
fn several_targets_are_learned_together() {
    let mut csv = String::from("id,a,b,first,second\n");
    let mut noise = noise(11);
    for n in 0..80 {
        let (a, b) = (noise(), noise());
        for step in 0..3 {
            let (first, second) = if step < 2 {
                (String::new(), String::new())
            } else {
                ((2.0 * a).to_string(), (100.0 + 30.0 * b).to_string())
            };
            line_of(&mut csv, &[&n.to_string(), &a.to_string(), &b.to_string(), &first, &second]);
        }
    }
    let place = Place::with("r.csv", &csv);
    let train = "train regress r.csv --target first,second --epochs 25 --hidden-size 12 --learning-rate 0.02";
    let json = place.last_json(train);
    for target in ["first", "second"] {
        assert!(figure(&json, &format!("/test/r2_{target}")) > 0.9, "{json}");
    }
    let mean = (figure(&json, "/test/mae_first") + figure(&json, "/test/mae_second")) / 2.0;
    assert!((figure(&json, "/test/mae") - mean).abs() < 1e-9);
    let predicted = place.ok("predict r.elman r.csv").stdout;
    assert!(predicted.starts_with("id,first_predicted,second_predicted\n0,"), "{predicted}");
    let row: Vec<f64> =
        predicted.lines().nth(1).unwrap().split(',').map(|cell| cell.parse().unwrap()).collect();
    assert!(row[2] > 60.0, "each has its own unit: {row:?}");
    let text = place.ok("inspect r.elman").stdout;
    assert!(
        text.contains("regress \"first\" and \"second\" from sequences of a, b told apart by \"id\"\n"),
        "{text}"
    );

    // A target that is missing counts nothing, and the other is learned from.
    let lacking = |(n, line): (usize, &str)| {
        let cells: Vec<&str> = line.split(',').collect();
        if n % 9 == 3 {
            format!("{},{},{},,{}\n", cells[0], cells[1], cells[2], cells[4])
        } else {
            format!("{line}\n")
        }
    };
    place.write("r.csv", csv.lines().enumerate().map(lacking).collect::<String>());
    let message = place.refused(1, &format!("{train} -o l.elman"));
    assert!(
        message.starts_with("r.csv, column \"first\": sequence \"0\" (line 2) has no target"),
        "{message}"
    );
    let said = place.ok(&format!("{train} --missing drop -o l.elman"));
    assert!(said.stderr.contains(" sequences with some of the targets used for those\n"), "{}", said.stderr);
    place.write("r.csv", &csv);
    let json = place.last_json("evaluate l.elman r.csv");
    assert!(figure(&json, "/test/r2_first") > 0.8 && figure(&json, "/test/r2_second") > 0.8, "{json}");
}

#[test]
fn what_is_said_of_the_data_is_said_once() {
    let csv = with_gaps(&sequences(40));
    let place = Place::with("s.csv", shuffled(&csv));
    let said = place.ok(&format!("{CLASSIFY} --epochs 1 --missing previous"));
    for remark in ["empty cells are filled", "were not in the order of \"time\""] {
        assert_eq!(said.stderr.matches(remark).count(), 1, "{remark}: {}", said.stderr);
    }
}

#[test]
fn a_column_that_says_na_throughout_is_empty() {
    let place = Place::with("s.csv", with_gaps(&sequences(40)));
    place.ok(&format!("{CLASSIFY} --epochs 1 --missing previous"));
    place.write("na.csv", "id,time,a,b\nx,0,NA,1\nx,1,NA,2\n");
    place.write("empty.csv", "id,time,a,b\nx,0,,1\nx,1,,2\n");
    assert_eq!(place.ok("predict m.elman na.csv").stdout, place.ok("predict m.elman empty.csv").stdout);
}

#[test]
fn a_sequence_that_leaves_with_its_rows_is_told_in_evaluation_too() {
    let place = Place::with("s.csv", with_gaps(&sequences(40)));
    place.ok(&format!("{CLASSIFY} --epochs 1 --missing drop"));
    place.write("t.csv", "id,time,a,b,side\nx,0,,1,low\ny,0,1,2,high\ny,1,1,2,high\n");
    let said = place.ok("evaluate m.elman t.csv");
    assert!(
        said.stderr.contains("note: 1 sequence had no whole row, and left with their rows\n"),
        "{}",
        said.stderr
    );
    assert!(said.stdout.starts_with("test: the only sequence\n"), "{}", said.stdout);
}

#[test]
fn too_few_groups_for_a_test_are_told() {
    let csv: String = (0..12).map(|n| format!("s{n},{},{},p1\n", n % 2, n % 2)).collect();
    let place = Place::with("g.csv", format!("id,a,target,subject\n{csv}"));
    let said = place.ok("train classify g.csv --group subject --epochs 1 --hidden-size 2 --search=false");
    let split = "note: split: 12 sequences for training (6 of \"0\", 6 of \"1\"; subject \"p1\"), too few to keep some \
                 back for a test\n";
    assert!(said.stderr.contains(split), "{}", said.stderr);
}

/// A subject is in one part, however its number is written.
#[test]
fn a_group_is_one_however_its_number_is_written() {
    let train = |subjects: &[&str]| {
        let row = |n: usize| format!("s{n},{},{},{}\n", n % 2, n % 2, subjects[n % subjects.len()]);
        let csv: String = (0..24).map(row).collect();
        let place = Place::with("g.csv", format!("id,a,target,subject\n{csv}"));
        let train = "train classify g.csv --group subject --epochs 1 --hidden-size 2 --search=false";
        place.ok(&format!("{train} --test 0.4")).stderr
    };
    let said = train(&["1", "1.0", "2", "02", "3", "3e0"]);
    let remark = "column \"subject\": \"1.0\" is the same number as \"1\", and names the same; 11 more cells are alike\n";
    assert!(said.contains(remark), "{said}");
    let split = said.lines().find(|line| line.contains("split: ")).expect("a remark on the split");
    assert!(split.contains("; subject \"1\" and \"2\"), 8 sequences for the test"), "{split}");
    assert!(split.ends_with("; subject \"3\")"), "{split}");
    // Capitals tell names apart.
    let said = train(&["anna", "Anna", "berta"]);
    assert!(["anna", "Anna", "berta"].iter().all(|name| said.contains(&format!("{name:?}"))), "{said}");
    // A comma before decimals is one of a column of such.
    let said = train(&["\"1,0\"", "1", "\"2,5\"", "\"2,50\""]);
    assert!(said.contains("is the same number as \"1,0\", and names the same"), "{said}");
}

/// All rows of a sequence name one group, in whatever way.
#[test]
fn a_sequence_names_its_group_in_several_ways() {
    let row = |n: usize| format!("s{},{},{},{}{}\n", n / 2, n * 5 % 7, n / 2 % 2, n / 8, [".0", ""][n % 2]);
    let csv: String = (0..48).map(row).collect();
    let place = Place::with("g.csv", format!("id,a,target,subject\n{csv}"));
    let said = place.ok("train classify g.csv --group subject --epochs 1 --hidden-size 2 --search=false");
    assert!(
        said.stderr.contains("\"0\" is the same number as \"0.0\", and names the same; 23 more"),
        "{}",
        said.stderr
    );
}

/// An archive's file names all columns itself, and its made-up steps are no input.
#[test]
fn archives_of_sequences_need_no_options() {
    let line =
        |n: usize| if n.is_multiple_of(2) { format!("{n},1,2,3:up\n") } else { format!("{n},3,2,1:down\n") };
    let lines: String = (0..20).map(line).collect();
    let ts = format!(
        "@problemName Slopes\n@timeStamps false\n@univariate true\n@classLabel true up down\n@data\n{lines}"
    );
    let place = Place::with("s_TRAIN.ts", &ts);
    place.write("s_TEST.ts", &ts);
    let said =
        place.ok("train classify s_TRAIN.ts --test-data s_TEST.ts --epochs 1 --hidden-size 2 --search=false");
    assert!(
        said.stderr.contains("from sequences of dim1 told apart by \"id\": down, up\n"),
        "{}",
        said.stderr
    );
    assert!(said.stdout.starts_with("test: all 20 sequences\n"), "{}", said.stdout);
}

/// Labels of a column of numbers are told apart by the number, in the table's own way of writing, wherever they are read.
#[test]
fn labels_are_the_numbers_that_their_column_holds() {
    let table = |labels: &[&str]| {
        let row = |n: usize| format!("s{n};{};{}\n", n % 2, labels[n % labels.len()]);
        format!("id;x;target\n{}", (0..40).map(row).collect::<String>())
    };
    let place = Place::with("g.csv", table(&["1", "2,0", "1,0", "2"]));
    let train = "--epochs 30 --hidden-size 4 --search=false -o m.elman";
    let said = place.ok(&format!("train classify g.csv {train}"));
    assert!(
        said.stderr.contains("\"1,0\" says the same as class \"1\", and counts as that (1 more likewise)\n")
    );
    assert!(said.stderr.contains("from sequences of x told apart by \"id\": 1, 2,0\n"), "{}", said.stderr);
    // However another table writes them.
    for labels in [["1", "2"], ["1,0", "2"], ["1.0", "2.00"], ["1,00", "2,0"], ["1e0", "02"]] {
        place.write("t.csv", table(&labels));
        let said = place.last_json("evaluate m.elman t.csv");
        assert_eq!(figure(&said, "/test/accuracy"), 1.0, "{labels:?}: {said}");
    }
    place.write("t.csv", table(&["1", "20"]));
    let said = place.refused(1, "evaluate m.elman t.csv");
    assert!(said.contains("has not seen class \"20\" in training"), "{said}");
}

/// A name that by itself would be another number than its column says is written plainly.
#[test]
fn classes_have_names_that_say_their_numbers() {
    let classes = |labels: &[&str], other: &str| {
        let row = |n: usize| format!("s{n};{};{};{other}\n", n % 2, labels[n % labels.len()]);
        let place = Place::with("g.csv", format!("id;x;target;z\n{}", (0..40).map(row).collect::<String>()));
        let train = "train classify g.csv --features x --epochs 1 --hidden-size 2 --search=false -o m.elman";
        let said = place.ok(train).stderr;
        let place = said.split("told apart by \"id\": ").nth(1).unwrap_or_default();
        place.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(classes(&["1.000", "2"], "1,5"), "2, 1000");
    assert_eq!(classes(&["1.000", "2.500"], "1.5"), "1.000, 2.500");
    assert_eq!(classes(&["1000", "2", "1e3"], "1.5"), "2, 1000");
    assert_eq!(classes(&["1000", "2,000", "2000"], "1,5"), "2, 1000, 2000");
    assert_eq!(classes(&["5 kg", "10 kg", "5.0 kg"], "1.5"), "5 kg, 10 kg");
    assert_eq!(classes(&["10 %", "20 %"], "1.5"), "10 %, 20 %");
    assert_eq!(classes(&["1,0", "x"], "1,5"), "1,0, x");
}

/// Rows in another order are told of, whatever inputs are named.
#[test]
fn times_out_of_order_are_told_of_beside_named_inputs() {
    let place = Place::with("s.csv", shuffled(&rising_or_falling(|step| format!("{:02}.01.2024", step + 1))));
    let train = "train classify s.csv --features level --epochs 1 --hidden-size 2 --search=false";
    let hint = "\"when\" is of times, and no input; to read rows in that order, name it with --time\n";
    let said = place.ok(train).stderr;
    assert!(said.contains(hint) && !said.contains("not used"), "{said}");
    let said = place.ok(&format!("{train} --time when --force")).stderr;
    assert!(!said.contains(hint), "{said}");
    let place = Place::with("n.csv", shuffled(&rising_or_falling(|step| step.to_string())));
    let said = place.ok(&train.replace("s.csv", "n.csv")).stderr;
    assert!(
        said.contains("the column numbers the rows of each sequence, but they do not stand in that order"),
        "{said}"
    );
}
