//! Training sequences dealt into folds.

use std::collections::HashMap;

use crate::loss::Targets;
use crate::random::{Purpose, Rng};
use crate::sequence::Sequences;
use crate::task::most_frequent;

/// Folds of few sequences, and up to how many those are; of more, each candidate learns from enough of them with fewer.
const MANY_FOLDS: usize = 5;
const FEW_SEQUENCES: usize = 60;
const FEW_FOLDS: usize = 3;

/// More sequences than this are not needed to tell one recipe from another.
const MAX_SEQUENCES: usize = 300;

/// Which of some sequences are left out together. Those of a group, which are alike, always are. Classes are spread
/// evenly over the folds; a class with a single group is always learned from.
#[derive(Debug)]
pub(super) struct Folds {
    /// Each group of sequences that takes part, and its fold, if it has one.
    dealt: Vec<(Vec<usize>, Option<usize>)>,
    count: usize,
}

impl Folds {
    /// Deals sequences, of which `groups` tells the group of each; nothing where each stands by itself.
    pub(super) fn deal(examples: &Sequences, groups: &[usize], seed: u64) -> Self {
        let mut units = units(examples, groups);
        Rng::new(seed, Purpose::Split).shuffle(&mut units);
        // Stable: groups of a class stay in their drawn order.
        units.sort_by_key(|unit| unit.stratum);
        let wanted = units.len().min((units.len() * MAX_SEQUENCES).div_ceil(examples.len().max(1)));
        // Every so many-th of the groups sorted by class: all give their share.
        let units: Vec<&Unit> = (0..wanted).map(|k| &units[k * units.len() / wanted]).collect();
        let most = if wanted <= FEW_SEQUENCES { MANY_FOLDS } else { FEW_FOLDS };
        let is_alone = |k: usize| {
            let same = |other: Option<&&Unit>| other.is_some_and(|unit| unit.stratum == units[k].stratum);
            !same(k.checked_sub(1).and_then(|before| units.get(before))) && !same(units.get(k + 1))
        };
        let mut turn = 0..;
        let dealt: Vec<(Vec<usize>, Option<usize>)> = units
            .iter()
            .enumerate()
            .map(|(k, unit)| {
                let fold = if is_alone(k) { None } else { turn.next().map(|turn: usize| turn % most) };
                (unit.sequences.clone(), fold)
            })
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
        self.dealt.iter().filter(|dealt| dealt.1 == Some(fold)).flat_map(|dealt| &dealt.0).copied().collect()
    }

    /// All others.
    pub(super) fn others(&self, fold: usize) -> Vec<usize> {
        self.dealt.iter().filter(|dealt| dealt.1 != Some(fold)).flat_map(|dealt| &dealt.0).copied().collect()
    }
}

/// Sequences that are left out together.
struct Unit {
    sequences: Vec<usize>,
    /// The class of most of them.
    stratum: usize,
}

/// The groups of sequences, in order of first appearance.
fn units(examples: &Sequences, groups: &[usize]) -> Vec<Unit> {
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for n in 0..examples.len() {
        let place = *places.entry(groups.get(n).copied().unwrap_or(n)).or_insert(members.len());
        if place == members.len() {
            members.push(Vec::new());
        }
        members[place].push(n);
    }
    let class = |&n: &usize| match examples.held().get(n).map(|example| &example.targets) {
        Some(Targets::Classes(classes)) => classes.first().copied().unwrap_or(0),
        Some(Targets::Values(_)) | None => 0,
    };
    let unit = |sequences: Vec<usize>| {
        let classes: Vec<usize> = sequences.iter().map(class).collect();
        Unit { sequences, stratum: most_frequent(&classes) }
    };
    members.into_iter().map(unit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequence::Example;

    fn examples(classes: &[usize]) -> Sequences {
        let example = |&class: &usize| Example { x: vec![0.0], targets: Targets::Classes(vec![class]) };
        classes.iter().map(example).collect::<Vec<_>>().into()
    }

    #[test]
    fn every_fold_has_its_share_of_every_class_and_none_is_in_two() {
        let classes: Vec<usize> = (0..43).map(|n| if n == 20 { 2 } else { n % 4 / 3 }).collect();
        let examples = examples(&classes);
        let folds = Folds::deal(&examples, &[], 3);
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
        assert_ne!(Folds::deal(&examples, &[], 4).of(0), folds.of(0), "the seed decides");
    }

    #[test]
    fn of_many_sequences_some_take_part_of_few_all_that_can() {
        let many = Folds::deal(&examples(&vec![0; 1000]), &[], 0);
        assert_eq!((many.count(), many.of(0).len(), many.others(0).len()), (3, 100, 200));
        assert_eq!(Folds::deal(&examples(&[0, 1, 2]), &[], 0).count(), 0);
        assert_eq!(Folds::deal(&examples(&[0, 0, 1]), &[], 0).count(), 2);
        assert_eq!(Folds::deal(&Sequences::default(), &[], 0).count(), 0);
    }

    #[test]
    fn what_belongs_together_is_left_out_together() {
        // Twelve subjects of five sequences each; two classes among the sequences of each.
        let classes: Vec<usize> = (0..60).map(|n| usize::from(n % 5 > 2)).collect();
        let groups: Vec<usize> = (0..60).map(|n| 100 + n / 5).collect();
        for seed in 0..10 {
            let folds = Folds::deal(&examples(&classes), &groups, seed);
            assert_eq!(folds.count(), 5);
            for fold in 0..5 {
                let (of, others) = (folds.of(fold), folds.others(fold));
                assert_eq!(of.len() + others.len(), 60);
                assert!(of.iter().all(|&n| others.iter().all(|&m| groups[n] != groups[m])), "{of:?}");
            }
        }
        // One subject alone cannot be left out.
        assert_eq!(Folds::deal(&examples(&classes), &[7; 60], 0).count(), 0);
    }

    #[test]
    fn of_many_sequences_in_groups_some_groups_take_part() {
        let groups: Vec<usize> = (0..1000).map(|n| n / 10).collect();
        let folds = Folds::deal(&examples(&vec![0; 1000]), &groups, 0);
        assert_eq!(folds.of(0).len() + folds.others(0).len(), 300);
    }
}
