//! A sequence alone goes another way through the engine than one in a batch: its bits are the same.

use std::num::NonZeroUsize;

use elman_network::batch::Batch;
use elman_network::network::{
    CellKind, Engine, Gradients, InstructionSet, Mode, Readout, SimdEngine, Stacked, State,
};

use crate::drawn::{Problem, numbers, one_layer};

/// What comes of each sequence: outputs and input gradients by timestep, final states and gradients of the
/// initial ones by block.
type Outcome = [Vec<Vec<u32>>; 4];

/// So many copies of a problem's sequence, forward and back.
fn outcomes(problem: &Problem, set: InstructionSet, copies: usize) -> Vec<Outcome> {
    let network = &problem.network;
    let sequences = vec![problem.sequences[0].as_slice(); copies];
    let batch = Batch::new(&sequences, network.config().input_size);
    let mut engine = SimdEngine::with(network, set, NonZeroUsize::MIN);
    engine.load(&problem.parameters);
    let mut end = network.zero_state(copies);
    let predicted = engine.forward(&batch, &mut end, Mode::Predict).to_vec();
    let (mut state, mut dstate) = (network.zero_state(copies), network.zero_state(copies));
    let output = engine.forward(&batch, &mut state, Mode::Evaluate).to_vec();
    assert_eq!(predicted, output, "what is predicted and what is kept");
    for block in 0..end.num_blocks() {
        assert_eq!(end.block(block), state.block(block), "states of block {block} after a prediction");
    }
    let steps = output.len() / copies;
    let doutput: Vec<f32> = numbers(steps, 3).iter().flat_map(|&d| vec![d; copies]).collect();
    let mut dx = vec![0.0; batch.x().len()];
    let mut gradient = vec![0.0; problem.parameters.len()];
    let gradients = Gradients { parameters: &mut gradient, state: Some(&mut dstate), input: Some(&mut dx) };
    engine.backward(&batch, &doutput, gradients);
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
    let rows = |values: &[f32], copy: usize| {
        let rows = values.chunks_exact(values.len() / steps / copies);
        rows.skip(copy).step_by(copies).map(bits).collect::<Vec<_>>()
    };
    let blocks = |state: &State<f32>, copy: usize| {
        let block =
            |block| state.block(block).chunks_exact(state.block(block).len() / copies).nth(copy).map(bits);
        (0..state.num_blocks()).filter_map(block).collect::<Vec<_>>()
    };
    let of = |copy| [rows(&output, copy), rows(&dx, copy), blocks(&state, copy), blocks(&dstate, copy)];
    (0..copies).map(of).collect()
}

/// Sizes at which a layer has one panel or several, alone or side by side, all equally wide or not.
const HIDDEN_SIZES: [usize; 17] = [1, 4, 5, 8, 9, 16, 17, 25, 31, 32, 33, 64, 65, 104, 128, 136, 300];

/// A sequence by itself and as one of two copies.
fn assert_alone_as_among_copies(config: Stacked, steps: usize) {
    let problem = Problem::new(config, &[steps], 7);
    for set in InstructionSet::best().and_below() {
        let alone = outcomes(&problem, set, 1);
        for among in outcomes(&problem, set, 2) {
            assert_eq!(among, alone[0], "{:?}, {steps} steps on {set:?}", problem.network.config());
        }
    }
}

#[test]
fn a_sequence_alone_has_the_bits_of_one_among_copies() {
    for cell in CellKind::ALL {
        for (n, &hidden_size) in HIDDEN_SIZES.iter().enumerate() {
            let config = one_layer(cell, 3, hidden_size, Readout::Every);
            assert_alone_as_among_copies(
                Stacked { bidirectional: n % 3 == 0, ..config },
                [1, 2, 5, 6][n % 4],
            );
        }
    }
}

/// Many inputs are multiplied for many timesteps at once: for fewer than one of these has, for more than the others.
#[test]
fn a_sequence_of_many_inputs_has_the_bits_of_one_among_copies() {
    for cell in CellKind::ALL {
        for (input_size, hidden_size, steps) in [(2000, 5, 3), (600, 17, 50), (300, 33, 4), (130, 72, 5)] {
            let config = one_layer(cell, input_size, hidden_size, Readout::Every);
            assert_alone_as_among_copies(Stacked { bidirectional: true, ..config }, steps);
        }
    }
}
