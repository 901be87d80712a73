//! Rows in, answers out: as CSV with a head, or an object in JSON for each line.

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use elman::error::Error;
use elman::model::{Model, RowStreams};
use elman::task::{Number, RowCell};
use serde_json::{Map, Value};

use super::{Clock, line, unread};
use crate::args::StreamArguments;
use crate::output::{Output, Wrong};

pub(super) fn run(
    model: Model,
    arguments: &StreamArguments,
    clock: &Clock,
    output: &mut Output,
) -> anyhow::Result<()> {
    if !arguments.knob.is_empty() {
        return Err(Wrong("--knob is for models of sound; leave it out".into()).into());
    }
    let streams = RowStreams::new(Arc::new(model)).map_err(Error::from)?;
    let mut answering = Answering { streams, clock, output };
    let mut reader = BufReader::new(std::io::stdin().lock());
    if begins_with_json(&mut reader)? { answering.json(reader) } else { answering.csv(reader) }
}

/// Does the first byte that is no blank begin an object or an array? A mark of the order of bytes before it is passed over.
fn begins_with_json(reader: &mut impl BufRead) -> anyhow::Result<bool> {
    const MARK: &[u8] = b"\xEF\xBB\xBF";
    if reader.fill_buf().map_err(unread)?.starts_with(MARK) {
        reader.consume(MARK.len());
    }
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
    streams: RowStreams,
    clock: &'c Clock,
    output: &'c mut Output,
}

/// What the cells of a row say, and what tells its series where there are several.
struct Row {
    id: Vec<String>,
    cells: Vec<String>,
}

impl Answering<'_> {
    /// The answer to a row in this line of the input, as it is and to the digits that are shown; none where there is too little
    /// yet to look back on.
    fn answer(&mut self, row: &Row, line: u64) -> anyhow::Result<Option<(Vec<f64>, Vec<Number>)>> {
        let Answering { streams, clock, output } = self;
        let cells: Vec<RowCell<'_>> = row.cells.iter().map(|cell| RowCell::Text(cell)).collect();
        let answer = clock.time(|| (1, streams.step_at(&|| place(line), &row.id, &cells)));
        output.remarks(&streams.take_remarks());
        let answer = answer.map_err(Error::from)?;
        Ok(answer.map(|answer| {
            let shown = streams.shown(&row.id, &answer);
            (answer, shown)
        }))
    }

    fn json(&mut self, reader: impl BufRead) -> anyhow::Result<()> {
        let mut is_first = true;
        for (number, text) in (1..).zip(reader.lines()) {
            let text = text.map_err(unread)?;
            if text.trim().is_empty() {
                continue;
            }
            let value: Value = serde_json::from_str(&text)
                .map_err(|error| anyhow::anyhow!("{}: no JSON: {error}", place(number)))?;
            if let (true, Value::Object(object)) = (is_first, &value) {
                self.tell_unread(object.keys().map(String::as_str), &names(&self.streams, true));
            }
            is_first = false;
            let row = row_of(&value, &self.streams)
                .map_err(|message| anyhow::anyhow!("{}: {message}", place(number)))?;
            let answer = self.answer(&row, number)?;
            let value =
                |k: usize| answer.as_ref().map_or(Value::Null, |(_, shown)| shown[k].rounded().into());
            let (ids, answers) = (self.streams.ids(), self.streams.answers());
            // None where a sequence has no name.
            let id = ids.iter().zip(&row.id).map(|(name, id)| (name.clone(), id.clone().into()));
            let class = self.streams.class_name().map(|name| {
                let class = answer.as_ref().and_then(|(answer, _)| self.streams.class(answer));
                (name, class.map_or(Value::Null, Value::from))
            });
            let named = answers.iter().enumerate().map(|(k, name)| (name.clone(), value(k)));
            line(&Value::Object(id.chain(class).chain(named).collect::<Map<_, _>>()).to_string())?;
        }
        Ok(())
    }

    /// Tells which of these names are none of those that are read.
    fn tell_unread<'n>(&mut self, found: impl Iterator<Item = &'n str>, read: &[String]) {
        let unread: Vec<&str> = found.filter(|found| !read.iter().any(|name| name == found)).collect();
        if !unread.is_empty() {
            self.output.note(&format!("note: columns that the model does not read: {}", unread.join(", ")));
        }
    }

    fn csv(&mut self, mut reader: impl BufRead) -> anyhow::Result<()> {
        let mut first = Vec::new();
        reader.read_until(b'\n', &mut first).map_err(unread)?;
        let separator = separator(&first, self.streams.inputs());
        let mut reader = reading(separator).from_reader(first.chain(reader));
        let head = reader.headers().map_err(wrong_csv)?.clone();
        if head.is_empty() {
            return Ok(());
        }
        let is_there = |name: &String| head.iter().any(|header| header == name);
        let has_ids = self.streams.needs_ids() || self.streams.ids().iter().any(is_there);
        let names = names(&self.streams, has_ids);
        let of_ids = names.len() - self.streams.inputs().len();
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
        if let Some(name) = names.iter().find(|name| head.iter().filter(|header| header == name).count() > 1)
        {
            anyhow::bail!(
                "standard input, line 1: there are two columns {name:?}; give each a name of its own"
            );
        }
        self.tell_unread(head.iter(), &names);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let class = self.streams.class_name();
        writer.write_record(names[..of_ids].iter().chain(&class).chain(self.streams.answers()))?;
        let are_numbers: Vec<bool> =
            self.streams.columns().iter().map(|column| column.categories().is_empty()).collect();
        let mut decimals = Decimals(None);
        let mut record = csv::StringRecord::new();
        loop {
            write_out(&mut writer)?;
            if !reader.read_record(&mut record).map_err(wrong_csv)? {
                return Ok(());
            }
            let at = record.position().map_or(0, csv::Position::line);
            let mut cells = columns.iter().map(|&column| record.get(column).unwrap_or_default().to_owned());
            let id = cells.by_ref().take(of_ids).collect();
            let number = |(cell, is_number): (String, &bool)| match is_number {
                true if separator != b',' => decimals.with_point(cell, at),
                _ => Ok(cell),
            };
            let row = Row { id, cells: cells.zip(&are_numbers).map(number).collect::<Result<_, _>>()? };
            let answer = self.answer(&row, at)?;
            let likely = answer.as_ref().and_then(|(answer, _)| self.streams.class(answer));
            let likely = class.is_some().then(|| likely.unwrap_or_default().to_owned());
            let cells = match &answer {
                Some((_, shown)) => shown.iter().map(Number::to_string).collect(),
                None => vec![String::new(); self.streams.answers().len()],
            };
            writer.write_record(row.id.into_iter().chain(likely).chain(cells))?;
        }
    }
}

