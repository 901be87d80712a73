//! The training loop, and nothing else.
//!
//! [`Trainer::run`] moves a [`Progress`] forward, batch by batch, and tells [`Observer`]s of it. What
//! is shown, logged or saved is theirs.

mod checkpoint;
mod config;
mod event;
mod progress;

pub use checkpoint::{Checkpointer, Identity, fingerprint};
pub use config::TrainConfig;
pub use event::{Control, Event, Observer};
pub use progress::{Best, Progress};

use std::ops::Range;

use event::tell;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::batch::{Batch, Packing};
use crate::error::{ConfigError, Diverged, Error};
use crate::float::Float;
use crate::loss::{Loss, Targets, Total};
use crate::network::{Engine, Gradients, Mode, Network, State};
use crate::optimiser::{Optimiser, clip_grad_norm, grad_norm};
use crate::random::{Stream, rng};
use crate::schedule::{Schedule, ScheduleConfig};
use crate::sequence::{Example, pack_targets};

/// Sequences per batch where no gradient is needed.
const EVALUATION_BATCH: usize = 64;

/// A network, its data and how it is to learn from them.
#[derive(Debug)]
pub struct Trainer<'a, T> {
    network: &'a Network,
    config: TrainConfig,
    train: &'a [Example<T>],
    validation: &'a [Example<T>],
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// All epochs are done.
    Finished,
    /// The validation loss had not improved for `patience` epochs.
    Early,
    /// An observer said stop.
    Interrupted,
}

/// The memory that batches reuse.
#[derive(Debug)]
struct Workspace<T: Float> {
    engine: T::Engine,
    whole: Packed<T>,
    /// Of the whole batch, when it is learned in pieces of time.
    piece: Packed<T>,
    state: State<T>,
    gradient: Vec<T>,
    doutput: Vec<T>,
}

/// A batch and its targets.
#[derive(Debug, Default)]
struct Packed<T> {
    batch: Batch<T>,
    /// That of the network's outputs.
    output: Packing,
    targets: Targets<T>,
}

impl<'a, T: Float> Trainer<'a, T> {
    /// Checks that the parts fit.
    ///
    /// # Errors
    /// If an option is out of range or does not go with another, there is no training sequence, or
    /// a sequence does not have the network's sizes.
    pub fn new(
        network: &'a Network,
        config: TrainConfig,
        train: &'a [Example<T>],
        validation: &'a [Example<T>],
    ) -> Result<Self, ConfigError> {
        config.check(network, !validation.is_empty())?;
        if train.is_empty() {
            return Err(ConfigError::new("train", "holds no sequences"));
        }
        let trainer = Trainer { network, config, train, validation };
        let batches = trainer.config.epochs * trainer.batches_per_epoch();
        if let ScheduleConfig::Cosine { warmup } = trainer.config.schedule
            && warmup >= batches
        {
            let message =
                format!("is {warmup} batches, and the whole run is {batches}; choose a shorter one");
            return Err(ConfigError::new("warmup", message));
        }
        for (n, example) in train.iter().chain(validation).enumerate() {
            trainer.check_example(n, example)?;
        }
        Ok(trainer)
    }

