//! The names of the days of the week, in the languages in which they are known.

use super::months::{Language, Languages};

/// A day's whole name and its short one, from Monday on.
type Names = [(&'static str, &'static str); 7];

const ENGLISH: Names = [
    ("Monday", "Mon"),
    ("Tuesday", "Tue"),
    ("Wednesday", "Wed"),
    ("Thursday", "Thu"),
    ("Friday", "Fri"),
    ("Saturday", "Sat"),
    ("Sunday", "Sun"),
];
const GERMAN: Names = [
    ("Montag", "Mo"),
    ("Dienstag", "Di"),
    ("Mittwoch", "Mi"),
    ("Donnerstag", "Do"),
    ("Freitag", "Fr"),
    ("Samstag", "Sa"),
    ("Sonntag", "So"),
];
const FRENCH: Names = [
    ("Lundi", "Lun"),
    ("Mardi", "Mar"),
    ("Mercredi", "Mer"),
    ("Jeudi", "Jeu"),
    ("Vendredi", "Ven"),
    ("Samedi", "Sam"),
    ("Dimanche", "Dim"),
];
const SPANISH: Names = [
    ("Lunes", "Lun"),
    ("Martes", "Mar"),
    ("Miércoles", "Mié"),
    ("Jueves", "Jue"),
    ("Viernes", "Vie"),
    ("Sábado", "Sáb"),
    ("Domingo", "Dom"),
];
const ITALIAN: Names = [
    ("Lunedì", "Lun"),
    ("Martedì", "Mar"),
    ("Mercoledì", "Mer"),
    ("Giovedì", "Gio"),
    ("Venerdì", "Ven"),
    ("Sabato", "Sab"),
    ("Domenica", "Dom"),
];
const DUTCH: Names = [
    ("Maandag", "Ma"),
    ("Dinsdag", "Di"),
    ("Woensdag", "Wo"),
    ("Donderdag", "Do"),
    ("Vrijdag", "Vr"),
    ("Zaterdag", "Za"),
    ("Zondag", "Zo"),
];
const PORTUGUESE: Names = [
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

/// The languages that have names of days.
const ALL: [(Language, &Names); 7] = [
    (Language::English, &ENGLISH),
    (Language::German, &GERMAN),
    (Language::French, &FRENCH),
    (Language::Spanish, &SPANISH),
    (Language::Italian, &ITALIAN),
    (Language::Dutch, &DUTCH),
    (Language::Portuguese, &PORTUGUESE),
];

/// A word that is a day's name.
pub(super) struct Found {
    /// From Monday, 0, on.
    pub(super) day: usize,
    /// The languages in which it is.
    pub(super) languages: Languages,
    /// Is it the whole name?
    pub(super) full: bool,
}

/// A day's name, counted from Monday, 0; in English where the language has none.
pub(super) fn name(language: Language, day: usize, full: bool) -> &'static str {
    let names = ALL.iter().find(|(other, _)| *other == language).map_or(&ENGLISH, |(_, names)| names);
    let (whole, short) = names[day];
    if full { whole } else { short }
}

/// The day that a word names, in whichever languages it does; no word names two.
pub(super) fn find(word: &str) -> Option<Found> {
    let word = word.to_lowercase();
    let is = |name: &str| name.to_lowercase() == word;
    let mut found: Option<Found> = None;
    for (language, names) in ALL {
        let fits = |(whole, short): &(&str, &str)| is(whole) || is(short);
        if let Some(day) = names.iter().position(fits) {
            let full = is(names[day].0);
            let found = found.get_or_insert(Found { day, languages: 0, full });
            found.languages |= language.bit();
        }
    }
    found.or_else(|| {
        let (name, day) = *OTHERS.iter().find(|(name, _)| is(name))?;
        // Of whichever language the other cells are.
        Some(Found { day, languages: Languages::MAX, full: name.len() > 5 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_two_days() {
        let mut seen = std::collections::HashMap::new();
        for (language, names) in ALL {
            for (day, (whole, short)) in names.iter().enumerate() {
                for (word, full) in [(whole, true), (short, false)] {
                    assert_eq!(*seen.entry(word.to_lowercase()).or_insert(day), day, "{word}");
                    let found = find(&word.to_uppercase()).unwrap();
                    assert!(found.day == day && found.full == full, "{word}");
                    assert!(found.languages & language.bit() != 0, "{word}");
                    assert_eq!(name(language, day, full), *word);
                }
            }
        }
        for (word, day) in OTHERS {
            assert_eq!(*seen.entry(word.to_lowercase()).or_insert(day), day, "{word}");
        }
        assert!(find("Mond").is_none() && find("").is_none());
    }
}
