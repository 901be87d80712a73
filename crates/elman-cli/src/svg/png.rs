//! A picture of pixels within one of lines: PNG (ISO/IEC 15948) with a palette, in a `data:` address.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

/// The address of a picture whose rows are these numbers of a palette's colours, each of `width`.
pub(super) fn data_url(width: usize, rows: &[Vec<u8>], palette: &[[u8; 3]]) -> String {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    for size in [width, rows.len()] {
        head.extend_from_slice(&u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes());
    }
    // 8 bits, of a palette; the only compression and filter there are; not interlaced.
    head.extend_from_slice(&[8, 3, 0, 0, 0]);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    let data = rows.iter().try_for_each(|row| packed.write_all(&[0]).and_then(|()| packed.write_all(row)));
    // Writing to a Vec cannot fail.
    let data = data.and_then(|()| packed.finish()).unwrap_or_default();
    for (name, content) in
        [(b"IHDR", &head), (b"PLTE", &palette.concat()), (b"IDAT", &data), (b"IEND", &Vec::new())]
    {
        png.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
        let mut sum = Crc::new();
        for part in [&name[..], content] {
            sum.update(part);
            png.extend_from_slice(part);
        }
        png.extend_from_slice(&sum.sum().to_be_bytes());
    }
    format!("data:image/png;base64,{}", base64(&png))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let bits =
            part.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - part.len()));
        for n in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * n)) as usize % 64];
            text.push(if n <= part.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 4648, section 10.
    #[test]
    fn base64_is_that_of_the_standard() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn a_picture_holds_its_rows() {
        let url = data_url(2, &[vec![0, 1], vec![1, 0]], &[[1, 2, 3], [4, 5, 6]]);
        // The signature and the head: 2 by 2 pixels of 8 bits, by a palette, and their CRC-32.
        assert!(
            url.starts_with("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAMAAABFaP0W"),
            "{url}"
        );
        assert!(url.ends_with("AAAAAElFTkSuQmCC"), "{url}");
    }
}
