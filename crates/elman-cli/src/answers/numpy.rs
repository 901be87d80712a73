//! NumPy's files: an array of numbers as npy, an array for each column as npz.

use std::io::Write;

use elman::task::{Answers, Cell, Predictions};
use rawzip::ZipArchiveWriter;
use rawzip::time::UtcDateTime;

use crate::output::Wrong;

/// The columns of numbers as one array `[rows, columns]` in `f64`, row by row, as `np.save` writes it.
pub(super) fn npy(predictions: &Predictions) -> anyhow::Result<Vec<u8>> {
    let numbers = |answers: &Answers| matches!(answers, Answers::Numbers(_));
    let columns = predictions.columns().iter().filter(|(_, answers)| numbers(answers)).count();
    if columns == 0 {
        let why =
            "an npy file holds numbers, and there are none among these answers; write CSV or JSON lines";
        return Err(Wrong(why.into()).into());
    }
    let mut bytes = head("<f8", &format!("({}, {columns})", predictions.num_rows()))?;
    for row in predictions.rows() {
        for cell in row {
            if let Cell::Number(number) = cell {
                bytes.extend(number.value.to_le_bytes());
            }
        }
    }
    Ok(bytes)
}

/// An array for each column under its name, as `np.savez` writes them: numbers in `f64`, all else as text.
pub(super) fn npz(predictions: &Predictions) -> anyhow::Result<Vec<u8>> {
    /// As `np.savez` has it: the same answers make the same bytes.
    const EARLIEST: UtcDateTime =
        UtcDateTime::from_components(1980, 1, 1, 0, 0, 0, 0).expect("a day that there was");
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, answers) in predictions.columns() {
        if name.contains(['/', '\\']) {
            let why = format!(
                "the column {name:?} cannot give an array of an npz file its name, in which a slash tells directories; \
                 rename it, or write CSV or JSON lines"
            );
            return Err(Wrong(why).into());
        }
        let bytes = column(answers, predictions.num_rows())?;
        let (mut entry, config) = archive.new_file(format!("{name}.npy")).last_modified(EARLIEST).start()?;
        let mut writer = config.wrap(&mut entry);
        writer.write_all(&bytes)?;
        let (_, output) = writer.finish()?;
        entry.finish(output)?;
    }
    Ok(archive.finish()?)
}

fn column(answers: &Answers, rows: usize) -> anyhow::Result<Vec<u8>> {
    let shape = format!("({rows},)");
    if let Answers::Numbers(numbers) = answers {
        let mut bytes = head("<f8", &shape)?;
        bytes.extend(numbers.iter().flat_map(|number| number.value.to_le_bytes()));
        return Ok(bytes);
    }
    let texts: Vec<Vec<char>> =
        (0..rows).map(|row| answers.cell(row).to_string().chars().collect()).collect();
    // NumPy knows no text of no letters.
    let width = texts.iter().map(Vec::len).max().unwrap_or_default().max(1);
    let mut bytes = head(&format!("<U{width}"), &shape)?;
    for text in texts {
        let letters = text.into_iter().chain(std::iter::repeat('\0')).take(width);
        bytes.extend(letters.flat_map(|letter| u32::from(letter).to_le_bytes()));
    }
    Ok(bytes)
}

/// What stands before the values of an array.
fn head(kind: &str, shape: &str) -> anyhow::Result<Vec<u8>> {
    /// The values begin at a multiple of so many bytes.
    const ALIGNMENT: usize = 64;
    const BEFORE_HEAD: usize = 10;
    let mut head = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    let length = (BEFORE_HEAD + head.len() + 1).next_multiple_of(ALIGNMENT) - BEFORE_HEAD;
    head = format!("{head:<width$}\n", width = length - 1);
    Ok([b"\x93NUMPY\x01\x00", &u16::try_from(length)?.to_le_bytes()[..], head.as_bytes()].concat())
}
