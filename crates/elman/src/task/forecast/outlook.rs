//! What is told beside forecasts: intervals, quantiles and sample paths.
//!
//! Of a model that tells distributions they come from [sample paths](super::paths); of any other, or where that is asked
//! for, intervals and quantiles are as far from the forecast as [errors](super::intervals) were on rows that were kept
//! back.

use super::Forecast;
use super::ahead::of_series;
use super::intervals::Reach;
use super::paths::{Draws, quantile_of_sorted, sorted_row};
use super::series::Series;
use crate::distribution::Distribution;
use crate::ensemble::Ensemble;
use crate::error::{ConfigError, Error, Message};
use crate::float::Dtype;
use crate::table::Table;
use crate::task::kind::needs_a_distribution;
use crate::task::predictions::check_finite;
use crate::task::quantiles::Asked;
use crate::task::{Answers, Number, PredictOptions};
use crate::words::{counted, thousands};

/// The paths that are drawn of each series where nothing else is said.
pub(super) const USUAL_PATHS: usize = 500;

/// More paths than these are refused.
const MAX_PATHS: usize = 100_000;

/// More values on the paths of a series than these are refused: they would fill the memory.
const MAX_VALUES: usize = 50_000_000;

/// What is told beside forecasts.
#[derive(Default)]
pub(super) struct Outlook {
    /// The names of the columns of quantiles.
    names: Vec<String>,
    way: Way,
}

#[derive(Default)]
enum Way {
    #[default]
    Nothing,
    /// By the errors on rows kept back: for each column the side of the forecast, -1, 0 or 1, and how far from it.
    Conformal(Vec<(f64, Reach)>),
    Drawn(Drawn),
}

/// What is made of paths, as they are drawn of one series after the other.
pub(super) struct Drawn {
    seed: u64,
    count: usize,
    horizon: usize,
    /// The levels of the quantiles.
    levels: Vec<f64>,
    /// The quantiles of all rows at each level.
    quantiles: Vec<Vec<f64>>,
    /// All rows of each path, if they are shown.
    paths: Option<Vec<Vec<f64>>>,
    /// The series whose paths were taken.
    series: usize,
}

impl Outlook {
    /// What the options ask for, and what is to be said of it.
    pub(super) fn asked(
        task: &Forecast,
        ensemble: &Ensemble,
        options: &PredictOptions,
        horizon: usize,
    ) -> Result<(Self, Vec<Message>), ConfigError> {
        let asked = options.asked()?;
        options.check_outlook(asked.first(), ensemble.distribution(), horizon)?;
        let mut outlook =
            Outlook { names: asked.iter().map(|asked| asked.name.clone()).collect(), ..Outlook::default() };
        let is_drawn = ensemble.distribution().is_some() && !options.conformal;
        let (mut reaches, mut remarks) = (Vec::new(), Vec::new());
        for asked in asked.iter().filter(|_| !is_drawn) {
            let (reach, remark) = task.reach(asked.option, asked.interval, horizon)?;
            reaches.push((asked.side(), reach));
            remarks.extend(remark);
        }
        remarks.dedup();
        if is_drawn && (!asked.is_empty() || options.samples.is_some()) {
            let count = options.samples.unwrap_or(USUAL_PATHS);
            remarks.extend(remark_on_few(count, asked.iter().map(|asked| asked.level)));
            outlook.way = Way::Drawn(Drawn {
                seed: options.seed.unwrap_or(0),
                count,
                horizon,
                quantiles: vec![Vec::new(); asked.len()],
                levels: asked.iter().map(|asked| asked.level).collect(),
                paths: options.samples.map(|count| vec![Vec::new(); count]),
                series: 0,
            });
        } else if !reaches.is_empty() {
            outlook.way = Way::Conformal(reaches);
        }
        Ok((outlook, remarks))
    }

    /// What is to be made of paths, if some are to be drawn.
    pub(super) fn drawn_mut(&mut self) -> Option<&mut Drawn> {
        match &mut self.way {
            Way::Drawn(drawn) => Some(drawn),
            Way::Nothing | Way::Conformal(_) => None,
        }
    }

