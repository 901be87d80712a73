//! What is saved is what is loaded.

use elman::error::ModelError;
use elman::float::{Dtype, Parameters};
use elman::model::Model;
use elman::network::CellKind;
use elman::recipe::Recipe;
use elman::schedule::ScheduleConfig;
use elman::task::{Task, TaskOptions};
use elman::weights::Weights;

use crate::setup::{bits, model, read, small_model, tables};

#[test]
fn saved_and_loaded_is_the_same_model() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a model");
    for (table, options) in &tables() {
        for cell in CellKind::ALL {
            for dtype in [Dtype::F32, Dtype::F64] {
                let deep = matches!(options, TaskOptions::Classify(_));
                let saved = model(table, options, |recipe| {
                    (recipe.cell, recipe.dtype) = (cell, dtype);
                    if deep {
                        (recipe.num_layers, recipe.bidirectional, recipe.dropout) = (2, true, 0.25);
                    }
                });
                saved.save(&path).unwrap();
                let loaded = Model::open(&path).unwrap();

                let what = format!("{} {cell} {dtype:?}", saved.task().name());
                let task = serde_json::to_value(saved.task()).unwrap();
                assert_eq!(
                    task.as_object().unwrap().keys().collect::<Vec<_>>(),
                    [saved.task().name().name()]
                );
                assert_eq!(saved.parameters().dtype(), dtype);
                assert_eq!(bits(loaded.parameters()), bits(saved.parameters()), "{what}");
                assert_eq!(loaded.network().config(), saved.network().config(), "{what}");
                assert_eq!(loaded.task(), saved.task(), "{what}");
                assert_eq!(loaded.record(), saved.record(), "{what}");
                assert_eq!(loaded.to_bytes().unwrap(), saved.to_bytes().unwrap(), "{what}");
                assert_eq!(std::fs::read(&path).unwrap(), saved.to_bytes().unwrap(), "{what}");

                let predictions = saved.predict(table, None).unwrap();
                assert_eq!(loaded.predict(table, None).unwrap(), predictions, "{what}");
                let held_out = saved.task().kind().held_out(None).unwrap();
                let evaluation = saved.evaluate(table, &held_out).unwrap();
                assert_eq!(loaded.evaluate(table, &held_out).unwrap(), evaluation, "{what}");
            }
        }
    }
}

/// The values that a text of few digits would lose.
#[test]
fn every_number_survives() {
    let model = small_model();
    let Parameters::F32(mut values) = model.parameters().clone() else { panic!("f32 is the default") };
    let awkward = [-0.0, f32::MIN_POSITIVE / 8_388_608.0, f32::MAX, f32::MIN, 0.1, 1.0 / 3.0];
    values.iter_mut().zip(awkward).for_each(|(value, awkward)| *value = awkward);
    let parameters = Parameters::F32(values);
    for number in [-0.0, 5e-324, 0.1 + 0.2, 1.797_693_134_862_315_7e308, f64::MIN_POSITIVE] {
        let (mut task, mut record) = (model.task().clone(), model.record().clone());
        let Task::Regress(regress) = &mut task else { panic!("a regression") };
        regress.target_scalings[0].mean = number;
        record.loss = Some(number);
        let weights = Weights::new(model.network().clone(), parameters.clone()).unwrap();
        let model = Model::new(task, vec![weights], record).unwrap();
        let loaded = read(&model.to_bytes().unwrap()).unwrap();
        let Task::Regress(regress) = loaded.task() else { panic!("a regression") };
        assert_eq!(regress.target_scalings[0].mean.to_bits(), number.to_bits());
        assert_eq!(loaded.record().loss.map(f64::to_bits), Some(number.to_bits()));
        assert_eq!(bits(loaded.parameters()), bits(&parameters));
    }
}

#[test]
fn equal_models_are_equal_files() {
    let (one, other) = (small_model(), small_model());
    let bytes = one.to_bytes().unwrap();
    for _ in 0..20 {
        assert_eq!(one.to_bytes().unwrap(), bytes);
        assert_eq!(other.to_bytes().unwrap(), bytes);
    }
}

