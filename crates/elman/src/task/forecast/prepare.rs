//! From a table and options to a task that is fitted, and windows to learn from.

use super::covariates::{Covariates, Named};
use super::lengths::{self, Lengths};
use super::own_times::OwnTimes;
use super::panel::{self, Found, Member};
use super::remarks::{outliers, remark_on_future, remark_on_open_times, remarks_on_rows, unused};
use super::series::{Filling, Series, check_missing};
use super::steps;
use super::time_column::{self, TimeColumn};
use super::time_names::{self, Long};
use super::time_parts;
use super::{Forecast, ForecastOptions, Known, Layout, MAX_HORIZON, MAX_SEASON, Transform};
use crate::calendar::Frequency;
use crate::error::{ConfigError, DataError, Error, Message};
use crate::missing::Missing;
use crate::outlier;
use crate::scaling::{NoScaling, Scaling, TOO_LARGE};
use crate::sequence::Example;
use crate::table::{Column, Table, Time, is_even, rival, shared_clock};
use crate::task::{HeldOut, Prepared};
use crate::words::thousands;

/// The windows that a long series is cut into, unless its user says otherwise.
const USUAL_WINDOWS: usize = 500;

/// So many series or more are cut into as many times more.
const USUAL_SERIES: usize = 10;

/// The rows that one of several series must have to be looked at.
const LEAST_ROWS: usize = 3;

/// Training sequences.
type Windows = Vec<Example<f64>>;

/// The rows that one of several series must have to learn from, beside those to look back on and for the test.
const LEAST_TO_LEARN: usize = 2;

pub(super) fn prepare(table: &Table, options: &ForecastOptions) -> Result<Prepared, Error> {
    check_missing(options.missing)?;
    check_options(options)?;
    let options = &ForecastOptions { horizon: options.horizon.or(table.horizon()), ..options.clone() };
    let named = Named::new(table, options)?;
    let of_names = time_names::of_training(table, options, &named)?;
    match of_names {
        None => prepare_long(table, options, &named, None, Vec::new()),
        Some(Long { table, options, id, remarks }) => {
            prepare_long(&table, &options, &named, Some(id), remarks).map_err(time_names::told)
        }
    }
}

/// As [`prepare`], of a table that has no times in its header; the `known` columns tell series apart, if it is known which do.
fn prepare_long(
    table: &Table,
    options: &ForecastOptions,
    named: &Named,
    known: Option<Vec<String>>,
    mut remarks: Vec<Message>,
) -> Result<Prepared, Error> {
    let (table, of_parts) = time_parts::of_training(table, options, |name| named.contains(name))?;
    let table = &*table;
    let filling = Filling { missing: options.missing, season: None, have_future: named.have_future() };
    remarks.extend(of_parts);
    let (time, counted) = find_time(table, options, named, &mut remarks)?;
    let options =
        &ForecastOptions { time_format: options.time_format.clone().or(counted), ..options.clone() };
    let format = time_format(time, options)?;
    remarks.extend(format.iter().flat_map(|format| format.remarks.clone()));
    let name = time.map(|time| time.name());
    let Found { layout, target, remarks: of_series } = panel::find(table, options, known, name, named)?;
    remarks.extend(of_series);
    let members = panel::members(table, &layout, &target, name, named)?;
    let targets: Vec<&str> = members.iter().map(|member| member.target.as_str()).collect();
    named.check(&layout, &targets, name)?;
    remarks.extend(unused(table, &layout, &target, &members, name, named));
    remarks.extend(outliers(&members)?);
    remarks.extend(outlier::check_columns(table, named.all())?);
    let times = name.map(|name| TimeColumn {
        name,
        // A single series of many may leave open what all of them tell.
        format: format
            .as_ref()
            .filter(|format| format.is_needed || !layout.is_single())
            .map(|f| f.text.as_str()),
        timezone: options.timezone.as_deref(),
        frequency: None,
        is_learned: false,
        closed_are_missing: !layout.is_single() && filling.missing.is_some(),
    });
    let kept_format = times.and_then(|times| times.format).map(str::to_owned);
    let (mut all, short) = read_all(table, &layout, &members, times, filling)?;
    remarks.extend(remark_on_future(&all));
    remarks.extend(remark_on_open_times(&all));
    let (mut task, remark) = configure(target, name.map(str::to_owned), layout, &all, options)?;
    task.time_format = kept_format;
    remarks.extend(remarks_on_rows(&all, &task));
    all.iter_mut().for_each(|series| series.fill(task.missing, task.season, task.test));
    remarks.extend(remark);
    task.check_test_len()?;
    task.covariates = named.columns(table)?;
    let mut left_out = LeftOut { short, constant: Vec::new() };
    let mut all = task.long_enough(table, all, &mut left_out)?;
    remarks.extend(task.fit_covariates(table, &mut all, options)?);
    if let ([series], Layout::Single) = (&all[..], &task.layout) {
        task.choose(table, series, options)?;
    } else {
        task.choose_of_several(table, &all, options);
    }
    all.iter().try_for_each(|series| task.check_positive(series))?;
    let examples = task.learn_from(table, all, options, &mut left_out)?;
    remarks.extend(left_out.remarks(&task));
    let held_out = (task.test > 0).then_some(HeldOut::LastRows(task.test));
    let (train, validation) = (examples.0.into(), examples.1.into());
    let (task, data) = (task.into(), table.name().to_owned());
    Ok(Prepared { task, data, train, train_groups: Vec::new(), validation, held_out, remarks })
}

