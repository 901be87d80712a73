use std::collections::{BTreeMap, HashMap};

use super::groups::Groups;
use super::labels::Labels;
use super::split::{Split, Unit};
use super::{GroupedOptions, SplitBy};
use crate::error::{Error, Message};
use crate::table::Table;
use crate::words::{counted, quoted, thousands};

/// The sequences for training, validation and test, and what is to be said of them.
pub(in crate::task) struct Parts<'a> {
    pub(in crate::task) split: Split,
    by_time: bool,
    /// Was there to be a test, for which nothing could be taken?
    lacks_test: bool,
    /// The column of groups and the group of each sequence.
    groups: Option<(&'a str, HashMap<usize, &'a str>)>,
    /// What is to be said of how those are written.
    about_groups: Option<Message>,
    strata: Strata,
}

/// How many samples of each stratum each sequence has that has some.
pub(in crate::task) type Strata = BTreeMap<usize, BTreeMap<usize, usize>>;

impl<'a> Parts<'a> {
    /// Chooses them among the sequences that have samples; `strata` are those of the samples.
    pub(in crate::task) fn choose(
        table: &'a Table,
        groups: &Groups<'a>,
        labels: &Labels<'_>,
        strata: &[usize],
        options: &GroupedOptions,
    ) -> Result<Self, Error> {
        let mut of_sequence = Strata::new();
        for (sample, &stratum) in labels.samples.iter().zip(strata) {
            *of_sequence.entry(sample.sequence).or_default().entry(stratum).or_default() += 1;
        }
        let (mut named, mut about_groups) = (None, None);
        if let Some(name) = &options.group {
            let column = table.column(name)?;
            let sequences: Vec<usize> = of_sequence.keys().copied().collect();
            let (names, remark) = groups.names_of(&sequences, column)?;
            named = Some((column.name(), sequences.into_iter().zip(names).collect()));
            about_groups = remark;
        }
        let parts = Self::of(of_sequence, named, groups.by_start.as_deref(), options)?;
        Ok(Parts { about_groups, ..parts })
    }

    /// Chooses them among sequences with these samples, of which some may belong together by a name; `by_start` has them in the
    /// order in which they begin, if that is known.
    pub(in crate::task) fn of(
        strata: Strata,
        groups: Option<(&'a str, HashMap<usize, &'a str>)>,
        by_start: Option<&[usize]>,
        options: &GroupedOptions,
    ) -> Result<Self, Error> {
        let unit = |(&n, counts): (&usize, &BTreeMap<usize, usize>)| (vec![n], most_of(counts));
        let mut units: Vec<(Vec<usize>, usize)> = strata.iter().map(unit).collect();
        if let Some((_, of)) = &groups {
            let names: Vec<&str> = strata.keys().map(|n| of.get(n).copied().unwrap_or_default()).collect();
            units = joined(&names, units);
        }
        let units: Vec<Unit> =
            units.into_iter().map(|(sequences, stratum)| Unit { sequences, stratum }).collect();
        let split = Split::choose(&units, by_start, options)?;
        let lacks_test = options.test > 0.0 && split.test.is_empty();
        let by_time = options.split == SplitBy::Time;
        Ok(Parts { split, by_time, lacks_test, groups, about_groups: None, strata })
    }

    /// The group of each sample: equal for those of one sequence, and of sequences that were to stay together.
    pub(in crate::task) fn groups_of(&self, samples: &[usize], labels: &Labels<'_>) -> Vec<usize> {
        let mut first_of: HashMap<&str, usize> = HashMap::new();
        let group = |&k: &usize| {
            let sequence = labels.samples[k].sequence;
            let name = self.groups.as_ref().and_then(|(_, of)| of.get(&sequence));
            name.map_or(sequence, |name| *first_of.entry(name).or_insert(sequence))
        };
        samples.iter().map(group).collect()
    }

    /// The samples of some sequences, which are in ascending order.
    pub(in crate::task) fn samples_of(&self, sequences: &[usize], labels: &Labels<'_>) -> Vec<usize> {
        let is_one = |&k: &usize| sequences.binary_search(&labels.samples[k].sequence).is_ok();
        (0..labels.len()).filter(is_one).collect()
    }

