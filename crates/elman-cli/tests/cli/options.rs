//! The options of training: each value runs, and what makes no sense is refused as wrong usage.

use elman::network::{CellKind, INSTRUCTION_SET_VARIABLE, InstructionSet};

use crate::common::{CLASSIFY, Place, REGRESS, sequences};

/// A run of a moment on the airline passengers.
const FORECAST: &str = "train -q --epochs 2";

#[test]
fn every_cell_and_every_start_runs() {
    let place = Place::with("s.csv", sequences(30));
    for cell in CellKind::NAMES {
        for train in [
            format!("{FORECAST} -o m.elman"),
            format!("{REGRESS} --epochs 2"),
            format!("{CLASSIFY} --epochs 2"),
        ] {
            place.ok(&format!("{train} --cell {cell}"));
            let text = place.ok("inspect m.elman").stdout;
            assert!(text.starts_with(&format!("network   {cell}: ")), "{text}");
        }
    }
    for init in ["torch", "orthogonal", "notebook"] {
        place.ok(&format!("{FORECAST} --init {init}"));
    }
    for cell in ["elman", "elman-relu"] {
        place.ok(&format!("{FORECAST} --init identity --cell {cell}"));
    }
    place.refuses(
        2,
        "train --init identity",
        "--init \"identity\" is for elman and elman-relu, not for lstm; use orthogonal",
    );
}

#[test]
fn every_loss_optimiser_and_schedule_runs() {
    let place = Place::with("s.csv", sequences(30));
    for options in [
        "--loss squared",
        "--loss absolute",
        "--loss huber",
        "--loss huber --huber-delta 0.5",
        "--loss quantile",
        "--loss quantile --quantiles 0.2,0.5,0.8",
        "--loss gaussian",
        "--loss student-t --truncate 4",
        "--optimiser sgd",
        "--optimiser sgd --momentum 0.9",
        "--optimiser sgd --momentum 0.9 --nesterov --weight-decay 0.01",
        "--optimizer sgd --nesterov=false",
        "--optimiser rmsprop",
        "--optimiser rmsprop --momentum 0.5 --alpha 0.9",
        "--optimiser adam",
        "--optimiser adam --beta1 0.8 --beta2 0.99",
        "--optimiser adamw --weight-decay 0.1",
        "--schedule constant",
        "--schedule step",
        "--schedule step --schedule-every 1 --schedule-factor 0.5",
        "--schedule cosine",
        "--schedule cosine --warmup 3",
        "--schedule plateau",
        "--schedule plateau --schedule-factor 0.5 --schedule-patience 0",
        "--clip 0",
        "--clip 0.5",
        "--average none",
        "--average ema",
        "--average swa --schedule constant",
        "--accumulate 2 --clip 0.5",
        "--truncate 5",
        "--truncate 5 --accumulate 2",
        "--batch-size 1000",
        "--batch-size 7 --stride 3",
        "--num-layers 3 --dropout 0.1",
        "--recurrent-dropout 0.2",
        "--zoneout 0.1",
        "--learned-state",
        "--cell lstm --zoneout-cell 0.5",
        "--checkpoint-epochs 1",
        "--checkpoint-minutes 0",
    ] {
        let forecast = place.last_json(&format!("{FORECAST} {options}"));
        assert_eq!(forecast["ended"], "finished", "{options}");
        if !options.contains("--stride") {
            place.ok(&format!("{REGRESS} -q --epochs 2 {options}"));
        }
    }
    place.ok(&format!("{CLASSIFY} --loss cross-entropy --epochs 2"));
}

/// An option has an effect: the runs that differ by it alone end in different figures.
#[test]
fn options_have_an_effect() {
    let place = Place::new();
    let loss = |options: &str| {
        let line = place.json(&format!("{FORECAST} {options}")).swap_remove(1);
        line["loss"].as_f64().expect("the second epoch's loss").to_bits()
    };
    let usual = loss("");
    for options in [
        "--cell gru",
        "--hidden-size 4",
        "--num-layers 2",
        "--init torch",
        "--dtype f64",
        "--batch-size 8",
        "--loss absolute",
        "--optimiser adam",
        "--learning-rate 0.02",
        "--weight-decay 0.5",
        "--beta1 0.5",
        "--beta2 0.9",
        "--schedule constant",
        "--warmup 4",
        "--clip 0.01",
        "--truncate 9",
        "--seed 1",
        "--window 30",
        "--stride 2",
        "--season 0",
        "--test 12",
        "--transform difference",
    ] {
        assert_ne!(loss(options), usual, "{options}");
    }
    assert_ne!(loss("--num-layers 2 --dropout 0.5"), loss("--num-layers 2"));
    assert_ne!(loss("--recurrent-dropout 0.5"), usual);
    assert_ne!(loss("--loss quantile --quantiles 0.2,0.8"), loss("--loss quantile"));
}

