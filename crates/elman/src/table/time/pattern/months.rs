//! The names of months, in the languages in which they are known.

use std::sync::LazyLock;

use super::names::{self, Found, Language, Names, Table, Words};

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
const SWEDISH: Names<12> = [
    ("Januari", "Jan"),
    ("Februari", "Feb"),
    ("Mars", "Mar"),
    ("April", "Apr"),
    ("Maj", "Maj"),
    ("Juni", "Jun"),
    ("Juli", "Jul"),
    ("Augusti", "Aug"),
    ("September", "Sep"),
    ("Oktober", "Okt"),
    ("November", "Nov"),
    ("December", "Dec"),
];
const DANISH: Names<12> = [
    ("Januar", "Jan"),
    ("Februar", "Feb"),
    ("Marts", "Mar"),
    ("April", "Apr"),
    ("Maj", "Maj"),
    ("Juni", "Jun"),
    ("Juli", "Jul"),
    ("August", "Aug"),
    ("September", "Sep"),
    ("Oktober", "Okt"),
    ("November", "Nov"),
    ("December", "Dec"),
];
const NORWEGIAN: Names<12> = [
    ("Januar", "Jan"),
    ("Februar", "Feb"),
    ("Mars", "Mar"),
    ("April", "Apr"),
    ("Mai", "Mai"),
    ("Juni", "Jun"),
    ("Juli", "Jul"),
    ("August", "Aug"),
    ("September", "Sep"),
    ("Oktober", "Okt"),
    ("November", "Nov"),
    ("Desember", "Des"),
];
const FINNISH: Names<12> = [
    ("Tammikuu", "Tammi"),
    ("Helmikuu", "Helmi"),
    ("Maaliskuu", "Maalis"),
    ("Huhtikuu", "Huhti"),
    ("Toukokuu", "Touko"),
    ("Kesäkuu", "Kesä"),
    ("Heinäkuu", "Heinä"),
    ("Elokuu", "Elo"),
    ("Syyskuu", "Syys"),
    ("Lokakuu", "Loka"),
    ("Marraskuu", "Marras"),
    ("Joulukuu", "Joulu"),
];
const FINNISH_OF_DAY: Names<12> = [
    ("Tammikuuta", "Tammik"),
    ("Helmikuuta", "Helmik"),
    ("Maaliskuuta", "Maalisk"),
    ("Huhtikuuta", "Huhtik"),
    ("Toukokuuta", "Toukok"),
    ("Kesäkuuta", "Kesäk"),
    ("Heinäkuuta", "Heinäk"),
    ("Elokuuta", "Elok"),
    ("Syyskuuta", "Syysk"),
    ("Lokakuuta", "Lokak"),
    ("Marraskuuta", "Marrask"),
    ("Joulukuuta", "Jouluk"),
];
const POLISH: Names<12> = [
    ("Styczeń", "Sty"),
    ("Luty", "Lut"),
    ("Marzec", "Mar"),
    ("Kwiecień", "Kwi"),
    ("Maj", "Maj"),
    ("Czerwiec", "Cze"),
    ("Lipiec", "Lip"),
    ("Sierpień", "Sie"),
    ("Wrzesień", "Wrz"),
    ("Październik", "Paź"),
    ("Listopad", "Lis"),
    ("Grudzień", "Gru"),
];
const POLISH_OF_DAY: Names<12> = [
    ("Stycznia", "Sty"),
    ("Lutego", "Lut"),
    ("Marca", "Mar"),
    ("Kwietnia", "Kwi"),
    ("Maja", "Maj"),
    ("Czerwca", "Cze"),
    ("Lipca", "Lip"),
    ("Sierpnia", "Sie"),
    ("Września", "Wrz"),
    ("Października", "Paź"),
    ("Listopada", "Lis"),
    ("Grudnia", "Gru"),
];
const CZECH: Names<12> = [
    ("Leden", "Led"),
    ("Únor", "Úno"),
    ("Březen", "Bře"),
    ("Duben", "Dub"),
    ("Květen", "Kvě"),
    ("Červen", "Čvn"),
    ("Červenec", "Čvc"),
    ("Srpen", "Srp"),
    ("Září", "Zář"),
    ("Říjen", "Říj"),
    ("Listopad", "Lis"),
    ("Prosinec", "Pro"),
];
const CZECH_OF_DAY: Names<12> = [
    ("Ledna", "Led"),
    ("Února", "Úno"),
    ("Března", "Bře"),
    ("Dubna", "Dub"),
    ("Května", "Kvě"),
    ("Června", "Čvn"),
    ("Července", "Čvc"),
    ("Srpna", "Srp"),
    ("Září", "Zář"),
    ("Října", "Říj"),
    ("Listopadu", "Lis"),
    ("Prosince", "Pro"),
];
const RUSSIAN: Names<12> = [
    ("Январь", "Янв"),
    ("Февраль", "Фев"),
    ("Март", "Мар"),
    ("Апрель", "Апр"),
    ("Май", "Май"),
    ("Июнь", "Июн"),
    ("Июль", "Июл"),
    ("Август", "Авг"),
    ("Сентябрь", "Сен"),
    ("Октябрь", "Окт"),
    ("Ноябрь", "Ноя"),
    ("Декабрь", "Дек"),
];
const RUSSIAN_OF_DAY: Names<12> = [
    ("Января", "Янв"),
    ("Февраля", "Февр"),
    ("Марта", "Мар"),
    ("Апреля", "Апр"),
    ("Мая", "Мая"),
    ("Июня", "Июн"),
    ("Июля", "Июл"),
    ("Августа", "Авг"),
    ("Сентября", "Сент"),
    ("Октября", "Окт"),
    ("Ноября", "Нояб"),
    ("Декабря", "Дек"),
];
const UKRAINIAN: Names<12> = [
    ("Січень", "Січ"),
    ("Лютий", "Лют"),
    ("Березень", "Бер"),
    ("Квітень", "Кві"),
    ("Травень", "Тра"),
    ("Червень", "Чер"),
    ("Липень", "Лип"),
    ("Серпень", "Сер"),
    ("Вересень", "Вер"),
    ("Жовтень", "Жов"),
    ("Листопад", "Лис"),
    ("Грудень", "Гру"),
];
const UKRAINIAN_OF_DAY: Names<12> = [
    ("Січня", "Січ"),
    ("Лютого", "Лют"),
    ("Березня", "Бер"),
    ("Квітня", "Кві"),
    ("Травня", "Тра"),
    ("Червня", "Чер"),
    ("Липня", "Лип"),
    ("Серпня", "Сер"),
    ("Вересня", "Вер"),
    ("Жовтня", "Жов"),
    ("Листопада", "Лис"),
    ("Грудня", "Гру"),
];
const TURKISH: Names<12> = [
    ("Ocak", "Oca"),
    ("Şubat", "Şub"),
    ("Mart", "Mar"),
    ("Nisan", "Nis"),
    ("Mayıs", "May"),
    ("Haziran", "Haz"),
    ("Temmuz", "Tem"),
    ("Ağustos", "Ağu"),
    ("Eylül", "Eyl"),
    ("Ekim", "Eki"),
    ("Kasım", "Kas"),
    ("Aralık", "Ara"),
];
const HUNGARIAN: Names<12> = [
    ("Január", "Jan"),
    ("Február", "Febr"),
    ("Március", "Márc"),
    ("Április", "Ápr"),
    ("Május", "Máj"),
    ("Június", "Jún"),
    ("Július", "Júl"),
    ("Augusztus", "Aug"),
    ("Szeptember", "Szept"),
    ("Október", "Okt"),
    ("November", "Nov"),
    ("December", "Dec"),
];
const ROMANIAN: Names<12> = [
    ("Ianuarie", "Ian"),
    ("Februarie", "Feb"),
    ("Martie", "Mar"),
    ("Aprilie", "Apr"),
    ("Mai", "Mai"),
    ("Iunie", "Iun"),
    ("Iulie", "Iul"),
    ("August", "Aug"),
    ("Septembrie", "Sept"),
    ("Octombrie", "Oct"),
    ("Noiembrie", "Nov"),
    ("Decembrie", "Dec"),
];

