//! Files of other kinds, named as what they are.

use std::borrow::Cow;

use super::text::utf16;
use super::{arrow, count_line_breaks, npz, ts, tsf, zip};

/// A file that is no table that can be read.
pub(super) struct Foreign {
    /// What it is: `is a PDF document`.
    what: Cow<'static, str>,
    /// What to do about it, with what joins both: `; export its table as CSV`.
    way: &'static str,
}

impl Foreign {
    fn new(what: impl Into<Cow<'static, str>>, way: &'static str) -> Option<Self> {
        Some(Foreign { what: what.into(), way })
    }
}

/// What a file that begins with these bytes is, and what to do about it, if it cannot be read as a table.
pub(super) fn name(start: &[u8]) -> Option<Cow<'static, str>> {
    #[cfg(feature = "parquet")]
    if start.starts_with(b"PAR1") {
        return None;
    }
    find(start).map(|Foreign { what, way }| format!("{what}{way}").into()).or_else(|| zeros(start))
}

/// The kinds of files that are known, as far as others than the readers of tables need to tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A table, which may be one that is not read.
    Table,
    Sound,
    Model,
    /// A text, but not a plain one.
    Document,
    /// Something else that is no text.
    Other,
}

/// So many bytes tell what a file is.
pub(crate) const TELLING: usize = 1 << 12;

/// What a file is that has or begins with these bytes, as `is a picture (PNG)`, if it is of a known kind and no text.
pub(crate) fn kind(bytes: &[u8]) -> Option<(Cow<'static, str>, Holds)> {
    let start = bytes.get(..TELLING).unwrap_or(bytes);
    // The end may cut a character.
    let is_utf8 = std::str::from_utf8(start).map_or_else(|error| error.error_len().is_none(), |_| true);
    if is_utf8 && !start.contains(&0) {
        return None;
    }
    if start.starts_with(b"\x1F\x8B") || start.starts_with(b"\x28\xB5\x2F\xFD") {
        return Some(("is packed with gzip or zstd".into(), Holds::Other));
    }
    let read: [(bool, &str); 4] = [
        (start.starts_with(b"PAR1"), "is a Parquet file"),
        (arrow::recognises(start), "is an Arrow file"),
        (npz::recognises(start), "is a file of NumPy's arrays"),
        (start.starts_with(b"\x93NUMPY"), "is a file of a NumPy array"),
    ];
    if let Some((_, what)) = read.into_iter().find(|(is_it, _)| *is_it) {
        return Some(((*what).into(), Holds::Table));
    }
    let Foreign { what, way } = find(start)?;
    let holds = match way {
        SOUND => Holds::Sound,
        _ if what.contains("document") => Holds::Document,
        _ if way.contains("export") => Holds::Table,
        _ if what == MODEL => Holds::Model,
        _ => Holds::Other,
    };
    Some((what, holds))
}

const MODEL: &str = "is a model file";
/// It ends with the name of an option, which `TableError::message` keeps apart.
pub(crate) const SOUND: &str = ", no table; sound is learned by the task label, from what went into a device and what came out, with audio";

