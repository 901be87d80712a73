//! The training loop: what it does on the way, where it stops, how it is picked up again, what it
//! refuses, and that networks learn in it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use elman::batch::Batch;
use elman::error::{Diverged, Error, ModelError};
use elman::float::Float;
use elman::init::Init;
use elman::loss::{Loss, Targets};
use elman::network::{CellKind, Gradients, Mode, Network, NetworkConfig, Readout, State, Tape};
use elman::optimiser::OptimiserConfig;
use elman::parameters::Parameters;
use elman::random::{Rng, Stream, rng};
use elman::recipe::Recipe;
use elman::run::Run;
use elman::schedule::ScheduleConfig;
use elman::sequence::Example;
use elman::task::{ForecastOptions, Task, TaskOptions};
use elman::train::{
    Checkpointer, Control, Ended, Event, Identity, Observer, Progress, TrainConfig, Trainer, fingerprint,
};
use elman::{data, predict};
use rand::RngExt;
use serde_json::json;

fn network_config(cell: CellKind, readout: Readout) -> NetworkConfig {
    NetworkConfig {
        cell,
        input_size: 2,
        hidden_size: 3,
        num_layers: 1,
        bidirectional: false,
        dropout: 0.0,
        output_size: 2,
        readout,
    }
}

fn network(cell: CellKind, readout: Readout) -> Network {
    Network::new(network_config(cell, readout)).unwrap()
}

/// Plain gradient descent, a sequence at a time.
fn train_config() -> TrainConfig {
    TrainConfig {
        epochs: 3,
        batch_size: 1,
        loss: Loss::Squared,
        optimiser: OptimiserConfig::SGD,
        learning_rate: 0.1,
        schedule: ScheduleConfig::Constant,
        clip: None,
        truncate: None,
        patience: None,
        seed: 11,
    }
}

fn uniform(len: usize, rng: &mut Rng) -> Vec<f64> {
    (0..len).map(|_| 2.0 * rng.random::<f64>() - 1.0).collect()
}

/// Sequences of these lengths with values and targets in `[-1, 1)`.
fn examples<T: Float>(config: &NetworkConfig, lengths: &[usize], seed: u64) -> Vec<Example<T>> {
    let mut rng = rng(seed, Stream::Check(0));
    let mut example = |&length: &usize| {
        let outputs = if config.readout == Readout::Last { 1 } else { length };
        let x = uniform(length * config.input_size, &mut rng);
        let targets = Targets::Values(uniform(outputs * config.output_size, &mut rng));
        Example { x, targets }.convert()
    };
    lengths.iter().map(&mut example).collect()
}

fn bits<T: Float>(values: &[T]) -> Vec<u64> {
    values.iter().map(|value| value.to_f64().to_bits()).collect()
}

/// Equal to the bit, the signs of zeros included.
#[track_caller]
fn assert_same<T: Float>(a: &Progress<T>, b: &Progress<T>, what: &str) {
    assert_eq!(a, b, "{what}");
    assert_eq!(bits(&a.parameters), bits(&b.parameters), "{what}");
    assert_eq!(bits(a.kept()), bits(b.kept()), "{what}");
}

// Going on from a checkpoint

/// Lets a checkpointer do its work, and keeps a copy of each of its files.
struct Copies<'a> {
    checkpointer: &'a mut Checkpointer,
    directory: &'a Path,
    count: usize,
}

impl<T: Float> Observer<T> for Copies<'_> {
    fn observe(&mut self, event: &Event<'_, T>) -> Result<Control, Error> {
        let control = self.checkpointer.observe(event)?;
        std::fs::copy(self.directory.join("latest"), self.directory.join(self.count.to_string())).unwrap();
        self.count += 1;
        Ok(control)
    }
}

fn checkpointer(path: PathBuf) -> Checkpointer {
    Checkpointer::new(path, Some(1), Some(Duration::ZERO), Identity::new(&json!({}), 0).unwrap())
}

/// Writes down the training loss of every epoch.
fn train_losses<T>(losses: &mut Vec<f64>) -> impl FnMut(&Event<'_, T>) -> Control {
    |event| {
        if let Event::Epoch { train_loss, .. } = event {
            losses.push(*train_loss);
        }
        Control::Continue
    }
}

/// A run, and all runs that go on from its checkpoints after every batch and every epoch.
fn resume_everywhere<T: Float>(config: &TrainConfig) {
    let what = format!("{config:?}");
    let network = Network::new(NetworkConfig {
        num_layers: 2,
        dropout: 0.3,
        ..network_config(CellKind::Lstm, Readout::Every)
    });
    let network = network.unwrap();
    let train = examples::<T>(network.config(), &[5, 2, 4, 1, 5, 3, 4], 1);
    let validation = examples::<T>(network.config(), &[3, 6], 2);
    let trainer = Trainer::new(&network, config.clone(), &train, &validation).unwrap();
    let start = Init::Torch.draw::<T>(&network, 3).unwrap();

    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let mut whole = trainer.start(start);
    let mut checkpointer_of_all = checkpointer(path("latest"));
    let mut copies = Copies { checkpointer: &mut checkpointer_of_all, directory: directory.path(), count: 0 };
    let mut losses = Vec::new();
    let ended = trainer.run(&mut whole, &mut [&mut copies, &mut train_losses(&mut losses)]).unwrap();
    assert_eq!(copies.count as u64, whole.epoch * (trainer.batches_per_epoch() + 1), "{what}");

    for n in 0..copies.count {
        let checkpointer = checkpointer(path(&n.to_string()));
        let mut progress = checkpointer.load::<T>(network.layout().len()).unwrap().unwrap();
        let batches = trainer.batches_per_epoch();
        let (epochs, batch) = (n as u64 / (batches + 1), n as u64 % (batches + 1) + 1);
        let place = if batch > batches { (epochs + 1, 0) } else { (epochs, batch) };
        assert_eq!((progress.epoch, progress.batch), place, "{what}");
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
            let config = TrainConfig {
                epochs: 5,
                batch_size: 3,
                optimiser,
                learning_rate: 0.02,
                schedule,
                clip: Some(0.5),
                truncate: Some(2),
                ..train_config()
            };
            resume_everywhere::<f32>(&config);
        }
        resume_everywhere::<f64>(&TrainConfig { batch_size: 3, optimiser, ..train_config() });
    }
}

/// At a rate at which the validation loss wavers: the run ends before its last epoch.
#[test]
fn a_resumed_run_has_the_same_patience() {
    for patience in [1, 3] {
        let optimiser = OptimiserConfig::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 };
        let config = TrainConfig {
            epochs: 40,
            batch_size: 3,
            optimiser,
            learning_rate: 0.3,
            patience: Some(patience),
            ..train_config()
        };
        resume_everywhere::<f64>(&config);
    }
}

