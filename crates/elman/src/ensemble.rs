//! Several networks of one kind that answer together: each learned from other starting parameters, and the mean of
//! their answers errs less than they do one by one.
//!
//! An ensemble of one is that network. Whoever predicts runs an [`Ensemble`] and need not know how many it has.
//!
//! ```
//! use elman::ensemble::{Average, Ensemble};
//! use elman::init::Init;
//! use elman::network::{CellKind, Network, NetworkConfig};
//! use elman::weights::Weights;
//!
//! # fn main() -> Result<(), elman::error::ConfigError> {
//! let network = Network::new(NetworkConfig::stacked(CellKind::Gru, 1, 4, 1, 1))?;
//! let member = |seed| Weights::new(network.clone(), Init::Torch.draw::<f64>(&network, seed)?);
//! let ensemble = Ensemble::new(vec![member(0)?, member(1)?], Average::Values)?;
//! let one = |n: usize| Ensemble::new(vec![ensemble.members()[n].clone()], Average::Values);
//! let x: &[&[f64]] = &[&[0.1, 0.2]];
//! let (first, second) = (one(0)?.run(x), one(1)?.run(x));
//! assert_eq!(ensemble.run(x)[0][1], (first[0][1] + second[0][1]) / 2.0);
//! # Ok(())
//! # }
//! ```

use std::convert::Infallible;

use crate::distribution::Distribution;
use crate::error::ConfigError;
use crate::float::Dtype;
use crate::network::{Activation, Network};
use crate::predict;
use crate::watch::{Steps, Stopped, Watch};
use crate::weights::Weights;

/// More members than this are refused.
pub const MAX_MEMBERS: usize = 1000;

/// What of the members' outputs is averaged.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Average {
    /// The outputs themselves.
    Values,
    /// The probabilities whose logits the outputs are: the ensemble's output is the logarithm of the mean softmax.
    Probabilities,
    /// The quantiles of the distributions that the outputs tell, level by level; of a normal distribution that is the
    /// mean of means and deviations, and of Student's the mean of locations, scales and degrees of freedom.
    Distributions(Distribution),
}

/// Networks of the same configuration and number type, at least one.
#[derive(Clone, Debug)]
pub struct Ensemble {
    members: Vec<Weights>,
    average: Average,
}

impl Ensemble {
    /// Puts members together.
    ///
    /// # Errors
    /// If there are none or more than [`MAX_MEMBERS`], or they differ in their network or number type.
    pub fn new(members: Vec<Weights>, average: Average) -> Result<Self, ConfigError> {
        check_count(members.len())?;
        let first = &members[0];
        let like_first = |member: &Weights| {
            member.network().config() == first.network().config() && member.dtype() == first.dtype()
        };
        if let Some(n) = members.iter().position(|member| !like_first(member)) {
            let message =
                format!("has a member {} unlike the first; all are of one network and dtype", n + 1);
            return Err(ConfigError::new("ensemble", message));
        }
        Ok(Ensemble { members, average })
    }

    /// The members.
    pub fn members(&self) -> &[Weights] {
        &self.members
    }

    /// What is averaged.
    pub fn average(&self) -> &Average {
        &self.average
    }

    /// What the outputs for a value tell, if that is more than a number.
    pub fn distribution(&self) -> Option<&Distribution> {
        match &self.average {
            Average::Distributions(distribution) => Some(distribution),
            Average::Values | Average::Probabilities => None,
        }
    }

    /// The best number for each value that these outputs `[O]` tell: the outputs themselves, or those of their
    /// [distributions](Distribution::points).
    pub fn points(&self, output: &[f64]) -> Vec<f64> {
        match self.distribution() {
            Some(distribution) => distribution.points(output),
            None => output.to_vec(),
        }
    }

    /// The network of every member.
    pub fn network(&self) -> &Network {
        self.members[0].network()
    }

    /// The number type of every member.
    pub fn dtype(&self) -> Dtype {
        self.members[0].dtype()
    }

