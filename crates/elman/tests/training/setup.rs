//! Small networks, examples and runs for the other tests.

use elman::batch::Batch;
use elman::float::Float;
use elman::init::Init;
use elman::loss::{Loss, Targets};
use elman::network::{CellKind, Mode, Network, Readout, Stacked, Tape};
use elman::optimiser::OptimiserConfig;
use elman::random::{Purpose, Rng};
use elman::schedule::ScheduleConfig;
use elman::sequence::Example;
use elman::train::{Control, Event, TrainConfig, TrainState, Trainer};

pub(crate) fn network_config(cell: CellKind, readout: Readout) -> Stacked {
    Stacked {
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

pub(crate) fn network(cell: CellKind, readout: Readout) -> Network {
    Network::new(network_config(cell, readout)).unwrap()
}

/// Plain gradient descent, a sequence at a time.
pub(crate) fn train_config() -> TrainConfig {
    TrainConfig::default()
        .with_epochs(3)
        .with_batch_size(1)
        .with_optimiser(OptimiserConfig::SGD)
        .with_learning_rate(0.1)
        .with_schedule(ScheduleConfig::Constant)
        .with_clip(None)
        .with_seed(11)
}

pub(crate) fn uniform(len: usize, rng: &mut Rng) -> Vec<f64> {
    (0..len).map(|_| 2.0 * rng.uniform() - 1.0).collect()
}

/// Sequences of these lengths with values and targets in `[-1, 1)`.
pub(crate) fn examples<T: Float>(network: &Network, lengths: &[usize], seed: u64) -> Vec<Example<T>> {
    let mut rng = Rng::new(seed, Purpose::Check(0));
    let mut example = |&length: &usize| {
        let x = uniform(length * network.input_size(), &mut rng);
        let outputs = network.output_len(length) * network.output_size();
        let targets = Targets::Values(uniform(outputs, &mut rng));
        Example { x, targets }.convert()
    };
    lengths.iter().map(&mut example).collect()
}

pub(crate) fn bits<T: Float>(values: &[T]) -> Vec<u64> {
    values.iter().map(|value| value.to_f64().to_bits()).collect()
}

/// Equal to the bit, the signs of zeros included.
#[track_caller]
pub(crate) fn assert_same<T: Float>(a: &TrainState<T>, b: &TrainState<T>, what: &str) {
    let place = |state: &TrainState<T>| {
        let progress = state.progress();
        (progress.epoch(), progress.batch(), progress.grad_norm(), progress.best())
    };
    assert_eq!(place(a), place(b), "{what}");
    assert_eq!(a.schedule(), b.schedule(), "{what}");
    assert_eq!(a.learner().optimiser(), b.learner().optimiser(), "{what}");
    assert_eq!(bits(a.parameters()), bits(b.parameters()), "{what}");
    assert_eq!(bits(a.kept()), bits(b.kept()), "{what}");
}

/// Which sequence each batch of one held, epoch by epoch. Nothing is learned: the losses tell.
pub(crate) fn order(network: &Network, seed: u64, optimiser: OptimiserConfig) -> Vec<Vec<usize>> {
    let train = examples::<f64>(network, &[2, 3, 1, 4, 2, 5, 3, 2, 1, 2], 0);
    let parameters = Init::Torch.draw(network, 0).unwrap();
    let losses: Vec<u64> =
        train.iter().map(|example| loss(network, &parameters, example).to_bits()).collect();
    let config = train_config().with_learning_rate(1e-300).with_seed(seed).with_optimiser(optimiser);
    let trainer = Trainer::new(network, config, &train, &[]).unwrap();
    let mut seen = Vec::new();
    let mut see = |event: &Event<'_>| {
        if let Event::Batch { loss, .. } = event {
            seen.push(losses.iter().position(|other| *other == loss.to_bits()).expect("one of the losses"));
        }
        Control::Continue
    };
    trainer.run(&mut trainer.start(parameters).unwrap(), &mut [&mut see]).unwrap();
    seen.chunks(train.len()).map(<[usize]>::to_vec).collect()
}

pub(crate) fn loss(network: &Network, parameters: &[f64], example: &Example<f64>) -> f64 {
    let batch = Batch::new(&[&example.x], network.config().input_size);
    let (mut tape, mut state) = (Tape::default(), network.zero_state(1));
    network.forward(parameters, &batch, &mut state, Mode::Evaluate, &mut tape);
    Loss::Squared.total(tape.output(), network.output_size(), &example.targets).mean()
}
