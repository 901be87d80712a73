//! The recipes that are worth trying.

use crate::network::PoolingKind;
use crate::recipe::Recipe;
use crate::task::{Prepared, TaskName};

/// Timesteps that patches leave of a sequence of median length.
const STEPS_LEFT: [usize; 2] = [10, 40];

/// The same of the shortest patches, which cost most to try.
const MOST_STEPS_LEFT: usize = 80;

/// Sequences of no more timesteps than this are not cut into patches.
const SHORT: usize = 60;

/// Values of a patch at the most.
const MAX_PATCH_VALUES: usize = 1024;

/// Up to so many training sequences, networks are cheap enough to be averaged.
const FEW_SEQUENCES: usize = 500;

/// The members of an ensemble of networks that are cheap.
const USUAL_MEMBERS: usize = 5;

/// What of a recipe may be chosen; all else stays as it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Open {
    /// [`Recipe::patch`]
    pub patch: bool,
    /// [`Recipe::bidirectional`]
    pub bidirectional: bool,
    /// [`Recipe::pooling`]
    pub pooling: bool,
    /// [`Recipe::ensemble`], which is not tried but follows from the number of sequences.
    pub ensemble: bool,
}

/// Everything.
impl Default for Open {
    fn default() -> Self {
        Open { patch: true, bidirectional: true, pooling: true, ensemble: true }
    }
}

impl Open {
    /// Is a recipe to be chosen, and what of it: what is not given of the options that a search knows. It is chosen where
    /// `search` says so; where that says nothing, for classes, unless a validation part or patience is given.
    pub fn unless_given(
        task: TaskName,
        search: Option<bool>,
        is_given: impl Fn(&'static str) -> bool,
    ) -> Option<Self> {
        let usual = task.facts().has_search && !is_given("validation") && !is_given("patience");
        search.unwrap_or(usual).then(|| Open {
            patch: !is_given("patch"),
            bidirectional: !is_given("bidirectional"),
            pooling: !is_given("pooling"),
            ensemble: !is_given("ensemble"),
        })
    }

    /// The same with the patch open to choice, or not.
    #[must_use]
    pub fn with_patch(self, patch: bool) -> Self {
        Self { patch, ..self }
    }

    /// The same with the direction open to choice, or not.
    #[must_use]
    pub fn with_bidirectional(self, bidirectional: bool) -> Self {
        Self { bidirectional, ..self }
    }

    /// The same with the pooling open to choice, or not.
    #[must_use]
    pub fn with_pooling(self, pooling: bool) -> Self {
        Self { pooling, ..self }
    }

    /// The same with the number of members open to choice, or not.
    #[must_use]
    pub fn with_ensemble(self, ensemble: bool) -> Self {
        Self { ensemble, ..self }
    }
}

/// The recipes to choose from: what is open of `base` in all combinations, as far as they make a network.
///
/// - Patches that leave some 10, 40 or 80 timesteps of a sequence of median length, of at most 1024 values; none
///   where it has no more than 60.
/// - A patch of the whole sequence, in one direction, where all have the same length: the network then sees each value at
///   its own place.
/// - Both directions.
/// - The maximum over time, the final states, the mean over time; with patches that leave 80 timesteps the maximum alone.
/// - An ensemble of five for up to 500 training sequences, of one beyond.
///
/// How many units there are is not tried: with 24 instead of the usual 64 the accuracy on seven sets of the UCR and UEA
/// archives was from 0.3 points more (JapaneseVowels) to 6 less (ArrowHead), and more units take more time than is theirs
/// to spend.
pub fn candidates(base: &Recipe, open: Open, prepared: &Prepared) -> Vec<Recipe> {
    let mut base = base.clone();
    base.bidirectional |= open.bidirectional;
    if open.ensemble {
        base.ensemble = if prepared.train.len() <= FEW_SEQUENCES { USUAL_MEMBERS } else { 1 };
    }
    let lengths = lengths(prepared);
    let (patches, finest) = if open.patch { patches(prepared, &lengths) } else { (vec![base.patch], None) };
    let poolings = match open.pooling {
        true => vec![PoolingKind::Max, PoolingKind::Last, PoolingKind::Mean],
        false => vec![base.pooling],
    };
    let combinations =
        patches.iter().flat_map(|&patch| poolings.iter().map(move |&pooling| (patch, pooling)));
    let combinations = combinations.chain(finest.map(|patch| (patch, poolings[0])));
    let all = combinations.map(|(patch, pooling)| base.clone().with_patch(patch).with_pooling(pooling));
    let is_open = open.patch && open.pooling && open.bidirectional;
    let all = all.chain(whole(prepared, &lengths).filter(|_| is_open).map(|length| {
        base.clone().with_patch(length).with_pooling(PoolingKind::Last).with_bidirectional(false)
    }));
    let fits = |recipe: &Recipe| {
        let network = recipe.network(&prepared.task);
        network.is_ok_and(|network| recipe.train.clone().with_patience(None).check(&network, false).is_ok())
    };
    all.filter(fits).collect()
}

/// The lengths of the training sequences in ascending order.
pub(super) fn lengths(prepared: &Prepared) -> Vec<usize> {
    let (train, input_size) = (&prepared.train, prepared.task.kind().input_size());
    let mut lengths: Vec<usize> = (0..train.len()).map(|n| train.length(n, input_size.max(1))).collect();
    lengths.sort_unstable();
    lengths
}

/// The length that all training sequences have, if a whole one may be a patch.
fn whole(prepared: &Prepared, lengths: &[usize]) -> Option<usize> {
    let (&shortest, &longest) = (lengths.first()?, lengths.last()?);
    let fits = longest.saturating_mul(prepared.task.kind().input_size()) <= MAX_PATCH_VALUES;
    (shortest == longest && longest > 1 && fits).then_some(longest)
}

/// Lengths of patches that are worth trying, and the shortest, if it is another, for sequences of these lengths.
fn patches(prepared: &Prepared, lengths: &[usize]) -> (Vec<usize>, Option<usize>) {
    let input_size = prepared.task.kind().input_size();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    let longest = (MAX_PATCH_VALUES / input_size.max(1)).max(1);
    let len = |left: usize| match median {
        0..=SHORT => 1,
        _ => ((median + left / 2) / left).clamp(1, longest),
    };
    let mut patches = STEPS_LEFT.map(len).to_vec();
    patches.dedup();
    let finest = Some(len(MOST_STEPS_LEFT)).filter(|finest| !patches.contains(finest));
    (patches, finest)
}
