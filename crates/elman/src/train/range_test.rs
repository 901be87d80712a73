//! A learning rate that suits, found by a range test.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Control, TrainState, Trainer};
use crate::error::{Error, Message};
use crate::float::Float;
use crate::loss::Total;
use crate::schedule::{Schedule, ScheduleConfig};

/// The first rate and the last, and the updates on the way, as many for each factor of 10.
const LOWEST: f64 = 1e-6;
const DECADES: usize = 7;
const UPDATES_PER_DECADE: usize = 30;
/// How much of the smoothed loss is kept from one update to the next.
const KEPT: f64 = 0.95;
/// By how many times its noise the loss must fall to have fallen, and by which share of itself.
const NOISE: f64 = 3.0;
const LEAST_FALL: f64 = 1e-3;
/// The test ends where the loss has risen above its first level by so many times what it had fallen below it.
const RISE: f64 = 3.0;
/// The rate of the lowest loss is where training is about to break; so much of it is chosen.
const SHARE: f64 = 0.1;

/// A learning rate as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "it must be a number or \"auto\"")]
#[non_exhaustive]
pub enum LearningRate {
    /// This one.
    Fixed(f64),
    /// The one that a [`RangeTest`] chooses.
    Found(Auto),
}

/// The word for what is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auto {
    /// `auto`
    Auto,
}

impl LearningRate {
    /// The one that a [`RangeTest`] chooses.
    pub const AUTO: Self = Self::Found(Auto::Auto);
}

impl From<f64> for LearningRate {
    fn from(rate: f64) -> Self {
        LearningRate::Fixed(rate)
    }
}

/// One update of a [`RangeTest`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RangeStep {
    /// The learning rate.
    pub rate: f64,
    /// The loss of what it learned from, before the update.
    pub loss: f64,
    /// The exponential moving average of the losses, with Adam's correction of its start.
    pub smoothed: f64,
}

/// A learning-rate range test (Smith, Cyclical learning rates for training neural networks, WACV 2017, section 3.3):
/// training from the start at a rate that rises from update to update, exponentially, until the loss has grown or the
/// largest rate is reached.
///
/// A tenth of the rate at which the smoothed loss is lowest is chosen, to three digits: a rule of practice, which the library
/// fastai made known. There is no choice if the smoothed loss does not fall by more than three times its noise, and a thousandth,
/// below the mean loss of the first 30 updates. Its noise is their standard deviation times `sqrt((1 - d) / (1 + d))`, what smoothing by
/// `d = 0.95` leaves of it; it counts from the 30th update on, when it has settled.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RangeTest {
    /// The updates, from a rate of 1e-6 on, 30 for each factor of 10, to 10 at the most.
    pub steps: Vec<RangeStep>,
    /// The number of the one with the lowest smoothed loss, if it is low enough to tell anything.
    pub lowest: Option<usize>,
}

impl RangeTest {
    /// The rate of an update, by its number.
    fn rate(step: usize) -> f64 {
        LOWEST * 10f64.powf(step as f64 / UPDATES_PER_DECADE as f64)
    }

    /// The rate that is chosen, if there is a choice.
    pub fn chosen(&self) -> Option<f64> {
        Some(three_digits(SHARE * self.steps.get(self.lowest?)?.rate))
    }

    /// What is to be said of it; `usual` is the rate where there is no choice.
    pub fn remark(&self, usual: f64) -> Message {
        let message = |chosen: f64| Message::from("").option("learning_rate").text(format!(" {chosen}"));
        match (self.chosen(), self.lowest.and_then(|lowest| self.steps.get(lowest))) {
            (Some(chosen), Some(lowest)) => message(chosen).text(format!(
                " was chosen by a range test: a tenth of {}, at which the smoothed loss of {} updates at rising rates was lowest",
                three_digits(lowest.rate),
                self.steps.len()
            )),
            _ => message(usual).text(format!(
                " is the usual one: in a range test the loss fell at no rate from {LOWEST} to {} by more than it varies",
                three_digits(self.steps.last().map_or(LOWEST, |step| step.rate))
            )),
        }
    }

