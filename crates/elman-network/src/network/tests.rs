use super::*;

fn network(config: NetworkConfig) -> Network {
    Network::new(config).unwrap()
}

fn gru(hidden_size: usize) -> Recurrent {
    Recurrent::new(CellKind::Gru, hidden_size)
}

#[test]
fn parameters_are_named_and_ordered_along_the_chain() {
    let config = NetworkConfig::new(1)
        .with(Embedding::new(7, 3))
        .with(Recurrent::new(CellKind::Lstm, 2).with_learned_state(true).with_direction(Direction::Both))
        .with(LayerNorm::new())
        .with(Dense::new(5).with_bias(false))
        .with(Patch::new(2))
        .with(gru(3).with_direction(Direction::Reverse).with_learned_state(true))
        .with(LayerNorm::new())
        .with(Dense::new(4))
        .with(Pooling::new(PoolingKind::Mean))
        .with(Dense::new(2));
    let network = network(config);
    let tensors =
        network.layout().tensors().iter().map(|tensor| format!("{} {:?}", tensor.name, tensor.shape));
    let expected = [
        "embedding.weight [7, 3]",
        "weight_ih_l0 [8, 3]",
        "weight_hh_l0 [8, 2]",
        "bias_ih_l0 [8]",
        "bias_hh_l0 [8]",
        "h0_l0 [2]",
        "c0_l0 [2]",
        "weight_ih_l0_reverse [8, 3]",
        "weight_hh_l0_reverse [8, 2]",
        "bias_ih_l0_reverse [8]",
        "bias_hh_l0_reverse [8]",
        "h0_l0_reverse [2]",
        "c0_l0_reverse [2]",
        "norm0.weight [4]",
        "norm0.bias [4]",
        "dense0.weight [5, 4]",
        "weight_ih_l1_reverse [9, 10]",
        "weight_hh_l1_reverse [9, 3]",
        "bias_ih_l1_reverse [9]",
        "bias_hh_l1_reverse [9]",
        "h0_l1_reverse [3]",
        "norm1.weight [3]",
        "norm1.bias [3]",
        "dense1.weight [4, 3]",
        "dense1.bias [4]",
        "head.weight [2, 4]",
        "head.bias [2]",
    ];
    assert_eq!(tensors.collect::<Vec<_>>(), expected);
    let mut end = 0;
    for tensor in network.layout().tensors() {
        assert_eq!(tensor.range, end..end + tensor.shape.iter().product::<usize>());
        end = tensor.range.end;
    }
    assert_eq!(end, network.layout().len());
    let states =
        network.states().iter().map(|state| (state.layer, state.direction, state.reverse, state.width()));
    assert_eq!(states.collect::<Vec<_>>(), [(0, 0, false, 4), (0, 1, true, 4), (1, 0, true, 3)]);
}

#[test]
fn a_stacked_network_is_a_chain() {
    let stacked = NetworkConfig::stacked(CellKind::Lstm, 3, 4, 2, 5).dropout(0.25).readout(Readout::Last);
    let layer = Recurrent::new(CellKind::Lstm, 4);
    let chain = NetworkConfig::new(3)
        .with(layer)
        .with(Dropout::new(0.25))
        .with(layer.with_output(Output::Last))
        .with(Dense::new(5));
    assert_eq!(stacked.clone().build().unwrap(), chain);
    assert_eq!(Stacked::of(&chain), Some(stacked));
    for other in [
        chain.clone().with(Dense::new(5)),
        NetworkConfig::new(3).with(layer.with_learned_state(true)).with(Dense::new(5)),
        NetworkConfig::new(3).with(layer.with_direction(Direction::Reverse)).with(Dense::new(5)),
        NetworkConfig::new(3).with(layer).with(gru(4)).with(Dense::new(5)),
        NetworkConfig::new(3).with(layer),
        NetworkConfig::new(3).with(Dense::new(5)),
    ] {
        assert!(Network::new(other.clone()).is_ok());
        assert_eq!(Stacked::of(&other), None, "{other:?}");
    }
    let both = NetworkConfig::stacked(CellKind::Elman, 1, 2, 3, 1).bidirectional(true);
    assert_eq!(Stacked::of(&both.clone().build().unwrap()), Some(both));
}

