//! Names of months and of days of the week: in which languages they are known, and which one a word is.

use std::collections::HashMap;

/// A language of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Language {
    #[default]
    English,
    German,
    French,
    Spanish,
    Italian,
    Dutch,
    Portuguese,
    Swedish,
    Danish,
    Norwegian,
    Finnish,
    /// As it stands behind a day: `1. tammikuuta`.
    FinnishOfDay,
    Polish,
    /// As it stands behind a day: `1 stycznia`.
    PolishOfDay,
    Czech,
    CzechOfDay,
    Russian,
    RussianOfDay,
    Ukrainian,
    UkrainianOfDay,
    Turkish,
    Hungarian,
    Romanian,
}

/// Languages as bits, one for each.
pub(super) type Languages = u32;

impl Language {
    const ALL: [Language; 23] = [
        Language::English,
        Language::German,
        Language::French,
        Language::Spanish,
        Language::Italian,
        Language::Dutch,
        Language::Portuguese,
        Language::Swedish,
        Language::Danish,
        Language::Norwegian,
        Language::Finnish,
        Language::FinnishOfDay,
        Language::Polish,
        Language::PolishOfDay,
        Language::Czech,
        Language::CzechOfDay,
        Language::Russian,
        Language::RussianOfDay,
        Language::Ukrainian,
        Language::UkrainianOfDay,
        Language::Turkish,
        Language::Hungarian,
        Language::Romanian,
    ];

    pub(super) fn bit(self) -> Languages {
        1 << self as u8
    }

    /// The first that is none of these.
    pub(super) fn without(excluded: Languages) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.bit() & excluded == 0)
    }
}

/// Whole names and short ones, in their order.
pub(super) type Names<const N: usize> = [(&'static str, &'static str); N];

/// The names of every language, in the languages' order.
pub(super) type Table<const N: usize> = [Names<N>; Language::ALL.len()];

/// A word that is a name.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// Its place among the names, from 0 on.
    pub(super) index: usize,
    /// The languages in which it is.
    pub(super) languages: Languages,
    /// Is it the whole name, where that is another than the short one?
    pub(super) full: bool,
}

/// A name by its place, whole or short.
pub(super) fn name<const N: usize>(
    table: &Table<N>,
    language: Language,
    index: usize,
    full: bool,
) -> &'static str {
    let (whole, short) = table[language as usize][index];
    if full { whole } else { short }
}

/// All words that are names, in one spelling ([`folded`]).
pub(super) struct Words(HashMap<String, Found>);

impl Words {
    /// The names of a table. `others` are further spellings, with their languages and places. No word is two names.
    pub(super) fn new<const N: usize>(
        table: &Table<N>,
        others: impl IntoIterator<Item = (&'static str, Languages, usize)>,
    ) -> Self {
        /// Of other spellings, longer ones stand for whole names.
        const SHORT: usize = 5;
        let mut words = HashMap::new();
        let mut add = |word: &str, index, languages: Languages, full| {
            let found = words.entry(folded(word)).or_insert(Found { index, languages: 0, full });
            found.languages |= languages;
            found.full &= full;
        };
        for (language, names) in Language::ALL.into_iter().zip(table) {
            for (index, (whole, short)) in names.iter().enumerate() {
                add(short, index, language.bit(), false);
                if whole != short {
                    add(whole, index, language.bit(), true);
                }
            }
        }
        for (name, languages, index) in others {
            add(name, index, languages, name.len() > SHORT);
        }
        Words(words)
    }

    /// The name that a word is, in whichever languages it is one.
    pub(super) fn find(&self, word: &str) -> Option<Found> {
        self.0.get(&folded(word)).copied()
    }
}

/// Characters that may stand between two letters of a word: `п'ятниця`.
pub(super) const APOSTROPHES: [char; 3] = ['\'', '\u{2019}', '\u{2BC}'];

/// A word in small letters; the Turkish letters i, with and without a point, are one, as are all apostrophes.
fn folded(word: &str) -> String {
    word.to_lowercase().replace('ı', "i").replace('\u{307}', "").replace(APOSTROPHES, "'")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Every name is found, by itself and in its languages, and no word is two names.
    pub(in super::super) fn assert_each_is_one<const N: usize>(
        table: &Table<N>,
        others: impl IntoIterator<Item = (&'static str, usize)>,
        find: impl Fn(&str) -> Option<Found>,
    ) {
        let mut seen = std::collections::HashMap::new();
        for (language, names) in Language::ALL.into_iter().zip(table) {
            for (index, (whole, short)) in names.iter().enumerate() {
                for (word, full) in [(whole, true), (short, false)] {
                    assert_eq!(*seen.entry(folded(word)).or_insert(index), index, "{word}");
                    let found = find(&word.to_uppercase()).unwrap();
                    assert_eq!(found.index, index, "{word}");
                    // What is short in one language is not taken for whole in another.
                    let is_short = table.iter().flatten().any(|(_, short)| folded(short) == folded(word));
                    assert_eq!(found.full, full && !is_short, "{word}");
                    assert!(found.languages & language.bit() != 0, "{word}");
                    assert_eq!(name(table, language, index, full), *word);
                }
            }
        }
        for (word, index) in others {
            assert_eq!(*seen.entry(folded(word)).or_insert(index), index, "{word}");
            assert_eq!(find(word).map(|found| found.index), Some(index), "{word}");
        }
        assert!(find("").is_none());
    }
}
