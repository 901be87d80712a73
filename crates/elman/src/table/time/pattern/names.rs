//! Names of months and of days of the week: in which languages they are known, and which one a word is.

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
}

/// Languages as bits, one for each.
pub(super) type Languages = u16;

impl Language {
    const ALL: [Language; 7] = [
        Language::English,
        Language::German,
        Language::French,
        Language::Spanish,
        Language::Italian,
        Language::Dutch,
        Language::Portuguese,
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

/// The name that a word is, in whichever languages it is one; no word is two. `others` are further spellings, with their
/// languages and places.
pub(super) fn find<const N: usize>(
    word: &str,
    table: &Table<N>,
    others: impl IntoIterator<Item = (&'static str, Languages, usize)>,
) -> Option<Found> {
    /// Of other spellings, longer ones stand for whole names.
    const SHORT: usize = 5;
    let word = word.to_lowercase();
    let is = |name: &str| name.to_lowercase() == word;
    let mut found: Option<Found> = None;
    let mut add = |index, languages: Languages, full| {
        let found = found.get_or_insert(Found { index, languages: 0, full });
        found.languages |= languages;
        found.full &= full;
    };
    for (language, names) in Language::ALL.into_iter().zip(table) {
        for (index, (whole, short)) in names.iter().enumerate() {
            if is(short) {
                add(index, language.bit(), false);
            } else if is(whole) {
                add(index, language.bit(), true);
            }
        }
    }
    for (name, languages, index) in others {
        if is(name) {
            add(index, languages, name.len() > SHORT);
        }
    }
    found
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
                    assert_eq!(*seen.entry(word.to_lowercase()).or_insert(index), index, "{word}");
                    let found = find(&word.to_uppercase()).unwrap();
                    assert_eq!(found.index, index, "{word}");
                    assert!(found.full == full || whole == short, "{word}");
                    assert!(found.languages & language.bit() != 0, "{word}");
                    assert_eq!(name(table, language, index, full), *word);
                }
            }
        }
        for (word, index) in others {
            assert_eq!(*seen.entry(word.to_lowercase()).or_insert(index), index, "{word}");
            assert_eq!(find(word).map(|found| found.index), Some(index), "{word}");
        }
        assert!(find("").is_none());
    }
}
