//! Debian's packages, which are installed only where we are root, as in a build container: nobody else's
//! system is changed.

use anyhow::Result;

use crate::process;
use crate::project::Project;

/// Are we root on Debian, or on what descends from it?
pub(crate) fn can_install(project: &Project) -> bool {
    let root = process::output(project.command("id").arg("-u")).is_ok_and(|user| user == "0");
    root && process::succeeds(project.command("apt-get").arg("--version"))
}

/// Installs packages with what they need; fails rather than remove another one.
pub(crate) fn install(project: &Project, packages: &[&str]) -> Result<()> {
    println!("Installing {}", packages.join(", "));
    process::run(project.command("apt-get").args(["update", "--quiet"]))?;
    let mut apt = project.command("apt-get");
    apt.args(["install", "--quiet", "--yes", "--no-install-recommends", "--no-remove"]).args(packages);
    process::run(apt.env("DEBIAN_FRONTEND", "noninteractive"))
}
