//! The starting parameters are distributed as [`Init`] documents it.

use elman_network::float::convert;
use elman_network::init::Init;
use elman_network::network::{
    Activation, CellKind, Dense, Embedding, LayerNorm, Network, NetworkConfig, Readout, Recurrent, Stacked,
};

use crate::drawn::{assert_same_bits, largest};

const INPUT_SIZE: usize = 4;
const OUTPUT_SIZE: usize = 3;

/// Two layers in both directions.
fn network(cell: CellKind, hidden_size: usize) -> Network {
    let config = Stacked {
        cell,
        input_size: INPUT_SIZE,
        hidden_size,
        num_layers: 2,
        bidirectional: true,
        dropout: 0.0,
        output_size: OUTPUT_SIZE,
        readout: Readout::Last,
    };
    Network::new(config).expect("a valid configuration")
}

fn draw(init: Init, network: &Network, seed: u64) -> Vec<f64> {
    init.draw(network, seed).expect("a cell that it is for")
}

/// The cells that an initialisation is for.
fn cells(init: Init) -> impl Iterator<Item = CellKind> {
    CellKind::ALL.into_iter().filter(move |cell| init != Init::Identity || cell.facts().fits_identity)
}

/// Calls `f` with each tensor's name, columns and values.
fn for_each_tensor(network: &Network, parameters: &[f64], mut f: impl FnMut(&str, usize, &[f64])) {
    for tensor in network.layout().tensors() {
        let columns = tensor.shape.last().copied().expect("a shape");
        f(&tensor.name, columns, &parameters[tensor.range.clone()]);
    }
}

/// Asserts that values fill `[low, high)` as many uniform ones do.
#[track_caller]
fn assert_uniform(values: &[f64], low: f64, high: f64, what: &str) {
    assert!(values.iter().all(|value| (low..high).contains(value)), "{what} outside [{low}, {high})");
    // A twentieth at each end: by chance empty for 200 values with probability 3e-5. The seed is fixed.
    let near = 0.05 * (high - low);
    let ends =
        values.iter().any(|&value| value < low + near) && values.iter().any(|&value| value > high - near);
    assert!(values.len() < 200 || ends, "{what} does not fill [{low}, {high})");
}

fn assert_zero(values: &[f64], what: &str) {
    assert_eq!(largest(values), 0.0, "{what} is not 0");
}

#[test]
fn torch_is_uniform_within_its_bounds() {
    for cell in cells(Init::Torch) {
        let network = network(cell, 16);
        let parameters = draw(Init::Torch, &network, 7);
        let of_head = network.layout().tensor("head.weight").expect("a head").range.start;
        for_each_tensor(&network, &parameters, |name, _, values| {
            // The head reads the 32 values of both directions.
            let bound = if name.starts_with("head.") { 1.0 / 32f64.sqrt() } else { 0.25 };
            assert_uniform(values, -bound, bound, name);
            assert!(values.iter().all(|&value| value != 0.0), "{name} has zeros");
        });
        assert!(largest(&parameters[..of_head]) > 0.9 * 0.25);
        assert!(largest(&parameters[of_head..]) > 0.9 / 32f64.sqrt());
    }
}

#[test]
fn orthogonal_recurrent_weights_are_orthogonal_and_only_forget_biases_are_one() {
    for hidden_size in [1, 2, 7, 33] {
        for cell in cells(Init::Orthogonal) {
            let network = network(cell, hidden_size);
            let parameters = draw(Init::Orthogonal, &network, 7);
            for_each_tensor(&network, &parameters, |name, columns, values| {
                if name.starts_with("weight_hh") {
                    values
                        .chunks_exact(columns * columns)
                        .for_each(|gate| assert_orthogonal(gate, columns, name));
                } else if name.starts_with("weight_ih") || name == "head.weight" {
                    let rows = if name.starts_with("head.") { OUTPUT_SIZE } else { hidden_size };
                    let bound = (6.0 / (rows + columns) as f64).sqrt();
                    assert_uniform(values, -bound, bound, name);
                } else if name.starts_with("bias_ih")
                    && let Some(gate) = cell.facts().forget_gate
                {
                    let (before, rest) = values.split_at(gate * hidden_size);
                    let (forget, after) = rest.split_at(hidden_size);
                    assert_eq!(forget, vec![1.0; hidden_size], "{name} of the forget gate");
                    assert_zero(before, name);
                    assert_zero(after, name);
                } else {
                    // Other biases, and peepholes.
                    assert_zero(values, name);
                }
            });
        }
    }
}

