//! What there is to see of answers for sequences.

use crate::metrics::argmax;
use crate::task::{Answers, Cases, Number, Picture, Points, Precision};
use crate::words::counted;

/// The cases that are listed.
const MOST_CASES: usize = 10;

/// Of several targets so many are drawn, the first.
const MOST_TARGETS: usize = 6;

/// For each target what was predicted over what was true, and the cases that are farthest off; `answers` and `actual` are
/// `[n, targets]`, of cases of these names, each `what`.
pub(in crate::task) fn of_numbers(
    targets: &[String],
    (what, names): (&str, &[String]),
    answers: &[Vec<f64>],
    actual: &[Vec<f64>],
) -> Vec<Picture> {
    let mut pictures = Vec::new();
    for (k, target) in targets.iter().enumerate().take(MOST_TARGETS) {
        let mut known: Vec<(usize, f64, f64)> = Vec::new();
        for (n, (answer, actual)) in answers.iter().zip(actual).enumerate() {
            if !actual[k].is_nan() {
                known.push((n, actual[k], answer[k]));
            }
        }
        let mut points = Points {
            title: format!("{target}: predicted over true"),
            points: known.iter().map(|&(_, actual, answer)| (actual, answer)).collect(),
            ..Points::default()
        };
        if k == 0 && targets.len() > MOST_TARGETS {
            points
                .notes
                .push(format!("Of {} the first {MOST_TARGETS} are shown.", counted(targets.len(), "target")));
        }
        known.sort_by(|a, b| (b.2 - b.1).abs().total_cmp(&(a.2 - a.1).abs()));
        known.truncate(MOST_CASES);
        let numbers = |of: fn(&(usize, f64, f64)) -> f64| number_column(known.iter().map(of));
        let worst = Cases {
            title: format!("{target}: farthest off"),
            notes: Vec::new(),
            columns: vec![
                (what.into(), Answers::Text(known.iter().map(|&(n, ..)| names[n].clone()).collect())),
                ("true".into(), numbers(|case| case.1)),
                ("predicted".into(), numbers(|case| case.2)),
                ("error".into(), numbers(|case| case.2 - case.1)),
            ],
        };
        pictures.extend([Picture::Points(points), Picture::Cases(worst)]);
    }
    pictures
}

/// The cases whose right class was given the smallest probability; `probabilities [n, classes]`, of cases of these names, each `what`.
pub(in crate::task) fn of_classes(
    classes: &[String],
    (what, names): (&str, &[String]),
    probabilities: &[Vec<f64>],
    actual: &[usize],
) -> Picture {
    let mut order: Vec<usize> = (0..actual.len()).collect();
    let of_right = |n: usize| probabilities[n][actual[n]];
    order.sort_by(|&a, &b| of_right(a).total_cmp(&of_right(b)));
    order.truncate(MOST_CASES);
    let texts =
        |of: &dyn Fn(usize) -> String| Answers::Text(order.iter().map(|&n| of(n)).collect::<Vec<_>>());
    let answered = |n: usize| argmax(&probabilities[n]);
    Picture::Cases(Cases {
        title: "Worst cases".into(),
        notes: vec!["Those whose right class was given the smallest probability.".into()],
        columns: vec![
            (what.into(), texts(&|n| names[n].clone())),
            ("class".into(), texts(&|n| classes[actual[n]].clone())),
            ("its probability".into(), number_column(order.iter().map(|&n| of_right(n)))),
            ("answered".into(), texts(&|n| classes[answered(n)].clone())),
            ("with probability".into(), number_column(order.iter().map(|&n| probabilities[n][answered(n)]))),
        ],
    })
}

fn number_column(values: impl Iterator<Item = f64>) -> Answers {
    Answers::Numbers(values.map(|value| Number { value, precision: Precision::F64 }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(cases: &Cases, column: usize) -> Vec<String> {
        let answers = &cases.columns[column].1;
        (0..answers.len()).map(|row| answers.cell(row).to_string()).collect()
    }

    #[test]
    fn numbers_farthest_off_come_first_and_missing_ones_not_at_all() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let (answers, actual) = ([vec![1.0], vec![2.0], vec![9.0]], [vec![1.5], vec![5.0], vec![f64::NAN]]);
        let pictures = of_numbers(&["level".to_owned()], ("sequence", &names), &answers, &actual);
        let [Picture::Points(points), Picture::Cases(worst)] = &pictures[..] else { panic!("{pictures:?}") };
        assert_eq!(points.points, [(1.5, 1.0), (5.0, 2.0)]);
        assert_eq!(
            (texts(worst, 0), texts(worst, 3)),
            (vec!["b".into(), "a".into()], vec!["-3".into(), "-0.5".into()])
        );
    }

    #[test]
    fn classes_least_believed_come_first() {
        let [classes, names] = [["x", "y"], ["p", "q"]].map(|names| names.map(str::to_owned));
        let picture =
            of_classes(&classes, ("sequence", &names), &[vec![0.75, 0.25], vec![0.875, 0.125]], &[0, 1]);
        let Picture::Cases(worst) = picture else { panic!("{picture:?}") };
        let columns: Vec<String> = (0..5).map(|column| texts(&worst, column).join(" ")).collect();
        assert_eq!(columns, ["q p", "y x", "0.125 0.75", "x x", "0.875 0.75"]);
    }
}
