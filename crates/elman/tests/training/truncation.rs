//! Truncated backpropagation through time.

use elman::batch::Batch;
use elman::init::Init;
use elman::learner::{Learner, LearnerConfig};
use elman::loss::{Loss, Targets};
use elman::network::{
    Activation, CellKind, Dense, Dropout, Engine, Gradients, LayerNorm, Mode, Network, NetworkConfig, Patch,
    Pooling, PoolingKind, Readout, Recurrent, ScalarEngine, Stacked, State, Tape,
};
use elman::optimiser::OptimiserConfig;
use elman::schedule::ScheduleConfig;
use elman::sequence::{Example, TrainingBatch};
use elman::train::{Control, Event, Trainer};

use crate::setup::{assert_same, examples, network, network_config, train_config};

#[test]
fn a_piece_as_long_as_the_sequences_changes_nothing() {
    for cell in CellKind::ALL {
        for readout in [Readout::Last, Readout::Every] {
            let network = network(cell, readout);
            let train = examples::<f64>(&network, &[6, 1, 4, 6, 3], 1);
            let run = |truncate| {
                let config = train_config().with_batch_size(2).with_truncate(truncate);
                let trainer = Trainer::new(&network, config, &train, &[]).unwrap();
                let mut progress = trainer.start(Init::Torch.draw(&network, 1).unwrap()).unwrap();
                trainer.run(&mut progress, &mut []).unwrap();
                progress
            };
            let whole = run(None);
            for truncate in [6, 7, usize::MAX] {
                assert_same(&run(Some(truncate)), &whole, &format!("{cell}, {readout:?}, {truncate}"));
            }
            assert_ne!(run(Some(5)).parameters(), whole.parameters());
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
    let (input_size, output_size) = (network.input_size(), network.output_size());
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
        // The first piece starts from a fresh state.
        for block in (0..state.num_blocks()).filter(|_| begin > 0) {
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
        let outputs = network.output_packing(batch.packing());
        for (b, (example, &end)) in active.iter().zip(&ends).enumerate() {
            let Targets::Values(targets) = &example.targets else { panic!("values") };
            if network.ends_time() && end < length(example) {
                continue;
            }
            let first = if network.ends_time() { 0 } else { begin / network.patch_len() };
            for t in 0..outputs.lengths()[b] {
                for o in 0..output_size {
                    let (row, target) = (outputs.row(t, b) * output_size + o, (first + t) * output_size + o);
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
        let gradients = Gradients { parameters: &mut gradient, state: Some(&mut dstate), input: None };
        network.backward(parameters, &batch, &doutput, &mut tape, gradients);
        parameters.iter_mut().zip(&gradient).for_each(|(p, g)| *p -= rate * g);
        updates += 1;
    }
    updates
}

/// A batch of five sequences learned three times over in pieces, and the same by hand.
fn assert_truncated_training_is_that_by_hand(network: &Network, piece: usize, pieces_with_targets: u64) {
    let train = examples::<f64>(network, &LENGTHS, 7);
    let config = train_config().with_truncate(piece).with_batch_size(5);
    let mut expected = Init::Torch.draw(network, 1).unwrap();
    let trainer = Trainer::new(network, config, &train, &[]).unwrap();
    let mut progress = trainer.start(expected.clone()).unwrap();
    trainer.run(&mut progress, &mut []).unwrap();

    let mut updates = 0;
    for _ in 0..3 {
        updates += truncated_by_hand(network, &mut expected, &train, piece, 0.1);
    }
    assert_eq!(updates, 3 * pieces_with_targets);
    // Parameters below 1, some thousand roundings of 1.1e-16 in all, hardly amplified.
    for (n, (a, b)) in progress.parameters().iter().zip(&expected).enumerate() {
        let config = network.config();
        assert!((a - b).abs() < 1e-13, "{config:?}, pieces of {piece}: {a} and {b} at {n}");
    }
}

/// Longest first, no two alike: the order in a batch, and so every rounding, does not depend on the
/// shuffling. What rounds differently is the mean: a division here, a multiplication there.
const LENGTHS: [usize; 5] = [9, 7, 4, 3, 1];

/// In how many pieces a sequence ends.
fn pieces_with_ends(piece: usize) -> u64 {
    let mut last_pieces = LENGTHS.map(|length| (length - 1) / piece).to_vec();
    last_pieces.dedup();
    last_pieces.len() as u64
}

#[test]
fn truncated_training_is_that_by_hand() {
    for cell in CellKind::ALL {
        for piece in [1, 2, 3, 4, 8, 9] {
            for (readout, pieces) in
                [(Readout::Every, 9u64.div_ceil(piece as u64)), (Readout::Last, pieces_with_ends(piece))]
            {
                let network = Network::new(Stacked { num_layers: 2, ..network_config(cell, readout) });
                assert_truncated_training_is_that_by_hand(&network.unwrap(), piece, pieces);
            }
        }
    }
}

/// A learned initial state learns from the first piece alone, patches lie within pieces.
#[test]
fn truncated_training_of_chains_is_that_by_hand() {
    let learned = Recurrent::new(CellKind::Lstm, 3).with_learned_state(true);
    let chain =
        || NetworkConfig::new(2).with(learned).with(Patch::new(2)).with(Recurrent::new(CellKind::Gru, 2));
    let every = Network::new(chain().with(LayerNorm::new()).with(Dense::new(2))).unwrap();
    let last =
        chain().with(Pooling::new(PoolingKind::Last)).with(Dense::new(2).with_activation(Activation::Elu));
    let last = Network::new(last).unwrap();
    for piece in [2, 4, 6, 8, 10] {
        assert_truncated_training_is_that_by_hand(&every, piece, 9u64.div_ceil(piece as u64));
        assert_truncated_training_is_that_by_hand(&last, piece, pieces_with_ends(piece));
    }
    let train = examples::<f64>(&every, &LENGTHS, 7);
    let trainer = Trainer::new(&every, train_config(), &train, &[]).unwrap();
    let mut progress = trainer.start(Init::Torch.draw(&every, 1).unwrap()).unwrap();
    trainer.run(&mut progress, &mut []).unwrap();
    let h0 = every.layout().tensor("h0_l0").unwrap().range.clone();
    assert!(progress.parameters()[h0].iter().all(|&value| value != 0.0), "the initial state has not learned");
}

/// Each piece is a step of the schedule, a share of its batch, and told to observers.
#[test]
fn a_piece_of_time_is_a_step() {
    let network = network(CellKind::Gru, Readout::Every);
    let train = examples::<f64>(&network, &[8, 5, 8], 1);
    let config = train_config()
        .with_epochs(2)
        .with_batch_size(3)
        .with_schedule(ScheduleConfig::Cosine { warmup: 1 })
        .with_truncate(2);
    let trainer = Trainer::new(&network, config, &train, &[]).unwrap();
    let mut state = trainer.start(Init::Torch.draw(&network, 1).unwrap()).unwrap();
    let (mut shares, mut rates, mut done) = (Vec::new(), Vec::new(), 0);
    let mut watch = |event: &Event<'_>| {
        match event {
            Event::Batch { progress, sequences, .. } => {
                shares.push((progress.batch(), progress.share()));
                done += sequences;
            }
            Event::Epoch { rate, .. } => rates.push(*rate),
            _ => {}
        }
        Control::Continue
    };
    trainer.run(&mut state, &mut [&mut watch]).unwrap();
    let epoch = [(0, 0.25), (0, 0.5), (0, 0.75), (1, 0.0)];
    assert_eq!((shares, done), ([epoch, epoch].concat(), 6));
    // The last piece of the rise, and that of the fall, three quarters of it behind.
    let last = 0.1 * 0.5 * (1.0 + (std::f64::consts::PI * 0.75).cos());
    assert_eq!(rates, [0.1, last]);
    let rates =
        [0, 1, 2, 3].map(|n| f64::from(n) / 4.0).map(|n| state.schedule().rate_of_piece(n..n + 0.25, 0));
    assert_eq!(rates, [0.025, 0.05, 0.1 * 0.75, 0.1]);
}

/// Burned-in timesteps are run as in a prediction, and what follows is learned from there.
#[test]
fn a_burned_in_sequence_is_one_that_goes_on() {
    let chain = NetworkConfig::new(2)
        .with(Recurrent::new(CellKind::Lstm, 3).with_learned_state(true))
        .with(Dropout::new(0.5))
        .with(Dense::new(2));
    let network = Network::new(chain).unwrap();
    let start: Vec<f64> = Init::Torch.draw(&network, 1).unwrap();
    let whole = examples::<f64>(&network, &[9, 9], 7);
    let rest: Vec<Example<f64>> = whole
        .iter()
        .map(|example| {
            let Targets::Values(targets) = &example.targets else { panic!("values") };
            Example::values(example.x[4 * 2..].to_vec(), targets[4 * 2..].to_vec())
        })
        .collect();
    for truncate in [None, Some(2)] {
        let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::ADAMW).with_truncate(truncate);
        let mut burned = Learner::new(&network, start.clone(), config.clone().with_burn_in(4)).unwrap();
        let batch = TrainingBatch::new(&network, &whole);
        let loss = burned.step(&batch).unwrap();

        let mut other = Learner::new(&network, start.clone(), config).unwrap();
        let mut engine = ScalarEngine::new(&network);
        engine.load(&start);
        let mut state = network.zero_state(2);
        engine.forward(&batch.inputs().chunk(0..4), &mut state, Mode::Predict);
        assert_eq!(loss, other.step_from(&mut state, &TrainingBatch::new(&network, &rest)).unwrap());
        assert_eq!(burned.parameters(), other.parameters());
        // What is burned in counts to no loss.
        let mut changed = whole.clone();
        let Targets::Values(targets) = &mut changed[0].targets else { panic!("values") };
        targets[..4 * 2].fill(99.0);
        assert_eq!(burned.loss(&batch), burned.loss(&TrainingBatch::new(&network, &changed)));
        targets_at(&mut changed[0], 4 * 2);
        assert_ne!(burned.loss(&batch), burned.loss(&TrainingBatch::new(&network, &changed)));
    }
}

/// Changes a target.
fn targets_at(example: &mut Example<f64>, n: usize) {
    let Targets::Values(targets) = &mut example.targets else { panic!("values") };
    targets[n] += 1.0;
}

/// Neither moments nor weight decay move what nothing is learned of.
/// Loss and validation loss would be 0, which no epoch betters.
#[test]
fn what_is_burned_in_must_leave_a_target() {
    let network = network(CellKind::Gru, Readout::Every);
    let refusal = |train: &[Example<f64>], validation: &[Example<f64>]| {
        let config = train_config().with_burn_in(3);
        Trainer::new(&network, config, train, validation).err().map(|error| error.to_string())
    };
    let message = |part| {
        format!(
            "burn_in is 3, but no {part} sequence has a target behind its first 3 timesteps, so nothing of them counts; \
             choose less, or 0 for none"
        )
    };
    let good = examples::<f64>(&network, &[5, 4], 0);
    let mut early = good.clone();
    early.iter_mut().for_each(|example| {
        let Targets::Values(values) = &mut example.targets else { panic!("values") };
        values[3 * network.output_size()..].fill(f64::NAN);
    });
    assert_eq!(refusal(&good, &good), None);
    assert_eq!(refusal(&[early[0].clone(), good[0].clone()], &[]), None);
    assert_eq!(refusal(&early, &[]), Some(message("training")));
    assert_eq!(refusal(&good, &early), Some(message("validation")));
    assert_eq!(refusal(&good, &examples::<f64>(&network, &[2, 3], 1)), Some(message("validation")));
}

#[test]
fn a_piece_without_targets_makes_no_update() {
    let network = network(CellKind::Gru, Readout::Every);
    let mut train = examples::<f64>(&network, &[6, 4], 1);
    for example in &mut train {
        let Targets::Values(targets) = &mut example.targets else { panic!("values") };
        let from = targets.len().min(2 * network.output_size());
        targets[from..].fill(f64::NAN);
    }
    let start: Vec<f64> = Init::Torch.draw(&network, 1).unwrap();
    let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::ADAMW).with_truncate(2);
    let mut learner = Learner::new(&network, start.clone(), config.clone()).unwrap();
    learner.step(&TrainingBatch::new(&network, &train)).unwrap();
    let first: Vec<Example<f64>> = train
        .iter()
        .map(|example| {
            let Targets::Values(targets) = &example.targets else { panic!("values") };
            let first = targets[..2 * network.output_size()].to_vec();
            Example::values(example.x[..2 * network.input_size()].to_vec(), first)
        })
        .collect();
    let mut of_first = Learner::new(&network, start.clone(), config.clone()).unwrap();
    of_first.step(&TrainingBatch::new(&network, &first)).unwrap();
    assert_eq!(learner.parameters(), of_first.parameters());
    let trainer =
        Trainer::new(&network, train_config().with_batch_size(2).with_truncate(2), &train, &[]).unwrap();
    let (mut told, mut epochs) = (0, 0);
    let mut watch = |event: &Event<'_>| {
        match event {
            Event::Batch { .. } => told += 1,
            _ => epochs += 1,
        }
        Control::Continue
    };
    trainer.run(&mut trainer.start(start.clone()).unwrap(), &mut [&mut watch]).unwrap();
    assert_eq!((told, epochs), (3, 3));

    let Targets::Values(targets) = &mut train[0].targets else { panic!("values") };
    targets.fill(f64::NAN);
    let mut learner = Learner::new(&network, start.clone(), config.with_truncate(None)).unwrap();
    assert_eq!(learner.step(&TrainingBatch::new(&network, &train[..1])).unwrap(), 0.0);
    assert_eq!((learner.parameters(), learner.grad_norm()), (start.as_slice(), None));
}
