//! Arrow's IPC format: columns of values in messages, as a stream or as a file, which Feather (version 2) is.
//!
//! A message is the length of its head, the head (a flatbuffer) and a body of buffers. The first holds the columns' names
//! and types; each other a batch of rows, or the values of a dictionary. A file has them between two marks, and before the
//! second an index of them with the columns' names and types: not all writers begin it with these.
//! (<https://arrow.apache.org/docs/format/Columnar.html>)

mod body;

use std::collections::HashMap;

use polars_arrow_format::ipc::planus::{self, ReadAsRoot};
use polars_arrow_format::ipc::{
    DateUnit, Endianness, FieldRef, FooterRef, IntRef, MessageHeaderRef, MessageRef, Precision, SchemaRef,
    TimeUnit, TypeRef,
};

use super::typed::{Meaning, Refusal, Values, remarks};
use super::{Input, Reader};
use crate::table::builder::{Head, MAX_COLUMNS};
use crate::table::error::Quoted;
use crate::table::lines::Lines;
use crate::table::{Table, TableError};
use body::Body;

pub(super) const READER: Reader = Reader { name: "Arrow", recognises, read };

/// What a file begins and ends with.
const MARK: &[u8] = b"ARROW1";

/// What a message begins with, since 2019.
const CONTINUATION: [u8; 4] = [0xFF; 4];

pub(super) fn recognises(bytes: &[u8]) -> bool {
    // A stream's first message has a head of some hundred bytes or a few megabytes.
    let begins_stream = bytes.starts_with(&CONTINUATION) && bytes.get(4..8).is_some_and(|head| head[3] == 0);
    bytes.starts_with(MARK) || begins_stream
}

/// A column as its file describes it.
#[derive(Clone, Copy)]
struct Field<'a> {
    name: &'a str,
    meaning: Meaning,
    form: Form,
    /// Its dictionary, and how the places in that are kept.
    dictionary: Option<(i64, Form)>,
}

/// How values are kept in buffers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// Not at all: all are missing.
    Nothing,
    Bits,
    /// So many bytes each, with a sign or without.
    Integers {
        bytes: usize,
        signed: bool,
    },
    F32,
    F64,
    /// Where each ends, in 4 bytes or in 8, and their bytes.
    Texts {
        ends: usize,
    },
    /// 16 bytes each, which hold a short text, or say where a long one stands.
    Views,
}

/// What is wrong with a file, and where.
struct Problem {
    place: String,
    what: String,
}

/// What is wrong with the file as such.
fn of_file(what: impl Into<String>) -> Problem {
    Problem { place: "file".into(), what: what.into() }
}

fn of_column(name: &str, what: String) -> Problem {
    Problem { place: format!("column {}", Quoted(name)), what }
}

fn damaged(error: planus::Error) -> Problem {
    of_file(format!("{error}; save it anew"))
}

fn read(Input { name, bytes, limit }: Input<'_>) -> Result<Table, TableError> {
    let malformed =
        |Problem { place, what }| TableError::Malformed { table: name.to_owned(), place, problem: what };
    let (schema, mut messages) = Messages::of(&bytes).map_err(malformed)?;
    let found = schema.fields().map_err(damaged).map_err(malformed)?.map_or(0, |fields| fields.len());
    if found > MAX_COLUMNS {
        return Err(TableError::TooManyColumns { table: name.to_owned(), line: 1, found });
    }
    let fields = fields(&schema).map_err(malformed)?;
    if fields.is_empty() {
        return Err(malformed(of_file("it has no columns")));
    }
    let mut head = Head::new(name, 1, fields.iter().map(|field| field.name))?;
    let meanings: Vec<Meaning> = fields.iter().map(|field| field.meaning).collect();
    head.remarks.extend(remarks(name, &head.headers, &meanings).into_iter().map(Into::into));
    let mut batches = Batches::new(&fields, limit);
    while let Some(message) = messages.next().map_err(malformed)? {
        batches.add(message).map_err(|refusal| match refusal {
            None => TableError::TooLarge { table: name.to_owned(), limit },
            Some(problem) => malformed(problem),
        })?;
    }
    if batches.rows == 0 {
        return Err(TableError::NoRows { table: name.to_owned() });
    }
    let columns = batches.columns.into_iter().zip(&fields).map(|(values, field)| {
        values.finish(name, field.meaning).map_err(|refusal| match refusal {
            Refusal::Table(error) => error,
            Refusal::Value(what) => malformed(of_column(field.name, what)),
        })
    });
    let columns = columns.collect::<Result<_, _>>()?;
    head.finish(Lines::counted(batches.rows), columns)
}

