//! Covariates of forecasts: known up to the last value, known ahead, or one for each series; and periods of the
//! calendar.

use crate::common::{Place, figure, line_of, noise};

/// Sales that price and promotion decide, behind them rows to come with these alone. `cell` may write another cell in
/// place of a row's units, price, promotion and weather, counted from 0.
fn sales(known: usize, ahead: usize, cell: impl Fn(usize, usize, String) -> String) -> String {
    let mut csv = String::from("units,price,promo,weather\n");
    for row in 0..known + ahead {
        let [price, promo, weather] = beside(row).map(|value| value.to_string());
        let units = if row < known { units(row).to_string() } else { String::new() };
        let mut n = 0..;
        let cells = [units, price, promo, weather].map(|text| cell(row, n.next().unwrap_or_default(), text));
        line_of(&mut csv, &cells.each_ref().map(String::as_str));
    }
    csv
}

/// Price, promotion and weather of a row.
fn beside(row: usize) -> [f64; 3] {
    let mut noise = noise(5);
    (0..2 * row).for_each(|_| _ = noise());
    let (promo, weather) = (f64::from(u8::from(noise() > 0.5)), (noise() * 100.0).round() / 10.0);
    [[10.0, 10.5, 9.5, 11.0][row / 9 % 4], promo, weather]
}

fn units(row: usize) -> f64 {
    let [price, promo, _] = beside(row);
    200.0 + 40.0 * promo - 8.0 * (price - 10.0)
}

fn as_it_is(_: usize, _: usize, text: String) -> String {
    text
}

const QUICK: &str =
    "--target units --epochs 3 --hidden-size 4 --transform difference --horizon 3 --test 8 -o m.elman";

fn column(csv: &str, name: &str) -> Vec<f64> {
    let mut lines = csv.lines();
    let place =
        lines.next().and_then(|head| head.split(',').position(|cell| cell == name)).expect("the column");
    lines
        .map(|line| line.split(',').nth(place).and_then(|cell| cell.parse().ok()).expect("a number"))
        .collect()
}

#[test]
fn what_a_covariate_decides_is_forecast_by_it() {
    let place = Place::with("s.csv", sales(220, 9, as_it_is));
    let said = place.ok("train s.csv --target units --future-covariates price,promo -o m.elman");
    let note = "note: s.csv, line 222, column \"units\": the last 9 rows without a value are taken for rows to come: nothing \
                is learned of them\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    assert!(said.stderr.contains("; future covariates \"price\" and \"promo\"\n"), "{}", said.stderr);
    assert!(place.ok("inspect m.elman").stdout.contains("; future covariates \"price\" and \"promo\"\n"));
    let with = figure(&place.last_json("evaluate m.elman s.csv"), "/test/mae");

    place.write("known.csv", sales(220, 0, as_it_is));
    let without = place.last_json("train known.csv --target units -o n.elman");
    assert!(figure(&without, "/test/mae") > 10.0, "{without}");
    assert!(with < 2.0, "{with}");

    // As many rows as are known ahead, each near what it will be.
    let predicted = column(&place.ok("predict m.elman s.csv").stdout, "units_forecast");
    assert_eq!(predicted.len(), 9);
    for (n, predicted) in predicted.iter().enumerate() {
        assert!((predicted - units(220 + n)).abs() < 5.0, "row {n}: {predicted} for {}", units(220 + n));
    }
    assert_eq!(
        predicted[..4],
        column(&place.ok("predict m.elman s.csv --horizon 4").stdout, "units_forecast")
    );
}

