use super::TensorVisitor;
use crate::lane::Scalar;

/// A table of vectors, one for each token: `y = weight[x]`. The input is a single value, the token's id.
///
/// Its parameter is `weight [num_embeddings, embedding_dim]`. One that is [one-hot](Self::one_hot) has none: the vector of
/// a token has 1 in the token's place, and 0 elsewhere. An id that is no whole number in
/// `0..num_embeddings` gives NaN, which every loss refuses. The id has no gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Embedding {
    /// The number of tokens.
    pub num_embeddings: usize,
    /// The length of a token's vector.
    pub embedding_dim: usize,
    /// Are the vectors the rows of the identity, instead of learned ones? They are then as long as there are tokens.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "core::ops::Not::not"))]
    pub one_hot: bool,
}

impl Embedding {
    /// A table of this size.
    pub const fn new(num_embeddings: usize, embedding_dim: usize) -> Self {
        Embedding { num_embeddings, embedding_dim, one_hot: false }
    }

    /// A vector for each of so many tokens, as long as there are tokens: 1 in the token's place, 0 elsewhere.
    pub const fn one_hot(num_embeddings: usize) -> Self {
        Embedding { num_embeddings, embedding_dim: num_embeddings, one_hot: true }
    }

    /// The tensors, in order.
    pub fn tensors(&self, visit: TensorVisitor<'_>) {
        let learned = if self.one_hot { 0 } else { self.num_embeddings };
        visit(format_args!("weight"), &[learned, self.embedding_dim]);
    }

    /// The token that an input value stands for, if it is one.
    pub fn token<T: Scalar>(&self, x: T) -> Option<usize> {
        let id = x.to_f64();
        // Conversion saturates, and NaN becomes 0: the token is the value's only if it is that number again.
        let token = id as usize;
        (token as f64 == id && token < self.num_embeddings).then_some(token)
    }

    /// From `x [1]` to `y [embedding_dim]`.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    pub fn forward<T: Scalar>(&self, weight: &[T], x: &[T], y: &mut [T]) {
        match self.token(x[0]) {
            Some(token) if self.one_hot => {
                y.fill(T::default());
                y[token] = T::from_f64(1.0);
            }
            Some(token) => y.copy_from_slice(&weight[token * self.embedding_dim..][..self.embedding_dim]),
            None => y.fill(T::from_f64(f64::NAN)),
        }
    }

    /// From `dy [embedding_dim]`: adds to the gradient of `weight`, if there is one.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    pub fn backward<T: Scalar>(&self, x: &[T], dy: &[T], dweight: &mut [T]) {
        if let Some(token) = self.token(x[0]).filter(|_| !self.one_hot) {
            let row = &mut dweight[token * self.embedding_dim..][..self.embedding_dim];
            row.iter_mut().zip(dy).for_each(|(dw, &d)| *dw += d);
        }
    }
}