#[test]
fn an_interrupted_recipe_gives_the_same_model_file() {
    let table = data::airline().unwrap();
    let prepared = Task::prepare(&table, &TaskOptions::Forecast(ForecastOptions::default()), 0).unwrap();
    let mut recipe = Recipe::for_task(&prepared.task);
    (recipe.hidden_size, recipe.num_layers, recipe.dropout) = (3, 2, 0.2);
    recipe.train.epochs = 3;

    let mut whole = Run::<f32>::new(&recipe, &prepared).unwrap();
    let ended = whole.train(&mut []).unwrap();
    let expected = whole.model(Some(ended)).unwrap().to_bytes().unwrap();

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("checkpoint");
    let data = fingerprint(&prepared.train);
    let checkpointer = |recipe: &Recipe, data| {
        Checkpointer::new(path.clone(), None, Some(Duration::ZERO), Identity::new(recipe, data).unwrap())
    };
    let batches = whole.batches_per_epoch();
    for stop_at in [1, batches, batches + 2, 3 * batches - 1] {
        let _ = std::fs::remove_file(&path);
        let mut first = Run::<f32>::new(&recipe, &prepared).unwrap();
        let mut writer = checkpointer(&recipe, data);
        assert!(!first.resume(&writer).unwrap());
        let mut batches = 0;
        let mut stop = |event: &Event<'_, f32>| {
            batches += u64::from(matches!(event, Event::Batch { .. }));
            if batches == stop_at { Control::Stop } else { Control::Continue }
        };
        assert_eq!(first.train(&mut [&mut writer, &mut stop]).unwrap(), Ended::Interrupted);

        let mut second = Run::<f32>::new(&recipe, &prepared).unwrap();
        assert!(second.resume(&checkpointer(&recipe, data)).unwrap());
        assert_eq!(second.progress().parameters, first.progress().parameters);
        let ended = second.train(&mut []).unwrap();
        assert!(
            second.model(Some(ended)).unwrap().to_bytes().unwrap() == expected,
            "stopped after {stop_at} batches"
        );
    }

    let place = path.display();
    let load = |checkpointer: Checkpointer| checkpointer.load::<f32>(1).unwrap_err().to_string();
    let mut other = recipe.clone();
    other.train.learning_rate = 0.5;
    assert_eq!(
        load(checkpointer(&other, data)),
        format!(
            "{place} belongs to another run: its learning-rate is 0.01, not 0.5; repeat that run's \
             command, or start anew without --resume"
        )
    );
    assert_eq!(
        load(checkpointer(&recipe, data ^ 1)),
        format!(
            "{place} belongs to another run: its data are not the same; repeat that run's command, or start \
             anew without --resume"
        )
    );
    // A vector that is not as long as the network asks for.
    assert!(load(checkpointer(&recipe, data)).starts_with(&format!("{place} is damaged: its tensor ")));
}

#[test]
fn a_damaged_checkpoint_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c");
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f32>(network.config(), &[2, 3], 0);
    let config = TrainConfig { epochs: 1, optimiser: OptimiserConfig::ADAM, ..train_config() };
    let trainer = Trainer::new(&network, config, &train, &[]).unwrap();
    let len = network.layout().len();
    let mut progress = trainer.start(vec![0.1; len]);
    trainer.run(&mut progress, &mut []).unwrap();
    let mut checkpointer = checkpointer(path.clone());
    checkpointer.save(&progress).unwrap();
    assert_same(&checkpointer.load::<f32>(len).unwrap().unwrap(), &progress, "saved and loaded");
    let bytes = std::fs::read(&path).unwrap();

    for (damaged, is_cut) in [
        (bytes[..bytes.len() - 1].to_vec(), true),
        (bytes.iter().enumerate().map(|(n, b)| b ^ u8::from(n + 5 == bytes.len())).collect(), false),
    ] {
        std::fs::write(&path, damaged).unwrap();
        let error = checkpointer.load::<f32>(len).unwrap_err();
        assert_eq!(matches!(error, Error::Model(ModelError::CutShort { .. })), is_cut, "{error}");
        assert_eq!(matches!(error, Error::Model(ModelError::Corrupt { .. })), !is_cut, "{error}");
    }
    std::fs::write(&path, &bytes).unwrap();
    assert!(checkpointer.load::<f64>(len).is_err(), "f32 read as f64");
}

// The best epoch, and patience

/// The validation losses and parameters at the ends of epochs.
fn watch<T: Float>(
    trainer: &Trainer<'_, T>,
    progress: &mut Progress<T>,
) -> (Ended, Vec<(f64, bool, Vec<T>)>) {
    let mut epochs = Vec::new();
    let mut watch = |event: &Event<'_, T>| {
        if let Event::Epoch { progress, validation_loss, improved, .. } = event {
            epochs.push((validation_loss.unwrap(), *improved, progress.parameters.clone()));
        }
        Control::Continue
    };
    (trainer.run(progress, &mut [&mut watch]).unwrap(), epochs)
}

/// One sequence each for training and validation, the same but for the target: what is learned passes
/// the validation target, with swing.
fn swinging<'a>(
    network: &'a Network,
    config: TrainConfig,
    data: &'a [Example<f64>; 2],
) -> (Trainer<'a, f64>, Progress<f64>) {
    let [train, validation] = data;
    let trainer =
        Trainer::new(network, config, std::slice::from_ref(train), std::slice::from_ref(validation)).unwrap();
    let progress = trainer.start(Init::Torch.draw(network, 1).unwrap());
    (trainer, progress)
}

#[test]
fn patience_ends_the_run_and_the_best_parameters_are_kept() {
    let network = network(CellKind::Gru, Readout::Last);
    let example =
        |target| Example { x: vec![0.5, -1.0, 1.0, 0.25], targets: Targets::Values(vec![target; 2]) };
    let mut early = 0;
    for (validation_target, momentum) in [(0.5, 0.0), (0.9, 0.9), (1.1, 0.95), (-1.0, 0.0)] {
        let data = [example(1.0), example(validation_target)];
        let optimiser = OptimiserConfig::Sgd { momentum, nesterov: false, weight_decay: 0.0 };
        let config = TrainConfig { epochs: 60, optimiser, learning_rate: 0.02, ..train_config() };
        let (trainer, mut progress) = swinging(&network, config.clone(), &data);
        let (ended, all) = watch(&trainer, &mut progress);
        assert_eq!((ended, all.len()), (Ended::Finished, 60));

        for patience in [1, 2, 5, 12, 59, 60] {
            // By the definition: the first epoch that is so many after the best up to there.
            let best = |up_to: usize| {
                (0..=up_to).min_by(|&a, &b| all[a].0.total_cmp(&all[b].0).then(a.cmp(&b))).unwrap()
            };
            let last = (0..60).find(|&epoch| epoch - best(epoch) >= patience);
            let expected = if last.is_some_and(|last| last < 59) { Ended::Early } else { Ended::Finished };
            let last = last.unwrap_or(59);

            let config = TrainConfig { patience: Some(patience as u64), ..config.clone() };
            let (trainer, mut progress) = swinging(&network, config, &data);
            let (ended, epochs) = watch(&trainer, &mut progress);
            let what = format!("target {validation_target}, momentum {momentum}, patience {patience}");
            assert_eq!(
                (ended, epochs.len(), progress.epoch),
                (expected, last + 1, last as u64 + 1),
                "{what}"
            );
            early += usize::from(ended == Ended::Early);

            let (loss, _, parameters) = &all[best(last)];
            assert_eq!(bits(progress.kept()), bits(parameters), "{what}");
            let kept = progress.best.as_ref().unwrap();
            assert_eq!((kept.epoch, kept.loss), (best(last) as u64, *loss), "{what}");
            assert_eq!(bits(&progress.parameters), bits(&all[last].2), "{what}");
            for (epoch, (_, improved, _)) in epochs.iter().enumerate() {
                assert_eq!(*improved, best(epoch) == epoch, "{what}, epoch {epoch}");
            }
        }
    }
    assert!(early >= 12, "patience hardly ever ran out: {early} times");
}

