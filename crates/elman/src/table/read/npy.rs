//! npy, an array as NumPy writes it.
//!
//! The bytes `\x93NUMPY`, a version, the length of a head, the head (a Python dictionary with `descr`,
//! `fortran_order` and `shape`), the values.

use super::typed::{Meaning, Refusal, Values};
use super::{Input, Reader};
use crate::table::builder::{Head, MAX_COLUMNS};
use crate::table::cells::Spelling;
use crate::table::column::Data;
use crate::table::lines::Lines;
use crate::table::{Table, TableError, binary};
use crate::words::counted;

pub(super) const READER: Reader = Reader { name: "npy", recognises: |bytes| bytes.starts_with(MAGIC), read };

pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// An array, as its file has it.
pub(super) struct Array<'b> {
    /// Its lengths, whose product is the number of values that are there.
    pub(super) shape: Vec<usize>,
    fortran_order: bool,
    kind: Kind,
    little_endian: bool,
    /// Bytes per value.
    pub(super) size: usize,
    data: &'b [u8],
}

/// The type of an array's values.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Float,
    Signed,
    Unsigned,
    Bool,
    /// Text of four bytes for each letter, zeros behind it.
    Letters,
    /// Text of one byte for each letter, zeros behind it.
    Bytes,
    /// Moments since 1970, of so many nanoseconds each.
    Moments(i64),
    /// So many months since 1970, each of so many.
    Months(i64),
}

fn read(Input { name, bytes, .. }: Input<'_>) -> Result<Table, TableError> {
    let problem =
        |problem: String| TableError::Malformed { table: name.to_owned(), place: "head".into(), problem };
    let array = Array::parse(&bytes).map_err(problem)?;
    if array.shape.contains(&0) {
        return Err(TableError::NoRows { table: name.to_owned() });
    }
    let Some(rows) = Rows::of(&array.shape) else {
        let what = format!("an array of {} dimensions; a table has one, two or three", array.shape.len());
        return Err(problem(what));
    };
    let mut parts = Parts::default();
    rows.number(name, &mut parts)?;
    array.add_columns(name, "col", true, rows, &mut parts)?;
    let shape: Vec<String> = array.shape.iter().map(usize::to_string).collect();
    let how = if rows.steps.is_some() {
        "a row per sequence and step"
    } else {
        "its columns called col1 and so on"
    };
    let doubt = doubt(&array.shape);
    let remark = format!("{name}: an array [{}], read with {how}{doubt}", shape.join(", "));
    parts.table(name, rows, remark)
}

/// What is said of sequences with fewer steps than values in each, which may be meant the other way round.
pub(super) fn doubt(shape: &[usize]) -> String {
    match *shape {
        [sequences, steps, values] if steps < values => format!(
            ": {} of {} with {} each; where the steps come last, as aeon has them, turn it with transpose(0, 2, 1)",
            counted(sequences, "sequence"),
            counted(steps, "step"),
            counted(values, "value")
        ),
        _ => String::new(),
    }
}

/// The rows of a table that arrays make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rows {
    pub(super) count: usize,
    /// The steps of each sequence, where there are sequences of steps.
    pub(super) steps: Option<usize>,
}

impl Rows {
    /// Those of an array alone: `[rows]`, `[rows, columns]` or `[sequences, steps, columns]`.
    pub(super) fn of(shape: &[usize]) -> Option<Self> {
        match *shape {
            [count] | [count, _] => Some(Rows { count, steps: None }),
            // The product is that of values that are there.
            [sequences, steps, _] => {
                Some(Rows { count: sequences.saturating_mul(steps), steps: Some(steps) })
            }
            _ => None,
        }
    }

    /// Adds the columns that number sequences and steps.
    pub(super) fn number(self, name: &str, parts: &mut Parts) -> Result<(), TableError> {
        let Some(steps) = self.steps else { return Ok(()) };
        let counted = |number: fn(usize, usize) -> usize| {
            binary::integers(name, (0..self.count).map(move |row| Some(number(row, steps) as i128)))
        };
        parts.add("id".into(), counted(|row, steps| row / steps + 1)?);
        parts.add("time".into(), counted(|row, steps| row % steps)?);
        Ok(())
    }
}

/// The columns of a table in the making.
#[derive(Default)]
pub(super) struct Parts {
    headers: Vec<String>,
    columns: Vec<Data>,
}

