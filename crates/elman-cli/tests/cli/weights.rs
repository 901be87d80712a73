//! Files of weights alone, as a training loop of one's own leaves them.

use crate::common::Place;
use elman::init::Init;
use elman::network::{
    Activation, CellKind, Dense, Network, NetworkConfig, Output, Pooling, PoolingKind, Recurrent,
};
use elman::weights::Weights;
use serde_json::{Value, json};

/// A place with weights in `w.safetensors` that end in a softmax.
fn place() -> Place {
    let config = NetworkConfig::new(2)
        .with(Recurrent::new(CellKind::Gru, 4).with_output(Output::Last))
        .with(Dense::new(3).with_activation(Activation::Softmax));
    let network = Network::new(config).expect("a network");
    let parameters: Vec<f32> = Init::Torch.draw(&network, 1).expect("parameters");
    let weights = Weights::new(network, parameters).expect("weights");
    let place = Place::new();
    weights.save(&place.path("w.safetensors")).expect("a file");
    place
}

#[test]
fn inspect_shows_the_network() {
    let place = place();
    let network = "network   2 inputs -> gru (4 units, last step) -> dense (3, softmax) -> 3 outputs\n          \
                   111 parameters in f32\ntask      none: weights alone\n";
    let said = place.ok("inspect w.safetensors");
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), (network, ""));
    let verbose = place.ok("inspect w.safetensors -v").stdout;
    let tensors = verbose.strip_prefix(network).unwrap();
    assert_eq!(tensors.lines().count(), 6);
    assert!(
        tensors.lines().any(|line| line.split_whitespace().eq(["weight_ih_l0", "[12,", "2]"])),
        "{tensors}"
    );
    let json = place.last_json("inspect w.safetensors");
    assert_eq!((&json["task"], &json["record"]), (&Value::Null, &Value::Null));
    assert_eq!((&json["parameters"], &json["dtype"]), (&json!(111), &json!("f32")));
    assert_eq!(json["network"]["blocks"][1]["dense"]["activation"], "softmax");
}

#[test]
fn check_proves_the_gradients_of_the_squared_error() {
    let place = place();
    let stdout = place.ok("check w.safetensors").stdout;
    for tensor in ["weight_ih_l0", "head.weight", "input", "initial state"] {
        assert!(stdout.contains(&format!("\n{tensor}  ")), "{stdout}");
    }
    assert!(stdout.trim_end().ends_with(" derivatives agree with dual numbers within 1e-9"), "{stdout}");
    let planted = place.run("check w.safetensors --inject");
    assert_eq!(planted.status.code(), Some(1));
    let stderr = String::from_utf8(planted.stderr).unwrap();
    assert!(stderr.contains("squared error of the last step"), "{stderr}");
}

#[test]
fn what_needs_a_task_says_so() {
    let place = place();
    for command in ["predict", "evaluate"] {
        place.refuses(
            1,
            &format!("{command} w.safetensors"),
            "w.safetensors holds weights without a task: nothing says how to read data for them, or what they \
             answer; train a model with `elman train`, or let a program of yours run them (`elman::weights`)",
        );
    }
    std::fs::rename(place.path("w.safetensors"), place.path("m.elman.checkpoint")).unwrap();
    place.refuses(
        1,
        "train -q --epochs 1 -o m.elman --resume",
        "m.elman.checkpoint holds weights, not a checkpoint; there is nothing to resume",
    );
}

#[test]
fn a_network_without_parameters_has_no_gradient_to_plant_an_error_in() {
    let network =
        Network::new(NetworkConfig::new(2).with(Pooling::new(PoolingKind::Mean))).expect("a network");
    let place = Place::new();
    let weights = Weights::new(network, Vec::<f32>::new()).expect("weights");
    weights.save(&place.path("none.safetensors")).expect("a file");
    place.ok("check none.safetensors");
    let message = "--inject plants an error in a parameter's gradient, and this network has none";
    place.refuses(2, "check --inject none.safetensors", message);
}