/// The column of times, and how its times are written if that is neither said nor told by its cells.
fn find_time<'t>(
    table: &'t Table,
    options: &ForecastOptions,
    named: &Named,
    remarks: &mut Vec<Message>,
) -> Result<(Option<Column<'t>>, Option<String>), Error> {
    if let Some(name) = &options.time {
        let column = table.column(name)?;
        let counts = options.time_format.is_none() && steps::count(column);
        return Ok((Some(column), counts.then(|| steps::FORMAT.to_owned())));
    }
    let id = options.id.as_deref();
    let is_taken = |name: &str| {
        options.target.as_deref() == Some(name) || panel::is_listed(id, name) || named.contains(name)
    };
    if let Some(format) = &options.time_format {
        return Ok((Some(time_column::of_format(table, is_taken, format)?), None));
    }
    if let Some(made) = table.made_time().filter(|made| !is_taken(made)) {
        let column = table.column(made)?;
        return Ok((Some(column), column.times().is_err().then(|| steps::FORMAT.to_owned())));
    }
    let may_repeat = id.is_some() || table.columns().any(|column| !column.holds_numbers());
    let mut about_times = Vec::new();
    let found = time_column::find(table, is_taken, id, may_repeat, &mut about_times)?;
    if found.is_none()
        && let Some(column) = steps::find(table, is_taken, id)
    {
        remarks.push(steps::remark(column));
        return Ok((Some(column), Some(steps::FORMAT.to_owned())));
    }
    remarks.extend(about_times);
    Ok((found, None))
}

/// Refuses what no series could do with, before anything is worked out from it.
fn check_options(options: &ForecastOptions) -> Result<(), ConfigError> {
    for (option, value) in
        [("horizon", options.horizon), ("window", options.window), ("stride", options.stride)]
    {
        if let Some(value) = value.filter(|value| !(1..=MAX_HORIZON).contains(value)) {
            return Err(ConfigError::new(option, format!("is {value}; it must be from 1 to {MAX_HORIZON}")));
        }
    }
    if let Some(season) = options.season.filter(|&season| season > MAX_SEASON) {
        let message = format!("is {season}; it must be at most {MAX_SEASON}, or 0 for none");
        return Err(ConfigError::new("season", message));
    }
    if !(0.0..1.0).contains(&options.validation) {
        let message = format!("is {}; it must be at least 0 and below 1", options.validation);
        return Err(ConfigError::new("validation", message));
    }
    Ok(())
}

