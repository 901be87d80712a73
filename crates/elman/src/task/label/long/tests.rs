use std::io::Write;

use tempfile::NamedTempFile;

use crate::error::Error;
use crate::loss::Targets;
use crate::model::Model;
use crate::random::{Purpose, Rng};
use crate::recipe::{Recipe, RecipeOptions};
use crate::sequence::{Example, Sequences};
use crate::table::Table;
use crate::task::{
    Answers, HeldOut, LabelOptions, Picture, PredictOptions, Predictions, Prepared, RowAnswer, Task,
    TaskOptions,
};
use crate::train::fingerprint;

/// A file, and the table that it is when it stays there, in chunks of so many bytes, and in memory.
struct File(NamedTempFile, u64);

impl File {
    fn of(text: &str) -> Self {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        File(file, text.len() as u64 / 400)
    }

    fn long(&self) -> Table {
        Table::open_long_with(self.0.path(), 0, self.1).unwrap()
    }

    fn whole(&self) -> Table {
        Table::open(self.0.path()).unwrap()
    }
}

fn prepare(table: &Table, options: &LabelOptions) -> Prepared {
    Task::prepare(table, &TaskOptions::Label(options.clone())).unwrap()
}

/// Rows of two numbers and a category, of which some have no target: `names` stand above, `row` makes each of its number and
/// two drawn values.
fn csv(names: &str, rows: usize, row: impl Fn(usize, f64, f64) -> String) -> String {
    let mut rng = Rng::new(3, Purpose::Check(0));
    let rows = (0..rows).map(|n| row(n, rng.normal(), rng.normal()) + "\n");
    format!("{names}\n{}", rows.collect::<String>())
}

/// Every sequence, read in stretches of odd lengths.
fn examples(sequences: &Sequences, input_size: usize) -> Vec<Example<f64>> {
    let example = |n| {
        let length = sequences.length(n, input_size);
        let mut whole = Example { x: Vec::new(), targets: Targets::default() };
        for start in (0..length).step_by(777) {
            let part = sequences.stretch(n, start..length.min(start + 777), input_size).unwrap();
            whole.x.extend(part.x);
            match start {
                0 => whole.targets = part.targets,
                _ => whole.targets.append(part.targets),
            }
        }
        whole
    };
    (0..sequences.len()).map(example).collect()
}

/// The values and targets of sequences in words, in which NaN is NaN.
fn said(sequences: &Sequences, prepared: &Prepared) -> String {
    format!("{:?}", examples(sequences, prepared.task.kind().input_size()))
}

/// What a table says is the same wherever its rows are: of the task, what is learned, and how good that is.
fn assert_same(file: &File, options: &LabelOptions) {
    let (long, whole) = (file.long(), file.whole());
    assert!(long.long().is_some());
    let (a, b) = (prepare(&long, options), prepare(&whole, options));
    assert_eq!(a.task, b.task);
    assert_eq!(a.held_out, b.held_out);
    assert_eq!(a.train_groups, b.train_groups);
    assert_eq!(said(&a.train, &a), said(&b.train, &b));
    assert_eq!(said(&a.validation, &a), said(&b.validation, &b));
    assert!(a.train.held().is_empty(), "nothing is in memory");
    let options = RecipeOptions { hidden_size: Some(4), epochs: Some(2), ..RecipeOptions::default() };
    let recipe = options.recipe(&a.task).unwrap();
    let models = [(&a, &long), (&b, &whole)].map(|(prepared, table)| train(&recipe, prepared, table));
    let [a, b] = models.each_ref().map(|model| model.record().test.as_ref().unwrap());
    assert_eq!((&a.on, &a.model, &a.baselines, &a.confusion), (&b.on, &b.model, &b.baselines, &b.confusion));
    for held_out in [HeldOut::All, HeldOut::LastRows(1234)] {
        let [a, b] = [&long, &whole].map(|table| models[0].evaluate(table, &held_out).unwrap());
        assert_eq!((a.on, a.model, a.baselines), (b.on, b.model, b.baselines));
    }
    let predicted = models[0].predict(&whole, None).unwrap();
    assert_eq!(models[0].predict(&long, None).unwrap().columns(), predicted.columns());
    let mut parts: Vec<(String, Vec<String>)> = Vec::new();
    in_parts(&models[0], &long, |part| {
        parts.resize_with(part.columns().len(), Default::default);
        for ((name, cells), (header, answers)) in parts.iter_mut().zip(part.columns()) {
            name.clone_from(header);
            cells.extend((0..answers.len()).map(|row| answers.cell(row).to_string()));
        }
    });
    let cells = |answers: &Answers| (0..answers.len()).map(|row| answers.cell(row).to_string()).collect();
    let whole: Vec<(String, Vec<String>)> =
        predicted.columns().iter().map(|(name, answers)| (name.clone(), cells(answers))).collect();
    assert_eq!(parts, whole);
}

