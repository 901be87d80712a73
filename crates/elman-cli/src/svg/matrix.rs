//! Which classes were taken for which.

use elman::metrics::Confusion;

use super::{Anchor, MARGIN, Picture, SIZE, Svg, elided, width};

/// So many classes are drawn at the most.
pub(crate) const MOST_CLASSES: usize = 50;

/// The longest that a class's name gets.
const LONGEST: f64 = 130.0;

/// Cells from this size on show their count.
const COUNTED: f64 = 26.0;

/// The rows are true classes, the columns answers; a cell is the stronger the larger its share of its row. Of more classes than
/// [`MOST_CLASSES`] those with the most mistakes are drawn.
pub(crate) fn matrix(confusion: &Confusion, picture_width: f64) -> Picture {
    let shown = drawn_classes(confusion);
    let mut svg = Svg::default();
    let longest = shown.iter().map(|&n| width(&confusion.classes[n], SIZE)).fold(0.0, f64::max);
    let room = longest.min(LONGEST);
    let left = MARGIN + 16.0 + room + 8.0;
    let size = ((picture_width - left - MARGIN) / shown.len() as f64).clamp(15.0, 56.0);
    let upright = longest > size - 4.0;
    let top = if upright { room + 36.0 } else { 48.0 };
    let side = size * shown.len() as f64;
    svg.text(Anchor::Start, (left, 14.0), "answered");
    svg.element(format_args!(
        "<text class=\"ink\" text-anchor=\"end\" transform=\"translate(14 {top:.1}) rotate(-90)\">true</text>"
    ));
    for n in 0..=shown.len() {
        let at = size * n as f64;
        svg.line("grid", (left, top + at), (left + side, top + at));
        svg.line("grid", (left + at, top), (left + at, top + side));
    }
    for (place, &class) in shown.iter().enumerate() {
        let name = elided(&confusion.classes[class], room);
        let at = size * (place as f64 + 0.5);
        svg.text(Anchor::End, (left - 8.0, top + at + 4.0), &name);
        if upright {
            let escaped = super::Escaped(&name);
            svg.element(format_args!(
                "<text class=\"ink\" transform=\"translate({:.1} {:.1}) rotate(-90)\">{escaped}</text>",
                left + at + 4.0,
                top - 8.0
            ));
        } else {
            svg.text(Anchor::Middle, (left + at, top - 8.0), &name);
        }
        let of_class = confusion.counts.get(class).map_or(&[][..], Vec::as_slice);
        let total = of_class.iter().fold(0usize, |sum, &count| sum.saturating_add(count)).max(1);
        for (column, &answer) in shown.iter().enumerate() {
            let count = of_class.get(answer).copied().unwrap_or(0);
            if count == 0 {
                continue;
            }
            let kind = if answer == class { "right" } else { "wrong" };
            // So light that the count on it can be read, and never too light to be seen.
            let opacity = 0.12 + 0.38 * count as f64 / total as f64;
            let (x, y) = (left + size * column as f64, top + size * place as f64);
            svg.element(format_args!(
                "<rect class=\"{kind}\" fill-opacity=\"{opacity:.2}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{size:.1}\" height=\"{size:.1}\"/>"
            ));
            let text = count.to_string();
            if size >= COUNTED && width(&text, SIZE) <= size {
                svg.text(Anchor::Middle, (x + size / 2.0, y + size / 2.0 + 4.0), &text);
            }
        }
    }
    let right: usize = (0..confusion.classes.len()).map(|n| count(confusion, n, n)).sum();
    let all: usize = confusion.counts.iter().flatten().sum();
    Picture {
        width: left + side + MARGIN,
        height: top + side + MARGIN,
        title: "Confusion matrix".into(),
        description: format!("{} classes: {right} of {all} answers are right.", confusion.classes.len()),
        body: svg,
    }
}

/// The classes that are drawn, in their order.
pub(crate) fn drawn_classes(confusion: &Confusion) -> Vec<usize> {
    let all = 0..confusion.classes.len();
    if all.len() <= MOST_CLASSES {
        return all.collect();
    }
    let mistakes = |class: usize| -> usize {
        let others = all.clone().filter(|&other| other != class);
        others.map(|other| count(confusion, class, other) + count(confusion, other, class)).sum()
    };
    let mut order: Vec<usize> = all.clone().collect();
    order.sort_by_key(|&class| std::cmp::Reverse(mistakes(class)));
    order.truncate(MOST_CLASSES);
    order.sort_unstable();
    order
}

fn count(confusion: &Confusion, class: usize, answer: usize) -> usize {
    confusion.counts.get(class).and_then(|row| row.get(answer)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_classes_those_with_mistakes_are_drawn() {
        let classes: Vec<String> = (0..60).map(|n| format!("c{n}")).collect();
        let mut counts = vec![vec![0; 60]; 60];
        (0..60).for_each(|n| counts[n][n] = 5);
        (8..60).for_each(|n| counts[n][n - 1] = 1);
        let confusion = Confusion { classes, counts };
        // 7 and 59 have one mistake each, as have the first none.
        assert_eq!(drawn_classes(&confusion), (8..58).collect::<Vec<_>>());
        let drawn = matrix(&confusion, 800.0).file();
        assert_eq!((drawn.matches(">c8</text>").count(), drawn.matches(">c0</text>").count()), (2, 0));
        assert!(drawn.contains("60 classes: 300 of 352 answers are right."), "{drawn}");
    }

    #[test]
    fn cells_show_their_counts() {
        let confusion =
            Confusion { classes: vec!["a".into(), "b<".into()], counts: vec![vec![12, 3], vec![0, 9]] };
        let drawn = matrix(&confusion, 400.0).file();
        for text in [">12</text>", ">3</text>", ">9</text>", ">b&lt;</text>"] {
            assert!(drawn.contains(text), "{text}: {drawn}");
        }
        assert_eq!(drawn.matches("class=\"wrong\"").count(), 1);
    }
}
