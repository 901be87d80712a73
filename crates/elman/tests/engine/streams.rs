//! A stream gives the bits of the batch, and goes on giving them.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use elman::network::{CellKind, Engine, Mode, Network, Readout, SimdEngine, Stacked};
use elman_core::cell::{Cell, Elman, ElmanRelu, Gru, GruResetBefore, Lstm};
use elman_core::simd::stream::Stream;
use elman_core::simd::team::Share;
use elman_core::simd::{Level, levels};
use elman_core::step::Weights;
use proptest::prelude::*;

use crate::drawn::{Problem, any_config, numbers, one_layer};

/// A stream, its packed weights and its memory.
struct Running<C> {
    stream: Stream<C>,
    weights: Vec<f32>,
    memory: Vec<f32>,
    output: Vec<f32>,
}

impl<C: Cell> Running<C> {
    fn new(network: &Network, parameters: &[f32], level: Level) -> Self {
        let (input_size, output_size) = (network.input_size(), network.output_size());
        let (hidden_size, num_layers) = (network.states()[0].hidden_size, network.states().len());
        let stream = Stream::new(level, input_size, hidden_size, num_layers, output_size);
        let tensor = |name: String| &parameters[network.layout().tensor(&name).unwrap().range.clone()];
        let mut weights = vec![f32::NAN; stream.weights_len()];
        for l in 0..num_layers {
            let of = |name: &str| tensor(format!("{name}_l{l}"));
            let layer = Weights {
                weight_ih: of("weight_ih"),
                weight_hh: of("weight_hh"),
                bias_ih: of("bias_ih"),
                bias_hh: of("bias_hh"),
            };
            stream.pack_layer(l, layer, &mut weights);
        }
        stream.pack_head(tensor("head.weight".into()), tensor("head.bias".into()), &mut weights);
        let memory = vec![0.0; stream.memory_len()];
        Running { stream, weights, memory, output: vec![0.0; output_size] }
    }

    fn step(&mut self, x: &[f32]) -> &[f32] {
        self.stream.step(&self.weights, &mut self.memory, x, &mut self.output);
        &self.output
    }

    /// The same in shares, the last one first.
    fn step_in_shares(&mut self, of: usize, x: &[f32]) -> &[f32] {
        let Running { stream, weights, memory, output } = self;
        for layer in 0..stream.num_layers() {
            let shares = (0..of).rev().map(|part| {
                let share = Share::new(part, of);
                let mut work = vec![f32::NAN; stream.share_len()];
                stream.step_share(layer, share, weights, memory, x, &mut work);
                (share, work)
            });
            for (share, work) in shares.collect::<Vec<_>>() {
                stream.hand_over(layer, share, &work, memory);
            }
        }
        stream.finish(weights, memory, output);
        output
    }
}

/// Steps that are shared out against those that are not.
fn hold_shares<C: Cell>(problem: &Problem, level: Level, of: usize) {
    if !Share::suits::<C>() {
        return;
    }
    let new = || Running::<C>::new(&problem.network, &problem.parameters, level);
    let (mut alone, mut shared) = (new(), new());
    for (n, x) in problem.sequences[0].chunks_exact(problem.network.config().input_size).enumerate() {
        let context = format!("{of} shares, {level:?} {:?}", problem.network.config());
        // Some steps alone in between, as where samples come slowly for a while.
        let output = if n % 5 == 3 { shared.step(x) } else { shared.step_in_shares(of, x) };
        assert_eq!(output, alone.step(x), "{context}");
        for layer in 0..alone.stream.num_layers() {
            let states = |running: &Running<C>| -> Vec<f32> {
                running.stream.states(layer, &running.memory).flatten().copied().collect()
            };
            assert_eq!(states(&shared), states(&alone), "states of layer {layer}, {context}");
        }
    }
}

