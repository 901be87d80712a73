//! What cannot be a network or go on learning: each error names the option or the value, and the way out.
//!
//! ```
//! use elman_network::network::{CellKind, Network, NetworkConfig};
//!
//! let error = Network::new(NetworkConfig::stacked(CellKind::Gru, 1, 0, 1, 1)).unwrap_err();
//! assert_eq!(error.option, "hidden_size");
//! assert_eq!(error.to_string(), "hidden_size is 0; it must be at least 1");
//! // As a program names its options.
//! let flag = |name: &str| format!("--{}", name.replace('_', "-"));
//! assert_eq!(error.naming(&flag), "--hidden-size is 0; it must be at least 1");
//! ```

mod message;

pub use message::Message;

/// An option or a combination of options that makes no network or no training run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.naming(&str::to_owned))]
pub struct ConfigError {
    /// The option, named as in the configuration; empty where none is to blame: a model is there for something else.
    pub option: &'static str,
    /// What is wrong with it and what would be right.
    pub message: Message,
}

impl ConfigError {
    /// What is wrong with an option, named as in the configuration.
    pub fn new(option: &'static str, message: impl Into<Message>) -> Self {
        ConfigError { option, message: message.into() }
    }

    /// That a model is there for something else, which no option would change.
    pub fn of_model(message: impl Into<Message>) -> Self {
        ConfigError::new("", message)
    }

    /// As it is shown, with every option's name as `option` writes it.
    pub fn naming(&self, option: &dyn Fn(&str) -> String) -> String {
        let message = self.message.naming(option);
        if self.option.is_empty() { message } else { format!("{} {message}", option(self.option)) }
    }
}

/// Refuses a value that is not above 0 and finite.
pub fn positive(option: &'static str, value: f64) -> Result<(), ConfigError> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(ConfigError::new(option, format!("is {value:?}; it must be above 0 and finite")))
}

/// What cannot fail is converted without an error.
impl From<std::convert::Infallible> for ConfigError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// A loss, a gradient or a learning rate that is no longer a finite number.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "the {quantity} became {value}: learning diverged, or the data are no numbers. Try a lower learning rate or \
     clipping of the gradient norm"
)]
pub struct NotFinite {
    /// `loss`, `gradient norm` or `learning rate`.
    pub quantity: &'static str,
    /// NaN or an infinity.
    pub value: f64,
}

impl NotFinite {
    /// Refuses a value that is not finite.
    pub fn check(quantity: &'static str, value: f64) -> Result<(), Self> {
        if value.is_finite() { Ok(()) } else { Err(NotFinite { quantity, value }) }
    }
}
