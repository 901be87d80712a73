//! The protocol: one command per line on standard input, one answer per line on standard output.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::data::Data;
use crate::point::Point;

/// Steps before the clock starts run at least this long.
const WARM_UP_SECONDS: f64 = 0.02;

/// A library that takes part.
pub trait Contender {
    /// How it is set up, for the report.
    fn settings(&self) -> &str;

    /// Builds a point's network and data; the error says why this library is left out there.
    fn prepare(&self, point: &Point, data: Data) -> Prepared;

    /// GFLOP/s in `f32` of one thread and of two at once, if this contender measures the machine.
    fn peak(&self) -> Option<[f64; 2]> {
        None
    }
}

/// Work, or the reason why there is none.
pub type Prepared = Result<Box<dyn Work>, String>;

/// What a contender does at a point.
pub trait Work {
    /// Runs a few steps; the numbers that come of them prove that it does the same work as others.
    fn prove(&mut self) -> Vec<f64>;

    /// The steps that are timed.
    fn run(&mut self, steps: u64);
}

#[derive(Deserialize)]
#[serde(tag = "command", rename_all = "lowercase")]
enum Command {
    Describe,
    Peak,
    Prepare(Point),
    Measure { seconds: f64, min_steps: u64 },
}

/// Answers commands until the input ends.
///
/// # Errors
/// If the orchestrator is gone, or sends what is not a command.
pub fn serve(contender: &impl Contender) -> io::Result<()> {
    let mut current: Option<Box<dyn Work>> = None;
    for line in io::stdin().lock().lines() {
        let answer = match serde_json::from_str(&line?)? {
            Command::Describe => json!({ "settings": contender.settings() }),
            Command::Peak => json!({ "peak": contender.peak() }),
            Command::Prepare(point) => {
                // The last point's memory goes before the next one's comes.
                current = None;
                match contender.prepare(&point, Data::new(&point)) {
                    Ok(work) => prove(current.insert(work).as_mut()),
                    Err(reason) => json!({ "left_out": reason }),
                }
            }
            Command::Measure { seconds, min_steps } => match &mut current {
                Some(work) => json!({ "seconds": measure(work.as_mut(), seconds, min_steps) }),
                None => json!({ "error": "measure comes after prepare" }),
            },
        };
        writeln!(io::stdout(), "{answer}")?;
    }
    Ok(())
}

/// The proof, and about how long a step takes.
fn prove(work: &mut dyn Work) -> Value {
    let proof = work.prove();
    json!({ "proof": proof, "seconds": time(work, 1) })
}

/// The mean time of a step over about so many seconds, after a warm-up of at least a step.
fn measure(work: &mut dyn Work, seconds: f64, min_steps: u64) -> f64 {
    let mut steps = 1;
    let per_step = loop {
        let per_step = time(work, steps);
        if per_step * steps as f64 >= WARM_UP_SECONDS {
            break per_step;
        }
        steps *= 2;
    };
    time(work, min_steps.max((seconds / per_step) as u64))
}

/// The mean time of one of so many steps.
fn time(work: &mut dyn Work, steps: u64) -> f64 {
    let start = Instant::now();
    work.run(steps);
    start.elapsed().as_secs_f64() / steps as f64
}
