//! Files with a right checksum that no model can have.

use serde_json::{Value, json};

use crate::setup::{NOT_A_MODEL, Parts, Tensor, message, model, small_model, tables};

/// A change to the content, by JSON pointer, and what it is called.
#[test]
fn what_no_model_can_be_is_refused() {
    let regress = Parts::of(&small_model().to_bytes().unwrap());
    let [(table, options), _, (grouped, grouped_options)] = tables();
    let forecast = Parts::of(&model(&table, &options, |_| {}).to_bytes().unwrap());
    let classify = Parts::of(&model(&grouped, &grouped_options, |_| {}).to_bytes().unwrap());
    let (first, first_forecast) = (regress.clone().first_version(), forecast.clone().first_version());
    let huge = json!(1u64 << 40);
    let count = "it does not hold as many tensors as its network has";
    let classes = "its classes do not fit together";
    let scaling = "its features' scaling is out of range";
    let rows = "its horizon, window or stride is out of range";
    let other_network = "network is not that of the task, with 2 inputs and 1 outputs";
    let layer = json!({"recurrent": {
        "cell": "elman", "hidden_size": 1, "direction": "forward", "output": "every", "learned_state": false
    }});
    for (parts, pointer, value, reason) in [
        (&first, "/record/recipe/hidden_size", json!(0), "hidden_size is 0; it must be at least 1"),
        (
            &first,
            "/record/recipe/hidden_size",
            huge.clone(),
            "hidden_size is 1099511627776; that makes more than 268435456 parameters; choose fewer units",
        ),
        (
            &first,
            "/record/recipe/hidden_size",
            json!(1 << 10),
            "its tensor \"weight_ih_l0\" is F32 [1, 2], but its network asks for F32 [1024, 2]",
        ),
        (
            &first,
            "/record/recipe/hidden_size",
            json!(2),
            "its tensor \"weight_ih_l0\" is F32 [1, 2], but its network asks for F32 [2, 2]",
        ),
        (&first, "/record/recipe/num_layers", json!(0), count),
        (&first, "/record/recipe/num_layers", huge.clone(), count),
        (&first, "/record/recipe/num_layers", json!(u64::MAX), count),
        (&first, "/record/recipe/num_layers", json!(u64::MAX / 4 + 1), count),
        (&first, "/record/recipe/bidirectional", json!(true), count),
        (&first, "/record/recipe/dropout", json!(1.0), "dropout is 1; it must be at least 0 and below 1"),
        (
            &first,
            "/record/recipe/dropout",
            json!(0.5),
            "dropout is 0.5 but acts between layers, and there is one; use two layers or 0",
        ),
        (
            &first,
            "/record/recipe/cell",
            json!("lstm"),
            "its tensor \"weight_ih_l0\" is F32 [1, 2], but its network asks for F32 [4, 2]",
        ),
        (
            &first,
            "/record/recipe/dtype",
            json!("f64"),
            "its tensor \"weight_ih_l0\" is F32 [1, 2], but its network asks for F64 [1, 2]",
        ),
        (&regress, "/task/regress/grouping/features", json!([]), scaling),
        (&regress, "/task/regress/grouping/features/0/scaling/deviation", json!(-1.0), scaling),
        (&regress, "/task/regress/grouping/features/1/scaling/deviation", json!(0.0), scaling),
        (
            &regress,
            "/task/regress/target_scaling/deviation",
            json!(-0.5),
            "its target's scaling is out of range",
        ),
        (&classify, "/task/classify/classes", json!([]), classes),
        (&classify, "/task/classify/classes", json!(["low"]), classes),
        (&classify, "/task/classify/classes", json!(["low", "high"]), classes),
        (&classify, "/task/classify/counts", json!([1, 2, 3, 4]), classes),
        (&classify, "/task/classify/grouping/features/0/scaling/deviation", json!(-1.0), scaling),
        (&forecast, "/task/forecast/season", json!(0), "its season is out of range"),
        (&forecast, "/task/forecast/season", huge.clone(), "its season is out of range"),
        (&forecast, "/task/forecast/season", json!(11), other_network),
        (
            &first_forecast,
            "/task/forecast/season",
            json!(11),
            "its tensor \"weight_ih_l0\" is F32 [12, 14], but its network asks for F32 [12, 2]",
        ),
        (&first_forecast, "/record/recipe/bidirectional", json!(true), count),
        (
            &regress,
            "/record/recipe/train/loss",
            json!({"cross-entropy": {"class_weights": null}}),
            "loss cross-entropy is for classes; to regress, use squared",
        ),
        (
            &classify,
            "/record/recipe/train/loss",
            json!("squared"),
            "loss for classes is cross-entropy; the others are for numbers",
        ),
        (
            &regress,
            "/record/recipe/train/learning_rate",
            json!(0.0),
            "learning_rate is 0.0; it must be above 0 and finite",
        ),
        (&forecast, "/task/forecast/horizon", json!(0), rows),
        (&forecast, "/task/forecast/horizon", huge.clone(), rows),
        (&forecast, "/task/forecast/window", json!(0), rows),
        (&forecast, "/task/forecast/stride", json!(u64::MAX), rows),
        (&forecast, "/task/forecast/test", json!(u64::MAX), rows),
        (&forecast, "/task/forecast/scaling/deviation", json!(-1.0), "its scaling is out of range"),
        (
            &forecast,
            "/task/forecast/frequency",
            Value::Null,
            "it has a time column or a frequency, but not both",
        ),
        (&forecast, "/task/forecast/time", Value::Null, "it has a time column or a frequency, but not both"),
        (
            &regress,
            "/record/recipe/dtype",
            json!("f64"),
            "model has parameters in f32, but its recipe asks for f64",
        ),
        (
            &regress,
            "/dtype",
            json!("f64"),
            "its tensor \"weight_ih_l0\" is F32 [1, 2], but its network asks for F64 [1, 2]",
        ),
        (&regress, "/network/input_size", json!(0), "input_size is 0; it must be at least 1"),
        (
            &regress,
            "/network/input_size",
            json!(3),
            "its tensor \"weight_ih_l0\" is F32 [1, 2], but its network asks for F32 [1, 3]",
        ),
        (&regress, "/network/blocks", json!([]), "blocks are none; a network needs at least one"),
        (
            &regress,
            "/network/blocks",
            json!(vec![json!({"skip": {"inputs": 1}}); 4001]),
            "blocks are 4001; at most 4000 are possible",
        ),
        (&regress, "/network/blocks", json!(vec![layer.clone(); 4000]), count),
        (
            &regress,
            "/network/blocks/0/recurrent/hidden_size",
            json!(0),
            "hidden_size of block 0 (recurrent) is 0; it must be at least 1",
        ),
        (
            &regress,
            "/network/blocks/0/recurrent/hidden_size",
            huge.clone(),
            "hidden_size is 1099511627776; that makes more than 268435456 parameters; choose fewer units",
        ),
        (&regress, "/network/blocks/0/recurrent/direction", json!("both"), count),
        (
            &regress,
            "/network/blocks/0/recurrent/direction",
            json!("reverse"),
            "it has no tensor \"weight_ih_l0_reverse\"",
        ),
        (&regress, "/network/blocks/0/recurrent/output", json!("every"), other_network),
        (&regress, "/network/blocks/0/recurrent/learned_state", json!(true), count),
    ] {
        let bytes =
            parts.clone().edit(|content| *content.pointer_mut(pointer).unwrap() = value.clone()).build();
        let expected = format!("m is damaged: {reason}; copy it again or train anew");
        assert_eq!(message(&bytes), expected, "{pointer} = {value}");
    }
    for (pointer, value, reason) in [
        ("/record/recipe/hidden_size", json!(-1), "invalid value: integer `-1`, expected usize"),
        ("/record/recipe/hidden_size", json!(1e300), "invalid type: floating point `1e+300`, expected usize"),
        ("/record/recipe/cell", json!("Lstm"), "unknown variant `Lstm`"),
        ("/task", json!({"translate": {}}), "unknown variant `translate`"),
        ("/task", json!({"name": "regress"}), "unknown variant `name`"),
        ("/record/recipe/train/optimiser", json!({"name": "adam"}), "unknown variant `name`"),
        ("/record/recipe/train/schedule", json!({"name": "constant"}), "unknown variant `name`"),
        ("/task/regress/target_scaling/deviation", Value::Null, "invalid type: null, expected f64"),
        ("/record/recipe/train/epochs", json!("many"), "invalid type: string \"many\", expected u64"),
        ("/record", json!([]), "invalid length 0"),
        ("/network", json!([]), "invalid length 0"),
        ("/network/blocks/0", json!({"attention": {}}), "unknown variant `attention`"),
        ("/network/blocks/0/recurrent/cell", json!("Lstm"), "unknown variant `Lstm`"),
    ] {
        let bytes =
            regress.clone().edit(|content| *content.pointer_mut(pointer).unwrap() = value.clone()).build();
        let message = message(&bytes);
        assert!(message.starts_with(&format!("m is damaged: its header says {reason}")), "{message}");
    }
    // The largest number of layers, and tensors for one more.
    let mut deep = first.clone().edit(|content| content["record"]["recipe"]["num_layers"] = json!(1001));
    let one = deep.tensors[0].clone();
    deep.tensors.extend((0..4000).map(|n| Tensor { name: format!("t{n}"), ..one.clone() }));
    assert!(message(&deep.build()).starts_with("m is damaged: num_layers is 1001; it must be at most 1000"));
    let unknown =
        regress.clone().edit(|content| content["record"]["recipe"]["peephole"] = json!(true)).build();
    assert!(message(&unknown).starts_with("m is damaged: its header says unknown field `peephole`"));
    // Each version has its own fields.
    let (mut late, mut early) = (regress.clone(), first.clone());
    (late.version, early.version) = (json!(1), json!(2));
    assert!(message(&late.build()).starts_with("m is damaged: its header says unknown field `dtype`"));
    assert!(message(&early.build()).starts_with("m is damaged: its header says missing field `dtype`"));
}

