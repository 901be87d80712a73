//! Line plots of forecasts, as SVG.

use std::fmt::Write;
use std::path::Path;

use elman::calendar::Frequency;
use elman::error::Error;
use elman::file;
use elman::model::Model;
use elman::table::Table;
use elman::task::{Backtest, Forecast, HeldOut, Predictions, Task};

use crate::output::{Wrong, counted};

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 380.0;
/// Left, top, right, bottom of the plotted area, from the picture's edges.
const MARGIN: [f64; 4] = [58.0, 46.0, 18.0, 34.0];

/// Rows of history that are shown where there is no season to count in.
const USUAL_HISTORY: usize = 100;

/// A picture with lines over rows.
pub(crate) struct Plot {
    title: String,
    /// The row's names, from row `first` on.
    names: Vec<String>,
    first: usize,
    lines: Vec<Line>,
    /// Rows between names on the axis.
    step: usize,
}

struct Line {
    /// In the legend; empty for a further piece of the line before.
    name: &'static str,
    style: &'static str,
    points: Vec<(usize, f64)>,
}

const TRUTH: &str = "stroke:#1f2937;stroke-width:1.8";
const FORECAST: &str = "stroke:#e4572e;stroke-width:2.2";
const NAIVE: &str = "stroke:#9ca3af;stroke-width:1.5;stroke-dasharray:4 3";

/// The history's end and the forecast that follows it.
pub(crate) fn forecast(model: &Model, table: &Table, predictions: &Predictions) -> anyhow::Result<Plot> {
    let task = forecast_task(model)?;
    let values = table.column(&task.target).and_then(|column| column.numbers()).map_err(Error::from)?;
    let rows = values.len();
    let first = rows.saturating_sub(task.season.map_or(USUAL_HISTORY, |season| 4 * season));
    let mut names = names(task, table, first)?;
    names.extend(predictions.rows.iter().map(|row| row[0].clone()));
    let future =
        predictions.rows.iter().enumerate().map(|(n, row)| (rows + n, row[1].parse().unwrap_or(f64::NAN)));
    let lines = vec![
        Line { name: "known", style: TRUTH, points: (first..rows).map(|row| (row, values[row])).collect() },
        Line {
            name: "forecast",
            style: FORECAST,
            points: std::iter::once((rows - 1, values[rows - 1])).chain(future).collect(),
        },
    ];
    Ok(Plot::new(format!("{}: forecast", task.target), names, first, lines, task.season))
}

/// Forecasts of the test part beside what came true: from every origin that follows the rows that the
/// one before has forecast.
pub(crate) fn backtest(model: &Model, table: &Table, held_out: &HeldOut) -> anyhow::Result<Plot> {
    let task = forecast_task(model)?;
    let HeldOut::LastRows(test) = *held_out else {
        return Err(Wrong("--plot draws the last rows of a forecast".into()).into());
    };
    let Backtest { values, origins } = task.backtest(model.network(), model.parameters(), table, test)?;
    let rows = values.len();
    let first = rows.saturating_sub(test + task.season.map_or(USUAL_HISTORY, |season| 2 * season));
    let mut lines = vec![Line {
        name: "truth",
        style: TRUTH,
        points: (first..rows).map(|row| (row, values[row])).collect(),
    }];
    let drawn: Vec<_> = origins.iter().step_by(task.horizon).collect();
    let baseline = if task.season.is_some() { "seasonal naive" } else { "last value" };
    for (n, origin) in drawn.iter().enumerate() {
        let points = |ahead: &[f64]| {
            let last = std::iter::once((origin.row - 1, values[origin.row - 1]));
            last.chain(ahead.iter().enumerate().map(|(n, &value)| (origin.row + n, value))).collect()
        };
        let name = |name| if n == 0 { name } else { "" };
        lines.push(Line { name: name(baseline), style: NAIVE, points: points(&origin.naive) });
        lines.push(Line { name: name("forecast"), style: FORECAST, points: points(&origin.forecasts) });
    }
    let rows_ahead = counted(task.horizon, task.frequency.map_or("row", Frequency::row_name));
    let title = format!("{}: {rows_ahead} ahead, from {}", task.target, counted(drawn.len(), "origin"));
    Ok(Plot::new(title, names(task, table, first)?, first, lines, task.season))
}

fn forecast_task(model: &Model) -> Result<&Forecast, Wrong> {
    match model.task() {
        Task::Forecast(task) => Ok(task),
        task => Err(Wrong(format!("--plot is for forecasts; this model is there to {}", task.name()))),
    }
}