fn find(start: &[u8]) -> Option<Foreign> {
    let kinds: [(&[u8], &str, &str); 36] = [
        (b"%PDF", "is a PDF document", "; export its table as CSV"),
        (b"\xD0\xCF\x11\xE0", "is a spreadsheet or document of an old Office", "; export the sheet as CSV"),
        (b"\x89PNG", "is a picture (PNG)", ", no table"),
        (b"\xFF\xD8\xFF", "is a picture (JPEG)", ", no table"),
        (b"GIF8", "is a picture (GIF)", ", no table"),
        (b"SQLite format 3\0", "is an SQLite database", "; export the table as CSV"),
        (b"\x89HDF", "is an HDF5 file", "; export the table as CSV"),
        (b"MATLAB 5.0", "is a MATLAB file", "; export the table as CSV"),
        (b"\x7FELF", "is a program", ", no table"),
        (b"MZ\x90", "is a program", ", no table"),
        (b"BZh", "is compressed with bzip2", "; unpack it first, or use gzip or zstd"),
        (b"\xFD7zXZ", "is compressed with xz", "; unpack it first, or use gzip or zstd"),
        (b"\x04\x22\x4D\x18", "is compressed with lz4", "; unpack it first, or use gzip or zstd"),
        (b"\x5D\0\0", "is compressed with lzma", "; unpack it first, or use gzip or zstd"),
        (b"\x1F\x9D", "is compressed with compress", "; unpack it first, or use gzip or zstd"),
        (b"7z\xBC\xAF", "is a 7z archive", "; unpack it first"),
        (b"Rar!", "is a rar archive", "; unpack it first"),
        (
            b"PAR1",
            "is a Parquet file",
            ", which is read where this was built with the feature parquet (cargo install --features \
             parquet); or export the table as CSV",
        ),
        (b"PK\x05\x06", "is an empty zip archive", ""),
        (b"PK\x07\x08", "is a part of a zip archive", "; unpack it first"),
        (b"FEA1", "is a Feather file of the first version", "; save it with to_feather of a pandas of today"),
        (b"ORC", "is an ORC file", "; export the table as CSV"),
        (b"{\\rtf", "is a text document (RTF)", "; export its table as CSV"),
        (b"RDX", "is an R data file", "; export the table as CSV"),
        (b"X\n\0\0\0", "is an R data file", "; export the table as CSV"),
        (b"$FL2", "is an SPSS file", "; export the table as CSV"),
        (b"<stata_dta>", "is a Stata file", "; export the table as CSV"),
        (b"\0\0\0\0\0\0\0\0\0\0\0\0\xC2\xEA\x81\x60", "is a SAS file", "; export the table as CSV"),
        (b"HEADER RECORD*******", "is a SAS transport file", "; export the table as CSV"),
        (b"\0\x01\0\0Standard ", "is an Access database", "; export the table as CSV"),
        (b"CDF\x01", "is a NetCDF file", "; export the table as CSV"),
        (b"CDF\x02", "is a NetCDF file", "; export the table as CSV"),
        (b"Obj\x01", "is an Avro file", "; export the table as CSV"),
        (b"SIMPLE  =", "is a FITS file", "; export the table as CSV"),
        (b"\xFF\xFE\0\0", "is a text in UTF-32", "; save it as UTF-8"),
        (b"\0\0\xFE\xFF", "is a text in UTF-32", "; save it as UTF-8"),
    ];
    if crate::audio::is_wav(start) {
        return Foreign::new("is a recording (WAV)", SOUND);
    }
    if let Some((_, what, way)) = kinds.iter().find(|(magic, ..)| start.starts_with(magic)) {
        return Foreign::new(*what, way);
    }
    let contains = |part: &[u8]| start.windows(part.len()).any(|window| window == part);
    let begins = |tag: &str| {
        let text = start.trim_ascii_start();
        text.get(..tag.len()).is_some_and(|text| text.eq_ignore_ascii_case(tag.as_bytes()))
    };
    if arrow::recognises(start) || npz::recognises(start) {
        return None;
    }
    if zip::recognises(start) {
        // A document of OpenDocument has its kind, not packed, as the content of its first file.
        let head = start.get(..128).unwrap_or(start);
        let says = |kind: &[u8]| head.windows(kind.len()).any(|window| window == kind);
        let has = |is_meant: &dyn Fn(&[u8]) -> bool| packed_names(start).any(is_meant);
        let is_document = says(b"opendocument.text") || has(&|name| name.starts_with(b"word/"));
        let is_spreadsheet = says(b"opendocument")
            || has(&|name| {
                name.starts_with(b"xl/") || name == b"[Content_Types].xml" || name.ends_with(b".iwa")
            });
        return match (is_document, is_spreadsheet) {
            (true, _) => Foreign::new("is a text document", "; export its table as CSV"),
            (_, true) => Foreign::new("is a spreadsheet", "; export the sheet as CSV"),
            // What it packs may be a table.
            _ => None,
        };
    }
    if let [0x80, 2..=5, ..] = start {
        let way = ", which only Python can read; save the table as CSV (to_csv) or arrays as npz (np.savez)";
        return Foreign::new("is a Python pickle", way);
    }
    if start.get(257..262) == Some(b"ustar") {
        return Foreign::new("is a tar archive", "; unpack it first");
    }
    let is_page = ["<!doctype html", "<html", "<table"].into_iter().any(begins);
    if is_page && contains(b"<tr") {
        let way = ", as some programs save for spreadsheets; export it as CSV";
        return Foreign::new("holds its table as a web page", way);
    }
    if is_page {
        return Foreign::new("is a web page", ", no table; was the file downloaded from the right address?");
    }
    if begins("<?xml") {
        return Foreign::new("is an XML file", "; export the table as CSV");
    }
    if is_arff(start) {
        return Foreign::new("is an ARFF file", "; export the table as CSV");
    }
    // Elman's own: the length of a header, and the header.
    if start.get(8..10) == Some(b"{\"") && contains(b"__metadata__") {
        return Foreign::new(MODEL, ", no table");
    }
    // Another program's recording begins like a text, but does not go on so.
    let sound = crate::audio::kind(start).filter(|_| start.contains(&0))?;
    Foreign::new(format!("is {sound}"), SOUND)
}

