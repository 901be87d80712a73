//! How the columns of a table write their numbers: decided by whole columns, and where one leaves it open, by
//! the others.

use super::{Form, Signed, is_missing};
use crate::error::Message;
use crate::table::error::Quoted;
use crate::table::typing::Values;
use crate::table::{Column, Table};

/// Gives columns of a table that are not all plain numbers their values. `usual` is what stands before decimals where no
/// column tells.
///
/// Returns what the user should know about it: of how numbers are written, and then of cells that are empty by a name.
pub(in crate::table) fn type_columns(table: &mut Table, usual: Option<char>) -> [Vec<Message>; 2] {
    let are_numbers = |column: &Column<'_>| column.numbers_or_gaps().is_some();
    let written = || table.columns().enumerate().filter(|(_, column)| column.is_written());
    let mut readings: Vec<Reading> = written()
        .filter(|(_, column)| !are_numbers(column))
        .filter_map(|(index, column)| Reading::of(index, column))
        .collect();
    let plain = || written().filter(|(_, column)| are_numbers(column) && column.may_have_points());
    let begins = |(_, column): (usize, Column<'_>)| Form::DOTTED.begins_at_thousand(known(column));
    // Thousands begin only where no column has some without a separator before decimals, unless another has decimal commas.
    let some_begin = plain().any(begins)
        && (readings.iter().any(|reading| reading.tells == Some(','))
            || !plain().any(|(_, column)| has_long_decimals(column)));
    // What only has points may mean thousands, where others have decimal commas, or some tell it by themselves.
    if !readings.is_empty() || usual == Some(',') || some_begin {
        let of_plain = |(index, column)| Reading::of_plain(index, column, some_begin);
        readings.extend(plain().filter_map(of_plain));
        readings.sort_by_key(|reading| reading.index);
    }
    let told = |decimal| readings.iter().any(|reading| reading.tells == Some(decimal));
    let told = match (told(','), told('.')) {
        (true, true) => Told::Both,
        (true, false) => Told::One(','),
        (false, true) => Told::One('.'),
        (false, false) => Told::Nothing,
    };
    let mut remarks = Remarks::default();
    for reading in &readings {
        let Some((form, choice)) = reading.choose(told, usual) else { continue };
        let column = Column::new(table, reading.index);
        let unit = reading.unit.as_ref();
        remarks.read_as(column, form, unit, choice);
        if form != Form::PLAIN || !are_numbers(&column) {
            let value = |text| form.value(without(text, unit)).unwrap_or(f64::NAN);
            let is_known = form.decimal == Form::COMMA.decimal && column.may_have_commas();
            let values = (!is_known).then(|| column.texts().map(value).collect());
            let data = &mut table.columns[reading.index];
            let values = values.or_else(|| data.with_commas.take()).unwrap_or_default();
            data.values = Values::numbers_with_gaps(values);
        }
    }
    table.columns.iter_mut().for_each(|column| column.with_commas = None);
    remarks.missing(table);
    remarks.into_messages()
}

/// The cells that say something.
fn known(column: Column<'_>) -> impl Iterator<Item = &str> + Clone {
    column.texts().filter(|text| !is_missing(text))
}

/// Has a column of numbers, and no times, one of four digits or more before a point: `11748.25`?
fn has_long_decimals(column: Column<'_>) -> bool {
    let is_long = |text: &str| {
        let whole = Signed::of(text).digits.split_once('.').map_or("", |(whole, _)| whole);
        whole.len() > 3 && whole.bytes().all(|byte| byte.is_ascii_digit())
    };
    column.texts().any(is_long) && column.times().is_err()
}

/// What the columns of a table tell about decimals.
#[derive(Clone, Copy)]
enum Told {
    Nothing,
    One(char),
    Both,
}

/// What stands behind each number of a column, as in `20.5 °C`, where it is none of the signs that all columns may have.
#[derive(Clone, Debug, PartialEq)]
struct Unit(String);

impl Unit {
    /// That of a cell, if it has one.
    fn of(text: &str) -> Option<Self> {
        /// Characters of one at the most, so that it is no sentence.
        const LONGEST: usize = 12;
        let of_numbers =
            |c: char| c.is_ascii_digit() || ".,'+-() \u{a0}\u{2009}\u{202f}\u{2019}\u{2212}".contains(c);
        let unit = text.trim_start_matches(of_numbers).trim();
        let is_of_units = |c: char| c.is_alphanumeric() || "°/²³·^%".contains(c);
        let is_one = text.starts_with(of_numbers)
            && unit.starts_with(|c: char| c.is_alphabetic() || c == '°')
            && unit.chars().all(is_of_units)
            && unit.chars().count() <= LONGEST
            // `m3`, but not the rest of a date such as `1Jan2024`, nor a half of the day.
            && unit.chars().filter(char::is_ascii_digit).count() <= 1
            // The exponent of `1,5E3`.
            && !unit.strip_prefix(['e', 'E']).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
            && !["am", "pm"].iter().any(|half| unit.eq_ignore_ascii_case(half));
        is_one.then(|| Unit(unit.to_owned()))
    }

    /// The unit that a column's cells have in common.
    fn of_column(column: Column<'_>) -> Option<Self> {
        let mut cells = column.texts().filter(|text| !is_missing(text));
        let unit = Unit::of(cells.next()?)?;
        let is_unit = cells.all(|text| Unit::of(text).as_ref() == Some(&unit))
            && !unit.makes_names_of(column)
            && !column.is_mostly_times();
        is_unit.then_some(unit)
    }

    /// Is it a single capital letter, in each cell right behind nothing but digits? `3D` and `12A` are names; where there is
    /// `3.5V` as well, `3V` is a number.
    fn makes_names_of(&self, column: Column<'_>) -> bool {
        let mut letters = self.0.chars();
        let is_letter = letters.next().is_some_and(char::is_uppercase) && letters.next().is_none();
        let is_name = |text: &str| {
            text.strip_suffix(&self.0).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        };
        is_letter && column.texts().filter(|text| !is_missing(text)).all(is_name)
    }
}

/// A cell's text without this unit.
fn without<'t>(text: &'t str, unit: Option<&Unit>) -> &'t str {
    unit.and_then(|unit| text.strip_suffix(unit.0.as_str())).map_or(text, str::trim_end)
}

