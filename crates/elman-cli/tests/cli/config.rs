//! Options in a TOML file.

use crate::common::{CLASSIFY, Place, sequences};

#[test]
fn a_file_is_as_good_as_flags() {
    let toml = "# what is asked for\nepochs = 3\nhidden-size = 5\ncell = \"gru\"\nlearning-rate = 0.02\n\
                optimiser = \"sgd\"\nmomentum = 0.5\nnesterov = true\nseed = 4\n";
    let place = Place::with("c.toml", toml);
    place.ok("train --config c.toml -o file.elman");
    place.ok(
        "train --epochs 3 --hidden-size 5 --cell gru --learning-rate 0.02 --optimiser sgd --momentum 0.5 \
         --nesterov --seed 4 -o flags.elman",
    );
    assert!(place.read("file.elman") == place.read("flags.elman"));
}

#[test]
fn the_command_line_wins() {
    let place = Place::with("c.toml", "epochs = 3\nhidden-size = 5\nnum-layers = 2\nbidirectional = true\n");
    place.ok("train --config c.toml --epochs 2 --bidirectional=false");
    let text = place.ok("inspect airline.elman").stdout;
    assert!(text.contains(" -> 2 layers of 5 units -> ") && text.contains("2 of 2 epochs"), "{text}");
}

#[test]
fn lists_and_files_can_be_named() {
    let place = Place::with("s.csv", sequences(30));
    place.write("t.csv", sequences(20));
    place.write("c.toml", "features = [\"b\", \"a\"]\ntest-data = \"t.csv\"\nclass-weights = \"balanced\"\n");
    let json =
        place.last_json("train classify s.csv --target side --config c.toml --epochs 1 --hidden-size 2");
    assert_eq!(json["on"], "all 20 sequences");
    assert!(place.ok("inspect s.elman").stdout.contains(" from sequences of b, a told apart by \"id\""));
}

#[test]
fn a_key_that_is_no_option_is_wrong_usage() {
    let place = Place::new();
    let end = "; `elman train --help` lists them";
    for (toml, message) in [
        ("hiden-size = 3", "there is no option \"hiden-size\" (did you mean \"hidden-size\"?)"),
        ("hidden_size = 3", "there is no option \"hidden_size\" (did you mean \"hidden-size\"?)"),
        ("learning-rat = 3", "there is no option \"learning-rat\" (did you mean \"learning-rate\"?)"),
        ("colour = 3", "there is no option \"colour\""),
        ("[train]\nepochs = 3", "there is no option \"train\""),
    ] {
        place.write("c.toml", toml);
        place.refuses(2, "train --config c.toml", &format!("c.toml: {message}{end}"));
    }
}

#[test]
fn an_option_without_effect_is_refused_from_a_file_too() {
    let place = Place::with("s.csv", sequences(20));
    place.write("c.toml", "momentum = 0.9\n");
    place.refuses(
        2,
        "train --config c.toml --optimiser adam",
        "--momentum has no meaning for --optimiser adam; leave it out",
    );
    place.write("c.toml", "horizon = 3\n");
    let message = "--horizon has no meaning for the task classify; leave it out";
    place.refuses(2, &format!("{CLASSIFY} --config c.toml"), message);
}

/// What the parser says of them may change with its version; that it names file and key may not.
#[test]
fn files_and_values_that_cannot_be_read_are_named() {
    let place = Place::new();
    let refused = |toml: &str| {
        place.write("c.toml", toml);
        let output = place.run("train --config c.toml");
        assert!(matches!(output.status.code(), Some(1 | 2)), "{toml}");
        assert_eq!(place.names(), ["c.toml"], "{toml}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (toml, names) in [
        ("hidden-size = \"x\"", &["c.toml", "hidden-size", "\"x\""][..]),
        ("hidden-size = 3.5", &["c.toml", "hidden-size", "3.5"]),
        ("epochs = -1", &["c.toml", "epochs", "-1"]),
        ("cell = \"gruu\"", &["c.toml", "cell", "gruu", "gru-reset-before"]),
        ("bidirectional = 1", &["c.toml", "bidirectional"]),
        ("epochs = \n", &["c.toml", "not TOML", "line 1", "epochs ="]),
        ("epochs = 1\nepochs = 2\n", &["c.toml", "not TOML", "duplicate key", "epochs = 2"]),
    ] {
        let message = refused(toml);
        assert!(
            message.starts_with("error: ") && names.iter().all(|name| message.contains(name)),
            "{message}"
        );
    }
    let message = place.refused(1, "train --config none.toml");
    assert!(message.starts_with("cannot read none.toml: "), "{message}");
}