/// A message: what its head says, and its body.
struct Message<'a> {
    header: MessageHeaderRef<'a>,
    body: &'a [u8],
}

/// The messages behind that of the columns.
enum Messages<'a> {
    /// One after the other.
    Stream(&'a [u8]),
    /// Where each of them begins.
    File(std::vec::IntoIter<&'a [u8]>),
}

impl<'a> Messages<'a> {
    /// Those of a stream or a file, and the columns that it describes.
    fn of(bytes: &'a [u8]) -> Result<(SchemaRef<'a>, Self), Problem> {
        let described = || of_file("it does not describe its columns; save it anew");
        if !bytes.starts_with(MARK) {
            let (first, rest) = next_message(bytes)?.ok_or_else(described)?;
            let MessageHeaderRef::Schema(schema) = first.header else { return Err(described()) };
            return Ok((schema, Messages::Stream(rest)));
        }
        // At its end: the index, its length, the mark.
        let before_mark = bytes.strip_suffix(MARK).and_then(|bytes| bytes.split_last_chunk::<4>());
        let index = before_mark.and_then(|(before, length)| {
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            before.get(before.len().checked_sub(length)?..)
        });
        let index = index.ok_or_else(|| of_file("its end is missing; save or copy it anew"))?;
        let index = FooterRef::read_as_root(index)?;
        let blocks = index.dictionaries()?.into_iter().flatten();
        let blocks = blocks.chain(index.record_batches()?.into_iter().flatten());
        let begins = blocks.map(|block| {
            let begin = usize::try_from(block.offset()).ok().and_then(|begin| bytes.get(begin..));
            begin.ok_or_else(|| of_file("a message is said to stand where it has ended; save it anew"))
        });
        let begins = begins.collect::<Result<Vec<_>, _>>()?;
        Ok((index.schema()?.ok_or_else(described)?, Messages::File(begins.into_iter())))
    }

    /// The next message; none at the end.
    fn next(&mut self) -> Result<Option<Message<'a>>, Problem> {
        match self {
            Messages::Stream(rest) => {
                let Some((message, behind)) = next_message(rest)? else { return Ok(None) };
                *rest = behind;
                Ok(Some(message))
            }
            Messages::File(begins) => match begins.next() {
                Some(begin) => match next_message(begin)? {
                    Some((message, _)) => Ok(Some(message)),
                    None => Err(of_file("a message of its index is empty; save it anew")),
                },
                None => Ok(None),
            },
        }
    }
}

/// The message that these bytes begin with, and what stands behind it; none at the end.
fn next_message(bytes: &[u8]) -> Result<Option<(Message<'_>, &[u8])>, Problem> {
    let cut = || of_file("it ends within a message; save or copy it anew");
    let bytes = bytes.strip_prefix(&CONTINUATION).unwrap_or(bytes);
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return if bytes.is_empty() { Ok(None) } else { Err(cut()) };
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| cut())?;
    if length == 0 {
        return Ok(None);
    }
    let (head, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
    let message = MessageRef::read_as_root(head)?;
    let length = usize::try_from(message.body_length()?).map_err(|_| cut())?;
    let (body, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
    let header = message.header()?.ok_or_else(|| of_file("a message says nothing; save it anew"))?;
    Ok(Some((Message { header, body }, rest)))
}

/// The columns, as far as they are read.
struct Batches<'a> {
    fields: &'a [Field<'a>],
    rows: usize,
    columns: Vec<Values>,
    dictionaries: HashMap<i64, Values>,
    /// No more bytes than these are made of it, nor copied for its texts; so many are left.
    limit: u64,
    left: u64,
}