/// How a column writes its times.
struct TimeFormat {
    text: String,
    /// May a shorter file not tell it by itself?
    is_needed: bool,
    /// What the user should know of it.
    remarks: Vec<Message>,
}

/// How the times are written; none without times.
fn time_format(time: Option<Column<'_>>, options: &ForecastOptions) -> Result<Option<TimeFormat>, Error> {
    let Some(time) = time else {
        let given = [("time_format", &options.time_format), ("timezone", &options.timezone)];
        return match given.into_iter().find(|(_, value)| value.is_some()) {
            None => Ok(None),
            Some((option, _)) => {
                let message = Message::from("is given, but there is no column of times; name it with ");
                Err(ConfigError::new(option, message.option("time")).into())
            }
        };
    };
    let (first, remarks) = match &options.time_format {
        Some(format) => (time.times_as(format)?[0], Vec::new()),
        None => {
            let times = time.times()?;
            let (count, clock) = (remark_on_count(time, times[0]), remark_on_clock(time, times[0]));
            (times[0], count.into_iter().chain(clock).collect())
        }
    };
    let is_needed = options.time_format.is_some()
        || time.holds_numbers()
        || first.is_order_open()
        || first.is_period_open();
    Ok(Some(TimeFormat { text: first.format(), is_needed, remarks }))
}

/// The years that numbers may well mean.
const PLAUSIBLE_YEARS: std::ops::RangeInclusive<i16> = 1500..=2200;

/// What is to be said of a number that is read as a time.
fn remark_on_count(column: Column<'_>, first: Time) -> Option<Message> {
    let (place, text, date) = (column.place(0), column.text(0), first.stamp().date());
    let how = if first.is_serial() {
        "days are counted as spreadsheets do"
    } else if let Some(format) = rival(&first.format())
        && let Ok(others) = column.times_as(format)
        && is_even(&others)
        && let other = others[0].stamp().date()
        && PLAUSIBLE_YEARS.contains(&other.year())
    {
        let text =
            format!("{place}: {text} is read as {date}, and could be {other}, as {format}; say so with ");
        return Some(Message::from(text).option("time_format"));
    } else if first.has_decimals() {
        "decimals of a year tell the month"
    } else {
        return None;
    };
    Some(format!("{place}: {text} is read as {date}: {how}").into())
}

/// What is to be said of a clock's name that other places have as well.
fn remark_on_clock(column: Column<'_>, first: Time) -> Option<Message> {
    // All texts are looked through only where they have such names.
    let (row, name, whose) = first.names_clock().then(|| shared_clock(column.texts()))??;
    let text = format!("{}: {name} is taken for {whose}", column.place(row));
    Some(text.into())
}

/// Of several series, those that are not learned from.
struct LeftOut<'a> {
    short: Vec<&'a [String]>,
    constant: Vec<&'a [String]>,
}

impl LeftOut<'_> {
    fn remarks(&self, task: &Forecast) -> impl Iterator<Item = Message> {
        let needed = task.first_row() + task.test + LEAST_TO_LEARN;
        let short = format!("fewer than the {needed} rows that are needed");
        let constant = "the values do not vary, or change by the same in every row";
        [
            panel::left_out(self.short.iter().copied(), &short),
            panel::left_out(self.constant.iter().copied(), constant),
        ]
        .into_iter()
        .flatten()
    }
}

