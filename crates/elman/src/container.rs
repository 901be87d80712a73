//! The file format that models, weights and checkpoints share: safetensors with a checked JSON header.
//!
//! A safetensors file is a JSON header that names tensors, then their bytes. Its free metadata holds
//! one entry, `elman`: a JSON object with the format's name and version, a checksum and the content.
//! The checksum is the CRC-32 of the version (from 3 on, as four bytes, the least significant first), the content's text
//! and the tensors' bytes, so that a flipped bit
//! anywhere that matters is found. One entry, because safetensors writes several in no fixed order,
//! and equal models shall be equal files.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;

use safetensors::tensor::{Dtype as FileDtype, SafeTensors, TensorView};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::error::ModelError;
use crate::float::{Dtype, Float};

/// The newest version of the format; older ones are read, newer ones refused. Version 1 had no weights alone, and
/// a model's network was that of its recipe. Version 2 had no ensembles, recipes without patches and poolings, and
/// one baseline in a test.
pub(crate) const FORMAT_VERSION: u32 = 3;

/// The version of a file that holds nothing new: programs of that version read it.
pub(crate) const LEAST_VERSION: u32 = 2;

/// The metadata entry.
const METADATA_KEY: &str = "elman";

/// The kinds of files that Elman writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// A [`Model`](crate::model::Model).
    Model,
    /// A training run that can go on: see [`Checkpointer`](crate::train::Checkpointer).
    Checkpoint,
    /// [`Weights`](crate::weights::Weights) without a task.
    Weights,
}

/// What a kind of file says beside its tensors.
pub(crate) trait Content: Sized {
    /// The kind.
    const FORMAT: Format;

    /// Out of the text that a file of this version holds; of the known versions, which begin with 1.
    fn parse(version: u32, json: &str) -> serde_json::Result<Self>;
}

/// The program that writes the file, as contents name it.
pub(crate) const PROGRAM: &str = concat!("elman ", env!("CARGO_PKG_VERSION"));

#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    format: Format,
    format_version: u32,
    checksum: u32,
    #[serde(borrow)]
    content: &'a RawValue,
}

/// The part of the envelope that every version has.
#[derive(Deserialize)]
struct Version {
    format_version: u32,
}

/// A tensor on its way into a file.
pub(crate) struct TensorBytes {
    name: String,
    dtype: FileDtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl TensorBytes {
    pub(crate) fn new<T: Float>(name: impl Into<String>, shape: &[usize], values: &[T]) -> Self {
        let mut bytes = Vec::with_capacity(size_of_val(values));
        values.iter().for_each(|value| value.write_to(&mut bytes));
        TensorBytes { name: name.into(), dtype: file_dtype(T::DTYPE), shape: shape.to_vec(), bytes }
    }
}

fn file_dtype(dtype: Dtype) -> FileDtype {
    match dtype {
        Dtype::F32 => FileDtype::F32,
        Dtype::F64 => FileDtype::F64,
    }
}

/// The bytes of a file, which says that programs of this version read it.
pub(crate) fn write(
    format: Format,
    format_version: u32,
    content: &impl Serialize,
    mut tensors: Vec<TensorBytes>,
) -> Result<Vec<u8>, ModelError> {
    let unwritable = |reason: String| ModelError::Unwritable { reason };
    // The order in which safetensors lays out tensors of one type: the checksum follows it.
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    let content = serde_json::value::to_raw_value(content).map_err(|error| unwritable(error.to_string()))?;
    let checksum =
        checksum(format_version, content.get(), tensors.iter().map(|tensor| tensor.bytes.as_slice()));
    let envelope = Envelope { format, format_version, checksum, content: &content };
    let envelope = serde_json::to_string(&envelope).map_err(|error| unwritable(error.to_string()))?;
    let mut views = Vec::with_capacity(tensors.len());
    for tensor in &tensors {
        let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes)
            .map_err(|error| unwritable(error.to_string()))?;
        views.push((tensor.name.as_str(), view));
    }
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), envelope)]);
    safetensors::serialize(views, Some(metadata)).map_err(|error| unwritable(error.to_string()))
}

/// Of what can be read in two versions, the version is told by the checksum, from the third on.
fn checksum<'a>(version: u32, content: &str, tensors: impl Iterator<Item = &'a [u8]>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    if version > LEAST_VERSION {
        hasher.update(&version.to_le_bytes());
    }
    hasher.update(content.as_bytes());
    tensors.for_each(|bytes| hasher.update(bytes));
    hasher.finalize()
}

/// The tensors of a file that has been opened and checked.
pub(crate) struct Tensors<'a> {
    name: &'a str,
    tensors: SafeTensors<'a>,
}

