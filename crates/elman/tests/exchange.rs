//! Files of other programs: what is read computes what `reference/exchange.py` says, what is written comes back to the
//! bit, and what cannot be read is refused by name.

use std::fs;

use elman::audio::{self, Pair, Player, Recording, Wav};
use elman::error::Error;
use elman::exchange::{Device, Format, Imported, Knob, ReadOptions, WriteOptions, read, write, write_with};
use elman::float::Parameters;
use elman::init::Init;
use elman::metrics::Metrics;
use elman::model::Model;
use elman::network::{
    Activation, Block, CellKind, Dense, Direction, Dropout, LayerNorm, Network, NetworkConfig, Output,
    Recurrent, Skip,
};
use elman::task::HeldOut;
use elman::weights::Weights;
use proptest::prelude::*;
use safetensors::SafeTensors;
use serde_json::{Value, json};

const FILES: [&str; 10] = [
    "aida-x-gru.json",
    "aida-x-lstm.json",
    "guitarml-gru.json",
    "guitarml-lstm.json",
    "guitarml-recnet.json",
    "guitarml-rnn.json",
    "lstm-1.nam",
    "lstm-2.nam",
    "rtneural-gru.json",
    "rtneural-lstm.json",
];

/// The reference is in `f64`: what is left are the roundings of `f32` along 48 timesteps of values near 1.
const TOLERANCE: f64 = 1e-6;

