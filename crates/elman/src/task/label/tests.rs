use super::{Label, LabelOptions, RowAnswer, Scale, recorded};
use crate::audio::{self, Pair, Recordings, Sound, Track, Wav};
use crate::loss::{Targets, UNLABELLED};
use crate::model::Model;
use crate::random::{Purpose, Rng};
use crate::recipe::{LossName, Recipe, RecipeOptions};
use crate::sequence::Sequences;
use crate::table::Table;
use crate::task::{Answers, Charts, HeldOut, Picture, Prepared, Task, TaskKind, TaskOptions};

fn table(csv: &str) -> Table {
    Table::read("t.csv", csv.as_bytes()).unwrap()
}

fn prepare(table: &Table, options: LabelOptions) -> Prepared {
    Task::prepare(table, &TaskOptions::Label(options)).unwrap()
}

fn refusal(csv: &str, options: LabelOptions) -> String {
    Task::prepare(&table(csv), &TaskOptions::Label(options)).err().map(|e| e.to_string()).unwrap_or_default()
}

fn remarks(prepared: &Prepared) -> Vec<String> {
    prepared.remarks.iter().map(ToString::to_string).collect()
}

fn values(targets: &Targets<f64>) -> &[f64] {
    let Targets::Values(values) = targets else { panic!("values") };
    values
}

/// `y = 0.9 y + 0.1 x` of noise, as one recording.
fn filtered(rows: usize) -> String {
    let (mut rng, mut y) = (Rng::new(5, Purpose::Check(0)), 0.0);
    let row = |_| {
        let x = rng.normal();
        y = 0.9 * y + 0.1 * x;
        format!("{x},{y}\n")
    };
    format!("x,target\n{}", (0..rows).map(row).collect::<String>())
}

fn recipe(prepared: &Prepared, epochs: u64) -> Recipe {
    let options = RecipeOptions { hidden_size: Some(8), epochs: Some(epochs), ..RecipeOptions::default() };
    options.recipe(&prepared.task).unwrap()
}

fn figure(model: &Model, name: &str) -> f64 {
    let test = model.record().test.as_ref().unwrap();
    test.model.iter().find(|metric| metric.name == name).unwrap().value.unwrap()
}

#[test]
fn a_filter_is_learned_from_a_recording_and_runs_on_a_stream() {
    let table = table(&filtered(3000));
    let prepared = prepare(&table, LabelOptions::default());
    assert_eq!(prepared.held_out, Some(HeldOut::LastRows(600)));
    let mut recipe = recipe(&prepared, 60);
    recipe.train.learning_rate = 0.01;
    let model = recipe.train(&prepared, &table).unwrap();
    assert!(figure(&model, "r2") > 0.99, "{:?}", model.record().test);
    assert_eq!(model.record().test.as_ref().unwrap().on, "the last 600 rows");

    let predictions = model.predict(&table, None).unwrap();
    assert_eq!(predictions.headers().collect::<Vec<_>>(), ["target_predicted"]);
    let Answers::Numbers(predicted) = &predictions.columns()[0].1 else { panic!("numbers") };
    let mut stream = model.stream().unwrap();
    for (&x, predicted) in table.column("x").unwrap().numbers().unwrap().iter().zip(predicted) {
        assert_eq!(stream.step(&[x]).unwrap(), Some([predicted.value].as_slice()));
    }
    let loaded = Model::from_bytes("m", &model.to_bytes().unwrap()).unwrap();
    assert_eq!(loaded.predict(&table, None).unwrap(), predictions);
}

