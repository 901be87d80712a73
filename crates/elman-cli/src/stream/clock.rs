//! How long answers take.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use elman::words::{counted, thousands};

use crate::output::message;

/// Measures each block, and tells the sum at the end, however that comes.
#[derive(Clone)]
pub(crate) struct Clock(Arc<Mutex<Times>>);

struct Times {
    /// Of sound: samples in a second.
    sample_rate: Option<u32>,
    quiet: bool,
    blocks: usize,
    /// Samples or rows.
    items: usize,
    busy: Duration,
    /// The slowest block, and how many samples it had.
    worst: (Duration, usize),
}

impl Clock {
    pub(crate) fn new(sample_rate: Option<u32>, quiet: bool) -> Self {
        let worst = (Duration::ZERO, 0);
        Clock(Arc::new(Mutex::new(Times {
            sample_rate,
            quiet,
            blocks: 0,
            items: 0,
            busy: Duration::ZERO,
            worst,
        })))
    }

    /// Does the work of a block, which says how many samples or rows it has answered.
    pub(crate) fn time<R>(&self, work: impl FnOnce() -> (usize, R)) -> R {
        let started = Instant::now();
        let (items, result) = work();
        let taken = started.elapsed();
        if items == 0 {
            return result;
        }
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.blocks += 1;
        times.items += items;
        times.busy += taken;
        times.worst = times.worst.max((taken, items));
        result
    }

    /// On standard error, unless nothing came or nothing is to be said.
    pub(crate) fn tell(&self) {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !times.quiet && times.items > 0 {
            message(&times.text());
        }
    }
}

impl Times {
    fn text(&self) -> String {
        let (worst, of) = self.worst;
        let Some(sample_rate) = self.sample_rate else {
            let each = micros(self.busy) / self.items as f64;
            let (rows, worst) = (counted(self.items, "row"), micros(worst));
            return format!("{rows}, {each:.1} us each; the slowest took {worst:.0} us");
        };
        let seconds = self.items as f64 / f64::from(sample_rate);
        let factor = seconds / self.busy.as_secs_f64().max(1e-9);
        format!(
            "{} ({seconds:.2} s at {sample_rate} Hz) in {}: {factor:.1} times real time; the slowest, of {}, took {:.3} ms of \
             the {:.3} ms that it lasts",
            counted(self.items, "sample"),
            counted(self.blocks, "block"),
            thousands(of),
            micros(worst) / 1e3,
            of as f64 / f64::from(sample_rate) * 1e3,
        )
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
