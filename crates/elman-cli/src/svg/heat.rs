//! A colour for each place of a grid.

use elman::task::{Heat, Span};

use super::axis::Axis;
use super::labels::labels;
use super::png;
use super::{Anchor, MARGIN, Picture, SIZE, Svg, told, width};

/// The colours from the lowest value, as far below 0 as the highest is above, to that: blue over white to red, which all eyes tell apart.
const COLOURS: [[u8; 3]; 5] =
    [[33, 60, 150], [120, 160, 220], [244, 244, 244], [235, 140, 110], [165, 25, 30]];

/// A grid of colours with its scale; white is 0.
pub(crate) fn heat(heat: &Heat, picture_width: f64) -> Picture {
    let mut svg = Svg::default();
    let rows = heat.values.len();
    let columns = heat.values.iter().map(Vec::len).max().unwrap_or(0);
    let finite = || heat.values.iter().flatten().copied().filter(|value| value.is_finite());
    let lowest = finite().fold(f64::INFINITY, f64::min);
    let highest = finite().fold(f64::NEG_INFINITY, f64::max);
    let most = heat.most.unwrap_or_else(|| finite().fold(0.0, |most, value| most.max(value.abs())));
    let height = (rows as f64 * 8.0).clamp(90.0, 320.0);
    let beside = row_names(heat, height);
    let named = beside.iter().map(|(_, name)| width(name, SIZE)).fold(0.0, f64::max);
    let (left, top) = (named + 2.0 * MARGIN, 30.0);
    let side = (picture_width - left - MARGIN).max(10.0);
    let bottom = top + height;
    let level = |value: f64| {
        if most > 0.0 && value.is_finite() {
            (127.5 + 127.5 * value / most).round().clamp(0.0, 255.0) as u8
        } else {
            128
        }
    };
    // From the top down; short rows end early.
    let pixels = heat
        .values
        .iter()
        .rev()
        .map(|row| (0..columns).map(|n| level(row.get(n).copied().unwrap_or(0.0))).collect::<Vec<_>>());
    let image = png::data_url(columns, &pixels.collect::<Vec<_>>(), &palette());
    svg.text(Anchor::Start, (MARGIN, 16.0), &heat.y);
    svg.element(format_args!(
        "<image x=\"{left:.1}\" y=\"{top}\" width=\"{side:.1}\" height=\"{height:.1}\" preserveAspectRatio=\"none\" \
         style=\"image-rendering:pixelated\" href=\"{image}\"/>"
    ));
    for (place, lines) in column_names(heat, columns, side) {
        let at = left + side * place;
        svg.line("axis", (at, bottom), (at, bottom + 5.0));
        for (n, line) in lines.iter().enumerate() {
            let half = width(line, SIZE) / 2.0;
            let middle = at.min(picture_width - half).max(half);
            svg.text(Anchor::Middle, (middle, bottom + 18.0 + 14.0 * n as f64), line);
        }
    }
    for (place, name) in beside {
        let middle = bottom - height * place;
        if heat.y_span.is_some() {
            svg.line("axis", (left - 4.0, middle), (left, middle));
        }
        // The letters' middle beside the row's, but not beyond the ends.
        svg.text(Anchor::End, (left - 6.0, (middle + 4.0).clamp(top + 10.0, bottom - 1.0)), &name);
    }
    svg.text(Anchor::End, (left + side, bottom + 34.0), &heat.x);
    scale(&mut svg, (lowest, highest), (most, &heat.unit), picture_width - MARGIN, 6.0);
    let range = if lowest <= highest {
        format!(" from {} to {}", told(lowest), told(highest))
    } else {
        String::new()
    };
    let description = format!("{rows} rows of {columns} values{range}.");
    Picture { width: picture_width, height: bottom + 42.0, title: heat.title.clone(), description, body: svg }
}

/// The names below a grid of this width, each with its place from the left end, 0, to the right, 1: round values of what the
/// columns are stretches of, or columns' own.
fn column_names(heat: &Heat, columns: usize, side: f64) -> Vec<(f64, Vec<String>)> {
    /// From one value to the next, about.
    const APART: f64 = 80.0;
    match &heat.x_span {
        Some(span) => marks(span, side / APART).map(|(place, name)| (place, vec![name])).collect(),
        None => {
            let labels = labels(&heat.columns, None, side / columns.max(1) as f64);
            let middle = |row: usize| (row as f64 + 0.5) / columns.max(1) as f64;
            labels.into_iter().map(|label| (middle(label.row), label.lines)).collect()
        }
    }
}

/// The names beside a grid of this height, each with its place from the lower end, 0, to the upper, 1.
fn row_names(heat: &Heat, height: f64) -> Vec<(f64, String)> {
    let rows = heat.values.len();
    match &heat.y_span {
        Some(span) => marks(span, height / APART).collect(),
        None => {
            let middle = |row: usize| (row as f64 + 0.5) / rows as f64;
            named_rows(rows, height).into_iter().map(|row| (middle(row), heat.rows[row].clone())).collect()
        }
    }
}

/// Round values, each with its place from one end, 0, to the other, 1.
fn marks(span: &Span, steps: f64) -> impl Iterator<Item = (f64, String)> {
    let Span { from, to, ref unit } = *span;
    let marks = Axis::marks(from, to, steps.clamp(2.0, 10.0));
    marks.into_iter().map(move |(value, text)| ((value - from) / (to - from), format!("{text}{unit}")))
}

/// From the name of a row to the next, at the least.
const APART: f64 = 36.0;

