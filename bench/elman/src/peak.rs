//! The machine's peak: fused multiply-adds in `f32` that wait for nothing.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use elman::network::InstructionSet;
use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch};

/// Independent sums: more than latency times throughput on any CPU of today, and they fit into 16 registers.
const SUMS: usize = 12;
const ROUNDS: usize = 4_000_000;
/// The best of so many counts: what disturbs can only slow down.
const REPEATS: usize = 5;

/// GFLOP/s of one thread, and of two at once.
pub(crate) fn measure() -> [f64; 2] {
    [1, 2].map(|threads| (0..REPEATS).map(|_| together(threads)).fold(0.0, f64::max))
}

/// GFLOP/s of so many threads that start together.
fn together(threads: usize) -> f64 {
    let barrier = Barrier::new(threads);
    let count = || {
        barrier.wait();
        gflops_of_one()
    };
    thread::scope(|scope| {
        let counts: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
        counts.into_iter().map(|count| count.join().unwrap_or_default()).sum()
    })
}

fn gflops_of_one() -> f64 {
    let start = Instant::now();
    let level = level();
    let lanes = dispatch!(level, simd => multiply_add(simd));
    2.0 * (lanes * SUMS * ROUNDS) as f64 / start.elapsed().as_secs_f64() / 1e9
}

/// That of the instruction set which the engine computes with.
fn level() -> Level {
    elman::network::instruction_set().map_or_else(|_| Level::baseline(), InstructionSet::level)
}

/// Returns the number of lanes of the vectors that it used.
#[inline(always)]
fn multiply_add<S: Simd>(simd: S) -> usize {
    let constant = |value: f32| S::f32s::splat(simd, black_box(value));
    let (factor, term) = (constant(0.999), constant(0.001));
    let mut sums = [constant(0.5); SUMS];
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, term);
        }
    }
    let total = sums[1..].iter().fold(sums[0], |total, &sum| total + sum);
    black_box(total.as_slice()[0]);
    S::f32s::LEN
}
