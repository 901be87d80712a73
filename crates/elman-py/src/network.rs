//! Networks for training loops of one's own.

use std::path::PathBuf;
use std::sync::Mutex;

use elman::batch::{Batch, Packing};
use elman::check::{self, TOLERANCE};
use elman::error::ConfigError;
use elman::float::{Dtype, Parameters};
use elman::init::Init;
use elman::network::{self, Engine, Gradients, Mode, NetworkConfig, State};
use elman::random::{Purpose, Rng};
use elman::weights::Weights;
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray3, PyUntypedArrayMethods};
use pyo3::exceptions::PyArithmeticError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arrays::{Form, Gathered, Number, Sequences, parsed, same, values};
use crate::errors::{alone, exception, not_lent, quickly, tried, working, wrong};
use crate::states::{self, Arrays};
use crate::stream::Stream;

/// A network, its parameters and their gradient.
#[pyclass(module = "elman._elman", frozen)]
pub(crate) struct Network {
    network: network::Network,
    typed: Typed,
}

/// What of a network is of one number type.
enum Typed {
    F32(Box<Running<f32>>),
    F64(Box<Running<f64>>),
}

/// Calls the same for either number type.
macro_rules! either {
    ($typed:expr, $running:ident => $call:expr) => {
        match $typed {
            Typed::F32($running) => $call,
            Typed::F64($running) => $call,
        }
    };
}

struct Running<T: Number> {
    parameters: Py<PyArray1<T>>,
    gradients: Py<PyArray1<T>>,
    seed: u64,
    /// Of one call at a time.
    pass: Mutex<Pass<T>>,
}

/// The engine, and what the latest pass left.
struct Pass<T: Number> {
    engine: T::Engine,
    /// The parameters that the engine has.
    loaded: Vec<T>,
    batch: Batch<T>,
    outputs: Packing,
    state: State<T>,
    /// How the sequences came, and how long their array was.
    came: Option<(Form, usize)>,
    /// Can it be gone back through?
    keeps: bool,
    /// Passes with dropout so far.
    trained: u64,
}

impl<T: Number> Pass<T> {
    fn states<'py>(&self, py: Python<'py>, network: &network::Network) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let order = self.batch.packing().order();
        let arrays = states::read(py, Arrays::PerLayer, network.states(), order, &self.state)?;
        Ok(arrays.into_iter().map(Bound::into_any).collect())
    }
}

impl<T: Number> Running<T> {
    fn new(py: Python<'_>, network: &network::Network, parameters: Vec<T>, seed: u64) -> PyResult<Self> {
        let pass = Pass {
            engine: working(py, || T::Engine::new(network))?,
            loaded: Vec::new(),
            batch: Batch::default(),
            outputs: Packing::default(),
            state: network.zero_state(0),
            came: None,
            keeps: false,
            trained: 0,
        };
        Ok(Running {
            gradients: PyArray1::zeros(py, parameters.len(), false).unbind(),
            parameters: PyArray1::from_vec(py, parameters).unbind(),
            seed,
            pass: Mutex::new(pass),
        })
    }

    /// A copy of the parameters as they are now.
    fn values(&self, py: Python<'_>) -> PyResult<Vec<T>> {
        let parameters =
            self.parameters.bind(py).try_readonly().map_err(|error| not_lent("the parameters", &error))?;
        Ok(values(&parameters, "parameters")?.to_vec())
    }

