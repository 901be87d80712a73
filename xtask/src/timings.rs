//! `cargo xtask timings`: which crates a clean release build waits for, from cargo's own report.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::project::Project;

/// So many units are printed, the slowest ones.
const PRINTED: usize = 15;

/// What cargo compiles in one go.
#[derive(Clone, Debug, PartialEq)]
struct Unit {
    /// The crate and its version; what of it, if it is not the library.
    name: String,
    /// Of the clock: what others were doing meanwhile is in it.
    seconds: f64,
}

/// Builds the program from nothing, in a directory of its own, and prints the units that took longest.
pub(crate) fn run(project: &Project) -> Result<()> {
    let directory = project.target("timings");
    if directory.exists() {
        fs::remove_dir_all(&directory).with_context(|| format!("cannot empty {}", directory.display()))?;
    }
    let start = Instant::now();
    let mut cargo = project.cargo();
    process::run(cargo.args(["build", "--release", "--timings", "--target-dir"]).arg(&directory))?;
    println!("clean release build: {:.1} s", start.elapsed().as_secs_f64());

    let report = directory.join("cargo-timings/cargo-timing.html");
    let text = fs::read_to_string(&report).with_context(|| format!("cannot read {}", report.display()))?;
    let mut units = units(&text);
    if units.is_empty() {
        bail!("{} has another form than this cargo is known to write", report.display());
    }
    units.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    println!("seconds  the slowest of {} units", units.len());
    for unit in units.iter().take(PRINTED) {
        println!("{:>7.1}  {}", unit.seconds, unit.name);
    }
    println!("The whole report is {}", project.display(&report));
    Ok(())
}

/// The units in cargo's report: a page with a script, in which they are a list of objects, an entry a line.
fn units(report: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    let (mut name, mut version, mut target) = ("", "", "");
    let lines = report.lines().skip_while(|line| !line.starts_with("const UNIT_DATA = ["));
    for line in lines.take_while(|&line| line != "];") {
        // What is indented further belongs to a part of the unit.
        let Some((key, value)) = line.strip_prefix("    \"").and_then(|line| line.split_once("\": ")) else {
            continue;
        };
        let value = value.trim_end_matches(',');
        let text = value.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(value);
        match key {
            "name" => name = text,
            "version" => version = text,
            "target" => target = text,
            "duration" => {
                let name = format!("{name} {version}{}", target.replace("\\\"", ""));
                units.extend(value.parse().ok().map(|seconds| Unit { name, seconds }));
            }
            _ => {}
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_in_a_report() {
        let report = r#"<script>
const UNIT_DATA = [
  {
    "i": 0,
    "name": "serde",
    "version": "1.0.229",
    "mode": "todo",
    "target": "",
    "start": 0.5,
    "duration": 1.25,
    "sections": [
      [
        "frontend",
        {
          "duration": 7.0
        }
      ]
    ]
  },
  {
    "i": 1,
    "name": "elman-cli",
    "version": "0.1.0",
    "target": " elman \"bin\"",
    "duration": 3.0
  }
];
const CONCURRENCY_DATA = [
    "duration": 9.0
];"#;
        let unit = |name: &str, seconds| Unit { name: name.into(), seconds };
        assert_eq!(units(report), [unit("serde 1.0.229", 1.25), unit("elman-cli 0.1.0 elman bin", 3.0)]);
        assert_eq!(units("another page"), []);
    }
}