    /// The columns beside these forecasts, the rows of one series after those of the other.
    ///
    /// # Errors
    /// If a value is no finite number.
    pub(super) fn columns(
        self,
        task: &Forecast,
        all: &[Series<'_>],
        forecasts: &[Vec<f64>],
        table: &Table,
        dtype: Dtype,
    ) -> Result<Vec<(String, Answers)>, Error> {
        let rows = || {
            all.iter().zip(forecasts).flat_map(|(series, values)| {
                values.iter().enumerate().map(move |(ahead, &forecast)| (series, ahead, forecast))
            })
        };
        let (quantiles, paths) = match self.way {
            Way::Nothing => (Vec::new(), None),
            Way::Conformal(reaches) => {
                let end = |(side, reach): &(f64, Reach)| {
                    rows().map(|(series, n, forecast)| task.end(series, forecast, n, *side, reach)).collect()
                };
                (reaches.iter().map(end).collect(), None)
            }
            Way::Drawn(drawn) => (drawn.quantiles, drawn.paths),
        };
        let names = self.names.iter().map(|name| format!("{}_{name}", task.forecast_name()));
        let samples = (1..=paths.as_ref().map_or(0, Vec::len)).map(|n| format!("sample_{n}"));
        let places: Vec<_> = rows().collect();
        let mut columns = Vec::with_capacity(quantiles.len());
        for (name, values) in
            names.chain(samples).zip(quantiles.into_iter().chain(paths.into_iter().flatten()))
        {
            let place = |n: usize| {
                let (series, ahead, _) = &places[n];
                format!("{}{name}, {} rows ahead,", of_series(series), ahead + 1)
            };
            check_finite(values.iter().copied(), table, place, |n| task.remark_on_far(places[n].0))?;
            let number = |(&value, (series, _, forecast)): (&f64, &(&Series<'_>, usize, f64))| {
                Number::answer(value, task.spread(series, *forecast), dtype)
            };
            columns.push((name, Answers::Numbers(values.iter().zip(&places).map(number).collect())));
        }
        Ok(columns)
    }
}

/// What is to be said where none of so many paths is to be expected beyond one of these quantiles.
fn remark_on_few(count: usize, levels: impl Iterator<Item = f64>) -> Option<Message> {
    let tail = levels.map(|level| level.min(1.0 - level)).fold(0.5, f64::min);
    // 0.1 of 10 is one, whatever its last bit says.
    if count as f64 * tail > 1.0 - 1e-9 {
        return None;
    }
    let text = format!(
        "{} tell little of what is asked for: beyond the outermost quantile lie {:.1} % of them, which is less than one; \
         draw at least {} with ",
        counted(count, "sample path"),
        tail * 100.0,
        thousands((1.0 / tail - 1e-9).ceil() as usize)
    );
    Some(Message::from(text).option("samples"))
}

impl Drawn {
    /// The paths of each series.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// How the paths of the next series are drawn.
    pub(super) fn draws<'a>(&self, distribution: &'a Distribution) -> Draws<'a> {
        let first = (self.series * self.count) as u64;
        Draws { distribution, seed: self.seed, first, count: self.count, horizon: self.horizon }
    }

    /// Takes the paths of the next series, `[count, horizon]`.
    pub(super) fn take(&mut self, paths: &[Vec<f64>]) {
        for row in 0..self.horizon {
            let sorted = sorted_row(paths, row);
            for (quantiles, &level) in self.quantiles.iter_mut().zip(&self.levels) {
                quantiles.push(quantile_of_sorted(&sorted, level));
            }
        }
        if let Some(kept) = &mut self.paths {
            kept.iter_mut().zip(paths).for_each(|(kept, path)| kept.extend(path));
        }
        self.series += 1;
    }
}

impl PredictOptions {
    /// Refuses options of what is told beside forecasts that do not go together; `asked` is a quantile that is
    /// asked for.
    fn check_outlook(
        &self,
        asked: Option<&Asked>,
        distribution: Option<&Distribution>,
        horizon: usize,
    ) -> Result<(), ConfigError> {
        let option = if self.samples.is_some() { Some("samples") } else { asked.map(|asked| asked.option) };
        if let Some(option) = option.filter(|_| self.baseline.is_some()) {
            let message = Message::from("is around the model's own forecasts; leave it out, or the ");
            return Err(ConfigError::new(option, message.option("baseline")));
        }
        if let Some(count) = self.samples {
            if distribution.is_none() {
                return Err(needs_a_distribution("samples"));
            }
            if !(1..=MAX_PATHS).contains(&count) {
                let message = format!("is {count}; it must be from 1 to {MAX_PATHS}");
                return Err(ConfigError::new("samples", message));
            }
            if count.saturating_mul(horizon) > MAX_VALUES {
                let message = format!(
                    "asks for {} paths of {} rows; give fewer, or look less far ahead",
                    thousands(count),
                    thousands(horizon)
                );
                return Err(ConfigError::new("samples", message));
            }
            if self.conformal {
                let message = "goes by errors on rows kept back, and samples by the model's distribution; leave one out";
                return Err(ConfigError::new("conformal", message));
            }
        }
        let of_intervals =
            || Message::from("has a meaning with ").option("interval").text(" or ").option("quantiles");
        if self.conformal && asked.is_none() {
            return Err(ConfigError::new("conformal", of_intervals().text("; leave it out")));
        }
        let draws = distribution.is_some() && !self.conformal && option.is_some();
        if self.seed.is_some() && !draws {
            let message = "decides what is drawn of a model's distribution, and nothing is; leave it out";
            return Err(ConfigError::new("seed", message));
        }
        Ok(())
    }
}
