//! Networks learn.

use elman::float::{Float, Parameters};
use elman::init::Init;
use elman::loss::{Loss, Targets};
use elman::network::{CellKind, Network, Readout, Stacked};
use elman::optimiser::OptimiserConfig;
use elman::predict;
use elman::random::{Purpose, Rng};
use elman::schedule::ScheduleConfig;
use elman::sequence::Example;
use elman::train::{TrainConfig, Trainer};

use crate::setup::{examples, network, network_config, train_config, uniform};

fn trained<T: Float>(network: &Network, config: TrainConfig, init: Init, train: &[Example<T>]) -> Vec<T> {
    let trainer = Trainer::new(network, config, train, &[]).unwrap();
    let mut progress = trainer.start(init.draw(network, 0).unwrap()).unwrap();
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

/// How sums of a sequence's values are learned.
fn of_sums() -> TrainConfig {
    train_config()
        .with_epochs(30)
        .with_batch_size(20)
        .with_optimiser(OptimiserConfig::ADAM)
        .with_learning_rate(0.01)
        .with_schedule(ScheduleConfig::Cosine { warmup: 0 })
        .with_clip(1.0)
}

/// The adding problem (Hochreiter & Schmidhuber, Neural Computation 9, 1997, section 5.4): the sum of
/// the two marked values of a sequence. To always answer 1 has a mean squared error of 1/6.
#[test]
fn a_gru_learns_the_adding_problem() {
    let adding = |count: usize, seed: u64| -> Vec<Example<f64>> {
        let mut rng = Rng::new(seed, Purpose::Check(0));
        let mut example = || {
            let marks = [rng.index(0..5), rng.index(5..12)];
            let values: Vec<f64> = (0..12).map(|_| rng.uniform()).collect();
            let x = (0..12).flat_map(|t| [values[t], f64::from(u8::from(marks.contains(&t)))]).collect();
            Example { x, targets: Targets::Values(vec![values[marks[0]] + values[marks[1]]]) }
        };
        (0..count).map(|_| example()).collect()
    };
    let network = Network::new(Stacked {
        hidden_size: 16,
        output_size: 1,
        ..network_config(CellKind::Gru, Readout::Last)
    });
    let network = network.unwrap();
    let parameters = trained::<f32>(&network, of_sums(), Init::Orthogonal, &to_f32(&adding(1000, 1)));
    let error = error_on(&network, parameters, &adding(500, 2));
    assert!(error < 0.01, "mean squared error {error}");
}

/// Random labels of random sequences: there is nothing to be found, only to be remembered.
#[test]
fn an_lstm_memorises() {
    let mut rng = Rng::new(4, Purpose::Check(0));
    let train: Vec<Example<f32>> = (0..12)
        .map(|n| Example { x: uniform(12, &mut rng), targets: Targets::Classes(vec![n * n % 3]) }.convert())
        .collect();
    let network = Network::new(Stacked {
        hidden_size: 12,
        output_size: 3,
        ..network_config(CellKind::Lstm, Readout::Last)
    });
    let network = network.unwrap();
    let config = train_config()
        .with_epochs(150)
        .with_batch_size(4)
        .with_loss(Loss::CrossEntropy { class_weights: None })
        .with_optimiser(OptimiserConfig::ADAM)
        .with_learning_rate(0.02);
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
        let mut rng = Rng::new(seed, Purpose::Check(0));
        let mut example = || {
            let x: Vec<f64> = (0..8).map(|_| rng.uniform()).collect();
            let sum = x.iter().sum();
            Example { x, targets: Targets::Values(vec![sum]) }
        };
        (0..count).map(|_| example()).collect()
    };
    let network = Network::new(Stacked {
        input_size: 1,
        hidden_size: 8,
        output_size: 1,
        ..network_config(CellKind::ElmanRelu, Readout::Last)
    });
    let network = network.unwrap();
    let parameters = trained::<f32>(&network, of_sums(), Init::Identity, &to_f32(&sums(400, 1)));
    let error = error_on(&network, parameters, &sums(200, 2));
    // The variance of a sum of 8 is 8/12.
    assert!(error < 0.001 * 8.0 / 12.0, "mean squared error {error}");
}

#[test]
fn both_number_types_take_the_same_way() {
    for cell in CellKind::ALL {
        let network = network(cell, Readout::Every);
        let train = examples::<f64>(&network, &[5, 3, 4, 6], 3);
        let optimiser = OptimiserConfig::Sgd { momentum: 0.5, nesterov: true, weight_decay: 0.01 };
        let config = train_config().with_optimiser(optimiser);
        let exact = trained::<f64>(&network, config.clone(), Init::Torch, &train);
        let short = trained::<f32>(&network, config, Init::Torch, &to_f32(&train));
        // Twelve updates of values below 1, each some dozens of roundings of 6e-8.
        for (a, b) in exact.iter().zip(&short) {
            assert!((a - f64::from(*b)).abs() < 2e-6, "{cell}: {a} and {b}");
        }
        assert_ne!(exact, elman::float::convert::<f32, f64>(&short));
    }
}
