//! What the tokens of a text are, and how it is cut into them.

use std::fmt::{self, Display};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ConfigError;

/// What the tokens of a text are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Tokens {
    /// Unicode's characters: its scalar values.
    #[default]
    Characters,
    /// Bytes, of which there are 256, whatever they stand for.
    Bytes,
    /// Words, each with the blank before it, if there is one; what is neither a letter nor a digit stands for itself.
    Words,
}

impl Tokens {
    /// All, in the order in which they are listed to users.
    pub const ALL: [Tokens; 3] = [Tokens::Characters, Tokens::Bytes, Tokens::Words];

    /// The name used on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Tokens::Characters => "characters",
            Tokens::Bytes => "bytes",
            Tokens::Words => "words",
        }
    }

    /// A single one.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Tokens::Characters => "character",
            Tokens::Bytes => "byte",
            Tokens::Words => "word",
        }
    }

    /// The tokens of a text, one after another: joined, they are the text again. Those of bytes are a matter of their own,
    /// and cut nothing here.
    pub(super) fn split(self, text: &str) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Tokens::Characters => Box::new(text.char_indices().map(|(at, c)| &text[at..][..c.len_utf8()])),
            Tokens::Bytes => Box::new(std::iter::once(text)),
            Tokens::Words => Box::new(Words(text)),
        }
    }
}

impl Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Tokens {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        Tokens::ALL.into_iter().find(|tokens| tokens.name() == name).ok_or_else(|| {
            let names = Tokens::ALL.map(Tokens::name).join(", ");
            ConfigError::new("tokens", format!("{name:?} is not one of {names}"))
        })
    }
}

/// What is left of a text to be cut into words.
struct Words<'t>(&'t str);

impl<'t> Iterator for Words<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let text = self.0;
        let first = text.chars().next()?;
        // A blank belongs to what follows it, but for another white space.
        let rest = text.strip_prefix(' ').filter(|rest| rest.starts_with(|c: char| !c.is_whitespace()));
        let (blank, rest) = rest.map_or((0, text), |rest| (1, rest));
        let len = match word_len(rest) {
            0 if blank == 0 => first.len_utf8(),
            0 => blank + rest.chars().next().map_or(0, char::len_utf8),
            word => blank + word,
        };
        let (word, rest) = text.split_at(len);
        self.0 = rest;
        Some(word)
    }
}

/// The bytes of the word that a text begins with: letters and digits, and apostrophes between them.
fn word_len(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut previous_is_word = false;
    while let Some((at, c)) = chars.next() {
        let goes_on = c.is_alphanumeric()
            || (matches!(c, '\'' | '’')
                && previous_is_word
                && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric()));
        if !goes_on {
            return at;
        }
        previous_is_word = c.is_alphanumeric();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_take_the_blank_before_them() {
        let words = |text| Tokens::Words.split(text).collect::<Vec<_>>();
        assert_eq!(words("In the beginning, God"), ["In", " the", " beginning", ",", " God"]);
        assert_eq!(words("the king's men' \"x"), ["the", " king's", " men", "'", " \"", "x"]);
        assert_eq!(words("a  b\n\n c "), ["a", " ", " b", "\n", "\n", " c", " "]);
        assert_eq!(words("Überfluß 2024!?"), ["Überfluß", " 2024", "!", "?"]);
        assert_eq!(words("’tis o’er"), ["’", "tis", " o’er"]);
        assert_eq!(words(""), [""; 0]);
    }

    proptest! {
        #[test]
        fn tokens_joined_are_the_text(text in any::<String>(), plain in "[a-c' \n.é’]{0,40}") {
            for text in [text, plain] {
                for tokens in Tokens::ALL {
                    prop_assert_eq!(tokens.split(&text).collect::<String>(), text.as_str());
                    prop_assert!(text.is_empty() || tokens.split(&text).all(|token| !token.is_empty()));
                }
            }
        }
    }
}
