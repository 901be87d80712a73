//! Rows in, answers out: as CSV with a head, or an object in JSON for each line.

use std::io::{BufRead, BufReader, Read};

use elman::error::Error;
use elman::model::Model;
use elman::task::TaskStream;
use serde_json::{Map, Value};

use super::{Clock, line, unread};
use crate::args::StreamArguments;
use crate::output::{Output, Wrong};

pub(super) fn run(
    model: &Model,
    arguments: &StreamArguments,
    clock: &Clock,
    output: &mut Output,
) -> anyhow::Result<()> {
    if !arguments.knob.is_empty() {
        return Err(Wrong("--knob is for models of sound; leave it out".into()).into());
    }
    let mut answering = Answering { stream: model.stream().map_err(Error::from)?, clock };
    let mut reader = BufReader::new(std::io::stdin().lock());
    if begins_with_json(&mut reader)? { answering.json(reader) } else { answering.csv(reader, output) }
}

/// Does the first byte that is no blank begin an object or an array?
fn begins_with_json(reader: &mut impl BufRead) -> anyhow::Result<bool> {
    loop {
        let bytes = reader.fill_buf().map_err(unread)?;
        match bytes.iter().position(|byte| !byte.is_ascii_whitespace()) {
            Some(first) => return Ok(matches!(bytes[first], b'{' | b'[')),
            None if bytes.is_empty() => return Ok(false),
            None => {
                let blanks = bytes.len();
                reader.consume(blanks);
            }
        }
    }
}

struct Answering<'c> {
    stream: TaskStream,
    clock: &'c Clock,
}

impl Answering<'_> {
    /// The answer to a row; none where there is too little yet to look back on.
    fn answer(&mut self, row: &[f64]) -> anyhow::Result<Option<Vec<f64>>> {
        let Answering { stream, clock } = self;
        Ok(clock
            .time(1, || stream.step(row).map(|answer| answer.map(<[f64]>::to_vec)))
            .map_err(Error::from)?)
    }

    fn json(&mut self, reader: impl BufRead) -> anyhow::Result<()> {
        let names = self.stream.inputs().to_vec();
        for (n, text) in reader.lines().enumerate() {
            let text = text.map_err(unread)?;
            if text.trim().is_empty() {
                continue;
            }
            let place = format!("standard input, line {}", n + 1);
            let value: Value =
                serde_json::from_str(&text).map_err(|error| anyhow::anyhow!("{place}: no JSON: {error}"))?;
            let row = row_of(&value, &names).map_err(|message| anyhow::anyhow!("{place}: {message}"))?;
            let answer = self.answer(&row)?;
            let value = |k: usize| answer.as_ref().map_or(Value::Null, |answer| answer[k].into());
            let named = self.stream.answers().iter().enumerate().map(|(k, name)| (name.clone(), value(k)));
            line(&Value::Object(named.collect::<Map<_, _>>()).to_string())?;
        }
        Ok(())
    }

    fn csv(&mut self, reader: impl Read, output: &mut Output) -> anyhow::Result<()> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
        let names = self.stream.inputs().to_vec();
        let head = reader.headers().map_err(wrong_csv)?.clone();
        if head.is_empty() {
            return Ok(());
        }
        let column = |name: &String| {
            head.iter().position(|header| header == name).ok_or_else(|| {
                let found = head.iter().map(|header| format!("{header:?}")).collect::<Vec<_>>().join(", ");
                anyhow::anyhow!(
                    "standard input, line 1: there is no column {name:?}, only {found}; begin with a line of the names: {}",
                    names.join(",")
                )
            })
        };
        let columns = names.iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let unused: Vec<&str> =
            head.iter().filter(|header| !names.iter().any(|name| name == header)).collect();
        if !unused.is_empty() {
            output.note(&format!("note: columns that the model does not read: {}", unused.join(", ")));
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.stream.answers())?;
        let mut record = csv::StringRecord::new();
        loop {
            write_out(&mut writer)?;
            if !reader.read_record(&mut record).map_err(wrong_csv)? {
                return Ok(());
            }
            let place = record.position().map_or(0, csv::Position::line);
            let number = |(name, &column): (&String, &usize)| {
                let cell = record.get(column).unwrap_or_default();
                cell.parse().map_err(|_| {
                    anyhow::anyhow!("standard input, line {place}, column {name:?}: {cell:?} is no number")
                })
            };
            let row = names.iter().zip(&columns).map(number).collect::<Result<Vec<f64>, _>>()?;
            let count = self.stream.answers().len();
            let cells = match self.answer(&row)? {
                Some(answer) => answer.iter().map(f64::to_string).collect(),
                None => vec![String::new(); count],
            };
            writer.write_record(cells)?;
        }
    }
}

/// What has been written goes out at once.
fn write_out(writer: &mut csv::Writer<Vec<u8>>) -> anyhow::Result<()> {
    writer.flush()?;
    let done = std::mem::replace(writer, csv::Writer::from_writer(Vec::new())).into_inner()?;
    line(String::from_utf8_lossy(&done).trim_end_matches('\n'))
}

fn wrong_csv(error: csv::Error) -> anyhow::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => unread(error),
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let place = pos.map_or(0, |pos| pos.line());
            anyhow::anyhow!(
                "standard input, line {place}: expected {expected_len} fields as in the first line, found {len}"
            )
        }
        csv::ErrorKind::Utf8 { pos, .. } => {
            let place = pos.map_or(0, |pos| pos.line());
            anyhow::anyhow!("standard input, line {place}: is not UTF-8 text")
        }
        _ => anyhow::anyhow!("standard input: is no CSV"),
    }
}

/// The values of a row, from an object by name or an array in order.
fn row_of(value: &Value, names: &[String]) -> Result<Vec<f64>, String> {
    let number = |name: &str, value: Option<&Value>| match value {
        Some(Value::Number(number)) => {
            number.as_f64().ok_or_else(|| format!("{name:?} is {number}; give a number"))
        }
        Some(other) => Err(format!("{name:?} is {other}; give a number")),
        None => Err(format!("{name:?} is missing; give {}", names.join(", "))),
    };
    match value {
        Value::Object(object) => names.iter().map(|name| number(name, object.get(name))).collect(),
        Value::Array(values) if values.len() == names.len() => {
            names.iter().zip(values).map(|(name, value)| number(name, Some(value))).collect()
        }
        Value::Array(values) => {
            Err(format!("{} values; give {}: {}", values.len(), names.len(), names.join(", ")))
        }
        other => Err(format!("{other}; give an object with {}", names.join(", "))),
    }
}
