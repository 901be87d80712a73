//! Line plots in files of their own, as SVG.

use std::path::Path;

use elman::error::Error;
use elman::file;
use elman::task::Charts;

use crate::input;
use crate::svg::{self, Arrangement};

/// A chart alone.
const ONE: Arrangement = Arrangement { width: 820.0, height: 340.0, columns: 1, titled: true };

/// Charts in rows of two.
const SEVERAL: Arrangement = Arrangement { width: 1120.0, height: 220.0, columns: 2, titled: true };

/// Refuses a place where a picture cannot go: standard output, or a file that is no picture.
pub(crate) fn check_place(path: &Path, force: bool) -> anyhow::Result<()> {
    input::refuse_standard_output(path, "--plot")?;
    input::refuse_foreign(path, "a picture", force, svg::is_plot)
}

/// Draws charts and writes the picture, all or nothing.
pub(crate) fn save(charts: &Charts, path: &Path) -> Result<(), Error> {
    let arrangement = if charts.charts.len() == 1 { ONE } else { SEVERAL };
    let picture = svg::charts(charts, arrangement);
    Ok(file::write(path, picture.file().as_bytes())?)
}
