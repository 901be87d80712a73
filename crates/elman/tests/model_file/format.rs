//! The file is as documented.

use elman::error::{Error, Format, ModelError};
use elman::float::Parameters;
use elman::network::CellKind;
use elman::optimiser::OptimiserConfig;
use elman::recipe::Recipe;
use elman::schedule::ScheduleConfig;
use elman::task::Task;
use elman::train::{Checkpointer, Identity};
use safetensors::SafeTensors;
use serde_json::{Value, json};

use crate::setup::{Parts, message, model, small_model, tables};

/// The format is what its documentation says: taken apart and put together by that, it is the same.
#[test]
fn the_file_is_as_documented() {
    for (table, options) in &tables() {
        let bytes = model(table, options, |_| {}).to_bytes().unwrap();
        assert_eq!(Parts::of(&bytes).build(), bytes);
    }
}

/// An option with alternatives is its name, or an object of its name and what belongs to it.
#[test]
fn alternatives_are_tagged_by_name() {
    for ((table, options), name) in tables().iter().zip(["forecast", "regress", "classify"]) {
        for (schedule, expected) in [
            (ScheduleConfig::Constant, json!("constant")),
            (ScheduleConfig::Cosine { warmup: 0 }, json!({"cosine": {"warmup": 0}})),
        ] {
            let model = model(table, options, |recipe| {
                recipe.train.optimiser = OptimiserConfig::ADAM;
                recipe.train.schedule = schedule;
            });
            let parts = Parts::of(&model.to_bytes().unwrap());
            let content: Value = serde_json::from_str(&parts.content).unwrap();
            let train = &content["record"]["recipe"]["train"];
            assert_eq!(content["task"].as_object().unwrap().keys().collect::<Vec<_>>(), [name]);
            assert_eq!(train["schedule"], expected);
            let adam = json!({"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0});
            assert_eq!(train["optimiser"], json!({"adam": adam}));
        }
    }
}

#[test]
fn tensors_have_pytorchs_names_and_shapes() {
    let (hidden, features) = (3, 2);
    let [_, _, (table, options)] = tables();
    for (cell, gates) in [
        (CellKind::Elman, 1),
        (CellKind::ElmanRelu, 1),
        (CellKind::Gru, 3),
        (CellKind::GruResetBefore, 3),
        (CellKind::Lstm, 4),
    ] {
        for bidirectional in [false, true] {
            let model = model(&table, &options, |recipe| {
                (recipe.cell, recipe.num_layers, recipe.bidirectional) = (cell, 2, bidirectional);
            });
            let directions = if bidirectional { &["", "_reverse"][..] } else { &[""] };
            let mut expected = vec![
                ("head.bias".into(), vec![3]),
                ("head.weight".into(), vec![3, directions.len() * hidden]),
            ];
            for (layer, input) in [features, directions.len() * hidden].into_iter().enumerate() {
                for direction in directions {
                    expected.extend([
                        (format!("weight_ih_l{layer}{direction}"), vec![gates * hidden, input]),
                        (format!("weight_hh_l{layer}{direction}"), vec![gates * hidden, hidden]),
                        (format!("bias_ih_l{layer}{direction}"), vec![gates * hidden]),
                        (format!("bias_hh_l{layer}{direction}"), vec![gates * hidden]),
                    ]);
                }
            }
            expected.sort();
            let bytes = model.to_bytes().unwrap();
            let file = SafeTensors::deserialize(&bytes).unwrap();
            let mut found: Vec<(String, Vec<usize>)> =
                file.iter().map(|(name, view)| (name.to_owned(), view.shape().to_vec())).collect();
            found.sort();
            assert_eq!(found, expected, "{cell}");

            // Their values stand row by row, least significant byte first.
            let Parameters::F32(values) = model.parameters() else { panic!("f32 is the default") };
            for tensor in model.network().layout().tensors() {
                let view = file.tensor(&tensor.name).unwrap();
                let stored = view.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
                assert!(stored.eq(values[tensor.range.clone()].iter().copied()), "{}", tensor.name);
            }
        }
    }
}

#[test]
fn a_newer_version_is_told_apart_from_damage() {
    let mut parts = Parts::of(&small_model().to_bytes().unwrap());
    parts.version = json!(4);
    let newer = "m has format version 4, and this program reads up to 3; use a newer elman";
    assert_eq!(message(&parts.build()), newer);
    // Whatever else may be new in it.
    parts.format = "ensemble".into();
    parts.content = "[]".into();
    parts.tensors.clear();
    assert_eq!(message(&parts.build()), newer);
    for version in [1, 2] {
        parts.version = json!(version);
        assert_eq!(
            message(&parts.build()),
            "m is damaged: its header says unknown variant `ensemble`, expected one of `model`, `checkpoint`, \
             `weights` at line 1 column 20; copy it again or train anew"
        );
    }
}

#[test]
fn models_and_checkpoints_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c");
    let identity = Identity::new(&json!({}), 0).unwrap();
    let mut checkpointer = Checkpointer::new(path.clone(), None, None, identity);

    let [_, (table, options), _] = tables();
    let prepared = Task::prepare(&table, &options).unwrap();
    let recipe = Recipe::for_task(&prepared.task);
    let mut run = elman::run::Run::new(&recipe, &prepared).unwrap();
    checkpointer.save(run.progress()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(message(&bytes), "m is a checkpoint, not a model; finish its run with resume");
    // Those of version 1 are the same but for the number.
    let mut parts = Parts::of(&bytes);
    assert_eq!(parts.version, json!(2));
    parts.version = json!(1);
    std::fs::write(&path, parts.build()).unwrap();
    // A run of another seed takes up the parameters that were saved.
    let other = recipe.clone().with_train(recipe.train.clone().with_seed(9));
    let mut resumed = elman::run::Run::new(&other, &prepared).unwrap();
    assert_ne!(resumed.progress().parameters(), run.progress().parameters());
    assert!(resumed.resume(&checkpointer).unwrap());
    assert_eq!(resumed.progress().parameters(), run.progress().parameters());

    small_model().save(&path).unwrap();
    let error = run.resume(&checkpointer).unwrap_err();
    assert!(matches!(error, Error::Model(ModelError::OtherFormat { found: Format::Model, .. })), "{error}");
    let expected =
        format!("{} is a finished model, not a checkpoint; there is nothing to resume", path.display());
    assert_eq!(error.to_string(), expected);
}