/// What JSON cannot hold is not written as something else.
#[test]
fn figures_that_are_not_finite_are_not_written() {
    let model = small_model();
    let mut record = model.record().clone();
    record.loss = Some(f64::NAN);
    let model = Model::new(model.task().clone(), vec![model.weights().clone()], record).unwrap();
    assert!(matches!(model.to_bytes(), Err(ModelError::Unwritable { .. })));
}

/// What training accepts must not make a model that is lost when it is saved.
#[test]
fn every_model_that_can_be_trained_can_be_read() {
    let [_, (table, options), _] = tables();
    let nan = f64::NAN;
    let odd = [
        ScheduleConfig::Plateau { factor: 0.5, patience: 1, threshold: nan, minimum: 0.0 },
        ScheduleConfig::Plateau { factor: 0.5, patience: 1, threshold: 0.0, minimum: nan },
    ];
    // As odd as they may be.
    let accepted = [
        ScheduleConfig::Plateau { factor: 5e-324, patience: u64::MAX, threshold: f64::MAX, minimum: -0.0 },
        ScheduleConfig::Plateau { factor: 0.5, patience: 0, threshold: 5e-324, minimum: f64::MAX },
        ScheduleConfig::Step { every: u64::MAX, factor: f64::MAX },
    ];
    let prepared = Task::prepare(&table, &options).unwrap();
    let mut trained = 0;
    for schedule in odd.into_iter().chain(accepted) {
        let mut recipe = Recipe::for_task(&prepared.task);
        (recipe.hidden_size, recipe.train.epochs, recipe.train.schedule) = (2, 1, schedule);
        if let Ok(model) = recipe.train(&prepared, &table) {
            let reread = read(&model.to_bytes().unwrap());
            assert!(reread.is_ok(), "{schedule:?}: {}", reread.unwrap_err());
            trained += 1;
        }
    }
    assert_eq!(trained, accepted.len());
}

/// What programs of the second version cannot read is not said to be of that version; the rest is.
#[test]
fn a_model_that_is_new_to_older_programs_says_so() {
    use elman::loss::Loss;
    use elman::table::Table;
    use elman::task::ForecastOptions;

    let version_by = |csv: &str, options: ForecastOptions, loss: Loss| {
        let table = Table::read("t.csv", csv.as_bytes()).unwrap();
        let options = TaskOptions::Forecast(options.with_test(0));
        let trained = model(&table, &options, |recipe| {
            recipe.hidden_size = 2;
            recipe.train.loss = loss;
        });
        let bytes = trained.to_bytes().unwrap();
        assert_eq!(read(&bytes).unwrap().ensemble().distribution(), trained.ensemble().distribution());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (_, rest) = text.split_once(r#"format_version\":"#).unwrap();
        rest[..1].parse::<u32>().unwrap()
    };
    let version = |csv: &str, options| version_by(csv, options, Loss::Squared);
    let (mut single, mut long) = ("month,v\n".to_owned(), "shop,month,v\n".to_owned());
    for n in 0..60 {
        let row = format!("{}-{:02},{}\n", 2000 + n / 12, 1 + n % 12, 10 + n % 5 + n % 7);
        single += &row;
        long += &format!("a,{row}b,{row}");
    }
    let wide: String =
        single.lines().map(|line| format!("{line},{}\n", line.rsplit(',').next().unwrap())).collect();
    let wide = wide.replacen("v,v", "v,w", 1);
    assert_eq!(version(&single, ForecastOptions::default()), 2);
    for loss in [Loss::quantile([0.2, 0.9]), Loss::Gaussian, Loss::StudentT] {
        assert_eq!(version_by(&single, ForecastOptions::default(), loss), 3);
    }
    assert_eq!(version(&long, ForecastOptions::default()), 3);
    assert_eq!(version(&wide, ForecastOptions::default().with_target("all")), 3);
    assert_eq!(version(&single, ForecastOptions::default().with_time_format("%Y-%m")), 3);
}
