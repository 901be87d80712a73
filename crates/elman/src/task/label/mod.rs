//! **label**: a number or a class for every timestep.

mod answers;
mod fit;
mod level;
mod linear;
mod long;
mod options;
mod pictures;
mod recorded;
mod sound;
mod spans;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use options::{LabelOptions, Scale};

use answers::Tested;
use fit::Found;

use super::grouped::{GroupedTask, Grouping, Rows};
use super::kind::check_loss_of_numbers;
use super::{
    Classify, HeldOut, LossUnit, Picture, PredictOptions, Predictions, Prepared, Regress, StreamUnits, Task,
    TaskKind, TaskName,
};
use crate::audio::Sound;
use crate::ensemble::{Average, Ensemble};
use crate::error::{ConfigError, Error};
use crate::loss::Loss;
use crate::metrics::Evaluation;
use crate::network::Readout;
use crate::recipe::Recipe;
use crate::table::{Long, Table};
use crate::train::TrainConfig;
use crate::watch::Watch;

/// Sequences are learned in pieces of so many timesteps: long enough for what lies a hundred rows back, and several
/// updates for each sequence that is much longer.
const TRUNCATE: usize = 200;

/// A labelling task, fitted to a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// What is told of a row, as another task tells it of a sequence.
    pub answer: RowAnswer,
    /// The targets' means in training, where they are not scaled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub means: Vec<f64>,
    /// What is known of the sound that it was fitted to, if the rows are its samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<Sound>,
}

/// What is told of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RowAnswer {
    /// A number for each target.
    Numbers(Regress),
    /// One of several classes.
    Class(Classify),
}

/// Calls the same for either answer.
macro_rules! either {
    ($answer:expr, $task:ident => $call:expr) => {
        match $answer {
            RowAnswer::Numbers($task) => $call,
            RowAnswer::Class($task) => $call,
        }
    };
}

impl From<Regress> for RowAnswer {
    fn from(task: Regress) -> Self {
        RowAnswer::Numbers(task)
    }
}

impl From<Classify> for RowAnswer {
    fn from(task: Classify) -> Self {
        RowAnswer::Class(task)
    }
}

impl Label {
    /// The columns.
    pub fn grouping(&self) -> &Grouping {
        either!(&self.answer, task => task.grouping())
    }

    /// The answers for a large table, which is read into memory because of this.
    fn predict_whole(
        &self,
        ensemble: &Ensemble,
        (long, why): (&Long, &str),
        options: &PredictOptions,
        watch: &mut Watch<'_>,
    ) -> Result<Predictions, Error> {
        let (whole, said) = long.whole(why)?;
        let predictions = self.predict(ensemble, whole, options, watch)?;
        let remarks = [said.as_slice(), predictions.remarks()].concat();
        Ok(predictions.with_remarks(remarks))
    }

    /// What is answered without looking at anything.
    fn means_of(&self, task: &Regress) -> Vec<f64> {
        if self.means.is_empty() { task.baseline() } else { self.means.clone() }
    }
}

impl TaskKind for Label {
    type Options = LabelOptions;

    fn prepare(table: &Table, options: &LabelOptions) -> Result<Prepared, Error> {
        let options = sound::options(options, table)?;
        match (table.recordings(), table.long()) {
            (Some(recordings), _) => recorded::prepare(recordings, table, &options),
            (None, Some(long)) => match long::prepare(long, &options)? {
                Ok(prepared) => Ok(prepared),
                Err(why) => {
                    let (whole, said) = long.whole(&why)?;
                    let prepared = Found::prepare(whole, &options, None)?;
                    Ok(Prepared { remarks: [said, prepared.remarks].concat(), ..prepared })
                }
            },
            (None, None) => Found::prepare(table, &options, None),
        }
    }

    /// Programs of the second version know no such task.
    fn needs_version_3(&self) -> bool {
        true
    }

    fn name(&self) -> TaskName {
        TaskName::Label
    }

