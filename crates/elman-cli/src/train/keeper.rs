//! Checkpoints that may fail: a full disk is no reason to lose a run.

use elman::error::Error;
use elman::train::{Checkpointer, Control, Event, Observer, ObserverError, Progress};

use crate::output::{flag, message};

/// Writes the checkpoints of a run. The first that cannot be written is told, and the run goes on.
pub(super) struct Keeper {
    checkpointer: Checkpointer,
    has_failed: bool,
}

impl Keeper {
    pub(super) fn new(checkpointer: Checkpointer) -> Self {
        Keeper { checkpointer, has_failed: false }
    }

    pub(super) fn checkpointer(&self) -> &Checkpointer {
        &self.checkpointer
    }

    /// Saves the run as it stands; whether it could.
    pub(super) fn save(&mut self, progress: Progress<'_>) -> bool {
        let saved = self.checkpointer.save(progress);
        saved.map_err(|error| self.fail(&error.naming(&flag))).is_ok()
    }

    fn fail(&mut self, error: &str) {
        if !self.has_failed {
            message(&format!("warning: {error}; the run goes on without a new checkpoint"));
        }
        self.has_failed = true;
    }
}

impl Observer for Keeper {
    fn observe(&mut self, event: &Event<'_>) -> Result<Control, ObserverError> {
        match self.checkpointer.observe(event) {
            Err(error) => {
                let text = match error.downcast_ref::<Error>() {
                    Some(error) => error.naming(&flag),
                    None => error.to_string(),
                };
                self.fail(&text);
                Ok(Control::Continue)
            }
            control => control,
        }
    }
}
