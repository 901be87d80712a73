//! Model files of format version 1, which leave it to the recipe which network it is.

use serde::Deserialize;

use super::Record;
use crate::container::Tensors;
use crate::error::ModelError;
use crate::task::Task;
use crate::weights::{OTHER_COUNT, Weights};

/// The content of the header.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    #[serde(rename = "program")]
    _program: String,
    task: Task,
    record: Record,
}

impl Content {
    /// The parts of the model that the file holds.
    pub(super) fn read(self, tensors: &Tensors<'_>) -> Result<(Task, Weights, Record), ModelError> {
        let Content { task, record, .. } = self;
        task.kind().check().map_err(|reason| tensors.corrupt(reason))?;
        // Four tensors for each layer and direction, two for the head: a file of so many tensors is large
        // enough for a list of so many layers.
        let directions = 1 + usize::from(record.recipe.bidirectional);
        let count = record.recipe.num_layers.checked_mul(4 * directions).and_then(|n| n.checked_add(2));
        if count != Some(tensors.len()) {
            return Err(tensors.corrupt(OTHER_COUNT));
        }
        let network = record.recipe.network(&task).map_err(|error| tensors.corrupt(error))?;
        let weights = Weights::read(tensors, network, record.recipe.dtype)?;
        Ok((task, weights, record))
    }
}
