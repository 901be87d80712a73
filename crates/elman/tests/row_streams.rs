//! Rows as a table has them, one by one: answered as `predict` answers the rows so far, to the bit.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use elman::missing::Missing;
use elman::model::{Model, RowStreams};
use elman::recipe::Recipe;
use elman::table::Table;
use elman::task::{
    Answers, ForecastOptions, LabelOptions, Predictions, RowCell, Task, TaskOptions, Transform,
};

/// A model that has learned for an epoch.
fn model(table: &Table, options: &TaskOptions) -> Arc<Model> {
    let prepared = Task::prepare(table, options).unwrap();
    let mut recipe = Recipe::for_task(&prepared.task).with_hidden_size(5);
    recipe.train.epochs = 1;
    Arc::new(recipe.train(&prepared, table).unwrap())
}

/// The numbers of the last column of predictions, and which rows have none.
fn numbers(predictions: &Predictions) -> Vec<Option<f64>> {
    let column = &predictions.columns().last().unwrap().1;
    let number = |row: usize| match column {
        Answers::Numbers(numbers) => Some(numbers[row].value).filter(|value| !value.is_nan()),
        other => panic!("{other:?} are no numbers"),
    };
    (0..predictions.num_rows()).map(number).collect()
}

const DAYS: [&str; 5] = ["Mon", "Tue", "2.5", "Wed", "1"];

