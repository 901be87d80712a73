//! Python for the chores: virtual environments inside the target directory, so that nothing is
//! installed into the developer's own Python, and `cargo xtask python`, the tests written in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::project::{Project, files_named};
use crate::{debian, process, release};

/// The interpreter that environments are made from.
const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// A virtual environment that holds what a requirements file pins.
pub(crate) struct Environment {
    interpreter: PathBuf,
}

impl Environment {
    /// Makes the environment `name` in the target directory, unless it is there and was made from the
    /// same requirements by the same Python. A stamp, written last, tells that: an environment whose
    /// making was interrupted has none and is made anew.
    pub(crate) fn ready(project: &Project, name: &str, requirements: &str) -> Result<Self> {
        let directory = project.target(name);
        let scripts = directory.join(if cfg!(windows) { "Scripts" } else { "bin" });
        let environment = Self { interpreter: scripts.join(PYTHON) };
        let stamp = directory.join("made-from.txt");
        let wanted = made_from(project, requirements)?;
        if !fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
            println!("Making {} from {requirements}", project.display(&directory));
            make_empty(project, &directory)?;
            let mut pip = environment.python(project);
            process::run(pip.args(["-m", "pip", "install", "--quiet", "-r", requirements]))?;
            fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
        }
        Ok(environment)
    }

    /// The environment's interpreter, started at the root. It writes no byte code: the checkout
    /// stays as it was.
    pub(crate) fn python(&self, project: &Project) -> Command {
        let mut python = project.command(&self.interpreter);
        python.env("PYTHONDONTWRITEBYTECODE", "1").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        python
    }
}

/// What an environment depends on: the version of Python and the text of the requirements.
fn made_from(project: &Project, requirements: &str) -> Result<String> {
    let version = process::output(project.command(PYTHON).arg("--version"))
        .with_context(|| format!("Python 3.11 or newer is needed as `{PYTHON}`"))?;
    let pins = fs::read_to_string(project.path(requirements))
        .with_context(|| format!("cannot read {requirements}"))?;
    Ok(format!("{version}\n{pins}"))
}

/// Makes an environment without packages, in place of any that is there.
fn make_empty(project: &Project, directory: &Path) -> Result<()> {
    ensure_venv_module(project)?;
    process::run(project.command(PYTHON).args(["-m", "venv", "--clear"]).arg(directory))
}

/// Debian and Ubuntu leave the standard library's `venv` out of `python3`. A build container, where
/// we are root, gets it installed; anybody else is told what to install.
fn ensure_venv_module(project: &Project) -> Result<()> {
    let is_there = || process::succeeds(project.command(PYTHON).args(["-c", "import ensurepip, venv"]));
    if is_there() {
        return Ok(());
    }
    if debian::can_install(project) {
        debian::install(project, &["python3-venv"])?;
    }
    if !is_there() {
        bail!(
            "Python's modules `venv` and `ensurepip` are missing; on Debian and Ubuntu, install python3-venv"
        );
    }
    Ok(())
}

/// `cargo xtask python`: runs every `reference/test_*.py` with `ELMAN` set to the program of the
/// release build. All are run, so that one failure does not hide another.
pub(crate) fn run_tests(project: &Project) -> Result<()> {
    let is_test = |name: &str| name.starts_with("test_") && name.ends_with(".py");
    let scripts = files_named(&project.path("reference"), is_test)?;
    if scripts.is_empty() {
        bail!("there is no reference/test_*.py, though there should be");
    }
    let elman = release::build(project)?;
    let environment = Environment::ready(project, "venv", "reference/requirements-test.txt")?;
    let mut failed = Vec::new();
    for script in scripts {
        println!("\n{}", project.display(&script));
        if process::run(environment.python(project).arg(&script).env("ELMAN", &elman)).is_err() {
            failed.push(project.display(&script).to_string());
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}
