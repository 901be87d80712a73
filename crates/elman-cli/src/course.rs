//! How far a command is that may take long: a bar on a terminal, elsewhere a line now and then.

use std::time::{Duration, Instant};

use elman::watch::Watch;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{Output, message};

/// Without a terminal, nothing is said for so long at the most, or for a tenth of the time so far.
const SILENCE: Duration = Duration::from_secs(30);

/// What has ended before so long needs no bar.
const SHORT: Duration = Duration::from_millis(500);

/// How often the bar changes at the most.
const REFRESHED: Duration = Duration::from_millis(50);

/// The columns of a terminal that does not tell.
const USUAL_COLUMNS: usize = 80;

/// A bar with a text beside it, as wide as the terminal has room for.
pub(crate) struct Bar {
    bar: ProgressBar,
    /// The columns that the bar takes with the blank behind it, once it is drawn.
    columns: Option<usize>,
    refreshed: Option<Instant>,
}

impl Bar {
    /// A bar of so many parts; none to be seen where there is no terminal, or nothing is to be shown.
    pub(crate) fn new(length: u64, quiet: bool) -> Self {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(length) };
        Bar { bar, columns: None, refreshed: None }
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.bar.is_hidden()
    }

    /// Is there anything to be seen of a change?
    pub(crate) fn is_due(&self) -> bool {
        !self.bar.is_hidden() && self.refreshed.is_none_or(|at| at.elapsed() >= REFRESHED)
    }

    /// So many parts are done; the text says more, in no more columns than it is told.
    pub(crate) fn show(&mut self, position: u64, text: impl FnOnce(usize) -> String) {
        self.refreshed = Some(Instant::now());
        let columns = terminal_size::terminal_size_of(std::io::stderr())
            .map_or(USUAL_COLUMNS, |(terminal_size::Width(columns), _)| usize::from(columns));
        let bar = match columns {
            100.. => 20,
            60.. => 10,
            _ => 0,
        };
        let bar_columns = if bar == 0 { 0 } else { bar + 1 };
        if self.columns != Some(bar_columns) {
            let template = if bar == 0 { "{msg}".to_owned() } else { format!("{{bar:{bar}}} {{msg}}") };
            if let Ok(style) = ProgressStyle::with_template(&template) {
                self.bar.set_style(style);
            }
            self.columns = Some(bar_columns);
        }
        // The last column stays free: some terminals would begin a new line.
        self.bar.set_message(text(columns.saturating_sub(bar_columns + 1)));
        self.bar.set_position(position);
    }

    /// A line that stays, above the bar.
    pub(crate) fn println(&self, line: String) {
        self.bar.println(line);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Is it long since the latest line, for a run that has taken so much time?
pub(crate) fn is_long(silence: Duration, elapsed: Duration) -> bool {
    silence >= SILENCE.max(elapsed / 10)
}

/// A time as it is told: `3.2 s`, `15 min`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// Does some work that tells how much of how much is done, and shows it.
pub(crate) fn watched<T>(what: &'static str, output: &Output, work: impl FnOnce(&mut Watch<'_>) -> T) -> T {
    let mut course = Course::new(what, output);
    let result = work(&mut |done, total| {
        course.at(done, total);
        Ok(())
    });
    course.finish();
    result
}

/// The course of some work, of which is told how much of how much is done.
pub(crate) struct Course {
    what: &'static str,
    quiet: bool,
    bar: Bar,
    started: Instant,
    told: Instant,
}

/// The parts of its bar.
const PARTS: u64 = 1000;

impl Course {
    /// Of work that begins now; `what` is done, as `measured`.
    pub(crate) fn new(what: &'static str, output: &Output) -> Self {
        let quiet = output.options.quiet;
        let now = Instant::now();
        Course { what, quiet, bar: Bar::new(PARTS, quiet), started: now, told: now }
    }

    /// So much of so much is done.
    pub(crate) fn at(&mut self, done: usize, total: usize) {
        let elapsed = self.started.elapsed();
        if self.quiet || done == 0 || elapsed < SHORT {
            return;
        }
        let share = done as f64 / total.max(1) as f64;
        let text = || told(self.what, share, elapsed);
        if self.bar.is_due() {
            self.bar.show((share * PARTS as f64) as u64, |columns| text().chars().take(columns).collect());
        } else if self.bar.is_hidden() && is_long(self.told.elapsed(), elapsed) {
            message(&text());
            self.told = Instant::now();
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        self.bar.finish();
    }
}

/// `measured 40 %, 12 s left`
fn told(what: &str, share: f64, elapsed: Duration) -> String {
    let left = elapsed.as_secs_f64() / share * (1.0 - share);
    format!("{what} {:.0} %, {} left", 100.0 * share, duration(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_and_left_is_told_as_shares_and_times() {
        let text =
            |done: u32, seconds| told("measured", f64::from(done) / 400.0, Duration::from_secs(seconds));
        assert_eq!(text(100, 4), "measured 25 %, 12 s left");
        assert_eq!(text(399, 7200), "measured 100 %, 18 s left");
        assert_eq!(text(1, 36), "measured 0 %, 4.0 h left");
    }

    #[test]
    fn silence_grows_with_the_run() {
        let seconds = Duration::from_secs;
        for (silence, elapsed, is_due) in
            [(29, 29, false), (30, 30, true), (30, 300, true), (59, 600, false), (60, 600, true)]
        {
            assert_eq!(is_long(seconds(silence), seconds(elapsed)), is_due, "{silence} s of {elapsed} s");
        }
    }
}
