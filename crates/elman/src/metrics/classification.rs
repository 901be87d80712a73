//! Figures of classes predicted.

use serde::{Deserialize, Serialize};

use super::{Metric, Metrics};

/// - `accuracy`: the share of right answers;
/// - `balanced_accuracy`: the mean recall of the classes that occur;
/// - `f1`: the F1 score averaged over the classes that occur or are answered;
/// - `log_loss`: the mean negative logarithm of the probability given to the right class.
///
/// `probabilities [n, classes]`; the answer is the first class of the highest probability. What it is of a class, and
/// which are taken for which: [`Confusion`].
pub fn classification_metrics(probabilities: &[Vec<f64>], actual: &[usize]) -> Metrics {
    let mut answers = ClassAnswers::of(probabilities.first().map_or(0, Vec::len));
    probabilities.iter().zip(actual).for_each(|(probabilities, &class)| answers.add(probabilities, class));
    answers.metrics()
}

/// What [`classification_metrics`] and a [`Confusion`] are made of, answer by answer.
#[derive(Clone, Debug)]
pub(crate) struct ClassAnswers {
    /// See [`Confusion::counts`].
    counts: Vec<Vec<usize>>,
    /// The sum of the negative logarithms of the probabilities given to the right classes.
    log_loss: f64,
}

impl ClassAnswers {
    /// None yet, of so many classes.
    pub(crate) fn of(classes: usize) -> Self {
        ClassAnswers { counts: vec![vec![0; classes]; classes], log_loss: 0.0 }
    }

    /// Adds the probabilities given to the classes, of which this was right.
    pub(crate) fn add(&mut self, probabilities: &[f64], class: usize) {
        self.counts[class][argmax(probabilities)] += 1;
        self.log_loss -= probabilities[class].max(f64::MIN_POSITIVE).ln();
    }

    /// The figures.
    pub(crate) fn metrics(&self) -> Metrics {
        let classes = class_figures(&self.counts);
        let right: usize = self.counts.iter().enumerate().map(|(class, answers)| answers[class]).sum();
        let average = |figure: fn(&ClassFigures) -> Option<f64>| {
            let values: Vec<f64> = classes.iter().filter_map(figure).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        let count: f64 = self.counts.iter().flatten().sum::<usize>() as f64;
        vec![
            Metric::new("accuracy", right as f64 / count),
            Metric::new("balanced_accuracy", average(|class| class.recall)),
            Metric::new("f1", average(|class| class.f1)),
            Metric::new("log_loss", self.log_loss / count),
        ]
    }

    /// Which classes were taken for which.
    pub(crate) fn confusion(&self, classes: &[String]) -> Confusion {
        Confusion { classes: classes.to_vec(), counts: self.counts.clone() }
    }
}

/// Which classes were taken for which: the confusion matrix of a classification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confusion {
    /// The classes.
    pub classes: Vec<String>,
    /// How often a class, the row, was answered with another or the same, the column: `[classes, classes]`.
    pub counts: Vec<Vec<usize>>,
}

/// How well a single class is told from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClassFigures {
    /// How often it occurs.
    pub support: usize,
    /// The share of the answers with it that are right; none if there are none.
    pub precision: Option<f64>,
    /// The share of its occurrences that are found; none if there are none.
    pub recall: Option<f64>,
    /// The harmonic mean of both; none if it neither occurs nor is answered.
    pub f1: Option<f64>,
}

impl Confusion {
    /// The figures of each class.
    pub fn figures(&self) -> Vec<ClassFigures> {
        class_figures(&self.counts)
    }
}

fn class_figures(counts: &[Vec<usize>]) -> Vec<ClassFigures> {
    let share = |part: usize, of: usize| (of > 0).then(|| part as f64 / of as f64);
    let figures = |(class, row): (usize, &Vec<usize>)| {
        // A matrix out of a file need not be square.
        let at = |row: &Vec<usize>| row.get(class).copied().unwrap_or(0);
        let sum = |counts: &mut dyn Iterator<Item = usize>| counts.fold(0, usize::saturating_add);
        let (hits, support) = (at(row), sum(&mut row.iter().copied()));
        let answered = sum(&mut counts.iter().map(at));
        ClassFigures {
            support,
            precision: share(hits, answered),
            recall: share(hits, support),
            f1: share(hits.saturating_mul(2), support.saturating_add(answered)),
        }
    };
    counts.iter().enumerate().map(figures).collect()
}