#[test]
fn the_output_has_its_own_time_axis() {
    let every = network(NetworkConfig::new(2).with(gru(3)));
    assert_eq!((every.output_len(7), every.patch_len(), every.ends_time()), (7, 1, false));
    let patches = NetworkConfig::new(2).with(Patch::new(3)).with(gru(3)).with(Patch::new(2));
    let patched = network(patches.clone());
    assert_eq!((patched.output_len(7), patched.patch_len(), patched.ends_time()), (2, 6, false));
    assert_eq!(patched.output_size(), 6);
    let packing = Packing::new(&[2, 13, 6, 7]);
    let outputs = patched.output_packing(&packing);
    assert_eq!((outputs.order(), outputs.lengths()), (&[1, 3, 2, 0][..], &[3, 2, 1, 1][..]));
    let pooled = network(patches.with(Pooling::new(PoolingKind::Max)).with(Dense::new(4)));
    assert_eq!((pooled.output_len(7), pooled.patch_len(), pooled.ends_time()), (1, 6, true));
    assert_eq!(pooled.output_packing(&packing).lengths(), [1; 4]);
    assert_eq!((pooled.input_size(), pooled.output_size()), (2, 4));
    assert!(pooled.is_causal() && patched.is_causal());
    assert!(!network(NetworkConfig::new(2).with(gru(3).with_direction(Direction::Reverse))).is_causal());
}

#[track_caller]
fn refused(config: NetworkConfig, message: &str) {
    assert_eq!(Network::new(config).unwrap_err().to_string(), message);
}

#[test]
fn options_out_of_range_are_refused() {
    let start = || NetworkConfig::new(2);
    refused(NetworkConfig::new(0).with(gru(1)), "input_size is 0; it must be at least 1");
    refused(start(), "blocks are none; a network needs at least one");
    refused(start().with(gru(0)), "hidden_size of block 0 (recurrent) is 0; it must be at least 1");
    refused(
        start().with(gru(1)).with(Dense::new(0)),
        "output_size of block 1 (dense) is 0; it must be at least 1",
    );
    refused(start().with(Patch::new(0)), "len of block 0 (patch) is 0; it must be at least 1");
    refused(start().with(Skip::new(0)), "inputs of block 0 (skip) is 0; it must be at least 1");
    refused(
        NetworkConfig::new(1).with(Embedding::new(0, 1)),
        "num_embeddings of block 0 (embedding) is 0; it must be at least 1",
    );
    refused(
        NetworkConfig::new(1).with(Embedding::new(1, 0)),
        "embedding_dim of block 0 (embedding) is 0; it must be at least 1",
    );
    let mut narrow = Embedding::one_hot(3);
    narrow.embedding_dim = 2;
    refused(
        NetworkConfig::new(1).with(narrow),
        "embedding_dim of block 0 (embedding) is 2, but one-hot vectors of 3 tokens are as long",
    );
    for eps in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let message = format!("eps of block 0 (layer-norm) is {eps:?}; it must be above 0 and finite");
        refused(start().with(LayerNorm::new().with_eps(eps)), &message);
    }
    for probability in [1.0, -0.1, f64::NAN] {
        let message =
            format!("dropout of block 1 (dropout) is {probability}; it must be at least 0 and below 1");
        refused(start().with(gru(1)).with(Dropout::new(probability)).with(gru(1)), &message);
    }
    for len in [1 << 20, usize::MAX] {
        let message = format!(
            "len of block 0 (patch) is {len}; with 2 values per timestep that makes more than 1048576: choose \
             shorter patches"
        );
        refused(start().with(Patch::new(len)), &message);
    }
    let many = |n: usize, block: Block| NetworkConfig { input_size: 1, blocks: vec![block; n] };
    refused(
        many(MAX_LAYERS + 1, gru(1).into()),
        "blocks have 1001 recurrent ones; at most 1000 are possible",
    );
    refused(many(MAX_BLOCKS + 1, Skip::new(1).into()), "blocks are 4001; at most 4000 are possible");
}