#[test]
fn nothing_of_a_past_covariate_is_known_ahead() {
    let place = Place::with("s.csv", sales(80, 4, as_it_is));
    place.ok(&format!("train s.csv {QUICK} --past-covariates weather --future-covariates promo"));
    let predicted = place.ok("predict m.elman s.csv").stdout;
    for other in ["", "1e6"] {
        let changed = |row, n, text| if row >= 80 && n == 3 { other.to_owned() } else { text };
        place.write("c.csv", sales(80, 4, changed));
        assert_eq!(place.ok("predict m.elman c.csv").stdout, predicted);
    }
    // The last known one tells something.
    place.write("c.csv", sales(80, 4, |row, n, text| if row == 79 && n == 3 { "9".into() } else { text }));
    assert_ne!(place.ok("predict m.elman c.csv").stdout, predicted);

    // Nor in a backtest: from the first of six origins, what comes true later changes nothing; from the others it does.
    let lines = |csv: &str| csv.lines().map(str::to_owned).collect::<Vec<_>>();
    place.ok("backtest m.elman s.csv -o b.csv");
    let of_now = lines(&place.text("b.csv"));
    place.write("c.csv", sales(80, 4, |row, n, text| if row >= 72 && n == 3 { "9".into() } else { text }));
    place.ok("backtest m.elman c.csv -o c-b.csv");
    let of_other = lines(&place.text("c-b.csv"));
    assert_eq!(of_now.len(), 1 + 6 * 3);
    assert_eq!(of_now[..4], of_other[..4]);
    assert!(of_now[4..].iter().zip(&of_other[4..]).all(|(a, b)| a != b));
}

#[test]
fn a_backtest_forecasts_as_predictions_from_each_origin_do() {
    let place = Place::with("s.csv", sales(80, 0, as_it_is));
    for transform in ["difference", "smoothing", "none"] {
        let options = QUICK.replace("difference", transform);
        place.ok(&format!(
            "train s.csv {options} --force --past-covariates weather --future-covariates price,promo"
        ));
        place.ok("backtest m.elman s.csv -o b.csv --force");
        let together = column(&place.text("b.csv"), "units_forecast");
        for (n, together) in together.chunks(3).enumerate() {
            let known = 72 + n;
            place.write(
                "k.csv",
                sales(80, 0, |row, n, text| if row >= known && n == 0 { String::new() } else { text }),
            );
            let alone = column(&place.ok("predict m.elman k.csv --horizon 3").stdout, "units_forecast");
            assert_eq!(alone, together, "{transform}, origin {n}");
        }
    }
}

#[test]
fn rows_whose_covariates_are_not_known_are_not_forecast() {
    let place = Place::with("s.csv", sales(80, 2, as_it_is));
    place.ok(&format!("train s.csv {QUICK} --future-covariates price,promo"));
    let message = |row: usize| {
        format!(
            "s.csv: row {row} is to be forecast, but its future covariates are not known: give \"price\" and \"promo\" in \
             rows after the last value, up to the last that is to be forecast"
        )
    };
    let shorter = message(83) + ", or choose a shorter --horizon";
    place.refuses(1, "predict m.elman s.csv --horizon 3", &shorter);
    // A naive forecast asks for none.
    assert_eq!(place.ok("predict m.elman s.csv --horizon 3 --baseline drift").stdout.lines().count(), 4);
    place.write("s.csv", sales(80, 0, as_it_is));
    place.refuses(1, "predict m.elman s.csv", &message(81));
}

#[test]
fn covariates_that_are_missing_are_refused_or_filled_by_what_came_before() {
    let gappy = |row, n, text| if n == 2 && (row == 30 || row == 81) { String::new() } else { text };
    let place = Place::with("s.csv", sales(80, 4, gappy));
    let train = format!("train s.csv {QUICK} --future-covariates promo");
    place.refuses(
        1,
        &train,
        "s.csv, line 32, column \"promo\": the first of 2 empty cells; fill them in, or choose with --missing what becomes of \
         missing values: interpolate, previous, season, zero or flag",
    );
    let said = place.ok(&format!("{train} --missing previous"));
    let note =
        "note: 2 empty cells are filled with the value before (first: s.csv, line 32, column \"promo\")\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    let predicted = place.ok("predict m.elman s.csv").stdout;
    let before = |row, n, text| {
        if n == 2 { beside(if row == 30 || row == 81 { row - 1 } else { row })[1].to_string() } else { text }
    };
    place.write("s.csv", sales(80, 4, before));
    assert_eq!(place.ok("predict m.elman s.csv").stdout, predicted);
}