fn bytes(path: &str) -> Vec<u8> {
    let path = format!("{}/../../reference/{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn file(name: &str) -> Vec<u8> {
    bytes(&format!("exchange/{name}"))
}

fn imported(name: &str, bytes: &[u8]) -> Imported {
    read(name, bytes, &ReadOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The message with which bytes are refused.
fn refused(bytes: &[u8]) -> String {
    read("f", bytes, &ReadOptions::default()).expect_err("a refusal").to_string()
}

/// A file with one of its values replaced, or taken out.
fn edited(name: &str, pointer: &str, value: Option<Value>) -> Vec<u8> {
    let mut json: Value = serde_json::from_slice(&file(name)).expect("JSON");
    match value {
        Some(value) => match json.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => {
                let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
                json.pointer_mut(parent).expect("a parent")[key] = value;
            }
        },
        None => {
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            let parent = json.pointer_mut(parent).expect("a parent");
            match parent {
                Value::Array(list) => drop(list.remove(key.parse().expect("a place"))),
                parent => drop(parent.as_object_mut().expect("an object").remove(key)),
            }
        }
    }
    serde_json::to_vec(&json).expect("bytes")
}

/// The outputs of a stream.
fn answers(weights: &Weights, x: &[f32]) -> Vec<f32> {
    let mut stream = weights.stream().expect("a stream");
    let (inputs, outputs) = (weights.network().input_size(), weights.network().output_size());
    let mut all = Vec::new();
    for x in x.chunks_exact(inputs) {
        let mut output = vec![0.0; outputs];
        assert!(stream.step(x, &mut output));
        all.append(&mut output);
    }
    all
}

fn wave(len: usize) -> Vec<f32> {
    (0..len).map(|n| (n as f32 * 0.37).sin() * (n as f32 * 0.011).cos()).collect()
}

#[test]
fn what_is_read_computes_what_its_program_does() {
    let bytes = bytes("exchange.safetensors");
    let tensors = SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let numbers = |key: &str| -> Vec<f64> {
        let (words, _) = tensors.tensor(key).expect("a tensor").data().as_chunks::<8>();
        words.iter().map(|&word| f64::from_le_bytes(word)).collect()
    };
    for name in FILES {
        let Imported { weights, self_test, .. } = imported(name, &file(name));
        let x: Vec<f32> = numbers(&format!("{name}/x")).iter().map(|&x| x as f32).collect();
        let (found, wanted) = (answers(&weights, &x), numbers(&format!("{name}/y")));
        assert_eq!(found.len(), wanted.len(), "{name}");
        for (found, wanted) in found.iter().zip(&wanted) {
            assert!((f64::from(*found) - wanted).abs() < TOLERANCE, "{name}: {found} {wanted}");
        }
        assert_eq!(self_test.is_some(), name.starts_with("aida-x"), "{name}");
        assert!(self_test.unwrap_or_default() < TOLERANCE, "{name}: {self_test:?}");
    }
}

#[test]
fn the_facts_beside_a_network_are_kept() {
    let device = |name: &str| imported(name, &file(name)).weights.device().cloned().expect("a device");
    let nam = device("lstm-1.nam");
    assert_eq!((nam.name.as_deref(), nam.author.as_deref()), (Some("made up"), Some("reference")));
    assert_eq!((nam.gear_type.as_deref(), nam.gear_make), (Some("pedal"), None));
    assert_eq!((nam.sample_rate, nam.loudness, nam.validation_esr), (Some(48e3), Some(-20.5), Some(0.25)));
    let aida = device("aida-x-lstm.json");
    assert_eq!((aida.sample_rate, aida.validation_esr), (Some(44_100.0), Some(0.125)));
    assert_eq!((aida.input_gain, aida.output_gain), (Some(3.0), Some(-6.0)));
    assert!((aida.input_factor() - 1.412_537_544_622_754).abs() < 1e-15);
    let silent = Device::default();
    assert_eq!((silent.input_factor(), silent.output_factor()), (1.0, 1.0));

    // What a file leaves open is what its programs take for granted, and said.
    for (name, rate) in [("lstm-2.nam", 48e3), ("guitarml-lstm.json", 44_100.0)] {
        let read = imported(name, &file(name));
        assert_eq!(read.weights.device().and_then(|device| device.sample_rate), Some(rate), "{name}");
        let remark = read.remarks[0].to_string();
        assert!(remark.starts_with("the file says no sample rate; "), "{remark}");
    }
    let options = ReadOptions::default().with_sample_rate(Some(96e3)).with_name(Some("mine".into()));
    let read = read("f", &file("lstm-2.nam"), &options).expect("a network");
    let device = read.weights.device().expect("a device");
    assert_eq!(
        (device.sample_rate, device.name.as_deref(), read.remarks.len()),
        (Some(96e3), Some("mine"), 0)
    );
}

#[test]
fn a_device_stays_with_its_weights_in_their_file() {
    let weights = imported("aida-x-lstm.json", &file("aida-x-lstm.json")).weights;
    let saved = weights.to_bytes().expect("bytes");
    let opened = Weights::from_bytes("m", &saved).expect("weights");
    assert_eq!((opened.device(), opened.parameters()), (weights.device(), weights.parameters()));
    // Without one the file is that of programs that knew none.
    let plain = weights.with_device(None).to_bytes().expect("bytes");
    assert!(!String::from_utf8_lossy(&plain).contains("device"));
}

/// What plays a model stands its gains before and behind the network, and keeps knobs where they are set.
#[test]
fn a_model_of_sound_plays_with_its_gains() {
    let read = imported("aida-x-lstm.json", &file("aida-x-lstm.json"));
    let model = read.model("f").expect("a model");
    let opened = Model::from_bytes("m", &model.to_bytes().expect("bytes")).expect("a model");
    assert_eq!(
        (opened.device(), opened.sound().map(|s| s.sample_rate)),
        (read.weights.device(), Some(44_100))
    );
    let device = read.weights.device().expect("a device");
    let [input, output] = [device.input_factor(), device.output_factor()].map(|factor| factor as f32);
    let x = wave(50);
    let louder: Vec<f32> = x.iter().map(|x| x * input).collect();
    let mut played = Vec::new();
    Player::new(&opened, &[]).expect("a player").play(&x, &mut played).expect("samples");
    for (found, wanted) in played.iter().zip(answers(&read.weights, &louder)) {
        assert!((found - output * wanted).abs() < 1e-6, "{found} {wanted}");
    }
    // And it is measured with them: against its own answers, and against a device that does nothing, which is what went in.
    let pair = |target: &[f32]| {
        let [input, target] = [("in.wav", &x[..]), ("out.wav", target)].map(|(name, samples)| {
            let wav = Wav::Float.write(44_100, samples).expect("a recording");
            Recording::read(name, wav.as_slice(), None).expect("a recording")
        });
        Pair::new(input, target, &[]).expect("a pair")
    };
    let table = audio::prepare(&[pair(&played)], &[0]).expect("recordings").table;
    let evaluation = opened.evaluate(&table, &HeldOut::All).expect("an evaluation");
    let esr = |metrics: &Metrics| {
        metrics.iter().find(|metric| metric.name == "esr").and_then(|metric| metric.value)
    };
    assert!(esr(&evaluation.model).expect("a figure") < 1e-12, "{evaluation:?}");
    let difference: f32 = x.iter().zip(&played).map(|(x, y)| (x - y).powi(2)).sum();
    let energy: f32 = played.iter().map(|y| y * y).sum();
    let of_input = esr(&evaluation.baselines[0].metrics).expect("a figure");
    assert!((of_input - f64::from(difference / energy)).abs() < 1e-4 * of_input, "{of_input}");
    let knobs = imported("aida-x-gru.json", &file("aida-x-gru.json"));
    let mut player =
        Player::new(&knobs.model("f").expect("a model"), &[("knob1".into(), 0.25)]).expect("a player");
    player.play(&x, &mut played).expect("samples");
    let x: Vec<f32> = x.iter().flat_map(|&x| [x, 0.25]).collect();
    assert_eq!(played, answers(&knobs.weights, &x));
    // Several outputs are no sound, and neither is what has no rate.
    for name in ["guitarml-rnn.json", "rtneural-lstm.json"] {
        assert!(imported(name, &file(name)).model("f").is_err(), "{name}");
    }
}

/// Each in the format that it came in, and in the others that have a place for it.
#[test]
fn what_was_read_is_written_to_the_bit() {
    let skips = |weights: &Weights| {
        weights.network().config().blocks.iter().any(|block| matches!(block, Block::Skip(_)))
    };
    let mut written_in = Vec::new();
    for name in FILES {
        let first = imported(name, &file(name)).weights;
        let x = wave(60 * first.network().input_size());
        for format in Format::ALL {
            let Ok(written) = write(&first, format) else { continue };
            assert!(format.is_written_by_elman(&written.file[..64]), "{name} {format}");
            let again = imported("again", &written.file);
            assert_eq!(again.format, format, "{name}");
            if format == imported(name, &file(name)).format {
                assert_eq!(written.file, write(&again.weights, format).expect("a file").file, "{name}");
                assert_eq!(again.weights.device().map(|d| &d.name), first.device().map(|d| &d.name));
            }
            // NAM starts elsewhere, and only AIDA-X has gains.
            let changed = (format == Format::Nam) != name.ends_with(".nam") || name == "aida-x-lstm.json";
            if !changed || format == Format::AidaX {
                let (found, wanted) = (answers(&again.weights, &x), answers(&first, &x));
                // Units that stand for a skip connection hand on what is rounded.
                let tolerance = if skips(&first) && !skips(&again.weights) { 1e-6 } else { 0.0 };
                let errors = found.iter().zip(&wanted).map(|(found, wanted)| (found - wanted).abs());
                assert!(errors.fold(0.0, f32::max) <= tolerance, "{name} as {format}: {found:?} {wanted:?}");
            }
            written_in.push(format!("{name} {format}"));
        }
    }
    let wanted = [
        "aida-x-gru.json rtneural",
        "aida-x-gru.json aida-x",
        "aida-x-gru.json guitarml",
        "aida-x-lstm.json nam",
        "aida-x-lstm.json rtneural",
        "aida-x-lstm.json aida-x",
        "guitarml-gru.json rtneural",
        "guitarml-gru.json guitarml",
        "guitarml-lstm.json rtneural",
        "guitarml-lstm.json guitarml",
        "guitarml-recnet.json nam",
        "guitarml-recnet.json rtneural",
        "guitarml-recnet.json guitarml",
        "guitarml-rnn.json guitarml",
        "lstm-1.nam nam",
        "lstm-1.nam rtneural",
        "lstm-1.nam guitarml",
        "lstm-2.nam nam",
        "lstm-2.nam rtneural",
        "lstm-2.nam guitarml",
        "rtneural-gru.json rtneural",
        "rtneural-lstm.json rtneural",
    ];
    assert_eq!(written_in, wanted);
}

fn drawn(config: NetworkConfig, seed: u64) -> Weights {
    let network = Network::new(config).expect("a network");
    let parameters: Vec<f32> = Init::Torch.draw(&network, seed).expect("parameters");
    Weights::new(network, parameters).expect("weights")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn drawn_networks_come_back_to_the_bit(
        inputs in 1usize..4,
        sizes in prop::collection::vec(1usize..20, 1..4),
        gru in any::<bool>(),
        dropout in any::<bool>(),
        bias in any::<bool>(),
        activation in 0..Activation::ALL.len(),
        seed in any::<u64>(),
    ) {
        let cell = if gru { CellKind::Gru } else { CellKind::Lstm };
        let x = wave(40 * inputs);
        // RTNeural: layers of any sizes and functions.
        let mut config = NetworkConfig::new(inputs);
        for &size in &sizes {
            config = config.with(Recurrent::new(cell, size));
            if dropout {
                config = config.with(Dropout::new(0.5));
            }
        }
        let dense = Dense::new(3).with_activation(Activation::ALL[activation]);
        let weights = drawn(config.with(dense).with(Dense::new(2).with_bias(bias)), seed);
        let written = write(&weights, Format::Rtneural).expect("a file");
        prop_assert_eq!(answers(&imported("f", &written.file).weights, &x), answers(&weights, &x));
        // GuitarML: layers of one size, a skip connection.
        let mut config = NetworkConfig::new(inputs);
        for _ in &sizes {
            config = config.with(Recurrent::new(cell, sizes[0]));
        }
        let weights = drawn(config.with(Dense::new(2).with_bias(bias)).with(Skip::new(inputs.min(2))), seed);
        let written = write(&weights, Format::Guitarml).expect("a file");
        let again = imported("f", &written.file).weights;
        prop_assert_eq!(again.parameters(), weights.parameters());
        prop_assert_eq!(again.network().config(), weights.network().config());
        // AIDA-X: one layer of a size that it has.
        let size = [8, 12, 16, 20, 24, 32, 40, 64, 80][sizes[0] % 9];
        let config = NetworkConfig::new(inputs).with(Recurrent::new(cell, size)).with(Dense::new(1).with_bias(bias));
        let config = if dropout { config.with(Skip::new(1)) } else { config };
        let weights = drawn(config, seed);
        let written = write(&weights, Format::AidaX).expect("a file");
        let again = imported("f", &written.file);
        prop_assert_eq!(answers(&again.weights, &x), answers(&weights, &x));
        prop_assert_eq!(again.self_test, Some(0.0));
        // NAM: a learned initial state.
        let mut config = NetworkConfig::new(1);
        for _ in &sizes {
            config = config.with(Recurrent::new(CellKind::Lstm, sizes[0]).with_learned_state(true));
        }
        let weights = drawn(config.with(Dense::new(1).with_bias(bias)), seed);
        let written = write(&weights, Format::Nam).expect("a file");
        prop_assert_eq!(answers(&imported("f", &written.file).weights, &x), answers(&weights, &x));
    }

    /// Whatever becomes of a file, it is read or refused.
    #[test]
    fn damaged_files_are_read_or_refused(
        name in prop::sample::select(FILES.to_vec()),
        at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut bytes = file(name);
        for (place, byte) in at {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        match read(name, &bytes, &ReadOptions::default()) {
            // Without the key that tells GuitarML's files they are PyTorch's, which are not written.
            Ok(read) => prop_assert!(read.format == Format::Torch || write(&read.weights, read.format).is_ok()),
            Err(error) => prop_assert!(error.to_string().starts_with(name), "{}", error),
        }
    }
}

/// Without a learned one, a file of NAM starts from the state that silence leaves behind.
#[test]
fn nam_starts_where_silence_ends() {
    let config = NetworkConfig::new(1);
    let config = config.with(Recurrent::new(CellKind::Lstm, 5)).with(Recurrent::new(CellKind::Lstm, 5));
    let weights = drawn(config.with(Dense::new(1)), 3);
    let written = write(&weights, Format::Nam).expect("a file");
    assert!(written.remarks[0].to_string().contains("48,000 zero samples"), "{:?}", written.remarks);
    let x = [vec![0.0; 48_000], wave(50)].concat();
    assert_eq!(answers(&imported("f", &written.file).weights, &wave(50)), answers(&weights, &x)[48_000..]);
    // Not from zeros.
    assert_ne!(answers(&imported("f", &written.file).weights, &wave(1)), answers(&weights, &wave(1)));
}

/// A format without a skip connection has units that hand the input on, through silence and full scale alike.
#[test]
fn skip_connections_become_units_where_a_format_has_none() {
    let layers = |cell, count| {
        let config = (0..count).fold(NetworkConfig::new(1), |config, _| config.with(Recurrent::new(cell, 5)));
        config.with(Dense::new(1)).with(Skip::new(1))
    };
    let knobs =
        NetworkConfig::new(2).with(Recurrent::new(CellKind::Lstm, 6)).with(Dense::new(3)).with(Skip::new(2));
    let cases = [
        (Format::Nam, layers(CellKind::Lstm, 1), "1 unit more in each layer, 1 in all"),
        (Format::Nam, layers(CellKind::Lstm, 2), "1 unit more in each layer, 2 in all"),
        (Format::Rtneural, layers(CellKind::Gru, 1), "1 unit more in each layer, 1 in all"),
        (Format::Rtneural, layers(CellKind::Gru, 2), "1 unit more in each layer, 2 in all"),
        (Format::Rtneural, knobs, "2 units more in each layer, 2 in all"),
    ];
    for (format, config, said) in cases {
        let weights = drawn(config, 3);
        let written = write(&weights, format).expect("a file");
        let remarks = written.remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(remarks.contains(said), "{remarks}");
        // NAM starts from the state after silence; units that hand on remember nothing of it.
        let silence = if format == Format::Nam { 48_000 } else { 0 };
        let x: Vec<f32> = wave(2000);
        let heard = [vec![0.0; silence], x.clone()].concat();
        let wanted = answers(&weights, &heard);
        let found = answers(&imported("f", &written.file).weights, &x);
        let wanted = &wanted[wanted.len() - found.len()..];
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-6, "{format}: {found} {wanted}");
        }
    }
    // Gains of a device, which no skip connection could have, are taken up by units.
    for gain in [6.0, 60.0] {
        let mut device = Device::default();
        (device.input_gain, device.output_gain) = (Some(gain), Some(-4.0));
        let (input, output) = (device.input_factor() as f32, device.output_factor() as f32);
        let weights = drawn(layers(CellKind::Gru, 1), 3).with_device(Some(device));
        let written = write(&weights, Format::Rtneural).expect("a file");
        let louder: Vec<f32> = wave(200).iter().map(|x| x * input).collect();
        let found = answers(&imported("f", &written.file).weights, &wave(200));
        for (found, wanted) in found.iter().zip(answers(&weights, &louder)) {
            let wanted = output * wanted;
            assert!((found - wanted).abs() < 2e-6 * wanted.abs().max(1.0), "{gain} dB: {found} {wanted}");
        }
    }
}

/// The level at which a network was trained is in the weights of every file, which reads and answers at that of the
/// recordings: to the bit, since gains of training are powers of two.
#[test]
fn files_read_and_answer_at_the_recordings_own_level() {
    let network = |format: Format, cell: CellKind, skip: bool| {
        // Of these NAM alone has a place for the state from which a network starts.
        let recurrent = Recurrent::new(cell, 8).with_learned_state(format == Format::Nam);
        let config = NetworkConfig::new(1).with(recurrent).with(Dense::new(1));
        drawn(if skip { config.with(Skip::new(1)) } else { config }, 7)
    };
    for (cell, skip, gains) in [
        (CellKind::Lstm, false, [16.0, 0.125]),
        (CellKind::Lstm, true, [16.0, 0.0625]),
        (CellKind::Gru, false, [0.5, 32.0]),
        (CellKind::Gru, true, [0.25, 4.0]),
    ] {
        let [input, output] = gains.map(|gain| gain as f32);
        let x: Vec<f32> = wave(200).iter().map(|x| x / input).collect();
        for format in
            Format::ALL.into_iter().filter(|&format| format != Format::Nam || cell == CellKind::Lstm)
        {
            let weights = network(format, cell, skip);
            let file = write_with(&weights, &WriteOptions::default().with_gains(gains), format);
            let found = answers(&imported("f", &file.expect("a file").file).weights, &x);
            // Units that hand the input on do so within a millionth.
            let is_passed = skip && matches!(format, Format::Nam | Format::Rtneural);
            let most = if is_passed { 2e-6 * output } else { 0.0 };
            for (found, inner) in found.iter().zip(answers(&weights, &wave(200))) {
                let wanted = inner * output;
                assert!((found - wanted).abs() <= most, "{cell} {format} {skip}: {found} {wanted}");
            }
        }
    }
    // What a skip connection adds has one level.
    let weights = network(Format::Guitarml, CellKind::Lstm, true);
    let error = write_with(&weights, &WriteOptions::default().with_gains([2.0, 4.0]), Format::Guitarml);
    let error = error.expect_err("a refusal").to_string();
    assert!(error.contains("cannot take up the levels at which it was trained"), "{error}");
}

/// A format without gains has them in its weights.
#[test]
fn gains_go_into_weights_where_a_format_has_none() {
    let config = NetworkConfig::new(2).with(Recurrent::new(CellKind::Gru, 8)).with(Dense::new(1));
    let mut device = Device::default();
    (device.input_gain, device.output_gain) = (Some(6.0), Some(-4.0));
    let weights = drawn(config.clone(), 1).with_device(Some(device.clone()));
    let written = write(&weights, Format::Guitarml).expect("a file");
    assert_eq!(
        written.remarks[0].to_string(),
        "guitarml has no place for gains: they are multiplied into the weights"
    );
    let again = imported("f", &written.file).weights;
    let x = wave(120);
    // The first of two inputs is the audio.
    let (input, output) = (device.input_factor() as f32, device.output_factor() as f32);
    let louder: Vec<f32> = x.chunks_exact(2).flat_map(|x| [x[0] * input, x[1]]).collect();
    for (found, wanted) in answers(&again, &x).iter().zip(answers(&weights, &louder)) {
        assert!((found - output * wanted).abs() < 1e-6, "{found} {wanted}");
    }
    // AIDA-X keeps them beside.
    let written = write(&weights, Format::AidaX).expect("a file");
    assert_eq!(imported("f", &written.file).weights.device().and_then(|d| d.input_gain), Some(6.0));
    // What a skip connection adds cannot be amplified by weights.
    let skipping = drawn(config.with(Skip::new(1)), 1).with_device(Some(device));
    let error = write(&skipping, Format::Guitarml).expect_err("a refusal").to_string();
    assert!(error.ends_with("this network's weights cannot take them up; write it as aida-x"), "{error}");
}

#[test]
fn networks_that_a_format_cannot_say_are_refused() {
    let lstm = Recurrent::new(CellKind::Lstm, 16);
    let start = || NetworkConfig::new(1);
    let head = Dense::new(1);
    let cases: [(Format, NetworkConfig, &str); 19] = [
        (
            Format::Nam,
            start().with(Recurrent::new(CellKind::Gru, 8)).with(head),
            "has a GRU layer; rtneural has a place for it",
        ),
        (
            Format::Nam,
            start().with(lstm).with(head.with_activation(Activation::Tanh)).with(Skip::new(1)),
            "has a dense layer with tanh; no format has a place for it: train a network of LSTM layers",
        ),
        (
            Format::Nam,
            start().with(lstm).with(Recurrent::new(CellKind::Lstm, 8)).with(head),
            "has layers of 16 and of 8 units; rtneural",
        ),
        (
            Format::Nam,
            start().with(lstm).with(Dense::new(4)).with(head),
            "has a dense layer of 4 as layer 2; rtneural",
        ),
        (Format::Nam, start().with(lstm).with(Dense::new(2)), "has a dense layer of 2 as layer 2"),
        (
            Format::Nam,
            start().with(lstm).with(head.with_activation(Activation::Tanh)),
            "has a dense layer with tanh",
        ),
        (Format::Nam, NetworkConfig::new(2).with(lstm).with(head), "has 2 inputs; rtneural"),
        (Format::Nam, start().with(lstm), "has no linear layer at its end"),
        (Format::Nam, start().with(head), "has no recurrent layer"),
        (
            Format::Rtneural,
            start().with(Recurrent::new(CellKind::Elman, 8)).with(head),
            "has a layer of elman cells; guitarml has a place for it",
        ),
        (
            Format::Rtneural,
            start().with(lstm).with(head).with(Skip::new(1)).with(head),
            "has a skip connection; no format has a place for it",
        ),
        (
            Format::AidaX,
            start().with(Recurrent::new(CellKind::Lstm, 15)).with(head),
            "has 15 units; rtneural",
        ),
        (
            Format::AidaX,
            start().with(lstm).with(lstm).with(head),
            "has an LSTM layer of 16, an LSTM layer of 16 and a dense layer of 1",
        ),
        (Format::AidaX, NetworkConfig::new(4).with(lstm).with(head), "has 4 inputs"),
        (
            Format::AidaX,
            start().with(Recurrent::new(CellKind::Elman, 8)).with(head).with(Skip::new(1)),
            "has a layer of elman cells; guitarml has a place for it",
        ),
        (
            Format::Nam,
            start().with(Recurrent::new(CellKind::Elman, 8)).with(head).with(Skip::new(1)),
            "has a layer of elman cells; guitarml has a place for it",
        ),
        (
            Format::Guitarml,
            start().with(Recurrent::new(CellKind::MinGru, 8)).with(head),
            "has a layer of min-gru cells",
        ),
        (
            Format::Guitarml,
            start().with(lstm).with(Dense::new(2)).with(head),
            "has an LSTM layer of 16, a dense layer of 2 and a dense layer of 1",
        ),
        (
            Format::Guitarml,
            start().with(lstm).with(LayerNorm::new()).with(head),
            "guitarml has no place for a block layer-norm as block 2",
        ),
    ];
    for (format, config, message) in cases {
        let weights = drawn(config, 0);
        let error = write(&weights, format).expect_err(message).to_string();
        assert!(error.contains(message), "{format}: {error}");
        // The way out is one.
        for other in [Format::Nam, Format::Rtneural, Format::AidaX, Format::Guitarml] {
            if error.ends_with(&format!("; {other} has a place for it")) {
                assert!(write(&weights, other).is_ok(), "{format}: {error}");
            }
        }
    }
    for (layer, what) in [
        (lstm.with_direction(Direction::Both), "in both directions as block 1"),
        (lstm.with_direction(Direction::Reverse), "in reverse as block 1"),
        (lstm.with_output(Output::Last), "that answers once per sequence as block 1"),
        (lstm.with_zoneout(0.0, 0.5), "with zoneout, whose mean is part of its equation, as block 1"),
    ] {
        let weights = drawn(start().with(layer).with(head), 0);
        for format in Format::ALL {
            let error = write(&weights, format).expect_err(what).to_string();
            assert!(
                error.starts_with(&format!("format {format} has no place for an LSTM layer {what};")),
                "{error}"
            );
        }
    }
}

/// Plug-ins turn knobs from 0 to 1: a knob that was learned from 2 to 10 is at 4 where the plug-in has it at a quarter, and one that
/// was learned within 0 to 1 stays.
#[test]
fn knobs_beyond_zero_to_one_are_turned_by_the_weights() {
    let x = |at: [f32; 2]| wave(300).iter().flat_map(|&audio| [audio, at[0], at[1]]).collect::<Vec<f32>>();
    let knobs = [Knob::new("drive", [2.0, 10.0]), Knob::new("tone", [0.25, 0.75])];
    let options = WriteOptions::default().with_knobs(knobs.clone());
    for cell in [CellKind::Lstm, CellKind::Gru] {
        let config =
            NetworkConfig::new(3).with(Recurrent::new(cell, 16)).with(Dense::new(1)).with(Skip::new(1));
        let weights = drawn(config, 3);
        for format in [Format::AidaX, Format::Guitarml] {
            let written = write_with(&weights, &options, format).expect("a file");
            let said: Vec<String> = written.remarks.iter().map(ToString::to_string).collect();
            let text = format!(
                "{format} turns knobs from 0 to 1, which stands for what was learned: drive for 2 to 10"
            );
            assert!(said.contains(&text), "{said:?}");
            let read = imported("f", &written.file).weights;
            for (plugged, learned) in
                [([0.0, 0.5], [2.0, 0.5]), ([0.25, 0.5], [4.0, 0.5]), ([1.0, 0.75], [10.0, 0.75])]
            {
                let both = answers(&read, &x(plugged)).into_iter().zip(answers(&weights, &x(learned)));
                // The roundings of the columns, over 300 timesteps of values below 2.
                let worst = both.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst < 4e-6, "{cell} {format}: {worst}");
            }
        }
        // RTNeural is what other programs are built on, which turn knobs as they like.
        let plain = write(&weights, Format::Rtneural).expect("a file");
        assert_eq!(write_with(&weights, &options, Format::Rtneural).expect("a file"), plain);
        let within = WriteOptions::default().with_knobs([knobs[1].clone(), knobs[1].clone()]);
        let within = write_with(&weights, &within, Format::AidaX);
        assert_eq!(within.expect("a file"), write(&weights, Format::AidaX).expect("a file"));
    }
    // What is added to the output as it comes cannot be turned.
    let config =
        NetworkConfig::new(3).with(Recurrent::new(CellKind::Lstm, 8)).with(Dense::new(2)).with(Skip::new(2));
    let weights = drawn(config, 3);
    let written = write_with(&weights, &options, Format::Guitarml).expect("a file");
    assert_eq!(written.file, write(&weights, Format::Guitarml).expect("a file").file);
    let said = "guitarml turns knobs from 0 to 1, where this network guesses: it learned drive for 2 to 10";
    assert!(written.remarks.iter().any(|remark| remark.to_string() == said), "{:?}", written.remarks);
}

