//! Networks step by step, and models row by row.

use std::sync::{Arc, Mutex, MutexGuard};

use elman::task::RowCell;
use elman::weights::Weights;
use elman::{model, stream};
use numpy::{
    PyArray1, PyArrayDescrMethods, PyReadonlyArray1, PyReadwriteArray1, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::arrays::values;
use crate::errors::{alone, exception, quickly, tried, wrong};

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

/// Why something is no array of numbers that a step reads or writes.
fn no_row(what: &str, given: &Bound<'_, PyAny>) -> PyErr {
    const WANTED: &str = "an array of one dimension of float32";
    let Ok(array) = given.cast::<PyUntypedArray>() else {
        let found = given.get_type();
        let found = found.name().map_or_else(|_| found.to_string(), |name| name.to_string());
        return PyTypeError::new_err(format!(
            "{what} is of {found}; it must be {WANTED}: numpy.asarray(..., numpy.float32)"
        ));
    };
    let (dtype, dimensions) = (array.dtype(), array.ndim());
    if !dtype.is_equiv_to(&numpy::dtype::<f32>(given.py())) {
        return PyTypeError::new_err(format!(
            "{what} is of {dtype}; it must be {WANTED}: {what}.astype(numpy.float32)"
        ));
    }
    if dimensions != 1 {
        return PyTypeError::new_err(format!(
            "{what} has {dimensions} dimensions; it must be {WANTED}: {what}.ravel()"
        ));
    }
    let is_writeable = given.getattr("flags").and_then(|flags| flags.getattr("writeable")?.extract());
    PyTypeError::new_err(match is_writeable {
        Ok(false) => format!("{what} is read-only; give an array that may be written to"),
        _ => format!("{what} shares its memory with an array that is in use by this call; give a copy"),
    })
}

const NO_ROW_OF_MEMORY: &str = "out is not C-contiguous";

/// The array that a step writes so many values to.
fn place<'py>(out: &Bound<'py, PyAny>, wanted: usize) -> PyResult<PyReadwriteArray1<'py, f32>> {
    let out: PyReadwriteArray1<'py, f32> = out.extract().map_err(|_| no_row("out", out))?;
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
        let x: PyReadonlyArray1<'_, f32> = x.extract().map_err(|_| no_row("x", x))?;
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

/// A model that reads rows of its task as they come, of one series or of several.
#[pyclass(module = "elman._elman", frozen)]
pub(crate) struct RowStreams(Mutex<model::RowStreams>);

impl RowStreams {
    pub(crate) fn new(py: Python<'_>, model: Arc<model::Model>) -> PyResult<Self> {
        Ok(RowStreams(Mutex::new(tried(py, || model::RowStreams::new(model))?)))
    }

    fn alone(&self) -> PyResult<MutexGuard<'_, model::RowStreams>> {
        alone(&self.0, "stream")
    }
}

/// A cell of a row.
#[derive(FromPyObject)]
enum Given {
    Text(String),
    Number(f64),
}

impl Given {
    fn cell(&self) -> RowCell<'_> {
        match self {
            Given::Text(text) => RowCell::Text(text),
            Given::Number(number) => RowCell::Number(*number),
        }
    }
}

#[pymethods]
impl RowStreams {
    /// The names of what tells a row's series, of its values and of an answer's.
    fn names(&self) -> PyResult<(Vec<String>, Vec<String>, Vec<String>)> {
        let streams = self.alone()?;
        Ok((streams.ids().to_vec(), streams.inputs().to_vec(), streams.answers().to_vec()))
    }

    /// Must a row tell its series, where several are told apart?
    fn needs_ids(&self) -> PyResult<bool> {
        Ok(self.alone()?.needs_ids())
    }

    /// Does each of a row's values stand for a category?
    fn categories(&self) -> PyResult<Vec<bool>> {
        Ok(self.alone()?.columns().iter().map(|column| !column.categories().is_empty()).collect())
    }

    /// Reads a row of numbers and texts; gives the answer, or none where there is too little to look back on, and what is to be
    /// said of the row.
    fn step(&self, id: Vec<String>, row: Vec<Given>) -> PyResult<(Option<Vec<f64>>, Vec<String>)> {
        let mut streams = self.alone()?;
        let cells: Vec<RowCell<'_>> = row.iter().map(Given::cell).collect();
        let answer = quickly(|| streams.step(&id, &cells))?.map_err(exception)?;
        Ok((answer, streams.take_remarks().iter().map(ToString::to_string).collect()))
    }

    /// Back to the start of all series.
    fn reset(&self) -> PyResult<()> {
        let mut streams = self.alone()?;
        quickly(|| streams.reset())
    }
}
