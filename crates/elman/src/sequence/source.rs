//! Sequences that are read where they stand, a stretch of time at a time.

use std::borrow::Cow;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use elman_core::lane::Scalar;

use super::Example;
use crate::error::Error;
use crate::loss::Targets;

/// What holds sequences, each with a target for every timestep, and hands out any stretch of them.
pub(crate) trait Source: Debug + Send + Sync {
    /// How many sequences there are.
    fn count(&self) -> usize;

    /// `I`, the values of a timestep's input.
    fn input_size(&self) -> usize;

    /// The timesteps of sequence `n`.
    fn length(&self, n: usize) -> usize;

    /// The inputs `[time, I]` and the targets of a stretch of sequence `n`.
    ///
    /// # Errors
    /// If they cannot be read any more.
    fn read(&self, n: usize, time: Range<usize>) -> Result<Example<f64>, Error>;

    /// A number that tells these sequences from others.
    fn fingerprint(&self) -> u32;
}

/// The sequences of a part of some data: in memory, or read where they stand whenever a stretch of them is needed.
#[derive(Clone, Debug)]
pub struct Sequences<T = f64>(Kept<T>);

#[derive(Clone, Debug)]
enum Kept<T> {
    Held(Vec<Example<T>>),
    Read(Arc<dyn Source>),
}

/// None, in memory.
impl<T> Default for Sequences<T> {
    fn default() -> Self {
        Sequences(Kept::Held(Vec::new()))
    }
}

impl<T> From<Vec<Example<T>>> for Sequences<T> {
    fn from(examples: Vec<Example<T>>) -> Self {
        Sequences(Kept::Held(examples))
    }
}

impl<T> FromIterator<Example<T>> for Sequences<T> {
    fn from_iter<I: IntoIterator<Item = Example<T>>>(examples: I) -> Self {
        Sequences(Kept::Held(examples.into_iter().collect()))
    }
}

impl<T: Scalar> Sequences<T> {
    /// Those of a source.
    pub(crate) fn of(source: impl Source + 'static) -> Self {
        Sequences(Kept::Read(Arc::new(source)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        Examples::from(self).len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those in memory; nothing if they are read where they stand.
    pub fn held(&self) -> &[Example<T>] {
        match &self.0 {
            Kept::Held(examples) => examples,
            Kept::Read(_) => &[],
        }
    }

    /// Leaves none.
    pub fn clear(&mut self) {
        *self = Sequences::default();
    }

    /// The timesteps of a sequence whose timesteps have inputs of so many values.
    ///
    /// # Panics
    /// If there is no such sequence.
    pub fn length(&self, n: usize, input_size: usize) -> usize {
        Examples::from(self).length(n, input_size)
    }

    /// The same in another number type.
    pub(crate) fn convert<U: Scalar>(&self) -> Sequences<U> {
        Sequences(match &self.0 {
            Kept::Held(examples) => Kept::Held(examples.iter().map(Example::convert).collect()),
            Kept::Read(source) => Kept::Read(Arc::clone(source)),
        })
    }

    /// Goes through all sequences in order: those in memory whole, others by stretches.
    ///
    /// # Errors
    /// If one cannot be read any more.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&Example<T>)) -> Result<(), Error> {
        const STRETCH: usize = 1 << 16;
        let source = match &self.0 {
            Kept::Held(examples) => {
                examples.iter().for_each(each);
                return Ok(());
            }
            Kept::Read(source) => source,
        };
        for n in 0..source.count() {
            let length = source.length(n);
            for start in (0..length).step_by(STRETCH) {
                each(&source.read(n, start..length.min(start + STRETCH))?.convert());
            }
        }
        Ok(())
    }

    /// These of them, in this order.
    pub(crate) fn select(&self, places: Vec<usize>) -> Self {
        Sequences(match &self.0 {
            Kept::Held(examples) => Kept::Held(places.iter().map(|&n| examples[n].clone()).collect()),
            Kept::Read(source) => Kept::Read(Arc::new(Selection { source: Arc::clone(source), places })),
        })
    }
}

impl Sequences {
    /// A whole sequence.
    ///
    /// # Errors
    /// If it cannot be read any more.
    ///
    /// # Panics
    /// If there is no such sequence.
    pub fn example(&self, n: usize) -> Result<Cow<'_, Example<f64>>, Error> {
        match &self.0 {
            Kept::Held(examples) => Ok(Cow::Borrowed(&examples[n])),
            Kept::Read(source) => source.read(n, 0..source.length(n)).map(Cow::Owned),
        }
    }

    /// The inputs `[time, I]` of a stretch of a sequence whose timesteps have inputs of so many values.
    ///
    /// # Errors
    /// If it cannot be read any more.
    ///
    /// # Panics
    /// If there is no such stretch.
    pub fn inputs(&self, n: usize, time: Range<usize>, input_size: usize) -> Result<Vec<f64>, Error> {
        match &self.0 {
            Kept::Held(examples) => {
                Ok(examples[n].x[time.start * input_size..time.end * input_size].to_vec())
            }
            Kept::Read(source) => Ok(source.read(n, time)?.x),
        }
    }

    /// A stretch of a sequence whose timesteps have inputs of so many values, and a target each.
    ///
    /// # Errors
    /// If it cannot be read any more.
    ///
    /// # Panics
    /// If there is no such stretch.
    pub fn stretch(&self, n: usize, time: Range<usize>, input_size: usize) -> Result<Example<f64>, Error> {
        let example = match &self.0 {
            Kept::Held(examples) => &examples[n],
            Kept::Read(source) => return source.read(n, time),
        };
        let width = example.targets.width(example.x.len() / input_size);
        let mut targets = Targets::default();
        targets.set_slice(&example.targets, time.clone(), width);
        Ok(Example { x: self.inputs(n, time, input_size)?, targets })
    }

    /// The fingerprint of those that are read where they stand.
    pub(crate) fn source_fingerprint(&self) -> Option<u32> {
        match &self.0 {
            Kept::Held(_) => None,
            Kept::Read(source) => Some(source.fingerprint()),
        }
    }
}

/// Some of a source's sequences.
#[derive(Debug)]
struct Selection {
    source: Arc<dyn Source>,
    places: Vec<usize>,
}

impl Source for Selection {
    fn count(&self) -> usize {
        self.places.len()
    }

