//! What a network says of a value, where that is more than a number: quantiles, or the parameters of a distribution.
//!
//! ```
//! use elman_network::distribution::Distribution;
//!
//! // A mean of 1, and a deviation of ln(1 + e^0) and a little.
//! let normal = Distribution::Gaussian.of(&[1.0, 0.0]);
//! assert_eq!((normal.point(), normal.quantile(0.5)), (1.0, 1.0));
//! assert!((normal.quantile(0.975) - (1.0 + 1.96 * 0.694)).abs() < 1e-3);
//!
//! let quartiles = Distribution::Quantiles(vec![0.25, 0.5, 0.75]);
//! let quantiles = quartiles.of(&[-2.0, 0.0, 6.0]);
//! assert_eq!((quantiles.point(), quantiles.quantile(0.625)), (0.0, 3.0));
//! ```

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::random::Rng;

/// The least scale of a distribution, in the units that are learned: so that no density is endless.
pub const MIN_SCALE: f64 = 1e-3;

/// The degrees of freedom of Student's t-distribution are more than these: it has a variance.
pub const MIN_FREEDOM: f64 = 2.0;

/// With more degrees of freedom quantiles are those of the normal distribution but for `(z^3 + z) / (4 v)`.
const MANY_FREEDOM: f64 = 1e4;

/// How the outputs for a value, side by side, tell its distribution.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Distribution {
    /// Its quantiles at these levels, at least two, each above 0, below 1 and above the one before: see [`Loss::Quantile`](crate::loss::Loss::Quantile).
    Quantiles(Vec<f64>),
    /// A normal distribution: its mean, and what makes its deviation: see
    /// [`Loss::Gaussian`](crate::loss::Loss::Gaussian).
    Gaussian,
    /// Student's t-distribution: its location, and what makes its scale and its degrees of freedom: see
    /// [`Loss::StudentT`](crate::loss::Loss::StudentT).
    StudentT,
}

/// The distribution of a value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Predicted<'a> {
    /// Told by its quantiles. Between two levels values are equally likely; beyond the outermost ones they become
    /// exponentially less likely, as fast as from the one next to it (as in Park et al., Learning Quantile Functions
    /// without Quantile Crossing, AISTATS 2022).
    Quantiles {
        /// The levels, the smallest first.
        levels: &'a [f64],
        /// The quantile at each level, none below the one before.
        values: Vec<f64>,
    },
    /// A normal distribution.
    Gaussian {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        deviation: f64,
    },
    /// Student's t-distribution.
    StudentT {
        /// The mean and median.
        location: f64,
        /// What distances from it are measured by.
        scale: f64,
        /// The degrees of freedom.
        freedom: f64,
    },
}

impl Distribution {
    /// The outputs for a value.
    pub fn outputs_per_value(&self) -> usize {
        match self {
            Distribution::Quantiles(levels) => levels.len(),
            Distribution::Gaussian => 2,
            Distribution::StudentT => 3,
        }
    }

    /// What the outputs for a value stand for. Quantiles that cross are put in order (Chernozhukov, Fernandez-Val &
    /// Galichon, Econometrica 78, 2010, 1093-1125).
    ///
    /// # Panics
    /// If the outputs are not as many as there are for a value.
    pub fn of(&self, outputs: &[f64]) -> Predicted<'_> {
        assert_eq!(outputs.len(), self.outputs_per_value(), "outputs for a value");
        let mut natural = outputs.to_vec();
        self.make_natural(&mut natural);
        match self {
            Distribution::Quantiles(levels) => Predicted::Quantiles { levels, values: natural },
            Distribution::Gaussian => Predicted::Gaussian { mean: natural[0], deviation: natural[1] },
            Distribution::StudentT => {
                Predicted::StudentT { location: natural[0], scale: natural[1], freedom: natural[2] }
            }
        }
    }

    /// The best single number for each value of `outputs [V W]`: see [`Predicted::point`].
    ///
    /// # Panics
    /// If there are fewer than two levels.
    pub fn points(&self, outputs: &[f64]) -> Vec<f64> {
        outputs
            .chunks_exact(self.outputs_per_value().max(1))
            .map(|outputs| self.of(outputs).point())
            .collect()
    }

    /// Turns outputs for a value into what they stand for: quantiles in order, a scale, degrees of freedom.
    pub fn make_natural(&self, outputs: &mut [f64]) {
        match self {
            Distribution::Quantiles(_) => outputs.sort_by(f64::total_cmp),
            Distribution::Gaussian => outputs[1] = softplus(outputs[1]) + MIN_SCALE,
            Distribution::StudentT => {
                outputs[1] = softplus(outputs[1]) + MIN_SCALE;
                outputs[2] = softplus(outputs[2]) + MIN_FREEDOM;
            }
        }
    }

    /// Back to outputs.
    pub fn make_raw(&self, natural: &mut [f64]) {
        match self {
            Distribution::Quantiles(_) => {}
            Distribution::Gaussian => natural[1] = inverse_softplus(natural[1] - MIN_SCALE),
            Distribution::StudentT => {
                natural[1] = inverse_softplus(natural[1] - MIN_SCALE);
                natural[2] = inverse_softplus(natural[2] - MIN_FREEDOM);
            }
        }
    }

    /// Outputs for a value that tell a standard normal distribution, or nearly so.
    pub fn standard(&self) -> Vec<f64> {
        let mut outputs = match self {
            Distribution::Quantiles(levels) => levels.iter().map(|&level| normal_quantile(level)).collect(),
            Distribution::Gaussian => vec![0.0, 1.0],
            Distribution::StudentT => vec![0.0, 1.0, MANY_FREEDOM],
        };
        self.make_raw(&mut outputs);
        outputs
    }
}

