//! The names of the days of the week, in the languages in which they are known.

use super::names::{self, Found, Language, Languages, Names, Table};

const ENGLISH: Names<7> = [
    ("Monday", "Mon"),
    ("Tuesday", "Tue"),
    ("Wednesday", "Wed"),
    ("Thursday", "Thu"),
    ("Friday", "Fri"),
    ("Saturday", "Sat"),
    ("Sunday", "Sun"),
];
const GERMAN: Names<7> = [
    ("Montag", "Mo"),
    ("Dienstag", "Di"),
    ("Mittwoch", "Mi"),
    ("Donnerstag", "Do"),
    ("Freitag", "Fr"),
    ("Samstag", "Sa"),
    ("Sonntag", "So"),
];
const FRENCH: Names<7> = [
    ("Lundi", "Lun"),
    ("Mardi", "Mar"),
    ("Mercredi", "Mer"),
    ("Jeudi", "Jeu"),
    ("Vendredi", "Ven"),
    ("Samedi", "Sam"),
    ("Dimanche", "Dim"),
];
const SPANISH: Names<7> = [
    ("Lunes", "Lun"),
    ("Martes", "Mar"),
    ("Miércoles", "Mié"),
    ("Jueves", "Jue"),
    ("Viernes", "Vie"),
    ("Sábado", "Sáb"),
    ("Domingo", "Dom"),
];
const ITALIAN: Names<7> = [
    ("Lunedì", "Lun"),
    ("Martedì", "Mar"),
    ("Mercoledì", "Mer"),
    ("Giovedì", "Gio"),
    ("Venerdì", "Ven"),
    ("Sabato", "Sab"),
    ("Domenica", "Dom"),
];
const DUTCH: Names<7> = [
    ("Maandag", "Ma"),
    ("Dinsdag", "Di"),
    ("Woensdag", "Wo"),
    ("Donderdag", "Do"),
    ("Vrijdag", "Vr"),
    ("Zaterdag", "Za"),
    ("Zondag", "Zo"),
];
const PORTUGUESE: Names<7> = [
    ("Segunda", "Seg"),
    ("Terça", "Ter"),
    ("Quarta", "Qua"),
    ("Quinta", "Qui"),
    ("Sexta", "Sex"),
    ("Sábado", "Sáb"),
    ("Domingo", "Dom"),
];

/// Other spellings, with their day.
const OTHERS: [(&str, usize); 7] =
    [("Tues", 1), ("Weds", 2), ("Thur", 3), ("Thurs", 3), ("Sonnabend", 5), ("Miercoles", 2), ("Sabado", 5)];

const ALL: Table<7> = [ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, DUTCH, PORTUGUESE];

/// A day's name, counted from Monday, 0.
pub(super) fn name(language: Language, day: usize, full: bool) -> &'static str {
    names::name(&ALL, language, day, full)
}

/// The day that a word names, from Monday, 0, on. Other spellings are of whichever language the other cells are.
pub(super) fn find(word: &str) -> Option<Found> {
    names::find(word, &ALL, OTHERS.map(|(name, day)| (name, Languages::MAX, day)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_two_days() {
        names::tests::assert_each_is_one(&ALL, OTHERS, find);
        assert!(find("Mond").is_none());
    }
}