/// A test that hangs on rounding fails in programs that round otherwise: it is made of quieter sound, or left out.
#[test]
fn a_test_that_hangs_on_rounding_is_not_written() {
    let config = || NetworkConfig::new(1).with(Recurrent::new(CellKind::Gru, 16)).with(Dense::new(1));
    let usual = drawn(config(), 1);
    let written = |weights: &Weights| {
        let written = write(weights, Format::AidaX).expect("a file");
        let json: Value = serde_json::from_slice(&written.file).expect("JSON");
        let said: String = written.remarks.iter().map(|remark| format!("{remark}\n")).collect();
        (json, said)
    };
    let loudest = |json: &Value| {
        let batch = json["input_batch"].as_array().expect("a test");
        batch.iter().filter_map(Value::as_f64).fold(0.0, |loudest: f64, x| loudest.max(x.abs()))
    };
    let (json, said) = written(&usual);
    assert!(loudest(&json) > 0.5 && !said.contains("test of itself"), "{said}");
    // Recurrent weights that many times larger make it chaotic: rounding grows from step to step, without any input.
    let times = |recurrent: f32, input: f32| {
        let Parameters::F32(mut parameters) = usual.parameters().clone() else { unreachable!() };
        let layout = usual.network().layout();
        for tensor in layout.tensors() {
            let factor = match tensor.name.as_str() {
                name if name.contains("weight_hh") => recurrent,
                name if name.contains("weight_ih") => input,
                _ => 1.0,
            };
            parameters[tensor.range.clone()].iter_mut().for_each(|weight| *weight *= factor);
        }
        Weights::new(usual.network().clone(), parameters).expect("weights")
    };
    let chaotic = times(40.0, 1.0);
    let (json, said) = written(&chaotic);
    assert!(json.get("input_batch").is_none() && json.get("output_batch").is_none());
    assert!(said.contains("the file has no test of itself"), "{said}");
    assert_eq!(
        imported("f", &serde_json::to_vec(&json).expect("JSON")).weights.parameters(),
        chaotic.parameters()
    );
}