/// Rows behind the last label are part of no loss, and nothing flows back from them.
#[test]
fn what_follows_the_last_label_changes_nothing() {
    let csv = |tail: f64| {
        let row = |k: usize| match k % 40 {
            at @ 0..30 => format!("{},{},{}\n", k / 40, (k * 7 % 5) as f64, (k * 3 % 11 + at) as f64),
            at => format!("{},{},\n", k / 40, tail * at as f64),
        };
        format!("id,x,target\n{}", (0..400).map(row).collect::<String>())
    };
    let model = |tail| {
        let table = table(&csv(tail));
        let prepared = prepare(&table, LabelOptions::default().with_scale(Scale::None).with_test(0.0));
        assert!(
            remarks(&prepared)
                .contains(&"100 of 400 rows have no target: they are read, and count nothing".into())
        );
        recipe(&prepared, 3).train(&prepared, &table).unwrap().to_bytes().unwrap()
    };
    assert_eq!(model(1.0), model(-0.5));
}

/// In the only recording text is a category where it comes again; what does not may tell several apart.
#[test]
fn columns_of_one_recording_are_told_apart() {
    let row = |k: usize| {
        let (unit, valve, note) =
            (k / 50 + 1, ["open", "half", "shut"][k * 7 % 11 % 3], ["a", "b", "c"][k / 134]);
        format!("{unit},{valve},{note},{},{}\n", k * 7 % 13, k * 3 % 17)
    };
    let rows: String = (0..400).map(row).collect();
    let read = |rows: &str, options: LabelOptions| {
        let table = table(&format!("unit,valve,note,x,y\n{rows}"));
        let prepared = prepare(&table, options.with_target("y").with_classes(false));
        let Task::Label(task) = &prepared.task else { panic!("labels") };
        let names: Vec<String> =
            task.grouping().features.iter().map(|feature| feature.name.clone()).collect();
        (names, remarks(&prepared))
    };
    let of = |options: LabelOptions| read(&rows, options);
    // Text with gaps that nobody asked for is in no one's way.
    let (features, said) = read(&rows.replacen(",half,", ",,", 1), LabelOptions::default());
    assert_eq!(features, ["unit", "x"]);
    let remark = "\"valve\" is text with empty cells, and no input; to use it, choose what becomes of those with missing";
    assert!(said.iter().any(|said| said == remark), "{said:?}");
    let (features, said) = of(LabelOptions::default());
    assert_eq!(features, ["unit", "valve", "x"]);
    for remark in [
        "\"note\" is text that hardly comes again, as names do, and no input; to use it, name the inputs with features",
        "\"valve\" holds categories: each value is an input",
        "\"unit\" says 8 things, each in rows that follow each other; if it tells recordings apart, name it with id",
    ] {
        assert!(said.iter().any(|said| said == remark), "{said:?}");
    }
    for options in [
        LabelOptions::default().with_id("unit"),
        LabelOptions::default().with_features(["unit", "valve", "note", "x"]),
    ] {
        let (features, said) = of(options);
        assert_eq!(features[features.len() - 3..], ["valve", "note", "x"]);
        assert!(!said.iter().any(|remark| remark.contains("tells recordings apart")), "{said:?}");
    }
}

#[test]
fn a_recording_is_split_by_time_and_by_its_labels() {
    // Every second row is labelled, but of the last hundred none.
    let row = |k: usize| {
        let target = if k.is_multiple_of(2) && k < 300 { k.to_string() } else { String::new() };
        format!("{},{target}\n", k * 7 % 13)
    };
    let table = table(&format!("x,target\n{}", (0..400).map(row).collect::<String>()));
    let prepared = prepare(&table, LabelOptions::default());
    // 150 labels: 30 for the test, 12 for validation, 108 for training, the last of which is in row 214.
    let split = "one recording of 400 rows, split by time: the first 215 for training, the next 24 for validation, the \
                 last 161 for the test; if it holds several, name the column that tells them apart with id";
    assert!(remarks(&prepared).iter().any(|remark| remark == split), "{:?}", remarks(&prepared));
    assert_eq!(prepared.held_out, Some(HeldOut::LastRows(161)));
    assert_eq!(prepared.train.len(), 1);
    let train = values(&prepared.train.held()[0].targets);
    assert_eq!((train.len(), train.iter().filter(|value| !value.is_nan()).count()), (215, 108));
    // The state is warmed up by the rows before.
    let validation = values(&prepared.validation.held()[0].targets);
    assert_eq!((validation.len(), validation.iter().filter(|value| !value.is_nan()).count()), (239, 12));
    assert!(validation[..215].iter().all(|value| value.is_nan()));
    assert_eq!(prepared.validation.held()[0].x[..215], prepared.train.held()[0].x);
}

