//! What is forecast, tells series apart and holds the times where nobody names it, and some cells are not as they should be.

use crate::common::Place;

const QUICK: &str = "--epochs 1 --hidden-size 2 --transform log-difference -o m.elman";

fn month(n: usize) -> String {
    format!("{}-{:02}-01", 2012 + n / 12, n % 12 + 1)
}

fn value(n: usize) -> f64 {
    100.0 + n as f64 + [0.0, 9.0, 4.0, -3.0][n % 4]
}

/// Rows of months: the time, the value, something else; one value as `given`.
fn with_one(head: &str, given: &str) -> String {
    let cell = |n: usize| if n == 40 { given.to_owned() } else { value(n).to_string() };
    let rows = (0..96).map(|n| format!("{},{},{}\n", month(n), cell(n), 3 + n % 5));
    format!("{head}\n{}", rows.collect::<String>())
}

#[test]
fn a_cell_that_is_none_makes_no_other_column_the_target() {
    let place = Place::new();
    for given in ["141", "", "n/a", "oops"] {
        place.write("t.csv", with_one("m,y,price", given));
        for missing in ["", " --missing previous"] {
            place.refuses(
                1,
                &format!("train t.csv {QUICK}{missing}"),
                "t.csv: 2 columns of numbers could be forecast (y, price); name one with --target, or several with commas \
                 between, or all",
            );
        }
    }
    // Of several the one of the usual name.
    place.write("t.csv", with_one("m,price,target", "141"));
    assert!(place.ok(&format!("train t.csv {QUICK}")).stderr.contains("forecast \"target\" over \"m\""));
    place.write("t.csv", with_one("m,target,price", "oops"));
    let refused = place.refused(1, &format!("train t.csv {QUICK}"));
    assert!(
        refused.starts_with("t.csv, line 42, column \"target\": \"oops\" is not a number; "),
        "{refused}"
    );
    // One column alone, and all of them.
    place.write("t.csv", with_one("m,y,shop", "oops").replace(",3\n", ",x\n").replace(",4\n", ",z\n"));
    let refused = place.refused(1, &format!("train t.csv {QUICK}"));
    assert!(refused.starts_with("t.csv, line 42, column \"y\": \"oops\" is not a number; "), "{refused}");
    place.write("t.csv", with_one("m,y,price", "oops"));
    let refused = place.refused(1, &format!("train t.csv --target all {QUICK}"));
    assert!(refused.contains("line 42, column \"y\": \"oops\" is not a number; "), "{refused}");
}

/// A column with decimal commas, or separators of thousands, is one of numbers in spite of a cell.
#[test]
fn a_cell_that_is_none_among_numbers_of_any_spelling_is_named() {
    let place = Place::new();
    type Spelling = fn(f64) -> String;
    let spellings: [(&str, Spelling); 4] = [
        (";", |value| format!("{value:.2}").replace('.', ",")),
        (";", |value| format!("1.{value:03.0},5")),
        (";", |value| format!("1,{value:03.0}")),
        (",", |value| format!("1 {value:03.0}.5")),
    ];
    for (separator, spelling) in spellings {
        let cell = |n: usize| if n == 40 { "oops".to_owned() } else { spelling(value(n)) };
        let rows = (0..96).map(|n| [month(n), cell(n), (3 + n % 5).to_string()].join(separator) + "\n");
        let text = ["m", "y", "price"].join(separator) + "\n" + &rows.collect::<String>();
        place.write("t.csv", &text);
        let refused = place.refused(1, &format!("train t.csv {QUICK}"));
        assert!(refused.starts_with("t.csv: 2 columns of numbers could be forecast (y, price)"), "{refused}");
        let refused = place.refused(1, &format!("train t.csv --target y {QUICK}"));
        assert!(refused.starts_with("t.csv, line 42, column \"y\": \"oops\" is not a number; "), "{refused}");
    }
}

#[test]
fn the_cell_that_is_none_is_told_from_those_that_are_missing_or_written_otherwise() {
    let place = Place::new();
    let refuses = |cells: &dyn Fn(usize) -> String, message: &str| {
        let rows = (0..96).map(|n| format!("{};{}\n", month(n), cells(n))).collect::<String>();
        place.write("t.csv", format!("m;y\n{rows}"));
        let refused = place.refused(1, &format!("train t.csv {QUICK} --missing interpolate"));
        assert!(refused.starts_with(message), "{refused}");
    };
    let comma = |n: usize| format!("{:.2}", value(n)).replace('.', ",");
    let one = |n: usize, at: usize, text: &str, other: String| if n == at { text.to_owned() } else { other };
    // Most have separators of thousands, few of millions.
    let thousands = |n: usize| if n < 8 { format!("1,{n:03},500") } else { format!("{n},500") };
    refuses(
        &|n| one(n, 40, "closed", thousands(n + 1)),
        "t.csv, line 42, column \"y\": \"closed\" is not a number",
    );
    // A gap stands before it.
    let gap = |n| one(n, 3, "", comma(n));
    refuses(&|n| one(n, 40, "oops", gap(n)), "t.csv, line 42, column \"y\": \"oops\" is not a number");
    refuses(
        &|n| one(n, 40, "61.5", comma(n)),
        "t.csv, line 42, column \"y\": \"61.5\" is not written like other cells, such as \"100,00\"; write all alike",
    );
}