#[test]
fn what_a_format_or_its_plug_ins_lack_is_remarked() {
    let remarks = |config: NetworkConfig, device: Device, format| -> Vec<String> {
        let written = write(&drawn(config, 0).with_device(Some(device)), format).expect("a file");
        written.remarks.iter().map(ToString::to_string).collect()
    };
    let at = |rate| Device::default().with_sample_rate(rate).expect("a device");
    let network = |size| NetworkConfig::new(1).with(Recurrent::new(CellKind::Lstm, size)).with(Dense::new(1));
    let proteus = remarks(network(40), at(44_100.0), Format::Guitarml);
    assert_eq!(proteus.len(), 1);
    assert!(
        proteus[0].starts_with("Proteus adds the input to the output whatever a file says"),
        "{proteus:?}"
    );
    assert!(remarks(network(40).with(Skip::new(1)), at(44_100.0), Format::Guitarml).is_empty());
    let other = remarks(network(16).with(Skip::new(1)), at(48e3), Format::Guitarml);
    assert!(
        other[0].starts_with("Proteus loads one LSTM layer of 40 units, NeuralPi one of 20"),
        "{other:?}"
    );
    assert!(other[1].ends_with("this model is for 48000 Hz"), "{other:?}");
    let learned = NetworkConfig::new(1);
    let learned =
        learned.with(Recurrent::new(CellKind::Lstm, 16).with_learned_state(true)).with(Dense::new(1));
    for format in [Format::Rtneural, Format::AidaX] {
        let found = remarks(learned.clone(), Device::default(), format);
        assert!(found[0].ends_with("has no place for an initial state: the network starts from zeros there"));
    }
    let mut device = at(48e3);
    (device.license, device.loudness) = (Some("free".into()), Some(-18.0));
    let found = remarks(learned, device, Format::Nam);
    assert_eq!(found, ["nam has no place for license"]);
}

