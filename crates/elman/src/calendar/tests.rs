use jiff::Span;
use proptest::prelude::*;

use super::*;
use crate::table::Table;

fn read<S: AsRef<str>>(stamps: &[S], zone: Option<&str>) -> Result<Calendar, String> {
    let rows: String = stamps.iter().map(|stamp| format!("\"{}\"\n", stamp.as_ref())).collect();
    let table = Table::read("t.csv", format!("when\n{rows}").as_bytes()).unwrap();
    let column = table.column("when").unwrap();
    let times = column.times().map_err(|error| error.to_string())?;
    Calendar::read(column, times, zone).map_err(|error| error.to_string())
}

fn calendar(stamps: &[&str]) -> Result<Calendar, String> {
    read(stamps, None)
}

#[test]
fn rows_to_come_are_written_like_those_before() {
    let next = |stamps: &[&str], rows: usize| calendar(stamps).unwrap().time(1 + rows).unwrap().to_string();
    assert_eq!(next(&["1960-11", "1960-12"], 1), "1961-01");
    assert_eq!(next(&["2024-01-31", "2024-02-29"], 2), "2024-04-30");
    assert_eq!(next(&["2024-02-28", "2024-02-29"], 1), "2024-03-01");
    assert_eq!(next(&["2023-01-28", "2023-02-28"], 1), "2023-03-28");
    assert_eq!(next(&["2023-12-31 22:00", "2023-12-31 23:00"], 1), "2024-01-01 00:00");
    assert_eq!(next(&["2024-01-01T00:00:00", "2024-01-01T00:15:00"], 3), "2024-01-01T01:00:00");
    assert_eq!(next(&["2020-01-06", "2020-01-13"], 1), "2020-01-20");
    assert_eq!(next(&["2020-01", "2020-04"], 1), "2020-07");
    assert_eq!(calendar(&["9999-11", "9999-12"]).unwrap().time(2), None);
}

#[test]
fn every_way_of_writing_goes_on() {
    for rows in [
        ["01/30/2015", "01/31/2015", "02/01/2015"],
        ["1/30/15", "1/31/15", "2/1/15"],
        ["30.12.2023", "31.12.2023", "01.01.2024"],
        ["31.12.2023 13:05", "31.12.2023 14:05", "31.12.2023 15:05"],
        ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z", "2024-01-01T02:00:00Z"],
        ["2024-01-01T00:00:00+01:00", "2024-01-02T00:00:00+01:00", "2024-01-03T00:00:00+01:00"],
        ["2024-01-01 00:00:00+0100", "2024-01-01 00:30:00+0100", "2024-01-01 01:00:00+0100"],
        ["2024-01-01 00:00:00.000", "2024-01-01 00:00:00.250", "2024-01-01 00:00:00.500"],
        ["2024-01-01 8:00", "2024-01-01 9:00", "2024-01-01 10:00"],
        ["2024-01-01 23:00:00 UTC", "2024-01-02 00:00:00 UTC", "2024-01-02 01:00:00 UTC"],
        ["1/14/2024 10:00:00 AM", "1/14/2024 11:00:00 AM", "1/14/2024 12:00:00 PM"],
        ["1/13/2024 11:00 pm", "1/14/2024 12:00 am", "1/14/2024 1:00 am"],
        ["2024/01/31", "2024/02/29", "2024/03/31"],
        ["20240131", "20240229", "20240331"],
        ["Nov 2015", "Dec 2015", "Jan 2016"],
        ["NOV-15", "DEC-15", "JAN-16"],
        ["31-Jan-2015", "28-Feb-2015", "31-Mar-2015"],
        ["January 31, 2015", "February 28, 2015", "March 31, 2015"],
        ["1980Q3", "1980Q4", "1981Q1"],
        ["1980-Q3", "1980-Q4", "1981-Q1"],
        ["Q3 1980", "Q4 1980", "Q1 1981"],
        ["2015-W52", "2015-W53", "2016-W01"],
        ["2015-W53-7", "2016-W01-1", "2016-W01-2"],
        ["2015M11", "2015M12", "2016M01"],
        ["1949", "1950", "1951"],
        ["1704067200", "1704070800", "1704074400"],
        ["1704067200000", "1704067200500", "1704067201000"],
        ["Sun, 31 Dec 2023", "Mon, 01 Jan 2024", "Tue, 02 Jan 2024"],
    ] {
        let calendar = calendar(&rows[..2]).unwrap();
        assert_eq!(calendar.time(2).unwrap().to_string(), rows[2]);
        assert_eq!(read(&rows, None).unwrap().frequency(), calendar.frequency(), "{rows:?}");
    }
}

