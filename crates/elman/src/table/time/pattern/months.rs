//! The names of months, in the languages in which they are known.

use super::names::{self, Found, Language, Names, Table};

const ENGLISH: Names<12> = [
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
const GERMAN: Names<12> = [
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
const FRENCH: Names<12> = [
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
const SPANISH: Names<12> = [
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
const ITALIAN: Names<12> = [
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
const DUTCH: Names<12> = [
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
const PORTUGUESE: Names<12> = [
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

const ALL: Table<12> = [ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, DUTCH, PORTUGUESE];

/// A month's name, counted from 0.
pub(super) fn name(language: Language, month: usize, full: bool) -> &'static str {
    names::name(&ALL, language, month, full)
}

/// The month that a word names, from 0 on.
pub(super) fn find(word: &str) -> Option<Found> {
    names::find(word, &ALL, OTHERS.map(|(name, language, month)| (name, language.bit(), month)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_two_months() {
        names::tests::assert_each_is_one(&ALL, OTHERS.map(|(name, _, month)| (name, month)), find);
        assert!(find("Ja").is_none() && find("Janua").is_none());
    }
}
