//! Recurrent layers as PyTorch has them, for `elman.torch`.
//!
//! PyTorch may run a layer several times before it goes back through any of those passes, or not go back at all. So each
//! pass that may be gone back through has an engine to itself until it is dropped, and then leaves it for the next.

use std::sync::{Arc, Mutex, PoisonError};

use elman::network::{CellKind, Direction, Dropout, Engine, Gradients, Network, NetworkConfig, Recurrent};
use numpy::{PyArrayMethods, PyReadonlyArray3, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::arrays::{Number, values};
use crate::errors::{InternalError, tried, working, wrong};
use crate::states::{self, Arrays};
use crate::worker::{Worker, tensors};

/// Engines that wait for the next pass: more are given up.
const MOST_WAITING: usize = 4;

/// Recurrent layers of one cell on top of each other.
#[pyclass(module = "elman._elman", frozen)]
pub(crate) struct Layer(TypedLayer);

enum TypedLayer {
    F32(LayerOf<f32>),
    F64(LayerOf<f64>),
}

struct LayerOf<T: Number> {
    network: Arc<Network>,
    waiting: Arc<Mutex<Vec<Worker<T>>>>,
}

/// Output, final states, and the pass to go back through.
type Ran<'py> = (Bound<'py, PyAny>, Vec<Bound<'py, PyAny>>, Option<Pass>);

impl<T: Number> LayerOf<T> {
    fn new(network: Network) -> Self {
        LayerOf { network: Arc::new(network), waiting: Arc::default() }
    }

    #[expect(clippy::too_many_arguments, reason = "each has its own meaning and its own shape")]
    fn forward<'py>(
        &self,
        py: Python<'py>,
        x: &PyReadonlyArrayDyn<'py, T>,
        lengths: &[usize],
        states: Option<&[PyReadonlyArray3<'py, T>]>,
        parameters: &[Option<PyReadonlyArrayDyn<'py, T>>],
        seed: Option<u64>,
        keep: bool,
        wrap: fn(PassOf<T>) -> TypedPass,
    ) -> PyResult<Ran<'py>> {
        let (network, input_size) = (&*self.network, self.network.input_size());
        if lengths.is_empty() || lengths.contains(&0) || !lengths.is_sorted_by(|a, b| a >= b) {
            return Err(wrong("lengths are of one sequence or more, the longest first, and none is 0"));
        }
        let rows = values(x, "the input")?;
        let wanted = lengths.iter().map(|&length| length as u128).sum::<u128>() * input_size as u128;
        if x.shape().last() != Some(&input_size) || rows.len() as u128 != wanted {
            let shape = x.shape();
            return Err(wrong(format!(
                "the input has the shape {shape:?}, which is not {input_size} values per timestep"
            )));
        }
        let tensors = tensors(network, parameters)?;
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut worker = waiting.unwrap_or_else(|| Worker::new(network));
        worker.set_start(network, lengths.len(), states)?;
        let output_size = network.output_size();
        let num_rows = rows.len() / input_size;
        let y = worker.outputs.take(py, num_rows * output_size);
        {
            let mut y = y.readwrite();
            let y = y.as_slice_mut()?;
            working(py, || {
                worker.load(network, &tensors);
                worker.batch.set_rows(lengths, rows, input_size);
                worker.run(seed, keep);
                y.copy_from_slice(worker.engine.output());
            })?;
        }
        let y = y.reshape([num_rows, output_size])?.into_any();
        let states = worker.states(py, network)?;
        let pass = PassOf {
            network: Arc::clone(&self.network),
            worker: Some(Box::new(worker)),
            home: Arc::clone(&self.waiting),
            seed,
            fresh: true,
        };
        Ok((y, states, keep.then(|| Pass(wrap(pass)))))
    }
}

#[pymethods]
impl Layer {
    /// Layers of a cell, with dropout between them.
    #[new]
    #[expect(clippy::too_many_arguments, reason = "they are those of PyTorch's layers")]
    fn new(
        py: Python<'_>,
        cell: &str,
        input_size: usize,
        hidden_size: usize,
        num_layers: usize,
        bidirectional: bool,
        dropout: f64,
        dtype: &str,
    ) -> PyResult<Self> {
        let cell: CellKind = cell.parse().map_err(|error| wrong(format!("cell {cell:?} {error}")))?;
        let direction = if bidirectional { Direction::Both } else { Direction::Forward };
        let mut network = NetworkConfig::new(input_size);
        for layer in 0..num_layers {
            if layer > 0 && dropout > 0.0 {
                network = network.with(Dropout::new(dropout));
            }
            network = network.with(Recurrent::new(cell, hidden_size).with_direction(direction));
        }
        let network = tried(py, || Network::new(network))?;
        Ok(Layer(match dtype {
            "float32" => TypedLayer::F32(LayerOf::new(network)),
            "float64" => TypedLayer::F64(LayerOf::new(network)),
            _ => return Err(wrong(format!("dtype is {dtype:?}; it must be \"float32\" or \"float64\""))),
        }))
    }

    /// Runs sequences of these lengths, longest first, whose rows `[.., I]` stand step by step.
    #[pyo3(signature = (x, lengths, states, parameters, seed, keep))]
    #[expect(clippy::too_many_arguments, reason = "each has its own meaning and its own shape")]
    fn forward<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        lengths: Vec<usize>,
        states: Option<Vec<Bound<'py, PyAny>>>,
        parameters: Vec<Option<Bound<'py, PyAny>>>,
        seed: Option<u64>,
        keep: bool,
    ) -> PyResult<Ran<'py>> {
        macro_rules! run {
            ($layer:expr, $wrap:expr) => {{
                let states =
                    states.map(|states| states.iter().map(|s| s.extract()).collect::<PyResult<Vec<_>>>());
                let tensor = |tensor: &Option<Bound<'py, PyAny>>| match tensor {
                    Some(tensor) => Ok(Some(tensor.extract()?)),
                    None => Ok(None),
                };
                let parameters = parameters.iter().map(tensor).collect::<PyResult<Vec<_>>>()?;
                let states = states.transpose()?;
                $layer.forward(py, &x.extract()?, &lengths, states.as_deref(), &parameters, seed, keep, $wrap)
            }};
        }
        match &self.0 {
            TypedLayer::F32(layer) => run!(layer, TypedPass::F32),
            TypedLayer::F64(layer) => run!(layer, TypedPass::F64),
        }
    }
}