#[test]
fn even_by_time_or_by_the_calendar() {
    use Frequency::*;
    for (rows, next, frequency) in [
        (["2022-01-10", "2022-02-07", "2022-03-07"], "2022-04-04", Seconds(28 * 86_400)),
        (["2022-02-07", "2022-03-07", "2022-04-04"], "2022-05-02", Seconds(28 * 86_400)),
        (["2024-01-04", "2024-01-05", "2024-01-08"], "2024-01-09", BusinessDaily),
        (["2023-12-30", "2024-01-30", "2024-02-29"], "2024-03-30", Monthly),
        (["2024-01-31", "2024-02-29", "2024-03-29"], "2024-04-30", Monthly),
        (["2024-01-19", "2024-02-16", "2024-03-15"], "2024-04-12", Seconds(28 * 86_400)),
        (["2024-02-16", "2024-03-15", "2024-04-19"], "2024-05-17", Monthly),
        (["2023-01-02", "2023-02-01", "2023-03-01"], "2023-04-03", Monthly),
        (["2023-09-30", "2023-12-31", "2024-03-31"], "2024-06-30", Quarterly),
        (["2020-02-29", "2021-02-28", "2022-02-28"], "2023-02-28", Yearly),
        (["2024-01", "2024-03", "2024-05"], "2024-07", Months(2)),
        (["2024-01-01 00:00", "2024-01-01 06:00", "2024-01-01 12:00"], "2024-01-01 18:00", Minutes(360)),
        (["2021-01-01", "2022-01-01", "2023-01-01"], "2024-01-01", Yearly),
    ] {
        let calendar = calendar(&rows).unwrap();
        let found = (calendar.time(3).unwrap().to_string(), calendar.frequency());
        assert_eq!(found, (next.to_owned(), frequency), "{rows:?}");
    }
}

/// The days from the first on whose day of the week, from Monday, 0, on, is open.
fn open_days(first: &str, weeks: i64, open: &[i8]) -> Vec<String> {
    let first: jiff::civil::Date = first.parse().unwrap();
    let days = (0..7 * weeks).map(|day| first.checked_add(Span::new().days(day)).unwrap());
    let is_open = |day: &jiff::civil::Date| open.contains(&day.weekday().to_monday_zero_offset());
    days.filter(is_open).map(|day| day.to_string()).collect()
}

#[test]
fn open_days_of_the_week_are_even() {
    for (open, bits, next) in [
        (&[0, 1, 2, 3, 4, 5][..], 0b11_1111, ["2024-02-26", "2024-02-27", "2024-02-28"]),
        (&[6, 0, 1, 2, 3], 0b100_1111, ["2024-02-26", "2024-02-27", "2024-02-28"]),
        (&[0, 2, 4], 0b1_0101, ["2024-02-26", "2024-02-28", "2024-03-01"]),
        (&[5, 6], 0b110_0000, ["2024-03-02", "2024-03-03", "2024-03-09"]),
    ] {
        let mut days = open_days("2024-01-01", 8, open);
        let whole = read(&days, None).unwrap();
        assert_eq!(whole.frequency(), Frequency::Weekdays(bits));
        assert_eq!(whole.frequency().season(), Some(open.len()));
        let place = |row: usize| whole.phase(row, open.len()).unwrap();
        assert!((0..days.len()).all(|row| place(row) == (place(0) + row) % open.len()));
        let shown = [0, 1, 2].map(|n| whole.time(days.len() + n).unwrap().to_string());
        assert_eq!(shown, next);
        // A holiday is missing.
        let holiday = days.remove(7);
        let gap = gappy(&days, None).unwrap();
        assert_eq!((gap.num_missing(), gap.time(7).unwrap().to_string()), (1, holiday));
    }
    let mut days = open_days("2024-01-01", 8, &[0, 1, 2, 3, 4, 5]);
    // Where rows are known to be of all days, Sundays are missing.
    assert_eq!(gappy(&days, Some(Frequency::Daily)).unwrap().num_missing(), 7);
    days.remove(7);
    let error = read(&days, None).unwrap_err();
    assert!(
        error.contains("the rows are one open day (from Monday to Saturday) apart: 1 row is missing"),
        "{error}"
    );
}

#[test]
fn two_days_of_each_month_are_even() {
    for (days, next, first) in
        [(["01", "15"], "2024-05-01", 1), (["05", "20"], "2024-05-05", 5), (["15", "last"], "2024-05-15", 15)]
    {
        let of_month = |month: i8| {
            let last = jiff::civil::Date::constant(2024, month, 1).days_in_month().to_string();
            days.map(|day| format!("2024-{month:02}-{}", if day == "last" { &last } else { day }))
        };
        let mut rows: Vec<String> = (1..5).flat_map(of_month).collect();
        let calendar = read(&rows, None).unwrap();
        assert_eq!(calendar.frequency(), Frequency::TwiceMonthly(first));
        assert_eq!(calendar.time(8).unwrap().to_string(), next);
        let places: Vec<usize> = (0..8).filter_map(|row| calendar.phase(row, 24)).collect();
        assert_eq!(places, (0..8).collect::<Vec<_>>());
        let missing = rows.remove(3);
        assert_eq!(gappy(&rows, None).unwrap().time(3).unwrap().to_string(), missing);
    }
}

