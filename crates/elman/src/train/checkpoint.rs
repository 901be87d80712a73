//! Checkpoints: a training run on disk, written as it goes and picked up where it was left.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::progress::Best;
use super::{BestEpoch, Control, Event, Observer, ObserverError, Progress, TrainState, Trainer};
use crate::average::Average;
use crate::container::{self, FORMAT_VERSION, Format, LEAST_VERSION, TensorBytes, Tensors};
use crate::error::{Error, ModelError};
use crate::file;
use crate::float::Float;
use crate::learner::{Gathered, Pieces, Walk};
use crate::loss::Total;
use crate::optimiser::{Optimiser, OptimiserConfig};
use crate::schedule::Schedule;
use crate::sequence::Sequences;

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
    /// What decides the run, by dotted name: `train.learning_rate`.
    options: BTreeMap<String, Value>,
    /// [`fingerprint`] of the data.
    data: u32,
}

impl Identity {
    /// That of a run with these options, any values that serialise, on these data.
    ///
    /// # Errors
    /// If an option cannot be written as JSON.
    pub fn new(options: &impl Serialize, data: u32) -> Result<Self, ModelError> {
        let options = serde_json::to_value(options)
            .map_err(|error| ModelError::Unwritable { reason: error.to_string() })?;
        let mut identity = Identity { options: BTreeMap::new(), data };
        identity.flatten(String::new(), options);
        Ok(identity)
    }

    fn flatten(&mut self, name: String, value: Value) {
        match value {
            Value::Object(fields) => {
                for (field, value) in fields {
                    let name = if name.is_empty() { field } else { format!("{name}.{field}") };
                    self.flatten(name, value);
                }
            }
            value => {
                self.options.insert(name, value);
            }
        }
    }

    /// That of the run whose checkpoint is there; `None` if there is none.
    ///
    /// # Errors
    /// If the file cannot be read, or is no checkpoint.
    pub fn of_checkpoint(path: &Path) -> Result<Option<Self>, Error> {
        if !path.exists() {
            return Ok(None);
        }
        let bytes = file::read(path)?;
        let (content, _) = container::read::<Content>(&path.display().to_string(), &bytes)?;
        Ok(Some(content.identity))
    }

    /// The learning rate of a run of [`Recipe`](crate::recipe::Recipe)s, if it is one.
    pub fn learning_rate(&self) -> Option<f64> {
        self.options.iter().find(|(name, _)| name.ends_with("train.learning_rate"))?.1.as_f64()
    }

    /// Are these the data of the run, by their [`fingerprint`]?
    pub fn is_of_data(&self, data: u32) -> bool {
        self.data == data
    }

    /// In how many options another run differs from this one; the data count as one.
    pub fn count_differences(&self, other: &Identity) -> usize {
        self.differences(other).count()
    }

    /// The things in which another run differs from this one.
    fn differences<'a>(&'a self, other: &'a Identity) -> impl Iterator<Item = Difference<'a>> {
        let names: BTreeSet<&String> = self.options.keys().chain(other.options.keys()).collect();
        let options = names.into_iter().map(|name| (name, self.options.get(name), other.options.get(name)));
        let options = options.filter(|(_, now, then)| now != then);
        let data = (self.data != other.data).then_some(Difference::Data);
        options.map(|(name, now, then)| Difference::Option { name, now, then }).chain(data)
    }
}

/// Something in which two runs differ.
enum Difference<'a> {
    Option { name: &'a str, now: Option<&'a Value>, then: Option<&'a Value> },
    Data,
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference::Option { name, now, then } = self else {
            return f.write_str("its data are not the same");
        };
        // A rule with constants of its own is named as a whole, else the option by its own name: `epochs`, not
        // `recipe.train.epochs`.
        let mut parts = name.split('.');
        if let Some(rule) =
            parts.clone().find(|part| ["optimiser", "schedule", "loss", "average"].contains(part))
        {
            return write!(f, "its {rule} is not the same");
        }
        let name = parts.next_back().unwrap_or(name).replace('_', "-");
        let show = |value: &Option<&Value>| match value {
            None | Some(Value::Null) => "not given".into(),
            Some(value) => value.to_string(),
        };
        write!(f, "its {name} is {}, not {}", show(then), show(now))
    }
}

