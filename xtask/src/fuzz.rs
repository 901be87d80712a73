//! `cargo xtask fuzz`: mutated bytes for everything that reads bytes from outside, under the
//! address sanitizer. It needs a nightly toolchain, which only rustup can pick.
//!
//! Cargo builds the targets with the flags that `cargo fuzz` would give it, and the targets are run as they are. So
//! nothing has to be installed, and the engine, which no reader runs, is built without the flags that make the
//! compiler take minutes. `cargo fuzz` can be used beside it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::Outcome;
use crate::project::{Project, files_named};
use crate::{process, release};

/// A seed is cut to its first bytes: a short input is mutated faster and as variously as a long one.
const SEED_BYTES: usize = 2048;

/// The compiler's flags for code that is fuzzed: it counts which branches are taken and what is compared, which
/// is what the fuzzer steers by.
const FUZZED: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Checks every access to memory.
const SANITIZED: &str = "-Zsanitizer=address";

/// Other people's crates that take outside bytes apart, which have unsafe code, and the fuzz targets themselves.
const READERS: [&str; 16] = [
    "elman-fuzz",
    "flate2",
    "hound",
    "lz4_flex",
    "memchr",
    "miniz_oxide",
    "parquet",
    "planus",
    "polars-arrow-format",
    "rawzip",
    "ruzstd",
    "safetensors",
    "serde_json",
    "simd-adler32",
    "snap",
    "twox-hash",
];

/// What is fuzzed without the sanitizer: its readers are safe code, and checking it would take as long to compile as all
/// the rest.
const SAFE: &str = "elman";

/// The engine, which readers do not run, is compiled for a single instruction set. How its blocks are read from files is
/// generic code of serde's, which is compiled with the flags where it is called.
const ENGINE: [&str; 3] = ["elman-kernels", "elman-core", "elman-network"];

/// Runs every target under `fuzz/` for so many seconds; skipped where there is no nightly.
pub(crate) fn run(project: &Project, seconds: u32) -> Result<Outcome> {
    if !process::succeeds(nightly(project, "cargo").arg("--version")) {
        let reason =
            "fuzzing needs a nightly toolchain, and none was found; `rustup toolchain install nightly`";
        return Ok(Outcome::Skipped(reason.into()));
    }
    let corpus = project.path("fuzz/corpus");
    seed_tables(project, &corpus.join("table"))?;
    seed_models(project, &corpus.join("model_file"))?;
    seed_sound(&corpus.join("wav"))?;
    seed_exchange(project, &corpus.join("exchange"))?;
    seed_parquet(project, &corpus.join("parquet"))?;
    let programs = build(project)?;
    process::side_by_side(&targets(project)?, |target| {
        let inputs = run_target(project, &programs, target, seconds)
            .with_context(|| format!("the input that failed is in fuzz/artifacts/{target}"))?;
        println!("fuzz target {target}: {inputs} inputs in {seconds} s");
        Ok(())
    })?;
    Ok(Outcome::Passed)
}

/// Builds all targets and returns the directory of their programs, which is apart from the other builds: they
/// use another compiler and other flags.
fn build(project: &Project) -> Result<PathBuf> {
    let host = process::output(nightly(project, "rustc").args(["--print", "host-tuple"]))?;
    let directory = project.target("fuzz");
    let mut cargo = nightly(project, "cargo");
    cargo.args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target-dir"]).arg(&directory);
    // A target named, even the host, keeps the sanitizer's flags away from what runs while compiling.
    cargo.args(["--target", &host, "-Zprofile-rustflags"]);
    for reader in READERS {
        flags(&mut cargo, reader, &[&FUZZED[..], &[SANITIZED]].concat());
        cargo.arg("--config").arg(format!("profile.release.package.{reader}.opt-level=1"));
    }
    flags(&mut cargo, SAFE, &FUZZED);
    for part in ENGINE {
        flags(&mut cargo, part, &["--cfg=fuzzing"]);
    }
    process::run(&mut cargo)?;
    Ok(directory.join(host).join("release"))
}

/// Has one package compiled with these flags.
fn flags(cargo: &mut Command, package: &str, flags: &[&str]) {
    cargo.arg("--config").arg(format!("profile.release.package.{package}.rustflags={flags:?}"));
}

/// Runs one target and returns how many inputs it was given. The fuzzer's report is long, and printed
/// only when an input failed.
fn run_target(project: &Project, programs: &Path, target: &str, seconds: u32) -> Result<String> {
    let artifacts = project.path("fuzz/artifacts").join(target);
    fs::create_dir_all(&artifacts).with_context(|| format!("cannot make {}", artifacts.display()))?;
    let mut program = project.command(programs.join(target));
    program.arg(project.path("fuzz/corpus").join(target));
    // What ends in a separator is a directory to the fuzzer.
    let mut prefix = OsStr::new("-artifact_prefix=").to_os_string();
    prefix.push(artifacts.join(""));
    program.arg(prefix);
    // An input that takes seconds is a fault too.
    program.arg(format!("-max_total_time={seconds}")).args(["-timeout=5", "-print_final_stats=1"]);
    let report = process::report(&mut program)?;
    let inputs = report.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    Ok(inputs.context("the fuzzer did not say how many inputs it ran")?.trim().to_owned())
}