impl Parts {
    pub(super) fn add(&mut self, header: String, column: Data) {
        self.headers.push(header);
        self.columns.push(column);
    }

    /// The table; its rows count as lines.
    ///
    /// # Errors
    /// Those of the names.
    pub(super) fn table(self, name: &str, rows: Rows, remark: String) -> Result<Table, TableError> {
        let mut head = Head::new(name, 1, self.headers.iter().map(String::as_str))?;
        head.remarks.push(remark.into());
        (head.hints.made_id, head.hints.made_time) =
            (rows.steps.and(Some("id")), rows.steps.and(Some("time")));
        head.finish(Lines::counted(rows.count), self.columns)
    }
}

impl<'b> Array<'b> {
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn parse(bytes: &'b [u8]) -> Result<Self, String> {
        let cut = || "the file is cut short".to_owned();
        let (version, rest) =
            bytes.get(MAGIC.len()..).and_then(<[u8]>::split_first_chunk::<2>).ok_or_else(cut)?;
        let (length, rest) = match version[0] {
            1 => {
                rest.split_first_chunk().map(|(length, rest)| (u32::from(u16::from_le_bytes(*length)), rest))
            }
            2 | 3 => rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length), rest)),
            other => return Err(format!("npy of version {other} is not read; save it with np.save")),
        }
        .ok_or_else(cut)?;
        let (head, data) =
            usize::try_from(length).ok().and_then(|at| rest.split_at_checked(at)).ok_or_else(cut)?;
        let head = String::from_utf8_lossy(head);
        let value = |key: &str| head.split_once(&format!("'{key}':")).map(|(_, value)| value.trim_start());
        let unreadable = || "its description cannot be read; save it with np.save".to_owned();
        let descr = value("descr").ok_or_else(unreadable)?;
        let refused = || {
            "an array of numbers or texts is expected, of one type; convert it with astype(float)".to_owned()
        };
        let descr = descr.strip_prefix('\'').and_then(|text| text.split('\'').next()).ok_or_else(refused)?;
        let (kind, size) = kind(descr.get(1..).ok_or_else(refused)?).ok_or_else(|| {
            format!("values of type {descr:?} are not read; convert them with astype(float)")
        })?;
        let shape =
            value("shape").and_then(|text| text.strip_prefix('(')?.split_once(')')).ok_or_else(unreadable)?.0;
        let shape = shape.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::parse);
        let shape: Vec<usize> = shape.collect::<Result<_, _>>().map_err(|_| unreadable())?;
        let wanted = shape.iter().try_fold(size, |product: usize, &length| product.checked_mul(length));
        if wanted != Some(data.len()) {
            return Err(format!("{} bytes of values are not what the shape {shape:?} takes", data.len()));
        }
        let fortran_order = value("fortran_order").is_some_and(|text| text.starts_with("True"));
        Ok(Array { shape, fortran_order, kind, little_endian: !descr.starts_with('>'), size, data })
    }

    /// Adds the array's columns to a table with these rows: one of `[rows]`, `[rows, columns]`, `[sequences, steps]`,
    /// `[sequences, steps, columns]`, or `[sequences]`, whose values then stand in each step. Several columns are
    /// numbered behind the stem of their name, and so is a single one if all are.
    pub(super) fn add_columns(
        &self,
        name: &str,
        stem: &str,
        numbers_all: bool,
        rows: Rows,
        parts: &mut Parts,
    ) -> Result<(), TableError> {
        let steps = rows.steps.unwrap_or(1);
        let axes = if rows.steps.is_some() && self.shape.len() > 1 { 2 } else { 1 };
        let columns = self.shape.get(axes).copied().unwrap_or(1);
        if columns > MAX_COLUMNS {
            return Err(TableError::TooManyColumns { table: name.to_owned(), line: 1, found: columns });
        }
        for column in 0..columns {
            let header =
                if numbers_all || columns > 1 { format!("{stem}{}", column + 1) } else { stem.to_owned() };
            let place = move |row: usize| match axes {
                2 => [row / steps, row % steps, column],
                _ => [row / steps, column, 0],
            };
            parts.add(header, self.column(name, (0..rows.count).map(place))?);
        }
        Ok(())
    }

    /// The values at these places.
    fn column(
        &self,
        name: &str,
        places: impl Iterator<Item = [usize; 3]> + Clone,
    ) -> Result<Data, TableError> {
        let raw = places.map(|place| self.raw(&place[..self.shape.len().min(3)]));
        let unused = 64 - 8 * self.size.min(8) as u32;
        let integers = |value: fn(u64, u32) -> i128| {
            binary::integers(name, raw.clone().map(move |raw| Some(value(self.bits(raw), unused))))
        };
        match self.kind {
            Kind::Float if self.size == 2 => {
                let values = raw.map(|raw| half(self.bits(raw) as u16)).collect();
                binary::floats(name, values, Spelling::F32)
            }
            Kind::Float if self.size == 4 => {
                let values = raw.map(|raw| f64::from(f32::from_bits(self.bits(raw) as u32))).collect();
                binary::floats(name, values, Spelling::F32)
            }
            Kind::Float => {
                binary::floats(name, raw.map(|raw| f64::from_bits(self.bits(raw))).collect(), Spelling::F64)
            }
            Kind::Signed => integers(|bits, unused| (((bits << unused) as i64) >> unused).into()),
            Kind::Unsigned => integers(|bits, _| bits.into()),
            Kind::Bool => integers(|bits, _| (bits != 0).into()),
            Kind::Letters => binary::texts(name, raw.map(|raw| self.letters(raw))),
            Kind::Bytes => binary::texts(name, raw.map(|raw| String::from_utf8_lossy(without_zeros(raw)))),
            Kind::Moments(unit) => {
                let integers = raw.map(|raw| self.moment(raw)).collect();
                let values = Values { integers, ..Values::default() };
                values.finish(name, Meaning::Moment { unit, utc: false }).map_err(|refusal| match refusal {
                    Refusal::Table(error) => error,
                    Refusal::Value(problem) => {
                        TableError::Malformed { table: name.to_owned(), place: "values".into(), problem }
                    }
                })
            }
            Kind::Months(each) => {
                let months = raw.map(|raw| self.moment(raw).map(|count| written(count, each)).transpose());
                let months = months.collect::<Result<Vec<_>, _>>().map_err(|problem| {
                    TableError::Malformed { table: name.to_owned(), place: "values".into(), problem }
                })?;
                binary::texts(name, months.into_iter().map(Option::unwrap_or_default))
            }
        }
    }

    /// The bytes of the value at these places.
    fn raw(&self, places: &[usize]) -> &'b [u8] {
        let axes = || self.shape.iter().zip(places);
        let join = |index: usize, (length, place): (&usize, &usize)| index * length + place;
        let index = if self.fortran_order { axes().rev().fold(0, join) } else { axes().fold(0, join) };
        &self.data[index * self.size..][..self.size]
    }

    /// The bits of a number of up to eight bytes.
    fn bits(&self, raw: &[u8]) -> u64 {
        let mut bytes = [0; 8];
        bytes[..self.size].copy_from_slice(raw);
        if !self.little_endian {
            bytes[..self.size].reverse();
        }
        u64::from_le_bytes(bytes)
    }

    /// A number of moments; none of what is no time.
    fn moment(&self, raw: &[u8]) -> Option<i64> {
        Some(self.bits(raw).cast_signed()).filter(|&count| count != i64::MIN)
    }

    fn letters(&self, raw: &[u8]) -> String {
        let codes = raw.as_chunks::<4>().0.iter().map(|&code| match self.little_endian {
            true => u32::from_le_bytes(code),
            false => u32::from_be_bytes(code),
        });
        let text: String =
            codes.map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        text.trim_end_matches('\0').to_owned()
    }
}

