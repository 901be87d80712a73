//! Zip archives: their files, and the one of an archive that packs a single file.

use std::io::Read;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive};

use crate::table::TableError;
use crate::words::abridged;

/// Does a zip archive with files begin so?
pub(super) fn recognises(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04")
}

/// A file's path.
pub(super) fn path(entry: &ZipFileHeaderRecord<'_>) -> String {
    String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned()
}

/// Why a file is not unpacked, in words that follow its name.
#[derive(Debug, thiserror::Error)]
pub(super) enum Packed {
    #[error("is encrypted")]
    Encrypted,
    #[error("is packed in a way that is not known ({0})")]
    Unknown(String),
    #[error("cannot be unpacked ({0})")]
    Damaged(String),
}

/// Unpacks a file; none if it has more bytes than the limit.
///
/// # Errors
/// If it cannot be.
pub(super) fn unpack(
    archive: &ZipSliceArchive<&[u8]>,
    entry: &ZipFileHeaderRecord<'_>,
    limit: u64,
) -> Result<Option<Vec<u8>>, Packed> {
    if entry.flags().is_encrypted() {
        return Err(Packed::Encrypted);
    }
    let packed = archive.get_entry(entry.wayfinder()).map_err(|error| Packed::Damaged(error.to_string()))?;
    let (mut unpacked, most) = (Vec::new(), limit.saturating_add(1));
    let read = match entry.compression_method() {
        CompressionMethod::STORE => {
            packed.verifying_reader(packed.data()).take(most).read_to_end(&mut unpacked)
        }
        CompressionMethod::DEFLATE => {
            let inflated = DeflateDecoder::new(packed.data());
            packed.verifying_reader(inflated).take(most).read_to_end(&mut unpacked)
        }
        other => return Err(Packed::Unknown(format!("{other:?}"))),
    };
    read.map_err(|error| Packed::Damaged(error.to_string()))?;
    Ok((unpacked.len() as u64 <= limit).then_some(unpacked))
}

/// The bytes of the only file of an archive; what macOS puts beside files is none.
///
/// # Errors
/// If it has several files or none, or the file cannot be unpacked or has more bytes than the limit.
pub(super) fn only_file(name: &str, bytes: &[u8], limit: u64) -> Result<Vec<u8>, TableError> {
    let refuse = |found: String| TableError::NoTable { table: name.to_owned(), found };
    let damaged = |error: rawzip::Error| {
        refuse(format!("is a zip archive that is damaged ({error}); download or pack it again"))
    };
    let archive = ZipArchive::from_slice(bytes).map_err(damaged)?;
    let (mut entries, mut files) = (archive.entries(), Vec::new());
    while let Some(entry) = entries.next_entry().map_err(damaged)? {
        let path = path(&entry);
        if !entry.is_dir() && !path.starts_with("__MACOSX/") && !path.ends_with(".DS_Store") {
            files.push((path, entry));
        }
    }
    match &files[..] {
        [(path, entry)] => {
            let unpacked = unpack(&archive, entry, limit).map_err(|problem| {
                let way_out = match problem {
                    Packed::Damaged(_) => "pack it again",
                    Packed::Encrypted | Packed::Unknown(_) => "unpack it first",
                };
                refuse(format!("is a zip archive whose file {path:?} {problem}; {way_out}"))
            })?;
            unpacked.ok_or_else(|| TableError::TooLarge { table: name.to_owned(), limit })
        }
        [] => Err(refuse("is a zip archive without a file".into())),
        files => {
            let names: Vec<String> = files.iter().map(|(path, _)| path.clone()).collect();
            let (count, names) = (names.len(), abridged(&names));
            Err(refuse(format!(
                "is a zip archive of {count} files ({names}); unpack it, and give one of them"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use crate::table::{ReadOptions, Table};

    const CSV: &str = "a,b\n1,2\n3,4\n";

    /// An archive of these files, packed.
    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
        for (name, content) in files {
            if name.ends_with('/') {
                archive.new_dir(*name).create().unwrap();
                continue;
            }
            let method = rawzip::CompressionMethod::DEFLATE;
            let (mut entry, config) = archive.new_file(*name).compression_method(method).start().unwrap();
            let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
            let mut writer = config.wrap(encoder);
            writer.write_all(content).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            entry.finish(descriptor).unwrap();
        }
        archive.finish().unwrap();
        bytes
    }

    fn error(bytes: &[u8]) -> String {
        Table::read("t.zip", bytes).unwrap_err().to_string()
    }

    #[test]
    fn a_single_file_is_unpacked() {
        let aside: (&str, &[u8]) = ("__MACOSX/._t.csv", b"\0\x05\x16\x07");
        for files in [
            &[("t.csv", CSV.as_bytes())][..],
            &[("data/", b""), ("data/t.csv", CSV.as_bytes()), aside, ("data/.DS_Store", b"\0")],
        ] {
            let table = Table::read("t.zip", zip(files).as_slice()).unwrap();
            assert_eq!(table.headers(), ["a", "b"]);
            assert_eq!(table.column("b").unwrap().numbers().unwrap(), [2.0, 4.0]);
        }
        // What it holds may speak of what is in a spreadsheet's archive.
        let links = zip(&[("t.csv", b"url,v\nhttp://example.org/xl/a,1\nhttp://example.org/xl/b,2\n")]);
        assert_eq!(Table::read("t.zip", links.as_slice()).unwrap().num_rows(), 2);
        let text = Table::read_text("t.zip", zip(&[("t.txt", b"A text.")]).as_slice()).unwrap();
        assert_eq!(text.document(), Some(b"A text.".as_slice()));
    }

    #[test]
    fn other_archives_say_what_they_are() {
        assert_eq!(
            error(&zip(&[("a.csv", CSV.as_bytes()), ("b.csv", CSV.as_bytes())])),
            "t.zip is a zip archive of 2 files (a.csv, b.csv); unpack it, and give one of them"
        );
        assert_eq!(error(&zip(&[("data/", b"")])), "t.zip is a zip archive without a file");
        assert_eq!(error(&zip(&[])), "t.zip is an empty zip archive");
        let one = zip(&[("t.csv", CSV.as_bytes())]);
        assert_eq!(error(&zip(&[("t.zip", &one)])), "t.zip is compressed twice; unpack it first");
        assert_eq!(
            error(&zip(&[("t.pdf", b"%PDF-1.7")])),
            "t.zip is a PDF document; export its table as CSV"
        );
        let cut = error(&one[..one.len() - 10]);
        assert!(cut.starts_with("t.zip is a zip archive that is damaged ("), "{cut}");
        let mut locked = one.clone();
        let directory = one.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
        locked[directory + 8] |= 1;
        assert_eq!(
            error(&locked),
            "t.zip is a zip archive whose file \"t.csv\" is encrypted; unpack it first"
        );
        let zeros = zip(&[("t.csv", &[b'1'; 100_000])]);
        let limited = ReadOptions::default().with_limit(10_000);
        let error = Table::read_with("t.zip", zeros.as_slice(), &limited).unwrap_err().to_string();
        assert!(zeros.len() < 10_000 && error.starts_with("t.zip holds more than 10000 bytes"), "{error}");
    }
}
