//! Several batches per update, held to one batch of all their sequences.

use elman::float::Float;
use elman::init::Init;
use elman::learner::{Learner, LearnerConfig};
use elman::loss::{Loss, Targets};
use elman::network::{CellKind, Network, Readout};
use elman::optimiser::OptimiserConfig;
use elman::schedule::ScheduleConfig;
use elman::sequence::{Example, TrainingBatch};
use elman::train::{TrainConfig, Trainer};

use crate::setup::{bits, examples, network, train_config};

/// Sequences with different numbers of targets, of which some are not known: all of two that follow each other as well.
fn patchy(network: &Network) -> Vec<Example<f64>> {
    let mut examples = examples::<f64>(network, &[5, 1, 4, 2, 6, 3, 1, 5, 2, 4, 7, 1, 3], 1);
    for (n, example) in examples.iter_mut().enumerate() {
        let Targets::Values(values) = &mut example.targets else { panic!("values") };
        let known = |k: usize| n != 4 && n != 5 && !(n + k).is_multiple_of(4);
        values.iter_mut().enumerate().filter(|(k, _)| !known(*k)).for_each(|(_, value)| *value = f64::NAN);
    }
    examples
}

fn learned(network: &Network, train: &[Example<f64>], config: TrainConfig) -> Vec<f64> {
    let trainer = Trainer::new(network, config, train, &[]).unwrap();
    let mut state = trainer.start(Init::Torch.draw(network, 3).unwrap()).unwrap();
    trainer.run(&mut state, &mut []).unwrap();
    state.parameters().to_vec()
}

/// The last update of an epoch is of a single sequence: with 4 sequences per update of 13, in batches of 2 and of 1.
#[test]
fn batches_that_are_gathered_are_one_batch() {
    let network = network(CellKind::Lstm, Readout::Every);
    let train = patchy(&network);
    for (optimiser, rate) in [
        (OptimiserConfig::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.01 }, 0.1),
        (OptimiserConfig::ADAM, 0.02),
    ] {
        for loss in [Loss::Squared, Loss::Gaussian, Loss::Esr { pre_emphasis: None }] {
            let is_gaussian = loss == Loss::Gaussian;
            let train: Vec<_> = if is_gaussian { halved(&train) } else { train.clone() };
            for schedule in [ScheduleConfig::Cosine { warmup: 2 }, ScheduleConfig::COSINE] {
                let config = train_config()
                    .with_epochs(4)
                    .with_loss(loss.clone())
                    .with_optimiser(optimiser)
                    .with_learning_rate(rate)
                    .with_schedule(schedule)
                    .with_clip(0.3);
                let together = learned(&network, &train, config.clone().with_batch_size(4));
                for (batch_size, accumulate) in [(2, 2), (1, 4)] {
                    let config = config.clone().with_batch_size(batch_size).with_accumulate(accumulate);
                    let gathered = learned(&network, &train, config);
                    for (a, b) in gathered.iter().zip(&together) {
                        // Adam divides gradients by their size, however small they are.
                        assert!((a - b).abs() < 1e-9, "{optimiser:?}, {loss:?}, {schedule:?}: {a}, not {b}");
                    }
                }
            }
        }
    }
}

/// Every second target: two outputs tell of one value.
fn halved(examples: &[Example<f64>]) -> Vec<Example<f64>> {
    let halved = |example: &Example<f64>| {
        let Targets::Values(values) = &example.targets else { panic!("values") };
        Example::values(example.x.clone(), values.iter().step_by(2).copied().collect())
    };
    examples.iter().map(halved).collect()
}