#[test]
fn validation_begins_with_what_is_burned_in() {
    let table = table(&filtered(3000));
    // 2,160 rows for training, 240 for validation.
    for (burn_in, warm_up) in [(0, 1000), (1500, 1500), (2500, 2160)] {
        let prepared = prepare(&table, LabelOptions::default().with_burn_in(burn_in));
        let validation = values(&prepared.validation.held()[0].targets);
        assert_eq!(validation.iter().position(|value| !value.is_nan()), Some(warm_up));
        assert_eq!(validation.len(), warm_up + 240);
    }
}

/// Pieces are as long as the loss asks, where nothing is said of them.
#[test]
fn spectra_get_pieces_that_are_long_enough() {
    let rows = prepare(&table(&filtered(3000)), LabelOptions::default()).task;
    let sound = Task::from(Label::of_sound(
        Sound { sample_rate: 8000, delay: Some(0), delays: Vec::new(), knobs: Vec::new() },
        [],
    ));
    let truncate = |task: &Task, options: RecipeOptions| options.recipe(task).unwrap().train.truncate;
    let usual = RecipeOptions::default;
    let spectra = || RecipeOptions { stft_weight: Some(0.1), ..usual() };
    let alone = || RecipeOptions { loss: Some(LossName::Mrstft), ..usual() };
    assert_eq!([truncate(&rows, usual()), truncate(&sound, usual())], [Some(200), Some(512)]);
    for task in [&rows, &sound] {
        assert_eq!([truncate(task, spectra()), truncate(task, alone())], [Some(2048); 2]);
        assert_eq!(truncate(task, RecipeOptions { truncate: Some(600), ..spectra() }), Some(600));
        assert_eq!(truncate(task, RecipeOptions { truncate: Some(0), ..spectra() }), None);
    }
}

#[test]
fn training_sequences_are_cut_into_streams() {
    let table = table(&filtered(1000));
    let options = || LabelOptions::default().with_test(0.0).with_validation(0.0);
    let whole = prepare(&table, options());
    assert_eq!(whole.train.len(), 1);
    let cut = prepare(&table, options().with_streams(3));
    let parts: Vec<f64> = cut.train.held().iter().flat_map(|example| example.x.clone()).collect();
    assert_eq!(parts, whole.train.held()[0].x);
    let lengths: Vec<usize> = cut.train.held().iter().map(|example| example.x.len()).collect();
    assert_eq!((lengths, cut.train_groups), (vec![333, 333, 334], vec![0; 3]));
    let too_many = refusal(&filtered(1000), options().with_streams(1001));
    let message =
        "streams is 1001; it must be at least 1 and at most 1000, the rows of the shortest training sequence";
    assert_eq!(too_many, message);
}

/// Three classes that follow from the row before, one row in four without a label.
fn states() -> String {
    let row = |k: usize| {
        let state = ["up", "down", "still"][(k.max(1) - 1) * 5 % 7 / 3];
        format!("s{},{},{}\n", k / 50, k * 5 % 7, if k % 4 == 1 { "" } else { state })
    };
    format!("id,x,target\n{}", (0..500).map(row).collect::<String>())
}

