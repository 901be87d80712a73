//! The release build: its time and its size are promises to users, so they are printed.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::process;
use crate::project::Project;

/// What to type for the same build.
pub(crate) const COMMAND: &str = "cargo build --release";

/// Builds the program and returns where it is.
pub(crate) fn build(project: &Project) -> Result<PathBuf> {
    process::run(project.cargo().args(["build", "--release"]))?;
    Ok(project.release_binary())
}

/// Builds the program and prints the seconds that took and the megabytes that came of it. A build
/// counts as clean when there was no program before it.
pub(crate) fn build_and_measure(project: &Project) -> Result<()> {
    let kind = if project.release_binary().exists() { "incremental" } else { "clean" };
    let start = Instant::now();
    let binary = build(project)?;
    println!("{kind} release build: {:.1} s", start.elapsed().as_secs_f64());
    let place = project.display(&binary);
    let size = binary.metadata().with_context(|| format!("the build did not leave {place}"))?.len();
    println!("{place}: {:.2} MB", size as f64 / 1e6);
    Ok(())
}
