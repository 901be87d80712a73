//! Forecasts of series of one's own: with and without times, seasons and positive values.

use crate::common::{Place, airline, airline_with, figure, line_of, noise};

/// A series that grows, with a pattern of `season` rows, under these times.
fn seasonal(head: &str, season: usize, times: impl IntoIterator<Item = String>) -> String {
    let mut noise = noise(3);
    let mut csv = format!("{head}\n");
    for (row, time) in times.into_iter().enumerate() {
        let phase = (row % season) as f64 / season as f64 * std::f64::consts::TAU;
        let value = (40.0 + 0.2 * row as f64) * (1.0 + 0.3 * phase.sin()) + 0.2 * noise();
        line_of(&mut csv, &[&time, &format!("{value:.3}")]);
    }
    csv
}

#[test]
fn a_series_without_times_has_no_season() {
    let passengers: Vec<String> =
        airline().lines().map(|line| line.split_once(',').unwrap().1.to_owned()).collect();
    let place = Place::with("p.csv", passengers.join("\n"));
    let said = place.ok("train p.csv --epochs 20 --hidden-size 8");
    let what = "forecast \"passengers\", 6 rows ahead; no season, relative changes\n";
    let start = format!("p.csv: {what}lstm: 1 input -> 8 units -> 1 output; 361 parameters, 83 sequences\n");
    assert!(said.stderr.starts_with(&start), "{}", said.stderr);
    assert!(said.stdout.contains("\nlast value"), "{}", said.stdout);
    let predicted = place.ok("predict p.elman p.csv").stdout;
    let rows: Vec<&str> = predicted.lines().map(|line| line.split_once(',').unwrap().0).collect();
    assert_eq!(rows, ["row", "145", "146", "147", "148", "149", "150"]);
    let text = place.ok("inspect p.elman").stdout;
    assert!(text.contains(&format!("\ntask      {what}")), "{text}");
}

#[test]
fn the_season_can_be_refused_or_chosen() {
    let place = Place::new();
    let json = place.last_json("train --season 0 --epochs 5 --hidden-size 4");
    assert_eq!(json["baseline_name"], "last value");
    let text = place.ok("inspect airline.elman").stdout;
    assert!(text.contains(" over \"month\", 6 months ahead; no season, relative changes\n"), "{text}");

    let json =
        place.last_json("train --season 6 --horizon 2 --test 10 --window 20 --epochs 2 --hidden-size 4");
    assert_eq!(json["on"], "18 forecasts, up to 2 months ahead, from 9 origins");
    let text = place.ok("inspect airline.elman").stdout;
    assert!(text.contains("2 months ahead; a season of 6 months, relative changes\n"), "{text}");
}

#[test]
fn values_below_zero_are_forecast_by_differences() {
    let place = Place::with("n.csv", airline_with(|_, value| (value - 300).to_string()));
    let json = place.last_json("train n.csv --epochs 20");
    assert!(figure(&json, "/test/mae") < figure(&json, "/baseline/mae"), "{json}");
    assert!(place.ok("inspect n.elman").stdout.contains("a season of 12 months, differences\n"));
    place.refuses(
        1,
        "train n.csv --transform log-difference",
        "n.csv, line 2, column \"passengers\": -188 has no logarithm; the model works with relative changes of \
         positive values (train with --transform difference)",
    );
}

#[test]
fn a_zero_in_the_test_leaves_no_percentage() {
    let place =
        Place::with("z.csv", airline_with(|row, value| if row < 140 { value } else { 0 }.to_string()));
    let json = place.last_json("train z.csv --transform difference --epochs 1 --hidden-size 2");
    assert!(json["test"]["mape"].is_null() && json["baseline"]["mape"].is_null(), "{json}");
    let table = place.ok("evaluate z.elman z.csv").stdout;
    let rows = || table.lines().skip(2);
    assert_eq!(rows().count(), 5, "{table}");
    assert!(rows().all(|line| line.contains("  -  ")), "{table}");
}

