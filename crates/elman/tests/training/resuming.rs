//! Going on from a checkpoint.

use std::path::{Path, PathBuf};
use std::time::Duration;

use elman::average::AverageConfig;
use elman::data;
use elman::error::{Error, ModelError};
use elman::float::Float;
use elman::init::Init;
use elman::network::{CellKind, Dense, Dropout, Network, NetworkConfig, Readout, Recurrent, Stacked};
use elman::optimiser::OptimiserConfig;
use elman::recipe::Recipe;
use elman::run::Run;
use elman::schedule::ScheduleConfig;
use elman::sequence::Example;
use elman::task::{ForecastOptions, Task, TaskOptions};
use elman::train::{
    Checkpointer, Control, Ended, Event, Identity, Observer, ObserverError, TrainConfig, Trainer, fingerprint,
};
use serde_json::json;

use crate::setup::{assert_same, bits, examples, network, network_config, train_config};

/// Lets a checkpointer do its work, and keeps a copy of each of its files.
struct Copies<'a> {
    checkpointer: &'a mut Checkpointer,
    directory: &'a Path,
    /// Of each, where the run stood: epoch, batch, share of the batch.
    places: Vec<(u64, u64, f64)>,
}

impl Observer for Copies<'_> {
    fn observe(&mut self, event: &Event<'_>) -> Result<Control, ObserverError> {
        let control = self.checkpointer.observe(event)?;
        let copy = self.directory.join(self.places.len().to_string());
        std::fs::copy(self.directory.join("latest"), copy).unwrap();
        let progress = event.progress();
        self.places.push((progress.epoch(), progress.batch(), progress.share()));
        Ok(control)
    }
}

fn checkpointer(path: PathBuf) -> Checkpointer {
    Checkpointer::new(path, Some(1), Some(Duration::ZERO), Identity::new(&json!({}), 0).unwrap())
}

/// Writes down the training loss of every epoch.
fn train_losses(losses: &mut Vec<f64>) -> impl FnMut(&Event<'_>) -> Control {
    |event| {
        if let Event::Epoch { train_loss, .. } = event {
            losses.push(*train_loss);
        }
        Control::Continue
    }
}

/// A run, and all runs that go on from its checkpoints after every piece of a batch and every epoch.
fn resume_everywhere<T: Float>(config: &TrainConfig) {
    let network = Stacked { num_layers: 2, dropout: 0.3, ..network_config(CellKind::Lstm, Readout::Every) };
    resume_everywhere_with::<T>(&Network::new(network).unwrap(), config);
}

fn resume_everywhere_with<T: Float>(network: &Network, config: &TrainConfig) {
    let what = format!("{config:?}");
    let train = examples::<T>(network, &[5, 2, 4, 1, 5, 3, 4], 1);
    let validation = examples::<T>(network, &[3, 6], 2);
    let trainer = Trainer::new(network, config.clone(), &train, &validation).unwrap();
    let start = Init::Torch.draw::<T>(network, 3).unwrap();

    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let mut whole = trainer.start(start).unwrap();
    let mut checkpointer_of_all = checkpointer(path("latest"));
    let mut copies =
        Copies { checkpointer: &mut checkpointer_of_all, directory: directory.path(), places: Vec::new() };
    let mut losses = Vec::new();
    let ended = trainer.run(&mut whole, &mut [&mut copies, &mut train_losses(&mut losses)]).unwrap();
    let places = copies.places;
    let are_midst = places.iter().filter(|(_, _, share)| *share > 0.0).count();
    let ends = places.len() - are_midst;
    assert_eq!(ends as u64, whole.progress().epoch() * (trainer.batches_per_epoch() + 1), "{what}");
    assert_eq!(config.truncate.is_some(), are_midst > ends, "{what}");

    for (n, place) in places.into_iter().enumerate() {
        let checkpointer = checkpointer(path(&n.to_string()));
        let mut progress = trainer.start(vec![T::default(); network.layout().len()]).unwrap();
        assert!(trainer.resume(&mut progress, &checkpointer).unwrap());
        let resumed = progress.progress();
        assert_eq!((resumed.epoch(), resumed.batch(), resumed.share()), place, "{what}");
        let mut losses_from_there = Vec::new();
        let resumed = trainer.run(&mut progress, &mut [&mut train_losses(&mut losses_from_there)]);
        assert_eq!(resumed.unwrap(), ended, "{what}");
        assert_same(&progress, &whole, &format!("from {n}, {what}"));
        // That of the epoch in whose midst it was saved as well.
        assert_eq!(bits(&losses_from_there), bits(&losses[place.0 as usize..]), "from {n}, {what}");
    }
}