#[test]
fn a_loss_that_stays_the_same_is_no_improvement() {
    let network = network(CellKind::Elman, Readout::Last);
    let data: [_; 2] = examples(network.config(), &[2, 3], 0).try_into().unwrap();
    let config = TrainConfig { learning_rate: 1e-300, patience: Some(4), epochs: 50, ..train_config() };
    let (trainer, mut progress) = swinging(&network, config, &data);
    let (ended, epochs) = watch(&trainer, &mut progress);
    assert_eq!((ended, epochs.len()), (Ended::Early, 5));
    assert_eq!(progress.best.unwrap().epoch, 0);
}

#[test]
fn patience_without_end_never_runs_out() {
    let network = network(CellKind::Elman, Readout::Last);
    let data: [_; 2] = examples(network.config(), &[2, 3], 0).try_into().unwrap();
    let config = TrainConfig { patience: Some(u64::MAX), epochs: 6, ..train_config() };
    let (trainer, mut progress) = swinging(&network, config, &data);
    assert_eq!(trainer.run(&mut progress, &mut []).unwrap(), Ended::Finished);
}

/// Options that make every loss or update senseless from the start are refused, not run into.
#[test]
#[ignore = "defect: eps, class weights and the plateau's numbers are not checked"]
fn senseless_numbers_are_refused() {
    use {OptimiserConfig as O, ScheduleConfig as S};
    let network = network(CellKind::Elman, Readout::Last);
    let values = examples::<f64>(network.config(), &[2, 3], 0);
    let classes: Vec<Example<f64>> =
        values.iter().map(|e| Example { x: e.x.clone(), targets: Targets::Classes(vec![0]) }).collect();
    let mut accepted = Vec::new();
    let mut check = |config: TrainConfig| {
        let train = if matches!(config.loss, Loss::CrossEntropy { .. }) { &classes } else { &values };
        if Trainer::new(&network, config.clone(), train, &[]).is_ok() {
            accepted.push(format!("{:?} {:?} {:?}", config.loss, config.optimiser, config.schedule));
        }
    };
    for weights in [[0.0, 0.0], [-1.0, 1.0], [f64::NAN, 1.0], [f64::INFINITY, 1.0]] {
        let loss = Loss::CrossEntropy { class_weights: Some(weights.to_vec()) };
        check(TrainConfig { loss, ..train_config() });
    }
    for eps in [-1.0, f64::NAN, f64::INFINITY] {
        let adam = O::Adam { beta1: 0.9, beta2: 0.999, eps, weight_decay: 0.0 };
        let rmsprop = O::RmsProp { alpha: 0.9, eps, momentum: 0.0, weight_decay: 0.0 };
        [adam, rmsprop].into_iter().for_each(|optimiser| check(TrainConfig { optimiser, ..train_config() }));
    }
    for (threshold, minimum) in
        [(f64::NAN, 0.0), (0.0, f64::NAN), (0.0, f64::INFINITY), (0.0, -1.0), (-1.0, 0.0)]
    {
        let schedule = S::Plateau { factor: 0.5, patience: 1, threshold, minimum };
        check(TrainConfig { schedule, ..train_config() });
    }
    assert!(accepted.is_empty(), "accepted:\n{}", accepted.join("\n"));
}

#[test]
fn without_validation_the_last_parameters_are_kept() {
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(network.config(), &[2, 3], 0);
    let trainer = Trainer::new(&network, train_config(), &train, &[]).unwrap();
    let mut progress = trainer.start(Init::Torch.draw(&network, 1).unwrap());
    assert_eq!(progress.kept(), progress.parameters);
    trainer.run(&mut progress, &mut []).unwrap();
    assert_eq!(progress.kept(), progress.parameters);
    assert_eq!(progress.best.unwrap().epoch, 2);
}

// Truncated backpropagation through time

#[test]
fn a_piece_as_long_as_the_sequences_changes_nothing() {
    for cell in CellKind::ALL {
        for readout in [Readout::Last, Readout::Every] {
            let network = network(cell, readout);
            let train = examples::<f64>(network.config(), &[6, 1, 4, 6, 3], 1);
            let run = |truncate| {
                let config = TrainConfig { batch_size: 2, truncate, ..train_config() };
                let trainer = Trainer::new(&network, config, &train, &[]).unwrap();
                let mut progress = trainer.start(Init::Torch.draw(&network, 1).unwrap());
                trainer.run(&mut progress, &mut []).unwrap();
                progress
            };
            let whole = run(None);
            for truncate in [6, 7, usize::MAX] {
                assert_same(&run(Some(truncate)), &whole, &format!("{cell}, {readout:?}, {truncate}"));
            }
            assert_ne!(run(Some(5)).parameters, whole.parameters);
        }
    }
}