/// Reads a file of the content's format; `name` stands for it in error messages.
pub(crate) fn read<'a, C: Content>(name: &'a str, bytes: &'a [u8]) -> Result<(C, Tensors<'a>), ModelError> {
    let not_a_model = || ModelError::not_a_model(name, bytes);
    let corrupt = |reason: String| ModelError::Corrupt { name: name.to_owned(), reason };
    check_header(name, bytes)?;
    let (header_len, metadata) = SafeTensors::read_metadata(bytes).map_err(|_| not_a_model())?;
    let envelope =
        metadata.metadata().as_ref().and_then(|entries| entries.get(METADATA_KEY)).ok_or_else(not_a_model)?;
    let Version { format_version } =
        serde_json::from_str(envelope).map_err(|error| corrupt(format!("its header says {error}")))?;
    if format_version == 0 {
        return Err(corrupt("it has format version 0, which there never was".into()));
    }
    if format_version > FORMAT_VERSION {
        return Err(ModelError::Newer {
            name: name.to_owned(),
            found: format_version,
            known: FORMAT_VERSION,
        });
    }
    let envelope: Envelope<'_> =
        serde_json::from_str(envelope).map_err(|error| corrupt(format!("its header says {error}")))?;
    if envelope.format != C::FORMAT {
        let (name, found, wanted) = (name.to_owned(), envelope.format, C::FORMAT);
        return Err(ModelError::OtherFormat { name, found, wanted });
    }
    // The tensors' bytes are all that follows the header's length and the header.
    if checksum(format_version, envelope.content.get(), std::iter::once(&bytes[8 + header_len..]))
        != envelope.checksum
    {
        return Err(corrupt("its checksum does not match its content".into()));
    }
    let content = C::parse(format_version, envelope.content.get())
        .map_err(|error| corrupt(format!("its header says {error}")))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|_| not_a_model())?;
    Ok((content, Tensors { name, tensors }))
}

/// The start of every header that is written here.
const HEADER_START: &[u8] = b"{\"__metadata__\":{\"elman\":";

/// Is this the start of a file of any format that is written here, in whatever state the rest may be?
pub(crate) fn is_ours(start: &[u8]) -> bool {
    start.get(8..).is_some_and(|header| header.starts_with(HEADER_START))
}

/// A tensor of more dimensions is none of ours.
const MAX_RANK: usize = 8;

/// What safetensors says of a tensor, read strictly.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    #[serde(rename = "dtype", borrow)]
    _dtype: Cow<'a, str>,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// The entries of a header by name, none twice: of two, one would go unseen.
struct Entries<'a>(HashMap<Cow<'a, str>, &'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = HashMap::new();
                while let Some((name, entry)) = map.next_entry()? {
                    if entries.insert(name, entry).is_some() {
                        return Err(A::Error::custom("a name stands twice"));
                    }
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Refuses a header that is not strictly one of safetensors, whose own reader would buffer whatever
/// it holds at many times its size; and tells a file that has been cut short from one that never was
/// a model.
fn check_header(name: &str, bytes: &[u8]) -> Result<(), ModelError> {
    let not_a_model = || ModelError::not_a_model(name, bytes);
    let cut =
        |expected: u64| ModelError::CutShort { name: name.to_owned(), found: bytes.len() as u64, expected };
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(not_a_model)?;
    let header_len = u64::from_le_bytes(*length);
    let Some(header) = usize::try_from(header_len).ok().and_then(|n| rest.get(..n)) else {
        // The header is longer than the file; if it begins as ours do, it was once whole.
        let ours = rest.starts_with(HEADER_START) && header_len < u64::MAX / 2;
        return Err(if ours { cut(8 + header_len) } else { not_a_model() });
    };
    let Entries(entries) = serde_json::from_slice(header).map_err(|_| not_a_model())?;
    let mut end = 0;
    for (tensor, entry) in &entries {
        if tensor == "__metadata__" {
            continue;
        }
        let entry: Entry<'_> = serde_json::from_str(entry.get()).map_err(|_| not_a_model())?;
        if entry.shape.len() > MAX_RANK {
            return Err(not_a_model());
        }
        end = end.max(entry.data_offsets.1);
    }
    let expected = end.saturating_add(8 + header_len);
    match expected.cmp(&(bytes.len() as u64)) {
        Ordering::Greater => Err(cut(expected)),
        Ordering::Less if header.starts_with(HEADER_START) => {
            let reason = format!("it is {} bytes long, but should be {expected}", bytes.len());
            Err(ModelError::Corrupt { name: name.to_owned(), reason })
        }
        _ => Ok(()),
    }
}

impl Tensors<'_> {
    /// The number of tensors in the file.
    pub(crate) fn len(&self) -> usize {
        self.tensors.len()
    }

    /// The error that the file is damaged.
    pub(crate) fn corrupt(&self, reason: impl ToString) -> ModelError {
        ModelError::Corrupt { name: self.name.to_owned(), reason: reason.to_string() }
    }

    /// Appends the values of a tensor, which must have this type and shape and be finite.
    pub(crate) fn append<T: Float>(
        &self,
        tensor: &str,
        shape: &[usize],
        values: &mut Vec<T>,
    ) -> Result<(), ModelError> {
        let missing = |_| self.corrupt(format!("it has no tensor {tensor:?}"));
        let view = self.tensors.tensor(tensor).map_err(missing)?;
        if view.shape() != shape || view.dtype() != file_dtype(T::DTYPE) {
            return Err(self.corrupt(format!(
                "its tensor {tensor:?} is {:?} {:?}, but its network asks for {:?} {shape:?}",
                view.dtype(),
                view.shape(),
                file_dtype(T::DTYPE),
            )));
        }
        for bytes in view.data().chunks_exact(size_of::<T>()) {
            let value = T::from_bytes(bytes).filter(|value| value.to_f64().is_finite());
            let no_number = || self.corrupt(format!("its tensor {tensor:?} holds NaN or infinity"));
            values.push(value.ok_or_else(no_number)?);
        }
        Ok(())
    }
}
