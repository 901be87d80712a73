//! Ensembles: trained side by side, averaged, saved, resumed, streamed.

use elman::distribution::{Distribution, Predicted};
use elman::ensemble::{Average, Ensemble};
use elman::error::ModelError;
use elman::float::Parameters;
use elman::init::Init;
use elman::model::Model;
use elman::network::{CellKind, Network, NetworkConfig, PoolingKind};
use elman::recipe::Recipe;
use elman::run::Run;
use elman::table::Table;
use elman::task::{Cell, ForecastOptions, GroupedOptions, Prepared, Task, TaskOptions};
use elman::train::{Checkpointer, Control, Ended, Event, Identity, fingerprint};
use elman::weights::Weights;

/// Sequences of two features and unequal lengths; three classes by their sums.
fn classes() -> (Table, Prepared) {
    let mut csv = "id,a,b,target\n".to_owned();
    for n in 0..40 {
        for t in 0..3 + n % 4 {
            let (a, b) = ((n * 7 + t * 3) % 11, (n * 5 + t * t) % 7);
            csv.push_str(&format!("{n},{a},{b},{}\n", ["low", "mid", "top"][n * 3 % 7 % 3]));
        }
    }
    let table = Table::read("classes.csv", csv.as_bytes()).expect("a table");
    let prepared = Task::prepare(&table, &TaskOptions::Classify(GroupedOptions::default())).expect("a task");
    (table, prepared)
}

fn recipe(task: &Task, ensemble: usize) -> Recipe {
    let usual = Recipe::for_task(task).with_hidden_size(5).with_ensemble(ensemble);
    let train = usual.train.clone().with_epochs(3).with_seed(7);
    usual.with_train(train)
}

fn numbers(model: &Model, table: &Table) -> Vec<f64> {
    let predictions = model.predict(table, None).expect("predictions");
    let cells = predictions.rows().flatten().map(|cell| match cell {
        Cell::Number(number) => Some(number.value),
        _ => None,
    });
    cells.flatten().collect()
}

#[test]
fn members_are_the_models_of_seeds_that_follow_each_other() {
    let (table, prepared) = classes();
    let recipe = recipe(&prepared.task, 3);
    // Cut in time, batches of other sequences have other numbers of pieces.
    let cut = recipe.clone().with_train(recipe.train.clone().with_truncate(2).with_batch_size(3));
    let together = cut.train(&prepared, &table).unwrap();
    for n in 0..3 {
        let train = cut.train.clone().with_seed(7 + n);
        let alone = cut.clone().with_ensemble(1).with_train(train).train(&prepared, &table).unwrap();
        assert_eq!(together.ensemble().members()[n as usize].parameters(), alone.parameters());
    }
    let ensemble = recipe.train(&prepared, &table).unwrap();
    let mut mean = Vec::new();
    for n in 0..3 {
        let train = recipe.train.clone().with_seed(7 + n);
        let alone = recipe.clone().with_ensemble(1).with_train(train).train(&prepared, &table).unwrap();
        assert_eq!(ensemble.ensemble().members()[n as usize].parameters(), alone.parameters());
        mean.push(numbers(&alone, &table));
    }
    // Probabilities are averaged, not logits.
    let averaged = numbers(&ensemble, &table);
    assert_eq!(averaged.len(), 40 * 3);
    for (n, value) in averaged.iter().enumerate() {
        let expected = mean.iter().map(|member| member[n]).sum::<f64>() / 3.0;
        assert!((value - expected).abs() < 1e-12, "{value} for {expected}");
    }
    let record = ensemble.record();
    assert_eq!((record.ended, record.epochs, record.recipe.ensemble), (Some(Ended::Finished), 3, 3));
}

#[test]
fn one_member_answers_as_the_network_itself() {
    let (_, prepared) = classes();
    let network = recipe(&prepared.task, 1).network(&prepared.task).unwrap();
    let parameters: Parameters = vec![0.25f64; network.layout().len()].into();
    let weights = Weights::new(network.clone(), parameters.clone()).unwrap();
    let x: Vec<&[f64]> = prepared.train.held().iter().map(|example| &example.x[..]).collect();
    let alone = elman::predict::run(&network, &parameters, &x);
    let ensemble = Ensemble::new(vec![weights], Average::Probabilities).unwrap();
    assert_eq!(ensemble.run(&x), alone);
    let error = Ensemble::new(Vec::new(), Average::Values).unwrap_err();
    assert_eq!(error.to_string(), "ensemble is 0; it must be from 1 to 1000");
}

