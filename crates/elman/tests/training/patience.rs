//! The best epoch, and patience.

use elman::float::Float;
use elman::init::Init;
use elman::loss::Targets;
use elman::network::{CellKind, Network, Readout};
use elman::optimiser::OptimiserConfig;
use elman::sequence::Example;
use elman::train::{Control, Ended, Event, TrainConfig, TrainState, Trainer};

use crate::setup::{bits, examples, network, train_config};

/// The validation losses and parameters at the ends of epochs.
fn watch<T: Float>(
    trainer: &Trainer<'_, T>,
    progress: &mut TrainState<T>,
) -> (Ended, Vec<(f64, bool, Vec<f64>)>) {
    let mut epochs = Vec::new();
    let mut watch = |event: &Event<'_>| {
        if let Event::Epoch { progress, validation_loss, improved, .. } = event {
            epochs.push((validation_loss.unwrap(), *improved, progress.parameters().to_f64()));
        }
        Control::Continue
    };
    (trainer.run(progress, &mut [&mut watch]).unwrap(), epochs)
}

/// One sequence each for training and validation, the same but for the target: what is learned passes
/// the validation target, with swing.
fn swinging<'a>(
    network: &'a Network,
    config: TrainConfig,
    data: &'a [Example<f64>; 2],
) -> (Trainer<'a, f64>, TrainState<f64>) {
    let [train, validation] = data;
    let trainer =
        Trainer::new(network, config, std::slice::from_ref(train), std::slice::from_ref(validation)).unwrap();
    let progress = trainer.start(Init::Torch.draw(network, 1).unwrap()).unwrap();
    (trainer, progress)
}

#[test]
fn patience_ends_the_run_and_the_best_parameters_are_kept() {
    let network = network(CellKind::Gru, Readout::Last);
    let example =
        |target| Example { x: vec![0.5, -1.0, 1.0, 0.25], targets: Targets::Values(vec![target; 2]) };
    let mut early = 0;
    for (validation_target, momentum) in [(0.5, 0.0), (0.9, 0.9), (1.1, 0.95), (-1.0, 0.0)] {
        let data = [example(1.0), example(validation_target)];
        let optimiser = OptimiserConfig::Sgd { momentum, nesterov: false, weight_decay: 0.0 };
        let config = train_config().with_epochs(60).with_optimiser(optimiser).with_learning_rate(0.02);
        let (trainer, mut progress) = swinging(&network, config.clone(), &data);
        let (ended, all) = watch(&trainer, &mut progress);
        assert_eq!((ended, all.len()), (Ended::Finished, 60));

        for patience in [1, 2, 5, 12, 59, 60] {
            // By the definition: the first epoch that is so many after the best up to there.
            let best = |up_to: usize| {
                (0..=up_to).min_by(|&a, &b| all[a].0.total_cmp(&all[b].0).then(a.cmp(&b))).unwrap()
            };
            let last = (0..60).find(|&epoch| epoch - best(epoch) >= patience);
            let expected = if last.is_some_and(|last| last < 59) { Ended::Early } else { Ended::Finished };
            let last = last.unwrap_or(59);

            let config = config.clone().with_patience(patience as u64);
            let (trainer, mut progress) = swinging(&network, config, &data);
            let (ended, epochs) = watch(&trainer, &mut progress);
            let what = format!("target {validation_target}, momentum {momentum}, patience {patience}");
            assert_eq!(
                (ended, epochs.len(), progress.progress().epoch()),
                (expected, last + 1, last as u64 + 1),
                "{what}"
            );
            early += usize::from(ended == Ended::Early);

            let (loss, _, parameters) = &all[best(last)];
            assert_eq!(bits(progress.kept()), bits(parameters), "{what}");
            let kept = progress.progress().best().unwrap();
            assert_eq!((kept.epoch, kept.loss), (best(last) as u64, *loss), "{what}");
            assert_eq!(bits(progress.parameters()), bits(&all[last].2), "{what}");
            for (epoch, (_, improved, _)) in epochs.iter().enumerate() {
                assert_eq!(*improved, best(epoch) == epoch, "{what}, epoch {epoch}");
            }
        }
    }
    assert!(early >= 12, "patience hardly ever ran out: {early} times");
}

#[test]
fn a_loss_that_stays_the_same_is_no_improvement() {
    let network = network(CellKind::Elman, Readout::Last);
    let data: [_; 2] = examples(&network, &[2, 3], 0).try_into().unwrap();
    let config = train_config().with_learning_rate(1e-300).with_patience(4).with_epochs(50);
    let (trainer, mut progress) = swinging(&network, config, &data);
    let (ended, epochs) = watch(&trainer, &mut progress);
    assert_eq!((ended, epochs.len()), (Ended::Early, 5));
    assert_eq!(progress.progress().best().unwrap().epoch, 0);
}

#[test]
fn patience_without_end_never_runs_out() {
    let network = network(CellKind::Elman, Readout::Last);
    let data: [_; 2] = examples(&network, &[2, 3], 0).try_into().unwrap();
    let config = train_config().with_patience(u64::MAX).with_epochs(6);
    let (trainer, mut progress) = swinging(&network, config, &data);
    assert_eq!(trainer.run(&mut progress, &mut []).unwrap(), Ended::Finished);
}

#[test]
fn without_validation_the_last_parameters_are_kept() {
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(&network, &[2, 3], 0);
    let trainer = Trainer::new(&network, train_config(), &train, &[]).unwrap();
    let mut progress = trainer.start(Init::Torch.draw(&network, 1).unwrap()).unwrap();
    assert_eq!(progress.kept(), progress.parameters());
    trainer.run(&mut progress, &mut []).unwrap();
    assert_eq!(progress.kept(), progress.parameters());
    assert_eq!(progress.progress().best().unwrap().epoch, 2);
}
