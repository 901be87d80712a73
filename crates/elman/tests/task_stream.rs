//! A model row by row answers as it does for a whole table, to the bit.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use elman::calendar::Cycle;
use elman::float::Dtype;
use elman::loss::Loss;
use elman::model::Model;
use elman::network::CellKind;
use elman::recipe::Recipe;
use elman::table::Table;
use elman::task::{Answers, ForecastOptions, GroupedOptions, Predictions, Task, TaskOptions, Transform};

/// A model that has learned for an epoch.
fn model(table: &Table, options: &TaskOptions, change: impl FnOnce(&mut Recipe)) -> Model {
    let prepared = Task::prepare(table, options).unwrap();
    let mut recipe = Recipe::for_task(&prepared.task);
    (recipe.hidden_size, recipe.train.epochs) = (5, 1);
    change(&mut recipe);
    recipe.train(&prepared, table).unwrap()
}

/// The rows of sequences `s0`, `s1` and so on, of unequal lengths, with two features of different scale.
fn sequences() -> Vec<Vec<[f64; 2]>> {
    let row = |n: usize, t: usize| [((n * 7 + t * 3) % 11) as f64 * 40.0, ((n * 5 + t) % 6) as f64 / 8.0];
    (0..20).map(|n| (0..=n % 5).map(|t| row(n, t)).collect()).collect()
}

fn grouped(sequences: &[Vec<[f64; 2]>], target: impl Fn(usize) -> String) -> Table {
    let mut csv = String::from("id,flow,level,target\n");
    for (n, rows) in sequences.iter().enumerate() {
        rows.iter().for_each(|[flow, level]| csv += &format!("s{n},{flow},{level},{}\n", target(n)));
    }
    Table::read("rivers.csv", csv.as_bytes()).unwrap()
}

/// A number among predictions, as it was computed.
fn number(predictions: &Predictions, column: &str, row: usize) -> f64 {
    let (_, answers) = predictions.columns().iter().find(|(name, _)| name == column).unwrap();
    let Answers::Numbers(numbers) = answers else { panic!("{column} has no numbers") };
    numbers[row].value
}

/// Is this answer held to that of a table? The first ones and then some: what goes wrong in a state stays there.
fn is_held(answered: usize) -> bool {
    answered < 5 || answered.is_multiple_of(7)
}

#[test]
fn sequences_are_answered_as_in_a_table() {
    let sequences = sequences();
    let options = GroupedOptions::default();
    let regress = grouped(&sequences, |n| format!("{}.5", n * n % 7));
    let classify = grouped(&sequences, |n| ["low", "high", "mid"][n % 3].into());
    let level = &["target_predicted"][..];
    let classes = &["probability_high", "probability_low", "probability_mid"][..];
    for (table, options, names, loss) in [
        (&regress, TaskOptions::Regress(options.clone()), level, Loss::Squared),
        (&regress, TaskOptions::Regress(options.clone()), level, Loss::quantile([0.2, 0.4, 0.9])),
        (&classify, TaskOptions::Classify(options), classes, Loss::cross_entropy()),
    ] {
        for (cell, dtype) in [(CellKind::Gru, Dtype::F32), (CellKind::Lstm, Dtype::F64)] {
            let model = model(table, &options, |recipe| {
                (recipe.cell, recipe.dtype, recipe.num_layers) = (cell, dtype, 2);
                recipe.train.loss = loss.clone();
            });
            let mut stream = model.stream().unwrap();
            assert_eq!(stream.inputs(), ["flow", "level"]);
            assert_eq!(stream.answers(), names);
            for rows in &sequences {
                for come in 1..=rows.len() {
                    // What the whole table of the rows so far is answered with.
                    let answer = stream.step(&rows[come - 1]).unwrap().unwrap().to_vec();
                    let table = grouped(&[rows[..come].to_vec()], |_| String::new());
                    let predictions = model.predict(&table, None).unwrap();
                    let expected: Vec<f64> = names.iter().map(|name| number(&predictions, name, 0)).collect();
                    assert_eq!(answer, expected, "{cell} {dtype}");
                }
                stream.reset();
            }
        }
    }
}

