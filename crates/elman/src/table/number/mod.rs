//! How numbers are written: decimals with a point or a comma, thousands with separators, percent and currency
//! signs, and what stands for a cell without a value.

mod columns;
mod short;

pub(super) use columns::type_columns;
pub(super) use short::{Short, short};

/// What [`f64`] parses from text, less NaN and the infinities.
pub(super) fn finite(text: &str) -> Option<f64> {
    if text.len() <= short::LONGEST
        && let Some(Short { number, length, .. }) = short(text.as_bytes(), b'.')
        && length == text.len()
    {
        return Some(number);
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// From here on two integers may be one number.
pub(crate) const EXACT: f64 = 9_007_199_254_740_992.0;

/// One spelling of the number that a text is; none where it is no number, or others may be the same.
pub(crate) fn name_of_number(text: &str) -> Option<String> {
    // A zero has no sign here.
    finite(text).filter(|number| number.abs() < EXACT).map(|number| (number + 0.0).to_string())
}

/// Does this text stand for a cell without a value, among numbers?
pub(crate) fn is_missing(text: &str) -> bool {
    const SPELLINGS: [&str; 33] = [
        "", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "null", "none", "nil", "missing", "?", "-",
        "--", ".", "..", "...", "–", "—", "n.a.", "k.a.", "(null)", "[null]", "(blank)", ":", "***",
        "****",     // As Eurostat and NASA write them.
        "#n/a n/a", // As MySQL and Microsoft's C library write them.
        "\\n", "1.#qnan", "1.#ind", "-1.#ind",
    ];
    /// The errors of spreadsheets.
    const ERRORS: [&str; 6] = ["#div/0!", "#value!", "#ref!", "#num!", "#name?", "#null!"];
    // No spelling ends with a digit, and most numbers do.
    let ends_with_digit = text.as_bytes().last().is_some_and(u8::is_ascii_digit);
    text.len() <= 8
        && !ends_with_digit
        && SPELLINGS.iter().chain(&ERRORS).any(|spelling| spelling.eq_ignore_ascii_case(text))
}

/// Is this text a number in some way of writing?
pub(super) fn is_number(text: &str) -> bool {
    finite(text).is_some() || Form::ALL.iter().any(|form| form.value(text).is_some())
}

/// A way of writing numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// What stands before the decimals.
    decimal: char,
    /// What stands between the thousands; a space and an apostrophe stand for all of their kind.
    group: Option<char>,
}

impl Form {
    /// As programs write them: `1234.5`.
    pub(super) const PLAIN: Form = Form { decimal: '.', group: None };

    /// `1234,5`
    pub(super) const COMMA: Form = Form { decimal: ',', group: None };

    /// `1.234,5`
    const DOTTED: Form = Form { decimal: ',', group: Some('.') };

    /// Every way of writing, the plainer ones first.
    pub(super) const ALL: [Form; 8] = [
        Form::PLAIN,
        Form::COMMA,
        Form { decimal: '.', group: Some(',') },
        Form::DOTTED,
        Form { decimal: '.', group: Some(' ') },
        Form { decimal: ',', group: Some(' ') },
        Form { decimal: '.', group: Some('\'') },
        Form { decimal: ',', group: Some('\'') },
    ];

    /// The number that this text is, so written, whatever sign of percent or currency it bears.
    pub(super) fn value(self, text: &str) -> Option<f64> {
        self.short_value(text).or_else(|| self.plain_value(Signed::of(text)))
    }

    /// The same, and what else programs write, if they write so.
    pub(super) fn read(self, text: &str) -> Option<f64> {
        if self == Form::PLAIN { finite(text).or_else(|| self.value(text)) } else { self.value(text) }
    }

    /// That of few digits with a comma before decimals, which most cells of such files are, sooner.
    pub(super) fn short_value(self, text: &str) -> Option<f64> {
        if self.decimal != ',' || text.len() > short::LONGEST {
            return None;
        }
        let number = short(text.as_bytes(), b',').filter(|number| number.length == text.len())?;
        Some(number.number)
    }

    fn plain_value(self, Signed { negative, digits, .. }: Signed<'_>) -> Option<f64> {
        let (mantissa, exponent) = match digits.find(['e', 'E']) {
            Some(at) => digits.split_at(at),
            None => (digits, ""),
        };
        let (whole, decimals) = match mantissa.split_once(self.decimal) {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (mantissa, None),
        };
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if decimals.is_some_and(|decimals| decimals.is_empty() || !all_digits(decimals)) {
            return None;
        }
        // The sign takes one more byte.
        let mut plain = String::with_capacity(digits.len() + 1);
        plain.push_str(if negative { "-" } else { "" });
        if all_digits(whole) {
            plain.push_str(whole);
        } else {
            self.push_groups(whole, &mut plain)?;
        }
        if let Some(decimals) = decimals {
            plain.push('.');
            plain.push_str(decimals);
        }
        plain.push_str(exponent);
        finite(&plain)
    }

    /// Adds the digits of a whole number whose thousands are separated: by threes, or, with commas, by twos
    /// before the last three, as in India.
    fn push_groups(self, whole: &str, plain: &mut String) -> Option<()> {
        let separator = self.group?;
        let first_separator = whole.chars().find(|c| !c.is_ascii_digit())?;
        if unified(first_separator) != separator || whole.starts_with('0') {
            return None;
        }
        let groups: Vec<&str> = whole.split(first_separator).collect();
        let (first, last) = (groups.first()?, groups.last()?);
        let middle = groups.get(1..groups.len() - 1)?;
        let by_threes = (1..=3).contains(&first.len()) && middle.iter().all(|group| group.len() == 3);
        let by_twos = separator == ','
            && !middle.is_empty()
            && (1..=2).contains(&first.len())
            && middle.iter().all(|group| group.len() == 2);
        let fits = last.len() == 3 && (by_threes || by_twos);
        if !fits || !groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit())) {
            return None;
        }
        groups.iter().for_each(|group| plain.push_str(group));
        Some(())
    }

    /// Do these cells have separators of thousands, so written, from a thousand on, and none below, where most have three digits?
    /// `960`, `1.000`: as decimals, each of exactly three digits beside whole numbers, they would be a leap to a thousandth.
    fn begins_at_thousand<'t>(self, cells: impl Iterator<Item = &'t str>) -> bool {
        /// Where so many cells have separators, there are none below a thousand, or it is not looked for.
        const TELLING: usize = 1000;
        if self.group.is_none() {
            return false;
        }
        let (mut below, mut long, mut above) = (0, 0, 0);
        for cell in cells {
            let digits = Signed::of(cell).digits;
            if digits.bytes().all(|byte| byte.is_ascii_digit()) {
                match digits.len() {
                    1..=3 => below += 1,
                    _ => return false,
                }
                long += usize::from(digits.len() == 3);
            } else if self.value(cell).is_some_and(|value| value.abs() >= 1000.0) {
                above += 1;
                if below == 0 && above > TELLING {
                    return false;
                }
            } else {
                return false;
            }
        }
        above > 0 && below > 0 && 2 * long >= below
    }

    /// Does a whole number of four digits or more stand in this text without separators?
    fn has_long_group(self, text: &str) -> bool {
        let digits = Signed::of(text).digits;
        let whole = digits.split(self.decimal).next().unwrap_or(digits);
        whole.len() >= 4 && whole.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// A separator of thousands, one for all of its kind.
fn unified(separator: char) -> char {
    match separator {
        ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
        '\'' | '\u{2019}' => '\'',
        other => other,
    }
}

/// A number's text taken apart.
#[derive(Clone, Copy)]
struct Signed<'t> {
    negative: bool,
    digits: &'t str,
    /// The sign of percent or currency, of which there is one at most.
    unit: Option<&'static str>,
}