fn train(recipe: &Recipe, prepared: &Prepared, table: &Table) -> Model {
    recipe.train(prepared, table).unwrap()
}

fn in_parts(model: &Model, table: &Table, mut each: impl FnMut(Predictions)) {
    let options = PredictOptions::default();
    let done: Result<(), Error> = model.predict_in_parts(table, &options, &mut |_, _| Ok(()), |part| {
        each(part);
        Ok(())
    });
    done.unwrap();
}

#[test]
fn answers_come_in_parts_whether_targets_are_there_or_not() {
    let row = |n: usize, x: f64, w: f64| format!("{x:.4},{},{w:.4}", ["on", "off"][n / 10 % 2]);
    let large = |text: &str| File { 1: 1 << 14, ..File::of(text) };
    let file = large(&csv("x,state,target", 9000, row));
    let (long, whole) = (file.long(), file.whole());
    let prepared = prepare(&long, &LabelOptions::default());
    let recipe = RecipeOptions { hidden_size: Some(4), epochs: Some(1), ..RecipeOptions::default() };
    let model = train(&recipe.recipe(&prepared.task).unwrap(), &prepared, &long);
    let predict = |table: &Table| {
        let mut parts = Vec::new();
        in_parts(&model, table, |part| parts.push((part.num_rows(), part.remarks().len())));
        parts
    };
    assert_eq!(predict(&long), [(4096, 0), (4096, 0), (808, 0)]);
    assert_eq!(predict(&whole), [(9000, 0)]);
    // What is new is said once.
    let other = csv("state,x", 9000, |n, x, _| format!("{},{x:.4}", ["on", "loud"][n / 10 % 2]));
    assert_eq!(predict(&large(&other).long()), [(4096, 1), (4096, 0), (808, 0)]);
    // A cell that is empty is found in memory, with its line.
    let gap = File::of(&csv(
        "state,x",
        9000,
        |n, x, _| if n == 8000 { "on,".into() } else { format!("on,{x:.4}") },
    ));
    let failed: Result<(), Error> =
        model.predict_in_parts(&gap.long(), &PredictOptions::default(), &mut |_, _| Ok(()), |_| Ok(()));
    let failed = failed.unwrap_err().to_string();
    assert!(
        failed.contains(", line 8002, column \"x\": the cell is empty; fill it in, or train"),
        "{failed}"
    );
}

#[test]
fn a_recording_is_what_it_is_in_memory() {
    // Some rows have no target, or one of two, and a name is quoted.
    let text = csv("x,\"kind\",u,v,w", 4000, |n, x, w| {
        let kind = ["low", "mid, or so", "high"][n / 7 % 3];
        let target = |every: usize| if n % every == 0 { String::new() } else { format!("{:.3}", x + w) };
        format!("{x:.4},\"{kind}\",{},{},{w:.3e}", target(5), target(3))
    });
    let file = File::of(&text);
    assert_same(&file, &LabelOptions::default().with_target("u,v"));
    assert_same(&file, &LabelOptions::default().with_target("u").with_features(["w", "x"]).with_streams(3));
    // All rows have a target; lines end as on Windows, and a byte order mark stands above.
    let text = csv("x,target", 3000, |_, x, w| format!("{x},{w}")).replace('\n', "\r\n");
    assert_same(&File::of(&format!("\u{feff}{text}")), &LabelOptions::default());
}

