//! Networks step by step.

use std::sync::{Mutex, MutexGuard};

use elman::stream;
use elman::weights::Weights;
use numpy::{PyArray1, PyReadonlyArray1, PyReadwriteArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::arrays::values;
use crate::errors::{alone, quickly, tried, wrong};

/// A network that reads one timestep after the other.
#[pyclass(module = "elman._elman", frozen)]
pub(crate) struct Stream(Mutex<Running>);

struct Running {
    stream: stream::Stream,
    input_size: usize,
    output: Vec<f32>,
    layers: usize,
}

impl Running {
    fn advance(&mut self, x: &[f32]) -> PyResult<bool> {
        if x.len() != self.input_size {
            let (found, wanted) = (x.len(), self.input_size);
            return Err(wrong(format!("x has {found} values, but a timestep has {wanted}")));
        }
        quickly(|| self.stream.step(x, &mut self.output))
    }
}

impl Stream {
    pub(crate) fn new(py: Python<'_>, weights: &Weights) -> PyResult<Self> {
        let network = weights.network();
        Ok(Stream(Mutex::new(Running {
            stream: tried(py, || weights.stream())?,
            input_size: network.input_size(),
            output: vec![0.0; network.output_size()],
            layers: network.states().len(),
        })))
    }

    fn alone(&self) -> PyResult<MutexGuard<'_, Running>> {
        alone(&self.0, "stream")
    }
}

/// What is no array of numbers that a step reads or writes.
fn no_row(what: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "{what} must be an array of one dimension of float32, which nobody else writes to; numpy.asarray(..., numpy.float32) makes one"
    ))
}

const NO_ROW_OF_MEMORY: &str = "out is not C-contiguous";

/// The array that a step writes so many values to.
fn place<'py>(out: &Bound<'py, PyAny>, wanted: usize) -> PyResult<PyReadwriteArray1<'py, f32>> {
    let out: PyReadwriteArray1<'py, f32> = out.extract().map_err(|_| no_row("out"))?;
    let found = out.as_slice().map_err(|_| wrong(NO_ROW_OF_MEMORY))?.len();
    if found != wanted {
        return Err(wrong(format!("out has {found} values, but the output has {wanted}")));
    }
    Ok(out)
}

#[pymethods]
impl Stream {
    /// Reads a timestep; gives the output, or none where a patch waits for more.
    #[pyo3(signature = (x, out=None))]
    fn step<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyArray1<f32>>>> {
        let mut stream = self.alone()?;
        let x: PyReadonlyArray1<'_, f32> = x.extract().map_err(|_| no_row("x"))?;
        // Before the states move on, so that a step that is refused leaves them.
        let out = out.map(|out| place(out, stream.output.len())).transpose()?;
        if !stream.advance(values(&x, "x")?)? {
            return Ok(None);
        }
        let output = &stream.output;
        let Some(mut out) = out else { return Ok(Some(PyArray1::from_slice(py, output))) };
        out.as_slice_mut().map_err(|_| wrong(NO_ROW_OF_MEMORY))?.copy_from_slice(output);
        Ok(Some(out.as_any().cast::<PyArray1<f32>>()?.clone()))
    }

    /// Reads one number; gives the first of the output.
    fn step_scalar(&self, x: f32) -> PyResult<Option<f32>> {
        let mut stream = self.alone()?;
        Ok(stream.advance(&[x])?.then(|| stream.output[0]))
    }

    /// The states of each recurrent block.
    fn states<'py>(&self, py: Python<'py>) -> PyResult<Vec<Vec<Bound<'py, PyArray1<f32>>>>> {
        let stream = self.alone()?;
        let layer =
            |layer| stream.stream.states(layer).map(|state| PyArray1::from_slice(py, state)).collect();
        Ok((0..stream.layers).map(layer).collect())
    }

    /// Back to the initial state.
    fn reset(&self) -> PyResult<()> {
        let mut stream = self.alone()?;
        quickly(|| stream.stream.reset())
    }
}
