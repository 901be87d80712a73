//! Figures of what is said of a value's distribution: quantiles, intervals, samples.
//!
//! In all of them an actual value that is missing, NaN, counts nothing, and of nothing there is no figure: it is NaN.

/// The mean pinball loss of quantiles of level `q`: `q (y - p)` where `p <= y`, else `(1 - q) (p - y)`, with the actual
/// value `y`. Half the mean absolute error for `q = 0.5`.
pub fn quantile_loss(predicted: &[f64], actual: &[f64], q: f64) -> f64 {
    mean(known(predicted, actual).map(|(p, y)| pinball(p, y, q)))
}

/// The mean of [`quantile_loss`] over levels: `predicted [levels, n]`.
pub fn mean_quantile_loss<P: AsRef<[f64]>>(predicted: &[P], actual: &[f64], levels: &[f64]) -> f64 {
    mean(predicted.iter().zip(levels).map(|(predicted, &q)| quantile_loss(predicted.as_ref(), actual, q)))
}

/// The weighted quantile loss: twice the pinball losses of all values, averaged over levels, over the sum of `|y|`;
/// `predicted [levels, n]`. The scaled CRPS as it is usually approximated (Rangapuram et al., ICML 2021).
pub fn weighted_quantile_loss<P: AsRef<[f64]>>(predicted: &[P], actual: &[f64], levels: &[f64]) -> f64 {
    let size = mean(actual.iter().filter(|y| !y.is_nan()).map(|y| y.abs()));
    2.0 * mean_quantile_loss(predicted, actual, levels) / size
}

/// The share of values in intervals, their ends included.
pub fn coverage(low: &[f64], high: &[f64], actual: &[f64]) -> f64 {
    let known = low.iter().zip(high).zip(actual).filter(|(_, y)| !y.is_nan());
    mean(known.map(|((low, high), y)| f64::from(u8::from((low..=high).contains(&y)))))
}

/// The share of values that are not above their predicted quantiles: close to the quantiles' level if those are right.
pub fn calibration(predicted: &[f64], actual: &[f64]) -> f64 {
    mean(known(predicted, actual).map(|(p, y)| f64::from(u8::from(y <= p))))
}

/// The continuous ranked probability score of the distribution whose samples these are, `[n]`: the mean of `|x - y|` less
/// half the mean of `|x - x'|` over all pairs of different samples (Gneiting & Raftery, Journal of the American
/// Statistical Association 102, 2007, 359-378), without bias by their number. In the units of the values; of a single
/// sample it is the absolute error.
pub fn crps(samples: &[f64], actual: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    crps_of_sorted(&sorted, actual)
}

/// [`crps`] of samples of which none is below the one before.
pub(crate) fn crps_of_sorted(samples: &[f64], actual: f64) -> f64 {
    let count = samples.len() as f64;
    let error = mean(samples.iter().map(|sample| (sample - actual).abs()));
    // Of the sorted samples the k-th, from 0, is the larger of k pairs and the smaller of n - 1 - k.
    let pairs = samples.iter().zip(0u32..).map(|(sample, k)| sample * (2.0 * f64::from(k) + 1.0 - count));
    let spread = pairs.sum::<f64>() / (count * (count - 1.0).max(1.0));
    error - spread
}

/// The pinball loss of one quantile.
fn pinball(predicted: f64, actual: f64, q: f64) -> f64 {
    let e = actual - predicted;
    (q * e).max((q - 1.0) * e)
}

fn known<'a>(predicted: &'a [f64], actual: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
    predicted.iter().zip(actual).map(|(&p, &y)| (p, y)).filter(|(_, y)| !y.is_nan())
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUANTILE_LOSS: [f64; 4] = [0.09875, 0.2325, 0.28125, 0.11125];
    const CALIBRATION: [f64; 4] = [0.125, 0.375, 0.625, 0.875];
    const MQLOSS: f64 = 0.180_937_5;
    const SCALED_CRPS: f64 = 0.008_648_244_958_924_573;
    const COVERAGE: f64 = 0.75;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }

    /// Its numbers are utilsforecast 0.2.17's, by `reference/forecast_metrics.py`.
    #[test]
    fn figures_of_quantiles_are_those_of_utilsforecast() {
        let value =
            |n: u32| 20.0 + 0.5 * f64::from(n) + f64::from(n * 7 % 4) * 3.0 - f64::from(n * n % 11) / 8.0;
        let error = |n: u32| (f64::from(n * 5 % 9) - 4.0) / 4.0;
        let levels = [0.1, 0.3, 0.5, 0.9];
        let quantile = |n: u32, level: f64| value(n) + error(n) + 2.0 * (level - 0.5);
        let actual: Vec<f64> = (32..40).map(value).collect();
        let predicted: Vec<Vec<f64>> =
            levels.iter().map(|&level| (32..40).map(|n| quantile(n, level)).collect()).collect();
        QUANTILE_LOSS.iter().zip(&predicted).zip(levels).for_each(|((&expected, predicted), level)| {
            close(quantile_loss(predicted, &actual, level), expected);
        });
        CALIBRATION.iter().zip(&predicted).for_each(|(&expected, predicted)| {
            close(calibration(predicted, &actual), expected);
        });
        close(mean_quantile_loss(&predicted, &actual, &levels), MQLOSS);
        close(weighted_quantile_loss(&predicted, &actual, &levels), SCALED_CRPS);
        close(coverage(&predicted[0], &predicted[3], &actual), COVERAGE);
    }

    #[test]
    fn a_constant_forecaster_pays_by_its_side() {
        // Of 0 to 4 the quantile of 0.75 is 3: below it 0.25 a unit, above 0.75.
        let actual = [0.0, 1.0, 2.0, 3.0, 4.0];
        close(quantile_loss(&[3.0; 5], &actual, 0.75), (0.25 * (3.0 + 2.0 + 1.0) + 0.75) / 5.0);
        close(quantile_loss(&[2.0; 5], &actual, 0.5), 0.6);
        close(calibration(&[3.0; 5], &actual), 0.8);
        // A value that is missing counts nothing.
        let gap = [0.0, f64::NAN, 4.0];
        close(weighted_quantile_loss(&[[1.0; 3]], &gap, &[0.5]), 2.0 * (0.5 + 1.5) / 4.0);
        close(coverage(&[0.0; 3], &[3.0; 3], &gap), 0.5);
        assert!(quantile_loss(&[1.0], &[f64::NAN], 0.5).is_nan());
    }

    #[test]
    fn crps_of_samples_is_that_of_their_distribution() {
        close(crps(&[3.0], 5.0), 2.0);
        // |x - y| are 2, 0 and 3, |x - x'| of the pairs 2, 3 and 5.
        close(crps(&[4.0, 2.0, 7.0], 4.0), 5.0 / 3.0 - (2.0 + 3.0 + 5.0) / 3.0 / 2.0);
        // Of a uniform distribution on [0, 1]: y^2 - y + 1 / 3 within it.
        let samples: Vec<f64> = (0..4000).map(|n| (f64::from(n) + 0.5) / 4000.0).collect();
        for y in [0.0, 0.3, 1.0] {
            assert!((crps(&samples, y) - (y * y - y + 1.0 / 3.0)).abs() < 1e-4);
        }
    }
}