/// What a description means, and how many bytes such a value has.
fn kind(descr: &str) -> Option<(Kind, usize)> {
    Some(match descr {
        "f2" => (Kind::Float, 2),
        "f4" => (Kind::Float, 4),
        "f8" => (Kind::Float, 8),
        "i1" => (Kind::Signed, 1),
        "i2" => (Kind::Signed, 2),
        "i4" => (Kind::Signed, 4),
        "i8" => (Kind::Signed, 8),
        "u1" => (Kind::Unsigned, 1),
        "u2" => (Kind::Unsigned, 2),
        "u4" => (Kind::Unsigned, 4),
        "u8" => (Kind::Unsigned, 8),
        "b1" => (Kind::Bool, 1),
        _ => {
            if let Some(unit) = descr.strip_prefix("M8[").and_then(|unit| unit.strip_suffix(']')) {
                return Some((moments(unit)?, 8));
            }
            let length = || descr.get(1..)?.parse::<usize>().ok().filter(|length| *length > 0);
            match descr.as_bytes().first()? {
                b'U' => (Kind::Letters, length()?.checked_mul(4)?),
                b'S' => (Kind::Bytes, length()?),
                _ => return None,
            }
        }
    })
}

/// The value of a number of half precision: a sign, five bits of exponent, ten behind the leading one (IEEE 754, binary16).
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff) / 1024.0);
    let size = match exponent {
        0 => fraction * 2f64.powi(-14),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + fraction) * 2f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// What moments of NumPy's unit are.