    /// What is to be said of names of groups, and `split: 8 sequences for training (4 of "a", 4 of "b"), ...`, of samples of this
    /// name.
    pub(in crate::task) fn remarks<'n>(
        &self,
        noun: &str,
        name: impl Fn(usize) -> Option<&'n str>,
    ) -> Vec<Message> {
        let part = |sequences: &[usize], purpose: &str| {
            let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
            let of_sequences = sequences.iter().filter_map(|n| self.strata.get(n)).flatten();
            of_sequences.for_each(|(stratum, count)| *counts.entry(*stratum).or_default() += count);
            let samples: usize = counts.values().sum();
            let classes: Vec<String> = counts
                .iter()
                .filter_map(|(&stratum, &count)| {
                    Some(format!("{} of {:?}", thousands(count), name(stratum)?))
                })
                .collect();
            let mut details = Vec::new();
            if samples != sequences.len() {
                details.push(counted(samples, noun));
            }
            match classes.len() {
                0 => {}
                1..=6 => details.push(classes.join(", ")),
                many => details.push(format!("{many} classes")),
            }
            if let Some((column, of)) = &self.groups {
                let mut names: Vec<&str> = sequences.iter().filter_map(|n| of.get(n).copied()).collect();
                names.sort_unstable();
                names.dedup();
                details.push(format!("{column} {}", quoted(names)));
            }
            let details =
                if details.is_empty() { details.concat() } else { format!(" ({})", details.join("; ")) };
            format!("{} for {purpose}{details}", counted(sequences.len(), "sequence"))
        };
        let parts = [
            (&self.split.train, "training"),
            (&self.split.validation, "validation"),
            (&self.split.test, "the test"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(sequences, _)| !sequences.is_empty())
            .map(|(sequences, purpose)| part(sequences, purpose))
            .collect();
        let how = if self.by_time { "split by time" } else { "split" };
        let none = if self.lacks_test { ", too few to keep some back for a test" } else { "" };
        let remark = Message::from(format!("{how}: {}{none}", parts.join(", ")));
        let remark = if self.lacks_test { remark } else { remark.into_report() };
        self.about_groups.clone().into_iter().chain([remark]).collect()
    }
}

/// Units that belong together as one, in order of first appearance; its stratum is that of most of them.
fn joined(names: &[&str], units: Vec<(Vec<usize>, usize)>) -> Vec<(Vec<usize>, usize)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut groups: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    for (name, (sequences, stratum)) in names.iter().zip(units) {
        let place = *places.entry(name).or_insert(groups.len());
        if place == groups.len() {
            groups.push((Vec::new(), Vec::new()));
        }
        groups[place].0.extend(sequences);
        groups[place].1.push(stratum);
    }
    groups.into_iter().map(|(sequences, strata)| (sequences, most_frequent(&strata))).collect()
}

/// The value that occurs most often, the lowest of several.
pub(crate) fn most_frequent(values: &[usize]) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    values.iter().for_each(|&value| *counts.entry(value).or_default() += 1);
    most_of(&counts)
}

/// The value that is counted most often, the lowest of several.
fn most_of(counts: &BTreeMap<usize, usize>) -> usize {
    let best = counts.iter().max_by_key(|&(value, count)| (count, std::cmp::Reverse(value)));
    best.map_or(0, |(&value, _)| value)
}

#[cfg(test)]
mod tests {
    use crate::table::Table;
    use crate::task::{GroupedOptions, Task, TaskOptions};

    /// Six sequences of three rows, two of each person; those of a person and those of one sequence are alike.
    #[test]
    fn sequences_of_a_group_and_windows_of_a_sequence_are_known_as_such() {
        let rows = (0..18).map(|k| format!("s{},{k},{},p{}\n", k / 3, k * k % 7, k / 6));
        let csv = format!("id,a,target,person\n{}", rows.collect::<String>());
        let table = Table::read("t.csv", csv.as_bytes()).unwrap();
        let groups = |options: GroupedOptions| {
            let options = options.with_validation(0.0).with_test(0.0).with_features(["a"]);
            Task::prepare(&table, &TaskOptions::Regress(options)).unwrap().train_groups
        };
        let alone = groups(GroupedOptions::default().with_window(3));
        assert_eq!(alone, [0, 1, 2, 3, 4, 5]);
        let windows = groups(GroupedOptions::default().with_window(2));
        assert_eq!(windows, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
        let persons = groups(GroupedOptions::default().with_window(3).with_group("person"));
        assert_eq!(persons, [0, 0, 2, 2, 4, 4]);
    }
}