#[test]
fn an_ensemble_is_saved_as_a_file_that_older_programs_call_newer() {
    let (table, prepared) = classes();
    let version = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let at = text.find(r#"format_version\":"#).unwrap() + 17;
        text[at..at + 1].to_owned()
    };
    let usual = recipe(&prepared.task, 1);
    let recipes = [
        (usual.clone(), "2"),
        (usual.clone().with_ensemble(2), "3"),
        (usual.clone().with_patch(2), "3"),
        (usual.clone().with_pooling(PoolingKind::Max), "3"),
    ];
    for (recipe, expected) in recipes {
        let mut run = Run::new(&recipe, &prepared).unwrap();
        let ended = run.train(&mut []).unwrap();
        let model = run.model(Some(ended)).unwrap();
        let bytes = model.to_bytes().unwrap();
        assert_eq!(version(&bytes), expected, "{recipe:?}");
        let again = Model::from_bytes("m", &bytes).unwrap();
        assert_eq!(again.record(), model.record());
        assert_eq!(numbers(&again, &table), numbers(&model, &table));
        assert_eq!(again.to_bytes().unwrap(), bytes);
    }
    // A record that asks for more members than there are.
    let model = usual.with_ensemble(2).train(&prepared, &table).unwrap();
    let one = model.ensemble().members()[..1].to_vec();
    let error = Model::new(model.task().clone(), one, model.record().clone()).unwrap_err();
    assert_eq!(error.to_string(), "model has an ensemble of 1, but its recipe asks for 2");
    let bytes = model.to_bytes().unwrap();
    let cut = Model::from_bytes("m", &bytes[..bytes.len() - 4]).unwrap_err();
    assert!(matches!(cut, ModelError::CutShort { .. }), "{cut}");
}

#[test]
fn a_resumed_ensemble_ends_with_the_bits_of_one_that_went_through() {
    let (_, prepared) = classes();
    for (patience, truncate) in [(None, None), (Some(1), None), (Some(1), Some(2))] {
        let usual = recipe(&prepared.task, 3);
        let train = usual.train.clone().with_epochs(12).with_learning_rate(0.05);
        let train = train.with_patience(patience).with_truncate(truncate);
        let recipe = usual.with_train(train);
        let mut whole = Run::new(&recipe, &prepared).unwrap();
        let ended = whole.train(&mut []).unwrap();
        let whole = whole.model(Some(ended)).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.checkpoint");
        let checkpointer = |recipe: &Recipe| {
            let identity = Identity::new(recipe, fingerprint([&prepared.train])).unwrap();
            Checkpointer::new(path.clone(), None, None, identity)
        };
        let mut first = Run::new(&recipe, &prepared).unwrap();
        let mut batches = 0;
        let mut stop = |event: &Event<'_>| match event {
            Event::Batch { .. } if batches == 6 => Control::Stop,
            Event::Batch { .. } => {
                batches += 1;
                Control::Continue
            }
            _ => Control::Continue,
        };
        assert_eq!(first.train(&mut [&mut stop]).unwrap(), Ended::Interrupted);
        checkpointer(&recipe).save(first.progress()).unwrap();
        let mut second = Run::new(&recipe, &prepared).unwrap();
        assert!(second.resume(&checkpointer(&recipe)).unwrap());
        let place = |run: &Run<'_>| (run.progress().batch(), run.progress().share());
        assert_eq!(place(&second), place(&first));
        assert_eq!(place(&first).1 > 0.0, truncate.is_some());
        let ended = second.train(&mut []).unwrap();
        let resumed = second.model(Some(ended)).unwrap();
        assert_eq!(resumed.to_bytes().unwrap(), whole.to_bytes().unwrap(), "{patience:?}, {truncate:?}");

        let fewer = recipe.clone().with_ensemble(2);
        let error = Run::new(&fewer, &prepared).unwrap().resume(&checkpointer(&fewer)).unwrap_err();
        assert!(error.to_string().contains("its ensemble is 3, not 2"), "{error}");
    }
}

