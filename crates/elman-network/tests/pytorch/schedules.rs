//! Learning rates: `reference/schedules.safetensors`. Each step is an update and an epoch.

use elman_network::schedule::{Schedule, ScheduleConfig};

use crate::reference::{largest, tensors};

const BASE: f64 = 0.1;

#[test]
fn rates_by_time_agree_with_pytorch() {
    let schedules = [
        ("constant", ScheduleConfig::Constant),
        ("step", ScheduleConfig::Step { every: 7, factor: 0.3 }),
        ("cosine", ScheduleConfig::Cosine { warmup: 0 }),
        ("cosine-warmup", ScheduleConfig::Cosine { warmup: 5 }),
    ];
    let file = tensors("schedules");
    for (name, config) in schedules {
        let expected = &file[name];
        let schedule = Schedule::new(config, BASE, expected.len() as u64);
        for (k, expected) in (0..).zip(expected) {
            let rate = schedule.rate(k, k);
            // PyTorch's recurrence is within 1e-15 of the closed form, as its script asserts; ours
            // is the closed form, rounded a few times (2^-53 BASE = 1e-17 each).
            assert!((rate - expected).abs() <= 2e-15, "{name}: {rate}, not {expected} at step {k}");
        }
    }
}

#[test]
fn rates_on_a_plateau_are_pytorchs() {
    let config = ScheduleConfig::Plateau { factor: 0.5, patience: 3, threshold: 1e-4, minimum: 1e-3 };
    let file = tensors("schedules");
    for name in ["plateau", "plateau-floor"] {
        let (losses, expected) = (&file[&format!("{name}/losses")], &file[&format!("{name}/rates")]);
        assert!(largest(expected) == BASE && expected[expected.len() - 1] < BASE, "{name}: nothing to see");
        let mut schedule = Schedule::new(config, BASE, losses.len() as u64);
        for (k, (&loss, &expected)) in (0..).zip(losses.iter().zip(expected)) {
            schedule.observe(loss);
            // Halving is exact, so the rates are equal.
            assert_eq!(schedule.rate(k, k), expected, "{name}: after loss {k}");
        }
    }
}
