//! What is refused before training starts.

use elman::loss::{Loss, Targets};
use elman::network::{
    Activation, CellKind, Dense, Direction, Network, NetworkConfig, Patch, Pooling, PoolingKind, Readout,
    Recurrent, Stacked,
};
use elman::optimiser::OptimiserConfig;
use elman::schedule::ScheduleConfig;
use elman::sequence::Example;
use elman::train::{TrainConfig, Trainer};

use crate::setup::{examples, network, network_config, train_config};

fn refusal(
    network: &Network,
    config: TrainConfig,
    train: &[Example<f64>],
    validation: &[Example<f64>],
) -> String {
    Trainer::new(network, config, train, validation).expect_err("no error").to_string()
}

/// Options that make every loss or update senseless from the start are refused, not run into.
#[test]
fn senseless_numbers_are_refused() {
    use {OptimiserConfig as O, ScheduleConfig as S};
    let network = network(CellKind::Elman, Readout::Last);
    let values = examples::<f64>(&network, &[2, 3], 0);
    let classes: Vec<Example<f64>> =
        values.iter().map(|e| Example { x: e.x.clone(), targets: Targets::Classes(vec![0]) }).collect();
    let mut accepted = Vec::new();
    let mut check = |config: TrainConfig| {
        let train = if matches!(config.loss, Loss::CrossEntropy { .. }) { &classes } else { &values };
        if Trainer::new(&network, config.clone(), train, &[]).is_ok() {
            accepted.push(format!("{:?} {:?} {:?}", config.loss, config.optimiser, config.schedule));
        }
    };
    for weights in [[0.0, 0.0], [-1.0, 1.0], [f64::NAN, 1.0], [f64::INFINITY, 1.0]] {
        let loss = Loss::CrossEntropy { class_weights: Some(weights.to_vec()) };
        check(train_config().with_loss(loss));
    }
    for eps in [-1.0, f64::NAN, f64::INFINITY] {
        let adam = O::Adam { beta1: 0.9, beta2: 0.999, eps, weight_decay: 0.0 };
        let rmsprop = O::RmsProp { alpha: 0.9, eps, momentum: 0.0, weight_decay: 0.0 };
        [adam, rmsprop].into_iter().for_each(|optimiser| check(train_config().with_optimiser(optimiser)));
    }
    for (threshold, minimum) in
        [(f64::NAN, 0.0), (0.0, f64::NAN), (0.0, f64::INFINITY), (0.0, -1.0), (-1.0, 0.0)]
    {
        let schedule = S::Plateau { factor: 0.5, patience: 1, threshold, minimum };
        check(train_config().with_schedule(schedule));
    }
    assert!(accepted.is_empty(), "accepted:\n{}", accepted.join("\n"));
}

