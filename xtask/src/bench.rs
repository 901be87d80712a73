//! `cargo xtask bench`: Elman beside its peers, all of them measured in turn in one run; `cargo xtask anchors`: its scores
//! on known data.

use std::path::Path;

use anyhow::Result;

use crate::project::Project;
use crate::python::Environment;
use crate::{process, release};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bench {
    /// Steps of training and of streams, whole sequences, then whole jobs.
    All,
    /// Whole jobs and sound, which need PyTorch alone.
    Jobs,
}

/// Sets up the peers and runs the scripts; after a full run, `bench/RESULTS.md` and its plots are new.
pub(crate) fn run(project: &Project, what: Bench, quick: bool) -> Result<()> {
    let environment = with_peers(project)?;
    let elman = release::build(project)?;
    if what == Bench::All {
        process::run(
            project
                .cargo()
                .args(["build", "--release", "--manifest-path", "bench/Cargo.toml", "--target-dir"])
                .arg(project.target("bench")),
        )?;
        script(project, &environment, &elman, "bench/run.py", quick.then_some("--quick"))?;
    }
    for name in ["bench/jobs.py", "bench/sound.py"] {
        script(project, &environment, &elman, name, quick.then_some("--quick"))?;
    }
    Ok(())
}

/// Runs `bench/anchors.py` with the release build of the program, and the recipes in PyTorch beside it if `peers` are wanted.
pub(crate) fn anchors(project: &Project, peers: bool) -> Result<()> {
    let environment = if peers {
        with_peers(project)?
    } else {
        Environment::ready(project, "anchors-venv", "bench/requirements-anchors.txt")?
    };
    let elman = release::build(project)?;
    script(project, &environment, &elman, "bench/anchors.py", peers.then_some("--peers"))
}

/// The environment that has PyTorch.
fn with_peers(project: &Project) -> Result<Environment> {
    Environment::ready(project, "bench-venv", "bench/requirements.txt")
}

fn script(
    project: &Project,
    environment: &Environment,
    elman: &Path,
    name: &str,
    option: Option<&str>,
) -> Result<()> {
    let mut python = environment.python(project);
    python.arg(name).args(option).env("ELMAN", elman).env("CARGO_TARGET_DIR", project.target(""));
    process::run(&mut python)
}
