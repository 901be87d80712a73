//! The Python package: `cargo xtask package` builds its wheel and tests it, `cargo xtask dist` builds what is given away.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process;
use crate::project::{Project, files_named};
use crate::python::Environment;
use crate::release;

/// What the tests need, and maturin.
const REQUIREMENTS: &str = "crates/elman-py/requirements-test.txt";

/// The same with PyTorch, aeon and Ray, without which some tests are skipped.
const WITH_PEERS: &str = "crates/elman-py/requirements-peers.txt";

/// Builds the wheel as the tests of the other crates are built, installs it into an environment without the package's
/// sources, and runs its tests there; with `peers` in one where none of them is skipped.
pub(crate) fn test(project: &Project, peers: bool) -> Result<()> {
    let elman = release::build(project)?;
    let mut environment = Environment::ready(project, "package-venv", REQUIREMENTS)?;
    let wheel =
        wheel(project, &environment, &["--profile", "dev", "--all-features"], &project.target("package"))?;
    if peers {
        environment = Environment::ready(project, "package-peers-venv", WITH_PEERS)?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall"];
    process::run(environment.python(project).args(install).arg(&wheel))?;
    let pytest = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "-rs"];
    process::run(environment.python(project).args(pytest).env("ELMAN", &elman))
}

/// Builds program and wheel for release into `target/dist`, and prints what they weigh.
pub(crate) fn dist(project: &Project) -> Result<()> {
    let program = release::build(project)?;
    let environment = Environment::ready(project, "package-venv", REQUIREMENTS)?;
    let directory = project.target("dist");
    let wheel = wheel(project, &environment, &["--profile", "wheel"], &directory)?;
    let name = program.file_name().context("the program has a name")?;
    let copy = directory.join(name);
    fs::copy(&program, &copy).with_context(|| format!("cannot copy {}", program.display()))?;
    for file in [copy, wheel] {
        let size = file.metadata().with_context(|| format!("cannot read {}", file.display()))?.len();
        println!("{}: {:.2} MB", project.display(&file), size as f64 / 1e6);
    }
    Ok(())
}

/// Builds the wheel with these options of maturin, as the only one in a directory.
fn wheel(
    project: &Project,
    environment: &Environment,
    options: &[&str],
    directory: &Path,
) -> Result<PathBuf> {
    let is_wheel = |name: &str| name.ends_with(".whl");
    if directory.exists() {
        for old in files_named(directory, is_wheel)? {
            fs::remove_file(&old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
    }
    let mut maturin = environment.python(project);
    maturin.args(["-m", "maturin", "build", "--quiet"]).args(options).arg("--out").arg(directory);
    // With a relative one, maturin and cargo would look in different places.
    process::run(maturin.env("CARGO_TARGET_DIR", project.target("")))?;
    match files_named(directory, is_wheel)?.as_slice() {
        [wheel] => Ok(wheel.clone()),
        wheels => bail!("maturin left {} wheels in {}", wheels.len(), project.display(directory)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The package built alone asks for the same features of every crate as all packages together, so that what the tests
    /// compile serves the wheel too.
    #[test]
    fn the_wheel_shares_its_crates_with_the_tests() {
        let project = Project::find().expect("the checkout is found");
        let crates = |selection: &[&str]| -> Vec<String> {
            let mut tree = project.cargo();
            tree.arg("tree").args(selection).args(["--all-features", "--edges", "normal,no-proc-macro"]);
            let printed = process::output(tree.args(["--prefix", "none", "--format", "{p} {f}"]));
            printed.expect("cargo lists what is depended on").lines().map(str::to_owned).collect()
        };
        let together = crates(&["--workspace"]);
        let alone = crates(&["--package", "elman-py"]);
        assert!(alone.len() > 50, "{alone:?}");
        // What was listed before is marked so, and listed in full elsewhere.
        let in_full = |line: &&String| !line.ends_with(" (*)");
        let missing: Vec<_> = alone.iter().filter(in_full).filter(|line| !together.contains(line)).collect();
        assert!(missing.is_empty(), "with other features than in `cargo test --workspace`: {missing:#?}");
    }
}
