//! A model that plays: sound in, sound out.

use super::{INPUT, Sound};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::model::Model;
use crate::predict::Session;
use crate::words::quoted;

/// Samples that go through the network at a time: what its layers leave of them stays in the second cache. With 65,536, an
/// LSTM of 40 units took some 10 % longer.
const AT_ONCE: usize = 1024;

/// A model of sound that reads samples as they come and answers as many.
///
/// Its answers are those that the model gives to the whole recording, to the bit, however it is cut into pieces. The
/// [gains](Model::gains) of the model stand before and behind it.
#[derive(Debug)]
pub struct Player {
    session: Session,
    sound: Sound,
    /// What samples and answers are multiplied with.
    gains: [f64; 2],
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
            let aim = model.task().name().aim();
            let message = format!(
                "this model is there to {aim}, and learned from no sound; models of sound alone play"
            );
            return Err(ConfigError::of_model(message).into());
        };
        let mut units = model.task().kind().stream()?;
        let row = at_silence(&units.inputs(), knobs)?;
        let mut at_rest = vec![0.0; model.network().input_size()];
        let read = units.read(&row, &mut at_rest);
        read.map_err(|message| DataError::new("the knobs", message))?;
        let session = Session::of(model.ensemble())?;
        Ok(Player { session, sound: sound.clone(), gains: model.gains(), at_rest, x: Vec::new(), samples: 0 })
    }

    /// Refuses knobs that are not those of a model.
    ///
    /// # Errors
    /// If one is missing, unknown, named twice or at no finite number.
    pub fn check_knobs(model: &Model, knobs: &[(String, f64)]) -> Result<(), ConfigError> {
        at_silence(&model.task().kind().stream()?.inputs(), knobs).map(drop)
    }

    /// What is to be said of knobs that stand where none of the recordings was made that a model learned from.
    pub fn knob_remarks(model: &Model, knobs: &[(String, f64)]) -> Vec<Message> {
        let names = model.task().kind().stream().map(|units| units.inputs()).unwrap_or_default();
        let learned = model.sound().map(|sound| sound.knobs.as_slice()).unwrap_or_default();
        let learned = names.iter().filter(|name| *name != INPUT).zip(learned);
        let outside = learned.filter_map(|(name, [from, to])| {
            let (_, at) = knobs.iter().find(|(knob, at)| knob == name && !(from..=to).contains(&at))?;
            let was = if from == to { format!("at {from}") } else { format!("between {from} and {to}") };
            let text = format!(
                " {name} is {at}, and was {was} in training: what the model answers there is a guess"
            );
            Some(Message::from(String::new()).option("knob").text(text))
        });
        outside.collect()
    }

    /// What the model knows of its sound.
    pub fn sound(&self) -> &Sound {
        &self.sound
    }

    /// Answers the next samples, as many into `answers`, which is overwritten.
    ///
    /// # Errors
    /// If a sample or an answer is not finite; `answers` are then those before it.
    pub fn play(&mut self, samples: &[f32], answers: &mut Vec<f32>) -> Result<(), DataError> {
        answers.clear();
        let place = |before: u64, n: usize| format!("sample {}", before + n as u64 + 1);
        let wrong = samples.iter().position(|sample| !sample.is_finite());
        let finite = &samples[..wrong.unwrap_or(samples.len())];
        let [input, output] = self.gains;
        for samples in finite.chunks(AT_ONCE) {
            self.x.clear();
            for &sample in samples {
                let start = self.x.len();
                self.x.extend_from_slice(&self.at_rest);
                self.x[start] = f64::from(sample) * input;
            }
            answers.extend(self.session.advance(&self.x).into_iter().map(|y| (y * output) as f32));
        }
        if let Some(n) = answers.iter().position(|answer| !answer.is_finite()) {
            let message = format!("the answer is {}; is the input far louder than in training?", answers[n]);
            answers.truncate(n);
            return Err(DataError::new(place(self.samples, n), message));
        }
        let before = self.samples;
        self.samples += finite.len() as u64;
        match wrong {
            Some(n) => {
                Err(DataError::new(place(before, n), format!("is {}; give finite numbers", samples[n])))
            }
            None => Ok(()),
        }
    }
}

/// A row of the inputs of these names: silence, and where the knobs stand.
fn at_silence(names: &[String], knobs: &[(String, f64)]) -> Result<Vec<f64>, ConfigError> {
    let refuse = |message: String| Err(ConfigError::new("knob", message));
    if let Some((name, _)) = knobs.iter().find(|(name, _)| name == INPUT || !names.contains(name)) {
        let known: Vec<&String> = names.iter().filter(|name| *name != INPUT).collect();
        return match known.as_slice() {
            [] => refuse(format!("{name} is unknown: this model has no knobs; leave it out")),
            known => refuse(format!("{name} is unknown: this model has {}", quoted(known))),
        };
    }
    let mut row = Vec::with_capacity(names.len());
    for name in names {
        let values: Vec<f64> =
            knobs.iter().filter(|(knob, _)| knob == name).map(|(_, value)| *value).collect();
        match values.as_slice() {
            _ if name == INPUT => row.push(0.0),
            [value] if value.is_finite() => row.push(*value),
            [value] => return refuse(format!("{name} is {value}; give a finite number, as 0.5")),
            [] => return refuse(format!("{name} is missing; say where it stands, as {name}=0.5")),
            values => return refuse(format!("{name} is given {} times; give it once", values.len())),
        }
    }
    Ok(row)
}