impl Predicted<'_> {
    /// The best single number: the median of quantiles, else the mean, which is the median too.
    pub fn point(&self) -> f64 {
        match *self {
            Predicted::Quantiles { .. } => self.quantile(0.5),
            Predicted::Gaussian { mean, .. } => mean,
            Predicted::StudentT { location, .. } => location,
        }
    }

    /// The value that is not exceeded with probability `level`; at 0 and 1 it may be endless.
    ///
    /// # Panics
    /// If the level is not from 0 to 1, or there are fewer than two quantiles to tell one by.
    pub fn quantile(&self, level: f64) -> f64 {
        assert!((0.0..=1.0).contains(&level), "a quantile's level is {level}, which is not from 0 to 1");
        match self {
            Predicted::Quantiles { levels, values } => interpolated(levels, values, level),
            Predicted::Gaussian { mean, deviation } => mean + deviation * normal_quantile(level),
            Predicted::StudentT { location, scale, freedom } => {
                location + scale * student_t_quantile(*freedom, level)
            }
        }
    }

    /// A value drawn from it.
    ///
    /// # Panics
    /// If there are fewer than two quantiles to tell it by.
    pub fn draw(&self, rng: &mut Rng) -> f64 {
        match self {
            Predicted::Quantiles { levels, values } => {
                // Not 0, whose quantile is endless.
                interpolated(levels, values, rng.uniform().max(f64::EPSILON / 2.0))
            }
            Predicted::Gaussian { mean, deviation } => mean + deviation * rng.normal(),
            Predicted::StudentT { location, scale, freedom } => location + scale * rng.student_t(*freedom),
        }
    }
}

/// The quantile at a level, by those of at least two.
fn interpolated(levels: &[f64], values: &[f64], level: f64) -> f64 {
    assert!(levels.len() > 1, "a distribution is told by at least two quantiles");
    let last = levels.len() - 1;
    let above = levels.partition_point(|&known| known < level);
    if above <= last && levels[above] == level {
        return values[above];
    }
    match above {
        // ln(P / p) of distances from the outermost level is what distances of values are in proportion to.
        0 => {
            let rate = (values[1] - values[0]) / libm::log(levels[1] / levels[0]);
            values[0] + rate * libm::log(level / levels[0])
        }
        above if above > last => {
            let rate = (values[last] - values[last - 1])
                / libm::log((1.0 - levels[last - 1]) / (1.0 - levels[last]));
            values[last] - rate * libm::log((1.0 - level) / (1.0 - levels[last]))
        }
        above => {
            let share = (level - levels[above - 1]) / (levels[above] - levels[above - 1]);
            values[above - 1] + share * (values[above] - values[above - 1])
        }
    }
}

fn normal_quantile(level: f64) -> f64 {
    Normal::standard().inverse_cdf(level)
}

fn student_t_quantile(freedom: f64, level: f64) -> f64 {
    if freedom > MANY_FREEDOM {
        let z = normal_quantile(level);
        return z + (z.powi(3) + z) / (4.0 * freedom);
    }
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |distribution| distribution.inverse_cdf(level))
}

/// `ln(1 + exp(x))`
fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