    /// The ensemble's outputs for each sequence `[length, I]`, from its initial state: see [`predict::run`].
    ///
    /// # Panics
    /// As there.
    pub fn run(&self, sequences: &[&[f64]]) -> Vec<Vec<f64>> {
        let Ok(outputs) = self.run_each::<Infallible>(sequences, &mut |_| Ok(()));
        outputs
    }

    /// The same, which may take long; the steps that `watch` is told of are timesteps of every member.
    ///
    /// # Errors
    /// If `watch` ends it.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn run_watched(&self, sequences: &[&[f64]], watch: &mut Watch<'_>) -> Result<Vec<Vec<f64>>, Stopped> {
        let timesteps = sequences.iter().map(|x| x.len()).sum::<usize>() / self.network().input_size();
        let mut steps = Steps::new(timesteps * self.members.len(), watch);
        self.run_each(sequences, &mut |timesteps| steps.add(timesteps))
    }

    fn run_each<E>(
        &self,
        sequences: &[&[f64]],
        watch: &mut dyn FnMut(usize) -> Result<(), E>,
    ) -> Result<Vec<Vec<f64>>, E> {
        let mut run =
            |member: &Weights| predict::run_watched(member.network(), member.parameters(), sequences, watch);
        let mut outputs = run(&self.members[0])?;
        let Some(mean) = self.mean() else { return Ok(outputs) };
        outputs.iter_mut().for_each(|output| mean.begin(output));
        for member in &self.members[1..] {
            for (sum, output) in outputs.iter_mut().zip(&mut run(member)?) {
                mean.add(sum, output);
            }
        }
        outputs.iter_mut().for_each(|sum| mean.finish(sum));
        Ok(outputs)
    }

    /// How outputs become the ensemble's; none where it has one member, whose outputs stay as they are.
    pub(crate) fn mean(&self) -> Option<Mean> {
        (self.members.len() > 1).then(|| Mean {
            average: self.average.clone(),
            count: self.members.len(),
            output_size: self.network().output_size(),
        })
    }
}

/// Refuses an ensemble of none or of far too many.
pub(crate) fn check_count(count: usize) -> Result<(), ConfigError> {
    if (1..=MAX_MEMBERS).contains(&count) {
        return Ok(());
    }
    Err(ConfigError::new("ensemble", format!("is {count}; it must be from 1 to {MAX_MEMBERS}")))
}

/// The mean over the members' outputs, one after the other, in the memory of the first.
#[derive(Clone, Debug)]
pub(crate) struct Mean {
    average: Average,
    count: usize,
    output_size: usize,
}

impl Mean {
    /// Turns the first member's `output [n, O]` into a sum.
    pub(crate) fn begin(&self, output: &mut [f64]) {
        match &self.average {
            Average::Values => {}
            Average::Probabilities => {
                output.chunks_exact_mut(self.output_size).for_each(|row| Activation::Softmax.apply(row));
            }
            Average::Distributions(distribution) => {
                let values = output.chunks_exact_mut(distribution.outputs_per_value());
                values.for_each(|value| distribution.make_natural(value));
            }
        }
    }

    /// Adds another member's `output [n, O]`, which it uses up, to the sum.
    pub(crate) fn add(&self, sum: &mut [f64], output: &mut [f64]) {
        self.begin(output);
        sum.iter_mut().zip(output).for_each(|(sum, value)| *sum += *value);
    }

    /// Turns the sum `[n, O]` into the ensemble's output.
    pub(crate) fn finish(&self, sum: &mut [f64]) {
        sum.iter_mut().for_each(|value| *value /= self.count as f64);
        match &self.average {
            Average::Values => {}
            Average::Probabilities => {
                sum.iter_mut().for_each(|value| *value = value.max(f64::MIN_POSITIVE).ln());
            }
            Average::Distributions(distribution) => {
                let values = sum.chunks_exact_mut(distribution.outputs_per_value());
                values.for_each(|value| distribution.make_raw(value));
            }
        }
    }
}
