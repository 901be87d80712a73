//! Numbers and classes for every row.

use serde_json::Value;

use crate::common::Place;

/// A level that follows its inflow slowly, as one recording; every tenth row was measured.
fn tank() -> String {
    let mut level = 0.0;
    let row = |k: u32| {
        let inflow = f64::from(k * k % 17) / 17.0;
        level = 0.9 * level + 0.1 * inflow;
        let measured = if k.is_multiple_of(10) { level.to_string() } else { String::new() };
        format!("{k},{inflow},{measured}\n")
    };
    format!("minute,inflow,level\n{}", (0..1500).map(row).collect::<String>())
}

/// Runs of three states, each of which sounds otherwise.
fn states() -> String {
    let row = |k: usize| {
        let state = k / 40 * 5 % 3;
        format!("m{},{k},{},{}\n", k / 200, k * (state + 2) % 7, ["idle", "cut", "drill"][state])
    };
    format!("id,t,load,state\n{}", (0..2400).map(row).collect::<String>())
}

#[test]
fn numbers_that_tell_when_a_row_was_are_no_inputs() {
    let row = |k: usize| {
        let (sequence, moment) = (k / 40, 1_700_000_000_000_u64 + 20 * k as u64);
        format!("s{sequence},{moment},{k},{},{},{}\n", k % 40, k * 7 % 11, ["a", "b"][k / 20 % 2])
    };
    let rows: String = (0..800).map(row).collect();
    let place = Place::with("t.csv", format!("id,timestamp,index,cycle,load,target\n{rows}"));
    let note = "note: \"timestamp\" is of times, and no input; to read rows in that order, name it with --time\n\
                note: \"index\" counts on from row to row, and is no input; to read rows in that order, name it with --time; to \
                use it, name the inputs with --features\n";
    let inputs = "label every row with \"target\" from sequences of cycle, load told apart by \"id\"";
    let said = place.ok("train label t.csv --id id --epochs 1 -o m.elman").stderr;
    assert!(said.contains(note) && said.contains(inputs), "{said}");
    let said =
        place.ok("train label t.csv --id id --features cycle,index --epochs 1 -o m.elman --force").stderr;
    assert!(said.contains("from sequences of cycle, index"), "{said}");
    assert!(
        said.contains("note: \"timestamp\" is of times") && said.contains("not used: \"load\"\n"),
        "{said}"
    );
}

#[test]
fn a_recording_is_labelled_row_by_row() {
    let place = Place::with("tank.csv", tank());
    let train =
        "train label tank.csv --target level --time minute --hidden-size 8 --epochs 40 --learning-rate 0.02";
    let said = place.ok(&format!("{train} -o m.elman"));
    for note in [
        "note: 1,350 of 1,500 rows have no target: they are read, and count nothing\n",
        "note: one recording of 1,500 rows, split by time: the first 1,071 for training, the next 120 for validation, the \
         last 309 for the test; if it holds several, name the column that tells them apart with --id\n",
        "tank.csv: label every row with \"level\" from one recording of inflow\n",
    ] {
        assert!(said.stderr.contains(note), "{}", said.stderr);
    }
    assert!(said.stdout.starts_with("test: 30 labelled rows of the last 309\n"), "{}", said.stdout);
    let test = place.last_json("evaluate m.elman tank.csv --test 309");
    assert!(test["test"]["r2"].as_f64().unwrap() > 0.9, "{test}");
    // The same as at the end of training, but for the naive predictor that only training knows.
    let figures = |printed: &str| {
        let line = printed.lines().find(|line| line.starts_with("elman")).map(str::split_whitespace);
        line.into_iter().flatten().map(str::to_owned).collect::<Vec<_>>()
    };
    let evaluated = place.ok("evaluate m.elman tank.csv --test 309").stdout;
    assert_eq!(figures(&evaluated).len(), 4, "{evaluated}");
    assert_eq!(figures(&evaluated), figures(&said.stdout));
    assert!(said.stdout.contains("\nlinear regression ") && !evaluated.contains("linear"), "{evaluated}");

    let predicted = place.ok("predict m.elman tank.csv").stdout;
    let lines: Vec<&str> = predicted.lines().collect();
    assert_eq!((lines.len(), lines[0]), (1501, "minute,level_predicted"));
    assert!(lines[8].starts_with("7,0."), "{}", lines[8]);
    let shown = place.ok("inspect m.elman").stdout;
    assert!(
        shown.contains("task      label every row with \"level\" from one recording of inflow\n"),
        "{shown}"
    );
    place.refuses(
        2,
        "predict m.elman tank.csv --horizon 3",
        "--horizon is for forecasts; this model is there to label",
    );
}

