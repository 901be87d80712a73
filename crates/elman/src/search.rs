//! The choice of a recipe by cross-validation over the training sequences.
//!
//! Which network suits depends on the data: where the shapes of a few long sequences lie, whether their order matters
//! or that they occur. So several recipes are tried. The training sequences are dealt into folds, those of a group
//! ([`Prepared::train_groups`]) into one. A candidate learns from all folds but one and is measured on that, once for
//! each fold, by its mean loss. The chosen recipe is then trained on all sequences: none is kept for validation, which few
//! can spare.
//!
//! The folds of few sequences tell candidates apart only so far. So those that are as good as the best within one standard
//! error of their difference over the folds count as equal (the rule of Breiman, Friedman, Olshen & Stone, Classification
//! and Regression Trees, 1984, section 3.4.3, on paired differences), and of these the one with the longest patches is
//! chosen, which leave the fewest timesteps; of equally long ones the one of the lowest loss. Patches that leave a single
//! timestep, to which all that matters is where it stands, are chosen only where their loss is the lowest of all.
//!
//! What is chosen and from what: see [`candidates`].
//!
//! ```
//! use elman::recipe::Recipe;
//! use elman::search::{Open, candidates, choose};
//! use elman::table::Table;
//! use elman::task::{GroupedOptions, Task, TaskOptions};
//! use elman::train::Control;
//!
//! # fn main() -> Result<(), elman::error::Error> {
//! // Up or down, after which it no longer matters.
//! let row = |n: usize, t: usize| if t < 3 && n % 2 == 0 { t as f64 } else { -((n * t % 3) as f64) };
//! let rows = (0..24 * 8).map(|k| format!("{},{},{}\n", k / 8, row(k / 8, k % 8), k / 8 % 2));
//! let table = Table::read("t.csv", format!("id,level,target\n{}", rows.collect::<String>()).as_bytes())?;
//! let options = GroupedOptions::default().with_validation(0.0);
//! let prepared = Task::prepare(&table, &TaskOptions::Classify(options))?;
//! let mut recipe = Recipe::for_task(&prepared.task);
//! recipe.train.epochs = 2;
//!
//! let candidates = candidates(&recipe, Open::default(), &prepared);
//! assert_eq!(candidates.len(), 4); // three poolings, too short to be cut; and all at once
//! let choice = choose(&prepared, &candidates, &mut |_| Control::Continue)?.expect("nobody says stop");
//! assert_eq!(choice.tried.iter().map(|tried| tried.losses.len()).collect::<Vec<_>>(), [5; 4]);
//! let model = choice.recipe().train(&prepared, &table)?;
//! # Ok(())
//! # }
//! ```

mod candidates;
mod folds;

pub use candidates::{Open, candidates};

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use folds::Folds;

use crate::error::Error;
use crate::float::{Dtype, Float};
use crate::loss::Total;
use crate::recipe::Recipe;
use crate::task::Prepared;
use crate::threads;
use crate::train::{Control, Event, Trainer};

/// How long a search goes on before it asks again whether it shall stop.
const TICK: Duration = Duration::from_millis(50);

/// A recipe and how it did.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Tried {
    /// The recipe.
    pub recipe: Recipe,
    /// The mean loss over all sequences that were left out in turn; infinite if a run diverged.
    pub loss: f64,
    /// The mean loss on each fold.
    pub losses: Vec<f64>,
}

impl Tried {
    fn of(recipe: &Recipe, totals: &[Total<f64>]) -> Self {
        let mut sum = Total::<f64>::default();
        totals.iter().for_each(|&total| sum += total);
        let losses = totals.iter().map(|total| total.mean()).collect();
        Tried { recipe: recipe.clone(), loss: sum.mean(), losses }
    }
}

/// How far a search has come.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The candidates that have been tried so far, in their order.
    pub tried: &'a [Tried],
    /// The candidate that is being tried, unless all have been.
    pub trying: Option<&'a Recipe>,
    /// How many there are.
    pub candidates: usize,
    /// The share of the work that is done.
    pub done: f64,
}

/// What came of a search.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Choice {
    /// All candidates in their order.
    pub tried: Vec<Tried>,
    /// The number of the one that is chosen.
    pub chosen: usize,
}