/// An update comes with the last batch of a group, and for a smaller one when it is asked for.
#[test]
fn a_loop_of_ones_own_gathers_batches() {
    fn check<T: Float>() {
        let network = network(CellKind::Gru, Readout::Last);
        let batch = |seed| TrainingBatch::new(&network, &examples::<T>(&network, &[3, 2], seed));
        let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::SGD).with_learning_rate(0.1);
        let start: Vec<T> = Init::Torch.draw(&network, 3).unwrap();
        let mut learner = Learner::new(&network, start.clone(), config.clone().with_accumulate(3)).unwrap();
        for (seed, updates) in [(1, 0), (2, 0), (3, 1), (4, 1), (5, 1), (6, 2)] {
            let before = bits(learner.parameters());
            learner.step(&batch(seed)).unwrap();
            assert_eq!(bits(learner.parameters()) != before, seed % 3 == 0);
            assert_eq!(learner.grad_norm().is_some(), updates > 0);
        }
        let before = learner.parameters().to_vec();
        learner.step(&batch(7)).unwrap();
        assert_eq!(bits(learner.parameters()), bits(&before));
        learner.apply().unwrap();
        let mut alone = Learner::new(&network, before, config).unwrap();
        alone.step(&batch(7)).unwrap();
        for (a, b) in learner.parameters().iter().zip(alone.parameters()) {
            assert!((a.to_f64() - b.to_f64()).abs() < 1e-6);
        }
        let now = bits(learner.parameters());
        learner.apply().unwrap();
        assert_eq!(bits(learner.parameters()), now, "nothing is left to be applied");
    }
    check::<f32>();
    check::<f64>();
}

/// Of sequences that are cut, so many pieces make an update, whichever batch they are of: as the same pieces do that come one by
/// one with the state carried on. A piece of which no target is known counts as one.
#[test]
fn pieces_of_time_are_gathered() {
    let network = network(CellKind::Lstm, Readout::Every);
    let mut batches = [1, 2].map(|seed| examples::<f64>(&network, &[8, 8], seed));
    for example in &mut batches[0] {
        let Targets::Values(values) = &mut example.targets else { panic!("values") };
        values[..2 * network.output_size()].fill(f64::NAN);
    }
    let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::SGD).with_learning_rate(0.1);
    let start: Vec<f64> = Init::Torch.draw(&network, 3).unwrap();
    let mut learner =
        Learner::new(&network, start.clone(), config.clone().with_truncate(2).with_accumulate(3)).unwrap();
    let mut one_by_one = Learner::new(&network, start, config.with_accumulate(3)).unwrap();
    for (n, batch) in batches.iter().enumerate() {
        learner.step(&TrainingBatch::new(&network, batch)).unwrap();
        let mut state = network.zero_state(2);
        let (inputs, outputs) = (network.input_size(), network.output_size());
        for time in (0..8).step_by(2) {
            let piece = batch.iter().map(|example| {
                let Targets::Values(values) = &example.targets else { panic!("values") };
                let x = example.x[time * inputs..][..2 * inputs].to_vec();
                Example::values(x, values[time * outputs..][..2 * outputs].to_vec())
            });
            let piece: Vec<_> = piece.collect();
            let before = bits(one_by_one.parameters());
            one_by_one.step_from(&mut state, &TrainingBatch::new(&network, &piece)).unwrap();
            let is_third = (4 * n + time / 2) % 3 == 2;
            assert_eq!(bits(one_by_one.parameters()) != before, is_third, "batch {n}, timestep {time}");
        }
        assert_eq!(bits(learner.parameters()), bits(one_by_one.parameters()));
    }
    // Eight pieces: two updates, and a third for the two that are left.
    let before = bits(learner.parameters());
    learner.apply().unwrap();
    one_by_one.apply().unwrap();
    assert_ne!(bits(learner.parameters()), before);
    assert_eq!(bits(learner.parameters()), bits(one_by_one.parameters()));
}

#[test]
fn what_cannot_be_gathered_is_refused() {
    let network = network(CellKind::Gru, Readout::Every);
    let train = examples::<f64>(&network, &[4, 4, 4, 4], 0);
    let refusal = |config| Trainer::new(&network, config, &train, &[]).unwrap_err().to_string();
    assert_eq!(refusal(train_config().with_accumulate(0)), "accumulate is 0; it must be at least 1");
    // Where time is cut, the schedule counts batches, of which there are 12.
    let cosine = |warmup| train_config().with_accumulate(2).with_schedule(ScheduleConfig::Cosine { warmup });
    assert!(Trainer::new(&network, cosine(11).with_truncate(3), &train, &[]).is_ok());
    let too_long = "warmup is 12 batches, and the whole run is 12; choose a shorter one";
    assert_eq!(refusal(cosine(12).with_truncate(3)), too_long);
    let warmup = train_config().with_accumulate(2).with_schedule(ScheduleConfig::Cosine { warmup: 6 });
    assert_eq!(refusal(warmup), "warmup is 6 updates, and the whole run is 6; choose a shorter one");
}