    fn forward<'py>(
        &self,
        py: Python<'py>,
        network: &network::Network,
        x: &Sequences<'_, T>,
        lengths: Option<&[usize]>,
        state: Option<&[PyReadonlyArray3<'_, T>]>,
        mode: &str,
    ) -> PyResult<(Bound<'py, PyAny>, Vec<Bound<'py, PyAny>>)> {
        let pass = &mut *alone(&self.pass, "network")?;
        let width = network.input_size();
        let slices = x.slices(width, lengths, "x")?;
        let mut rng = Rng::new(self.seed, Purpose::Dropout(pass.trained));
        let run_in = match mode {
            "predict" => Mode::Predict,
            "evaluate" => Mode::Evaluate,
            "train" => Mode::Train(&mut rng),
            _ => {
                return Err(wrong(format!(
                    "mode is {mode:?}; it must be \"predict\", \"evaluate\" or \"train\""
                )));
            }
        };
        // What was kept for the backward pass is overwritten from here on.
        pass.keeps = false;
        let (batch, outputs) = (&mut pass.batch, &mut pass.outputs);
        working(py, || {
            check_tokens(network, &slices)?;
            batch.lay_out(slices.len(), |n| slices[n].len(), width);
            network.set_output_packing(batch.packing(), outputs);
            Ok(())
        })?
        .map_err(|message: String| wrong(message))?;
        pass.trained += u64::from(mode == "train");
        pass.state.reset(slices.len());
        if let Some(arrays) = state {
            let order = pass.batch.packing().order();
            states::write(Arrays::PerLayer, arrays, network.states(), order, &mut pass.state, "state")?;
        }
        let parameters =
            self.parameters.bind(py).try_readonly().map_err(|error| not_lent("the parameters", &error))?;
        let parameters = values(&parameters, "parameters")?;
        let time = match x {
            Sequences::Padded(array) => array.shape()[1],
            Sequences::Listed(_) => 0,
        };
        let form = x.form();
        let output_time = if time == 0 { 0 } else { network.output_len(time) };
        let (engine, loaded, batch, outputs, state) =
            (&mut pass.engine, &mut pass.loaded, &mut pass.batch, &pass.outputs, &mut pass.state);
        let output = working(py, || {
            load(engine, loaded, parameters);
            engine.forward_of(batch, &slices, state, run_in);
            Gathered::new(form, outputs, engine.output(), network.output_size(), output_time)
        })?;
        (pass.came, pass.keeps) = (Some((form, time)), mode != "predict");
        Ok((output.into_py(py)?, pass.states(py, network)?))
    }

    fn backward<'py>(
        &self,
        py: Python<'py>,
        network: &network::Network,
        dy: &Sequences<'_, T>,
        dstate: Option<&[PyReadonlyArray3<'_, T>]>,
    ) -> PyResult<(Bound<'py, PyAny>, Vec<Bound<'py, PyAny>>)> {
        let pass = &mut *alone(&self.pass, "network")?;
        let (Some((form, time)), true) = (pass.came, pass.keeps) else {
            return Err(wrong(
                "backward needs a forward pass before it, each once; predict and step keep nothing to go back through",
            ));
        };
        let width = network.output_size();
        let lengths: Vec<usize> = in_given_order(&pass.outputs);
        let padded = matches!(dy, Sequences::Padded(_));
        let slices = dy.slices(width, padded.then_some(&lengths), "dy")?;
        if slices.len() != lengths.len()
            || slices.iter().zip(&lengths).any(|(slice, len)| slice.len() != len * width)
        {
            return Err(wrong("dy does not have the shape of the output of the forward pass"));
        }
        pass.state.reset(pass.batch.packing().batch_size());
        if let Some(arrays) = dstate {
            let order = pass.batch.packing().order();
            states::write(Arrays::PerLayer, arrays, network.states(), order, &mut pass.state, "dstate")?;
        }
        let mut gradients =
            self.gradients.bind(py).try_readwrite().map_err(|error| not_lent("the gradients", &error))?;
        let gradients = gradients.as_slice_mut().map_err(|_| wrong("the gradients are not contiguous"))?;
        let (engine, batch, outputs, state) = (&mut pass.engine, &pass.batch, &pass.outputs, &mut pass.state);
        pass.keeps = false;
        let dx = working(py, || {
            let rows = outputs.pack(&slices, width);
            let mut dx = vec![T::default(); batch.packing().num_rows() * network.input_size()];
            engine.backward(
                batch,
                &rows,
                Gradients { parameters: gradients, state: Some(state), input: Some(&mut dx) },
            );
            Gathered::new(form, batch.packing(), &dx, network.input_size(), time)
        })?;
        Ok((dx.into_py(py)?, pass.states(py, network)?))
    }
}

/// The lengths of a packing's sequences in the order in which they were given.
fn in_given_order(packing: &Packing) -> Vec<usize> {
    let mut lengths = vec![0; packing.batch_size()];
    packing.order().iter().zip(packing.lengths()).for_each(|(&n, &length)| lengths[n] = length);
    lengths
}

