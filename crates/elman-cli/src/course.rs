//! How far a command is that may take long: a bar on a terminal, elsewhere a line now and then.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{Output, message};

/// Without a terminal, nothing is said for so long at the most, or for a tenth of the time so far.
const SILENCE: Duration = Duration::from_secs(30);

/// What has ended before so long needs no bar.
const SHORT: Duration = Duration::from_millis(500);

/// How often the bar changes at the most.
const REFRESHED: Duration = Duration::from_millis(50);

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
pub(crate) fn watched<T>(
    what: &'static str,
    output: &Output,
    work: impl FnOnce(&mut dyn FnMut(usize, usize)) -> T,
) -> T {
    let mut course = Course::new(what, output);
    let result = work(&mut |done, total| course.at(done, total));
    course.finish();
    result
}

/// The course of some work, of which is told how much of how much is done.
pub(crate) struct Course {
    what: &'static str,
    quiet: bool,
    bar: ProgressBar,
    started: Instant,
    told: Instant,
    refreshed: Option<Instant>,
}

impl Course {
    /// Of work that begins now; `what` is done, as `measured`.
    pub(crate) fn new(what: &'static str, output: &Output) -> Self {
        let quiet = output.options.quiet;
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
        if let Ok(style) = ProgressStyle::with_template("{bar:20} {msg}") {
            bar.set_style(style);
        }
        let now = Instant::now();
        Course { what, quiet, bar, started: now, told: now, refreshed: None }
    }

    /// So much of so much is done.
    pub(crate) fn at(&mut self, done: usize, total: usize) {
        let elapsed = self.started.elapsed();
        let is_new = self.refreshed.is_none_or(|at| at.elapsed() >= REFRESHED);
        if self.quiet || done == 0 || elapsed < SHORT || !is_new {
            return;
        }
        self.refreshed = Some(Instant::now());
        if !self.bar.is_hidden() {
            self.bar.set_length(total as u64);
            self.bar.set_message(self.text(done, total, elapsed));
            self.bar.set_position(done as u64);
        } else if is_long(self.told.elapsed(), elapsed) {
            self.told = Instant::now();
            message(&self.text(done, total, elapsed));
        }
    }

    /// `measured 40 %, 12 s left`
    fn text(&self, done: usize, total: usize, elapsed: Duration) -> String {
        let share = done as f64 / total.max(1) as f64;
        let left = elapsed.as_secs_f64() / share * (1.0 - share);
        format!("{} {:.0} %, {} left", self.what, 100.0 * share, duration(left))
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::OutputOptions;

    #[test]
    fn what_is_done_and_left_is_told_as_shares_and_times() {
        let course = Course::new("measured", &Output::new(OutputOptions::default()));
        let text = |done, seconds| course.text(done, 400, Duration::from_secs(seconds));
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