#[test]
fn files_of_other_networks_are_refused_by_name() {
    let change = |name: &str, pointer: &str, value: Value| refused(&edited(name, pointer, Some(value)));
    let without = |name: &str, pointer: &str| refused(&edited(name, pointer, None));
    let (nam, rt, rt_gru) = ("lstm-2.nam", "rtneural-lstm.json", "rtneural-gru.json");
    let (aida, ml) = ("aida-x-lstm.json", "guitarml-lstm.json");
    let container = json!({"submodels": [
        {"max_value": 0.5, "model": {"architecture": "LSTM"}}, {"max_value": 1.0, "model": {"architecture": "WaveNet"}},
    ]});
    let mut several: Value = serde_json::from_slice(&file(nam)).expect("JSON");
    (several["architecture"], several["config"]) = ("SlimmableContainer".into(), container);
    let cases = [
        (
            change(nam, "/architecture", "WaveNet".into()),
            "f, architecture: is \"WaveNet\", which is no recurrent network",
        ),
        (
            refused(several.to_string().as_bytes()),
            "which holds 2 models: \"LSTM\" up to 0.5 and \"WaveNet\" up to 1.0; put",
        ),
        (change(nam, "/version", "0.4.9".into()), "f, version: is 0.4.9, but versions 0.5.0 to 0.7 are read"),
        (change(nam, "/version", "0.8.0".into()), "f, version: is 0.8.0, but"),
        (change(nam, "/version", "1.0.0".into()), "f, version: is 1.0.0, but"),
        (
            change(nam, "/version", "0.5".into()),
            "f, version: is \"0.5\", where a version as \"0.5.4\" should be",
        ),
        (change(nam, "/version", 7.into()), "f, version: is 7, where a text should be"),
        (without(nam, "/weights"), "f: has no \"weights\", which this format asks for"),
        (
            without(nam, "/weights/0"),
            "f, weights: has 260 numbers, but an LSTM of 1 input, 4 hidden units, 2 layers and 1 output takes 261",
        ),
        (
            change(nam, "/config/hidden_size", 5.into()),
            "has 261 numbers, but an LSTM of 1 input, 5 hidden units, 2 layers and 1 output takes 386",
        ),
        (change(nam, "/config/hidden_size", 4e15.into()), "f, weights: "),
        (change(nam, "/config/hidden_size", 0.into()), "f, config.hidden_size: is 0; it must be at least 1"),
        (
            change(nam, "/config/num_layers", json!(-2)),
            "f, config.num_layers: is -2, where a whole number should be",
        ),
        (change(nam, "/config/in_channels", 2.into()), "f, config.in_channels: is 2, but input_size is 1"),
        (
            change(nam, "/weights/3", 1e39.into()),
            "f, weights[3]: is 1e39, more than a number of 32 bits can be",
        ),
        (change(nam, "/weights/3", "x".into()), "f, weights[3]: is the text \"x\", where a number should be"),
        (change(nam, "/sample_rate", 0.into()), "f, sample_rate: is 0, which is no sample rate"),
        (
            change(rt, "/layers/1/type", "conv1d".into()),
            "f, layers[1].type: is \"conv1d\", which elman does not have",
        ),
        (change(rt, "/layers/1/type", "prelu".into()), "f, layers[1].type: is \"prelu\""),
        (
            change(rt, "/layers/0/activation", "hard_sigmoid".into()),
            "f, layers[0].activation: is \"hard_sigmoid\"",
        ),
        (
            change(rt, "/layers/1/shape/2", 16.into()),
            "f, layers[1].shape: says 16 units, but the weights are of 4; one of",
        ),
        (change(rt, "/in_shape/2", 3.into()), "f, layers[0].weights[0]: is 2 x 3, where 3 x 3 is wanted"),
        (without(rt, "/layers/1/weights/1/2"), "f, layers[1].shape: says 4 units, but the weights are of 3"),
        (
            without(rt, "/layers/1/weights/0/1/5"),
            "f, layers[1].weights[0]: is 3 rows of different lengths, where 3 x 16 is wanted",
        ),
        (without(rt, "/layers/1/weights/2"), "f, layers[1].weights: has 2 parts, where 3 are wanted"),
        (
            without(rt, "/layers/1/weights/2/0"),
            "f, layers[1].weights[2]: has 15 numbers, where 16 are wanted",
        ),
        (change(rt, "/layers", json!([])), "f, layers: is empty"),
        (
            without(rt_gru, "/layers/0/weights/2/1"),
            "f, layers[0].weights[2]: is 1 part, where 2 x 12 is wanted; with one bias",
        ),
        (change(rt_gru, "/layers/2/shape/2", 4.into()), "f, layers[2].shape: says 4 values, but 3 come in"),
        (change(aida, "/in_skip", 2.into()), "f, in_skip: is 2; 0 and 1 are known"),
        (
            change(aida, "/output_batch/7", 0.5.into()),
            " at sample 7, and 1e-5 is the most that AIDA-X allows",
        ),
        (without(aida, "/output_batch/7"), "f, output_batch: has 255 numbers, where 256 are wanted"),
        (
            change(ml, "/model_data/model", "ConvSimpleRNN".into()),
            "f, model_data.model: is \"ConvSimpleRNN\"; elman reads SimpleRNN",
        ),
        (
            change(ml, "/model_data/unit_type", "TCN".into()),
            "f, model_data.unit_type: is \"TCN\"; elman reads LSTM, GRU and RNN",
        ),
        (
            change(ml, "/model_data/skip", 2.into()),
            "f, model_data.skip: adds 2 inputs to the outputs, but the network has 2 inputs and 1 output",
        ),
        (
            without(ml, "/state_dict"),
            "f: has no state_dict, in which the weights are: it was saved before the training",
        ),
        (
            without(ml, "/state_dict/lin.bias"),
            "f, state_dict: has 9 tensors, but 2 recurrent layers and a linear layer have 10",
        ),
        (
            change(ml, "/model_data/num_layers", 1.into()),
            "has 10 tensors, but 1 recurrent layer and a linear layer have 6; unknown are \"rec.",
        ),
        (change(ml, "/model_data/num_layers", 4e15.into()), "f, state_dict: has 10 tensors, but "),
        (
            change(ml, "/model_data/hidden_size", 5.into()),
            "f, state_dict.rec.weight_ih_l0: is 16 x 2, where 20 x 2 is wanted",
        ),
        (
            refused(br#"{"dilations": [1], "variables": []}"#),
            "f: is a WaveNet, as SmartAmp and SmartPedal load",
        ),
        (
            refused(br#"{"a": 1}"#),
            "f: is of none of the formats that are read: NAM, RTNeural JSON, AIDA-X JSON, GuitarML JSON, which begin",
        ),
        (refused(b"[1]"), "f: is a list of 1, where an object should be"),
        (refused(b"\x89HDF\r\n\x1a\n"), "f: is HDF5"),
        (
            refused(&imported(nam, &file(nam)).weights.to_bytes().expect("bytes")),
            "f: is a file of elman already",
        ),
        (
            refused(b"{\"architecture\": NaN}"),
            "f: it is not JSON: expected value at line 1 column 18; NaN and Infinity are none",
        ),
        (refused(b"{\"architecture\": 1e999}"), "f: it is not JSON: number out of range"),
        (refused("[".repeat(100_000).as_bytes()), "f: it is not JSON: recursion limit exceeded"),
        (refused(b""), "f: it is empty or cut off: EOF"),
    ];
    for (found, wanted) in cases {
        assert!(found.contains(wanted), "found:  {found}\nwanted: {wanted}");
    }
}

/// The tensors of a file of GuitarML, under other names: what PyTorch itself would write of it.
#[test]
fn a_state_dict_is_taken_in_the_order_of_its_names() {
    let guitarml: Value = serde_json::from_slice(&file("guitarml-lstm.json")).expect("JSON");
    let dict = |first: &str, second: &str, linear: &str| {
        let mut dict = json!({});
        for (name, tensor) in guitarml["state_dict"].as_object().expect("tensors") {
            let (module, tensor_name) = name.split_once('.').expect("a module");
            let renamed = match tensor_name.strip_suffix("_l1") {
                Some(start) => format!("{second}{start}_l0"),
                None if module == "rec" => format!("{first}{tensor_name}"),
                None => format!("{linear}{tensor_name}"),
            };
            dict[renamed] = tensor.clone();
        }
        dict
    };
    let mut without_skip = guitarml.clone();
    without_skip["model_data"]["skip"] = 0.into();
    let wanted = imported("g", &serde_json::to_vec(&without_skip).expect("bytes")).weights;
    // Numbers in names count as such, and the last may be 10.
    for (first, second, linear) in
        [("lstm.", "lstm2.", "dense."), ("rnn.9.", "rnn.10.", "0."), ("", "b.", "a.")]
    {
        let dict = dict(first, second, linear);
        for dict in [dict.clone(), json!({"epoch": 3, "state_dict": dict})] {
            let read = imported("f", &serde_json::to_vec(&dict).expect("bytes"));
            assert_eq!(read.weights.parameters(), wanted.parameters(), "{first}");
            assert_eq!(read.weights.network().config(), wanted.network().config());
            assert!(
                read.remarks[0].to_string().starts_with("a state dict does not say how"),
                "{:?}",
                read.remarks
            );
            assert!(read.model("f").is_err());
        }
    }
    let refuse = |change: &dyn Fn(&mut Value)| {
        let mut dict = dict("a.", "b.", "c.");
        change(&mut dict);
        refused(&serde_json::to_vec(&dict).expect("bytes"))
    };
    let rename = |from: &'static str, to: &'static str| {
        refuse(&move |dict| {
            let tensor = dict.as_object_mut().expect("tensors").remove(from).expect("a tensor");
            dict[to] = tensor;
        })
    };
    let cases = [
        (
            rename("a.bias_hh_l0", "a.bias_hh_l0_reverse"),
            "f: has a tensor \"a.bias_hh_l0_reverse\"; elman reads those of",
        ),
        (rename("a.bias_hh_l0", "a.weight_hr_l0"), "f: has a tensor \"a.weight_hr_l0\""),
        (rename("a.weight_hh_l0", "a.weight_hh_l1"), "f: has no \"a.weight_hh_l0\""),
        (
            refuse(&|dict| dict["c.weight"] = json!([[1.0, 2.0]])),
            "f: has a layer \"c\" that takes 2 values behind one that hands on 4",
        ),
        (
            refuse(&|dict| dict["b.weight_hh_l0"] = json!([[1.0, 2.0]])),
            "f, b.weight_hh_l0: is 1 x 2; an LSTM has 4 times as many rows",
        ),
        (
            refuse(&|dict| dict["b.bias_hh_l0"] = json!([1.0])),
            "f, b.bias_hh_l0: has 1 number, where 16 are wanted",
        ),
    ];
    for (found, wanted) in cases {
        assert!(found.contains(wanted), "found:  {found}\nwanted: {wanted}");
    }
    let read = imported("f", &serde_json::to_vec(&dict("a.", "b.", "c.")).expect("bytes"));
    assert_eq!(
        write(&read.weights, Format::Torch).expect_err("a refusal").to_string(),
        "format torch is read and not written; choose nam, rtneural, aida-x or guitarml"
    );
}

/// A recurrent layer's function is RTNeural's own; a patch of a later NAM is read as far as it is known.
#[test]
fn what_programs_overlook_is_remarked() {
    let remark = |bytes: &[u8]| imported("f", bytes).remarks[0].to_string();
    let bytes = edited("rtneural-lstm.json", "/layers/1/activation", Some("relu".into()));
    assert_eq!(
        remark(&bytes),
        "a recurrent layer says activation \"relu\"; tanh and sigmoid are used, as RTNeural does"
    );
    let bytes = edited("lstm-1.nam", "/version", Some("0.7.3".into()));
    assert_eq!(
        remark(&bytes),
        "the file has version 0.7.3, and 0.7.0 is known; what is new in it is not read"
    );
    let bytes = edited("lstm-1.nam", "/metadata/training/data", Some(json!({"latency": 3})));
    assert_eq!(remark(&bytes), "of the metadata, \"training.data\" are not kept");
    let bytes = edited("aida-x-lstm.json", "/metadata/mood", Some("dark".into()));
    assert_eq!(remark(&bytes), "of the metadata, \"mood\" are not kept");
}

#[test]
fn a_sample_rate_is_above_zero() {
    let options = ReadOptions::default().with_sample_rate(Some(-1.0));
    let error = read("f", &file("lstm-1.nam"), &options).expect_err("a refusal");
    assert!(matches!(error, Error::Config(_)), "{error}");
    assert_eq!(error.to_string(), "sample_rate is -1.0; it must be above 0 and finite");
    assert_eq!(
        "wav".parse::<Format>().expect_err("unknown").to_string(),
        "format \"wav\" is unknown; known are nam, rtneural, aida-x and guitarml"
    );
}

/// What makes a model of sound is said where it is lacking.
#[test]
fn what_makes_no_model_of_sound_says_why() {
    let config = NetworkConfig::new(1).with(Recurrent::new(CellKind::Gru, 8)).with(Dense::new(1));
    let one = write(&drawn(config, 0), Format::Rtneural).expect("a file").file;
    let several = file("rtneural-gru.json");
    let why = |bytes: &[u8], rate: Option<f64>| {
        let options = ReadOptions::default().with_sample_rate(rate);
        let read = read("f", bytes, &options).expect("a network");
        read.model("f").map(drop).map_err(|why| why.to_string())
    };
    let outputs = "it has several outputs, and a model of sound has one";
    assert_eq!(why(&several, Some(44_100.0)), Err(outputs.into()));
    let rate = "no sample rate is known; give one with sample_rate to make it a model of sound";
    assert_eq!(why(&one, None), Err(rate.into()));
    let whole = "44100.5 samples per second are no whole number, as a model of sound has; give another with sample_rate";
    assert_eq!(why(&one, Some(44_100.5)), Err(whole.into()));
    assert_eq!(why(&one, Some(44_100.0)), Ok(()));
}

/// JSON has no place for what is not finite.
#[test]
fn numbers_beyond_all_bounds_are_neither_read_nor_written() {
    let gain = |gain: f64| edited("aida-x-lstm.json", "/in_gain", Some(json!(gain)));
    let message = "is 2000 dB, by which no sample can be amplified; give one below 770 dB";
    assert_eq!(refused(&gain(2000.0)), format!("f, in_gain: {message}"));
    let loud = imported("f", &gain(769.0)).weights;
    let message = "this network cannot be written: with its gains multiplied in it has numbers that are not finite; train it \
                   anew, or take another";
    let plain = NetworkConfig::new(1).with(Recurrent::new(CellKind::Lstm, 8)).with(Dense::new(1));
    let mut device = loud.device().cloned().expect("a device");
    // Of a weight above 1/8 no product is left.
    device.input_gain = None;
    device.output_gain = Some(770.0);
    let network = Network::new(plain.clone()).expect("a network");
    let ones = Weights::new(network.clone(), vec![1.0f32; network.layout().len()]).expect("weights");
    let with_gain = ones.clone().with_device(Some(device.clone()));
    assert!(write(&with_gain, Format::AidaX).is_ok());
    let twos = Weights::new(network.clone(), vec![2.0f32; network.layout().len()]).expect("weights");
    let error = write(&twos.with_device(Some(device.clone())), Format::Rtneural).expect_err("a refusal");
    assert_eq!(error.to_string(), message);
    device.output_gain = Some(2000.0);
    let error = write(&ones.with_device(Some(device)), Format::AidaX).expect_err("a refusal");
    let message = "the output gain of the model's device is 2000 dB, by which no sample can be amplified; give one below 770 dB";
    assert_eq!(error.to_string(), message);
    let mut parameters = vec![1.0f32; network.layout().len()];
    parameters[3] = f32::INFINITY;
    if let Ok(weights) = Weights::new(network, parameters) {
        let message = "this network cannot be written: it has numbers that are not finite; train it anew, or take another";
        for format in Format::ALL {
            assert_eq!(write(&weights, format).expect_err("a refusal").to_string(), message);
        }
    }
}

#[test]
fn halves_of_a_test_and_of_a_date_are_remarked() {
    let remarks = |bytes: &[u8]| -> Vec<String> {
        imported("f", bytes).remarks.iter().map(ToString::to_string).collect()
    };
    for (lacking, there) in [("output_batch", "input_batch"), ("input_batch", "output_batch")] {
        let half = edited("aida-x-lstm.json", &format!("/{lacking}"), None);
        let message = format!("the file's test of itself lacks its {lacking}, so the network is not tested");
        assert_eq!(remarks(&half), [message], "{there}");
    }
    let date = |date: Value| edited("lstm-1.nam", "/metadata/date", Some(date));
    let day = json!({ "year": 2024, "month": 5, "day": 1 });
    let message = "f, metadata.date: is not a date of year to second: missing field `hour`; it is left out";
    assert_eq!(remarks(&date(day)), [message]);
    let whole = json!({ "year": 2024, "month": 5, "day": 1, "hour": 2, "minute": 3, "second": 4 });
    assert_eq!(remarks(&date(whole.clone())), [""; 0]);
    let mut more = whole;
    more["zone"] = json!("UTC");
    let read = imported("f", &date(more));
    assert_eq!((read.remarks.len(), read.weights.device().and_then(|device| device.date)), (1, None));
}

/// GuitarML's older form has a skip connection around its block, or around the network, which is that block.
#[test]
fn a_skip_connection_of_the_whole_network_is_that_of_its_block() {
    let path = format!("{}/../../reference/exchange/guitarml-recnet.json", env!("CARGO_MANIFEST_DIR"));
    let file: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON");
    let with = |whole: usize, block: usize| {
        let mut file = file.clone();
        file["model_data"]["skip"] = whole.into();
        file["blocks"]["0"]["skip"] = block.into();
        file.to_string()
    };
    let answered = |whole, block| answers(&imported("f", with(whole, block).as_bytes()).weights, &wave(100));
    assert_eq!(answered(1, 0), answered(0, 1));
    assert_ne!(answered(1, 0), answered(0, 0));
    let refused =
        read("f", with(1, 1).as_bytes(), &ReadOptions::default()).expect_err("a refusal").to_string();
    assert!(refused.contains("the input would be added twice"), "{refused}");
}