/// What is said of what no text has, in a file that is of no known kind.
fn zeros(start: &[u8]) -> Option<Cow<'static, str>> {
    let is_array = start.starts_with(b"\x93NUMPY");
    let is_compressed = start.starts_with(b"\x1F\x8B") || start.starts_with(b"\x28\xB5\x2F\xFD");
    let is_read = is_array
        || is_compressed
        || zip::recognises(start)
        || arrow::recognises(start)
        || npz::recognises(start);
    let is_binary = start.contains(&0) && utf16(start).is_none() && !is_read;
    is_binary.then(|| zeros_in_text(start).map_or("is a binary file, no table".into(), Cow::from))
}

/// Is it an ARFF file? Those of archives of series, which are read, may have lines like its head's.
fn is_arff(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let lines = start.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"%"));
    lines.next().is_some_and(|line| behind_key(line, "@relation").is_some())
        && lines.take_while(|line| behind_key(line, "@data").is_none()).any(is_attribute)
        && !(tsf::READER.recognises)(start)
        && !(ts::READER.recognises)(start)
}

/// What stands in a line behind the key with which it begins, in letters of either case.
fn behind_key<'l>(line: &'l [u8], key: &str) -> Option<&'l [u8]> {
    let (begin, rest) = line.split_at_checked(key.len())?;
    let is_key =
        begin.eq_ignore_ascii_case(key.as_bytes()) && rest.first().is_none_or(u8::is_ascii_whitespace);
    is_key.then(|| rest.trim_ascii_start())
}

/// Does a line name an attribute and its type, as ARFF has them: `@attribute 'a name' numeric`, `@attribute b {x, y}`?
fn is_attribute(line: &[u8]) -> bool {
    const TYPES: [&str; 6] = ["numeric", "real", "integer", "string", "date", "relational"];
    let Some(text) = behind_key(line, "@attribute") else { return false };
    let end = match text.first() {
        Some(quote @ (b'\'' | b'"')) => {
            text.iter().skip(1).position(|byte| byte == quote).map(|inside| inside + 2)
        }
        _ => text.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'{'),
    };
    let Some(end) = end else { return false };
    let rest = text[end..].trim_ascii_start();
    let word = &rest[..rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count()];
    rest.starts_with(b"{") || TYPES.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
}

/// What is said of a text that has a few bytes of zero, and none besides that no text has.
fn zeros_in_text(start: &[u8]) -> Option<String> {
    /// Of so many bytes one may be zero.
    const RARE: usize = 20;
    let zeros = start.iter().filter(|&&byte| byte == 0).count();
    let is_control = |byte: u8| matches!(byte, 1..=8 | 14..=31 | 127);
    let first = start.iter().position(|&byte| byte == 0)?;
    let is_text = zeros * RARE < start.len() && !start.iter().any(|&byte| is_control(byte));
    let line = 1 + count_line_breaks(&start[..first]);
    is_text.then(|| {
        format!(
            "has a byte of zero (NUL) in line {line}, which no text has; take it out, or save the file anew"
        )
    })
}

/// The names of the files in the beginning of a zip archive: those behind the heads of its files.
fn packed_names(start: &[u8]) -> impl Iterator<Item = &[u8]> {
    const HEAD: &[u8] = b"PK\x03\x04";
    let heads = start.windows(HEAD.len()).enumerate().filter(|(_, window)| *window == HEAD);
    heads.filter_map(|(at, _)| {
        let len = start.get(at + 26..at + 28)?;
        let len = usize::from(u16::from_le_bytes([len[0], len[1]]));
        start.get(at + 30..at + 30 + len)
    })
}

#[cfg(test)]
mod tests {
    use crate::table::Table;

    fn error(bytes: &[u8]) -> String {
        Table::read("t", bytes).unwrap_err().to_string()
    }

    /// The heads of files of these names in a zip archive.
    fn packed(names: &[&str]) -> Vec<u8> {
        let head = |name: &&str| {
            let len = u16::try_from(name.len()).unwrap().to_le_bytes();
            [b"PK\x03\x04", &[0; 22][..], &len, &[0; 2], name.as_bytes()].concat()
        };
        names.iter().flat_map(head).collect()
    }