fn names(task: &Forecast, table: &Table, first: usize) -> Result<Vec<String>, Error> {
    Ok(match &task.time {
        Some(time) => table.column(time)?.texts().skip(first).map(str::to_owned).collect(),
        None => (first..table.num_rows()).map(|row| (row + 1).to_string()).collect(),
    })
}

impl Plot {
    fn new(title: String, names: Vec<String>, first: usize, lines: Vec<Line>, season: Option<usize>) -> Self {
        // About six names along the axis, whole seasons apart where there are seasons.
        let unit = season.filter(|&season| season <= names.len() / 2).unwrap_or(1);
        let step = unit * names.len().div_ceil(7 * unit).max(1);
        Plot { title, names, first, lines, step }
    }

    /// Writes the picture, all or nothing.
    pub(crate) fn save(&self, path: &Path) -> Result<(), Error> {
        Ok(file::write(path, self.to_svg().as_bytes())?)
    }

    fn to_svg(&self) -> String {
        let [left, top, right, bottom] = [MARGIN[0], MARGIN[1], WIDTH - MARGIN[2], HEIGHT - MARGIN[3]];
        let (low, high, tick) = self.range();
        let last = (self.names.len().max(2) - 1) as f64;
        let x = |row: usize| left + (right - left) * (row - self.first) as f64 / last;
        let y = |value: f64| bottom - (bottom - top) * (value - low) / (high - low);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#374151\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text x=\"{left}\" y=\"24\" font-size=\"15\" fill=\"#111827\">{}</text>\n",
            escape(&self.title)
        );
        for n in 0..=((high - low) / tick).round() as usize {
            let value = low + n as f64 * tick;
            let at = y(value);
            element(
                &mut svg,
                format_args!(
                    "<line x1=\"{left}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#e5e7eb\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                    left - 8.0,
                    at + 4.0,
                    tick_text(value, tick)
                ),
            );
        }
        for (n, name) in self.names.iter().enumerate().step_by(self.step) {
            let (at, name) = (x(self.first + n), escape(name));
            element(
                &mut svg,
                format_args!(
                    "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{bottom}\" y2=\"{:.1}\" stroke=\"#9ca3af\"/>\
                 <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
                    bottom + 5.0,
                    bottom + 19.0
                ),
            );
        }
        let mut legend = right;
        for line in &self.lines {
            let points: Vec<String> = line
                .points
                .iter()
                .filter(|(_, value)| value.is_finite())
                .map(|&(row, value)| format!("{:.1},{:.1}", x(row), y(value)))
                .collect();
            element(
                &mut svg,
                format_args!(
                    "<polyline points=\"{}\" fill=\"none\" stroke-linejoin=\"round\" style=\"{}\"/>",
                    points.join(" "),
                    line.style
                ),
            );
            if !line.name.is_empty() {
                // Room for the name at about seven units a letter.
                legend -= 7.0 * line.name.len() as f64 + 44.0;
                element(
                    &mut svg,
                    format_args!(
                        "<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"20\" y2=\"20\" style=\"{}\"/>\
                     <text x=\"{:.1}\" y=\"24\">{}</text>",
                        legend,
                        legend + 24.0,
                        line.style,
                        legend + 30.0,
                        line.name
                    ),
                );
            }
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// The axis of values: its ends, and the distance of its marks: 1, 2 or 5 times a power of ten.
    fn range(&self) -> (f64, f64, f64) {
        let values = self.lines.iter().flat_map(|line| &line.points).map(|&(_, value)| value);
        let finite = values.filter(|value| value.is_finite());
        let (low, high) =
            finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let span = high - low;
        // Too little for marks that differ, or too much to be a number.
        if !span.is_finite() || span <= 1e-12 * low.abs().max(high.abs()) {
            let middle = if low.is_finite() && span.is_finite() { low } else { 0.0 };
            let tick = if middle == 0.0 { 1.0 } else { middle.abs() };
            return (middle - tick, middle + tick, tick);
        }
        let rough = span / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let tick =
            [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|&tick| tick >= rough).unwrap_or(span);
        ((low / tick).floor() * tick, (high / tick).ceil() * tick, tick)
    }
}

fn element(svg: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(svg, "{text}");
}

fn tick_text(value: f64, tick: f64) -> String {
    let decimals = (-tick.log10().floor()).clamp(0.0, 9.0) as usize;
    // Not "-0".
    let value = if value.abs() < tick / 1e6 { 0.0 } else { value };
    format!("{value:.decimals$}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
