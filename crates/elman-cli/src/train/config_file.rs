//! `--config`: options of `elman train` out of a TOML file.

use std::path::Path;

use anyhow::Context;
use clap::Args;
use elman::table::nearest;

use super::options::TrainOptions;
use crate::args::TrainArguments;
use crate::input;
use crate::output::Wrong;

impl TrainOptions {
    /// Adds what a TOML file says to what the command line left open.
    pub(crate) fn with_file(self, path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let text = input::text(path)?;
        // Read for itself first: its errors then know their lines.
        let table: toml::Table = text.parse().with_context(|| format!("{name} is not TOML"))?;
        check_keys(&table, &name.to_string())?;
        let _: Self = toml::from_str(&text).map_err(|error| wrong_value(&name.to_string(), &text, &error))?;
        let mut merged = table;
        merged.extend(toml::Table::try_from(self)?);
        Ok(merged.try_into()?)
    }
}

/// Is it one of the options that stand beside those of training: where data are, and what is made of them?
fn is_beside(key: &str) -> bool {
    let command = TrainArguments::augment_args(clap::Command::new("train"));
    command.get_arguments().any(|argument| argument.get_long() == Some(key))
}

/// Refuses a key that is no option, naming the nearest.
fn check_keys(table: &toml::Table, name: &str) -> Result<(), Wrong> {
    let command = TrainOptions::augment_args(clap::Command::new("train"));
    let known: Vec<&str> = command.get_arguments().filter_map(|argument| argument.get_long()).collect();
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            if is_beside(key) {
                return Err(Wrong(format!(
                    "{name}: {key:?} is given on the command line, where the data are"
                )));
            }
            let hint =
                nearest(key, known).map_or(String::new(), |known| format!(" (did you mean {known:?}?)"));
            Err(Wrong(format!("{name}: there is no option {key:?}{hint}; `elman train --help` lists them")))
        }
    }
}

/// Says which line of a TOML file holds a value that does not fit.
fn wrong_value(name: &str, text: &str, error: &toml::de::Error) -> Wrong {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let number = before.matches('\n').count();
    let line = text.lines().nth(number).unwrap_or_default().trim();
    let message = error.message().replace("usize", "a whole number").replace("u64", "a whole number");
    Wrong(format!("{name}, line {}: {line}: {}", number + 1, message.replace("f64", "a number")))
}