#[test]
fn what_is_not_even_says_what_to_do() {
    let quarters =
        ["2015-01-31", "2015-02-28", "2015-03-28", "2015-05-02", "2015-05-30", "2015-06-27", "2015-08-01"];
    let error = calendar(&quarters).unwrap_err();
    assert!(error.ends_with(
        "months of four and of five weeks are not even: give a row for each week, or for each month of the calendar"
    ), "{error}");
    // Days of clocks that were changed, told by the clock of UTC.
    let days: Vec<String> =
        (0..12).map(|n| format!("2024-03-{:02} {:02}:00Z", 5 + n, if n < 6 { 5 } else { 4 })).collect();
    let error = read(&days, None).unwrap_err();
    assert!(
        error.ends_with(
            "even steps; if clocks were changed there, name the place with timezone such as Europe/Berlin"
        ),
        "{error}"
    );
    assert_eq!(read(&days, Some("America/New_York")).unwrap().frequency(), Frequency::Daily);
    let hours: Vec<String> =
        (0..24).map(|n| format!("2024-01-{:02} {:02}:{:02}", 1 + n / 4, 9 + n % 4, n * n % 60)).collect();
    let error = read(&hours, None).unwrap_err();
    assert!(
        error.ends_with(
            "even steps: give a row for each step, join rows to longer steps, or take the column of times out"
        ),
        "{error}"
    );
}

#[test]
fn the_order_of_day_and_month_is_that_of_the_whole_column() {
    let shown = |rows: &[&str]| calendar(rows).map(|calendar| calendar.time(rows.len()).unwrap().to_string());
    // Even in one order alone; in file order, or newest first.
    assert_eq!(
        shown(&["01/02/2015", "01/03/2015", "01/04/2015", "01/06/2015"]),
        Ok("01/07/2015".into()).and_then(|_: String| Err(
            "t.csv, line 2, column \"when\": \"01/02/2015\" could be %d/%m/%Y or %m/%d/%Y, and no row \
                         tells which; say so with time_format"
                .into()
        ))
    );
    assert_eq!(shown(&["11/01/2015", "12/01/2015", "01/01/2016"]), Ok("02/01/2016".into()));
    assert_eq!(shown(&["01/02/2015", "31/01/2015"]), Ok("02/02/2015".into()));
    assert_eq!(shown(&["02/01/2015", "01/31/2015", "01/30/2015"]), Ok("02/02/2015".into()));
}

#[test]
fn clocks_that_change() {
    let berlin = Some("Europe/Berlin");
    let autumn = ["2024-10-27 01:00", "2024-10-27 02:00", "2024-10-27 02:00", "2024-10-27 03:00"];
    let calendar = read(&autumn, berlin).unwrap();
    assert_eq!(calendar.frequency(), Frequency::Hourly);
    assert_eq!(calendar.rows().collect::<Vec<_>>(), [0, 1, 2, 3].map(Some));
    let shown: Vec<String> = (0..5).map(|row| calendar.time(row).unwrap().to_string()).collect();
    assert_eq!(shown[..4], autumn);
    assert_eq!((shown[4].as_str(), calendar.phase(2, 24)), ("2024-10-27 04:00", Some(2)));
    let reversed: Vec<&str> = autumn.iter().copied().rev().collect();
    assert_eq!(read(&reversed, berlin).unwrap().rows().collect::<Vec<_>>(), [3, 2, 1, 0].map(Some));
    let spring = ["2024-03-31 00:00", "2024-03-31 01:00", "2024-03-31 03:00"];
    assert_eq!(read(&spring, berlin).unwrap().time(3).unwrap().to_string(), "2024-03-31 04:00");
    let missing = read(&["2024-03-31 01:00", "2024-03-31 02:00"], berlin).unwrap_err();
    assert!(missing.contains("2024-03-31 02:00 does not exist in Europe/Berlin"), "{missing}");
    // With offsets, and by days, whose hours are 23 to 25.
    let days = ["2024-03-30T00:00:00+01:00", "2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+02:00"];
    let calendar = read(&days, berlin).unwrap();
    assert_eq!(calendar.frequency(), Frequency::Daily);
    assert_eq!(calendar.time(3).unwrap().to_string(), "2024-04-02T00:00:00+02:00");
    assert_eq!(
        read(&autumn, None).unwrap_err(),
        "t.csv, line 4, column \"when\": the time 2024-10-27 02:00 stands twice (lines 3 and 4); a series has one \
         row for each time: take one out; if clocks were changed there, name the place with timezone such as \
         Europe/Berlin"
    );
    let hinted =
        read(&["2024-03-31 00:00", "2024-03-31 01:00", "2024-03-31 03:00", "2024-03-31 04:00"], None);
    assert!(hinted.unwrap_err().contains("1 row is missing; add them"));
    assert!(read(&autumn, Some("Europe/Bern")).unwrap_err().contains("no known one"));
}

#[test]
fn the_calendar_fixes_the_place_in_the_season() {
    let monthly = calendar(&["1960-11", "1960-12"]).unwrap();
    assert_eq!((monthly.phase(0, 12), monthly.phase(2, 12), monthly.phase(0, 6)), (Some(10), Some(0), None));
    let daily = calendar(&["2024-01-01", "2024-01-02"]).unwrap();
    assert_eq!(daily.phase(0, 7), Some(0), "a Monday");
    assert_eq!(calendar(&["2020-01-06", "2020-01-13"]).unwrap().phase(0, 52), None);
    let halves = calendar(&["2024-01-03 12:00", "2024-01-03 12:30"]).unwrap();
    assert_eq!((halves.frequency(), halves.phase(1, 48)), (Frequency::Minutes(30), Some(25)));
    assert_eq!(
        (halves.position(0, Cycle::Day), halves.position(0, Cycle::Week)),
        (Some(0.5), Some(2.5 / 7.0))
    );
    assert_eq!((halves.position(1, Cycle::Hour), halves.position(2, Cycle::Hour)), (Some(0.5), Some(0.0)));
    assert_eq!(monthly.position(2, Cycle::Year), Some(0.0));
    let cycles = |frequency: Frequency| frequency.cycles().collect::<Vec<_>>();
    assert_eq!(cycles(Frequency::Minutes(30)), Cycle::ALL);
    assert_eq!(cycles(Frequency::Hourly), [Cycle::Day, Cycle::Week, Cycle::Year]);
    assert_eq!(cycles(Frequency::BusinessDaily), [Cycle::Week, Cycle::Year]);
    assert_eq!(cycles(Frequency::Yearly), []);
}

