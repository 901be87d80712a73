//! The axis of values: where it ends, and what is marked on it.

/// The axis of values of a picture.
pub(super) struct Axis {
    /// Both ends; of a logarithmic one, their decimal logarithms.
    low: f64,
    high: f64,
    logarithmic: bool,
    /// Values and their names, from the lowest.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// One that holds these values, in about so many steps.
    pub(super) fn of(values: impl Iterator<Item = f64>, logarithmic: bool, steps: f64) -> Self {
        if logarithmic {
            return Self::of_ratios(values.filter(|&value| value > 0.0));
        }
        let (low, high) = range(values);
        let span = high - low;
        // Too little for marks that differ, or too much to be a number.
        if !span.is_finite() || span <= 1e-12 * low.abs().max(high.abs()) {
            let middle = if low.is_finite() && span.is_finite() { low } else { 0.0 };
            let tick = if middle == 0.0 { 1.0 } else { middle.abs() };
            return Self::even(middle - tick, middle + tick, tick);
        }
        let rough = span / steps;
        let power = 10f64.powf(rough.log10().floor());
        let tick = [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|&tick| tick >= rough);
        let tick = tick.unwrap_or(span);
        Self::even((low / tick).floor() * tick, (high / tick).ceil() * tick, tick)
    }

    /// Round values from one to the other and their names, in about so many steps; more where there would be but one.
    pub(super) fn marks(from: f64, to: f64, steps: f64) -> Vec<(f64, String)> {
        let marks = |steps: f64| {
            let mut ticks = Self::of([from, to].into_iter(), false, steps).ticks;
            ticks.retain(|(value, _)| (from..=to).contains(value));
            ticks
        };
        let finer = [1.0, 2.0, 4.0].map(|times| times * steps);
        finer.into_iter().map(marks).find(|marks| marks.len() > 1).unwrap_or_default()
    }

    fn even(low: f64, high: f64, tick: f64) -> Self {
        let count = ((high - low) / tick).round().clamp(1.0, 100.0) as usize;
        let values: Vec<f64> = (0..=count).map(|n| low + n as f64 * tick).collect();
        let largest = low.abs().max(high.abs());
        let ticks = values.into_iter().map(|value| (value, tick_text(value, tick, largest))).collect();
        Axis { low, high, logarithmic: false, ticks }
    }

    /// One on which equal ratios are equally far apart, marked at powers of ten.
    fn of_ratios(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = range(values);
        let (mut low, mut high) = if low.is_finite() && high.is_finite() {
            (low.log10().floor(), high.log10().ceil())
        } else {
            (0.0, 1.0)
        };
        if low == high {
            (low, high) = (low - 1.0, high + 1.0);
        }
        let step = ((high - low) / 6.0).ceil().max(1.0) as usize;
        // From the top, where most of what is to be seen is.
        let mut powers: Vec<i32> = (low as i32..=high as i32).rev().step_by(step).collect();
        powers.reverse();
        let text = |power: i32| match power {
            -4..=6 => format!("{}", 10f64.powi(power)),
            _ => format!("1e{power}"),
        };
        let ticks = powers.into_iter().map(|power| (10f64.powi(power), text(power))).collect();
        Axis { low, high, logarithmic: true, ticks }
    }

    /// How far up a value is, from 0 to 1; none of what cannot be shown.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let value = if self.logarithmic { value.log10() } else { value };
        let place = (value - self.low) / (self.high - self.low);
        // Beyond the axis only where its values have no finite span.
        place.is_finite().then(|| place.clamp(0.0, 1.0))
    }
}

/// The smallest and the largest of these values that are finite.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

/// A value on an axis whose marks are `tick` apart and at most `largest` from 0.
fn tick_text(value: f64, tick: f64, largest: f64) -> String {
    // Not "-0".
    let value = if value.abs() < tick / 1e6 { 0.0 } else { value };
    let power = tick.log10().floor();
    if largest >= 1e7 || power < -5.0 {
        if value == 0.0 {
            return "0".into();
        }
        let digits = (value.abs().log10().floor() - power).clamp(0.0, 15.0) as usize;
        return format!("{value:.digits$e}");
    }
    let decimals = (-power).clamp(0.0, 9.0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[f64], logarithmic: bool) -> Vec<String> {
        Axis::of(values.iter().copied(), logarithmic, 5.0).ticks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn marks_are_at_round_values() {
        assert_eq!(texts(&[317.0, 622.0], false), ["300", "400", "500", "600", "700"]);
        assert_eq!(texts(&[-0.03, 0.061], false), ["-0.04", "-0.02", "0.00", "0.02", "0.04", "0.06", "0.08"]);
        assert_eq!(texts(&[4.0], false), ["0", "4", "8"]);
        assert_eq!(texts(&[], false), ["-1", "0", "1"]);
        assert_eq!(texts(&[f64::MAX, f64::MIN], false), ["-1", "0", "1"]);
    }

    #[test]
    fn marks_between_ends_are_round() {
        let marks =
            |from, to| Axis::marks(from, to, 5.0).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(marks(0.005, 0.368), ["0.1", "0.2", "0.3"]);
        assert_eq!(marks(-0.02, 23.98), ["0", "5", "10", "15", "20"]);
        assert_eq!(marks(0.0, 1.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(marks(119.3, 120.1), ["119.4", "119.6", "119.8", "120.0"]);
        let few = |from, to| Axis::marks(from, to, 3.0).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(few(16.1, 19.9), ["17", "18", "19"]);
        assert_eq!(few(-0.02, 4.1), ["0", "2", "4"]);
    }

    #[test]
    fn large_and_small_values_have_powers_of_ten() {
        assert_eq!(texts(&[1.2e9, 1.9e9], false), ["1.2e9", "1.4e9", "1.6e9", "1.8e9", "2.0e9"]);
        assert_eq!(texts(&[0.0, 3e-8], false), ["0", "1e-8", "2e-8", "3e-8"]);
        assert_eq!(texts(&[0.003, 4.0, -1.0], true), ["0.001", "0.01", "0.1", "1", "10"]);
        assert_eq!(texts(&[1e-20, 1.0], true)[..2], ["1e-20", "1e-16"]);
    }

    #[test]
    fn what_cannot_be_shown_has_no_place() {
        let axis = Axis::of([1.0, 100.0].into_iter(), true, 5.0);
        assert_eq!(
            [1.0, 10.0, 100.0, 0.0, -1.0].map(|v| axis.place(v)),
            [Some(0.0), Some(0.5), Some(1.0), None, None]
        );
        assert_eq!(axis.place(f64::NAN), None);
    }
}
