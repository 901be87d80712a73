//! A bar for each of several things.

use elman::task::Bars;

use super::axis::Axis;
use super::{Anchor, MARGIN, Picture, SIZE, Svg, elided, told, width};

/// From one bar to the next.
const PITCH: f64 = 22.0;

/// Bars below each other, each with its name before it and its number behind; a naive predictor's number is a stroke.
pub(crate) fn bars(bars: &Bars, picture_width: f64) -> Picture {
    let mut svg = Svg::default();
    let longest = bars.bars.iter().map(|bar| width(&bar.name, SIZE)).fold(0.0, f64::max);
    let room = longest.min(picture_width * 0.34);
    let numbers = bars.bars.iter().map(|bar| width(&told(bar.model), SIZE)).fold(0.0, f64::max);
    let (left, right) = (room + 2.0 * MARGIN, picture_width - numbers - 2.0 * MARGIN);
    let values = bars.bars.iter().flat_map(|bar| [Some(bar.model), bar.baseline]).flatten();
    let axis = Axis::of(values.chain([0.0]), false, 5.0);
    let x = |value: f64| left + (right - left) * axis.place(value).unwrap_or(0.0);
    let legend = match &bars.baseline {
        Some(name) => format!("{}; the stroke: {name}", bars.measure),
        None => bars.measure.clone(),
    };
    svg.text(Anchor::Start, (MARGIN, 16.0), &elided(&legend, picture_width - 2.0 * MARGIN));
    for (n, bar) in bars.bars.iter().enumerate() {
        let top = 28.0 + PITCH * n as f64;
        svg.text(Anchor::End, (left - 8.0, top + 12.0), &elided(&bar.name, room));
        let (from, to) = (x(0.0), x(bar.model));
        svg.element(format_args!(
            "<rect class=\"bar\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"15\"/>",
            from.min(to),
            (to - from).abs().max(0.5)
        ));
        let mut end = to;
        if let Some(baseline) = bar.baseline {
            let at = x(baseline);
            svg.line("tick", (at, top - 2.0), (at, top + 17.0));
            end = end.max(at);
        }
        svg.text(Anchor::Start, (end + 6.0, top + 12.0), &told(bar.model));
    }
    let description = match (bars.bars.first(), bars.bars.last()) {
        (Some(first), Some(last)) => format!(
            "Bars of {}: from {} for {} to {} for {}.",
            bars.measure,
            told(first.model),
            first.name,
            told(last.model),
            last.name
        ),
        _ => "No bars.".into(),
    };
    Picture {
        width: picture_width,
        height: 28.0 + PITCH * bars.bars.len() as f64 + 6.0,
        title: bars.title.clone(),
        description,
        body: svg,
    }
}
