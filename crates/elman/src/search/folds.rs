//! Training sequences dealt into folds.

use crate::loss::Targets;
use crate::random::{Purpose, Rng};
use crate::sequence::Example;

/// Folds of few sequences, and up to how many those are; of more, each candidate learns from enough of them with fewer.
const MANY_FOLDS: usize = 5;
const FEW_SEQUENCES: usize = 60;
const FEW_FOLDS: usize = 3;

/// More sequences than this are not needed to tell one recipe from another.
const MAX_SEQUENCES: usize = 300;

/// Which of some sequences are left out together. Classes are spread evenly over the folds; a class with a single
/// sequence is always learned from.
#[derive(Debug)]
pub(super) struct Folds {
    /// Each sequence that takes part, and its fold, if it has one.
    dealt: Vec<(usize, Option<usize>)>,
    count: usize,
}

impl Folds {
    pub(super) fn deal(examples: &[Example<f64>], seed: u64) -> Self {
        let mut order: Vec<usize> = (0..examples.len()).collect();
        Rng::new(seed, Purpose::Split).shuffle(&mut order);
        let stratum = |n: usize| match &examples[n].targets {
            Targets::Classes(classes) => classes.first().copied().unwrap_or(0),
            Targets::Values(_) => 0,
        };
        // Stable: sequences of a class stay in their drawn order.
        order.sort_by_key(|&n| stratum(n));
        let wanted = order.len().min(MAX_SEQUENCES);
        // Every so many-th of the sequences sorted by class: all give their share.
        let order: Vec<usize> = (0..wanted).map(|k| order[k * order.len() / wanted]).collect();
        let most = if wanted <= FEW_SEQUENCES { MANY_FOLDS } else { FEW_FOLDS };
        let is_alone = |k: usize| {
            let same = |other: Option<&usize>| other.is_some_and(|&n| stratum(n) == stratum(order[k]));
            !same(k.checked_sub(1).and_then(|before| order.get(before))) && !same(order.get(k + 1))
        };
        let mut turn = 0..;
        let dealt: Vec<(usize, Option<usize>)> = order
            .iter()
            .enumerate()
            .map(|(k, &n)| (n, if is_alone(k) { None } else { turn.next().map(|turn: usize| turn % most) }))
            .collect();
        let count = dealt.iter().filter_map(|&(_, fold)| fold).max().map_or(0, |last| last + 1);
        Folds { dealt, count }
    }

    /// How many there are; 0 where no sequence can be left out.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The sequences of a fold.
    pub(super) fn of(&self, fold: usize) -> Vec<usize> {
        self.dealt.iter().filter(|dealt| dealt.1 == Some(fold)).map(|dealt| dealt.0).collect()
    }

    /// All others.
    pub(super) fn others(&self, fold: usize) -> Vec<usize> {
        self.dealt.iter().filter(|dealt| dealt.1 != Some(fold)).map(|dealt| dealt.0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(classes: &[usize]) -> Vec<Example<f64>> {
        let example = |&class: &usize| Example { x: vec![0.0], targets: Targets::Classes(vec![class]) };
        classes.iter().map(example).collect()
    }

    #[test]
    fn every_fold_has_its_share_of_every_class_and_none_is_in_two() {
        let classes: Vec<usize> = (0..43).map(|n| if n == 20 { 2 } else { n % 4 / 3 }).collect();
        let examples = examples(&classes);
        let folds = Folds::deal(&examples, 3);
        assert_eq!(folds.count(), 5);
        let mut seen = Vec::new();
        for fold in 0..5 {
            let of = folds.of(fold);
            let of_class = |class| of.iter().filter(|&&n| classes[n] == class).count();
            assert!((6..=7).contains(&of_class(0)) && (2..=2).contains(&of_class(1)), "{of:?}");
            let mut all = [of.clone(), folds.others(fold)].concat();
            all.sort_unstable();
            assert_eq!(all, (0..43).collect::<Vec<_>>());
            seen.extend(of);
        }
        seen.sort_unstable();
        // All but the class of a single sequence.
        assert_eq!(seen, (0..43).filter(|&n| n != 20).collect::<Vec<_>>());
        assert_ne!(Folds::deal(&examples, 4).of(0), folds.of(0), "the seed decides");
    }

    #[test]
    fn of_many_sequences_some_take_part_of_few_all_that_can() {
        let many = Folds::deal(&examples(&vec![0; 1000]), 0);
        assert_eq!((many.count(), many.of(0).len(), many.others(0).len()), (3, 100, 200));
        assert_eq!(Folds::deal(&examples(&[0, 1, 2]), 0).count(), 0);
        assert_eq!(Folds::deal(&examples(&[0, 0, 1]), 0).count(), 2);
        assert_eq!(Folds::deal(&[], 0).count(), 0);
    }
}
