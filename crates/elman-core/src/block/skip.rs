use crate::lane::Scalar;

/// A skip connection from the network's input: the first `n` input values of a timestep are added to the
/// first `n` values of its row.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Skip {
    /// `n`: at least 1, and no more than the network's inputs or the row's values.
    pub inputs: usize,
}

impl Skip {
    /// Adds the first `inputs` inputs.
    pub const fn new(inputs: usize) -> Self {
        Skip { inputs }
    }

    /// Adds to the row `y` from the network's `input` of the same timestep. On the backward pass the row's
    /// gradient stays as it is, and is added to the input's by the same function, with their parts exchanged.
    ///
    /// # Panics
    /// If there are fewer than `n` values on either side.
    pub fn add<T: Scalar>(&self, input: &[T], y: &mut [T]) {
        y[..self.inputs].iter_mut().zip(&input[..self.inputs]).for_each(|(y, &x)| *y += x);
    }
}
