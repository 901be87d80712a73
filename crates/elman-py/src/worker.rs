//! The engine of a layer for PyTorch, with the memory of a pass, and tensors on their way in and out of it.

use elman::batch::Batch;
use elman::network::{Engine, Mode, Network, State};
use elman::parameters::Tensor;
use elman::random::{Purpose, Rng};
use numpy::{
    PyArray1, PyArray3, PyArrayMethods, PyReadonlyArray3, PyReadonlyArrayDyn, PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use crate::arrays::{Number, Spares, same, values};
use crate::errors::wrong;

/// An engine and the memory of a pass.
pub(crate) struct Worker<T: Number> {
    pub(crate) engine: T::Engine,
    /// The parameters that the engine has.
    parameters: Vec<T>,
    pub(crate) batch: Batch<T>,
    /// That from which the pass began.
    start: State<T>,
    pub(crate) state: State<T>,
    pub(crate) outputs: Spares<T>,
    pub(crate) dparameters: Spares<T>,
    pub(crate) dinputs: Spares<T>,
}

impl<T: Number> Worker<T> {
    pub(crate) fn new(network: &Network) -> Self {
        Worker {
            engine: T::Engine::new(network),
            parameters: Vec::new(),
            batch: Batch::default(),
            start: network.zero_state(0),
            state: network.zero_state(0),
            outputs: Spares::default(),
            dparameters: Spares::default(),
            dinputs: Spares::default(),
        }
    }

    /// Runs the batch from its start. With a seed dropout masks are drawn; what is kept can be gone back through.
    pub(crate) fn run(&mut self, seed: Option<u64>, keep: bool) {
        self.state.clone_from(&self.start);
        let mut rng;
        let mode = match seed {
            Some(seed) => {
                rng = Rng::new(seed, Purpose::Dropout(0));
                Mode::Train(&mut rng)
            }
            None if keep => Mode::Evaluate,
            None => Mode::Predict,
        };
        self.engine.forward(&self.batch, &mut self.state, mode);
    }

    /// Has the engine take up parameters, unless it has just these: tensor by tensor, zeros for those that a layer without
    /// biases does not have.
    pub(crate) fn load(&mut self, network: &Network, tensors: &[Option<&[T]>]) {
        let layout = network.layout();
        let mut changed = self.parameters.is_empty();
        self.parameters.resize(layout.len(), T::default());
        for (tensor, place) in tensors.iter().zip(layout.tensors()) {
            let own = &mut self.parameters[place.range.clone()];
            // Without biases the layer never had any: what stands there is zero.
            let Some(tensor) = tensor else { continue };
            if !same(own, tensor) {
                own.copy_from_slice(tensor);
                changed = true;
            }
        }
        if changed {
            self.engine.load(&self.parameters);
        }
    }

    /// Takes up initial states `[D * layers, B, H]`, one array for each state of the cell.
    pub(crate) fn set_start(
        &mut self,
        network: &Network,
        batch_size: usize,
        states: Option<&[PyReadonlyArray3<'_, T>]>,
    ) -> PyResult<()> {
        self.start.reset(batch_size);
        let Some(arrays) = states else { return Ok(()) };
        write_states(network, batch_size, arrays, &mut self.start, "initial states")
    }
}

/// The values of parameters, which must be as many tensors as a network has and have its shapes.
pub(crate) fn tensors<'a, T: Number>(
    network: &Network,
    given: &'a [Option<PyReadonlyArrayDyn<'_, T>>],
) -> PyResult<Vec<Option<&'a [T]>>> {
    let wanted = network.layout().tensors();
    if given.len() != wanted.len() {
        return Err(wrong(format!("parameters are {} tensors, not {}", given.len(), wanted.len())));
    }
    let checked = |(tensor, wanted): (&'a Option<PyReadonlyArrayDyn<'_, T>>, &Tensor)| {
        let Some(tensor) = tensor else { return Ok(None) };
        if tensor.shape() != wanted.shape {
            let (name, shape, found) = (&wanted.name, &wanted.shape, tensor.shape());
            return Err(wrong(format!("{name} has the shape {found:?}, but it must be {shape:?}")));
        }
        values(tensor, &wanted.name).map(Some)
    };
    given.iter().zip(wanted).map(checked).collect()
}

/// Writes arrays `[D * layers, B, H]`, one for each state of the cell, to the states of a batch in its own order.
pub(crate) fn write_states<T: Number>(
    network: &Network,
    batch_size: usize,
    arrays: &[PyReadonlyArray3<'_, T>],
    state: &mut State<T>,
    what: &str,
) -> PyResult<()> {
    let blocks = network.states();
    let Some(first) = blocks.first() else { return Ok(()) };
    let (hidden, width) = (first.hidden_size, first.width());
    let wanted = [blocks.len(), batch_size, hidden];
    if arrays.len() != width / hidden {
        return Err(wrong(format!(
            "{what} are {} arrays, but the cell has {}",
            arrays.len(),
            width / hidden
        )));
    }
    for (s, array) in arrays.iter().enumerate() {
        if array.shape() != wanted {
            return Err(wrong(format!(
                "{what} have the shape {:?}, but it must be {wanted:?}",
                array.shape()
            )));
        }
        let blocks = values(array, what)?.chunks_exact(batch_size * hidden);
        for (k, from) in blocks.enumerate() {
            let to = state.block_mut(k).chunks_exact_mut(width);
            to.zip(from.chunks_exact(hidden))
                .for_each(|(to, from)| to[s * hidden..][..hidden].copy_from_slice(from));
        }
    }
    Ok(())
}

/// States as [`write_states`] takes them.
pub(crate) fn read_states<'py, T: Number>(
    py: Python<'py>,
    network: &Network,
    state: &State<T>,
) -> PyResult<Vec<Bound<'py, PyArray3<T>>>> {
    let blocks = network.states();
    let Some(first) = blocks.first() else { return Ok(Vec::new()) };
    let (hidden, width, batch_size) = (first.hidden_size, first.width(), state.batch_size());
    let array = |s: usize| {
        let mut all = Vec::with_capacity(blocks.len() * batch_size * hidden);
        for k in 0..blocks.len() {
            state
                .block(k)
                .chunks_exact(width)
                .for_each(|row| all.extend_from_slice(&row[s * hidden..][..hidden]));
        }
        PyArray1::from_vec(py, all).reshape([blocks.len(), batch_size, hidden])
    };
    (0..width / hidden).map(array).collect()
}
