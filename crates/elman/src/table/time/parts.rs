//! Parts of a year that a word names: `1. Quartal 2014`, `First half of 2014`.

/// Words for a part of the year, with the letters of its number in a format.
const PARTS: &[(&str, &str)] = &[
    ("quarter", "q"),
    ("qtr", "q"),
    ("quartal", "q"),
    ("vierteljahr", "q"),
    ("vj", "q"),
    ("kvartal", "q"),
    ("kwartaal", "q"),
    ("kwartał", "q"),
    ("kw", "q"),
    ("trimestre", "q"),
    ("trim", "q"),
    ("čtvrtletí", "q"),
    ("кв", "q"),
    ("квартал", "q"),
    ("half", "2q"),
    ("halbjahr", "2q"),
    ("hj", "2q"),
    ("halvår", "2q"),
    ("semestre", "2q"),
    ("semester", "2q"),
    ("полугодие", "2q"),
];

/// How such a word `W` and a number `N` stand beside a year `Y`.
const WITH_PARTS: &[&str] = &[
    "W N Y",
    "W N, Y",
    "WN Y",
    "W N/Y",
    "WN/Y",
    "W N-Y",
    "W. N Y",
    "W N of Y",
    "Y W N",
    "Y WN",
    "YWN",
    "Y-W N",
    "Y-WN",
    "Y, W N",
    "Y/W N",
    "Y - W N",
    "Y - W. N",
    "N W Y",
    "N W, Y",
    "N W. Y",
    "N. W Y",
    "N.W Y",
    "N. W. Y",
    "N.W. Y",
    "N. W, Y",
    "N W of Y",
    "N W de Y",
    "N. W/Y",
    "N. W de Y",
    "Y N W",
    "Y, N W",
    "Y-N W",
    "Y/N W",
    "Y N. W",
    "Y, N. W",
    "Y/N. W",
    "Nº W Y",
    "Nº W de Y",
    "N° W Y",
    "Ne W Y",
    "Y Ne W",
    "Y, Ne W",
];

/// The ways in which a text may be a part of a year that a word in it names: `1. Quartal 2014`, `First half of 2014`.
pub(super) fn of_parts(text: &str, take: &mut impl FnMut(&str)) {
    let mut words = text.split(|c: char| !c.is_alphabetic());
    let part = words.find_map(|word| {
        let lower = word.to_lowercase();
        Some((word, PARTS.iter().find(|(part, _)| *part == lower)?.1))
    });
    let Some((word, letters)) = part else { return };
    let has_year = text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() == 4);
    let year = if has_year { "%Y" } else { "%y" };
    for shape in WITH_PARTS {
        for number in ["%", "%:", "%+"] {
            let part = |c: char| match c {
                'Y' => year.to_owned(),
                'N' => format!("{number}{letters}"),
                'W' => word.to_owned(),
                c => c.to_string(),
            };
            take(&shape.chars().map(part).collect::<String>());
        }
    }
}
