//! Outputs, final states and all gradients of chains of blocks: `reference/blocks.safetensors`.

use elman_core::lane::Scalar;
use elman_network::batch::{Batch, Packing};
use elman_network::float::convert;
use elman_network::network::{
    Activation, CellKind, Dense, Direction, Embedding, Gradients, LayerNorm, Mode, Network, NetworkConfig,
    Output, Patch, Pooling, PoolingKind, Recurrent, Skip, State, StateBlock, Tape,
};

use crate::jittered::{self, Jittered};
use crate::reference::{Tensors, largest, tensors, worst_error};

const BATCH_SIZE: usize = 4;
const INPUT_SIZE: usize = 3;

/// What PyTorch's and our `f64` may differ by, relative to the largest magnitude of a tensor, as in
/// [`networks`](crate::networks).
const F64_TOLERANCE: f64 = 1e-12;

/// The chains by name.
fn chains() -> Vec<(String, NetworkConfig)> {
    let start = || NetworkConfig::new(INPUT_SIZE);
    let elman = Recurrent::new(CellKind::Elman, 6).with_direction(Direction::Reverse);
    let (gru, lstm) = (Recurrent::new(CellKind::Gru, 5), Recurrent::new(CellKind::Lstm, 5));
    let both = |layer: Recurrent| layer.with_direction(Direction::Both);
    let head = Dense::new(2);
    let mut chains = Vec::new();
    let mut add = |name: &str, config: NetworkConfig| chains.push((name.to_owned(), config));
    for activation in Activation::ALL.into_iter().filter(|&activation| activation != Activation::Softmax) {
        let dense = Dense::new(4).with_activation(activation);
        add(&format!("dense-{activation}"), start().with(lstm).with(dense).with(head));
    }
    add("softmax", start().with(gru).with(Dense::new(3).with_activation(Activation::Softmax)));
    add("embedding", NetworkConfig::new(1).with(Embedding::new(7, 4)).with(gru).with(head));
    let narrow = Recurrent::new(CellKind::Gru, 4);
    add("layer-norm", start().with(lstm).with(LayerNorm::new()).with(narrow).with(head));
    add("skip", start().with(lstm).with(Dense::new(3)).with(Skip::new(2)));
    for kind in [PoolingKind::Last, PoolingKind::Mean, PoolingKind::Max] {
        add(&format!("pooling-{kind}"), start().with(both(gru)).with(Pooling::new(kind)).with(head));
    }
    add("patch", start().with(Patch::new(2)).with(lstm).with(head));
    add("patch-bi", start().with(Patch::new(2)).with(both(gru)).with(head));
    add("learned-state", start().with(both(lstm).with_learned_state(true)).with(head));
    let keeping = lstm.with_learned_state(true).with_zoneout(0.1, 0.6);
    add("zoneout", start().with(both(gru).with_zoneout(0.2, 0.0)).with(keeping).with(head));
    let middle = both(Recurrent::new(CellKind::Lstm, 4));
    add("mixed", start().with(gru).with(middle).with(elman).with(head));
    add("states", start().with(lstm));
    add("last", start().with(lstm).with(both(narrow).with_output(Output::Last)).with(head));
    chains
}

/// A chain with its input, its upstream gradients and what PyTorch made of them.
struct Case {
    name: String,
    network: Network,
    parameters: Vec<f64>,
    /// The case's tensors, named as in `reference/README.md`.
    tensors: Tensors<f64>,
}

impl Case {
    /// All thirty-eight.
    fn all() -> Vec<Case> {
        let file = tensors("blocks");
        let mut cases = Vec::new();
        for (chain, config) in chains() {
            for batch in ["equal", "unequal"] {
                cases.push(Case::new(format!("{chain}-{batch}"), config.clone(), &file));
            }
        }
        let read: usize = cases.iter().map(|case| case.tensors.len()).sum();
        assert_eq!((cases.len(), read), (38, file.len()), "cases, and tensors read and present");
        cases
    }