/// The CRC-32 of the sequences of these parts, values and targets, as `f64`; of those that are read where they stand, of what
/// they are read from.
pub fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a Sequences>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in parts {
        for example in part.held() {
            example.x.iter().for_each(|value| hasher.update(&value.to_le_bytes()));
            hasher.update(format!("{:?}", example.targets).as_bytes());
        }
        part.source_fingerprint().iter().for_each(|source| hasher.update(&source.to_le_bytes()));
    }
    hasher.finalize()
}

/// The content of a checkpoint, beside its vectors.
#[derive(Serialize, Deserialize)]
pub(super) struct Content {
    identity: Identity,
    #[serde(flatten)]
    first: Position,
    /// Of an ensemble, the members after the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    others: Vec<Position>,
}

/// Where a run stands, beside its vectors.
#[derive(Serialize, Deserialize)]
struct Position {
    epoch: u64,
    batch: u64,
    /// In the midst of a batch: with which timestep its next piece begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<usize>,
    /// And how many random words its dropout masks have taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    masks: Option<u64>,
    /// The learning rate of the latest update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate: Option<f64>,
    optimiser: OptimiserConfig,
    updates: u64,
    schedule: Schedule,
    /// In the midst of the batches that make an update: how many there were, and the weight of their losses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gathered: Option<(usize, f64)>,
    /// How many parameters went into their average, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    averaged: Option<u64>,
    best: Option<(u64, f64)>,
    /// Sum and weight.
    epoch_loss: (f64, f64),
    grad_norm: Option<f64>,
}

/// The same in all versions, but that those before the third have no ensembles and stand between batches.
impl container::Content for Content {
    const FORMAT: Format = Format::Checkpoint;

    fn parse(_: u32, json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }
}

const PARAMETERS: &str = "parameters";
const FIRST: &str = "optimiser.first";
const SECOND: &str = "optimiser.second";
const GRADIENT: &str = "gradient";
const AVERAGE: &str = "average.parameters";
const BEST: &str = "best.parameters";
/// The carried states, by their number.
const STATE: &str = "state.";

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
    pub fn save(&mut self, progress: Progress<'_>) -> Result<(), Error> {
        // Where it fails, the next attempt is due as if it had not: a full disk shall not slow down every batch.
        self.latest = Instant::now();
        let (content, vectors) = progress.saved(self.identity.clone());
        let mut positions = std::iter::once(&content.first).chain(&content.others);
        let needs_version_3 = !content.others.is_empty() || positions.any(Position::needs_version_3);
        let version = if needs_version_3 { FORMAT_VERSION } else { LEAST_VERSION };
        file::write(&self.path, &container::write(Format::Checkpoint, version, &content, vectors)?)?;
        self.latest = Instant::now();
        Ok(())
    }

    /// Brings runs that have just been started to where the saved ones were; `false` if there is no checkpoint.
    ///
    /// # Errors
    /// If the file cannot be read, is no checkpoint, or belongs to a run with other options or data:
    /// the message names the first that differs.
    pub(super) fn load<T: Float>(
        &self,
        states: &mut [TrainState<T>],
        trainers: &[Trainer<'_, T>],
    ) -> Result<bool, Error> {
        if !self.path.exists() {
            return Ok(false);
        }
        let name = self.path.display().to_string();
        let bytes = file::read(&self.path)?;
        let (content, tensors) = container::read::<Content>(&name, &bytes)?;
        if let Some(difference) = self.identity.differences(&content.identity).next() {
            return Err(ModelError::OtherRun { name: name.clone(), what: difference.to_string() }.into());
        }
        let count = content.others.len() + 1;
        if count != states.len() {
            let reason = format!("it holds an ensemble of {count}, but its run has one of {}", states.len());
            return Err(ModelError::Corrupt { name: name.clone(), reason }.into());
        }
        let positions = std::iter::once(&content.first).chain(&content.others);
        for (n, (position, (state, trainer))) in positions.zip(states.iter_mut().zip(trainers)).enumerate() {
            position.restore(state, &tensors, &prefix(n, count), trainer)?;
        }
        Ok(true)
    }
}

