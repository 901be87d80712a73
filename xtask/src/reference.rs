//! `cargo xtask reference`: numbers from other implementations, which the tests compare with. They
//! are committed, so that this is needed only when `reference/make.py` changes.

use anyhow::Result;

use crate::process;
use crate::project::Project;
use crate::python::Environment;

/// Runs `reference/make.py` with what `reference/requirements.txt` pins.
pub(crate) fn run(project: &Project) -> Result<()> {
    let environment = Environment::ready(project, "reference-venv", "reference/requirements.txt")?;
    process::run(environment.python(project).arg("reference/make.py"))
}
