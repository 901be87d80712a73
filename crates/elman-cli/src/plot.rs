//! Line plots, as SVG.

use std::fmt::Write;
use std::path::Path;

use elman::error::Error;
use elman::file;
use elman::task::{Chart, Charts, Role};

use crate::input;

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 380.0;
/// Left, top, right, bottom of the plotted area, from the picture's edges.
const MARGIN: [f64; 4] = [58.0, 46.0, 18.0, 34.0];
/// Width and height of one chart of several.
const PANEL: [f64; 2] = [560.0, 240.0];

/// Where lines are drawn, from the picture's left and top.
#[derive(Clone, Copy)]
struct Area {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

/// Refuses a place where a picture cannot go: standard output, or a file that is no picture.
pub(crate) fn check_place(path: &Path, force: bool) -> anyhow::Result<()> {
    input::refuse_standard_output(path, "--plot")?;
    input::refuse_foreign(path, "a picture", force, |start| start.starts_with(b"<svg"))
}

/// Draws charts and writes the picture, all or nothing.
pub(crate) fn save(charts: &Charts, path: &Path) -> Result<(), Error> {
    let svg = match &charts.charts[..] {
        [chart] => of_one(chart),
        all => of_several(&charts.title, all),
    };
    Ok(file::write(path, svg.as_bytes())?)
}

fn style(role: Role) -> &'static str {
    match role {
        Role::Truth => "stroke:#1f2937;stroke-width:1.8",
        Role::Model => "stroke:#e4572e;stroke-width:2.2",
        Role::Baseline => "stroke:#9ca3af;stroke-width:1.5;stroke-dasharray:4 3",
    }
}

/// Rows between so many names on the axis, about: whole seasons apart where there are seasons.
fn step(chart: &Chart, wanted: usize) -> usize {
    let names = chart.row_names.len();
    let unit = chart.season.filter(|&season| season <= names / 2).unwrap_or(1);
    unit * names.div_ceil((wanted + 1) * unit).max(1)
}

fn of_one(chart: &Chart) -> String {
    let [left, top, right, bottom] = MARGIN;
    let area = Area { left, top, right: WIDTH - right, bottom: HEIGHT - bottom };
    let mut svg = begin(WIDTH, HEIGHT, &chart.title);
    draw(&mut svg, chart, area, 6);
    legend(&mut svg, chart, area.right);
    svg.push_str("</svg>\n");
    svg
}

/// Charts in rows of two, under a title and the names of their lines.
fn of_several(title: &str, charts: &[Chart]) -> String {
    let [width, height] = PANEL;
    let [left, top, right, bottom] = MARGIN;
    let columns = 2.0;
    let rows = charts.len().div_ceil(2) as f64;
    let mut svg = begin(columns * width, top + rows * height, title);
    if let Some(chart) = charts.first() {
        legend(&mut svg, chart, columns * width - right);
    }
    for (n, chart) in charts.iter().enumerate() {
        let (x, y) = ((n % 2) as f64 * width, top + (n / 2) as f64 * height);
        let area =
            Area { left: x + left, top: y + 20.0, right: x + width - right, bottom: y + height - bottom };
        let title = escape(&chart.title);
        element(
            &mut svg,
            format_args!("<text x=\"{}\" y=\"{}\" fill=\"#111827\">{title}</text>", area.left, y + 9.0),
        );
        draw(&mut svg, chart, area, 4);
    }
    svg.push_str("</svg>\n");
    svg
}

fn begin(width: f64, height: f64, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#374151\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{}\" y=\"24\" font-size=\"15\" fill=\"#111827\">{}</text>\n",
        MARGIN[0],
        escape(title)
    )
}

/// Axes and lines of a chart, with about so many names below.
fn draw(svg: &mut String, chart: &Chart, area: Area, names: usize) {
    let Area { left, top, right, bottom } = area;
    let (low, high, tick) = range(chart);
    let last = (chart.row_names.len().max(2) - 1) as f64;
    let x = |row: usize| left + (right - left) * (row - chart.first_row) as f64 / last;
    let y = |value: f64| bottom - (bottom - top) * (value - low) / (high - low);
    for n in 0..=((high - low) / tick).round() as usize {
        let value = low + n as f64 * tick;
        let at = y(value);
        element(
            svg,
            format_args!(
                "<line x1=\"{left}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#e5e7eb\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left - 8.0,
                at + 4.0,
                tick_text(value, tick)
            ),
        );
    }
    for (n, name) in chart.row_names.iter().enumerate().step_by(step(chart, names)) {
        let (at, name) = (x(chart.first_row + n), escape(name));
        element(
            svg,
            format_args!(
                "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{bottom}\" y2=\"{:.1}\" stroke=\"#9ca3af\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
                bottom + 5.0,
                bottom + 19.0
            ),
        );
    }
    for line in &chart.lines {
        let points: Vec<String> = line
            .points
            .iter()
            .filter(|(_, value)| value.is_finite())
            .map(|&(row, value)| format!("{:.1},{:.1}", x(row), y(value)))
            .collect();
        element(
            svg,
            format_args!(
                "<polyline points=\"{}\" fill=\"none\" stroke-linejoin=\"round\" style=\"{}\"/>",
                points.join(" "),
                style(line.role)
            ),
        );
    }
}

/// The names of a chart's lines, at the top, up to the right end.
fn legend(svg: &mut String, chart: &Chart, right: f64) {
    let mut at = right;
    for line in &chart.lines {
        let Some(name) = line.name else { continue };
        // Room for the name at about seven units a letter.
        at -= 7.0 * name.len() as f64 + 44.0;
        element(
            svg,
            format_args!(
                "<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"20\" y2=\"20\" style=\"{}\"/>\
                 <text x=\"{:.1}\" y=\"24\">{}</text>",
                at,
                at + 24.0,
                style(line.role),
                at + 30.0,
                name
            ),
        );
    }
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