impl<'a> Batches<'a> {
    fn new(fields: &'a [Field<'a>], limit: u64) -> Self {
        let columns = fields.iter().map(|_| Values::default()).collect();
        Batches { fields, rows: 0, columns, dictionaries: HashMap::new(), limit, left: limit }
    }

    /// Adds what a message holds; its problem, or none if that is too large.
    fn add(&mut self, Message { header, body }: Message<'_>) -> Result<(), Option<Problem>> {
        match header {
            MessageHeaderRef::RecordBatch(batch) => {
                let mut body = Body::new(&batch, body, self.left).map_err(damaged).map_err(Some)?;
                // What a file claims is not yet there.
                let rows = self.rows.saturating_add(body.rows());
                let cells = (rows as u64).saturating_mul(self.fields.len() as u64);
                if cells.saturating_mul(8) > self.limit || u32::try_from(rows).is_err() {
                    return Err(None);
                }
                for (field, values) in self.fields.iter().zip(&mut self.columns) {
                    let read = match field.dictionary {
                        None => body.column(field.form, field.meaning, values),
                        Some((id, places)) => {
                            let dictionary = self.dictionaries.get(&id);
                            body.of_dictionary(places, field.meaning, dictionary, values)
                        }
                    };
                    read.map_err(|what| of_column(field.name, what))?;
                    if values.len() != rows {
                        let what = format!("there are {} values for {rows} rows; save it anew", values.len());
                        return Err(Some(of_column(field.name, what)));
                    }
                }
                (self.rows, self.left) = (rows, body.left());
            }
            MessageHeaderRef::DictionaryBatch(batch) => {
                let (id, data) = (batch.id().map_err(damaged)?, batch.data().map_err(damaged)?);
                let of_this = |field: &&Field<'_>| field.dictionary.is_some_and(|(other, _)| other == id);
                // One that no column asks for.
                let Some((field, data)) = self.fields.iter().find(of_this).zip(data) else { return Ok(()) };
                let mut body = Body::new(&data, body, self.left).map_err(damaged)?;
                let values = self.dictionaries.entry(id).or_default();
                if !batch.is_delta().map_err(damaged)? {
                    *values = Values::default();
                }
                let expected = values.len().saturating_add(body.rows());
                if (expected as u64).saturating_mul(8) > self.limit {
                    return Err(None);
                }
                body.column(field.form, field.meaning, values).map_err(|what| of_column(field.name, what))?;
                self.left = body.left();
            }
            _ => return Err(Some(of_file("it holds something else than a table; save the table alone"))),
        }
        Ok(())
    }
}

impl From<planus::Error> for Problem {
    fn from(error: planus::Error) -> Self {
        damaged(error)
    }
}

/// The columns that a schema describes.
fn fields<'a>(schema: &SchemaRef<'a>) -> Result<Vec<Field<'a>>, Problem> {
    if schema.endianness()? == Endianness::Big {
        return Err(of_file(
            "its numbers have the bytes of another kind of machine; save it on one of today",
        ));
    }
    let mut fields = Vec::new();
    for field in schema.fields()?.into_iter().flatten() {
        let field = field?;
        let name = field.name()?.unwrap_or_default();
        fields.push(described(&field, name)?);
    }
    Ok(fields)
}

fn described<'a>(field: &FieldRef<'a>, name: &'a str) -> Result<Field<'a>, Problem> {
    let kind = field.type_()?.ok_or_else(|| of_column(name, "it has no type; save it anew".into()))?;
    let (meaning, form) = typed(&kind)?.map_err(|what| of_column(name, what.into()))?;
    let dictionary = match field.dictionary()? {
        None => None,
        Some(dictionary) => {
            let places =
                dictionary.index_type()?.map_or(Ok(Form::Integers { bytes: 4, signed: true }), integers);
            Some((dictionary.id()?, places?))
        }
    };
    Ok(Field { name, meaning, form, dictionary })
}

