//! A stream gives the bits of the batch, and goes on giving them.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use elman_network::network::{CellKind, Engine, InstructionSet, Mode, Network, Readout, SimdEngine, Stacked};
use elman_network::stream::Stream;
use proptest::prelude::*;

use crate::drawn::{Problem, any_chain, any_config, numbers, one_layer};

/// The outputs of a stream that reads a sequence, as far as there are any.
fn outputs(stream: &mut Stream, network: &Network, sequence: &[f32]) -> Vec<Vec<f32>> {
    let mut output = vec![0.0; network.output_size()];
    let steps = sequence.chunks_exact(network.input_size());
    steps.filter_map(|x| if stream.step(x, &mut output) { Some(output.clone()) } else { None }).collect()
}

/// The steps of each sequence, and the states after it, against the batch that holds it with others.
fn assert_as_batch(problem: &Problem, set: InstructionSet, threads: usize) {
    let (network, threads) = (&problem.network, NonZeroUsize::new(threads).unwrap());
    let mut engine = SimdEngine::with(network, set, NonZeroUsize::MIN);
    engine.load(&problem.parameters);
    let mut state = network.zero_state(problem.sequences.len());
    let batch = problem.batch();
    let rows = engine.forward(&batch, &mut state, Mode::Predict).to_vec();
    let rows = network.output_packing(batch.packing()).unpack(&rows, network.output_size());
    let mut stream = Stream::with(network, &problem.parameters, set, threads).unwrap();
    for (n, sequence) in problem.sequences.iter().enumerate() {
        let context = format!("{set:?}, {threads} threads, {:?}", network.config());
        let found = outputs(&mut stream, network, sequence);
        let expected: Vec<&[f32]> = rows[n].chunks_exact(network.output_size()).collect();
        // A stream does not know that a patch which waits is the last one.
        let whole_patches = (sequence.len() / network.input_size()).is_multiple_of(network.patch_len());
        if network.ends_time() {
            let last = found.last().map(Vec::as_slice);
            assert!(!whole_patches || last == Some(expected[0]), "{last:?} for {expected:?}: {context}");
        } else {
            let compared = if whole_patches { expected.len() } else { expected.len() - 1 };
            // Of patches of patches, some of the last may not have been given.
            let compared = compared.min(found.len());
            assert!(!whole_patches || found.len() == expected.len(), "{context}");
            assert!(found[..compared].iter().zip(&expected).all(|(a, b)| a == b), "{found:?}: {context}");
        }
        for (layer, block) in network.states().iter().enumerate().filter(|_| whole_patches) {
            let of_stream: Vec<f32> = stream.states(layer).flatten().copied().collect();
            let of_batch = state.get(block.layer, block.direction, n, batch.packing());
            assert_eq!(of_stream, of_batch, "states of layer {layer}, {context}");
        }
        stream.reset();
    }
}

fn on_every_instruction_set(problem: &Problem, threads: usize) {
    for set in InstructionSet::best().and_below() {
        assert_as_batch(problem, set, threads);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn a_stream_gives_the_bits_of_the_batch_on_every_instruction_set(
        config in any_config(),
        lengths in prop::collection::vec(1usize..10, 1..12),
        threads in 1usize..5,
        seed in any::<u64>(),
    ) {
        let config = Stacked { bidirectional: false, dropout: 0.0, ..config };
        on_every_instruction_set(&Problem::new(config, &lengths, seed), threads);
    }

    #[test]
    fn a_stream_of_any_blocks_gives_the_bits_of_the_batch(
        config in any_chain(true),
        lengths in prop::collection::vec(1usize..13, 1..6),
        seed in any::<u64>(),
    ) {
        on_every_instruction_set(&Problem::new(config, &lengths, seed), 1);
    }
}

fn a_million_steps(cell: CellKind) {
    const STEPS: usize = 1_000_000;
    let problem = Problem::new(one_layer(cell, 1, 8, Readout::Every), &[1], 5);
    let x = numbers(STEPS, 9);
    let mut engine = SimdEngine::new(&problem.network);
    engine.load(&problem.parameters);
    let mut stream = Stream::new(&problem.network, &problem.parameters).unwrap();
    let (mut state, mut output) = (problem.network.zero_state(1), [0.0]);
    for x in x.chunks(STEPS / 10) {
        let batch = elman_network::batch::Batch::new(&[x], 1);
        let of_batch = engine.forward(&batch, &mut state, Mode::Predict);
        for (x, expected) in x.iter().zip(of_batch) {
            stream.step(std::slice::from_ref(x), &mut output);
            assert_eq!(output, [*expected], "{cell}");
        }
    }
}

#[test]
fn a_million_steps_do_not_drift_from_the_batch() {
    [CellKind::Elman, CellKind::Gru, CellKind::Lstm].into_iter().for_each(a_million_steps);
}

/// A network whose state decays to nothing: without input, past 2^-100, where it becomes 0.
#[test]
fn decaying_states_reach_zero_and_do_not_slow_a_stream_down() {
    let network = Network::new(one_layer(CellKind::ElmanRelu, 1, 16, Readout::Every)).unwrap();
    let mut parameters = vec![0.0; network.layout().len()];
    let tensor = |name: &str| network.layout().tensor(name).unwrap().range.clone();
    parameters[tensor("weight_ih_l0")].fill(1.0);
    // h' = 0.999 h: some 70,000 steps to 2^-100.
    parameters[tensor("weight_hh_l0")].iter_mut().step_by(17).for_each(|diagonal| *diagonal = 0.999);
    let mut stream = Stream::new(&network, &parameters).unwrap();
    let mut output = [0.0];
    stream.step(&[1.0], &mut output);
    let mut slowest_and_fastest = (Duration::ZERO, Duration::MAX);
    for _ in 0..200 {
        let start = Instant::now();
        for _ in 0..1000 {
            stream.step(&[0.0], &mut output);
        }
        let time = start.elapsed();
        slowest_and_fastest = (slowest_and_fastest.0.max(time), slowest_and_fastest.1.min(time));
    }
    // For the eye: time is no matter of pass or fail on a machine that others use.
    println!("1000 steps took from {:?} to {:?}", slowest_and_fastest.1, slowest_and_fastest.0);
    let h = stream.states(0).next().unwrap();
    assert!(h.iter().all(|&h| h == 0.0), "{h:?}");
}
