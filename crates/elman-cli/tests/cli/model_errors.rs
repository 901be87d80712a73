//! Model files that cannot be used: never a panic, never a wrong success.

use crate::common::{CLASSIFY, Place, header, sequences};

/// A small model in `m.elman`.
fn place() -> Place {
    let place = Place::new();
    place.ok("train -q --epochs 1 --hidden-size 2 --season 0 -o m.elman");
    place
}

const COMMANDS: [&str; 4] = ["predict", "evaluate", "inspect", "check"];

#[test]
fn files_that_are_no_models() {
    let place = Place::with("data.csv", crate::common::airline());
    place.write("empty", "");
    place.write("zeros", [0; 1000]);
    place.write("short", "elman");
    for command in COMMANDS {
        for name in ["data.csv", "empty", "zeros", "short"] {
            let message = place.refused(1, &format!("{command} {name}"));
            assert!(message.starts_with(&format!("{name} is not a model file of Elman; ")), "{message}");
        }
        for (name, start) in [("none.elman", "cannot read none.elman: "), (".", "cannot read .: ")] {
            let message = place.refused(1, &format!("{command} {name}"));
            assert!(message.starts_with(start), "{message}");
        }
    }
}

#[test]
fn another_programs_safetensors_are_no_model() {
    let json = br#"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let file = [&(json.len() as u64).to_le_bytes()[..], json, &1f32.to_le_bytes()].concat();
    let message = Place::with("other.safetensors", file).refused(1, "inspect other.safetensors");
    assert!(message.starts_with("other.safetensors is not a model file of Elman; "), "{message}");
}

/// A length that the header asks for, but nobody has.
#[test]
fn lengths_beyond_all_measure_are_refused() {
    for length in [u64::MAX, u64::MAX / 2, 1 << 40, 101 << 20] {
        let file = [&length.to_le_bytes()[..], br#"{"__metadata__":{"elman":"{"#].concat();
        let message = Place::with("m.elman", file).refused(1, "inspect m.elman");
        assert!(message.starts_with("m.elman is "), "{message}");
    }
}

#[test]
fn a_model_that_is_cut_short_is_refused_at_every_length() {
    let place = Place::new();
    place.ok("train -q --epochs 1 -o whole.elman");
    let whole = place.read("whole.elman");
    for length in (0..whole.len()).step_by(97) {
        place.write("m.elman", &whole[..length]);
        let message = place.refused(1, "inspect m.elman");
        if length < 64 {
            assert!(message.starts_with("m.elman is "), "{length}: {message}");
        } else {
            let start = format!("m.elman is cut short: {length} bytes of ");
            let end = message.strip_prefix(&start).unwrap_or_else(|| panic!("{length}: {message}"));
            let (expected, advice) = end.split_once("; ").unwrap();
            assert!(expected.parse::<usize>().unwrap() > length);
            assert_eq!(advice, "copy it again or train anew");
        }
    }
    place.write("m.elman", [&whole[..], b"\n"].concat());
    place.refused(1, "inspect m.elman");
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let place = place();
    let whole = place.read("m.elman");
    // What the version says, right or wrong, has a test of its own.
    let version = whole.windows(15).position(|bytes| bytes.ends_with(b"_version\\\":")).unwrap() + 15;
    for (n, position) in
        (0..whole.len()).step_by(101).enumerate().filter(|&(_, position)| position != version)
    {
        let mut flipped = whole.clone();
        flipped[position] ^= 1 << (n % 8);
        place.write("m.elman", flipped);
        let output = place.run("predict m.elman");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), output.stdout.len()),
            (Some(1), 0),
            "bit {} of byte {position}",
            n % 8
        );
        assert!(stderr.starts_with("error: m.elman "), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}

#[test]
fn a_newer_version_is_named() {
    let place = place();
    let file = place.read("m.elman");
    let version = file.windows(17).position(|bytes| bytes == b"format_version\\\":").unwrap() + 17;
    assert_eq!(file[version], b'3');
    let mut newer = file.clone();
    newer[version] = b'4';
    place.write("m.elman", newer);
    for command in COMMANDS {
        place.refuses(
            1,
            &format!("{command} m.elman"),
            "m.elman has format version 4, and this program reads up to 3; use a newer elman",
        );
    }
}

/// A header that was changed with care, checksum aside, is still refused.
#[test]
fn a_changed_header_is_refused() {
    let place = place();
    let file = place.read("m.elman");
    for (from, to) in
        [("passengers", "passangers"), ("\\\"hidden_size\\\":2", "\\\"hidden_size\\\":3"), ("F32", "I32")]
    {
        let at = file.windows(from.len()).position(|bytes| bytes == from.as_bytes()).unwrap();
        let mut changed = file.clone();
        changed[at..at + to.len()].copy_from_slice(to.as_bytes());
        place.write("m.elman", changed);
        let message = place.refused(1, "inspect m.elman");
        assert!(message.starts_with("m.elman is "), "{message}");
    }
}

#[test]
fn other_programs_read_the_tensors() {
    let place = Place::with("s.csv", sequences(20));
    place.ok(&format!("{CLASSIFY} -q --epochs 1 --bidirectional"));
    let file = place.read("m.elman");
    let header = header(&file);
    let mut names: Vec<&str> = header.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "__metadata__",
            "bias_hh_l0",
            "bias_hh_l0_reverse",
            "bias_ih_l0",
            "bias_ih_l0_reverse",
            "head.bias",
            "head.weight",
            "weight_hh_l0",
            "weight_hh_l0_reverse",
            "weight_ih_l0",
            "weight_ih_l0_reverse",
        ]
    );
    assert_eq!(header["weight_hh_l0_reverse"]["shape"], serde_json::json!([36, 12]));
    let offsets = header["weight_ih_l0_reverse"]["data_offsets"][1].as_u64().unwrap() as usize;
    assert_eq!(offsets, file.len() - 8 - u64::from_le_bytes(*file.first_chunk().unwrap()) as usize);
}
