//! Arrays on their way in and out.

use elman::batch::Packing;
use elman::float::Float;
use numpy::{
    Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray, PyReadonlyArray2, PyReadonlyArray3,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use crate::errors::wrong;

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

/// Values of sequences in the form in which others came, on their way out.
pub(crate) enum Gathered<T> {
    /// `[B, T, width]`
    Padded(Vec<T>, [usize; 3]),
    /// Of each sequence `[length, width]`.
    Listed(Vec<Vec<T>>, usize),
}

impl<T: Number> Gathered<T> {
    /// Rows `[num_rows, width]` by the sequences that they are of: padded with zeros to `time` timesteps, or in a list.
    pub(crate) fn new(form: Form, packing: &Packing, rows: &[T], width: usize, time: usize) -> Self {
        if let Form::Listed = form {
            return Gathered::Listed(packing.unpack(rows, width), width);
        }
        let mut padded = vec![T::default(); packing.batch_size() * time * width];
        for (b, (&n, &length)) in packing.order().iter().zip(packing.lengths()).enumerate() {
            let sequence = padded[n * time * width..][..length * width].chunks_exact_mut(width);
            for (t, to) in sequence.enumerate() {
                to.copy_from_slice(&rows[packing.row(t, b) * width..][..width]);
            }
        }
        Gathered::Padded(padded, [packing.batch_size(), time, width])
    }

    /// One array, or a list of them.
    pub(crate) fn into_py(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Gathered::Padded(values, shape) => Ok(PyArray1::from_vec(py, values).reshape(shape)?.into_any()),
            Gathered::Listed(sequences, width) => {
                let arrays = sequences.into_iter().map(|sequence| {
                    let length = sequence.len() / width;
                    PyArray1::from_vec(py, sequence).reshape([length, width])
                });
                let arrays: Vec<Bound<'_, PyArray2<T>>> = arrays.collect::<PyResult<_>>()?;
                Ok(arrays.into_pyobject(py)?.into_any())
            }
        }
    }
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

/// What is wrong with a value that came as JSON, in words of Python's: without the place in a text that nobody wrote, and
/// without Rust's names of types.
pub(crate) fn in_words(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let kinds = [
        ("usize", "a whole number from 0 on"),
        ("u64", "a whole number from 0 on"),
        ("u32", "a whole number from 0 on"),
        ("f64", "a number"),
        ("a boolean", "True or False"),
        ("a string", "a text"),
        ("a sequence", "a list"),
        ("string or map", "a name"),
    ];
    let known = kinds.iter().find_map(|(kind, words)| Some((message.strip_suffix(kind)?, words)));
    known.map_or_else(|| message.to_string(), |(start, words)| format!("{start}{words}"))
}

/// A configuration out of its JSON, which the Python half has written.
pub(crate) fn parsed<'de, C: serde::Deserialize<'de>>(what: &str, json: &'de str) -> PyResult<C> {
    serde_json::from_str(json).map_err(|error| wrong(format!("{what}: {}", in_words(&error))))
}
