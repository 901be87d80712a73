//! `cargo xtask bench`: Elman beside its peers, all of them measured in turn in one run.

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
