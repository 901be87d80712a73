//! **text**: a language model, which tells of each token of a text how likely it is after those before it.
//!
//! The data are a text file ([`Table::open_text`]), whose tokens are characters, bytes or words. It is learned in long
//! sequences, side by side, with the state carried on from piece to piece; its end is kept for the test, what is before that
//! for validation. The loss is the cross-entropy of the next token, shown in bits.
//!
//! ```
//! use elman::recipe::Recipe;
//! use elman::table::Table;
//! use elman::task::{GenerateOptions, Task, TaskOptions, TextOptions};
//!
//! # fn main() -> Result<(), elman::error::Error> {
//! let table = Table::of_text("rhyme", "fine wine, nine swine. ".repeat(40));
//! let prepared = Task::prepare(&table, &TaskOptions::Text(TextOptions::default()))?;
//! let mut recipe = Recipe::for_task(&prepared.task).with_hidden_size(16);
//! recipe.train.epochs = 2;
//! let model = recipe.train(&prepared, &table)?;
//! let text = model.generate("fine ", &GenerateOptions::default().with_length(20))?.text()?;
//! assert_eq!(text.chars().count(), 20);
//! # Ok(())
//! # }
//! ```

mod corpus;
mod cut;
mod file;
mod generate;
mod measure;
mod naive;
mod options;
mod pictures;
mod tokens;
mod utf8;
mod vocabulary;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::f64::consts::LN_2;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use generate::{GenerateOptions, Generator, Stopped};
pub use options::TextOptions;
pub use tokens::Tokens;
pub use vocabulary::Vocabulary;

use corpus::{Corpus, Windows};
use cut::Cut;
use file::called_a_table;
use measure::{Told, told};
use naive::{Frequencies, Pairs};
use pictures::Costs;
use vocabulary::{Id, shown};

use super::{
    Answers, HeldOut, LossUnit, Number, Picture, Precision, PredictOptions, Predictions, Prepared,
    StreamUnits, TaskFacts, TaskKind, TaskName,
};
use crate::ensemble::{Average, Ensemble};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::init::Init;
use crate::loss::Loss;
use crate::metrics::{Baseline, Evaluation, Metric, Metrics};
use crate::network::{CellKind, Readout};
use crate::recipe::Recipe;
use crate::schedule::ScheduleConfig;
use crate::sequence::Sequences;
use crate::table::{Document, ReadOptions, Table};
use crate::train::TrainConfig;
use crate::watch::Watch;
use crate::words::{counted, thousands};

/// A training sequence is this long where the text is long enough.
const WINDOW: usize = 16_384;
/// Of shorter texts there are this many sequences,
const SEQUENCES: usize = 32;
/// unless they would be shorter than this.
const SHORT_WINDOW: usize = 1024;

/// A language model, fitted to a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// What tokens there are.
    pub vocabulary: Vocabulary,
    /// Was the text UTF-8? Then what is generated is too.
    pub utf8: bool,
}

/// Where the parts of a text end, in tokens from its beginning.
struct Parts {
    train: usize,
    validation: usize,
    all: usize,
}

impl Parts {
    /// Those of a text of so many tokens.
    fn of(all: usize, options: &TextOptions) -> Self {
        // A share that is asked for is at least one token, of validation two: the first has none before it.
        let share = |of: usize, share: f64, least: usize| {
            if share > 0.0 { ((of as f64 * share).round() as usize).max(least).min(of) } else { 0 }
        };
        let validation = all - share(all, options.test, 1);
        let train = validation - share(validation, options.validation, 2);
        Parts { train, validation, all }
    }
}

/// How long a part of a text is.
struct Length {
    tokens: usize,
    /// Not known where a token is not: of an unknown word nobody knows how many it has.
    characters: Option<usize>,
}

impl Default for Length {
    fn default() -> Self {
        Length { tokens: 0, characters: Some(0) }
    }
}

impl Length {
    /// One token more.
    fn count(&mut self, vocabulary: &Vocabulary, id: Id) {
        self.tokens += 1;
        self.characters = self.characters.zip(vocabulary.num_characters(id)).map(|(sum, count)| sum + count);
    }
}

impl TaskKind for Text {
    type Options = TextOptions;

