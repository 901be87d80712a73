//! tanh and sigmoid of the SIMD lane, on every instruction set that this machine has, against `f64`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::thread;

use elman_kernels::lane::Lane;
use elman_kernels::vector::Vector;
use elman_kernels::{InstructionSet, Isa, dispatch};

#[derive(Clone, Copy, Debug)]
enum Function {
    Tanh,
    Sigmoid,
}

impl Function {
    /// What the documentation of [`Vector`] promises, in units in the last place.
    fn bound(self) -> f64 {
        match self {
            Function::Tanh => 2.0,
            Function::Sigmoid => 2.5,
        }
    }

    fn evaluate(self, set: InstructionSet, values: &mut [f32]) {
        #[inline(always)]
        fn on<S: Isa>(s: S, function: Function, values: &mut [f32]) {
            for values in values.chunks_exact_mut(Vector::<S>::LANES) {
                let x = Vector::load(s, values, 0);
                let y = match function {
                    Function::Tanh => x.tanh(),
                    Function::Sigmoid => x.sigmoid(),
                };
                y.store(values, 0);
            }
        }
        dispatch!(set, s => on(s, self, values));
    }

    fn exact(self, x: f64) -> f64 {
        match self {
            // Where the next term of the series is below 2^-50 of the value, which holds for half of all numbers.
            Function::Tanh if x.abs() < 1e-4 => x - x * x * x / 3.0,
            Function::Tanh => libm::tanh(x),
            Function::Sigmoid if x.abs() < 1e-5 => 0.5 + x / 4.0,
            Function::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
        }
    }

    /// The error of `y` in units in the last place of `f32` at the exact value.
    fn error(self, x: f32, y: f32) -> f64 {
        match self {
            Function::Tanh if x.abs() >= 9.1 => return if y == x.signum() { 0.0 } else { f64::INFINITY },
            // Where the true value is no normal number.
            Function::Sigmoid if x < -88.0 && y == 0.0 => return 0.0,
            Function::Sigmoid if x > 20.0 => return if y == 1.0 { 0.0 } else { f64::INFINITY },
            _ => {}
        }
        let exact = self.exact(f64::from(x));
        // The exponent field of an `f64`, whose bias is 1023: 0 where `exact` is, which is raised with all that are no normal `f32`.
        let exponent = ((exact.abs().to_bits() >> 52) as i64 - 1023).max(-126);
        let units_per_one = f64::from_bits(((1023 + 23 - exponent) as u64) << 52);
        (f64::from(y) - exact).abs() * units_per_one
    }
}

/// The worst error over every `stride`-th number, of both signs and NaN aside, and where it is.
fn worst(function: Function, set: InstructionSet, stride: usize) -> (f64, f32) {
    const CHUNK: u32 = 1 << 16;
    // Half the numbers to each thread: those of one sign.
    let of_sign = |sign: u32| {
        let mut worst = (0.0, 0.0);
        let mut inputs = Vec::with_capacity(CHUNK as usize);
        for first in (0..=f32::INFINITY.to_bits()).step_by(CHUNK as usize * stride) {
            inputs.clear();
            let bits = (0..CHUNK).map(|n| first + n * stride as u32);
            inputs.extend(bits.map(|bits| f32::from_bits(bits.min(f32::INFINITY.to_bits()) | sign)));
            let mut outputs = inputs.clone();
            function.evaluate(set, &mut outputs);
            for (&x, &y) in inputs.iter().zip(&outputs) {
                let error = function.error(x, y);
                // A NaN is worse than anything.
                if error.is_nan() || error > worst.0 {
                    worst = (if error.is_nan() { f64::INFINITY } else { error }, x);
                }
            }
        }
        worst
    };
    thread::scope(|scope| {
        let negative = scope.spawn(|| of_sign(1 << 31));
        let positive = of_sign(0);
        let negative = negative.join().unwrap();
        if negative.0 > positive.0 { negative } else { positive }
    })
}