#[test]
fn old_names_of_frequencies_are_read() {
    let read = |text: &str| serde_json::from_str::<Frequency>(text).unwrap();
    assert_eq!(
        (read("\"monthly\""), read("{\"seconds\":1800}")),
        (Frequency::Monthly, Frequency::Seconds(1800))
    );
    assert!(Frequency::Seconds(1800).is_as(&Frequency::Minutes(30)));
    assert!(!Frequency::Seconds(1801).is_as(&Frequency::Minutes(30)));
}

#[test]
fn gaps_doubled_times_and_strange_cells_are_named() {
    assert_eq!(
        calendar(&["1953-06", "1953-07", "1953-09"]).unwrap_err(),
        "t.csv, line 4, column \"when\": 1953-09 follows 1953-07, but the rows are one month apart: 1 row is missing; add \
         them, cut the series, or choose in training with missing what stands in their place: interpolate, previous, season, zero or \
         flag"
    );
    assert_eq!(
        calendar(&["1953-06", "1953-06"]).unwrap_err(),
        "t.csv, line 3, column \"when\": the time 1953-06 stands twice (lines 2 and 3); a series has one row for \
         each time: take one out"
    );
    assert_eq!(
        calendar(&["1953-06", "1953-13"]).unwrap_err(),
        "t.csv, line 3, column \"when\": \"1953-13\" is not a time like \"1953-06\" in the other rows; correct \
         it, take the row out, or say how all are written with time_format"
    );
    let uneven = calendar(&["2024-01-01", "2024-01-03", "2024-01-05", "2024-01-12 "]).unwrap_err();
    assert!(uneven.contains("2024-01-12 follows 2024-01-05 after 7 days, where most rows are 2 days apart"));
    assert_eq!(calendar(&["1953-06"]).unwrap_err(), "t.csv: has one row; a series needs more");
}

/// A calendar of these times, of which some may be missing.
fn gappy<S: AsRef<str>>(stamps: &[S], frequency: Option<Frequency>) -> Result<Calendar, String> {
    let rows: String = stamps.iter().map(|stamp| format!("\"{}\"\n", stamp.as_ref())).collect();
    let table = Table::read("t.csv", format!("when\n{rows}").as_bytes()).unwrap();
    let column = table.column("when").unwrap();
    Calendar::with_gaps(column, column.times().unwrap(), None, frequency.as_ref())
        .map_err(|error| error.to_string())
}

#[test]
fn rows_that_are_missing_are_counted() {
    let calendar =
        gappy(&["2024-01-01", "2024-01-07", "2024-01-02", "2024-01-04", "2024-01-08"], None).unwrap();
    assert_eq!(calendar.gaps(), [Gap { after: 1, missing: 1 }, Gap { after: 3, missing: 2 }]);
    assert_eq!((calendar.num_rows(), calendar.num_missing()), (8, 3));
    let rows = [Some(0), Some(2), None, Some(3), None, None, Some(1), Some(4)];
    assert_eq!(calendar.rows().collect::<Vec<_>>(), rows);
    assert_eq!((0..8).map(|row| calendar.table_row(row)).collect::<Vec<_>>(), rows);
    assert_eq!(calendar.table_row(8), None);
    let shown = |row| calendar.time(row).unwrap().to_string();
    assert_eq!(["2024-01-03", "2024-01-06", "2024-01-07", "2024-01-09"], [2, 5, 6, 8].map(shown));
    let values = calendar.arrange(&[1.0, 7.0, 2.0, 4.0, 8.0]);
    let known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    assert_eq!(
        (known, values.iter().position(|value| value.is_nan())),
        (vec![1.0, 2.0, 4.0, 7.0, 8.0], Some(2))
    );
}

