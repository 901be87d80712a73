//! Checkpoints: a training run on disk, written as it goes and picked up where it was left.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Best, Control, Event, Observer, Progress};
use crate::container::{self, Format, TensorBytes};
use crate::error::{Error, ModelError};
use crate::file;
use crate::float::Float;
use crate::optimiser::{Optimiser, OptimiserConfig};
use crate::schedule::Schedule;
use crate::sequence::Example;

/// Where, when and with what a run is saved.
#[derive(Debug)]
pub struct Checkpointer {
    path: PathBuf,
    every_epochs: Option<u64>,
    every: Option<Duration>,
    identity: Identity,
    latest: Instant,
}

/// What two runs must have in common for one to go on with the other's checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// The options that decide the run, by name.
    pub options: Value,
    /// [`fingerprint`] of the data.
    pub data: u32,
}

/// The CRC-32 of all sequences, values and targets, as `f64`.
pub fn fingerprint(examples: &[Example<f64>]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for example in examples {
        example.x.iter().for_each(|value| hasher.update(&value.to_le_bytes()));
        hasher.update(format!("{:?}", example.targets).as_bytes());
    }
    hasher.finalize()
}

/// The content of a checkpoint, beside its vectors.
#[derive(Serialize, Deserialize)]
struct Content {
    identity: Identity,
    epoch: u64,
    batch: u64,
    optimiser: OptimiserConfig,
    updates: u64,
    schedule: Schedule,
    best: Option<(u64, f64)>,
    epoch_loss: (f64, f64),
    grad_norm: Option<f64>,
}

const PARAMETERS: &str = "parameters";
const FIRST: &str = "optimiser.first";
const SECOND: &str = "optimiser.second";
const BEST: &str = "best.parameters";

impl Checkpointer {
    /// Writes to `path` after every so many epochs, and after the first batch that ends so long
    /// after the latest checkpoint.
    pub fn new(
        path: PathBuf,
        every_epochs: Option<u64>,
        every: Option<Duration>,
        identity: Identity,
    ) -> Self {
        Checkpointer { path, every_epochs, every, identity, latest: Instant::now() }
    }

    /// Saves the run as it stands.
    ///
    /// # Errors
    /// If the file cannot be written; the one before it is then still there.
    pub fn save<T: Float>(&mut self, progress: &Progress<T>) -> Result<(), Error> {
        let content = Content {
            identity: self.identity.clone(),
            epoch: progress.epoch,
            batch: progress.batch,
            optimiser: progress.optimiser.config(),
            updates: progress.optimiser.updates,
            schedule: progress.schedule.clone(),
            best: progress.best.as_ref().map(|best| (best.epoch, best.loss)),
            epoch_loss: progress.epoch_loss,
            grad_norm: progress.grad_norm,
        };
        let vector = |name, values: &[T]| TensorBytes::new(name, &[values.len()], values);
        let mut vectors = vec![
            vector(PARAMETERS, &progress.parameters),
            vector(FIRST, &progress.optimiser.first),
            vector(SECOND, &progress.optimiser.second),
        ];
        vectors.extend(progress.best.as_ref().map(|best| vector(BEST, &best.parameters)));
        file::write(&self.path, &container::write(Format::Checkpoint, &content, vectors)?)?;
        self.latest = Instant::now();
        Ok(())
    }

    /// The run that was saved, or `None` if there is no checkpoint. `len` is the number of
    /// parameters.
    ///
    /// # Errors
    /// If the file cannot be read, is no checkpoint, or belongs to a run with other options or data:
    /// the message names the first that differs.
    pub fn load<T: Float>(&self, len: usize) -> Result<Option<Progress<T>>, Error> {
        if !self.path.exists() {
            return Ok(None);
        }
        let name = self.path.display().to_string();
        let bytes = file::read(&self.path)?;
        let contents = container::read::<Content>(&name, &bytes, Format::Checkpoint)?;
        let content = &contents.content;
        self.compare(&name, &content.identity)?;
        let vector = |tensor: &str, len: usize| {
            let mut values = Vec::new();
            contents.append(tensor, &[len], &mut values).map(|()| values)
        };
        let mut optimiser = Optimiser::<T>::new(content.optimiser, len);
        optimiser.updates = content.updates;
        optimiser.first = vector(FIRST, optimiser.first.len())?;
        optimiser.second = vector(SECOND, optimiser.second.len())?;
        let best = match content.best {
            Some((epoch, loss)) => Some(Best { epoch, loss, parameters: vector(BEST, len)? }),
            None => None,
        };
        Ok(Some(Progress {
            epoch: content.epoch,
            batch: content.batch,
            parameters: vector(PARAMETERS, len)?,
            optimiser,
            schedule: content.schedule.clone(),
            best,
            epoch_loss: content.epoch_loss,
            grad_norm: content.grad_norm,
        }))
    }

    fn compare(&self, name: &str, saved: &Identity) -> Result<(), ModelError> {
        let other = |what: String| ModelError::OtherRun { name: name.to_owned(), what };
        if let (Value::Object(now), Value::Object(then)) = (&self.identity.options, &saved.options) {
            let names = now.keys().chain(then.keys());
            for option in names {
                let (now, then) = (now.get(option), then.get(option));
                if now != then {
                    let show = |value: Option<&Value>| value.map_or("not set".into(), Value::to_string);
                    return Err(other(format!("its {option} is {}, not {}", show(then), show(now))));
                }
            }
        }
        if self.identity != *saved {
            return Err(other("its data are not the same".into()));
        }
        Ok(())
    }
}

impl<T: Float> Observer<T> for Checkpointer {
    fn observe(&mut self, event: &Event<'_, T>) -> Result<Control, Error> {
        let (progress, due) = match event {
            Event::Batch { progress, .. } => {
                (progress, self.every.is_some_and(|every| self.latest.elapsed() >= every))
            }
            Event::Epoch { progress, .. } => {
                (progress, self.every_epochs.is_some_and(|every| progress.epoch.is_multiple_of(every)))
            }
        };
        if due {
            self.save(progress)?;
        }
        Ok(Control::Continue)
    }
}
