//! Files of the first version of the format, as they were written then: see `tests/data/version_1`, where the
//! predictions are that program's, too.

use elman::data;
use elman::float::Dtype;
use elman::model::Model;
use elman::network::Stacked;
use elman::table::Table;
use elman::task::Predictions;
use serde_json::{Value, json};

use crate::setup::{Parts, bits, read};

const FORECAST: (&[u8], &str) =
    (include_bytes!("../data/version_1/forecast.elman"), include_str!("../data/version_1/forecast.csv"));
const CLASSIFY: (&[u8], &str) =
    (include_bytes!("../data/version_1/classify.elman"), include_str!("../data/version_1/classify.csv"));

fn gestures() -> Table {
    Table::read("gestures.csv", &include_bytes!("../data/version_1/gestures.csv")[..]).unwrap()
}

/// Reads a file of version 1, which then is one of version 3, whose tests have several baselines, with the same model.
fn model(bytes: &[u8]) -> Model {
    assert_eq!(Parts::of(bytes).version, json!(1));
    let model = read(bytes).unwrap();
    let saved = model.to_bytes().unwrap();
    let parts = Parts::of(&saved);
    assert_eq!(parts.version, json!(3));
    let content: Value = serde_json::from_str(&parts.content).unwrap();
    assert_eq!(content["network"], serde_json::to_value(model.network().config()).unwrap());
    let again = read(&saved).unwrap();
    assert_eq!(bits(again.parameters()), bits(model.parameters()));
    assert_eq!(again.network().config(), model.network().config());
    assert_eq!((again.task(), again.record()), (model.task(), model.record()));
    assert_eq!(parts.first_version().build().len(), bytes.len(), "nothing else is new");
    again
}

/// The predictions as they were written: numbers within a millionth, which other instruction sets may round
/// otherwise.
fn assert_predicts(predictions: &Predictions, expected: &str) {
    let mut lines = expected.lines();
    assert_eq!(predictions.headers().collect::<Vec<_>>().join(","), lines.next().unwrap());
    assert_eq!(predictions.num_rows(), lines.clone().count());
    for (row, line) in predictions.rows().zip(lines) {
        for (cell, expected) in row.iter().zip(line.split(',')) {
            let cell = cell.to_string();
            let close = match (cell.parse::<f64>(), expected.parse::<f64>()) {
                (Ok(cell), Ok(expected)) => (cell - expected).abs() <= 1e-6 * expected.abs(),
                _ => cell == expected,
            };
            assert!(close, "{cell} is not {expected}");
        }
    }
}

#[test]
fn a_forecast_reads_and_predicts_the_same() {
    let model = model(FORECAST.0);
    let stacked = Stacked::of(model.network().config()).unwrap();
    assert_eq!((stacked.num_layers, stacked.hidden_size), (1, 6));
    assert_predicts(&model.predict(&data::airline().unwrap(), Some(6)).unwrap(), FORECAST.1);
}

#[test]
fn a_classifier_reads_and_predicts_the_same() {
    let model = model(CLASSIFY.0);
    let stacked = Stacked::of(model.network().config()).unwrap();
    assert_eq!((stacked.num_layers, stacked.bidirectional, stacked.dropout), (2, true, 0.25));
    assert_eq!(model.parameters().dtype(), Dtype::F64);
    assert_predicts(&model.predict(&gestures(), None).unwrap(), CLASSIFY.1);
}