    /// Takes up the loss of an update; says whether the test goes on.
    fn push(&mut self, loss: f64) -> Control {
        let count = self.steps.len() as i32;
        let sum_before = match self.steps.last() {
            Some(step) => step.smoothed * (1.0 - KEPT.powi(count)),
            None => 0.0,
        };
        let smoothed = (KEPT * sum_before + (1.0 - KEPT) * loss) / (1.0 - KEPT.powi(count + 1));
        self.steps.push(RangeStep { rate: Self::rate(self.steps.len()), loss, smoothed });
        let Some(start) = self.start() else { return Control::Continue };
        let lowest = self.lowest().map_or(smoothed, |lowest| self.steps[lowest].smoothed);
        let fell = (start.level - lowest).max(start.least_fall);
        let is_over = smoothed > start.level + RISE * fell || self.steps.len() > DECADES * UPDATES_PER_DECADE;
        if is_over { Control::Stop } else { Control::Continue }
    }

    /// The losses at the lowest rates, once they are known.
    fn start(&self) -> Option<Start> {
        let first = self.steps.get(..UPDATES_PER_DECADE)?;
        let mean = |value: &dyn Fn(f64) -> f64| {
            first.iter().map(|step| value(step.loss)).sum::<f64>() / UPDATES_PER_DECADE as f64
        };
        let level = mean(&|loss| loss);
        let variance = mean(&|loss| (loss - level).powi(2));
        let noise = (variance * (1.0 - KEPT) / (1.0 + KEPT)).sqrt();
        Some(Start { level, least_fall: (NOISE * noise).max(LEAST_FALL * level.abs()) })
    }

    /// The same with its choice made.
    fn decided(mut self) -> Self {
        if let Some(start) = self.start() {
            let has_fallen = |n: &usize| start.level - self.steps[*n].smoothed > start.least_fall;
            self.lowest = self.lowest().filter(has_fallen);
        }
        self
    }

    /// The number of the update with the lowest smoothed loss, of those in which that has settled.
    fn lowest(&self) -> Option<usize> {
        let smoothed = |n: usize| self.steps[n].smoothed;
        (UPDATES_PER_DECADE - 1..self.steps.len()).min_by(|&a, &b| smoothed(a).total_cmp(&smoothed(b)))
    }
}

/// The number with three digits that is nearest.
fn three_digits(rate: f64) -> f64 {
    // What was written as a number is read as one.
    format!("{rate:.2e}").parse().unwrap_or(rate)
}

/// Where the losses of a [`RangeTest`] begin.
struct Start {
    /// Their mean.
    level: f64,
    /// By how much the smoothed ones must fall below it to tell anything.
    least_fall: f64,
}

impl fmt::Display for LearningRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LearningRate::Fixed(rate) => write!(f, "{rate}"),
            LearningRate::Found(Auto::Auto) => f.write_str("auto"),
        }
    }
}