#[test]
fn an_option_without_effect_is_wrong_usage() {
    let place = Place::with("s.csv", sequences(20));
    for (arguments, option, instead) in [
        ("train --optimiser adam --momentum 0.9", "momentum", "--optimiser adam"),
        ("train --momentum 0.9", "momentum", "--optimiser adamw"),
        ("train --optimiser sgd --beta1 0.9", "beta1", "--optimiser sgd"),
        ("train --optimiser rmsprop --nesterov", "nesterov", "--optimiser rmsprop"),
        ("train --optimiser adam --alpha 0.9", "alpha", "--optimiser adam"),
        ("train --schedule constant --warmup 3", "warmup", "--schedule constant"),
        ("train --schedule-every 3", "schedule-every", "--schedule cosine"),
        ("train --schedule step --schedule-patience 3", "schedule-patience", "--schedule step"),
        ("train --huber-delta 2", "huber-delta", "this --loss"),
        ("train --class-weights balanced", "class-weights", "this --loss"),
        ("train --features month", "features", "the task forecast"),
        ("train --test-data s.csv", "test-data", "the task forecast"),
        ("train regress s.csv --target level --features a --horizon 3", "horizon", "the task regress"),
        ("train regress s.csv --target level --features a --season 3", "season", "the task regress"),
        ("train regress s.csv --target level --features a --transform none", "transform", "the task regress"),
        (
            "train regress s.csv --target level --features a --class-weights equal",
            "class-weights",
            "this --loss",
        ),
        ("train classify s.csv --target side --features a --huber-delta 1", "huber-delta", "this --loss"),
        ("train --group month", "group", "the task forecast"),
        ("train --split time", "split", "the task forecast"),
    ] {
        place.refuses(2, arguments, &format!("--{option} has no meaning for {instead}; leave it out"));
    }
}

#[test]
fn options_that_contradict_each_other_are_wrong_usage() {
    let place = Place::with("s.csv", sequences(20));
    let regress = "train regress s.csv --target level";
    for (arguments, message) in [
        (
            "train --bidirectional".into(),
            "--bidirectional networks read the future, which a forecast does not know; use one direction",
        ),
        (
            "train --dropout 0.5".into(),
            "--dropout is 0.5 but acts between layers, and there is one; use two layers or 0",
        ),
        (
            "train --patience 2".into(),
            "--patience needs validation data to tell when to stop; set aside some, or leave it out",
        ),
        (
            "train --optimiser sgd --nesterov".into(),
            "--nesterov looks ahead along the momentum, which is 0; set momentum",
        ),
        (
            "train --horizon 30 --test 24".into(),
            "--test keeps 24 rows, fewer than the horizon of 30; keep more, or 0 for no test",
        ),
        (
            "train --id month".into(),
            "--id names the column \"month\" of times, which cannot tell series apart",
        ),
        (format!("{regress} --features a,a"), "--features twice name the column \"a\"; give each its own"),
        (
            format!("{regress} --features a,id"),
            "--features and --id both name the column \"id\"; give each its own",
        ),
        (
            format!("{regress} --window 5"),
            "--window is for targets that differ from row to row, and here each sequence has one; leave it out",
        ),
        (
            format!("{regress} --missing season"),
            "--missing by a season is for forecasts; to learn from sequences it is one of drop, interpolate, \
             previous, zero, flag",
        ),
        (format!("{regress} --split time"), "--split by time needs a column of times; name it with --time"),
        (
            "train classify s.csv --target side,level".into(),
            "--target names 2 columns; to classify it is one",
        ),
        (format!("{regress} --group id"), "--group and --id both name the column \"id\"; give each its own"),
        ("train regress".into(), "name the DATA to regress: the built-in data are for a forecast"),
        ("train classify".into(), "name the DATA to classify: the built-in data are for a forecast"),
        (
            "train clasify s.csv".into(),
            "there is no task \"clasify\" (did you mean classify?); tasks are forecast, regress, classify, label and text",
        ),
        (
            "train regres".into(),
            "there is no task \"regres\" (did you mean regress?); tasks are forecast, regress, classify, label and text",
        ),
    ] {
        place.refuses(2, &arguments, message);
    }
    let message = place.refused(2, "train -q -v");
    assert!(message.starts_with("the argument '--quiet' cannot be used with '--verbose'\n"), "{message}");
}