#[test]
fn segments_are_told_by_their_class() {
    let place = Place::with("states.csv", states());
    let said = place.ok(
        "train label states.csv --target state --time t --hidden-size 12 --epochs 20 --learning-rate 0.02 \
         --batch-size 2 --class-weights balanced --test 0.25 -o m.elman",
    );
    assert!(said.stdout.starts_with("test: 600 rows of 3 sequences kept back\n"), "{}", said.stdout);
    let test = place.last_json("evaluate m.elman states.csv");
    assert_eq!(test["on"], "all 2,400 rows of 12 sequences");
    // What is counted is rows: a sequence is only a recording that was cut.
    assert_eq!(
        (&test["classes"]["drill"]["rows"], &test["classes"]["drill"]["sequences"]),
        (&800.into(), &Value::Null)
    );
    let all = "8 sequences of 1,600 timesteps in all";
    assert!(said.stderr.contains(&format!(", {all}\n")), "{}", said.stderr);
    assert!(said.stderr.contains(" timesteps/s"), "{}", said.stderr);
    let shown = place.ok("inspect m.elman").stdout;
    assert!(
        shown.contains(&format!(
            "data      states.csv: {all} for training, 1 sequence of 200 timesteps for validation\n"
        )),
        "{shown}"
    );
    assert_eq!(place.last_json("inspect m.elman")["record"]["timesteps"], serde_json::json!([1600, 200]));
    assert!(test["test"]["accuracy"].as_f64().unwrap() > 0.9, "{test}");
    assert_eq!(test["baseline_name"], "most frequent class");
    let rows = place.json("predict m.elman states.csv");
    let last = rows.last().unwrap();
    assert_eq!((rows.len(), last["id"].as_str(), last["t"].as_str()), (2400, Some("m11"), Some("2399")));
    let sum: f64 = ["idle", "cut", "drill"]
        .iter()
        .map(|class| last[format!("probability_{class}")].as_f64().unwrap())
        .sum();
    assert!((sum - 1.0).abs() < 1e-5, "{last}");
    assert!(["idle", "cut", "drill"].map(Value::from).contains(&last["state_predicted"]));
    let message = "--interval is for numbers; this model tells classes";
    place.refuses(2, "predict m.elman states.csv --interval 80", message);
}

/// What leaves nothing to learn or to measure is said.
#[test]
fn rows_that_are_too_few_for_their_labels_are_told() {
    let rows = |target: fn(usize) -> String| -> String {
        (0..300).map(|n| format!("{},{}\n", n * 7 % 5, target(n))).collect()
    };
    let place = Place::with("t.csv", format!("x,y\n{}", rows(|n| format!("{}.5", n * n % 283))));
    let train = "train label t.csv --target y --hidden-size 2 --epochs 1 -o t.elman --force";
    let said = place.ok(&format!("{train} --classes")).stderr;
    let words = "classes for 300 rows, and what is seen once can hardly be learned; if these are numbers, say so with \
                 --classes=false";
    // 142 remainders of squares, less than half.
    assert!(!said.contains(words), "{said}");
    place.write("t.csv", format!("x,y\n{}", rows(|n| format!("{}.5", n.max(10)))));
    let said = place.ok(&format!("{train} --classes")).stderr;
    assert!(said.contains(&format!("t.csv, column \"y\": 290 {words}")), "{said}");
    place.write(
        "t.csv",
        format!("x,y\n{}", rows(|n| if n % 200 == 50 { format!("{n}.5") } else { String::new() })),
    );
    let said = place.ok(train).stderr;
    let words = "2 labelled rows are too few to keep any for the test, so no figure is shown";
    assert!(said.contains(words), "{said}");
}