#[test]
fn a_covariate_far_beyond_training_is_named() {
    let place = Place::with("s.csv", sales(220, 9, as_it_is));
    place.ok(&format!("train s.csv -q {QUICK} --future-covariates price,promo"));
    // In a row to come.
    let far =
        |row: usize, column: usize, text: String| if (row, column) == (221, 1) { "1e4".into() } else { text };
    place.write("far.csv", sales(220, 9, far));
    let note = "note: far.csv, line 223, column \"price\": 10000 is far beyond what the model was trained on (10.2 ± 0.";
    let stderr = place.ok("predict m.elman far.csv").stderr;
    assert!(stderr.contains(note), "{stderr}");
    let stderr = place.ok("predict m.elman s.csv").stderr;
    assert!(!stderr.contains("far beyond"), "{stderr}");
}

#[test]
fn columns_are_named_for_one_purpose() {
    let place = Place::new();
    let refusals = [
        (
            "--future-covariates units",
            "--future-covariates names column \"units\", which is to be forecast; leave it out",
        ),
        (
            "--past-covariates price --future-covariates promo,price",
            "--future-covariates names column \"price\", as --past-covariates does; a column is one of them",
        ),
        (
            "--static-covariates price",
            "--static-covariates tell series from each other, and there is only one; leave them out",
        ),
        ("--calendar week", "--calendar is given, but there is no column of times; name it with --time"),
        (
            "--calendar month",
            "--calendar is \"month\": \"month\" is not one of hour, day, week, year; or it is none",
        ),
    ];
    place.write("s.csv", sales(80, 0, as_it_is));
    for (options, message) in refusals {
        place.refuses(2, &format!("train s.csv --target units -o m.elman {options}"), message);
    }
    let message = place.refused(1, "train s.csv --target units -o m.elman --future-covariates prize");
    assert!(message.contains("has no column \"prize\"") && message.contains("price"), "{message}");
}

#[test]
fn what_is_not_used_may_be_named() {
    let place = Place::with("s.csv", sales(80, 0, as_it_is));
    let said = place.ok(&format!("train s.csv {QUICK} --past-covariates weather"));
    let note = "note: the columns \"price\" and \"promo\" are not used: \"units\" is forecast from itself; to see them as \
                well, name them with --past-covariates or, if known ahead, --future-covariates\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
}

#[test]
fn what_does_not_vary_in_training_is_left_out() {
    // It varies in the test alone.
    let place = Place::with(
        "s.csv",
        sales(80, 3, |row, n, text| if n == 1 && row < 72 { "10".into() } else { text }),
    );
    let said = place.ok(&format!("train s.csv {QUICK} --future-covariates price,promo"));
    let note = "note: \"price\" is the same in all rows to learn from, and no covariate\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    assert!(said.stderr.contains("; future covariate \"promo\"\n"), "{}", said.stderr);
    let predicted = place.ok("predict m.elman s.csv").stdout;
    place
        .write("s.csv", sales(80, 3, |row, n, text| if n == 1 { (row * row % 7).to_string() } else { text }));
    assert_eq!(place.ok("predict m.elman s.csv").stdout, predicted);
}

/// Three shops in a long table: each sells by its price, which is on a level of its own, and by the kind of day; the last
/// four rows of each are to come.
fn shops(cell: impl Fn(&str, usize, &str) -> Option<String>) -> String {
    let mut csv = String::from("shop,region,week,units,price,kind,open\n");
    for (shop, region, level) in [("a", "north", 1.0), ("b", "south", 20.0), ("c", "north", 300.0)] {
        for row in 0..64 {
            let price = level * [1.0, 0.9, 1.1][row / 3 % 3];
            let kind = ["plain", "feast", "plain", "plain", "fair"][(row * row + row / 7) % 5];
            let of_kind = [("plain", 0.0), ("feast", 40.0), ("fair", -20.0)];
            let more = of_kind.iter().find(|(name, _)| *name == kind).map_or(0.0, |(_, more)| *more);
            let units = 10.0 * level * (100.0 - 100.0 * (price / level - 1.0) + more);
            let open = if row % 11 == 3 { "False" } else { "True" };
            let cells = [
                ("shop", shop.to_owned()),
                ("region", region.to_owned()),
                ("week", format!("{}", 1_600_000_000 + 604_800 * row)),
                ("units", if row < 60 { units.to_string() } else { String::new() }),
                ("price", price.to_string()),
                ("kind", kind.to_owned()),
                ("open", open.to_owned()),
            ];
            let cells = cells.map(|(name, text)| cell(shop, row, name).unwrap_or(text));
            line_of(&mut csv, &cells.each_ref().map(String::as_str));
        }
    }
    csv
}

