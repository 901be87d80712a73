//! Elman as a contender. It also measures the machine's peak, in the same run as all others.

mod engine;
mod notebook;
mod peak;

use harness::{Contender, Data, Kind, Point, Prepared, serve, work};

use crate::engine::Engine;
use crate::notebook::Notebook;

struct Elman {
    settings: String,
}

impl Contender for Elman {
    fn settings(&self) -> &str {
        &self.settings
    }

    fn prepare(&self, point: &Point, data: Data) -> Prepared {
        match point.kind {
            Kind::Notebook => Ok(Box::new(Notebook::new()?)),
            _ => Ok(work(point, Engine::new(point, data)?)),
        }
    }

    fn peak(&self) -> Option<[f64; 2]> {
        Some(peak::measure())
    }
}

fn main() -> std::io::Result<()> {
    serve(&Elman { settings: engine::settings() })
}