/// Rows of `shop,m,y`, of months from a first one on.
fn of_shop(shop: &str, months: std::ops::Range<usize>, gap: Option<usize>) -> String {
    let cell = |n: usize| if Some(n) == gap { String::new() } else { value(n).to_string() };
    months.map(|n| format!("{shop},{},{}\n", month(n), cell(n))).collect()
}

#[test]
fn series_are_found_whatever_their_rows_lack() {
    let place = Place::new();
    let told = "the rows hold several series, told apart by \"shop\"";
    // A value is missing.
    place.write("t.csv", format!("shop,m,y\n{}{}", of_shop("a", 0..60, None), of_shop("b", 0..60, Some(30))));
    let said = place.ok(&format!("train t.csv --missing previous {QUICK}")).stderr;
    assert!(said.contains(told) && said.contains("of 2 series by \"shop\""), "{said}");
    let refused = place.refused(1, &format!("train t.csv {QUICK}"));
    assert!(refused.contains("series \"b\", line 92, column \"y\": the value is missing; "), "{refused}");
    // They share few times.
    place.write("t.csv", format!("shop,m,y\n{}{}", of_shop("a", 0..60, None), of_shop("b", 55..120, None)));
    assert!(place.ok(&format!("train t.csv {QUICK}")).stderr.contains("of 2 series by \"shop\""));
    // They share none, as those of a single series would: then it is said how they are told apart.
    place.write("t.csv", format!("shop,m,y\n{}{}", of_shop("a", 0..60, None), of_shop("b", 60..120, None)));
    let said = place.ok(&format!("train t.csv {QUICK}")).stderr;
    assert!(said.contains("or with --id what tells several series apart"), "{said}");
    // A row stands twice.
    let twice = of_shop("b", 7..8, None);
    let rows = format!("{}{}{twice}", of_shop("a", 0..60, None), of_shop("b", 0..60, None));
    place.write("t.csv", format!("shop,m,y\n{rows}"));
    let refused = place.refused(1, &format!("train t.csv {QUICK}"));
    assert!(
        refused.contains("series \"b\", line 122, column \"m\": the time 2012-08-01 stands twice "),
        "{refused}"
    );
    // A name is empty.
    let rows = format!("{}{}", of_shop("a", 0..60, None), of_shop("b", 0..60, None));
    place.write("t.csv", format!("shop,m,y\n{}", rows.replacen("b,2013-01-01", ",2013-01-01", 1)));
    place.refuses(
        1,
        &format!("train t.csv --id shop {QUICK}"),
        "t.csv, line 74, column \"shop\": the cell is empty; write there to which series the row belongs, or take the row out",
    );
}

#[test]
fn a_format_finds_its_column() {
    let place = Place::new();
    let days: String = (1..=12).map(|n| format!("x,01/{n:02}/2023,{}\n", value(n))).collect();
    place.write("t.csv", format!("note,when,y\n{days}"));
    let refused = place.refused(1, &format!("train t.csv {QUICK}"));
    assert!(refused.contains("say so with --time-format"), "{refused}");
    for (format, step) in [("%m/%d/%Y", "days"), ("%d/%m/%Y", "months")] {
        let said = place.ok(&format!("train t.csv --time-format {format} {QUICK}")).stderr;
        assert!(said.contains(&format!("forecast \"y\" over \"when\", 2 {step} ahead")), "{said}");
    }
    for (format, message) in [
        ("%m/%d", "--time-format \"%m/%d\" "),
        ("%q%", "--time-format \"%q%\" has %, which is no field of a time"),
        (
            "%Y~%m",
            "--time-format \"%Y~%m\" fits the first cell of no column; correct it, or name the column of times with --time",
        ),
    ] {
        let refused = place.refused(2, &format!("train t.csv --time-format {format} {QUICK}"));
        assert!(refused.starts_with(message), "{refused}");
    }
    place.write("t.csv", format!("note,when,y\n{}", days.replace("01/07/2023", "2023-01-07")));
    let refused = place.refused(1, &format!("train t.csv --time-format %m/%d/%Y {QUICK}"));
    let cell = "t.csv, line 8, column \"when\": \"2023-01-07\" is not a time written as \"%m/%d/%Y\", which is the --time-format";
    assert_eq!(refused, cell);
}