const SHOPS: &str = "--target units --id shop --time week --season 0 --transform difference --test 8 --horizon 4 \
                     --future-covariates price,kind,open --static-covariates region";

#[test]
fn each_of_several_series_has_its_own_covariates() {
    let place = Place::with("s.csv", shops(|_, _, _| None));
    let said = place.ok(&format!("train s.csv {SHOPS} -o m.elman"));
    let what = "; future covariates \"price\", \"kind\" and \"open\"; static covariate \"region\"\n";
    assert!(said.stderr.contains(what), "{}", said.stderr);
    let evaluated = place.last_json("evaluate m.elman s.csv");
    let (mase, naive) = (figure(&evaluated, "/test/mase"), figure(&evaluated, "/baselines/last value/mase"));
    assert!(mase < 0.2 * naive, "{evaluated}");

    // Each is forecast by its own rows to come, whatever the order of the rows.
    let predicted = place.ok("predict m.elman s.csv").stdout;
    assert_eq!(predicted.lines().count(), 1 + 3 * 4);
    let feast = |shop: &str, row, name: &str| {
        (shop == "b" && row == 61 && name == "kind").then(|| "feast".to_owned())
    };
    place.write("s.csv", shops(feast));
    let changed = place.ok("predict m.elman s.csv").stdout;
    let differ: Vec<usize> = predicted
        .lines()
        .zip(changed.lines())
        .enumerate()
        .filter(|(_, (a, b))| a != b)
        .map(|(n, _)| n)
        .collect();
    assert_eq!(differ, [6, 7, 8]);
    let mut lines: Vec<&str> = changed.lines().collect();
    let text = shops(feast);
    let mut backwards: Vec<&str> = text.lines().skip(1).collect();
    backwards.reverse();
    place.write("s.csv", format!("{}\n{}\n", text.lines().next().unwrap_or_default(), backwards.join("\n")));
    let sorted = place.ok("predict m.elman s.csv").stdout;
    lines[1..].sort_unstable();
    let mut of_sorted: Vec<&str> = sorted.lines().collect();
    of_sorted[1..].sort_unstable();
    assert_eq!(lines, of_sorted);
}

#[test]
fn what_is_wrong_with_covariates_of_several_series_is_named() {
    let place = Place::with("s.csv", shops(|_, _, _| None));
    place.ok(&format!("train s.csv {SHOPS} -o m.elman --epochs 2 --hidden-size 4"));
    // A category that was not there, which is said.
    place.write("n.csv", shops(|_, row, name| (row == 62 && name == "kind").then(|| "storm".to_owned())));
    let said = place.ok("predict m.elman n.csv");
    let note = "note: \"kind\" says what was not there in training, which is no category: \"storm\" (first: line 64)\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    // A series without rows to come.
    let without = |shop: &str, row, name: &str| {
        (shop == "b" && row > 60 && ["price", "kind", "open"].contains(&name)).then(String::new)
    };
    place.write("n.csv", shops(without));
    let message = place.refused(1, "predict m.elman n.csv --horizon 2");
    assert!(message.starts_with("n.csv: series \"b\", row 62 ("), "{message}");
    let said = place.ok("predict m.elman n.csv");
    let note =
        "note: the future covariates of the series reach 1 to 4 rows ahead: all are forecast for 1 row\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    // A static covariate that varies.
    place.write(
        "n.csv",
        shops(|shop, row, name| (shop == "b" && row == 9 && name == "region").then(|| "west".to_owned())),
    );
    place.refuses(
        1,
        &format!("train n.csv {SHOPS} -o n.elman"),
        "n.csv, line 75, column \"region\": \"west\" is another value than \"south\" in line 66, but both rows are of series \
         \"b\"; a static covariate has one value for each series: name a column that varies with --past-covariates or \
         --future-covariates",
    );
    // A number that is written wrongly makes no category.
    place.write(
        "n.csv",
        shops(|shop, row, name| (shop == "a" && row == 9 && name == "price").then(|| "1o".to_owned())),
    );
    let message = place.refused(1, &format!("train n.csv {SHOPS} -o n.elman"));
    assert!(message.starts_with("n.csv, line 11, column \"price\": \"1o\" is not a number"), "{message}");
}

