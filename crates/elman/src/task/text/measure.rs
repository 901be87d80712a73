//! How well a text is told: the probability of each token, given those before it.

use super::vocabulary::Id;
use crate::ensemble::Ensemble;
use crate::error::ConfigError;
use crate::metrics::argmax;
use crate::predict::Session;

/// Beyond so many tokens a text is cut into parts that are read side by side.
const PART: usize = 8192;
/// So many parts at most.
const MOST_PARTS: usize = 32;
/// So many tokens before a part are read before its first token is told.
pub(super) const CONTEXT: usize = 512;
/// No more outputs than these at once.
const OUTPUTS: usize = 1 << 21;

/// What a model says of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// The natural logarithm of the token's probability.
    pub(super) log_probability: f64,
    /// The token that was most likely.
    pub(super) likely: Id,
}

/// What an ensemble says of each token from `from` on, at least 1, given all before it. Long texts are told in parts that
/// are read side by side, each with the last tokens before it.
///
/// # Errors
/// If the network cannot go on from where it was.
pub(super) fn told(ensemble: &Ensemble, ids: &[Id], from: usize) -> Result<Vec<Told>, ConfigError> {
    let count = ids.len().saturating_sub(from);
    let mut told = vec![Told::default(); count];
    if count == 0 {
        return Ok(told);
    }
    let parts = (count / PART).clamp(1, MOST_PARTS);
    let mut parts: Vec<Part<'_>> = (0..parts)
        .map(|n| {
            let (begin, end) = (from + n * count / parts, from + (n + 1) * count / parts);
            let at = if n == 0 && begin <= PART { 0 } else { begin.saturating_sub(CONTEXT) };
            Part { inputs: &ids[at..end - 1], at, begin }
        })
        .collect();
    let output_size = ensemble.network().output_size();
    let piece = (OUTPUTS / output_size / parts.len()).max(1);
    let mut session = Session::of_sequences(ensemble, parts.len())?;
    while parts.iter().any(|part| !part.inputs.is_empty()) {
        let x: Vec<Vec<f64>> = parts.iter().map(|part| part.next(piece)).collect();
        let outputs = session.advance_all(&x.iter().map(Vec::as_slice).collect::<Vec<_>>());
        for (part, outputs) in parts.iter_mut().zip(outputs) {
            for logits in outputs.chunks_exact(output_size) {
                part.at += 1;
                if part.at >= part.begin {
                    let target = ids[part.at] as usize;
                    told[part.at - from] = Told {
                        log_probability: logits[target] - log_sum_exp(logits),
                        likely: argmax(logits) as Id,
                    };
                }
            }
            part.inputs = part.inputs.get(piece..).unwrap_or_default();
        }
    }
    Ok(told)
}

/// A part of a text that is being read.
struct Part<'t> {
    /// What is yet to be read.
    inputs: &'t [Id],
    /// Where that stands in the text.
    at: usize,
    /// Where the first token stands that is to be told.
    begin: usize,
}

impl Part<'_> {
    /// The next so many inputs.
    fn next(&self, count: usize) -> Vec<f64> {
        self.inputs.iter().take(count).map(|&id| id.into()).collect()
    }
}

/// `ln sum exp`
fn log_sum_exp(logits: &[f64]) -> f64 {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + logits.iter().map(|logit| (logit - most).exp()).sum::<f64>().ln()
}