/// Rows of hours of local time, from a moment on, of which those before the clocks are put back say `first`, the others `last`.
fn hours_put_back(first: &str, last: &str) -> String {
    let hour = |n: usize| format!("2023-10-{:02} {:02}:00", 20 + n / 24, n % 24);
    // At three in the morning of 29 October clocks were put back by an hour.
    let change = 9 * 24 + 3;
    let before = (0..change).map(|n| (hour(n), first));
    let after = (change - 1..change + 40).map(|n| (hour(n), last));
    let rows = before.chain(after).enumerate();
    rows.map(|(n, (hour, clock))| format!("{hour},{clock},{}\n", value(n))).collect()
}

#[test]
fn what_looks_like_series_and_is_none_is_not_taken_for_them() {
    let place = Place::new();
    // A column that tells summer time from winter time.
    place.write("t.csv", format!("time,tz,v\n{}", hours_put_back("CEST", "CET")));
    let said = place.ok(&format!("train t.csv --timezone Europe/Berlin {QUICK}")).stderr;
    assert!(said.contains("t.csv: forecast \"v\" over \"time\", 24 hours ahead"), "{said}");
    let refused = place.refused(1, &format!("train t.csv {QUICK}"));
    assert!(refused.contains("2023-10-29 02:00 stands twice") && refused.contains("--timezone"), "{refused}");
    // A row that stands twice, and whatever else the table says of it.
    let rows = (0..60).map(|n| format!("{},{},{}\n", month(n), ["y", "n"][n * n % 3 % 2], value(n)));
    place.write("t.csv", format!("m,good,v\n{}{},n,7\n", rows.collect::<String>(), month(30)));
    let refused = place.refused(1, &format!("train t.csv {QUICK}"));
    assert!(refused.contains("the time 2014-07-01 stands twice (lines 32 and 62)"), "{refused}");
    // Shifts of each day are two series, not the times of day of one.
    let shifts = (0..60).map(|n| {
        format!("2023-{:02}-{:02},{},{}\n", 2 + n / 56, 1 + n / 2 % 28, ["8h00", "16h00"][n % 2], value(n))
    });
    place.write("t.csv", format!("date,shift,v\n{}", shifts.collect::<String>()));
    let said = place.ok(&format!("train t.csv {QUICK}")).stderr;
    assert!(said.contains("of 2 series by \"shift\" over \"date\""), "{said}");
}

/// Each at minutes of its own, or at a time of day: no timetable, whatever their names.
#[test]
fn series_at_times_of_their_own_are_no_timetable() {
    let place = Place::new();
    for sensors in [["a", "b"], ["1", "2"]] {
        let rows = (0..14 * 48).map(|n| {
            let (hour, minute) = (n / 2 % 24, [0, 7][n % 2]);
            format!("2024-03-{:02} {hour:02}:{minute:02},{},{}\n", 1 + n / 48, sensors[n % 2], value(n / 2))
        });
        place.write("t.csv", format!("when,sensor,v\n{}", rows.collect::<String>()));
        let said = place.ok(&format!("train t.csv --target v {QUICK}")).stderr;
        assert!(said.contains("of 2 series by \"sensor\" over \"when\""), "{said}");
        assert!(said.contains("hours ahead"), "{said}");
    }
    // One row that is missing is one of its series, and not of a timetable of both.
    let rows = (0..14 * 48).filter(|n| *n != 101).map(|n| {
        let (hour, minute) = (n / 2 % 24, [0, 7][n % 2]);
        format!("2024-03-{:02} {hour:02}:{minute:02},{},{}\n", 1 + n / 48, ["a", "b"][n % 2], value(n / 2))
    });
    place.write("t.csv", format!("when,sensor,v\n{}", rows.collect::<String>()));
    let said = place.ok(&format!("train t.csv --target v --missing interpolate {QUICK}")).stderr;
    assert!(said.contains("1 row is missing and filled") && said.contains("hours ahead"), "{said}");
    // Hours that are open, with the number of the hour beside them, are one series.
    let rows = (0..28 * 9)
        .map(|n| format!("2024-02-{:02} {:02}:00,{},{}\n", 1 + n / 9, 9 + n % 9, 9 + n % 9, value(n)));
    place.write("t.csv", format!("when,hour,v\n{}", rows.collect::<String>()));
    let said = place.ok(&format!("train t.csv --target v {QUICK}")).stderr;
    assert!(said.contains("forecast \"v\" over \"when\"") && said.contains("open hours ahead"), "{said}");
}