fn integers(int: IntRef<'_>) -> Result<Form, planus::Error> {
    // Another number of bits is none of the format; its column will not have enough bytes.
    let bytes = match int.bit_width()? {
        8 => 1,
        16 => 2,
        32 => 4,
        _ => 8,
    };
    Ok(Form::Integers { bytes, signed: int.is_signed()? })
}

/// What values of a type mean and how they are kept; or why they are not read.
fn typed(kind: &TypeRef<'_>) -> Result<Result<(Meaning, Form), &'static str>, planus::Error> {
    const WIDE: Form = Form::Integers { bytes: 8, signed: true };
    const NARROW: Form = Form::Integers { bytes: 4, signed: true };
    let nanoseconds = |unit: TimeUnit| match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1000,
        TimeUnit::Nanosecond => 1,
    };
    Ok(Ok(match kind {
        TypeRef::Null(_) => (Meaning::Text, Form::Nothing),
        TypeRef::Bool(_) => (Meaning::Bool, Form::Bits),
        TypeRef::Int(int) => match integers(*int)? {
            form @ Form::Integers { bytes, signed: false } => (Meaning::Unsigned(8 * bytes as u32), form),
            form => (Meaning::Signed, form),
        },
        TypeRef::FloatingPoint(float) => match float.precision()? {
            Precision::Single => (Meaning::Float, Form::F32),
            Precision::Double => (Meaning::Double, Form::F64),
            Precision::Half => return Ok(Err("numbers of 16 bits are not read; convert them to float32")),
        },
        TypeRef::Utf8(_) => (Meaning::Text, Form::Texts { ends: 4 }),
        TypeRef::LargeUtf8(_) => (Meaning::Text, Form::Texts { ends: 8 }),
        TypeRef::Utf8View(_) => (Meaning::Text, Form::Views),
        TypeRef::Decimal(decimal) => {
            let scale = u32::try_from(decimal.scale()?).ok().filter(|scale| *scale <= 38);
            let bytes = match decimal.bit_width()? {
                32 => Some(4),
                64 => Some(8),
                128 => Some(16),
                _ => None,
            };
            match scale.zip(bytes) {
                Some((scale, bytes)) => (Meaning::Decimal(scale), Form::Integers { bytes, signed: true }),
                None => {
                    return Ok(Err("decimals of more than 38 digits are not read; convert them to float64"));
                }
            }
        }
        TypeRef::Date(date) => match date.unit()? {
            DateUnit::Day => (Meaning::Date, NARROW),
            DateUnit::Millisecond => (Meaning::Moment { unit: 1_000_000, utc: false }, WIDE),
        },
        TypeRef::Time(time) => {
            (Meaning::Clock(nanoseconds(time.unit()?)), if time.bit_width()? == 32 { NARROW } else { WIDE })
        }
        TypeRef::Timestamp(time) => {
            let utc = time.timezone()?.is_some_and(|zone| !zone.is_empty());
            (Meaning::Moment { unit: nanoseconds(time.unit()?), utc }, WIDE)
        }
        TypeRef::List(_)
        | TypeRef::LargeList(_)
        | TypeRef::FixedSizeList(_)
        | TypeRef::ListView(_)
        | TypeRef::LargeListView(_)
        | TypeRef::Struct(_)
        | TypeRef::Union(_)
        | TypeRef::Map(_) => {
            return Ok(Err("holds lists or structures; make plain columns of them, or leave it out"));
        }
        TypeRef::Binary(_)
        | TypeRef::LargeBinary(_)
        | TypeRef::BinaryView(_)
        | TypeRef::FixedSizeBinary(_) => {
            return Ok(Err("holds bytes, which are no text; convert them, or leave it out"));
        }
        TypeRef::Duration(_) | TypeRef::Interval(_) => {
            return Ok(Err("holds spans of time; convert them to numbers, such as seconds, or leave it out"));
        }
        TypeRef::RunEndEncoded(_) => {
            return Ok(Err("is encoded by runs; convert it to a plain column, or leave it out"));
        }
    }))
}

#[cfg(test)]
mod tests;
