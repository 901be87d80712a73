//! The names of months, in the languages in which they are known.

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

/// A month's whole name and its short one.
type Names = [(&'static str, &'static str); 12];

const ENGLISH: Names = [
    ("January", "Jan"),
    ("February", "Feb"),
    ("March", "Mar"),
    ("April", "Apr"),
    ("May", "May"),
    ("June", "Jun"),
    ("July", "Jul"),
    ("August", "Aug"),
    ("September", "Sep"),
    ("October", "Oct"),
    ("November", "Nov"),
    ("December", "Dec"),
];
const GERMAN: Names = [
    ("Januar", "Jan"),
    ("Februar", "Feb"),
    ("März", "Mär"),
    ("April", "Apr"),
    ("Mai", "Mai"),
    ("Juni", "Jun"),
    ("Juli", "Jul"),
    ("August", "Aug"),
    ("September", "Sep"),
    ("Oktober", "Okt"),
    ("November", "Nov"),
    ("Dezember", "Dez"),
];
const FRENCH: Names = [
    ("Janvier", "Janv"),
    ("Février", "Févr"),
    ("Mars", "Mars"),
    ("Avril", "Avr"),
    ("Mai", "Mai"),
    ("Juin", "Juin"),
    ("Juillet", "Juil"),
    ("Août", "Août"),
    ("Septembre", "Sept"),
    ("Octobre", "Oct"),
    ("Novembre", "Nov"),
    ("Décembre", "Déc"),
];
const SPANISH: Names = [
    ("Enero", "Ene"),
    ("Febrero", "Feb"),
    ("Marzo", "Mar"),
    ("Abril", "Abr"),
    ("Mayo", "May"),
    ("Junio", "Jun"),
    ("Julio", "Jul"),
    ("Agosto", "Ago"),
    ("Septiembre", "Sep"),
    ("Octubre", "Oct"),
    ("Noviembre", "Nov"),
    ("Diciembre", "Dic"),
];
const ITALIAN: Names = [
    ("Gennaio", "Gen"),
    ("Febbraio", "Feb"),
    ("Marzo", "Mar"),
    ("Aprile", "Apr"),
    ("Maggio", "Mag"),
    ("Giugno", "Giu"),
    ("Luglio", "Lug"),
    ("Agosto", "Ago"),
    ("Settembre", "Set"),
    ("Ottobre", "Ott"),
    ("Novembre", "Nov"),
    ("Dicembre", "Dic"),
];
const DUTCH: Names = [
    ("Januari", "Jan"),
    ("Februari", "Feb"),
    ("Maart", "Mrt"),
    ("April", "Apr"),
    ("Mei", "Mei"),
    ("Juni", "Jun"),
    ("Juli", "Jul"),
    ("Augustus", "Aug"),
    ("September", "Sep"),
    ("Oktober", "Okt"),
    ("November", "Nov"),
    ("December", "Dec"),
];
const PORTUGUESE: Names = [
    ("Janeiro", "Jan"),
    ("Fevereiro", "Fev"),
    ("Março", "Mar"),
    ("Abril", "Abr"),
    ("Maio", "Mai"),
    ("Junho", "Jun"),
    ("Julho", "Jul"),
    ("Agosto", "Ago"),
    ("Setembro", "Set"),
    ("Outubro", "Out"),
    ("Novembro", "Nov"),
    ("Dezembro", "Dez"),
];

/// Other spellings, with their language and month.
const OTHERS: [(&str, Language, usize); 17] = [
    ("Sept", Language::English, 8),
    ("Mrz", Language::German, 2),
    ("Maerz", Language::German, 2),
    ("Jänner", Language::German, 0),
    ("Jän", Language::German, 0),
    ("Sept", Language::German, 8),
    ("Sept", Language::Spanish, 8),
    ("Sett", Language::Italian, 8),
    ("Marco", Language::Portuguese, 2),
    ("Jan", Language::French, 0),
    ("Fév", Language::French, 1),
    ("Fev", Language::French, 1),
    ("Fevr", Language::French, 1),
    ("Fevrier", Language::French, 1),
    ("Aout", Language::French, 7),
    ("Dec", Language::French, 11),
    ("Decembre", Language::French, 11),
];

/// A word that is a month's name.
pub(super) struct Found {
    /// From 0 on.
    pub(super) month: usize,
    /// The languages in which it is.
    pub(super) languages: Languages,
    /// Is it the whole name, where that is another than the short one?
    pub(super) full: bool,
}

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

    /// A month's name, counted from 0.
    pub(super) fn name(self, month: usize, full: bool) -> &'static str {
        let (whole, short) = self.names()[month];
        if full { whole } else { short }
    }

    fn names(self) -> &'static Names {
        match self {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
            Language::French => &FRENCH,
            Language::Spanish => &SPANISH,
            Language::Italian => &ITALIAN,
            Language::Dutch => &DUTCH,
            Language::Portuguese => &PORTUGUESE,
        }
    }
}

/// The month that a word names, in whichever languages it does; no word names two.
pub(super) fn find(word: &str) -> Option<Found> {
    let word = word.to_lowercase();
    let is = |name: &str| name.to_lowercase() == word;
    let mut found: Option<Found> = None;
    let mut add = |month, language: Language, full| {
        let found = found.get_or_insert(Found { month, languages: 0, full });
        found.languages |= language.bit();
        found.full &= full;
    };
    for language in Language::ALL {
        for (month, (whole, short)) in language.names().iter().enumerate() {
            if is(short) {
                add(month, language, false);
            } else if is(whole) {
                add(month, language, true);
            }
        }
    }
    for (name, language, month) in OTHERS {
        if is(name) {
            add(month, language, name.len() > 5);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_two_months() {
        let all = Language::ALL.into_iter().flat_map(|language| language.names().iter().enumerate());
        let mut seen = std::collections::HashMap::new();
        for (month, (whole, short)) in all {
            for name in [whole, short] {
                assert_eq!(*seen.entry(name.to_lowercase()).or_insert(month), month, "{name}");
                assert_eq!(find(&name.to_uppercase()).map(|found| found.month), Some(month), "{name}");
            }
        }
        for (name, _, month) in OTHERS {
            assert_eq!(*seen.entry(name.to_lowercase()).or_insert(month), month, "{name}");
        }
        assert!(find("Ja").is_none() && find("Janua").is_none() && find("").is_none());
    }
}
