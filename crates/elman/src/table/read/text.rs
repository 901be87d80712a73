//! Text out of bytes: UTF-8, UTF-16 as spreadsheets save it, or Windows-1252.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::count_line_breaks;
use crate::error::Message;

/// A file's text without its byte order mark, and what the user should know about how it was found. Nothing is copied
/// of UTF-8.
pub(super) fn decode(name: &str, mut bytes: Vec<u8>) -> (String, Option<Message>) {
    if let Some(encoding) = utf16(&bytes) {
        let (text, is_damaged) = encoding.decode_with_bom_removal(&bytes);
        let line = || {
            let before = text.find(char::REPLACEMENT_CHARACTER).unwrap_or(text.len());
            1 + count_line_breaks(&text.as_bytes()[..before])
        };
        let remark = is_damaged.then(|| {
            let what = "a letter is damaged, as the file is not sound UTF-16; it is read as \u{FFFD}";
            format!("{name}, line {}: {what}", line()).into()
        });
        return (text.into_owned(), remark);
    }
    const MARK: &[u8] = b"\xEF\xBB\xBF";
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let (before, after) = bytes.split_at(valid);
            let line = 1 + count_line_breaks(before);
            let byte = after.first().copied().unwrap_or_default();
            let (text, _) = WINDOWS_1252.decode_without_bom_handling(&bytes);
            let message = format!(
                "{name}, line {line}: the byte 0x{byte:02X} is not UTF-8, so the file is read as Windows-1252; \
                 if letters come out wrong, save it as UTF-8"
            );
            (text.into_owned(), Some(message.into()))
        }
    }
}

/// The kind of UTF-16, by its byte order mark or by the zeros beside plain letters.
pub(super) fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    if bytes.starts_with(b"\xFF\xFE") {
        return Some(UTF_16LE);
    }
    if bytes.starts_with(b"\xFE\xFF") {
        return Some(UTF_16BE);
    }
    let start = &bytes[..bytes.len().min(64)];
    let pairs = || start.chunks_exact(2);
    if start.len() < 4 {
        None
    } else if pairs().all(|pair| pair[0] != 0 && pair[1] == 0) {
        Some(UTF_16LE)
    } else if pairs().all(|pair| pair[0] == 0 && pair[1] != 0) {
        Some(UTF_16BE)
    } else {
        None
    }
}
