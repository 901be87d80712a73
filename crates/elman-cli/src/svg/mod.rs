//! Pictures as SVG: one way to draw for the files of `--plot` and for the pages of `--report`.
//!
//! Colours are classes, so that [`STYLE`], once in a file or a page, makes them fit a light and a dark screen. A picture has a
//! title and a description for those who do not see it.

mod axis;
mod bars;
mod heat;
mod labels;
mod lines;
mod matrix;
mod png;
mod points;

use std::fmt::{self, Display, Write};

pub(crate) use bars::bars;
pub(crate) use heat::heat;
pub(crate) use lines::{Arrangement, charts};
pub(crate) use matrix::{MOST_CLASSES, drawn_classes, matrix};
pub(crate) use points::{MOST_POINTS, points};

/// The size of letters.
const SIZE: f64 = 12.0;

/// Around a picture.
const MARGIN: f64 = 14.0;

/// The colours of both schemes. Lines and their like stand out from the background at least 3 to 1, letters 4.5 to 1.
pub(crate) const STYLE: &str = "\
.back{fill:#fff}.ink{fill:#374151}.head{fill:#111827;font-size:15px}\
.grid{stroke:#e5e7eb}.axis{stroke:#9ca3af}\
.truth{stroke:#1f2937;stroke-width:1.8}.model{stroke:#d9431c;stroke-width:2.2}\
.baseline{stroke:#6b7280;stroke-width:1.5;stroke-dasharray:5 3}.residual{stroke:#2563eb;stroke-width:1.8}.quantile{stroke:#d9431c;stroke-width:1.2;stroke-dasharray:2 2}.mark{stroke:#2563eb;stroke-dasharray:2 3}\
.band{fill:#d9431c;fill-opacity:.13;stroke:#d9431c;stroke-opacity:.45;stroke-width:.7}\
.dots{stroke:#d9431c;stroke-width:4;stroke-linecap:round;stroke-opacity:.75}\
.bar{fill:#d9431c}.tick{stroke:#1f2937;stroke-width:2}.right{fill:#2563eb}.wrong{fill:#d9431c}\
@media(prefers-color-scheme:dark){\
.back{fill:#111827}.ink{fill:#e5e7eb}.head{fill:#f9fafb}.grid{stroke:#2b3648}.axis{stroke:#6b7280}\
.truth{stroke:#f3f4f6}.model{stroke:#fb8a66}.baseline{stroke:#9ca3af}.residual{stroke:#60a5fa}.quantile{stroke:#fb8a66}.mark{stroke:#93c5fd}\
.band{fill:#fb8a66;fill-opacity:.2;stroke:#fb8a66}.dots{stroke:#fb8a66}.bar{fill:#fb8a66}.tick{stroke:#f3f4f6}\
.right{fill:#60a5fa}.wrong{fill:#fb8a66}}";

/// What names begin with in a file of its own.
const FILE: &str = "plot";

/// Is this the start of such a file, rather than of a picture from elsewhere?
pub(crate) fn is_plot(start: &[u8]) -> bool {
    let start = String::from_utf8_lossy(start);
    let head = start.split('>').next().unwrap_or_default();
    head.starts_with("<svg ") && head.contains(&names(FILE))
}

/// The attribute by which a picture is told.
fn names(id: &str) -> String {
    format!("aria-labelledby=\"{id}-title {id}-desc\"")
}

/// A picture as it is drawn: the elements so far.
#[derive(Default)]
pub(crate) struct Svg(String);

/// Where a picture or a part of it stands, from the left and the top.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

/// Which end of a text stands at its place.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture that is whole.
pub(crate) struct Picture {
    width: f64,
    height: f64,
    title: String,
    description: String,
    body: Svg,
}

impl Picture {
    pub(crate) fn width(&self) -> f64 {
        self.width
    }

    /// A file of its own.
    pub(crate) fn file(&self) -> String {
        self.element(FILE, "", &format!("<style>{STYLE}</style>\n"))
    }

    /// The `<svg>` element of a page; `id` tells it from others, `attributes` are added to its own.
    pub(crate) fn inline(&self, id: &str, attributes: &str) -> String {
        self.element(id, &format!(" {attributes}"), "")
    }

    fn element(&self, id: &str, attributes: &str, style: &str) -> String {
        let Picture { width, height, title, description, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
             {} font-family=\"system-ui, sans-serif\" font-size=\"{SIZE}\"{attributes}>\n\
             <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n{style}{}</svg>\n",
            names(id),
            Escaped(title),
            Escaped(description),
            body.0
        )
    }
}

impl Svg {
    fn element(&mut self, element: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{element}");
    }

    fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.element(format_args!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    fn text(&mut self, anchor: Anchor, (x, y): (f64, f64), text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let text = Escaped(text);
        self.element(format_args!("<text class=\"ink\" x=\"{x:.1}\" y=\"{y:.1}\"{anchor}>{text}</text>"));
    }

    /// A line through these places; one alone is a dot.
    fn polyline(&mut self, class: &str, places: &[(f64, f64)]) {
        match places {
            [] => {}
            [(x, y)] => self.element(format_args!("<path class=\"{class}\" stroke-linecap=\"round\" style=\"stroke-width:6;stroke-dasharray:none\" d=\"M{x:.1} {y:.1}h0\"/>")),
            _ => {
                let points = Places(places);
                self.element(format_args!(
                    "<polyline class=\"{class}\" fill=\"none\" stroke-linejoin=\"round\" points=\"{points}\"/>"
                ));
            }
        }
    }
}

/// Places as an attribute's value.
struct Places<'a>(&'a [(f64, f64)]);

