//! The cross-entropy of classes.

use elman_core::lane::Scalar;

/// `-ln softmax(logits)[class]`.
pub(super) fn value<T: Scalar>(logits: &[T], class: usize) -> T {
    log_sum_exp(logits) - logits[class]
}

/// Its derivatives times `scale`.
pub(super) fn derivative<T: Scalar>(logits: &[T], class: usize, scale: T, dy: &mut [T]) {
    let log_sum = log_sum_exp(logits);
    for (k, (dy, &y)) in dy.iter_mut().zip(logits).enumerate() {
        let hit = T::from_f64(if k == class { 1.0 } else { 0.0 });
        *dy = scale * ((y - log_sum).exp() - hit);
    }
}

/// `ln sum exp(logits)`, with the largest taken out so that nothing overflows.
fn log_sum_exp<T: Scalar>(logits: &[T]) -> T {
    let largest = logits.iter().copied().fold(logits[0], |a, b| if b > a { b } else { a });
    let mut sum = T::default();
    for &logit in logits {
        sum += (logit - largest).exp();
    }
    largest + sum.ln()
}