#[test]
fn a_block_by_itself_is_refused_for_its_own_options_alone() {
    let refused = |block: Block, message: &str| {
        assert_eq!(check_block(&block).unwrap_err().to_string(), message);
    };
    refused(gru(0).into(), "hidden_size is 0; it must be at least 1");
    refused(Dropout::new(1.0).into(), "dropout is 1; it must be at least 0 and below 1");
    refused(
        gru(1).with_zoneout(0.0, 0.5).into(),
        "zoneout_cell is 0.5, but gru has no state beside h; leave it out",
    );
    // Whether these fit depends on what stands before them.
    for block in [
        Skip::new(9).into(),
        Dropout::new(0.5).into(),
        Patch::new(1 << 20).into(),
        Embedding::new(3, 2).into(),
    ] {
        assert_eq!(check_block(&block), Ok(()), "{block:?}");
    }
}

#[test]
fn sizes_that_make_too_many_parameters_are_refused() {
    let more = "that makes more than 268435456 parameters";
    for size in [1 << 28, usize::MAX / 3, usize::MAX] {
        refused(
            NetworkConfig::new(2).with(gru(size)),
            &format!("hidden_size is {size}; {more}; choose fewer units"),
        );
        let both = gru(size).with_direction(Direction::Both).with_learned_state(true);
        refused(
            NetworkConfig::new(2).with(both),
            &format!("hidden_size is {size}; {more}; choose fewer units"),
        );
        let message = format!("output_size is {size}; {more}; choose fewer outputs");
        refused(NetworkConfig::new(2).with(Dense::new(size)), &message);
        let message = format!("num_embeddings of block 0 (embedding) is {size}; it must be at most 16777216");
        refused(NetworkConfig::new(1).with(Embedding::new(size, 2)), &message);
        let message = format!("input_size is {size}; it must be at most 1048576");
        refused(NetworkConfig::new(size).with(LayerNorm::new()), &message);
    }
    let tokens = 1 << 24;
    let message = format!("num_embeddings is {tokens}; {more}; choose fewer tokens");
    refused(NetworkConfig::new(1).with(Embedding::new(tokens, 17)), &message);
}

#[test]
fn blocks_in_places_where_they_mean_nothing_are_refused() {
    let start = || NetworkConfig::new(2);
    let pooling = || start().with(gru(3)).with(Pooling::new(PoolingKind::Mean));
    let last = || start().with(gru(3).with_output(Output::Last));
    let after: [(&str, Block); 4] = [
        ("recurrent", gru(2).into()),
        ("pooling", Pooling::new(PoolingKind::Max).into()),
        ("patch", Patch::new(2).into()),
        ("skip", Skip::new(1).into()),
    ];
    for (name, block) in after {
        let message = format!(
            "blocks hold a {name} (block 2) after block 1, which leaves one row per sequence; put the pooling after it"
        );
        refused(pooling().with(block), &message);
        let message = format!(
            "blocks hold a {name} (block 1) after block 0, which leaves one row per sequence; let that one's output be \
             every timestep"
        );
        refused(last().with(block), &message);
    }
    refused(
        start().with(gru(2)).with(Patch::new(2)).with(Skip::new(1)),
        "blocks hold a skip (block 2) after a patch, where a row stands for several timesteps; put it before",
    );
    for (inputs, before) in [(3, 5), (2, 1)] {
        let message = format!(
            "inputs of block 1 (skip) is {inputs}, but the network has 2 inputs and the block before it {before} \
             outputs; add no more than there are of both"
        );
        refused(start().with(gru(before)).with(Skip::new(inputs)), &message);
    }
    refused(
        start().with(Dropout::new(0.5)).with(gru(2)),
        "dropout is the first block, where it would act on the input; put it behind another block",
    );
    refused(
        start().with(gru(2)).with(Dropout::new(0.5)),
        "dropout is the last block, where it would act on the output; put it before another block",
    );
    refused(
        start().with(Embedding::new(3, 2)),
        "input_size is 2; an embedding reads one value, a token's id: let it be 1",
    );
    refused(
        NetworkConfig::new(1).with(Dense::new(1)).with(Embedding::new(3, 2)),
        "embedding of block 1 (embedding) reads token ids, which only the input holds; put it first",
    );
    refused(
        NetworkConfig::new(1).with(Embedding::new((1 << 24) + 1, 1)),
        "num_embeddings of block 0 (embedding) is 16777217; it must be at most 16777216",
    );
    // Blocks without parameters, which would ask for any amount of memory.
    let wide = (0..17).fold(NetworkConfig::new(1 << 20), |config, _| config.with(Skip::new(1)));
    refused(wide, "blocks hand on more than 16777216 values per timestep in all; choose smaller ones");
}