#[test]
fn the_columns_of_a_wide_table_share_covariates() {
    let mut csv = String::from("week,north,south,promo\n");
    let units = |row: usize, level: f64| (level * (1.0 + 0.5 * beside(row)[1])).to_string();
    for row in 0..84 {
        let of = |level, known| if row < known { units(row, level) } else { String::new() };
        let cells = [
            (1_600_000_000 + 604_800 * row).to_string(),
            of(50.0, 80),
            of(3.0, 78),
            beside(row)[1].to_string(),
        ];
        line_of(&mut csv, &cells.each_ref().map(String::as_str));
    }
    let place = Place::with("w.csv", csv);
    let train =
        "train w.csv --target all --season 0 --test 8 --horizon 4 -o m.elman --future-covariates promo";
    let said = place.ok(train);
    assert!(said.stderr.contains(": forecast 2 columns over \"week\", 4 weeks ahead"), "{}", said.stderr);
    let predicted = place.ok("predict m.elman w.csv");
    let lines: Vec<&str> = predicted.stdout.lines().collect();
    assert_eq!(lines.len(), 1 + 2 * 4);
    let forecasts = column(&predicted.stdout.replace("north", "0").replace("south", "0"), "forecast");
    for (n, forecast) in forecasts.iter().enumerate() {
        let (row, level) = if n < 4 { (80 + n, 50.0) } else { (78 + n - 4, 3.0) };
        let truth = level * (1.0 + 0.5 * beside(row)[1]);
        assert!((forecast / truth - 1.0).abs() < 0.1, "{n}: {forecast} for {truth}");
    }
    let message = "--static-covariates have one value for each series, but a column of a wide table is shared by all; give a \
                   long table";
    place.refuses(2, &train.replace("--future", "--static").replace("m.elman", "n.elman"), message);
}

/// Hourly values with a rhythm of the day that is another at weekends.
fn hourly(days: usize) -> String {
    let mut noise = noise(3);
    let mut csv = String::from("time,load\n");
    for hour in 0..24 * days {
        let (day, of_day) = (hour / 24, hour % 24);
        // 1 January 2024 is a Monday.
        let weekend = if day % 7 >= 5 { 0.4 } else { 1.0 };
        let load = 100.0 + 40.0 * weekend * (of_day as f64 * std::f64::consts::TAU / 24.0).sin() + noise();
        line_of(&mut csv, &[&(1_704_067_200 + 3600 * hour).to_string(), &format!("{load:.3}")]);
    }
    csv
}

