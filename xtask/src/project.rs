//! Where things are: the checkout, the directory of built files, the cargo to call.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The checkout that chores work in.
pub(crate) struct Project {
    /// The workspace's root.
    root: PathBuf,
    /// Cargo's target directory, absolute.
    target: PathBuf,
    /// The cargo that called us, so that a chore uses the toolchain it was started with.
    cargo: OsString,
}

impl Project {
    /// Takes from the environment what `cargo run` put there.
    pub(crate) fn find() -> Result<Self> {
        let xtask = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&xtask).parent().context("xtask is not inside a workspace")?.to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(target) => std::path::absolute(target).context("CARGO_TARGET_DIR")?,
            None => root.join("target"),
        };
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Ok(Self { root, target, cargo })
    }

    /// A path given relative to the root.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A path given relative to the target directory: what can be made again is kept there.
    pub(crate) fn target(&self, relative: &str) -> PathBuf {
        self.target.join(relative)
    }

    /// The program as a build left it in a directory of the target directory: `release` or `debug`.
    pub(crate) fn program(&self, build: &str) -> PathBuf {
        self.target(&format!("{build}/elman{}", env::consts::EXE_SUFFIX))
    }

    /// Any program, started at the root.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// Cargo, started at the root. A relative `CARGO_TARGET_DIR` was meant from where the chore was
    /// called, so it is passed on as an absolute path.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = self.command(&self.cargo);
        if env::var_os("CARGO_TARGET_DIR").is_some() {
            cargo.env("CARGO_TARGET_DIR", &self.target);
        }
        cargo
    }

    /// How a path reads in a message: from the root when it lies inside.
    pub(crate) fn display<'p>(&self, path: &'p Path) -> std::path::Display<'p> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

/// The files of a directory that `wanted` accepts by name, sorted so that every run has the same order.
pub(crate) fn files_named(directory: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        if wanted(&entry.file_name().to_string_lossy()) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
