//! The compiled half of the Python package `elman`: what it adds to the library is the border. Arrays come in and go out as
//! NumPy has them, errors become exceptions, and the interpreter is let go of while the engine works.
//!
//! Here values are checked, not made fit: the modules in `python/elman` bring arrays into the number type and order that
//! these functions take.

mod arrays;
mod errors;
mod fit;
mod layer;
mod learning;
mod model;
mod network;
mod states;
mod stream;
mod table;
mod worker;

use pyo3::prelude::*;

/// The compiled half of the package `elman`; its classes and functions are documented there.
#[pymodule(gil_used = false)]
mod _elman {
    use std::num::NonZeroUsize;

    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::errors::InternalError;
    #[pymodule_export]
    use crate::fit::{fit, option_names};
    #[pymodule_export]
    use crate::layer::{Layer, Pass};
    #[pymodule_export]
    use crate::learning::{Optimiser, clip_grad_norm, loss};
    #[pymodule_export]
    use crate::model::{Model, class_keys};
    #[pymodule_export]
    use crate::network::{Network, check_block};
    #[pymodule_export]
    use crate::stream::{RowStreams, Stream};
    #[pymodule_export]
    use crate::table::Table;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("TASKS", elman::task::TaskName::ALL.iter().map(|task| task.name()).collect::<Vec<_>>())?;
        module.add("CELLS", elman::network::CellKind::NAMES)
    }

    /// Sets how many threads engines made from now on may use; 0 for as many as the machine has.
    #[pyfunction]
    fn set_threads(count: i64) -> PyResult<()> {
        let given = usize::try_from(count)
            .map_err(|_| crate::errors::wrong(format!("count is {count}; it must be at least 0")))?;
        elman::threads::set_count(NonZeroUsize::new(given));
        Ok(())
    }

    /// Panics: for the tests of what becomes of a panic.
    #[pyfunction]
    fn panics(py: Python<'_>, message: String, is_quick: bool) -> PyResult<()> {
        let panic = || panic!("{message}");
        if is_quick { crate::errors::quickly(panic) } else { crate::errors::working(py, panic) }
    }

    /// How many threads engines may use.
    #[pyfunction]
    fn threads() -> usize {
        elman::threads::count().get()
    }
}