#[test]
fn every_transform_runs() {
    let place = Place::new();
    for (transform, text) in
        [("log-difference", "relative changes"), ("difference", "differences"), ("none", "plain values")]
    {
        place.ok(&format!("train --transform {transform} --epochs 2 --hidden-size 4"));
        let inspected = place.ok("inspect airline.elman").stdout;
        assert!(inspected.contains(&format!("a season of 12 months, {text}\n")), "{inspected}");
    }
    place.ok("train --transform smoothing --epochs 2 --hidden-size 4");
    let inspected = place.ok("inspect airline.elman").stdout;
    let form = "errors of exponential smoothing (logarithm; level, trend and season), believed by 25 %\n";
    assert!(inspected.contains(form), "{inspected}");
}

/// A line through values of either sign, with what looks like noise.
fn line_with_noise() -> String {
    let value = |row: i32| f64::from(row - 40) / 2.0 + 4.0 * (1.7 * f64::from(row * row)).sin();
    let rows = (0..60).map(|row| format!("{:.3}\n", value(row)));
    format!("value\n{}", rows.collect::<String>())
}

#[test]
fn smoothing_is_chosen_where_it_does_better_and_on_any_number_of_threads() {
    let place = Place::with("v.csv", line_with_noise());
    let said = place.ok("train v.csv --threads 1 --json");
    assert!(said.stderr.contains("errors of exponential smoothing (level"), "{}", said.stderr);
    let one = std::fs::read(place.path("v.elman")).unwrap();
    let json = place.last_json("train v.csv --threads 2");
    assert_eq!(std::fs::read(place.path("v.elman")).unwrap(), one);
    assert!(figure(&json, "/test/mae") < figure(&json, "/baseline/mae"), "{json}");
    let differences = place.last_json("train v.csv --transform difference");
    assert!(figure(&json, "/test/mae") < figure(&differences, "/test/mae"), "{differences}");
}

#[test]
fn rows_for_validation_may_be_fewer_than_a_window() {
    let value = |row: usize| 3.0 + 0.5 * row as f64 + [2.0, -3.0, 1.0][row % 3];
    let rows: String = (0..60).map(|row| format!("{}\n", value(row))).collect();
    let place = Place::with("v.csv", format!("value\n{rows}"));
    // A window has 9 rows. Of 54 rows, differences lose 4 at the start, smoothing 4 or 9.
    for validation in ["", " --validation 0.19", " --validation 0.04"] {
        let said = place.ok(&format!("train v.csv --season 3 --epochs 1{validation}"));
        assert!(said.stderr.contains("smoothing (level, trend and season)"), "{validation}: {}", said.stderr);
        assert_eq!(said.stderr.contains(", validation "), !validation.is_empty(), "{}", said.stderr);
    }
    let message = place.refused(2, "train v.csv --season 3 --epochs 1 --window 30 --validation 0.5");
    assert!(
        message.starts_with("--validation leaves 25 rows for validation and 25 for training"),
        "{message}"
    );
}

#[test]
fn intervals_of_smoothing_are_as_its_values_are() {
    let place = Place::with("v.csv", line_with_noise());
    let ends = |command: &str| -> Vec<[f64; 3]> {
        place.ok(command);
        let csv = place.ok("predict v.elman v.csv --interval 80").stdout;
        let number = |cell: &str| cell.parse::<f64>().unwrap();
        let row = |line: &str| {
            let cells: Vec<f64> = line.split(',').skip(1).map(number).collect();
            [cells[0], cells[1], cells[2]]
        };
        csv.lines().skip(1).map(row).collect()
    };
    for [forecast, low, high] in ends("train v.csv --transform smoothing") {
        assert!(low < forecast && (high + low - 2.0 * forecast).abs() < 1e-2, "{low} {forecast} {high}");
    }
    // Growth by a share, with noise that is a share as well.
    let mut noise = noise(5);
    let rows = (0..90).map(|n| format!("{:.5}\n", 10.0 * (0.05 * f64::from(n) + 0.05 * noise()).exp()));
    place.write("v.csv", format!("value\n{}", rows.collect::<String>()));
    for [forecast, low, high] in ends("train v.csv --transform smoothing") {
        assert!(
            low < forecast && (high * low / forecast.powi(2) - 1.0).abs() < 1e-3,
            "{low} {forecast} {high}"
        );
    }
    assert!(place.ok("inspect v.elman").stdout.contains("smoothing (logarithm; level and trend)"));
}