#[test]
fn values_out_of_range_are_wrong_usage() {
    let place = Place::with("s.csv", sequences(20));
    // A 0 may come back as 0.0.
    let said = |arguments: &str| place.refused(2, arguments).replacen(".0;", ";", 1);
    for (option, value, wanted) in [
        ("epochs", "0", "at least 1"),
        ("batch-size", "0", "at least 1"),
        ("hidden-size", "0", "at least 1"),
        ("num-layers", "0", "at least 1"),
        ("truncate", "0", "at least 1"),
        ("patience", "0", "at least 1"),
        ("checkpoint-epochs", "0", "at least 1"),
        ("learning-rate", "0", "above 0 and finite"),
        ("learning-rate", "NaN", "above 0 and finite"),
        ("learning-rate", "inf", "above 0 and finite"),
        ("window", "0", "from 1 to 100000"),
        ("horizon", "0", "from 1 to 100000"),
        ("stride", "0", "from 1 to 100000"),
        ("validation", "1", "at least 0 and below 1"),
        ("beta1", "1", "at least 0 and below 1"),
        ("beta2", "1.5", "at least 0 and below 1"),
    ] {
        let message = format!("--{option} is {value}; it must be {wanted}");
        assert_eq!(said(&format!("train --{option} {value}")), message);
    }
    for (arguments, message) in [
        ("train --learning-rate -1", "--learning-rate is -1; it must be above 0 and finite"),
        ("train --weight-decay -1", "--weight-decay is -1; it must be 0 or above"),
        ("train --num-layers 2 --dropout 1", "--dropout is 1; it must be at least 0 and below 1"),
        ("train --schedule step --schedule-every 0", "--schedule-every is 0; it must be at least 1 epoch"),
        (
            "train --schedule step --schedule-factor 0",
            "--schedule-factor is 0; it must be above 0 and finite",
        ),
        ("train --loss huber --huber-delta 0", "--huber-delta is 0; it must be above 0 and finite"),
        ("train --test 1.5", "--test of a forecast is 1.5; it must be a whole number of last rows, or 0"),
        (
            "train --checkpoint-minutes -1",
            "--checkpoint-minutes is -1; it must be 0 or above, and not endless",
        ),
        (
            "train regress s.csv --target level --features a --test 2",
            "--test is 2; it must be at least 0 and below 1",
        ),
        ("train --clip -1", "--clip is -1; it must be above 0 and finite"),
        ("train --test -3", "--test of a forecast is -3; it must be a whole number of last rows, or 0"),
        ("train --season 99999", "--season is 99999; it must be at most 10000, or 0 for none"),
        ("train --num-layers 100000", "--num-layers is 100000; it must be at most 1000"),
        (
            "train --hidden-size 1000000",
            "--hidden-size is 1000000; that makes more than 268435456 parameters; choose fewer units",
        ),
    ] {
        assert_eq!(said(arguments), message);
    }
    let cells = CellKind::NAMES.join(", ");
    for (arguments, message) in [
        ("train --epochs many", "invalid value 'many' for '--epochs <N>': give a whole number"),
        ("train --epochs -1", "invalid value '-1' for '--epochs <N>': it must be at least 0"),
        ("train --threads 0", "invalid value '0' for '--threads <N>': give a whole number above 0"),
        ("train label --latency 5.5", "invalid value '5.5' for '--latency <SAMPLES>': give a whole number"),
        ("generate m --length -1", "invalid value '-1' for '--length <N>': it must be at least 0"),
        ("generate m --temperature hot", "invalid value 'hot' for '--temperature <T>': give a number"),
        (
            "train --learning-rate fast",
            "invalid value 'fast' for '--learning-rate <RATE>': give a number, or auto",
        ),
        (
            "train --cell foo",
            &*format!("invalid value 'foo' for '--cell <CELL>'\n  [possible values: {cells}]"),
        ),
        (
            "train --hiden-size 3",
            "unexpected argument '--hiden-size' found\n\n  tip: a similar argument exists: '--hidden-size'",
        ),
        (
            "trian",
            "unrecognized subcommand 'trian'\n\n  tip: some similar subcommands exist: 'stream', 'train'",
        ),
    ] {
        let said = said(arguments);
        assert!(said.starts_with(message), "{said}");
    }
}

/// On those with fused multiply-adds, the bits are the same.
#[test]
fn the_environment_chooses_the_instruction_set() {
    let place = Place::new();
    let run = |name: &str, arguments: &str| {
        let mut command = place.command(arguments);
        command.env(INSTRUCTION_SET_VARIABLE, name).output().expect("a program that starts")
    };
    place.ok(&format!("{FORECAST} -o best.elman"));
    for set in InstructionSet::best().and_below() {
        let name = set.name();
        let output = run(name, &format!("{FORECAST} -o {name}.elman"));
        assert!(output.status.success(), "{name}: {output:?}");
        if set.lanes() >= 8 {
            assert!(place.read(&format!("{name}.elman")) == place.read("best.elman"), "{name}");
        }
    }
    let output = run("mmx", &format!("{FORECAST} -o mmx.elman"));
    let known: Vec<&str> = InstructionSet::best().and_below().map(InstructionSet::name).collect();
    let expected = format!(
        "error: the environment variable ELMAN_INSTRUCTION_SET is mmx; this machine has {}: choose one of them, \
         or leave it unset for the best\n",
        known.join(", ")
    );
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr)), (Some(2), expected.into()));
    assert!(!place.names().contains(&"mmx.elman".to_owned()));
}
