//! The guides print what they say, and what they say beside their console blocks holds: figures by their equations, notes, the
//! layouts of cells.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use elman::network::CellKind;
use serde_json::Value;

use crate::common::{Place, airline, figure, repository};
use crate::readme::{examples, printed_as_said};

/// The figures of a table of the guide are rounded to four digits, those of JSON are not.
const ROUNDED: f64 = 5e-5;

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1.0),
        "{what}: {found}, not {expected}"
    );
}

/// The rows of a CSV file without quotes, by the names of its columns.
fn rows(csv: &str) -> Vec<HashMap<&str, &str>> {
    let mut lines = csv.lines().map(|line| line.split(','));
    let names: Vec<&str> = lines.next().expect("a head").collect();
    lines.map(|cells| names.iter().copied().zip(cells).collect()).collect()
}

fn number(row: &HashMap<&str, &str>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} of {row:?}"))
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count)
}

/// The command of a guide whose arguments have this in them.
fn command(document: &str, part: &str) -> String {
    let examples = examples(&repository(document));
    let found = examples.iter().find(|(arguments, _)| arguments.contains(part));
    found.unwrap_or_else(|| panic!("{document} has no command with {part}")).0.clone()
}

const METRICS: &str = "docs/metrics.md";

#[test]
fn the_guide_to_metrics_prints_what_it_says() {
    let left = printed_as_said(METRICS, 9, &["docs/motors.csv", "docs/press.csv", "LICENSE-APACHE"]);
    loads_are_as_far_off_as_said(left.path());
    intervals_hold_as_many_as_said(left.path());
}

/// Mean absolute and squared error and the share of the variance, from what was predicted and the table.
fn loads_are_as_far_off_as_said(place: &Path) {
    let predicted = fs::read_to_string(place.join("loads.csv")).expect("predictions");
    let table = fs::read_to_string(place.join("docs/motors.csv")).expect("the table");
    let loads: HashMap<&str, f64> =
        rows(&table).iter().map(|row| (row["motor"], number(row, "load"))).collect();
    let pairs: Vec<(f64, f64)> =
        rows(&predicted).iter().map(|row| (number(row, "load_predicted"), loads[row["motor"]])).collect();
    assert_eq!(pairs.len(), 120);
    let (_, printed) = examples(&repository(METRICS))
        .into_iter()
        .find(|(arguments, _)| arguments.starts_with("evaluate load.elman"))
        .expect("the evaluation");
    let told = printed.lines().find_map(|line| line.strip_prefix("elman ")).expect("figures");
    let told: Vec<f64> = told.split_whitespace().map(|cell| cell.parse().expect("a figure")).collect();
    let squares = mean(pairs.iter().map(|(p, y)| (p - y).powi(2)));
    let centre = mean(pairs.iter().map(|(_, y)| *y));
    let spread = mean(pairs.iter().map(|(_, y)| (y - centre).powi(2)));
    close(told[0], mean(pairs.iter().map(|(p, y)| (p - y).abs())), ROUNDED, "mae");
    close(told[1], squares.sqrt(), ROUNDED, "rmse");
    close(told[2], 1.0 - squares / spread, ROUNDED, "r2");
}

/// The share of values in their intervals, from the forecasts that a backtest writes.
fn intervals_hold_as_many_as_said(place: &Path) {
    let backtest = fs::read_to_string(place.join("spread.csv")).expect("forecasts");
    let rows = rows(&backtest);
    assert_eq!(rows.len(), 12);
    for (level, share) in [(80, 75.0), (95, 100.0)] {
        let end = |row, name| number(row, &format!("passengers_forecast_{name}_{level}"));
        let held = rows.iter().map(|row| {
            let actual = number(row, "actual");
            f64::from(u8::from(end(row, "low") <= actual && actual <= end(row, "high")))
        });
        close(100.0 * mean(held), share, 1e-9, "coverage");
    }
}

