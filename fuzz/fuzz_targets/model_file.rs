//! Any bytes read as a file of a model or of weights give one or an error with a message, and what was read
//! can be saved and read again.
//!
//! A model file carries a checksum, which no mutation survives: with the bytes as they are, little
//! more than the checksum would be tested. So they are read a second time with the checksum put right.

#![no_main]

use std::collections::BTreeMap;

use elman::error::{Format, ModelError};
use elman::model::Model;
use elman::weights::Weights;
use libfuzzer_sys::fuzz_target;
use serde_json::value::{Map, RawValue, Value};

fuzz_target!(|bytes: &[u8]| {
    let accepted = read_save_read(bytes);
    if let Some(sealed) = with_right_checksum(bytes) {
        // Tells when the format has moved on and `with_right_checksum` has not.
        let still_accepted = read_save_read(&sealed);
        assert!(still_accepted || !accepted, "putting the checksum right has spoilt a good file");
    }
});

/// Whether the bytes are a model or weights; if so, they are saved and read again.
fn read_save_read(bytes: &[u8]) -> bool {
    let name = "fuzz.elman";
    match Model::from_bytes(name, bytes) {
        Ok(model) => {
            let saved = model.to_bytes().expect("a model that was read can be saved");
            Model::from_bytes(name, &saved).expect("a model that was saved can be read");
            true
        }
        Err(ModelError::OtherFormat { found: Format::Weights, .. }) => match Weights::from_bytes(name, bytes)
        {
            Ok(weights) => {
                let saved = weights.to_bytes().expect("weights that were read can be saved");
                Weights::from_bytes(name, &saved).expect("weights that were saved can be read");
                true
            }
            Err(error) => told(&error),
        },
        Err(error) => told(&error),
    }
}

/// An error has a message. False: the bytes are refused.
fn told(error: &ModelError) -> bool {
    assert!(!error.to_string().is_empty());
    false
}

/// The last version whose checksum does not begin with the version.
const LAST_WITHOUT_VERSION: u32 = 2;

/// The file with the checksum that its content calls for: the CRC-32 of the version, if it is a later one, of the JSON
/// text of `content` and of the tensors' bytes. `None` for bytes that are not built like a model file.
///
/// The file is safetensors: the header's length in 8 bytes, the header as JSON, the tensors. The
/// header's metadata has an entry `elman`, a text that is JSON again and holds `checksum` and `content`.
fn with_right_checksum(bytes: &[u8]) -> Option<Vec<u8>> {
    let (header_len, rest) = bytes.split_first_chunk::<8>()?;
    let header_len = usize::try_from(u64::from_le_bytes(*header_len)).ok()?;
    let (header, tensors) = rest.split_at_checked(header_len)?;
    let mut header: Map<String, Value> = serde_json::from_slice(header).ok()?;
    let entry = header.get_mut("__metadata__")?.get_mut("elman")?;
    let mut envelope: BTreeMap<String, Box<RawValue>> = serde_json::from_str(entry.as_str()?).ok()?;

    let mut hasher = crc32fast::Hasher::new();
    let version: u32 = envelope.get("format_version")?.get().parse().ok()?;
    if version > LAST_WITHOUT_VERSION {
        hasher.update(&version.to_le_bytes());
    }
    hasher.update(envelope.get("content")?.get().as_bytes());
    hasher.update(tensors);
    envelope.insert("checksum".into(), RawValue::from_string(hasher.finalize().to_string()).ok()?);

    *entry = serde_json::to_string(&envelope).ok()?.into();
    let header = serde_json::to_vec(&header).ok()?;
    Some([&(header.len() as u64).to_le_bytes(), header.as_slice(), tensors].concat())
}
