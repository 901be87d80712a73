//! Where a training run stands: all that it needs to go on.

use std::fmt;

use super::Members;
use super::checkpoint::{Content, Identity, saved};
use crate::average::Average;
use crate::container::TensorBytes;
use crate::float::{Float, Parameters};
use crate::learner::{Learner, Pieces, Walk};
use crate::loss::Total;
use crate::schedule::Schedule;
use crate::sequence::Packed;

/// The whole state of a training run in one number type. With the same data, network and configuration, what
/// follows depends on nothing else, to the bit: the random numbers are drawn from the seed and the position.
#[derive(Debug)]
pub struct TrainState<T: Float> {
    pub(super) epoch: u64,
    pub(super) batch: u64,
    /// Where the batch under way stands, if it is learned in pieces of time and some of them are done.
    pub(super) walk: Option<Walk>,
    /// The sequences in the order of this epoch; empty until that is drawn.
    pub(super) order: Vec<usize>,
    pub(super) learner: Learner<T>,
    pub(super) schedule: Schedule,
    /// Of the parameters, where they are averaged.
    pub(super) average: Average<T>,
    pub(super) best: Option<Best<T>>,
    /// The losses of this epoch's batches.
    pub(super) epoch_loss: Total<f64>,
    /// The batch under way, in memory that the next one reuses.
    pub(super) packed: Packed<T>,
}

/// The parameters to be kept: with validation data those of the lowest validation loss, without
/// those at the end of the latest epoch. Where parameters are averaged it is their average.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Best<T> {
    pub(super) at: BestEpoch,
    pub(super) parameters: Vec<T>,
}

/// The epoch whose parameters are to be kept.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BestEpoch {
    /// The epoch at whose end they stood, from 0.
    pub epoch: u64,
    /// Their validation loss, or without validation data that epoch's training loss.
    pub loss: f64,
}

impl<T: Float> TrainState<T> {
    /// Where the run stands, whatever its number type.
    pub fn progress(&self) -> Progress<'_> {
        Progress(self)
    }

    /// The parameters as they are now.
    pub fn parameters(&self) -> &[T] {
        self.learner.parameters()
    }

    /// The average of the parameters up to now; where there is none, the parameters.
    pub fn averaged(&self) -> &[T] {
        self.average.parameters().unwrap_or(self.learner.parameters())
    }

    /// The parameters to be kept: the best so far, or the present ones before the first epoch ends; averaged, where
    /// they are.
    pub fn kept(&self) -> &[T] {
        self.best.as_ref().map_or(self.averaged(), |best| &best.parameters)
    }

    /// Goes on to the next epoch.
    pub(super) fn begin_epoch(&mut self) {
        (self.epoch, self.batch) = (self.epoch + 1, 0);
        self.order.clear();
        self.epoch_loss = Total::default();
    }

    /// Has the average, if there is one, change places with the parameters.
    pub(super) fn swap_average(&mut self) {
        self.average.swap_into(&mut self.learner);
    }

    /// The learner as it is now.
    pub fn learner(&self) -> &Learner<T> {
        &self.learner
    }

    /// The schedule with its memory.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }
}

/// Where a training run stands, whatever its number type. Of the runs of an ensemble, where those stand together.
#[derive(Clone, Copy)]
pub struct Progress<'a>(&'a dyn Standing);

impl<'a> Progress<'a> {
    /// That of several runs.
    pub(super) fn of<T: Float>(members: &'a Members<T>) -> Self {
        Progress(members)
    }

    /// The epoch under way, from 0; the number of epochs when the run is over.
    pub fn epoch(&self) -> u64 {
        self.0.epoch()
    }

    /// The batches of that epoch that are done.
    pub fn batch(&self) -> u64 {
        self.0.batch()
    }

    /// The share of the batch under way that is done, from 0 to below 1: of its timesteps, where it is learned in pieces
    /// of time.
    pub fn share(&self) -> f64 {
        self.0.share()
    }

    /// The gradient's norm, before clipping, of the latest update; none before the first. The largest of several
    /// runs.
    pub fn grad_norm(&self) -> Option<f64> {
        self.0.grad_norm()
    }

