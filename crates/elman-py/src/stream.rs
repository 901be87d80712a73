//! Networks step by step.

use elman::stream;
use elman::weights::Weights;
use numpy::{PyArray1, PyReadonlyArray1, PyReadwriteArray1};
use pyo3::prelude::*;

use crate::arrays::{config, values};
use crate::errors::{quickly, wrong};

/// A network that reads one timestep after the other.
#[pyclass(module = "elman._elman")]
pub(crate) struct Stream {
    stream: stream::Stream,
    input_size: usize,
    output: Vec<f32>,
    layers: usize,
}

impl Stream {
    pub(crate) fn new(weights: &Weights) -> PyResult<Self> {
        let network = weights.network();
        Ok(Stream {
            stream: quickly(|| weights.stream())?.map_err(config)?,
            input_size: network.input_size(),
            output: vec![0.0; network.output_size()],
            layers: network.states().len(),
        })
    }

    fn advance(&mut self, x: &[f32]) -> PyResult<bool> {
        if x.len() != self.input_size {
            let (found, wanted) = (x.len(), self.input_size);
            return Err(wrong(format!("x has {found} values, but a timestep has {wanted}")));
        }
        quickly(|| self.stream.step(x, &mut self.output))
    }
}

#[pymethods]
impl Stream {
    /// Reads a timestep; gives the output, or none where a patch waits for more.
    #[pyo3(signature = (x, out=None))]
    fn step<'py>(
        &mut self,
        py: Python<'py>,
        x: PyReadonlyArray1<'py, f32>,
        out: Option<PyReadwriteArray1<'py, f32>>,
    ) -> PyResult<Option<Bound<'py, PyArray1<f32>>>> {
        if !self.advance(values(&x, "x")?)? {
            return Ok(None);
        }
        let Some(mut out) = out else { return Ok(Some(PyArray1::from_slice(py, &self.output))) };
        let to = out.as_slice_mut().map_err(|_| wrong("out is not C-contiguous"))?;
        if to.len() != self.output.len() {
            let (found, wanted) = (to.len(), self.output.len());
            return Err(wrong(format!("out has {found} values, but the output has {wanted}")));
        }
        to.copy_from_slice(&self.output);
        Ok(Some(out.as_any().cast::<PyArray1<f32>>()?.clone()))
    }

    /// Reads one number; gives the first of the output.
    fn step_scalar(&mut self, x: f32) -> PyResult<Option<f32>> {
        Ok(self.advance(&[x])?.then(|| self.output[0]))
    }

    /// The states of each recurrent block.
    fn states<'py>(&self, py: Python<'py>) -> Vec<Vec<Bound<'py, PyArray1<f32>>>> {
        let layer = |layer| self.stream.states(layer).map(|state| PyArray1::from_slice(py, state)).collect();
        (0..self.layers).map(layer).collect()
    }

    /// Back to the initial state.
    fn reset(&mut self) -> PyResult<()> {
        quickly(|| self.stream.reset())
    }
}