#[test]
fn unlabelled_rows_count_to_no_class() {
    let table = table(&states());
    let prepared = prepare(&table, LabelOptions::default());
    let Task::Label(label) = &prepared.task else { panic!("to label") };
    let RowAnswer::Class(classify) = &label.answer else { panic!("classes") };
    assert_eq!(classify.classes, ["down", "still", "up"]);
    let mut counts = [0; 3];
    for example in prepared.train.held() {
        let Targets::Classes(classes) = &example.targets else { panic!("classes") };
        assert_eq!(classes.len(), 50);
        classes.iter().filter(|&&class| class != UNLABELLED).for_each(|&class| counts[class] += 1);
    }
    assert_eq!(classify.counts, counts);
    assert!(counts.iter().sum::<usize>() < 50 * prepared.train.len());

    let mut recipe = recipe(&prepared, 40);
    (recipe.train.learning_rate, recipe.train.batch_size) = (0.02, 2);
    let model = recipe.train(&prepared, &table).unwrap();
    assert!(figure(&model, "accuracy") > 0.95, "{:?}", model.record().test);
    let predictions = model.predict(&table, None).unwrap();
    let headers = ["id", "target_predicted", "probability_down", "probability_still", "probability_up"];
    assert_eq!(predictions.headers().collect::<Vec<_>>(), headers);
    assert_eq!(predictions.num_rows(), 500);
    // Also where no label was told.
    let second: Vec<String> =
        predictions.rows().nth(1).unwrap()[..2].iter().map(ToString::to_string).collect();
    assert_eq!(second, ["s0", "up"]);
    let confusion = model.record().test.as_ref().unwrap().confusion.as_ref().unwrap();
    let rows: usize = confusion.counts.iter().flatten().sum();
    assert_eq!(model.record().test.as_ref().unwrap().on, format!("{rows} rows of 2 sequences kept back"));
}

#[test]
fn sequences_without_a_label_are_left_out_and_told() {
    let row = |k: usize| {
        format!("s{},{},{}\n", k / 10, k % 7, if k / 10 == 4 { String::new() } else { k.to_string() })
    };
    let table = table(&format!("id,x,target\n{}", (0..100).map(row).collect::<String>()));
    let prepared = prepare(&table, LabelOptions::default());
    let told = remarks(&prepared);
    assert!(
        told.contains(&"1 of 10 sequences without a labelled row left out (first: \"s4\")".into()),
        "{told:?}"
    );
    // Of nine, two are the test and one is for validation.
    assert_eq!((prepared.train.len(), prepared.validation.len()), (6, 1));
}

#[test]
fn few_whole_numbers_are_classes_and_others_are_not() {
    let of = |target: fn(usize) -> String, options: LabelOptions| {
        let rows: String = (0..200).map(|k| format!("{},{}\n", k * 7 % 13, target(k))).collect();
        let prepared = prepare(&table(&format!("x,target\n{rows}")), options);
        let Task::Label(label) = &prepared.task else { panic!("to label") };
        (matches!(label.answer, RowAnswer::Class(_)), remarks(&prepared))
    };
    let usual = LabelOptions::default;
    let (is_class, told) = of(|k| (k % 3).to_string(), usual());
    let guess = "\"target\" holds 3 whole numbers, which are taken for classes; if they are numbers, say so with classes=false";
    assert!(is_class && told.iter().any(|remark| remark == guess), "{told:?}");
    assert!(!of(|k| (k % 3).to_string(), usual().with_classes(false)).0);
    assert!(!of(|k| (k % 30).to_string(), usual()).0);
    assert!(!of(|k| (k % 3).to_string() + ".5", usual()).0);
    assert!(of(|k| (k % 30).to_string(), usual().with_classes(true)).0);
}

