//! The networks, losses and data that are checked when no model is given.

use super::{Problem, uniform};
use crate::error::ConfigError;
use crate::init::Init;
use crate::loss::{Loss, Resolution};
use crate::network::{
    Activation, CellKind, Dense, Direction, Dropout, Embedding, LayerNorm, Network, NetworkConfig, Output,
    Patch, Pooling, PoolingKind, Readout, Recurrent, Skip,
};
use crate::random::{Purpose, Rng};

impl Problem {
    /// All cells, one and two layers (with dropout between them), one and both directions, all losses of one output per
    /// value, both readouts; then every other block in chains of its own, and some in which many come together; last the
    /// losses of distributions and of signals; by the name of the network.
    ///
    /// # Errors
    /// None in practice: the configurations are valid.
    pub fn all(seed: u64) -> Result<Vec<Problem>, ConfigError> {
        let mut problems = Vec::new();
        for cell in CellKind::ALL {
            for (num_layers, bidirectional) in [(1, false), (1, true), (2, false), (2, true)] {
                let directions = if bidirectional { "two directions" } else { "one direction" };
                let layers = if num_layers == 1 { "1 layer" } else { "2 layers" };
                let name = format!("{cell}, {layers}, {directions}");
                for loss in losses() {
                    for readout in [Readout::Last, Readout::Every] {
                        let config = NetworkConfig::stacked(cell, 3, 4, num_layers, 3)
                            .bidirectional(bidirectional)
                            .dropout(if num_layers > 1 { 0.25 } else { 0.0 })
                            .readout(readout);
                        problems.push(Problem::drawn(&name, config.build()?, loss.clone(), seed)?);
                    }
                }
            }
        }
        for (name, config) in chains() {
            problems.push(Problem::drawn(&name, config, Loss::Squared, seed)?.shaken());
        }
        for (name, loss) in losses_of_distributions().into_iter().chain(losses_of_signals()) {
            let config = NetworkConfig::stacked(CellKind::Gru, 3, 4, 1, loss.output_size(2)).build()?;
            let name = format!("{name} loss");
            problems.push(Problem::drawn(&name, config, loss, seed)?.shaken());
        }
        Ok(problems)
    }

    fn drawn(name: &str, config: NetworkConfig, loss: Loss, seed: u64) -> Result<Problem, ConfigError> {
        let network = Network::new(config)?;
        let parameters = Init::Torch.draw(&network, seed)?;
        Ok(Problem::new(name.to_owned(), network, parameters, loss, seed))
    }

    /// Moves all parameters, so that none is 0 or 1 because it starts there.
    fn shaken(mut self) -> Self {
        let moves = uniform(self.parameters.len(), &mut Rng::new(self.seed, Purpose::Check(0)));
        self.parameters.iter_mut().zip(moves).for_each(|(parameter, by)| *parameter += 0.25 * by);
        self
    }
}

fn losses() -> [Loss; 4] {
    let class_weights = Some(vec![0.5, 1.0, 2.0]);
    [Loss::Squared, Loss::Absolute, Loss::Huber { delta: 0.5 }, Loss::CrossEntropy { class_weights }]
}

fn losses_of_distributions() -> Vec<(&'static str, Loss)> {
    let losses = [Loss::quantile([0.1, 0.5, 0.75]), Loss::Gaussian, Loss::StudentT];
    losses.map(|loss| (loss.name(), loss)).to_vec()
}

fn losses_of_signals() -> Vec<(&'static str, Loss)> {
    let pre_emphasis = Some(0.85);
    // Short ones, for short sequences.
    let resolutions =
        vec![Resolution { fft: 8, hop: 3, window: 6 }, Resolution { fft: 4, hop: 1, window: 4 }];
    let mrstft = Loss::Mrstft { resolutions, pre_emphasis: None };
    let terms = vec![(0.7, Loss::EsrNam { pre_emphasis }), (0.2, Loss::Absolute), (0.1, mrstft.clone())];
    vec![
        ("esr", Loss::Esr { pre_emphasis: None }),
        ("esr, pre-emphasis", Loss::Esr { pre_emphasis }),
        ("esr-nam", Loss::EsrNam { pre_emphasis: None }),
        ("esr-nam, pre-emphasis", Loss::EsrNam { pre_emphasis }),
        ("dc", Loss::Dc),
        ("esr-dc", Loss::esr_dc()),
        ("mrstft", mrstft),
        ("sum of three", Loss::Sum { terms }),
    ]
}

