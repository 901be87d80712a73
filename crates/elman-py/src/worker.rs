//! The engine of a layer for PyTorch, with the memory of a pass, and tensors on their way in and out of it.

use elman::batch::Batch;
use elman::network::{Engine, Mode, Network, State};
use elman::parameters::Tensor;
use elman::random::{Purpose, Rng};
use numpy::{PyReadonlyArray3, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::arrays::{Number, Spares, same, values};
use crate::errors::wrong;
use crate::states::{self, Arrays};

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
        given: Option<&[PyReadonlyArray3<'_, T>]>,
    ) -> PyResult<()> {
        self.start.reset(batch_size);
        let Some(arrays) = given else { return Ok(()) };
        let order: Vec<usize> = (0..batch_size).collect();
        states::write(
            Arrays::PerState,
            arrays,
            network.states(),
            &order,
            &mut self.start,
            "the initial state",
        )
    }

    /// The states of the batch, which came with the longest sequence first, as [`set_start`](Self::set_start) takes them.
    pub(crate) fn states<'py>(&self, py: Python<'py>, network: &Network) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let order = self.batch.packing().order();
        let arrays = states::read(py, Arrays::PerState, network.states(), order, &self.state)?;
        Ok(arrays.into_iter().map(Bound::into_any).collect())
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