#[test]
fn several_targets_are_numbers_and_may_lack_some() {
    let rows: String = (0..100)
        .map(|k| {
            format!("{},{},{}\n", k % 7, k, if k % 5 == 0 { String::new() } else { (k * k % 17).to_string() })
        })
        .collect();
    let csv = format!("x,a,b\n{rows}");
    let prepared = prepare(&table(&csv), LabelOptions::default().with_target("a,b"));
    assert!(remarks(&prepared).contains(&"20 rows with some of the targets used for those".into()));
    let train = values(&prepared.train.held()[0].targets);
    assert_eq!((train.len(), train[1].is_nan(), train[0].is_nan()), (2 * 72, true, false));
    let message = refusal(&csv, LabelOptions::default().with_target("a,b").with_classes(true));
    assert_eq!(message, "target names 2 columns; a class is told by one");
}

#[test]
fn rows_that_are_left_out_have_no_answer() {
    let rows: String =
        (0..60).map(|k| if k == 7 { ",1\n".to_owned() } else { format!("{},{}\n", k % 5, k % 7) }).collect();
    let table = table(&format!("x,target\n{rows}"));
    let options = LabelOptions::default().with_missing(crate::missing::Missing::Drop).with_classes(false);
    let prepared = prepare(&table, options);
    let model = recipe(&prepared, 1).train(&prepared, &table).unwrap();
    let shown: Vec<bool> =
        model.predict(&table, None).unwrap().rows().map(|row| row[0].to_string().is_empty()).collect();
    assert_eq!(shown.iter().position(|&is_empty| is_empty), Some(7));
    assert_eq!(shown.iter().filter(|&&is_empty| is_empty).count(), 1);
}

#[test]
fn unscaled_values_stay_as_they_are() {
    let rows: String = (0..100).map(|k| format!("{},{}\n", k % 7, 100 + k % 9)).collect();
    let table = table(&format!("x,target\n{rows}"));
    let prepared = prepare(&table, LabelOptions::default().with_scale(Scale::None).with_classes(false));
    assert_eq!(prepared.train.held()[0].x[..3], [0.0, 1.0, 2.0]);
    assert_eq!(values(&prepared.train.held()[0].targets)[..3], [100.0, 101.0, 102.0]);
    // The naive answer is still the mean.
    let model = recipe(&prepared, 1).train(&prepared, &table).unwrap();
    let baseline = &model.record().test.as_ref().unwrap().baselines[0];
    assert!(baseline.metrics[0].value.unwrap() < 5.0, "{baseline:?}");
}

#[test]
fn tables_that_tell_too_little_are_refused() {
    let usual = LabelOptions::default;
    let empty = refusal("x,target\n1,\n2,\n3,\n", usual());
    assert!(empty.contains("has no value to learn or to compare with; choose another target"), "{empty}");
    let twice = refusal("t,x,target\n1,5,1\n2,6,2\n1,7,3\n", usual().with_time("t"));
    let message = "says \"1\" in lines 2 and 4; if they are of several sequences, name the column that tells them apart \
                   with id";
    assert!(twice.ends_with(message), "{twice}");
    let names = refusal("x,target\n1,a\n2,b\n3,c\n", usual());
    assert!(names.ends_with("is another for each of the 3 rows; classes are shared"), "{names}");
    let group =
        refusal("x,g,target\n1,a,1.5\n2,a,2.5\n", LabelOptions { group: Some("g".into()), ..usual() });
    assert_eq!(group, "group joins sequences, and here is one; leave it out");
}

/// A pair of recordings of so many samples, as WAV files of 24 bits in a folder: a device with a knob and a tail.
fn pair(folder: &std::path::Path, name: &str, len: usize, drive: f64, held: bool) -> Pair {
    let mut state = 0.0f32;
    let input: Vec<f32> = (0..len).map(|n| 0.6 * ((n * n % 1013) as f32 / 1013.0 - 0.5)).collect();
    let answer = |x: &f32| {
        state += 0.3 * (x - state);
        (drive as f32 * state).tanh()
    };
    let target: Vec<f32> = input.iter().map(answer).collect();
    let track = |what: &str, samples: &[f32]| {
        let path = folder.join(format!("{name}-{what}.wav"));
        std::fs::write(&path, Wav::Int24.write(8000, samples).unwrap()).unwrap();
        Track::open_holding(&path, None, if held { usize::MAX } else { 0 }).unwrap()
    };
    let knobs = [("drive".to_owned(), drive), ("tone".to_owned(), 0.25)];
    Pair::new(track("in", &input), track("out", &target), &knobs).unwrap()
}