#[test]
fn forecasts_and_streams_average_values() {
    let table = elman::data::airline().unwrap();
    let prepared = Task::prepare(&table, &TaskOptions::Forecast(ForecastOptions::default())).unwrap();
    let usual = Recipe::for_task(&prepared.task);
    let train = usual.train.clone().with_epochs(2);
    let recipe = usual.with_train(train).with_ensemble(2);
    let model = recipe.train(&prepared, &table).unwrap();
    let next = numbers(&model, &table)[0];
    let mut stream = model.stream().unwrap();
    let mut last = None;
    for (row, &passengers) in table.column("passengers").unwrap().numbers().unwrap().iter().enumerate() {
        last = stream.step(&[passengers, (row % 12) as f64]).unwrap().map(|answer| answer[0]);
    }
    assert!((last.unwrap() / next - 1.0).abs() < 1e-6, "{last:?} for {next}");
    let error = Recipe::for_task(&prepared.task).with_patch(2).network(&prepared.task).unwrap_err();
    assert_eq!(
        error.to_string(),
        "patch joins timesteps, but this task has an answer for each; leave it out"
    );
}

#[test]
fn a_stream_of_an_ensemble_of_classes_gives_its_predictions() {
    let (table, prepared) = classes();
    let model = recipe(&prepared.task, 2).train(&prepared, &table).unwrap();
    let probabilities = numbers(&model, &table);
    let mut stream = model.stream().unwrap();
    let column = |name| table.column(name).unwrap().numbers().unwrap();
    let mut answer = Vec::new();
    for row in 0..3 {
        answer = stream.step(&[column("a")[row], column("b")[row]]).unwrap().unwrap().to_vec();
    }
    assert_eq!(answer, probabilities[..3]);
}

#[test]
fn sequences_shorter_than_a_patch_are_one_patch() {
    let (table, prepared) = classes();
    for pooling in [PoolingKind::Last, PoolingKind::Mean, PoolingKind::Max] {
        let recipe = recipe(&prepared.task, 1).with_patch(50).with_bidirectional(true).with_pooling(pooling);
        let model = recipe.train(&prepared, &table).unwrap();
        assert!(numbers(&model, &table).iter().all(|p| p.is_finite()));
        // Padded with zeros, it is as a longer patch would have it.
        assert_eq!(model.network().output_len(3), 1);
    }
    let refusal = |patch| recipe(&prepared.task, 1).with_patch(patch).network(&prepared.task).unwrap_err();
    assert_eq!(refusal(0).to_string(), "patch is 0; it must be at least 1");
    assert_eq!(refusal(1 << 30).to_string(), "patch is 1073741824; with 2 inputs it must be at most 524288");
}

/// What a distribution is told by, in its own terms.
fn parameters(predicted: &Predicted<'_>) -> Vec<f64> {
    match predicted {
        Predicted::Quantiles { values, .. } => values.clone(),
        Predicted::Gaussian { mean, deviation } => vec![*mean, *deviation],
        Predicted::StudentT { location, scale, freedom } => vec![*location, *scale, *freedom],
        _ => panic!("a distribution of another kind"),
    }
}

/// A deviation, not what makes it; a quantile of those in order.
#[test]
fn distributions_are_averaged_in_their_own_terms() {
    let quantiles = Distribution::Quantiles(vec![0.1, 0.5, 0.9]);
    for distribution in [quantiles, Distribution::Gaussian, Distribution::StudentT] {
        let outputs = 2 * distribution.outputs_per_value();
        let network = Network::new(NetworkConfig::stacked(CellKind::Gru, 1, 4, 1, outputs)).unwrap();
        let member = |seed| {
            // Far enough from each other that the order of quantiles and the bend of a scale matter.
            let drawn: Vec<f64> = Init::Torch.draw(&network, seed).unwrap();
            Weights::new(network.clone(), drawn.iter().map(|p| 4.0 * p).collect::<Vec<_>>()).unwrap()
        };
        let average = || Average::Distributions(distribution.clone());
        let all: Vec<Weights> = (0..3).map(member).collect();
        let x: &[&[f64]] = &[&[0.5, -1.0, 2.0]];
        let told = |members: Vec<Weights>| -> Vec<f64> {
            let output = Ensemble::new(members, average()).unwrap().run(x).remove(0);
            let values = output.chunks_exact(distribution.outputs_per_value());
            values.flat_map(|value| parameters(&distribution.of(value))).collect()
        };
        let alone: Vec<Vec<f64>> = all.iter().map(|member| told(vec![member.clone()])).collect();
        let together = told(all);
        assert_eq!(together.len(), 3 * outputs);
        for (n, value) in together.iter().enumerate() {
            let mean = alone.iter().map(|member| member[n]).sum::<f64>() / 3.0;
            assert!(
                (value - mean).abs() < 1e-12 * mean.abs().max(1.0),
                "{distribution:?}: {value} for {mean}"
            );
        }
    }
}
