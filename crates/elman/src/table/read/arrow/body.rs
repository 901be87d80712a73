//! The values of a batch, out of the buffers of its message.

use std::borrow::Cow;
use std::io::Read;

use polars_arrow_format::ipc::planus;
use polars_arrow_format::ipc::{CompressionType, RecordBatchRef};

use super::Form;
use crate::table::read::typed::{Meaning, Values, decimal};

/// The body of a batch, of which columns take one buffer after the other.
pub(super) struct Body<'a> {
    rows: usize,
    bytes: &'a [u8],
    /// Where each buffer begins, and its length.
    buffers: std::vec::IntoIter<(i64, i64)>,
    /// How many buffers of texts each column of views has.
    of_views: std::vec::IntoIter<i64>,
    compression: Option<CompressionType>,
    /// So many bytes may yet be unpacked, or copied for a text.
    left: u64,
}

impl<'a> Body<'a> {
    pub(super) fn new(batch: &RecordBatchRef<'_>, bytes: &'a [u8], left: u64) -> Result<Self, planus::Error> {
        let buffers = batch.buffers()?.into_iter().flatten();
        let buffers: Vec<_> = buffers.map(|buffer| (buffer.offset(), buffer.length())).collect();
        let of_views: Vec<i64> = batch.variadic_buffer_counts()?.into_iter().flatten().collect();
        let compression = batch.compression()?.map(|compression| compression.codec()).transpose()?;
        Ok(Body {
            // Of fewer than none there are none.
            rows: usize::try_from(batch.length()?).unwrap_or(0),
            bytes,
            buffers: buffers.into_iter(),
            of_views: of_views.into_iter(),
            compression,
            left,
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// How many bytes may be unpacked or copied after this.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Counts bytes that are about to be unpacked, or copied for a text: many rows may have the same one.
    fn take(&mut self, bytes: u64) -> Result<(), String> {
        let left = self.left.checked_sub(bytes);
        self.left =
            left.ok_or("it unpacks to more bytes than a table may have; split it into smaller ones")?;
        Ok(())
    }

    /// Adds a text to a column.
    fn push_text(&mut self, text: Option<&str>, to: &mut Values) -> Result<(), String> {
        self.take(text.map_or(0, str::len) as u64)?;
        to.push_text(text)
    }

    /// Adds a text, `None` where it is said to stand somewhere else than in its buffer.
    fn push_bytes(&mut self, text: Option<&[u8]>, is_there: bool, to: &mut Values) -> Result<(), String> {
        if !is_there {
            return self.push_text(None, to);
        }
        let text = text.ok_or("a text is said to stand where its buffer has ended; save it anew")?;
        let text = std::str::from_utf8(text)
            .map_err(|_| "its bytes are no text in UTF-8; convert them, or leave it out".to_owned())?;
        self.push_text(Some(text), to)
    }

    /// Adds the next column's values.
    pub(super) fn column(&mut self, form: Form, meaning: Meaning, to: &mut Values) -> Result<(), String> {
        if form == Form::Nothing {
            return (0..self.rows).try_for_each(|_| to.push_text(None));
        }
        let is_there = self.validity()?;
        let is_there = |row: usize| is_there.as_deref().is_none_or(|bits| bit(bits, row));
        let rows = self.rows;
        match form {
            Form::Nothing => {}
            Form::Bits => {
                let bits = self.buffer()?;
                enough(&bits, Some(rows.div_ceil(8)))?;
                to.integers.extend((0..rows).map(|row| is_there(row).then(|| bit(&bits, row).into())));
            }
            Form::Integers { bytes: size, signed } => {
                let values = self.buffer()?;
                enough(&values, rows.checked_mul(size))?;
                for (row, value) in values.chunks_exact(size).take(rows).enumerate() {
                    let value = is_there(row).then(|| little_endian(value, signed));
                    match meaning {
                        Meaning::Decimal(scale) => {
                            let text = value.map(|value| decimal(value, scale));
                            self.push_text(text.as_deref(), to)?;
                        }
                        // Of 64 bits at most: those without a sign keep their bits.
                        _ => to.integers.push(value.map(|value| value as i64)),
                    }
                }
            }
            Form::F32 => {
                self.floats(rows, is_there, |value: [u8; 4]| f32::from_le_bytes(value).into(), to)?
            }
            Form::F64 => self.floats(rows, is_there, f64::from_le_bytes, to)?,
            Form::Texts { ends } => self.texts(ends, is_there, to)?,
            Form::Views => self.views(is_there, to)?,
        }
        Ok(())
    }

    /// Adds the next column's values, which are places in a dictionary.
    pub(super) fn of_dictionary(
        &mut self,
        places: Form,
        meaning: Meaning,
        dictionary: Option<&Values>,
        to: &mut Values,
    ) -> Result<(), String> {
        let mut found = Values::default();
        self.column(places, Meaning::Signed, &mut found)?;
        let empty = Values::default();
        let dictionary = dictionary.unwrap_or(&empty);
        let lost = || "a value is not in its dictionary; save it anew".to_owned();
        for place in found.integers {
            let place = place.map(|place| usize::try_from(place).map_err(|_| lost())).transpose()?;
            match meaning {
                Meaning::Float | Meaning::Double => {
                    let value = place.map(|place| dictionary.floats.get(place).copied().ok_or_else(lost));
                    to.floats.push(value.transpose()?.unwrap_or(f64::NAN));
                }
                Meaning::Text | Meaning::Decimal(_) => {
                    let is_there = |place: &usize| *place < dictionary.texts.len();
                    let place = place.map(|place| Some(place).filter(is_there).ok_or_else(lost));
                    let text = place.transpose()?.map(|place| dictionary.texts.get(place));
                    self.push_text(text, to)?;
                }
                _ => {
                    let value = place.map(|place| dictionary.integers.get(place).copied().ok_or_else(lost));
                    to.integers.push(value.transpose()?.flatten());
                }
            }
        }
        Ok(())
    }

    fn floats<const N: usize>(
        &mut self,
        rows: usize,
        is_there: impl Fn(usize) -> bool,
        value: impl Fn([u8; N]) -> f64,
        to: &mut Values,
    ) -> Result<(), String> {
        let values = self.buffer()?;
        enough(&values, rows.checked_mul(N))?;
        let (values, _) = values.as_chunks::<N>();
        let values = values.iter().take(rows).enumerate();
        to.floats.extend(values.map(|(row, &bytes)| if is_there(row) { value(bytes) } else { f64::NAN }));
        Ok(())
    }

    fn texts(
        &mut self,
        size: usize,
        is_there: impl Fn(usize) -> bool,
        to: &mut Values,
    ) -> Result<(), String> {
        let (ends, bytes) = (self.buffer()?, self.buffer()?);
        if self.rows == 0 {
            return Ok(());
        }
        enough(&ends, self.rows.checked_add(1).and_then(|count| count.checked_mul(size)))?;
        let mut ends = ends.chunks_exact(size).map(|end| usize::try_from(little_endian(end, true)).ok());
        let mut begin = ends.next().flatten();
        for (row, end) in ends.take(self.rows).enumerate() {
            let text = begin.zip(end).and_then(|(begin, end)| bytes.get(begin..end));
            self.push_bytes(text.filter(|_| is_there(row)), is_there(row), to)?;
            begin = end;
        }
        Ok(())
    }

    fn views(&mut self, is_there: impl Fn(usize) -> bool, to: &mut Values) -> Result<(), String> {
        /// Texts up to this length stand in the view.
        const SHORT: usize = 12;
        let views = self.buffer()?;
        let count = self.of_views.next().unwrap_or(0);
        let long = (0..count).map(|_| self.buffer()).collect::<Result<Vec<_>, _>>()?;
        enough(&views, self.rows.checked_mul(16))?;
        let (views, _) = views.as_chunks::<16>();
        for (row, view) in views.iter().take(self.rows).enumerate() {
            let part = |n: usize| little_endian(&view[4 * n..4 * n + 4], false) as usize;
            let length = part(0);
            let text = if length <= SHORT {
                view.get(4..4 + length)
            } else {
                let (buffer, begin) = (long.get(part(2)), part(3));
                buffer.zip(begin.checked_add(length)).and_then(|(buffer, end)| buffer.get(begin..end))
            };
            self.push_bytes(text, is_there(row), to)?;
        }
        Ok(())
    }

    /// Which rows of the next column have a value, a bit for each; none if all have.
    fn validity(&mut self) -> Result<Option<Cow<'a, [u8]>>, String> {
        let bits = self.buffer()?;
        if bits.is_empty() {
            return Ok(None);
        }
        enough(&bits, Some(self.rows.div_ceil(8)))?;
        Ok(Some(bits))
    }

    /// The next buffer, unpacked.
    fn buffer(&mut self) -> Result<Cow<'a, [u8]>, String> {
        let (begin, length) = self.buffers.next().ok_or("its values are missing; save it anew")?;
        let range = usize::try_from(begin).ok().zip(usize::try_from(length).ok());
        let bytes = range.and_then(|(begin, length)| self.bytes.get(begin..begin.checked_add(length)?));
        let bytes = bytes.ok_or("its values are said to stand where the message has ended; save it anew")?;
        let Some(compression) = self.compression.filter(|_| !bytes.is_empty()) else {
            return Ok(Cow::Borrowed(bytes));
        };
        let (length, packed) = bytes.split_first_chunk().ok_or("a packed part is too short; save it anew")?;
        // So it says that it is not packed.
        let length = i64::from_le_bytes(*length);
        if length == -1 {
            return Ok(Cow::Borrowed(packed));
        }
        let length = u64::try_from(length).map_err(|_| "a packed part has no length; save it anew")?;
        self.take(length)?;
        let mut unpacked = Vec::new();
        let read = match compression {
            CompressionType::Lz4Frame => {
                lz4_flex::frame::FrameDecoder::new(packed).take(length).read_to_end(&mut unpacked)
            }
            CompressionType::Zstd => match ruzstd::decoding::StreamingDecoder::new(packed) {
                Ok(decoder) => decoder.take(length).read_to_end(&mut unpacked),
                Err(error) => return Err(format!("{error}; save it anew")),
            },
        };
        read.map_err(|error| format!("{error}; save it anew"))?;
        if unpacked.len() as u64 != length {
            return Err("a packed part has another length than it says; save it anew".into());
        }
        Ok(Cow::Owned(unpacked))
    }
}

/// Has a buffer as many bytes as its values take, if there is such a number?
fn enough(buffer: &[u8], needed: Option<usize>) -> Result<(), String> {
    match needed {
        Some(needed) if needed <= buffer.len() => Ok(()),
        _ => Err("there are fewer values than rows; save it anew".into()),
    }
}

/// The bit of a row, the lowest of a byte first; unset where there is none.
fn bit(bits: &[u8], row: usize) -> bool {
    bits.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1)
}

/// The number that these bytes are, the lowest first; 16 at most.
fn little_endian(bytes: &[u8], signed: bool) -> i128 {
    let is_negative = signed && bytes.last().is_some_and(|last| last & 0x80 != 0);
    let sign = if is_negative { -1 } else { 0 };
    bytes.iter().rev().fold(sign, |value, &byte| (value << 8) | i128::from(byte))
}
