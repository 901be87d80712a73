//! What observers are told, and how they end a run.

use elman::error::{Error, ModelError};
use elman::init::Init;
use elman::network::{CellKind, Readout};
use elman::schedule::ScheduleConfig;
use elman::train::{Control, Ended, Event, Observer, ObserverError, Trainer};

use crate::setup::{self, assert_same, bits, examples, network, train_config};

#[test]
fn observers_are_told_everything_in_order() {
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(&network, &[2, 3, 1, 4, 2], 0);
    let validation = examples::<f64>(&network, &[2, 2], 1);
    let config = train_config()
        .with_epochs(2)
        .with_batch_size(2)
        .with_schedule(ScheduleConfig::Step { every: 1, factor: 0.5 });
    let trainer = Trainer::new(&network, config, &train, &validation).unwrap();
    assert_eq!(trainer.batches_per_epoch(), 3);
    let start = Init::Torch.draw(&network, 1).unwrap();
    let (mut progress, mut places, mut told) = (trainer.start(start.clone()).unwrap(), Vec::new(), 0);
    let mut losses = Vec::new();
    let mut first = |event: &Event<'_>| {
        match event {
            Event::Batch { progress, loss, sequences, .. } => {
                places.push((progress.epoch(), progress.batch(), *sequences));
                losses.push((*loss, *sequences as f64));
            }
            Event::Epoch { progress, epoch, train_loss, validation_loss, rate, improved, .. } => {
                assert_eq!((progress.epoch(), progress.batch()), (epoch + 1, 0));
                places.push((*epoch, 99, 0));
                // Each sequence has as many outputs: the mean is that over the sequences.
                let sum: f64 = losses.drain(..).map(|(loss, count)| loss * count).sum();
                assert!((train_loss - sum / 5.0).abs() < 1e-15);
                let validated: Vec<f64> = validation
                    .iter()
                    .map(|example| setup::loss(&network, &progress.parameters().to_f64(), example))
                    .collect();
                assert!((validation_loss.unwrap() - (validated[0] + validated[1]) / 2.0).abs() < 1e-15);
                assert_eq!(*rate, 0.1 * 0.5f64.powi(*epoch as i32));
                assert_eq!(*improved, progress.best().unwrap().epoch == *epoch);
            }
            other => panic!("told of {other:?}"),
        }
        Control::Continue
    };
    let mut second = |_: &Event<'_>| {
        told += 1;
        Control::Continue
    };
    assert_eq!(trainer.run(&mut progress, &mut [&mut first, &mut second]).unwrap(), Ended::Finished);
    let epoch = |n| [(n, 1, 2), (n, 2, 2), (n, 3, 1), (n, 99, 0)];
    assert_eq!(places, [epoch(0), epoch(1)].concat());
    assert_eq!(told, 8);

    // The first loss is that of the starting parameters.
    let mut first_loss = None;
    let mut watch = |event: &Event<'_>| {
        if let Event::Batch { loss, .. } = event {
            first_loss = Some(*loss);
        }
        Control::Stop
    };
    trainer.run(&mut trainer.start(start.clone()).unwrap(), &mut [&mut watch]).unwrap();
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
    let start = || trainer.start(Init::Torch.draw(&network, 1).unwrap()).unwrap();
    let mut whole = start();
    trainer.run(&mut whole, &mut []).unwrap();
    for stop_at in 1..=12 {
        let (mut progress, mut events, mut behind, mut seen) = (start(), 0, 0, Vec::new());
        let mut stop = |event: &Event<'_>| {
            seen = event.progress().parameters().to_f64();
            events += 1;
            if events == stop_at { Control::Stop } else { Control::Continue }
        };
        let mut bystander = |_: &Event<'_>| {
            behind += 1;
            Control::Continue
        };
        let ended = trainer.run(&mut progress, &mut [&mut stop, &mut bystander]).unwrap();
        // At the last event there is nothing left to be interrupted.
        let expected = if stop_at == 12 { Ended::Finished } else { Ended::Interrupted };
        assert_eq!((ended, events, behind), (expected, stop_at, stop_at));
        assert_eq!(bits(progress.parameters()), bits(&seen), "no further update");
        let (epoch, event) = ((stop_at - 1) / 4, (stop_at - 1) % 4);
        let place = if event == 3 { (epoch + 1, 0) } else { (epoch, event + 1) };
        assert_eq!((progress.progress().epoch(), progress.progress().batch()), place);
        assert_eq!(trainer.run(&mut progress, &mut []).unwrap(), Ended::Finished);
        assert_same(&progress, &whole, "stopped and gone on");
    }
}

/// One of the library's comes back as it is, any other as [`Error::Observer`], its source intact.
#[test]
fn an_observers_error_ends_the_run() {
    #[derive(Debug, PartialEq)]
    struct Full(u32);
    impl std::fmt::Display for Full {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "shelf {} is full", self.0)
        }
    }
    impl std::error::Error for Full {}
    struct Failing;
    impl Observer for Failing {
        fn observe(&mut self, _: &Event<'_>) -> Result<Control, ObserverError> {
            Err(Full(7).into())
        }
    }
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(&network, &[2, 3], 0);
    let trainer = Trainer::new(&network, train_config(), &train, &[]).unwrap();
    let failure = |observer: &mut dyn Observer| {
        let mut state = trainer.start(Init::Torch.draw(&network, 1).unwrap()).unwrap();
        let error = trainer.run(&mut state, &mut [observer]).unwrap_err();
        assert_eq!((state.progress().epoch(), state.progress().batch()), (0, 1));
        error
    };
    let own = ModelError::NotAModel { name: "observer".into(), way: "leave it".into() };
    let error = failure(&mut |_: &Event<'_>| Err::<Control, _>(Error::from(own.clone())));
    assert!(matches!(error, Error::Model(error) if error == own));
    for error in [failure(&mut Failing), failure(&mut |_: &Event<'_>| Err::<Control, _>(Full(7)))] {
        assert!(matches!(&error, Error::Observer(error) if error.to_string() == "shelf 7 is full"));
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.downcast_ref::<Full>(), Some(&Full(7)));
    }
}
