//! What must fit before a run: network, loss and burn-in with every sequence.

use super::Trainer;
use crate::error::{ConfigError, Message};
use crate::float::Float;
use crate::loss::{Loss, Targets, UNLABELLED};
use crate::sequence::{Example, Examples};

impl<T: Float> Trainer<'_, T> {
    /// Refuses sequences that network and loss cannot learn from.
    pub(super) fn check_examples(&self) -> Result<(), ConfigError> {
        for (n, example) in self.train.held().iter().chain(self.validation.held()).enumerate() {
            self.check_example(n, example)?;
        }
        [self.train, self.validation].into_iter().try_for_each(|examples| self.check_source(examples))?;
        self.check_burn_in()
    }

    /// Refuses to burn in a training sequence to its end, or every target of training or validation.
    fn check_burn_in(&self) -> Result<(), ConfigError> {
        let burn_in = self.config.burn_in;
        if burn_in == 0 {
            return Ok(());
        }
        let refuse = |message: String| Err(ConfigError::new("burn_in", message));
        let length = |examples: Examples<'_, T>, n| examples.length(n, self.network.input_size());
        if let Some(n) = (0..self.train.len()).find(|&n| length(self.train, n) <= burn_in) {
            return refuse(format!(
                "is {burn_in}, but training sequence {} has {} timesteps, so nothing of it is learned; choose less, or 0 \
                 for none",
                n + 1,
                length(self.train, n)
            ));
        }
        for (part, examples) in [("training", self.train), ("validation", self.validation)] {
            let has_target = match examples.source() {
                // It ends with targets.
                Some(_) => (0..examples.len()).any(|n| length(examples, n) > burn_in),
                None => examples.held().iter().any(|example| self.has_target_after_burn_in(example)),
            };
            if !examples.is_empty() && !has_target {
                return refuse(format!(
                    "is {burn_in}, but no {part} sequence has a target behind its first {burn_in} timesteps, so nothing \
                     of them counts; choose less, or 0 for none"
                ));
            }
        }
        Ok(())
    }

    /// Does a target of it count, although so many timesteps are burned in?
    fn has_target_after_burn_in(&self, example: &Example<T>) -> bool {
        let burn_in = self.config.burn_in;
        if example.x.len() / self.network.input_size() <= burn_in {
            return false;
        }
        let first = if self.network.ends_time() { 0 } else { burn_in / self.network.patch_len() };
        match &example.targets {
            Targets::Classes(classes) => classes.iter().skip(first).any(|&class| class != UNLABELLED),
            Targets::Values(values) => {
                let width = self.network.output_size() / self.config.loss.outputs_per_value();
                values.iter().skip(first * width).any(|value| !value.to_f64().is_nan())
            }
        }
    }

    /// Refuses sequences that are read where they stand, of which there is a target for each timestep, unless the network
    /// tells one for each, and a first stretch of them is as it should be.
    fn check_source(&self, examples: Examples<'_, T>) -> Result<(), ConfigError> {
        let Some(source) = examples.source() else { return Ok(()) };
        let (found, wanted) = (source.input_size(), self.network.input_size());
        if found != wanted || self.network.ends_time() || self.network.patch_len() > 1 {
            let message =
                format!("is not one for sequences with {found} inputs and a target for each timestep");
            return Err(ConfigError::new("network", message));
        }
        let min_len = self.config.loss.min_len();
        for n in 0..source.count() {
            let stretch = 0..source.length(n).min(min_len);
            // Whatever cannot be read is told by whoever learns from it.
            if (n == 0 || stretch.len() < min_len)
                && let Ok(example) = source.read(n, stretch)
            {
                self.check_example(n, &example.convert())?;
            }
        }
        Ok(())
    }

    fn check_example(&self, n: usize, example: &Example<T>) -> Result<(), ConfigError> {
        let (input_size, output_size) = (self.network.input_size(), self.network.output_size());
        let length = example.x.len() / input_size;
        if example.x.is_empty() || example.x.len() != length * input_size {
            let message =
                format!("of sequence {n} has {} values, not a multiple of input_size", example.x.len());
            return Err(ConfigError::new("x", message));
        }
        let min_len = self.config.loss.min_len();
        if length < min_len {
            let message = Message::from(format!(
                "sequence {n} has {length} timesteps, and the loss {} needs at least {min_len}; give longer ones, or another ",
                self.config.loss.name()
            ));
            return Err(ConfigError::new("", message.option("loss")));
        }
        let (found, width, right_kind) = match (&example.targets, &self.config.loss) {
            (Targets::Classes(classes), Loss::CrossEntropy { .. }) => {
                (classes.len(), 1, classes.iter().all(|&class| class < output_size || class == UNLABELLED))
            }
            (Targets::Values(_), Loss::CrossEntropy { .. }) => {
                let message = format!("of sequence {n} are values, but the loss is for classes");
                return Err(ConfigError::new("targets", message));
            }
            (Targets::Values(values), loss) => (values.len(), output_size / loss.outputs_per_value(), true),
            (Targets::Classes(_), _) => {
                let message = format!("of sequence {n} are classes, but the loss is for values");
                return Err(ConfigError::new("targets", message));
            }
        };
        let wanted = width * self.network.output_len(length);
        if found != wanted || !right_kind {
            let per = match (self.network.ends_time(), self.network.patch_len()) {
                (true, _) => "one per sequence".into(),
                (false, 1) => "one per timestep".into(),
                (false, patch_len) => format!("one per {patch_len} timesteps"),
            };
            let message = format!(
                "of sequence {n} do not fit: the network and the loss ask for {per}, {wanted} in all"
            );
            return Err(ConfigError::new("targets", message));
        }
        Ok(())
    }
}
