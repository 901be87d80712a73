//! What makes no network, and is refused.

use elman_core::block::{Block, Embedding, Patch, Recurrent, TimeAxis};

use super::{MAX_BLOCKS, MAX_INPUT, MAX_LAYERS, MAX_PATCH, MAX_TOKENS, NetworkConfig};
use crate::error::ConfigError;

/// What the blocks before it leave for a block.
pub(super) struct Before {
    /// The values per row.
    pub(super) width: usize,
    /// Those that all of them hand on.
    pub(super) total: usize,
    /// Is there a patch?
    pub(super) patched: bool,
    /// The block that has ended the time axis.
    pub(super) ended: Option<usize>,
}

impl NetworkConfig {
    /// Refuses what concerns the chain as a whole.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        at_least_one("input_size", self.input_size, "")?;
        if self.input_size > MAX_INPUT {
            let message = format!("is {}; it must be at most {MAX_INPUT}", self.input_size);
            return Err(ConfigError::new("input_size", message));
        }
        let blocks = |message: String| Err(ConfigError::new("blocks", message));
        if self.blocks.is_empty() {
            return blocks("are none; a network needs at least one".into());
        }
        if self.blocks.len() > MAX_BLOCKS {
            return blocks(format!("are {}; at most {MAX_BLOCKS} are possible", self.blocks.len()));
        }
        let layers = self.blocks.iter().filter(|block| matches!(block, Block::Recurrent(_))).count();
        if layers > MAX_LAYERS {
            return blocks(format!("have {layers} recurrent ones; at most {MAX_LAYERS} are possible"));
        }
        Ok(())
    }

    /// Refuses block `n` if its options are out of range or it cannot stand behind those before it.
    pub(super) fn check_block(&self, n: usize, before: &Before) -> Result<(), ConfigError> {
        self.check_time(n, before)?;
        let block = &self.blocks[n];
        let of = &*format!("of block {n} ({}) ", block.name());
        check_options(block, of)?;
        match block {
            Block::Dropout(_) => self.check_inside(n),
            Block::Embedding(_) => check_tokens(n, before.width, of),
            Block::Skip(skip) => self.check_skip(skip.inputs, before.width, of),
            Block::Patch(patch) => check_patch(patch, before.width, of),
            _ => Ok(()),
        }
    }

    /// Refuses dropout at either end.
    fn check_inside(&self, n: usize) -> Result<(), ConfigError> {
        let message = match n {
            0 => "is the first block, where it would act on the input; put it behind another block",
            _ if n + 1 == self.blocks.len() => {
                "is the last block, where it would act on the output; put it before another block"
            }
            _ => return Ok(()),
        };
        Err(ConfigError::new("dropout", message))
    }

    fn check_skip(&self, inputs: usize, width: usize, of: &str) -> Result<(), ConfigError> {
        if inputs <= self.input_size && inputs <= width {
            return Ok(());
        }
        let message = format!(
            "{of}is {inputs}, but the network has {} inputs and the block before it {width} outputs; \
             add no more than there are of both",
            self.input_size
        );
        Err(ConfigError::new("inputs", message))
    }

    /// Refuses block `n` if it needs a time axis that the blocks before it have taken away.
    fn check_time(&self, n: usize, before: &Before) -> Result<(), ConfigError> {
        let block = &self.blocks[n];
        let skip = matches!(block, Block::Skip(_));
        let needs_time = skip || matches!(block, Block::Recurrent(_)) || block.time_axis() != TimeAxis::Kept;
        if let Some(ended) = before.ended.filter(|_| needs_time) {
            let instead = match self.blocks[ended] {
                Block::Recurrent(_) => "let that one's output be every timestep",
                _ => "put the pooling after it",
            };
            let message = format!(
                "hold a {} (block {n}) after block {ended}, which leaves one row per sequence; {instead}",
                block.name()
            );
            return Err(ConfigError::new("blocks", message));
        }
        if skip && before.patched {
            let message = format!(
                "hold a skip (block {n}) after a patch, where a row stands for several timesteps; put it before"
            );
            return Err(ConfigError::new("blocks", message));
        }
        Ok(())
    }
}

/// Refuses options of a block that are out of range wherever it stands. What depends on its place is for [`Network::new`] to
/// refuse.
///
/// # Errors
/// If one is, by its name.
///
/// [`Network::new`]: super::Network::new
pub fn check_block(block: &Block) -> Result<(), ConfigError> {
    check_options(block, "")
}

