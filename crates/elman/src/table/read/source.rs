//! Bytes from where they come: unpacked, and no more of them than fit into memory.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::{count_line_breaks, foreign, npz, zip};
use crate::table::TableError;

/// This many bytes tell what a file is.
const START: u64 = 1 << 16;

/// A way in which files are packed.
#[derive(Clone, Copy)]
enum Packing {
    Gzip,
    Zstd,
    Zip,
}

impl Packing {
    fn of(start: &[u8]) -> Option<Self> {
        if start.starts_with(b"\x1F\x8B") {
            Some(Packing::Gzip)
        } else if start.starts_with(b"\x28\xB5\x2F\xFD") {
            Some(Packing::Zstd)
        } else if zip::recognises(start) && !npz::recognises(start) {
            Some(Packing::Zip)
        } else {
            None
        }
    }
}

/// Is a file that starts like this packed?
pub(super) fn is_packed(start: &[u8]) -> bool {
    Packing::of(start).is_some()
}

/// The bytes of a table's file, unpacked if it was packed. It is probably of this size; of more bytes than the limit,
/// packed or not, it is refused: there an endless input ends.
///
/// # Errors
/// That of the reader; or if the file is no table by its first bytes, or too large, or packed twice.
pub(super) fn read(name: &str, reader: impl Read, size: u64, limit: u64) -> Result<Vec<u8>, TableError> {
    read_unless(foreign::name, name, reader, size, limit)
}

/// As [`read`], of any file.
pub(super) fn read_any(name: &str, reader: impl Read, size: u64, limit: u64) -> Result<Vec<u8>, TableError> {
    read_unless(|_| None, name, reader, size, limit)
}

/// What a file is that begins so, if it cannot be read.
type Refused = fn(&[u8]) -> Option<Cow<'static, str>>;

/// The bytes of a file, unless its first ones are those of something that cannot be read.
fn read_unless(
    refused: Refused,
    name: &str,
    mut reader: impl Read,
    size: u64,
    limit: u64,
) -> Result<Vec<u8>, TableError> {
    let mut start = read_start(refused, name, &mut reader)?;
    let Some(packing) = Packing::of(&start) else {
        // All memory at once: a vector that grows is there twice. Where there is not as much, it may yet do.
        let expected = usize::try_from(size.min(limit)).unwrap_or(usize::MAX).saturating_add(1);
        let _ = start.try_reserve_exact(expected.saturating_sub(start.len()));
        return read_rest(name, start, reader, limit);
    };
    let mut unpacked: Box<dyn Read + '_> = match packing {
        Packing::Gzip => Box::new(MultiGzDecoder::new(start.as_slice().chain(reader))),
        Packing::Zstd => Box::new(ZstdFrames::new(start.as_slice().chain(reader))),
        Packing::Zip => {
            let archive = read_rest(name, start, reader, limit)?;
            Box::new(io::Cursor::new(zip::only_file(name, &archive, limit)?))
        }
    };
    let start = read_start(refused, name, &mut unpacked)?;
    if Packing::of(&start).is_some() {
        let found = "is compressed twice; unpack it first".to_owned();
        return Err(TableError::NoTable { table: name.to_owned(), found });
    }
    read_rest(name, start, unpacked, limit)
}

/// The first bytes, which must not be those of another kind of file.
fn read_start(refused: Refused, name: &str, reader: &mut impl Read) -> Result<Vec<u8>, TableError> {
    let mut start = Vec::new();
    let read = reader.by_ref().take(START).read_to_end(&mut start);
    read.map_err(|error| failure(name, &start, error))?;
    match refused(&start) {
        Some(found) => Err(TableError::NoTable { table: name.to_owned(), found: found.into_owned() }),
        None => Ok(start),
    }
}

/// All bytes, of which these are the first.
fn read_rest(name: &str, mut bytes: Vec<u8>, reader: impl Read, limit: u64) -> Result<Vec<u8>, TableError> {
    let rest = limit.saturating_add(1).saturating_sub(bytes.len() as u64);
    let read = reader.take(rest).read_to_end(&mut bytes);
    read.map_err(|error| failure(name, &bytes, error))?;
    if bytes.len() as u64 > limit {
        return Err(TableError::TooLarge { table: name.to_owned(), limit });
    }
    bytes.shrink_to_fit();
    Ok(bytes)
}

fn failure(name: &str, bytes: &[u8], error: io::Error) -> TableError {
    TableError::Read { table: name.to_owned(), line: 1 + count_line_breaks(bytes), error }
}

/// The content of one zstd frame after the other.
struct ZstdFrames<R: Read> {
    reader: Option<io::BufReader<R>>,
    frame: Option<Frame<R>>,
}

type Frame<R> = ruzstd::decoding::StreamingDecoder<io::BufReader<R>, ruzstd::decoding::FrameDecoder>;

impl<R: Read> ZstdFrames<R> {
    fn new(reader: R) -> Self {
        ZstdFrames { reader: Some(io::BufReader::new(reader)), frame: None }
    }
}

impl<R: Read> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use std::io::BufRead;
        loop {
            if let Some(mut frame) = self.frame.take() {
                let read = frame.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    self.frame = Some(frame);
                    return Ok(read);
                }
                self.reader = Some(frame.into_inner());
            }
            let Some(mut reader) = self.reader.take() else { return Ok(0) };
            if reader.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.frame = Some(Frame::new(reader).map_err(io::Error::other)?);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_too_large_is_refused() {
        let error = read_rest("t.csv", b"a\n".to_vec(), io::repeat(b'1'), 1 << 16).unwrap_err();
        assert!(matches!(error, TableError::TooLarge { limit: 65_536, .. }), "{error}");
        for limit in [3, u64::MAX] {
            assert_eq!(read_rest("t.csv", b"a\n".to_vec(), b"1".as_slice(), limit).unwrap(), b"a\n1");
        }
    }

    fn read(name: &str, bytes: &[u8]) -> Result<Vec<u8>, TableError> {
        super::read(name, bytes, bytes.len() as u64, 1 << 30)
    }

    const CSV: &str = "a,b\n1,2\n3,4\n";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn packed_files_are_unpacked() {
        let halves =
            |pack: fn(&[u8]) -> Vec<u8>| [pack(&CSV.as_bytes()[..6]), pack(&CSV.as_bytes()[6..])].concat();
        for packed in [gzip(CSV.as_bytes()), zstd(CSV.as_bytes()), halves(gzip), halves(zstd)] {
            assert_eq!(read("t", &packed).unwrap(), CSV.as_bytes());
            let error = read("t", &packed[..packed.len() - 3]).unwrap_err().to_string();
            assert!(error.starts_with("cannot read t beyond line "), "{error}");
        }
    }

    #[test]
    fn what_is_no_table_inside_is_refused() {
        let error = |bytes: &[u8]| read("t", bytes).unwrap_err().to_string();
        assert_eq!(error(&gzip(&gzip(CSV.as_bytes()))), "t is compressed twice; unpack it first");
        assert_eq!(error(&gzip(&[0; 1 << 20])), "t is a binary file, no table");
    }
}
