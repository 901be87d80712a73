//! Text that a language model writes, token by token.

use std::fmt;

use super::corpus::Corpus;
use super::utf8::Begun;
use super::vocabulary::{Id, Vocabulary};
use super::{Text, Tokens};
use crate::ensemble::{Ensemble, Mean};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::model::Model;
use crate::random::{Purpose, Rng};
use crate::task::Task;
use crate::task::stream::Steps;

/// What stands for the prompt in messages.
const PROMPT: &str = "the prompt";

/// How a text is gone on with.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GenerateOptions {
    /// So many tokens: characters, bytes or words.
    pub length: usize,
    /// The logits are divided by it: below 1 what is likely becomes more likely, above 1 less; at 0 it is always the most
    /// likely token.
    pub temperature: f64,
    /// One of the so many most likely tokens; by default of all.
    pub top_k: Option<usize>,
    /// One of the fewest tokens that together have this probability, in `(0, 1]` (Holtzman et al., ICLR 2020); of those that
    /// `top_k` leaves. By default of all.
    pub top_p: Option<f64>,
    /// The text ends before this one.
    pub stop: Option<String>,
    /// Decides what is drawn.
    pub seed: u64,
}

/// 500 tokens as likely as the model says, seed 0.
impl Default for GenerateOptions {
    fn default() -> Self {
        GenerateOptions { length: 500, temperature: 1.0, top_k: None, top_p: None, stop: None, seed: 0 }
    }
}

impl GenerateOptions {
    /// The same with so many tokens.
    #[must_use]
    pub fn with_length(self, length: usize) -> Self {
        Self { length, ..self }
    }

    /// The same with this temperature.
    #[must_use]
    pub fn with_temperature(self, temperature: f64) -> Self {
        Self { temperature, ..self }
    }

    /// The same with so many tokens to choose from, or all.
    #[must_use]
    pub fn with_top_k(self, top_k: impl Into<Option<usize>>) -> Self {
        Self { top_k: top_k.into(), ..self }
    }

    /// The same with tokens of this probability to choose from, or all.
    #[must_use]
    pub fn with_top_p(self, top_p: impl Into<Option<f64>>) -> Self {
        Self { top_p: top_p.into(), ..self }
    }

    /// The same with an end before this text, or none.
    #[must_use]
    pub fn with_stop(self, stop: impl Into<Option<String>>) -> Self {
        Self { stop: stop.into(), ..self }
    }

    /// The same with this seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |option, message: String| Err(ConfigError::new(option, message));
        if self.length == 0 {
            return refuse("length", "is 0; it must be at least 1".into());
        }
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            let message = format!("is {}; it must be 0 or above, and finite", self.temperature);
            return refuse("temperature", message);
        }
        if self.top_k == Some(0) {
            return refuse("top_k", "is 0; it must be at least 1".into());
        }
        if let Some(top_p) = self.top_p.filter(|top_p| !(*top_p > 0.0 && *top_p <= 1.0)) {
            return refuse("top_p", format!("is {top_p}; it must be above 0 and at most 1"));
        }
        if self.stop.as_ref().is_some_and(String::is_empty) {
            return refuse("stop", "is empty; give the text to stop at, or leave it out".into());
        }
        Ok(())
    }
}

/// Why a text has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stopped {
    /// It is as long as it was to be.
    Length,
    /// The text to stop at would have come.
    Stop,
}

impl Model {
    /// Goes on with a text as the model, which is one of texts, has learned. Without a prompt the first token is drawn as
    /// often as it stands in the training part.
    ///
    /// # Errors
    /// If the model is none of texts; if an option is out of range; or if the prompt has tokens that the model does not
    /// know.
    pub fn generate(&self, prompt: &str, options: &GenerateOptions) -> Result<Generator<'_>, Error> {
        let Task::Text(text) = self.task() else {
            let aim = self.task().name().aim();
            let message = format!("this model is there to {aim}; models of texts alone generate");
            return Err(ConfigError::of_model(message).into());
        };
        options.check()?;
        Generator::new(text, self.ensemble(), prompt, options.clone())
    }
}

/// A text that is being written. What is ready of it never ends within a character, unless the model's own text was no
/// UTF-8.
///
/// In `f32` a step allocates nothing, once the longest token has been there.
pub struct Generator<'m> {
    text: &'m Text,
    /// One for each member of the ensemble.
    members: Vec<Steps>,
    mean: Option<Mean>,
    options: GenerateOptions,
    rng: Rng,
    /// The logits of the next token, or nothing if none has been read.
    logits: Vec<f64>,
    is_started: bool,
    other: Vec<f64>,
    /// How likely each token is, up to a factor.
    weights: Vec<f64>,
    /// The tokens that are chosen from.
    choice: Vec<Id>,
    /// What has been written and not been given, and how much of that is ready.
    held: Vec<u8>,
    ready: usize,
    /// Of bytes: the character that has begun.
    begun: Begun,
    written: usize,
    stopped: Option<Stopped>,
    remarks: Vec<Message>,
}

