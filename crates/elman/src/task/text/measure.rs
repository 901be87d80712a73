//! How well a text is told: the probability of each token, given those before it.

use super::corpus::Corpus;
use super::vocabulary::Id;
use crate::ensemble::Ensemble;
use crate::error::Error;
use crate::metrics::argmax;
use crate::predict::Session;
use crate::watch::Watch;

/// Beyond so many tokens a text is cut into parts that are read side by side.
const PART: usize = 8192;
/// So many parts at most.
const MOST_PARTS: usize = 32;
/// So many tokens before a part are read before its first token is told.
pub(super) const CONTEXT: usize = 512;
/// Who watches is told of every so many tokens.
const TOLD_EVERY: usize = 4096;
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

/// Tells `each` what an ensemble says of every token from `from` on, at least 1, given all before it: the token's place, its
/// id and what is said. Long texts are told in parts that are read side by side, each with the last tokens before it, so
/// tokens do not come in their order. `watch` is told again and again how many there have been, and of how many.
///
/// # Errors
/// If the network cannot go on from where it was, or the text cannot be read any more; if `watch` ends it.
pub(super) fn told(
    ensemble: &Ensemble,
    corpus: &Corpus,
    from: usize,
    watch: &mut Watch<'_>,
    mut each: impl FnMut(usize, Id, Told),
) -> Result<(), Error> {
    let count = corpus.len().saturating_sub(from);
    if count == 0 {
        return Ok(());
    }
    let parts = (count / PART).clamp(1, MOST_PARTS);
    let mut parts: Vec<Part> = (0..parts)
        .map(|n| {
            let share = |n: usize| from + (n as u128 * count as u128 / parts as u128) as usize;
            let (begin, end) = (share(n), share(n + 1));
            let at = if n == 0 && begin <= PART { 0 } else { begin.saturating_sub(CONTEXT) };
            Part { at, begin, end }
        })
        .collect();
    let output_size = ensemble.network().output_size();
    let piece = (OUTPUTS / output_size / parts.len()).max(1);
    let mut session = Session::of_sequences(ensemble, parts.len())?;
    let mut done = 0usize;
    while parts.iter().any(|part| part.at + 1 < part.end) {
        // Each of these but the first is told from those before it.
        let read = parts.iter().map(|part| corpus.ids(part.at..part.end.min(part.at + piece + 1)));
        let read = read.collect::<Result<Vec<_>, _>>()?;
        let inputs = |ids: &Vec<Id>| ids[..ids.len() - 1].iter().map(|&id| id.into()).collect();
        let x: Vec<Vec<f64>> = read.iter().map(inputs).collect();
        let outputs = session.advance_all(&x.iter().map(Vec::as_slice).collect::<Vec<_>>());
        for ((part, ids), outputs) in parts.iter_mut().zip(&read).zip(outputs) {
            for (logits, &id) in outputs.chunks_exact(output_size).zip(&ids[1..]) {
                part.at += 1;
                if part.at >= part.begin {
                    let log_probability = logits[id as usize] - log_sum_exp(logits);
                    each(part.at, id, Told { log_probability, likely: argmax(logits) as Id });
                    done += 1;
                    if done.is_multiple_of(TOLD_EVERY) || done == count {
                        watch(done, count)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// A part of a text that is being read.
struct Part {
    /// Where the next token stands that is to be read.
    at: usize,
    /// Where the first token stands that is to be told, and where the part ends.
    begin: usize,
    end: usize,
}

/// `ln sum exp`
fn log_sum_exp(logits: &[f64]) -> f64 {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + logits.iter().map(|logit| (logit - most).exp()).sum::<f64>().ln()
}
