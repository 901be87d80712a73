//! Weights alone: any network, saved and loaded to the bit, and no bytes that pass for some.

use elman::error::{Error, Format, ModelError};
use elman::float::{Dtype, Parameters};
use elman::init::Init;
use elman::model::Model;
use elman::network::{
    Activation, CellKind, Dense, Direction, Dropout, Embedding, LayerNorm, Network, NetworkConfig, Output,
    Patch, Pooling, PoolingKind, Recurrent, Skip,
};
use elman::weights::Weights;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::setup::{Parts, bits, small_model};

/// Networks with every block there is, in every number type.
fn weights() -> Vec<Weights> {
    let gru = Recurrent::new(CellKind::Gru, 3);
    let configs = [
        NetworkConfig::new(1)
            .with(Embedding::new(5, 2))
            .with(gru.with_learned_state(true))
            .with(LayerNorm::new())
            .with(Dropout::new(0.125))
            .with(gru.with_output(Output::Last).with_direction(Direction::Both))
            .with(Dense::new(4).with_activation(Activation::Relu))
            .with(Dense::new(2).with_activation(Activation::Softmax).with_bias(false)),
        NetworkConfig::new(2)
            .with(Skip::new(2))
            .with(Patch::new(3))
            .with(Recurrent::new(CellKind::Lstm, 2).with_learned_state(true))
            .with(Pooling::new(PoolingKind::Max)),
        // Nothing to learn.
        NetworkConfig::new(2).with(Pooling::new(PoolingKind::Mean)),
    ];
    let both = configs.into_iter().flat_map(|config| {
        let network = Network::new(config).unwrap();
        let small: Vec<f32> = Init::Torch.draw(&network, 3).unwrap();
        let large: Vec<f64> = Init::Torch.draw(&network, 3).unwrap();
        [Weights::new(network.clone(), small).unwrap(), Weights::new(network, large).unwrap()]
    });
    both.collect()
}

fn read(bytes: &[u8]) -> Result<Weights, ModelError> {
    Weights::from_bytes("w", bytes)
}

#[track_caller]
fn message(bytes: &[u8]) -> String {
    read(bytes).map(|_| "weights").expect_err("no error").to_string()
}

#[test]
fn saved_and_loaded_are_the_same_weights() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("w.safetensors");
    for saved in weights() {
        saved.save(&path).unwrap();
        let loaded = Weights::open(&path).unwrap();
        assert_eq!(loaded.network().config(), saved.network().config());
        assert_eq!(loaded.parameters().dtype(), saved.parameters().dtype());
        assert_eq!(bits(loaded.parameters()), bits(saved.parameters()));
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(loaded.to_bytes().unwrap(), bytes, "equal weights are equal files");
        let parts = Parts::of(&bytes);
        assert_eq!(parts.build(), bytes, "the file is as documented");
        assert_eq!((parts.format.as_str(), &parts.version), ("weights", &json!(2)));
        let content: Value = serde_json::from_str(&parts.content).unwrap();
        let dtype = saved.parameters().dtype();
        assert_eq!(
            content,
            json!({"program": content["program"], "dtype": dtype, "network": saved.network().config()})
        );
        let mut names: Vec<_> =
            saved.network().layout().tensors().iter().map(|tensor| &tensor.name).collect();
        names.sort();
        assert!(names.into_iter().eq(parts.tensors.iter().map(|tensor| &tensor.name)));
    }
}

/// What came after version 2 is written as version 3, so that a program of the second says that the file is newer.
#[test]
fn options_of_blocks_that_version_2_does_not_know_are_written_as_version_3() {
    let lstm = Recurrent::new(CellKind::Lstm, 2);
    let configs = [
        NetworkConfig::new(1).with(Embedding::one_hot(3)).with(Dense::new(2)),
        NetworkConfig::new(1).with(lstm.with_recurrent_dropout(0.25)),
        NetworkConfig::new(1).with(lstm.with_zoneout(0.25, 0.0)),
        NetworkConfig::new(1).with(lstm.with_zoneout(0.0, 0.25)),
    ];
    for config in configs {
        let network = Network::new(config).unwrap();
        let parameters: Vec<f32> = Init::Torch.draw(&network, 3).unwrap();
        let bytes = Weights::new(network, parameters).unwrap().to_bytes().unwrap();
        let parts = Parts::of(&bytes);
        assert_eq!(parts.version, json!(3), "{}", parts.content);
        assert_eq!(read(&bytes).unwrap().to_bytes().unwrap(), bytes);
    }
}

#[test]
fn parameters_that_are_not_the_networks_are_refused() {
    let network = Network::new(NetworkConfig::new(1).with(Recurrent::new(CellKind::Elman, 1))).unwrap();
    let refusal = |parameters: Vec<f32>| Weights::new(network.clone(), parameters).unwrap_err().to_string();
    assert_eq!(
        refusal(vec![0.0; 3]),
        "parameters are 3, but the network has 4; give one for each entry of its layout"
    );
    for bad in [f32::NAN, f32::INFINITY] {
        assert_eq!(
            refusal(vec![0.0, bad, 0.0, bad]),
            "parameters hold NaN or infinity in weight_hh_l0; keep those of a step before they diverged"
        );
    }
    let large = Weights::new(network.clone(), vec![1e300, 0.1, 0.0, 0.0]).unwrap();
    assert!(large.to_dtype(Dtype::F32).is_err(), "beyond f32");
    assert_eq!(bits(large.to_dtype(Dtype::F64).unwrap().parameters()), bits(large.parameters()));
    let rounded = Weights::new(network, vec![0.1f64, 0.2, 0.3, 0.4]).unwrap().to_dtype(Dtype::F32).unwrap();
    assert_eq!(rounded.parameters(), &Parameters::F32(vec![0.1, 0.2, 0.3, 0.4]));
}