    fn title(&self) -> &'static str {
        if self.sound.is_some() { "Model of sound" } else { "Labels" }
    }

    fn grouped_by(&self) -> Option<&Grouping> {
        Some(self.grouping())
    }

    fn classes(&self) -> Option<&Classify> {
        match &self.answer {
            RowAnswer::Numbers(_) => None,
            RowAnswer::Class(task) => Some(task),
        }
    }

    fn counted(&self) -> &'static str {
        "rows"
    }

    fn gains(&self) -> [f64; 2] {
        if self.sound.is_some() { sound::gains(&self.answer) } else { [1.0; 2] }
    }

    fn with_gains(&self, input: f64, output: f64) -> Option<Task> {
        self.sound.is_some().then(|| self.scaled_by(input, output).into())
    }

    fn describe(&self) -> String {
        if self.sound.is_some() {
            let features = self.grouping().input_names().join(", ");
            return format!("{} every sample of recordings from {features}", TaskName::Label);
        }
        let description = either!(&self.answer, task => task.description());
        format!("{} every row with {}{description}", TaskName::Label, self.grouping().describe())
    }

    fn input_size(&self) -> usize {
        self.grouping().input_size()
    }

    fn output_size(&self) -> usize {
        either!(&self.answer, task => GroupedTask::output_size(task))
    }

    fn readout(&self) -> Readout {
        Readout::Every
    }

    fn counts_timesteps(&self) -> bool {
        true
    }

    fn average(&self) -> Average {
        either!(&self.answer, task => GroupedTask::average(task))
    }

    /// The default recipe, with the loss that the targets ask for and sequences cut in time.
    fn recipe(&self) -> Recipe {
        if self.sound.is_some() {
            return sound::recipe(self.gains());
        }
        let usual = Recipe::default();
        let loss = either!(&self.answer, task => task.loss());
        Recipe { train: TrainConfig { loss, truncate: Some(TRUNCATE), ..usual.train }, ..usual }
    }

    fn check_loss(&self, loss: &Loss) -> Result<(), ConfigError> {
        if self.sound.is_some() && loss.outputs_per_value() > 1 {
            let message =
                format!("{} tells distributions; sound has one answer for each sample; use esr", loss.name());
            return Err(ConfigError::new("loss", message));
        }
        if let (Some(_), Loss::CrossEntropy { .. }) = (&self.sound, loss) {
            return Err(ConfigError::new(
                "loss",
                "cross-entropy is for classes; samples are numbers: use esr",
            ));
        }
        match &self.answer {
            RowAnswer::Numbers(_) => check_loss_of_numbers(TaskName::Label, loss),
            RowAnswer::Class(task) => GroupedTask::check_loss(task, loss),
        }
    }

    /// Of sound at the recordings' own level, whatever it was learned at.
    fn loss_unit(&self, loss: &Loss) -> LossUnit {
        let [_, output] = self.gains();
        LossUnit {
            factor: level::degree(loss).map_or(1.0, |degree| output.powi(degree)),
            ..LossUnit::default()
        }
    }

    fn balanced_class_weights(&self) -> Option<Vec<f64>> {
        either!(&self.answer, task => GroupedTask::balanced_class_weights(task))
    }

    /// Last rows of each sequence, where they are said.
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
        if let Some(long) = table.long() {
            let found = match &self.answer {
                RowAnswer::Numbers(task) => {
                    let baseline = self.means_of(task);
                    long::evaluate(task, baseline, (table, long), ensemble, held_out, watch)?
                }
                RowAnswer::Class(task) => {
                    long::evaluate(task, task.baseline(), (table, long), ensemble, held_out, watch)?
                }
            };
            return match found {
                Ok(evaluation) => Ok(evaluation),
                Err(why) => {
                    let (whole, said) = long.whole(&why)?;
                    let evaluation = self.evaluate(ensemble, whole, held_out, watch)?;
                    Ok(Evaluation { remarks: [said, evaluation.remarks].concat(), ..evaluation })
                }
            };
        }
        match &self.answer {
            RowAnswer::Numbers(task) if self.sound.is_some() => {
                sound::evaluate(task, ensemble, table, held_out, watch)
            }
            RowAnswer::Numbers(task) => {
                Tested::read(task, table, held_out)?.evaluate(self.means_of(task), ensemble, watch)
            }
            RowAnswer::Class(task) => {
                Tested::read(task, table, held_out)?.evaluate(task.baseline(), ensemble, watch)
            }
        }
    }

    /// Beside what is told of numbers, what a straight line through the training part tells of them.
    fn compare(
        &self,
        trained_on: &Prepared,
        table: &Table,
        held_out: &HeldOut,
        evaluation: &mut Evaluation,
    ) -> Result<(), Error> {
        match (&self.answer, table.long()) {
            (RowAnswer::Numbers(_), _) if self.sound.is_some() => Ok(()),
            (RowAnswer::Numbers(task), Some(long)) => {
                match long::compare(task, long, held_out, trained_on, evaluation)? {
                    Ok(()) => Ok(()),
                    Err(why) => self.compare(trained_on, long.whole(&why)?.0, held_out, evaluation),
                }
            }
            (RowAnswer::Numbers(task), None) => {
                Tested::read(task, table, held_out)?.compare(trained_on, evaluation)
            }
            (RowAnswer::Class(_), _) => Ok(()),
        }
    }

    fn pictures(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<Vec<Picture>, Error> {
        if let Some(long) = table.long() {
            let found = either!(&self.answer, task => long::excerpt(task, long, held_out))?;
            return match found {
                Ok((table, held_out, note)) => {
                    let mut pictures = self.pictures(ensemble, &table, &held_out, watch)?;
                    if let Some(Picture::Lines(first)) = pictures.first_mut() {
                        first.notes.push(note);
                    }
                    Ok(pictures)
                }
                Err(why) => self.pictures(ensemble, long.whole(&why)?.0, held_out, watch),
            };
        }
        if let Some(recordings) = table.recordings() {
            let (table, held_out, note) = recorded::excerpt(recordings, held_out)?;
            let mut pictures = self.pictures(ensemble, &table, &held_out, watch)?;
            if let Some(Picture::Lines(first)) = pictures.first_mut() {
                first.notes.extend(note);
            }
            return Ok(pictures);
        }
        match &self.answer {
            RowAnswer::Numbers(task) => {
                let tested = Tested::read(task, table, held_out)?;
                let (_, answers) = tested.answers(ensemble, watch)?;
                let mut pictures = match &self.sound {
                    Some(sound) => tested.waves(&answers, sound),
                    None => tested.course(&answers)?.into_iter().collect(),
                };
                pictures.extend(tested.pictures(&answers, self.sound.is_some()));
                Ok(pictures)
            }
            RowAnswer::Class(task) => {
                let tested = Tested::read(task, table, held_out)?;
                let (_, answers) = tested.answers(ensemble, watch)?;
                Ok(tested.pictures(&answers, false))
            }
        }
    }

    fn predict(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        options: &PredictOptions,
        watch: &mut Watch<'_>,
    ) -> Result<Predictions, Error> {
        if let Some(recordings) = table.recordings() {
            return self.predict(ensemble, &recordings.rows()?, options, watch);
        }
        if let Some(long) = table.long() {
            return self.predict_whole(ensemble, (long, "answers are asked for all at once"), options, watch);
        }
        options.check_no_forecast(self, ensemble.distribution())?;
        either!(&self.answer, task => answers::predict(task, ensemble, table, options, watch))
    }

    fn predict_in_parts(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        options: &PredictOptions,
        watch: &mut Watch<'_>,
        each: &mut dyn FnMut(Predictions) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(long) = table.long() else { return each(self.predict(ensemble, table, options, watch)?) };
        options.check_no_forecast(self, ensemble.distribution())?;
        match either!(&self.answer, task => long::predict(task, ensemble, (table, long), options, watch, each))?
        {
            Ok(()) => Ok(()),
            Err(why) => each(self.predict_whole(ensemble, (long, &why), options, watch)?),
        }
    }

    fn sound(&self) -> Option<&Sound> {
        self.sound.as_ref()
    }

    /// Sound is played as it is heard.
    fn knows_the_end(&self) -> bool {
        self.sound.is_none()
    }

    fn stream(&self) -> Result<Box<dyn StreamUnits>, ConfigError> {
        either!(&self.answer, task => Ok(Box::new(Rows(task.clone()))))
    }

    fn check(&self) -> Result<(), String> {
        either!(&self.answer, task => GroupedTask::check(task))?;
        let targets = self.grouping().targets.len();
        if !(self.means.is_empty() || self.means.len() == targets && self.means.iter().all(|m| m.is_finite()))
        {
            return Err("its targets' means are out of range".into());
        }
        if self.grouping().window.is_some() {
            return Err("it has windows".into());
        }
        if let Some(sound) = &self.sound {
            sound.check()?;
            sound::check(&self.answer)?;
        }
        self.grouping().check()
    }
}