/// Last value and seasonal naive, one month ahead, by the equations of the guide.
#[test]
fn naive_forecasts_err_as_the_equations_say() {
    let csv = airline();
    let y: Vec<f64> = rows(&csv).iter().map(|row| number(row, "passengers")).collect();
    let place = Place::new();
    let trained = place.last_json(&command(METRICS, "months.elman"));
    let test = y.len() - 3..y.len();
    let scale = mean((12..test.start).map(|t| (y[t] - y[t - 12]).abs()));
    close(scale, 31.93, 2e-4, "the scale in the guide");
    for (name, back) in [("last value", 1), ("seasonal naive", 12)] {
        let of = |term: fn(f64, f64) -> f64| mean(test.clone().map(|t| term(y[t - back], y[t])));
        let mae = of(|p, y| (p - y).abs());
        for (metric, expected) in [
            ("mae", mae),
            ("rmse", of(|p, y| (p - y).powi(2)).sqrt()),
            ("mape", 100.0 * of(|p, y| (p - y).abs() / y)),
            ("smape", 100.0 * of(|p, y| (p - y).abs() / (p + y))),
            ("mase", mae / scale),
        ] {
            close(figure(&trained, &format!("/baselines/{name}/{metric}")), expected, 1e-12, metric);
        }
    }
}

/// Accuracy, precision, recall and F1 from the matrix that the guide prints.
#[test]
fn figures_of_classes_follow_from_the_matrix() {
    let place = Place::new();
    fs::create_dir(place.path("docs")).expect("a folder");
    place.write("docs/press.csv", repository("docs/press.csv"));
    let trained = place.last_json(&command(METRICS, "--target state"));
    let matrix = [[69.0, 34.0, 1.0], [8.0, 133.0, 0.0], [10.0, 10.0, 118.0]];
    let found: Vec<Vec<f64>> =
        serde_json::from_value(trained["confusion"].clone()).unwrap_or_else(|_| panic!("{trained}"));
    assert_eq!(found, matrix.map(Vec::from));
    let all: f64 = matrix.iter().flatten().sum();
    let recall = |n: usize| matrix[n][n] / matrix[n].iter().sum::<f64>();
    let precision = |n: usize| matrix[n][n] / matrix.iter().map(|row| row[n]).sum::<f64>();
    let f1 = |n: usize| 2.0 * precision(n) * recall(n) / (precision(n) + recall(n));
    let told = |name: &str| figure(&trained, &format!("/test/{name}"));
    close(told("accuracy"), (0..3).map(|n| matrix[n][n]).sum::<f64>() / all, 1e-12, "accuracy");
    close(told("balanced_accuracy"), mean((0..3).map(recall)), 1e-12, "balanced accuracy");
    close(told("f1"), mean((0..3).map(f1)), 1e-12, "f1");
}

/// Bits per character are the mean of those of the characters.
#[test]
fn bits_of_a_text_are_the_mean_of_its_characters() {
    let place = Place::with("LICENSE-APACHE", repository("LICENSE-APACHE"));
    place.write("hello.txt", "The Work");
    place.ok(&command(METRICS, "train text"));
    let predicted = place.ok("predict licence.elman hello.txt").stdout;
    // Of the first character nothing is told.
    let bits: Vec<f64> = rows(&predicted)[1..].iter().map(|row| number(row, "bits")).collect();
    assert_eq!(bits.len(), 7, "{predicted}");
    let told = place.last_json("evaluate licence.elman hello.txt");
    close(figure(&told, "/test/bits_per_character"), mean(bits), 1e-6, "bits per character");
}

#[test]
fn the_guide_to_forecasts_prints_what_it_says() {
    printed_as_said("docs/forecast.md", 4, &["docs/shops.csv"]);
}

#[test]
fn the_guide_to_sequences_prints_what_it_says() {
    printed_as_said("docs/sequences.md", 4, &["docs/motors.csv"]);
}

#[test]
fn the_guide_to_labels_prints_what_it_says() {
    printed_as_said("docs/label.md", 4, &["docs/press.csv"]);
}

#[test]
fn the_guide_to_training_prints_what_it_says() {
    printed_as_said("docs/training.md", 2, &["docs/press.csv"]);
}