impl Text {
    /// What is to be said of a prompt.
    fn remarks_on_prompt(&self, prompt: &str, corpus: &Corpus) -> Vec<Message> {
        let mut remarks: Vec<Message> = corpus.unknown_remark().into_iter().collect();
        if self.vocabulary.tokens == Tokens::Words && prompt.ends_with(' ') {
            let message = format!(
                "{PROMPT} ends in a blank, which belongs to the word behind it: the model has seldom read one alone; leave \
                 it out"
            );
            remarks.push(message.into());
        }
        remarks
    }
}

impl<'m> Generator<'m> {
    fn new(
        text: &'m Text,
        ensemble: &Ensemble,
        prompt: &str,
        options: GenerateOptions,
    ) -> Result<Self, Error> {
        let corpus = Corpus::of_bytes(PROMPT, prompt.as_bytes(), &text.vocabulary)?;
        let size = text.vocabulary.len();
        let mut generator = Generator {
            members: ensemble.members().iter().map(Steps::new).collect::<Result<_, _>>()?,
            mean: ensemble.mean(),
            rng: Rng::new(options.seed, Purpose::Text),
            options,
            logits: vec![0.0; size],
            is_started: false,
            other: vec![0.0; size],
            weights: vec![0.0; size],
            choice: Vec::with_capacity(size),
            held: Vec::new(),
            ready: 0,
            begun: Begun::NONE,
            written: 0,
            stopped: None,
            remarks: text.remarks_on_prompt(prompt, &corpus),
            text,
        };
        corpus.for_each(0..corpus.len(), |_, id| generator.read(id))?;
        Ok(generator)
    }

    /// Writes the next token, and gives the bytes that are ready for it, which may be none yet: what might become the
    /// text to stop at is held back. `None` once the text has ended.
    ///
    /// # Errors
    /// If the network's outputs are no finite numbers.
    pub fn advance(&mut self) -> Result<Option<&[u8]>, DataError> {
        self.held.drain(..self.ready);
        self.ready = 0;
        if self.stopped.is_some() {
            return Ok(None);
        }
        let id = self.draw()?;
        self.text.vocabulary.write(id, &mut self.held);
        if self.limits_bytes() {
            self.begun = self.begun.then(id as u8);
        }
        self.written += 1;
        let stop = self.options.stop.as_deref().unwrap_or_default().as_bytes();
        if let Some(at) = find(&self.held, stop) {
            self.held.truncate(at);
            self.stopped = Some(Stopped::Stop);
            self.ready = at;
        } else if self.written >= self.options.length && self.begun == Begun::NONE {
            self.stopped = Some(Stopped::Length);
            self.ready = self.held.len();
        } else {
            let whole = self.held.len() - self.begun.len;
            self.ready = whole.min(self.held.len() - beginning_at_end(&self.held, stop));
            self.read(id);
        }
        Ok(Some(&self.held[..self.ready]))
    }

    /// What is to be said of the prompt: how much of it is not known, and that it ends in a word's blank.
    pub fn remarks(&self) -> &[Message] {
        &self.remarks
    }

    /// How many tokens have been written.
    pub fn written(&self) -> usize {
        self.written
    }

    /// Why the text has ended, once it has.
    pub fn stopped(&self) -> Option<Stopped> {
        self.stopped
    }

