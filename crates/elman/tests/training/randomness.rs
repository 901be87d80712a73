//! The order of the sequences, and dropout masks.

use elman::init::Init;
use elman::network::{CellKind, Network, Readout, Stacked};
use elman::optimiser::OptimiserConfig;
use elman::train::{Control, Event, Trainer};

use crate::setup::{examples, network, network_config, order, train_config};

#[test]
fn the_order_depends_on_seed_and_epoch_alone() {
    let gru = network(CellKind::Gru, Readout::Last);
    let orders = order(&gru, 1, OptimiserConfig::SGD);
    for order in &orders {
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..10).collect::<Vec<_>>(), "each sequence once");
    }
    assert_ne!(orders[0], orders[1]);
    assert_ne!(orders[1], orders[2]);
    assert_eq!(order(&gru, 1, OptimiserConfig::ADAM), orders);
    assert_eq!(order(&network(CellKind::Elman, Readout::Every), 1, OptimiserConfig::SGD), orders);
    let others = order(&gru, 2, OptimiserConfig::SGD);
    assert!(orders.iter().all(|order| !others.contains(order)));
}

/// The losses of a sequence that is learned from again and again at no rate: they differ by the masks.
#[test]
fn dropout_masks_depend_on_seed_and_update_alone() {
    let network = Network::new(Stacked {
        num_layers: 2,
        hidden_size: 8,
        dropout: 0.5,
        ..network_config(CellKind::Elman, Readout::Every)
    });
    let network = network.unwrap();
    let one = examples::<f64>(&network, &[6], 0).remove(0);
    let losses = |copies: usize, epochs: u64, seed: u64| {
        let train = vec![one.clone(); copies];
        let config = train_config().with_learning_rate(1e-300).with_epochs(epochs).with_seed(seed);
        let trainer = Trainer::new(&network, config, &train, &[]).unwrap();
        let mut losses = Vec::new();
        let mut see = |event: &Event<'_>| {
            if let Event::Batch { loss, .. } = event {
                losses.push(loss.to_bits());
            }
            Control::Continue
        };
        let mut progress = trainer.start(Init::Torch.draw(&network, 0).unwrap()).unwrap();
        trainer.run(&mut progress, &mut [&mut see]).unwrap();
        losses
    };
    let masked = losses(3, 4, 1);
    assert_eq!(masked, losses(3, 4, 1));
    // The number of the update counts, not how it is made up of epochs and batches.
    assert_eq!(masked, losses(4, 3, 1));
    assert_eq!(masked, losses(1, 12, 1));
    let mut all = [masked, losses(3, 4, 2)].concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 24, "every update has its own masks");
}
