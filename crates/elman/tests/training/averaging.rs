//! Averages of the parameters, held to sums over all parameters that a run went through.

use elman::average::AverageConfig;
use elman::init::Init;
use elman::loss::Targets;
use elman::network::{CellKind, Network, Readout};
use elman::sequence::Example;
use elman::train::{Control, Ended, Event, TrainConfig, TrainState, Trainer};

use crate::setup::{bits, examples, loss, network, train_config};

/// What a run went through.
#[derive(Default)]
struct Course {
    /// The parameters after each update.
    updates: Vec<Vec<f64>>,
    /// At the end of each epoch: the updates up to there, the validation loss, whether it was the best.
    epochs: Vec<(usize, Option<f64>, bool)>,
}

impl Course {
    fn of(trainer: &Trainer<'_, f64>, state: &mut TrainState<f64>) -> (Ended, Course) {
        let mut course = Course::default();
        let mut watch = |event: &Event<'_>| {
            match event {
                Event::Batch { progress, .. } => course.updates.push(progress.parameters().to_f64()),
                Event::Epoch { validation_loss, improved, .. } => {
                    course.epochs.push((course.updates.len(), *validation_loss, *improved));
                }
                _ => {}
            }
            Control::Continue
        };
        (trainer.run(state, &mut [&mut watch]).unwrap(), course)
    }

    /// By the definition, the average at the end of an epoch, from 0.
    fn average(&self, rule: AverageConfig, epoch: usize) -> Vec<f64> {
        let updates = self.epochs[epoch].0;
        let shares: Vec<f64> = match rule {
            AverageConfig::Ema { decay } => {
                let kept = |t: usize| f64::min(decay, (1 + t) as f64 / (10 + t) as f64);
                let own = |t: usize| if t == 1 { 1.0 } else { 1.0 - kept(t) };
                (1..=updates).map(|t| own(t) * (t + 1..=updates).map(kept).product::<f64>()).collect()
            }
            AverageConfig::Swa { start } => {
                let ends: Vec<usize> =
                    self.epochs[start as usize..=epoch].iter().map(|(updates, ..)| updates - 1).collect();
                let share = |t: usize| if ends.contains(&t) { 1.0 / ends.len() as f64 } else { 0.0 };
                (0..updates).map(share).collect()
            }
            _ => unreachable!("no other rule"),
        };
        let sum = |k: usize| self.updates.iter().zip(&shares).map(|(p, share)| share * p[k]).sum();
        (0..self.updates[0].len()).map(sum).collect()
    }
}

/// Sums of some hundred numbers below 10 in another order.
#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{what}: {found}, not {expected}");
    }
}

fn trained(
    network: &Network,
    config: TrainConfig,
    train: &[Example<f64>],
    validation: &[Example<f64>],
) -> (TrainState<f64>, Ended, Course) {
    let trainer = Trainer::new(network, config, train, validation).unwrap();
    let mut state = trainer.start(Init::Torch.draw(network, 1).unwrap()).unwrap();
    let (ended, course) = Course::of(&trainer, &mut state);
    (state, ended, course)
}

#[test]
fn the_average_is_what_is_kept_and_validated() {
    let network = network(CellKind::Gru, Readout::Every);
    let (train, validation) = (examples(&network, &[5, 3, 6], 0), examples(&network, &[4], 1));
    for (rule, truncate) in [
        (AverageConfig::Ema { decay: 0.6 }, None),
        (AverageConfig::EMA, Some(2)),
        (AverageConfig::Swa { start: 0 }, None),
        (AverageConfig::Swa { start: 5 }, Some(3)),
    ] {
        let config = train_config().with_epochs(8).with_truncate(truncate).with_average(rule);
        // Without validation: the average at the end.
        let (state, _, course) = trained(&network, config.clone(), &train, &[]);
        assert_eq!(course.updates.len(), if truncate.is_none() { 3 * 8 } else { course.updates.len() });
        assert_close(state.kept(), &course.average(rule, 7), &format!("{rule:?}"));
        assert_eq!(bits(state.parameters()), bits(&course.updates[course.updates.len() - 1]));
        // The parameters take the way that they take without any average.
        let (plain, ..) = trained(&network, config.clone().with_average(None), &train, &[]);
        assert_eq!(bits(plain.parameters()), bits(state.parameters()), "{rule:?}");
        assert_eq!(bits(plain.kept()), bits(plain.parameters()));

        // With validation: its losses are those of the average, and the best of these is kept.
        let (state, _, course) = trained(&network, config, &train, &validation);
        let begins = if let AverageConfig::Swa { start } = rule { start as usize } else { 0 };
        for (epoch, (updates, validation_loss, _)) in course.epochs.iter().enumerate() {
            let parameters = if epoch < begins {
                course.updates[updates - 1].clone()
            } else {
                course.average(rule, epoch)
            };
            let (found, expected) = (validation_loss.unwrap(), loss(&network, &parameters, &validation[0]));
            assert!((found - expected).abs() < 1e-12, "{rule:?}, epoch {epoch}: {found}, not {expected}");
        }
        let validation_loss = |epoch: &usize| course.epochs[*epoch].1.unwrap();
        let best = (begins..8).min_by(|a, b| validation_loss(a).total_cmp(&validation_loss(b))).unwrap();
        let kept = state.progress().best().unwrap();
        assert_eq!((kept.epoch, kept.loss), (best as u64, validation_loss(&best)), "{rule:?}");
        assert_close(state.kept(), &course.average(rule, best), &format!("best, {rule:?}"));
        assert!(course.epochs[begins].2, "the first average is the best so far");
    }
}

/// What is learned passes the validation target at once: without averaging, patience would end the run before there is any.
#[test]
fn patience_waits_for_the_average() {
    let network = network(CellKind::Gru, Readout::Last);
    let example =
        |target| Example { x: vec![0.5, -1.0, 1.0, 0.25], targets: Targets::Values(vec![target; 2]) };
    let (train, validation) = ([example(1.0)], [example(-1.0)]);
    let config = train_config().with_epochs(40).with_patience(3);
    let (state, ended, course) = trained(&network, config.clone(), &train, &validation);
    assert_eq!((ended, course.epochs.len()), (Ended::Early, 4));
    assert_eq!(state.progress().best().unwrap().epoch, 0);

    let rule = AverageConfig::Swa { start: 20 };
    let (state, ended, course) = trained(&network, config.with_average(rule), &train, &validation);
    // The first average is of epoch 20, and each after it is worse.
    assert_eq!((ended, course.epochs.len()), (Ended::Early, 24));
    assert_eq!(state.progress().best().unwrap().epoch, 20);
    assert_eq!(bits(state.kept()), bits(&course.updates[20]));
}

#[test]
fn averages_that_make_no_sense_are_refused() {
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(&network, &[2], 0);
    let refusal = |rule| {
        let config = train_config().with_epochs(3).with_average(rule);
        Trainer::new(&network, config, &train, &[]).unwrap_err().to_string()
    };
    let below_one = |decay: &str| format!("ema_decay is {decay}; it must be at least 0 and below 1");
    assert_eq!(refusal(AverageConfig::Ema { decay: 1.0 }), below_one("1.0"));
    assert_eq!(refusal(AverageConfig::Ema { decay: f64::NAN }), below_one("NaN"));
    assert_eq!(
        refusal(AverageConfig::Swa { start: 3 }),
        "swa_start is 3, and the whole run is 3 epochs, so nothing is averaged; choose less"
    );
}
