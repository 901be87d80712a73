//! What the outputs of a batch should have been.

use elman_core::lane::Scalar;

/// What the outputs of a batch should have been.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets<T> {
    /// The values that each output stands for, `[n, V]`; NaN where one is missing and counts nothing.
    Values(Vec<T>),
    /// One class in `0..O` per output, `[n]`; [`UNLABELLED`] where it is missing and counts nothing.
    Classes(Vec<usize>),
}

/// What stands for a class that is not known: no number of classes reaches so far.
pub const UNLABELLED: usize = usize::MAX;

impl<T: Scalar> Targets<T> {
    /// Takes the targets of outputs `range`, for which there are `width` values each, out of others.
    pub fn set_slice(&mut self, of: &Targets<T>, range: std::ops::Range<usize>, width: usize) {
        self.take_kind(of);
        match (of, self) {
            (Targets::Values(of), Targets::Values(values)) => {
                values.clear();
                values.extend_from_slice(&of[range.start * width..range.end * width]);
            }
            (Targets::Classes(of), Targets::Classes(classes)) => {
                classes.clear();
                classes.extend_from_slice(&of[range]);
            }
            _ => unreachable!("both are of one kind"),
        }
    }

    /// Adds those of further outputs.
    ///
    /// # Panics
    /// If they are of another kind.
    pub fn append(&mut self, further: Targets<T>) {
        match (self, further) {
            (Targets::Values(values), Targets::Values(mut further)) => values.append(&mut further),
            (Targets::Classes(classes), Targets::Classes(mut further)) => classes.append(&mut further),
            _ => panic!("targets are classes or values, not both"),
        }
    }

    /// How many there are for each of so many outputs.
    pub fn width(&self, outputs: usize) -> usize {
        match self {
            Targets::Values(values) => values.len() / outputs.max(1),
            Targets::Classes(_) => 1,
        }
    }

    /// Becomes of the kind of others; keeps the memory if that is the kind already.
    pub fn take_kind(&mut self, of: &Targets<T>) {
        match (&*self, of) {
            (Targets::Values(_), Targets::Values(_)) | (Targets::Classes(_), Targets::Classes(_)) => {}
            (_, Targets::Values(_)) => *self = Targets::Values(Vec::new()),
            (_, Targets::Classes(_)) => *self = Targets::Classes(Vec::new()),
        }
    }

    /// The same targets in another number type.
    pub fn convert<U: Scalar>(&self) -> Targets<U> {
        match self {
            Targets::Values(values) => Targets::Values(crate::float::convert(values)),
            Targets::Classes(classes) => Targets::Classes(classes.clone()),
        }
    }
}

impl<T> Default for Targets<T> {
    fn default() -> Self {
        Targets::Values(Vec::new())
    }
}
