//! Any bytes read as a WAV file give finite samples or an error with a message, and what was read can be written and read
//! again.

#![no_main]

use elman::audio::{Recording, Wav};
use libfuzzer_sys::fuzz_target;

/// What a file begins with, chosen by the first byte: of one channel of 16 bits, of two of 24, of one of 32 in floating
/// point; or nothing.
const BEGINNINGS: [&[u8]; 4] = [
    b"",
    b"RIFF\xFF\xFF\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xBB\0\0\0\x77\x01\0\x02\0\x10\0",
    b"RIFF\xFF\xFF\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x80\xBB\0\0\0\x65\x04\0\x06\0\x18\0",
    b"RIFF\xFF\xFF\0\0WAVEfmt \x10\0\0\0\x03\0\x01\0\x80\xBB\0\0\0\xEE\x02\0\x04\0\x20\0",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((chosen, bytes)) = bytes.split_first() else { return };
    let bytes = [BEGINNINGS[usize::from(*chosen) % BEGINNINGS.len()], bytes].concat();
    let channel = (*chosen >= 128).then_some(usize::from(*chosen % 3));
    let recording = match Recording::read("fuzz.wav", bytes.as_slice(), channel) {
        Ok(recording) => recording,
        Err(error) => return assert!(error.to_string().starts_with("fuzz.wav: ")),
    };
    assert!(!recording.samples.is_empty() && recording.samples.iter().all(|sample| sample.is_finite()));
    let written = Wav::Float.write(recording.sample_rate, &recording.samples).expect("a short file");
    let again = Recording::read("fuzz.wav", written.as_slice(), None).expect("what was written");
    assert_eq!(again, recording);
});