#[test]
fn streams_run_in_f32_and_say_so() {
    for weights in weights() {
        let causal = weights.network().is_causal();
        let message = weights.stream().map(|_| "a stream").map_err(|error| error.to_string());
        match (weights.parameters().dtype(), causal) {
            (Dtype::F64, _) => assert_eq!(
                message.unwrap_err(),
                "dtype is f64, but a stream runs in f32; round the parameters first"
            ),
            (_, false) => assert!(message.unwrap_err().ends_with("train anew without it")),
            (_, true) => assert_eq!(message, Ok("a stream")),
        }
    }
}

#[test]
fn other_kinds_of_files_are_told_apart() {
    let other = |found, wanted| ModelError::OtherFormat { name: "w".into(), found, wanted };
    let model = small_model();
    let error = read(&model.to_bytes().unwrap()).unwrap_err();
    assert_eq!(error, other(Format::Model, Format::Weights));
    assert_eq!(
        error.to_string(),
        "w is a whole model, not weights alone; open it as a model, which has weights"
    );
    let error = Model::from_bytes("w", &model.weights().to_bytes().unwrap()).unwrap_err();
    assert_eq!(error, other(Format::Weights, Format::Model));
    assert_eq!(
        error.to_string(),
        "w holds weights without a task: nothing says how to read data for them, or what they answer; train a \
         model with `elman train`, or let a program of yours run them (`elman::weights`)"
    );
    assert!(matches!(Weights::open("none".as_ref()), Err(Error::File(_))));
    assert_eq!(message(b"id,x\n"), "w is not a model file of Elman; make one with `elman train`");
}

#[test]
fn what_no_weights_can_be_is_refused() {
    let all = weights();
    let parts = Parts::of(&all[0].to_bytes().unwrap());
    let count = "it does not hold as many tensors as its network has";
    for (pointer, value, reason) in [
        ("/network/input_size", json!(0), "input_size is 0; it must be at least 1"),
        ("/network/input_size", json!(1u64 << 40), "input_size is 1099511627776; it must be at most 1048576"),
        ("/network/blocks", json!([]), "blocks are none; a network needs at least one"),
        ("/network/blocks/1/recurrent/learned_state", json!(false), count),
        ("/network/blocks/6/dense/bias", json!(true), count),
        (
            "/network/blocks/3/dropout/probability",
            json!(1.0),
            "dropout of block 3 (dropout) is 1; it must be at least 0 and below 1",
        ),
        (
            "/network/blocks/0/embedding/num_embeddings",
            json!(6),
            "its tensor \"embedding.weight\" is F32 [5, 2], but its network asks for F32 [6, 2]",
        ),
        (
            "/dtype",
            json!("f64"),
            "its tensor \"embedding.weight\" is F32 [5, 2], but its network asks for F64 [5, 2]",
        ),
    ] {
        let bytes =
            parts.clone().edit(|content| *content.pointer_mut(pointer).unwrap() = value.clone()).build();
        let expected = format!("w is damaged: {reason}; copy it again or train anew");
        assert_eq!(message(&bytes), expected, "{pointer} = {value}");
    }
    let mut early = parts.clone();
    early.version = json!(1);
    let said = message(&early.build());
    assert!(
        said.starts_with("w is damaged: its header says weights, which format version 1 did not have"),
        "{said}"
    );
    let unknown = parts.clone().edit(|content| content["task"] = json!(null)).build();
    assert!(message(&unknown).starts_with("w is damaged: its header says unknown field `task`"));
    let mut bytes = all[2].to_bytes().unwrap();
    for place in 0..bytes.len() {
        bytes[place] ^= 1 << (place % 8);
        assert!(read(&bytes).is_err(), "a flipped bit of byte {place} passes unseen");
        bytes[place] ^= 1 << (place % 8);
    }
    for len in 0..bytes.len() {
        assert!(read(&bytes[..len]).is_err(), "{len} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is in a file whose checksum is right: it is weights, which then can be written, read and run, or
    /// an error.
    #[test]
    fn no_change_with_a_right_checksum_panics(
        sample in 0usize..6,
        changes in prop::collection::vec((any::<prop::sample::Index>(), crate::fuzz::value()), 1..4),
        inputs in prop::collection::vec(-1.0f32..4.0, 8),
    ) {
        let mut parts = SAMPLES.with(|samples| samples[sample].clone());
        parts = parts.edit(|content| {
            for (index, value) in &changes {
                let mut leaves = Vec::new();
                crate::fuzz::collect(content, String::new(), &mut leaves);
                *content.pointer_mut(index.get::<String>(&leaves).as_str()).unwrap() = value.clone();
            }
        });
        if let Ok(weights) = read(&parts.build()) {
            let again = read(&weights.to_bytes().unwrap()).unwrap();
            prop_assert_eq!(bits(again.parameters()), bits(weights.parameters()));
            if let (Ok(mut stream), 1..=8) = (weights.stream(), weights.network().input_size()) {
                let mut output = vec![0.0; weights.network().output_size()];
                stream.step(&inputs[..weights.network().input_size()], &mut output);
            }
        }
    }
}

thread_local! {
    static SAMPLES: Vec<Parts> =
        weights().iter().map(|weights| Parts::of(&weights.to_bytes().unwrap())).collect();
}
