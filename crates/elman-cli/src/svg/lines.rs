//! Lines and bands over rows.

use elman::task::{Band, Chart, Charts, Line, Role};

use super::axis::Axis;
use super::labels::labels;
use super::{Anchor, Area, MARGIN, Picture, SIZE, Svg, elided, told, width};

/// How charts stand in a picture.
#[derive(Clone, Copy)]
pub(crate) struct Arrangement {
    /// The picture's width.
    pub(crate) width: f64,
    /// The height of a chart.
    pub(crate) height: f64,
    /// How many of several charts stand side by side.
    pub(crate) columns: usize,
    /// Is the title drawn? Not where a page has it above.
    pub(crate) titled: bool,
}

/// Charts side by side, under the names of their lines.
pub(crate) fn charts(charts: &Charts, arrangement: Arrangement) -> Picture {
    let Arrangement { width: picture_width, height, columns, titled } = arrangement;
    let mut body = Svg::default();
    let legend = Legend::of(&charts.charts);
    let right = picture_width - MARGIN;
    let mut top = 10.0;
    if titled {
        let title = elided(&charts.title, (right - MARGIN) * SIZE / 15.0);
        let beside = legend.width() + width(&title, 15.0) + 3.0 * MARGIN <= right - MARGIN;
        body.element(format_args!("<rect class=\"back\" width=\"100%\" height=\"100%\"/>"));
        body.element(format_args!(
            "<text class=\"head\" x=\"{MARGIN}\" y=\"24\">{}</text>",
            super::Escaped(&title)
        ));
        top = 36.0;
        if beside {
            legend.draw(&mut body, right - legend.width(), right, 24.0);
        } else {
            top = legend.draw(&mut body, MARGIN, right, 44.0) + 10.0;
        }
    } else if legend.is_needed() {
        top = legend.draw(&mut body, MARGIN, right, 16.0) + 10.0;
    }
    let columns = columns.min(charts.charts.len()).max(1);
    let panel = (picture_width - MARGIN) / columns as f64;
    let heads = if charts.charts.len() > 1 { 20.0 } else { 0.0 };
    for (n, chart) in charts.charts.iter().enumerate() {
        let left = MARGIN / 2.0 + (n % columns) as f64 * panel;
        let top = top + (n / columns) as f64 * (height + heads);
        if heads > 0.0 {
            body.text(
                Anchor::Start,
                (left + MARGIN / 2.0, top + 13.0),
                &elided(&chart.title, panel - 2.0 * MARGIN),
            );
        }
        let area =
            Area { left, top: top + heads, right: left + panel - MARGIN / 2.0, bottom: top + heads + height };
        draw(&mut body, chart, area);
    }
    let rows = charts.charts.len().div_ceil(columns) as f64;
    Picture {
        width: picture_width,
        height: top + rows * (height + heads) + 4.0,
        title: charts.title.clone(),
        description: describe(charts),
        body,
    }
}

/// A chart with its axes.
fn draw(svg: &mut Svg, chart: &Chart, area: Area) {
    let ends = chart.bands.iter().flat_map(|band| band.points.iter().flat_map(|(_, ends)| *ends));
    let lines = chart.lines.iter().flat_map(|line| line.start.iter().chain(&line.points));
    let steps = ((area.bottom - area.top) / 60.0).clamp(2.0, 6.0);
    let axis = Axis::of(lines.map(|&(_, value)| value).chain(ends), chart.logarithmic, steps);
    let named = axis.ticks.iter().map(|(_, text)| width(text, SIZE)).fold(0.0, f64::max);
    let numbered = chart.row_names.first().is_some_and(|name| name.parse::<f64>().is_ok());
    let x_title = if numbered { chart.x.as_str() } else { "" };
    let plot = Area {
        left: area.left + named + 12.0,
        top: area.top + if chart.y.is_empty() { 8.0 } else { 22.0 },
        right: area.right - 8.0,
        bottom: area.bottom - if x_title.is_empty() { 36.0 } else { 40.0 },
    };
    let last = (chart.row_names.len().max(2) - 1) as f64;
    let pitch = (plot.right - plot.left) / last;
    // A row before the first may be where a line sets out from.
    let x =
        |row: usize| (plot.left + pitch * (row as f64 - chart.first_row as f64)).clamp(plot.left, plot.right);
    let y = |value: f64| axis.place(value).map(|place| plot.bottom - (plot.bottom - plot.top) * place);
    if !chart.y.is_empty() {
        svg.text(
            Anchor::Start,
            (area.left + 6.0, area.top + 12.0),
            &elided(&chart.y, area.right - area.left),
        );
    }
    for (value, text) in &axis.ticks {
        let Some(at) = y(*value) else { continue };
        svg.line("grid", (plot.left, at), (plot.right, at));
        svg.text(Anchor::End, (plot.left - 6.0, at + 4.0), text);
    }
    for label in labels(&chart.row_names, chart.season, pitch) {
        let at = x(chart.first_row + label.row);
        svg.line("axis", (at, plot.bottom), (at, plot.bottom + 5.0));
        for (n, line) in label.lines.iter().enumerate() {
            let half = width(line, SIZE) / 2.0;
            let middle = at.clamp(area.left + half, (area.right - half).max(area.left + half));
            svg.text(Anchor::Middle, (middle, plot.bottom + 18.0 + 14.0 * n as f64), line);
        }
    }
    if !x_title.is_empty() {
        svg.text(Anchor::End, (plot.right, plot.bottom + 33.0), x_title);
    }
    let pixels = (plot.right - plot.left).max(1.0) as usize;
    for band in &chart.bands {
        draw_band(svg, band, pixels, x, y);
    }
    for mark in &chart.marks {
        let at = x(mark.row);
        svg.line("mark", (at, plot.top), (at, plot.bottom));
        let (anchor, beside) =
            if at > (plot.left + plot.right) / 2.0 { (Anchor::End, -4.0) } else { (Anchor::Start, 4.0) };
        svg.text(anchor, (at + beside, plot.top + 11.0), &mark.text);
    }
    for line in &chart.lines {
        draw_line(svg, line, pixels, x, y);
    }
}

