//! Arrays on their way in and out.

use elman::batch::Packing;
use elman::float::Float;
use elman::network::{State, StateBlock};
use numpy::{
    Element, PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray, PyReadonlyArray2,
    PyReadonlyArray3, PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use crate::errors::{exception, wrong};

/// The number types that both sides have.
pub(crate) trait Number: Float + Element {}

impl Number for f32 {}
impl Number for f64 {}

/// The values of an array that lies in memory row by row, without gaps.
pub(crate) fn values<'a, T: Element, D: numpy::ndarray::Dimension>(
    array: &'a PyReadonlyArray<'_, T, D>,
    what: &str,
) -> PyResult<&'a [T]> {
    array
        .as_slice()
        .map_err(|_| wrong(format!("{what} is not C-contiguous; numpy.ascontiguousarray makes it so")))
}

/// Sequences as a caller has them.
#[derive(FromPyObject)]
pub(crate) enum Sequences<'py, T: Number> {
    /// `[B, T, width]`, of which each sequence has its first timesteps.
    Padded(PyReadonlyArray3<'py, T>),
    /// For each `[length, width]`.
    Listed(Vec<PyReadonlyArray2<'py, T>>),
}

/// How sequences came, so that what belongs to them goes back in the same way.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Padded,
    Listed,
}

impl<T: Number> Sequences<'_, T> {
    pub(crate) fn form(&self) -> Form {
        match self {
            Sequences::Padded(_) => Form::Padded,
            Sequences::Listed(_) => Form::Listed,
        }
    }

    /// Each sequence `[length, width]`, none of them empty. `lengths` are those of padded ones; by default all are as
    /// long as the array.
    pub(crate) fn slices(&self, width: usize, lengths: Option<&[usize]>, what: &str) -> PyResult<Vec<&[T]>> {
        let check_width = |found: usize| match found == width {
            true => Ok(()),
            false => Err(wrong(format!("{what} has {found} values per timestep, but there must be {width}"))),
        };
        let slices: Vec<&[T]> = match self {
            Sequences::Padded(array) => {
                let &[batch, time, found] = array.shape() else { unreachable!("it has three dimensions") };
                check_width(found)?;
                let all = values(array, what)?;
                let length = |n: usize| match lengths {
                    None => Ok(time),
                    Some(lengths) if lengths.len() != batch => {
                        Err(wrong(format!("lengths are {}, but {what} has {batch} sequences", lengths.len())))
                    }
                    Some(lengths) if lengths[n] > time => Err(wrong(format!(
                        "sequence {n} has length {}, but {what} has {time} timesteps",
                        lengths[n]
                    ))),
                    Some(lengths) => Ok(lengths[n]),
                };
                let slice = |n| Ok(&all[n * time * width..][..length(n)? * width]);
                (0..batch).map(slice).collect::<PyResult<_>>()?
            }
            Sequences::Listed(arrays) => {
                if lengths.is_some() {
                    return Err(wrong(
                        "lengths are for sequences in one array; those in a list have their own",
                    ));
                }
                let slice = |array| {
                    let array: &PyReadonlyArray2<'_, T> = array;
                    check_width(array.shape()[1])?;
                    values(array, what)
                };
                arrays.iter().map(slice).collect::<PyResult<_>>()?
            }
        };
        if slices.is_empty() {
            return Err(wrong(format!("{what} holds no sequence")));
        }
        match slices.iter().position(|slice| slice.is_empty()) {
            Some(n) => Err(wrong(format!("{what}: sequence {n} has no timestep; leave it out"))),
            None => Ok(slices),
        }
    }
}

/// Rows `[num_rows, width]` as the sequences that they are of: padded with zeros to `time` timesteps, or in a list.
pub(crate) fn unpacked<'py, T: Number>(
    py: Python<'py>,
    form: Form,
    packing: &Packing,
    rows: &[T],
    width: usize,
    time: usize,
) -> PyResult<Bound<'py, PyAny>> {
    if let Form::Listed = form {
        let sequences = packing.unpack(rows, width);
        let arrays = sequences.into_iter().map(|sequence| {
            let length = sequence.len() / width;
            PyArray1::from_vec(py, sequence).reshape([length, width])
        });
        let arrays: Vec<Bound<'py, PyArray2<T>>> = arrays.collect::<PyResult<_>>()?;
        return Ok(arrays.into_pyobject(py)?.into_any());
    }
    let mut padded = vec![T::default(); packing.batch_size() * time * width];
    for (b, (&n, &length)) in packing.order().iter().zip(packing.lengths()).enumerate() {
        let sequence = padded[n * time * width..][..length * width].chunks_exact_mut(width);
        for (t, to) in sequence.enumerate() {
            to.copy_from_slice(&rows[packing.row(t, b) * width..][..width]);
        }
    }
    Ok(PyArray1::from_vec(py, padded).reshape([packing.batch_size(), time, width])?.into_any())
}

