//! Models that tell distributions: quantiles, normal, Student's t; their intervals, quantiles and sample paths.

use crate::common::{Place, REGRESS, figure, line_of, noise, sequences};

/// Normal noise of deviation 1, near enough: the sum of twelve numbers of variance 1/3, halved.
fn normal(seed: u64) -> impl FnMut() -> f64 {
    let mut noise = noise(seed);
    move || (0..12).map(|_| noise()).sum::<f64>() / 2.0
}

fn month(n: usize) -> String {
    format!("{}-{:02}", 1950 + n / 12, n % 12 + 1)
}

/// A season of 10 to both sides of 20, and noise of deviation 2.
fn seasonal(rows: usize) -> String {
    let mut noise = normal(3);
    let mut csv = String::from("month,sales\n");
    for n in 0..rows {
        let value = 20.0 + 10.0 * (n as f64 * std::f64::consts::TAU / 12.0).sin() + 2.0 * noise();
        line_of(&mut csv, &[&month(n), &format!("{value:.4}")]);
    }
    csv
}

/// The rows of a CSV file below its head, without the first `skip` columns.
fn numbers(csv: &str, skip: usize) -> Vec<Vec<f64>> {
    let row = |line: &str| line.split(',').skip(skip).map(|cell| cell.parse().expect("a number")).collect();
    csv.lines().skip(1).map(row).collect()
}

fn head(csv: &str) -> Vec<&str> {
    csv.lines().next().unwrap_or_default().split(',').collect()
}

/// How many deviations of a normal distribution an interval of 80 % has to each side.
const TO_80: f64 = 1.2816;

#[test]
fn a_known_spread_is_told_and_covers_what_comes() {
    let place = Place::with("s.csv", seasonal(900));
    for loss in ["gaussian", "student-t", "quantile"] {
        let train =
            format!("train s.csv --transform none --horizon 6 --test 120 --loss {loss} -o m.elman --force");
        let said = place.ok(&train).stdout;
        let figures: Vec<&str> = said.lines().nth(1).unwrap().split("  ").map(str::trim).collect();
        assert!(figures.ends_with(&["wql", "crps", "coverage 80", "coverage 95"]), "{said}");
        let naive = said.lines().find(|line| line.starts_with("seasonal naive")).unwrap();
        assert!(naive.split_whitespace().collect::<Vec<_>>().ends_with(&["-"; 4]), "{said}");
        let test = place.last_json("evaluate m.elman s.csv");
        assert!((figure(&test, "/test/coverage_80") - 80.0).abs() < 6.0, "{loss}: {test}");
        assert!((figure(&test, "/test/coverage_95") - 95.0).abs() < 4.0, "{loss}: {test}");
        // Of a normal distribution rightly told the score is its deviation over the root of pi.
        let score = 2.0 / std::f64::consts::PI.sqrt();
        assert!((figure(&test, "/test/crps") / score - 1.0).abs() < 0.12, "{loss}: {test}");
        // 2 sum of pinball losses over the deciles / sum of values: their mean is 20, and twice the integral the score.
        assert!((figure(&test, "/test/wql") / (score / 20.0) - 1.0).abs() < 0.2, "{loss}: {test}");

        let predicted = place.ok("predict m.elman s.csv --interval 80 --horizon 12").stdout;
        let rows = numbers(&predicted, 1);
        let deviation =
            rows.iter().map(|row| (row[2] - row[1]) / 2.0 / TO_80).sum::<f64>() / rows.len() as f64;
        assert!((deviation / 2.0 - 1.0).abs() < 0.15, "{loss}: {deviation}\n{predicted}");
        for (n, row) in rows.iter().enumerate() {
            let truth = 20.0 + 10.0 * (n as f64 * std::f64::consts::TAU / 12.0).sin();
            assert!((row[0] - truth).abs() < 1.5, "{loss}, row {n}: {row:?}");
        }
    }
}

/// Changes of deviation 3 add up to one of 9 in nine rows, which only paths that are fed back show.
#[test]
fn the_spread_of_a_walk_grows_with_the_root_of_the_rows() {
    let (mut noise, mut level) = (normal(5), 0.0);
    let mut csv = String::from("step,level\n");
    for n in 0..700 {
        level += 3.0 * noise();
        line_of(&mut csv, &[&n.to_string(), &format!("{level:.4}")]);
    }
    let place = Place::with("w.csv", csv);
    for (transform, loss) in
        [("difference", "gaussian"), ("difference", "quantile"), ("smoothing", "student-t")]
    {
        place.ok(&format!(
            "train w.csv --target level --transform {transform} --loss {loss} -o m.elman --force"
        ));
        let said = place.ok("predict m.elman w.csv --interval 80 --horizon 9 --samples 2000");
        let beyond = "note: 9 rows ahead are more than the 6 that the model was tested for: errors add up\n";
        assert_eq!(said.stderr, beyond);
        let rows = numbers(&said.stdout, 1);
        let deviation = |row: &[f64]| (row[2] - row[1]) / 2.0 / TO_80;
        let (first, last) = (deviation(&rows[0]), deviation(&rows[8]));
        assert!((first / 3.0 - 1.0).abs() < 0.15, "{transform}, {loss}: {first}");
        assert!((last / 9.0 - 1.0).abs() < 0.25, "{transform}, {loss}: {last}");
    }
}