    fn new(name: String, config: NetworkConfig, file: &Tensors<f64>) -> Case {
        let network = Network::new(config).expect("a valid configuration");
        let prefix = format!("{name}/");
        let of_case = |(key, values): (&String, &Vec<f64>)| {
            Some((key.strip_prefix(&prefix)?.to_owned(), values.clone()))
        };
        let tensors: Tensors<f64> = file.iter().filter_map(of_case).collect();
        let mut parameters = vec![0.0; network.layout().len()];
        for tensor in network.layout().tensors() {
            parameters[tensor.range.clone()].copy_from_slice(&tensors[&format!("param/{}", tensor.name)]);
        }
        let given = tensors.keys().filter(|name| name.starts_with("param/")).count();
        assert_eq!(given, network.layout().tensors().len(), "{name}: parameters");
        Case { name, network, parameters, tensors }
    }

    /// Runs the case in number type `T`, by the plain code: PyTorch's results under PyTorch's names, in its
    /// layout.
    fn run<T: Scalar>(&self) -> Tensors<T> {
        let (input_size, output_size) = (self.network.input_size(), self.network.output_size());
        let lengths: Vec<usize> = self.tensors["lengths"].iter().map(|&length| length as usize).collect();
        let x: Vec<Vec<T>> = sequences(&self.tensors["x"], &lengths, input_size);
        let batch = Batch::new(&x.iter().map(Vec::as_slice).collect::<Vec<_>>(), input_size);
        let (packing, outputs) = (batch.packing(), self.network.output_packing(batch.packing()));
        let parameters: Vec<T> = convert(&self.parameters);
        let (mut state, mut tape) = (self.network.zero_state(BATCH_SIZE), Tape::default());
        let mut results = Tensors::new();
        self.network.forward(&parameters, &batch, &mut state, Mode::Evaluate, &mut tape);
        let steps = self.tensors["output"].len() / BATCH_SIZE / output_size;
        let output = outputs.unpack(tape.output(), output_size);
        results.insert("output".into(), padded(&output, steps, output_size));
        for (block, place) in self.states() {
            for (s, name) in state_names(block.cell).iter().enumerate() {
                let of =
                    |n| state.get(block.layer, block.direction, n, packing)[s * block.hidden_size..].iter();
                let values = (0..BATCH_SIZE).flat_map(|n| of(n).take(block.hidden_size).copied()).collect();
                results.insert(format!("{place}/{name}_n"), values);
            }
        }

        let mut gradient = vec![T::default(); parameters.len()];
        let mut dx = vec![T::default(); batch.x().len()];
        let mut dstate = self.dstate(packing);
        let output_lengths: Vec<usize> =
            lengths.iter().map(|&length| self.network.output_len(length)).collect();
        let doutput: Vec<Vec<T>> = sequences(&self.tensors["doutput"], &output_lengths, output_size);
        let doutput = outputs.pack(&doutput.iter().map(Vec::as_slice).collect::<Vec<_>>(), output_size);
        let gradients =
            Gradients { parameters: &mut gradient, state: Some(&mut dstate), input: Some(&mut dx) };
        self.network.backward(&parameters, &batch, &doutput, &mut tape, gradients);
        let steps = self.tensors["x"].len() / BATCH_SIZE / input_size;
        results.insert("grad/x".into(), padded(&packing.unpack(&dx, input_size), steps, input_size));
        for tensor in self.network.layout().tensors() {
            results.insert(format!("grad/{}", tensor.name), gradient[tensor.range.clone()].to_vec());
        }
        results
    }

    /// The recurrent blocks and directions, each with its name in the file.
    fn states(&self) -> impl Iterator<Item = (&StateBlock, String)> {
        let name =
            |block: &StateBlock| format!("l{}{}", block.layer, if block.reverse { "_reverse" } else { "" });
        self.network.states().iter().map(move |block| (block, name(block)))
    }

    fn dstate<T: Scalar>(&self, packing: &Packing) -> State<T> {
        let mut state = self.network.zero_state(BATCH_SIZE);
        for (block, place) in self.states() {
            for n in 0..BATCH_SIZE {
                let of = |name: &&str| {
                    &self.tensors[&format!("{place}/d{name}_n")][n * block.hidden_size..][..block.hidden_size]
                };
                let values: Vec<f64> = state_names(block.cell).iter().map(of).collect::<Vec<_>>().concat();
                state.set(block.layer, block.direction, n, packing, &convert(&values));
            }
        }
        state
    }

