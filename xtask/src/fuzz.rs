//! `cargo xtask fuzz`: mutated bytes for everything that reads bytes from outside, under the
//! address sanitizer. It needs a nightly toolchain, which only rustup can pick.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::Outcome;
use crate::project::{Project, files_named};
use crate::{process, release};

/// The version of cargo-fuzz that is installed where there is none.
const CARGO_FUZZ: &str = "cargo-fuzz@0.13.2";

/// A seed is cut to its first bytes: a short input is mutated faster and as variously as a long one.
const SEED_BYTES: usize = 2048;

/// Runs every target under `fuzz/` for so many seconds; skipped where there is no nightly.
pub(crate) fn run(project: &Project, seconds: u32) -> Result<Outcome> {
    if !process::succeeds(nightly(project).arg("--version")) {
        let reason =
            "fuzzing needs a nightly toolchain, and none was found; `rustup toolchain install nightly`";
        return Ok(Outcome::Skipped(reason.into()));
    }
    ensure_cargo_fuzz(project)?;
    let corpus = project.path("fuzz/corpus");
    seed_tables(project, &corpus.join("table"))?;
    seed_models(project, &corpus.join("model_file"))?;
    process::run(nightly(project).args(["fuzz", "build", "--target-dir"]).arg(build_directory(project)))?;
    for target in targets(project)? {
        let inputs = run_target(project, &target, seconds)
            .with_context(|| format!("the input that failed is in fuzz/artifacts/{target}"))?;
        println!("fuzz target {target}: {inputs} inputs in {seconds} s");
    }
    Ok(Outcome::Passed)
}

/// Runs one target and returns how many inputs it was given. The fuzzer's report is long, and printed
/// only when an input failed.
fn run_target(project: &Project, target: &str, seconds: u32) -> Result<String> {
    let mut cargo = nightly(project);
    cargo.args(["fuzz", "run", target, "--target-dir"]).arg(build_directory(project)).arg("--");
    // An input that takes seconds is a fault too.
    cargo.arg(format!("-max_total_time={seconds}")).args(["-timeout=5", "-print_final_stats=1"]);
    let report = process::report(&mut cargo)?;
    let inputs = report.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    Ok(inputs.context("the fuzzer did not say how many inputs it ran")?.trim().to_owned())
}

/// The nightly cargo. We run under a cargo that rustup has chosen already and that has left its mark
/// on the environment, which would win over a `+nightly`: rustup is asked for the other one, and the
/// marks are taken off.
fn nightly(project: &Project) -> Command {
    let mut cargo = project.command("rustup");
    cargo.args(["run", "nightly", "cargo"]);
    for mark in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC", "LD_LIBRARY_PATH"] {
        cargo.env_remove(mark);
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let with_tools = std::iter::once(tools(project).join("bin")).chain(std::env::split_paths(&paths));
    if let Ok(with_tools) = std::env::join_paths(with_tools) {
        cargo.env("PATH", with_tools);
    }
    cargo
}

/// Where cargo-fuzz is installed, so that the developer's own tools stay as they are.
fn tools(project: &Project) -> PathBuf {
    project.target("tools")
}

/// Apart from the other builds, which use another compiler and other flags.
fn build_directory(project: &Project) -> PathBuf {
    project.target("fuzz")
}

/// Installs cargo-fuzz from the registry unless the developer has it, or we have installed it before.
fn ensure_cargo_fuzz(project: &Project) -> Result<()> {
    if process::succeeds(nightly(project).args(["fuzz", "--version"])) {
        return Ok(());
    }
    println!("Installing {CARGO_FUZZ} into {}", project.display(&tools(project)));
    let mut cargo = project.cargo();
    process::run(cargo.args(["install", CARGO_FUZZ, "--locked", "--quiet", "--root"]).arg(tools(project)))
}

/// The targets' names, which are those of their files.
fn targets(project: &Project) -> Result<Vec<String>> {
    let files = files_named(&project.path("fuzz/fuzz_targets"), |name| name.ends_with(".rs"))?;
    Ok(files.iter().filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect())
}

/// Gives the fuzzer the first lines of the tables that ship with the library.
fn seed_tables(project: &Project, corpus: &Path) -> Result<()> {
    fs::create_dir_all(corpus)?;
    for table in files_named(&project.path("crates/elman/data"), |name| name.ends_with(".csv"))? {
        let bytes = fs::read(&table).with_context(|| format!("cannot read {}", table.display()))?;
        let Some(name) = table.file_name() else { continue };
        fs::write(corpus.join(name), first_lines(&bytes, SEED_BYTES))?;
    }
    Ok(())
}

/// Gives the fuzzer a model of the program's own, since it would not find the format's magic alone.
fn seed_models(project: &Project, corpus: &Path) -> Result<()> {
    fs::create_dir_all(corpus)?;
    let elman = release::build(project)?;
    process::run(
        project.command(elman).args(["train", "--epochs", "1", "-o"]).arg(corpus.join("airline.elman")),
    )
}

/// As many whole lines as fit into `limit` bytes; the start of the first one if not even that fits.
fn first_lines(bytes: &[u8], limit: usize) -> &[u8] {
    let start = &bytes[..bytes.len().min(limit)];
    match start.iter().rposition(|&byte| byte == b'\n') {
        Some(end) if start.len() < bytes.len() => &start[..=end],
        _ => start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_cut_between_lines() {
        assert_eq!(first_lines(b"a,b\n1,2\n3,4", 100), b"a,b\n1,2\n3,4");
        assert_eq!(first_lines(b"a,b\n1,2\n3,4", 10), b"a,b\n1,2\n");
        assert_eq!(first_lines(b"a,b\n1,2\n3,4", 8), b"a,b\n1,2\n");
        assert_eq!(first_lines(b"a long first line\n", 6), b"a long");
        assert_eq!(first_lines(b"", 6), b"");
    }
}