#[test]
fn bad_options_are_errors() {
    use {OptimiserConfig as O, ScheduleConfig as S};
    let network = network(CellKind::Elman, Readout::Last);
    let train = examples::<f64>(&network, &[2, 3], 0);
    let base = train_config;
    let sgd =
        |momentum, nesterov, weight_decay| base().with_optimiser(O::Sgd { momentum, nesterov, weight_decay });
    let rmsprop = |alpha, momentum, weight_decay| {
        base().with_optimiser(O::RmsProp { alpha, eps: 1e-8, momentum, weight_decay })
    };
    let adam =
        |beta1, beta2, weight_decay| base().with_optimiser(O::Adam { beta1, beta2, eps: 1e-8, weight_decay });
    let adamw = |beta1, beta2, weight_decay| {
        base().with_optimiser(O::AdamW { beta1, beta2, eps: 1e-8, weight_decay })
    };
    let plateau = |factor, threshold, minimum| {
        base().with_schedule(S::Plateau { factor, patience: 1, threshold, minimum })
    };
    let weights = |weight| base().with_loss(Loss::CrossEntropy { class_weights: Some(vec![1.0, weight]) });
    let eps = |optimiser| base().with_optimiser(optimiser);
    let nan = f64::NAN;
    let fraction = "it must be at least 0 and below 1";
    let cases = [
        (base().with_epochs(0), "epochs is 0; it must be at least 1".into()),
        (base().with_epochs(1 << 32), "epochs is 4294967296; it must be at most 4294967295".into()),
        (base().with_batch_size(0), "batch_size is 0; it must be at least 1".into()),
        (base().with_truncate(0), "truncate is 0; it must be at least 1".into()),
        (base().with_patience(0), "patience is 0; it must be at least 1".into()),
        (
            base().with_patience(3),
            "patience needs validation data to tell when to stop; set aside some, or leave it out".into(),
        ),
        (base().with_learning_rate(0.0), "learning_rate is 0.0; it must be above 0 and finite".into()),
        (base().with_learning_rate(-0.1), "learning_rate is -0.1; it must be above 0 and finite".into()),
        (base().with_learning_rate(f64::NAN), "learning_rate is NaN; it must be above 0 and finite".into()),
        (
            base().with_learning_rate(f64::INFINITY),
            "learning_rate is inf; it must be above 0 and finite".into(),
        ),
        (base().with_clip(0.0), "clip is 0.0; it must be above 0 and finite".into()),
        (base().with_clip(f64::NAN), "clip is NaN; it must be above 0 and finite".into()),
        (
            base().with_loss(Loss::Huber { delta: 0.0 }),
            "huber_delta is 0.0; it must be above 0 and finite".into(),
        ),
        (
            base().with_loss(Loss::CrossEntropy { class_weights: Some(vec![1.0; 3]) }),
            "class_weights has 3 values for 2 classes".into(),
        ),
        (sgd(1.0, false, 0.0), format!("momentum is 1.0; {fraction}")),
        (sgd(-0.5, false, 0.0), format!("momentum is -0.5; {fraction}")),
        (sgd(f64::NAN, false, 0.0), format!("momentum is NaN; {fraction}")),
        (sgd(0.0, true, 0.0), "nesterov looks ahead along the momentum, which is 0; set momentum".into()),
        (sgd(0.0, false, -1.0), "weight_decay is -1.0; it must be 0 or above".into()),
        (sgd(0.0, false, f64::INFINITY), "weight_decay is inf; it must be 0 or above".into()),
        (rmsprop(1.0, 0.0, 0.0), format!("alpha is 1.0; {fraction}")),
        (rmsprop(0.9, 1.5, 0.0), format!("momentum is 1.5; {fraction}")),
        (rmsprop(0.9, 0.0, f64::NAN), "weight_decay is NaN; it must be 0 or above".into()),
        (adam(1.0, 0.999, 0.0), format!("beta1 is 1.0; {fraction}")),
        (adam(0.9, 2.0, 0.0), format!("beta2 is 2.0; {fraction}")),
        (adam(0.9, 0.999, -0.1), "weight_decay is -0.1; it must be 0 or above".into()),
        (adamw(-1.0, 0.999, 0.0), format!("beta1 is -1.0; {fraction}")),
        (adamw(0.9, f64::NAN, 0.0), format!("beta2 is NaN; {fraction}")),
        (adamw(0.9, 0.999, -0.1), "weight_decay is -0.1; it must be 0 or above".into()),
        (
            base().with_schedule(S::Step { every: 0, factor: 0.5 }),
            "schedule_every is 0; it must be at least 1 epoch".into(),
        ),
        (
            base().with_schedule(S::Step { every: 1, factor: 0.0 }),
            "schedule_factor is 0.0; it must be above 0 and finite".into(),
        ),
        (plateau(nan, 0.0, 0.0), "schedule_factor is NaN; it must be above 0 and finite".into()),
        (plateau(1.0, 0.0, 0.0), "schedule_factor is 1; on a plateau it must be below 1".into()),
        (plateau(0.5, nan, 0.0), "schedule_threshold is NaN; it must be 0 or above".into()),
        (plateau(0.5, -1.0, 0.0), "schedule_threshold is -1.0; it must be 0 or above".into()),
        (plateau(0.5, 0.0, nan), "schedule_minimum is NaN; it must be 0 or above".into()),
        (plateau(0.5, 0.0, f64::INFINITY), "schedule_minimum is inf; it must be 0 or above".into()),
        (weights(0.0), "class_weights is 0.0; it must be above 0 and finite".into()),
        (weights(nan), "class_weights is NaN; it must be above 0 and finite".into()),
        (
            eps(O::RmsProp { alpha: 0.9, eps: 0.0, momentum: 0.0, weight_decay: 0.0 }),
            "eps is 0.0; it must be above 0 and finite".into(),
        ),
        (
            eps(O::Adam { beta1: 0.9, beta2: 0.999, eps: -1.0, weight_decay: 0.0 }),
            "eps is -1.0; it must be above 0 and finite".into(),
        ),
        (
            eps(O::AdamW { beta1: 0.9, beta2: 0.999, eps: nan, weight_decay: 0.0 }),
            "eps is NaN; it must be above 0 and finite".into(),
        ),
    ];
    for (config, message) in cases {
        assert_eq!(refusal(&network, config, &train, &[]), message);
    }
    let both = Stacked { bidirectional: true, ..network_config(CellKind::Elman, Readout::Last) };
    assert_eq!(
        refusal(&Network::new(both).unwrap(), base().with_truncate(2), &train, &[]),
        "truncate cuts sequences, but the reverse direction starts at their ends; use one direction"
    );
    assert_eq!(refusal(&network, base(), &[], &train), "train holds no sequences");
    assert_eq!(
        refusal(&network, base().with_burn_in(2), &train, &[]),
        "burn_in is 2, but training sequence 1 has 2 timesteps, so nothing of it is learned; choose less, or 0 for \
         none"
    );
}