/// Samples that stay in their files, samples in memory and rows of a table make the same model, and are measured alike.
#[test]
fn recordings_make_the_model_of_their_rows() {
    let folder = tempfile::tempdir().unwrap();
    let all: [(&[usize], &[i64]); 3] =
        [(&[30_000], &[]), (&[20_000, 17_000], &[2]), (&[9000, 9000], &[-3, 4])];
    for (lengths, latency) in all {
        let pairs = |held: bool| -> Vec<Pair> {
            let pair =
                |(n, &len): (usize, &usize)| pair(folder.path(), &n.to_string(), len, 2.0 + n as f64, held);
            lengths.iter().enumerate().map(pair).collect()
        };
        let rows = audio::prepare(&pairs(true), latency).unwrap();
        let [held, stored] =
            [true, false].map(|held| Table::of_recordings(Recordings::new(&pairs(held), latency).unwrap()));
        let options = LabelOptions::default().with_sound(rows.sound.clone()).with_burn_in(100);
        let learn = |table: &Table| {
            let prepared = Label::prepare(table, &options).unwrap();
            let mut recipe = Recipe::for_task(&prepared.task).with_hidden_size(3);
            recipe.train = recipe.train.with_epochs(2).with_truncate(400).with_burn_in(100);
            let remarks: Vec<String> =
                table.remarks().iter().chain(&prepared.remarks).map(ToString::to_string).collect();
            (recipe.train(&prepared, table).unwrap(), remarks, prepared)
        };
        let (model, remarks, prepared) = learn(&rows.table);
        for table in [&held, &stored] {
            let (same, remarks_there, there) = learn(table);
            assert_eq!(same.to_bytes().unwrap(), model.to_bytes().unwrap());
            assert_eq!(remarks_there, remarks);
            let input_size = prepared.task.kind().input_size();
            let lengths = |sequences: &Sequences| {
                (0..sequences.len()).map(|n| sequences.length(n, input_size)).collect::<Vec<_>>()
            };
            assert_eq!(lengths(&there.train), lengths(&prepared.train));
            for held_out in [HeldOut::All, HeldOut::LastRows(1000)] {
                assert_eq!(
                    same.evaluate(table, &held_out).unwrap(),
                    model.evaluate(&rows.table, &held_out).unwrap()
                );
            }
            assert_eq!(same.predict(table, None).unwrap(), model.predict(&rows.table, None).unwrap());
        }
        assert_eq!(stored.num_rows(), 1);
        // What is drawn of them is what is drawn of their rows.
        let pictures = |table: &Table| {
            let held_out = HeldOut::LastRows(2000);
            model.task().kind().pictures(model.ensemble(), table, &held_out, &mut |_, _| Ok(())).unwrap()
        };
        let of_rows = pictures(&rows.table);
        assert_eq!(format!("{:?}", pictures(&stored)), format!("{of_rows:?}"));
        let title = |picture| match picture {
            &Picture::Lines(Charts { ref title, .. }) if title.starts_with("Wave") => Some(title.as_str()),
            _ => None,
        };
        let waves: Vec<&str> = of_rows.iter().filter_map(title).collect();
        let expected: &[&str] =
            if lengths.len() == 1 { &["Wave"] } else { &["Wave, pair 1", "Wave, pair 2"] };
        assert_eq!(waves, expected);
    }
}