    fn prepare(table: &Table, options: &TextOptions) -> Result<Prepared, Error> {
        options.check()?;
        let (cut, counts) = Cut::counted(table.name(), document(table)?, options.tokens)?;
        let parts = Parts::of(cut.found.len, options);
        let lines = cut.found.lines.remark();
        let (vocabulary, unknown) = Vocabulary::of((&cut, counts), options, parts.train)?;
        check_length(table, &vocabulary, &parts)?;
        let text = Text { vocabulary, utf8: cut.found.utf8 };
        let corpus = Arc::new(Corpus::of_its_own(cut, &text.vocabulary, unknown));
        let mut remarks = text.remarks(options, &parts, &corpus);
        remarks.extend(lines);
        remarks.extend(called_a_table(table.name()));
        let window = options.window.unwrap_or_else(|| {
            let sequences = SEQUENCES * parts.train.div_ceil(SEQUENCES * WINDOW);
            parts.train.saturating_sub(1).div_ceil(sequences).max(SHORT_WINDOW)
        });
        if options.window.is_some_and(|window| window >= parts.train) {
            let (window, all) = (thousands(window), text.counted(parts.train - 1));
            let message =
                Message::from(format!("the training part has {all} to tell, which is less than a "));
            remarks.push(message.option("window").text(format!(" of {window}: they are one sequence")));
        }
        let sequences =
            |part: Range<usize>| Sequences::of(Windows { corpus: Arc::clone(&corpus), part, window });
        Ok(Prepared {
            data: table.name().to_owned(),
            train: sequences(0..parts.train),
            train_groups: Vec::new(),
            validation: sequences(parts.train..parts.validation),
            held_out: (parts.validation < parts.all).then(|| HeldOut::LastRows(parts.all - parts.validation)),
            task: text.into(),
            remarks,
        })
    }

    fn facts() -> TaskFacts {
        TaskFacts { aim: Some("model texts"), reads_text: true, ..TaskFacts::USUAL }
    }

    fn name(&self) -> TaskName {
        TaskName::Text
    }

