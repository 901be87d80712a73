//! Whoever watches a task's work sees how far it is, and may end it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use elman::audio::{Pair, Recordings, Wav};
use elman::error::Error;
use elman::loss::Loss;
use elman::model::Model;
use elman::recipe::Recipe;
use elman::run::Run;
use elman::table::Table;
use elman::task::{
    ForecastOptions, GroupedOptions, HeldOut, LabelOptions, PredictOptions, Task, TaskName, TaskOptions,
    TextOptions,
};
use elman::watch::{Stopped, Watch};

/// A model for each task, two networks that have learned for an epoch, with the data that they learned from.
fn models() -> Vec<(Model, Table)> {
    let mut csv = String::from("id,x,target,class\n");
    for n in 0..150 {
        for t in 0..3 + n % 4 {
            csv += &format!("s{n},{},{}.5,{}\n", (n * 7 + t * 3) % 11, n % 7, ["low", "high"][n % 2]);
        }
    }
    let table = |name: &str, csv: &str| Table::read(name, csv.as_bytes()).unwrap();
    let grouped = |target: &str| GroupedOptions::default().with_target(target.to_owned());
    let series: String = (0..9000).map(|n| format!("{}\n", 50 + n * 13 % 17)).collect();
    let forecast = || TaskOptions::Forecast(ForecastOptions::default().with_test(8));
    let label = LabelOptions::default().with_target("target".to_owned()).with_id("id".to_owned());
    let tables = [
        (table("s", &csv), TaskOptions::Regress(grouped("target")), Loss::Squared),
        (table("s", &csv), TaskOptions::Classify(grouped("class")), Loss::cross_entropy()),
        (table("s", &csv), TaskOptions::Label(label), Loss::Squared),
        (table("y", &format!("y\n{series}")), forecast(), Loss::Squared),
        (table("y", &format!("y\n{series}")), forecast(), Loss::Gaussian),
        (
            Table::of_text("t", "fine wine, nine swine. ".repeat(60)),
            TaskOptions::Text(TextOptions::default()),
            Loss::cross_entropy(),
        ),
        (recordings(), TaskOptions::Label(LabelOptions::default()), Loss::Squared),
    ];
    tables.into_iter().map(|(table, options, loss)| (model(&table, &options, loss), table)).collect()
}

fn model(table: &Table, options: &TaskOptions, loss: Loss) -> Model {
    let prepared = Task::prepare(table, options).unwrap();
    let mut recipe = Recipe::for_task(&prepared.task).with_hidden_size(3);
    (recipe.ensemble, recipe.train.epochs, recipe.train.loss) = (2, 1, loss);
    recipe.train(&prepared, table).unwrap()
}

/// Two pairs of recordings, which stay in their files.
fn recordings() -> Table {
    let directory = tempfile::tempdir().unwrap();
    let pairs: Vec<Pair> = (0..2)
        .map(|n| {
            let path = directory.path().join(format!("{n}.wav"));
            let samples: Vec<f32> =
                (0..9000).map(|t| (t as f32 * 0.07 + (t * t % 91) as f32).sin() * 0.5).collect();
            std::fs::write(&path, Wav::Float.write(8000, &samples).unwrap()).unwrap();
            Pair::open([&path, &path], None, &[]).unwrap()
        })
        .collect();
    Table::of_recordings(Recordings::new(&pairs, &[0]).unwrap())
}

/// What a watcher was told of, if the work was done to the end.
fn seen<R>(work: impl FnOnce(&mut Watch<'_>) -> Result<R, Error>) -> (R, Vec<(usize, usize)>) {
    let mut seen = Vec::new();
    let result = work(&mut |done, of| {
        seen.push((done, of));
        Ok(())
    });
    (result.unwrap(), seen)
}

/// Does some work to its end, and as often again ends it at each time that the watcher is told.
fn watched<R: std::fmt::Debug>(what: &str, expected: &R, work: impl Fn(&mut Watch<'_>) -> Result<R, Error>) {
    let (result, told) = seen(&work);
    // A number that is none is not equal to itself.
    assert!(format!("{result:?}") == format!("{expected:?}"), "{what}");
    assert!(told.is_sorted() && told.iter().all(|(_, of)| *of == told[0].1), "{what}: {told:?}");
    assert_eq!(told.last().map(|(done, of)| done == of), Some(true), "{what}: {told:?}");
    for end in [0, told.len() / 2, told.len() - 1] {
        let mut times = 0;
        let stopped = work(&mut |_, _| {
            times += 1;
            if times > end { Err(Stopped) } else { Ok(()) }
        });
        assert!(matches!(stopped, Err(Error::Stopped(Stopped))), "{what}");
        assert_eq!(times, end + 1, "{what}: nothing is done behind the end");
    }
}

#[test]
fn every_task_tells_how_far_it_is_and_ends_where_it_is_told_to() {
    for (model, table) in models() {
        let task = model.task().kind();
        let name = task.name();
        let distributes = model.ensemble().distribution().is_some();
        let options =
            PredictOptions::default().with_samples((name == TaskName::Forecast && distributes).then_some(3));
        let predictions = model.predict_with(&table, &options).unwrap();
        watched(&format!("{name}, predict"), &predictions, |watch| {
            model.predict_watched(&table, &options, watch)
        });
        let held_out = task.held_out(None).unwrap();
        let evaluation = model.evaluate(&table, &held_out).unwrap();
        watched(&format!("{name}, evaluate"), &evaluation, |watch| {
            model.evaluate_watched(&table, &held_out, watch)
        });
        let drawn = |watch: &mut Watch<'_>| task.pictures(model.ensemble(), &table, &held_out, watch);
        watched(&format!("{name}, pictures"), &seen(drawn).0, drawn);
        if name == TaskName::Forecast {
            let backtest = model.backtest(&table, &held_out).unwrap();
            watched("backtest", &backtest, |watch| model.backtest_watched(&table, &held_out, watch));
        }
    }
}

/// What spoils a test is known before a run; the answers, whose number is the work, are not waited for.
#[test]
fn test_data_are_checked_before_a_run_without_all_its_answers() {
    let table = Table::of_text("t", "fine wine, nine swine. ".repeat(60));
    let options = TaskOptions::Text(TextOptions::default().with_test(0.0));
    let prepared = Task::prepare(&table, &options).unwrap();
    let recipe = Recipe::for_task(&prepared.task);
    let run = Run::new(&recipe, &prepared).unwrap();
    let other = Table::of_text("o", "fine wine, nine swine? ".repeat(60));
    let error = run.check_test(&other, &HeldOut::All).unwrap_err().to_string();
    assert!(
        error.starts_with("o, line 1, column 22: the model does not know the character \"?\""),
        "{error}"
    );
    // To answer all of this would take many minutes.
    let other = Table::of_text("o", "wine ".repeat(1_000_000));
    run.check_test(&other, &HeldOut::All).unwrap();
}
