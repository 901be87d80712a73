use std::borrow::Cow;
use std::fmt::{self, Display};

/// What an error says, in which the options that it speaks of are kept apart from its words.
///
/// The library knows options by their bare names, a program by what its users write. So a message is shown
/// with plain names, and [`naming`](Self::naming) shows it in a program's own way.
///
/// ```
/// use elman_network::error::Message;
///
/// let message = Message::from("is missing; name it with ").option("target").text(", or leave it out");
/// assert_eq!(message.to_string(), "is missing; name it with target, or leave it out");
/// assert_eq!(message.naming(&|name| format!("--{name}")), "is missing; name it with --target, or leave it out");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    parts: Vec<Part>,
    is_report: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Cow<'static, str>),
    Option(&'static str),
}

impl Message {
    /// Goes on with the name of an option, as the configuration spells it.
    #[must_use]
    pub fn option(mut self, name: &'static str) -> Self {
        self.parts.push(Part::Option(name));
        self
    }

    /// Goes on with these words.
    #[must_use]
    pub fn text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.parts.push(Part::Text(text.into()));
        self
    }

    /// Goes on with another message.
    #[must_use]
    pub fn followed_by(mut self, other: Message) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// As a remark that tells how a run is laid out. Nothing was guessed, dropped or put right: it is no warning.
    #[must_use]
    pub fn into_report(mut self) -> Self {
        self.is_report = true;
        self
    }

    /// Does it tell no more than how a run is laid out?
    pub fn is_report(&self) -> bool {
        self.is_report
    }

    /// The message with every option's name as `option` writes it.
    pub fn naming(&self, option: &dyn Fn(&str) -> String) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.as_ref().into(),
            Part::Option(name) => Cow::Owned(option(name)),
        });
        parts.collect::<Vec<Cow<'_, str>>>().concat()
    }
}

impl Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Option(name) => f.write_str(name),
        })
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Message { parts: vec![Part::Text(text.into())], is_report: false }
    }
}

impl From<&'static str> for Message {
    fn from(text: &'static str) -> Self {
        Message { parts: vec![Part::Text(text.into())], is_report: false }
    }
}
