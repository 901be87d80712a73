//! The release build: its size is a promise to users, so it is printed. `cargo xtask test` prints its time.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::process;
use crate::project::Project;

/// What to type for the same build.
pub(crate) const COMMAND: &str = "cargo build --release";

/// Builds the program and returns where it is.
pub(crate) fn build(project: &Project) -> Result<PathBuf> {
    process::run(project.cargo().args(["build", "--release"]))?;
    Ok(project.program("release"))
}

/// Builds the program and prints the megabytes that came of it.
pub(crate) fn build_and_weigh(project: &Project) -> Result<()> {
    let binary = build(project)?;
    let place = project.display(&binary);
    let size = binary.metadata().with_context(|| format!("the build did not leave {place}"))?.len();
    println!("{place}: {:.2} MB", size as f64 / 1e6);
    Ok(())
}