impl Display for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (x, y)) in self.0.iter().enumerate() {
            let blank = if n == 0 { "" } else { " " };
            write!(f, "{blank}{x:.1},{y:.1}")?;
        }
        Ok(())
    }
}

/// A text as the content of an element or the value of an attribute, in XML and in HTML: whatever it holds, it ends neither.
/// Characters that XML has no place for are shown as U+FFFD.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(' ')?,
                // Control characters, and the two that are no characters.
                c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => f.write_char('\u{FFFD}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// About how wide a text is, in letters of this size; rather too much than too little.
fn width(text: &str, size: f64) -> f64 {
    let of = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | '(' | ')' | '[' | ']' => {
            0.34
        }
        'f' | 'r' | 't' | '-' | '/' => 0.42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.92,
        'A'..='Z' => 0.70,
        '\u{1100}'.. => 1.0,
        _ => 0.60,
    };
    text.chars().map(of).sum::<f64>() * size
}

/// A text that is not wider than `room`: where it is, its middle is left out, as names often differ at their ends.
fn elided(text: &str, room: f64) -> String {
    if width(text, SIZE) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let (mut head, mut tail) = (0, 0);
    let mut left = room - width("…", SIZE);
    loop {
        // Three letters at the beginning for two at the end.
        let at_end = head * 2 > tail * 3;
        let letter = if at_end { letters[letters.len() - 1 - tail] } else { letters[head] };
        left -= width(letter.encode_utf8(&mut [0; 4]), SIZE);
        if left < 0.0 || head + tail + 1 >= letters.len() {
            break;
        }
        if at_end {
            tail += 1;
        } else {
            head += 1;
        }
    }
    let (head, tail) = (&letters[..head], &letters[letters.len() - tail..]);
    head.iter().chain(&['…']).chain(tail).collect()
}

/// A number for a description, to four digits.
fn told(value: f64) -> String {
    crate::output::figure(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a reader of XML makes of an escaped text.
    fn unescaped(text: &str) -> String {
        let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
        pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    proptest! {
        #[test]
        fn any_text_is_shown_as_it_is_and_ends_nothing(text in "(?s).{0,40}|[<>&\"'\\-!/a-z ;#]{0,40}") {
            let escaped = Escaped(&text).to_string();
            prop_assert!(!escaped.contains(['<', '>', '"', '\'', '\n']));
            let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
            let known = escaped.match_indices('&').all(|(n, _)| entities.iter().any(|e| escaped[n..].starts_with(e)));
            prop_assert!(known);
            let shown = |c: char| match c {
                '\n' | '\t' => ' ',
                c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => '\u{FFFD}',
                c => c,
            };
            prop_assert_eq!(unescaped(&escaped), text.chars().map(shown).collect::<String>());
        }

        #[test]
        fn what_is_elided_fits(text in ".{0,60}", room in 20.0..200.0f64) {
            let elided = elided(&text, room);
            prop_assert!(width(&elided, SIZE) <= room + 1e-9, "{}", elided);
            prop_assert!(elided == text || elided.contains('…'));
        }
    }

    #[test]
    fn what_is_elided_keeps_its_end() {
        assert_eq!(elided("class number 17", 80.0), "class n…r 17");
        assert_eq!(elided("class", 80.0), "class");
    }

    #[test]
    fn a_file_of_its_own_is_known() {
        let file = |title: &str| Picture {
            width: 10.0,
            height: 5.0,
            title: title.into(),
            description: String::new(),
            body: Svg::default(),
        };
        assert!(is_plot(file("a").file().as_bytes()));
        // Of a page, of another program, and one that only speaks of it.
        let other = "<svg xmlns=\"http://www.w3.org/2000/svg\"><desc>aria-labelledby=\"plot-title plot-desc\"</desc></svg>";
        for foreign in [&file("a").inline("p1", ""), "<svg></svg>", other, ""] {
            assert!(!is_plot(foreign.as_bytes()), "{foreign}");
        }
    }

    #[test]
    fn a_picture_has_a_title_and_a_description() {
        let picture = Picture {
            width: 10.0,
            height: 5.0,
            title: "<script>".into(),
            description: "a & b".into(),
            body: Svg::default(),
        };
        let svg = picture.inline("p1", "width=\"9\"");
        assert!(
            svg.contains("viewBox=\"0 0 10 5\" role=\"img\" aria-labelledby=\"p1-title p1-desc\""),
            "{svg}"
        );
        assert!(svg.contains(" width=\"9\">"), "{svg}");
        assert!(svg.contains("<title id=\"p1-title\">&lt;script&gt;</title>"), "{svg}");
        assert!(svg.contains("<desc id=\"p1-desc\">a &amp; b</desc>"), "{svg}");
    }
}