#[test]
fn rows_are_missing_by_the_calendar() {
    for (rows, gap, frequency) in [
        // A holiday, not two missing days of a week and a weekend.
        (&["2024-03-27", "2024-03-28", "2024-04-02", "2024-04-03"][..], (1, 2), Frequency::BusinessDaily),
        (&["2024-01-31", "2024-02-29", "2024-04-30"], (1, 1), Frequency::Monthly),
        (&["2023-03-31", "2023-06-30", "2023-12-31"], (1, 1), Frequency::Quarterly),
        (&["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 03:00"], (1, 1), Frequency::Hourly),
        (&["2001", "2002", "2005", "2006"], (1, 2), Frequency::Yearly),
    ] {
        let calendar = gappy(rows, None).unwrap();
        let (after, missing) = gap;
        assert_eq!(
            (calendar.gaps(), calendar.frequency()),
            (&[Gap { after, missing }][..], frequency),
            "{rows:?}"
        );
    }
    // A row that is off is no reason to take half of the others for missing.
    let hours = |n: usize| format!("2024-01-01 {:02}:{:02}", n, if n == 5 { 30 } else { 0 });
    let rows: Vec<String> = (0..12).map(hours).collect();
    let off = gappy(&rows.iter().map(String::as_str).collect::<Vec<_>>(), None).unwrap_err();
    assert!(off.contains("2024-01-01 05:30 follows 2024-01-01 04:00 after 90 minutes"), "{off}");
}

#[test]
fn a_known_frequency_decides_where_rows_are_few() {
    let rows = ["2024-01", "2024-05", "2024-09"];
    assert_eq!(gappy(&rows, None).unwrap().frequency(), Frequency::Months(4));
    let monthly = gappy(&rows, Some(Frequency::Monthly)).unwrap();
    assert_eq!((monthly.frequency(), monthly.num_rows()), (Frequency::Monthly, 9));
    // It does not, where they do not follow it, nor where many rows are even by themselves.
    assert_eq!(gappy(&rows, Some(Frequency::Quarterly)).unwrap().frequency(), Frequency::Months(4));
    let quarters = ["2020-01", "2020-04", "2020-07", "2020-10", "2021-01", "2021-04"];
    assert_eq!(gappy(&quarters, Some(Frequency::Monthly)).unwrap().frequency(), Frequency::Quarterly);
    // What follows it without a gap does, however many they are: a week from Monday to Saturday is no row of days.
    for open in [&[0, 1, 2, 3, 4, 5][..], &[6, 0, 1, 2, 3], &[0, 2, 4], &[5, 6]] {
        let bits = open.iter().fold(0, |bits, day| bits | 1 << day);
        for weeks in 1..4 {
            let days = open_days("2024-01-01", weeks, open);
            let calendar = gappy(&days, Some(Frequency::Weekdays(bits))).unwrap();
            assert_eq!((calendar.frequency(), calendar.num_missing()), (Frequency::Weekdays(bits), 0));
            let next = open_days("2024-01-01", 5, open)[days.len()].clone();
            assert_eq!(calendar.time(days.len()).unwrap().to_string(), next);
        }
    }
    for (rows, next) in [
        (&["2024-02-15", "2024-02-29"][..], "2024-03-15"),
        (&["2024-04-30", "2024-05-15", "2024-05-31"], "2024-06-15"),
        (&["2024-02-15", "2024-03-15", "2024-03-31"], "2024-04-15"),
    ] {
        let calendar = gappy(rows, Some(Frequency::TwiceMonthly(15))).unwrap();
        assert_eq!(calendar.frequency(), Frequency::TwiceMonthly(15));
        assert_eq!(calendar.time(calendar.num_rows()).unwrap().to_string(), next);
    }
    let earlier = gappy(&["2024-02-01", "2024-02-15"], Some(Frequency::TwiceMonthly(15))).unwrap();
    assert_eq!(earlier.frequency(), Frequency::Seconds(14 * 86_400));
    let table =
        Table::read("t.csv", "when\n2020-01\n2020-04\n2020-02\n2020-03\n2020-02\n".as_bytes()).unwrap();
    let column = table.column("when").unwrap();
    let common = Calendar::common_frequency(column, column.times().unwrap(), None).unwrap();
    assert_eq!(common, Some(Frequency::Monthly));
}

proptest! {
    /// What is written is read, and goes on as another calculation has it; what is forecast is accepted.
    #[test]
    fn what_is_forecast_is_accepted(
        (year, month, day, hour) in (1970_i16..2030, 1_i8..=12, 1_i8..=28, 0_i8..24),
        step in 0_usize..8,
        format in 0_usize..8,
    ) {
        let spans = [
            Span::new().minutes(15), Span::new().hours(1), Span::new().days(1), Span::new().days(10),
            Span::new().weeks(1), Span::new().months(1), Span::new().months(3), Span::new().years(1),
        ];
        let formats = [
            "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M:%S", "%-m/%-d/%Y %-I:%M %p", "%Y-%m-%d",
            "%d/%m/%Y", "%-d-%b-%Y", "%B %-d, %Y",
        ];
        let has_clock = format < 4;
        let span = spans[if has_clock { step } else { step.max(2) }];
        let first = DateTime::constant(year, month, day, if has_clock { hour } else { 0 }, 0, 0, 0);
        let row = |n: i64| first.checked_add(span.checked_mul(n).unwrap()).unwrap();
        let rows: Vec<String> = (0..40).map(|n| row(n).strftime(formats[format]).to_string()).collect();
        // May is short and long: a column of it alone does not tell how June is written.
        if format == 7 && rows[..30].iter().all(|row| row.starts_with("May")) {
            return Ok(());
        }
        let calendar = match read(&rows[..30], None) {
            Ok(calendar) => calendar,
            // Days 1 to 12 may be months.
            Err(message) => {
                prop_assert!(day < 13 && message.contains("no row tells which"), "{message}");
                return Ok(());
            }
        };
        for (n, row) in rows.iter().enumerate() {
            prop_assert_eq!(&calendar.time(n).unwrap().to_string(), row);
        }
        prop_assert_eq!(read(&rows, None).unwrap().frequency(), calendar.frequency());
    }
}

