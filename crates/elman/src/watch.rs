//! Who watches work that may take long, and may end it.
//!
//! ```
//! use elman::error::Error;
//! use elman::recipe::Recipe;
//! use elman::table::Table;
//! use elman::task::{PredictOptions, Task, TaskOptions, TextOptions};
//! use elman::watch::Stopped;
//!
//! # fn main() -> Result<(), Error> {
//! let table = Table::of_text("rhyme", "fine wine, nine swine. ".repeat(40));
//! let prepared = Task::prepare(&table, &TaskOptions::Text(TextOptions::default()))?;
//! let mut recipe = Recipe::for_task(&prepared.task).with_hidden_size(4);
//! recipe.train.epochs = 1;
//! let model = recipe.train(&prepared, &table)?;
//!
//! let options = PredictOptions::default();
//! let mut last = (0, 0);
//! model.predict_watched(&table, &options, &mut |done, of| {
//!     last = (done, of);
//!     Ok(())
//! })?;
//! assert_eq!(last, (919, 919));
//! let stopped = model.predict_watched(&table, &options, &mut |_, _| Err(Stopped));
//! assert!(matches!(stopped, Err(Error::Stopped(_))));
//! # Ok(())
//! # }
//! ```

/// Is told again and again how many steps of some work are done, and of how many; steps take about as long as each other, and are
/// timesteps where a task reads its data. The work ends, without a result, where it says so.
pub type Watch<'a> = dyn FnMut(usize, usize) -> Result<(), Stopped> + 'a;

/// Work that was ended by who watches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped before the end, as was asked for; there is no result")]
pub struct Stopped;

/// Some work, and how far it is.
pub(crate) struct Steps<'w, 'a> {
    done: usize,
    total: usize,
    watch: &'w mut Watch<'a>,
}

impl<'w, 'a> Steps<'w, 'a> {
    /// Work of so many steps, none of which is done.
    pub(crate) fn new(total: usize, watch: &'w mut Watch<'a>) -> Self {
        Steps { done: 0, total, watch }
    }

    /// So many more are done.
    ///
    /// # Errors
    /// If that was enough.
    pub(crate) fn add(&mut self, count: usize) -> Result<(), Stopped> {
        self.done += count;
        (self.watch)(self.done, self.total)
    }
}
