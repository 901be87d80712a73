//! The nearest neighbour: the naive predictor that answers with the target of the most similar sequence.

use crate::sequence::Example;

/// What it is called.
pub(super) const NAME: &str = "1-nearest neighbour";

/// More products of differences than this are not computed: some seconds' worth.
const MAX_WORK: usize = 4_000_000_000;

/// For each sequence `[length, I]`, which of the known ones is nearest, of equally near ones the first: by the mean over
/// the timesteps that both have of the squared Euclidean distance between their standardised inputs. Of unequal lengths
/// the longer one is cut off. `None` if that would take too long, or nothing is known.
pub(super) fn nearest(
    known: &[&Example<f64>],
    sequences: &[Vec<f64>],
    input_size: usize,
) -> Option<Vec<usize>> {
    let known_values: usize = known.iter().map(|example| example.x.len()).sum();
    if known.is_empty() || known_values.saturating_mul(sequences.len()) > MAX_WORK {
        return None;
    }
    let nearest = |x: &Vec<f64>| {
        let mut best = (0, f64::INFINITY);
        for (n, example) in known.iter().enumerate() {
            let distance = distance(x, &example.x, input_size, best.1);
            if distance < best.1 {
                best = (n, distance);
            }
        }
        best.0
    };
    Some(sequences.iter().map(nearest).collect())
}

/// The mean squared distance per timestep; infinite as soon as it cannot be below `bound`.
fn distance(a: &[f64], b: &[f64], input_size: usize, bound: f64) -> f64 {
    let len = a.len().min(b.len());
    let steps = len as f64 / input_size as f64;
    let mut sum = 0.0;
    for (a, b) in a[..len].chunks(64).zip(b[..len].chunks(64)) {
        sum += a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        if sum > bound * steps {
            return f64::INFINITY;
        }
    }
    sum / steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_found_by_the_mean_over_common_steps() {
        let examples = [vec![0.0, 0.0, 0.0, 0.0], vec![1.0, 1.0], vec![1.0; 200], vec![5.0, 5.0, 1.0, 1.0]];
        let known: Vec<_> = examples.into_iter().map(|x| Example::values(x, vec![0.0])).collect();
        let known: Vec<_> = known.iter().collect();
        let x =
            [vec![0.4, 0.4, 9.0, 9.0], vec![1.0, 1.0, 3.0, 3.0], vec![4.0, 4.0, 1.0, 0.0], vec![2.0; 300]];
        // The second ends before the third differs; the last is as near to the second as to the third.
        assert_eq!(nearest(&known, &x, 2), Some(vec![1, 1, 3, 1]));
        assert_eq!(nearest(&[], &x, 2), None);
    }
}
