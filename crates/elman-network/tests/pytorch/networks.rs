//! Outputs of every step, final states and all gradients: every cell, depth, direction and kind
//! of batch.

use std::fmt::Debug;
use std::num::NonZeroUsize;

use elman_core::lane::Scalar;
use elman_network::batch::Batch;
use elman_network::float::convert;
use elman_network::network::{
    CellKind, Engine, Gradients, InstructionSet, Mode, Network, Readout, ScalarEngine, SimdEngine, Stacked,
    State,
};
use elman_network::parameters::Tensor;

use crate::jittered::{self, Jittered};
use crate::reference::{Tensors, largest, tensors, worst_error};

// The sizes of every case.
const SEQ_LEN: usize = 6;
const BATCH_SIZE: usize = 4;
const INPUT_SIZE: usize = 3;
const HIDDEN_SIZE: usize = 5;

/// What PyTorch's and our `f64` may differ by, relative to the largest magnitude of a tensor: each
/// entry is some hundred roundings of 2^-53 away from the true value, grown by the steps between.
const F64_TOLERANCE: f64 = 1e-12;

/// One network with its input, its upstream gradients and what PyTorch made of them.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) network: Network,
    /// In the network's layout. The head is the identity, so its outputs are the hidden states.
    pub(crate) parameters: Vec<f64>,
    /// The case's tensors, named as in `reference/README.md`.
    pub(crate) tensors: Tensors<f64>,
}

impl Case {
    /// All, eight for each cell.
    pub(crate) fn all() -> Vec<Case> {
        let file = tensors("networks");
        let mut cases = Vec::new();
        for cell in CellKind::ALL {
            for num_layers in [1, 2] {
                for bidirectional in [false, true] {
                    for batch in ["equal", "unequal"] {
                        let direction = if bidirectional { "bi" } else { "uni" };
                        let name = format!("{cell}-{num_layers}-{direction}-{batch}");
                        cases.push(Case::new(name, cell, num_layers, bidirectional, &file));
                    }
                }
            }
        }
        let read: usize = cases.iter().map(|case| case.tensors.len()).sum();
        assert_eq!(
            (cases.len(), read),
            (8 * CellKind::ALL.len(), file.len()),
            "cases, and tensors read and present"
        );
        cases
    }

    fn new(
        name: String,
        cell: CellKind,
        num_layers: usize,
        bidirectional: bool,
        file: &Tensors<f64>,
    ) -> Case {
        let features = (1 + usize::from(bidirectional)) * HIDDEN_SIZE;
        let config = Stacked {
            cell,
            input_size: INPUT_SIZE,
            hidden_size: HIDDEN_SIZE,
            num_layers,
            bidirectional,
            dropout: 0.0,
            output_size: features,
            readout: Readout::Every,
        };
        let network = Network::new(config).expect("a valid configuration");
        let prefix = format!("{name}/");
        let tensors: Tensors<f64> = file
            .iter()
            .filter_map(|(key, values)| Some((key.strip_prefix(&prefix)?.to_owned(), values.clone())))
            .collect();
        let mut parameters = vec![0.0; network.layout().len()];
        for tensor in network.layout().tensors() {
            let values = &mut parameters[tensor.range.clone()];
            match tensor.name.as_str() {
                "head.weight" => values.iter_mut().step_by(features + 1).for_each(|diagonal| *diagonal = 1.0),
                "head.bias" => {}
                name_of_tensor => {
                    let values_of = tensors.get(&format!("param/{name_of_tensor}"));
                    let missing =
                        || panic!("{name}: no such case in reference/; see CONTRIBUTING.md, step 4");
                    values.copy_from_slice(values_of.unwrap_or_else(missing));
                }
            }
        }
        Case { name, network, parameters, tensors }
    }

    /// The number of gates in a tensor of the recurrent layers: its blocks of `H` rows.
    pub(crate) fn num_gates(&self, tensor: &Tensor) -> usize {
        tensor.shape[0] / HIDDEN_SIZE
    }

    pub(crate) fn lengths(&self) -> Vec<usize> {
        self.tensors["lengths"].iter().map(|&length| length as usize).collect()
    }

    /// `D * H`
    fn features(&self) -> usize {
        self.network.output_size()
    }

