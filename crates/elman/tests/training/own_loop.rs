//! A loop of one's own, over a [`Learner`].

use elman::batch::Batch;
use elman::error::NotFinite;
use elman::float::Float;
use elman::init::Init;
use elman::learner::{Learner, LearnerConfig};
use elman::loss::{Loss, Targets};
use elman::network::{CellKind, Engine, Mode, Network, Readout, Stacked};
use elman::optimiser::{Optimiser, OptimiserConfig};
use elman::random::{Purpose, Rng};
use elman::schedule::{Schedule, ScheduleConfig};
use elman::sequence::{Example, TrainingBatch};
use elman::train::Trainer;

use crate::setup::{bits, examples, network, network_config, train_config};

fn start<T: Float>(network: &Network) -> Vec<T> {
    Init::Torch.draw(network, 3).unwrap()
}

/// The loop as a user would write it gives the bits of the library's: dropout, clipping, schedule, truncation.
#[test]
fn a_loop_of_ones_own_gives_the_bits_of_the_librarys() {
    let network = Network::new(Stacked {
        num_layers: 2,
        dropout: 0.3,
        ..network_config(CellKind::Lstm, Readout::Every)
    });
    let network = network.unwrap();
    let train = examples::<f32>(&network, &[5, 2, 4, 1, 5, 3, 4], 1);
    // In the midst of a batch the library's rate moves on where it follows batches, but not where it follows epochs.
    for (truncate, rule) in
        [(None, ScheduleConfig::COSINE), (Some(2), ScheduleConfig::Step { every: 1, factor: 0.5 })]
    {
        let config = train_config()
            .with_batch_size(3)
            .with_optimiser(OptimiserConfig::ADAM)
            .with_learning_rate(0.02)
            .with_schedule(rule)
            .with_clip(0.5)
            .with_truncate(truncate);
        let trainer = Trainer::new(&network, config.clone(), &train, &[]).unwrap();
        let mut state = trainer.start(start(&network)).unwrap();
        trainer.run(&mut state, &mut []).unwrap();

        let schedule = Schedule::new(rule, 0.02, 9);
        let mut learner = Learner::new(&network, start(&network), config.learner()).unwrap();
        for epoch in 0..3 {
            let mut order: Vec<usize> = (0..train.len()).collect();
            Rng::new(config.seed, Purpose::Shuffle(epoch)).shuffle(&mut order);
            for batch in order.chunks(3) {
                let examples: Vec<Example<f32>> = batch.iter().map(|&n| train[n].clone()).collect();
                learner.set_learning_rate(schedule.rate(learner.steps(), epoch));
                learner.step(&TrainingBatch::new(&network, &examples)).unwrap();
            }
        }
        assert_eq!(bits(learner.parameters()), bits(state.parameters()), "{truncate:?}");
        assert_eq!(learner.optimiser(), state.learner().optimiser(), "{truncate:?}");
        assert_eq!(learner.grad_norm(), state.progress().grad_norm(), "{truncate:?}");
    }
}

/// Whatever changes the parameters, the next pass runs with them.
#[test]
fn the_engine_runs_with_the_latest_parameters() {
    fn check<T: Float>() {
        let network = network(CellKind::Gru, Readout::Last);
        let batch = TrainingBatch::new(&network, &examples::<T>(&network, &[2, 4, 3], 1));
        let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::SGD).with_learning_rate(0.1);
        let mut learner = Learner::<T>::new(&network, start(&network), config).unwrap();
        let outputs = |parameters: &[T]| {
            let mut engine = T::Engine::new(&network);
            engine.load(parameters);
            let mut state = network.zero_state(3);
            let output = engine.forward(batch.inputs(), &mut state, Mode::Predict).to_vec();
            network.unpack(batch.inputs(), &output).concat()
        };
        let first = learner.predict(batch.inputs()).concat();
        assert_eq!(bits(&first), bits(&outputs(learner.parameters())));
        let loss = learner.loss(&batch);
        assert_eq!(learner.step(&batch).unwrap(), loss, "the loss is that before the update");
        let second = learner.predict(batch.inputs()).concat();
        assert_eq!(bits(&second), bits(&outputs(learner.parameters())));
        assert_ne!(bits(&first), bits(&second));
        learner.parameters_mut().copy_from_slice(&start(&network));
        assert_eq!(bits(&learner.predict(batch.inputs()).concat()), bits(&first));
        assert_eq!(bits(&learner.into_parameters()), bits(&start::<T>(&network)));
    }
    check::<f32>();
    check::<f64>();
}

