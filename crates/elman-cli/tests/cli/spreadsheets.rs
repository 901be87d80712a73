//! Forecasts from tables as spreadsheets leave them: parts of times in several columns, cells that were merged, durations.

use crate::common::Place;

/// Year and month, date and hour: parts of a time in columns of their own are read as one, in training and after it.
#[test]
fn parts_of_a_time_in_several_columns_are_one() {
    let quick = "--target v --horizon 2 --epochs 1 --hidden-size 2 --force -o m.elman";
    for (head, row, said, next) in [
        (
            "Year,Month",
            (|n| format!("{},{}", 2014 + n / 12, n % 12 + 1)) as fn(usize) -> String,
            "the columns \"Year\" and \"Month\" are the parts of a time, and are read as one, as in \"2014-01\"",
            "\"Year,Month\",v_forecast\n2020-01,",
        ),
        (
            "date,hour",
            |n| format!("2022-01-{:02},{}", n / 24 + 1, n % 24 + 1),
            "the columns \"date\" and \"hour\" are the parts of a time, and are read as one, as in \"2022-01-01 01:00\"",
            "\"date,hour\",v_forecast\n2022-01-04 01:00,",
        ),
    ] {
        let rows: String = (0..72).map(|n| format!("{},{}\n", row(n), n % 24 + n * n % 7)).collect();
        let place = Place::with("t.csv", format!("{head},v\n{rows}"));
        let trained = place.ok(&format!("train t.csv {quick}")).stderr;
        assert!(trained.contains(said) && !trained.contains("not used"), "{trained}");
        let predicted = place.ok("predict m.elman t.csv").stdout;
        assert!(predicted.starts_with(next), "{predicted}");
        place.ok("backtest m.elman t.csv");
        place.ok("evaluate m.elman t.csv");
        place.ok("predict m.elman t.csv --plot p.svg --force -o p.csv");
        // Said by hand, it is the same.
        place.ok(&format!("train t.csv --time {head} {quick}"));
        assert_eq!(place.ok("predict m.elman t.csv").stdout.lines().count(), 3);
    }
    let place = Place::with("t.csv", "Month,v\nJan,1\nFeb,2\nMar,3\n");
    place.refuses(
        1,
        "train t.csv --target v",
        "t.csv, line 2, column \"Month\": \"Jan\" says no year; write it beside in one column, as 2015-01, Jan 2015 or \
         2015Q1",
    );
}

/// Tables with heads, second rows of names, and times of other kinds are learned from and forecast, and what is read how is said.
#[test]
fn tables_of_archives_and_instruments_are_forecast() {
    type Row = fn(usize) -> String;
    let quick = "--target v --horizon 2 --epochs 1 --hidden-size 2 --force -o m.elman";
    let quarter: Row = |n| format!("{}.{}", 2002 + n / 4, n % 4 + 1);
    let day_of_quarter: Row = |n| format!("2024Q1,2024-01-{:02}", n + 1);
    for (above, row, count, said, next) in [
        ("quarter,v\n", quarter, 72, "2 quarters ahead", "quarter,v_forecast\n2020.1,"),
        ("of,day,v\n", day_of_quarter, 31, "\"of\" is not used", "day,v_forecast\n2024-02-01,"),
        (
            "day,v\ndate,units\n",
            |n| format!("2024-01-{:02}", n + 1),
            31,
            "holds no values",
            "day,v_forecast\n2024-02-01,",
        ),
        (
            "Station,7\nMade by,a,survey\n\nday,v\n",
            |n| format!("2024-01-{:02}", n + 1),
            31,
            "is taken for a title",
            "day,v_forecast\n2024-02-01,",
        ),
    ] {
        let rows: String = (0..count).map(|n| format!("{},{}\n", row(n), n % 4 + n * n % 7)).collect();
        let place = Place::with("t.csv", format!("{above}{rows}"));
        let trained = place.ok(&format!("train t.csv {quick}")).stderr;
        assert!(trained.contains(said), "{trained}");
        for command in ["evaluate", "backtest"] {
            place.ok(&format!("{command} m.elman t.csv"));
        }
        let predicted = place.ok("predict m.elman t.csv").stdout;
        assert!(predicted.starts_with(next), "{predicted}");
    }
    let ranges =
        (1..29).fold("range,v\n".to_owned(), |text, n| format!("{text}2024-01-{n:02}/2024-01-{n:02},{n}\n"));
    let refused = "t.csv, line 2, column \"range\": \"2024-01-01/2024-01-01\" is a range of times; write its beginning alone, or, if these are no times of \
                   the rows, take the column out";
    Place::with("t.csv", ranges).refuses(1, &format!("train t.csv {quick}"), refused);
    let place = Place::with(
        "t.csv",
        (0..72).fold("Year,Month,v\n".to_owned(), |text, n| {
            format!("{text}{},{},{}\n", 2014 + n / 12, n % 12 + 1, n % 5)
        }),
    );
    place.write("p.csv", "Year,v\n2014,1\n2014,2\n");
    place.ok(&format!("train t.csv --time Year,Month {quick}"));
    place.refuses(1, "predict m.elman p.csv", "p.csv has no column \"Month\"; it has \"Year\", \"v\"");
}

#[test]
fn tables_that_a_spreadsheet_left_unfinished_say_what_to_do() {
    let month = |n: usize| format!("{}-{:02}", 2015 + n % 36 / 12, n % 12 + 1);
    // Cells that were merged: a name stands in the first row of a region alone.
    let rows: String = (0..72)
        .map(|n| {
            format!(
                "{},{},{}\n",
                ["North", "South"][n / 36].repeat(usize::from(n % 36 == 0)),
                month(n),
                n % 5
            )
        })
        .collect();
    let place = Place::with("t.csv", format!("Region,Month,v\n{rows}"));
    place.refuses(
        1,
        "train t.csv",
        "t.csv, line 3, column \"Region\": the cell is empty below \"North\", as where cells are merged in a spreadsheet; \
         write in each row to which series it belongs",
    );
    // Laps counted, and durations that are none of the numbers which are learned.
    let rows: String = (0..40).map(|n| format!("{},1:{:02}:{:02}\n", n + 1, n % 60, n * 7 % 60)).collect();
    place.write("laps.csv", format!("lap,duration\n{rows}"));
    place.refuses(
        1,
        "train laps.csv",
        "laps.csv: \"lap\" is the only column of numbers, and counts the rows; write the values of another as numbers, or, \
         if this is what to forecast, name it with --target",
    );
    place.refuses(
        1,
        "train laps.csv --target duration",
        "laps.csv, line 2, column \"duration\": \"1:00:00\" is not a number; write a duration or a time of day in hours, \
         minutes or seconds",
    );
    // A series of nothing but zeros is left out, whatever becomes of the others.
    let rows: String =
        (0..72).map(|n| format!("{},{},{}\n", n / 36, month(n % 36), n / 36 * (3 + n % 5))).collect();
    place.write("zeros.csv", format!("unique_id,ds,y\n{rows}"));
    let trained = place.ok("train zeros.csv --horizon 2 --transform smoothing --epochs 1 -o m.elman").stderr;
    assert!(trained.contains("1 series is left out, first \"0\""), "{trained}");
}