fn class_of(role: Role) -> &'static str {
    match role {
        Role::Truth => "truth",
        Role::Model => "model",
        Role::Baseline => "baseline",
        Role::Quantile => "quantile",
        Role::Residual => "residual",
    }
}

/// A line, which breaks off where a value cannot be shown.
fn draw_line(
    svg: &mut Svg,
    line: &Line,
    pixels: usize,
    x: impl Fn(usize) -> f64,
    y: impl Fn(f64) -> Option<f64>,
) {
    let class = class_of(line.role);
    let mut piece: Vec<(f64, f64)> = Vec::new();
    let places = line.start.iter().chain(&line.points).map(|&(row, value)| (x(row), y(value)));
    for (x, y) in places {
        match y {
            Some(y) => piece.push((x, y)),
            None => svg.polyline(class, &thinned(&std::mem::take(&mut piece), pixels)),
        }
    }
    svg.polyline(class, &thinned(&piece, pixels));
}

fn draw_band(
    svg: &mut Svg,
    band: &Band,
    pixels: usize,
    x: impl Fn(usize) -> f64,
    y: impl Fn(f64) -> Option<f64>,
) {
    let start = band.start.map(|(row, value)| (row, [value; 2]));
    let side = |end: usize| -> Vec<(f64, f64)> {
        let ends = start.iter().chain(&band.points);
        let places: Vec<(f64, f64)> = ends.filter_map(|&(row, ends)| Some((x(row), y(ends[end])?))).collect();
        thinned(&places, pixels)
    };
    let mut outline = side(1);
    outline.extend(side(0).into_iter().rev());
    svg.element(format_args!("<polygon class=\"band\" points=\"{}\"/>", super::Places(&outline)));
}

/// The places of a line of which many fall on one pixel: of each such the first and the last, the lowest and the highest, so
/// that it looks the same.
fn thinned(places: &[(f64, f64)], pixels: usize) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return Vec::new() };
    // A piece of a line has the pixels that it covers.
    let pixels = pixels.min((last.0 - first.0).abs().ceil().max(1.0) as usize);
    if places.len() <= 4 * pixels {
        return places.to_vec();
    }
    let mut kept = Vec::new();
    for part in places.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        let at = |n: usize| part[n].1;
        let by = |better: fn(f64, f64) -> bool| {
            (1..part.len()).fold(0, |best, n| if better(at(n), at(best)) { n } else { best })
        };
        let mut places = [0, by(|a, b| a < b), by(|a, b| a > b), part.len() - 1];
        places.sort_unstable();
        kept.extend(
            places
                .iter()
                .enumerate()
                .filter(|&(n, place)| n == 0 || places[n - 1] != *place)
                .map(|(_, &place)| part[place]),
        );
    }
    kept
}

/// The names of lines and bands, each once.
struct Legend<'a>(Vec<(Sample, &'a str)>);

/// What stands before a name.
#[derive(Clone, Copy, PartialEq)]
enum Sample {
    Line(Role),
    /// So many bands lie over each other.
    Band(usize),
}

impl<'a> Legend<'a> {
    const SAMPLE: f64 = 24.0;
    const GAP: f64 = 18.0;

