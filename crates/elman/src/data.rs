//! Data that ship inside the library.
//!
//! ```
//! let table = elman::data::airline()?;
//! assert_eq!((table.num_rows(), table.column("passengers")?.text(0)), (144, "112"));
//! # Ok::<(), elman::table::TableError>(())
//! ```

use crate::table::{Table, TableError};

/// The name that stands for [`airline`] in messages and model files.
pub const AIRLINE: &str = "airline.csv (built in)";

/// The monthly totals of international airline passengers, in thousands, 1949-01 to 1960-12:
/// series G of Box & Jenkins, *Time Series Analysis: Forecasting and Control* (1970). Columns
/// `month` and `passengers`, 144 rows.
///
/// # Errors
/// None in practice: the text is part of the library.
pub fn airline() -> Result<Table, TableError> {
    Table::read(AIRLINE, include_bytes!("../data/airline.csv").as_slice())
}