/// Truncated backpropagation by hand: the pieces are cut from the sequences one by one, and each is a
/// batch of its own with the states that its sequences have reached.
///
/// `sequences` stand longest first, no two of a length.
fn truncated_by_hand(
    network: &Network,
    parameters: &mut [f64],
    sequences: &[Example<f64>],
    piece: usize,
    rate: f64,
) -> u64 {
    let NetworkConfig { input_size, output_size, readout, .. } = *network.config();
    let length = |example: &Example<f64>| example.x.len() / input_size;
    let mut states: Vec<State<f64>> = sequences.iter().map(|_| network.zero_state(1)).collect();
    let mut updates = 0;
    for begin in (0..length(&sequences[0])).step_by(piece) {
        let active: Vec<_> = sequences.iter().filter(|example| length(example) > begin).collect();
        let ends: Vec<usize> = active.iter().map(|example| length(example).min(begin + piece)).collect();
        let x: Vec<&[f64]> = active
            .iter()
            .zip(&ends)
            .map(|(example, end)| &example.x[begin * input_size..end * input_size])
            .collect();
        let batch = Batch::new(&x, input_size);
        let mut state = network.zero_state(active.len());
        for block in 0..state.num_blocks() {
            let all: Vec<f64> =
                states[..active.len()].iter().flat_map(|state| state.block(block).to_vec()).collect();
            state.block_mut(block).copy_from_slice(&all);
        }
        let mut tape = Tape::default();
        network.forward(parameters, &batch, &mut state, Mode::Evaluate, &mut tape);
        for (b, of_one) in states[..active.len()].iter_mut().enumerate() {
            for block in 0..state.num_blocks() {
                let width = of_one.block(block).len();
                of_one.block_mut(block).copy_from_slice(&state.block(block)[b * width..][..width]);
            }
        }

        // The mean squared error over all values that have a target in this piece.
        let mut doutput = vec![0.0; tape.output().len()];
        let mut count = 0;
        for (b, (example, &end)) in active.iter().zip(&ends).enumerate() {
            let Targets::Values(targets) = &example.targets else { panic!("values") };
            let steps = match readout {
                Readout::Every => begin..end,
                Readout::Last if end == length(example) => end - 1..end,
                Readout::Last => continue,
            };
            for t in steps {
                let (row, target) = match readout {
                    Readout::Every => (batch.packing().row(t - begin, b), t),
                    Readout::Last => (b, 0),
                };
                for o in 0..output_size {
                    let (row, target) = (row * output_size + o, target * output_size + o);
                    doutput[row] = 2.0 * (tape.output()[row] - targets[target]);
                    count += 1;
                }
            }
        }
        if count == 0 {
            continue;
        }
        doutput.iter_mut().for_each(|d| *d /= f64::from(count));
        let mut gradient = vec![0.0; parameters.len()];
        let mut dstate = network.zero_state(active.len());
        let gradients = Gradients { parameters: &mut gradient, state: &mut dstate, input: None };
        network.backward(parameters, &batch, &doutput, &mut tape, gradients);
        parameters.iter_mut().zip(&gradient).for_each(|(p, g)| *p -= rate * g);
        updates += 1;
    }
    updates
}

#[test]
fn truncated_training_is_that_by_hand() {
    // Longest first, no two alike: the order in a batch, and so every rounding, does not depend on the
    // shuffling. What rounds differently is the mean: a division here, a multiplication there.
    let lengths = [9, 7, 4, 3, 1];
    for cell in CellKind::ALL {
        for readout in [Readout::Last, Readout::Every] {
            for piece in [1, 2, 3, 4, 8, 9] {
                let network = Network::new(NetworkConfig { num_layers: 2, ..network_config(cell, readout) });
                let network = network.unwrap();
                let train = examples::<f64>(network.config(), &lengths, 7);
                let config = TrainConfig { truncate: Some(piece), batch_size: 5, ..train_config() };
                let mut expected = Init::Torch.draw(&network, 1).unwrap();
                let trainer = Trainer::new(&network, config, &train, &[]).unwrap();
                let mut progress = trainer.start(expected.clone());
                trainer.run(&mut progress, &mut []).unwrap();

                let mut updates = 0;
                for _ in 0..3 {
                    updates += truncated_by_hand(&network, &mut expected, &train, piece, 0.1);
                }
                let pieces_with_targets = match readout {
                    Readout::Every => 9u64.div_ceil(piece as u64),
                    Readout::Last => {
                        let mut last_pieces = lengths.map(|length| (length - 1) / piece).to_vec();
                        last_pieces.dedup();
                        last_pieces.len() as u64
                    }
                };
                assert_eq!(updates, 3 * pieces_with_targets);
                // Parameters below 1, some thousand roundings of 1.1e-16 in all, hardly amplified.
                for (n, (a, b)) in progress.parameters.iter().zip(&expected).enumerate() {
                    assert!(
                        (a - b).abs() < 1e-13,
                        "{cell}, {readout:?}, pieces of {piece}: {a} and {b} at {n}"
                    );
                }
            }
        }
    }
}

// The order of the sequences

/// Which sequence each batch of one held, epoch by epoch. Nothing is learned: the losses tell.
fn order(network: &Network, seed: u64, optimiser: OptimiserConfig) -> Vec<Vec<usize>> {
    let train = examples::<f64>(network.config(), &[2, 3, 1, 4, 2, 5, 3, 2, 1, 2], 0);
    let parameters = Init::Torch.draw(network, 0).unwrap();
    let losses: Vec<u64> =
        train.iter().map(|example| loss(network, &parameters, example).to_bits()).collect();
    let config = TrainConfig { learning_rate: 1e-300, seed, optimiser, ..train_config() };
    let trainer = Trainer::new(network, config, &train, &[]).unwrap();
    let mut seen = Vec::new();
    let mut see = |event: &Event<'_, f64>| {
        if let Event::Batch { loss, .. } = event {
            seen.push(losses.iter().position(|other| *other == loss.to_bits()).expect("one of the losses"));
        }
        Control::Continue
    };
    trainer.run(&mut trainer.start(parameters), &mut [&mut see]).unwrap();
    seen.chunks(train.len()).map(<[usize]>::to_vec).collect()
}

fn loss(network: &Network, parameters: &[f64], example: &Example<f64>) -> f64 {
    let batch = Batch::new(&[&example.x], network.config().input_size);
    let (mut tape, mut state) = (Tape::default(), network.zero_state(1));
    network.forward(parameters, &batch, &mut state, Mode::Evaluate, &mut tape);
    Loss::Squared.total(tape.output(), network.config().output_size, &example.targets).mean()
}

#[test]
fn the_order_depends_on_seed_and_epoch_alone() {
    let gru = network(CellKind::Gru, Readout::Last);
    let orders = order(&gru, 1, OptimiserConfig::SGD);
    for order in &orders {
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..10).collect::<Vec<_>>(), "each sequence once");
    }
    assert_ne!(orders[0], orders[1]);
    assert_ne!(orders[1], orders[2]);
    assert_eq!(order(&gru, 1, OptimiserConfig::ADAM), orders);
    assert_eq!(order(&network(CellKind::Elman, Readout::Every), 1, OptimiserConfig::SGD), orders);
    let others = order(&gru, 2, OptimiserConfig::SGD);
    assert!(orders.iter().all(|order| !others.contains(order)));
}

