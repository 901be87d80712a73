use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::ConfigError;

/// What files of models of amplifiers and effects say beside the network: at which rate it runs, how its signals are
/// scaled, what it is a model of. All of it may be unknown.
///
/// The network knows nothing of it: who runs the network multiplies its audio input with
/// [`input_factor`](Self::input_factor) and its output with [`output_factor`](Self::output_factor).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Device {
    /// What the model is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The samples per second that it was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<f64>,
    /// By how much the input is amplified before the network, in dB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_gain: Option<f64>,
    /// By how much the output is amplified behind the network, in dB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_gain: Option<f64>,
    /// Who made the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// The maker of the gear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gear_make: Option<String>,
    /// The gear's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gear_model: Option<String>,
    /// The kind of gear, in NAM's words: `amp`, `pedal`, `amp_cab` and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gear_type: Option<String>,
    /// The kind of sound, in NAM's words: `clean`, `crunch`, `hi_gain` and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tone_type: Option<String>,
    /// Where the sound came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The style of music that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// The gear that it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub based: Option<String>,
    /// The recording that it learned from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The terms of its use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// The error-to-signal ratio on data kept for validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_esr: Option<f64>,
    /// How loud it answers NAM's test signal: the root of the mean square, in dB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loudness: Option<f64>,
    /// How much the gear distorts, by NAM's measure, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// The level of the analogue input, in dBu, that full scale stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_level_dbu: Option<f64>,
    /// The level of the analogue output, in dBu, that full scale stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_level_dbu: Option<f64>,
}

/// A day and a time of it, as NAM writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Date {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
    /// The hour.
    pub hour: u8,
    /// The minute.
    pub minute: u8,
    /// The second.
    pub second: u8,
}

impl Device {
    /// The same at another number of samples per second.
    ///
    /// # Errors
    /// If that is not above 0 and finite.
    pub fn with_sample_rate(self, sample_rate: f64) -> Result<Self, ConfigError> {
        crate::error::positive("sample_rate", sample_rate)?;
        Ok(Device { sample_rate: Some(sample_rate), ..self })
    }

    /// Refuses a sample rate that is not above 0 and finite.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.sample_rate.map_or(Ok(()), |rate| crate::error::positive("sample_rate", rate))
    }

    /// What it knows by the names of these fields, and the names of the other fields that it knows.
    pub(super) fn only(&self, kept: &[&str]) -> (Device, Vec<String>) {
        let fields = match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        let (kept, others): (Map<_, _>, Map<_, _>) =
            fields.into_iter().partition(|(field, _)| kept.contains(&field.as_str()));
        let others = others.into_iter().map(|(field, _)| field).collect();
        (serde_json::from_value(Value::Object(kept)).unwrap_or_default(), others)
    }

    /// The same with another name.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Device { name: Some(name.into()), ..self }
    }

    /// What the audio input, the first of the network's inputs, is multiplied with: 1 without an input gain.
    pub fn input_factor(&self) -> f64 {
        factor(self.input_gain)
    }

    /// What the network's output is multiplied with: 1 without an output gain.
    pub fn output_factor(&self) -> f64 {
        factor(self.output_gain)
    }
}

/// Refuses a gain in dB by whose factor no sample can be multiplied.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_gain(decibel: Option<f64>) -> Result<(), String> {
    if (factor(decibel) as f32).is_finite() {
        return Ok(());
    }
    let decibel = decibel.unwrap_or_default();
    Err(format!("is {decibel} dB, by which no sample can be amplified; give one below 770 dB"))
}

/// `10^(dB / 20)`; from -90 dB down silence, as in the plug-in AIDA-X.
fn factor(decibel: Option<f64>) -> f64 {
    const SILENCE: f64 = -90.0;
    match decibel {
        Some(decibel) if decibel <= SILENCE => 0.0,
        Some(decibel) => 10f64.powf(decibel / 20.0),
        None => 1.0,
    }
}