#[test]
fn both_directions_are_not_cut_and_distributions_have_intervals() {
    let place = Place::with("tank.csv", tank());
    let train = "train label tank.csv --target level --time minute --hidden-size 4 --epochs 1";
    let said = place.ok(&format!("{train} --bidirectional -o both.elman"));
    assert!(said.stderr.contains("2 x 4 units (both directions)"), "{}", said.stderr);
    let message =
        "--truncate cuts sequences, but the reverse direction starts at their ends; use one direction";
    let refused = |options: &str| place.refused(2, &format!("{train} {options} -o other.elman"));
    assert_eq!(refused("--bidirectional --truncate 100"), message);
    let message =
        "--burn-in cuts sequences, but the reverse direction starts at their ends; use one direction";
    assert_eq!(refused("--bidirectional --burn-in 100"), message);
    let message = "--burn-in is 2000, but training sequence 1 has 1071 timesteps, so nothing of it is learned; choose \
                   less, or 0 for none";
    assert_eq!(refused("--burn-in 2000"), message);
    // The 200 rows for validation come after as many as are burned in.
    let row = |k: usize| format!("{},{}\n", k % 7, (k * k % 11) as f64 / 10.0);
    place.write("long.csv", format!("x,target\n{}", (0..2500).map(row).collect::<String>()));
    let said = place.ok(
        "train label long.csv --hidden-size 4 --epochs 1 --streams 1 --burn-in 1500 --patience 2 -o warm.elman",
    );
    let validation = said.stderr.lines().find_map(|line| line.split_once("validation ")?.1.split_once(','));
    assert!(validation.is_some_and(|(loss, _)| loss.parse::<f64>().unwrap() > 0.0), "{}", said.stderr);
    // Labels in the first rows alone, which are burned in.
    let row = |k: usize| {
        let target = if k % 50 < 25 { format!("{}.5", k % 7) } else { String::new() };
        format!("{},{},{target}\n", k / 50, k * 3 % 7)
    };
    place.write("early.csv", format!("id,x,target\n{}", (0..400).map(row).collect::<String>()));
    let message = "--burn-in is 30, but no training sequence has a target behind its first 30 timesteps, so nothing of them \
                   counts; choose less, or 0 for none";
    place.refuses(2, "train label early.csv --classes=false --burn-in 30 -o early.elman", message);
    place.ok(&format!("{train} --loss gaussian --burn-in 50 --truncate 0 -o told.elman"));
    let predicted = place.ok("predict told.elman tank.csv --interval 80").stdout;
    assert!(predicted.starts_with("minute,level_predicted,level_predicted_low_80,level_predicted_high_80\n"));
}