/// The losses of a sequence that is learned from again and again at no rate: they differ by the masks.
#[test]
fn dropout_masks_depend_on_seed_and_update_alone() {
    let network = Network::new(NetworkConfig {
        num_layers: 2,
        hidden_size: 8,
        dropout: 0.5,
        ..network_config(CellKind::Elman, Readout::Every)
    });
    let network = network.unwrap();
    let one = examples::<f64>(network.config(), &[6], 0).remove(0);
    let losses = |copies: usize, epochs: u64, seed: u64| {
        let train = vec![one.clone(); copies];
        let config = TrainConfig { learning_rate: 1e-300, epochs, seed, ..train_config() };
        let trainer = Trainer::new(&network, config, &train, &[]).unwrap();
        let mut losses = Vec::new();
        let mut see = |event: &Event<'_, f64>| {
            if let Event::Batch { loss, .. } = event {
                losses.push(loss.to_bits());
            }
            Control::Continue
        };
        let mut progress = trainer.start(Init::Torch.draw(&network, 0).unwrap());
        trainer.run(&mut progress, &mut [&mut see]).unwrap();
        losses
    };
    let masked = losses(3, 4, 1);
    assert_eq!(masked, losses(3, 4, 1));
    // The number of the update counts, not how it is made up of epochs and batches.
    assert_eq!(masked, losses(4, 3, 1));
    assert_eq!(masked, losses(1, 12, 1));
    let mut all = [masked, losses(3, 4, 2)].concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 24, "every update has its own masks");
}

// Events

#[test]
fn observers_are_told_everything_in_order() {
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(network.config(), &[2, 3, 1, 4, 2], 0);
    let validation = examples::<f64>(network.config(), &[2, 2], 1);
    let config = TrainConfig {
        epochs: 2,
        batch_size: 2,
        schedule: ScheduleConfig::Step { every: 1, factor: 0.5 },
        ..train_config()
    };
    let trainer = Trainer::new(&network, config, &train, &validation).unwrap();
    assert_eq!(trainer.batches_per_epoch(), 3);
    let start = Init::Torch.draw(&network, 1).unwrap();
    let (mut progress, mut places, mut told) = (trainer.start(start.clone()), Vec::new(), 0);
    let mut losses = Vec::new();
    let mut first = |event: &Event<'_, f64>| {
        match event {
            Event::Batch { progress, loss, sequences } => {
                places.push((progress.epoch, progress.batch, *sequences));
                losses.push((*loss, *sequences as f64));
            }
            Event::Epoch { progress, epoch, train_loss, validation_loss, rate, improved } => {
                assert_eq!((progress.epoch, progress.batch), (epoch + 1, 0));
                places.push((*epoch, 99, 0));
                // Each sequence has as many outputs: the mean is that over the sequences.
                let sum: f64 = losses.drain(..).map(|(loss, count)| loss * count).sum();
                assert!((train_loss - sum / 5.0).abs() < 1e-15);
                let validated: Vec<f64> = validation
                    .iter()
                    .map(|example| crate::loss(&network, &progress.parameters, example))
                    .collect();
                assert!((validation_loss.unwrap() - (validated[0] + validated[1]) / 2.0).abs() < 1e-15);
                assert_eq!(*rate, 0.1 * 0.5f64.powi(*epoch as i32));
                assert_eq!(*improved, progress.best.as_ref().unwrap().epoch == *epoch);
            }
        }
        Control::Continue
    };
    let mut second = |_: &Event<'_, f64>| {
        told += 1;
        Control::Continue
    };
    assert_eq!(trainer.run(&mut progress, &mut [&mut first, &mut second]).unwrap(), Ended::Finished);
    let epoch = |n| [(n, 1, 2), (n, 2, 2), (n, 3, 1), (n, 99, 0)];
    assert_eq!(places, [epoch(0), epoch(1)].concat());
    assert_eq!(told, 8);

    // The first loss is that of the starting parameters.
    let mut first_loss = None;
    let mut watch = |event: &Event<'_, f64>| {
        if let Event::Batch { loss, .. } = event {
            first_loss = Some(*loss);
        }
        Control::Stop
    };
    trainer.run(&mut trainer.start(start.clone()), &mut [&mut watch]).unwrap();
    let pairs = (0..5).flat_map(|a| (0..a).map(move |b| (a, b)));
    let mean = |(a, b): (usize, usize)| {
        (crate::loss(&network, &start, &train[a]) + crate::loss(&network, &start, &train[b])) / 2.0
    };
    assert!(pairs.map(mean).any(|mean| (mean - first_loss.unwrap()).abs() < 1e-15));
}

#[test]
fn a_stop_ends_the_run_at_that_event() {
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(network.config(), &[2, 3, 1], 0);
    let trainer = Trainer::new(&network, train_config(), &train, &[]).unwrap();
    let start = || trainer.start(Init::Torch.draw(&network, 1).unwrap());
    let mut whole = start();
    trainer.run(&mut whole, &mut []).unwrap();
    for stop_at in 1..=12 {
        let (mut progress, mut events, mut behind, mut seen) = (start(), 0, 0, Vec::new());
        let mut stop = |event: &Event<'_, f64>| {
            let (Event::Batch { progress, .. } | Event::Epoch { progress, .. }) = event;
            seen.clone_from(&progress.parameters);
            events += 1;
            if events == stop_at { Control::Stop } else { Control::Continue }
        };
        let mut bystander = |_: &Event<'_, f64>| {
            behind += 1;
            Control::Continue
        };
        let ended = trainer.run(&mut progress, &mut [&mut stop, &mut bystander]).unwrap();
        assert_eq!((ended, events, behind), (Ended::Interrupted, stop_at, stop_at));
        assert_eq!(bits(&progress.parameters), bits(&seen), "no further update");
        let (epoch, event) = ((stop_at - 1) / 4, (stop_at - 1) % 4);
        let place = if event == 3 { (epoch + 1, 0) } else { (epoch, event + 1) };
        assert_eq!((progress.epoch, progress.batch), place);
        assert_eq!(trainer.run(&mut progress, &mut []).unwrap(), Ended::Finished);
        assert_same(&progress, &whole, "stopped and gone on");
    }
}

#[test]
fn an_observers_error_ends_the_run() {
    struct Failing;
    impl Observer<f64> for Failing {
        fn observe(&mut self, _: &Event<'_, f64>) -> Result<Control, Error> {
            Err(ModelError::NotAModel { name: "observer".into() }.into())
        }
    }
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(network.config(), &[2, 3], 0);
    let trainer = Trainer::new(&network, train_config(), &train, &[]).unwrap();
    let mut progress = trainer.start(Init::Torch.draw(&network, 1).unwrap());
    let error = trainer.run(&mut progress, &mut [&mut Failing]).unwrap_err();
    assert!(matches!(error, Error::Model(_)), "{error}");
    assert_eq!((progress.epoch, progress.batch), (0, 1));
}

// Divergence

/// Runs into the error; returns it, the progress, and the gradient norms of the batches before it.
fn diverge<T: Float>(
    network: &Network,
    config: TrainConfig,
    train: &[Example<T>],
    validation: &[Example<T>],
) -> (Diverged, Progress<T>, Vec<f64>) {
    diverge_from(Init::Torch.draw(network, 1).unwrap(), network, config, train, validation)
}