    /// The names of the results.
    fn results(&self) -> impl Iterator<Item = &String> {
        let is_result = |name: &&String| {
            name.starts_with("grad/") || *name == "output" || name.ends_with("/h_n") || name.ends_with("/c_n")
        };
        self.tensors.keys().filter(is_result)
    }

    /// The largest error of results in units of what is allowed, and the name of its tensor.
    fn worst<T: Scalar>(&self, results: &Tensors<T>, allowed: impl Fn(&str) -> Vec<f64>) -> (f64, String) {
        let error = |name: &String| worst_error(&results[name], &self.tensors[name], &allowed(name));
        let errors = self.results().map(|name| (error(name), name.clone()));
        errors.max_by(|a, b| a.0.total_cmp(&b.0)).expect("results")
    }

    /// What `f64` may differ by, per entry of a result.
    fn allowed_in_f64(&self, name: &str) -> Vec<f64> {
        vec![F64_TOLERANCE * largest(&self.tensors[name]); self.tensors[name].len()]
    }
}

/// The names of a cell's states.
fn state_names(cell: CellKind) -> &'static [&'static str] {
    cell.facts().state_names
}

/// From `[T, B, width]` to a `[length, width]` per sequence.
fn sequences<T: Scalar>(padded: &[f64], lengths: &[usize], width: usize) -> Vec<Vec<T>> {
    let sequence = |(b, &length): (usize, &usize)| {
        let steps = (0..length).flat_map(|t| &padded[(t * BATCH_SIZE + b) * width..][..width]);
        steps.map(|&value| T::from_f64(value)).collect()
    };
    lengths.iter().enumerate().map(sequence).collect()
}

/// From a `[length, width]` per sequence to `[steps, B, width]`, 0 past a sequence's end.
fn padded<T: Scalar>(sequences: &[Vec<T>], steps: usize, width: usize) -> Vec<T> {
    let mut padded = vec![T::default(); steps * BATCH_SIZE * width];
    for (b, sequence) in sequences.iter().enumerate() {
        for (t, values) in sequence.chunks_exact(width).enumerate() {
            padded[(t * BATCH_SIZE + b) * width..][..width].copy_from_slice(values);
        }
    }
    padded
}

#[test]
fn f64_agrees_with_pytorch() {
    for case in Case::all() {
        let (worst, name) = case.worst(&case.run::<f64>(), |name| case.allowed_in_f64(name));
        assert!(worst <= 1.0, "{}: {name} is {worst:.2} times {F64_TOLERANCE} off", case.name);
    }
}

#[test]
fn f32_agrees_with_pytorch_as_far_as_it_can() {
    for case in Case::all() {
        let jittered = case.run::<Jittered>();
        let allowed = |name: &str| {
            let more = jittered::allowed(&jittered[name]);
            case.allowed_in_f64(name).iter().zip(more).map(|(allowed, more)| allowed + more).collect()
        };
        let (worst, name) = case.worst(&case.run::<f32>(), allowed);
        assert!(worst <= 1.0, "{}: {name} is off by {worst:.2} times its error bound", case.name);
    }
}

/// Every tensor a thousandth too large, or its values one off, is noticed.
#[test]
fn mistakes_in_any_parameter_are_noticed() {
    for mut case in Case::all() {
        let right = case.parameters.clone();
        for tensor in case.network.clone().layout().tensors() {
            let rotate: fn(&mut [f64]) = |values| values.rotate_left(1);
            let scale: fn(&mut [f64]) = |values| values.iter_mut().for_each(|value| *value *= 1.001);
            for mistake in [rotate, scale] {
                mistake(&mut case.parameters[tensor.range.clone()]);
                let (worst, _) = case.worst(&case.run::<f64>(), |name| case.allowed_in_f64(name));
                assert!(
                    worst > 1e6,
                    "{}: a mistake in {} is {worst:.2} times the bound",
                    case.name,
                    tensor.name
                );
                case.parameters.copy_from_slice(&right);
            }
        }
    }
}
