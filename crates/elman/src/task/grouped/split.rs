use super::{GroupedOptions, SplitBy};
use crate::error::{ConfigError, Message};
use crate::random::{Purpose, Rng};

/// The sequences for each purpose.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::task) struct Split {
    pub(in crate::task) train: Vec<usize>,
    pub(in crate::task) validation: Vec<usize>,
    pub(in crate::task) test: Vec<usize>,
}

/// What a split is made of: sequences that stay together.
pub(super) struct Unit {
    pub(super) sequences: Vec<usize>,
    /// Units of one stratum are spread evenly over the parts.
    pub(super) stratum: usize,
}

impl Split {
    /// Chooses the sequences for test and validation; `by_start` has all sequences in the order in which they
    /// begin, if that is known.
    pub(super) fn choose(
        units: &[Unit],
        by_start: Option<&[usize]>,
        options: &GroupedOptions,
    ) -> Result<Self, ConfigError> {
        check_shares(options)?;
        let mut split = match (options.split, by_start) {
            (SplitBy::Random, _) => Self::draw(units, options),
            (SplitBy::Time, Some(by_start)) => Self::by_time(units, by_start, options),
            (SplitBy::Time, None) => {
                let message = Message::from("by time needs a column of times; name it with ").option("time");
                return Err(ConfigError::new("split", message));
            }
        };
        for part in [&mut split.train, &mut split.validation, &mut split.test] {
            *part = part.iter().flat_map(|&unit| units[unit].sequences.iter().copied()).collect();
            part.sort_unstable();
        }
        Ok(split)
    }

    /// Draws units, from every stratum its share; the first of a stratum always stays in training.
    fn draw(units: &[Unit], options: &GroupedOptions) -> Self {
        let mut order: Vec<usize> = (0..units.len()).collect();
        Rng::new(options.split_seed, Purpose::Split).shuffle(&mut order);
        // Every so many-th of the units sorted by stratum: all give their share.
        order.sort_by_key(|&n| units[n].stratum);
        let is_first = |k: usize| k == 0 || units[order[k]].stratum != units[order[k - 1]].stratum;
        let (firsts, rest): (Vec<usize>, Vec<usize>) = (0..order.len()).partition(|&k| is_first(k));
        let to_units = |places: Vec<usize>| places.into_iter().map(|k| order[k]).collect::<Vec<_>>();
        let (test, rest) = pick(&to_units(rest), options.test, units.len());
        let (validation, rest) = pick(&rest, options.validation, units.len() - test.len());
        let mut train = to_units(firsts);
        train.extend(rest);
        Split { train, validation, test }
    }

    /// Takes the last units for the test, those before them for validation. A unit begins with its first sequence.
    fn by_time(units: &[Unit], by_start: &[usize], options: &GroupedOptions) -> Self {
        let mut rank = vec![0; by_start.len()];
        by_start.iter().enumerate().for_each(|(place, &sequence)| rank[sequence] = place);
        let start = |&unit: &usize| units[unit].sequences.iter().map(|&n| rank[n]).min();
        let mut train: Vec<usize> = (0..units.len()).collect();
        train.sort_by_key(start);
        let mut last = |share: f64| {
            let count = ((share * train.len() as f64).round() as usize).min(train.len().saturating_sub(1));
            train.split_off(train.len() - count)
        };
        let (test, validation) = (last(options.test), last(options.validation));
        Split { train, validation, test }
    }
}

/// Refuses shares that are none.
pub(in crate::task) fn check_shares(options: &GroupedOptions) -> Result<(), ConfigError> {
    for (option, share) in [("test", options.test), ("validation", options.validation)] {
        if !(0.0..1.0).contains(&share) {
            return Err(ConfigError::new(option, format!("is {share}; it must be at least 0 and below 1")));
        }
    }
    Ok(())
}

/// Takes `share * total` of the units, evenly spread over the list; returns those and the others.
fn pick(units: &[usize], share: f64, total: usize) -> (Vec<usize>, Vec<usize>) {
    let count = ((share * total as f64).round() as usize).min(units.len());
    let (mut picked, mut others) = (Vec::new(), Vec::new());
    for (k, &unit) in units.iter().enumerate() {
        let taken = (k + 1) * count / units.len() > k * count / units.len();
        if taken { &mut picked } else { &mut others }.push(unit);
    }
    (picked, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(count: usize) -> Vec<Unit> {
        (0..count).map(|n| Unit { sequences: vec![n], stratum: 0 }).collect()
    }

    #[test]
    fn the_last_to_begin_are_the_test() {
        let options = GroupedOptions::default().with_split(SplitBy::Time).with_validation(0.25);
        // Sequence 9 begins first, 0 last.
        let by_start: Vec<usize> = (0..10).rev().collect();
        let split = Split::choose(&alone(10), Some(&by_start), &options).unwrap();
        assert_eq!(split, Split { train: vec![4, 5, 6, 7, 8, 9], validation: vec![2, 3], test: vec![0, 1] });
        let error = Split::choose(&alone(10), None, &options).err().unwrap();
        let message = "--split by time needs a column of times; name it with --time";
        assert_eq!(error.naming(&|option| format!("--{option}")), message);
        let all = GroupedOptions { test: 0.99, ..options };
        assert_eq!(Split::choose(&alone(3), Some(&[0, 1, 2]), &all).unwrap().train, [0]);
    }

    #[test]
    fn what_belongs_together_stays_together() {
        let units: Vec<Unit> =
            (0..10).map(|n| Unit { sequences: vec![n, n + 10, n + 20], stratum: n % 2 }).collect();
        for seed in 0..20 {
            let options = GroupedOptions::default().with_split_seed(seed).with_validation(0.25);
            let split = Split::choose(&units, None, &options).unwrap();
            assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (18, 6, 6));
            for part in [&split.train, &split.validation, &split.test] {
                assert!(
                    part.iter().all(|n| [n % 10, n % 10 + 10, n % 10 + 20].iter().all(|m| part.contains(m)))
                );
                // Of both strata alike.
                assert_eq!(part.iter().filter(|&n| n % 2 == 0).count() * 2, part.len(), "{split:?}");
            }
        }
    }
}