/// Rows at these hours and minutes of the days of so many weeks that are open, from Monday, 1 January 2024, on.
fn open_times(weeks: i64, open: &[i64], times: &[(i8, i8)]) -> Vec<String> {
    let days = (0..7 * weeks).filter(|day| open.contains(&(day % 7)));
    let stamp = |day: i64, &(hour, minute): &(i8, i8)| {
        let date = jiff::civil::date(2024, 1, 1).checked_add(Span::new().days(day)).unwrap();
        date.at(hour, minute, 0, 0).strftime("%Y-%m-%d %H:%M").to_string()
    };
    days.flat_map(|day| times.iter().map(move |time| stamp(day, time))).collect()
}

#[test]
fn times_that_recur_are_even() {
    let all: Vec<i64> = (0..7).collect();
    let hours = |hours: std::ops::RangeInclusive<i8>| hours.map(|hour| (hour, 0)).collect::<Vec<_>>();
    let quarters: Vec<(i8, i8)> = (9..16)
        .flat_map(|hour| [0, 15, 30, 45].map(|minute| (hour, minute)))
        .skip(2)
        .chain([(16, 0)])
        .collect();
    let noon: Vec<(i8, i8)> = [hours(9..=11), hours(14..=18)].concat();
    for (weeks, open, times, words, season) in [
        (1, &all[..], &hours(9..=17)[..], "open hour (from 09:00 to 17:00)", 9),
        (3, &all[..5], &hours(8..=19), "open hour (from 08:00 to 19:00, from Monday to Friday)", 12),
        (3, &all[..5], &hours(0..=23), "open hour (from 00:00 to 23:00, from Monday to Friday)", 24),
        (2, &all[..5], &quarters, "row (every 15 minutes from 09:30 to 16:00, from Monday to Friday)", 27),
        (2, &all[..], &noon, "open hour (from 09:00 to 11:00 and from 14:00 to 18:00)", 8),
        (1, &all[..], &[(7, 0), (14, 0), (21, 0)], "row (at 07:00, 14:00 and 21:00)", 3),
        (3, &[0, 3], &[(9, 0), (9, 30)], "row (at 09:00 and 09:30, on Monday and Thursday)", 2),
    ] {
        let stamps = open_times(weeks, open, times);
        let calendar = read(&stamps, None).unwrap();
        assert_eq!(calendar.frequency().step_name(), words);
        assert_eq!(calendar.frequency().season(), Some(season), "{words}");
        assert_eq!(calendar.phase(season + 1, season), Some(1));
        let after = open_times(weeks + 1, open, times);
        for (row, stamp) in after.iter().enumerate() {
            assert_eq!(&calendar.time(row).unwrap().to_string(), stamp, "{words}");
        }
        // A few rows say as much to who knows it.
        let known = calendar.frequency();
        let some = gappy(&after[1..times.len() + 3], Some(known.clone())).unwrap();
        assert_eq!((some.frequency(), some.gaps()), (known, &[][..]));
    }
}

#[test]
fn a_short_saturday_is_of_a_week() {
    let mut stamps = open_times(4, &[0, 1, 2, 3, 4], &[(9, 0), (10, 0), (11, 0), (12, 0)]);
    stamps.extend(open_times(4, &[5], &[(9, 0), (10, 0)]));
    stamps.sort();
    let calendar = read(&stamps, None).unwrap();
    assert_eq!(calendar.frequency().step_name(), "open hour (22 times a week)");
    assert_eq!(calendar.frequency().season(), Some(22));
    assert_eq!(calendar.time(88).unwrap().to_string(), "2024-01-29 09:00");
    assert_eq!(calendar.time(88 + 22).unwrap().to_string(), "2024-02-05 09:00");
}

#[test]
fn holidays_are_missing_hours() {
    let mut stamps = open_times(4, &[0, 1, 2, 3, 4], &[(9, 0), (10, 0), (11, 0)]);
    stamps.retain(|stamp| !stamp.starts_with("2024-01-16"));
    let error = read(&stamps, None).unwrap_err();
    assert!(
        error.contains(
            "follows 2024-01-15 11:00, but the rows are one open hour (at 09:00, 10:00 and 11:00, from \
             Monday to Friday) apart: 3 rows are missing"
        ),
        "{error}"
    );
}

#[test]
fn days_of_each_month_are_even() {
    let of = |days: &[i8]| -> Vec<String> {
        let months = (0..6)
            .map(|month| jiff::civil::date(2023, 10, 1).checked_add(Span::new().months(month)).unwrap());
        let day = |first: jiff::civil::Date, day: i8| {
            let day = day.min(first.days_in_month());
            format!("{}-{day:02}", first.strftime("%Y-%m"))
        };
        months.flat_map(|first| days.iter().map(move |&n| day(first, n))).collect()
    };
    for (days, words) in [
        (&[1, 11, 21][..], "row (on the 1st, 11th and 21st of the month)"),
        (&[10, 20, 31], "row (on the 10th, 20th and last of the month)"),
        (&[5, 10, 15, 20, 25, 30], "row (on the 5th, 10th, 15th, 20th, 25th and 30th of the month)"),
    ] {
        let stamps = of(days);
        let calendar = read(&stamps[..stamps.len() - 2], None).unwrap();
        assert_eq!(calendar.frequency().step_name(), words);
        assert_eq!(calendar.frequency().season(), Some(12 * days.len()));
        assert_eq!(calendar.phase(1, 12 * days.len()), Some(9 * days.len() + 1));
        for (row, stamp) in stamps.iter().enumerate() {
            assert_eq!(&calendar.time(row).unwrap().to_string(), stamp, "{words}");
        }
    }
}