    fn check_example(&self, n: usize, example: &Example<T>) -> Result<(), ConfigError> {
        let (input_size, output_size) = (self.network.input_size(), self.network.output_size());
        let length = example.x.len() / input_size;
        if example.x.is_empty() || example.x.len() != length * input_size {
            let message =
                format!("of sequence {n} has {} values, not a multiple of input_size", example.x.len());
            return Err(ConfigError::new("x", message));
        }
        let (found, width, right_kind) = match (&example.targets, &self.config.loss) {
            (Targets::Classes(classes), Loss::CrossEntropy { .. }) => {
                (classes.len(), 1, classes.iter().all(|&class| class < output_size))
            }
            (Targets::Values(values), Loss::Squared | Loss::Absolute | Loss::Huber { .. }) => {
                (values.len(), output_size, true)
            }
            (Targets::Classes(_), _) => {
                let message = format!("of sequence {n} are classes, but the loss is for values");
                return Err(ConfigError::new("targets", message));
            }
            (Targets::Values(_), _) => {
                let message = format!("of sequence {n} are values, but the loss is for classes");
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

    /// The configuration.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The batches of an epoch.
    pub fn batches_per_epoch(&self) -> u64 {
        self.train.len().div_ceil(self.config.batch_size) as u64
    }

    /// A run that starts from these parameters.
    ///
    /// # Panics
    /// If they are not as many as the network has.
    pub fn start(&self, parameters: Vec<T>) -> Progress<T> {
        assert_eq!(parameters.len(), self.network.layout().len(), "number of parameters");
        let batches = self.config.epochs * self.batches_per_epoch();
        Progress {
            epoch: 0,
            batch: 0,
            optimiser: Optimiser::new(self.config.optimiser, parameters.len()),
            schedule: Schedule::new(self.config.schedule, self.config.learning_rate, batches),
            parameters,
            best: None,
            epoch_loss: (0.0, 0.0),
            grad_norm: None,
        }
    }

    /// Trains until the last epoch, the end of patience or an observer's stop.
    /// [`Progress::kept`] then holds the result.
    ///
    /// # Errors
    /// [`Diverged`] if a loss or a gradient is no longer finite; an observer's error.
    pub fn run(
        &self,
        progress: &mut Progress<T>,
        observers: &mut [&mut dyn Observer<T>],
    ) -> Result<Ended, Error> {
        let mut work = Workspace {
            engine: T::Engine::new(self.network),
            whole: Packed::default(),
            piece: Packed::default(),
            state: self.network.zero_state(0),
            gradient: vec![T::default(); progress.parameters.len()],
            doutput: Vec::new(),
        };
        while progress.epoch < self.config.epochs {
            if self.is_out_of_patience(progress) {
                return Ok(Ended::Early);
            }
            let control = self.epoch(progress, &mut work, observers)?;
            // Who says stop when all is done has interrupted nothing.
            if control == Control::Stop && progress.epoch < self.config.epochs {
                return Ok(Ended::Interrupted);
            }
        }
        Ok(Ended::Finished)
    }

    fn is_out_of_patience(&self, progress: &Progress<T>) -> bool {
        match (self.config.patience, &progress.best) {
            (Some(patience), Some(best)) => progress.epoch.saturating_sub(best.epoch) > patience,
            _ => false,
        }
    }

    fn epoch(
        &self,
        progress: &mut Progress<T>,
        work: &mut Workspace<T>,
        observers: &mut [&mut dyn Observer<T>],
    ) -> Result<Control, Error> {
        let epoch = progress.epoch;
        let mut order: Vec<usize> = (0..self.train.len()).collect();
        order.shuffle(&mut rng(self.config.seed, Stream::Shuffle(epoch)));
        for batch in order.chunks(self.config.batch_size).skip(progress.batch as usize) {
            let loss = self.learn(batch, progress, work)?;
            progress.batch += 1;
            let event = Event::Batch { progress, loss, sequences: batch.len() };
            if tell(observers, &event)? == Control::Stop {
                return Ok(Control::Stop);
            }
        }
        let train_loss = progress.epoch_loss.0 / progress.epoch_loss.1;
        let validation_loss = self.validation_loss(progress, work)?;
        let loss = validation_loss.unwrap_or(train_loss);
        self.check_finite("norm of the parameters", grad_norm(&progress.parameters), progress)?;
        let rate = self.rate(progress, progress.batch - 1);
        progress.schedule.observe(loss);
        let improved =
            validation_loss.is_none() || progress.best.as_ref().is_none_or(|best| loss < best.loss);
        if improved {
            progress.best = Some(Best { epoch, loss, parameters: progress.parameters.clone() });
        }
        progress.epoch += 1;
        progress.batch = 0;
        progress.epoch_loss = (0.0, 0.0);
        tell(observers, &Event::Epoch { progress, epoch, train_loss, validation_loss, rate, improved })
    }

    fn rate(&self, progress: &Progress<T>, batch: u64) -> f64 {
        progress.schedule.rate(progress.epoch * self.batches_per_epoch() + batch, progress.epoch)
    }

    /// Learns from one batch, in one piece or in pieces of time; returns its mean loss.
    fn learn(
        &self,
        batch: &[usize],
        progress: &mut Progress<T>,
        work: &mut Workspace<T>,
    ) -> Result<f64, Error> {
        self.pack(batch.len(), |n| &self.train[batch[n]], &mut work.whole);
        let packing = work.whole.batch.packing();
        let (batch_size, seq_len) = (packing.batch_size(), packing.seq_len());
        let step = progress.epoch * self.batches_per_epoch() + progress.batch;
        let mut masks = rng(self.config.seed, Stream::Dropout(step));
        work.state.reset(batch_size);
        let mut sum = Total::<f64>::default();

        let piece = self.config.truncate.unwrap_or(seq_len);
        for start in (0..seq_len).step_by(piece) {
            let time = start..start + piece;
            let Packed { batch: whole, output: packing, targets } = &work.whole;
            let active = whole.packing().active(start);
            // The outputs of this piece that have a target: at a step each, or where a sequence ends.
            let (outputs, of_targets) = if self.network.ends_time() {
                let go_on = if time.end < seq_len { whole.packing().active(time.end) } else { 0 };
                (go_on..active, go_on..active)
            } else {
                let patch_len = self.network.patch_len();
                let rows = packing.rows(start / patch_len..time.end.div_ceil(patch_len));
                (0..rows.len(), rows)
            };
            let packed = if piece < seq_len {
                work.piece.batch.set_chunk(whole, time);
                work.piece.targets.set_slice(targets, of_targets, self.network.output_size());
                work.state.truncate(active);
                &work.piece
            } else {
                &work.whole
            };
            work.engine.load(&progress.parameters);
            work.engine.forward(&packed.batch, &mut work.state, Mode::Train(&mut masks));
            if outputs.is_empty() {
                continue;
            }
            let Workspace { engine, gradient, doutput, .. } = work;
            let total = self.update(packed, outputs, progress, engine, gradient, doutput)?;
            sum.sum += total.sum;
            sum.weight += total.weight;
        }
        progress.epoch_loss.0 += sum.sum;
        progress.epoch_loss.1 += sum.weight;
        Ok(sum.mean())
    }

    /// Loss, gradient and update for a batch, or a piece of one, that has just run forward.
    fn update(
        &self,
        packed: &Packed<T>,
        outputs: Range<usize>,
        progress: &mut Progress<T>,
        engine: &mut T::Engine,
        gradient: &mut [T],
        doutput: &mut Vec<T>,
    ) -> Result<Total<f64>, Error> {
        let output_size = self.network.output_size();
        let values = outputs.start * output_size..outputs.end * output_size;
        doutput.clear();
        doutput.resize(engine.output().len(), T::default());
        let total = self.config.loss.gradient(
            &engine.output()[values.clone()],
            output_size,
            &packed.targets,
            &mut doutput[values],
        );
        let total = Total { sum: total.sum.to_f64(), weight: total.weight.to_f64() };
        self.check_finite("loss", total.mean(), progress)?;

        gradient.fill(T::default());
        engine.backward(&packed.batch, doutput, Gradients { parameters: gradient, state: None, input: None });
        let norm = match self.config.clip {
            Some(max_norm) => clip_grad_norm(gradient, max_norm),
            None => grad_norm(gradient),
        };
        self.check_finite("gradient norm", norm, progress)?;
        progress.grad_norm = Some(norm);
        let rate = self.rate(progress, progress.batch);
        progress.optimiser.update(&mut progress.parameters, gradient, rate);
        Ok(total)
    }

    fn check_finite(
        &self,
        quantity: &'static str,
        value: f64,
        progress: &Progress<T>,
    ) -> Result<(), Diverged> {
        if value.is_finite() {
            return Ok(());
        }
        // At the end of an epoch it is its last batch that did it.
        let batch = progress.batch.min(self.batches_per_epoch() - 1);
        Err(Diverged {
            quantity,
            value,
            epoch: progress.epoch,
            batch,
            grad_norm: progress.grad_norm,
            learning_rate: self.rate(progress, batch),
            clip: self.config.clip,
        })
    }

    fn validation_loss(&self, progress: &Progress<T>, work: &mut Workspace<T>) -> Result<Option<f64>, Error> {
        let mut sum = Total::<f64>::default();
        work.engine.load(&progress.parameters);
        for examples in self.validation.chunks(EVALUATION_BATCH) {
            let Workspace { engine, whole, state, .. } = work;
            self.pack(examples.len(), |n| &examples[n], whole);
            state.reset(examples.len());
            let output = engine.forward(&whole.batch, state, Mode::Predict);
            let total = self.config.loss.total(output, self.network.output_size(), &whole.targets);
            sum.sum += total.sum.to_f64();
            sum.weight += total.weight.to_f64();
        }
        if self.validation.is_empty() {
            return Ok(None);
        }
        self.check_finite("validation loss", sum.mean(), progress)?;
        Ok(Some(sum.mean()))
    }

    fn pack<'e>(&self, count: usize, example: impl Fn(usize) -> &'e Example<T>, packed: &mut Packed<T>) {
        let Packed { batch, output, targets } = packed;
        batch.set(count, |n| &example(n).x, self.network.input_size());
        self.network.set_output_packing(batch.packing(), output);
        pack_targets(example, output, self.network.output_size(), targets);
    }
}