/// `ln(exp(y) - 1)`, of a `y` of 0 a number whose softplus is 0.
fn inverse_softplus(y: f64) -> f64 {
    let y = y.max(f64::MIN_POSITIVE);
    y + libm::log(-libm::expm1(-y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    /// SciPy 1.17.1's `t.ppf` and `norm.ppf`.
    #[test]
    fn quantiles_are_those_of_scipy() {
        let close = |found: f64, expected: f64, relative: f64| {
            assert!((found / expected - 1.0).abs() < relative, "{found} for {expected}");
        };
        for (freedom, level, expected) in [
            (2.05, 0.001, -21.029_083_038_465_224),
            (2.05, 0.995, 9.527_087_041_982_89),
            (3.0, 0.025, -3.182_446_305_283_708_6),
            (5.5, 0.9, 1.455_977_033_464_072_3),
            (30.0, 0.995, 2.749_995_653_567_225_4),
            (1000.0, 0.975, 1.962_339_080_826_408_5),
            (1e5, 0.975, 1.959_987_707_534_61),
        ] {
            close(student_t_quantile(freedom, level), expected, 1e-9);
        }
        close(normal_quantile(0.001), -3.090_232_306_167_813, 1e-14);
        assert_eq!(student_t_quantile(3.0, 0.5), 0.0);
    }

    #[test]
    fn quantiles_that_cross_are_put_in_order_and_go_on_beyond_the_outermost() {
        let levels = Distribution::Quantiles(vec![0.1, 0.4, 0.8]);
        let Predicted::Quantiles { values, .. } = levels.of(&[1.0, -1.0, 3.0]) else { panic!("quantiles") };
        assert_eq!(values, [-1.0, 1.0, 3.0]);
        let predicted = levels.of(&[1.0, -1.0, 3.0]);
        for (level, expected) in [(0.1, -1.0), (0.25, 0.0), (0.4, 1.0), (0.5, 1.5), (0.8, 3.0)] {
            assert!((predicted.quantile(level) - expected).abs() < 1e-15);
        }
        // From 0.8 to 0.4 the distance to 1 is three times as much, and so it is from 0.8 to 1 - 0.2 / 3.
        assert!((predicted.quantile(1.0 - 0.2 / 3.0) - 5.0).abs() < 1e-12);
        assert!((predicted.quantile(0.1 / 4.0) + 3.0).abs() < 1e-12);
    }

    #[test]
    fn levels_are_probabilities() {
        let quantiles = Distribution::Quantiles(vec![0.1, 0.5, 0.9]);
        for (distribution, outputs) in
            [(&quantiles, &[-1.0, 0.5, 4.0][..]), (&Distribution::Gaussian, &[2.0, -1.0])]
        {
            let predicted = distribution.of(outputs);
            assert_eq!(predicted.quantile(0.0), f64::NEG_INFINITY);
            assert_eq!(predicted.quantile(1.0), f64::INFINITY);
            for level in [f64::NAN, -1.0, 2.0, f64::INFINITY] {
                assert!(std::panic::catch_unwind(|| predicted.quantile(level)).is_err(), "{level}");
            }
        }
    }

    #[test]
    fn outputs_come_back_from_what_they_stand_for() {
        for distribution in [Distribution::Gaussian, Distribution::StudentT] {
            let outputs = &[0.3, -2.5, 40.0][..distribution.outputs_per_value()];
            let mut there = outputs.to_vec();
            distribution.make_natural(&mut there);
            distribution.make_raw(&mut there);
            for (back, &output) in there.iter().zip(outputs) {
                assert!((back - output).abs() < 1e-12, "{there:?}");
            }
        }
        let Predicted::Gaussian { deviation, .. } =
            Distribution::Gaussian.of(&Distribution::Gaussian.standard())
        else {
            panic!("a normal distribution")
        };
        assert!((deviation - 1.0).abs() < 1e-15);
    }

    /// Of 40,000 draws the share below a quantile errs by 0.0025 at the most, and here by less than four times that.
    #[test]
    fn draws_are_below_a_quantile_as_often_as_its_level_says() {
        let quantiles = Distribution::Quantiles(vec![0.1, 0.5, 0.9]);
        for (distribution, outputs) in [
            (&quantiles, &[-1.0, 0.5, 4.0][..]),
            (&Distribution::Gaussian, &[2.0, -1.0]),
            (&Distribution::StudentT, &[2.0, 1.0, -0.5]),
        ] {
            let predicted = distribution.of(outputs);
            let mut rng = Rng::new(3, Purpose::Path(0));
            let draws: Vec<f64> = (0..40_000).map(|_| predicted.draw(&mut rng)).collect();
            for level in [0.02, 0.1, 0.3, 0.5, 0.8, 0.97] {
                let bound = predicted.quantile(level);
                let share = draws.iter().filter(|&&draw| draw <= bound).count() as f64 / draws.len() as f64;
                assert!((share - level).abs() < 0.01, "{predicted:?}: {share} below the quantile of {level}");
            }
        }
    }
}