#[test]
fn several_sequences_are_what_they_are_in_memory() {
    let text = csv("run\tt\tx\ttarget", 6000, |n, x, w| {
        format!("r{}\t2024-01-{:02} {:02}:00\t{x:.4}\t{w:.4}", n / 250, 1 + n / 24 % 28, n % 24)
    });
    assert_same(&File::of(&text), &LabelOptions::default().with_id("run"));
    let text = csv("a,b,t,x,target", 6000, |n, x, w| format!("{},{},{n},{x:.4},{w:.4}", n / 2000, n / 500));
    assert_same(&File::of(&text), &LabelOptions::default().with_id("a,b").with_time("t"));
}

#[test]
fn classes_are_those_of_all_rows() {
    // Sequences of mostly one class each, of which each part has its share.
    let text = csv("id,x,target", 5000, |n, x, w| {
        let usual = n / 130 * 7 % 3;
        format!("{},{x:.4},{}", n / 130, ["a", "b", "c"][if w > 1.5 { (usual + 1) % 3 } else { usual }])
    });
    assert_same(&File::of(&text), &LabelOptions::default());
    // One class, and one category, stand in a few rows far below the first.
    let text = csv("x,state,target", 5000, |n, x, w| {
        let state = if (3900..3950).contains(&n) { "rare" } else { ["on", "off"][n / 10 % 2] };
        let class = if (3500..3600).contains(&n) { 7 } else { n / 5 % 3 };
        format!("{:.4},{state},{class}", x + w)
    });
    assert_same(&File::of(&text), &LabelOptions::default());
    let named = [(",7\n", ",seven\n"), (",1\n", ",one\n"), (",2\n", ",two\n"), (",0\n", ",\n")];
    let named = named.iter().fold(text, |text, (number, name)| text.replace(number, name));
    assert_same(&File::of(&named), &LabelOptions::default());
}

/// Of a table that is larger than its sample, what stands in one place alone is in the sample as well.
#[test]
fn a_sample_shows_all_that_there_is() {
    let rows = 400_000;
    let text = csv("x,flag,state,target", rows, |n, x, w| {
        let flag = u8::from((333_333..333_336).contains(&n));
        let state = if n == 355_555 { "rare" } else { ["on", "off"][n / 10 % 2] };
        format!("{x:.20},{flag},{state},{}", if n == 222_222 { 3 } else { usize::from(w > 1.0) })
    });
    let file = File { 1: 1 << 14, ..File::of(&text) };
    let options = LabelOptions::default().with_test(0.1);
    let [a, b] = [file.long(), file.whole()].map(|table| prepare(&table, &options));
    let remark = a.remarks.last().unwrap().to_string();
    assert!(
        remark.contains("; scales and classes are those of ") && remark.ends_with(" of 400,000 rows"),
        "{remark}"
    );
    assert_eq!(a.held_out, b.held_out);
    let [a, b] = [a.task, b.task].map(|task| {
        let Task::Label(task) = task else { panic!("labels") };
        let RowAnswer::Class(task) = task.answer else { panic!("classes") };
        task
    });
    assert_eq!(a.classes, b.classes);
    for (a, b) in a.grouping.features.iter().zip(&b.grouping.features) {
        assert_eq!((&a.name, &a.categories), (&b.name, &b.categories));
        let scaling = |feature: &crate::task::Feature| feature.scaling.map(|scaling| scaling.deviation);
        if let (Some(a), Some(b)) = (scaling(a), scaling(b)) {
            // Of three rows of all, a sample has each.
            assert!((a / b - 1.0).abs() < 0.5, "{a} {b}");
        }
    }
}