fn check_options(block: &Block, of: &str) -> Result<(), ConfigError> {
    match block {
        Block::Recurrent(recurrent) => {
            at_least_one("hidden_size", recurrent.hidden_size, of)?;
            check_drawn(recurrent, of)
        }
        Block::Dense(dense) => at_least_one("output_size", dense.output_size, of),
        Block::Dropout(dropout) => check_dropout(dropout.probability, of),
        Block::Embedding(embedding) => {
            at_least_one("num_embeddings", embedding.num_embeddings, of)?;
            at_least_one("embedding_dim", embedding.embedding_dim, of)?;
            check_table(embedding.num_embeddings, of)?;
            check_one_hot(embedding, of)
        }
        Block::LayerNorm(norm) => check_eps(norm.eps, of),
        Block::Skip(skip) => at_least_one("inputs", skip.inputs, of),
        Block::Patch(patch) => at_least_one("len", patch.len, of),
        Block::Pooling(_) => Ok(()),
        _ => Err(ConfigError::new("blocks", format!("hold a {}, which is not known", block.name()))),
    }
}

fn check_tokens(n: usize, width: usize, of: &str) -> Result<(), ConfigError> {
    if n > 0 {
        let message = format!("{of}reads token ids, which only the input holds; put it first");
        return Err(ConfigError::new("embedding", message));
    }
    if width != 1 {
        let message = format!("is {width}; an embedding reads one value, a token's id: let it be 1");
        return Err(ConfigError::new("input_size", message));
    }
    Ok(())
}

fn check_eps(eps: f64, of: &str) -> Result<(), ConfigError> {
    if eps > 0.0 && eps.is_finite() {
        return Ok(());
    }
    Err(ConfigError::new("eps", format!("{of}is {eps:?}; it must be above 0 and finite")))
}

fn check_patch(patch: &Patch, width: usize, of: &str) -> Result<(), ConfigError> {
    if patch.output_size(width) <= MAX_PATCH {
        return Ok(());
    }
    let message = format!(
        "{of}is {}; with {width} values per timestep that makes more than {MAX_PATCH}: \
         choose shorter patches",
        patch.len
    );
    Err(ConfigError::new("len", message))
}

pub(super) fn at_least_one(option: &'static str, size: usize, of: &str) -> Result<(), ConfigError> {
    if size == 0 {
        return Err(ConfigError::new(option, format!("{of}is 0; it must be at least 1")));
    }
    Ok(())
}

pub(super) fn check_dropout(probability: f64, of: &str) -> Result<(), ConfigError> {
    if (0.0..1.0).contains(&probability) {
        return Ok(());
    }
    Err(ConfigError::new("dropout", format!("{of}is {probability}; it must be at least 0 and below 1")))
}

/// Refuses shares of recurrent dropout and zoneout that would have no effect, or all of it.
pub fn check_drawn(layer: &Recurrent, of: &str) -> Result<(), ConfigError> {
    let facts = layer.cell.facts();
    for (option, share, lacks) in [
        ("recurrent_dropout", layer.recurrent_dropout, (facts.from_h == 0).then_some("no recurrent product")),
        ("zoneout", layer.zoneout, None),
        ("zoneout_cell", layer.zoneout_cell, (facts.states == 1).then_some("no state beside h")),
    ] {
        let refuse = |why: String| Err(ConfigError::new(option, format!("{of}is {share}{why}")));
        if !(0.0..1.0).contains(&share) {
            return refuse("; it must be at least 0 and below 1".into());
        }
        if let Some(lacks) = lacks.filter(|_| share > 0.0) {
            return refuse(format!(", but {} has {lacks}; leave it out", layer.cell));
        }
    }
    Ok(())
}

/// Refuses one-hot vectors that are not as long as there are tokens.
fn check_one_hot(embedding: &Embedding, of: &str) -> Result<(), ConfigError> {
    let Embedding { num_embeddings, embedding_dim, one_hot, .. } = *embedding;
    if one_hot && embedding_dim != num_embeddings {
        let message =
            format!("{of}is {embedding_dim}, but one-hot vectors of {num_embeddings} tokens are as long");
        return Err(ConfigError::new("embedding_dim", message));
    }
    Ok(())
}

/// Refuses more tokens than `f32`, in which inputs come, has whole numbers for.
fn check_table(num_embeddings: usize, of: &str) -> Result<(), ConfigError> {
    if num_embeddings > MAX_TOKENS {
        let message = format!("{of}is {num_embeddings}; it must be at most {MAX_TOKENS}");
        return Err(ConfigError::new("num_embeddings", message));
    }
    Ok(())
}