const OPTIMISERS: [OptimiserConfig; 7] = [
    OptimiserConfig::SGD,
    OptimiserConfig::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.01 },
    OptimiserConfig::Sgd { momentum: 0.5, nesterov: true, weight_decay: 0.0 },
    OptimiserConfig::RMSPROP,
    OptimiserConfig::RmsProp { alpha: 0.9, eps: 1e-6, momentum: 0.8, weight_decay: 0.1 },
    OptimiserConfig::ADAM,
    OptimiserConfig::ADAMW,
];

const SCHEDULES: [ScheduleConfig; 5] = [
    ScheduleConfig::Constant,
    ScheduleConfig::Step { every: 2, factor: 0.5 },
    ScheduleConfig::Cosine { warmup: 0 },
    ScheduleConfig::Cosine { warmup: 5 },
    // No loss is good enough: the rate changes after every second epoch.
    ScheduleConfig::Plateau { factor: 0.5, patience: 1, threshold: 0.9, minimum: 0.001 },
];

#[test]
fn a_resumed_run_is_the_same_run_to_the_bit() {
    for optimiser in OPTIMISERS {
        for schedule in SCHEDULES {
            let config = train_config()
                .with_epochs(5)
                .with_batch_size(3)
                .with_optimiser(optimiser)
                .with_learning_rate(0.02)
                .with_schedule(schedule)
                .with_clip(0.5)
                .with_truncate(2);
            resume_everywhere::<f32>(&config);
        }
        resume_everywhere::<f64>(&train_config().with_batch_size(3).with_optimiser(optimiser));
    }
}

#[test]
fn a_resumed_run_has_the_same_average() {
    for average in [AverageConfig::Ema { decay: 0.8 }, AverageConfig::Swa { start: 1 }] {
        let config = train_config().with_epochs(4).with_batch_size(3).with_average(average);
        resume_everywhere::<f32>(&config.clone().with_truncate(2));
        resume_everywhere::<f64>(&config.with_patience(2));
    }
}

/// In the midst of the batches that make an update as well: there are three in an epoch.
#[test]
fn a_resumed_run_makes_the_same_updates_of_several_batches() {
    let config = train_config().with_epochs(4).with_batch_size(3).with_accumulate(2);
    resume_everywhere::<f32>(&config.clone().with_optimiser(OptimiserConfig::ADAM).with_clip(0.5));
    resume_everywhere::<f32>(&config.clone().with_truncate(2));
    resume_everywhere::<f64>(&config.with_average(AverageConfig::EMA).with_schedule(ScheduleConfig::COSINE));
}

/// Of sequences that are cut, each piece has a mask of its own; the state goes on.
#[test]
fn a_resumed_run_has_the_same_masks() {
    let layer = Recurrent::new(CellKind::Lstm, 3).with_recurrent_dropout(0.4);
    let keeping = Recurrent::new(CellKind::Lstm, 3).with_zoneout(0.2, 0.5);
    let config = NetworkConfig::new(2).with(layer).with(Dropout::new(0.2)).with(keeping).with(Dense::new(2));
    let network = Network::new(config).unwrap();
    let config = train_config().with_epochs(5).with_batch_size(3);
    resume_everywhere_with::<f32>(&network, &config.clone().with_truncate(2));
    resume_everywhere_with::<f64>(&network, &config);
}

/// At a rate at which the validation loss wavers: the run ends before its last epoch.
#[test]
fn a_resumed_run_has_the_same_patience() {
    for patience in [1, 3] {
        let optimiser = OptimiserConfig::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 };
        let config = train_config()
            .with_epochs(40)
            .with_batch_size(3)
            .with_optimiser(optimiser)
            .with_learning_rate(0.3)
            .with_patience(patience);
        resume_everywhere::<f64>(&config);
    }
}