#[test]
fn states_are_read_and_written_in_the_order_of_the_sequences() {
    let config = NetworkConfig::new(1)
        .with(Recurrent::new(CellKind::Lstm, 2))
        .with(gru(3).with_direction(Direction::Both));
    let network = network(config);
    let packing = Packing::new(&[2, 5, 3]);
    let mut state = network.zero_state::<f64>(3);
    assert!(state.is_fresh());
    for sequence in 0..3 {
        for block in network.states() {
            let values = vec![(100 * block.layer + 10 * block.direction + sequence) as f64; block.width()];
            state.set(block.layer, block.direction, sequence, &packing, &values);
        }
    }
    assert!(!state.is_fresh());
    assert_eq!(state.get(1, 1, 2, &packing), [112.0; 3]);
    assert_eq!(state.get(0, 0, 1, &packing), [1.0; 4]);
    // The batch's own order is 1, 2, 0.
    assert_eq!(state.block(2), [111.0, 111.0, 111.0, 112.0, 112.0, 112.0, 110.0, 110.0, 110.0]);
    state.truncate(2);
    assert_eq!((state.batch_size(), state.block(0)), (2, &[1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0][..]));
    state.reset(1);
    assert_eq!((state.is_fresh(), state.block(1)), (true, &[0.0; 3][..]));
}

#[test]
fn an_initial_state_is_what_is_learned() {
    let learned = Recurrent::new(CellKind::Lstm, 2).with_learned_state(true);
    let network = network(NetworkConfig::new(1).with(gru(2)).with(learned));
    let parameters: Vec<f64> = (0..network.layout().len()).map(|n| n as f64).collect();
    let state = network.initial_state(&parameters, 2);
    assert!(state.is_fresh());
    assert_eq!(state.block(0), [0.0; 4]);
    let place = |name| network.layout().tensor(name).unwrap().range.start as f64;
    let (h, c) = (place("h0_l1"), place("c0_l1"));
    assert_eq!(state.block(1), [h, h + 1.0, c, c + 1.0, h, h + 1.0, c, c + 1.0]);
}

#[test]
fn a_chain_is_written_as_its_blocks() {
    let config = NetworkConfig::new(1)
        .with(Embedding::new(7, 3))
        .with(gru(4).with_direction(Direction::Both).with_learned_state(true))
        .with(Dropout::new(0.5))
        .with(LayerNorm::new())
        .with(Dense::new(2).with_activation(Activation::Elu))
        .with(Skip::new(1))
        .with(Patch::new(2))
        .with(Pooling::new(PoolingKind::Last));
    let json = serde_json::to_string(&config).unwrap();
    let expected = concat!(
        r#"{"input_size":1,"blocks":[{"embedding":{"num_embeddings":7,"embedding_dim":3}},"#,
        r#"{"recurrent":{"cell":"gru","hidden_size":4,"direction":"both","output":"every","learned_state":true}},"#,
        r#"{"dropout":{"probability":0.5}},{"layer-norm":{"eps":0.00001}},"#,
        r#"{"dense":{"output_size":2,"activation":"elu","bias":true}},{"skip":{"inputs":1}},"#,
        r#"{"patch":{"len":2}},{"pooling":{"kind":"last"}}]}"#,
    );
    assert_eq!(json.replace("1e-5", "0.00001"), expected);
    assert_eq!(serde_json::from_str::<NetworkConfig>(&json).unwrap(), config);
    let unknown = expected.replace("\"bias\"", "\"biass\"");
    assert!(serde_json::from_str::<NetworkConfig>(&unknown).is_err());
}