    #[test]
    fn other_kinds_of_files_are_named() {
        for (bytes, name) in [
            (&b"%PDF-1.7\n%\xE2\xE3"[..], "t is a PDF document; export its table as CSV"),
            (
                b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0",
                "t is a recording (WAV), no table; sound is learned by the task label, from what went into a device and \
                 what came out, with audio",
            ),
            (&packed(&["[Content_Types].xml"]), "t is a spreadsheet; export the sheet as CSV"),
            (&packed(&["_rels/.rels", "xl/workbook.xml"]), "t is a spreadsheet; export the sheet as CSV"),
            (
                &packed(&["mimetypeapplication/vnd.oasis.opendocument"]),
                "t is a spreadsheet; export the sheet as CSV",
            ),
            (
                &packed(&["[Content_Types].xml", "word/document.xml"]),
                "t is a text document; export its table as CSV",
            ),
            (
                b"\x80\x04\x95\x0C\0\0\0\0\0\0\0]\x94(K\x01K\x02e.",
                "t is a Python pickle, which only Python can read; save the table as CSV (to_csv) or arrays as npz \
                 (np.savez)",
            ),
            (b"SQLite format 3\0\x10\0", "t is an SQLite database; export the table as CSV"),
            (b"\x89HDF\r\n\x1A\n\0", "t is an HDF5 file; export the table as CSV"),
            (b"BZh91AY&SY", "t is compressed with bzip2; unpack it first, or use gzip or zstd"),
            (b"\xFD7zXZ\0\0\x04", "t is compressed with xz; unpack it first, or use gzip or zstd"),
            (b"7z\xBC\xAF\x27\x1C\0\x04", "t is a 7z archive; unpack it first"),
            (
                b"<table border=1>\n<tr><td>a</td></tr></table>",
                "t holds its table as a web page, as some programs save for spreadsheets; export it as CSV",
            ),
            (
                b"<!DOCTYPE html><p>",
                "t is a web page, no table; was the file downloaded from the right address?",
            ),
            (b"@relation a\n@attribute b numeric\n", "t is an ARFF file; export the table as CSV"),
            (b"a,b\n1,\x00\x01\n", "t is a binary file, no table"),
            (
                b"name,number\nfirst row,1\nsecond row,2\x00\nthird row,3\n",
                "t has a byte of zero (NUL) in line 3, which no text has; take it out, or save the file anew",
            ),
            (b"\xFF\xFE\0\0a\0\0\0", "t is a text in UTF-32; save it as UTF-8"),
        ] {
            assert_eq!(error(bytes), name);
        }
    }

    #[test]
    fn arff_is_known_by_its_head() {
        for text in [
            "% Fisher's irises\n%\n\n@RELATION iris\n\n@ATTRIBUTE length REAL\n@DATA\n5.1\n",
            "% a\r\n@relation 'two words'\r\n% b\r\n@attribute 'the class' {a, b}\r\n@data\r\na\r\n",
            "@relation r\n@attribute class{a,b}\n@attribute n real[0.5, 7]\n@data\na,1\n",
            "\u{FEFF}@relation r\n@attribute day date \"yyyy-MM-dd\"\n@data\n2024-01-05\n",
        ] {
            assert_eq!(error(text.as_bytes()), "t is an ARFF file; export the table as CSV", "{text}");
        }
        for text in [
            "% a comment\na,b\n1,2\n",
            "@relation,b\n1,2\n",
            "@relation r\n@attribute a unknown\n@data\n",
            "@relation r\n@attribute\n@attribute 'a\n@attribute b\n@data\n@attribute c real\n",
        ] {
            assert_eq!(super::name(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn archives_of_series_may_begin_with_a_relation() {
        for begin in ["", "# Monash\n", "@relation nn5\n", "% Monash\n\n@relation nn5\n"] {
            let text = format!(
                "{begin}@attribute series_name string\n@attribute start_timestamp date\n@frequency daily\n\
                 @horizon 56\n@missing true\n@equallength true\n@data\nT1:1996-03-18 00-00-00:5,?,7\n"
            );
            let table = Table::read("nn5.tsf", text.as_bytes()).unwrap();
            assert_eq!(table.headers(), ["unique_id", "ds", "y"], "{begin}");
            assert_eq!(table.num_rows(), 3);
        }
        let text = "@relation r\n@problemName r\n@attribute a numeric\n@classLabel false\n@data\n1,2\n";
        assert_eq!(Table::read("r.ts", text.as_bytes()).unwrap().headers(), ["id", "time", "dim1"]);
    }

    #[test]
    fn what_never_ends_is_refused_at_its_beginning() {
        assert_eq!(
            Table::read("t", std::io::repeat(0)).unwrap_err().to_string(),
            "t is a binary file, no table"
        );
    }
}
