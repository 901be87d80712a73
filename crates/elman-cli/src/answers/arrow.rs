//! Predictions as an Arrow file, which Feather (version 2) is: a message with the columns' names and types, one with all rows,
//! and behind them an index (<https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format>).

use elman::task::{Answers, Cell, Predictions};
use polars_arrow_format::ipc::planus::{Builder, WriteAsOffset};
use polars_arrow_format::ipc::{
    Block, Buffer, Endianness, Field, FieldNode, FloatingPoint, Footer, LargeUtf8, Message, MessageHeader,
    MetadataVersion, Precision, RecordBatch, Schema, TimeUnit, Timestamp, Type,
};

/// What a file begins and ends with.
const MARK: &[u8; 6] = b"ARROW1";

/// What a message begins with.
const CONTINUATION: [u8; 4] = [0xFF; 4];

/// Messages and buffers begin at multiples of so many bytes.
const ALIGNMENT: usize = 8;

/// Numbers as doubles, null where one is not known; times as microseconds; texts.
pub(super) fn write(predictions: &Predictions) -> anyhow::Result<Vec<u8>> {
    let fields = predictions.columns().iter().map(|(name, answers)| field(name, answers)).collect();
    let schema = Schema { endianness: Endianness::Little, fields: Some(fields), ..Schema::default() };
    let mut body = Body::default();
    for (_, answers) in predictions.columns() {
        body.column(answers)?;
    }
    let Body { bytes: body, nodes, buffers } = body;
    let rows = RecordBatch {
        length: i64::try_from(predictions.num_rows())?,
        nodes: Some(nodes),
        buffers: Some(buffers),
        ..RecordBatch::default()
    };

    let mut file = MARK.to_vec();
    align(&mut file);
    push_message(&mut file, MessageHeader::Schema(Box::new(schema.clone())), &[])?;
    let block = push_message(&mut file, MessageHeader::RecordBatch(Box::new(rows)), &body)?;
    // The end of the messages.
    file.extend(CONTINUATION);
    file.extend([0; 4]);
    let footer = Footer {
        version: MetadataVersion::V5,
        schema: Some(Box::new(schema)),
        dictionaries: None,
        record_batches: Some(vec![block]),
        custom_metadata: None,
    };
    let footer = flatbuffer(&footer);
    file.extend(&footer);
    file.extend(i32::try_from(footer.len())?.to_le_bytes());
    file.extend(MARK);
    Ok(file)
}

fn field(name: &str, answers: &Answers) -> Field {
    let type_ = match answers {
        Answers::Text(_) => Type::LargeUtf8(Box::new(LargeUtf8 {})),
        Answers::Times(_) => {
            let utc = (0..answers.len())
                .any(|row| matches!(answers.cell(row), Cell::Time(time) if time.is_absolute()));
            let timezone = utc.then(|| "UTC".to_owned());
            Type::Timestamp(Box::new(Timestamp { unit: TimeUnit::Microsecond, timezone }))
        }
        Answers::Numbers(_) => Type::FloatingPoint(Box::new(FloatingPoint { precision: Precision::Double })),
    };
    Field {
        name: Some(name.to_owned()),
        nullable: matches!(answers, Answers::Numbers(_)),
        type_: Some(type_),
        // A column has no columns in it, which some readers want to be told.
        children: Some(Vec::new()),
        ..Field::default()
    }
}

/// The values of a batch of rows.
#[derive(Default)]
struct Body {
    bytes: Vec<u8>,
    nodes: Vec<FieldNode>,
    buffers: Vec<Buffer>,
}

impl Body {
    fn column(&mut self, answers: &Answers) -> anyhow::Result<()> {
        let null_count = match answers {
            Answers::Numbers(numbers) => numbers.iter().filter(|number| number.value.is_nan()).count(),
            _ => 0,
        };
        let (length, null_count) = (i64::try_from(answers.len())?, i64::try_from(null_count)?);
        self.nodes.push(FieldNode { length, null_count });
        match answers {
            Answers::Text(texts) => {
                self.buffer([])?;
                let ends = texts.iter().scan(0, |end, text| {
                    *end += text.len() as i64;
                    Some(*end)
                });
                self.buffer(std::iter::once(0).chain(ends).flat_map(i64::to_le_bytes))?;
                self.buffer(texts.iter().flat_map(|text| text.bytes()))
            }
            Answers::Times(times) => {
                self.buffer([])?;
                self.buffer(times.iter().flat_map(|time| time.microseconds().to_le_bytes()))
            }
            Answers::Numbers(numbers) => {
                // A bit for each number, from the lowest on: is it known?
                let known = numbers.chunks(8).map(|chunk| {
                    chunk.iter().rev().fold(0, |bits, number| bits << 1 | u8::from(!number.value.is_nan()))
                });
                self.buffer(known.take(if null_count == 0 { 0 } else { numbers.len() }))?;
                self.buffer(numbers.iter().flat_map(|number| number.value.to_le_bytes()))
            }
        }
    }

    fn buffer(&mut self, values: impl IntoIterator<Item = u8>) -> anyhow::Result<()> {
        let offset = self.bytes.len();
        self.bytes.extend(values);
        let length = self.bytes.len() - offset;
        self.buffers.push(Buffer { offset: i64::try_from(offset)?, length: i64::try_from(length)? });
        align(&mut self.bytes);
        Ok(())
    }
}

/// Adds a message, and tells where it stands.
fn push_message(file: &mut Vec<u8>, header: MessageHeader, body: &[u8]) -> anyhow::Result<Block> {
    let body_length = i64::try_from(body.len())?;
    let message =
        Message { version: MetadataVersion::V5, header: Some(header), body_length, custom_metadata: None };
    let (offset, mut head) = (file.len(), flatbuffer(&message));
    align(&mut head);
    file.extend(CONTINUATION);
    file.extend(i32::try_from(head.len())?.to_le_bytes());
    file.extend(head);
    let meta_data_length = i32::try_from(file.len() - offset)?;
    file.extend(body);
    Ok(Block { offset: i64::try_from(offset)?, meta_data_length, body_length })
}

fn flatbuffer<T>(value: &impl WriteAsOffset<T>) -> Vec<u8> {
    Builder::new().finish(value, None).to_vec()
}

fn align(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
}