/// A pass through a layer, to go back through.
#[pyclass(module = "elman._elman")]
pub(crate) struct Pass(TypedPass);

enum TypedPass {
    F32(PassOf<f32>),
    F64(PassOf<f64>),
}

struct PassOf<T: Number> {
    network: Arc<Network>,
    /// There until it goes home.
    worker: Option<Box<Worker<T>>>,
    home: Arc<Mutex<Vec<Worker<T>>>>,
    seed: Option<u64>,
    /// Has nobody gone back through it yet? Who goes back again has it run again first.
    fresh: bool,
}

/// Which gradients are wanted beside those of the parameters.
#[derive(Clone, Copy)]
struct Wanted {
    input: bool,
    states: bool,
}

/// The gradients of inputs, initial states and parameters.
type Gone<'py> = (Option<Bound<'py, PyAny>>, Vec<Bound<'py, PyAny>>, Bound<'py, PyAny>);

impl<T: Number> PassOf<T> {
    fn backward<'py>(
        &mut self,
        py: Python<'py>,
        dy: Option<&PyReadonlyArrayDyn<'py, T>>,
        dstates: Option<&[PyReadonlyArray3<'py, T>]>,
        wanted: Wanted,
    ) -> PyResult<Gone<'py>> {
        let network = &*self.network;
        let Some(worker) = self.worker.as_deref_mut() else { return Err(wrong("the pass is over")) };
        let (packing, len) = (worker.batch.packing(), worker.engine.output().len());
        let (num_rows, batch_size) = (packing.num_rows(), packing.batch_size());
        let zeros;
        let dy = match dy {
            Some(dy) => values(dy, "the gradient of the output")?,
            None => {
                zeros = vec![T::default(); len];
                &zeros
            }
        };
        if dy.len() != len {
            return Err(wrong("the gradient of the output does not have its shape"));
        }
        if !std::mem::take(&mut self.fresh) {
            let seed = self.seed;
            working(py, || worker.run(seed, true))?;
        }
        worker.state.reset(batch_size);
        if let Some(arrays) = dstates {
            let (order, what) = (worker.batch.packing().order(), "the gradient of the final state");
            states::write(Arrays::PerState, arrays, network.states(), order, &mut worker.state, what)?;
        }
        let dparameters = worker.dparameters.take(py, network.layout().len());
        let dx = wanted.input.then(|| worker.dinputs.take(py, worker.batch.x().len()));
        {
            let mut dx = dx.as_ref().map(|dx| dx.readwrite());
            let mut dx = dx.as_mut().map(|dx| dx.as_slice_mut()).transpose()?;
            let mut dparameters = dparameters.readwrite();
            let dparameters = dparameters.as_slice_mut()?;
            let Worker { engine, batch, state, .. } = worker;
            let state = (wanted.states || dstates.is_some()).then_some(state);
            working(py, || {
                // The engine adds to what is there.
                dparameters.fill(T::default());
                if let Some(dx) = &mut dx {
                    dx.fill(T::default());
                }
                engine.backward(batch, dy, Gradients { parameters: dparameters, state, input: dx });
            })?;
        }
        let dx = dx.map(|dx| dx.reshape([num_rows, network.input_size()])).transpose()?.map(Bound::into_any);
        let dstates = match wanted.states {
            true => worker.states(py, network)?,
            false => Vec::new(),
        };
        Ok((dx, dstates, dparameters.into_any()))
    }
}

impl<T: Number> Drop for PassOf<T> {
    fn drop(&mut self) {
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        if home.len() < MOST_WAITING {
            home.extend(self.worker.take().map(|worker| *worker));
        }
    }
}

#[pymethods]
impl Pass {
    /// From the gradients of output and final states to those of input and initial states, where they are wanted, and
    /// parameters.
    fn backward<'py>(
        &mut self,
        py: Python<'py>,
        dy: Option<Bound<'py, PyAny>>,
        dstates: Option<Vec<Bound<'py, PyAny>>>,
        want_input: bool,
        want_states: bool,
    ) -> PyResult<Gone<'py>> {
        let wanted = Wanted { input: want_input, states: want_states };
        macro_rules! run {
            ($pass:expr) => {{
                let dstates =
                    dstates.map(|all| all.iter().map(|d| d.extract()).collect::<PyResult<Vec<_>>>());
                let (dy, dstates) = (dy.map(|dy| dy.extract()).transpose()?, dstates.transpose()?);
                let gone = $pass.backward(py, dy.as_ref(), dstates.as_deref(), wanted);
                if gone.as_ref().is_err_and(|error| error.is_instance_of::<InternalError>(py)) {
                    // What a panic left half done is for nobody.
                    $pass.worker = None;
                }
                gone
            }};
        }
        match &mut self.0 {
            TypedPass::F32(pass) => run!(pass),
            TypedPass::F64(pass) => run!(pass),
        }
    }
}