/// What reads rows with this between their cells.
fn reading(separator: u8) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.trim(csv::Trim::All).delimiter(separator);
    builder
}

/// What stands between the names in the first line: a comma, or what else gives all names that are looked for.
fn separator(first: &[u8], names: &[String]) -> u8 {
    let gives_all = |separator: &u8| {
        reading(*separator)
            .from_reader(first)
            .headers()
            .is_ok_and(|head| names.iter().all(|name| head.iter().any(|header| header == name)))
    };
    [b',', b';', b'\t', b'|'].into_iter().find(gives_all).unwrap_or(b',')
}

/// What stands before the decimals of numbers, and in which line it was first: one and the same in all rows.
struct Decimals(Option<(char, u64)>);

impl Decimals {
    /// A number with a point in the place of a decimal comma; what is none stays.
    fn with_point(&mut self, cell: String, line: u64) -> anyhow::Result<String> {
        let pointed = cell.replacen(',', ".", 1);
        let Some(mark) =
            cell.chars().find(|c| [',', '.'].contains(c)).filter(|_| pointed.parse::<f64>().is_ok())
        else {
            return Ok(cell);
        };
        match *self.0.get_or_insert((mark, line)) {
            (first, _) if first == mark => Ok(pointed),
            (first, other) => anyhow::bail!(
                "{}: {cell:?} has a {mark:?} before its decimals, and a number in line {other} a {first:?}; write all alike, without \
                 marks of thousands",
                place(line)
            ),
        }
    }
}

/// All names of a row, in order.
fn names(streams: &RowStreams, has_ids: bool) -> Vec<String> {
    let ids = streams.ids().iter().filter(|_| has_ids);
    ids.chain(streams.inputs()).cloned().collect()
}

/// Where a line stands.
fn place(line: u64) -> String {
    format!("standard input, line {line}")
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

/// A row, from an object by name or an array in order.
fn row_of(value: &Value, streams: &RowStreams) -> Result<Row, String> {
    let of_ids = streams.ids().len();
    let has_ids = streams.needs_ids()
        || match value {
            Value::Object(object) => streams.ids().iter().any(|id| object.contains_key(id)),
            Value::Array(values) => values.len() == of_ids + streams.inputs().len(),
            _ => false,
        };
    let names = names(streams, has_ids);
    let all: Vec<Option<&Value>> = match value {
        Value::Object(object) => names.iter().map(|name| object.get(name)).collect(),
        Value::Array(values) if values.len() == names.len() => values.iter().map(Some).collect(),
        Value::Array(values) => {
            return Err(format!("{} values; give {}: {}", values.len(), names.len(), names.join(", ")));
        }
        other => return Err(format!("{other}; give an object with {}", names.join(", "))),
    };
    let cell = |(name, value): (&String, Option<&Value>)| match value {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Null) => Ok(String::new()),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
        Some(other) => Err(format!("{name:?} is {other}; give a number or a text")),
        None => {
            let counted = if name.starts_with("place in ") { "; places are counted from 0" } else { "" };
            Err(format!("{name:?} is missing; give {}{counted}", names.join(", ")))
        }
    };
    let mut cells = names.iter().zip(all).map(cell);
    let id = cells.by_ref().take(names.len() - streams.inputs().len()).collect::<Result<_, _>>()?;
    Ok(Row { id, cells: cells.collect::<Result<_, _>>()? })
}