/// A stream of classes tells the likeliest beside their probabilities, as predictions do.
#[test]
fn a_stream_tells_classes() {
    let place = Place::with("s.csv", states());
    place.ok("train label s.csv --target state --time t --epochs 1 --hidden-size 4 -o m.elman");
    let table = states().lines().take(40).map(|line| format!("{line}\n")).collect::<String>();
    place.write("new.csv", &table);
    let class = |line: &str, place: usize| line.split(',').nth(place).unwrap_or_default().to_owned();
    let predicted = place.ok("predict m.elman new.csv").stdout;
    let expected: Vec<String> = predicted.lines().skip(1).map(|line| class(line, 2)).collect();
    let streamed = |input: &str| {
        place.write("in", input);
        let mut command = place.command("stream m.elman -q");
        let output = command.stdin(std::fs::File::open(place.path("in")).unwrap()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let said = streamed(&table);
    let head = "id,state_predicted,probability_cut,probability_drill,probability_idle";
    assert_eq!(said.lines().next(), Some(head));
    assert_eq!(said.lines().skip(1).map(|line| class(line, 1)).collect::<Vec<_>>(), expected);
    let chances = |text: &str, from: usize| -> Vec<Vec<String>> {
        text.lines().skip(1).map(|line| (from..from + 3).map(|place| class(line, place)).collect()).collect()
    };
    assert_eq!(chances(&said, 2), chances(&predicted, 3), "to the digits that are shown");
    let objects =
        table.lines().skip(1).map(|line| format!("{{\"id\":\"m0\",\"load\":{}}}\n", class(line, 2)));
    let said = streamed(&objects.collect::<String>());
    let told = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert_eq!(
        told.map(|told| told["state_predicted"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
        expected
    );
}

/// What the table held is what a stream takes: categories by name, sequences by their ids, nothing where nothing was.
#[test]
fn rows_are_streamed_as_they_stand_in_a_table() {
    let machine = |k: usize| ["a", "b"][k % 2];
    let tool = |k: usize| ["drill", "saw", "7"][k * 5 % 11 % 3];
    let load = |k: usize| k * 3 % 7;
    let row = |k: usize| format!("{},{},{},{}\n", machine(k), tool(k), load(k), (k * k % 13) as f64 / 2.0);
    let place = Place::with("m.csv", format!("id,tool,load,wear\n{}", (0..400).map(row).collect::<String>()));
    place.ok("train label m.csv --id id --target wear --epochs 1 --hidden-size 4 -o m.elman");
    // What is new in row 4, and a number that stands for a category.
    let tool = |k: usize| if k == 4 { "lathe" } else { tool(k) };
    let rows = (0..20).map(|k| format!("{},{},{}\n", machine(k), tool(k), load(k)));
    let csv = format!("id,tool,load\n{}", rows.collect::<String>());
    place.write("new.csv", &csv);
    let new = "\"tool\" says what was not there in training, which is no category: \"lathe\" (first: ";
    let predicted = place.ok("predict m.elman new.csv");
    assert!(predicted.stderr.contains(&format!("note: {new}line 6)\n")), "{}", predicted.stderr);
    let answers = |text: &str| -> Vec<(String, f64)> {
        let cells = text.lines().skip(1).map(|line| line.split_once(',').unwrap());
        cells.map(|(id, answer)| (id.to_owned(), answer.parse().unwrap())).collect()
    };
    let expected = answers(&predicted.stdout);
    // To the digits that are shown.
    let same = |found: &[(String, f64)]| assert_eq!(found, expected);
    let streamed = |input: &str| {
        place.write("in", input);
        let mut command = place.command("stream m.elman");
        let output = command.stdin(std::fs::File::open(place.path("in")).unwrap()).output().unwrap();
        let [said, told] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.success(), said, told)
    };
    let (_, said, told) = streamed(&csv);
    assert_eq!(said, predicted.stdout);
    same(&answers(&said));
    assert_eq!(told.matches("note: ").count(), 1, "{told}");
    assert!(told.contains(&format!("note: {new}standard input, line 6)\n")), "{told}");
    let object = |k: usize| match tool(k) {
        "7" => format!("{{\"load\":{},\"tool\":7,\"id\":\"{}\",\"wear\":null}}\n", load(k), machine(k)),
        tool => format!("[\"{}\",\"{tool}\",\"{}\"]\n", machine(k), load(k)),
    };
    let (_, said, _) = streamed(&(0..20).map(object).collect::<String>());
    let objects = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |object: &Value| {
        (object["id"].as_str().unwrap().to_owned(), object["wear_predicted"].as_f64().unwrap())
    };
    same(&objects.map(|object| text(&object)).collect::<Vec<_>>());
    // With another separator, and a comma in numbers.
    let with_semicolons: String = csv.replace(',', ";").replace(";6\n", ";6,0\n");
    let (_, said, _) = streamed(&with_semicolons);
    assert!(with_semicolons.contains(";6,0\n"));
    same(&answers(&said));
    // Without ids all rows are of one sequence.
    let rows = (0..20).filter(|k| k % 2 == 0).map(|k| format!("{},{}\n", tool(k), load(k)));
    let (_, said, _) = streamed(&format!("tool,load\n{}", rows.collect::<String>()));
    let of_a = expected.iter().filter(|(id, _)| id == "a").map(|(_, answer)| *answer);
    assert_eq!(said.lines().next(), Some("wear_predicted"));
    for (found, expected) in said.lines().skip(1).zip(of_a) {
        assert_eq!(found.parse::<f64>().unwrap(), expected);
    }
    // One way of writing numbers, as each name once.
    let (done, said, told) = streamed("tool;load\nsaw;1.000\nsaw;2,5\n");
    let message = "error: standard input, line 3: \"2,5\" has a ',' before its decimals, and a number in line 2 a '.'; write all \
                   alike, without marks of thousands\n";
    assert!(!done && told.ends_with(message) && said.lines().count() == 2, "{said}{told}");
    let (done, _, told) = streamed("tool,load,load\nsaw,1,2\n");
    let message =
        "error: standard input, line 1: there are two columns \"load\"; give each a name of its own\n";
    assert!(!done && told == message, "{told}");
    // As some programs begin a file.
    let (done, said, _) = streamed("\u{feff}{\"tool\":\"saw\",\"load\":1}\n");
    assert!(done && said.contains("wear_predicted"), "{said}");
    let (done, _, told) = streamed("{\"id\":\"a\",\"tool\":null,\"load\":1}\n");
    let message = "error: standard input, line 1, sequence \"a\": \"tool\" is missing; give one of 7, drill, saw, or train a \
                   model that was told what becomes of empty cells, with --missing\n";
    assert!(!done && told.contains(message), "{told}");
}