/// The rows whose names stand beside a grid of this height: the lowest, the highest and as many between them as have room.
fn named_rows(rows: usize, height: f64) -> Vec<usize> {
    let Some(last) = rows.checked_sub(1) else { return Vec::new() };
    let spans = ((height / APART) as usize).clamp(1, last.max(1));
    let mut named: Vec<usize> = (0..=spans).map(|n| (n * last + spans / 2) / spans).collect();
    named.dedup();
    named
}

/// The colours with the values that they stand for, up to the right end; of values on one side of 0, half of them.
fn scale(svg: &mut Svg, (lowest, highest): (f64, f64), (most, unit): (f64, &str), right: f64, top: f64) {
    const WIDTH: f64 = 100.0;
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let text = |value: f64| match value {
        0.0 => format!("0{unit}"),
        whole if whole.fract() == 0.0 => format!("{whole}{unit}"),
        value => format!("{}{unit}", told(value)),
    };
    let (first, left_text) = if lowest < 0.0 { (0, text(-most)) } else { (128, text(0.0)) };
    let (last, right_text) =
        if lowest < 0.0 && highest <= 0.0 { (128, text(0.0)) } else { (255, text(most)) };
    let levels: Vec<u8> = (first..=last).collect();
    let image = png::data_url(levels.len(), &[levels], &palette());
    let end = right - width(&right_text, SIZE);
    let left = end - 6.0 - WIDTH;
    svg.element(format_args!(
        "<image x=\"{left:.1}\" y=\"{top}\" width=\"{WIDTH}\" height=\"11\" preserveAspectRatio=\"none\" href=\"{image}\"/>"
    ));
    svg.text(Anchor::Start, (end, top + 10.0), &right_text);
    svg.text(Anchor::End, (left - 6.0, top + 10.0), &left_text);
}

/// A colour for each of 256 levels.
fn palette() -> Vec<[u8; 3]> {
    let colour = |level: usize| {
        let place = level as f64 / 255.0 * (COLOURS.len() - 1) as f64;
        let n = (place as usize).min(COLOURS.len() - 2);
        let mix = |c: usize| {
            let (from, to) = (f64::from(COLOURS[n][c]), f64::from(COLOURS[n + 1][c]));
            (from + (to - from) * (place - n as f64)).round() as u8
        };
        [mix(0), mix(1), mix(2)]
    };
    (0..256).map(colour).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: Vec<Vec<f64>>, most: Option<f64>) -> String {
        let rows = (1..=values.len()).map(|n| format!("row {n}")).collect();
        heat(&Heat { rows, values, most, ..Heat::default() }, 400.0).file()
    }

    #[test]
    fn the_description_tells_what_there_is() {
        let svg = drawn(vec![vec![3.0, 2.5], vec![7.0, f64::NAN]], None);
        assert!(svg.contains("2 rows of 2 values from 2.500 to 7.000.</desc>"), "{svg}");
        assert!(svg.contains(">row 1</text>") && svg.contains(">row 2</text>"), "{svg}");
        assert!(drawn(Vec::new(), None).contains("0 rows of 0 values.</desc>"));
    }

    #[test]
    fn rows_are_named_from_end_to_end() {
        assert_eq!(named_rows(64, 320.0), [0, 8, 16, 24, 32, 39, 47, 55, 63]);
        assert_eq!((named_rows(2, 90.0), named_rows(1, 90.0)), (vec![0, 1], vec![0]));
        assert!(named_rows(0, 90.0).is_empty());
        let svg = heat(
            &Heat {
                rows: vec!["low".into(), "high".into()],
                values: vec![vec![-9.0], vec![-80.0]],
                unit: "dB".into(),
                ..Heat::default()
            },
            400.0,
        );
        let svg = svg.file();
        assert!(svg.contains(">-80 dB</text>") && svg.contains(">0 dB</text>"), "{svg}");
    }

    #[test]
    fn stretches_are_marked_at_round_values() {
        let span = |from, to, unit: &str| Some(Span { from, to, unit: unit.into() });
        let grid = Heat {
            columns: (0..31).map(|n| format!("{:.2}", 0.37 + f64::from(n) / 100.0)).collect(),
            rows: (0..64).map(|n| format!("{n}.19 kHz")).collect(),
            values: vec![vec![-1.0; 31]; 64],
            x_span: span(0.37, 0.68, ""),
            y_span: span(-0.02, 23.98, " kHz"),
            ..Heat::default()
        };
        let svg = heat(&grid, 400.0).file();
        for name in ["0.4", "0.5", "0.6", "0 kHz", "10 kHz", "20 kHz"] {
            assert!(svg.contains(&format!(">{name}</text>")), "{name}: {svg}");
        }
        assert!(!svg.contains(">0.37</text>") && !svg.contains(".19 kHz"), "{svg}");
    }

    #[test]
    fn the_scale_has_the_signs_that_there_are() {
        let ends = |svg: &str| {
            let texts = svg.split("</text>").filter_map(|text| text.rsplit_once('>')).map(|(_, text)| text);
            let texts: Vec<String> =
                texts.filter(|text| text.parse::<f64>().is_ok()).map(str::to_owned).collect();
            texts[texts.len() - 2..].to_vec()
        };
        for (values, most, expected) in [
            (vec![1.0, 4.0], None, ["4", "0"]),
            (vec![-60.0, -2.0], Some(80.0), ["0", "-80"]),
            (vec![-0.5, 0.25], None, ["0.5000", "-0.5000"]),
        ] {
            assert_eq!(ends(&drawn(vec![values], most)), expected);
        }
    }
}
