//! What observers are told, and how they end a run.

use elman::error::{Error, ModelError};
use elman::init::Init;
use elman::network::{CellKind, Readout};
use elman::schedule::ScheduleConfig;
use elman::train::{Control, Ended, Event, Observer, TrainConfig, Trainer};

use crate::setup::{self, assert_same, bits, examples, network, train_config};

#[test]
fn observers_are_told_everything_in_order() {
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(&network, &[2, 3, 1, 4, 2], 0);
    let validation = examples::<f64>(&network, &[2, 2], 1);
    let config = TrainConfig {
        epochs: 2,
        batch_size: 2,
        schedule: ScheduleConfig::Step { every: 1, factor: 0.5 },
        ..train_config()
    };
    let trainer = Trainer::new(&network, config, &train, &validation).unwrap();
    assert_eq!(trainer.batches_per_epoch(), 3);
    let start = Init::Torch.draw(&network, 1).unwrap();
    let (mut progress, mut places, mut told) = (trainer.start(start.clone()), Vec::new(), 0);
    let mut losses = Vec::new();
    let mut first = |event: &Event<'_, f64>| {
        match event {
            Event::Batch { progress, loss, sequences } => {
                places.push((progress.epoch, progress.batch, *sequences));
                losses.push((*loss, *sequences as f64));
            }
            Event::Epoch { progress, epoch, train_loss, validation_loss, rate, improved } => {
                assert_eq!((progress.epoch, progress.batch), (epoch + 1, 0));
                places.push((*epoch, 99, 0));
                // Each sequence has as many outputs: the mean is that over the sequences.
                let sum: f64 = losses.drain(..).map(|(loss, count)| loss * count).sum();
                assert!((train_loss - sum / 5.0).abs() < 1e-15);
                let validated: Vec<f64> = validation
                    .iter()
                    .map(|example| setup::loss(&network, &progress.parameters, example))
                    .collect();
                assert!((validation_loss.unwrap() - (validated[0] + validated[1]) / 2.0).abs() < 1e-15);
                assert_eq!(*rate, 0.1 * 0.5f64.powi(*epoch as i32));
                assert_eq!(*improved, progress.best.as_ref().unwrap().epoch == *epoch);
            }
        }
        Control::Continue
    };
    let mut second = |_: &Event<'_, f64>| {
        told += 1;
        Control::Continue
    };
    assert_eq!(trainer.run(&mut progress, &mut [&mut first, &mut second]).unwrap(), Ended::Finished);
    let epoch = |n| [(n, 1, 2), (n, 2, 2), (n, 3, 1), (n, 99, 0)];
    assert_eq!(places, [epoch(0), epoch(1)].concat());
    assert_eq!(told, 8);

    // The first loss is that of the starting parameters.
    let mut first_loss = None;
    let mut watch = |event: &Event<'_, f64>| {
        if let Event::Batch { loss, .. } = event {
            first_loss = Some(*loss);
        }
        Control::Stop
    };
    trainer.run(&mut trainer.start(start.clone()), &mut [&mut watch]).unwrap();
    let pairs = (0..5).flat_map(|a| (0..a).map(move |b| (a, b)));
    let mean = |(a, b): (usize, usize)| {
        (setup::loss(&network, &start, &train[a]) + setup::loss(&network, &start, &train[b])) / 2.0
    };
    assert!(pairs.map(mean).any(|mean| (mean - first_loss.unwrap()).abs() < 1e-15));
}

#[test]
fn a_stop_ends_the_run_at_that_event() {
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(&network, &[2, 3, 1], 0);
    let trainer = Trainer::new(&network, train_config(), &train, &[]).unwrap();
    let start = || trainer.start(Init::Torch.draw(&network, 1).unwrap());
    let mut whole = start();
    trainer.run(&mut whole, &mut []).unwrap();
    for stop_at in 1..=12 {
        let (mut progress, mut events, mut behind, mut seen) = (start(), 0, 0, Vec::new());
        let mut stop = |event: &Event<'_, f64>| {
            let (Event::Batch { progress, .. } | Event::Epoch { progress, .. }) = event;
            seen.clone_from(&progress.parameters);
            events += 1;
            if events == stop_at { Control::Stop } else { Control::Continue }
        };
        let mut bystander = |_: &Event<'_, f64>| {
            behind += 1;
            Control::Continue
        };
        let ended = trainer.run(&mut progress, &mut [&mut stop, &mut bystander]).unwrap();
        // At the last event there is nothing left to be interrupted.
        let expected = if stop_at == 12 { Ended::Finished } else { Ended::Interrupted };
        assert_eq!((ended, events, behind), (expected, stop_at, stop_at));
        assert_eq!(bits(&progress.parameters), bits(&seen), "no further update");
        let (epoch, event) = ((stop_at - 1) / 4, (stop_at - 1) % 4);
        let place = if event == 3 { (epoch + 1, 0) } else { (epoch, event + 1) };
        assert_eq!((progress.epoch, progress.batch), place);
        assert_eq!(trainer.run(&mut progress, &mut []).unwrap(), Ended::Finished);
        assert_same(&progress, &whole, "stopped and gone on");
    }
}

#[test]
fn an_observers_error_ends_the_run() {
    struct Failing;
    impl Observer<f64> for Failing {
        fn observe(&mut self, _: &Event<'_, f64>) -> Result<Control, Error> {
            Err(ModelError::NotAModel { name: "observer".into() }.into())
        }
    }
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(&network, &[2, 3], 0);
    let trainer = Trainer::new(&network, train_config(), &train, &[]).unwrap();
    let mut progress = trainer.start(Init::Torch.draw(&network, 1).unwrap());
    let error = trainer.run(&mut progress, &mut [&mut Failing]).unwrap_err();
    assert!(matches!(error, Error::Model(_)), "{error}");
    assert_eq!((progress.epoch, progress.batch), (0, 1));
}