/// Rows of two sequences in turn; of what is in `cells` instead.
fn labelled(rows: usize, cells: impl Fn(usize) -> Option<[&'static str; 2]>) -> Table {
    let mut csv = String::from("id,day,x,y\n");
    for n in 0..rows {
        let usual = [DAYS[n * 5 % 7 % 5].to_owned(), format!("{}", n * 3 % 11)];
        let [day, x] = cells(n).map_or(usual, |cells| cells.map(str::to_owned));
        csv += &format!("{},{day},{x},{}\n", ["a", "b"][n % 2], n * n % 13);
    }
    Table::read("days.csv", csv.as_bytes()).unwrap()
}

/// What a table's rows are answered with, one by one, as texts.
fn streamed(streams: &mut RowStreams, table: &Table, has_ids: bool) -> Vec<Option<f64>> {
    let text = |name: &str, row: usize| table.column(name).unwrap().text(row).to_owned();
    let answer = |row: usize| {
        let id: Vec<String> = streams.ids().iter().filter(|_| has_ids).map(|name| text(name, row)).collect();
        let cells: Vec<String> = streams.inputs().iter().map(|name| text(name, row)).collect();
        let cells: Vec<RowCell<'_>> = cells.iter().map(|cell| RowCell::Text(cell)).collect();
        streams.step(&id, &cells).unwrap().map(|answer| answer[0])
    };
    (0..table.num_rows()).map(answer).collect()
}

#[test]
fn categories_are_taken_by_name() {
    let table = labelled(80, |_| None);
    let options = LabelOptions::default().with_id("id").with_target("y").with_classes(false);
    let model = model(&table, &TaskOptions::Label(options));
    let mut streams = RowStreams::new(Arc::clone(&model)).unwrap();
    assert_eq!((streams.inputs(), streams.ids()), (&["day".into(), "x".into()][..], &["id".into()][..]));
    assert_eq!(streams.columns()[0].categories(), ["1", "2.5", "Mon", "Tue", "Wed"]);
    assert!(streams.columns()[1].categories().is_empty());
    // What was not there in training, in other letters, or a number written in another way, is no category in either.
    let new = labelled(24, |n| match n {
        5 => Some(["Sun", "1"]),
        9 => Some(["mon", "2"]),
        10 => Some(["1.0", "3"]),
        12 | 13 => Some(["Sun", "4"]),
        _ => None,
    });
    let predicted = model.predict(&new, None).unwrap();
    assert_eq!(streamed(&mut streams, &new, true), numbers(&predicted));
    let remarks: Vec<String> = streams.take_remarks().iter().map(ToString::to_string).collect();
    let remark = |cell, row| {
        format!(
            "\"day\" says what was not there in training, which is no category: {cell:?} (first: row {row})"
        )
    };
    assert_eq!(remarks, [remark("Sun", 6), remark("mon", 10), remark("1.0", 11)]);
    let of_table = predicted.remarks()[0].to_string();
    assert_eq!(
        of_table,
        "\"day\" says what was not there in training, which is no category: \"1.0\", \"Sun\" and \"mon\" (first: line 7)"
    );
    assert!(streams.take_remarks().is_empty());

    // A number is the category that it says.
    streams.reset();
    let id = ["a".to_owned()];
    let of_number = streams.step(&id, &[2.5.into(), 7.0.into()]).unwrap();
    streams.reset();
    assert_eq!(streams.step(&id, &["2.5".into(), "7".into()]).unwrap(), of_number);
    streams.reset();
    assert_ne!(streams.step(&id, &["Mon".into(), "7".into()]).unwrap(), of_number);
    // Rows without a name are of one sequence.
    streams.reset();
    assert_eq!(streams.step(&[], &["2.5".into(), 7.0.into()]).unwrap(), of_number);
    assert!(!streams.needs_ids());

    for (row, message) in [
        (
            [RowCell::Text(""), RowCell::Number(1.0)],
            "\"day\" is missing; give one of 1, 2.5, Mon, Tue, Wed, or train a model",
        ),
        (["Mon".into(), f64::NAN.into()], "\"x\" is missing; give a number, or train a model"),
        (["Mon".into(), "".into()], "\"x\" is missing; give a number, or train a model"),
        (["Mon".into(), "Tue".into()], "\"x\" is \"Tue\"; give a number"),
        (["Mon".into(), "inf".into()], "x is inf; give a finite number"),
    ] {
        let before = streams.step(&id, &["Mon".into(), 1.0.into()]).unwrap();
        let error = streams.step(&id, &row).unwrap_err().to_string();
        assert!(error.contains(&format!(", sequence \"a\": {message}")), "{error}");
        streams.reset();
        assert_ne!(before, None);
    }
    let error = streams.step(&[" ".to_owned()], &["Mon".into(), 1.0.into()]).unwrap_err().to_string();
    assert_eq!(
        error,
        "row 1: \"id\" is empty; give the name of the sequence, or leave the name out of all rows"
    );
}

/// Each row is answered as the last of a table that ends with it, where later rows tell nothing of it.
#[test]
fn empty_cells_are_what_a_model_was_told() {
    let gaps = |n: usize| match n {
        6 => Some(["", "4"]),
        7 => Some(["Tue", ""]),
        9 => Some(["Sun", "4"]),
        11 => Some(["", ""]),
        _ => None,
    };
    let table = labelled(80, gaps);
    for missing in [Missing::Previous, Missing::Flag, Missing::Zero, Missing::Drop] {
        let options =
            LabelOptions::default().with_id("id").with_target("y").with_classes(false).with_missing(missing);
        let model = model(&table, &TaskOptions::Label(options));
        let mut streams = RowStreams::new(Arc::clone(&model)).unwrap();
        assert_eq!(streams.inputs(), ["day", "x"], "{missing}");
        let new = labelled(20, gaps);
        let predicted = numbers(&model.predict(&new, None).unwrap());
        assert_eq!(streamed(&mut streams, &new, true), predicted, "{missing}");
        assert_eq!(
            predicted.iter().filter(|answer| answer.is_none()).count(),
            if missing == Missing::Drop { 3 } else { 0 }
        );
    }
}

#[test]
fn covariates_are_taken_by_name() {
    let kind = |n: usize| ["dry", "wet", "7"][(n / 3 + n) % 3];
    let open = |n: usize| n % 5 > 1;
    let rain = |n: usize| ["none", "some"][n * n % 7 % 2];
    let table = |known: usize, last: Option<&str>| {
        let mut csv = String::from("n,sales,rain,kind,open\n");
        for n in 0..=known {
            let sales = if n < known { (30 + n * 5 % 13).to_string() } else { String::new() };
            let kind = last.filter(|_| n == known).unwrap_or(kind(n));
            csv += &format!("{n},{sales},{},{kind},{}\n", rain(n), open(n));
        }
        Table::read("sales.csv", csv.as_bytes()).unwrap()
    };
    let options = ForecastOptions::default().with_target("sales").with_season(0).with_horizon(2);
    let options = options.with_test(2).with_window(4).with_transform(Transform::Difference);
    let options = options.with_past_covariates("rain").with_future_covariates("kind,open");
    let model = model(&table(100, None), &TaskOptions::Forecast(options));
    let mut streams = RowStreams::new(Arc::clone(&model)).unwrap();
    assert_eq!(streams.inputs(), ["sales", "rain", "kind in the next row", "open in the next row"]);
    let mut answers = 0;
    for n in 0..60 {
        let unseen = (n % 20 == 19).then_some("storm");
        let open = open(n + 1).to_string();
        let sales = 30.0 + (n * 5 % 13) as f64;
        let row = [sales.into(), rain(n).into(), unseen.unwrap_or(kind(n + 1)).into(), RowCell::Text(&open)];
        let Some(answer) = streams.step(&[], &row).unwrap() else { continue };
        // A row that is not as training knew it stays in the stream, and so in what came before it.
        if n < 20
            && let Ok(predicted) = model.predict(&table(n + 1, unseen), Some(1))
        {
            answers += 1;
            assert_eq!([Some(answer[0])], numbers(&predicted)[..], "row {n}");
        }
    }
    assert!(answers > 15, "{answers}");
    let remarks: Vec<String> = streams.take_remarks().iter().map(ToString::to_string).collect();
    assert_eq!(
        remarks,
        [
            "\"kind in the next row\" says what was not there in training, which is no category: \"storm\" (first: row 20)"
        ]
    );
    let error = streams.step(&[], &[1.0.into(), "".into(), "dry".into(), "true".into()]).unwrap_err();
    assert_eq!(error.to_string(), "row 61: \"rain\" is missing; give one of none, some");
}
