//! tsf: series to forecast, as the Monash archive has them.
//!
//! After a head of `@` lines each line is a series: its attributes, with colons between, then its values, with
//! commas between.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};

use super::archive::{Archive, has_key};
use super::{Input, Reader, text};
use crate::table::builder::Builder;
use crate::table::{Table, TableError};

pub(super) const READER: Reader = Reader { name: "tsf", recognises, read };

fn recognises(bytes: &[u8]) -> bool {
    has_key(bytes, &["attribute"]) && has_key(bytes, &["frequency", "horizon", "missing", "equallength"])
}

/// The attribute that names a series, and that of its first time.
const NAME: &str = "series_name";
const START: &str = "start_timestamp";

fn read(Input { name, bytes, limit }: Input<'_>) -> Result<Table, TableError> {
    let (text, remark) = text::decode(name, bytes);
    let problem = |place: String, problem: String| {
        Err(TableError::Malformed { table: name.to_owned(), place, problem })
    };
    let Some(archive) = Archive::of(&text) else {
        return problem("head".into(), "a line @data is missing; the series come after it".into());
    };
    let attributes: Vec<&str> =
        archive.all("attribute").filter_map(|text| text.split_whitespace().next()).collect();
    let place = |wanted: &str| attributes.iter().position(|name| *name == wanted);
    let (name_at, start_at) = (place(NAME), place(START));
    let step = match (archive.get("frequency"), start_at) {
        (Some(frequency), Some(_)) => match Step::of(frequency) {
            Some(step) => Some(step),
            None => {
                let what = format!(
                    "the frequency {frequency:?} is not known; write one such as monthly or 30_minutes"
                );
                return problem("head".into(), what);
            }
        },
        _ => None,
    };
    let others: Vec<usize> =
        (0..attributes.len()).filter(|at| Some(*at) != name_at && Some(*at) != start_at).collect();
    let names = ["unique_id", "ds", "y"].into_iter().chain(others.iter().map(|&at| attributes[at]));
    let mut table = Builder::new(name, 1, names.collect::<Vec<_>>().into_iter(), limit)?;
    table.head.remarks.extend(remark);
    for ((line, text), number) in archive.lines.iter().zip(1..) {
        let parts: Vec<&str> = text.split(':').map(str::trim).collect();
        let Some((values, told)) = parts.split_last().filter(|(_, told)| told.len() == attributes.len())
        else {
            let (found, wanted) = (parts.len() - 1, attributes.len());
            let what = format!("{found} attributes where the head names {wanted}; a colon stands after each");
            return problem(format!("line {line}"), what);
        };
        let start = match start_at {
            Some(at) => match start(told[at]) {
                Some(start) => Some(start),
                None => {
                    let what = format!("{:?} is not a time like 1979-01-01 00-00-00", told[at]);
                    return problem(format!("line {line}"), what);
                }
            },
            None => None,
        };
        let id = name_at.map_or_else(|| number.to_string(), |at| told[at].to_owned());
        for (n, value) in values.split(',').enumerate() {
            let ds = match (start, step) {
                (Some(start), Some(step)) => step.after(start, n),
                _ => Some((n + 1).to_string()),
            };
            let Some(ds) = ds else {
                return problem(format!("line {line}"), "the series reaches beyond the year 9999".into());
            };
            let value = value.trim();
            let y = if value == "?" || value.eq_ignore_ascii_case("nan") { "" } else { value };
            let row = [id.as_str(), &ds, y].into_iter().chain(others.iter().map(|&at| told[at]));
            table.row(*line, row.collect::<Vec<_>>().into_iter())?;
        }
    }
    let how = match step {
        Some(_) => "its times counted from its start by its frequency",
        None => "its steps counted from 1, as the file has no times",
    };
    let text = format!("{name}: {} series, read as a row per value, {how}", archive.lines.len());
    table.head.remarks.push(text.into());
    table.head.hints.horizon =
        archive.get("horizon").and_then(|text| text.trim().parse().ok()).filter(|&horizon| horizon > 0);
    table.finish()
}

/// `1979-01-01 00-00-00`, or the date alone.
fn start(text: &str) -> Option<DateTime> {
    match text.split_once(' ') {
        None => Some(text.parse::<Date>().ok()?.into()),
        Some((date, time)) => {
            let mut parts = time.split('-').map(|part| part.parse::<i8>().ok());
            let time = Time::new(parts.next()??, parts.next()??, parts.next()??, 0).ok()?;
            Some(date.parse::<Date>().ok()?.to_datetime(time))
        }
    }
}

/// The time from one value to the next.
#[derive(Clone, Copy)]
enum Step {
    Months(i64),
    Days(i64),
    Seconds(i64),
}