#[test]
fn weeks_of_hours_are_seen_where_they_help() {
    let place = Place::with("h.csv", hourly(35));
    let quick = "--test 168 --horizon 12 --stride 4 --transform difference";
    let said = place.ok(&format!("train h.csv {quick} -o m.elman"));
    assert!(
        said.stderr.contains("; a season of 24 hours, the place in the week, differences\n"),
        "{}",
        said.stderr
    );
    let with = figure(&place.last_json("evaluate m.elman h.csv"), "/test/mae");
    let said = place.ok(&format!("train h.csv {quick} -o n.elman --calendar none"));
    assert!(said.stderr.contains("; a season of 24 hours, differences\n"), "{}", said.stderr);
    let without = figure(&place.last_json("evaluate n.elman h.csv"), "/test/mae");
    assert!(with < 0.7 * without, "{with} {without}");
    let message = "--calendar names the hour, which is too short for rows that are one hour apart; choose day, week, year or \
                   none";
    place.refuses(2, &format!("train h.csv {quick} -o o.elman --calendar hour"), message);
    // Asked for, they are taken.
    let said = place.ok(&format!("train h.csv {quick} --epochs 1 -o o.elman --calendar year,day"));
    assert!(
        said.stderr.contains("; a season of 24 hours, the place in the day and year, "),
        "{}",
        said.stderr
    );
    place.ok("predict o.elman h.csv");
}

/// 120 days of sales, and six to come; `cell` may write another cell in place of units and promotion, or none of the row.
fn days(cell: impl Fn(usize, [String; 2]) -> Option<[String; 2]>) -> String {
    let mut csv = String::from("date,units,promo\n");
    for row in 0..126 {
        let [_, promo, _] = beside(row);
        let units = if row < 120 { units(row).to_string() } else { String::new() };
        let before =
            [0, 31, 59, 90, 120].into_iter().rev().zip([5, 4, 3, 2, 1]).find(|(days, _)| row >= *days);
        let (days, month) = before.unwrap_or_default();
        let date = format!("2023-{month:02}-{:02}", row - days + 1);
        if let Some([units, promo]) = cell(row, [units, promo.to_string()]) {
            line_of(&mut csv, &[&date, &units, &promo]);
        }
    }
    csv
}

const DAYS: &str = "--target units --epochs 2 --hidden-size 4 --season 0 --calendar none --horizon 3 --test 8 \
                    --future-covariates promo --missing previous -o m.elman";

/// What stands in the place of covariates that are missing is said as it is: the value before, by no line and with no flag.
#[test]
fn what_becomes_of_missing_covariates_is_said() {
    let gappy = |row, [units, promo]: [String; 2]| {
        let promo = if row == 30 { String::new() } else { promo };
        (row != 122).then_some([units, promo])
    };
    let place = Place::with("s.csv", days(gappy));
    for missing in ["interpolate", "flag", "previous"] {
        place.ok(&format!("train s.csv {} -q --force", DAYS.replace("previous", missing)));
        let said = place.ok("predict m.elman s.csv").stderr;
        let cell =
            "note: 1 empty cell is filled with the value before (first: s.csv, line 32, column \"promo\")\n";
        assert!(said.contains(cell), "{said}");
        let row = "note: 1 row to come is missing, whose covariates are filled with the value before (first: 2023-05-03, after \
                   s.csv, line 123)\n";
        assert!(said.contains(row), "{said}");
    }
    // A row to come that is missing is as good as one whose covariate is that of the row before.
    let predicted = place.ok("predict m.elman s.csv").stdout;
    let filled = |row, [units, promo]: [String; 2]| {
        let before = |row: usize| beside(row - 1)[1].to_string();
        Some([units, if row == 30 || row == 122 { before(row) } else { promo }])
    };
    place.write("s.csv", days(filled));
    assert_eq!(place.ok("predict m.elman s.csv").stdout, predicted);
}

/// A column that marks some rows and is empty in all others varies, where what is missing is 0, and is refused with the
/// others where nothing is said.
#[test]
fn marks_among_empty_cells_are_covariates() {
    for mark in ["1", "fair"] {
        let marked = |row: usize, [units, _]: [String; 2]| {
            Some([units, if beside(row)[1] > 0.0 { mark.to_owned() } else { String::new() }])
        };
        let place = Place::with("s.csv", days(marked));
        let message = place.refused(1, &format!("train s.csv {}", DAYS.replace("--missing previous", "")));
        assert!(
            message.contains("column \"promo\": the first of") && message.contains("--missing"),
            "{message}"
        );
        let train = "train s.csv --target units --season 0 --calendar none --horizon 3 --test 8 --future-covariates promo \
                     --transform difference --missing zero --epochs 60 -o m.elman --force";
        let said = place.ok(train).stderr;
        assert!(said.contains("; future covariate \"promo\"\n"), "{said}");
        let evaluated = place.last_json("evaluate m.elman s.csv");
        let (mae, naive) = (figure(&evaluated, "/test/mae"), figure(&evaluated, "/baselines/last value/mae"));
        assert!(mae < 0.6 * naive, "{evaluated}");
    }
}