fn assert_within_bound(stride: usize, set: InstructionSet) {
    for function in [Function::Tanh, Function::Sigmoid] {
        let (error, x) = worst(function, set, stride);
        println!("{function:?} on {set:?}: at most {error:.3} units in the last place, at {x:e}");
        assert!(
            error <= function.bound(),
            "{function:?} on {set:?}: {error} units in the last place at {x:e}"
        );
    }
}

#[test]
fn a_sample_of_all_numbers_is_within_the_bound_on_every_instruction_set() {
    for set in InstructionSet::best().and_below() {
        assert_within_bound(997, set);
    }
}

#[test]
#[ignore = "slow: every f32, run by `cargo xtask test`"]
fn every_number_is_within_the_bound() {
    assert_within_bound(1, InstructionSet::best());
}

#[test]
fn special_values_are_right_on_every_instruction_set() {
    for set in InstructionSet::best().and_below() {
        let of = |function: Function, x: f32| {
            let mut values = [x; 16];
            function.evaluate(set, &mut values);
            assert!(values.iter().all(|y| y.to_bits() == values[0].to_bits()), "{values:?}");
            values[0]
        };
        assert!(of(Function::Tanh, f32::NAN).is_nan() && of(Function::Sigmoid, f32::NAN).is_nan());
        assert!(of(Function::Tanh, -f32::NAN).is_nan() && of(Function::Sigmoid, -f32::NAN).is_nan());
        assert_eq!([f32::INFINITY, f32::NEG_INFINITY].map(|x| of(Function::Tanh, x)), [1.0, -1.0]);
        assert_eq!([f32::INFINITY, f32::NEG_INFINITY].map(|x| of(Function::Sigmoid, x)), [1.0, 0.0]);
        assert_eq!(of(Function::Tanh, 0.0).to_bits(), 0.0f32.to_bits());
        assert_eq!(of(Function::Tanh, -0.0).to_bits(), (-0.0f32).to_bits());
        assert_eq!([0.0, -0.0].map(|x| of(Function::Sigmoid, x)), [0.5, 0.5]);
        assert_eq!([88.0, 1e30].map(|x| of(Function::Sigmoid, x)), [1.0, 1.0]);
        assert!(of(Function::Sigmoid, -88.0) > 0.0);
        assert_eq!([(-88.0f32).next_down(), -1e30].map(|x| of(Function::Sigmoid, x)), [0.0, 0.0]);
    }
}

#[test]
fn what_is_below_the_hundredth_power_of_a_half_becomes_zero() {
    #[inline(always)]
    fn on<S: Isa>(s: S, x: f32) -> f32 {
        let mut lanes = [0.0; 16];
        Vector::splat(s, x).flush_to_zero().store(&mut lanes, 0);
        lanes[0]
    }
    let least = 2f32.powi(-100);
    for set in InstructionSet::best().and_below() {
        let of = |x: f32| dispatch!(set, s => on(s, x));
        for x in [least, 1.0, f32::MAX, f32::INFINITY] {
            assert_eq!([of(x), of(-x)], [x, -x], "{set:?}");
        }
        for x in [least.next_down(), f32::MIN_POSITIVE, 1e-45, 0.0] {
            assert_eq!([of(x).to_bits(), of(-x).to_bits()], [0, 0], "{x:e} on {set:?}");
        }
        assert!(of(f32::NAN).is_nan() && of(-f32::NAN).is_nan(), "{set:?}");
    }
}

#[test]
fn where_positive_is_relu_and_keeps_nan() {
    #[inline(always)]
    fn on<S: Isa>(s: S, x: f32, gate: f32) -> f32 {
        let mut lanes = [0.0; 16];
        Vector::splat(s, x).where_positive(Vector::splat(s, gate)).store(&mut lanes, 0);
        lanes[0]
    }
    for set in InstructionSet::best().and_below() {
        let of = |x: f32, gate: f32| dispatch!(set, s => on(s, x, gate));
        assert_eq!([of(3.0, 1e-30), of(3.0, 0.0), of(3.0, -0.0), of(3.0, -1.0)], [3.0, 0.0, 0.0, 0.0]);
        assert!(of(f32::NAN, f32::NAN).is_nan());
        assert_eq!(of(3.0, f32::NAN), 3.0);
    }
}