/// Categories are a value each; what is read in windows is no stream.
#[test]
fn text_and_windows_have_their_place_in_a_stream() {
    let rows = |range: std::ops::Range<usize>, target: fn(usize, usize) -> usize| {
        let mut csv = String::from("id,kind,flow,target\n");
        for n in range {
            (0..4).for_each(|t| {
                csv += &format!("s{n},{},{},{}\n", ["wet", "dry"][(n + t) % 2], n + t, target(n, t))
            });
        }
        Table::read("rivers.csv", csv.as_bytes()).unwrap()
    };
    let options = TaskOptions::Regress(GroupedOptions::default());
    let whole = |n: usize, _: usize| n % 5;
    let trained = model(&rows(0..20, whole), &options, |_| {});
    let mut stream = trained.stream().unwrap();
    assert_eq!(stream.inputs(), ["kind is dry", "kind is wet", "flow"]);
    let mut answer = Vec::new();
    for row in [[0.0, 1.0, 8.0], [1.0, 0.0, 9.0], [0.0, 1.0, 10.0], [1.0, 0.0, 11.0]] {
        answer = stream.step(&row).unwrap().unwrap().to_vec();
    }
    let predictions = trained.predict(&rows(8..9, whole), None).unwrap();
    assert_eq!(answer, [number(&predictions, "target_predicted", 0)]);

    let windows = model(&rows(0..20, |n, t| n + 7 * t), &options, |_| {});
    let error = windows.stream().unwrap_err();
    assert_eq!(error.to_string(), "window is 2 rows, which begin anew with every row; a stream only goes on");
}

/// Columns of times and values, and the place of the first row in the season.
fn series(name: &str, times: &[String], positive: bool) -> Table {
    let mut csv = String::from("when,sales\n");
    for (n, time) in times.iter().enumerate() {
        let value = 30.0 + n as f64 + 9.0 * (n as f64 * 0.9).sin();
        csv += &format!("{time},{}\n", if positive { value } else { value - 45.0 });
    }
    Table::read(name, csv.as_bytes()).unwrap()
}

#[test]
fn a_series_is_forecast_as_in_a_table() {
    let monthly: Vec<String> = (4..64).map(|n| format!("{}-{:02}", 2001 + n / 12, n % 12 + 1)).collect();
    let quarterly: Vec<String> = (2..52).map(|n| format!("{}-{:02}", 2001 + n / 4, n % 4 * 3 + 1)).collect();
    // 3 January 2024 is a Wednesday.
    let daily: Vec<String> =
        (0..60).map(|n| format!("2024-{:02}-{:02}", 1 + n / 28, n % 28 + 3)).take(28).collect();
    let hourly: Vec<String> =
        (7..150).map(|n| format!("2024-05-{:02} {:02}:00", 1 + n / 24, n % 24)).collect();
    let plain: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    let of = |season: Option<usize>, time: Option<&str>| {
        let options = ForecastOptions::default().with_target("sales").with_season(season).with_horizon(2);
        let options = options.with_test(2).with_window(4);
        time.into_iter().fold(options, ForecastOptions::with_time)
    };
    let when = Some("when");
    for (times, options, season, first) in [
        (&monthly, of(None, when), Some(12), 4),
        (&quarterly, of(None, when), Some(4), 2),
        (&daily, of(None, when), Some(7), 2),
        (&hourly, of(None, when), Some(24), 7),
        (&monthly, of(Some(0), when), None, 0),
        (&plain, of(Some(5), None), None, 0),
    ] {
        for (transform, positive, dtype) in [
            (Transform::LogDifference, true, Dtype::F32),
            (Transform::Difference, false, Dtype::F32),
            (Transform::LogDifference, true, Dtype::F64),
            (Transform::Smoothing, true, Dtype::F32),
            (Transform::Smoothing, false, Dtype::F64),
        ] {
            let table = series("sales.csv", times, positive);
            let options = options.clone().with_transform(transform);
            let model = model(&table, &TaskOptions::Forecast(options.clone()), |recipe| recipe.dtype = dtype);
            let mut stream = model.stream().unwrap();
            assert_eq!(stream.inputs().len(), 1 + usize::from(season.is_some()));
            let values = table.column("sales").unwrap().numbers().unwrap();
            for _ in 0..2 {
                let mut answered = 0;
                for (n, &value) in values.iter().enumerate() {
                    let mut row = vec![value];
                    row.extend(season.map(|season| ((first + n) % season) as f64));
                    let Some(answer) = stream.step(&row).unwrap().map(<[f64]>::to_vec) else { continue };
                    answered += 1;
                    if !is_held(answered) {
                        continue;
                    }
                    let Ok(expected) = model.predict(&series("so far", &times[..=n], positive), Some(1))
                    else {
                        // A table must have one row more than the forecast looks back on.
                        assert_eq!(answered, 1);
                        continue;
                    };
                    assert_eq!(
                        answer,
                        [number(&expected, "sales_forecast", 0)],
                        "{options:?} {dtype}, row {n}"
                    );
                }
                // Smoothing takes its start from two seasons at the most, before those that are looked back on.
                let lost = if transform == Transform::Smoothing { 80 } else { 30 };
                assert!(answered + lost > values.len() && answered > 1, "{answered} answers");
                stream.reset();
            }
        }
    }
}

