//! Random numbers from a seed: one independent stream per purpose and position.
//!
//! Every draw of a training run comes from a generator that is made anew from the seed and the
//! place where it is needed (the epoch, the update). The random state of a run is therefore its
//! seed and its position, and a resumed run draws what an uninterrupted one would have drawn.
//!
//! ```
//! use elman_network::random::{Purpose, Rng};
//!
//! let draw = |seed, purpose| Rng::new(seed, purpose).uniform();
//! assert_eq!(draw(7, Purpose::Shuffle(1)), draw(7, Purpose::Shuffle(1)));
//! assert_ne!(draw(7, Purpose::Shuffle(1)), draw(7, Purpose::Shuffle(2)));
//! assert_ne!(draw(7, Purpose::Shuffle(1)), draw(7, Purpose::Dropout(1)));
//! ```

use std::ops::Range;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{StandardNormal, StudentT};

/// What the random numbers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// The starting parameters.
    Initialisation,
    /// Which sequences are held out for validation and test.
    Split,
    /// The order of the sequences in an epoch.
    Shuffle(u64),
    /// The dropout masks of a training step.
    Dropout(u64),
    /// The points at which gradients are checked.
    Check(u64),
    /// A path of a series into the future.
    Path(u64),
    /// A recipe to be tried.
    Trial(u64),
    /// A text that is generated.
    Text,
}

/// The generator used throughout: ChaCha with 8 rounds, the same numbers on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// The generator for `purpose` in a run with this `seed`.
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        // The purpose in the top byte, the position below it: 2^56 positions each.
        let (purpose, position) = match purpose {
            Purpose::Initialisation => (0, 0),
            Purpose::Split => (1, 0),
            Purpose::Shuffle(epoch) => (2, epoch),
            Purpose::Dropout(step) => (3, step),
            Purpose::Check(point) => (4, point),
            Purpose::Path(path) => (5, path),
            Purpose::Trial(trial) => (6, trial),
            Purpose::Text => (7, 0),
        };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(purpose << 56 | (position & (u64::MAX >> 8)));
        Rng(rng)
    }

    /// How many words have been drawn.
    pub fn position(&self) -> u64 {
        self.0.get_word_pos() as u64
    }

    /// Goes on where so many words have been drawn.
    pub fn go_to(&mut self, position: u64) {
        self.0.set_word_pos(position.into());
    }

    /// A number in `[0, 1)`, each of the `2^53` multiples of `2^-53` as likely as any other.
    pub fn uniform(&mut self) -> f64 {
        self.0.random()
    }

    /// A number from the normal distribution with mean 0 and standard deviation 1.
    pub fn normal(&mut self) -> f64 {
        self.0.sample(StandardNormal)
    }

    /// A number from Student's t-distribution with so many degrees of freedom; NaN where they are not above 0.
    pub fn student_t(&mut self, freedom: f64) -> f64 {
        StudentT::new(freedom).map_or(f64::NAN, |distribution| self.0.sample(distribution))
    }

    /// A whole number of `range`, each as likely as any other.
    ///
    /// # Panics
    /// If the range is empty.
    pub fn index(&mut self, range: Range<usize>) -> usize {
        self.0.random_range(range)
    }

    /// Brings `items` into an order of which each is as likely as any other.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        items.shuffle(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_and_repeat() {
        let draw = |seed, purpose| Rng::new(seed, purpose).uniform();
        let purposes = [
            Purpose::Initialisation,
            Purpose::Split,
            Purpose::Shuffle(0),
            Purpose::Shuffle(1),
            Purpose::Dropout(1),
        ];
        for (n, &a) in purposes.iter().enumerate() {
            assert_eq!(draw(7, a), draw(7, a));
            assert_ne!(draw(7, a), draw(8, a));
            for &b in &purposes[n + 1..] {
                assert_ne!(draw(7, a), draw(7, b));
            }
        }
    }
}
