//! The one flat parameter vector and the names of its parts.
//!
//! Parameters, their gradient, optimiser states and averages all share this layout, so that an
//! update, a norm or a save is one pass over one vector.
//!
//! ```
//! use elman_network::network::{CellKind, Network, NetworkConfig};
//!
//! # fn main() -> Result<(), elman_network::error::ConfigError> {
//! let network = Network::new(NetworkConfig::stacked(CellKind::Gru, 3, 8, 1, 1))?;
//! let parameters = vec![0.0; network.layout().len()];
//! let weight_hh = network.layout().tensor("weight_hh_l0").unwrap();
//! assert_eq!(weight_hh.shape, [3 * 8, 8]);
//! assert_eq!(parameters[weight_hh.range.clone()].len(), 192);
//! # Ok(())
//! # }
//! ```

use std::ops::Range;

/// More parameters than this are refused: 2 GiB in `f64`, and training takes several times as much.
pub const MAX_PARAMETERS: usize = 1 << 28;

/// A named tensor inside the flat vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// PyTorch's name: `weight_ih_l0`, `bias_hh_l1_reverse`, `head.weight`.
    pub name: String,
    /// Row-major shape.
    pub shape: Vec<usize>,
    /// Its place in the flat vector.
    pub range: Range<usize>,
}

/// The tensors of a network, in the order in which they lie in the flat vector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    tensors: Vec<Tensor>,
    len: usize,
}

impl Layout {
    /// Appends a tensor and returns its place, or `None` if the vector would outgrow
    /// [`MAX_PARAMETERS`]. One without entries has a place but is no tensor of the network.
    pub(crate) fn push(&mut self, name: String, shape: &[usize]) -> Option<Range<usize>> {
        let size = shape.iter().try_fold(1usize, |size, &n| size.checked_mul(n))?;
        let end = self.len.checked_add(size).filter(|&end| end <= MAX_PARAMETERS)?;
        let range = self.len..end;
        if size > 0 {
            self.tensors.push(Tensor { name, shape: shape.to_vec(), range: range.clone() });
        }
        self.len = end;
        Some(range)
    }

    /// The tensors in order.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// The tensor with this name.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// The length of the flat vector.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Is the flat vector empty?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}