    /// The names of a unit's states.
    fn states(&self) -> &'static [&'static str] {
        self.network.states()[0].cell.facts().state_names
    }

    /// Runs the case in number type `T`, by the plain code, with these parameters and this input
    /// `[T, B, I]`: PyTorch's results under PyTorch's names, in its layout.
    pub(crate) fn run<T: Scalar + Debug>(&self, parameters: &[f64], x: &[f64]) -> Tensors<T> {
        self.run_on(ScalarEngine::new(&self.network), parameters, x)
    }

    /// [`run`](Self::run) on any engine.
    fn run_on<T: Scalar>(&self, mut engine: impl Engine<T>, parameters: &[f64], x: &[f64]) -> Tensors<T> {
        let parameters: Vec<T> = convert(parameters);
        let x = self.sequences(x, INPUT_SIZE);
        let doutput = self.sequences(&self.tensors["doutput"], self.features());
        let batch = Batch::new(&slices(&x), INPUT_SIZE);
        let packing = batch.packing();
        let mut results = Tensors::new();

        engine.load(&parameters);
        let mut state = self.load_state(packing.order(), |s| format!("{s}0"));
        let output = packing.unpack(engine.forward(&batch, &mut state, Mode::Evaluate), self.features());
        results.insert("output".into(), self.padded(&output, self.features()));
        self.store_state(&state, packing.order(), |s| format!("{s}_n"), &mut results);

        let mut gradient = vec![T::default(); parameters.len()];
        let mut dx = vec![T::default(); batch.x().len()];
        let mut dstate = self.load_state(packing.order(), |s| format!("d{s}_n"));
        let gradients =
            Gradients { parameters: &mut gradient, state: Some(&mut dstate), input: Some(&mut dx) };
        let doutput = packing.pack(&slices(&doutput), self.features());
        engine.backward(&batch, &doutput, gradients);
        results.insert("grad/x".into(), self.padded(&packing.unpack(&dx, INPUT_SIZE), INPUT_SIZE));
        self.store_state(&dstate, packing.order(), |s| format!("grad/{s}0"), &mut results);
        for tensor in self.network.layout().tensors() {
            results.insert(format!("grad/{}", tensor.name), gradient[tensor.range.clone()].to_vec());
        }
        results
    }

    /// What `f64` may differ by, per entry of each result.
    pub(crate) fn allowed_in_f64(&self) -> Tensors<f64> {
        let names = self
            .tensors
            .keys()
            .filter(|name| name.starts_with("grad/") || matches!(name.as_str(), "output" | "h_n" | "c_n"));
        let allowed = |values: &[f64]| vec![F64_TOLERANCE * largest(values); values.len()];
        names.map(|name| (name.clone(), allowed(&self.tensors[name]))).collect()
    }

    /// What `f32` may differ by, per entry of each result: what its rounding can do, and what
    /// `f64` may.
    pub(crate) fn allowed_in_f32(&self) -> Tensors<f64> {
        let results = self.run::<Jittered>(&self.parameters, &self.tensors["x"]);
        let mut allowed = self.allowed_in_f64();
        for (name, allowed) in &mut allowed {
            let more = jittered::allowed(&results[name]);
            allowed.iter_mut().zip(more).for_each(|(allowed, more)| *allowed += more);
        }
        allowed
    }

    /// The largest error of results in units of what is allowed, and the name of its tensor.
    pub(crate) fn worst<T: Scalar>(&self, results: &Tensors<T>, allowed: &Tensors<f64>) -> (f64, String) {
        let errors = allowed
            .iter()
            .map(|(name, allowed)| (worst_error(&results[name], &self.tensors[name], allowed), name.clone()));
        errors.max_by(|a, b| a.0.total_cmp(&b.0)).expect("results")
    }

    /// From `[T, B, width]` to a `[length, width]` per sequence.
    fn sequences<T: Scalar>(&self, padded: &[f64], width: usize) -> Vec<Vec<T>> {
        let sequence = |b: usize, length: usize| {
            let steps = (0..length).flat_map(|t| &padded[(t * BATCH_SIZE + b) * width..][..width]);
            steps.map(|&value| T::from_f64(value)).collect()
        };
        self.lengths().into_iter().enumerate().map(|(b, length)| sequence(b, length)).collect()
    }

    /// From a `[length, width]` per sequence to `[T, B, width]`, 0 past a sequence's end.
    fn padded<T: Scalar>(&self, sequences: &[Vec<T>], width: usize) -> Vec<T> {
        let mut padded = vec![T::default(); SEQ_LEN * BATCH_SIZE * width];
        for (b, sequence) in sequences.iter().enumerate() {
            for (t, values) in sequence.chunks_exact(width).enumerate() {
                padded[(t * BATCH_SIZE + b) * width..][..width].copy_from_slice(values);
            }
        }
        padded
    }

    /// From tensors `[L * D, B, H]`, one per state, to ours in the batch's order.
    fn load_state<T: Scalar>(&self, order: &[usize], name: impl Fn(&str) -> String) -> State<T> {
        let mut state = self.network.zero_state(BATCH_SIZE);
        for (ours, theirs, s) in self.state_places(&state, order) {
            let values = &self.tensors[&name(s)][theirs..][..HIDDEN_SIZE];
            state.block_mut(ours.0)[ours.1..][..HIDDEN_SIZE].copy_from_slice(&convert(values));
        }
        state
    }

    /// The backward pass.
    fn store_state<T: Scalar>(
        &self,
        state: &State<T>,
        order: &[usize],
        name: impl Fn(&str) -> String,
        to: &mut Tensors<T>,
    ) {
        let len = state.num_blocks() * BATCH_SIZE * HIDDEN_SIZE;
        for (ours, theirs, s) in self.state_places(state, order) {
            let tensor = to.entry(name(s)).or_insert_with(|| vec![T::default(); len]);
            tensor[theirs..][..HIDDEN_SIZE].copy_from_slice(&state.block(ours.0)[ours.1..][..HIDDEN_SIZE]);
        }
    }

    /// Where each `[H]` of a state stands: our block and the place in it, the place in PyTorch's
    /// tensor, and which state it is.
    fn state_places<T: Scalar>(
        &self,
        state: &State<T>,
        order: &[usize],
    ) -> Vec<((usize, usize), usize, &'static str)> {
        let states = self.states();
        let mut places = Vec::new();
        for block in 0..state.num_blocks() {
            for (b, &n) in order.iter().enumerate() {
                for (s, &name) in states.iter().enumerate() {
                    let ours = (b * states.len() + s) * HIDDEN_SIZE;
                    places.push(((block, ours), (block * BATCH_SIZE + n) * HIDDEN_SIZE, name));
                }
            }
        }
        places
    }
}