#[test]
fn what_smoothing_cannot_be_fitted_to_is_refused() {
    let place = Place::with("c.csv", "value\n".to_owned() + &"5\n".repeat(60));
    let message = "column \"value\" does not vary, so there is nothing to learn; choose another --target";
    place.refuses(1, "train c.csv --transform smoothing", &format!("c.csv: {message}"));
}

#[test]
fn patience_stops_early_and_the_best_epoch_is_kept() {
    let place = Place::new();
    // A rate that is too high: the validation loss soon goes up and down.
    let said = place
        .ok("train --validation 0.4 --patience 2 --epochs 500 --schedule constant --learning-rate 0.05 -v");
    assert!(said.stderr.contains(", validation "), "{}", said.stderr);
    let last = said.stderr.lines().last().unwrap();
    let epochs: u64 = last.split_whitespace().nth(3).unwrap().parse().unwrap();
    assert!(last.starts_with(&format!("stopped early after {epochs} epochs in ")), "{last}");
    assert!(epochs < 500);
    let text = place.ok("inspect airline.elman").stdout;
    let kept =
        format!("training  {epochs} of 500 epochs, stopped early; kept those of epoch {}, ", epochs - 2);
    assert!(text.contains(&kept), "two epochs without progress: {text}");
    assert!(text.contains(" for validation\n"), "{text}");
    assert_eq!(place.names(), ["airline.elman"]);
}

#[test]
fn times_go_on_as_they_were_written() {
    let quarters = (0..60).map(|n| format!("{}-{:02}", 2000 + n / 4, n % 4 * 3 + 1));
    let days = (0..84).map(|n| if n < 31 { format!("2023-12-{:02}", n + 1) } else { january_on(n - 31) });
    let hours = (0..168).map(|n| format!("2024-02-{:02} {:02}:00", 23 + n / 24, n % 24));
    let minutes = (0..96).map(|n| format!("2024-12-31T{:02}:{:02}:00", n / 4, n % 4 * 15));
    for (csv, name, next, unit) in [
        (seasonal("when,v", 4, quarters), "quarterly.csv", ["2015-01", "2015-04"], "quarters"),
        (seasonal("when,v", 7, days), "daily.csv", ["2024-02-23", "2024-02-24"], "days"),
        (seasonal("when,v", 24, hours), "hourly.csv", ["2024-03-01 00:00", "2024-03-01 01:00"], "hours"),
        (
            seasonal("when,v", 8, minutes),
            "minutes.csv",
            ["2025-01-01T00:00:00", "2025-01-01T00:15:00"],
            "rows",
        ),
    ] {
        let place = Place::with(name, csv);
        let json =
            place.last_json(&format!("train {name} --horizon 2 --epochs 3 --hidden-size 4 -o m.elman"));
        assert!(json["on"].as_str().unwrap().contains(&format!(", up to 2 {unit} ahead, from ")), "{json}");
        let predicted = place.ok(&format!("predict m.elman {name}")).stdout;
        let times: Vec<&str> = predicted.lines().map(|line| line.split_once(',').unwrap().0).collect();
        assert_eq!(times, ["when", next[0], next[1]], "{name}");
    }
}

/// The days of 2024 from its first, to the end of February.
fn january_on(n: usize) -> String {
    if n < 31 { format!("2024-01-{:02}", n + 1) } else { format!("2024-02-{:02}", n - 30) }
}

#[test]
fn a_clean_season_is_learned() {
    let quarters = (0..80).map(|n| format!("{}-{:02}", 2000 + n / 4, n % 4 * 3 + 1));
    let place = Place::with("q.csv", seasonal("when,v", 4, quarters));
    let json = place.last_json("train q.csv --epochs 40");
    assert!(figure(&json, "/test/mae") < 0.75 * figure(&json, "/baseline/mae"), "{json}");
}

