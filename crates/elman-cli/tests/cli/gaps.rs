//! Rows that a calendar misses: holidays, lost hours, months without sales.

use crate::common::{Place, figure, line_of, noise};

const QUICK: &str = "--epochs 2 --hidden-size 4 -o m.elman";

const CHOICES: &str = "add them, cut the series, or choose in training with --missing what stands in their place: interpolate, previous, \
                       season, zero or flag";

fn value(row: usize) -> String {
    (10 + row % 5 + row % 7).to_string()
}

/// The days of February 2022, rows 28 to 55 counted from New Year; what stands in a row, if it is there at all.
fn february(cell: impl Fn(usize) -> Option<String>) -> String {
    let mut csv = String::from("day,v\n");
    for row in 28..56 {
        if let Some(cell) = cell(row) {
            line_of(&mut csv, &[&format!("2022-02-{:02}", row - 27), &cell]);
        }
    }
    csv
}

#[test]
fn a_missing_row_is_named_and_filled() {
    let csv = february(|row| (row != 30).then(|| value(row)));
    let place = Place::with("d.csv", csv);
    place.refuses(
        1,
        "train d.csv",
        &format!(
            "d.csv, line 4, column \"day\": 2022-02-04 follows 2022-02-02, but the rows are one day apart: 1 row is \
             missing; {CHOICES}"
        ),
    );
    for (missing, made) in [
        ("previous", "filled with the value before"),
        ("season", "filled with the value of a season before"),
        ("zero", "taken as 0"),
        ("interpolate", "filled by a line between its neighbours"),
        ("flag", "filled with the value before, and flagged by an input of its own"),
    ] {
        let said =
            place.ok(&format!("train d.csv --missing {missing} --season 7 --horizon 2 --test 4 {QUICK}"));
        let note = format!("note: 1 row is missing and {made} (first: 2022-02-03, after d.csv, line 3)\n");
        assert_eq!(said.stderr.matches(&note).count(), 1, "{missing}: {}", said.stderr);
        let predicted = place.ok("predict m.elman d.csv");
        assert!(predicted.stderr.contains(&note), "{missing}: {}", predicted.stderr);
        assert!(predicted.stdout.starts_with("day,v_forecast\n2022-03-01,"), "{}", predicted.stdout);
    }
    let inputs = place.ok("inspect m.elman").stdout;
    assert!(
        inputs.contains("lstm: 11 inputs -> 4 units"),
        "two values, their flags and seven days: {inputs}"
    );
    place.refuses(
        2,
        "train d.csv --missing drop",
        "--missing by drop would take rows out of a series, whose rows must stay at even steps; it is interpolate, \
         previous, season, zero or flag",
    );
}

/// A row that is not there is one whose value is not there.
#[test]
fn a_missing_row_is_as_good_as_an_empty_cell() {
    let missing = [33, 34, 45, 54];
    let (absent, empty) = (Place::new(), Place::new());
    absent.write("d.csv", february(|row| (!missing.contains(&row)).then(|| value(row))));
    empty.write(
        "d.csv",
        february(|row| Some(if missing.contains(&row) { String::new() } else { value(row) })),
    );
    for choice in ["previous", "season", "zero", "interpolate", "flag"] {
        let train = format!("train d.csv --missing {choice} --season 7 --horizon 2 --test 4 {QUICK}");
        let trained = [&absent, &empty].map(|place| {
            place.ok(&train);
            let predicted = place.ok("predict m.elman d.csv").stdout;
            place.ok("backtest m.elman d.csv -o b.csv --force");
            (place.read("m.elman"), predicted, place.text("b.csv"))
        });
        assert!(trained[0] == trained[1], "{choice}: {} {}", trained[0].2, trained[1].2);
    }
    // The 27th is forecast, with nothing beside it.
    let tested = absent.text("b.csv");
    let unknown: Vec<&str> = tested.lines().filter(|line| line.contains(",2022-02-27,")).collect();
    assert!(unknown.len() == 2 && unknown.iter().all(|line| line.ends_with(',')), "{tested}");
}

/// What a line leads to must not be a row of the test.
#[test]
fn no_line_leads_into_the_test() {
    let csv = |last: &str| {
        february(|row| match row {
            50..54 => None,
            54 => Some(last.to_owned()),
            _ => Some(value(row)),
        })
    };
    let place = Place::new();
    let forecasts = ["11", "900"].map(|last| {
        place.write("d.csv", csv(last));
        place.ok(&format!("train d.csv --missing interpolate --season 0 --horizon 1 --test 3 {QUICK}"));
        place.ok("backtest m.elman d.csv -o b.csv --force");
        let rows = place.text("b.csv");
        let forecast = |line: &str| line.split(',').nth(3).unwrap().to_owned();
        rows.lines().skip(1).take(2).map(forecast).collect::<Vec<_>>()
    });
    assert_eq!(forecasts[0], forecasts[1]);
}