    fn title(&self) -> &'static str {
        "Language model"
    }

    fn tells_numbers(&self) -> bool {
        false
    }

    /// The whole text was gone through for its tokens.
    fn has_read_held_out(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        let Vocabulary { tokens, unknown, .. } = &self.vocabulary;
        let known = thousands(self.vocabulary.len() - usize::from(*unknown));
        let unknown = if *unknown { " and an unknown one" } else { "" };
        format!("text, told by {known} {tokens}{unknown}")
    }

    fn needs_version_3(&self) -> bool {
        true
    }

    /// The id of a token.
    fn input_size(&self) -> usize {
        1
    }

    fn num_tokens(&self) -> Option<usize> {
        Some(self.vocabulary.len())
    }

    /// The logits of the next token.
    fn output_size(&self) -> usize {
        self.vocabulary.len()
    }

    fn readout(&self) -> Readout {
        Readout::Every
    }

    fn counts_timesteps(&self) -> bool {
        true
    }

    fn average(&self) -> Average {
        Average::Probabilities
    }

    fn knows_the_end(&self) -> bool {
        false
    }

    /// Long texts are gone through once or twice, short ones at most fifty times: that is about two minutes on two cores,
    /// or less.
    fn recipe(&self) -> Recipe {
        const TOKENS: u64 = 8_000_000;
        const MOST_EPOCHS: u64 = 50;
        let epochs = (TOKENS / self.vocabulary.num_trained().max(1)).clamp(1, MOST_EPOCHS);
        let train = TrainConfig::default()
            .with_loss(self.loss())
            .with_batch_size(SEQUENCES)
            .with_truncate(64)
            .with_learning_rate(5e-3)
            .with_schedule(ScheduleConfig::COSINE)
            .with_epochs(epochs);
        Recipe::default()
            .with_cell(CellKind::Lstm)
            .with_hidden_size(256)
            .with_embedding_dim(64)
            .with_init(Init::Torch)
            .with_train(train)
    }

    fn loss_unit(&self, _: &Loss) -> LossUnit {
        LossUnit { name: self.bits(), factor: LN_2.recip() }
    }

    fn check_loss(&self, loss: &Loss) -> Result<(), ConfigError> {
        match loss {
            Loss::CrossEntropy { .. } => Ok(()),
            _ => Err(ConfigError::new("loss", "of a text is cross-entropy; the others are for numbers")),
        }
    }

    /// The whole text, or so many last tokens.
    fn held_out(&self, test: Option<usize>) -> Result<HeldOut, ConfigError> {
        HeldOut::last_or_all(test)
    }

    fn evaluate(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<Evaluation, Error> {
        let (corpus, from) = self.part(table, held_out)?;
        let tested = corpus.len() - from;
        let frequencies = Frequencies::of(&self.vocabulary);
        let (mut log_probability, mut naive, mut right) = (0.0, 0.0, 0usize);
        let mut length = Length::default();
        told(ensemble, &corpus, from, watch, |_, id, told| {
            log_probability += told.log_probability;
            naive += frequencies.log_probability(id);
            right += usize::from(told.likely == id);
            length.count(&self.vocabulary, id);
        })?;
        let mut model = self.metrics(&length, log_probability);
        model.push(Metric::new("accuracy", right as f64 / tested as f64));
        let metrics = self.metrics(&length, naive);
        let which = match held_out {
            HeldOut::LastRows(_) => "the last ",
            _ => "",
        };
        Ok(Evaluation {
            on: format!("{which}{}", self.counted(tested)),
            baselines: vec![Baseline { name: "frequencies".into(), metrics }],
            model,
            confusion: None,
            remarks: corpus.unknown_remark().into_iter().collect(),
        })
    }

    fn compare(
        &self,
        trained_on: &Prepared,
        table: &Table,
        held_out: &HeldOut,
        evaluation: &mut Evaluation,
    ) -> Result<(), Error> {
        let (corpus, from) = self.part(table, held_out)?;
        let pairs = Pairs::of(&self.vocabulary, &trained_on.train)?;
        let (mut before, mut log_probability, mut length) = (0, 0.0, Length::default());
        corpus.for_each(from - 1..corpus.len(), |place, id| {
            if place >= from {
                log_probability += pairs.log_probability(before, id);
                length.count(&self.vocabulary, id);
            }
            before = id;
        })?;
        let metrics = self.metrics(&length, log_probability);
        evaluation.baselines.push(Baseline { name: "pairs".into(), metrics });
        Ok(())
    }

    fn pictures(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<Vec<Picture>, Error> {
        let (corpus, from) = self.part(table, held_out)?;
        let mut costs = Costs::new(from, corpus.len() - from);
        told(ensemble, &corpus, from, watch, |place, id, told| costs.add(place, id, told))?;
        Ok(self.pictures_of(&costs))
    }

    fn predict(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        options: &PredictOptions,
        watch: &mut Watch<'_>,
    ) -> Result<Predictions, Error> {
        options.check_no_forecast(self, ensemble.distribution())?;
        check_answers(table)?;
        let (corpus, from) = self.part(table, &HeldOut::All)?;
        let mut all = vec![Told::default(); corpus.len() - from];
        told(ensemble, &corpus, from, watch, |place, _, told| all[place - from] = told)?;
        let number = |value: f64| Number { value, precision: Precision::F32 };
        let bits = |told: &Told| number(-told.log_probability / LN_2);
        // The first token has none before it, and no bits.
        let bits = std::iter::once(number(f64::NAN)).chain(all.iter().map(bits)).collect();
        let likely = std::iter::once(String::new());
        let likely = likely.chain(all.iter().map(|told| self.vocabulary.name(told.likely))).collect();
        let columns = vec![
            (self.vocabulary.tokens.noun().to_owned(), Answers::Text(corpus.shown()?)),
            ("bits".to_owned(), Answers::Numbers(bits)),
            ("predicted".to_owned(), Answers::Text(likely)),
        ];
        Ok(Predictions::new(columns).with_remarks(corpus.unknown_remark().into_iter().collect()))
    }

    fn stream(&self) -> Result<Box<dyn StreamUnits>, ConfigError> {
        Err(ConfigError::of_model(format!(
            "this model is there to {}, which are not read row by row; generate goes on with a text",
            self.name().aim()
        )))
    }

    fn check(&self) -> Result<(), String> {
        self.vocabulary.check()
    }
}

impl Text {
    fn loss(&self) -> Loss {
        Loss::CrossEntropy { class_weights: None }
    }

    /// `1,000 characters`
    fn counted(&self, count: usize) -> String {
        counted(count, self.vocabulary.tokens.noun())
    }

    /// What a loss is in: bits per token.
    fn bits(&self) -> &'static str {
        match self.vocabulary.tokens {
            Tokens::Characters => "bits per character",
            Tokens::Bytes => "bits per byte",
            Tokens::Words => "bits per word",
        }
    }

    /// A text, and where the part of it begins that is to be told.
    fn part(&self, table: &Table, held_out: &HeldOut) -> Result<(Corpus, usize), Error> {
        let cut = Cut::of(table.name(), document(table)?, self.vocabulary.tokens)?;
        let corpus = Corpus::new(cut, &self.vocabulary)?;
        let all = corpus.len();
        if all < 2 {
            let has = format!("{} {}", if all == 1 { "is" } else { "are" }, self.counted(all));
            let message =
                format!("there {has}; to be told, a text has at least 2, the first of which is given");
            return Err(DataError::new(table.name(), message).into());
        }
        let from = match held_out {
            HeldOut::LastRows(count) if *count >= all => {
                let message = format!("is {count}, and the text has {all}; at most {} can be told", all - 1);
                return Err(ConfigError::new("test", message).into());
            }
            HeldOut::LastRows(count) => all - count,
            _ => 1,
        };
        Ok((corpus, from))
    }

    /// The figures of tokens with the sum of their natural log-probabilities.
    fn metrics(&self, length: &Length, log_probability: f64) -> Metrics {
        let bits = -log_probability / LN_2;
        let per_token = bits / length.tokens as f64;
        let mut metrics = vec![Metric::new(&self.bits().replace(' ', "_"), per_token)];
        // Words and bytes by what all texts have in common.
        if self.vocabulary.tokens != Tokens::Characters && self.utf8 {
            let characters = length.characters.filter(|&characters| characters > 0);
            metrics.extend(
                characters.map(|characters| Metric::new("bits_per_character", bits / characters as f64)),
            );
        }
        metrics.push(Metric::new("perplexity", per_token.exp2()));
        metrics
    }

    /// What is to be said of how a text was read.
    fn remarks(&self, options: &TextOptions, parts: &Parts, corpus: &Corpus) -> Vec<Message> {
        let vocabulary = &self.vocabulary;
        let mut remarks: Vec<Message> = corpus.unknown_remark().into_iter().collect();
        if vocabulary.tokens == Tokens::Words && options.most() == Some(vocabulary.known.len()) {
            let known = thousands(vocabulary.known.len());
            let message = format!("{known} words are told apart, the most frequent ones; ");
            remarks.push(Message::from(message).option("vocabulary").text(" decides how many"));
        }
        let unseen: BTreeSet<&str> = vocabulary
            .known
            .iter()
            .zip(&vocabulary.counts)
            .filter(|&(_, &count)| count == 0)
            .map(|(token, _)| token.as_str())
            .collect();
        if !unseen.is_empty() && parts.train < parts.all {
            let message = format!(
                "{} of the vocabulary stand{} behind the training part alone, known but never learned: {}",
                counted(unseen.len(), vocabulary.tokens.noun()),
                if unseen.len() == 1 { "s" } else { "" },
                shown(&unseen)
            );
            remarks.push(message.into());
        }
        remarks
    }
}

