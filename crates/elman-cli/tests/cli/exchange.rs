//! `elman import` and `elman export`.

use crate::common::{Place, repository};
use elman::audio::{Recording, Wav};
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
device    validation ESR 0.2500
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
    let said = place.ok("export m.elman --format nam -o m.nam").stderr;
    let note = "note: nam has no place for a skip connection: 1 unit more in each layer, 1 in all, hand the input on, within a \
                millionth; a program that approximates tanh may play that part 1 % louder for each layer\n";
    assert!(said.contains(note), "{said}");
    assert!(
        place
            .ok("import m.nam -o read.elman")
            .stdout
            .contains("-> lstm (16 units, learned initial state) ->")
    );
    let place = Place::new();
    save(&place, "m.elman", lstm(15).with(Skip::new(1)), None);
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

/// What was learned from recordings goes out and comes back, and plays the same.
#[test]
fn a_model_of_sound_goes_out_and_comes_back() {
    let place = Place::new();
    let input: Vec<f32> = (0..9000).map(|n| (n as f32 * 0.05).sin() * (n as f32 * 0.0007).sin()).collect();
    let target: Vec<f32> = input.iter().map(|x| (2.0 * x).tanh()).collect();
    for (name, samples) in [("in.wav", &input), ("out.wav", &target)] {
        place.write(name, Wav::Float.write(44_100, samples).expect("a recording"));
    }
    place.ok("train label --audio in.wav out.wav --latency 0 --epochs 1 --hidden-size 8 -q -o m.elman");
    place.ok("predict m.elman in.wav -o first.wav");
    for format in ["aida-x", "guitarml"] {
        let said = place.ok(&format!("export m.elman --format {format} -o m.json --force"));
        assert!(said.stdout.ends_with("JSON to m.json\n"), "{}", said.stdout);
        assert!(!said.stderr.contains("scaling"), "{}", said.stderr);
        let said = place.ok("import m.json -o again.elman");
        assert!(said.stdout.contains("\ndevice    sample rate 44100 Hz\n"), "{}", said.stdout);
        place.ok("predict again.elman in.wav -o second.wav --force");
        assert!(place.read("first.wav") == place.read("second.wav"), "{format}");
    }
    let inspected = place.ok("inspect again.elman").stdout;
    assert!(inspected.contains("\ndata      none here: read from m.json\n"), "{inspected}");
    // Without a place for its skip connection it plays the same, to rounding.
    place.ok("export m.elman --format rtneural -o m.json --force");
    place.ok("import m.json -o again.elman --sample-rate 44100");
    place.ok("predict again.elman in.wav -o second.wav --force");
    let played = |name| Recording::open(&place.path(name), None).expect("a recording").samples;
    let (first, second) = (played("first.wav"), played("second.wav"));
    assert!(first.len() == 9000 && first.iter().zip(&second).all(|(a, b)| (a - b).abs() < 1e-6));
    assert_eq!(
        place.last_json("export m.elman --format aida-x -o m.json --force")["device"]["sample_rate"],
        44_100.0
    );
}

/// The guide's console blocks.
#[test]
fn the_guide_to_plug_ins_prints_what_it_says() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("reference/exchange")).expect("a folder");
    for name in ["lstm-1.nam", "guitarml-gru.json"] {
        let name = format!("reference/exchange/{name}");
        place.write(&name, repository(&name));
    }
    let guide = repository("docs/plugins.md");
    let blocks: Vec<&str> =
        guide.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 4, "{blocks:?}");
    for block in blocks {
        for example in block.split("$ cargo run --release -- ").skip(1) {
            let (command, printed) = example.split_once('\n').expect("a line");
            assert_eq!(place.ok(command).stdout, printed, "elman {command}");
        }
    }
}

#[test]
fn what_has_no_sample_rate_is_weights_alone() {
    let place = with("rtneural-gru.json");
    let said = place.ok("import rtneural-gru.json");
    let note = "note: weights alone are written: it has several outputs, and a model of sound has one\n";
    assert_eq!(said.stderr, note);
    assert!(place.ok("inspect rtneural-gru.elman").stdout.contains("task      none: weights alone"));
    save(&place, "w.elman", lstm(4), None);
    place.ok("export w.elman --format rtneural");
    let said = place.ok("import w.json -o m.elman");
    let note = "note: weights alone are written: no sample rate is known; give one with --sample-rate to make it a model of sound\n";
    assert_eq!(said.stderr, note);
    let said = place.ok("import w.json -o m.elman --sample-rate 44100.5");
    let note = "note: weights alone are written: 44100.5 samples per second are no whole number, as a model of sound has; give \
                another with --sample-rate\n";
    assert_eq!(said.stderr, note);
    assert_eq!(place.ok("import w.json -o m.elman --sample-rate 8000").stderr, "");
    assert!(place.ok("inspect m.elman").stdout.contains("task      label"));
}

/// A network that was trained for a table is written as it is, and its ensemble not at all.
#[test]
fn a_model_with_a_task_is_written_without_it() {
    let place = Place::new();
    place.ok("train -q --epochs 1 -o m.elman --ensemble 1");
    let said = place.ok("export m.elman --format rtneural -o m.json");
    assert!(
        said.stderr.starts_with(
            "note: the file holds the network alone; its scaling of inputs and outputs is left out\n"
        ),
        "{}",
        said.stderr
    );
}