/// `W W^T = I`, up to the rounding of sums of up to 33 products.
fn assert_orthogonal(matrix: &[f64], n: usize, what: &str) {
    for (i, a) in matrix.chunks_exact(n).enumerate() {
        for (j, b) in matrix.chunks_exact(n).enumerate() {
            let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            let expected = if i == j { 1.0 } else { 0.0 };
            assert!(
                (product - expected).abs() < 1e-14,
                "{what}: rows {i} and {j} have the product {product}"
            );
        }
    }
}

#[test]
fn notebook_weights_are_small_and_positive() {
    for cell in cells(Init::Notebook) {
        let network = network(cell, 16);
        for_each_tensor(&network, &draw(Init::Notebook, &network, 7), |name, _, values| {
            if name.contains("weight") {
                assert_uniform(values, 0.0, 0.01, name)
            } else {
                assert_zero(values, name)
            }
        });
    }
}

#[test]
fn identity_is_the_identity_among_small_normal_weights() {
    for cell in cells(Init::Identity) {
        let network = network(cell, 33);
        for_each_tensor(&network, &draw(Init::Identity, &network, 7), |name, columns, values| {
            if name.starts_with("weight_hh") {
                for (k, &value) in values.iter().enumerate() {
                    assert_eq!(value, if k / columns == k % columns { 1.0 } else { 0.0 }, "{name}");
                }
            } else if name.contains("weight") {
                // The deviation of n values is known to 1 / sqrt(2 n): 6 % for the smallest tensor.
                let mean_square = values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
                assert!((mean_square.sqrt() / 0.001 - 1.0).abs() < 0.2, "{name}: {}", mean_square.sqrt());
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                assert!(mean.abs() < 4.0 * 0.001 / (values.len() as f64).sqrt(), "{name}: mean {mean}");
                // Unlike uniform values of that deviation, some are beyond 1.74 of it.
                assert!(largest(values) > 0.0018, "{name} is not normal");
            } else {
                assert_zero(values, name);
            }
        });
    }
}

#[test]
fn identity_for_a_cell_with_gates_is_an_error() {
    for cell in [CellKind::Gru, CellKind::GruResetBefore, CellKind::Lstm] {
        let error = Init::Identity.draw::<f64>(&network(cell, 4), 7).expect_err("it is not for gates");
        let expected =
            format!("init \"identity\" is for elman and elman-relu, not for {cell}; use orthogonal");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn both_number_types_start_from_the_same_network() {
    for init in Init::ALL {
        for cell in cells(init) {
            let network = network(cell, 5);
            let double = draw(init, &network, 7);
            let single: Vec<f32> = init.draw(&network, 7).expect("a cell that it is for");
            let rounded: Vec<f32> = convert(&double);
            assert_eq!(single, rounded, "{init} of {cell}");
        }
    }
}

#[test]
fn the_seed_decides() {
    for init in Init::ALL {
        for cell in cells(init) {
            let network = network(cell, 5);
            let what = format!("{init} of {cell}");
            assert_same_bits(&draw(init, &network, 7), &draw(init, &network, 7), &what);
            assert_ne!(draw(init, &network, 7), draw(init, &network, 8), "{what}");
        }
    }
}

/// The blocks beside recurrent layers and the head.
#[test]
fn other_blocks_start_as_pytorch_has_them() {
    let layer = Recurrent::new(CellKind::Elman, 5).with_learned_state(true);
    let config = NetworkConfig::new(1)
        .with(Embedding::new(40, 25))
        .with(layer)
        .with(LayerNorm::new())
        .with(Dense::new(60).with_activation(Activation::Relu))
        .with(Dense::new(2));
    let network = Network::new(config).expect("a valid configuration");
    for init in Init::ALL {
        for_each_tensor(&network, &draw(init, &network, 7), |name, columns, values| match name {
            "h0_l0" | "norm0.bias" => assert_zero(values, name),
            "norm0.weight" => assert_eq!(values, [1.0; 5], "{init}"),
            "embedding.weight" if init != Init::Notebook => {
                let deviation = if init == Init::Identity { 0.001 } else { 1.0 };
                let mean_square = values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
                assert!((mean_square.sqrt() / deviation - 1.0).abs() < 0.1, "{init}: {}", mean_square.sqrt());
                assert!(largest(values) > 2.5 * deviation, "{init} is not normal");
            }
            "dense0.weight" | "dense0.bias" if init == Init::Torch => {
                assert_uniform(values, -1.0 / 5f64.sqrt(), 1.0 / 5f64.sqrt(), name);
            }
            "dense0.weight" if init == Init::Orthogonal => {
                let bound = (6.0 / (60.0 + columns as f64)).sqrt();
                assert_uniform(values, -bound, bound, name);
            }
            "dense0.weight" | "embedding.weight" if init == Init::Notebook => {
                assert_uniform(values, 0.0, 0.01, name)
            }
            "dense0.bias" => assert_zero(values, name),
            _ => {}
        });
    }
}
