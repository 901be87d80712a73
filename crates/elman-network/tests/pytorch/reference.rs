//! The committed numbers, and what it means to agree with them.

use std::collections::BTreeMap;

use elman_core::lane::Scalar;
use safetensors::{Dtype, SafeTensors};

/// Tensors by name, row-major.
pub(crate) type Tensors<T> = BTreeMap<String, Vec<T>>;

fn read(name: &str) -> Vec<u8> {
    let path = format!("{}/../../reference/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The tensors of a file in `reference/`; integers, which are small there, as `f64` too.
pub(crate) fn tensors(name: &str) -> Tensors<f64> {
    let bytes = read(name);
    let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let values = |tensor: safetensors::tensor::TensorView<'_>| {
        let (words, _) = tensor.data().as_chunks::<8>();
        let convert: fn([u8; 8]) -> f64 = match tensor.dtype() {
            Dtype::F64 => f64::from_le_bytes,
            Dtype::I64 => |bytes| i64::from_le_bytes(bytes) as f64,
            dtype => panic!("{name}: {dtype:?} is none of the reference's types"),
        };
        words.iter().map(|&word| convert(word)).collect()
    };
    file.iter().map(|(key, tensor)| (key.to_owned(), values(tensor))).collect()
}

/// An entry of a file's metadata, which is JSON.
pub(crate) fn metadata(name: &str, key: &str) -> serde_json::Value {
    let bytes = read(name);
    let (_, metadata) = SafeTensors::read_metadata(&bytes).expect("a safetensors file");
    let entry = metadata.metadata().as_ref().and_then(|entries| entries.get(key)).expect("the entry");
    serde_json::from_str(entry).expect("JSON")
}

/// The largest error of `actual` in units of what `allowed` allows: agreement is at most 1.
///
/// NaN, and any error where none is allowed, count as infinite.
pub(crate) fn worst_error<T: Scalar>(actual: &[T], expected: &[f64], allowed: &[f64]) -> f64 {
    assert_eq!((actual.len(), allowed.len()), (expected.len(), expected.len()), "number of values");
    let ratios = actual.iter().zip(expected).zip(allowed).map(|((&actual, &expected), &allowed)| {
        let error = (actual.to_f64() - expected).abs();
        if error == 0.0 {
            0.0
        } else if error.is_nan() {
            f64::INFINITY
        } else {
            error / allowed
        }
    });
    ratios.fold(0.0, f64::max)
}

/// The largest magnitude.
pub(crate) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}