/// A value that is filled in has no text to be named by.
#[test]
fn what_is_filled_in_and_has_no_logarithm_is_named() {
    let place = Place::with("s.csv", days(|_, cells| Some(cells)));
    let train = format!("train s.csv {} --transform log-difference", DAYS.replace("previous", "zero"));
    place.ok(&train);
    let end = "which has no logarithm; the model works with relative changes of positive values (train with --transform \
               difference)";
    place.write(
        "e.csv",
        days(|row, [units, promo]| Some([if row == 9 { String::new() } else { units }, promo])),
    );
    let cell = "e.csv, line 11, column \"units\": the cell is empty and taken as 0";
    place.refuses(1, "predict m.elman e.csv", &format!("{cell}, {end}"));
    place.write("r.csv", days(|row, cells| (row != 9).then_some(cells)));
    let row = "r.csv, line 10, column \"units\": the row after it is missing and taken as 0";
    place.refuses(1, "predict m.elman r.csv", &format!("{row}, {end}"));
}

/// Where other series go on, one that has no row to come is at its end; where none does, rows are asked for.
#[test]
fn series_without_rows_to_come_are_left_out() {
    let place = Place::with("s.csv", shops(|_, _, _| None));
    place.ok(&format!("train s.csv {SHOPS} -o m.elman --epochs 2 --hidden-size 4"));
    let predicted = place.ok("predict m.elman s.csv").stdout;
    let all = shops(|_, _, _| None);
    let of_b = |line: &&str| line.starts_with("b,") && line.split(',').nth(3) == Some("");
    let ended: Vec<&str> = all.lines().filter(|line| !of_b(line)).collect();
    place.write("e.csv", format!("{}\n", ended.join("\n")));
    let said = place.ok("predict m.elman e.csv --plot p.svg");
    let note = "note: 1 series is left out, first \"b\": no row to come has future covariates, as there are of others\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    let others: Vec<&str> = predicted.lines().filter(|line| !line.starts_with("b,")).collect();
    assert_eq!(said.stdout.lines().collect::<Vec<_>>(), others);
    let drawn = place.text("p.svg");
    assert!(drawn.contains("units, 2 series: forecast"), "{drawn}");
}

/// A series that was not among those of training is measured by its rows before the test alone.
#[test]
fn the_test_tells_nothing_of_a_new_series() {
    let place = Place::with("s.csv", shops(|_, _, _| None));
    place.ok(&format!("train s.csv {SHOPS} -o m.elman --epochs 2 --hidden-size 4"));
    let first_origin = |factor: f64| {
        let renamed = |shop: &str, row, name: &str| {
            let in_test = shop == "a" && (52..60).contains(&row);
            match name {
                "shop" if shop == "a" => Some("new".to_owned()),
                "units" if in_test => Some((factor * (row as f64 - 20.0)).to_string()),
                _ => None,
            }
        };
        place.write("n.csv", shops(renamed));
        place.ok("backtest m.elman n.csv -o b.csv --force");
        column(&place.text("b.csv"), "units_forecast")[..4].to_vec()
    };
    assert_eq!(first_origin(1.0), first_origin(900.0));
}