const QUICK: &str = "--epochs 4 --hidden-size 6 -o m.elman --force";

#[test]
fn sample_paths_are_the_same_for_a_seed_and_make_the_quantiles() {
    let place = Place::with("s.csv", seasonal(200));
    place.ok(&format!("train s.csv --loss quantile --quantiles 0.9,0.5,0.1 {QUICK}"));
    let asked = "predict m.elman s.csv --horizon 3 --samples 19 --interval 90 --quantiles 0.5,0.05";
    let csv = place.ok(asked).stdout;
    let expected = ["month", "sales_forecast", "sales_forecast_low_90", "sales_forecast_high_90"];
    assert_eq!(head(&csv)[..4], expected);
    assert_eq!(head(&csv)[4..8], ["sales_forecast_q0.05", "sales_forecast_q0.5", "sample_1", "sample_2"]);
    assert_eq!(head(&csv).len(), 6 + 19);
    for row in numbers(&csv, 1) {
        let mut samples = row[5..].to_vec();
        samples.sort_by(f64::total_cmp);
        // Of 19 draws the first, 20 * 0.05, the last and the tenth.
        assert_eq!(row[1..5], [samples[0], samples[18], samples[0], samples[9]]);
        assert!(samples[0] < samples[18]);
    }
    assert_eq!(place.ok(&format!("{asked} --seed 0 --threads 1")).stdout, csv);
    assert_ne!(place.ok(&format!("{asked} --seed 1")).stdout, csv);
    // The forecast is what it is without them.
    let plain = place.ok("predict m.elman s.csv --horizon 3").stdout;
    let forecasts =
        |csv: &str| csv.lines().map(|line| line.split(',').nth(1).unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(forecasts(&plain), forecasts(&csv));
    let object = &place.json("predict m.elman s.csv --horizon 1 --samples 2")[0];
    let note = "note: 2 sample paths tell little of what is asked for: beyond the outermost quantile lie 10.0 % of them, which \
                is less than one; draw at least 10 with --samples\n";
    let few = |samples: usize| {
        place.ok(&format!("predict m.elman s.csv --horizon 1 --interval 80 --samples {samples}")).stderr
    };
    assert!(few(2).contains(note), "{}", few(2));
    assert!(!few(10).contains("tell little"), "{}", few(10));
    assert!(object["sample_1"].is_f64() && object["sample_2"] != object["sample_1"], "{object}");
    // Levels are learned in order, however they are given.
    let text = place.ok("inspect m.elman").stdout;
    assert!(
        text.contains("answers   quantiles at 0.1, 0.5, 0.9\n") && text.contains("-> 3 outputs"),
        "{text}"
    );
    assert!(text.contains("pinball loss"), "{text}");
    let recipe = &place.last_json("inspect m.elman")["record"]["recipe"]["train"]["loss"];
    assert_eq!(recipe.to_string(), r#"{"quantile":{"levels":[0.1,0.5,0.9]}}"#);
    place.ok("check m.elman");
}

#[test]
fn paths_of_relative_changes_stay_positive_and_every_series_has_its_own() {
    let mut noise = normal(9);
    let mut csv = String::from("unique_id,ds,y\n");
    for (id, level) in [("a", 100.0), ("b", 5000.0)] {
        for n in 0..96 {
            let season = (n as f64 * std::f64::consts::TAU / 12.0).sin();
            let value = level * (1.0 + 0.2 * season) * (0.1 * noise()).exp();
            line_of(&mut csv, &[id, &month(n), &format!("{value:.3}")]);
        }
    }
    let place = Place::with("l.csv", csv);
    place.ok(&format!("train l.csv --horizon 6 --loss student-t {QUICK} --ensemble 2"));
    let predicted = place.ok("predict m.elman l.csv --samples 100 --interval 80").stdout;
    let rows = numbers(&predicted, 2);
    assert_eq!(rows.len(), 12);
    for (n, row) in rows.iter().enumerate() {
        let level = if n < 6 { 100.0 } else { 5000.0 };
        assert!(row.iter().all(|&value| value > 0.0), "{row:?}");
        assert!(row[1] < row[0] && row[0] < row[2], "{row:?}");
        assert!(row[1] > 0.3 * level && row[2] < 3.0 * level, "{row:?}");
    }
    // Other draws, not the same ones on another level.
    let share = |row: &[f64], sample: usize| row[2 + sample] / row[0];
    let differ = (1..=100).filter(|&n| (share(&rows[0], n) - share(&rows[6], n)).abs() > 1e-3).count();
    assert!(differ > 80, "{differ}");

    let said = place.ok("backtest m.elman l.csv -o b.csv").stdout;
    assert!(said.lines().nth(1).unwrap().ends_with("coverage 80  coverage 95"), "{said}");
    let told = place.text("b.csv");
    let ends = ["y_forecast_low_80", "y_forecast_high_80", "y_forecast_low_95", "y_forecast_high_95"];
    assert_eq!(head(&told)[6..], ends);
    for row in told.lines().skip(1) {
        let cells: Vec<f64> = row.split(',').skip(6).map(|cell| cell.parse().unwrap()).collect();
        assert!(cells[2] <= cells[0] && cells[0] < cells[1] && cells[1] <= cells[3], "{row}");
    }
    // The coverage that is told is that of these intervals, over both series.
    let inside = |row: &str| {
        let cells: Vec<f64> = row.split(',').skip(5).map(|cell| cell.parse().unwrap()).collect();
        (cells[1]..=cells[2]).contains(&cells[0])
    };
    let share = told.lines().skip(1).filter(|row| inside(row)).count() as f64 / 228.0 * 100.0;
    let test = place.last_json("backtest m.elman l.csv");
    assert!((figure(&test, "/test/coverage_80") - share).abs() < 0.5, "{share}: {test}");
}

#[test]
fn quantiles_of_other_models_are_by_their_errors_on_the_test() {
    let place = Place::with("s.csv", seasonal(200));
    place.ok(&format!("train s.csv {QUICK}"));
    let csv = place.ok("predict m.elman s.csv --interval 80 --quantiles 0.9,0.1,0.5").stdout;
    let names = ["low_80", "high_80", "q0.1", "q0.5", "q0.9"].map(|name| format!("sales_forecast_{name}"));
    assert_eq!(head(&csv)[2..], names);
    for row in numbers(&csv, 1) {
        assert_eq!([row[3], row[4], row[5]], [row[1], row[0], row[2]], "{row:?}");
        assert!(row[1] < row[0] && row[0] < row[2], "{row:?}");
    }
    place.refuses(
        2,
        "predict m.elman s.csv --samples 5",
        "--samples needs a model that tells a distribution: train with a --loss of quantile, gaussian or student-t",
    );
    // A model that tells distributions can go by its errors as well.
    place.ok(&format!("train s.csv --transform none --loss gaussian {QUICK}"));
    let conformal = place.ok("predict m.elman s.csv --interval 80 --conformal").stdout;
    for row in numbers(&conformal, 1) {
        assert!(((row[2] - row[0]) - (row[0] - row[1])).abs() < 1e-4, "as far to both sides: {row:?}");
    }
    assert_ne!(place.ok("predict m.elman s.csv --interval 80").stdout, conformal);
}

#[test]
fn what_cannot_be_is_refused() {
    let place = Place::with("s.csv", seasonal(120));
    for (levels, message) in [
        ("0.1,1.5", "asks for the level 1.5; levels are above 0 and below 1, as 0.1,0.5,0.9"),
        ("0.5,0.1,0.5", "has the level 0.5 twice; give each once"),
        ("0.5", "needs at least two levels to tell a distribution, as 0.1,0.5,0.9"),
        ("0.6,0.9", "has no level on one side of 0.5, and the answer is the median; add one, or 0.5"),
    ] {
        let arguments = format!("train s.csv --loss quantile --quantiles {levels}");
        place.refuses(2, &arguments, &format!("--quantiles {message}"));
    }
    let idle = "--quantiles has no meaning for this --loss; leave it out";
    place.refuses(2, "train s.csv --loss gaussian --quantiles 0.1,0.5", idle);
    place.ok(&format!("train s.csv --loss gaussian {QUICK}"));
    for (options, message) in [
        ("--quantiles 0", "--quantiles asks for the level 0; levels are above 0 and below 1, as 0.1,0.5,0.9"),
        ("--interval 80,95,80", "--interval asks for 80 % twice; give each level once"),
        ("--quantiles 0.2,0.2", "--quantiles asks for the level 0.2 twice; give each once"),
        (
            "--samples 100000 --horizon 1000",
            "--samples asks for 100,000 paths of 1,000 rows; give fewer, or look less far ahead",
        ),
        ("--samples 0", "--samples is 0; it must be from 1 to 100000"),
        (
            "--samples 3 --baseline drift",
            "--samples is around the model's own forecasts; leave it out, or the --baseline",
        ),
        ("--conformal", "--conformal has a meaning with --interval or --quantiles; leave it out"),
        ("--seed 3", "--seed decides what is drawn of a model's distribution, and nothing is; leave it out"),
        (
            "--samples 3 --conformal",
            "--conformal goes by errors on rows kept back, and samples by the model's distribution; leave one out",
        ),
    ] {
        place.refuses(2, &format!("predict m.elman s.csv {options}"), message);
    }
    place.write("c.csv", sequences(30));
    place.refuses(
        2,
        "train classify c.csv --target side --features a,b --loss gaussian",
        "--loss gaussian is for numbers; a class has probabilities by cross-entropy",
    );
}

/// A level of 3 times the mean of `a` and the last `b`, and noise of deviation 1 that no input tells.
fn noisy_sequences(count: usize) -> String {
    let mut noise = normal(11);
    let mut csv = String::from("id,time,a,b,level,side\n");
    let mut of_id = (String::new(), 0.0);
    for line in sequences(count).lines().skip(1) {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if of_id.0 != cells[0] {
            of_id = (cells[0].clone(), noise());
        }
        cells[4] = format!("{:.5}", cells[4].parse::<f64>().expect("a level") + of_id.1);
        line_of(&mut csv, &cells.iter().map(String::as_str).collect::<Vec<_>>());
    }
    csv
}

#[test]
fn regressions_tell_the_distribution_of_their_answers() {
    let place = Place::with("s.csv", noisy_sequences(600));
    for loss in ["gaussian", "student-t", "quantile"] {
        place.ok(&format!("{REGRESS} --epochs 15 --loss {loss} --force"));
        let record = &place.last_json("inspect m.elman")["record"]["test"]["model"];
        let of = |name: &str| {
            let metric = record.as_array().unwrap().iter().find(|metric| metric["name"] == name);
            figure(metric.unwrap(), "/value")
        };
        // Of 120 sequences kept back a share errs by 3.7 and 2 %.
        assert!((of("coverage_80") - 80.0).abs() < 9.0, "{loss}: {record}");
        assert!((of("coverage_95") - 95.0).abs() < 6.0, "{loss}: {record}");
        let score = 1.0 / std::f64::consts::PI.sqrt();
        assert!((of("crps") / score - 1.0).abs() < 0.25, "{loss}: {record}");

        let csv = place.ok("predict m.elman s.csv --interval 80 --quantiles 0.5").stdout;
        let expected =
            ["level_predicted", "level_predicted_low_80", "level_predicted_high_80", "level_predicted_q0.5"];
        assert_eq!(head(&csv)[2..], expected);
        let rows = numbers(&csv, 2);
        let deviation =
            rows.iter().map(|row| (row[2] - row[1]) / 2.0 / TO_80).sum::<f64>() / rows.len() as f64;
        assert!((deviation - 1.0).abs() < 0.15, "{loss}: {deviation}");
        assert!(rows.iter().all(|row| row[0] == row[3] && row[1] < row[0] && row[0] < row[2]));
    }
    // Of two targets each has its own distribution.
    let two = REGRESS.replace("--target level", "--target level,a").replace("--features a,b", "--features b");
    place.ok(&format!("{two} --epochs 2 --loss quantile --quantiles 0.25,0.5,0.75 --force"));
    let csv = place.ok("predict m.elman s.csv --quantiles 0.25,0.75").stdout;
    let names = [
        "level_predicted",
        "a_predicted",
        "level_predicted_q0.25",
        "level_predicted_q0.75",
        "a_predicted_q0.25",
    ];
    assert_eq!(head(&csv)[2..7], names);
    for row in numbers(&csv, 2) {
        assert!(row[2] <= row[0] && row[0] <= row[3] && row[4] <= row[1] && row[1] <= row[5], "{row:?}");
    }
    place.ok(&format!("{REGRESS} --epochs 1 --force"));
    place.refuses(
        2,
        "predict m.elman s.csv --interval 80",
        "--interval needs a model that tells a distribution: train with a --loss of quantile, gaussian or student-t",
    );
    place.refuses(
        2,
        "predict m.elman s.csv --samples 3",
        "--samples is for forecasts; this model is there to regress",
    );
}
