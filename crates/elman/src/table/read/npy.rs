//! npy, an array of numbers as NumPy writes it.
//!
//! The bytes `\x93NUMPY`, a version, the length of a head, the head (a Python dictionary with `descr`,
//! `fortran_order` and `shape`), the values.

use super::Reader;
use crate::table::builder::Builder;
use crate::table::{Table, TableError};

pub(super) const READER: Reader = Reader { name: "npy", recognises: |bytes| bytes.starts_with(MAGIC), read };

const MAGIC: &[u8] = b"\x93NUMPY";

/// An array, as its file has it.
struct Array<'b> {
    shape: Vec<usize>,
    fortran_order: bool,
    kind: Kind,
    little_endian: bool,
    /// Bytes per value.
    size: usize,
    data: &'b [u8],
}

/// The type of an array's values.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Float,
    Signed,
    Unsigned,
    Bool,
}

fn read(name: &str, bytes: &[u8]) -> Result<Table, TableError> {
    let problem =
        |problem: String| TableError::Malformed { table: name.to_owned(), place: "head".into(), problem };
    let array = Array::parse(bytes).map_err(problem)?;
    if array.shape.contains(&0) {
        return Err(TableError::NoRows { table: name.to_owned() });
    }
    let (sequences, rows, columns) = match array.shape[..] {
        [rows] => (None, rows, 1),
        [rows, columns] => (None, rows, columns),
        [sequences, steps, columns] => (Some(steps), sequences * steps, columns),
        _ => {
            let what = format!("an array of {} dimensions; a table has one, two or three", array.shape.len());
            return Err(problem(what));
        }
    };
    let keys = sequences.iter().flat_map(|_| ["id".to_owned(), "time".to_owned()]);
    let headers: Vec<String> = keys.chain((1..=columns).map(|number| format!("col{number}"))).collect();
    let mut table = Builder::new(name, 1, headers.iter().map(|header| Ok(header.as_str())))?;
    let shape: Vec<String> = array.shape.iter().map(usize::to_string).collect();
    let how =
        if sequences.is_some() { "a row per sequence and step" } else { "its columns called col1 and so on" };
    table.remarks.push(format!("{name}: an array [{}], read with {how}", shape.join(", ")).into());
    table.made_time = sequences.and(Some("time"));
    for row in 0..rows {
        let mut cells: Vec<String> = Vec::with_capacity(headers.len());
        if let Some(steps) = sequences {
            cells.extend([(row / steps + 1).to_string(), (row % steps).to_string()]);
        }
        for column in 0..columns {
            let text = match (sequences, &array.shape[..]) {
                (Some(steps), _) => array.text(&[row / steps, row % steps, column]),
                (None, [_]) => array.text(&[row]),
                (None, _) => array.text(&[row, column]),
            };
            cells.push(text);
        }
        table.row(row as u64 + 1, cells.iter().map(|cell| Ok(cell.as_str())))?;
    }
    table.finish()
}

impl<'b> Array<'b> {
    fn parse(bytes: &'b [u8]) -> Result<Self, String> {
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
        let refused =
            || "an array of numbers is expected, of one type; convert it with astype(float)".to_owned();
        let descr = descr.strip_prefix('\'').and_then(|text| text.split('\'').next()).ok_or_else(refused)?;
        let (kind, size) = match descr.get(1..).ok_or_else(refused)? {
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
                return Err(format!(
                    "values of type {descr:?} are not read; convert them with astype(float)"
                ));
            }
        };
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

    /// The value at these places as text; empty if it is NaN.
    fn text(&self, places: &[usize]) -> String {
        let axes = || self.shape.iter().zip(places);
        let join = |index: usize, (length, place): (&usize, &usize)| index * length + place;
        let index = if self.fortran_order { axes().rev().fold(0, join) } else { axes().fold(0, join) };
        let mut bytes = [0; 8];
        let raw = &self.data[index * self.size..][..self.size];
        bytes[..self.size].copy_from_slice(raw);
        if !self.little_endian {
            bytes[..self.size].reverse();
        }
        let bits = u64::from_le_bytes(bytes);
        let unused = 64 - 8 * self.size as u32;
        match self.kind {
            Kind::Float if self.size == 4 => number(f32::from_bits(bits as u32)),
            Kind::Float => number(f64::from_bits(bits)),
            Kind::Signed => (((bits << unused) as i64) >> unused).to_string(),
            Kind::Unsigned => bits.to_string(),
            Kind::Bool => u8::from(bits != 0).to_string(),
        }
    }
}

/// A number as the shortest text that is the same one; nothing for NaN.
fn number(value: impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    if text == "NaN" { String::new() } else { text }
}

#[cfg(test)]
mod tests {
    use crate::table::{Table, read};

    fn file(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
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
    }

    #[test]
    fn every_type_of_number() {
        for (descr, data, text) in [
            ("'<f8'", 0.1f64.to_le_bytes().to_vec(), "0.1"),
            ("'>f8'", 0.1f64.to_be_bytes().to_vec(), "0.1"),
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