impl Position {
    /// Does it stand where programs of before format version 3 never did?
    fn needs_version_3(&self) -> bool {
        self.time.is_some() || self.averaged.is_some() || self.gathered.is_some()
    }

    fn of<T: Float>(state: &TrainState<T>) -> Self {
        let optimiser = state.learner.optimiser();
        Position {
            epoch: state.epoch,
            batch: state.batch,
            time: state.walk.as_ref().map(|walk| walk.time),
            masks: state.walk.as_ref().map(|walk| walk.masks.position()),
            rate: Some(state.learner.config().learning_rate),
            optimiser: optimiser.config(),
            updates: optimiser.updates(),
            schedule: state.schedule.clone(),
            gathered: gathered(state).map(|(Gathered { batches, weight }, _)| (batches, weight)),
            averaged: Some(state.average.count()).filter(|&count| count > 0),
            best: state.best.as_ref().map(|best| (best.at.epoch, best.at.loss)),
            epoch_loss: (state.epoch_loss.sum, state.epoch_loss.weight),
            grad_norm: state.learner.grad_norm(),
        }
    }

    /// Brings a run here; the names of its vectors begin with `prefix`.
    fn restore<T: Float>(
        &self,
        state: &mut TrainState<T>,
        tensors: &Tensors<'_>,
        prefix: &str,
        trainer: &Trainer<'_, T>,
    ) -> Result<(), ModelError> {
        let batches_per_epoch = trainer.batches_per_epoch();
        if self.batch > batches_per_epoch || self.epoch > u64::from(u32::MAX) {
            return Err(tensors.corrupt("it stands beyond its run's end"));
        }
        let vector = |tensor: &str, len: usize| {
            let mut values = Vec::new();
            tensors.append(&format!("{prefix}{tensor}"), &[len], &mut values).map(|()| values)
        };
        let len = state.parameters().len();
        let optimiser = Optimiser::<T>::new(self.optimiser, len);
        let [first, second] = optimiser.memory().map(<[T]>::len);
        let memory = [vector(FIRST, first)?, vector(SECOND, second)?];
        let optimiser = optimiser.resumed(self.updates, memory);
        let best = match self.best {
            Some((epoch, loss)) => {
                Some(Best { at: BestEpoch { epoch, loss }, parameters: vector(BEST, len)? })
            }
            None => None,
        };
        state.average = match self.averaged {
            Some(count) => Average::resumed(count, vector(AVERAGE, len)?),
            None => Average::default(),
        };
        let parameters = vector(PARAMETERS, len)?;
        let steps = self.epoch.saturating_mul(batches_per_epoch).saturating_add(self.batch);
        state.learner.restore(parameters, optimiser, steps, self.grad_norm);
        if let Some((batches, weight)) = self.gathered {
            state.learner.restore_gathered(Gathered { batches, weight }, vector(GRADIENT, len)?);
        }
        (state.epoch, state.batch) = (self.epoch, self.batch);
        state.order.clear();
        let (sum, weight) = self.epoch_loss;
        (state.best, state.epoch_loss) = (best, Total { sum, weight });
        state.schedule = self.schedule.clone();
        if let Some(rate) = self.rate {
            state.learner.set_learning_rate(rate);
        }
        match self.time {
            Some(time) => self.restore_walk(time, state, tensors, prefix, trainer),
            None => Ok(()),
        }
    }

