//! Random numbers from a seed: one independent stream per purpose and position.
//!
//! Every draw of a training run comes from a generator that is made anew from the seed and the
//! place where it is needed (the epoch, the update). The random state of a run is therefore its
//! seed and its position, and a resumed run draws what an uninterrupted one would have drawn.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator used throughout: ChaCha with 8 rounds, the same numbers on every machine.
pub type Rng = ChaCha8Rng;

/// What the random numbers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The starting parameters.
    Initialisation,
    /// Which sequences are held out for validation and test.
    Split,
    /// The order of the sequences in an epoch.
    Shuffle(u64),
    /// The dropout masks of an update.
    Dropout(u64),
    /// The points at which gradients are checked.
    Check(u64),
}

/// The generator of `stream` in a run with this `seed`.
pub fn rng(seed: u64, stream: Stream) -> Rng {
    // The purpose in the top byte, the position below it: 2^56 positions each.
    let (purpose, position) = match stream {
        Stream::Initialisation => (0, 0),
        Stream::Split => (1, 0),
        Stream::Shuffle(epoch) => (2, epoch),
        Stream::Dropout(update) => (3, update),
        Stream::Check(point) => (4, point),
    };
    let mut rng = Rng::seed_from_u64(seed);
    rng.set_stream(purpose << 56 | (position & (u64::MAX >> 8)));
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn streams_differ_and_repeat() {
        let draw = |seed, stream| rng(seed, stream).random::<u64>();
        let streams = [
            Stream::Initialisation,
            Stream::Split,
            Stream::Shuffle(0),
            Stream::Shuffle(1),
            Stream::Dropout(1),
        ];
        for (n, &a) in streams.iter().enumerate() {
            assert_eq!(draw(7, a), draw(7, a));
            assert_ne!(draw(7, a), draw(8, a));
            for &b in &streams[n + 1..] {
                assert_ne!(draw(7, a), draw(7, b));
            }
        }
    }
}