/// Chains of blocks, by name.
fn chains() -> Vec<(String, NetworkConfig)> {
    let start = || NetworkConfig::new(3);
    let gru = Recurrent::new(CellKind::Gru, 4);
    let lstm = Recurrent::new(CellKind::Lstm, 4);
    let mut chains = Vec::new();
    let mut add = |name: String, config: NetworkConfig| chains.push((name, config));
    for activation in Activation::ALL {
        let dense = Dense::new(3).with_activation(activation);
        let config = start().with(gru).with(dense);
        let inside = activation != Activation::Softmax;
        add(format!("dense with {activation}"), if inside { config.with(Dense::new(3)) } else { config });
    }
    let softmax = Dense::new(4).with_activation(Activation::Softmax);
    add("softmax inside".into(), start().with(softmax).with(gru).with(softmax).with(Dense::new(3)));
    let no_bias = Dense::new(3).with_bias(false);
    add("dense without bias".into(), start().with(no_bias).with(lstm).with(no_bias));
    let embedding = NetworkConfig::new(1).with(Embedding::new(5, 3));
    add("embedding".into(), embedding.clone().with(lstm).with(Dense::new(3)));
    let one_hot = NetworkConfig::new(1).with(Embedding::one_hot(5));
    add("one-hot embedding".into(), one_hot.with(lstm).with(Dense::new(3)));
    let norm = LayerNorm::new().with_eps(1e-3);
    add("layer norm".into(), start().with(norm).with(gru).with(LayerNorm::new()).with(Dense::new(3)));
    add(
        "skip".into(),
        start().with(Skip::new(3)).with(gru).with(Skip::new(2)).with(Dense::new(3)).with(Skip::new(1)),
    );
    for kind in [PoolingKind::Last, PoolingKind::Mean, PoolingKind::Max] {
        let name = format!("pooling, {kind}");
        let both = gru.with_direction(Direction::Both);
        add(name, start().with(both).with(Pooling::new(kind)).with(Dense::new(3)));
    }
    add("patch first".into(), start().with(Patch::new(2)).with(lstm).with(Dense::new(3)));
    let last = lstm.with_output(Output::Last).with_direction(Direction::Reverse);
    add("patch between".into(), start().with(gru).with(Patch::new(4)).with(last).with(Dense::new(3)));
    for cell in CellKind::ALL {
        let learned = Recurrent::new(cell, 4).with_learned_state(true).with_direction(Direction::Both);
        add(format!("learned state, {cell}"), start().with(learned).with(Dense::new(3)));
    }
    let masked = |cell| Recurrent::new(cell, 4).with_recurrent_dropout(0.4);
    add(
        "recurrent dropout".into(),
        start()
            .with(masked(CellKind::Lstm).with_direction(Direction::Both))
            .with(masked(CellKind::Gru).with_direction(Direction::Reverse).with_learned_state(true))
            .with(masked(CellKind::GruResetBefore))
            .with(masked(CellKind::Elman).with_output(Output::Last))
            .with(Dense::new(3)),
    );
    for cell in CellKind::ALL {
        let keeps = if cell.facts().states > 1 { [0.3, 0.4] } else { [0.3, 0.0] };
        let keeping = Recurrent::new(cell, 4).with_zoneout(keeps[0], keeps[1]);
        let both = keeping.with_direction(Direction::Both).with_learned_state(true);
        add(format!("zoneout, {cell}"), start().with(both).with(keeping).with(Dense::new(3)));
    }
    let twice = masked(CellKind::Lstm).with_zoneout(0.0, 0.5).with_output(Output::Last);
    add("zoneout of a cell's state and recurrent dropout".into(), start().with(twice).with(Dense::new(3)));
    let mixed = start()
        .with(Recurrent::new(CellKind::Lstm, 2).with_direction(Direction::Reverse))
        .with(Dropout::new(0.25))
        .with(Recurrent::new(CellKind::GruResetBefore, 5).with_direction(Direction::Both))
        .with(Recurrent::new(CellKind::ElmanRelu, 3).with_learned_state(true).with_output(Output::Last));
    add("mixed cells and sizes".into(), mixed);
    let many = embedding
        .with(lstm.with_direction(Direction::Both).with_learned_state(true))
        .with(LayerNorm::new())
        .with(Dense::new(5).with_activation(Activation::Elu))
        .with(Dropout::new(0.25))
        .with(Patch::new(2))
        .with(gru.with_direction(Direction::Reverse).with_learned_state(true))
        .with(Pooling::new(PoolingKind::Mean))
        .with(Dense::new(4).with_activation(Activation::Tanh))
        .with(Dense::new(3));
    add("many blocks".into(), many);
    chains
}
