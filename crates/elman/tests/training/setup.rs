//! Small networks, examples and runs for the other tests.

use elman::batch::Batch;
use elman::float::Float;
use elman::init::Init;
use elman::loss::{Loss, Targets};
use elman::network::{CellKind, Mode, Network, Readout, Stacked, Tape};
use elman::optimiser::OptimiserConfig;
use elman::random::{Rng, Stream, rng};
use elman::schedule::ScheduleConfig;
use elman::sequence::Example;
use elman::train::{Control, Event, Progress, TrainConfig, Trainer};
use rand::RngExt;

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

pub(crate) fn uniform(len: usize, rng: &mut Rng) -> Vec<f64> {
    (0..len).map(|_| 2.0 * rng.random::<f64>() - 1.0).collect()
}

/// Sequences of these lengths with values and targets in `[-1, 1)`.
pub(crate) fn examples<T: Float>(network: &Network, lengths: &[usize], seed: u64) -> Vec<Example<T>> {
    let mut rng = rng(seed, Stream::Check(0));
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
pub(crate) fn assert_same<T: Float>(a: &Progress<T>, b: &Progress<T>, what: &str) {
    assert_eq!(a, b, "{what}");
    assert_eq!(bits(&a.parameters), bits(&b.parameters), "{what}");
    assert_eq!(bits(a.kept()), bits(b.kept()), "{what}");
}

/// Which sequence each batch of one held, epoch by epoch. Nothing is learned: the losses tell.
pub(crate) fn order(network: &Network, seed: u64, optimiser: OptimiserConfig) -> Vec<Vec<usize>> {
    let train = examples::<f64>(network, &[2, 3, 1, 4, 2, 5, 3, 2, 1, 2], 0);
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

pub(crate) fn loss(network: &Network, parameters: &[f64], example: &Example<f64>) -> f64 {
    let batch = Batch::new(&[&example.x], network.config().input_size);
    let (mut tape, mut state) = (Tape::default(), network.zero_state(1));
    network.forward(parameters, &batch, &mut state, Mode::Evaluate, &mut tape);
    Loss::Squared.total(tape.output(), network.output_size(), &example.targets).mean()
}