fn diverge_from<T: Float>(
    start: Vec<T>,
    network: &Network,
    config: TrainConfig,
    train: &[Example<T>],
    validation: &[Example<T>],
) -> (Diverged, Progress<T>, Vec<f64>) {
    let trainer = Trainer::new(network, config, train, validation).unwrap();
    let mut progress = trainer.start(start);
    let mut norms = Vec::new();
    let mut watch = |event: &Event<'_, T>| {
        if let Event::Batch { progress, .. } = event {
            norms.push(progress.grad_norm.unwrap());
        }
        Control::Continue
    };
    match trainer.run(&mut progress, &mut [&mut watch]) {
        Err(Error::Diverged(diverged)) => (diverged, progress, norms),
        other => panic!("no divergence: {other:?}"),
    }
}

#[test]
fn an_exploding_run_is_told_where_it_was() {
    let network = network(CellKind::ElmanRelu, Readout::Last);
    let train = examples::<f64>(network.config(), &[4, 3, 5], 0);
    let config = TrainConfig { epochs: 100, learning_rate: 5.0, ..train_config() };
    let (diverged, progress, norms) = diverge(&network, config, &train, &[]);
    let place = diverged.epoch * 3 + diverged.batch;
    assert!(place > 1, "it exploded at once");
    assert_eq!(place, norms.len() as u64, "every batch before it was fine");
    assert_eq!(diverged.grad_norm, norms.last().copied());
    assert!(!diverged.value.is_finite());
    assert_eq!((diverged.learning_rate, diverged.clip), (5.0, None));
    assert_eq!((progress.epoch, progress.batch), (diverged.epoch, diverged.batch));
    assert!(progress.parameters.iter().all(|p| p.is_finite()), "the last good parameters are still there");
    assert_eq!(
        diverged.to_string(),
        format!(
            "training diverged: the {} became {} in epoch {}, batch {} (the gradient norm before it was {:.3e}). \
             Try a lower learning rate (it was 5.0), clipping of the gradient norm (1 is usual), or another \
             initialisation",
            diverged.quantity,
            diverged.value,
            diverged.epoch + 1,
            diverged.batch + 1,
            norms.last().unwrap()
        )
    );
}

#[test]
fn nan_in_the_data_is_found_in_its_batch() {
    let network = network(CellKind::Gru, Readout::Last);
    let config = TrainConfig { seed: 1, clip: Some(2.5), ..train_config() };
    let order = &order(&network, 1, OptimiserConfig::SGD)[0];
    for in_target in [false, true] {
        let mut train = examples::<f64>(network.config(), &[2; 10], 0);
        let bad = &mut train[order[4]];
        match &mut bad.targets {
            Targets::Values(values) if in_target => values[1] = f64::NAN,
            _ => bad.x[2] = f64::NAN,
        }
        let (diverged, progress, norms) = diverge(&network, config.clone(), &train, &[]);
        assert_eq!((diverged.epoch, diverged.batch), (0, 4));
        assert_eq!(diverged.quantity, "loss");
        assert!(diverged.value.is_nan());
        assert_eq!(norms.len(), 4);
        assert_eq!(diverged.grad_norm, Some(norms[3]));
        assert!(progress.parameters.iter().all(|p| p.is_finite()));
        assert_eq!(
            diverged.to_string(),
            format!(
                "training diverged: the loss became NaN in epoch 1, batch 5 (the gradient norm before it was \
                 {:.3e}). Try a lower learning rate (it was 0.1), clipping below the present 2.5, or another \
                 initialisation",
                norms[3]
            )
        );
        // In the very first batch there was no update before.
        train.swap(order[4], order[0]);
        let (diverged, ..) = diverge(&network, config.clone(), &train, &[]);
        assert_eq!((diverged.epoch, diverged.batch, diverged.grad_norm), (0, 0, None));
        assert!(diverged.to_string().contains("batch 1 (there was no update before it)"), "{diverged}");
    }
}

#[test]
fn every_infinite_quantity_has_its_name() {
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f32>(network.config(), &[2, 3], 0);
    let mut validation = train.clone();
    validation[0].x[0] = f32::NAN;
    let (diverged, progress, norms) = diverge(&network, train_config(), &train, &validation);
    assert_eq!((diverged.quantity, diverged.epoch, norms.len()), ("validation loss", 0, 2));
    assert_eq!(progress.best, None);

    // One update, after which no loss is computed any more.
    let config = TrainConfig { learning_rate: 3e38, batch_size: 2, epochs: 1, ..train_config() };
    let mut far = train.clone();
    far.iter_mut().for_each(|example| example.targets = Targets::Values(vec![1e6; 2]));
    let (diverged, progress, _) = diverge(&network, config, &far, &[]);
    assert_eq!((diverged.quantity, diverged.epoch), ("norm of the parameters", 0));
    assert_eq!(progress.best, None, "they are not kept");

    // A loss within f32, whose gradient is not: the slope 2e15 times inputs of 1e30, at tanh(0).
    let mut start = vec![0.0; network.layout().len()];
    start[network.layout().tensor("head.weight").unwrap().range.clone()].fill(0.5);
    let steep = [Example { x: vec![1e30f32; 2], targets: Targets::Values(vec![1e15; 2]) }];
    let (diverged, progress, _) = diverge_from(start.clone(), &network, train_config(), &steep, &[]);
    assert_eq!((diverged.quantity, diverged.epoch, diverged.batch), ("gradient norm", 0, 0));
    assert_eq!((diverged.grad_norm, &progress.parameters), (None, &start));
}

// What is refused

fn refusal(
    network: &Network,
    config: TrainConfig,
    train: &[Example<f64>],
    validation: &[Example<f64>],
) -> String {
    Trainer::new(network, config, train, validation).expect_err("no error").to_string()
}