impl<'t> Signed<'t> {
    fn of(text: &'t str) -> Self {
        const UNITS: [&str; 18] = [
            "%", "\u{2030}", "US$", "R$", "$", "€", "£", "¥", "₹", "₽", "₩", "CHF", "EUR", "USD", "GBP",
            "kr", "zł", "Kč",
        ];
        let mut negative = false;
        let mut digits = match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
            // As accountants write what is less than nothing.
            Some(amount) if !amount.starts_with(['-', '+']) => {
                negative = true;
                amount
            }
            _ => match amount_before_minus(text) {
                Some(amount) => {
                    negative = true;
                    amount
                }
                None => without_sign(text, &mut negative),
            },
        };
        // Most numbers have none.
        if digits.starts_with(|c: char| c.is_ascii_digit()) && digits.ends_with(|c: char| c.is_ascii_digit())
        {
            return Signed { negative, digits, unit: None };
        }
        let before = UNITS.iter().find_map(|unit| Some((unit, digits.strip_prefix(unit)?)));
        let found = before.or_else(|| UNITS.iter().find_map(|unit| Some((unit, digits.strip_suffix(unit)?))));
        let unit = found.map(|(unit, rest)| {
            digits = rest.trim();
            *unit
        });
        // `$-5`, beside `-$5`.
        if unit.is_some() && !negative {
            digits = without_sign(digits, &mut negative);
        }
        Signed { negative, digits, unit }
    }
}