/// Has the engine take up parameters, unless it has just these.
pub(crate) fn load<T: Number>(engine: &mut T::Engine, loaded: &mut Vec<T>, parameters: &[T]) {
    if !same(loaded, parameters) {
        engine.load(parameters);
        loaded.clear();
        loaded.extend_from_slice(parameters);
    }
}

/// Refuses token ids that an embedding does not have.
fn check_tokens<T: Number>(network: &network::Network, slices: &[&[T]]) -> Result<(), String> {
    let Some(network::Block::Embedding(embedding)) = network.config().blocks.first() else { return Ok(()) };
    let tokens = embedding.num_embeddings;
    let is_token = |id: f64| id >= 0.0 && id.fract() == 0.0 && id < tokens as f64;
    let mut ids = slices.iter().flat_map(|slice| slice.iter()).map(|id| id.to_f64());
    match ids.find(|&id| !is_token(id)) {
        None => Ok(()),
        Some(id) => {
            let last = tokens - 1;
            Err(format!("x holds {id}, which is no token: they are whole numbers from 0 to {last}"))
        }
    }
}

/// Refuses a block, as JSON, whose options are out of range wherever it stands.
#[pyfunction]
pub(crate) fn check_block(block: &str) -> PyResult<()> {
    quickly(|| network::check_block(&parsed("the block", block)?).map_err(exception))?
}

#[pymethods]
impl Network {
    /// A network of this configuration, with parameters drawn from a seed.
    #[new]
    fn new(py: Python<'_>, network: &str, dtype: &str, init: &str, seed: u64) -> PyResult<Self> {
        let network = parsed::<NetworkConfig>("network", network)?;
        let init = Init::ALL.into_iter().find(|known| known.name() == init).ok_or_else(|| {
            let names = Init::ALL.map(Init::name).join(", ");
            wrong(format!("init is {init:?}; it must be one of {names}"))
        })?;
        let draw: fn(Init, &network::Network, u64) -> Result<Parameters, ConfigError> = match dtype {
            "float32" => |init, network, seed| init.draw::<f32>(network, seed).map(Into::into),
            "float64" => |init, network, seed| init.draw::<f64>(network, seed).map(Into::into),
            _ => return Err(wrong(format!("dtype is {dtype:?}; it must be \"float32\" or \"float64\""))),
        };
        let weights = tried(py, || {
            let network = network::Network::new(network)?;
            let parameters = draw(init, &network, seed)?;
            Weights::new(network, parameters)
        })?;
        Network::of(py, &weights, seed)
    }