#[test]
fn holidays_are_missing_business_days() {
    // From Monday, 2023-01-02, on, without Good Friday and Easter Monday.
    let (mut csv, mut day) = (String::from("day,v\n"), 0);
    let date = |day: usize| {
        let lengths = [31, 28, 31, 30, 31, 30];
        let (mut month, mut day) = (0, day + 1);
        while day >= lengths[month] {
            day -= lengths[month];
            month += 1;
        }
        format!("2023-{:02}-{:02}", month + 1, day + 1)
    };
    while day < 140 {
        let text = date(day);
        if day % 7 < 5 && text != "2023-04-07" && text != "2023-04-10" {
            line_of(&mut csv, &[&text, &value(day)]);
        }
        day += 1;
    }
    let place = Place::with("b.csv", csv);
    let message = place.refused(1, "train b.csv");
    assert!(
        message.contains(
            "2023-04-11 follows 2023-04-06, but the rows are one business day apart: 2 rows are missing;"
        ),
        "{message}"
    );
    let said = place.ok(&format!("train b.csv --missing previous {QUICK}"));
    let note = "note: 2 rows are missing and filled with the value before (first: 2023-04-07, after b.csv, line 70)\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    assert!(said.stderr.contains("; a season of 5 business days, "), "{}", said.stderr);
    assert!(place.ok("predict m.elman b.csv").stdout.contains("\n2023-05-22,"));
}

/// An hour that clocks leave out is not missing where the place is named.
#[test]
fn lost_hours() {
    let mut csv = String::from("t,v\n");
    let hours = (0..24 * 9).filter(|hour| ![50, 24 * 3 + 2].contains(hour));
    for hour in hours {
        let (day, hour_of_day) = (28 + hour / 24, hour % 24);
        let date = if day > 31 { format!("2024-04-{:02}", day - 31) } else { format!("2024-03-{day}") };
        line_of(&mut csv, &[&format!("{date} {hour_of_day:02}:00"), &value(hour)]);
    }
    let place = Place::with("h.csv", csv);
    let message = place.refused(1, "train h.csv");
    assert!(message.contains("1 row is missing, 2 in all in 2 places; "), "{message}");
    for (zone, count) in [("", "2 rows are"), ("--timezone Europe/Berlin", "1 row is")] {
        let said = place.ok(&format!("train h.csv --missing season --horizon 3 {zone} {QUICK}"));
        let note = format!(
            "note: {count} missing and filled with the value of a season before (first: 2024-03-30 02:00, after h.csv, \
             line 51)\n"
        );
        assert!(said.stderr.contains(&note), "{}", said.stderr);
        assert!(place.ok("predict m.elman h.csv").stdout.contains("\n2024-04-06 00:00,"));
    }
}

/// Months without sales have no row: each series is by itself at other steps, together they are monthly.
#[test]
fn months_without_sales() {
    let mut noise = noise(5);
    let mut csv = String::from("product,month,sold\n");
    for (product, every) in [("a", 1), ("b", 1), ("c", 2), ("d", 3)] {
        for month in 0..96 {
            if month % every > 0 && noise() > -0.3 {
                continue;
            }
            let time = format!("{}-{:02}", 2010 + month / 12, 1 + month % 12);
            let sold = 100.0 + 10.0 * (month % 12) as f64 + 5.0 * noise();
            line_of(&mut csv, &[product, &time, &format!("{sold:.2}")]);
        }
    }
    let place = Place::with("s.csv", csv);
    let message = place.refused(1, "train s.csv");
    assert!(message.starts_with("s.csv, series \"c\", line "), "{message}");
    assert!(message.contains(", but the rows are one month apart: 1 row is missing, "), "{message}");
    let said = place.ok(&format!("train s.csv --missing season --horizon 3 {QUICK}"));
    let filled = "are missing and filled with the value of a season before (first: 2010-0";
    assert_eq!(said.stderr.matches(filled).count(), 1, "{}", said.stderr);
    assert!(
        said.stderr.contains("s.csv: forecast \"sold\" of 4 series by \"product\" over \"month\", 3 months")
    );
    let predicted = place.ok("predict m.elman s.csv").stdout;
    assert_eq!(predicted.lines().count(), 1 + 4 * 3);
    // A product that was sold three times only, four months apart, is monthly as the others are.
    place.write("new.csv", "product,month,sold\ne,2018-01,90\ne,2018-05,120\ne,2019-09,140\n");
    let predicted = place.ok("predict m.elman new.csv").stdout;
    assert!(predicted.starts_with("product,month,sold_forecast\ne,2019-10,"), "{predicted}");
}

