//! The names of the days of the week, in the languages in which they are known.

use std::sync::LazyLock;

use super::names::{self, Found, Language, Languages, Names, Table, Words};

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
const SWEDISH: Names<7> = [
    ("Måndag", "Mån"),
    ("Tisdag", "Tis"),
    ("Onsdag", "Ons"),
    ("Torsdag", "Tors"),
    ("Fredag", "Fre"),
    ("Lördag", "Lör"),
    ("Söndag", "Sön"),
];
const DANISH: Names<7> = [
    ("Mandag", "Man"),
    ("Tirsdag", "Tir"),
    ("Onsdag", "Ons"),
    ("Torsdag", "Tor"),
    ("Fredag", "Fre"),
    ("Lørdag", "Lør"),
    ("Søndag", "Søn"),
];
const FINNISH: Names<7> = [
    ("Maanantai", "Ma"),
    ("Tiistai", "Ti"),
    ("Keskiviikko", "Ke"),
    ("Torstai", "To"),
    ("Perjantai", "Pe"),
    ("Lauantai", "La"),
    ("Sunnuntai", "Su"),
];
const POLISH: Names<7> = [
    ("Poniedziałek", "Pon"),
    ("Wtorek", "Wt"),
    ("Środa", "Śr"),
    ("Czwartek", "Czw"),
    ("Piątek", "Pt"),
    ("Sobota", "Sob"),
    ("Niedziela", "Niedz"),
];
const CZECH: Names<7> = [
    ("Pondělí", "Pondělí"),
    ("Úterý", "Úterý"),
    ("Středa", "Středa"),
    ("Čtvrtek", "Čtvrtek"),
    ("Pátek", "Pátek"),
    ("Sobota", "Sobota"),
    ("Neděle", "Neděle"),
];
const RUSSIAN: Names<7> = [
    ("Понедельник", "Пн"),
    ("Вторник", "Вт"),
    ("Среда", "Ср"),
    ("Четверг", "Чт"),
    ("Пятница", "Пт"),
    ("Суббота", "Сб"),
    ("Воскресенье", "Вс"),
];
const UKRAINIAN: Names<7> = [
    ("Понеділок", "Пн"),
    ("Вівторок", "Вт"),
    ("Середа", "Ср"),
    ("Четвер", "Чт"),
    ("П'ятниця", "Пт"),
    ("Субота", "Сб"),
    ("Неділя", "Нд"),
];
const TURKISH: Names<7> = [
    ("Pazartesi", "Pzt"),
    ("Salı", "Sal"),
    ("Çarşamba", "Çar"),
    ("Perşembe", "Per"),
    ("Cuma", "Cum"),
    ("Cumartesi", "Cmt"),
    ("Pazar", "Paz"),
];
const HUNGARIAN: Names<7> = [
    ("Hétfő", "Hétfő"),
    ("Kedd", "Kedd"),
    ("Szerda", "Szerda"),
    ("Csütörtök", "Csütörtök"),
    ("Péntek", "Péntek"),
    ("Szombat", "Szombat"),
    ("Vasárnap", "Vasárnap"),
];
const ROMANIAN: Names<7> = [
    ("Luni", "Luni"),
    ("Marți", "Marți"),
    ("Miercuri", "Miercuri"),
    ("Joi", "Joi"),
    ("Vineri", "Vineri"),
    ("Sâmbătă", "Sâmbătă"),
    ("Duminică", "Duminică"),
];

/// Other spellings, with their day.
const OTHERS: [(&str, usize); 7] =
    [("Tues", 1), ("Weds", 2), ("Thur", 3), ("Thurs", 3), ("Sonnabend", 5), ("Miercoles", 2), ("Sabado", 5)];

/// Days have one form, whatever stands beside them, and Norwegian has those of Danish.
const ALL: Table<7> = [
    ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, DUTCH, PORTUGUESE, SWEDISH, DANISH, DANISH, FINNISH, FINNISH,
    POLISH, POLISH, CZECH, CZECH, RUSSIAN, RUSSIAN, UKRAINIAN, UKRAINIAN, TURKISH, HUNGARIAN, ROMANIAN,
];

/// A day's name, counted from Monday, 0.
pub(super) fn name(language: Language, day: usize, full: bool) -> &'static str {
    names::name(&ALL, language, day, full)
}

/// The day that a word names, from Monday, 0, on. Other spellings are of whichever language the other cells are.
pub(super) fn find(word: &str) -> Option<Found> {
    static WORDS: LazyLock<Words> =
        LazyLock::new(|| Words::new(&ALL, OTHERS.map(|(name, day)| (name, Languages::MAX, day))));
    WORDS.find(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    #[test]
    fn no_word_is_two_days() {
        names::tests::assert_each_is_one(&ALL, OTHERS, find);
        assert!(find("Mond").is_none());
    }

    /// The days that cells say, and how they are shown.
    fn read(cells: &[&str]) -> Vec<(String, String)> {
        let table = Table::read("t.csv", format!("t\n\"{}\"\n", cells.join("\"\n\"")).as_bytes()).unwrap();
        let times = table.column("t").unwrap().times().unwrap().to_vec();
        times.iter().map(|time| (time.stamp().date().to_string(), time.to_string())).collect()
    }

    #[test]
    fn a_name_may_hold_an_apostrophe() {
        let friday = "п'ятниця, 5 січня 2024";
        for apostrophe in ["'", "\u{2019}", "\u{2BC}"] {
            let cell = friday.replace('\'', apostrophe);
            assert_eq!(read(&[cell.as_str()]), [("2024-01-05".to_owned(), friday.to_owned())], "{cell}");
        }
        let days = ["Четвер, 4 січня 2024", "П'ятниця, 5 січня 2024", "Субота, 6 січня 2024"];
        assert_eq!(read(&days).into_iter().map(|(_, shown)| shown).collect::<Vec<_>>(), days);
        let upper = "П'ЯТНИЦЯ, 5 СІЧНЯ 2024";
        assert_eq!(read(&[upper])[0].1, upper);
        // Not one that stands before a year.
        assert_eq!(read(&["Jan'24", "Feb'24"])[1], ("2024-02-01".to_owned(), "Feb'24".to_owned()));
    }
}
