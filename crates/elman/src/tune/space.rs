//! What a trial may differ in.

use crate::network::CellKind;
use crate::random::{Purpose, Rng};
use crate::recipe::Recipe;
use crate::task::Prepared;

/// So often in a row a trial is drawn anew that makes no network, or that there is already.
const ATTEMPTS: usize = 200;

/// The units tried, as factors of what the first recipe has.
const SIZES: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 3.0];

/// Learning rates, and weight decays, lie within this factor of what the first recipe has.
const SPREAD: f64 = 5.0;

const DROPOUTS: [f64; 4] = [0.0, 0.1, 0.2, 0.4];

/// The last is for tables alone: plug-ins hold the others.
const CELLS: [CellKind; 3] = [CellKind::Lstm, CellKind::Gru, CellKind::Elman];

/// What of a recipe is drawn for a trial; all else stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Space {
    /// [`Recipe::cell`]: LSTM, GRU or Elman; of sound LSTM or GRU, which plug-ins hold.
    pub cell: bool,
    /// [`Recipe::hidden_size`]: a quarter, half, once, twice or three times what the first recipe has.
    pub hidden_size: bool,
    /// [`Recipe::num_layers`]: one or two; of sound one.
    pub num_layers: bool,
    /// [`Recipe::dropout`], of several layers: 0, 0.1, 0.2 or 0.4.
    pub dropout: bool,
    /// [`TrainConfig::learning_rate`](crate::train::TrainConfig::learning_rate): between a fifth and five times what the
    /// first recipe has, its logarithm uniform.
    pub learning_rate: bool,
    /// The optimiser's weight decay, if the first recipe has any: in the same way.
    pub weight_decay: bool,
}

/// All of it.
impl Default for Space {
    fn default() -> Self {
        Space {
            cell: true,
            hidden_size: true,
            num_layers: true,
            dropout: true,
            learning_rate: true,
            weight_decay: true,
        }
    }
}

impl Space {
    /// What is not given.
    pub fn unless_given(is_given: impl Fn(&'static str) -> bool) -> Self {
        Space {
            cell: !is_given("cell"),
            hidden_size: !is_given("hidden_size"),
            num_layers: !is_given("num_layers"),
            dropout: !is_given("dropout"),
            learning_rate: !is_given("learning_rate"),
            weight_decay: !is_given("weight_decay"),
        }
    }

    /// So many recipes, no two alike: first `bases` as they are, then some with what is open drawn anew. The seed of the
    /// first decides the draws, and more trials begin with those of fewer. Fewer than asked for where what is open makes no
    /// more; none where there are no `bases`.
    pub fn draw(&self, bases: &[Recipe], prepared: &Prepared, count: usize) -> Vec<Recipe> {
        let Some(first) = bases.first() else { return Vec::new() };
        let is_sound = prepared.task.kind().sound().is_some();
        let mut recipes: Vec<Recipe> = bases.iter().take(count).cloned().collect();
        let (mut number, mut in_vain) = (0, 0);
        while recipes.len() < count && in_vain < ATTEMPTS {
            let mut rng = Rng::new(first.train.seed, Purpose::Trial(number));
            let recipe = self.vary(&bases[rng.index(0..bases.len())], is_sound, &mut rng);
            number += 1;
            if !recipes.contains(&recipe) && recipe.network(&prepared.task).is_ok() {
                recipes.push(recipe);
                in_vain = 0;
            } else {
                in_vain += 1;
            }
        }
        recipes
    }

    fn vary(&self, base: &Recipe, is_sound: bool, rng: &mut Rng) -> Recipe {
        let mut recipe = base.clone();
        // Every number is drawn whether it is wanted or not: what is given leaves the rest of a trial as it is.
        let cell = CELLS[rng.index(0..if is_sound { 2 } else { CELLS.len() })];
        let size = SIZES[rng.index(0..SIZES.len())];
        let num_layers = if is_sound { 1 } else { 1 + rng.index(0..2) };
        let dropout = DROPOUTS[rng.index(0..DROPOUTS.len())];
        let [rate_factor, decay_factor] = [(); 2].map(|()| SPREAD.powf(2.0 * rng.uniform() - 1.0));
        if self.cell {
            recipe.cell = cell;
            if cell.facts().states == 1 {
                // There is no state beside h that it could keep.
                recipe.zoneout_cell = 0.0;
            }
        }
        if self.hidden_size {
            recipe.hidden_size = ((base.hidden_size as f64 * size) as usize).max(1);
        }
        if self.num_layers {
            recipe.num_layers = num_layers;
        }
        if self.dropout {
            recipe.dropout = if recipe.num_layers > 1 { dropout } else { 0.0 };
        }
        if self.learning_rate {
            recipe.train.learning_rate = rounded(base.train.learning_rate * rate_factor);
        }
        if self.weight_decay {
            let optimiser = base.train.optimiser;
            recipe.train.optimiser =
                optimiser.with_weight_decay(rounded(optimiser.weight_decay() * decay_factor));
        }
        recipe
    }
}

/// To two digits, as a person would write it.
fn rounded(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}
