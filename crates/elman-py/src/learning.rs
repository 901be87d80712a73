//! Losses and optimisers.

use std::sync::Mutex;

use elman::loss::{Loss, Targets};
use elman::optimiser::{self, OptimiserConfig};
use numpy::{
    PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArray1, PyUntypedArrayMethods,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::arrays::{Number, parsed, values};
use crate::errors::{alone, not_lent, quickly, tried, working, wrong};

/// The mean loss of outputs `[n, O]`, and its gradient.
#[pyfunction]
pub(crate) fn loss<'py>(
    py: Python<'py>,
    loss: &str,
    outputs: &Bound<'py, PyAny>,
    targets: &Bound<'py, PyAny>,
) -> PyResult<(f64, Bound<'py, PyAny>)> {
    let loss: Loss = parsed("loss", loss)?;
    if let Ok(outputs) = outputs.extract::<PyReadonlyArray2<'_, f32>>() {
        return typed_loss(py, &loss, &outputs, targets);
    }
    match outputs.extract::<PyReadonlyArray2<'_, f64>>() {
        Ok(outputs) => typed_loss(py, &loss, &outputs, targets),
        Err(_) => Err(PyTypeError::new_err("outputs are not an array [n, O] of float32 or float64")),
    }
}

fn typed_loss<'py, T: Number>(
    py: Python<'py>,
    loss: &Loss,
    outputs: &PyReadonlyArray2<'py, T>,
    targets: &Bound<'py, PyAny>,
) -> PyResult<(f64, Bound<'py, PyAny>)> {
    let &[count, width] = outputs.shape() else { unreachable!("it has two dimensions") };
    if count == 0 || width == 0 {
        return Err(wrong("outputs are empty"));
    }
    let targets = match loss {
        Loss::CrossEntropy { class_weights } => {
            if class_weights.as_ref().is_some_and(|weights| weights.len() != width) {
                return Err(wrong(format!("class_weights are not {width}, as many as classes")));
            }
            let array: PyReadonlyArray1<'_, i64> = targets.extract()?;
            let class = |&class: &i64| {
                let known = usize::try_from(class).ok().filter(|&class| class < width);
                known.ok_or_else(|| {
                    wrong(format!("targets hold {class}, but classes are from 0 to {}", width - 1))
                })
            };
            Targets::Classes(values(&array, "targets")?.iter().map(class).collect::<PyResult<Vec<_>>>()?)
        }
        _ => {
            let array: PyReadonlyArray2<'_, T> = targets.extract()?;
            if array.shape() != outputs.shape() {
                let (found, wanted) = (array.shape(), outputs.shape());
                return Err(wrong(format!("targets have the shape {found:?}, but outputs have {wanted:?}")));
            }
            Targets::Values(values(&array, "targets")?.to_vec())
        }
    };
    let of = match &targets {
        Targets::Classes(classes) => classes.len(),
        Targets::Values(_) => count,
    };
    if of != count {
        return Err(wrong(format!("targets are {of}, but outputs are {count}")));
    }
    let outputs = values(outputs, "outputs")?;
    let mut gradient = vec![T::default(); outputs.len()];
    let total = working(py, || loss.gradient(outputs, width, &targets, &mut gradient))?;
    let gradient = PyArray1::from_vec(py, gradient).reshape([count, width])?;
    Ok((total.mean().to_f64(), gradient.into_any()))
}

/// A rule of updates with its memory.
#[pyclass(module = "elman._elman", frozen)]
pub(crate) struct Optimiser {
    /// The parameters that it has a memory for.
    len: usize,
    typed: Mutex<Typed>,
}

enum Typed {
    F32(optimiser::Optimiser<f32>),
    F64(optimiser::Optimiser<f64>),
}

#[pymethods]
impl Optimiser {
    #[new]
    fn new(py: Python<'_>, optimiser: &str, len: usize, dtype: &str) -> PyResult<Self> {
        let rule: OptimiserConfig = parsed("optimiser", optimiser)?;
        tried(py, || rule.check())?;
        let typed = match dtype {
            "float32" => Typed::F32(working(py, || optimiser::Optimiser::new(rule, len))?),
            "float64" => Typed::F64(working(py, || optimiser::Optimiser::new(rule, len))?),
            _ => return Err(wrong(format!("dtype is {dtype:?}; it must be \"float32\" or \"float64\""))),
        };
        Ok(Optimiser { len, typed: Mutex::new(typed) })
    }

    /// One update of parameters along a gradient.
    fn update(
        &self,
        py: Python<'_>,
        parameters: &Bound<'_, PyAny>,
        gradients: &Bound<'_, PyAny>,
        rate: f64,
    ) -> PyResult<()> {
        match &mut *alone(&self.typed, "optimiser")? {
            Typed::F32(optimiser) => update(py, optimiser, self.len, parameters, gradients, rate),
            Typed::F64(optimiser) => update(py, optimiser, self.len, parameters, gradients, rate),
        }
    }
}

fn update<T: Number>(
    py: Python<'_>,
    optimiser: &mut optimiser::Optimiser<T>,
    len: usize,
    parameters: &Bound<'_, PyAny>,
    gradients: &Bound<'_, PyAny>,
    rate: f64,
) -> PyResult<()> {
    let parameters = parameters.cast::<PyArray1<T>>()?.try_readwrite();
    let mut parameters = parameters.map_err(|error| not_lent("the parameters", &error))?;
    let gradients = gradients.cast::<PyArray1<T>>()?.try_readonly();
    let gradients = gradients.map_err(|error| not_lent("the gradients", &error))?;
    if parameters.len() != len || gradients.len() != len {
        let (found, of) = (parameters.len(), gradients.len());
        return Err(wrong(format!(
            "parameters are {found} and gradients {of}, but the optimiser is for {len}"
        )));
    }
    let parameters = parameters.as_slice_mut().map_err(|_| wrong("parameters are not C-contiguous"))?;
    let gradients = values(&gradients, "gradients")?;
    working(py, || optimiser.update(parameters, gradients, rate))?;
    Ok(())
}

/// Scales a gradient so that its norm is at most `max_norm`; gives the norm that it had.
#[pyfunction]
pub(crate) fn clip_grad_norm(gradients: &Bound<'_, PyAny>, max_norm: f64) -> PyResult<f64> {
    if let Ok(mut gradients) = gradients.extract::<PyReadwriteArray1<'_, f32>>() {
        let gradients = gradients.as_slice_mut().map_err(|_| wrong("gradients are not C-contiguous"))?;
        return quickly(|| optimiser::clip_grad_norm(gradients, max_norm));
    }
    let mut gradients: PyReadwriteArray1<'_, f64> = gradients.extract()?;
    let gradients = gradients.as_slice_mut().map_err(|_| wrong("gradients are not C-contiguous"))?;
    quickly(|| optimiser::clip_grad_norm(gradients, max_norm))
}
