//! npz, NumPy's zip archive of npy files: the arrays side by side, as columns of one table.

use rawzip::ZipArchive;

use super::npy::{self, Array, Parts, Rows};
use super::{Input, Reader, zip};
use crate::table::{Table, TableError};

pub(super) const READER: Reader = Reader { name: "npz", recognises, read };

/// A zip archive whose first file is an array; one of another kind is refused by its beginning.
pub(super) fn recognises(bytes: &[u8]) -> bool {
    /// Where the first file's name stands, behind 26 bytes and the lengths of name and extra field.
    const NAME: usize = 30;
    zip::recognises(bytes)
        && bytes.get(26..28).is_some_and(|length| {
            let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
            bytes.get(NAME..NAME + length).is_some_and(|name| name.ends_with(b".npy"))
        })
}

fn read(Input { name, bytes, limit }: Input<'_>) -> Result<Table, TableError> {
    let files = unpack(name, &bytes, limit)?;
    drop(bytes);
    let problem =
        |place: String, problem: String| TableError::Malformed { table: name.to_owned(), place, problem };
    let mut arrays = Vec::new();
    for (file, bytes) in &files {
        let array = Array::parse(bytes).map_err(|why| problem(format!("array {file}"), why))?;
        arrays.push((file.as_str(), array));
    }
    let shapes = || {
        let shapes = arrays.iter().map(|(file, array)| format!("{file} {:?}", array.shape));
        shapes.collect::<Vec<_>>().join(", ")
    };
    let Some((_, largest)) = arrays.iter().max_by_key(|(_, array)| array.shape.len()) else {
        return Err(TableError::NoRows { table: name.to_owned() });
    };
    let fits = |rows: Rows, shape: &[usize]| match rows.steps {
        None => shape.first() == Some(&rows.count),
        Some(steps) => shape == [rows.count / steps] || shape.starts_with(&[rows.count / steps, steps]),
    };
    if arrays.iter().any(|(_, array)| array.shape.contains(&0)) {
        return Err(TableError::NoRows { table: name.to_owned() });
    }
    let Some(rows) = Rows::of(&largest.shape)
        .filter(|&rows| arrays.iter().all(|(_, array)| fits(rows, &array.shape) && array.shape.len() <= 3))
    else {
        let what = format!("{} do not stand in the same rows; save arrays of one length", shapes());
        return Err(problem("arrays".into(), what));
    };
    // An array of a value per sequence is short, and says it in every step.
    let repeated = arrays.iter().filter(|(_, array)| rows.steps.is_some() && array.shape.len() == 1);
    let bytes_per_row = repeated.map(|(_, array)| array.size.max(8) as u64).fold(0, u64::saturating_add);
    if bytes_per_row.saturating_mul(rows.count as u64) > limit {
        return Err(TableError::TooLarge { table: name.to_owned(), limit });
    }
    let mut parts = Parts::default();
    rows.number(name, &mut parts)?;
    for (file, array) in &arrays {
        array.add_columns(name, file, false, rows, &mut parts)?;
    }
    let how = if rows.steps.is_some() { "a row per sequence and step" } else { "columns side by side" };
    let number = arrays.len();
    let what = if number == 1 { "1 array".to_owned() } else { format!("{number} arrays") };
    let remark = format!("{name}: {what}, read as {how}: {}{}", shapes(), npy::doubt(&largest.shape));
    parts.table(name, rows, remark)
}

