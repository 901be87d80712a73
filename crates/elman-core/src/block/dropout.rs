use crate::lane::Scalar;

/// Dropout (Srivastava et al., Journal of Machine Learning Research 15, 2014, 1929-1958): in training each
/// value is set to 0 with a probability `p`, and the others are divided by `1 - p`; otherwise nothing
/// happens.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Dropout {
    /// `p`, in `[0, 1)`.
    pub probability: f64,
}

impl Dropout {
    /// Dropout with this probability.
    pub const fn new(probability: f64) -> Self {
        Dropout { probability }
    }

    /// What values that are kept are multiplied by: `1 / (1 - p)`.
    pub fn scale<T: Scalar>(&self) -> T {
        T::from_f64(1.0 / (1.0 - self.probability))
    }

    /// Multiplies values, or on the backward pass their gradients, with a mask of zeros and
    /// [`scale`](Self::scale)s.
    pub fn apply<T: Scalar>(mask: &[T], values: &mut [T]) {
        values.iter_mut().zip(mask).for_each(|(value, &mask)| *value = *value * mask);
    }
}
