//! ts: sequences with a class or a number each, as the UCR and UEA archives have them.
//!
//! After a head of `@` lines each line is a sequence: its dimensions, with colons between and commas between
//! their values, then its class or target.

use super::archive::{Archive, has_key};
use super::{Input, Reader, text};
use crate::table::builder::Builder;
use crate::table::{Table, TableError};

pub(super) const READER: Reader = Reader { name: "ts", recognises, read };

fn recognises(bytes: &[u8]) -> bool {
    has_key(bytes, &["problemname", "univariate", "classlabel", "targetlabel", "timestamps"])
}

fn read(Input { name, bytes, limit }: Input<'_>) -> Result<Table, TableError> {
    let (text, remark) = text::decode(name, bytes);
    let problem = |place: String, problem: &str| {
        Err(TableError::Malformed { table: name.to_owned(), place, problem: problem.to_owned() })
    };
    let Some(archive) = Archive::of(&text) else {
        return problem("head".to_owned(), "a line @data is missing; the sequences come after it");
    };
    if archive.is("timestamps") {
        return problem("head".to_owned(), "values with timestamps are not read; leave out the timestamps");
    }
    let has_target = archive.is("classlabel") || archive.is("targetlabel");
    let Some((_, first)) = archive.lines.first() else {
        return Err(TableError::NoRows { table: name.to_owned() });
    };
    let dimensions = first.split(':').count() - usize::from(has_target);
    let dims = (1..=dimensions).map(|number| format!("dim{number}"));
    let mut headers: Vec<String> = ["id".to_owned(), "time".to_owned()].into_iter().chain(dims).collect();
    headers.extend(has_target.then(|| "target".to_owned()));
    let mut table = Builder::new(name, 1, headers.iter().map(String::as_str), limit)?;
    table.head.remarks.extend(remark);
    let number = archive.lines.len();
    let text =
        format!("{name}: {number} sequences, read as a row per step with the columns {}", names(&headers));
    table.head.remarks.push(text.into());
    table.head.hints.made_time = Some("time");
    for ((line, text), id) in archive.lines.iter().zip(1..) {
        let mut parts: Vec<&str> = text.split(':').collect();
        let target = if has_target { parts.pop() } else { None };
        if parts.len() != dimensions {
            let found = parts.len();
            let what =
                format!("{found} dimensions where the first sequence has {dimensions}; give each as many");
            return problem(format!("line {line}"), &what);
        }
        let values: Vec<Vec<&str>> =
            parts.iter().map(|part| part.split(',').map(str::trim).collect()).collect();
        let steps = values.iter().map(Vec::len).max().unwrap_or(0);
        let id = id.to_string();
        for step in 0..steps {
            let time = step.to_string();
            let cells = values.iter().map(|values| match values.get(step) {
                Some(&value) if value != "?" && !value.eq_ignore_ascii_case("nan") => value,
                _ => "",
            });
            let row: Vec<&str> = [id.as_str(), &time].into_iter().chain(cells).chain(target).collect();
            table.row(*line, row.into_iter())?;
        }
    }
    table.finish()
}

/// The first and the last of some names.
fn names(headers: &[String]) -> String {
    match headers {
        [id, time, first, .., last] if headers.len() > 5 => format!("{id}, {time}, {first} to {last}"),
        _ => headers.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use crate::table::{ReadOptions, Table, read};

    const HEAD: &str = "# a comment\n@problemName Shapes\n@timeStamps false\n@univariate false\n";

    #[test]
    fn a_sequence_per_line_becomes_a_row_per_step() {
        let text = format!("{HEAD}@classLabel true up down\n@data\n1,2.5,?:4,5,6:up\n7:8:down\n");
        assert_eq!(read::format(text.as_bytes()), "ts");
        let table = Table::read("s.ts", text.as_bytes()).unwrap();
        assert_eq!(table.headers(), ["id", "time", "dim1", "dim2", "target"]);
        assert_eq!(table.made_time(), Some("time"));
        let texts = |name| table.column(name).unwrap().texts().collect::<Vec<_>>();
        assert_eq!(texts("id"), ["1", "1", "1", "2"]);
        assert_eq!(texts("time"), ["0", "1", "2", "0"]);
        assert_eq!(texts("dim1"), ["1", "2.5", "", "7"]);
        assert_eq!(table.column("dim2").unwrap().numbers().unwrap(), [4.0, 5.0, 6.0, 8.0]);
        assert_eq!(texts("target"), ["up", "up", "up", "down"]);
    }

    #[test]
    fn targets_may_be_numbers_or_missing() {
        let table =
            Table::read("s.ts", format!("{HEAD}@targetLabel true\n@data\n1,2:0.5\n").as_bytes()).unwrap();
        assert_eq!(table.column("target").unwrap().numbers().unwrap(), [0.5, 0.5]);
        let table = Table::read("s.ts", format!("{HEAD}@classLabel false\n@data\n1,2\n").as_bytes()).unwrap();
        assert_eq!(table.headers(), ["id", "time", "dim1"]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let error =
            |text: &str| Table::read("s.ts", format!("{HEAD}{text}").as_bytes()).unwrap_err().to_string();
        assert_eq!(
            error("@classLabel true a\n@data\n1,2:3,4:a\n1,2:a\n"),
            "s.ts, line 8: 1 dimensions where the first sequence has 2; give each as many"
        );
        assert_eq!(error(""), "s.ts, head: a line @data is missing; the sequences come after it");
        assert!(error("@timeStamps true\n@data\n").contains("no rows"));
    }
    /// One long dimension makes rows of all others, which say nothing in them.
    #[test]
    fn a_short_file_makes_no_endless_table() {
        let text = format!("{HEAD}@data\n{}1{}\n", "1,".repeat(2000), ":1".repeat(2000));
        let options = ReadOptions::default().with_limit(1 << 20);
        let error = Table::read_with("s.ts", text.as_bytes(), &options).unwrap_err().to_string();
        assert!(error.starts_with("s.ts holds more than 1048576 bytes"), "{error}");
        assert_eq!(Table::read("s.ts", text.as_bytes()).unwrap().num_rows(), 2001);
    }
}