fn moments(unit: &str) -> Option<Kind> {
    const SECOND: i64 = 1_000_000_000;
    Some(match unit {
        "Y" => Kind::Months(12),
        "M" => Kind::Months(1),
        "W" => Kind::Moments(7 * 86_400 * SECOND),
        "D" => Kind::Moments(86_400 * SECOND),
        "h" => Kind::Moments(3600 * SECOND),
        "m" => Kind::Moments(60 * SECOND),
        "s" => Kind::Moments(SECOND),
        "ms" => Kind::Moments(1_000_000),
        "us" => Kind::Moments(1000),
        "ns" => Kind::Moments(1),
        _ => return None,
    })
}

/// The year of a count from 1970 on of steps of so many months, and its month where a step is shorter than a year.
///
/// # Errors
/// If it is none from 1 to 9999.
fn written(count: i64, each: i64) -> Result<String, String> {
    let months = count.checked_mul(each).and_then(|months| months.checked_add(12 * 1970));
    let months = months.filter(|months| (12..120_000).contains(months)).ok_or_else(|| {
        let what = if each == 12 { "years" } else { "months" };
        format!("{count} {what} from 1970 on is no time of the years 1 to 9999; correct it")
    })?;
    let (year, month) = (months / 12, months % 12 + 1);
    Ok(if each == 12 { format!("{year:04}") } else { format!("{year:04}-{month:02}") })
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
    &bytes[..bytes.len() - zeros]
}

#[cfg(test)]
pub(super) mod tests {
    use crate::table::{Table, read};

    pub(in crate::table::read) fn file(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let head = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
        [b"\x93NUMPY\x01\x00", &(head.len() as u16).to_le_bytes()[..], head.as_bytes(), data].concat()
    }