impl Choice {
    /// The chosen recipe.
    pub fn recipe(&self) -> &Recipe {
        &self.tried[self.chosen].recipe
    }
}

/// Tries every candidate on the training sequences and chooses one; side by side, as far as there are threads, whose
/// number changes nothing. Of more than 300 sequences, 300 are drawn. A single candidate is not tried, nor are any
/// where the sequences cannot be dealt into two folds: the first then is the choice, on no folds.
///
/// `watch` is told several times a second how far it has come; `None` if it says stop.
///
/// # Errors
/// If a candidate does not fit the task. A run that diverges is no error: it is not chosen.
///
/// # Panics
/// If there are no candidates.
pub fn choose(
    prepared: &Prepared,
    candidates: &[Recipe],
    watch: &mut dyn FnMut(Progress<'_>) -> Control,
) -> Result<Option<Choice>, Error> {
    assert!(!candidates.is_empty(), "recipes to choose from");
    let folds = Folds::deal(&prepared.train, &prepared.train_groups, candidates[0].train.seed);
    if candidates.len() == 1 || folds.count() < 2 {
        let tried = Tried { recipe: candidates[0].clone(), loss: 0.0, losses: Vec::new() };
        return Ok(Some(Choice { tried: vec![tried], chosen: 0 }));
    }
    let Some(tried) = try_all(prepared, candidates, &folds, watch)? else { return Ok(None) };
    let chosen = best(&tried, candidates::lengths(prepared).last().copied().unwrap_or(0));
    Ok(Some(Choice { tried, chosen }))
}

/// The number of the candidate to be chosen for sequences of at most so many timesteps.
fn best(tried: &[Tried], longest: usize) -> usize {
    let lowest = (1..tried.len()).fold(0, |best, n| if tried[n].loss < tried[best].loss { n } else { best });
    let is_as_good =
        |n: usize| tried[n].recipe.patch < longest.max(2) && is_as_good(&tried[n], &tried[lowest]);
    let as_good = (0..tried.len()).filter(|&n| n == lowest || is_as_good(n));
    // Of longer patches first, then of lower loss; the lowest is among them.
    as_good.fold(lowest, |best, n| {
        let (a, b) = (&tried[n], &tried[best]);
        let longer = a.recipe.patch.cmp(&b.recipe.patch);
        if longer.is_gt() || (longer.is_eq() && a.loss < b.loss) { n } else { best }
    })
}

/// Is a candidate no worse than the best by more than one standard error of the difference?
fn is_as_good(tried: &Tried, best: &Tried) -> bool {
    let differences = || tried.losses.iter().zip(&best.losses).map(|(a, b)| a - b);
    let count = differences().count() as f64;
    let mean = differences().sum::<f64>() / count;
    let variance = differences().map(|d| (d - mean).powi(2)).sum::<f64>() / (count - 1.0);
    // False where a loss is not finite.
    mean <= (variance / count).sqrt()
}

/// The loss of a candidate on one fold.
type Outcome = (usize, Result<Total<f64>, Error>);

fn try_all(
    prepared: &Prepared,
    candidates: &[Recipe],
    folds: &Folds,
    watch: &mut dyn FnMut(Progress<'_>) -> Control,
) -> Result<Option<Vec<Tried>>, Error> {
    // A candidate's folds follow each other, so that it is known soon.
    let jobs = candidates.len() * folds.count();
    let workers = threads::count().min(NonZeroUsize::new(jobs).unwrap_or(NonZeroUsize::MIN));
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers.get() {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            scope.spawn(move || {
                threads::shared(workers.get(), || work(prepared, candidates, folds, next, stop, &sender));
            });
        }
        drop(sender);
        // Whatever ends this, an error as well, ends the workers.
        let _stop = StopAtEnd(&stop);
        let mut totals = vec![None; jobs];
        let mut tried = Vec::new();
        loop {
            match receiver.recv_timeout(TICK) {
                Ok((job, total)) => totals[job] = Some(told(total)?),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while let Some(totals) = totals.chunks(folds.count()).nth(tried.len())
                && let Some(totals) = totals.iter().copied().collect::<Option<Vec<_>>>()
            {
                tried.push(Tried::of(&candidates[tried.len()], &totals));
            }
            let progress = Progress {
                tried: &tried,
                trying: candidates.get(tried.len()),
                candidates: candidates.len(),
                done: totals.iter().flatten().count() as f64 / jobs as f64,
            };
            if watch(progress) == Control::Stop {
                return Ok(None);
            }
        }
        Ok(Some(tried))
    })
}

struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A worker's life: one candidate on one fold after the other, until none is left.
fn work(
    prepared: &Prepared,
    candidates: &[Recipe],
    folds: &Folds,
    next: &AtomicUsize,
    stop: &AtomicBool,
    outcomes: &Sender<Outcome>,
) {
    loop {
        let job = next.fetch_add(1, Ordering::Relaxed);
        let Some(recipe) = candidates.get(job / folds.count()) else { return };
        let fold = job % folds.count();
        let total = match recipe.dtype {
            Dtype::F32 => held_out_loss::<f32>(prepared, recipe, folds, fold, stop),
            Dtype::F64 => held_out_loss::<f64>(prepared, recipe, folds, fold, stop),
        };
        // Who no longer listens has been told to stop.
        if stop.load(Ordering::Relaxed) || outcomes.send((job, total)).is_err() {
            return;
        }
    }
}

/// Learns from the other folds, and gives the loss on this one.
fn held_out_loss<T: Float>(
    prepared: &Prepared,
    recipe: &Recipe,
    folds: &Folds,
    fold: usize,
    stop: &AtomicBool,
) -> Result<Total<f64>, Error> {
    let network = recipe.network(&prepared.task)?;
    let pick = |sequences: Vec<usize>| prepared.train.select(sequences).convert::<T>();
    let (train, held_out) = (pick(folds.others(fold)), pick(folds.of(fold)));
    let trainer = Trainer::new(&network, recipe.train.clone().with_patience(None), &train, &[])?;
    let mut state = trainer.start(recipe.init.draw(&network, recipe.train.seed)?)?;
    let mut watch = |_: &Event<'_>| match stop.load(Ordering::Relaxed) {
        true => Control::Stop,
        false => Control::Continue,
    };
    trainer.run(&mut state, &mut [&mut watch])?;
    trainer.total(&mut state, &held_out)
}

