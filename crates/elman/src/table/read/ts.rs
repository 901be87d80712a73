//! ts: sequences with a class or a number each, as the UCR and UEA archives have them.
//!
//! After a head of `@` lines each line is a sequence: its dimensions, with colons between and commas between
//! their values, then its class or target. Values may have timestamps, `(2023-01-01 00:00:00,1.5)`.

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
    let has_times = archive.is("timestamps");
    let has_target = archive.is("classlabel") || archive.is("targetlabel");
    let Some((_, first)) = archive.lines.first() else {
        return Err(TableError::NoRows { table: name.to_owned() });
    };
    let dimensions = split_outside(first, ':').count() - usize::from(has_target);
    let dims = (1..=dimensions).map(|number| format!("dim{number}"));
    let mut headers: Vec<String> = ["id".to_owned(), "time".to_owned()].into_iter().chain(dims).collect();
    headers.extend(has_target.then(|| "target".to_owned()));
    let mut table = Builder::new(name, 1, headers.iter().map(String::as_str), limit)?;
    table.head.remarks.extend(remark);
    let number = archive.lines.len();
    let text =
        format!("{name}: {number} sequences, read as a row per step with the columns {}", names(&headers));
    table.head.remarks.push(text.into());
    (table.head.hints.made_id, table.head.hints.made_time) = (Some("id"), Some("time"));
    for ((line, text), id) in archive.lines.iter().zip(1..) {
        let mut parts: Vec<&str> = split_outside(text, ':').collect();
        let target = if has_target { parts.pop() } else { None };
        if parts.len() != dimensions {
            let found = parts.len();
            let what =
                format!("{found} dimensions where the first sequence has {dimensions}; give each as many");
            return problem(format!("line {line}"), &what);
        }
        let (times, values) = match has_times {
            false => (None, parts.iter().map(|part| part.split(',').map(str::trim).collect()).collect()),
            true => match with_times(&parts) {
                Ok((times, values)) => (Some(times), values),
                Err(what) => return problem(format!("line {line}"), what),
            },
        };
        let values: Vec<Vec<&str>> = values;
        let steps = values.iter().map(Vec::len).max().unwrap_or(0);
        let id = id.to_string();
        for step in 0..steps {
            let counted = step.to_string();
            let time = times.as_ref().map_or(counted.as_str(), |times| times[step]);
            let cells = values.iter().map(|values| match values.get(step) {
                Some(&value) if value != "?" && !value.eq_ignore_ascii_case("nan") => value,
                _ => "",
            });
            let row: Vec<&str> = [id.as_str(), time].into_iter().chain(cells).chain(target).collect();
            table.row(*line, row.into_iter())?;
        }
    }
    table.finish()
}

/// The parts of a text between separators that stand in no parentheses.
fn split_outside(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == separator && depth == 0
    })
}

/// The timestamps of a sequence, which its dimensions share, and the values of each.
///
/// # Errors
/// What is wrong, in words.
fn with_times<'t>(dimensions: &[&'t str]) -> Result<(Vec<&'t str>, Vec<Vec<&'t str>>), &'static str> {
    let mut times: Option<Vec<&str>> = None;
    let mut all = Vec::with_capacity(dimensions.len());
    for dimension in dimensions {
        let pair = |text: &'t str| text.trim().strip_prefix('(')?.strip_suffix(')')?.rsplit_once(',');
        let pairs: Option<Vec<(&str, &str)>> = split_outside(dimension, ',').map(pair).collect();
        let pairs = pairs.ok_or("is not of pairs such as (2023-01-01 00:00:00,1.5)")?;
        let (own, values): (Vec<&str>, Vec<&str>) =
            pairs.into_iter().map(|(time, value)| (time.trim(), value.trim())).unzip();
        match &times {
            None => times = Some(own),
            Some(first) if *first == own => {}
            Some(_) => return Err("its dimensions have different timestamps; give all of them each moment"),
        }
        all.push(values);
    }
    Ok((times.unwrap_or_default(), all))
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

    #[test]
    fn values_may_have_timestamps() {
        let head = HEAD.replace("@timeStamps false", "@timeStamps true");
        let read = |data: &str| {
            Table::read("s.ts", format!("{head}@classLabel true up down\n@data\n{data}\n").as_bytes())
        };
        let table = read("(2023-01-01 00:00:00,1),(2023-01-01 01:00:00,?):(2023-01-01 00:00:00,3),(2023-01-01 01:00:00,4):up").unwrap();
        assert_eq!(table.made_time(), Some("time"));
        let texts = |name| table.column(name).unwrap().texts().collect::<Vec<_>>();
        assert_eq!(texts("time"), ["2023-01-01 00:00:00", "2023-01-01 01:00:00"]);
        assert_eq!((texts("dim1"), texts("dim2")), (vec!["1", ""], vec!["3", "4"]));
        let counted = read("(0,1.5),(10,2.5):(0,7),(10,8):down").unwrap();
        assert_eq!(counted.column("time").unwrap().numbers().unwrap(), [0.0, 10.0]);
        for (data, part) in [
            ("1,2:3,4:up", "line 7: is not of pairs such as"),
            ("(0,1),(1,2):(0,3),(2,4):up", "its dimensions have different timestamps"),
            ("(0,1:(0,3):up", "dimensions where"),
        ] {
            let error = read(&format!("(0,1):(0,2):up\n{data}")).unwrap_err().to_string();
            assert!(error.contains(part) || error.contains("line 8"), "{error}");
        }
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