/// In a wide table the same row is missing of all series.
#[test]
fn a_missing_row_of_a_wide_table_is_one() {
    let rows = february(|row| (row != 40).then(|| format!("{},{}", value(row), value(row + 3))));
    let place = Place::with("w.csv", rows.replace("day,v", "day,a,b"));
    let said =
        place.ok(&format!("train w.csv --target all --missing previous --season 0 --horizon 2 {QUICK}"));
    let note =
        "note: 1 row is missing and filled with the value before (first: 2022-02-13, after w.csv, line 13)\n";
    assert_eq!(said.stderr.matches(note).count(), 1, "{}", said.stderr);
    let mae = figure(&place.last_json("backtest m.elman w.csv --test 20"), "/test/mae");
    assert!(mae.is_finite());
}

#[test]
fn far_too_many_missing_rows_are_refused() {
    let place = Place::with("d.csv", february(|row| Some(value(row))));
    place.ok(&format!("train d.csv --missing previous --season 0 {QUICK}"));
    place.write("far.csv", "day,v\n0101-01-01,1\n2022-02-01,2\n2022-02-02,3\n");
    place.refuses(
        1,
        "predict m.elman far.csv",
        "far.csv: of 701,664 rows one day apart, 701,661 are missing: too many to be filled in",
    );
}

/// A line reaches over to a value that an earlier origin does not know.
#[test]
fn gaps_in_a_test_are_not_filled_by_lines() {
    let rows = february(|row| Some(value(row)));
    let gappy: String = rows
        .lines()
        .enumerate()
        .map(|(n, line)| {
            let (day, cell) = line.split_once(',').expect("two cells");
            format!("{day},{}\n", if n == 5 || n + 3 == rows.lines().count() { "" } else { cell })
        })
        .collect();
    let place = Place::with("d.csv", gappy);
    let train = format!("train d.csv --season 0 --horizon 1 --test 6 {QUICK}");
    let note = "note: of the rows on which is tested 1 value is missing and filled with the value before, since a line would \
                look ahead; a prediction from later rows has it on a line\n";
    assert!(place.ok(&format!("{train} --missing interpolate")).stderr.contains(note));
    assert!(place.ok("evaluate m.elman d.csv").stderr.contains(note));
    assert!(!place.ok(&format!("{train} --force --missing previous")).stderr.contains("a line would"));
}

#[test]
fn a_short_table_is_read_by_the_steps_that_the_model_knows() {
    // From Monday to Saturday: four weeks and more tell it, two do not.
    let day = |row: usize| match 1 + row / 6 * 7 + row % 6 {
        day @ ..=31 => format!("2022-08-{day:02}"),
        day => format!("2022-09-{:02}", day - 31),
    };
    let of = |rows: std::ops::Range<usize>| {
        let mut csv = String::from("day,v\n");
        rows.for_each(|row| line_of(&mut csv, &[&day(row), &value(row)]));
        csv
    };
    let (place, short) = (Place::with("d.csv", of(0..30)), of(18..30));
    place.write("short.csv", &short);
    place.ok(&format!("train d.csv --horizon 2 --test 2 {QUICK}"));
    for table in ["d.csv", "short.csv"] {
        let predicted = place.ok(&format!("predict m.elman {table}")).stdout;
        assert!(predicted.starts_with("day,v_forecast\n2022-09-05,"), "{table}: {predicted}");
    }
    place.ok("backtest m.elman short.csv --test 3");
    place.write("other.csv", short.replace("2022-08-24,", "2022-08-28,"));
    let error = place.refused(1, "predict m.elman other.csv");
    assert!(
        error.contains("but the model learned from rows one open day (from Monday to Saturday) apart"),
        "{error}"
    );
    place.write("gap.csv", short.replace(&format!("2022-08-24,{}\n", value(20)), ""));
    place.refuses(
        1,
        "predict m.elman gap.csv",
        &format!(
            "gap.csv, line 4, column \"day\": 2022-08-25 follows 2022-08-23, but the rows are one open day (from Monday to \
             Saturday) apart: 1 row is missing; {CHOICES}"
        ),
    );
}