/// What stands before a minus at the end, as in `1.200,50-` of bookkeeping: with decimals, since `2-` may be a grade.
fn amount_before_minus(text: &str) -> Option<&str> {
    let amount = text.strip_suffix(['-', '\u{2212}'])?;
    let is_one = amount.starts_with(|c: char| c.is_ascii_digit()) && amount.contains(['.', ',']);
    is_one.then_some(amount)
}

/// The text after a sign of plus or minus.
fn without_sign<'t>(text: &'t str, negative: &mut bool) -> &'t str {
    match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => {
            *negative = true;
            rest
        }
        None => text.strip_prefix('+').unwrap_or(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(decimal: char, group: Option<char>) -> Form {
        Form { decimal, group }
    }

    #[test]
    fn every_form_reads_its_own() {
        for (decimal, group, text, value) in [
            ('.', None, "3.5", 3.5),
            (',', None, "-3,5", -3.5),
            (',', None, ",5", 0.5),
            (',', None, "1,5E+03", 1500.0),
            ('.', Some(','), "1,234.5", 1234.5),
            ('.', Some(','), "12,34,567", 1_234_567.0),
            (',', Some('.'), "1.234.567,25", 1_234_567.25),
            (',', Some(' '), "1 234,5", 1234.5),
            (',', Some(' '), "1\u{202f}234,5", 1234.5),
            ('.', Some('\''), "1'234.5", 1234.5),
            ('.', Some('\''), "1’234.5", 1234.5),
            ('.', None, "\u{2212}2", -2.0),
            ('.', Some(','), "-$1,200.50", -1200.5),
            ('.', None, "$-5", -5.0),
            ('.', Some(','), "(1,234.5)", -1234.5),
            ('.', None, "50.84-", -50.84),
            (',', Some('.'), "1.200,50-", -1200.5),
            (',', None, "(3,5 €)", -3.5),
            (',', None, "12,5 %", 12.5),
            (',', Some('.'), "1.200 €", 1200.0),
        ] {
            assert_eq!(form(decimal, group).value(text), Some(value), "{text}");
        }
    }

    #[test]
    fn the_short_way_says_what_the_long_one_does() {
        let texts = ["3,5", "-3,5", ",5", "-,5", "007,25", "-0", "12", "123456789012,345", "0,1", "179,45"];
        for (form, text) in Form::ALL.into_iter().flat_map(|form| texts.map(|text| (form, text))) {
            let short = form.short_value(text).map(f64::to_bits);
            let expected = form.plain_value(Signed::of(text)).filter(|_| form.decimal == ',');
            assert_eq!(short, expected.map(f64::to_bits), "{form:?} {text}");
        }
        for text in
            ["", ",", "5,", "1,2,3", "1.234,5", "1 2", "3,5 %", "+3,5", "3,5e1", "-", "1234567890123,456"]
        {
            assert_eq!(form(',', None).short_value(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "-",
            "%",
            "--5",
            "1.2.3",
            "31.12.2023",
            "1,2",
            "1,23,4",
            "0,123",
            "12,3456",
            "1 2",
            "030 123",
            "1e",
            "e5",
            "5.",
            "1,234,",
            ",234",
            "5 % %",
            "1'23",
            "inf",
            "NaN",
            "0x10",
            "1_000",
            "(-5)",
            "2-",
            "-5.5-",
            "(5",
            "()",
            "1,234 567",
        ] {
            let point: Vec<Form> = Form::ALL.into_iter().filter(|form| form.decimal == '.').collect();
            assert!(point.iter().all(|form| form.value(text).is_none()), "{text}");
        }
    }
}