#[test]
fn what_takes_all_rows_at_once_is_read_into_memory() {
    let reason = |text: &str, options: &LabelOptions| {
        let file = File::of(text);
        let long = file.long();
        assert!(long.long().is_some(), "{text:.60}");
        let (a, b) = (prepare(&long, options), prepare(&file.whole(), options));
        assert_eq!((&a.task, &a.held_out, said(&a.train, &a)), (&b.task, &b.held_out, said(&b.train, &b)));
        let name = file.0.path().display().to_string();
        let because = format!("{name} is read into memory, because ");
        let why =
            a.remarks.iter().find_map(|remark| Some(remark.to_string().strip_prefix(&because)?.to_owned()));
        why.unwrap().replace(&name, "t.csv")
    };
    let usual = LabelOptions::default();
    let plain = |n: usize, x: f64, w: f64| format!("{},{n},{x:.4},{w:.4}", n % 2000 / 100);
    let text = csv("id,n,x,target", 4000, plain);
    assert_eq!(
        reason(&text, &usual),
        "the rows of id \"0\" do not all follow each other: they go on in line 2002"
    );
    assert_eq!(
        reason(
            &csv("run,n,x,target", 4000, |n, x, w| format!("1,{},{x:.4},{w:.4}", n ^ 1)),
            &usual.clone().with_time("n")
        ),
        "its rows are not in the order of times, or not written alike, by t.csv, line 3, column \"n\""
    );
    let text = csv("run,n,x,target", 4000, |n, x, w| match n {
        3000 => format!("1,{n},,{w}"),
        _ => plain(n, x, w),
    });
    let missing = usual.clone().with_missing(crate::missing::Missing::Previous);
    assert_eq!(
        reason(&text, &missing),
        "\"x\" has an empty cell in line 3002, of which something is to be made"
    );
    let text = csv("run,n,x,target", 90_000, |n, x, w| match n {
        80_000 => format!("1,{n},\"1,234.5\",{w}"),
        _ => plain(n, x, w),
    });
    let why = reason(&text, &usual);
    assert!(why.starts_with("\"x\" holds numbers and something else, on this side of line "), "{why}");
    let ended = |n: usize, x, w| plain(n, x, w) + if n == 80_000 { "," } else { "" };
    let text = csv("run,n,x,target", 90_000, ended);
    assert_eq!(reason(&text, &usual), "some of its rows cannot be read by themselves");
    let text = csv("id,n,x,target", 4000, |n, x, w| format!("{},{n},{x:.4},{w:.4}", n / 100));
    let by_time = LabelOptions { split: crate::task::SplitBy::Time, ..usual.clone().with_time("n") };
    assert_eq!(reason(&text, &by_time), "sequences are to be split by time");
    let grouped = LabelOptions { group: Some("n".into()), ..usual };
    let text = csv("id,n,x,target", 4000, |n, x, w| format!("{},{},{x:.4},{w:.4}", n / 100, n / 400));
    assert_eq!(reason(&text, &grouped), "sequences are to be joined");
}

#[test]
fn what_is_not_written_plainly_is_read_as_a_whole() {
    let rows = |names: &str, row: fn(usize) -> String| csv(names, 2000, |n, _, _| row(n));
    for text in [
        rows("x;target", |n| format!("{},5;{n},25", n % 7)),
        rows("# made by hand\nx,target", |n| format!("{},{n}", n % 7)),
        rows("x,target\nmm,kg", |n| format!("{},{n}", n % 7)),
        rows("0.5,1.5", |n| format!("{}.5,{n}", n % 7)),
        rows("x,target", |n| format!("{} %,{n}", n % 7)),
        // A line that ends as on old computers, and nothing but blank lines where rows should begin.
        rows("x,target", |n| format!("{},{n}", if n == 1500 { "\"a\rb\"" } else { "c" })),
        rows("x,target", |n| if n < 1000 { String::new() } else { format!("{},{n}", n % 7) }),
        "{\"x\": 1, \"target\": 2}\n".repeat(2000),
    ] {
        assert!(File::of(&text).long().long().is_none(), "{text:.40}");
    }
}

#[test]
fn a_file_that_changes_is_refused() {
    let file = File::of(&csv("x,target", 3000, |_, x, w| format!("{x},{w}")));
    let prepared = prepare(&file.long(), &LabelOptions::default());
    std::fs::write(file.0.path(), "x,target\n1,2\n").unwrap();
    let recipe = RecipeOptions { hidden_size: Some(4), epochs: Some(1), ..RecipeOptions::default() };
    let error = recipe.recipe(&prepared.task).unwrap().train(&prepared, &file.whole()).unwrap_err();
    assert!(error.to_string().contains("has changed while it was read"), "{error}");
}

