//! Why the samples of a file are not read.

use std::borrow::Cow;
use std::fmt;

use super::chunks::Head;
use super::wav::is_wav;
use crate::table::kind_of_file;

/// What is to be done about samples of a kind that is not read.
pub(super) const CONVERT: &str = "convert it to PCM of 16 or 24 bits, or to float of 32, and try again";

/// And about another program's kind of file.
const CONVERT_TO_WAV: &str =
    "convert it to WAV, PCM of 16 or 24 bits or float of 32, with ffmpeg or SoX for example, and try again";

/// What programs write for the bytes of all samples where they do not know how many will come: all that there can be, less the
/// head or not, and SoX's number.
const UNKNOWN: [u32; 3] = [u32::MAX, u32::MAX - 36, 0x7FFF_F000];

/// The tags of formats whose samples are numbers one by one: PCM, floating point, and one of both as an extension says.
const PLAIN: [u16; 3] = [1, 3, 0xFFFE];

/// Why a file's samples are not read; displayed, it goes on from the file's name.
#[derive(Debug)]
pub(super) enum Refused {
    /// There is not a byte in it.
    Empty,
    /// It is another program's kind of file, by name.
    Foreign(&'static str),
    /// It is no recording but this: `is a picture (PNG)`.
    Other(Cow<'static, str>),
    /// It ends before its samples begin.
    NoSamples,
    /// It does not say how many samples there are.
    NoLength,
    /// Its samples are compressed, as the format of this tag does.
    Compressed(u16),
    /// The crate that reads WAV files says so.
    Hound(hound::Error),
}

impl Refused {
    /// What is wrong with a file, as far as its head tells.
    pub(super) fn of(head: &Head) -> Option<Self> {
        let start = head.bytes.as_slice();
        if start.is_empty() {
            return Some(Refused::Empty);
        }
        if let Some(kind) = foreign(start) {
            return Some(Refused::Foreign(kind));
        }
        if !is_wav(start) {
            let is_text =
                || start.iter().all(|&byte| !matches!(byte, 0..=8 | 14..=31)).then(|| "is a text".into());
            let kind = kind_of_file(start).map(|(what, _)| what);
            return kind.or_else(is_text).map(Refused::Other);
        }
        match head.format_tag() {
            Some(tag) if !PLAIN.contains(&tag) => return Some(Refused::Compressed(tag)),
            _ => {}
        }
        match head.samples_len() {
            Some(len) => UNKNOWN.contains(&len).then_some(Refused::NoLength),
            None => head.has_format().then_some(Refused::NoSamples),
        }
    }
}

/// What a file is that starts like this and is no WAV file, if it is known.
pub(crate) fn foreign(start: &[u8]) -> Option<&'static str> {
    let inner = start.get(8..12).unwrap_or_default();
    let kind = match start {
        [b'R', b'F', b'6', b'4', ..] => "an RF64 file, as recordings over 4 GB are",
        [b'B', b'W', b'6', b'4', ..] => "a BW64 file, as recordings over 4 GB are",
        [b'R', b'I', b'F', b'X', ..] => "a RIFX file, which has its bytes in the other order",
        [b'R', b'I', b'F', b'F', ..] if inner == b"AVI " => "an AVI file",
        [b'F', b'O', b'R', b'M', ..] if matches!(inner, b"AIFF" | b"AIFC") => "an AIFF file",
        [b'f', b'L', b'a', b'C', ..] => "a FLAC file",
        [b'O', b'g', b'g', b'S', ..] => "an Ogg file",
        [b'I', b'D', b'3', ..] | [0xFF, 0xFA | 0xFB | 0xF2 | 0xF3, ..] => "an MP3 file",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "an MPEG-4 file",
        [b'c', b'a', b'f', b'f', ..] => "a CAF file",
        [b'w', b'v', b'p', b'k', ..] => "a WavPack file",
        [b'.', b's', b'n', b'd', ..] => "an AU file",
        _ => return None,
    };
    Some(kind)
}

/// The name of a format by its tag in a WAV file.
fn compression(tag: u16) -> Option<&'static str> {
    let name = match tag {
        0x02 => "Microsoft ADPCM",
        0x06 => "A-law",
        0x07 => "mu-law",
        0x11 => "IMA ADPCM",
        0x31 => "GSM 6.10",
        0x50 => "MPEG",
        0x55 => "MP3",
        _ => return None,
    };
    Some(name)
}

impl From<hound::Error> for Refused {
    fn from(error: hound::Error) -> Self {
        Refused::Hound(error)
    }
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Refused::Hound(error.into())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Empty => f.write_str("is empty; record or copy it again"),
            Refused::Foreign(kind) => write!(f, "is {kind}; {CONVERT_TO_WAV}"),
            Refused::Other(what) => write!(f, "{what}, no WAV file; give a recording"),
            Refused::NoSamples => f.write_str("ends before its samples begin; record or copy it again"),
            Refused::NoLength => f.write_str(
                "does not say in its head how many samples there are, as when it was written to a pipe; write it to a file",
            ),
            Refused::Compressed(tag) => match compression(*tag) {
                Some(name) => write!(f, "is a WAV file of compressed samples ({name}); {CONVERT}"),
                None => write!(f, "is a WAV file of another kind of samples (format {tag:#06x}); {CONVERT}"),
            },
            Refused::Hound(error) => about(error, f),
        }
    }
}

/// What the crate that reads WAV files says, in words for who recorded one.
fn about(error: &hound::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // The crate speaks of too few bytes where a file ends within a head or a sample.
    let is_cut_short = |error: &std::io::Error| {
        error.kind() == std::io::ErrorKind::UnexpectedEof || error.to_string().contains("enough bytes")
    };
    match error {
        hound::Error::IoError(error) if is_cut_short(error) => f.write_str(
            "is cut short: its head speaks of more samples than there are; record or copy it again",
        ),
        hound::Error::IoError(error) => write!(f, "cannot be read: {error}"),
        hound::Error::FormatError("bits per sample is not 32") => {
            write!(f, "has floating point samples of other than 32 or 64 bits; {CONVERT}")
        }
        hound::Error::FormatError("bits per sample is not a multiple of 8") => {
            write!(f, "has samples of a number of bits that fills no whole bytes; {CONVERT}")
        }
        hound::Error::FormatError(reason) => {
            write!(f, "is damaged, or no WAV file: {reason}; record or copy it again")
        }
        hound::Error::Unsupported => {
            write!(f, "is a WAV file whose samples are packed or of an unusual kind; {CONVERT}")
        }
        other => write!(f, "has samples that do not fit its head: {other}; {CONVERT}"),
    }
}
