//! A model that plays: sound in, sound out.

use super::{INPUT, Sound};
use crate::error::{ConfigError, DataError, Error};
use crate::model::Model;
use crate::predict::Session;
use crate::words::quoted;

/// A model of sound that reads samples as they come and answers as many.
///
/// Its answers are those that the model gives to the whole recording, to the bit, however it is cut into pieces.
#[derive(Debug)]
pub struct Player {
    session: Session,
    sound: Sound,
    /// The network's input `[I]` at silence: what the knobs make of it.
    at_rest: Vec<f64>,
    /// The inputs of a piece, `[n, I]`.
    x: Vec<f64>,
    /// The samples that have come.
    samples: u64,
}

impl Player {
    /// A player at its start, with a position for each of the model's knobs.
    ///
    /// # Errors
    /// If the model was not trained on sound, or a knob is missing, unknown or at no finite number.
    pub fn new(model: &Model, knobs: &[(String, f64)]) -> Result<Self, Error> {
        let Some(sound) = model.sound() else {
            let message = "of this model is no sound; it answers tables";
            return Err(ConfigError::new("task", message).into());
        };
        let mut units = model.task().kind().stream()?;
        let names = units.inputs();
        let refuse = |message: String| Err(ConfigError::new("knob", message).into());
        if let Some((name, _)) = knobs.iter().find(|(name, _)| name == INPUT || !names.contains(name)) {
            return match &names[1..] {
                [] => refuse(format!("{name} is unknown: this model has no knobs; leave it out")),
                known => refuse(format!("{name} is unknown: this model has {}", quoted(known))),
            };
        }
        let mut row = Vec::with_capacity(names.len());
        for name in &names {
            let value = knobs.iter().rev().find(|(knob, _)| knob == name).map(|(_, value)| *value);
            match value {
                _ if name == INPUT => row.push(0.0),
                Some(value) if value.is_finite() => row.push(value),
                Some(value) => return refuse(format!("{name} is {value}; give a finite number, as 0.5")),
                None => return refuse(format!("{name} is missing; say where it stands, as {name}=0.5")),
            }
        }
        let mut at_rest = vec![0.0; model.network().input_size()];
        let read = units.read(&row, &mut at_rest);
        read.map_err(|message| DataError::new("the knobs", message))?;
        let session = Session::of(model.ensemble())?;
        Ok(Player { session, sound: sound.clone(), at_rest, x: Vec::new(), samples: 0 })
    }

    /// What the model knows of its sound.
    pub fn sound(&self) -> &Sound {
        &self.sound
    }

    /// Answers the next samples, as many into `answers`, which is overwritten.
    ///
    /// # Errors
    /// If a sample or an answer is not finite.
    pub fn play(&mut self, samples: &[f32], answers: &mut Vec<f32>) -> Result<(), DataError> {
        answers.clear();
        if samples.is_empty() {
            return Ok(());
        }
        let place = |n: usize| format!("sample {}", self.samples + n as u64 + 1);
        if let Some(n) = samples.iter().position(|sample| !sample.is_finite()) {
            return Err(DataError::new(place(n), format!("is {}; give finite numbers", samples[n])));
        }
        self.x.clear();
        for &sample in samples {
            let start = self.x.len();
            self.x.extend_from_slice(&self.at_rest);
            self.x[start] = sample.into();
        }
        answers.extend(self.session.advance(&self.x).into_iter().map(|y| y as f32));
        if let Some(n) = answers.iter().position(|answer| !answer.is_finite()) {
            let message = format!("the answer is {}; is the input far louder than in training?", answers[n]);
            return Err(DataError::new(place(n), message));
        }
        self.samples += samples.len() as u64;
        Ok(())
    }
}