/// Other spellings, with their language and month.
const OTHERS: [(&str, Language, usize); 26] = [
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
    ("Sept", Language::Swedish, 8),
    ("Sept", Language::Danish, 8),
    ("Sept", Language::Norwegian, 8),
    ("Май", Language::RussianOfDay, 4),
    ("Фев", Language::RussianOfDay, 1),
    ("Сен", Language::RussianOfDay, 8),
    ("Ноя", Language::RussianOfDay, 10),
    ("Feb", Language::Hungarian, 1),
    ("Sep", Language::Romanian, 8),
];

const ALL: Table<12> = [
    ENGLISH,
    GERMAN,
    FRENCH,
    SPANISH,
    ITALIAN,
    DUTCH,
    PORTUGUESE,
    SWEDISH,
    DANISH,
    NORWEGIAN,
    FINNISH,
    FINNISH_OF_DAY,
    POLISH,
    POLISH_OF_DAY,
    CZECH,
    CZECH_OF_DAY,
    RUSSIAN,
    RUSSIAN_OF_DAY,
    UKRAINIAN,
    UKRAINIAN_OF_DAY,
    TURKISH,
    HUNGARIAN,
    ROMANIAN,
];

/// A month's name, counted from 0.
pub(super) fn name(language: Language, month: usize, full: bool) -> &'static str {
    names::name(&ALL, language, month, full)
}

/// The month that a word names, from 0 on.
pub(super) fn find(word: &str) -> Option<Found> {
    static WORDS: LazyLock<Words> = LazyLock::new(|| {
        Words::new(&ALL, OTHERS.map(|(name, language, month)| (name, language.bit(), month)))
    });
    WORDS.find(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    #[test]
    fn no_word_is_two_months() {
        names::tests::assert_each_is_one(&ALL, OTHERS.map(|(name, _, month)| (name, month)), find);
        assert!(find("Ja").is_none() && find("Janua").is_none());
    }

    #[test]
    fn finnish_months_have_another_form_beside_a_day() {
        for cells in [
            ["1. tammikuuta 2024", "31. joulukuuta 2024"],
            ["perjantai 5. tammikuuta 2024", "torstai 1. helmikuuta 2024"],
            ["5. tammik. 2024", "1. kesäk. 2024"],
            ["5. tammi 2024", "1. kesä 2024"],
            ["tammikuu 2024", "kesäkuu 2024"],
        ] {
            let table =
                Table::read("t.csv", format!("t\n\"{}\"\n", cells.join("\"\n\"")).as_bytes()).unwrap();
            let times = table.column("t").unwrap().times().unwrap();
            assert_eq!(times.iter().map(ToString::to_string).collect::<Vec<_>>(), cells);
            assert_eq!(times[0].stamp().month(), 1);
        }
    }
}
