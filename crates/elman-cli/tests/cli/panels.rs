//! Many series in one model: long tables, wide ones, series of unequal lengths and new ones.

use crate::common::{Place, figure, line_of, noise};

/// A monthly series with a season, on its own level.
fn monthly(level: f64, rows: usize) -> Vec<(String, f64)> {
    let mut noise = noise(level as u64);
    let value = move |n: usize| {
        let season = (n as f64 * std::f64::consts::TAU / 12.0).sin();
        level * (1.0 + 0.01 * n as f64) * (1.0 + 0.2 * season) * (1.0 + 0.02 * noise())
    };
    let mut value = value;
    (0..rows).map(|n| (format!("{}-{:02}", 2010 + n / 12, n % 12 + 1), value(n))).collect()
}

/// Series under an id each, as a long table.
fn long(head: &str, series: &[(&str, Vec<(String, f64)>)]) -> String {
    let mut csv = format!("{head}\n");
    for (id, rows) in series {
        rows.iter().for_each(|(time, value)| line_of(&mut csv, &[id, time, &value.to_string()]));
    }
    csv
}

fn two() -> [(&'static str, Vec<(String, f64)>); 2] {
    [("a", monthly(100.0, 96)), ("b", monthly(5000.0, 84))]
}

/// A run of a moment, without a trial of what to learn.
const QUICK: &str = "--epochs 3 --hidden-size 4 --horizon 6 --transform log-difference -o m.elman";

/// The rows of a CSV file, cell by cell.
fn cells(csv: &str) -> Vec<Vec<&str>> {
    csv.lines().map(|line| line.split(',').collect()).collect()
}

#[test]
fn a_long_table_holds_many_series() {
    let place = Place::with("l.csv", long("unique_id,ds,y", &two()));
    let said = place.ok(&format!("train l.csv {QUICK}"));
    let what = "l.csv: forecast \"y\" of 2 series by \"unique_id\" over \"ds\", 6 months ahead; a season of 12 months, \
                relative changes\n";
    assert!(said.stderr.contains(what), "{}", said.stderr);
    let on = "test: 228 forecasts of 2 series, up to 6 months ahead, from 19 origins each\n";
    assert!(said.stdout.starts_with(on), "{}", said.stdout);

    let predicted = place.ok("predict m.elman l.csv").stdout;
    let cells = cells(&predicted);
    assert_eq!(cells[0], ["unique_id", "ds", "y_forecast"]);
    assert_eq!(cells.len(), 13);
    assert_eq!((cells[1][0], cells[1][1]), ("a", "2018-01"));
    assert_eq!((cells[7][0], cells[7][1]), ("b", "2017-01"));
    let level = |row: usize| cells[row][2].parse::<f64>().unwrap();
    assert!((100.0..400.0).contains(&level(1)) && (5000.0..20_000.0).contains(&level(7)), "{predicted}");
}

#[test]
fn the_column_that_tells_series_apart_is_found() {
    let place = Place::with("l.csv", long("shop,when,sold", &two()));
    let said = place.ok(&format!("train l.csv {QUICK}"));
    let note = "note: the rows hold several series, told apart by \"shop\": --id names other columns\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    let predicted = place.ok("predict m.elman l.csv").stdout;
    assert!(predicted.starts_with("shop,when,sold_forecast\na,2018-01,"), "{predicted}");

    // Two columns of numbers, only together.
    let mut csv = String::from("store,item,date,sales\n");
    for (n, level) in [100.0, 30.0, 700.0, 60.0].into_iter().enumerate() {
        for (date, value) in monthly(level, 80) {
            line_of(&mut csv, &[&(n / 2).to_string(), &(n % 2).to_string(), &date, &value.to_string()]);
        }
    }
    place.write("s.csv", csv);
    let said = place.ok(&format!("train s.csv {QUICK}"));
    assert!(said.stderr.contains("told apart by \"store\" and \"item\": "), "{}", said.stderr);
    let predicted = place.ok("predict m.elman s.csv --horizon 1").stdout;
    let keys: Vec<[&str; 3]> = cells(&predicted).iter().map(|row| [row[0], row[1], row[2]]).collect();
    let expected =
        [["0", "0", "2016-09"], ["0", "1", "2016-09"], ["1", "0", "2016-09"], ["1", "1", "2016-09"]];
    assert_eq!(keys[1..], expected);
}

#[test]
fn repeated_times_without_a_column_that_tells_them_apart_are_named() {
    let rows: Vec<(String, f64)> = monthly(10.5, 40);
    let mut csv = String::from("when,sold\n");
    for (time, value) in rows.iter().chain(&rows) {
        line_of(&mut csv, &[time, &value.to_string()]);
    }
    let place = Place::with("d.csv", csv);
    place.refuses(
        1,
        "train d.csv",
        "d.csv, line 42, column \"when\": 2010-01 stands in line 2 already, and no column tells the series apart to which \
         the rows may belong: name one with --id, or keep one row of each time; if these are no times, name those with --time \
         or take the column out",
    );
}

#[test]
fn a_series_of_several_is_scaled_as_it_is_alone() {
    let place = Place::with("l.csv", long("unique_id,ds,y", &two()[..1]));
    let alone = long("unique_id,ds,y", &two()[..1]).replace("a,", "").replace("unique_id,", "");
    place.write("a.csv", alone);
    let of_one = place.last_json(&format!("train l.csv {QUICK}"));
    let single = place.last_json(&format!("train a.csv {QUICK}").replace("m.elman", "a.elman"));
    assert_eq!(of_one["test"], single["test"]);
    assert_eq!(of_one["baselines"], single["baselines"]);
}

#[test]
fn the_columns_of_a_wide_table_are_series() {
    let [(_, a), (_, b)] = two();
    let mut csv = String::from("month,north,south,note\n");
    for (n, (time, value)) in a.iter().enumerate() {
        // The south begins a year later.
        let south = n.checked_sub(12).map_or(String::new(), |n| b[n].1.to_string());
        line_of(&mut csv, &[time, &value.to_string(), &south, "x"]);
    }
    let place = Place::with("w.csv", csv);
    for target in ["all", "north,south"] {
        let said = place.ok(&format!("train w.csv --target {target} {QUICK}"));
        assert!(
            said.stderr.contains(": forecast 2 columns over \"month\", 6 months ahead;"),
            "{}",
            said.stderr
        );
        let predicted = place.ok("predict m.elman w.csv --horizon 2").stdout;
        let rows = cells(&predicted);
        assert_eq!(rows[0], ["series", "month", "forecast"]);
        let keys: Vec<[&str; 2]> = rows[1..].iter().map(|row| [row[0], row[1]]).collect();
        assert_eq!(
            keys,
            [["north", "2018-01"], ["north", "2018-02"], ["south", "2018-01"], ["south", "2018-02"]]
        );
    }
}

#[test]
fn short_and_constant_series_are_left_out_and_named() {
    let mut series: Vec<(&str, Vec<(String, f64)>)> = two().to_vec();
    series.push(("short", monthly(9.0, 20)));
    series.push(("one", monthly(9.0, 1)));
    series.push(("still", monthly(9.0, 90).into_iter().map(|(time, _)| (time, 4.0)).collect()));
    let place = Place::with("l.csv", long("unique_id,ds,y", &series));
    let said = place.ok(&format!("train l.csv {QUICK}"));
    for note in [
        "note: 2 series are left out, first \"one\": fewer than the 39 rows that are needed\n",
        "note: 1 series is left out, first \"still\": the values do not vary, or change by the same in every row\n",
    ] {
        assert!(said.stderr.contains(note), "{note}{}", said.stderr);
    }
    assert_eq!(said.stderr.matches("left out, first \"one\"").count(), 1, "{}", said.stderr);
    assert!(
        said.stderr.contains(
            "note: 2 series are not tested, first \"short\": fewer than the 37 rows that are needed\n"
        ),
        "{}",
        said.stderr
    );
    // At prediction they are series like others, as far as there is enough to look back on.
    let said = place.ok("predict m.elman l.csv --horizon 1");
    let keys: Vec<&str> = cells(&said.stdout).iter().map(|row| row[0]).collect();
    assert_eq!(keys, ["unique_id", "a", "b", "short", "still"]);
    assert!(said.stderr.contains("note: 1 series is left out, first \"one\": "), "{}", said.stderr);
}

#[test]
fn a_new_series_is_forecast_on_its_own_level() {
    let place = Place::with("l.csv", long("unique_id,ds,y", &two()));
    place.ok(&format!("train l.csv {QUICK}"));
    place.write("new.csv", long("unique_id,ds,y", &[("c", monthly(0.5, 40))]));
    let predicted = place.ok("predict m.elman new.csv").stdout;
    for row in &cells(&predicted)[1..] {
        let value: f64 = row[2].parse().unwrap();
        assert!(row[0] == "c" && (0.2..2.0).contains(&value), "{predicted}");
    }
}

#[test]
fn series_of_different_steps_are_refused() {
    let weekly: Vec<(String, f64)> = (1..29).map(|n| (format!("2024-02-{n:02}"), f64::from(n % 5))).collect();
    let place = Place::with(
        "l.csv",
        long(
            "unique_id,ds,y",
            &[("a", weekly), ("b", { (1..5).map(|n| (format!("2024-{n:02}-01"), f64::from(n))).collect() })],
        ),
    );
    place.refuses(
        1,
        "train l.csv",
        "l.csv: the rows of series \"a\" are one day apart, but those of series \"b\" one month; forecast them apart",
    );
}

#[test]
fn a_backtest_is_what_step_by_step_forecasts_are() {
    steps_are_as_a_backtest(QUICK);
}

#[test]
fn a_backtest_of_smoothed_series_is_as_well() {
    steps_are_as_a_backtest(&QUICK.replace("log-difference", "smoothing"));
}

fn steps_are_as_a_backtest(options: &str) {
    let series = two();
    let place = Place::with("l.csv", long("unique_id,ds,y", &series));
    place.ok(&format!("train l.csv {options}"));
    let said = place.ok("backtest m.elman l.csv -o b.csv");
    assert!(said.stderr.ends_with("wrote 228 rows to b.csv\n"), "{}", said.stderr);
    place.write("own.csv", "a\n1\n");
    place.refuses(
        2,
        "backtest m.elman l.csv -o own.csv",
        "own.csv is there and is not a table of these columns that elman wrote: give another name to write to, or \
         replace it with --force",
    );
    place.ok("backtest m.elman l.csv -o own.csv --force");
    assert!(place.read("own.csv") == place.read("b.csv"));
    let backtest = place.last_json("backtest m.elman l.csv");
    let mut evaluated = place.last_json("evaluate m.elman l.csv");
    for level in ["coverage_80", "coverage_95"] {
        assert!((0.0..=100.0).contains(&figure(&backtest, &format!("/test/{level}"))));
        evaluated["test"][level] = backtest["test"][level].clone();
    }
    assert_eq!(backtest, evaluated);
    let csv = place.text("b.csv");
    let rows = cells(&csv);
    assert_eq!(rows[0], ["unique_id", "origin", "ds", "step", "y_forecast", "actual"]);
    assert_eq!(rows.len(), 1 + 2 * 19 * 6);
    // As if the table ended at the origin.
    for known in [0, 7, 18] {
        let cut =
            |(id, rows): &(&'static str, Vec<(String, f64)>)| (*id, rows[..rows.len() - 24 + known].to_vec());
        let cut: Vec<_> = series.iter().map(cut).collect();
        place.write("cut.csv", long("unique_id,ds,y", &cut));
        let predicted = place.ok("predict m.elman cut.csv").stdout;
        for (n, expected) in cells(&predicted)[1..].iter().enumerate() {
            let (series, step) = (n / 6, n % 6);
            let row = &rows[1 + (series * 19 + known) * 6 + step];
            assert_eq!([row[0], row[2], row[4]], expected[..], "{known}");
            assert_eq!(row[1], cut[series].1.last().expect("rows").0);
            assert_eq!(row[3], (step + 1).to_string());
        }
    }
}

#[test]
fn intervals_are_as_wide_as_the_errors_on_the_test() {
    let place = Place::with("l.csv", long("unique_id,ds,y", &two()));
    place.ok(&format!("train l.csv {QUICK}"));
    let said = place.ok("predict m.elman l.csv --interval 50,95");
    let rows = cells(&said.stdout);
    let head = ["unique_id", "ds", "y_forecast"];
    let levels = ["y_forecast_low_50", "y_forecast_high_50", "y_forecast_low_95", "y_forecast_high_95"];
    assert_eq!(rows[0], [&head[..], &levels[..]].concat());
    for row in &rows[1..] {
        let [forecast, low_50, high_50, low_95, high_95] =
            [2, 3, 4, 5, 6].map(|n: usize| row[n].parse::<f64>().unwrap());
        assert!(low_95 < low_50 && low_50 < forecast && forecast < high_50 && high_50 < high_95, "{row:?}");
        // Relative changes: as many times more as less.
        assert!((high_95 / forecast - forecast / low_95).abs() < 1e-3, "{row:?}");
    }
    // One row ahead the reach is an error that was made: of 19 origins of 2 series, the 38th, for 39 * 0.95 = 37.05.
    place.ok("backtest m.elman l.csv -o b.csv");
    let csv = place.text("b.csv");
    let task = &place.last_json("inspect m.elman")["task"]["forecast"];
    let deviation = |id: &str| {
        let known = task["series"].as_array().unwrap().iter().find(|known| known["id"][0] == id).unwrap();
        figure(known, "/scaling/deviation")
    };
    let first_steps = cells(&csv).into_iter().skip(1).filter(|row| row[3] == "1");
    let mut errors: Vec<f64> = first_steps
        .map(|row| {
            let [forecast, actual] = [4, 5].map(|n: usize| row[n].parse::<f64>().unwrap());
            (actual / forecast).ln().abs() / deviation(row[0])
        })
        .collect();
    errors.sort_by(f64::total_cmp);
    assert_eq!(errors.len(), 38);
    let [forecast, high] = [2, 6].map(|n: usize| rows[1][n].parse::<f64>().unwrap());
    let expected = errors[37] * deviation("a");
    assert!(((high / forecast).ln() - expected).abs() < 1e-4 * expected, "{expected}");

    let message = "--interval asks for 100 %; levels are above 0 and below 100";
    place.refuses(2, "predict m.elman l.csv --interval 100", message);
    place.refuses(
        2,
        "predict m.elman l.csv --interval 80 --baseline drift",
        "--interval is around the model's own forecasts; leave it out, or the --baseline",
    );
    place.ok(&format!("train l.csv --test 0 {QUICK}"));
    place.refuses(
        2,
        "predict m.elman l.csv --interval 80",
        "--interval needs a model that knows its errors on rows kept back: train with a --test",
    );
}

#[test]
fn what_is_for_forecasts_is_refused() {
    let place = Place::new();
    place.write("s.csv", crate::common::sequences(20));
    place.ok(&format!("{} --epochs 1", crate::common::REGRESS));
    place.refuses(2, "backtest m.elman s.csv", "backtest is for forecasts; this model is there to regress");
    place.refuses(
        2,
        "predict m.elman s.csv --baseline drift",
        "--baseline is for forecasts; this model is there to regress",
    );
}

#[test]
fn a_model_that_loses_says_so_and_the_baseline_answers() {
    let place = Place::with("l.csv", long("unique_id,ds,y", &two()));
    let said = place.ok(&format!("train l.csv --learning-rate 0.00001 {QUICK}"));
    let note = said.stderr.lines().find(|line| line.contains("is better than the model")).unwrap();
    assert!(note.ends_with("; predictions are made of it with --baseline smoothing"), "{note}");
    let json = place.last_json("evaluate m.elman l.csv");
    let less = 1.0 - figure(&json, "/baselines/smoothing/mae") / figure(&json, "/test/mae");
    assert!(note.contains(&format!(" is {:.1} % less", less * 100.0)), "{note}");

    let predicted = place.ok("predict m.elman l.csv --baseline seasonal-naive").stdout;
    let series = two();
    for (n, row) in cells(&predicted)[1..].iter().enumerate() {
        let rows = &series[n / 6].1;
        let expected = rows[rows.len() - 12 + n % 6].1;
        assert!((row[2].parse::<f64>().unwrap() - expected).abs() < 1e-3, "{row:?}");
    }
    let smoothed = place.ok("predict m.elman l.csv --baseline smoothing").stdout;
    let ahead =
        |cells: Vec<Vec<&str>>| cells[1..].iter().map(|row| row[2].parse().unwrap()).collect::<Vec<f64>>();
    let (naive, smoothed) = (ahead(cells(&predicted)), ahead(cells(&smoothed)));
    assert!(
        naive != smoothed && naive.iter().zip(&smoothed).all(|(a, b)| (a / b - 1.0).abs() < 0.2),
        "{smoothed:?}"
    );
    place.refuses(
        2,
        "predict m.elman l.csv --baseline drif",
        "--baseline \"drif\" is not known (did you mean drift?); there are seasonal naive, last value, drift and smoothing",
    );
}

/// Noise about a level of its own, which differences double.
fn noisy(ids: &[&'static str]) -> Vec<(&'static str, Vec<(String, f64)>)> {
    let series = |(n, &id): (usize, &&'static str)| {
        let mut noise = noise(n as u64);
        let value = move |row: usize| 100.0 * (n + 1) as f64 + 9.0 * noise() - 0.01 * row as f64;
        let mut value = value;
        (id, (0..90).map(|row| (format!("{}-{:02}", 2010 + row / 12, row % 12 + 1), value(row))).collect())
    };
    ids.iter().enumerate().map(series).collect()
}

#[test]
fn several_series_are_smoothed_where_that_does_better() {
    let place = Place::with("l.csv", long("unique_id,ds,y", &noisy(&["a", "b", "c"])));
    let train = "train l.csv --season 0 --horizon 3 -o m.elman";
    let said = place.ok(&format!("{train} --json"));
    assert!(said.stderr.contains(", errors of exponential smoothing"), "{}", said.stderr);
    let chosen = place.last_json(train);
    let differences = place.last_json(&format!("{train} --transform difference"));
    assert!(figure(&chosen, "/test/mase") < figure(&differences, "/test/mase"), "{chosen} {differences}");

    // Each series has weights of its own, also one that was not there in training.
    place.ok(train);
    let task = &place.last_json("inspect m.elman")["task"]["forecast"];
    let known = task["series"].as_array().unwrap();
    assert!(known.iter().all(|known| known["smoothing"]["alpha"].is_number()), "{task}");
    place.write("new.csv", long("unique_id,ds,y", &noisy(&["x", "y", "z", "new"])[3..]));
    let predicted = place.ok("predict m.elman new.csv").stdout;
    for row in &cells(&predicted)[1..] {
        let value: f64 = row[2].parse().unwrap();
        assert!(row[0] == "new" && (390.0..410.0).contains(&value), "{predicted}");
    }
}

#[test]
fn several_series_are_drawn_side_by_side() {
    let ids = ["a", "b", "c", "d", "e", "f<", "g", "h"];
    let place = Place::with("l.csv", long("unique_id,ds,y", &noisy(&ids)));
    place.ok(&format!("train l.csv {QUICK}"));
    place.ok("predict m.elman l.csv --interval 80 --plot p.svg -o p.csv");
    place.ok("evaluate m.elman l.csv --plot e.svg");
    // Truth, and from each of four origins the naive forecast and the model's.
    for (name, title, lines) in [
        ("p.svg", ">y, 6 of 8 series: forecast<", 2),
        ("e.svg", ">y, 6 of 8 series: 6 months ahead, from 4 origins<", 9),
    ] {
        let svg = place.text(name);
        assert!(svg.contains(title), "{svg}");
        assert_eq!(svg.matches("<polyline").count(), 6 * lines, "{name}");
        for (id, is_drawn) in [("a", 1), ("e", 1), ("f&lt;", 1), ("g", 0), ("h", 0)] {
            assert_eq!(svg.matches(&format!(">{id}</text>")).count(), is_drawn, "{name}: {id}");
        }
        assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{svg}");
    }
    // Names stand below Januaries, and what was asked for around the forecast.
    assert!(place.text("p.svg").contains(">2017-01<"), "{}", place.text("p.svg"));
    assert_eq!(place.text("p.svg").matches("<polygon class=\"band\"").count(), 6);
    assert!(place.text("p.svg").contains(">80 %</text>"));
}

/// No time stands twice, but the rows follow each other by no step, those of each series alone do.
#[test]
fn series_without_times_in_common_are_told_apart() {
    let yearly = (0..40).map(|n| (format!("{}-06-30", 1950 + n), (10 + n % 5) as f64)).collect();
    let monthly =
        (0..60).map(|n| (format!("{}-{:02}-15", 2001 + n / 12, n % 12 + 1), (n % 7) as f64)).collect();
    let place = Place::with("l.csv", long("kind,day,v", &[("a", yearly), ("b", monthly)]));
    place.refuses(
        1,
        "train l.csv",
        "l.csv: the rows of series \"a\" are one year apart, but those of series \"b\" one month; forecast them apart",
    );
    let months = |first: usize| {
        let month = |n: usize| (format!("{}-{:02}-15", first + n / 12, n % 12 + 1), (50 + n % 7) as f64);
        (0..60).map(month).collect()
    };
    place.write("m.csv", long("kind,day,v", &[("a", months(1951)), ("b", months(2001))]));
    let said = place.ok(&format!("train m.csv {QUICK}"));
    let note = "note: the rows hold several series, told apart by \"kind\": --id names other columns\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
}

/// What a program answers to this standard input.
fn streamed(place: &Place, input: &str) -> String {
    place.write("in", input);
    let mut command = place.command("stream m.elman -q");
    command.stdin(std::fs::File::open(place.path("in")).expect("it was written"));
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn series_are_streamed_side_by_side() {
    let place = Place::with("l.csv", long("unique_id,ds,y", &two()));
    place.ok(&format!("train l.csv {QUICK}"));
    let predicted = place.ok("predict m.elman l.csv --horizon 1").stdout;
    let forecast = |row: usize| cells(&predicted)[row][2].to_owned();
    // The rows of both, mixed: each series has its own stream, which knows nothing of the other.
    let [(_, a), (_, b)] = two();
    let mut rows: Vec<(usize, &str, f64)> = Vec::new();
    for (id, series) in [("a", &a), ("b", &b)] {
        rows.extend(series.iter().enumerate().map(|(n, (_, value))| (n, id, *value)));
    }
    rows.sort_by_key(|(n, ..)| *n);
    let place_of = |n: usize| n % 12;
    let csv = rows.iter().map(|(n, id, y)| format!("{id},{y},{}\n", place_of(*n))).collect::<String>();
    let answers = streamed(&place, &format!("unique_id,y,place in the season of 12\n{csv}"));
    let answers = cells(&answers);
    assert_eq!(answers[0], ["unique_id", "y_forecast"]);
    assert_eq!(answers.len(), 1 + rows.len());
    for (id, expected) in [("a", forecast(1)), ("b", forecast(2))] {
        assert_eq!(answers.iter().rfind(|row| row[0] == id).unwrap()[1], expected, "{id}");
    }
    let objects = rows.iter().map(|(n, id, y)| format!("[\"{id}\",{y},{}]\n", place_of(*n)));
    let json = streamed(&place, &objects.collect::<String>());
    let last: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!(last["unique_id"], "a");
    assert_eq!(last["y_forecast"].to_string(), answers.last().unwrap()[1]);

    let refused = |rows: &str| {
        place.write("in", format!("unique_id,y,place in the season of 12\n{rows}"));
        let mut command = place.command("stream m.elman -q");
        let output = command.stdin(std::fs::File::open(place.path("in")).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert_eq!(
        refused("a,1,0\nc,1,0\n"),
        "error: standard input, line 3: this model has not learned from series \"c\"; it knows a, b; predict forecasts others, \
         from a table of theirs\n"
    );
    assert_eq!(
        refused("a,1,0\nb,1,0\na,1,1\nb,1,5\n"),
        "error: standard input, line 5, series \"b\": the place in the season is 5 where 1 follows; give every row, in order\n"
    );
}

/// Ids that are numbers are the same however they are written, whether they come in a table or row by row.
#[test]
fn numbers_of_series_are_one_name() {
    let [(_, a), (_, b)] = two();
    let place = Place::with("l.csv", long("unique_id,ds,y", &[("1", a.clone()), ("2", b.clone())]));
    place.ok(&format!("train l.csv {QUICK}"));
    place.write("new.csv", long("unique_id,ds,y", &[("1.0", a.clone()), ("2.0", b)]));
    let last_of = |csv: &str| -> Vec<String> {
        cells(csv)[1..].iter().map(|row| row[row.len() - 1].to_owned()).collect()
    };
    let forecasts = last_of(&place.ok("predict m.elman l.csv --horizon 1").stdout);
    assert_eq!(last_of(&place.ok("predict m.elman new.csv --horizon 1").stdout), forecasts);
    // Both spellings are rows of one stream.
    let spelling = |n: usize| ["1", "1.0", "01"][n % 3];
    let rows = a.iter().enumerate().map(|(n, (_, y))| format!("{},{y},{}\n", spelling(n), n % 12));
    let answers =
        streamed(&place, &format!("unique_id,y,place in the season of 12\n{}", rows.collect::<String>()));
    let last: f64 = last_of(&answers).last().unwrap().parse().unwrap();
    assert!((last / forecasts[0].parse::<f64>().unwrap() - 1.0).abs() < 1e-6, "{last} {forecasts:?}");
}

#[test]
fn columns_are_streamed_together() {
    let (a, b) = (monthly(100.0, 84), monthly(5000.0, 84));
    let rows = a.iter().zip(&b).map(|((time, a), (_, b))| format!("{time},{a},{b}\n"));
    let place = Place::with("w.csv", format!("ds,a,b\n{}", rows.collect::<String>()));
    place.ok(&format!("train w.csv --target all {QUICK}"));
    let predicted = place.ok("predict m.elman w.csv --horizon 1").stdout;
    let rows = a.iter().zip(&b).enumerate().map(|(n, ((_, a), (_, b)))| format!("{b},{a},{}\n", n % 12));
    let answers = streamed(&place, &format!("b,a,place in the season of 12\n{}", rows.collect::<String>()));
    let answers = cells(&answers);
    assert_eq!(answers[0], ["a_forecast", "b_forecast"]);
    assert_eq!((answers.len(), answers[1][0]), (85, ""));
    for (column, row) in cells(&predicted)[1..].iter().enumerate() {
        let (forecast, last) = (row[row.len() - 1], answers[84][column]);
        let [forecast, last] = [forecast, last].map(|cell| cell.parse::<f64>().unwrap());
        assert!((last / forecast - 1.0).abs() < 1e-6, "{predicted} {last}");
    }
}

/// What is forecast of a series that ends long before the others has passed.
#[test]
fn a_series_that_ends_long_before_the_others_is_told_of() {
    let [(_, a), (_, b)] = two();
    let place = Place::with("l.csv", long("unique_id,ds,y", &[("a", a.clone()), ("b", b.clone())]));
    let note = "note: 1 series ends 6 months or more before the last, and is forecast from where it ends, first \"b\" at 2016-12; \
                the last ends at 2017-12\n";
    for command in [format!("train l.csv {QUICK}"), "predict m.elman l.csv".into()] {
        let said = place.ok(&command).stderr;
        assert_eq!(said.matches(note).count(), 1, "{command}: {said}");
    }
    // Of five months something is still ahead; of six nothing is.
    for (rows, is_told) in [(91, false), (90, true)] {
        let b = monthly(5000.0, rows);
        place.write("l.csv", long("unique_id,ds,y", &[("b", b), ("a", a.clone())]));
        assert_eq!(
            place.ok("predict m.elman l.csv").stderr.contains("or more before the last"),
            is_told,
            "{rows}"
        );
    }
    let cell = |n: usize| b.get(n).map_or(String::new(), |(_, b)| b.to_string());
    let rows = a.iter().enumerate().map(|(n, (time, a))| format!("{time},{a},{}\n", cell(n)));
    place.write("w.csv", format!("ds,a,b\n{}", rows.collect::<String>()));
    let said = place.ok(&format!("train w.csv --target all {QUICK} --force")).stderr;
    assert_eq!(said.matches(note).count(), 1, "{said}");
}
