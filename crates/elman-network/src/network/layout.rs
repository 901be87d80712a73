//! The names and places of a block's parameters.

use std::fmt;
use std::ops::Range;

use elman_core::block::{Block, Recurrent, TensorVisitor};

use super::{Kind, Layer, NetworkConfig, RecurrentLayers, StateBlock};
use crate::error::ConfigError;
use crate::parameters::{Layout, MAX_PARAMETERS};

/// At least so many tensors has a network of this configuration, which is not checked: counted without taking
/// memory for any.
pub fn least_tensors(config: &NetworkConfig) -> usize {
    let (mut count, mut width) = (0, config.input_size);
    let mut visit = |_: fmt::Arguments<'_>, shape: &[usize]| count += usize::from(!shape.contains(&0));
    for block in &config.blocks {
        match block {
            Block::Recurrent(recurrent) => {
                for _ in 0..recurrent.direction.count() {
                    recurrent.tensors(width, &mut visit);
                    recurrent.initial_states(&mut visit);
                }
            }
            Block::Dense(dense) => dense.tensors(width, &mut visit),
            Block::Embedding(embedding) => embedding.tensors(&mut visit),
            Block::LayerNorm(norm) => norm.tensors(width, &mut visit),
            _ => {}
        }
        width = block.output_size(width);
    }
    count
}

/// Lays out block `n` of a configuration that was checked, into which `input_size` values enter: its
/// parameters behind those of the blocks before it, and likewise its states.
pub(super) fn lay_out(
    config: &NetworkConfig,
    n: usize,
    input_size: usize,
    layout: &mut Layout,
    states: &mut Vec<StateBlock>,
) -> Result<Kind, ConfigError> {
    let block = config.blocks[n];
    let before = |is_it: fn(&Block) -> bool| config.blocks[..n].iter().filter(|block| is_it(block)).count();
    let placed = match block {
        Block::Recurrent(recurrent) => {
            let layer = before(|block| matches!(block, Block::Recurrent(_)));
            lay_out_recurrent(recurrent, layer, input_size, layout, states)
        }
        Block::Dense(dense) => {
            let is_dense = |block: &Block| matches!(block, Block::Dense(_));
            let prefix = match config.blocks[n + 1..].iter().any(is_dense) {
                true => format!("dense{}.", before(is_dense)),
                false => "head.".into(),
            };
            push(layout, &prefix, "", |visit| dense.tensors(input_size, visit))
                .map(|[weight, bias]| Kind::Dense { block: dense, weight, bias })
        }
        Block::Embedding(embedding) => push(layout, "embedding.", "", |visit| embedding.tensors(visit))
            .map(|[weight]| Kind::Embedding { block: embedding, weight }),
        Block::LayerNorm(norm) => {
            let prefix = format!("norm{}.", before(|block| matches!(block, Block::LayerNorm(_))));
            push(layout, &prefix, "", |visit| norm.tensors(input_size, visit))
                .map(|[weight, bias]| Kind::LayerNorm { block: norm, weight, bias })
        }
        Block::Dropout(dropout) => Some(Kind::Dropout(dropout)),
        Block::Skip(skip) => Some(Kind::Skip(skip)),
        Block::Pooling(pooling) => Some(Kind::Pooling(pooling)),
        Block::Patch(patch) => Some(Kind::Patch(patch)),
        _ => None,
    };
    placed.ok_or_else(|| too_many(&block, input_size))
}

fn lay_out_recurrent(
    recurrent: Recurrent,
    layer: usize,
    input_size: usize,
    layout: &mut Layout,
    states: &mut Vec<StateBlock>,
) -> Option<Kind> {
    let Recurrent { cell, hidden_size, .. } = recurrent;
    let first_state = states.len();
    let mut layers = Vec::with_capacity(recurrent.direction.count());
    for (direction, &reverse) in recurrent.direction.reversals().iter().enumerate() {
        let suffix = format!("_l{layer}{}", if reverse { "_reverse" } else { "" });
        let ranges = push(layout, "", &suffix, |visit| recurrent.tensors(input_size, visit))?;
        let start = layout.len();
        push_all(layout, "", &suffix, |visit| recurrent.initial_states(visit))?;
        let initial = start..layout.len();
        layers.push(Layer { cell, input_size, hidden_size, reverse, ranges, initial });
        states.push(StateBlock { layer, direction, reverse, cell, hidden_size });
    }
    Some(Kind::Recurrent(RecurrentLayers { block: recurrent, layers, first_state }))
}

/// [`push_all`] for so many tensors.
fn push<const N: usize>(
    layout: &mut Layout,
    prefix: &str,
    suffix: &str,
    tensors: impl FnOnce(TensorVisitor<'_>),
) -> Option<[Range<usize>; N]> {
    push_all(layout, prefix, suffix, tensors)?.try_into().ok()
}

/// Appends the tensors that a block names, and gives their places; `None` if the parameters become too many.
fn push_all(
    layout: &mut Layout,
    prefix: &str,
    suffix: &str,
    tensors: impl FnOnce(TensorVisitor<'_>),
) -> Option<Vec<Range<usize>>> {
    let mut ranges = Some(Vec::new());
    tensors(&mut |name, shape| {
        let range = layout.push(format!("{prefix}{name}{suffix}"), shape);
        ranges = ranges.take().zip(range).map(|(mut ranges, range)| {
            ranges.push(range);
            ranges
        });
    });
    ranges
}

fn too_many(block: &Block, input_size: usize) -> ConfigError {
    let (option, size, fewer) = match block {
        Block::Recurrent(recurrent) => ("hidden_size", recurrent.hidden_size, "units"),
        Block::Dense(dense) => ("output_size", dense.output_size, "outputs"),
        Block::Embedding(embedding) => ("num_embeddings", embedding.num_embeddings, "tokens"),
        _ => ("input_size", input_size, "values per timestep"),
    };
    let message =
        format!("is {size}; that makes more than {MAX_PARAMETERS} parameters; choose fewer {fewer}");
    ConfigError::new(option, message)
}
