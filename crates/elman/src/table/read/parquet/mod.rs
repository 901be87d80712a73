//! Parquet: columns of values, as pandas, Polars and Spark write them.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

use bytes::Bytes;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{DataType, Int96};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::typed::{Meaning, Refusal, Values, decimal, remarks};
use super::{Input, Reader};
use crate::table::builder::{Head, MAX_COLUMNS};
use crate::table::error::Quoted;
use crate::table::lines::Lines;
use crate::table::{Table, TableError};

pub(super) const READER: Reader =
    Reader { name: "Parquet", recognises: |bytes| bytes.starts_with(b"PAR1"), read };

thread_local! {
    /// The name of the file that the crate reads on this thread.
    static IS_READ: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The crate takes much of a file's pages for granted, and panics where a damaged one says otherwise.
fn read(input: Input<'_>) -> Result<Table, TableError> {
    let name = input.name.to_owned();
    IS_READ.set(Some(name.clone()));
    let read = panic::catch_unwind(AssertUnwindSafe(|| read_sound(input)));
    IS_READ.set(None);
    read.unwrap_or_else(|_| Err(damaged(name)))
}

/// What a panic on this thread means now, if it means that a Parquet file is damaged: the error that [`Table::read`]
/// gives where panics unwind. Where they abort it cannot, and a panic hook may tell the user so instead.
pub fn damage() -> Option<TableError> {
    IS_READ.try_with(|name| name.borrow().clone()).ok().flatten().map(damaged)
}

fn damaged(table: String) -> TableError {
    TableError::Malformed {
        table,
        place: "file".to_owned(),
        problem: "it is damaged; save it anew".to_owned(),
    }
}

fn read_sound(Input { name, bytes, limit }: Input<'_>) -> Result<Table, TableError> {
    let malformed =
        |place: String, problem: String| TableError::Malformed { table: name.to_owned(), place, problem };
    let damaged = |error: ParquetError| malformed("file".into(), error.to_string());
    let length = bytes.len() as u64;
    let reader = SerializedFileReader::new(Bytes::from(bytes)).map_err(damaged)?;
    if !stands_within(reader.metadata(), length) {
        return Err(malformed(
            "file".into(),
            "columns are said to stand where it has ended; save it anew".into(),
        ));
    }
    let schema = reader.metadata().file_metadata().schema_descr();
    if schema.num_columns() > MAX_COLUMNS {
        return Err(TableError::TooManyColumns {
            table: name.to_owned(),
            line: 1,
            found: schema.num_columns(),
        });
    }
    if let Some(nested) = schema.root_schema().get_fields().iter().find(|field| field.is_group()) {
        let what = "holds lists or structures; make plain columns of them, or leave it out";
        return Err(malformed(format!("column {}", Quoted(nested.name())), what.into()));
    }
    let mut meanings = Vec::new();
    for column in schema.columns() {
        let Some(meaning) = meaning(column).filter(|_| column.max_rep_level() == 0) else {
            let kind = column
                .logical_type_ref()
                .map_or_else(|| column.physical_type().to_string(), |logical| format!("{logical:?}"));
            let what =
                format!("values of the type {kind} are not read; convert them, or leave the column out");
            return Err(malformed(format!("column {}", Quoted(column.name())), what));
        };
        meanings.push(meaning);
    }
    let mut head = Head::new(name, 1, schema.columns().iter().map(|column| column.name()))?;
    head.remarks.extend(remarks(name, &head.headers, &meanings).into_iter().map(Into::into));
    // What a file claims is not yet there.
    let groups = reader.metadata().row_groups().iter();
    let rows: u64 =
        groups.map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).fold(0, u64::saturating_add);
    let is_too_large = rows.saturating_mul(meanings.len() as u64).saturating_mul(8) > limit;
    let Some(rows) = u32::try_from(rows).ok().map(|rows| rows as usize).filter(|_| !is_too_large) else {
        return Err(TableError::TooLarge { table: name.to_owned(), limit });
    };
    if rows == 0 {
        return Err(TableError::NoRows { table: name.to_owned() });
    }
    let mut columns = Vec::new();
    for (n, &meaning) in meanings.iter().enumerate() {
        let place = || format!("column {}", Quoted(&head.headers[n]));
        let mut values = Values::default();
        for group in 0..reader.num_row_groups() {
            let read = reader
                .get_row_group(group)
                .and_then(|group| group.get_column_reader(n))
                .map_err(|error| error.to_string())
                .and_then(|column| add(&mut values, rows, column, meaning));
            read.map_err(|problem| malformed(place(), problem))?;
        }
        let found = values.len();
        if found != rows {
            return Err(malformed(place(), format!("there are {found} values for {rows} rows")));
        }
        columns.push(values.finish(name, meaning).map_err(|refusal| match refusal {
            Refusal::Table(error) => error,
            Refusal::Value(problem) => malformed(place(), problem),
        })?);
    }
    head.finish(Lines::counted(rows), columns)
}

