//! Line plots, as SVG.

use std::fmt::Write;
use std::path::Path;

use elman::error::Error;
use elman::file;
use elman::task::{Chart, Role};

use crate::input;

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 380.0;
/// Left, top, right, bottom of the plotted area, from the picture's edges.
const MARGIN: [f64; 4] = [58.0, 46.0, 18.0, 34.0];

/// Refuses a place where a picture cannot go: standard output, or a file that is no picture.
pub(crate) fn check_place(path: &Path, force: bool) -> anyhow::Result<()> {
    input::refuse_standard_output(path, "--plot")?;
    input::refuse_foreign(path, "a picture", force, |start| start.starts_with(b"<svg"))
}

/// Draws a chart and writes the picture, all or nothing.
pub(crate) fn save(chart: &Chart, path: &Path) -> Result<(), Error> {
    Ok(file::write(path, to_svg(chart).as_bytes())?)
}

fn style(role: Role) -> &'static str {
    match role {
        Role::Truth => "stroke:#1f2937;stroke-width:1.8",
        Role::Model => "stroke:#e4572e;stroke-width:2.2",
        Role::Baseline => "stroke:#9ca3af;stroke-width:1.5;stroke-dasharray:4 3",
    }
}

/// Rows between names on the axis: about six names, whole seasons apart where there are seasons.
fn step(chart: &Chart) -> usize {
    let names = chart.row_names.len();
    let unit = chart.season.filter(|&season| season <= names / 2).unwrap_or(1);
    unit * names.div_ceil(7 * unit).max(1)
}

fn to_svg(chart: &Chart) -> String {
    let [left, top, right, bottom] = [MARGIN[0], MARGIN[1], WIDTH - MARGIN[2], HEIGHT - MARGIN[3]];
    let (low, high, tick) = range(chart);
    let last = (chart.row_names.len().max(2) - 1) as f64;
    let x = |row: usize| left + (right - left) * (row - chart.first_row) as f64 / last;
    let y = |value: f64| bottom - (bottom - top) * (value - low) / (high - low);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#374151\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{left}\" y=\"24\" font-size=\"15\" fill=\"#111827\">{}</text>\n",
        escape(&chart.title)
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
    for (n, name) in chart.row_names.iter().enumerate().step_by(step(chart)) {
        let (at, name) = (x(chart.first_row + n), escape(name));
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
    for line in &chart.lines {
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
                style(line.role)
            ),
        );
        if let Some(name) = line.name {
            // Room for the name at about seven units a letter.
            legend -= 7.0 * name.len() as f64 + 44.0;
            element(
                &mut svg,
                format_args!(
                    "<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"20\" y2=\"20\" style=\"{}\"/>\
                 <text x=\"{:.1}\" y=\"24\">{}</text>",
                    legend,
                    legend + 24.0,
                    style(line.role),
                    legend + 30.0,
                    name
                ),
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// The axis of values: its ends, and the distance of its marks: 1, 2 or 5 times a power of ten.
fn range(chart: &Chart) -> (f64, f64, f64) {
    let values = chart.lines.iter().flat_map(|line| &line.points).map(|&(_, value)| value);
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