    fn of(charts: &'a [Chart]) -> Self {
        let mut names: Vec<(Sample, &str)> = Vec::new();
        let mut add = |sample: Sample, name: &'a Option<String>| {
            if let Some(name) = name
                && !names.iter().any(|(_, other)| other == name)
            {
                names.push((sample, name));
            }
        };
        for chart in charts {
            chart.lines.iter().for_each(|line| add(Sample::Line(line.role), &line.name));
            let named = chart.bands.iter().filter(|band| band.name.is_some());
            named.enumerate().for_each(|(n, band)| add(Sample::Band(n + 1), &band.name));
        }
        Legend(names)
    }

    /// Is there more than one line to tell apart?
    fn is_needed(&self) -> bool {
        self.0.len() > 1
    }

    fn width_of(name: &str) -> f64 {
        Self::SAMPLE + 6.0 + width(name, SIZE) + Self::GAP
    }

    fn width(&self) -> f64 {
        self.0.iter().map(|(_, name)| Self::width_of(name)).sum()
    }

    /// Draws the names from `left` on, in as many lines as they need, the first at `y`; gives the last line's place.
    fn draw(&self, svg: &mut Svg, left: f64, right: f64, mut y: f64) -> f64 {
        let mut x = left;
        for (sample, name) in &self.0 {
            let name = elided(name, right - left - Self::SAMPLE - 6.0);
            if x > left && x + Self::width_of(&name) - Self::GAP > right {
                (x, y) = (left, y + 18.0);
            }
            match sample {
                Sample::Line(role) => {
                    let class = class_of(*role);
                    svg.line(class, (x, y - 4.0), (x + Self::SAMPLE, y - 4.0));
                }
                Sample::Band(count) => {
                    for _ in 0..*count {
                        svg.element(format_args!(
                            "<rect class=\"band\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{}\" height=\"11\"/>",
                            y - 10.0,
                            Self::SAMPLE
                        ));
                    }
                }
            }
            svg.text(Anchor::Start, (x + Self::SAMPLE + 6.0, y), &name);
            x += Self::width_of(&name);
        }
        y
    }
}

/// What charts show, for those who do not see them.
fn describe(charts: &Charts) -> String {
    let all: Vec<String> = charts.charts.iter().map(describe_one).collect();
    all.join(" ")
}

fn describe_one(chart: &Chart) -> String {
    let (first, last) = (chart.row_names.first(), chart.row_names.last());
    let rows = match (first, last) {
        (Some(first), Some(last)) => format!("from {first} to {last}"),
        _ => "of no rows".into(),
    };
    let mut text = format!("Lines {rows}");
    if !chart.title.is_empty() {
        text = format!("{}: lines {rows}", chart.title);
    }
    for line in chart.lines.iter().filter(|line| line.name.is_some()) {
        let values = line.points.iter().map(|&(_, value)| value).filter(|value| value.is_finite());
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low <= high {
            let name = line.name.as_deref().unwrap_or_default();
            text.push_str(&format!("; {name} {} to {}", told(low), told(high)));
        }
    }
    for mark in &chart.marks {
        text.push_str(&format!("; {}", mark.text));
    }
    text + "."
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Arrangement = Arrangement { width: 820.0, height: 330.0, columns: 1, titled: true };

    fn chart(lines: Vec<Line>, rows: usize) -> Charts {
        let row_names = (0..rows).map(|n| n.to_string()).collect();
        Chart { title: "t".into(), row_names, lines, ..Chart::default() }.into()
    }

    #[test]
    fn many_points_keep_their_ends_and_extremes() {
        let points: Vec<(usize, f64)> =
            (0..100_000).map(|n| (n, if n == 54_321 { 9.0 } else { (n as f64 / 500.0).sin() })).collect();
        let drawn =
            charts(&chart(vec![Line::new("a".to_owned(), Role::Truth, points)], 100_000), WIDE).file();
        assert!(drawn.len() < 60_000, "{}", drawn.len());
        // The spike's place: 9 of -2 to 10.
        let top = drawn
            .split([' ', '"'])
            .filter_map(|place| place.split_once(',')?.1.parse::<f64>().ok())
            .fold(f64::MAX, f64::min);
        let axis = Axis::of([-1.0, 9.0].into_iter(), false, 5.5);
        let (plot_top, plot_bottom) = (36.0 + 8.0, 36.0 + 330.0 - 36.0);
        let expected = plot_bottom - (plot_bottom - plot_top) * axis.place(9.0).unwrap();
        assert!((top - expected).abs() < 0.06, "{top} for {expected}");
    }

    #[test]
    fn a_line_breaks_off_at_what_is_no_number() {
        let points = vec![(0, 1.0), (1, 2.0), (2, f64::NAN), (3, 4.0), (4, 2.0)];
        let drawn = charts(&chart(vec![Line::new(None, Role::Model, points)], 5), WIDE).file();
        assert_eq!(drawn.matches("<polyline").count(), 2, "{drawn}");
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }

    #[test]
    fn hostile_names_stay_text() {
        let mut all = chart(vec![Line::new("</svg><b>".to_owned(), Role::Model, vec![(0, 1.0)])], 1);
        all.title = "\"><script>".into();
        let drawn = charts(&all, WIDE).file();
        assert!(!drawn.contains("<script") && !drawn.contains("<b>"), "{drawn}");
        assert_eq!(drawn.matches("</svg>").count(), 1);
    }

    #[test]
    fn values_beyond_all_measure_are_drawn_at_the_edge() {
        let points = vec![(0, f64::MAX), (1, f64::MIN), (2, 0.0)];
        let drawn = charts(&chart(vec![Line::new(None, Role::Truth, points)], 3), WIDE).file();
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }
}