#[test]
fn other_rows_have_another_fingerprint() {
    let of = |file: &File, options: &LabelOptions| {
        let prepared = prepare(&file.long(), options);
        fingerprint([&prepared.train, &prepared.validation])
    };
    let text = csv("x,z,target", 3000, |_, x, w| format!("{x:.4},{w:.3},{w:.2}"));
    let (file, usual) = (File::of(&text), LabelOptions::default());
    let known = of(&file, &usual);
    assert_eq!(known, of(&File::of(&text), &usual));
    let changed = text.replacen(".1", ".2", 1);
    assert_ne!(known, of(&File::of(&changed), &usual));
    assert_ne!(known, of(&file, &usual.clone().with_features(["x"])));
    assert_ne!(known, of(&file, &usual.with_validation(0.3)));
}

/// What there is to see of a large table is what there is to see of its rows in memory.
#[test]
fn pictures_are_of_the_rows_that_are_held_out() {
    let file = File::of(&csv("x,target", 3000, |_, x, w| format!("{x},{w}")));
    let (long, whole) = (file.long(), file.whole());
    let prepared = prepare(&long, &LabelOptions::default());
    let recipe = RecipeOptions { hidden_size: Some(4), epochs: Some(1), ..RecipeOptions::default() };
    let model = train(&recipe.recipe(&prepared.task).unwrap(), &prepared, &long);
    let pictures = |table: &Table| {
        let held_out = prepared.held_out.as_ref().unwrap();
        model.task().kind().pictures(model.ensemble(), table, held_out, &mut |_, _| Ok(())).unwrap()
    };
    let (a, b) = (pictures(&long), pictures(&whole));
    let [Picture::Lines(a), Picture::Lines(b)] = [&a[0], &b[0]] else { panic!("lines") };
    assert_eq!(a.charts[0].lines, b.charts[0].lines);
    assert_eq!(
        a.notes.last().unwrap(),
        "Rows 2,401 to 3,000 of 3,000 are looked at, and numbered from 1 on."
    );
}

/// A value that stands first in a sequence that is kept back is looked for in those that are not.
#[test]
fn what_is_in_the_training_part_is_in_its_sample() {
    let text = csv("id,x,flag,state,target", 30_000, |n, x, w| {
        let (sequence, place) = (n / 300, n % 300);
        let is_rare = sequence % 17 == 3 && place == 40;
        let class = if is_rare { "zz" } else { ["a", "b"][usize::from(w > 0.0)] };
        let state = if sequence % 13 == 5 && place == 7 { "odd" } else { ["on", "off"][n / 10 % 2] };
        format!("{sequence},{x:.4},{},{state},{class}", u8::from(sequence % 19 == 6 && place == 200))
    });
    // In a sample of one in three chunks.
    let file = File { 1: text.len() as u64 / 1500, ..File::of(&text) };
    for seed in 0..6 {
        let options = LabelOptions { split_seed: seed, ..LabelOptions::default() };
        let [a, b] = [file.long(), file.whole()].map(|table| prepare(&table, &options));
        let said = |prepared: &Prepared| -> Vec<String> {
            let remarks = prepared.remarks.iter().map(ToString::to_string);
            remarks
                .filter(|remark| remark.contains("training part, and") || remark.contains("occur"))
                .collect()
        };
        assert_eq!(said(&a), said(&b));
        assert_eq!(a.held_out, b.held_out);
        let inputs = |prepared: &Prepared| prepared.task.kind().input_size();
        assert_eq!(inputs(&a), inputs(&b), "seed {seed}");
    }
}

#[test]
fn few_labels_are_classes_as_they_are_in_memory() {
    let text = csv("x,target", 60_000, |n, x, _| {
        format!("{x:.4},{}", if n % 997 == 0 { (n / 997 % 3).to_string() } else { String::new() })
    });
    let file = File { 1: text.len() as u64 / 4000, ..File::of(&text) };
    let [a, b] = [file.long(), file.whole()].map(|table| prepare(&table, &LabelOptions::default()));
    assert!(a.train.held().is_empty() && a.task.kind().classes().is_some());
    assert_eq!(a.held_out, b.held_out);
    // Its last rows have no label, and are held out: the picture begins with one.
    let recipe = RecipeOptions { hidden_size: Some(2), epochs: Some(1), ..RecipeOptions::default() };
    let model = train(&recipe.recipe(&a.task).unwrap(), &a, &file.long());
    let held_out = a.held_out.as_ref().unwrap();
    let pictures = model.task().kind().pictures(model.ensemble(), &file.long(), held_out, &mut |_, _| Ok(()));
    assert!(!pictures.unwrap().is_empty());
}

