//! The proof that the gradients are right: backpropagation through time against dual numbers.
//!
//! The hand-written backward pass and the forward pass over dual numbers share no line that takes a derivative; see
//! [`elman_network::check`], where the comparison is made.

pub use elman_network::check::{Agreement, Injection, Problem, TOLERANCE};

use crate::loss::Loss;
use crate::model::Model;
use crate::weights::Weights;

/// A trained model's network, parameters and loss: one problem for each member of its ensemble.
pub fn of_model(name: &str, model: &Model, seed: u64) -> Vec<Problem> {
    let members = model.ensemble().members();
    let of = |(n, member): (usize, &Weights)| {
        let name = match members.len() {
            1 => name.to_owned(),
            count => format!("{name}, member {} of {count}", n + 1),
        };
        of_weights_under(name, member, model.record().recipe.train.loss.clone(), seed)
    };
    members.iter().enumerate().map(of).collect()
}

/// A network and its parameters under the squared error, which suits any output: probabilities after a softmax as well,
/// which cross-entropy would take for logits.
pub fn of_weights(name: String, weights: &Weights, seed: u64) -> Problem {
    of_weights_under(name, weights, Loss::Squared, seed)
}

fn of_weights_under(name: String, weights: &Weights, loss: Loss, seed: u64) -> Problem {
    Problem::new(name, weights.network().clone(), weights.parameters().to_f64(), loss, seed)
}
