//! Any bytes read as a model file give a model or an error, and what was read can be saved and read again.

#![no_main]

use elman::model::Model;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::from_bytes("fuzz.elman", bytes) else { return };
    let saved = model.to_bytes();
    if let Err(error) = Model::from_bytes("fuzz.elman", &saved) {
        panic!("a model that was read and saved cannot be read again: {error}");
    }
});
