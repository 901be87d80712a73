use serde::{Deserialize, Serialize};

use super::Tokens;
use crate::error::ConfigError;

/// How a text is to be read; `None` where the text shall decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TextOptions {
    /// What the tokens are.
    pub tokens: Tokens,
    /// Is what the training part has not, or has but once, read as one unknown token? By default so of words. Otherwise
    /// the vocabulary is what the whole text has, and another text's unknown characters are an error.
    pub unknown: Option<bool>,
    /// At most so many tokens are told apart, the most frequent ones, besides the unknown token that this makes; by
    /// default 10,000 words, and all characters.
    pub vocabulary: Option<usize>,
    /// The tokens of a training sequence: through so many the state is carried on. By default 16,384, of shorter texts as
    /// many as make 32 sequences, but at least 256.
    pub window: Option<usize>,
    /// The share of the text that is kept for the test, its end; in `[0, 1)`.
    pub test: f64,
    /// The share of the rest, its end, that tells which epoch is best; in `[0, 1)`.
    pub validation: f64,
}

/// Characters; the last twentieth for the test, and of the rest again.
impl Default for TextOptions {
    fn default() -> Self {
        TextOptions {
            tokens: Tokens::Characters,
            unknown: None,
            vocabulary: None,
            window: None,
            test: 0.05,
            validation: 0.05,
        }
    }
}

impl TextOptions {
    /// The same with these tokens.
    #[must_use]
    pub fn with_tokens(self, tokens: Tokens) -> Self {
        Self { tokens, ..self }
    }

    /// The same with an unknown token, or without.
    #[must_use]
    pub fn with_unknown(self, unknown: impl Into<Option<bool>>) -> Self {
        Self { unknown: unknown.into(), ..self }
    }

    /// The same with at most so many tokens.
    #[must_use]
    pub fn with_vocabulary(self, vocabulary: impl Into<Option<usize>>) -> Self {
        Self { vocabulary: vocabulary.into(), ..self }
    }

    /// The same with so many tokens to a training sequence.
    #[must_use]
    pub fn with_window(self, window: impl Into<Option<usize>>) -> Self {
        Self { window: window.into(), ..self }
    }

    /// The same with this share kept for the test.
    #[must_use]
    pub fn with_test(self, test: f64) -> Self {
        Self { test, ..self }
    }

    /// The same with this share of the rest for validation.
    #[must_use]
    pub fn with_validation(self, validation: f64) -> Self {
        Self { validation, ..self }
    }

    /// Refuses what is out of range or does not go together.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (option, share) in [("test", self.test), ("validation", self.validation)] {
            if !(0.0..1.0).contains(&share) {
                return Err(ConfigError::new(
                    option,
                    format!("is {share}; it must be at least 0 and below 1"),
                ));
            }
        }
        for (option, count) in [("vocabulary", self.vocabulary), ("window", self.window)] {
            if count == Some(0) {
                return Err(ConfigError::new(option, "is 0; it must be at least 1"));
            }
        }
        let has_no_unknown = "has no meaning for bytes, all of which are known; leave it out";
        match (self.tokens, self.unknown, self.vocabulary) {
            (Tokens::Bytes, Some(true), _) => Err(ConfigError::new("unknown", has_no_unknown)),
            (Tokens::Bytes, _, Some(_)) => Err(ConfigError::new("vocabulary", has_no_unknown)),
            (_, Some(false), Some(_)) => {
                let message = "leaves tokens out, which become the unknown token; leave one of the two out";
                Err(ConfigError::new("vocabulary", message))
            }
            _ => Ok(()),
        }
    }

    /// Is there to be a token for what is unknown?
    pub(super) fn has_unknown(&self) -> bool {
        self.unknown.unwrap_or(self.tokens == Tokens::Words || self.vocabulary.is_some())
    }

    /// The most tokens that are told apart, if there is a limit.
    pub(super) fn most(&self) -> Option<usize> {
        const MOST_WORDS: usize = 10_000;
        let usual = (self.tokens == Tokens::Words && self.has_unknown()).then_some(MOST_WORDS);
        self.vocabulary.or(usual)
    }
}