/// With the season the seasonal naive forecast would go, and with that the word that the model loses to it.
#[test]
fn about_two_seasons_are_enough_for_the_season() {
    let months = |n: u32| format!("{}-{:02}", 2020 + n / 12, n % 12 + 1);
    let quarters = |n: u32| format!("{}Q{}", 2020 + n / 4, n % 4 + 1);
    let hours = |n: u32| format!("2024-01-{:02} {:02}:00", n / 24 + 1, n % 24);
    let days = |n: u32| format!("2024-01-{:02}", n + 1);
    let all: [(_, _, &dyn Fn(u32) -> String, _); 4] = [
        ("months", 12, &months, "looks 4 ahead, is tested on the last 5 and"),
        ("quarters", 4, &quarters, "looks 1 ahead, is tested on the last 1 and"),
        ("hours", 24, &hours, "looks 8 ahead, is tested on the last 11 and"),
        ("days", 7, &days, "looks 2 ahead, is tested on the last 3 and"),
    ];
    for (what, season, time, lengths) in all {
        let rows = 2 * season;
        let place = Place::with("s.csv", seasonal("date,y", season as usize, (0..rows).map(time)));
        let said = place.ok("train s.csv");
        assert!(said.stderr.contains(&format!(" ahead; a season of {season} {what}, ")), "{}", said.stderr);
        let note = format!("note: {rows} {what} are few: the model {lengths} ");
        assert!(said.stderr.contains(&note), "{}", said.stderr);
        assert!(said.stdout.contains("\nseasonal naive "), "{}", said.stdout);
        let with_season = place.ok(&format!("train s.csv --force --season {season}"));
        assert_eq!(said.stdout, with_season.stdout);
    }
}