/// Targets and outputs stand as the examples were given, however they lie in the batch.
#[test]
fn targets_and_outputs_are_in_the_callers_order() {
    for readout in [Readout::Last, Readout::Every] {
        let network = network(CellKind::Elman, readout);
        let examples = examples::<f64>(&network, &[2, 5, 1, 3], 1);
        let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::SGD);
        let mut learner = Learner::<f64>::new(&network, start(&network), config).unwrap();
        let together = TrainingBatch::new(&network, &examples);
        let outputs = learner.predict(together.inputs());
        let (mut sum, mut count) = (0.0, 0.0);
        for (example, output) in examples.iter().zip(&outputs) {
            let alone = learner.predict(&Batch::new(&[&example.x], 2));
            assert_eq!(bits(&alone[0]), bits(output));
            let Targets::Values(targets) = &example.targets else { panic!("values") };
            sum += output.iter().zip(targets).map(|(y, t)| (y - t) * (y - t)).sum::<f64>();
            count += targets.len() as f64;
        }
        // Up to 22 squares of values below 4, summed in another order.
        assert!((learner.loss(&together) - sum / count).abs() < 1e-13);
    }
}

/// A stream of pieces with its state carried on is truncated backpropagation of the whole.
#[test]
fn a_carried_state_is_truncated_backpropagation() {
    let network = network(CellKind::Lstm, Readout::Every);
    let whole = examples::<f64>(&network, &[6, 6], 5);
    let config = || LearnerConfig::new(Loss::Squared, OptimiserConfig::SGD).with_learning_rate(0.1);
    let learner = |config| Learner::<f64>::new(&network, start(&network), config).unwrap();
    let mut expected = learner(config().with_truncate(2));
    expected.step(&TrainingBatch::new(&network, &whole)).unwrap();

    let mut by_pieces = learner(config());
    let mut state = network.zero_state(2);
    for t in [0, 2, 4] {
        let piece = |example: &Example<f64>| {
            let Targets::Values(targets) = &example.targets else { panic!("values") };
            Example::values(example.x[2 * t..2 * (t + 2)].to_vec(), targets[2 * t..2 * (t + 2)].to_vec())
        };
        let pieces: Vec<_> = whole.iter().map(piece).collect();
        by_pieces.step_from(&mut state, &TrainingBatch::new(&network, &pieces)).unwrap();
    }
    assert_eq!(bits(by_pieces.parameters()), bits(expected.parameters()));
    assert!(!state.is_fresh());
}

/// Pieces of unequal lengths, of which now the one and now the other is packed first: each sequence goes on from where it
/// was itself.
#[test]
fn a_carried_state_is_each_sequences_own_whatever_the_lengths() {
    // Of the three sequences, the timesteps at which a piece of each ends.
    let ends = [[4, 4, 3], [6, 8, 9], [9, 9, 10]];
    for cell in [CellKind::Gru, CellKind::Lstm] {
        let network = network(cell, Readout::Every);
        let whole = examples::<f64>(&network, &[9, 9, 10], 5);
        let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::SGD).with_learning_rate(1e-300);
        let learner = || Learner::<f64>::new(&network, start(&network), config.clone()).unwrap();
        let piece = |n: usize, time: std::ops::Range<usize>| {
            let Targets::Values(targets) = &whole[n].targets else { panic!("values") };
            let values = 2 * time.start..2 * time.end;
            Example::values(whole[n].x[values.clone()].to_vec(), targets[values].to_vec())
        };
        let mut together = learner();
        let mut state = network.zero_state(3);
        let mut alone: Vec<_> = (0..3).map(|_| (learner(), network.zero_state(1))).collect();
        let mut starts = [0; 3];
        for ends in ends {
            let pieces: Vec<_> = (0..3).map(|n| piece(n, starts[n]..ends[n])).collect();
            let loss = together.step_from(&mut state, &TrainingBatch::new(&network, &pieces)).unwrap();
            let (mut sum, mut steps) = (0.0, 0);
            for (n, (learner, state)) in alone.iter_mut().enumerate() {
                let batch = TrainingBatch::new(&network, &pieces[n..=n]);
                sum += learner.step_from(state, &batch).unwrap() * (ends[n] - starts[n]) as f64;
                steps += ends[n] - starts[n];
            }
            // Up to 30 squares of values below 4, summed in another order.
            assert!((loss - sum / steps as f64).abs() < 1e-13, "{cell}: {loss}");
            for (n, (_, alone)) in alone.iter().enumerate() {
                assert_eq!(bits(state.at(0, 0, n)), bits(alone.at(0, 0, 0)), "{cell}, sequence {n}");
            }
            starts = ends;
        }
    }
}

