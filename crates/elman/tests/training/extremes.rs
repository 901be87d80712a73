//! Numbers of options at both ends of their range: whatever comes of them, it is an answer or an error. Development builds
//! trap sums that overflow.

use elman::average::AverageConfig;
use elman::error::Error;
use elman::recipe::Recipe;
use elman::run::Run;
use elman::schedule::ScheduleConfig;
use elman::table::Table;
use elman::task::{
    ForecastOptions, GroupedOptions, HeldOut, LabelOptions, PredictOptions, Prepared, Task, TaskOptions,
    TextOptions,
};
use elman::train::{Control, Event, TrainConfig};

const EXTREMES: [usize; 7] = [0, 1, 1 << 32, 1 << 50, usize::MAX / 2 + 1, usize::MAX - 1, usize::MAX];

/// An epoch of two units.
fn train(recipe: &Recipe, prepared: &Prepared) -> Result<(), Error> {
    let mut one_epoch = |event: &Event<'_>| match event {
        Event::Epoch { .. } => Control::Stop,
        _ => Control::Continue,
    };
    let mut run = Run::new(recipe, prepared)?;
    let ended = run.train(&mut [&mut one_epoch])?;
    run.model(Some(ended))?;
    Ok(())
}

fn recipe(prepared: &Prepared) -> Recipe {
    Recipe::for_task(&prepared.task).with_hidden_size(2)
}

fn prepare(table: &Table, options: TaskOptions) -> Result<Prepared, Error> {
    let prepared = Task::prepare(table, &options)?;
    train(&recipe(&prepared), &prepared)?;
    Ok(prepared)
}

/// 90 rows of two series.
fn panel() -> Table {
    let rows: String = (0..90).map(|n| format!("{},{}\n", n % 2, (n * n) % 17)).collect();
    Table::read("p.csv", format!("unique_id,y\n{rows}").as_bytes()).unwrap()
}

#[test]
fn lengths_of_forecasts() {
    let tables = [elman::data::airline().unwrap(), panel()];
    let usual = ForecastOptions::default;
    for n in EXTREMES {
        for options in [
            usual().with_horizon(n),
            usual().with_window(n),
            usual().with_stride(n),
            usual().with_season(n),
            usual().with_test(n),
            usual().with_horizon(n).with_test(n),
            usual().with_season(n).with_window(n).with_test(n).with_horizon(3),
        ] {
            for table in &tables {
                let error = prepare(table, TaskOptions::Forecast(options.clone())).err();
                assert!(n < 2 || error.is_some() || options.stride.is_some(), "{options:?}");
            }
        }
    }
    let refused =
        |options| prepare(&tables[0], TaskOptions::Forecast(options)).map(drop).unwrap_err().to_string();
    let horizon = format!("horizon is {}; it must be from 1 to 100000", usize::MAX);
    assert_eq!(refused(usual().with_horizon(usize::MAX)), horizon);
}

#[test]
fn lengths_of_other_tasks() {
    let rows: String = (0..400).map(|n| format!("{},{},{}\n", n / 20, n % 7, n % 3)).collect();
    let table = Table::read("s.csv", format!("id,x,target\n{rows}").as_bytes()).unwrap();
    let text = Table::of_text("t.txt", "to be or not to be ".repeat(200));
    for n in EXTREMES {
        let grouped = GroupedOptions::default().with_window(n);
        let _ = prepare(&table, TaskOptions::Regress(grouped.clone()));
        let _ = prepare(&table, TaskOptions::Classify(grouped));
        let label = LabelOptions::default();
        for options in [label.clone().with_streams(n), label.with_burn_in(n)] {
            let _ = prepare(&table, TaskOptions::Label(options));
        }
        let characters = TextOptions::default();
        for options in [characters.clone().with_vocabulary(n), characters.with_window(n)] {
            let _ = prepare(&text, TaskOptions::Text(options));
        }
    }
}

#[test]
fn numbers_of_recipes() {
    let table = panel();
    let prepared = Task::prepare(&table, &TaskOptions::Forecast(ForecastOptions::default())).unwrap();
    let base = || recipe(&prepared);
    for n in EXTREMES {
        let long = n as u64;
        let trained = |with: &dyn Fn(TrainConfig) -> TrainConfig| base().with_train(with(base().train));
        for recipe in [
            base().with_hidden_size(n),
            base().with_num_layers(n),
            base().with_patch(n),
            base().with_skip(n),
            base().with_ensemble(n),
            base().with_embedding_dim(n),
            trained(&|train| train.with_batch_size(n)),
            trained(&|train| train.with_accumulate(n)),
            trained(&|train| train.with_truncate(n)),
            trained(&|train| train.with_burn_in(n)),
            trained(&|train| train.with_epochs(long)),
            trained(&|train| train.with_epochs(long).with_schedule(ScheduleConfig::Constant)),
            trained(&|train| train.with_patience(long)),
            trained(&|train| train.with_seed(long)),
            trained(&|train| train.with_epochs(long).with_average(AverageConfig::swa(long))),
            trained(&|train| train.with_schedule(ScheduleConfig::Cosine { warmup: long })),
            trained(&|train| train.with_schedule(ScheduleConfig::Step { every: long, factor: 0.5 })),
        ] {
            let _ = train(&recipe, &prepared);
        }
    }
}

#[test]
fn numbers_of_answers() {
    let table = panel();
    let prepared = Task::prepare(&table, &TaskOptions::Forecast(ForecastOptions::default())).unwrap();
    let mut run = recipe(&prepared);
    run.train = run.train.with_epochs(1);
    let model = run.train(&prepared, &table).unwrap();
    for n in EXTREMES {
        let _ = model.predict(&table, Some(n));
        for options in [
            PredictOptions::default().with_samples(n),
            PredictOptions::default().with_horizon(n).with_samples(2),
            PredictOptions::default().with_seed(n as u64),
            PredictOptions::default().with_interval([80.0]).with_horizon(n),
        ] {
            let _ = model.predict_with(&table, &options);
        }
        let held_out = HeldOut::LastRows(n);
        let _ = (model.evaluate(&table, &held_out), model.backtest(&table, &held_out));
    }
}
