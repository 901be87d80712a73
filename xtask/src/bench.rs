//! `cargo xtask bench`: Elman beside its peers, all of them measured in turn in one run; `cargo xtask anchors`: its scores
//! on known data.

use anyhow::Result;

use crate::project::Project;
use crate::python::Environment;
use crate::{process, release};

/// Sets up the peers and runs `bench/run.py`; after a full run, `bench/RESULTS.md` and its plots are new.
pub(crate) fn run(project: &Project, quick: bool) -> Result<()> {
    let environment = Environment::ready(project, "bench-venv", "bench/requirements.txt")?;
    let elman = release::build(project)?;
    process::run(
        project
            .cargo()
            .args(["build", "--release", "--manifest-path", "bench/Cargo.toml", "--target-dir"])
            .arg(project.target("bench")),
    )?;
    let mut bench = environment.python(project);
    bench.arg("bench/run.py").args(quick.then_some("--quick"));
    process::run(bench.env("ELMAN", elman).env("CARGO_TARGET_DIR", project.target("")))
}

/// Runs `bench/anchors.py` with the release build of the program.
pub(crate) fn anchors(project: &Project) -> Result<()> {
    let environment = Environment::ready(project, "anchors-venv", "bench/requirements-anchors.txt")?;
    let elman = release::build(project)?;
    let mut anchors = environment.python(project);
    anchors.arg("bench/anchors.py");
    process::run(anchors.env("ELMAN", elman).env("CARGO_TARGET_DIR", project.target("")))
}