#[test]
#[should_panic(expected = "the first piece has 2 timesteps, and 3 are to be burned in")]
fn a_first_piece_that_is_shorter_than_the_burn_in_is_refused() {
    let network = network(CellKind::Gru, Readout::Every);
    let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::SGD).with_burn_in(3);
    let mut learner = Learner::<f64>::new(&network, start(&network), config).unwrap();
    let piece = TrainingBatch::new(&network, &examples::<f64>(&network, &[2], 0));
    let _ = learner.step_from(&mut network.zero_state(1), &piece);
}

/// Whoever sets a rate that is no number is told so before the parameters are none either.
#[test]
fn a_rate_that_is_no_number_is_an_error_of_the_update() {
    let network = network(CellKind::Gru, Readout::Every);
    let batch = TrainingBatch::new(&network, &examples::<f64>(&network, &[3, 2], 1));
    for rate in [f64::NAN, f64::INFINITY] {
        let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::ADAM);
        let mut learner = Learner::<f64>::new(&network, start(&network), config).unwrap();
        learner.set_learning_rate(rate);
        let error = learner.step(&batch).unwrap_err();
        assert_eq!(error.quantity, "learning rate");
        assert_eq!(bits(learner.parameters()), bits(&start::<f64>(&network)));
        learner.set_learning_rate(0.1);
        assert!(learner.step(&batch).is_ok());
    }
}

fn learner() -> (Learner<f64>, usize) {
    let network = network(CellKind::Gru, Readout::Every);
    let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::ADAM);
    (Learner::new(&network, start(&network), config).unwrap(), network.layout().len())
}

#[test]
#[should_panic(expected = "parameters of the network")]
fn parameters_of_another_network_are_not_restored() {
    let (mut learner, len) = learner();
    learner.restore(Vec::new(), Optimiser::new(OptimiserConfig::ADAM, len), 0, None);
}

#[test]
#[should_panic(expected = "the optimiser's memory is of other parameters")]
fn an_optimiser_of_another_network_is_not_restored() {
    let (mut learner, len) = learner();
    learner.restore(vec![0.0; len], Optimiser::new(OptimiserConfig::ADAM, len - 1), 0, None);
}

#[test]
#[should_panic(expected = "parameters of the network")]
fn only_as_many_parameters_change_places() {
    learner().0.swap_parameters(&mut vec![0.0; 2]);
}

#[test]
#[should_panic(expected = "1 targets for 2 timesteps of the network's output; give as many for each")]
fn targets_are_as_many_for_each_timestep() {
    let network = network(CellKind::Gru, Readout::Every);
    TrainingBatch::<f64>::new(&network, &[Example::values(vec![0.0; 4], vec![1.0])]);
}

#[test]
fn what_cannot_be_learned_is_an_error() {
    let network = network(CellKind::Gru, Readout::Last);
    let config = || LearnerConfig::new(Loss::Squared, OptimiserConfig::ADAM);
    let refusal =
        |parameters: Vec<f32>, config| Learner::new(&network, parameters, config).unwrap_err().to_string();
    let len = network.layout().len();
    assert_eq!(
        refusal(vec![0.0; len - 1], config()),
        format!("parameters are {}, but the network has {len}", len - 1)
    );
    assert_eq!(
        refusal(start(&network), config().with_learning_rate(0.0)),
        "learning_rate is 0.0; it must be above 0 and finite"
    );
    assert_eq!(refusal(start(&network), config().with_truncate(0)), "truncate is 0; it must be at least 1");

    let mut learner = Learner::new(&network, start::<f32>(&network), config()).unwrap();
    let bad = TrainingBatch::new(&network, &[Example::values(vec![1.0, f32::NAN], vec![0.0; 2])]);
    let NotFinite { quantity, value, .. } = learner.step(&bad).unwrap_err();
    assert!(quantity == "loss" && value.is_nan());
    assert_eq!(bits(learner.parameters()), bits(&start::<f32>(&network)), "nothing was learned");
}