/// Does everything of which the description speaks stand within the file? The crate takes it for granted.
fn stands_within(metadata: &ParquetMetaData, length: u64) -> bool {
    let within = |begin: i64, size: i64| {
        let end = u64::try_from(begin)
            .ok()
            .zip(u64::try_from(size).ok())
            .and_then(|(begin, size)| begin.checked_add(size));
        end.is_some_and(|end| end <= length)
    };
    metadata.row_groups().iter().all(|group| {
        group.num_rows() >= 0
            && group.num_columns() == metadata.file_metadata().schema_descr().num_columns()
            && group.columns().iter().all(|column| {
                let begin = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
                column.num_values() >= 0
                    && within(begin, column.compressed_size())
                    && within(column.data_page_offset(), 0)
            })
    })
}

fn meaning(column: &ColumnDescriptor) -> Option<Meaning> {
    let unit = |unit: &TimeUnit| match unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1000,
        TimeUnit::NANOS => 1,
    };
    // No decimal of 128 bits has more digits.
    let scale = || u32::try_from(column.type_scale()).ok().filter(|scale| *scale <= 38).map(Meaning::Decimal);
    let plain = match column.physical_type() {
        Type::BOOLEAN => Meaning::Bool,
        Type::INT32 | Type::INT64 => Meaning::Signed,
        Type::INT96 => return Some(Meaning::Moment { unit: 1, utc: false }),
        Type::FLOAT => Meaning::Float,
        Type::DOUBLE => Meaning::Double,
        Type::BYTE_ARRAY => Meaning::Text,
        // Of a meaning of its own.
        Type::FIXED_LEN_BYTE_ARRAY => match column.converted_type() {
            ConvertedType::DECIMAL => return scale(),
            _ => return None,
        },
    };
    match column.logical_type_ref() {
        Some(LogicalType::Date) => Some(Meaning::Date),
        Some(LogicalType::Time(time)) => Some(Meaning::Clock(unit(&time.unit))),
        Some(LogicalType::Timestamp(time)) => {
            Some(Meaning::Moment { unit: unit(&time.unit), utc: time.is_adjusted_to_u_t_c })
        }
        Some(LogicalType::Decimal(_)) => scale(),
        Some(LogicalType::Integer(integer)) if !integer.is_signed => {
            u32::try_from(integer.bit_width).ok().map(Meaning::Unsigned)
        }
        Some(LogicalType::Integer(_) | LogicalType::String | LogicalType::Enum | LogicalType::Json) => {
            Some(plain)
        }
        // A column of nothing but nulls.
        Some(LogicalType::Unknown) => Some(plain),
        Some(_) => None,
        None => match column.converted_type() {
            ConvertedType::DATE => Some(Meaning::Date),
            ConvertedType::TIME_MILLIS => Some(Meaning::Clock(1_000_000)),
            ConvertedType::TIME_MICROS => Some(Meaning::Clock(1000)),
            ConvertedType::TIMESTAMP_MILLIS => Some(Meaning::Moment { unit: 1_000_000, utc: true }),
            ConvertedType::TIMESTAMP_MICROS => Some(Meaning::Moment { unit: 1000, utc: true }),
            ConvertedType::DECIMAL => scale(),
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 => {
                Some(Meaning::Unsigned(32))
            }
            ConvertedType::UINT_64 => Some(Meaning::Unsigned(64)),
            ConvertedType::BSON | ConvertedType::INTERVAL => None,
            _ => Some(plain),
        },
    }
}

