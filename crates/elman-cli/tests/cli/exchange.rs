//! `elman import` and `elman export`.

use crate::common::{Place, repository};
use elman::exchange::Device;
use elman::init::Init;
use elman::network::{CellKind, Dense, Network, NetworkConfig, Recurrent, Skip};
use elman::weights::Weights;
use serde_json::{Value, json};

fn with(name: &str) -> Place {
    Place::with(name, repository(&format!("reference/exchange/{name}")))
}

fn save(place: &Place, name: &str, config: NetworkConfig, device: Option<Device>) {
    let network = Network::new(config).expect("a network");
    let parameters: Vec<f32> = Init::Torch.draw(&network, 0).expect("parameters");
    let weights = Weights::new(network, parameters).expect("weights").with_device(device);
    weights.save(&place.path(name)).expect("a file");
}

fn lstm(size: usize) -> NetworkConfig {
    NetworkConfig::new(1).with(Recurrent::new(CellKind::Lstm, size)).with(Dense::new(1))
}

#[test]
fn a_file_of_nam_becomes_weights_and_a_file_again() {
    let place = with("lstm-1.nam");
    let said = place.ok("import lstm-1.nam");
    let told = "\
network   1 input -> lstm (3 units, learned initial state) -> dense (1) -> 1 output
          82 parameters
device    name made up
device    author reference
device    gear type pedal
device    sample rate 48000 Hz
device    loudness -20.5 dB
device    validation ESR 0.25
";
    assert_eq!(said.stdout, format!("read      NAM 0.7.0\n{told}wrote     lstm-1.elman\n"));
    assert_eq!(said.stderr, "");
    assert!(
        place.ok("inspect lstm-1.elman").stdout.ends_with(told.split_once("parameters\n").expect("a head").1)
    );
    assert_eq!(place.last_json("inspect lstm-1.elman")["device"]["sample_rate"], 48_000.0);
    assert!(place.ok("check lstm-1.elman").stdout.contains("agree with dual numbers"));

    let said = place.ok("export lstm-1.elman -o again.nam --name twin");
    let told = told.replace("made up", "twin");
    assert_eq!(said.stdout, format!("{told}wrote     NAM to again.nam\n"));
    let (first, again): (Value, Value) = (
        serde_json::from_slice(&place.read("lstm-1.nam")).expect("JSON"),
        serde_json::from_slice(&place.read("again.nam")).expect("JSON"),
    );
    assert_eq!(again["weights"], first["weights"]);
    assert_eq!(again["sample_rate"], first["sample_rate"]);
    assert_eq!((&again["version"], &again["metadata"]["name"]), (&json!("0.5.4"), &json!("twin")));
    // Standard output takes the same bytes.
    let output = place.run("export lstm-1.elman --format nam -o - --name twin");
    assert_eq!(output.stdout, place.read("again.nam"));
}

#[test]
fn a_file_of_aida_x_is_tested_with_what_it_holds() {
    let place = with("aida-x-lstm.json");
    let said = place.ok("import aida-x-lstm.json -o m.elman");
    assert!(
        said.stdout.contains("\nself test passed: the file's answers are met within "),
        "{}",
        said.stdout
    );
    let said = place.last_json("import aida-x-lstm.json -o m.elman --sample-rate 48000");
    assert_eq!((&said["format"], &said["device"]["input_gain"]), (&json!("aida-x"), &json!(3.0)));
    assert_eq!(said["device"]["sample_rate"], 48_000.0);
    let said = place.last_json("export m.elman --format aida-x -o again.json");
    assert_eq!(said["device"]["author"], "reference");
    let written: Value = serde_json::from_slice(&place.read("again.json")).expect("JSON");
    assert_eq!(written["metadata"]["samplerate"], "48000");
    assert_eq!((&written["samplerate"], &written["in_skip"]), (&json!(48_000), &json!(1)));
    assert_eq!(written["input_batch"].as_array().map(Vec::len), Some(2048));
}

#[test]
fn what_a_format_cannot_say_is_an_error_and_leaves_nothing() {
    let place = Place::new();
    save(&place, "m.elman", lstm(15).with(Skip::new(1)), None);
    place.refuses(
        2,
        "export m.elman --format nam",
        "--format nam holds LSTM layers of one size and a linear layer, from one input to one output, but this network has \
         a skip connection; guitarml, and aida-x for some sizes, have a place for skip connections",
    );
    place.refuses(2, "export m.elman", "say what to write with --format: nam, rtneural, aida-x or guitarml");
    place.refuses(
        2,
        "export m.elman --format wav",
        "--format \"wav\" is unknown; known are nam, rtneural, aida-x and guitarml",
    );
    place.refuses(
        2,
        "export m.elman --format guitarml --sample-rate 0",
        "--sample-rate is 0.0; it must be above 0 and finite",
    );
    let said = place.ok("export m.elman --format guitarml");
    assert_eq!(
        said.stderr,
        "note: Proteus loads one LSTM layer of 40 units, NeuralPi one of 20, with at most two knobs: not this network\n"
    );
    assert_eq!(place.names(), ["m.elman", "m.json"]);
    save(&place, "n.elman", lstm(8), None);
    let said = place.ok("export n.elman -o n.nam");
    assert_eq!(
        said.stderr,
        "note: the initial state is what 48,000 zero samples leave behind, as NAM's own exporter has it\n\
         note: no sample rate is known, and plug-ins take it for 48,000 Hz; give one with --sample-rate\n"
    );
}

#[test]
fn files_of_others_are_not_replaced() {
    let place = with("lstm-1.nam");
    place.write("m.elman", "mine");
    place.refuses(
        2,
        "import lstm-1.nam -o m.elman",
        "m.elman is there and is not a model that elman wrote: give another name to write to, or replace it with --force",
    );
    place.refuses(
        2,
        "import lstm-1.nam -o lstm-1.nam",
        "lstm-1.nam would be written over: give another name to write to",
    );
    place.ok("import lstm-1.nam -o m.elman --force");
    place.ok("import lstm-1.nam -o m.elman");
    place.refuses(
        2,
        "export m.elman -o lstm-1.nam",
        "lstm-1.nam is there and is not a NAM file that elman wrote: give another name to write to, or replace it with --force",
    );
    place.ok("export m.elman -o lstm-1.nam --force");
    place.ok("export m.elman -o lstm-1.nam");
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let place = Place::with("wave.nam", r#"{"version": "0.5.4", "architecture": "WaveNet"}"#);
    place.refuses(
        1,
        "import wave.nam",
        "wave.nam, architecture: is \"WaveNet\", which is no recurrent network; of NAM's architectures elman reads LSTM: \
         train the device as an LSTM, or take another file",
    );
    place.refuses(
        1,
        "import none.nam",
        "cannot read none.nam: there is no such file or folder; check the path",
    );
}

/// A network that was trained for a table is written as it is, and its ensemble not at all.
#[test]
fn a_model_with_a_task_is_written_without_it() {
    let place = Place::new();
    place.ok("train -q --epochs 1 -o m.elman --ensemble 1");
    let said = place.ok("export m.elman --format rtneural -o m.json");
    assert!(
        said.stderr.starts_with(
            "note: the file holds the network alone; how m.elman scales what goes in and comes out, to forecast, is left out\n"
        ),
        "{}",
        said.stderr
    );
}