/// What was not there in the only weekend of twelve days may be missing.
#[test]
fn an_outage_is_no_closed_hour() {
    let all: Vec<i64> = (0..7).collect();
    let hours: Vec<(i8, i8)> = (0..24).map(|hour| (hour, 0)).collect();
    let mut stamps = open_times(2, &all, &hours);
    stamps.truncate(12 * 24);
    stamps.retain(|stamp| !("2024-01-06 03:00".."2024-01-06 08:00").contains(&stamp.as_str()));
    let error = read(&stamps, None).unwrap_err();
    assert!(error.contains("but the rows are one hour apart: 5 rows are missing"), "{error}");
    assert_eq!(gappy(&stamps, None).unwrap().frequency(), Frequency::Hourly);
    let mut stamps = open_times(2, &all, &[(0, 0), (8, 0), (16, 0)]);
    stamps.truncate(35);
    stamps.remove(20);
    assert_eq!(gappy(&stamps, None).unwrap().frequency().step_name(), "step of 8 hours");
}

/// All rows are of winter; clocks are put forward before what is forecast.
#[test]
fn open_hours_stay_local_ones_across_a_change_to_come() {
    let hours: Vec<(i8, i8)> = (9..18).map(|hour| (hour, 0)).collect();
    let stamps = open_times(14, &[0, 1, 2, 3, 4], &hours);
    let winter = stamps.iter().filter(|stamp| &stamp[..] < "2024-03-30").count();
    let calendar = read(&stamps[..winter], Some("Europe/Berlin")).unwrap();
    for (row, stamp) in stamps.iter().enumerate() {
        assert_eq!(&calendar.time(row).unwrap().to_string(), stamp);
    }
    // A model of winter knows the shop in summer.
    let known = calendar.frequency();
    let table = Table::read("t.csv", format!("when\n{}\n", stamps[winter..].join("\n")).as_bytes()).unwrap();
    let column = table.column("when").unwrap();
    let later =
        Calendar::with_gaps(column, column.times().unwrap(), Some("Europe/Berlin"), Some(&known)).unwrap();
    assert_eq!((later.frequency(), later.gaps()), (known, &[][..]));
}

/// Morning and evening by the local clock, in UTC.
#[test]
fn half_days_are_those_of_the_local_clock() {
    let stamps: Vec<String> = (0..60)
        .map(|n| {
            let day = jiff::civil::date(2024, 3, 15).checked_add(Span::new().days(n / 2)).unwrap();
            let summer = i64::from(day >= jiff::civil::date(2024, 3, 31));
            format!("{day} {:02}:00:00Z", 7 + 12 * (n % 2) - summer)
        })
        .collect();
    let calendar = read(&stamps[..50], Some("Europe/Berlin")).unwrap();
    for (row, stamp) in stamps.iter().enumerate() {
        assert_eq!(&calendar.time(row).unwrap().to_string(), stamp);
    }
    assert!(read(&stamps, None).is_err());
}

#[test]
fn paydays_are_even() {
    for (stamps, next) in [
        (["2024-01-15", "2024-02-15", "2024-03-15", "2024-04-15", "2024-05-15", "2024-06-17"], "2024-07-15"),
        (["2024-01-25", "2024-02-23", "2024-03-25", "2024-04-25", "2024-05-24", "2024-06-25"], "2024-07-25"),
        (["2024-01-30", "2024-02-28", "2024-03-30", "2024-04-29", "2024-05-30", "2024-06-29"], "2024-07-30"),
        (["2022-09-30", "2022-10-28", "2022-11-30", "2022-12-30", "2023-01-30", "2023-02-28"], "2023-03-30"),
    ] {
        let calendar = calendar(&stamps).unwrap();
        assert_eq!(calendar.frequency(), Frequency::Monthly);
        assert_eq!(calendar.time(6).unwrap().to_string(), next);
    }
}