/// A run's loss; infinite if it diverged.
fn told(total: Result<Total<f64>, Error>) -> Result<Total<f64>, Error> {
    match total {
        Ok(total) if total.mean().is_finite() => Ok(total),
        Ok(_) | Err(Error::Diverged(_)) => Ok(Total { sum: f64::INFINITY, weight: 1.0 }),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(patch: usize, losses: &[f64]) -> Tried {
        let totals: Vec<_> = losses.iter().map(|&loss| Total { sum: 2.0 * loss, weight: 2.0 }).collect();
        Tried::of(&Recipe::default().with_patch(patch), &totals)
    }

    #[test]
    fn what_is_as_good_within_a_standard_error_counts_as_equal() {
        // The difference of the second is 0.1 on average, of a standard error of 0.0577; of the third 0.05 and 0.0866.
        let all = [
            tried(4, &[0.3, 0.5, 0.4]),
            tried(9, &[0.4, 0.5, 0.6]),
            tried(8, &[0.5, 0.45, 0.4]),
            tried(8, &[0.6, 0.45, 0.4]),
            tried(99, &[0.1, f64::INFINITY, 0.1]),
        ];
        assert_eq!(best(&all, 100), 2);
        assert_eq!(best(&all[..2], 100), 0);
        // Of equal patches the lowest loss.
        let all = [tried(4, &[0.5, 0.5]), tried(4, &[0.4, 0.4]), tried(4, &[0.4, 0.41])];
        assert_eq!(best(&all, 100), 1);
        assert_eq!(best(&[tried(1, &[f64::INFINITY; 2]), tried(2, &[f64::INFINITY; 2])], 100), 0);
    }

    #[test]
    fn a_patch_of_the_whole_is_chosen_where_it_is_the_best() {
        let cut = tried(4, &[0.3, 0.5, 0.4]);
        assert_eq!(best(&[cut.clone(), tried(20, &[0.4, 0.5, 0.35])], 21), 1);
        assert_eq!(best(&[cut.clone(), tried(20, &[0.4, 0.5, 0.35])], 20), 0);
        assert_eq!(best(&[cut, tried(20, &[0.3, 0.45, 0.4])], 20), 1);
    }
}