    /// Brings a run to this timestep of the batch under way.
    fn restore_walk<T: Float>(
        &self,
        time: usize,
        state: &mut TrainState<T>,
        tensors: &Tensors<'_>,
        prefix: &str,
        trainer: &Trainer<'_, T>,
    ) -> Result<(), ModelError> {
        let beyond = || tensors.corrupt("it stands beyond its batch's end");
        if trainer.is_at_end_of_epoch(state) {
            return Err(beyond());
        }
        trainer.pack(state);
        let seq_len = state.packed.seq_len();
        let (burn_in, truncate) = (trainer.config().burn_in, trainer.config().truncate);
        let starts_a_piece = |len: usize| time > burn_in && (time - burn_in).is_multiple_of(len);
        if time >= seq_len || !truncate.is_some_and(starts_a_piece) {
            return Err(beyond());
        }
        let carried = state.learner.resume_step(state.packed.batch_size());
        carried.truncate(state.packed.active(time));
        for block in 0..carried.num_blocks() {
            let (mut values, len) = (Vec::new(), carried.block(block).len());
            tensors.append(&format!("{prefix}{STATE}{block}"), &[len], &mut values)?;
            carried.block_mut(block).copy_from_slice(&values);
        }
        let mut masks = state.learner.masks_of_step();
        masks.go_to(self.masks.unwrap_or_default());
        state.walk = Some(Walk { time, masks });
        Ok(())
    }
}

/// What a run's next update will be made of, if there is anything yet.
fn gathered<T: Float>(state: &TrainState<T>) -> Option<(Gathered, &[T])> {
    Some(state.learner.gathered()).filter(|(gathered, _)| gathered.batches > 0)
}

/// What the names of a run's vectors begin with: nothing, where it is the only one.
fn prefix(n: usize, count: usize) -> String {
    if count == 1 { String::new() } else { format!("member{n}.") }
}

/// All that a checkpoint of these runs holds; there is at least one.
pub(super) fn saved<T: Float>(states: &[TrainState<T>], identity: Identity) -> (Content, Vec<TensorBytes>) {
    let mut vectors = Vec::new();
    for (n, state) in states.iter().enumerate() {
        let prefix = prefix(n, states.len());
        let mut push = |name: &str, values: &[T]| {
            vectors.push(TensorBytes::new(format!("{prefix}{name}"), &[values.len()], values));
        };
        let optimiser = state.learner.optimiser();
        push(PARAMETERS, state.parameters());
        let [first, second] = optimiser.memory();
        push(FIRST, first);
        push(SECOND, second);
        if let Some((_, gradient)) = gathered(state) {
            push(GRADIENT, gradient);
        }
        if let Some(average) = state.average.parameters() {
            push(AVERAGE, average);
        }
        if let Some(best) = &state.best {
            push(BEST, &best.parameters);
        }
        if let Some(walk) = &state.walk {
            // Those of sequences that have ended are of no more use.
            let mut carried = state.learner.state().clone();
            carried.truncate(state.packed.active(walk.time));
            (0..carried.num_blocks()).for_each(|n| push(&format!("{STATE}{n}"), carried.block(n)));
        }
    }
    let others = states[1..].iter().map(Position::of).collect();
    (Content { identity, first: Position::of(&states[0]), others }, vectors)
}

impl Observer for Checkpointer {
    fn observe(&mut self, event: &Event<'_>) -> Result<Control, ObserverError> {
        let due = match event {
            Event::Batch { .. } => self.every.is_some_and(|every| self.latest.elapsed() >= every),
            Event::Epoch { progress, .. } => {
                self.every_epochs.is_some_and(|every| progress.epoch().is_multiple_of(every))
            }
        };
        if due {
            self.save(event.progress())?;
        }
        Ok(Control::Continue)
    }
}