#[test]
fn codes_of_digits_tell_series_apart() {
    let place = Place::new();
    let rows = |codes: &[&str]| -> String {
        codes
            .iter()
            .flat_map(|code| (0..40).map(move |n| format!("{},{code},{}\n", month(n), value(n))))
            .collect()
    };
    let codes = [
        "85120", "85121", "85122", "85123", "85124", "85125", "85126", "85127", "85128", "85129", "85130",
        "85123A",
    ];
    for codes in [&codes[..], &codes[..11], &codes[10..]] {
        place.write("t.csv", format!("m,code,v\n{}", rows(codes)));
        let said = place.ok(&format!("train t.csv {QUICK}")).stderr;
        assert!(said.contains(&format!("forecast \"v\" of {} series by \"code\"", codes.len())), "{said}");
    }
    // A code that is missing is told.
    place.write(
        "t.csv",
        format!("m,code,v\n{}", rows(&codes[..11]).replacen("2013-01-01,85122", "2013-01-01,", 1)),
    );
    let refused = place.refused(1, &format!("train t.csv {QUICK}"));
    assert!(refused.starts_with("t.csv, line 94, column \"code\": the cell is empty; "), "{refused}");
}

#[test]
fn a_format_prefers_what_is_named_like_times() {
    let place = Place::new();
    let rows: String = (0..40).map(|n| format!("{},{},{}\n", 3000 - 10 * n, 1980 + n, value(n))).collect();
    for (head, found) in
        [("stock,year,v", Some("year")), ("year,stock,v", Some("year")), ("stock,jaren,v", None)]
    {
        place.write("t.csv", format!("{head}\n{rows}"));
        let arguments = format!("train t.csv --target v --time-format %Y {QUICK}");
        match found {
            Some(time) => {
                let said = place.ok(&arguments).stderr;
                assert!(said.contains(&format!("forecast \"v\" over \"{time}\"")), "{said}");
            }
            None => place.refuses(
                2,
                &arguments,
                "--time-format \"%Y\" fits the columns \"stock\" and \"jaren\": name the column of times with --time",
            ),
        }
    }
}

/// Whole numbers that count the rows, or those of each series, put them in order, and gaps are seen.
#[test]
fn steps_that_are_counted_are_times() {
    let place = Place::new();
    let row = |n: usize| format!("{},{}\n", n + 1, value(n));
    let note = |name: &str| {
        format!(
            "note: t.csv, column \"{name}\": the values are taken for steps of time that are counted; name another column of \
             times with --time\n"
        )
    };
    let in_order: String = (0..60).map(row).collect();
    place.write("t.csv", format!("week,y\n{in_order}"));
    assert!(place.ok(&format!("train t.csv {QUICK}")).stderr.contains(&note("week")));
    let expected = place.ok("predict m.elman t.csv").stdout;
    assert!(expected.starts_with("week,y_forecast\n61,"), "{expected}");
    for order in [|n: usize| 59 - n, |n: usize| n * 7 % 60] {
        place.write("t.csv", format!("week,y\n{}", (0..60).map(|n| row(order(n))).collect::<String>()));
        place.ok(&format!("train t.csv {QUICK}"));
        assert_eq!(place.ok("predict m.elman t.csv").stdout, expected);
        assert_eq!(
            place.ok(&format!("train t.csv {QUICK} --time week")).stderr.matches("steps of time").count(),
            0
        );
        assert_eq!(place.ok("predict m.elman t.csv").stdout, expected);
    }
    place.write("t.csv", format!("week,y\n{}", in_order.replace("\n31,", "\n62,")));
    let refused = place.refused(1, &format!("train t.csv {QUICK}"));
    let gap =
        "t.csv, line 33, column \"week\": 32 follows 30, but the rows are one step apart: 1 row is missing";
    assert!(refused.starts_with(gap), "{refused}");
    // Of many series, as in the M competitions.
    let of = |id: &str, level: usize| {
        (0..40).map(|n| format!("{id},{},{}\n", n + 1, value(n) + level as f64)).collect()
    };
    let series: [String; 3] = [of("A", 0), of("B", 50), of("C", 700)];
    place.write("t.csv", format!("unique_id,ds,y\n{}", series.concat()));
    let said = place.ok(&format!("train t.csv {QUICK}")).stderr;
    assert!(
        said.contains(&note("ds"))
            && said.contains("forecast \"y\" of 3 series by \"unique_id\" over \"ds\""),
        "{said}"
    );
}
