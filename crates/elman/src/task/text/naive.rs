//! What can be told of a text without a network: by how often tokens, and pairs of them, stand in the training part.

use std::collections::HashMap;

use super::vocabulary::{Id, Vocabulary};
use crate::error::Error;
use crate::loss::Targets;
use crate::sequence::{Example, Sequences};

/// The natural log-probability of tokens by their frequencies in the training part, each counted once more than it is
/// there.
pub(super) struct Frequencies<'v> {
    counts: &'v [u64],
    total: f64,
}

impl<'v> Frequencies<'v> {
    pub(super) fn of(vocabulary: &'v Vocabulary) -> Self {
        let total = vocabulary.num_trained() as f64 + vocabulary.len() as f64;
        Frequencies { counts: &vocabulary.counts, total }
    }

    fn probability(&self, id: Id) -> f64 {
        (self.counts[id as usize] as f64 + 1.0) / self.total
    }

    pub(super) fn log_probability(&self, id: Id) -> f64 {
        self.probability(id).ln()
    }
}

/// The natural log-probability of a token after another, by how often both stand together: `(c(a, b) + p(b)) / (c(a) +
/// 1)`, with the frequency `p` (a Dirichlet prior of weight 1: MacKay & Peto, Natural Language Engineering 1, 1995).
pub(super) struct Pairs<'v> {
    frequencies: Frequencies<'v>,
    pairs: HashMap<(Id, Id), u64>,
    firsts: Vec<u64>,
}

impl<'v> Pairs<'v> {
    /// Those of the sequences that a model is trained on.
    ///
    /// # Errors
    /// If they cannot be read any more.
    pub(super) fn of(vocabulary: &'v Vocabulary, trained_on: &Sequences) -> Result<Self, Error> {
        let (mut pairs, mut firsts) = (HashMap::new(), vec![0; vocabulary.len()]);
        trained_on.for_each(|Example { x, targets }| {
            let Targets::Classes(next) = targets else { return };
            for (&first, &next) in x.iter().zip(next) {
                *pairs.entry((first as Id, next as Id)).or_default() += 1;
                firsts[first as usize] += 1;
            }
        })?;
        Ok(Pairs { frequencies: Frequencies::of(vocabulary), pairs, firsts })
    }

    pub(super) fn log_probability(&self, first: Id, next: Id) -> f64 {
        let pair = self.pairs.get(&(first, next)).copied().unwrap_or(0) as f64;
        let first = self.firsts[first as usize] as f64;
        ((pair + self.frequencies.probability(next)) / (first + 1.0)).ln()
    }
}