    /// The epoch whose parameters are to be kept, once there is one. Of several runs the latest such epoch, and the
    /// mean of their losses.
    pub fn best(&self) -> Option<BestEpoch> {
        self.0.best()
    }

    /// A copy of the parameters as they are now; of several runs those of the first.
    pub fn parameters(&self) -> Parameters {
        self.0.parameters()
    }

    /// A copy of the parameters to be kept: the best so far, or the present ones before the first epoch ends; of
    /// several runs those of the first.
    pub fn kept(&self) -> Parameters {
        self.0.kept()
    }

    /// All that a checkpoint holds of it.
    pub(super) fn saved(&self, identity: Identity) -> (Content, Vec<TensorBytes>) {
        self.0.saved(identity)
    }
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("epoch", &self.epoch())
            .field("batch", &self.batch())
            .field("share", &self.share())
            .field("grad_norm", &self.grad_norm())
            .field("best", &self.best())
            .finish_non_exhaustive()
    }
}

/// [`TrainState`] without its number type.
trait Standing {
    fn epoch(&self) -> u64;
    fn batch(&self) -> u64;
    fn share(&self) -> f64;
    fn grad_norm(&self) -> Option<f64>;
    fn best(&self) -> Option<BestEpoch>;
    fn parameters(&self) -> Parameters;
    fn kept(&self) -> Parameters;
    fn saved(&self, identity: Identity) -> (Content, Vec<TensorBytes>);
}

impl<T: Float> Standing for TrainState<T> {
    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn batch(&self) -> u64 {
        self.batch
    }

    fn share(&self) -> f64 {
        self.walk.as_ref().map_or(0.0, |walk| walk.time as f64 / self.packed.seq_len() as f64)
    }

    fn grad_norm(&self) -> Option<f64> {
        self.learner.grad_norm()
    }

    fn best(&self) -> Option<BestEpoch> {
        self.best.as_ref().map(|best| best.at)
    }

    fn parameters(&self) -> Parameters {
        T::parameters(self.learner.parameters().to_vec())
    }

    fn kept(&self) -> Parameters {
        T::parameters(TrainState::kept(self).to_vec())
    }

    fn saved(&self, identity: Identity) -> (Content, Vec<TensorBytes>) {
        saved(std::slice::from_ref(self), identity)
    }
}

impl<T: Float> Standing for Members<T> {
    fn epoch(&self) -> u64 {
        furthest(self).epoch
    }

    fn batch(&self) -> u64 {
        furthest(self).batch
    }

    fn share(&self) -> f64 {
        furthest(self).share()
    }

    fn grad_norm(&self) -> Option<f64> {
        self.states().iter().filter_map(|state| state.learner.grad_norm()).reduce(f64::max)
    }

    fn best(&self) -> Option<BestEpoch> {
        let each = self.states().iter().filter_map(|state| state.best.as_ref().map(|best| best.at));
        let count = each.clone().count() as f64;
        let together =
            each.reduce(|a, b| BestEpoch { epoch: a.epoch.max(b.epoch), loss: a.loss + b.loss })?;
        Some(BestEpoch { loss: together.loss / count, ..together })
    }

    fn parameters(&self) -> Parameters {
        Standing::parameters(&self.states()[0])
    }

    fn kept(&self) -> Parameters {
        Standing::kept(&self.states()[0])
    }

    fn saved(&self, identity: Identity) -> (Content, Vec<TensorBytes>) {
        saved(self.states(), identity)
    }
}

/// The first of the members that have not ended early, or have done so last.
fn furthest<T: Float>(members: &Members<T>) -> &TrainState<T> {
    let states = members.states();
    let place =
        |state: &TrainState<T>| (state.epoch, state.batch, state.walk.as_ref().map_or(0, |walk| walk.time));
    let ahead = |a: &TrainState<T>, b: &TrainState<T>| place(a) > place(b);
    states[1..].iter().fold(&states[0], |first, state| if ahead(state, first) { state } else { first })
}