/// What the network sees beside the values comes with them: periods of the calendar and future covariates of the row
/// after.
#[test]
fn covariates_and_periods_have_their_place_in_a_stream() {
    let wind = |n: usize| (n * n % 9) as f64;
    let price = |n: usize| 5.0 + (n * 7 % 11) as f64 / 4.0;
    let kind = |n: usize| (n / 3 + n) % 2;
    // Hours from Monday, 6 May 2024; behind the known ones one to come.
    let table = |known: usize| {
        let mut csv = String::from("when,sales,wind,price,kind\n");
        for n in 0..=known {
            let sales = if n < known { (30.0 + (n * 5 % 13) as f64).to_string() } else { String::new() };
            let when = format!("2024-05-{:02} {:02}:00", 6 + n / 24, n % 24);
            csv += &format!("{when},{sales},{},{},{}\n", wind(n), price(n), ["dry", "wet"][kind(n)]);
        }
        Table::read("sales.csv", csv.as_bytes()).unwrap()
    };
    for (season, transform) in [
        (24, Transform::Difference),
        (0, Transform::None),
        (24, Transform::Smoothing),
        (0, Transform::LogDifference),
    ] {
        let options =
            ForecastOptions::default().with_season(season).with_horizon(2).with_test(2).with_window(4);
        let options = options.with_calendar([Cycle::Week]).with_transform(transform);
        let options = options.with_past_covariates("wind").with_future_covariates("price,kind");
        let model = model(&table(120), &TaskOptions::Forecast(options), |_| {});
        let mut stream = model.stream().unwrap();
        let place = ["place in the season of 24"];
        let beside = [
            "share of the week that has passed in the next row",
            "wind",
            "price in the next row",
            "kind is dry in the next row",
            "kind is wet in the next row",
        ];
        let names = std::iter::once("sales").chain(place.into_iter().filter(|_| season > 0)).chain(beside);
        assert_eq!(stream.inputs(), names.collect::<Vec<_>>());
        let mut answered = 0;
        for n in 0..120 {
            let mut row = vec![30.0 + (n * 5 % 13) as f64];
            row.extend((season > 0).then_some((n % 24) as f64));
            row.extend([(n + 1) as f64 / 24.0 / 7.0, wind(n), price(n + 1)]);
            row.extend([f64::from(kind(n + 1) == 0), f64::from(kind(n + 1) == 1)]);
            let Some(answer) = stream.step(&row).unwrap().map(<[f64]>::to_vec) else { continue };
            answered += 1;
            if !is_held(answered) {
                continue;
            }
            let Ok(expected) = model.predict(&table(n + 1), Some(1)) else {
                assert!(answered == 1 || n == 0, "row {n}");
                continue;
            };
            assert_eq!(answer, [number(&expected, "sales_forecast", 0)], "{transform:?}, row {n}");
        }
        assert!(answered > 40, "{answered} answers");
    }
}