/// The place of the largest value; the first of several.
pub fn argmax(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, n| if values[n] > values[best] { n } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::values;

    fn confusion(classes: &[String], probabilities: &[Vec<f64>], actual: &[usize]) -> Confusion {
        let mut answers = ClassAnswers::of(classes.len());
        probabilities
            .iter()
            .zip(actual)
            .for_each(|(probabilities, &class)| answers.add(probabilities, class));
        answers.confusion(classes)
    }

    #[test]
    fn classification_of_a_worked_example() {
        let probabilities =
            [vec![0.9, 0.1, 0.0], vec![0.6, 0.4, 0.0], vec![0.2, 0.8, 0.0], vec![0.7, 0.3, 0.0]];
        let metrics = values(&classification_metrics(&probabilities, &[0, 1, 1, 0]));
        assert_eq!(metrics[..2], [Some(0.75), Some(0.75)]);
        // Class 0: 2 hits, 1 false alarm: 4/5. Class 1: 1 hit, 1 miss: 2/3. Class 2 does not occur.
        assert!((metrics[2].unwrap() - (0.8 + 2.0 / 3.0) / 2.0).abs() < 1e-15);
        let log_loss = -(0.9f64.ln() + 0.4f64.ln() + 0.8f64.ln() + 0.7f64.ln()) / 4.0;
        assert!((metrics[3].unwrap() - log_loss).abs() < 1e-15);
        let classes = ["a", "b", "c"].map(str::to_owned);
        let confusion = confusion(&classes, &probabilities, &[0, 1, 1, 0]);
        assert_eq!(confusion.counts, [[2, 0, 0], [1, 1, 0], [0, 0, 0]]);
        let last = confusion.figures()[2];
        assert_eq!((last.support, last.precision, last.recall, last.f1), (0, None, None, None));
    }

    const SKLEARN_METRICS: [f64; 4] =
        [0.633_333_333_333_333_3, 0.600_925_925_925_925_9, 0.491_858_237_547_892_7, 1.378_286_840_455_030_4];
    const SKLEARN_CONFUSION: [[usize; 4]; 4] = [[7, 1, 1, 0], [1, 10, 0, 5], [1, 2, 2, 0], [0, 0, 0, 0]];
    /// Precision, recall, F1, support.
    const SKLEARN_CLASSES: [(f64, f64, f64, usize); 4] = [
        (0.777_777_777_777_777_8, 0.777_777_777_777_777_8, 0.777_777_777_777_777_8, 9),
        (0.769_230_769_230_769_3, 0.625, 0.689_655_172_413_793_1, 16),
        (0.666_666_666_666_666_6, 0.4, 0.5, 5),
        (0.0, 0.0, 0.0, 0),
    ];

    /// The numbers are scikit-learn 1.9.1's (`precision_recall_fscore_support`, `balanced_accuracy_score`, `f1_score`
    /// with `average="macro"`, `log_loss`), to the 15 digits that it prints.
    #[test]
    fn classification_figures_are_those_of_scikit_learn() {
        let logit = |n: usize, class: usize| ((n * 7 + class * 5 + n * class % 3) % 11) as f64 / 4.0;
        let probabilities: Vec<Vec<f64>> = (0..30)
            .map(|n| {
                let exponentials = [0, 1, 2, 3].map(|class| logit(n, class).exp());
                exponentials.iter().map(|e| e / exponentials.iter().sum::<f64>()).collect()
            })
            .collect();
        // Mostly right; the last class is answered, but does not occur.
        let class = |n: usize| if n.is_multiple_of(3) { n * n % 7 % 4 } else { argmax(&probabilities[n]) };
        let actual: Vec<usize> = (0..30).map(class).map(|class| if class == 3 { 1 } else { class }).collect();
        let close = |found: Option<f64>, expected: f64| {
            assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?} for {expected}");
        };
        let metrics = values(&classification_metrics(&probabilities, &actual));
        SKLEARN_METRICS.iter().zip(metrics).for_each(|(&expected, found)| close(found, expected));
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        let confusion = confusion(&names, &probabilities, &actual);
        assert_eq!(confusion.counts, SKLEARN_CONFUSION);
        for (figures, (precision, recall, f1, support)) in confusion.figures().iter().zip(SKLEARN_CLASSES) {
            close(figures.precision, precision);
            assert_eq!(figures.support, support);
            if support > 0 {
                close(figures.recall, recall);
            }
            close(figures.f1, f1);
        }
    }
}