/// What nothing stands before is filled with nothing.
#[test]
fn covariates_that_a_series_has_none_of_tell_nothing() {
    let place = Place::with("s.csv", shops(|_, _, _| None));
    place.ok(&format!("train s.csv {SHOPS} -o m.elman --epochs 2 --hidden-size 4 --missing previous"));
    let no_price = |shop: &str, row: usize, name: &str| {
        let is_gone = name == "price" && (shop == "b" || row == 63) || name == "region" && shop == "a";
        is_gone.then(String::new)
    };
    place.write("n.csv", shops(no_price));
    let said = place.ok("predict m.elman n.csv").stderr;
    let filled =
        "note: 2 empty cells are filled with the value before (first: n.csv, line 65, column \"price\")\n";
    assert!(said.contains(filled), "{said}");
    let unknown = "note: 65 empty cells have no value before and tell nothing (first: n.csv, line 2, column \"region\")\n";
    assert!(said.contains(unknown), "{said}");
}

/// A column that was asked for and holds nothing is left out like a series of too few rows.
#[test]
fn an_empty_column_of_a_wide_table_is_left_out_with_a_remark() {
    let table = |cell: fn(usize) -> String| {
        (0..60).fold("a,b\n".to_owned(), |csv, n| csv + &format!("{},{}\n", 20 + n * n % 7, cell(n)))
    };
    let place = Place::with("s.csv", table(|n| (30 + n * n % 11).to_string()));
    let train = "train s.csv --target a,b --epochs 2 --hidden-size 4 --transform difference --horizon 3 --test 8 -o m.elman";
    place.ok(train);
    place.write("s.csv", table(|_| String::new()));
    let note = |needed: usize| {
        format!("note: 1 series is left out, first \"b\": fewer than the {needed} rows that are needed\n")
    };
    let said = place.ok("predict m.elman s.csv");
    assert!(said.stderr.contains(&note(3)), "{}", said.stderr);
    assert_eq!(said.stdout.lines().filter(|line| line.starts_with("a,")).count(), 3);
    let said = place.ok(&format!("{train} --force")).stderr;
    assert!(said.contains(&note(12)), "{said}");
    place.write("s.csv", "a,b\n,\n,\n");
    place.refuses(1, "predict m.elman s.csv", "s.csv: has no column of numbers to forecast; add one");
}

#[test]
fn rows_to_come_may_stand_in_a_file_of_their_own() {
    let place = Place::with("s.csv", sales(80, 4, as_it_is));
    place.ok(&format!("train s.csv {QUICK} --past-covariates weather --future-covariates price,promo"));
    let together = place.ok("predict m.elman s.csv").stdout;
    place.write("known.csv", sales(80, 0, as_it_is));
    let ahead: String = (80..84).map(|row| format!("{},{}\n", beside(row)[1], beside(row)[0])).collect();
    place.write("ahead.csv", format!("promo,price\n{ahead}"));
    assert_eq!(place.ok("predict m.elman known.csv --future-data ahead.csv").stdout, together);
    place.write("ahead.csv", format!("promo,cost\n{ahead}"));
    let message = place.refused(1, "predict m.elman known.csv --future-data ahead.csv");
    assert!(message.starts_with("known.csv has no column \"cost\""), "{message}");
    place.refuses(
        2,
        "predict m.elman known.csv --future-data known.csv -o known.csv",
        "known.csv would be written over: give another name to write to",
    );

    place.ok(&format!("train known.csv {QUICK} --force --past-covariates weather"));
    place.refuses(
        2,
        "predict m.elman known.csv --future-data ahead.csv",
        "--future-data is for a forecast with covariates that are known ahead, which this model has not; leave it out, or \
         train with --future-covariates",
    );
    // A naive forecast looks at no covariates: they need not be there.
    place.write("bare.csv", (0..80).fold("units\n".to_owned(), |csv, row| format!("{csv}{}\n", units(row))));
    assert!(place.refused(1, "predict m.elman bare.csv").contains("\"weather\""));
    let naive = place.ok("predict m.elman bare.csv --baseline last-value").stdout;
    assert_eq!(column(&naive, "units_forecast"), [units(79); 3]);
    // Nor for its picture.
    let drawn = place.ok("predict m.elman bare.csv --baseline last-value --plot bare.svg");
    assert!(drawn.stdout == naive && place.text("bare.svg").starts_with("<svg"));
}
