//! Runs that leave the finite numbers.

use elman::error::{Diverged, Error};
use elman::float::Float;
use elman::init::Init;
use elman::loss::Targets;
use elman::network::{CellKind, Network, Readout};
use elman::optimiser::OptimiserConfig;
use elman::sequence::Example;
use elman::train::{Control, Event, TrainConfig, TrainState, Trainer};

use crate::setup::{examples, network, order, train_config};

/// Runs into the error; returns it, the progress, and the gradient norms of the batches before it.
fn diverge<T: Float>(
    network: &Network,
    config: TrainConfig,
    train: &[Example<T>],
    validation: &[Example<T>],
) -> (Diverged, TrainState<T>, Vec<f64>) {
    diverge_from(Init::Torch.draw(network, 1).unwrap(), network, config, train, validation)
}

fn diverge_from<T: Float>(
    start: Vec<T>,
    network: &Network,
    config: TrainConfig,
    train: &[Example<T>],
    validation: &[Example<T>],
) -> (Diverged, TrainState<T>, Vec<f64>) {
    let trainer = Trainer::new(network, config, train, validation).unwrap();
    let mut progress = trainer.start(start).unwrap();
    let mut norms = Vec::new();
    let mut watch = |event: &Event<'_>| {
        if let Event::Batch { progress, .. } = event {
            norms.push(progress.grad_norm().unwrap());
        }
        Control::Continue
    };
    match trainer.run(&mut progress, &mut [&mut watch]) {
        Err(Error::Diverged(diverged)) => (diverged, progress, norms),
        other => panic!("no divergence: {other:?}"),
    }
}

#[test]
fn an_exploding_run_is_told_where_it_was() {
    let network = network(CellKind::ElmanRelu, Readout::Last);
    let train = examples::<f64>(&network, &[4, 3, 5], 0);
    let config = train_config().with_epochs(100).with_learning_rate(5.0);
    let (diverged, progress, norms) = diverge(&network, config, &train, &[]);
    let place = diverged.epoch * 3 + diverged.batch;
    assert!(place > 1, "it exploded at once");
    assert_eq!(place, norms.len() as u64, "every batch before it was fine");
    assert_eq!(diverged.grad_norm, norms.last().copied());
    assert!(!diverged.value.is_finite());
    assert_eq!((diverged.learning_rate, diverged.clip), (5.0, None));
    assert_eq!((progress.progress().epoch(), progress.progress().batch()), (diverged.epoch, diverged.batch));
    assert!(progress.parameters().iter().all(|p| p.is_finite()), "the last good parameters are still there");
    assert_eq!(
        diverged.to_string(),
        format!(
            "training diverged: the {} became {} in epoch {}, batch {} (the gradient norm before it was {:.3e}). \
             Try a lower learning rate (it was 5.0), clipping of the gradient norm (1 is usual), or another \
             initialisation",
            diverged.quantity,
            diverged.value,
            diverged.epoch + 1,
            diverged.batch + 1,
            norms.last().unwrap()
        )
    );
}

#[test]
fn nan_in_the_data_is_found_in_its_batch() {
    let network = network(CellKind::Gru, Readout::Last);
    let config = train_config().with_seed(1).with_clip(2.5);
    let order = &order(&network, 1, OptimiserConfig::SGD)[0];
    for value in [f64::NAN, f64::INFINITY] {
        let mut train = examples::<f64>(&network, &[2; 10], 0);
        let bad = &mut train[order[4]];
        match &mut bad.targets {
            // A target that is NaN is missing.
            Targets::Values(values) if value.is_infinite() => values[1] = value,
            _ => bad.x[2] = value,
        }
        let (diverged, progress, norms) = diverge(&network, config.clone(), &train, &[]);
        assert_eq!((diverged.epoch, diverged.batch), (0, 4));
        assert_eq!(diverged.quantity, "loss");
        assert!(!diverged.value.is_finite());
        assert_eq!(norms.len(), 4);
        assert_eq!(diverged.grad_norm, Some(norms[3]));
        assert!(progress.parameters().iter().all(|p| p.is_finite()));
        assert_eq!(
            diverged.to_string(),
            format!(
                "training diverged: the loss became {} in epoch 1, batch 5 (the gradient norm before it was \
                 {:.3e}). Try a lower learning rate (it was 0.1), clipping below the present 2.5, or another \
                 initialisation",
                if value.is_nan() { "NaN" } else { "inf" },
                norms[3]
            )
        );
        // In the very first batch there was no update before.
        train.swap(order[4], order[0]);
        let (diverged, ..) = diverge(&network, config.clone(), &train, &[]);
        assert_eq!((diverged.epoch, diverged.batch, diverged.grad_norm), (0, 0, None));
        assert!(diverged.to_string().contains("batch 1 (there was no update before it)"), "{diverged}");
    }
}

#[test]
fn every_infinite_quantity_has_its_name() {
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f32>(&network, &[2, 3], 0);
    let mut validation = train.clone();
    validation[0].x[0] = f32::NAN;
    let (diverged, progress, norms) = diverge(&network, train_config(), &train, &validation);
    assert_eq!((diverged.quantity, diverged.epoch, norms.len()), ("validation loss", 0, 2));
    assert_eq!(progress.progress().best(), None);

    // One update, after which no loss is computed any more.
    let config = train_config().with_learning_rate(3e38).with_batch_size(2).with_epochs(1);
    let mut far = train.clone();
    far.iter_mut().for_each(|example| example.targets = Targets::Values(vec![1e6; 2]));
    let (diverged, progress, _) = diverge(&network, config, &far, &[]);
    assert_eq!((diverged.quantity, diverged.epoch), ("norm of the parameters", 0));
    assert_eq!(progress.progress().best(), None, "they are not kept");

    // A loss within f32, whose gradient is not: the slope 2e15 times inputs of 1e30, at tanh(0).
    let mut start = vec![0.0; network.layout().len()];
    start[network.layout().tensor("head.weight").unwrap().range.clone()].fill(0.5);
    let steep = [Example { x: vec![1e30f32; 2], targets: Targets::Values(vec![1e15; 2]) }];
    let (diverged, progress, _) = diverge_from(start.clone(), &network, train_config(), &steep, &[]);
    assert_eq!((diverged.quantity, diverged.epoch, diverged.batch), ("gradient norm", 0, 0));
    assert_eq!((diverged.grad_norm, progress.parameters()), (None, start.as_slice()));
}