/// Of many long recordings the first are looked at, a stretch of each from where the test begins.
#[test]
fn what_is_too_long_to_be_drawn_is_cut_alike() {
    let folder = tempfile::tempdir().unwrap();
    let lengths = [200_000, 150_000, 180_000, 90_000];
    let pairs: Vec<Pair> =
        (0..4).map(|n| pair(folder.path(), &n.to_string(), lengths[n], 2.0, true)).collect();
    let recordings = Recordings::new(&pairs, &[0]).unwrap();
    let (table, held_out, note) = recorded::excerpt(&recordings, &HeldOut::LastRows(160_000)).unwrap();
    assert_eq!(held_out, HeldOut::LastRowsOfEach(vec![160_000, 150_000, 160_000]));
    assert_eq!(
        note.unwrap(),
        "Of 4 recordings the first 3 are drawn. Of each recording at most 174,762 samples are looked at."
    );
    // The network hears up to 65,536 samples before; all of the second is tested.
    let numbers = table.column("pair").unwrap().numbers().unwrap().to_vec();
    let rows_of = |pair: f64| numbers.iter().filter(|&&number| number == pair).count();
    assert_eq!([1.0, 2.0, 3.0, 4.0].map(rows_of), [200_000, 150_000, 180_000, 0]);
}

/// A fifth of each recording is its test, a tenth of what is before that its validation, however long the others are.
#[test]
fn recordings_of_other_lengths_are_each_split_by_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let lengths = [40_000, 2000, 10_000];
    let pairs: Vec<Pair> =
        (0..3).map(|n| pair(folder.path(), &n.to_string(), lengths[n], 2.0, true)).collect();
    let rows = audio::prepare(&pairs, &[0]).unwrap();
    let options = LabelOptions::default().with_sound(rows.sound.clone());
    for table in [rows.table, Table::of_recordings(Recordings::new(&pairs, &[0]).unwrap())] {
        let prepared = Label::prepare(&table, &options).unwrap();
        let held_out = HeldOut::LastRowsOfEach(vec![8000, 400, 2000]);
        assert_eq!(prepared.held_out.as_ref(), Some(&held_out));
        let input_size = prepared.task.kind().input_size();
        let lengths = |sequences: &Sequences| {
            (0..sequences.len()).map(|n| sequences.length(n, input_size)).collect::<Vec<_>>()
        };
        // With the samples before that are there for the state alone.
        assert_eq!(lengths(&prepared.validation), [1000 + 3200, 1000 + 160, 1000 + 800]);
        assert_eq!(lengths(&prepared.train).iter().sum::<usize>(), 28_800 + 1440 + 7200);
        let remark =
            prepared.remarks.iter().map(ToString::to_string).find(|text| text.contains("split")).unwrap();
        let expected = "3 recordings, each split by time: in all 10,400 rows at their ends for the test, 4,160 before them";
        assert!(remark.starts_with(expected), "{remark}");
        let mut recipe = Recipe::for_task(&prepared.task).with_hidden_size(2);
        recipe.train = recipe.train.with_epochs(1).with_truncate(400);
        let model = recipe.train(&prepared, &table).unwrap();
        assert_eq!(model.record().test.as_ref().unwrap().on, "the last 10,400 samples of 3 recordings");
    }
}

#[test]
fn a_target_that_is_silent_in_training_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let late = pair(folder.path(), "a", 10_000, 2.0, true);
    let mut silent = vec![0.0; 10_000];
    silent[9999] = 0.5;
    let path = folder.path().join("silent.wav");
    std::fs::write(&path, Wav::Float.write(8000, &silent).unwrap()).unwrap();
    let late = Pair::new(late.input, Track::open(&path, None).unwrap(), &[]).unwrap();
    let recordings = Recordings::new(&[late], &[0]).unwrap();
    let table = Table::of_recordings(recordings);
    let error = Label::prepare(&table, &LabelOptions::default()).unwrap_err().to_string();
    let message = "the target is 0 in all 7,200 samples of the training part, so there is nothing to learn; give a longer \
                   recording, or a smaller share for test and validation";
    assert_eq!(error, format!("{}: {message}", path.display()));
}
