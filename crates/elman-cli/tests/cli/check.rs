//! `elman check`: the gradients are right, and the check can fail.

use std::collections::BTreeSet;

use crate::common::{CLASSIFY, Place, sequences};
use elman::network::CellKind;

#[test]
fn all_gradients_agree() {
    let place = Place::new();
    let said = place.ok("check");
    assert_eq!(said.stderr, "");
    let lines: Vec<&str> = said.stdout.lines().collect();
    let cells = CellKind::ALL.len();
    // One with a learned initial state and one with zoneout for each cell, 21 others, and the losses of distributions and of
    // signals.
    let chains = 21 + 2 * cells + 3 + 8;
    assert_eq!(
        lines.len(),
        1 + cells * 4 + chains + 1,
        "every cell, one or two layers, one or both directions; chains"
    );
    let end = lines.last().unwrap();
    assert!(end.ends_with(" derivatives agree with dual numbers within 1e-9"), "{end}");
    for cell in CellKind::NAMES {
        for rest in [
            "1 layer, one direction",
            "1 layer, two directions",
            "2 layers, one direction",
            "2 layers, two directions",
        ] {
            let line = lines.iter().find(|line| line.starts_with(&format!("{cell}, {rest}  ")));
            let error: f64 = line.unwrap().split_whitespace().last().unwrap().parse().unwrap();
            assert!(error < 1e-9, "{line:?}");
        }
    }
    for chain in [
        "dense with softmax",
        "softmax inside",
        "embedding",
        "layer norm",
        "skip",
        "pooling, max",
        "patch between",
        "recurrent dropout",
        "zoneout, gru-reset-before",
        "zoneout of a cell's state and recurrent dropout",
        "many blocks",
        "quantile loss",
        "gaussian loss",
        "student-t loss",
        "esr, pre-emphasis loss",
        "esr-nam loss",
        "dc loss",
        "mrstft loss",
        "sum of three loss",
    ] {
        assert!(lines.iter().any(|line| line.starts_with(&format!("{chain}  "))), "{chain}");
    }
    assert!(place.ok("check -v").stdout.lines().count() > 200, "a line for every tensor");
    let objects = place.json("check --seed 3");
    assert_eq!(objects.len(), cells * 4 + chains);
    for object in objects {
        assert!(object["worst_relative_error"].as_f64().unwrap() < 1e-9, "{object}");
        assert!(object["derivatives"].as_u64().unwrap() > 0);
    }
}

/// Runs a check with a planted error: it must fail and name the tensor. Returns the tensor's name.
fn planted(place: &Place, arguments: &str) -> String {
    let output = place.run(arguments);
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "{arguments}: {stderr}");
    let lines: Vec<&str> = stderr.lines().collect();
    let told = lines[0].strip_prefix("planted an error of 1e-6 in the gradient of ").expect("a note first");
    let (tensor, _) = told.split_once(" (").expect("the network in brackets");
    let found = lines[1].strip_prefix(&format!("error: 1 gradient wrong by more than 1e-9: {tensor} of "));
    let (_, error) = found.and_then(|rest| rest.split_once(": relative error ")).expect("the tensor's error");
    assert!(error.parse::<f64>().expect("a number") > 1e-9);
    assert_eq!(lines.len(), 2);
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(!stdout.contains("agree"), "{stdout}");
    tensor.to_owned()
}

#[test]
fn a_planted_error_is_found_wherever_it_is() {
    let place = Place::new();
    let tensors: BTreeSet<String> =
        (0..3).map(|seed| planted(&place, &format!("check --inject --seed {seed}"))).collect();
    assert!(tensors.len() >= 2, "{tensors:?}");
}

#[test]
fn a_model_of_ones_own_can_be_checked() {
    let place = Place::with("s.csv", sequences(30));
    place.ok("train -q --epochs 2 -o f.elman");
    place.ok(&format!("{CLASSIFY} -q --epochs 2 --bidirectional --num-layers 2 --dtype f64"));
    for model in ["f.elman", "m.elman"] {
        let stdout = place.ok(&format!("check {model}")).stdout;
        for tensor in ["weight_ih_l0", "bias_hh_l0", "head.weight", "input", "initial state"] {
            assert!(stdout.contains(&format!("\n{tensor}  ")), "{stdout}");
        }
        assert!(stdout.trim_end().ends_with(" derivatives agree with dual numbers within 1e-9"), "{stdout}");
        for seed in 0..3 {
            planted(&place, &format!("check {model} --inject --seed {seed}"));
        }
    }
    assert!(place.refused(1, "check s.csv").starts_with("s.csv is not a model file of Elman; "));
}
