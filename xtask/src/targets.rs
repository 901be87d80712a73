//! `cargo xtask targets`: does the engine compile for processors that this machine does not have?
//!
//! A target's standard library belongs to the toolchain, which rustup completes. Where it is missing and we are root on
//! Debian, as in a build container, another compiler of Debian's is installed with the library's source, and
//! checks that along.

use std::path::Path;

use anyhow::Result;

use crate::process::Outcome;
use crate::project::Project;
use crate::{debian, process};

/// What to type for the same.
pub(crate) const COMMAND: &str = "cargo xtask targets";

/// A kind of machine, and what of the project has to compile for it.
struct Target {
    triple: &'static str,
    package: &'static str,
    /// The libraries that come with the compiler, as far as the package needs them.
    libraries: &'static str,
    /// For the compiler.
    flags: &'static str,
}

/// One for each kind of vector instructions that x86 does not have, the last for none at all.
const TARGETS: [Target; 3] = [
    Target { triple: "aarch64-unknown-linux-gnu", package: "elman-network", libraries: "std", flags: "" },
    Target {
        triple: "wasm32-unknown-unknown",
        package: "elman-core",
        libraries: "core,alloc",
        flags: "-Ctarget-feature=+simd128",
    },
    Target { triple: "thumbv7em-none-eabihf", package: "elman-core", libraries: "core,alloc", flags: "" },
];

/// Debian's compiler that keeps up with Rust, since its browsers need it, and its library's source.
const PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library";

/// Checks all targets that it can; skipped where a target's library is missing and cannot be had.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    let (ready, missing): (Vec<&Target>, Vec<&Target>) =
        TARGETS.iter().partition(|target| has_library(project, target.triple));
    process::side_by_side(&ready, |target| target.check(project, false))?;
    if !missing.is_empty() && !has_source(project) {
        let missing: Vec<&str> = missing.iter().map(|target| target.triple).collect();
        return Ok(Outcome::Skipped(format!(
            "the toolchain lacks the library of other targets; `rustup target add {}`",
            missing.join(" ")
        )));
    }
    // Side by side: the library's crates wait for each other, and leave a core idle.
    process::side_by_side(&missing, |target| target.check(project, true))?;
    Ok(Outcome::Passed)
}

impl Target {
    /// Checks the package, in a directory of its own: other builds use another compiler or other flags, and no two can
    /// use one at a time.
    fn check(&self, project: &Project, builds_library: bool) -> Result<()> {
        let mut cargo = project.cargo();
        cargo.args(["check", "--quiet", "--package", self.package, "--target", self.triple]);
        cargo
            .arg("--target-dir")
            .arg(project.target("targets").join(self.triple))
            .env("RUSTFLAGS", self.flags);
        if builds_library {
            // With Debian's compiler, which is told to build its own library as only unstable ones do. The library is compiled
            // whole even so, and nothing of it is run.
            cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0").env("CARGO_PROFILE_DEV_DEBUG", "0");
            cargo.arg(format!("-Zbuild-std={}", self.libraries));
            cargo.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
        }
        process::run(&mut cargo)?;
        println!("{}: {} compiles", self.triple, self.package);
        Ok(())
    }
}

/// Does the toolchain have the standard library of a target?
fn has_library(project: &Project, triple: &str) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let place = project.command(rustc).args(["--print", "target-libdir", "--target", triple]).output();
    place.is_ok_and(|place| Path::new(String::from_utf8_lossy(&place.stdout).trim()).is_dir())
}

/// Is there a compiler with the source of its library, new enough for the project, or can it be installed?
fn has_source(project: &Project) -> bool {
    let is_there = || Path::new(DEBIAN_SOURCE).is_dir() && is_new_enough(project);
    if !is_there()
        && debian::can_install(project)
        && let Err(error) = debian::install(project, &PACKAGES)
    {
        // Other releases of Debian have other packages.
        println!("{error:#}");
    }
    is_there()
}

/// Is Debian's compiler of the project's `rust-version` at least?
fn is_new_enough(project: &Project) -> bool {
    let version = process::output(project.command(DEBIAN_RUSTC).arg("--version")).unwrap_or_default();
    let wanted = minor(env!("CARGO_PKG_RUST_VERSION"));
    wanted.is_some() && minor(version.trim_start_matches("rustc ")) >= wanted
}

/// The second number of a version.
fn minor(version: &str) -> Option<u32> {
    version.split('.').nth(1)?.parse().ok()
}