    #[test]
    fn arrays_of_one_to_three_dimensions() {
        let values: Vec<u8> =
            [1.5f32, 2.0, -3.0, f32::NAN, 5.0, 6.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let read_it =
            |order, shape| Table::read("a.npy", file("'<f4'", order, shape, &values).as_slice()).unwrap();
        let texts =
            |table: &Table, name| table.column(name).unwrap().texts().map(str::to_owned).collect::<Vec<_>>();
        let flat = read_it("False", "(6,)");
        assert_eq!(texts(&flat, "col1"), ["1.5", "2.0", "-3.0", "", "5.0", "6.0"]);
        let matrix = read_it("False", "(2, 3)");
        assert_eq!(
            (texts(&matrix, "col1"), texts(&matrix, "col2")),
            (vec!["1.5".into(), String::new()], vec!["2.0".to_owned(), "5.0".into()])
        );
        let turned = read_it("True", "(2, 3)");
        assert_eq!(texts(&turned, "col1"), ["1.5", "2.0"]);
        let sequences = read_it("False", "(3, 2, 1)");
        assert_eq!(
            (sequences.headers(), sequences.made_time()),
            (&["id", "time", "col1"].map(str::to_owned)[..], Some("time"))
        );
        assert_eq!(texts(&sequences, "id"), ["1", "1", "2", "2", "3", "3"]);
        assert_eq!(texts(&sequences, "time"), ["0", "1", "0", "1", "0", "1"]);
        let said = |table: &Table| table.remarks()[0].to_string();
        assert_eq!(said(&sequences), "a.npy: an array [3, 2, 1], read with a row per sequence and step");
        assert!(
            said(&read_it("False", "(1, 2, 3)")).ends_with(
                ": 1 sequence of 2 steps with 3 values each; where the steps come last, as aeon has them, turn it with \
                 transpose(0, 2, 1)"
            )
        );
    }

    #[test]
    fn every_type_of_number() {
        for (descr, data, text) in [
            ("'<f8'", 0.1f64.to_le_bytes().to_vec(), "0.1"),
            ("'>f8'", 0.1f64.to_be_bytes().to_vec(), "0.1"),
            ("'<f2'", vec![0x66, 0x2e], "0.099975586"),
            ("'>f2'", vec![0xc2, 0x80], "-3.25"),
            ("'<f2'", vec![0x01, 0x00], "5.9604645e-8"),
            ("'|i1'", vec![0xFF], "-1"),
            ("'>i2'", vec![0xFF, 0xFE], "-2"),
            ("'<i8'", i64::MIN.to_le_bytes().to_vec(), "-9223372036854775808"),
            ("'<u8'", u64::MAX.to_le_bytes().to_vec(), "18446744073709551615"),
            ("'|b1'", vec![1], "1"),
        ] {
            let bytes = file(descr, "False", "(1,)", &data);
            assert_eq!(read::format(&bytes), "npy");
            let table = Table::read("a.npy", bytes.as_slice()).unwrap();
            assert_eq!(table.column("col1").unwrap().text(0), text, "{descr}");
        }
    }

    #[test]
    fn moments_are_times() {
        let days = 18_262; // 2020-01-01
        for (unit, values, texts) in [
            ("D", [days, i64::MIN], ["2020-01-01", ""]),
            ("h", [24 * days, 24 * days + 1], ["2020-01-01 00:00:00", "2020-01-01 01:00:00"]),
            ("ns", [86_400_000_000_000 * days, 0], ["2020-01-01", "1970-01-01"]),
            ("M", [600, -1], ["2020-01", "1969-12"]),
            ("Y", [50, 51], ["2020", "2021"]),
            ("Y", [-1969, 8029], ["0001", "9999"]),
            ("M", [-12 * 1969, 12 * 8030 - 1], ["0001-01", "9999-12"]),
        ] {
            let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            let bytes = file(&format!("'<M8[{unit}]'"), "False", "(2,)", &data);
            let table = Table::read("a.npy", bytes.as_slice()).unwrap();
            assert!(table.column("col1").unwrap().texts().eq(texts), "{unit}");
        }
        for (unit, value) in [
            ("s", i64::MAX),
            ("Y", 8030),
            ("Y", 1_000_000_000_000_000_000),
            ("Y", i64::MAX),
            ("Y", -1970),
            ("M", 12 * 8030),
            ("M", i64::MAX),
            ("M", -12 * 1969 - 1),
        ] {
            let bytes = file(&format!("'<M8[{unit}]'"), "False", "(1,)", &value.to_le_bytes());
            let error = Table::read("a.npy", bytes.as_slice()).unwrap_err().to_string();
            assert!(error.contains("is no time of the years") && error.contains("9999"), "{unit}: {error}");
        }
    }

    #[test]
    fn what_is_no_array_of_numbers_is_refused() {
        for (bytes, part) in [
            (file("[('a', '<f4')]", "False", "(1,)", &[0; 4]), "of one type"),
            (file("'|O'", "False", "(1,)", &[0; 4]), "\"|O\" are not read"),
            (file("'<f4'", "False", "(2,)", &[0; 4]), "4 bytes of values"),
            (file("'<f4'", "False", "(18446744073709551615, 2)", &[0; 4]), "4 bytes of values"),
            (file("'<f4'", "False", "()", &[0; 4]), "0 dimensions"),
            (b"\x93NUMPY\x01".to_vec(), "cut short"),
            (b"\x93NUMPY\x09\x00\x00\x00".to_vec(), "version 9"),
        ] {
            let error = Table::read("a.npy", bytes.as_slice()).unwrap_err().to_string();
            assert!(error.starts_with("a.npy, head: ") && error.contains(part), "{error}");
        }
        // No values at all, whatever is claimed of the rest.
        let none = file("'<f4'", "False", "(3, 0)", &[]);
        assert!(Table::read("a.npy", none.as_slice()).is_err());
        let none = file("'<f4'", "False", "(18446744073709551615, 0)", &[]);
        assert!(Table::read("a.npy", none.as_slice()).is_err());
    }
}
