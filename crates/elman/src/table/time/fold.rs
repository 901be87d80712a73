//! One spelling for characters that mean the same in a time.

use std::borrow::Cow;

/// The text with plain blanks, hyphens and digits for those that word processors, spreadsheets and other scripts have; without
/// the apostrophe that marks a cell as text, or the brackets of a log.
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    let bare = match text.as_bytes() {
        [b'\'', b'0'..=b'9', ..] => &text[1..],
        [b'[', b'0'..=b'9', .., b']'] => &text[1..text.len() - 1],
        _ => text,
    };
    if bare.is_ascii() || bare.chars().all(|c| plain(c) == c) {
        return Cow::Borrowed(bare);
    }
    Cow::Owned(bare.chars().map(plain).collect())
}

fn plain(c: char) -> char {
    /// From a full-width character to the one of ASCII.
    const FULL_WIDTH: u32 = 0xFEE0;
    match c {
        '\u{A0}' | '\u{2007}' | '\u{2009}' | '\u{202F}' | '\u{3000}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - FULL_WIDTH).unwrap_or(c),
        '\u{2019}' => '\'',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn what_means_the_same_is_one_character() {
        for text in [
            "2024\u{2013}01\u{2010}05 9:30",
            "2024\u{2212}01\u{2011}05\u{A0}9:30",
            "'2024-01-05\u{202F}9:30",
            "\u{FF12}\u{FF10}24-01-05 9\u{FF1A}30",
            "[2024-01-05 9:30]",
        ] {
            assert_eq!(fold(text), "2024-01-05 9:30");
        }
        for text in ["'", "[x]", "5 août 2024", "2024年1月"] {
            assert_eq!(fold(text), text);
        }
    }
}