#[test]
fn times_are_in_order_as_times() {
    let why = |time: &dyn Fn(usize) -> String, rows: usize| {
        let file = File::of(&csv("t,x,target", rows, |n, x, w| format!("{},{x:.4},{w:.4}", time(n))));
        let options = TaskOptions::Label(LabelOptions::default().with_time("t"));
        let prepared = Task::prepare(&file.long(), &options);
        assert_eq!(prepared.is_ok(), Task::prepare(&file.whole(), &options).is_ok());
        let because = |prepared: Prepared| {
            let remarks = prepared.remarks.iter().map(ToString::to_string);
            remarks.filter_map(|remark| Some(remark.split_once("because ")?.1.to_owned())).collect::<String>()
        };
        prepared.map_or_else(|error| error.to_string(), because)
    };
    let day = |n: usize| format!("2024-{:02}-{:02}", 1 + n / 28 % 12, 1 + n % 28);
    assert_eq!(why(&|n| format!("{} {:02}:{:02}", day(n / 1440), n / 60 % 24, n % 60), 3000), "");
    let halves = |n: usize| {
        format!("2024-01-{:02} {:02}:00 {}", 1 + n / 24, (n + 11) % 12 + 1, ["AM", "PM"][n / 12 % 2])
    };
    assert_eq!(why(&halves, 600), "");
    let zones = |n: usize| format!("{}T00:00{}", day(n), ["+02:00", "+00:00"][n % 2]);
    assert_eq!(why(&zones, 300), "");
    let swapped = why(&|n| day(n ^ 1), 300);
    assert!(swapped.starts_with("its rows are not in the order of times"), "{swapped}");
    let wrong = why(&|n| if n == 250 { "2024-02-30".into() } else { day(n) }, 300);
    assert!(wrong.contains("2024-02-30"), "{wrong}");
    let other = why(&|n| format!("{:02}.01.2024 {:02}:00", 1 + n / 24, n % 24), 600);
    assert_eq!(other, "\"t\" does not begin with the year");
}

#[test]
fn short_sequences_are_learned_from_in_memory() {
    let file = File::of(&csv("id,x,target", 4000, |n, x, w| format!("{},{x:.4},{w:.4}", n / 5)));
    let prepared = prepare(&file.long(), &LabelOptions::default());
    let remarks: Vec<String> = prepared.remarks.iter().map(ToString::to_string).collect();
    assert!(remarks[0].ends_with("because its sequences are short, of 5 rows on average"), "{remarks:?}");
    assert!(!prepared.train.held().is_empty());
}

#[test]
fn numbers_are_as_many_classes_as_they_are_asked_to_be() {
    let file = File::of(&csv("x,target", 5000, |n, x, _| format!("{x:.4},{}", n / 100 % 30)));
    assert_same(&file, &LabelOptions::default().with_classes(true));
}

#[test]
fn pictures_begin_where_labels_do() {
    let file = File::of(&csv("id,x,target", 6000, |n, x, w| match n / 1000 {
        0 => format!("0,{x:.4},"),
        id => format!("{id},{x:.4},{}", if n % 1000 < 200 { String::new() } else { format!("{w:.4}") }),
    }));
    let (long, options) = (file.long(), RecipeOptions { epochs: Some(1), ..RecipeOptions::default() });
    let prepared = prepare(&long, &LabelOptions::default());
    let model = train(&options.recipe(&prepared.task).unwrap(), &prepared, &long);
    let task = model.task().kind();
    let pictures = task.pictures(model.ensemble(), &long, &HeldOut::All, &mut |_, _| Ok(())).unwrap();
    let Picture::Lines(lines) = &pictures[0] else { panic!("lines") };
    let note = "Rows 1,201 to 2,000 of 6,000 are looked at, and numbered from 1,001 on.";
    assert_eq!(lines.notes.last().unwrap(), note);
}