/// The text of a file.
fn document(table: &Table) -> Result<&Arc<Document>, DataError> {
    table.stored_document().ok_or_else(|| {
        DataError::new(table.name(), "these are rows of a table; a language model needs a text")
    })
}

/// Refuses to answer each token of a text whose answers no memory would hold.
fn check_answers(table: &Table) -> Result<(), DataError> {
    let limit = ReadOptions::default().limit;
    if document(table)?.len() <= limit {
        return Ok(());
    }
    let message = format!(
        "the text has more than {} bytes, the most of which each token is answered; take a part of it",
        thousands(usize::try_from(limit).unwrap_or(usize::MAX))
    );
    Err(DataError::new(table.name(), message))
}

/// Refuses a text that is too short, or has nothing to learn.
fn check_length(table: &Table, vocabulary: &Vocabulary, parts: &Parts) -> Result<(), DataError> {
    let noun = vocabulary.tokens.noun();
    if parts.all == 0 {
        return Err(DataError::new(table.name(), "the text is empty; give one to learn from"));
    }
    if parts.train < 2 {
        let message = Message::from(format!(
            "{} {}, of which {} {} left to learn from; give a longer text, or a smaller share for ",
            if parts.all == 1 { "there is" } else { "there are" },
            counted(parts.all, noun),
            parts.train,
            if parts.train == 1 { "is" } else { "are" }
        ));
        return Err(DataError::new(table.name(), message.option("test").text(" and ").option("validation")));
    }
    if vocabulary.tokens != Tokens::Bytes && vocabulary.known.is_empty() {
        let message = Message::from(format!(
            "no {noun} is there twice, so all are unknown; give a longer text, or leave out "
        ));
        return Err(DataError::new(table.name(), message.option("unknown")));
    }
    let different = vocabulary.counts.iter().filter(|&&count| count > 0).count();
    if different < 2 {
        let message = format!("it is the same {noun} again and again, so there is nothing to learn");
        return Err(DataError::new(table.name(), message));
    }
    Ok(())
}