    /// What a file of weights holds, in the number type in which it is written.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Network::of(py, &tried(py, || Weights::open(&path))?, 0)
    }

    /// What [`to_bytes`](Self::to_bytes) gives.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        Network::of(py, &tried(py, || Weights::from_bytes("the network", bytes))?, 0)
    }

    /// Writes a file of weights.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let weights = self.weights(py)?;
        tried(py, || weights.save(&path))
    }

    /// The bytes of such a file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let weights = self.weights(py)?;
        Ok(PyBytes::new(py, &tried(py, || weights.to_bytes())?))
    }

    /// The flat vector of parameters.
    #[getter]
    fn parameters(&self, py: Python<'_>) -> Py<PyAny> {
        either!(&self.typed, running => running.parameters.clone_ref(py).into_any())
    }

    /// The flat vector of their gradient.
    #[getter]
    fn gradients(&self, py: Python<'_>) -> Py<PyAny> {
        either!(&self.typed, running => running.gradients.clone_ref(py).into_any())
    }

    /// Name, shape, start and end of each tensor.
    #[getter]
    fn tensors(&self) -> Vec<(String, Vec<usize>, usize, usize)> {
        let tensors = self.network.layout().tensors().iter();
        tensors.map(|t| (t.name.clone(), t.shape.clone(), t.range.start, t.range.end)).collect()
    }

    /// For each recurrent direction: layer, direction, is it reverse?, cell, names of the states, units.
    #[getter]
    fn states(&self) -> Vec<StateInfo> {
        let states = self.network.states().iter();
        states
            .map(|s| {
                let names = s.cell.facts().state_names.to_vec();
                (s.layer, s.direction, s.reverse, s.cell.name(), names, s.hidden_size)
            })
            .collect()
    }

    /// The configuration as JSON.
    #[getter]
    fn config(&self) -> PyResult<String> {
        serde_json::to_string(self.network.config()).map_err(|error| wrong(error.to_string()))
    }

    /// `float32` or `float64`.
    #[getter]
    fn dtype(&self) -> &'static str {
        match &self.typed {
            Typed::F32(_) => "float32",
            Typed::F64(_) => "float64",
        }
    }

    /// Values per timestep of the input.
    #[getter]
    fn input_size(&self) -> usize {
        self.network.input_size()
    }

    /// Values per timestep of the output.
    #[getter]
    fn output_size(&self) -> usize {
        self.network.output_size()
    }

    /// Does it leave one row per sequence?
    #[getter]
    fn ends_time(&self) -> bool {
        self.network.ends_time()
    }

    /// Runs sequences; gives outputs and final states.
    #[pyo3(signature = (x, lengths=None, state=None, mode="predict"))]
    fn forward<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        lengths: Option<Vec<usize>>,
        state: Option<Vec<Bound<'py, PyAny>>>,
        mode: &str,
    ) -> PyResult<(Bound<'py, PyAny>, Vec<Bound<'py, PyAny>>)> {
        let network = &self.network;
        either!(&self.typed, running => {
            let state = state.map(extracted).transpose()?;
            running.forward(py, network, &x.extract()?, lengths.as_deref(), state.as_deref(), mode)
        })
    }

    /// Backpropagation through the latest forward pass: adds to the gradients; gives those of inputs and initial states.
    #[pyo3(signature = (dy, dstate=None))]
    fn backward<'py>(
        &self,
        py: Python<'py>,
        dy: &Bound<'py, PyAny>,
        dstate: Option<Vec<Bound<'py, PyAny>>>,
    ) -> PyResult<(Bound<'py, PyAny>, Vec<Bound<'py, PyAny>>)> {
        let network = &self.network;
        either!(&self.typed, running => {
            let dstate = dstate.map(extracted).transpose()?;
            running.backward(py, network, &dy.extract()?, dstate.as_deref())
        })
    }

    /// A stream with the parameters as they are now.
    fn stream(&self, py: Python<'_>) -> PyResult<Stream> {
        let weights = self.weights(py)?;
        let weights = tried(py, || weights.to_dtype(Dtype::F32))?;
        Stream::new(py, &weights)
    }

    /// Compares the gradients with dual numbers: tensor, entries, compared, worst relative error.
    fn check(&self, py: Python<'_>, seed: u64) -> PyResult<Vec<(String, usize, usize, f64)>> {
        let weights = self.weights(py)?;
        let found = working(py, || check::of_weights("network".into(), &weights, seed).check(None))?;
        if let Some(wrong) = found.iter().find(|found| found.error.is_nan() || found.error > TOLERANCE) {
            let message = format!("the gradient of {} is wrong by {:e}", wrong.tensor, wrong.error);
            return Err(PyArithmeticError::new_err(message));
        }
        Ok(found
            .into_iter()
            .map(|found| (found.tensor, found.entries, found.compared, found.error))
            .collect())
    }
}

impl Network {
    pub(crate) fn of(py: Python<'_>, weights: &Weights, seed: u64) -> PyResult<Self> {
        let network = weights.network().clone();
        let typed = match weights.parameters() {
            Parameters::F32(values) => {
                Typed::F32(Box::new(Running::new(py, &network, values.clone(), seed)?))
            }
            Parameters::F64(values) => {
                Typed::F64(Box::new(Running::new(py, &network, values.clone(), seed)?))
            }
        };
        Ok(Network { network, typed })
    }

    /// The network with its parameters as they are now, all of which must be finite.
    fn weights(&self, py: Python<'_>) -> PyResult<Weights> {
        let parameters: Parameters = either!(&self.typed, running => running.values(py)?.into());
        tried(py, || Weights::new(self.network.clone(), parameters))
    }
}

/// Layer, direction, is it reverse?, cell, names of the states, units.
type StateInfo = (usize, usize, bool, &'static str, Vec<&'static str>, usize);

/// Arrays of one number type.
fn extracted<'py, T: Number>(arrays: Vec<Bound<'py, PyAny>>) -> PyResult<Vec<PyReadonlyArray3<'py, T>>> {
    arrays.iter().map(|array| array.extract()).collect()
}