#[test]
fn bad_options_are_errors() {
    use {OptimiserConfig as O, ScheduleConfig as S};
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(network.config(), &[2, 3], 0);
    let base = train_config;
    let sgd = |momentum, nesterov, weight_decay| TrainConfig {
        optimiser: O::Sgd { momentum, nesterov, weight_decay },
        ..base()
    };
    let rmsprop = |alpha, momentum, weight_decay| TrainConfig {
        optimiser: O::RmsProp { alpha, eps: 1e-8, momentum, weight_decay },
        ..base()
    };
    let adam = |beta1, beta2, weight_decay| TrainConfig {
        optimiser: O::Adam { beta1, beta2, eps: 1e-8, weight_decay },
        ..base()
    };
    let adamw = |beta1, beta2, weight_decay| TrainConfig {
        optimiser: O::AdamW { beta1, beta2, eps: 1e-8, weight_decay },
        ..base()
    };
    let plateau = |factor| S::Plateau { factor, patience: 1, threshold: 0.0, minimum: 0.0 };
    let fraction = "it must be at least 0 and below 1";
    let cases = [
        (TrainConfig { epochs: 0, ..base() }, "epochs is 0; it must be at least 1".into()),
        (
            TrainConfig { epochs: 1 << 32, ..base() },
            "epochs is 4294967296; it must be at most 4294967295".into(),
        ),
        (TrainConfig { batch_size: 0, ..base() }, "batch_size is 0; it must be at least 1".into()),
        (TrainConfig { truncate: Some(0), ..base() }, "truncate is 0; it must be at least 1".into()),
        (TrainConfig { patience: Some(0), ..base() }, "patience is 0; it must be at least 1".into()),
        (
            TrainConfig { patience: Some(3), ..base() },
            "patience needs validation data to tell when to stop; set aside some, or leave it out".into(),
        ),
        (
            TrainConfig { learning_rate: 0.0, ..base() },
            "learning_rate is 0.0; it must be above 0 and finite".into(),
        ),
        (
            TrainConfig { learning_rate: -0.1, ..base() },
            "learning_rate is -0.1; it must be above 0 and finite".into(),
        ),
        (
            TrainConfig { learning_rate: f64::NAN, ..base() },
            "learning_rate is NaN; it must be above 0 and finite".into(),
        ),
        (
            TrainConfig { learning_rate: f64::INFINITY, ..base() },
            "learning_rate is inf; it must be above 0 and finite".into(),
        ),
        (TrainConfig { clip: Some(0.0), ..base() }, "clip is 0.0; it must be above 0 and finite".into()),
        (TrainConfig { clip: Some(f64::NAN), ..base() }, "clip is NaN; it must be above 0 and finite".into()),
        (
            TrainConfig { loss: Loss::Huber { delta: 0.0 }, ..base() },
            "huber_delta is 0.0; it must be above 0 and finite".into(),
        ),
        (
            TrainConfig { loss: Loss::CrossEntropy { class_weights: Some(vec![1.0; 3]) }, ..base() },
            "class_weights has 3 values for 2 classes".into(),
        ),
        (sgd(1.0, false, 0.0), format!("momentum is 1.0; {fraction}")),
        (sgd(-0.5, false, 0.0), format!("momentum is -0.5; {fraction}")),
        (sgd(f64::NAN, false, 0.0), format!("momentum is NaN; {fraction}")),
        (sgd(0.0, true, 0.0), "nesterov looks ahead along the momentum, which is 0; set momentum".into()),
        (sgd(0.0, false, -1.0), "weight_decay is -1.0; it must be 0 or above".into()),
        (sgd(0.0, false, f64::INFINITY), "weight_decay is inf; it must be 0 or above".into()),
        (rmsprop(1.0, 0.0, 0.0), format!("alpha is 1.0; {fraction}")),
        (rmsprop(0.9, 1.5, 0.0), format!("momentum is 1.5; {fraction}")),
        (rmsprop(0.9, 0.0, f64::NAN), "weight_decay is NaN; it must be 0 or above".into()),
        (adam(1.0, 0.999, 0.0), format!("beta1 is 1.0; {fraction}")),
        (adam(0.9, 2.0, 0.0), format!("beta2 is 2.0; {fraction}")),
        (adam(0.9, 0.999, -0.1), "weight_decay is -0.1; it must be 0 or above".into()),
        (adamw(-1.0, 0.999, 0.0), format!("beta1 is -1.0; {fraction}")),
        (adamw(0.9, f64::NAN, 0.0), format!("beta2 is NaN; {fraction}")),
        (adamw(0.9, 0.999, -0.1), "weight_decay is -0.1; it must be 0 or above".into()),
        (
            TrainConfig { schedule: S::Step { every: 0, factor: 0.5 }, ..base() },
            "schedule_every is 0; it must be at least 1 epoch".into(),
        ),
        (
            TrainConfig { schedule: S::Step { every: 1, factor: 0.0 }, ..base() },
            "schedule_factor is 0.0; it must be above 0 and finite".into(),
        ),
        (
            TrainConfig { schedule: plateau(f64::NAN), ..base() },
            "schedule_factor is NaN; it must be above 0 and finite".into(),
        ),
    ];
    for (config, message) in cases {
        assert_eq!(refusal(&network, config, &train, &[]), message);
    }
    let both = NetworkConfig { bidirectional: true, ..network_config(CellKind::Elman, Readout::Last) };
    assert_eq!(
        refusal(&Network::new(both).unwrap(), TrainConfig { truncate: Some(2), ..base() }, &train, &[]),
        "truncate cuts sequences, but the reverse direction starts at their ends; use one direction"
    );
    assert_eq!(refusal(&network, base(), &[], &train), "train holds no sequences");
}

#[test]
fn examples_that_do_not_fit_are_errors() {
    let values =
        |x: usize, targets: usize| Example { x: vec![0.5; x], targets: Targets::Values(vec![0.5; targets]) };
    let classes = |x: usize, classes: &[usize]| Example {
        x: vec![0.5; x],
        targets: Targets::Classes(classes.to_vec()),
    };
    let good = || values(4, 2);
    let last = network(CellKind::Elman, Readout::Last);
    for bad in [0, 1, 3, 5] {
        assert_eq!(
            refusal(&last, train_config(), &[good(), values(bad, 2)], &[]),
            format!("x of sequence 1 has {bad} values, not a multiple of input_size")
        );
    }
    let wrong = |n: usize, per: &str, wanted: usize| {
        format!("targets of sequence {n} do not fit: the network and the loss ask for {per}, {wanted} in all")
    };
    for bad in [values(4, 0), values(4, 1), values(4, 4), classes(4, &[0]), classes(4, &[0, 1])] {
        let message = refusal(&last, train_config(), &[good(), good(), bad], &[]);
        assert!(message.starts_with("targets of sequence 2 do not fit: "), "{message}");
    }
    assert_eq!(refusal(&last, train_config(), &[values(4, 3)], &[]), wrong(0, "one per sequence", 2));
    // Validation sequences are looked at as well.
    assert_eq!(refusal(&last, train_config(), &[good()], &[values(4, 1)]), wrong(1, "one per sequence", 2));

    let every = network(CellKind::Elman, Readout::Every);
    assert_eq!(refusal(&every, train_config(), &[values(6, 4)], &[]), wrong(0, "one per timestep", 6));
    assert!(Trainer::new(&every, train_config(), &[values(6, 6)], &[]).is_ok());

    let entropy = || TrainConfig { loss: Loss::CrossEntropy { class_weights: None }, ..train_config() };
    for bad in [values(4, 1), values(4, 2), classes(4, &[]), classes(4, &[2]), classes(4, &[0, 0])] {
        let message = refusal(&last, entropy(), &[classes(4, &[1]), bad], &[]);
        assert!(message.starts_with("targets of sequence 1 do not fit: "), "{message}");
    }
    assert!(Trainer::new(&every, entropy(), &[classes(4, &[1, 0])], &[]).is_ok());
}