/// A bar's hours, of a night in which clocks are changed, are those that there are: one less, or one twice.
#[test]
fn open_hours_of_a_night_are_those_that_there_are() {
    for (zone, minutes, open, first) in [
        (
            "Europe/Berlin",
            60,
            &(|hour: i8| !(5..20).contains(&hour)) as &dyn Fn(i8) -> bool,
            "2024-02-01T20:00",
        ),
        ("America/New_York", 30, &|hour| !(4..20).contains(&hour), "2024-02-01T00:00"),
        ("Australia/Lord_Howe", 30, &|hour| !(5..19).contains(&hour), "2024-09-01T20:00"),
        ("Europe/Berlin", 60, &|hour| [2, 8, 14, 20].contains(&hour), "2024-02-01T08:00"),
    ] {
        let first = first.parse::<DateTime>().unwrap().to_zoned(TimeZone::get(zone).unwrap()).unwrap();
        let times = (0..).map(|n| &first + Span::new().minutes(n * minutes)).filter(|time| open(time.hour()));
        let mut rows: Vec<String> =
            times.take(6_000).map(|time| time.strftime("%Y-%m-%d %H:%M").to_string()).collect();
        // What is read every six hours is so once.
        if open(8) {
            rows.dedup();
        }
        for known in [200, 700, 2_500] {
            let calendar = read(&rows[..known], Some(zone)).unwrap();
            // Six hours apart before the first change, they are no timetable yet.
            if !calendar.frequency().is_timetable() {
                assert_eq!((calendar.frequency(), known), (Frequency::Minutes(360), 200));
                continue;
            }
            for (row, time) in rows.iter().enumerate() {
                assert_eq!(calendar.time(row).unwrap().to_string(), *time, "{zone}, row {row} of {known}");
            }
        }
    }
}

/// The year that ends on 3 January 2016 has 53 weeks, its last period five.
#[test]
fn periods_of_whole_weeks_are_even() {
    let rows = [
        "2015-05-31",
        "2015-06-28",
        "2015-07-26",
        "2015-08-30",
        "2015-09-27",
        "2015-10-25",
        "2015-11-29",
        "2016-01-03",
        "2016-01-31",
        "2016-03-06",
        "2016-04-03",
        "2016-05-01",
        "2016-06-05",
    ];
    let calendar = calendar(&rows).unwrap();
    assert_eq!(calendar.frequency().step_name(), "period of 4, 5 and 4 weeks");
    assert_eq!((calendar.frequency().season(), calendar.phase(8, 12)), (Some(12), Some(1)));
    let ahead = [13, 14, 22].map(|row| calendar.time(row).unwrap().to_string());
    assert_eq!(ahead, ["2016-07-03", "2016-07-31", "2017-04-02"]);
    let lacking: Vec<&str> = rows.into_iter().filter(|row| *row != "2015-09-27").collect();
    assert_eq!(gappy(&lacking, None).unwrap().gaps(), [Gap { after: 3, missing: 1 }]);
    // A few rows are read by the year that is known.
    let few = gappy(&rows[..3], Some(calendar.frequency())).unwrap();
    assert_eq!(few.time(7).unwrap().to_string(), "2016-01-03");
}

#[test]
fn months_that_lack_the_day_are_passed_over() {
    let rows =
        ["2023-01-31", "2023-03-31", "2023-05-31", "2023-07-31", "2023-08-31", "2023-10-31", "2023-12-31"];
    let calendar = calendar(&rows).unwrap();
    assert_eq!(calendar.frequency(), Frequency::LongMonths(31));
    assert_eq!((calendar.frequency().season(), calendar.phase(5, 7)), (Some(7), Some(5)));
    assert_eq!([7, 11].map(|row| calendar.time(row).unwrap().to_string()), ["2024-01-31", "2024-08-31"]);
    let lacking: Vec<&str> = rows.into_iter().filter(|row| *row != "2023-05-31").collect();
    assert!(gappy(&lacking, None).is_ok_and(|calendar| calendar.num_missing() == 1));
}

/// Clocks are put forward on 31 March.
#[test]
fn open_hours_are_those_of_the_local_clock() {
    let hours = [(9, 0), (10, 0), (11, 0)];
    let stamps: Vec<String> = open_times(14, &[0, 1, 2, 3, 4], &hours)
        .into_iter()
        .filter(|stamp| &stamp[..] > "2024-03-11")
        .collect();
    let offset = |stamp: &String| if &stamp[..] < "2024-03-31" { "+01:00" } else { "+02:00" };
    let with_offset: Vec<String> = stamps.iter().map(|stamp| format!("{stamp}{}", offset(stamp))).collect();
    for (stamps, zone) in
        [(&stamps, Some("Europe/Berlin")), (&with_offset, None), (&with_offset, Some("Europe/Berlin"))]
    {
        let calendar = read(&stamps[..50], zone).unwrap();
        assert_eq!(calendar.frequency().row_name(), "open hour");
        for (row, stamp) in stamps.iter().enumerate().skip(45) {
            assert_eq!(&calendar.time(row).unwrap().to_string(), stamp);
        }
    }
}

#[test]
fn calendars_of_one_name_are_told_apart() {
    let year = |month: i8| {
        let json =
            format!(r#"{{"weekyear":{{"weeks":"four-four-five","weekday":5,"month":{month},"offset":-4}}}}"#);
        serde_json::from_str::<Frequency>(&json).unwrap()
    };
    let (a, b) = year(1).names_beside(&year(4));
    assert_eq!(a, "period of 4, 4 and 5 weeks, counted from the Saturday from 28 December to 3 January,");
    assert_eq!(b, "period of 4, 4 and 5 weeks, counted from the Saturday from 28 March to 3 April,");
    let (a, b) = year(1).names_beside(&Frequency::Monthly);
    assert_eq!([a.as_str(), b.as_str()], ["period of 4, 4 and 5 weeks", "month"]);
}
