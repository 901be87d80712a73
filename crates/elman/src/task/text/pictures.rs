//! What there is to see of how a text is told.

use std::collections::BTreeMap;
use std::f64::consts::LN_2;

use super::Text;
use super::measure::Told;
use super::vocabulary::Id;
use crate::task::{Answers, Cases, Chart, Charts, Line, Number, Picture, Precision, Role};
use crate::words::counted;

/// The stretches of a text whose means are drawn.
const STRETCHES: usize = 200;

/// The tokens that are listed.
const MOST_TOKENS: usize = 10;

/// What the tokens of a text cost.
pub(super) struct Costs {
    /// Where the first token stands, and how many there are.
    from: usize,
    count: usize,
    /// The tokens of a stretch, and the bits of each.
    length: usize,
    stretches: Vec<f64>,
    /// How often each token is there, and its bits all together.
    of_tokens: BTreeMap<Id, (usize, f64)>,
}

impl Costs {
    /// Those of so many tokens, yet to be told.
    pub(super) fn new(from: usize, count: usize) -> Self {
        let length = count.div_ceil(STRETCHES).max(1);
        let stretches = vec![0.0; count.div_ceil(length)];
        Costs { from, count, length, stretches, of_tokens: BTreeMap::new() }
    }

    /// Adds a token at its place.
    pub(super) fn add(&mut self, place: usize, id: Id, told: Told) {
        let bits = -told.log_probability / LN_2;
        self.stretches[(place - self.from) / self.length] += bits;
        let (count, sum) = self.of_tokens.entry(id).or_default();
        *count += 1;
        *sum += bits;
    }
}

impl Text {
    /// How well a text is told from its beginning to its end, and which tokens cost most.
    pub(super) fn pictures_of(&self, costs: &Costs) -> Vec<Picture> {
        let Costs { count, length, .. } = *costs;
        let mean = |(n, bits): (usize, &f64)| (n, bits / (count - n * length).min(length) as f64);
        let chart = Chart {
            title: "Along the text".into(),
            x: self.vocabulary.tokens.noun().into(),
            y: self.bits().into(),
            row_names: (0..count).step_by(length).map(|n| (n + 1).to_string()).collect(),
            lines: vec![Line::new(
                self.bits().to_owned(),
                Role::Model,
                costs.stretches.iter().enumerate().map(mean).collect(),
            )],
            ..Chart::default()
        };
        let note = format!("Each point is the mean over {}.", self.counted(length));
        vec![Charts { notes: vec![note], ..chart.into() }.into(), Picture::Cases(self.most_expensive(costs))]
    }

    /// The tokens that take the most bits all together.
    fn most_expensive(&self, costs: &Costs) -> Cases {
        let total: f64 = costs.stretches.iter().sum();
        let mut most_expensive: Vec<(Id, (usize, f64))> =
            costs.of_tokens.iter().map(|(&id, &of)| (id, of)).collect();
        most_expensive.sort_by(|(_, (_, a)), (_, (_, b))| b.total_cmp(a));
        most_expensive.truncate(MOST_TOKENS);
        let texts = |of: &dyn Fn(Id, usize) -> String| {
            Answers::Text(most_expensive.iter().map(|&(id, (count, _))| of(id, count)).collect())
        };
        let numbers = |of: &dyn Fn(usize, f64) -> f64| {
            let number = |&(_, (count, sum)): &(Id, (usize, f64))| Number {
                value: of(count, sum),
                precision: Precision::F64,
            };
            Answers::Numbers(most_expensive.iter().map(number).collect())
        };
        let noun = self.vocabulary.tokens.noun();
        Cases {
            title: format!("The {noun}s that cost the most bits"),
            notes: vec![format!("Of {} all together.", counted(costs.count, noun))],
            columns: vec![
                (noun.into(), texts(&|id, _| format!("{:?}", self.vocabulary.name(id)))),
                ("times".into(), texts(&|_, count| count.to_string())),
                ("bits each".into(), numbers(&|count, sum| sum / count as f64)),
                ("share of all bits in %".into(), numbers(&|_, sum| 100.0 * sum / total)),
            ],
        }
    }
}