/// Why a form was chosen.
#[derive(Clone, Copy, PartialEq)]
enum Choice {
    /// The column's cells leave no other.
    Clear,
    /// Other columns decide.
    ByOthers,
    /// It is the more usual one; the other would have been this.
    Usual(Form),
}

/// A column of numbers, and what they may mean.
struct Reading {
    index: usize,
    unit: Option<Unit>,
    with_point: Option<Form>,
    with_comma: Option<Form>,
    /// What it is, if the column's own cells tell, or all forms mean the same.
    own: Option<Form>,
    /// What it tells about decimals in the whole table.
    tells: Option<char>,
    /// Numbers as programs write them.
    is_plain: bool,
}

impl Reading {
    /// The reading of a column that is not all plain numbers; none if it is not one of numbers.
    fn of(index: usize, column: Column<'_>) -> Option<Self> {
        let unit_of_column = Unit::of_column(column);
        let cells = || {
            let cells = column.texts().filter(|text| !is_missing(text));
            cells.map(|text| without(text, unit_of_column.as_ref()))
        };
        let unit = Signed::of(cells().next()?).unit;
        let mut forms = Form::ALL.to_vec();
        for cell in cells() {
            let signed = Signed::of(cell);
            // Whatever separates the thousands, of which such a number has none.
            let is_short = Form::COMMA.short_value(cell).is_some();
            let fits = |form: &Form| {
                is_short && form.decimal == Form::COMMA.decimal || form.plain_value(signed).is_some()
            };
            forms.retain(fits);
            if forms.is_empty() || signed.unit != unit {
                return None;
            }
            // The rest are known to fit.
            if column.may_have_commas() && forms.iter().all(|form| form.decimal == Form::COMMA.decimal) {
                break;
            }
        }
        let first_with = |decimal| forms.iter().copied().find(|form| form.decimal == decimal);
        let (with_point, with_comma) = (first_with('.'), first_with(','));
        let (own, tells) = match (with_point, with_comma) {
            (Some(point), Some(comma)) => {
                // Who writes 1234 does not write 1,234.
                let is_out =
                    |form: Form| form.group.is_some() && cells().any(|cell| form.has_long_group(cell));
                let begins = |form: &Form| form.begins_at_thousand(cells());
                if cells().all(|cell| point.value(cell) == comma.value(cell)) {
                    (Some(point), None)
                } else if let Some(form) = [point, comma].into_iter().find(begins) {
                    (Some(form), Some(form.decimal))
                } else if is_out(comma) {
                    (Some(point), Some('.'))
                } else if is_out(point) {
                    (Some(comma), Some(','))
                } else {
                    (None, None)
                }
            }
            (form, other) => {
                let only = form.or(other);
                (only, only.map(|form| form.decimal))
            }
        };
        Some(Reading { index, unit: unit_of_column, with_point, with_comma, own, tells, is_plain: false })
    }