#[test]
fn tensors_that_are_not_the_networks_are_refused() {
    let parts = Parts::of(&small_model().to_bytes().unwrap());
    let changed = |change: fn(&mut Vec<Tensor>)| {
        let mut parts = parts.clone();
        change(&mut parts.tensors);
        message(&parts.build())
    };
    let damaged = |reason: &str| format!("m is damaged: {reason}; copy it again or train anew");
    let count = damaged("it does not hold as many tensors as its network has");
    assert_eq!(changed(|tensors| drop(tensors.pop())), count);
    assert_eq!(changed(|tensors| tensors.push(Tensor { name: "x".into(), ..tensors[0].clone() })), count);
    assert_eq!(changed(Vec::clear), count);
    assert_eq!(
        changed(|tensors| tensors[0].name = "bias_hh_l1".into()),
        damaged("it has no tensor \"bias_hh_l0\"")
    );
    assert_eq!(
        changed(|tensors| tensors[0].dtype = "I32".into()),
        damaged("its tensor \"bias_hh_l0\" is I32 [1], but its network asks for F32 [1]")
    );
    assert_eq!(
        changed(|tensors| tensors[0].shape = vec![1, 1]),
        damaged("its tensor \"bias_hh_l0\" is F32 [1, 1], but its network asks for F32 [1]")
    );
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut parts = parts.clone();
        parts.tensors[3].bytes = bad.to_le_bytes().to_vec();
        assert_eq!(message(&parts.build()), damaged("its tensor \"head.weight\" holds NaN or infinity"));
    }
    // What the safetensors format itself forbids.
    assert_eq!(changed(|tensors| tensors[0].shape = vec![2]), NOT_A_MODEL);
    assert_eq!(changed(|tensors| tensors[0].shape = vec![usize::MAX, usize::MAX]), NOT_A_MODEL);
}
