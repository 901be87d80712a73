//! What was predicted over what was true.

use std::fmt::Write;

use elman::task::Points;

use super::axis::Axis;
use super::{Anchor, MARGIN, Picture, SIZE, Svg, width};

/// So many points are drawn at the most.
pub(crate) const MOST_POINTS: usize = 2000;

/// Of those, the ones that are farthest off are all drawn, up to so many.
const FARTHEST: usize = 100;

/// Points about the diagonal, on which predictions are right.
pub(crate) fn points(points: &Points, picture_width: f64) -> Picture {
    let mut svg = Svg::default();
    let shown = thinned(&points.points);
    let axis = Axis::of(shown.iter().flat_map(|&(actual, predicted)| [actual, predicted]), false, 5.0);
    let named = axis.ticks.iter().map(|(_, text)| width(text, SIZE)).fold(0.0, f64::max);
    let (left, top) = (named + 2.0 * MARGIN, 28.0);
    // Square, so that the diagonal is one.
    let beside = MARGIN.max(named / 2.0 + 4.0);
    let side = (picture_width - left - beside).clamp(10.0, 480.0);
    let (right, bottom) = (left + side, top + side);
    let x = |value: f64| axis.place(value).map(|place| left + side * place);
    let y = |value: f64| axis.place(value).map(|place| bottom - side * place);
    svg.text(Anchor::Start, (MARGIN, 16.0), "predicted");
    // As many names below as have room.
    let every = (axis.ticks.len() as f64 * (named + 10.0) / side).ceil().max(1.0) as usize;
    for (n, (value, text)) in axis.ticks.iter().enumerate() {
        let (Some(x), Some(y)) = (x(*value), y(*value)) else { continue };
        svg.line("grid", (left, y), (right, y));
        svg.line("grid", (x, top), (x, bottom));
        svg.text(Anchor::End, (left - 6.0, y + 4.0), text);
        if n % every == 0 {
            svg.text(Anchor::Middle, (x, bottom + 16.0), text);
        }
    }
    svg.text(Anchor::End, (right, bottom + 33.0), "true");
    svg.line("axis", (left, bottom), (right, top));
    let mut path = String::new();
    for &(actual, predicted) in &shown {
        if let (Some(x), Some(y)) = (x(actual), y(predicted)) {
            // Writing to a String cannot fail.
            let _ = write!(path, "M{x:.1} {y:.1}h0");
        }
    }
    svg.element(format_args!("<path class=\"dots\" d=\"{path}\"/>"));
    let description = format!(
        "{} points; on the diagonal predicted and true values are the same.",
        elman::words::thousands(shown.len())
    );
    Picture {
        width: right + beside,
        height: bottom + 40.0,
        title: points.title.clone(),
        description,
        body: svg,
    }
}

/// Of many points the farthest from the diagonal, and of the others every so-manyth.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= MOST_POINTS {
        return points.to_vec();
    }
    let off = |&(actual, predicted): &(f64, f64)| (predicted - actual).abs();
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| off(b).total_cmp(&off(a)));
    let (farthest, rest) = sorted.split_at(FARTHEST);
    let every = rest.len().div_ceil(MOST_POINTS - FARTHEST);
    farthest.iter().chain(rest.iter().step_by(every)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_points_the_farthest_stay() {
        let all: Vec<(f64, f64)> =
            (0..100_000).map(|n| (f64::from(n), f64::from(n) + if n == 777 { 5e4 } else { 1.0 })).collect();
        let kept = thinned(&all);
        assert!(kept.len() <= MOST_POINTS && kept.len() > MOST_POINTS / 2, "{}", kept.len());
        assert!(kept.contains(&(777.0, 50_777.0)));
    }
}
