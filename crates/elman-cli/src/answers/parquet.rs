//! Predictions as Parquet.

use std::sync::Arc;

use elman::task::{Answers, Cell, Predictions};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

/// One row group of a column each: numbers as doubles, null where one is not known; times as microseconds; texts.
pub(super) fn write(predictions: &Predictions) -> Result<Vec<u8>> {
    let fields = predictions.columns().iter().map(|(name, answers)| field(name, answers).map(Arc::new));
    let schema =
        Type::group_type_builder("predictions").with_fields(fields.collect::<Result<_>>()?).build()?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut rows = writer.next_row_group()?;
    for (_, answers) in predictions.columns() {
        let Some(mut column) = rows.next_column()? else { break };
        match answers {
            Answers::Text(texts) => {
                let texts: Vec<ByteArray> = texts.iter().map(|text| text.as_str().into()).collect();
                column.typed::<ByteArrayType>().write_batch(&texts, None, None)?;
            }
            Answers::Times(times) => {
                let times: Vec<i64> = times.iter().map(|time| time.microseconds()).collect();
                column.typed::<Int64Type>().write_batch(&times, None, None)?;
            }
            Answers::Numbers(numbers) => {
                let levels: Vec<i16> =
                    numbers.iter().map(|number| i16::from(!number.value.is_nan())).collect();
                let known = numbers.iter().map(|number| number.value).filter(|value| !value.is_nan());
                column.typed::<DoubleType>().write_batch(&known.collect::<Vec<_>>(), Some(&levels), None)?;
            }
        }
        column.close()?;
    }
    rows.close()?;
    writer.into_inner()
}

fn field(name: &str, answers: &Answers) -> Result<Type> {
    let (physical, logical, repetition) = match answers {
        Answers::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED),
        Answers::Times(_) => {
            let utc = (0..answers.len())
                .any(|row| matches!(answers.cell(row), Cell::Time(time) if time.is_absolute()));
            (Physical::INT64, Some(LogicalType::timestamp(utc, TimeUnit::MICROS)), Repetition::REQUIRED)
        }
        Answers::Numbers(_) => (Physical::DOUBLE, None, Repetition::OPTIONAL),
    };
    Type::primitive_type_builder(name, physical)
        .with_logical_type(logical)
        .with_repetition(repetition)
        .build()
}