/// A program of the nightly toolchain. We run under a cargo that rustup has chosen already and that has left its
/// mark on the environment, which would win over a `+nightly`: rustup is asked for the other one, and the
/// marks are taken off.
fn nightly(project: &Project, program: &str) -> Command {
    let mut command = project.command("rustup");
    command.args(["run", "nightly", program]);
    for mark in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC", "LD_LIBRARY_PATH"] {
        command.env_remove(mark);
    }
    command
}

/// The targets' names, which are those of their files.
fn targets(project: &Project) -> Result<Vec<String>> {
    let files = files_named(&project.path("fuzz/fuzz_targets"), |name| name.ends_with(".rs"))?;
    Ok(files.iter().filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect())
}

/// A table of each format: the number of its beginning in the target, and what comes after that.
const SEEDS: [(&str, u8, &[u8]); 11] = [
    ("semicolons", 1, b"1,5;2\n2,5;x\n"),
    ("json-lines", 2, b"1,\"b\":\"x\"}\n{\"a\":null,\"c\":true}\n"),
    ("npy", 3, b"\x3D\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }  \n\x00\x00\x80\x3F\x00\x00\x00\x40"),
    ("ts", 4, b"1,2.5,?:a\n3:b\n"),
    ("tsf", 5, b"T1:1979-01-01 00-00-00:1,?,2.5\nT2:1980-02-01:3\n"),
    ("gzip", 6, b"\x08\x00\x00\x00\x00\x00\x02\xFF\x4B\xD4\x49\xE2\x32\xD4\x31\xE2\x02\x00\x7B\x07\x97\x0A\x08\x00\x00\x00"),
    ("zstd", 7, b"\x20\x08\x41\x00\x00\x61\x2C\x62\x0A\x31\x2C\x32\x0A"),
    ("npz", 8, b"\x14\x00\x00\x00\x00\x00\x00\x00!\x00\x96E\x97\x8AH\x00\x00\x00H\x00\x00\x00\x05\x00\x00\x00x.npy\x93NUMPY\x01\x00:\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n\x00\x00\x80?PK\x01\x02\x14\x03\x14\x00\x00\x00\x00\x00\x00\x00!\x00\x96E\x97\x8AH\x00\x00\x00H\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x01\x00\x00\x00\x00x.npyPK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x003\x00\x00\x00k\x00\x00\x00\x00\x00"),
    ("blanks", 9, b" 2.5\n3  4\n"),
    ("array", 0, b"[{\"a\":1},{\"a\":2.5}]"),
    ("times", 0, b"when;v\n31.12.2023 14:05;1\n01.01.2024 14:05;2\n"),
];

/// Gives the fuzzer files of other programs, whole: half a file of JSON says little.
fn seed_exchange(project: &Project, corpus: &Path) -> Result<()> {
    const LARGEST: usize = 4 * SEED_BYTES;
    seed_files(&project.path("reference/exchange"), corpus, |bytes| {
        Some(bytes).filter(|_| bytes.len() <= LARGEST)
    })
}

/// Gives the fuzzer the files of the tests, without the magic that the target puts before all.
fn seed_parquet(project: &Project, corpus: &Path) -> Result<()> {
    seed_files(&project.path("crates/elman/tests/data/parquet"), corpus, |bytes| bytes.strip_prefix(b"PAR1"))
}

/// Gives the fuzzer what `part` leaves of each file of a directory, under its name.
fn seed_files(directory: &Path, corpus: &Path, part: impl Fn(&[u8]) -> Option<&[u8]>) -> Result<()> {
    fs::create_dir_all(corpus)?;
    for file in files_named(directory, |_| true)? {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        if let (Some(name), Some(seed)) = (file.file_name(), part(&bytes)) {
            fs::write(corpus.join(name), seed)?;
        }
    }
    Ok(())
}

/// Gives the fuzzer a table of each format, and the first lines of those that ship with the library.
fn seed_tables(project: &Project, corpus: &Path) -> Result<()> {
    fs::create_dir_all(corpus)?;
    for (name, beginning, rest) in SEEDS {
        fs::write(corpus.join(name), [&[beginning], rest].concat())?;
    }
    for table in files_named(&project.path("crates/elman/data"), |name| name.ends_with(".csv"))? {
        let bytes = fs::read(&table).with_context(|| format!("cannot read {}", table.display()))?;
        let Some(name) = table.file_name() else { continue };
        fs::write(corpus.join(name), [&[0], first_lines(&bytes, SEED_BYTES)].concat())?;
    }
    Ok(())
}

/// Gives the fuzzer the samples of a WAV file of 16 bits behind its beginning in the target.
fn seed_sound(corpus: &Path) -> Result<()> {
    fs::create_dir_all(corpus)?;
    fs::write(corpus.join("samples"), b"\x01data\x08\0\0\0\0\0\x01\0\xFF\x7F\0\x80")?;
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