/// Adds the values of a column of one row group, no more than these rows in all.
fn add(values: &mut Values, rows: usize, column: ColumnReader, meaning: Meaning) -> Result<(), String> {
    let mut bytes = |value: Option<&[u8]>| match (value, meaning) {
        (None, _) => values.push_text(None),
        (Some(value), Meaning::Decimal(scale)) => {
            let value =
                big_endian(value).ok_or("a number has more than 128 bits; convert it to a smaller type")?;
            values.push_text(Some(&decimal(value, scale)))
        }
        (Some(value), _) => {
            let value = std::str::from_utf8(value)
                .map_err(|_| "its bytes are no text in UTF-8; convert them, or leave it out")?;
            values.push_text(Some(value))
        }
    };
    match column {
        ColumnReader::BoolColumnReader(column) => {
            push_each(column, rows, |value| values.integers.push(value.map(|&value| value.into())))
        }
        ColumnReader::Int32ColumnReader(column) => {
            let is_unsigned = matches!(meaning, Meaning::Unsigned(_));
            let wide = |value: i32| if is_unsigned { i64::from(value.cast_unsigned()) } else { value.into() };
            push_each(column, rows, |value| values.integers.push(value.map(|&value| wide(value))))
        }
        ColumnReader::Int64ColumnReader(column) => {
            push_each(column, rows, |value| values.integers.push(value.copied()))
        }
        ColumnReader::Int96ColumnReader(column) => each(column, rows, |value| {
            values.integers.push(value.map(nanoseconds).transpose()?);
            Ok(())
        }),
        ColumnReader::FloatColumnReader(column) => {
            push_each(column, rows, |value| values.floats.push(value.map_or(f64::NAN, |&value| value.into())))
        }
        ColumnReader::DoubleColumnReader(column) => {
            push_each(column, rows, |value| values.floats.push(value.copied().unwrap_or(f64::NAN)))
        }
        ColumnReader::ByteArrayColumnReader(column) => {
            each(column, rows, |value| bytes(value.map(|value| value.data())))
        }
        ColumnReader::FixedLenByteArrayColumnReader(column) => {
            each(column, rows, |value| bytes(value.map(|value| value.data())))
        }
    }
}

/// As [`each`], of values of which every one has its place.
fn push_each<T: DataType>(
    column: ColumnReaderImpl<T>,
    rows: usize,
    mut push: impl FnMut(Option<&T::T>),
) -> Result<(), String> {
    each(column, rows, |value| {
        push(value);
        Ok(())
    })
}

/// Hands on each value, none for what is null; no more than these rows in all are expected.
fn each<T: DataType>(
    mut column: ColumnReaderImpl<T>,
    rows: usize,
    mut add: impl FnMut(Option<&T::T>) -> Result<(), String>,
) -> Result<(), String> {
    const AT_ONCE: usize = 1 << 14;
    let (mut levels, mut values, mut read) = (Vec::new(), Vec::new(), 0_usize);
    loop {
        levels.clear();
        values.clear();
        let (records, _, _) = column
            .read_records(AT_ONCE, Some(&mut levels), None, &mut values)
            .map_err(|error| format!("{error}; save the file anew"))?;
        if records == 0 {
            return Ok(());
        }
        read = read.saturating_add(records);
        if read > rows {
            return Err(format!("there are more than {rows} values for as many rows"));
        }
        // A column that cannot be null has no levels.
        if levels.is_empty() {
            values.iter().try_for_each(|value| add(Some(value)))?;
        } else {
            let mut values = values.iter();
            for &level in &levels {
                add(if level > 0 { values.next() } else { None })?;
            }
        }
    }
}

/// Nanoseconds since 1970 of a day and its nanoseconds, whose span is wider.
fn nanoseconds(time: &Int96) -> Result<i64, String> {
    // Beyond its span the first of these wraps, the second does not.
    let (nanoseconds, seconds) = (time.to_nanos(), time.to_seconds());
    if nanoseconds.div_euclid(1_000_000_000) != seconds {
        return Err(
            "a time is none of the years from 1678 to 2261; save the file with timestamps of microseconds"
                .into(),
        );
    }
    Ok(nanoseconds)
}

/// The number that these bytes are, the highest first.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    if bytes.len() > 16 {
        return None;
    }
    let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    Some(bytes.iter().fold(sign, |value, &byte| (value << 8) | i128::from(byte)))
}

#[cfg(test)]
mod tests;