impl<T: Float> Trainer<'_, T> {
    /// Tries rising learning rates from these parameters on, as a run would begin: with its batches, masks and rule of updates.
    /// No run is changed by it. `watch` is told the share that is done; `None` if it says stop.
    ///
    /// # Errors
    /// If the parameters are not as many as the network has; [`Diverged`](crate::error::Diverged) if a loss or a gradient is not
    /// finite at the lowest rates already.
    pub fn range_test(
        &self,
        parameters: Vec<T>,
        watch: &mut dyn FnMut(f64) -> Control,
    ) -> Result<Option<RangeTest>, Error> {
        let mut state = self.start(parameters)?;
        let mut test = RangeTest { steps: Vec::new(), lowest: None };
        loop {
            if watch(test.steps.len() as f64 / (DECADES * UPDATES_PER_DECADE) as f64) == Control::Stop {
                return Ok(None);
            }
            let control = match self.update_at(&mut state, RangeTest::rate(test.steps.len())) {
                Ok(Some(loss)) => test.push(loss),
                // Nothing has a target.
                Ok(None) => Control::Stop,
                Err(Error::Diverged(_)) if test.start().is_some() => Control::Stop,
                Err(error) => return Err(error),
            };
            if control == Control::Stop {
                return Ok(Some(test.decided()));
            }
        }
    }

    /// Learns until there has been an update, at this rate, and gives the loss of what it was made of; nothing if an epoch has
    /// none.
    fn update_at(&self, state: &mut TrainState<T>, rate: f64) -> Result<Option<f64>, Error> {
        state.schedule = Schedule::new(ScheduleConfig::Constant, rate, 0);
        let (updates, mut total, mut epochs) = (state.learner.updates(), Total::<f64>::default(), 0);
        while state.learner.updates() == updates {
            if self.is_at_end_of_epoch(state) {
                epochs += 1;
                if epochs > 1 {
                    return Ok(None);
                }
                state.begin_epoch();
            }
            total += self.learn_piece(state)?;
        }
        Ok(Some(total.mean()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test of these losses, as far as it goes.
    fn test(loss: impl Fn(f64) -> f64) -> RangeTest {
        let mut test = RangeTest { steps: Vec::new(), lowest: None };
        while test.push(loss(RangeTest::rate(test.steps.len()))) == Control::Continue {}
        test.decided()
    }

    /// Flat, then down to a rate of `bottom`, then up.
    fn valley(bottom: f64) -> impl Fn(f64) -> f64 {
        move |rate| {
            let place = (rate / bottom).log10();
            if place < -2.0 {
                5.0
            } else if place < 0.0 {
                3.0 - place
            } else {
                3.0 + 1e3 * place
            }
        }
    }

    #[test]
    fn a_tenth_of_the_rate_of_the_lowest_loss_is_chosen() {
        for bottom in [1e-3, 0.02, 1.0] {
            let found = test(valley(bottom));
            // The smoothed loss falls until the loss has risen above it, in the update after the bottom.
            let chosen = found.chosen().unwrap();
            assert!((0.09 * bottom..0.11 * bottom).contains(&chosen), "{bottom}: {chosen}");
            assert_eq!(chosen.to_string().trim_start_matches(['0', '.']).len().max(3), 3, "{chosen}");
            let steps = found.steps.len();
            assert!(steps < found.lowest.unwrap() + 10, "it goes on: {steps}");
            let smoothed = |n: usize| found.steps[n].smoothed;
            // By the definition: all losses so far, each weighted by how much of it is kept.
            let (n, weight) = (50, |k: usize| KEPT.powi(k as i32));
            let sum: f64 = (0..=n).map(|k| weight(n - k) * found.steps[k].loss).sum();
            let expected = sum / (0..=n).map(weight).sum::<f64>();
            assert!((smoothed(n) - expected).abs() < 1e-13);
        }
        assert!((RangeTest::rate(7 * UPDATES_PER_DECADE) - 10.0).abs() < 1e-12);
    }

    #[test]
    fn what_falls_no_further_than_it_varies_tells_nothing() {
        let noisy = |rate: f64| if (30.0 * rate.log10()).round() % 2.0 == 0.0 { 1.0 } else { 1.2 };
        for found in [test(|_| 2.0), test(noisy), test(|rate| 1.0 + rate)] {
            assert_eq!((found.lowest, found.chosen()), (None, None));
        }
        let found = test(|_| 2.0);
        assert_eq!(found.steps.len(), 211);
        assert_eq!(
            found.remark(0.003).to_string(),
            "learning_rate 0.003 is the usual one: in a range test the loss fell at no rate from 0.000001 to 10 by more than it \
             varies"
        );
    }

    #[test]
    fn a_loss_that_falls_to_the_end_is_told_as_it_is() {
        let found = test(|rate| -rate.log10());
        assert_eq!((found.steps.len(), found.lowest, found.chosen()), (211, Some(210), Some(1.0)));
        assert_eq!(
            found.remark(0.003).to_string(),
            "learning_rate 1 was chosen by a range test: a tenth of 10, at which the smoothed loss of 211 updates at \
             rising rates was lowest"
        );
    }
}