#[test]
fn rows_that_cannot_be_read_are_refused_and_change_nothing() {
    let table = elman::data::airline().unwrap();
    let model = model(&table, &TaskOptions::Forecast(ForecastOptions::default()), |_| {});
    let (mut stream, mut other) = (model.stream().unwrap(), model.stream().unwrap());
    assert_eq!(stream.inputs(), ["passengers", "place in the season of 12"]);
    let values = table.column("passengers").unwrap().numbers().unwrap();
    for (n, &value) in values.iter().enumerate() {
        let place = (n % 12) as f64;
        let number = n + 1;
        for (row, message) in [
            (&[value][..], "has 1 values; give 2: passengers, place in the season of 12"),
            (&[f64::NAN, place], "passengers is NaN; give a finite number"),
            (&[f64::INFINITY, place], "passengers is inf; give a finite number"),
            (&[0.0, place], "0 has no logarithm; the model works with relative changes of positive values"),
            (&[value, 12.0], "the place in the season is 12; give a whole number from 0 to 11"),
            (&[value, 0.5], "the place in the season is 0.5; give a whole number from 0 to 11"),
        ] {
            let error = stream.step(row).unwrap_err();
            assert_eq!(error.to_string(), format!("row {number} of the stream: {message}"));
        }
        if n > 0 {
            let (given, follows) = ((n + 1) % 12, n % 12);
            let error = stream.step(&[value, given as f64]).unwrap_err().to_string();
            let message = format!(
                "row {number} of the stream: the place in the season is {given} where {follows} follows; give every \
                 row, in order"
            );
            assert_eq!(error, message);
        }
        let row = [value, place];
        assert_eq!(stream.step(&row).unwrap(), other.step(&row).unwrap());
    }
}

#[test]
fn networks_that_read_from_the_end_have_no_stream() {
    let table = grouped(&sequences(), |n| format!("{}", n * n % 7));
    for dtype in [Dtype::F32, Dtype::F64] {
        let model = model(&table, &TaskOptions::Regress(GroupedOptions::default()), |recipe| {
            (recipe.bidirectional, recipe.dtype) = (true, dtype);
        });
        let error = model.stream().unwrap_err().to_string();
        assert!(
            error.starts_with("bidirectional is true: the network reads a sequence from its end as well, "),
            "{error}"
        );
    }
}

#[test]
fn a_stream_is_of_one_series() {
    let rows = (0..60).flat_map(|n| ["a", "b"].map(|id| format!("{id},{n},{}\n", 10 + n * n % 7)));
    let csv = format!("unique_id,n,y\n{}", rows.collect::<String>());
    let table = Table::read("l.csv", csv.as_bytes()).unwrap();
    let options = ForecastOptions::default().with_target("y").with_transform(Transform::Difference);
    let model = model(&table, &TaskOptions::Forecast(options), |_| {});
    let message = model.stream().unwrap_err().to_string();
    let refusal = "this model is one of several series, and a stream is of a single one: name that";
    assert!(message.contains(refusal), "{message}");
    // Named, it answers as it predicts from the table.
    let predicted = model.predict(&table, Some(1)).unwrap();
    let y = table.column("y").unwrap();
    for (n, id) in ["a", "b"].into_iter().enumerate() {
        let mut stream = model.stream_of(&[id]).unwrap();
        let mut last = None;
        for row in (n..y.numbers().unwrap().len()).step_by(2) {
            last = stream.step(&[y.number(row).unwrap()]).unwrap().map(|answer| answer[0]);
        }
        let Answers::Numbers(forecasts) = &predicted.columns().last().unwrap().1 else { panic!("numbers") };
        assert_eq!(last, Some(forecasts[n].value), "{id}");
    }
    let message = model.stream_of(&["c"]).unwrap_err().to_string();
    assert_eq!(message, "this model has not learned from series \"c\"; it knows a, b");
}