impl Step {
    /// As the archive spells them: `monthly`, `30_minutes`, `half_hourly`.
    fn of(frequency: &str) -> Option<Self> {
        let frequency = frequency.to_ascii_lowercase();
        Some(match frequency.as_str() {
            "yearly" | "annually" => Step::Months(12),
            "half_yearly" => Step::Months(6),
            "quarterly" => Step::Months(3),
            "monthly" => Step::Months(1),
            "weekly" => Step::Days(7),
            "fortnightly" | "biweekly" => Step::Days(14),
            "daily" => Step::Days(1),
            "hourly" => Step::Seconds(3600),
            "half_hourly" => Step::Seconds(1800),
            "minutely" => Step::Seconds(60),
            "secondly" => Step::Seconds(1),
            _ => {
                let (count, unit) = frequency.split_once('_')?;
                let count = count.parse::<i64>().ok().filter(|count| (1..=1_000_000).contains(count))?;
                match unit.trim_end_matches('s') {
                    "second" => Step::Seconds(count),
                    "minute" => Step::Seconds(60 * count),
                    "hour" => Step::Seconds(3600 * count),
                    "day" => Step::Days(count),
                    "week" => Step::Days(7 * count),
                    "month" => Step::Months(count),
                    "year" => Step::Months(12 * count),
                    _ => return None,
                }
            }
        })
    }

    /// The time so many steps after the start.
    fn after(self, start: DateTime, steps: usize) -> Option<String> {
        let times = |step: i64| i64::try_from(steps).ok()?.checked_mul(step);
        let span = match self {
            Step::Months(step) => 0.days().try_months(times(step)?).ok()?,
            Step::Days(step) => 0.days().try_days(times(step)?).ok()?,
            Step::Seconds(step) => 0.days().try_seconds(times(step)?).ok()?,
        };
        let time = start.checked_add(span).ok()?;
        Some(match self {
            Step::Months(_) | Step::Days(_) if start.time() == Time::midnight() => time.date().to_string(),
            _ => time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::table::{Table, read};

    fn file(frequency: &str, series: &str) -> String {
        format!(
            "# Monash\n@relation r\n@attribute series_name string\n@attribute start_timestamp date\n\
             @frequency {frequency}\n@missing true\n@data\n{series}\n"
        )
    }

    #[test]
    fn a_series_per_line_becomes_a_row_per_value() {
        let text = file("monthly", "T1:1979-11-30 00-00-00:1,2.5,?,4\nT2:1980-01-01 00-00-00:7");
        assert_eq!(read::format(text.as_bytes()), "tsf");
        let table = Table::read("m.tsf", text.as_bytes()).unwrap();
        assert_eq!(table.headers(), ["unique_id", "ds", "y"]);
        let texts = |name| table.column(name).unwrap().texts().collect::<Vec<_>>();
        assert_eq!(texts("unique_id"), ["T1", "T1", "T1", "T1", "T2"]);
        assert_eq!(texts("ds"), ["1979-11-30", "1979-12-30", "1980-01-30", "1980-02-29", "1980-01-01"]);
        assert_eq!(texts("y"), ["1", "2.5", "", "4", "7"]);
        let asked = |horizon: &str| {
            let text = text.replace("@missing", &format!("@horizon {horizon}\n@missing"));
            Table::read("m.tsf", text.as_bytes()).unwrap().horizon()
        };
        assert_eq!((table.horizon(), asked("8"), asked("0"), asked("some")), (None, Some(8), None, None));
    }

    #[test]
    fn every_frequency_has_its_step() {
        for (frequency, second) in [
            ("yearly", "1981-01-01"),
            ("quarterly", "1980-04-01"),
            ("weekly", "1980-01-08"),
            ("daily", "1980-01-02"),
            ("hourly", "1980-01-01 01:00:00"),
            ("half_hourly", "1980-01-01 00:30:00"),
            ("10_minutes", "1980-01-01 00:10:00"),
            ("4_seconds", "1980-01-01 00:00:04"),
        ] {
            let text = file(frequency, "T:1980-01-01 00-00-00:1,2");
            let table = Table::read("m.tsf", text.as_bytes()).unwrap();
            assert_eq!(table.column("ds").unwrap().text(1), second, "{frequency}");
        }
        let error = Table::read("m.tsf", file("often", "T:1980-01-01:1").as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("m.tsf, head: the frequency \"often\" is not known"), "{error}");
    }

    #[test]
    fn series_without_times_are_counted() {
        let text =
            "@attribute series_name string\n@attribute state string\n@frequency monthly\n@data\nA:NSW:5,6\n";
        let table = Table::read("m.tsf", text.as_bytes()).unwrap();
        assert_eq!(table.headers(), ["unique_id", "ds", "y", "state"]);
        assert_eq!(table.column("ds").unwrap().numbers().unwrap(), [1.0, 2.0]);
        assert_eq!(table.column("state").unwrap().text(1), "NSW");
        let error = Table::read("m.tsf", format!("{text}A:5\n").as_bytes()).unwrap_err().to_string();
        assert_eq!(error, "m.tsf, line 6: 1 attributes where the head names 2; a colon stands after each");
    }
}
