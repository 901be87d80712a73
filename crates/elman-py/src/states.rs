//! States of recurrent layers on their way in and out, in the two ways in which arrays hold them.

use elman::network::{State, StateBlock};
use numpy::{PyArray1, PyArray3, PyArrayMethods, PyReadonlyArray3, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::arrays::{Number, values};
use crate::errors::wrong;

/// What there is an array for.
#[derive(Clone, Copy)]
pub(crate) enum Arrays {
    /// For each recurrent layer and direction `[B, STATES, H]`, as networks have them.
    PerLayer,
    /// For each state of the cell `[D * layers, B, H]`, as PyTorch has them: all layers are of one cell and size.
    PerState,
}

impl Arrays {
    /// The shapes of the arrays for a batch of this size.
    fn shapes(self, blocks: &[StateBlock], batch_size: usize) -> Vec<[usize; 3]> {
        let states = |block: &StateBlock| block.width() / block.hidden_size;
        match (self, blocks.first()) {
            (_, None) => Vec::new(),
            (Arrays::PerLayer, _) => {
                blocks.iter().map(|block| [batch_size, states(block), block.hidden_size]).collect()
            }
            (Arrays::PerState, Some(first)) => {
                vec![[blocks.len(), batch_size, first.hidden_size]; states(first)]
            }
        }
    }

    /// The array that holds state `s` of block `k` of sequence `n`, and where in it.
    fn place(self, shapes: &[[usize; 3]], k: usize, n: usize, s: usize) -> (usize, usize) {
        let (array, row, column) = match self {
            Arrays::PerLayer => (k, n, s),
            Arrays::PerState => (s, k, n),
        };
        let [_, columns, hidden_size] = shapes[array];
        (array, (row * columns + column) * hidden_size)
    }

    /// Why there must be so many arrays.
    fn reason(self, count: usize) -> String {
        match self {
            Arrays::PerLayer => format!("the network has {count} recurrent directions"),
            Arrays::PerState => format!("the cell has {count} states"),
        }
    }
}

/// Writes states to those of a batch, whose sequence in row `b` is the caller's `order[b]`.
pub(crate) fn write<T: Number>(
    how: Arrays,
    arrays: &[PyReadonlyArray3<'_, T>],
    blocks: &[StateBlock],
    order: &[usize],
    state: &mut State<T>,
    what: &str,
) -> PyResult<()> {
    let shapes = how.shapes(blocks, order.len());
    if arrays.len() != shapes.len() {
        let (found, reason) = (arrays.len(), how.reason(shapes.len()));
        return Err(wrong(format!("{what} has {found} arrays, but {reason}")));
    }
    let mut given = Vec::with_capacity(arrays.len());
    for (k, (array, wanted)) in arrays.iter().zip(&shapes).enumerate() {
        if array.shape() != wanted {
            let found = array.shape();
            return Err(wrong(format!("{what}[{k}] has the shape {found:?}, but it must be {wanted:?}")));
        }
        given.push(values(array, what)?);
    }
    for (k, block) in blocks.iter().enumerate() {
        for (row, &n) in state.block_mut(k).chunks_exact_mut(block.width()).zip(order) {
            for (s, to) in row.chunks_exact_mut(block.hidden_size).enumerate() {
                let (array, at) = how.place(&shapes, k, n, s);
                to.copy_from_slice(&given[array][at..][..block.hidden_size]);
            }
        }
    }
    Ok(())
}

/// States as [`write`] takes them.
pub(crate) fn read<'py, T: Number>(
    py: Python<'py>,
    how: Arrays,
    blocks: &[StateBlock],
    order: &[usize],
    state: &State<T>,
) -> PyResult<Vec<Bound<'py, PyArray3<T>>>> {
    let shapes = how.shapes(blocks, order.len());
    let mut all: Vec<Vec<T>> =
        shapes.iter().map(|shape| vec![T::default(); shape.iter().product()]).collect();
    for (k, block) in blocks.iter().enumerate() {
        for (row, &n) in state.block(k).chunks_exact(block.width()).zip(order) {
            for (s, from) in row.chunks_exact(block.hidden_size).enumerate() {
                let (array, at) = how.place(&shapes, k, n, s);
                all[array][at..][..block.hidden_size].copy_from_slice(from);
            }
        }
    }
    all.into_iter().zip(shapes).map(|(values, shape)| PyArray1::from_vec(py, values).reshape(shape)).collect()
}
