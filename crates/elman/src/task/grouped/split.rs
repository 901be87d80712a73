use super::GroupedOptions;
use crate::error::ConfigError;
use crate::random::{Purpose, Rng};

/// The sequences for each purpose.
pub(super) struct Split {
    pub(super) train: Vec<usize>,
    pub(super) validation: Vec<usize>,
    pub(super) test: Vec<usize>,
}

impl Split {
    /// Draws the sequences for test and validation, from every stratum its share; `strata` holds the
    /// stratum of each sequence, and the first of a stratum always stays in training.
    pub(super) fn draw(strata: &[usize], options: &GroupedOptions) -> Result<Self, ConfigError> {
        for (option, share) in [("test", options.test), ("validation", options.validation)] {
            if !(0.0..1.0).contains(&share) {
                return Err(ConfigError::new(
                    option,
                    format!("is {share}; it must be at least 0 and below 1"),
                ));
            }
        }
        let mut order: Vec<usize> = (0..strata.len()).collect();
        Rng::new(options.split_seed, Purpose::Split).shuffle(&mut order);
        // Every so many-th of the sequences sorted by stratum: all give their share.
        order.sort_by_key(|&n| strata[n]);
        let is_first = |k: usize| k == 0 || strata[order[k]] != strata[order[k - 1]];
        let (firsts, rest): (Vec<usize>, Vec<usize>) = (0..order.len()).partition(|&k| is_first(k));
        let to_sequences = |places: Vec<usize>| places.into_iter().map(|k| order[k]).collect::<Vec<_>>();
        let (test, rest) = pick(&to_sequences(rest), options.test, strata.len());
        let (validation, rest) = pick(&rest, options.validation, strata.len() - test.len());
        let mut split = Split { train: to_sequences(firsts), validation, test };
        split.train.extend(rest);
        for part in [&mut split.train, &mut split.validation, &mut split.test] {
            part.sort_unstable();
        }
        Ok(split)
    }
}

/// Takes `share * total` of the sequences, evenly spread over the list; returns those and the others.
fn pick(sequences: &[usize], share: f64, total: usize) -> (Vec<usize>, Vec<usize>) {
    let count = ((share * total as f64).round() as usize).min(sequences.len());
    let (mut picked, mut others) = (Vec::new(), Vec::new());
    for (k, &sequence) in sequences.iter().enumerate() {
        let taken = (k + 1) * count / sequences.len() > k * count / sequences.len();
        if taken { &mut picked } else { &mut others }.push(sequence);
    }
    (picked, others)
}