#[test]
fn the_guide_of_texts_prints_what_it_says() {
    printed_as_said("docs/text.md", 3, &["LICENSE-APACHE"]);
}

#[test]
fn the_guide_to_reports_prints_what_it_says() {
    let left = printed_as_said("docs/report.md", 1, &["docs/shops.csv"]);
    assert!(left.path().join("report.html").exists());
}

#[test]
fn the_guide_to_choosing_prints_what_it_says() {
    printed_as_said("docs/choosing.md", 8, &["docs/press.csv", "docs/motors.csv"]);
}

#[test]
fn the_guide_to_sound_prints_what_it_says() {
    const GUIDE: &str = "docs/sound.md";
    let left = printed_as_said(GUIDE, 4, &["docs/in.wav", "docs/out.wav"]);
    let place = Place::new();
    fs::create_dir(place.path("docs")).expect("a folder");
    for name in ["docs/in.wav", "docs/out.wav"] {
        place.write(name, fs::read(left.path().join(name)).expect("sound"));
    }
    let said = place.ok(&command(GUIDE, "train label")).stderr;
    let guide = repository(GUIDE);
    let notes: Vec<&str> = guide.lines().filter(|line| line.starts_with("note: ")).collect();
    assert_eq!(notes.len(), 4, "{notes:?}");
    for note in notes {
        assert!(said.lines().any(|line| line == note), "not said: {note}\n{said}");
    }
}

/// Every cell has a section, whose line of gates names as many as its weights have blocks.
#[test]
fn the_guide_to_equations_has_every_cell() {
    let guide = repository("docs/equations.md");
    for cell in CellKind::ALL {
        let head = format!("\n## `{cell}`");
        let section = guide.split(&head).nth(1).unwrap_or_else(|| panic!("no section {head}"));
        let section = section.split("\n## ").next().expect("a section");
        let gates = section
            .lines()
            .find_map(|line| line.strip_prefix("Gates in the order of the rows: "))
            .expect("gates");
        let gates = gates.trim_end_matches('.').split(", ").count();
        assert_eq!(gates, cell.facts().gates(), "{cell}");
    }
}

/// A JSON file in a folder.
fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
}

/// Keras's layout is PyTorch's transposed, with the first two gates of a GRU exchanged and an LSTM's in their order: each weight is
/// found where the guide says.
#[test]
fn the_guide_to_equations_prints_what_it_says() {
    let (nam, guitarml) = ("reference/exchange/lstm-1.nam", "reference/exchange/guitarml-gru.json");
    let left = printed_as_said("docs/equations.md", 4, &[nam, guitarml]);
    let kernels = |name: &str| json(&left.path().join(name))["layers"][0]["weights"].clone();

    // A row of NAM's holds the input's weight and those of the state, of three units.
    let (pytorch, keras) = (json(&left.path().join(nam)), kernels("amp-keras.json"));
    for row in 0..12 {
        assert_eq!(keras[0][0][row], pytorch["weights"][4 * row], "input, row {row}");
        for unit in 0..3 {
            assert_eq!(keras[1][unit][row], pytorch["weights"][4 * row + 1 + unit], "state, row {row}");
        }
    }

    let (pytorch, keras) = (json(&left.path().join(guitarml)), kernels("drive-keras.json"));
    let weights = &pytorch["state_dict"];
    let units = weights["rec.weight_hh_l0"][0].as_array().expect("a row").len();
    for (block, pytorch_block) in [1, 0, 2].into_iter().enumerate() {
        for unit in 0..units {
            let (column, row) = (block * units + unit, pytorch_block * units + unit);
            assert_eq!(keras[0][0][column], weights["rec.weight_ih_l0"][row][0], "input, row {row}");
            assert_eq!(keras[1][0][column], weights["rec.weight_hh_l0"][row][0], "state, row {row}");
            assert_eq!(keras[2][1][column], weights["rec.bias_hh_l0"][row], "bias, row {row}");
        }
    }
}