    /// The reading of a column of plain numbers, in which thousands `may_begin`; none if they have no point, and so tell
    /// nothing.
    fn of_plain(index: usize, column: Column<'_>, may_begin: bool) -> Option<Self> {
        let mut with_points =
            column.texts().filter(|text| text.contains('.') && !is_missing(text)).peekable();
        with_points.peek()?;
        let decides = with_points.any(|text| Form::DOTTED.value(text).is_none())
            || column.texts().any(|text| Form::DOTTED.has_long_group(text));
        let begins = may_begin && !decides && Form::DOTTED.begins_at_thousand(known(column));
        let own = if begins { Some(Form::DOTTED) } else { Some(Form::PLAIN).filter(|_| decides) };
        Some(Reading {
            index,
            unit: None,
            with_point: Some(Form::PLAIN),
            with_comma: Some(Form::DOTTED),
            own,
            tells: own.map(|form| form.decimal),
            is_plain: !begins,
        })
    }

    /// The form in which the column is read and why, if that is worth a word or another than so far.
    fn choose(&self, told: Told, usual: Option<char>) -> Option<(Form, Choice)> {
        if let Some(form) = self.own {
            return Some((form, Choice::Clear)).filter(|_| !self.is_plain);
        }
        let (point, comma) = (self.with_point?, self.with_comma?);
        match told {
            Told::One(',') => Some((comma, Choice::ByOthers)),
            Told::One(_) => Some((point, Choice::ByOthers)).filter(|_| !self.is_plain),
            Told::Both => None,
            Told::Nothing if self.is_plain => Some((point, Choice::Usual(comma))),
            Told::Nothing => match usual? {
                ',' => Some((comma, Choice::Usual(point))),
                _ => Some((point, Choice::Usual(comma))),
            },
        }
    }
}

/// What the user should know: one of each kind, with its first place and a count.
#[derive(Default)]
struct Remarks(Vec<Remark>);

struct Remark {
    kind: Kind,
    text: String,
    /// How many like it there are besides the first.
    more: usize,
}

#[derive(PartialEq)]
enum Kind {
    Form(Form, Option<Unit>, Choice),
    Missing,
}

impl Remarks {
    fn add(&mut self, kind: Kind, text: impl FnOnce() -> String) {
        match self.0.iter_mut().find(|remark| remark.kind == kind) {
            Some(remark) => remark.more += 1,
            None => self.0.push(Remark { kind, text: text(), more: 0 }),
        }
    }

    /// A column is read in this form.
    fn read_as(&mut self, column: Column<'_>, form: Form, unit: Option<&Unit>, choice: Choice) {
        let other = if let Choice::Usual(other) = choice { other } else { Form::PLAIN };
        let shows = |text: &str| {
            !is_missing(text)
                && (text.parse::<f64>().is_err()
                    || choice != Choice::Clear && form.value(text) != other.value(text))
        };
        let Some(row) = column.texts().position(shows) else { return };
        let text = column.text(row);
        let plain = without(text, unit);
        let Some(value) = form.value(plain) else { return };
        let sign = || Signed::of(text).unit.map(|sign| Unit(sign.to_owned()));
        self.add(Kind::Form(form, unit.cloned().or_else(sign), choice), || {
            let read = format!("{}: {} is read as {value}", column.place(row), Quoted(text));
            match (choice, other.value(plain)) {
                (Choice::ByOthers, _) if form.decimal == ',' => {
                    format!("{read}, because other columns have decimal commas")
                }
                (Choice::ByOthers, _) => format!("{read}, because other columns have decimal points"),
                (Choice::Usual(_), Some(other)) => {
                    format!("{read}, not as {other}; write it without a separator of thousands to be sure")
                }
                _ => read,
            }
        });
    }

    /// Cells among numbers that say that they have none.
    fn missing(&mut self, table: &Table) {
        for column in table.columns().filter(|column| column.is_written() && !column.is_numeric()) {
            let values = column.numbers_or_gaps().unwrap_or_default();
            let gaps = (0..values.len()).filter(|&row| values[row].is_nan());
            for row in gaps.filter(|&row| !column.text(row).is_empty()) {
                self.add(Kind::Missing, || {
                    format!("{}: {} is taken for an empty cell", column.place(row), Quoted(column.text(row)))
                });
            }
        }
    }

    /// Those of how numbers are written, and those of cells that say that they have none.
    fn into_messages(self) -> [Vec<Message>; 2] {
        let (missing, forms): (Vec<_>, Vec<_>) =
            self.0.into_iter().partition(|remark| remark.kind == Kind::Missing);
        [(forms, "column"), (missing, "cell")].map(|(remarks, what)| {
            let message = |Remark { text, more, .. }: Remark| match more {
                0 => text.into(),
                1 => format!("{text}; 1 more {what} is alike").into(),
                more => format!("{text}; {more} more {what}s are alike").into(),
            };
            remarks.into_iter().map(message).collect()
        })
    }
}