    /// All that is left to be written.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    pub fn bytes(&mut self) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        while let Some(ready) = self.advance()? {
            bytes.extend_from_slice(ready);
        }
        Ok(bytes)
    }

    /// All that is left to be written, as text.
    ///
    /// # Errors
    /// As [`advance`](Self::advance); or if what is written is no UTF-8, as the model's own text was none.
    pub fn text(&mut self) -> Result<String, DataError> {
        String::from_utf8(self.bytes()?).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let message = "it is no UTF-8, as the text that the model learned from was none; take its bytes";
            DataError::new(format!("the text that was written, byte {at}"), message)
        })
    }

    /// Has every member read a token, and leaves the logits of the next.
    fn read(&mut self, id: Id) {
        let x = [f64::from(id)];
        for (n, member) in self.members.iter_mut().enumerate() {
            member.step(&x, if n == 0 { &mut self.logits } else { &mut self.other });
            match &self.mean {
                Some(mean) if n == 0 => mean.begin(&mut self.logits),
                Some(mean) => mean.add(&mut self.logits, &mut self.other),
                None => {}
            }
        }
        if let Some(mean) = &self.mean {
            mean.finish(&mut self.logits);
        }
        self.is_started = true;
    }

    /// Are bytes kept to those that make UTF-8?
    fn limits_bytes(&self) -> bool {
        self.text.vocabulary.tokens == Tokens::Bytes && self.text.utf8
    }

    /// May this token be written next?
    fn allows(&self, id: Id) -> bool {
        let breaks_character = self.limits_bytes() && !self.begun.allows(id as u8);
        Some(id) != self.text.vocabulary.unknown_id() && !breaks_character
    }

    /// Draws the next token.
    fn draw(&mut self) -> Result<Id, DataError> {
        let mut choice = std::mem::take(&mut self.choice);
        choice.clear();
        choice.extend((0..self.logits.len() as Id).filter(|&id| self.allows(id)));
        if self.is_started {
            self.weigh(&choice)?;
        } else {
            // Nothing has been read that could tell.
            let Vocabulary { counts, .. } = &self.text.vocabulary;
            self.weights.iter_mut().zip(counts).for_each(|(weight, &count)| *weight = count as f64);
        }
        self.narrow(&mut choice);
        let total: f64 = choice.iter().map(|&id| self.weights[id as usize]).sum();
        let drawn = self.rng.uniform() * total;
        let mut sum = 0.0;
        let drawn = choice.iter().copied().find(|&id| {
            sum += self.weights[id as usize];
            drawn < sum
        });
        // Rounding may leave the last one's share out.
        let last = || choice.iter().rev().copied().find(|&id| self.weights[id as usize] > 0.0);
        let drawn = drawn.or_else(last).or(choice.first().copied()).unwrap_or_default();
        self.choice = choice;
        Ok(drawn)
    }

    /// Turns logits into weights, of which the largest is 1.
    fn weigh(&mut self, choice: &[Id]) -> Result<(), DataError> {
        let logits = || choice.iter().map(|&id| self.logits[id as usize]);
        if logits().any(|logit| !logit.is_finite()) {
            let place = format!("token {} of the text", self.written + 1);
            return Err(DataError::new(place, "the network's outputs are no finite numbers"));
        }
        let most = logits().fold(f64::NEG_INFINITY, f64::max);
        let temperature = self.options.temperature;
        for &id in choice {
            let below = self.logits[id as usize] - most;
            let is_most = below == 0.0;
            // At 0 nothing but the most likely is left.
            self.weights[id as usize] = if is_most { 1.0 } else { (below / temperature).exp() };
        }
        Ok(())
    }

    /// Leaves those tokens that `temperature`, `top_k` and `top_p` leave, the most likely first if there is any limit.
    fn narrow(&self, choice: &mut Vec<Id>) {
        let top_k = if self.options.temperature == 0.0 { Some(1) } else { self.options.top_k };
        let likelier = |a: &Id, b: &Id| {
            let [a_weight, b_weight] = [a, b].map(|&id| self.weights[id as usize]);
            b_weight.total_cmp(&a_weight).then(a.cmp(b))
        };
        if let Some(top_k) = top_k.filter(|&top_k| top_k < choice.len()) {
            choice.select_nth_unstable_by(top_k - 1, likelier);
            choice.truncate(top_k);
        }
        if top_k.is_some() || self.options.top_p.is_some() {
            choice.sort_unstable_by(likelier);
        }
        if let Some(top_p) = self.options.top_p {
            let total: f64 = choice.iter().map(|&id| self.weights[id as usize]).sum();
            let mut sum = 0.0;
            let last = choice.iter().position(|&id| {
                sum += self.weights[id as usize];
                sum >= top_p * total
            });
            choice.truncate(last.map_or(choice.len(), |last| last + 1));
        }
    }
}

impl fmt::Debug for Generator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator")
            .field("options", &self.options)
            .field("written", &self.written)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

/// Where a text that is not empty first stands in another.
fn find(text: &[u8], stop: &[u8]) -> Option<usize> {
    if stop.is_empty() { None } else { text.windows(stop.len()).position(|part| part == stop) }
}

/// How many bytes of the end of a text may be the beginning of `stop`.
fn beginning_at_end(text: &[u8], stop: &[u8]) -> usize {
    let most = stop.len().saturating_sub(1).min(text.len());
    (1..=most).rev().find(|&len| text.ends_with(&stop[..len])).unwrap_or(0)
}