fn slices<T>(sequences: &[Vec<T>]) -> Vec<&[T]> {
    sequences.iter().map(Vec::as_slice).collect()
}

#[test]
fn f64_agrees_with_pytorch() {
    for case in Case::all() {
        let results = case.run::<f64>(&case.parameters, &case.tensors["x"]);
        let (worst, name) = case.worst(&results, &case.allowed_in_f64());
        assert!(worst <= 1.0, "{}: {name} is {worst:.2} times {F64_TOLERANCE} off", case.name);
    }
}

#[test]
fn f32_agrees_with_pytorch_as_far_as_it_can() {
    for case in Case::all() {
        let results = case.run::<f32>(&case.parameters, &case.tensors["x"]);
        let (worst, name) = case.worst(&results, &case.allowed_in_f32());
        assert!(worst <= 1.0, "{}: {name} is off by {worst:.2} times its error bound", case.name);
    }
}

/// The engine's tanh and sigmoid are within 2.5 units in the last place, those of the bound within one.
const ENGINE: f64 = 2.5;

#[test]
fn the_engine_agrees_with_pytorch_on_every_level() {
    for case in Case::all() {
        let allowed = case.allowed_in_f32();
        for set in InstructionSet::best().and_below() {
            let engine = SimdEngine::with(&case.network, set, NonZeroUsize::MIN);
            let results = case.run_on::<f32>(engine, &case.parameters, &case.tensors["x"]);
            let (worst, name) = case.worst(&results, &allowed);
            assert!(worst <= ENGINE, "{}, {set:?}: {name} is off by {worst:.2} times the bound", case.name);
        }
    }
}