    fn input_size(&self) -> usize {
        self.source.input_size()
    }

    fn length(&self, n: usize) -> usize {
        self.source.length(self.places[n])
    }

    fn read(&self, n: usize, time: Range<usize>) -> Result<Example<f64>, Error> {
        self.source.read(self.places[n], time)
    }

    fn fingerprint(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.source.fingerprint());
        self.places.iter().for_each(|place| hasher.update(&place.to_le_bytes()));
        hasher.finalize()
    }
}

/// What a [`Trainer`](crate::train::Trainer) learns from: examples in memory, or [`Sequences`].
#[derive(Debug)]
pub struct Examples<'a, T>(pub(super) Lent<'a, T>);

#[derive(Debug)]
pub(super) enum Lent<'a, T> {
    Held(&'a [Example<T>]),
    Read(&'a Arc<dyn Source>),
}

impl<T> Clone for Examples<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Examples<'_, T> {}

impl<T> Clone for Lent<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Lent<'_, T> {}

impl<'a, T> From<&'a [Example<T>]> for Examples<'a, T> {
    fn from(examples: &'a [Example<T>]) -> Self {
        Examples(Lent::Held(examples))
    }
}

impl<'a, T> From<&'a Vec<Example<T>>> for Examples<'a, T> {
    fn from(examples: &'a Vec<Example<T>>) -> Self {
        Examples(Lent::Held(examples))
    }
}

impl<'a, T, const N: usize> From<&'a [Example<T>; N]> for Examples<'a, T> {
    fn from(examples: &'a [Example<T>; N]) -> Self {
        Examples(Lent::Held(examples))
    }
}

impl<'a, T> From<&'a Sequences<T>> for Examples<'a, T> {
    fn from(sequences: &'a Sequences<T>) -> Self {
        Examples(match &sequences.0 {
            Kept::Held(examples) => Lent::Held(examples),
            Kept::Read(source) => Lent::Read(source),
        })
    }
}

impl<'a, T: Scalar> Examples<'a, T> {
    pub(crate) fn len(self) -> usize {
        match self.0 {
            Lent::Held(examples) => examples.len(),
            Lent::Read(source) => source.count(),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// See [`Sequences::length`].
    pub(crate) fn length(self, n: usize, input_size: usize) -> usize {
        match self.0 {
            Lent::Held(examples) => examples[n].x.len() / input_size,
            Lent::Read(source) => source.length(n),
        }
    }

    /// Those in memory; nothing if they are read where they stand.
    pub(crate) fn held(self) -> &'a [Example<T>] {
        match self.0 {
            Lent::Held(examples) => examples,
            Lent::Read(_) => &[],
        }
    }

    /// What they are read from, if they are not in memory.
    pub(crate) fn source(self) -> Option<&'a dyn Source> {
        match self.0 {
            Lent::Held(_) => None,
            Lent::Read(source) => Some(&**source),
        }
    }
}