/// The steps of one sequence, and the states after it, against the batch that holds it with others.
fn hold<C: Cell>(problem: &Problem, level: Level) {
    let config = problem.network.config();
    let mut engine = SimdEngine::with(&problem.network, level, NonZeroUsize::MIN);
    engine.load(&problem.parameters);
    let mut state = problem.network.zero_state(problem.sequences.len());
    let batch = problem.batch();
    let rows = engine.forward(&batch, &mut state, Mode::Predict).to_vec();
    let outputs = batch.packing().unpack(&rows, problem.network.output_size());
    for (b, &n) in batch.packing().order().iter().enumerate() {
        let mut running = Running::<C>::new(&problem.network, &problem.parameters, level);
        let steps = problem.sequences[n].chunks_exact(config.input_size);
        for (x, expected) in steps.zip(outputs[n].chunks_exact(problem.network.output_size())) {
            assert_eq!(running.step(x), expected, "{level:?} {config:?}");
        }
        for layer in 0..state.num_blocks() {
            let of_stream: Vec<f32> =
                running.stream.states(layer, &running.memory).flatten().copied().collect();
            let of_batch = &state.block(layer)[b * of_stream.len()..][..of_stream.len()];
            assert_eq!(of_stream, of_batch, "states of layer {layer}, {level:?} {config:?}");
        }
    }
}

fn hold_any(problem: &Problem, level: Level, shares: usize) {
    fn both<C: Cell>(problem: &Problem, level: Level, shares: usize) {
        hold::<C>(problem, level);
        hold_shares::<C>(problem, level, shares);
    }
    match problem.network.states()[0].cell {
        CellKind::Elman => both::<Elman>(problem, level, shares),
        CellKind::ElmanRelu => both::<ElmanRelu>(problem, level, shares),
        CellKind::Gru => both::<Gru>(problem, level, shares),
        CellKind::GruResetBefore => both::<GruResetBefore>(problem, level, shares),
        CellKind::Lstm => both::<Lstm>(problem, level, shares),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn a_stream_gives_the_bits_of_the_batch_on_every_level(
        config in any_config(),
        lengths in prop::collection::vec(1usize..10, 1..12),
        shares in 1usize..5,
        seed in any::<u64>(),
    ) {
        let config =
            Stacked { bidirectional: false, dropout: 0.0, readout: Readout::Every, ..config };
        let problem = Problem::new(config, &lengths, seed);
        for level in levels(Level::new()) {
            hold_any(&problem, level, shares);
        }
    }
}

fn a_million_steps<C: Cell>(cell: CellKind) {
    const STEPS: usize = 1_000_000;
    let problem = Problem::new(one_layer(cell, 1, 8, Readout::Every), &[1], 5);
    let x = numbers(STEPS, 9);
    let mut engine = SimdEngine::new(&problem.network);
    engine.load(&problem.parameters);
    let mut running = Running::<C>::new(&problem.network, &problem.parameters, Level::new());
    let mut state = problem.network.zero_state(1);
    for x in x.chunks(STEPS / 10) {
        let batch = elman::batch::Batch::new(&[x], 1);
        let of_batch = engine.forward(&batch, &mut state, Mode::Predict);
        for (x, expected) in x.iter().zip(of_batch) {
            assert_eq!(running.step(std::slice::from_ref(x)), std::slice::from_ref(expected), "{cell}");
        }
    }
}

#[test]
fn a_million_steps_do_not_drift_from_the_batch() {
    a_million_steps::<Elman>(CellKind::Elman);
    a_million_steps::<Gru>(CellKind::Gru);
    a_million_steps::<Lstm>(CellKind::Lstm);
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
    let mut running = Running::<ElmanRelu>::new(&network, &parameters, Level::new());
    running.step(&[1.0]);
    let mut slowest_and_fastest = (Duration::ZERO, Duration::MAX);
    for _ in 0..200 {
        let start = Instant::now();
        for _ in 0..1000 {
            running.step(&[0.0]);
        }
        let time = start.elapsed();
        slowest_and_fastest = (slowest_and_fastest.0.max(time), slowest_and_fastest.1.min(time));
    }
    // For the eye: time is no matter of pass or fail on a machine that others use.
    println!("1000 steps took from {:?} to {:?}", slowest_and_fastest.1, slowest_and_fastest.0);
    let h = running.stream.states(0, &running.memory).next().unwrap();
    assert!(h.iter().all(|&h| h == 0.0), "{h:?}");
}