// Learning

fn trained<T: Float>(network: &Network, config: TrainConfig, init: Init, train: &[Example<T>]) -> Vec<T> {
    let trainer = Trainer::new(network, config, train, &[]).unwrap();
    let mut progress = trainer.start(init.draw(network, 0).unwrap());
    trainer.run(&mut progress, &mut []).unwrap();
    progress.kept().to_vec()
}

/// The mean squared error on sequences from a zero state.
fn error_on(network: &Network, parameters: Vec<f32>, examples: &[Example<f64>]) -> f64 {
    let x: Vec<&[f64]> = examples.iter().map(|example| example.x.as_slice()).collect();
    let outputs = predict::run(network, &Parameters::F32(parameters), &x);
    let error = |(output, example): (&Vec<f64>, &Example<f64>)| match &example.targets {
        Targets::Values(values) => (output[0] - values[0]).powi(2),
        Targets::Classes(_) => panic!("values"),
    };
    outputs.iter().zip(examples).map(error).sum::<f64>() / examples.len() as f64
}

fn to_f32(examples: &[Example<f64>]) -> Vec<Example<f32>> {
    examples.iter().map(Example::convert).collect()
}

/// The adding problem (Hochreiter & Schmidhuber, Neural Computation 9, 1997, section 5.4): the sum of
/// the two marked values of a sequence. To always answer 1 has a mean squared error of 1/6.
#[test]
fn a_gru_learns_the_adding_problem() {
    let adding = |count: usize, seed: u64| -> Vec<Example<f64>> {
        let mut rng = rng(seed, Stream::Check(0));
        let mut example = || {
            let marks = [rng.random_range(0..5), rng.random_range(5..12)];
            let values: Vec<f64> = (0..12).map(|_| rng.random()).collect();
            let x = (0..12).flat_map(|t| [values[t], f64::from(u8::from(marks.contains(&t)))]).collect();
            Example { x, targets: Targets::Values(vec![values[marks[0]] + values[marks[1]]]) }
        };
        (0..count).map(|_| example()).collect()
    };
    let network = Network::new(NetworkConfig {
        hidden_size: 16,
        output_size: 1,
        ..network_config(CellKind::Gru, Readout::Last)
    });
    let network = network.unwrap();
    let config = TrainConfig {
        epochs: 30,
        batch_size: 20,
        optimiser: OptimiserConfig::ADAM,
        learning_rate: 0.01,
        schedule: ScheduleConfig::Cosine { warmup: 0 },
        clip: Some(1.0),
        ..train_config()
    };
    let parameters = trained::<f32>(&network, config, Init::Orthogonal, &to_f32(&adding(1000, 1)));
    let error = error_on(&network, parameters, &adding(500, 2));
    assert!(error < 0.01, "mean squared error {error}");
}

/// Random labels of random sequences: there is nothing to be found, only to be remembered.
#[test]
fn an_lstm_memorises() {
    let mut rng = rng(4, Stream::Check(0));
    let train: Vec<Example<f32>> = (0..12)
        .map(|n| Example { x: uniform(12, &mut rng), targets: Targets::Classes(vec![n * n % 3]) }.convert())
        .collect();
    let network = Network::new(NetworkConfig {
        hidden_size: 12,
        output_size: 3,
        ..network_config(CellKind::Lstm, Readout::Last)
    });
    let network = network.unwrap();
    let config = TrainConfig {
        epochs: 150,
        batch_size: 4,
        loss: Loss::CrossEntropy { class_weights: None },
        optimiser: OptimiserConfig::ADAM,
        learning_rate: 0.02,
        ..train_config()
    };
    let parameters = trained(&network, config, Init::Orthogonal, &train);
    let x: Vec<Vec<f64>> = train.iter().map(|example| elman::float::convert(&example.x)).collect();
    let outputs = predict::run(
        &network,
        &Parameters::F32(parameters),
        &x.iter().map(Vec::as_slice).collect::<Vec<_>>(),
    );
    for (output, example) in outputs.iter().zip(&train) {
        let Targets::Classes(classes) = &example.targets else { panic!("classes") };
        let others = (0..3).filter(|class| *class != classes[0]).map(|class| output[class]);
        let margin = output[classes[0]] - others.fold(f64::NEG_INFINITY, f64::max);
        assert!(margin > 2.0, "{output:?} for class {}", classes[0]);
    }
}

/// A rectified network that starts from the identity as recurrent weights adds up what it reads.
#[test]
fn an_irnn_learns_to_sum() {
    let sums = |count: usize, seed: u64| -> Vec<Example<f64>> {
        let mut rng = rng(seed, Stream::Check(0));
        let mut example = || {
            let x: Vec<f64> = (0..8).map(|_| rng.random()).collect();
            let sum = x.iter().sum();
            Example { x, targets: Targets::Values(vec![sum]) }
        };
        (0..count).map(|_| example()).collect()
    };
    let network = Network::new(NetworkConfig {
        input_size: 1,
        hidden_size: 8,
        output_size: 1,
        ..network_config(CellKind::ElmanRelu, Readout::Last)
    });
    let network = network.unwrap();
    let config = TrainConfig {
        epochs: 30,
        batch_size: 20,
        optimiser: OptimiserConfig::ADAM,
        learning_rate: 0.01,
        schedule: ScheduleConfig::Cosine { warmup: 0 },
        clip: Some(1.0),
        ..train_config()
    };
    let parameters = trained::<f32>(&network, config, Init::Identity, &to_f32(&sums(400, 1)));
    let error = error_on(&network, parameters, &sums(200, 2));
    // The variance of a sum of 8 is 8/12.
    assert!(error < 0.001 * 8.0 / 12.0, "mean squared error {error}");
}

#[test]
fn both_number_types_take_the_same_way() {
    for cell in CellKind::ALL {
        let network = network(cell, Readout::Every);
        let train = examples::<f64>(network.config(), &[5, 3, 4, 6], 3);
        let optimiser = OptimiserConfig::Sgd { momentum: 0.5, nesterov: true, weight_decay: 0.01 };
        let config = TrainConfig { optimiser, ..train_config() };
        let exact = trained::<f64>(&network, config.clone(), Init::Torch, &train);
        let short = trained::<f32>(&network, config, Init::Torch, &to_f32(&train));
        // Twelve updates of values below 1, each some dozens of roundings of 6e-8.
        for (a, b) in exact.iter().zip(&short) {
            assert!((a - f64::from(*b)).abs() < 2e-6, "{cell}: {a} and {b}");
        }
        assert_ne!(exact, elman::float::convert::<f32, f64>(&short));
    }
}
