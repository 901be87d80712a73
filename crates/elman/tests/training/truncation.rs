//! Truncated backpropagation through time.

use elman::batch::Batch;
use elman::init::Init;
use elman::loss::Targets;
use elman::network::{CellKind, Gradients, Mode, Network, Readout, Stacked, State, Tape};
use elman::sequence::Example;
use elman::train::{TrainConfig, Trainer};

use crate::setup::{assert_same, examples, network, network_config, train_config};

#[test]
fn a_piece_as_long_as_the_sequences_changes_nothing() {
    for cell in CellKind::ALL {
        for readout in [Readout::Last, Readout::Every] {
            let network = network(cell, readout);
            let train = examples::<f64>(&network, &[6, 1, 4, 6, 3], 1);
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
    let (input_size, output_size) = (network.input_size(), network.output_size());
    let readout = if network.ends_time() { Readout::Last } else { Readout::Every };
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
        let gradients = Gradients { parameters: &mut gradient, state: Some(&mut dstate), input: None };
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
                let network = Network::new(Stacked { num_layers: 2, ..network_config(cell, readout) });
                let network = network.unwrap();
                let train = examples::<f64>(&network, &lengths, 7);
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