/// Writes states `[B, STATES, H]`, one array for each block, in the order in which the batch was given.
pub(crate) fn set_states<T: Number>(
    arrays: &[PyReadonlyArray3<'_, T>],
    blocks: &[StateBlock],
    packing: &Packing,
    state: &mut State<T>,
    what: &str,
) -> PyResult<()> {
    if arrays.len() != blocks.len() {
        let (found, wanted) = (arrays.len(), blocks.len());
        return Err(wrong(format!(
            "{what} has {found} arrays, but the network has {wanted} recurrent directions"
        )));
    }
    for (k, (array, block)) in arrays.iter().zip(blocks).enumerate() {
        let wanted = [packing.batch_size(), block.width() / block.hidden_size, block.hidden_size];
        if array.shape() != wanted {
            let found = array.shape();
            return Err(wrong(format!("{what}[{k}] has the shape {found:?}, but it must be {wanted:?}")));
        }
        let (all, width) = (values(array, what)?, block.width());
        for (to, &n) in state.block_mut(k).chunks_exact_mut(width).zip(packing.order()) {
            to.copy_from_slice(&all[n * width..][..width]);
        }
    }
    Ok(())
}

/// States as [`set_states`] takes them.
pub(crate) fn states<'py, T: Number>(
    py: Python<'py>,
    blocks: &[StateBlock],
    packing: &Packing,
    state: &State<T>,
) -> PyResult<Vec<Bound<'py, PyArray3<T>>>> {
    let array = |(k, block): (usize, &StateBlock)| {
        let width = block.width();
        let mut all = vec![T::default(); packing.batch_size() * width];
        for (from, &n) in state.block(k).chunks_exact(width).zip(packing.order()) {
            all[n * width..][..width].copy_from_slice(from);
        }
        let shape = [packing.batch_size(), width / block.hidden_size, block.hidden_size];
        PyArray1::from_vec(py, all).reshape(shape)
    };
    blocks.iter().enumerate().map(array).collect()
}

/// Are these the same bits? So is a NaN then equal to itself, and 0 not to -0.
pub(crate) fn same<T: Float>(a: &[T], b: &[T]) -> bool {
    /// Values that are compared without a look at whether one differed already: in vectors.
    const AT_ONCE: usize = 256;
    let differs = |a: T, b: T| a.to_f64().to_bits() != b.to_f64().to_bits();
    let agree = |(a, b): (&[T], &[T])| !a.iter().zip(b).fold(false, |any, (&a, &b)| any | differs(a, b));
    a.len() == b.len() && a.chunks(AT_ONCE).zip(b.chunks(AT_ONCE)).all(agree)
}

/// Arrays of one length that were given away, to be given away again once nobody has them: the memory of a large one that
/// is new comes page by page, which takes as long as to fill it several times.
#[derive(Debug)]
pub(crate) struct Spares<T>(Vec<Py<PyArray1<T>>>);

impl<T> Default for Spares<T> {
    fn default() -> Self {
        Spares(Vec::new())
    }
}

impl<T: Number> Spares<T> {
    /// So many are remembered: that of this pass, and that of the one before, which may still be looked at.
    const MOST: usize = 2;

    /// An array of so many values, which may be any. Of what nobody has, nothing else is kept.
    #[expect(deprecated, reason = "what it was given up for is unsafe code")]
    pub(crate) fn take<'py>(&mut self, py: Python<'py>, len: usize) -> Bound<'py, PyArray1<T>> {
        let mut spare = None;
        self.0.retain(|array| {
            let array = array.bind(py);
            // Whoever has a part of an array, of NumPy or of PyTorch, holds the array.
            let is_free = array.get_refcnt() == 1;
            if is_free && array.len() == len && spare.is_none() {
                spare = Some(array.clone());
                return true;
            }
            !is_free && array.len() == len
        });
        spare.unwrap_or_else(|| {
            let array = PyArray1::zeros(py, len, false);
            if self.0.len() == Self::MOST {
                self.0.remove(0);
            }
            self.0.push(array.clone().unbind());
            array
        })
    }
}

/// A configuration out of its JSON, which the Python half has written.
pub(crate) fn parsed<'de, C: serde::Deserialize<'de>>(what: &str, json: &'de str) -> PyResult<C> {
    serde_json::from_str(json).map_err(|error| wrong(format!("{what}: {error}")))
}

/// The library's configuration error as an exception, for `map_err`.
pub(crate) fn config(error: elman::error::ConfigError) -> PyErr {
    exception(error)
}