#[test]
fn an_interrupted_recipe_gives_the_same_model_file() {
    let table = data::airline().unwrap();
    let prepared = Task::prepare(&table, &TaskOptions::Forecast(ForecastOptions::default())).unwrap();
    let mut recipe = Recipe::for_task(&prepared.task);
    (recipe.hidden_size, recipe.num_layers, recipe.dropout) = (3, 2, 0.2);
    recipe.train.epochs = 3;

    let mut whole = Run::new(&recipe, &prepared).unwrap();
    let ended = whole.train(&mut []).unwrap();
    let expected = whole.model(Some(ended)).unwrap().to_bytes().unwrap();

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("checkpoint");
    let data = fingerprint([&prepared.train]);
    let checkpointer = |recipe: &Recipe, data| {
        Checkpointer::new(path.clone(), None, Some(Duration::ZERO), Identity::new(recipe, data).unwrap())
    };
    let batches = whole.batches_per_epoch();
    for stop_at in [1, batches, batches + 2, 3 * batches - 1] {
        let _ = std::fs::remove_file(&path);
        let mut first = Run::new(&recipe, &prepared).unwrap();
        let mut writer = checkpointer(&recipe, data);
        assert!(!first.resume(&writer).unwrap());
        let mut batches = 0;
        let mut stop = |event: &Event<'_>| {
            batches += u64::from(matches!(event, Event::Batch { .. }));
            if batches == stop_at { Control::Stop } else { Control::Continue }
        };
        assert_eq!(first.train(&mut [&mut writer, &mut stop]).unwrap(), Ended::Interrupted);

        let mut second = Run::new(&recipe, &prepared).unwrap();
        assert!(second.resume(&checkpointer(&recipe, data)).unwrap());
        assert_eq!(second.progress().parameters(), first.progress().parameters());
        let ended = second.train(&mut []).unwrap();
        assert!(
            second.model(Some(ended)).unwrap().to_bytes().unwrap() == expected,
            "stopped after {stop_at} batches"
        );
    }

    let place = path.display();
    let load = |recipe: &Recipe, checkpointer: Checkpointer| {
        Run::new(recipe, &prepared).unwrap().resume(&checkpointer).unwrap_err().to_string()
    };
    let mut other = recipe.clone();
    other.train.learning_rate = 0.5;
    assert_eq!(
        load(&other, checkpointer(&other, data)),
        format!(
            "{place} belongs to another run: its learning-rate is 0.01, not 0.5; repeat that run's \
             command, or start anew without resume"
        )
    );
    assert_eq!(
        load(&recipe, checkpointer(&recipe, data ^ 1)),
        format!(
            "{place} belongs to another run: its data are not the same; repeat that run's command, or start \
             anew without resume"
        )
    );
    // A vector that is not as long as the network asks for.
    other = recipe.clone();
    other.hidden_size += 1;
    assert!(
        load(&other, checkpointer(&recipe, data)).starts_with(&format!("{place} is damaged: its tensor "))
    );
}

#[test]
fn a_damaged_checkpoint_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c");
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f32>(&network, &[2, 3], 0);
    let config = train_config().with_epochs(1).with_optimiser(OptimiserConfig::ADAM);
    let trainer = Trainer::new(&network, config, &train, &[]).unwrap();
    let len = network.layout().len();
    let mut progress = trainer.start(vec![0.1; len]).unwrap();
    trainer.run(&mut progress, &mut []).unwrap();
    let mut checkpointer = checkpointer(path.clone());
    checkpointer.save(progress.progress()).unwrap();
    let load = || {
        let mut loaded = trainer.start(vec![0.0; len]).unwrap();
        trainer.resume(&mut loaded, &checkpointer).map(|there| there.then_some(loaded))
    };
    assert_same(&load().unwrap().unwrap(), &progress, "saved and loaded");
    let bytes = std::fs::read(&path).unwrap();

    for (damaged, is_cut) in [
        (bytes[..bytes.len() - 1].to_vec(), true),
        (bytes.iter().enumerate().map(|(n, b)| b ^ u8::from(n + 5 == bytes.len())).collect(), false),
    ] {
        std::fs::write(&path, damaged).unwrap();
        let error = load().unwrap_err();
        assert_eq!(matches!(error, Error::Model(ModelError::CutShort { .. })), is_cut, "{error}");
        assert_eq!(matches!(error, Error::Model(ModelError::Corrupt { .. })), !is_cut, "{error}");
    }
    std::fs::write(&path, &bytes).unwrap();
    let train: Vec<_> = train.iter().map(Example::convert).collect();
    let exact = Trainer::new(&network, trainer.config().clone(), &train, &[]).unwrap();
    let mut state = exact.start(vec![0.0f64; len]).unwrap();
    assert!(exact.resume(&mut state, &checkpointer).is_err(), "f32 read as f64");
}
