//! Networks learn devices that are made here. The slow ones are run by `cargo test --release -p elman --test sound --
//! --ignored --nocapture`, which prints their figures.

mod devices;

use elman::audio::{decibels, error_to_signal};
use elman::batch::Batch;
use elman::init::Init;
use elman::learner::{Learner, LearnerConfig};
use elman::loss::Loss;
use elman::network::{CellKind, Dense, Network, NetworkConfig, Recurrent, Skip};
use elman::optimiser::OptimiserConfig;
use elman::schedule::{Schedule, ScheduleConfig};
use elman::sequence::{Example, TrainingBatch};

use devices::Draw;

const RATE: usize = 16_000;

/// Stretches of sound at random places: so many samples are run first, then so many are learned from.
const WARM_UP: usize = 256;
const LEARNED: usize = 512;
const BATCH: usize = 32;

/// `y = W h + b + x` of an LSTM, trained in so many steps by the error-to-signal ratio; that on other sound, and that of
/// answering the input.
fn learn(
    hidden_size: usize,
    steps: u64,
    seconds: usize,
    seed: u64,
    device: impl Fn(&[f64]) -> Vec<f64>,
) -> [f64; 2] {
    let config = NetworkConfig::new(1)
        .with(Recurrent::new(CellKind::Lstm, hidden_size))
        .with(Dense::new(1))
        .with(Skip::new(1));
    let network = Network::new(config).unwrap();
    let x = devices::notes(1, seconds, RATE);
    let y = device(&x);
    let loss = Loss::Esr { pre_emphasis: None };
    let config = LearnerConfig::new(loss, OptimiserConfig::ADAM).with_clip(1.0).with_burn_in(WARM_UP);
    let parameters = Init::Orthogonal.draw(&network, seed).unwrap();
    let mut learner: Learner<f32> = Learner::new(&network, parameters, config).unwrap();
    let schedule = Schedule::new(ScheduleConfig::COSINE, 1e-2, steps);
    let mut draw = Draw::new(100 + seed);
    let part = |values: &[f64], start: usize| -> Vec<f32> {
        values[start..start + WARM_UP + LEARNED].iter().map(|&value| value as f32).collect()
    };
    for step in 0..steps {
        let examples: Vec<Example<f32>> = (0..BATCH)
            .map(|_| {
                let start = draw.below(x.len() - WARM_UP - LEARNED);
                Example::values(part(&x, start), part(&y, start))
            })
            .collect();
        learner.set_learning_rate(schedule.rate(step, 0));
        learner.step(&TrainingBatch::new(&network, &examples)).unwrap();
    }
    let x = devices::notes(2, 10, RATE);
    let y = device(&x);
    let input: Vec<f32> = x.iter().map(|&x| x as f32).collect();
    let answer = learner.predict(&Batch::new(&[&input], 1)).remove(0);
    let answer: Vec<f64> = answer.into_iter().map(f64::from).collect();
    [error_to_signal(&answer, &y).unwrap(), error_to_signal(&x, &y).unwrap()]
}

#[test]
fn a_small_network_learns_an_effect_in_a_moment() {
    let [esr, of_input] = learn(8, 60, 5, 0, devices::effect);
    assert!(of_input > 0.3 && esr < of_input / 5.0, "{esr}, and of the input {of_input}");
}

#[test]
#[ignore = "takes a minute in release"]
fn the_virtual_analogue_effect_is_learned_as_well_as_by_pytorch() {
    let figures = [0, 1, 2].map(|seed| learn(16, 600, 40, seed, devices::effect));
    for (seed, [esr, of_input]) in figures.iter().enumerate() {
        println!("effect, seed {seed}: ESR {esr:.5} ({:.1} dB); y = x {of_input:.3}", decibels(*esr));
    }
    let mean = figures.iter().map(|[esr, _]| esr).sum::<f64>() / 3.0;
    assert!(mean <= 0.00345, "{mean}");
}

#[test]
#[ignore = "takes minutes in release"]
fn other_devices_are_learned() {
    type Device = fn(&[f64]) -> Vec<f64>;
    let devices: [(&str, Device, f64); 3] = [
        ("diode clipper", |x| devices::diode_clipper(x, RATE), 0.01),
        ("compressor", |x| devices::compressor(x, RATE), 0.01),
        ("fuzz with sag", |x| devices::fuzz_with_sag(x, RATE), 0.01),
    ];
    for (name, device, most) in devices {
        for seed in 0..3 {
            let [esr, of_input] = learn(16, 600, 40, seed, device);
            println!("{name}, seed {seed}: ESR {esr:.5} ({:.1} dB); y = x {of_input:.3}", decibels(esr));
            assert!(esr <= most, "{name}: {esr}");
        }
    }
}