/// Sequences are cut only where a network is then what it is for the whole of them.
#[test]
fn networks_that_need_whole_sequences_refuse_to_have_them_cut() {
    let layer = Recurrent::new(CellKind::Gru, 3);
    let start = || NetworkConfig::new(2).with(layer);
    let check = |config: NetworkConfig, truncate| {
        let network = Network::new(config.with(Dense::new(2))).unwrap();
        let train = examples::<f64>(&network, &[2, 3], 0);
        let config = train_config().with_truncate(truncate);
        Trainer::new(&network, config, &train, &[]).map(|_| ()).map_err(|error| error.to_string())
    };
    for kind in [PoolingKind::Mean, PoolingKind::Max] {
        let message = "truncate cuts sequences, but a pooling joins all their timesteps; leave it out";
        assert_eq!(check(start().with(Pooling::new(kind)), 2), Err(message.into()));
    }
    assert_eq!(check(start().with(Pooling::new(PoolingKind::Last)), 2), Ok(()));
    let reverse = start().with(layer.with_direction(Direction::Reverse));
    let message =
        "truncate cuts sequences, but the reverse direction starts at their ends; use one direction";
    assert_eq!(check(reverse.clone(), 2), Err(message.into()));
    let network = Network::new(reverse.with(Dense::new(2))).unwrap();
    let burned = refusal(&network, train_config().with_burn_in(1), &examples(&network, &[2, 3], 0), &[]);
    assert_eq!(burned, message.replace("truncate", "burn_in"));
    let patched = || start().with(Patch::new(2)).with(layer).with(Patch::new(3)).with(layer);
    for truncate in [1, 2, 3, 4, 9, usize::MAX] {
        let message = format!("truncate is {truncate}, but patches join 6 timesteps; choose a multiple of 6");
        assert_eq!(check(patched(), truncate), Err(message));
    }
    assert_eq!(check(patched(), 12), Ok(()));
}

#[test]
fn cross_entropy_of_probabilities_is_an_error() {
    let softmax = Dense::new(2).with_activation(Activation::Softmax);
    let network = Network::new(NetworkConfig::new(2).with(softmax)).unwrap();
    let train = [Example { x: vec![0.5; 2], targets: Targets::Classes(vec![1]) }];
    let config = train_config().with_loss(Loss::CrossEntropy { class_weights: None });
    assert_eq!(
        refusal(&network, config, &train, &[]),
        "loss cross-entropy takes the softmax itself; let the last block's activation be identity"
    );
}

#[test]
fn examples_that_do_not_fit_are_errors() {
    let values =
        |x: usize, targets: usize| Example { x: vec![0.5; x], targets: Targets::Values(vec![0.5; targets]) };
    let classes = |x: usize, classes: &[usize]| Example {
        x: vec![0.5; x],
        targets: Targets::Classes(classes.to_vec()),
    };
    let good = || values(4, 2);
    let last = network(CellKind::Elman, Readout::Last);
    for bad in [0, 1, 3, 5] {
        assert_eq!(
            refusal(&last, train_config(), &[good(), values(bad, 2)], &[]),
            format!("x of sequence 1 has {bad} values, not a multiple of input_size")
        );
    }
    let wrong = |n: usize, per: &str, wanted: usize| {
        format!("targets of sequence {n} do not fit: the network and the loss ask for {per}, {wanted} in all")
    };
    for bad in [values(4, 0), values(4, 1), values(4, 4)] {
        let message = refusal(&last, train_config(), &[good(), good(), bad], &[]);
        assert_eq!(message, wrong(2, "one per sequence", 2));
    }
    for bad in [classes(4, &[0]), classes(4, &[0, 1])] {
        let message = refusal(&last, train_config(), &[good(), good(), bad], &[]);
        assert_eq!(message, "targets of sequence 2 are classes, but the loss is for values");
    }
    assert_eq!(refusal(&last, train_config(), &[values(4, 3)], &[]), wrong(0, "one per sequence", 2));
    // Validation sequences are looked at as well.
    assert_eq!(refusal(&last, train_config(), &[good()], &[values(4, 1)]), wrong(1, "one per sequence", 2));

    let every = network(CellKind::Elman, Readout::Every);
    assert_eq!(refusal(&every, train_config(), &[values(6, 4)], &[]), wrong(0, "one per timestep", 6));
    assert!(Trainer::new(&every, train_config(), &[values(6, 6)], &[]).is_ok());

    let patches = NetworkConfig::new(2).with(Patch::new(2)).with(Dense::new(2));
    let patches = Network::new(patches).unwrap();
    let bad = refusal(&patches, train_config(), &[values(6, 6)], &[]);
    assert_eq!(bad, wrong(0, "one per 2 timesteps", 4));
    assert!(Trainer::new(&patches, train_config(), &[values(6, 4)], &[]).is_ok());

    let entropy = || train_config().with_loss(Loss::CrossEntropy { class_weights: None });
    for bad in [classes(4, &[]), classes(4, &[2]), classes(4, &[0, 0])] {
        let message = refusal(&last, entropy(), &[classes(4, &[1]), bad], &[]);
        assert_eq!(message, wrong(1, "one per sequence", 1));
    }
    for bad in [values(4, 1), values(4, 2)] {
        let message = refusal(&last, entropy(), &[classes(4, &[1]), bad], &[]);
        assert_eq!(message, "targets of sequence 1 are values, but the loss is for classes");
    }
    assert!(Trainer::new(&every, entropy(), &[classes(4, &[1, 0])], &[]).is_ok());
}