#[test]
fn the_only_column_of_numbers_is_the_target() {
    let noted = airline().replace('\n', ",note\n").replacen(",note", ",notes", 1);
    let place = Place::with("noted.csv", &noted);
    place.ok("train noted.csv --epochs 1 --hidden-size 2");
    let beside = |other: fn(usize) -> usize| {
        let lines = airline();
        let lines = lines.lines().enumerate().map(|(n, line)| match n {
            0 => format!("{line},other\n"),
            _ => format!("{line},{}\n", other(n)),
        });
        lines.collect::<String>()
    };
    // A number that is the same in each row, as one of a person, is not what to forecast.
    place.write("one.csv", beside(|_| 2_022_484_408));
    let said = place.ok("train one.csv --epochs 1 --hidden-size 2").stderr;
    assert!(said.contains(r#"the column "other" is not used"#), "{said}");
    place.write("two.csv", beside(|n| n % 7));
    place.refuses(
        1,
        "train two.csv",
        "two.csv: 2 columns of numbers could be forecast (passengers, other); name one with --target, or several with \
         commas between, or all",
    );
    place.ok("train two.csv --target passengers --epochs 1 --hidden-size 2");
    // A year to a row.
    let months = "year,Jan,Feb,Mar,Apr\n2001,1,2,3,4\n2002,5,6,7,9\n2003,2,3,2,3\n";
    place.write("wide.csv", months);
    place.refuses(
        1,
        "train wide.csv",
        "wide.csv: 4 columns of numbers could be forecast (Jan, Feb, Mar, Apr); name one with --target, or several with \
         commas between, or all; if their names are times, give each a row of its own, with its value beside it",
    );
}

/// The rows of a table in the other order, below its head.
fn newest_first(csv: &str) -> String {
    let mut lines: Vec<&str> = csv.lines().collect();
    lines[1..].reverse();
    lines.join("\n") + "\n"
}

#[test]
fn rows_in_another_order_are_sorted() {
    let days: Vec<String> =
        (0..60).map(|n| if n < 31 { format!("01/{:02}/2015", n + 1) } else { february(n - 30) }).collect();
    let sorted = seasonal("date,v", 7, days[..59].iter().cloned());
    let place = Place::with("up.csv", &sorted);
    place.write("down.csv", newest_first(&sorted));
    let train = |name: &str| {
        place.ok(&format!(
            "train {name}.csv --transform log-difference --epochs 2 --hidden-size 4 -o {name}.elman"
        ))
    };
    let (up, down) = (train("up"), train("down"));
    let note = "note: down.csv, column \"date\": the newest row stands first; they are sorted by it\n";
    assert_eq!(down.stderr.matches("newest").count(), 1);
    assert!(down.stderr.starts_with(note) && !up.stderr.contains("newest"), "{}", down.stderr);
    let forecast = place.ok("predict up.elman up.csv").stdout;
    assert!(forecast.starts_with("date,v_forecast\n03/01/2015,"), "{forecast}");
    assert_eq!(place.ok("predict up.elman down.csv").stdout, forecast);
    assert_eq!(place.ok("predict down.elman up.csv").stdout, forecast);
    assert!(place.ok("evaluate up.elman down.csv").stderr.contains("the newest row stands first"));
    // Day and month could be swapped here, but the model knows its order.
    let few = seasonal("date,v", 7, (1..=12).map(|n| format!("02/{n:02}/2015")));
    place.write("few.csv", few);
    assert!(place.ok("predict up.elman few.csv").stdout.contains("\n02/13/2015,"));
}

/// The days of February 2015 from its first.
fn february(n: usize) -> String {
    format!("02/{n:02}/2015")
}

#[test]
fn plain_years_are_times() {
    let place = Place::with("nile.csv", seasonal("year,v", 11, (1871..1970).map(|year| year.to_string())));
    place.ok("train nile.csv --epochs 1 --hidden-size 2");
    assert!(place.ok("predict nile.elman nile.csv").stdout.starts_with("year,v_forecast\n1970,"));
    place.write("n.csv", place.text("nile.csv").replace("year", "t"));
    let said = place.ok("train n.csv --epochs 1 --hidden-size 2");
    assert!(
        said.stderr.contains(
            "column \"t\": the values are taken for years; name another column of times with --time"
        )
    );
    // A target of such values is not taken for one.
    place.ok("train n.csv --target t --transform none --epochs 1 --hidden-size 2");
    assert!(place.ok("predict n.elman n.csv").stdout.starts_with("row,t_forecast\n"));
}

#[test]
fn local_time_whose_clocks_change() {
    let hours = (0..200).map(|n| {
        // Summer time ends in the 25th hour of these.
        let local = if n < 3 { n } else { n - 1 };
        format!("{}.{}.2024 {:02}:00", 27 + local / 24, 10, local % 24)
    });
    let hours: Vec<String> = hours.take(100).collect();
    let place = Place::with("h.csv", seasonal("time,v", 6, hours.iter().cloned()));
    let arguments = "train h.csv --season 6 --epochs 1 --hidden-size 2";
    let message = place.refused(1, arguments);
    assert!(message.contains("27.10.2024 02:00 stands twice (lines 4 and 5)"), "{message}");
    assert!(message.ends_with("name the place with --timezone such as Europe/Berlin"), "{message}");
    place.ok(&format!("{arguments} --timezone Europe/Berlin"));
    let forecast = place.ok("predict h.elman h.csv").stdout;
    assert!(forecast.starts_with("time,v_forecast\n31.10.2024 03:00,"), "{forecast}");
}

#[test]
fn a_way_of_writing_times_may_be_said() {
    let hours = (0..60).map(|n| format!("2015.3.{} {}h", 1 + n / 24, n % 24));
    let place = Place::with("h.csv", seasonal("when,v", 6, hours));
    let mut command =
        place.command("train h.csv --time when --season 6 --epochs 1 --hidden-size 2 --time-format");
    let output = command.arg("%Y.%m.%d %Hh").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(place.ok("predict h.elman h.csv").stdout.starts_with("when,v_forecast\n2015.3.3 12h,"));
}

/// Hours of Berlin with their offsets, over the night in which clocks are put forward.
#[test]
fn an_offset_that_changes_is_remarked() {
    let mut csv = "when,v\n".to_owned();
    for hour in 0..400 {
        let (offset, local) = if hour < 146 { (1, hour) } else { (2, hour + 1) };
        let (day, hour_of_day) = (20 + local / 24, local % 24);
        let (month, day) = if day > 31 { (4, day - 31) } else { (3, day) };
        csv += &format!(
            "2023-{month:02}-{day:02}T{hour_of_day:02}:00:00+0{offset}:00,{}\n",
            100 + local % 24 + hour % 7
        );
    }
    let place = Place::with("h.csv", csv);
    let said = place.ok("train h.csv --epochs 1");
    let note = "note: h.csv, line 148, column \"when\": 2023-03-26T03:00:00+02:00 has another offset from UTC than the row \
                before; the place in the day is that of the newest offset, which forecasts go on with; if clocks were \
                changed there, name the place with --timezone such as Europe/Berlin\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    assert!(place.ok("predict h.elman h.csv").stderr.contains(note));
    let said = place.ok("train h.csv --epochs 1 --timezone Europe/Berlin");
    assert!(!said.stderr.contains("offset"), "{}", said.stderr);

    // By days it is uneven without the place, and even with it.
    let mut csv = "when,v\n".to_owned();
    for day in 1..=30 {
        csv += &format!(
            "2023-03-{day:02}T00:00:00+0{}:00,{}\n",
            if day > 26 { 2 } else { 1 },
            50 + day % 7 + day % 3
        );
    }
    place.write("d.csv", csv);
    place.refuses(
        1,
        "train d.csv",
        "d.csv, line 28, column \"when\": 2023-03-27T00:00:00+02:00 follows 2023-03-26T00:00:00+01:00 after 23 hours, where \
         most rows are 1 day apart; a forecast needs rows at even steps; if clocks were changed there, name the place with \
         --timezone such as Europe/Berlin",
    );
    place.ok("train d.csv -q --epochs 1 --timezone Europe/Berlin");
    assert!(place.ok("predict d.elman d.csv").stdout.contains("\n2023-03-31T00:00:00+02:00,"));
}

#[test]
fn gaps_are_counted() {
    let csv = |gaps: &[usize], gap: &str| {
        let value =
            |n: usize| if gaps.contains(&n) { gap.to_owned() } else { (10 + n % 5 + n % 7).to_string() };
        (0..60).fold("month,v\n".to_owned(), |csv, n| {
            csv + &format!("{}-{:02},{}\n", 2000 + n / 12, 1 + n % 12, value(n))
        })
    };
    let place = Place::new();
    for gap in ["", "NA"] {
        place.write("g.csv", csv(&[7, 30, 31], gap));
        place.refuses(
            1,
            "train g.csv",
            "g.csv, line 9, column \"v\": the first of 3 empty cells; fill them in, or choose with --missing what becomes of \
             missing values: interpolate, previous, season, zero or flag",
        );
        let trained = place.ok("train g.csv --missing season --epochs 2 --hidden-size 4 -o g.elman");
        let note = "note: 3 empty cells are filled with the value of a season before (first: g.csv, line 9, column \"v\")\n";
        assert_eq!(trained.stderr.matches(note).count(), 1, "{}", trained.stderr);
        assert!(place.ok("predict g.elman g.csv").stderr.contains(note));
    }
}

/// A value that is filled in is not compared with: the figures are those of the rows that were known.
#[test]
fn what_was_missing_counts_in_no_figure() {
    let csv = |gap: Option<usize>| {
        let value = |n: usize| if Some(n) == gap { String::new() } else { (10 + n % 5 + n % 7).to_string() };
        (0..60).fold("v\n".to_owned(), |csv, n| csv + &format!("{}\n", value(n) + ","))
    };
    let place = Place::with("whole.csv", csv(None));
    place.write("gap.csv", csv(Some(59)));
    place
        .ok("train whole.csv --missing previous --test 12 --horizon 1 --epochs 2 --hidden-size 4 -o m.elman");
    place.ok("backtest m.elman gap.csv --test 12 -o gap.out.csv");
    place.ok("backtest m.elman whole.csv --test 12 -o whole.out.csv");
    let rows = |name: &str| String::from_utf8(place.read(name)).unwrap();
    let (gap, whole) = (rows("gap.out.csv"), rows("whole.out.csv"));
    // The last row alone is not known, and no forecast looks at it.
    let but_last = |text: &str| text.lines().take(12).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(but_last(&gap), but_last(&whole));
    assert!(gap.lines().last().unwrap().ends_with(','), "{gap}");
    let errors: Vec<f64> = whole
        .lines()
        .skip(1)
        .take(11)
        .map(|line| {
            let cells: Vec<f64> = line.rsplit(',').take(2).map(|cell| cell.parse().unwrap()).collect();
            (cells[0] - cells[1]).abs()
        })
        .collect();
    let mae = figure(&place.last_json("backtest m.elman gap.csv --test 12"), "/test/mae");
    assert!((mae - errors.iter().sum::<f64>() / 11.0).abs() < 1e-5, "{mae}");
}

/// What data frames write before their columns is not what is to be forecast.
#[test]
fn an_index_is_no_series() {
    let (mut from_0, mut from_1) = (",month,v\n".to_owned(), "row,month,v\n".to_owned());
    for n in 0..60 {
        let row = format!("{}-{:02},{}\n", 2000 + n / 12, 1 + n % 12, 10 + n % 5 + n % 7);
        from_0 += &format!("{n},{row}");
        from_1 += &format!("{},{row}", n + 1);
    }
    for (csv, index) in [(from_0, "col1"), (from_1, "row")] {
        let place = Place::with("i.csv", csv);
        let stderr = place.ok("train i.csv --epochs 1").stderr;
        let note = format!("note: the column \"{index}\" is not used: \"v\" is forecast from itself; ");
        assert!(stderr.contains(&note), "{stderr}");
        assert!(place.ok("predict i.elman i.csv").stdout.starts_with("month,v_forecast\n2005-01,"));
    }
}

#[test]
fn times_cannot_be_forecast() {
    let place = Place::with("a.csv", airline());
    let message =
        "--target names the column \"month\" of times, which cannot be forecast; name a column of numbers";
    for options in ["", " --time month"] {
        place.refuses(2, &format!("train a.csv --target month{options}"), message);
    }
}

/// A date and a time of day in columns of their own are one time, not a name for each hour's series; and a series that
/// repeats itself leaves nothing to learn, which is no failure.
#[test]
fn times_of_day_do_not_tell_series_apart() {
    let row = |n: usize| format!("2023-01-{:02},{:02}:00,{}\n", 1 + n / 24, n % 24, 10 + n % 24);
    let place = Place::with("h.csv", (0..240).fold("date,time,v\n".to_owned(), |csv, n| csv + &row(n)));
    let said = place.ok("train h.csv -o m.elman");
    let note = "note: h.csv: the columns \"date\" and \"time\" are a date and its time of day, and are read as one under the \
                first name, as in \"2023-01-01 00:00\"\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    let predicted = place.ok("predict m.elman h.csv --horizon 24").stdout;
    let rows: Vec<&str> = predicted.lines().skip(1).collect();
    assert_eq!(rows.len(), 24);
    for (hour, row) in rows.into_iter().enumerate() {
        let (time, value) = row.split_once(',').unwrap();
        assert_eq!(time, format!("2023-01-11 {hour:02}:00"));
        assert!((value.parse::<f64>().unwrap() - (10 + hour) as f64).abs() < 0.01, "{row}");
    }
}

/// What makes a series unfit to learn from is said as it is.
#[test]
fn a_series_of_flat_parts_is_not_said_to_change() {
    let refused = |value: fn(usize) -> f64, options: &str| {
        let row = |n: usize| format!("{}-{:02}-01,{}\n", 2010 + n / 12, n % 12 + 1, value(n));
        let place = Place::with("y.csv", format!("ds,y\n{}", (0..72).map(row).collect::<String>()));
        place.refused(1, &format!("train y.csv {options}"))
    };
    let message = |what: &str| {
        format!("y.csv: column \"y\" {what}, so there is nothing to learn; choose another --target")
    };
    assert_eq!(refused(|_| 5.0, ""), message("does not vary"));
    let in_two_parts = |n| if n < 60 { 5.0 } else { 6.0 };
    assert_eq!(refused(in_two_parts, ""), message("does not vary in the rows to learn from"));
    let rising = |n| 5.0 + n as f64;
    assert_eq!(refused(rising, "--transform difference"), message("changes by the same in every row"));
}

#[test]
fn one_forecast_is_one() {
    let place = Place::with("airline.csv", airline());
    let said = place.ok("train airline.csv --horizon 1 --test 1 --epochs 1 --hidden-size 2");
    assert!(
        said.stdout.starts_with("test: 1 forecast, up to 1 month ahead, from 1 origin\n"),
        "{}",
        said.stdout
    );
}
