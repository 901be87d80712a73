//! Any bytes read as a file of another program give a network or an error with a message, and what is written of a network
//! can be read again and is then the same file.

#![no_main]

use elman::exchange::{ReadOptions, read, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = ReadOptions::default();
    let read_once = match read("fuzz.json", bytes, &options) {
        Ok(imported) => imported,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    // Not all that can be read is what a plug-in would load.
    let Ok(written) = write(&read_once.weights, read_once.format) else { return };
    let again = read("again.json", &written.file, &options).expect("a file that was written can be read");
    let rewritten = write(&again.weights, again.format).expect("a network that was written can be written");
    assert!(again.format != read_once.format || rewritten.file == written.file, "the file is another");
});
