//! What was found out about a file, which takes long.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

/// What was found out about a file last.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Option<Arc<dyn Any + Send + Sync>>>);

impl Known {
    /// That, if it is of this kind and what is meant.
    pub(super) fn get<T: Any + Send + Sync>(&self, is_meant: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.as_ref()?).downcast().ok().filter(|found| is_meant(found))
    }

    /// Remembers it, in the place of what was before.
    pub(super) fn keep<T: Any + Send + Sync>(&self, found: Arc<T>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
    }
}