/// Reads the series of a table, which must have the same time between rows; those of several that are too short to be
/// looked at at all are named apart.
fn read_all<'a>(
    table: &Table,
    layout: &Layout,
    members: &'a [Member<'_>],
    time: Option<TimeColumn<'_>>,
    filling: Filling,
) -> Result<(Vec<Series<'a>>, Vec<&'a [String]>), Error> {
    let (all, short): (Vec<&Member<'_>>, Vec<_>) =
        members.iter().partition(|member| layout.is_single() || member.table.num_rows() >= LEAST_ROWS);
    let times = match time {
        Some(time) if !layout.is_single() => OwnTimes::find(time, table, &all, filling.missing.is_some())?,
        _ => {
            OwnTimes { settled: vec![None; all.len()], read_by: vec![None; all.len()], may_be_filled: false }
        }
    };
    let read = |(n, member): (usize, &&'a Member<'_>)| {
        let as_of =
            |frequency| Series::read(member, time.map(|time| TimeColumn { frequency, ..time }), filling);
        as_of(times.read_by[n].as_ref()).map_err(|error| {
            let own = times.settled[n].as_ref().filter(|own| own.is_of_open_times());
            let Some(own) = own.filter(|_| filling.missing.is_none()) else { return error };
            // One that lacks no row by itself is closed while others are open.
            let Err(error) = as_of(Some(own)) else {
                let others = all.iter().zip(&times.settled);
                let mut others = others.filter_map(|(other, settled)| Some((*other, settled.as_ref()?)));
                let other = others.find(|(_, other)| *other != own);
                return other
                    .map_or(error, |other| apart(table, (member, own), other, times.may_be_filled).into());
            };
            error
        })
    };
    let read = all.iter().enumerate().map(read).collect::<Result<Vec<_>, Error>>()?;
    if read.is_empty() {
        let message = format!("has no series of {LEAST_ROWS} rows or more; give longer ones");
        return Err(DataError::new(table.name(), message).into());
    }
    let frequencies: Vec<Option<Frequency>> = read.iter().map(Series::frequency).collect();
    if let Some(first) = &frequencies[0] {
        // Of a series that is closed at times its own tell more than those of all.
        let own = |n: usize| times.settled[n].as_ref().or(frequencies[n].as_ref());
        let is_other = |other: &Option<Frequency>| !other.as_ref().is_some_and(|other| other.is_alike(first));
        let other = frequencies.iter().position(is_other);
        if let Some((n, (first, other))) = other.and_then(|n| Some((n, own(0).zip(own(n))?))) {
            let may_be_filled = times.may_be_filled && filling.missing.is_none();
            return Err(apart(table, (all[0], first), (all[n], other), may_be_filled).into());
        }
    }
    Ok((read, short.into_iter().map(|member| member.id.as_slice()).collect()))
}

/// The error about two series whose rows are not equally far apart, though what one lacks while others are open may perhaps be
/// filled in.
fn apart(
    table: &Table,
    (first, step): (&Member<'_>, &Frequency),
    (other, other_step): (&Member<'_>, &Frequency),
    may_be_filled: bool,
) -> DataError {
    let (step, other_step) = step.names_beside(other_step);
    let name = |member: &Member<'_>| panel::name_of(&member.id);
    let text = format!(
        "the rows of series {:?} are one {step} apart, but those of series {:?} one {other_step}; forecast them apart",
        name(first),
        name(other)
    );
    let message = match may_be_filled {
        true => Message::from(text)
            .text(", or choose in training with ")
            .option("missing")
            .text(" what stands at the times at which one of them is closed, such as zero"),
        false => text.into(),
    };
    DataError::new(table.name(), message)
}

/// Fills in what the options leave open; the stride and the statistics are still to come.
fn configure(
    target: String,
    time: Option<String>,
    layout: Layout,
    all: &[Series<'_>],
    options: &ForecastOptions,
) -> Result<(Forecast, Option<Message>), ConfigError> {
    let frequency = all[0].frequency();
    // Of several series, what suits the middle one by length.
    let mut rows: Vec<usize> = all.iter().map(|series| series.values.len()).collect();
    rows.sort_unstable();
    let middle = rows[rows.len() / 2];
    let repeats = |season| lengths::repeat(all.iter().map(|series| &*series.values), season);
    let (lengths, remark) = Lengths::choose(middle, frequency.as_ref(), repeats, options);
    let Lengths { season, horizon, test, window } = lengths;
    // The test must not be looked at, not even for this.
    let known = |series: &Series<'_>| series.values.len().saturating_sub(test);
    // What is missing is still to be filled in: with 0, or with one of the others.
    let is_positive = |value: f64| value > 0.0 || (value.is_nan() && options.missing != Some(Missing::Zero));
    let all_positive =
        all.iter().all(|series| series.values[..known(series)].iter().all(|&value| is_positive(value)));
    let usual = if all_positive { Transform::LogDifference } else { Transform::Difference };
    let mut task = Forecast {
        target,
        time,
        time_format: None,
        missing: options.missing,
        timezone: options.timezone.clone(),
        layout,
        frequency,
        season,
        horizon,
        test,
        window,
        stride: 1,
        transform: options.transform.unwrap_or(usual),
        smoothing: None,
        scaling: Scaling { mean: 0.0, deviation: 1.0 },
        calendar: Vec::new(),
        covariates: Covariates::default(),
        series: Vec::new(),
        errors: Vec::new(),
    };
    task.calendar = task.choose_cycles(middle.saturating_sub(test), options)?;
    Ok((task, remark))
}

impl Forecast {
    /// Of several series, those that are long enough to be learned from; the others are added to those left out. A
    /// single one must be.
    fn long_enough<'a>(
        &self,
        table: &Table,
        all: Vec<Series<'a>>,
        left_out: &mut LeftOut<'a>,
    ) -> Result<Vec<Series<'a>>, DataError> {
        if self.layout.is_single() {
            self.check_length(table, all[0].values.len())?;
            return Ok(all);
        }
        let needed = (self.first_row() + LEAST_TO_LEARN).saturating_add(self.test);
        let (all, short): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|series| series.values.len() >= needed);
        left_out.short.extend(short.iter().map(|series| series.id));
        if all.is_empty() {
            let text = format!(
                "none of the {} series has the {needed} rows that are needed: {} to look back on, {LEAST_TO_LEARN} to learn \
                 from and {} kept for the test; give more rows, or choose a shorter ",
                thousands(left_out.short.len()),
                self.first_row(),
                self.test
            );
            let message = Message::from(text).option("season").text(" or ").option("test");
            return Err(DataError::new(table.name(), message));
        }
        Ok(all)
    }

    /// Fits the task to the series' training parts; gives the windows of those, and of the parts for validation.
    fn learn_from<'a>(
        &mut self,
        table: &Table,
        all: Vec<Series<'a>>,
        options: &ForecastOptions,
        left_out: &mut LeftOut<'a>,
    ) -> Result<(Windows, Windows), Error> {
        let usable =
            |task: &Forecast, series: &Series<'_>| series.values.len() - task.test - task.first_row();
        let total: usize = all.iter().map(|series| usable(self, series)).sum();
        let usual = USUAL_WINDOWS * all.len().min(USUAL_SERIES);
        self.stride = options.stride.unwrap_or(total.div_ceil(usual).max(1));
        let validation_rows = |task: &Forecast, series: &Series<'_>| {
            (options.validation * usable(task, series) as f64) as usize
        };
        let cut = |task: &Forecast, series: &Series<'_>| {
            series.values.len() - task.test - validation_rows(task, series)
        };
        let all = self.fit(table, all, cut, left_out)?;
        let (mut train, mut validation) = (Vec::new(), Vec::new());
        for series in &all {
            let (scaled, cut) = (self.scaled(series), cut(self, series));
            let (first, end) = (self.first_row(), series.values.len() - self.test);
            train.extend(self.windows(series, &scaled, first..cut, first));
            if cut < end {
                // The network has seen what comes before, as it will have when it forecasts.
                let first = (cut + 1).saturating_sub(self.window).max(first);
                validation.extend(self.windows(series, &scaled, first..end, cut));
            }
        }
        let wanted: usize = all.iter().map(|series| validation_rows(self, series)).sum();
        if train.is_empty() || (wanted > 0 && validation.is_empty()) {
            let text = format!(
                "leaves {wanted} rows for validation and {} for training, and a window is {} rows; \
                 choose another share or a shorter ",
                total - wanted,
                self.window
            );
            return Err(ConfigError::new("validation", Message::from(text).option("window")).into());
        }
        Ok((train, validation))
    }

    /// Takes the statistics of the transformed values of each series from its rows before `end`. Of several series,
    /// gives those that vary.
    fn fit<'a>(
        &mut self,
        table: &Table,
        all: Vec<Series<'a>>,
        end: impl Fn(&Forecast, &Series<'_>) -> usize,
        left_out: &mut LeftOut<'a>,
    ) -> Result<Vec<Series<'a>>, DataError> {
        let mut fitted = Vec::with_capacity(all.len());
        for mut series in all {
            let end = end(self, &series);
            let values = &series.values[..end];
            let smoothing = if self.layout.is_single() { self.smoothing } else { self.smoothing_of(values) };
            match self.statistics(values, smoothing) {
                Ok(scaling) if self.layout.is_single() => self.scaling = scaling,
                Ok(scaling) => {
                    let (id, levels) = (series.id.to_vec(), std::mem::take(&mut series.levels));
                    let frequency = series.frequency().filter(|own| Some(own) != self.frequency.as_ref());
                    self.series.push(Known { id, scaling, smoothing, levels, frequency });
                }
                Err(NoScaling::Constant) if !self.layout.is_single() => {
                    left_out.constant.push(series.id);
                    continue;
                }
                Err(why) => return Err(self.cannot_be_scaled(table, &series, end, why)),
            }
            series.scaling = self.series.last().map_or(self.scaling, |known| known.scaling);
            series.smoothing = smoothing;
            fitted.push(series);
        }
        if fitted.is_empty() {
            let message = "no series varies, so there is nothing to learn";
            return Err(DataError::new(table.name(), message));
        }
        Ok(fitted)
    }

    /// The error about a series from whose first rows, so many, nothing can be learned.
    pub(super) fn cannot_be_scaled(
        &self,
        table: &Table,
        series: &Series<'_>,
        rows: usize,
        why: NoScaling,
    ) -> DataError {
        let column = series.column.name();
        let is_flat = |values: &[f64]| values.windows(2).all(|pair| pair[0] == pair[1]);
        let what = match self.transform {
            _ if is_flat(&series.values) => "does not vary",
            _ if is_flat(&series.values[..rows]) => "does not vary in the rows to learn from",
            Transform::LogDifference => "changes by the same share in every row",
            _ => "changes by the same in every row",
        };
        let message = match why {
            NoScaling::Constant => Message::from(format!(
                "column {column:?} {what}, so there is nothing to learn; choose another "
            ))
            .option("target"),
            NoScaling::TooLarge => format!("column {column:?} {TOO_LARGE}").into(),
        };
        let place = if series.id.is_empty() { table.name() } else { series.column.table_name() };
        DataError::new(place, message)
    }

    /// Refuses a test that is shorter than what is forecast.
    fn check_test_len(&self) -> Result<(), ConfigError> {
        if self.test > 0 && self.test < self.horizon {
            let message = format!(
                "keeps {} rows, fewer than the horizon of {}; keep more, or 0 for no test",
                self.test, self.horizon
            );
            return Err(ConfigError::new("test", message));
        }
        Ok(())
    }

    /// Is there a row to learn from, with all that it looks back on, and a window of them?
    fn check_length(&self, table: &Table, rows: usize) -> Result<(), DataError> {
        let needed = (self.first_row() + self.window).saturating_add(self.test);
        if rows >= needed {
            return Ok(());
        }
        let text = format!(
            "the series has {rows} row{}, but {needed} are needed: {} to look back on, a window of {} to learn \
             from and {} kept for the test; give more rows, or choose a shorter ",
            if rows == 1 { "" } else { "s" },
            self.first_row(),
            self.window,
            self.test
        );
        let message =
            Message::from(text).option("window").text(", ").option("season").text(" or ").option("test");
        Err(DataError::new(table.name(), message))
    }
}
