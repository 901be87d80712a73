//! The API documentation, with every warning an error: a broken link is a defect.

use anyhow::Result;

use crate::process;
use crate::project::Project;

/// What to type for the same build.
pub(crate) const COMMAND: &str = r#"RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps"#;

/// Builds the documentation of the workspace's crates.
pub(crate) fn build(project: &Project) -> Result<()> {
    let mut cargo = project.cargo();
    process::run(cargo.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// `cargo xtask docs`.
pub(crate) fn build_and_tell(project: &Project) -> Result<()> {
    build(project)?;
    println!("The documentation starts at {}", project.target("doc/elman/index.html").display());
    Ok(())
}