/// The names and bytes of the archive's arrays.
fn unpack(name: &str, bytes: &[u8], limit: u64) -> Result<Vec<(String, Vec<u8>)>, TableError> {
    let malformed = |place: String, problem: String| TableError::Malformed {
        table: name.to_owned(),
        place,
        problem: format!("{problem}; save it with np.savez"),
    };
    let damaged = |error: rawzip::Error| malformed("archive".into(), error.to_string());
    let archive = ZipArchive::from_slice(bytes).map_err(damaged)?;
    let (mut entries, mut files, mut left) = (archive.entries(), Vec::<(String, Vec<u8>)>::new(), limit);
    while let Some(entry) = entries.next_entry().map_err(damaged)? {
        let path = zip::path(&entry);
        let place = || format!("file {path:?}");
        let Some(file) = path.strip_suffix(".npy") else {
            return Err(malformed(place(), "is no array".into()));
        };
        if files.iter().any(|(other, _)| other == file) {
            return Err(malformed(place(), "is there twice".into()));
        }
        let unpacked =
            zip::unpack(&archive, &entry, left).map_err(|problem| malformed(place(), problem.to_string()))?;
        let unpacked = unpacked.ok_or_else(|| TableError::TooLarge { table: name.to_owned(), limit })?;
        left -= unpacked.len() as u64;
        if !unpacked.starts_with(npy::MAGIC) {
            return Err(malformed(place(), "is no array".into()));
        }
        files.push((file.to_owned(), unpacked));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use crate::table::read::npy::tests::file;
    use crate::table::{ReadOptions, Table, read};

    fn npz(arrays: &[(&str, Vec<u8>)], packed: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
        for (name, array) in arrays {
            let method =
                if packed { rawzip::CompressionMethod::DEFLATE } else { rawzip::CompressionMethod::STORE };
            let (mut entry, config) =
                archive.new_file(format!("{name}.npy")).compression_method(method).start().unwrap();
            let descriptor = if packed {
                let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
                let mut writer = config.wrap(encoder);
                writer.write_all(array).unwrap();
                let (encoder, descriptor) = writer.finish().unwrap();
                encoder.finish().unwrap();
                descriptor
            } else {
                let mut writer = config.wrap(&mut entry);
                writer.write_all(array).unwrap();
                writer.finish().unwrap().1
            };
            entry.finish(descriptor).unwrap();
        }
        archive.finish().unwrap();
        bytes
    }

    fn doubles(shape: &str, values: &[f64]) -> Vec<u8> {
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        file("'<f8'", "False", shape, &data)
    }

    fn letters(texts: &[&str]) -> Vec<u8> {
        let data: Vec<u8> = texts
            .iter()
            .flat_map(|text| {
                let mut codes: Vec<u32> = text.chars().map(u32::from).collect();
                codes.resize(4, 0);
                codes.into_iter().flat_map(u32::to_le_bytes)
            })
            .collect();
        file("'<U4'", "False", &format!("({},)", texts.len()), &data)
    }

    #[test]
    fn arrays_of_one_length_are_columns() {
        for packed in [false, true] {
            let arrays = [
                ("x", doubles("(2, 2)", &[1.0, 2.0, 3.0, 4.5])),
                ("y", letters(&["zürn", "b"])),
                ("z", doubles("(2,)", &[7.0, f64::NAN])),
            ];
            let bytes = npz(&arrays, packed);
            assert_eq!(read::format(&bytes), "npz");
            let table = Table::read("a.npz", bytes.as_slice()).unwrap();
            assert_eq!(table.headers(), ["x1", "x2", "y", "z"]);
            assert_eq!(table.column("x2").unwrap().numbers().unwrap(), [2.0, 4.5]);
            assert_eq!(table.column("y").unwrap().texts().collect::<Vec<_>>(), ["zürn", "b"]);
            assert!(table.column("z").unwrap().is_missing(1));
            assert_eq!(
                table.remarks()[0].to_string(),
                "a.npz: 3 arrays, read as columns side by side: x [2, 2], y [2], z [2]"
            );
        }
    }

    #[test]
    fn a_value_per_sequence_stands_in_each_of_its_steps() {
        let arrays = [
            ("x", doubles("(2, 3, 1)", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])),
            ("level", doubles("(2, 3)", &[6.0, 5.0, 4.0, 3.0, 2.0, 1.0])),
            ("y", letters(&["a", "b"])),
        ];
        let table = Table::read("a.npz", npz(&arrays, true).as_slice()).unwrap();
        assert_eq!(table.headers(), ["id", "time", "x", "level", "y"]);
        let texts = |name| table.column(name).unwrap().texts().collect::<Vec<_>>();
        assert_eq!(texts("id"), ["1", "1", "1", "2", "2", "2"]);
        assert_eq!(texts("time"), ["0", "1", "2", "0", "1", "2"]);
        assert_eq!(texts("level"), ["6.0", "5.0", "4.0", "3.0", "2.0", "1.0"]);
        assert_eq!(texts("y"), ["a", "a", "a", "b", "b", "b"]);
        assert_eq!(table.made_time(), Some("time"));
    }

    #[test]
    fn what_makes_no_table_is_refused() {
        let error = |bytes: &[u8]| Table::read("a.npz", bytes).unwrap_err().to_string();
        let uneven = [("x", doubles("(2,)", &[1.0, 2.0])), ("y", doubles("(3,)", &[1.0, 2.0, 3.0]))];
        assert_eq!(
            error(&npz(&uneven, false)),
            "a.npz, arrays: x [2], y [3] do not stand in the same rows; save arrays of one length"
        );
        let object = [("x", file("'|O'", "False", "(1,)", &[0; 4]))];
        assert!(error(&npz(&object, false)).starts_with("a.npz, array x: values of type \"|O\""));
        let good = npz(&uneven[..1], true);
        assert!(error(&good[..good.len() - 30]).starts_with("a.npz, archive: "));
        assert!(error(&npz(&[("x", Vec::new())], false)).contains("\"x.npy\": is no array"));
        // Little that unpacks to much.
        let zeros = npz(&[("x", doubles("(100000,)", &[0.0; 100_000]))], true);
        let limited = ReadOptions::default().with_limit(10_000);
        let error = Table::read_with("a.npz", zeros.as_slice(), &limited).unwrap_err().to_string();
        assert!(zeros.len() < 10_000 && error.starts_with("a.npz holds more than 10000 bytes"), "{error}");
        let repeated: Vec<_> =
            ["a", "b", "c", "d", "e"].into_iter().map(|name| (name, doubles("(1,)", &[1.0]))).collect();
        let steps = [vec![("x", doubles("(1, 1000, 1)", &[0.0; 1000]))], repeated].concat();
        let read = |limit| {
            Table::read_with(
                "a.npz",
                npz(&steps, false).as_slice(),
                &ReadOptions::default().with_limit(limit),
            )
        };
        assert!(read(30_000).is_err_and(|error| error.to_string().contains("holds more than 30000 bytes")));
        assert_eq!(read(40_000).unwrap().column("e").unwrap().numbers().unwrap(), [1.0; 1000]);
    }
}
