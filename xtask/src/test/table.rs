//! What each stage took, at the end of `cargo xtask test`, and beside it what was promised. Nothing fails for being
//! slow: another machine, or a busy one, takes other times.

use std::fmt;
use std::time::Instant;

use super::Build;
use crate::process::Outcome;

/// How many seconds all stages may take from nothing, on two cores.
const PROMISED: u32 = 600;

/// A stage that has ended.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) seconds: f64,
    pub(super) end: End,
    /// The build that it was, if the program had not been built before.
    pub(super) clean_build: Option<&'static Build>,
}

/// How a stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Passed,
    Skipped,
    Failed,
}

impl<E> From<Result<&Outcome, E>> for End {
    fn from(result: Result<&Outcome, E>) -> Self {
        match result {
            Ok(Outcome::Passed) => Self::Passed,
            Ok(Outcome::Skipped(_)) => Self::Skipped,
            Err(_) => Self::Failed,
        }
    }
}

/// The stages that have ended, in their order.
pub(super) struct Table {
    rows: Vec<Row>,
    /// Are these all stages that there are, the slow ones too?
    whole: bool,
    start: Instant,
    /// From the start of the first to the end of the last; some run side by side.
    seconds: f64,
}

impl Table {
    pub(super) fn new(whole: bool) -> Self {
        Table { rows: Vec::new(), whole, start: Instant::now(), seconds: 0.0 }
    }

    /// The table of stages of which none runs any more.
    pub(super) fn ended(self) -> Self {
        Table { seconds: self.start.elapsed().as_secs_f64(), ..self }
    }

    pub(super) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// How many stages ended like this.
    fn count(&self, end: End) -> usize {
        self.rows.iter().filter(|row| row.end == end).count()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<20} {:>7}", "stage", "seconds")?;
        for row in &self.rows {
            let end = match row.end {
                End::Passed => "",
                End::Skipped => "  skipped",
                End::Failed => "  FAILED",
            };
            writeln!(f, "{:<20} {:>7.1}{end}", row.name, row.seconds)?;
        }
        let total = self.seconds;
        writeln!(f, "{:<20} {total:>7.1}\n", "all")?;

        for row in &self.rows {
            if let Some(build) = row.clean_build {
                let (seconds, promised) = (row.seconds, build.promised);
                writeln!(f, "clean {}: {seconds:.1} s (promised: at most {promised} s)", build.name)?;
            }
        }
        if self.whole {
            writeln!(f, "suite: {total:.1} s (promised from nothing, on two cores: at most {PROMISED} s)")?;
        }
        let [passed, failed, skipped] = [End::Passed, End::Failed, End::Skipped].map(|end| self.count(end));
        write!(f, "stages: {passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::super::RELEASE;
    use super::*;

    #[test]
    fn a_table_adds_up_and_names_clean_builds() {
        let row = |name, seconds, end, clean_build| Row { name, seconds, end, clean_build };
        let rows = vec![
            row("format", 0.5, End::Passed, None),
            row(RELEASE.name, 100.25, End::Passed, Some(&RELEASE)),
            row("fuzzing", 0.25, End::Skipped, None),
        ];
        let wanted = "\
stage                seconds
format                   0.5
release build          100.2
fuzzing                  0.2  skipped
all                    101.0

clean release build: 100.2 s (promised: at most 150 s)
suite: 101.0 s (promised from nothing, on two cores: at most 600 s)
stages: 2 passed, 0 failed, 1 skipped";
        let mut table = Table { rows, seconds: 101.0, ..Table::new(true) };
        assert_eq!(table.to_string(), wanted);
        table.whole = false;
        assert!(
            !table.to_string().contains("suite:"),
            "part of the stages was compared with what all may take"
        );
    }
}
