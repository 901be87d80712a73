//! `cargo xtask report`: do the program's reports and plots look as they should in a browser?

use std::path::PathBuf;

use anyhow::Result;

use crate::process::Outcome;
use crate::project::Project;
use crate::{debian, process, release};

/// What to type for the same.
pub(crate) const COMMAND: &str = "cargo xtask report";

/// The browsers that speak the protocol of `xtask/report.py`, by the names that systems give them.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Makes reports with the release build and looks at them; skipped where there is no browser and none can be had.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    let Some(browser) = browser(project) else {
        return Ok(Outcome::Skipped(format!(
            "there is no browser to look with; install one of {}",
            BROWSERS.join(", ")
        )));
    };
    let elman = release::build(project)?;
    let mut look = project.command("python3");
    look.env("PYTHONDONTWRITEBYTECODE", "1").arg("xtask/report.py").arg(elman).arg(browser);
    process::run(&mut look)?;
    Ok(Outcome::Passed)
}

/// A browser on the search path; as root on Debian, one is installed.
fn browser(project: &Project) -> Option<PathBuf> {
    let found = || BROWSERS.iter().find_map(|name| on_path(name));
    if found().is_none()
        && debian::can_install(project)
        && let Err(error) = debian::install(project, &BROWSERS[..1])
    {
        // Other releases have other packages.
        println!("{error:#}");
    }
    found()
}

/// The file of this name in a directory of the search path.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}
