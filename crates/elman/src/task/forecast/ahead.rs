//! Looking ahead from the end of series.

use std::ops::Range;

use super::level::Level;
use super::outlook::{Drawn, Outlook};
use super::panel::{Member, left_out};
use super::series::Series;
use super::{Forecast, Layout, MAX_HORIZON, smoothed};
use crate::ensemble::Ensemble;
use crate::error::{ConfigError, DataError, Error, Message};
use crate::predict::Session;
use crate::table::{Table, Time, nearest};
use crate::task::predictions::check_finite;
use crate::task::{Answers, Number, PredictOptions, Predictions};
use crate::watch::{Steps, Stopped, Watch};
use crate::words::{counted, listed, quoted};

/// The series that are run side by side.
pub(super) const SIDE_BY_SIDE: usize = 256;

/// The rows of a series' history that are read at once: what a pass leaves of each takes memory.
const PIECE: usize = 4096;

/// The column that names series which had a column each.
const SERIES: &str = "series";

/// A series with its scaled values.
pub(super) struct Ready<'a> {
    pub(super) series: &'a Series<'a>,
    pub(super) scaled: Vec<f64>,
}

impl Forecast {
    pub(super) fn ready<'a>(&self, series: &'a [Series<'a>]) -> Vec<Ready<'a>> {
        series.iter().map(|series| Ready { series, scaled: self.scaled(series) }).collect()
    }

    /// Follows each series for so many rows from the origin that `session` has come to, the row after those that it
    /// has read; `levels` says where each stands there. The network's `output [O]` for series `k` becomes its next
    /// scaled value by `next(k, output)`.
    pub(super) fn roll(
        &self,
        (session, steps): (&mut Session, &mut Steps<'_, '_>),
        all: &[&Ready<'_>],
        mut levels: Vec<Level>,
        origin: impl Fn(&Series<'_>) -> usize,
        horizon: usize,
        mut next: impl FnMut(usize, &[f64]) -> f64,
    ) -> Result<Vec<Vec<f64>>, Stopped> {
        // As much of the history as inputs look back on, then the forecasts.
        let mut recent: Vec<Vec<f64>> = Vec::with_capacity(all.len());
        for Ready { series, scaled } in all {
            let origin = origin(series);
            let kept = self.season.unwrap_or(1).min(origin);
            recent.push(scaled[origin - kept..origin].to_vec());
        }
        let mut forecasts = vec![Vec::with_capacity(horizon); all.len()];
        let mut inputs = vec![Vec::new(); all.len()];
        for n in 0..horizon {
            for ((Ready { series, .. }, recent), x) in all.iter().zip(&recent).zip(&mut inputs) {
                let origin = origin(series);
                let row = origin + n;
                x.clear();
                self.push_input(series, |wanted| recent[recent.len() + wanted - row], origin, row, x);
            }
            let x: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).collect();
            let outputs = session.advance_all(&x);
            for (k, output) in outputs.iter().enumerate() {
                let scaled = next(k, output);
                recent[k].push(scaled);
                let change = all[k].series.scaling.unscale(scaled);
                forecasts[k].push(levels[k].follow(change));
            }
            steps.add(all.len())?;
        }
        Ok(forecasts)
    }

    /// Forecasts so many values of each series: the best number for each row, which is fed back for the next.
    pub(super) fn roll_points(
        &self,
        ensemble: &Ensemble,
        (session, steps): (&mut Session, &mut Steps<'_, '_>),
        all: &[Ready<'_>],
        levels: Vec<Level>,
        origin: impl Fn(&Series<'_>) -> usize,
        horizon: usize,
    ) -> Result<Vec<Vec<f64>>, Stopped> {
        let all: Vec<&Ready<'_>> = all.iter().collect();
        let point = |_, output: &[f64]| self.trusted(ensemble.points(output)[0]);
        self.roll((session, steps), &all, levels, origin, horizon, point)
    }

    /// Lets a session read these rows of each series, which all have something to look back on.
    pub(super) fn read_history(
        &self,
        (session, steps): (&mut Session, &mut Steps<'_, '_>),
        all: &[Ready<'_>],
        rows: impl Fn(&Series<'_>) -> Range<usize>,
    ) -> Result<(), Stopped> {
        let mut unread: Vec<Range<usize>> = all.iter().map(|Ready { series, .. }| rows(series)).collect();
        while unread.iter().any(|rows| !rows.is_empty()) {
            let mut read = 0;
            let input = |(Ready { series, scaled }, unread): (&Ready<'_>, &mut Range<usize>)| {
                let piece = unread.start..unread.end.min(unread.start + PIECE);
                (unread.start, read) = (piece.end, read + piece.len());
                let mut x = Vec::new();
                piece.for_each(|row| self.push_input(series, |row| scaled[row], row, row, &mut x));
                x
            };
            let inputs: Vec<Vec<f64>> = all.iter().zip(&mut unread).map(input).collect();
            session.advance_all(&inputs.iter().map(Vec::as_slice).collect::<Vec<_>>());
            steps.add(read)?;
        }
        Ok(())
    }

    /// Forecasts from the end of each series.
    pub(super) fn look_ahead(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        options: &PredictOptions,
        watch: &mut Watch<'_>,
    ) -> Result<Predictions, Error> {
        let naive = options.baseline.is_some().then(|| self.without_missing_covariates(table));
        let task = naive.as_ref().unwrap_or(self);
        let members: Vec<Member<'_>> = task.members(table)?;
        let (series, mut remarks) = task.read_to_look_ahead(table, &members)?;
        let horizon = self.rows_ahead(table, &series, options, &mut remarks)?;
        remarks.extend(self.remark_on_horizon(horizon));
        let (mut outlook, of_outlook) = Outlook::asked(self, ensemble, options, horizon)?;
        remarks.extend(of_outlook);
        let forecasts = match &options.baseline {
            Some(name) => self.naively(&series, name, horizon)?,
            None => self.all_ahead(ensemble, &series, horizon, outlook.drawn_mut(), watch)?,
        };
        for (series, forecasts) in series.iter().zip(&forecasts) {
            let rows = series.values.len();
            let place = |n| format!("{}row {}, {} rows ahead,", of_series(series), rows + n + 1, n + 1);
            check_finite(forecasts.iter().copied(), table, place, |_| task.remark_on_far(series))?;
        }
        let mut columns = self.id_columns(&series, horizon);
        columns.push((self.time_name(), names_ahead(&series, horizon)?));
        let number = |series: &Series<'_>, &value: &f64| {
            Number::answer(value, self.spread(series, value), ensemble.dtype())
        };
        let numbers = series
            .iter()
            .zip(&forecasts)
            .flat_map(|(series, values)| values.iter().map(|v| number(series, v)));
        columns.push((self.forecast_name(), Answers::Numbers(numbers.collect())));
        columns.extend(outlook.columns(self, &series, &forecasts, table, ensemble.dtype())?);
        Ok(Predictions::new(columns).with_remarks(remarks))
    }

    /// This task as a naive predictor has it, which looks at no covariates: without those whose columns a table has not.
    pub(super) fn without_missing_covariates(&self, table: &Table) -> Self {
        let mut task = self.clone();
        task.covariates.retain(|name| table.has_column(name));
        task
    }

    /// Reads the series that are to be forecast. Where some of several have rows to come with future covariates, those that
    /// have none are at their end, and left out, with a remark.
    pub(super) fn read_to_look_ahead<'a>(
        &self,
        table: &Table,
        members: &'a [Member<'_>],
    ) -> Result<(Vec<Series<'a>>, Vec<Message>), Error> {
        let (series, mut remarks) = self.read(table, members, 0)?;
        if !self.covariates.look_ahead() || series.iter().all(|series| series.known_ahead() == 0) {
            return Ok((series, remarks));
        }
        let (series, ended): (Vec<_>, Vec<_>) =
            series.into_iter().partition(|series| series.known_ahead() > 0);
        let why = "no row to come has future covariates, as there are of others";
        remarks.extend(left_out(ended.iter().map(|series| series.id), why));
        Ok((series, remarks))
    }

    /// How many rows are forecast: what is asked for, else the rows to come that the table has, else as many as in
    /// training.
    fn rows_ahead(
        &self,
        table: &Table,
        all: &[Series<'_>],
        options: &PredictOptions,
        remarks: &mut Vec<Message>,
    ) -> Result<usize, Error> {
        let is_needed = self.covariates.look_ahead();
        let given = || all.iter().map(|series| series.known_ahead().min(MAX_HORIZON));
        let (least, most) = (given().min().unwrap_or_default(), given().max().unwrap_or_default());
        let from_table = is_needed && options.horizon.is_none() && least > 0;
        let horizon = if from_table { least } else { options.horizon.unwrap_or(self.horizon) };
        if horizon == 0 || horizon > MAX_HORIZON {
            let message = format!("is {horizon}; it must be from 1 to {MAX_HORIZON}");
            return Err(ConfigError::new("horizon", message).into());
        }
        if from_table && most > least {
            let text = format!(
                "the future covariates of the series reach {least} to {most} rows ahead: all are forecast for {}",
                counted(least, "row")
            );
            remarks.push(text.into());
        }
        if let Some(series) = all
            .iter()
            .find(|series| is_needed && options.baseline.is_none() && series.known_ahead() < horizon)
        {
            return Err(self.not_known_ahead(table, series).into());
        }
        Ok(horizon)
    }

    /// The error about a row whose future covariates are not known.
    fn not_known_ahead(&self, table: &Table, series: &Series<'_>) -> DataError {
        let row = series.values.len() + series.known_ahead();
        let time = series.calendar.as_ref().and_then(|calendar| calendar.time(row));
        let time = time.map_or(String::new(), |time| format!(" ({time})"));
        let names = quoted(self.covariates.named().future);
        let text = format!(
            "{}row {}{time} is to be forecast, but its future covariates are not known: give {names} in rows after \
             the last value, up to the last that is to be forecast",
            of_series(series),
            row + 1
        );
        let message = match series.known_ahead() {
            0 => text.into(),
            _ => Message::from(text + ", or choose a shorter ").option("horizon"),
        };
        DataError::new(table.name(), message)
    }

    fn all_ahead(
        &self,
        ensemble: &Ensemble,
        series: &[Series<'_>],
        horizon: usize,
        mut drawn: Option<&mut Drawn>,
        watch: &mut Watch<'_>,
    ) -> Result<Vec<Vec<f64>>, Error> {
        let history: usize =
            series.iter().map(|series| series.values.len().saturating_sub(self.first_row())).sum();
        let paths = drawn.as_ref().map_or(0, |drawn| drawn.count());
        let mut steps = Steps::new(history + series.len() * horizon * (1 + paths), watch);
        let mut forecasts = Vec::with_capacity(series.len());
        for series in series.chunks(SIDE_BY_SIDE) {
            let all = self.ready(series);
            let mut session = Session::of_sequences(ensemble, all.len())?;
            let read = |series: &Series<'_>| self.first_row()..series.values.len();
            self.read_history((&mut session, &mut steps), &all, read)?;
            let levels: Vec<Level> =
                series.iter().map(|series| self.level(series, series.values.len())).collect();
            let origin = |series: &Series<'_>| series.values.len();
            if let Some((drawn, distribution)) = drawn.as_deref_mut().zip(ensemble.distribution()) {
                let draws = drawn.draws(distribution);
                let take = |_, paths: &[Vec<f64>]| drawn.take(paths);
                self.draw_paths((&mut session, &mut steps), &all, &levels, origin, draws, take)?;
            }
            let run = (&mut session, &mut steps);
            forecasts.extend(self.roll_points(ensemble, run, &all, levels, origin, horizon)?);
        }
        Ok(forecasts)
    }

    /// The forecasts of a naive predictor.
    fn naively(
        &self,
        series: &[Series<'_>],
        name: &str,
        horizon: usize,
    ) -> Result<Vec<Vec<f64>>, ConfigError> {
        let wanted = name.replace('-', " ");
        if wanted == smoothed::NAME {
            let forecast = |series: &Series<'_>| {
                self.by_smoothing(&series.values, horizon).ok_or_else(|| {
                    let rows = counted(series.values.len(), "row");
                    let message = format!("smoothing needs more than the {rows} of {}", series.name());
                    ConfigError::new("baseline", message)
                })
            };
            return series.iter().map(forecast).collect();
        }
        let Some(naive) = self.naive().find(|naive| naive.name() == wanted) else {
            let names = || self.naive().map(super::naive::Naive::name).chain([smoothed::NAME]);
            let hint =
                nearest(&wanted, names()).map_or(String::new(), |near| format!(" (did you mean {near}?)"));
            let message = format!("{name:?} is not known{hint}; there are {}", listed(names(), "and"));
            return Err(ConfigError::new("baseline", message));
        };
        Ok(series.iter().map(|series| naive.forecast(&series.values, horizon)).collect())
    }

    fn remark_on_horizon(&self, horizon: usize) -> Option<Message> {
        (horizon > self.horizon).then(|| {
            let text = format!(
                "{horizon} rows ahead are more than the {} that the model was tested for: errors add up",
                self.horizon
            );
            text.into()
        })
    }

    /// The columns that say which series each row of predictions is of.
    pub(super) fn id_columns(&self, series: &[Series<'_>], rows_each: usize) -> Vec<(String, Answers)> {
        let names = match &self.layout {
            Layout::Single => &[][..],
            Layout::Long(id) => id,
            Layout::Wide(_) => &[SERIES.to_owned()],
        };
        let column = |(n, name): (usize, &String)| {
            let texts = series.iter().flat_map(|series| std::iter::repeat_n(&series.id[n], rows_each));
            (name.clone(), Answers::Text(texts.cloned().collect()))
        };
        names.iter().enumerate().map(column).collect()
    }

    /// The name of the column of times, or of rows' numbers.
    pub(super) fn time_name(&self) -> String {
        self.time.clone().unwrap_or_else(|| "row".into())
    }

    /// The name of the column of forecasts.
    pub(super) fn forecast_name(&self) -> String {
        match self.layout {
            Layout::Single | Layout::Long(_) => format!("{}_forecast", self.target),
            Layout::Wide(_) => "forecast".into(),
        }
    }

    /// The range in which values like this one vary from row to row.
    pub(super) fn spread(&self, series: &Series<'_>, value: f64) -> f64 {
        self.spread_about(value, series.scaling.deviation)
    }

    /// The same of a series whose changes deviate by so much.
    pub(super) fn spread_about(&self, value: f64, deviation: f64) -> f64 {
        let deviation = match deviation {
            0.0 => return if value == 0.0 { 1.0 } else { value.abs() },
            deviation => deviation,
        };
        if self.takes_logarithms() { value.abs() * deviation } else { deviation }
    }
}

/// `series "a", `, of one among several.
pub(super) fn of_series(series: &Series<'_>) -> String {
    if series.id.is_empty() { String::new() } else { format!("{}, ", series.name()) }
}

/// The names of so many rows after the last of each series: their times, or else their numbers, counted from 1.
fn names_ahead(all: &[Series<'_>], horizon: usize) -> Result<Answers, ConfigError> {
    let time = |series: &Series<'_>, n: usize| -> Result<Option<Time>, ConfigError> {
        let Some(calendar) = &series.calendar else { return Ok(None) };
        let time = calendar.time(series.values.len() + n).ok_or_else(|| {
            let message = format!("reaches beyond the year 9999 after {n} rows; choose a shorter one");
            ConfigError::new("horizon", message)
        })?;
        Ok(Some(time))
    };
    let mut times = Vec::with_capacity(all.len() * horizon);
    for series in all {
        for n in 0..horizon {
            times.extend(time(series, n)?);
        }
    }
    if !times.is_empty() {
        return Ok(Answers::Times(times));
    }
    let number = |series: &Series<'_>, n: usize| (series.values.len() + n + 1).to_string();
    let numbers = all.iter().flat_map(|series| (0..horizon).map(|n| number(series, n)));
    Ok(Answers::Text(numbers.collect()))
}
