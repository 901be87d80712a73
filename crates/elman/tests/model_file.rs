//! The model file: what is saved is what is loaded, to the bit, and no bytes whatever cause a panic or
//! pass for a model that they are not.
//!
//! Files are taken apart and put together here by hand, after the documentation of the format alone:
//! a safetensors file whose one metadata entry, `elman`, is JSON with a CRC-32 of its content's text
//! and the tensors' bytes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use elman::data;
use elman::error::{Error, ModelError};
use elman::float::Dtype;
use elman::model::Model;
use elman::network::CellKind;
use elman::parameters::Parameters;
use elman::recipe::Recipe;
use elman::schedule::ScheduleConfig;
use elman::table::Table;
use elman::task::{ForecastOptions, GroupedOptions, HeldOut, Task, TaskOptions};
use elman::train::{Checkpointer, Identity};
use proptest::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::{Value, json};

/// Sequences of two features, of one to four steps, and a column of targets.
fn grouped(target: impl Fn(usize) -> String) -> Table {
    let mut csv = String::from("id,time,level,flow,target\n");
    for id in 0..12 {
        for step in 0..=id % 4 {
            let (level, flow) = ((id * 7 + step * 3) % 11, (id * 5 + step) % 6);
            csv += &format!("s{id},{step},{level}.5,{flow},{}\n", target(id));
        }
    }
    Table::read("rivers.csv", csv.as_bytes()).unwrap()
}

/// A table for each task, and how it is to be read.
fn tables() -> [(Table, TaskOptions); 3] {
    let grouped_options = || GroupedOptions { time: Some("time".into()), ..GroupedOptions::default() };
    [
        (data::airline().unwrap(), TaskOptions::Forecast(ForecastOptions::default())),
        (grouped(|id| format!("{}.25", id * id % 7)), TaskOptions::Regress(grouped_options())),
        (
            grouped(|id| ["low", "high \"and\" \u{1F30A}", "mid"][id % 3].into()),
            TaskOptions::Classify(grouped_options()),
        ),
    ]
}

/// A model that has learned for an epoch.
fn model(table: &Table, options: &TaskOptions, change: impl FnOnce(&mut Recipe)) -> Model {
    let prepared = Task::prepare(table, options, 5).unwrap();
    let mut recipe = Recipe::for_task(&prepared.task);
    (recipe.hidden_size, recipe.train.epochs, recipe.train.batch_size) = (3, 1, 64);
    change(&mut recipe);
    recipe.train(&prepared, table).unwrap()
}

/// The smallest file to be had: one unit, for a regression.
fn small_model() -> Model {
    let [_, (table, options), _] = tables();
    model(&table, &options, |recipe| (recipe.cell, recipe.hidden_size) = (CellKind::Elman, 1))
}

fn read(bytes: &[u8]) -> Result<Model, ModelError> {
    Model::from_bytes("m", bytes)
}

/// The message of the error that these bytes are.
#[track_caller]
fn message(bytes: &[u8]) -> String {
    read(bytes).map(|_| "a model").expect_err("no error").to_string()
}

const NOT_A_MODEL: &str = "m is not a model file of Elman; make one with `elman train`";

/// CRC-32 as in IEEE 802.3, bit by bit.
fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    !bytes.fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// A file in parts. What is built from them has a checksum that is right, whatever else is wrong.
#[derive(Clone, Debug)]
struct Parts {
    format: String,
    version: Value,
    /// JSON.
    content: String,
    tensors: Vec<Tensor>,
}

#[derive(Clone, Debug)]
struct Tensor {
    name: String,
    dtype: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Parts {
    fn of(file: &[u8]) -> Self {
        let (_, metadata) = SafeTensors::read_metadata(file).unwrap();
        let envelope = &metadata.metadata().as_ref().unwrap()["elman"];
        let fields: Value = serde_json::from_str(envelope).unwrap();
        let content = envelope.split_once(r#""content":"#).unwrap().1.strip_suffix('}').unwrap();
        let file = SafeTensors::deserialize(file).unwrap();
        let mut names = file.names();
        names.sort_unstable();
        let tensor = |name: &str| {
            let view = file.tensor(name).unwrap();
            Tensor {
                name: name.into(),
                dtype: format!("{:?}", view.dtype()),
                shape: view.shape().to_vec(),
                bytes: view.data().to_vec(),
            }
        };
        Parts {
            format: fields["format"].as_str().unwrap().into(),
            version: fields["format_version"].clone(),
            content: content.into(),
            tensors: names.into_iter().map(tensor).collect(),
        }
    }

    fn build(&self) -> Vec<u8> {
        let bytes = || self.tensors.iter().flat_map(|tensor| tensor.bytes.iter().copied());
        let checksum = crc32(self.content.bytes().chain(bytes()));
        let envelope = format!(
            r#"{{"format":"{}","format_version":{},"checksum":{checksum},"content":{}}}"#,
            self.format, self.version, self.content
        );
        let mut header = format!(r#"{{"__metadata__":{{"elman":{}}}"#, json!(envelope));
        let mut begin = 0;
        for Tensor { name, dtype, shape, bytes } in &self.tensors {
            let (name, end) = (json!(name), begin + bytes.len());
            header += &format!(
                r#",{name}:{{"dtype":"{dtype}","shape":{},"data_offsets":[{begin},{end}]}}"#,
                json!(shape)
            );
            begin = end;
        }
        header.push('}');
        file(&header, &bytes().collect::<Vec<_>>())
    }

    /// Changes the content by way of its JSON value.
    fn edit(mut self, edit: impl FnOnce(&mut Value)) -> Self {
        let mut content = serde_json::from_str(&self.content).unwrap();
        edit(&mut content);
        self.content = content.to_string();
        self
    }
}

/// A safetensors file of this header, padded as usual, and these bytes.
fn file(header: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = header.as_bytes().to_vec();
    header.resize(header.len().next_multiple_of(8), b' ');
    [&(header.len() as u64).to_le_bytes()[..], &header, bytes].concat()
}

#[test]
fn saved_and_loaded_is_the_same_model() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a model");
    for (table, options) in &tables() {
        for cell in CellKind::ALL {
            for dtype in [Dtype::F32, Dtype::F64] {
                let deep = matches!(options, TaskOptions::Classify(_));
                let saved = model(table, options, |recipe| {
                    (recipe.cell, recipe.dtype) = (cell, dtype);
                    if deep {
                        (recipe.num_layers, recipe.bidirectional, recipe.dropout) = (2, true, 0.25);
                    }
                });
                saved.save(&path).unwrap();
                let loaded = Model::open(&path).unwrap();

                let what = format!("{} {cell} {dtype:?}", saved.task().name());
                assert_eq!(saved.parameters().dtype(), dtype);
                assert_eq!(bits(loaded.parameters()), bits(saved.parameters()), "{what}");
                assert_eq!(loaded.network().config(), saved.network().config(), "{what}");
                assert_eq!(loaded.task(), saved.task(), "{what}");
                assert_eq!(loaded.record(), saved.record(), "{what}");
                assert_eq!(loaded.to_bytes().unwrap(), saved.to_bytes().unwrap(), "{what}");
                assert_eq!(std::fs::read(&path).unwrap(), saved.to_bytes().unwrap(), "{what}");

                let predictions = saved.predict(table, None).unwrap();
                assert_eq!(loaded.predict(table, None).unwrap(), predictions, "{what}");
                let held_out = saved.task().default_held_out();
                let evaluation = saved.evaluate(table, &held_out).unwrap();
                assert_eq!(loaded.evaluate(table, &held_out).unwrap(), evaluation, "{what}");
            }
        }
    }
}

fn bits(parameters: &Parameters) -> Vec<u64> {
    match parameters {
        Parameters::F32(values) => values.iter().map(|value| u64::from(value.to_bits())).collect(),
        Parameters::F64(values) => values.iter().map(|value| value.to_bits()).collect(),
    }
}

/// The values that a text of few digits would lose.
#[test]
fn every_number_survives() {
    let model = small_model();
    let Parameters::F32(mut values) = model.parameters().clone() else { panic!("f32 is the default") };
    let awkward = [-0.0, f32::MIN_POSITIVE / 8_388_608.0, f32::MAX, f32::MIN, 0.1, 1.0 / 3.0];
    values.iter_mut().zip(awkward).for_each(|(value, awkward)| *value = awkward);
    let parameters = Parameters::F32(values);
    for number in [-0.0, 5e-324, 0.1 + 0.2, 1.797_693_134_862_315_7e308, f64::MIN_POSITIVE] {
        let (mut task, mut record) = (model.task().clone(), model.record().clone());
        let Task::Regress(regress) = &mut task else { panic!("a regression") };
        regress.target_scaling.mean = number;
        record.loss = Some(number);
        let model = Model::new(task, parameters.clone(), record).unwrap();
        let loaded = read(&model.to_bytes().unwrap()).unwrap();
        let Task::Regress(regress) = loaded.task() else { panic!("a regression") };
        assert_eq!(regress.target_scaling.mean.to_bits(), number.to_bits());
        assert_eq!(loaded.record().loss.map(f64::to_bits), Some(number.to_bits()));
        assert_eq!(bits(loaded.parameters()), bits(&parameters));
    }
}

#[test]
fn equal_models_are_equal_files() {
    let (one, other) = (small_model(), small_model());
    let bytes = one.to_bytes().unwrap();
    for _ in 0..20 {
        assert_eq!(one.to_bytes().unwrap(), bytes);
        assert_eq!(other.to_bytes().unwrap(), bytes);
    }
}

/// The format is what its documentation says: taken apart and put together by that, it is the same.
#[test]
fn the_file_is_as_documented() {
    for (table, options) in &tables() {
        let bytes = model(table, options, |_| {}).to_bytes().unwrap();
        assert_eq!(Parts::of(&bytes).build(), bytes);
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
fn every_shorter_file_is_cut_short() {
    let bytes = small_model().to_bytes().unwrap();
    let header_end = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    // So much of the header is needed to know it for one of ours.
    let known = 8 + br#"{"__metadata__":{"elman":"#.len();
    for found in 0..bytes.len() {
        let expected = if found < header_end { header_end } else { bytes.len() } as u64;
        let error = read(&bytes[..found]).map(|_| ()).unwrap_err();
        if found < known {
            assert_eq!(error, ModelError::NotAModel { name: "m".into() }, "{found} bytes");
        } else {
            assert_eq!(error, ModelError::CutShort { name: "m".into(), found: found as u64, expected });
        }
    }
    assert_eq!(
        message(&bytes[..bytes.len() - 1]),
        format!("m is cut short: {} bytes of {}; copy it again or train anew", bytes.len() - 1, bytes.len())
    );
}

/// A single flipped bit is an error, or it has changed nothing.
#[test]
fn every_flipped_bit_is_found() {
    let mut bytes = small_model().to_bytes().unwrap();
    let original = bytes.clone();
    let mut unprotected = Vec::new();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            bytes[place] ^= 1 << bit;
            if let Ok(model) = read(&bytes) {
                assert!(model.to_bytes().unwrap() == original, "bit {bit} of byte {place} passes unseen");
                let around = String::from_utf8_lossy(&bytes[place.saturating_sub(19)..=place]).into_owned();
                unprotected.push((around, bit));
            }
            bytes[place] ^= 1 << bit;
        }
    }
    // Of all bits one: version 1 becomes version 0, which is read in the same way.
    assert_eq!(unprotected, [(r#"\"format_version\":0"#.into(), 0)]);
}

#[test]
fn bytes_added_at_the_end_are_an_error() {
    let bytes = [&small_model().to_bytes().unwrap()[..], b"\n"].concat();
    assert_eq!(message(&bytes), NOT_A_MODEL);
}

#[test]
fn other_files_are_no_models() {
    let csv = b"month,passengers\n1949-01,112\n1949-02,118\n";
    let zeros = [0; 100];
    // The length of a header of four gigabytes, and of one near the end of all numbers.
    let long = [&(4u64 << 30).to_le_bytes()[..], b"{}"].concat();
    let endless = [&u64::MAX.to_le_bytes()[..], b"{\"__metadata__\":{\"elman\":\""].concat();
    for bytes in [&b""[..], b"x", csv, &zeros, &[255; 100], &long, &endless] {
        assert_eq!(message(bytes), NOT_A_MODEL, "{bytes:?}");
    }
    let values = [0; 12];
    let view = || TensorView::new(safetensors::Dtype::F32, vec![3], &values).unwrap();
    let other = |metadata| safetensors::serialize([("weight", view())], metadata).unwrap();
    assert_eq!(message(&other(None)), NOT_A_MODEL);
    let metadata = [("format".to_owned(), "pt".to_owned())];
    assert_eq!(message(&other(Some(metadata.into()))), NOT_A_MODEL);
    let metadata = [("elman".to_owned(), "Jeffrey".to_owned())];
    assert_eq!(
        message(&other(Some(metadata.into()))),
        "m is damaged: its header says expected value at line 1 column 1; copy it again or train anew"
    );
}

#[test]
fn a_newer_version_is_told_apart_from_damage() {
    let mut parts = Parts::of(&small_model().to_bytes().unwrap());
    parts.version = json!(2);
    let newer = "m has format version 2, and this program reads up to 1; use a newer elman";
    assert_eq!(message(&parts.build()), newer);
    // Whatever else may be new in it.
    parts.format = "ensemble".into();
    parts.content = "[]".into();
    parts.tensors.clear();
    assert_eq!(message(&parts.build()), newer);
    parts.version = json!(1);
    assert_eq!(
        message(&parts.build()),
        "m is damaged: its header says unknown variant `ensemble`, expected `model` or `checkpoint` at line 1 \
         column 20; copy it again or train anew"
    );
}

#[test]
fn models_and_checkpoints_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c");
    let identity = Identity::new(&json!({}), 0).unwrap();
    let mut checkpointer = Checkpointer::new(path.clone(), None, None, identity);

    let [_, (table, options), _] = tables();
    let prepared = Task::prepare(&table, &options, 5).unwrap();
    let recipe = Recipe::for_task(&prepared.task);
    let run = elman::run::Run::<f32>::new(&recipe, &prepared).unwrap();
    checkpointer.save(run.progress()).unwrap();
    assert_eq!(
        message(&std::fs::read(&path).unwrap()),
        "m is a checkpoint, not a model; finish it with `elman train --resume`"
    );

    small_model().save(&path).unwrap();
    let error = checkpointer.load::<f32>(5).unwrap_err();
    assert!(matches!(error, Error::Model(ModelError::IsAModel { .. })), "{error}");
    let expected =
        format!("{} is a finished model, not a checkpoint; there is nothing to resume", path.display());
    assert_eq!(error.to_string(), expected);
}

/// A change to the content, by JSON pointer, and what it is called.
#[test]
fn what_no_model_can_be_is_refused() {
    let regress = Parts::of(&small_model().to_bytes().unwrap());
    let [(table, options), _, (grouped, grouped_options)] = tables();
    let forecast = Parts::of(&model(&table, &options, |_| {}).to_bytes().unwrap());
    let classify = Parts::of(&model(&grouped, &grouped_options, |_| {}).to_bytes().unwrap());
    let huge = json!(1u64 << 40);
    let count = "it does not hold as many tensors as its network has";
    let classes = "its classes do not fit together";
    let scaling = "its features' scaling is out of range";
    let rows = "its horizon, window or stride is out of range";
    for (parts, pointer, value, reason) in [
        (&regress, "/record/recipe/hidden_size", json!(0), "hidden_size is 0; it must be at least 1"),
        (
            &regress,
            "/record/recipe/hidden_size",
            huge.clone(),
            "hidden_size is 1099511627776; that makes more than 268435456 parameters; choose fewer units",
        ),
        (
            &regress,
            "/record/recipe/hidden_size",
            json!(1 << 10),
            "its tensor \"weight_ih_l0\" is F32 [1, 2], but its network asks for F32 [1024, 2]",
        ),
        (
            &regress,
            "/record/recipe/hidden_size",
            json!(2),
            "its tensor \"weight_ih_l0\" is F32 [1, 2], but its network asks for F32 [2, 2]",
        ),
        (&regress, "/record/recipe/num_layers", json!(0), count),
        (&regress, "/record/recipe/num_layers", huge.clone(), count),
        (&regress, "/record/recipe/num_layers", json!(u64::MAX), count),
        (&regress, "/record/recipe/num_layers", json!(u64::MAX / 4 + 1), count),
        (&regress, "/record/recipe/bidirectional", json!(true), count),
        (&regress, "/record/recipe/dropout", json!(1.0), "dropout is 1; it must be at least 0 and below 1"),
        (
            &regress,
            "/record/recipe/dropout",
            json!(0.5),
            "dropout is 0.5 but acts between layers, and there is one; use two layers or 0",
        ),
        (
            &regress,
            "/record/recipe/cell",
            json!("lstm"),
            "its tensor \"weight_ih_l0\" is F32 [1, 2], but its network asks for F32 [4, 2]",
        ),
        (
            &regress,
            "/record/recipe/dtype",
            json!("f64"),
            "its tensor \"weight_ih_l0\" is F32 [1, 2], but its network asks for F64 [1, 2]",
        ),
        (&regress, "/task/grouping/features", json!([]), scaling),
        (&regress, "/task/grouping/features/0/scaling/deviation", json!(-1.0), scaling),
        (&regress, "/task/grouping/features/1/scaling/deviation", json!(0.0), scaling),
        (&regress, "/task/target_scaling/deviation", json!(-0.5), "its target's scaling is out of range"),
        (&classify, "/task/classes", json!([]), classes),
        (&classify, "/task/classes", json!(["low"]), classes),
        (&classify, "/task/classes", json!(["low", "high"]), classes),
        (&classify, "/task/counts", json!([1, 2, 3, 4]), classes),
        (&classify, "/task/grouping/features/0/scaling/deviation", json!(-1.0), scaling),
        (&forecast, "/task/season", json!(0), "its season is out of range"),
        (&forecast, "/task/season", huge.clone(), "its season is out of range"),
        (
            &forecast,
            "/task/season",
            json!(11),
            "its tensor \"weight_ih_l0\" is F32 [12, 14], but its network asks for F32 [12, 2]",
        ),
        (&forecast, "/record/recipe/bidirectional", json!(true), count),
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
        (&forecast, "/task/horizon", json!(0), rows),
        (&forecast, "/task/horizon", huge.clone(), rows),
        (&forecast, "/task/window", json!(0), rows),
        (&forecast, "/task/stride", json!(u64::MAX), rows),
        (&forecast, "/task/test", json!(u64::MAX), rows),
        (&forecast, "/task/scaling/deviation", json!(-1.0), "its scaling is out of range"),
        (&forecast, "/task/frequency", Value::Null, "it has a time column or a frequency, but not both"),
        (&forecast, "/task/time", Value::Null, "it has a time column or a frequency, but not both"),
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
        ("/task/name", json!("translate"), "unknown variant `translate`"),
        ("/task/target_scaling/deviation", Value::Null, "invalid type: null, expected f64"),
        ("/record/recipe/train/epochs", json!("many"), "invalid type: string \"many\", expected u64"),
        ("/record", json!([]), "invalid length 0"),
    ] {
        let bytes =
            regress.clone().edit(|content| *content.pointer_mut(pointer).unwrap() = value.clone()).build();
        let message = message(&bytes);
        assert!(message.starts_with(&format!("m is damaged: its header says {reason}")), "{message}");
    }
    // The largest number of layers, and tensors for one more.
    let mut deep = regress.clone().edit(|content| content["record"]["recipe"]["num_layers"] = json!(1001));
    let one = deep.tensors[0].clone();
    deep.tensors.extend((0..4000).map(|n| Tensor { name: format!("t{n}"), ..one.clone() }));
    assert!(message(&deep.build()).starts_with("m is damaged: num_layers is 1001; it must be at most 1000"));
    let unknown =
        regress.clone().edit(|content| content["record"]["recipe"]["peephole"] = json!(true)).build();
    assert!(message(&unknown).starts_with("m is damaged: its header says unknown field `peephole`"));
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

/// Offsets that together reach beyond all numbers, out of sight of the check for files cut short: it
/// cannot borrow the name of a tensor that is written with an escape.
#[test]
#[ignore = "defect: with overflow checks, safetensors panics (tensor.rs:420, buffer_end + N_LEN + n)"]
fn offsets_near_the_end_of_all_numbers_are_an_error() {
    let most = usize::MAX / 8;
    for escape in ["", "\\u0061"] {
        let mut header = String::from(r#"{"__metadata__":{"elman":"{}"}"#);
        let mut begin = 0;
        for n in 0..8 {
            let end = begin + most;
            header += &format!(
                r#","{escape}{n}":{{"dtype":"U8","shape":[{most}],"data_offsets":[{begin},{end}]}}"#
            );
            begin = end;
        }
        header += "}";
        assert!(read(&file(&header, b"")).is_err());
    }
}

/// What JSON cannot hold is not written as something else.
#[test]
#[ignore = "defect: serde_json writes NaN as null, which is read as None or not at all"]
fn figures_that_are_not_finite_are_not_written() {
    let model = small_model();
    let mut record = model.record().clone();
    record.loss = Some(f64::NAN);
    let model = Model::new(model.task().clone(), model.parameters().clone(), record).unwrap();
    assert!(matches!(model.to_bytes(), Err(ModelError::Unwritable { .. })));
}

/// What training accepts must not make a model that is lost when it is saved.
#[test]
#[ignore = "defect: Plateau's threshold and minimum may be NaN, and so may the optimiser's eps"]
fn every_model_that_can_be_trained_can_be_read() {
    let [_, (table, options), _] = tables();
    let nan = f64::NAN;
    let odd = [
        ScheduleConfig::Plateau { factor: 0.5, patience: 1, threshold: nan, minimum: 0.0 },
        ScheduleConfig::Plateau { factor: 0.5, patience: 1, threshold: 0.0, minimum: nan },
    ];
    let prepared = Task::prepare(&table, &options, 5).unwrap();
    for schedule in odd {
        let mut recipe = Recipe::for_task(&prepared.task);
        (recipe.hidden_size, recipe.train.epochs, recipe.train.schedule) = (2, 1, schedule);
        if let Ok(model) = recipe.train(&prepared, &table) {
            let reread = read(&model.to_bytes().unwrap());
            assert!(reread.is_ok(), "{schedule:?}: {}", reread.unwrap_err());
        }
    }
}

#[test]
fn files_that_cannot_be_opened() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("none");
    let error = Model::open(&path).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot read {}: ", path.display())), "{error}");
    assert!(matches!(Model::open(directory.path()), Err(Error::File(_))));
}

/// A header like ours, in which one thing or another is not.
fn header_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(r#"{"__metadata__":{"elman":""#.to_owned()),
        Just(r#"{\"format\":\"model\",\"format_version\":1,\"checksum\":0,\"content\":{}}"#.to_owned()),
        Just(r#""}"#.to_owned()),
        Just(r#","a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#.to_owned()),
        Just("}".to_owned()),
        "[\\[\\]{}\",:0-9a]{0,8}",
        any::<u64>().prop_map(|n| n.to_string()),
    ];
    let header = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
    (header, -2i64..3, 0usize..9).prop_map(|(header, off, more)| {
        let len = (header.len() as u64).saturating_add_signed(off);
        [&len.to_le_bytes()[..], header.as_bytes(), &vec![0; more]].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(any in prop::collection::vec(any::<u8>(), 0..300), like in header_like()) {
        prop_assert!(read(&any).is_err());
        prop_assert!(read(&like).is_err());
    }

    /// Whatever is in a file whose checksum is right: it is a model, which then can be written,
    /// read and put to use, or an error.
    #[test]
    fn no_change_with_a_right_checksum_panics(
        task in 0usize..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), value()), 0..4),
        content_byte in prop::option::of((any::<prop::sample::Index>(), prop::char::range(' ', '~'))),
        tensor_byte in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let (table, parts) = &*SAMPLES.with(|samples| samples[task].clone());
        let mut parts = parts.clone().edit(|content| {
            for (index, value) in &changes {
                let mut leaves = Vec::new();
                collect(content, String::new(), &mut leaves);
                *content.pointer_mut(index.get::<String>(&leaves).as_str()).unwrap() = value.clone();
            }
        });
        if let Some((index, char)) = content_byte {
            let mut content: Vec<char> = parts.content.chars().collect();
            *index.get_mut(&mut content) = char;
            parts.content = content.into_iter().collect();
        }
        if let Some((tensor, place, byte)) = tensor_byte {
            *place.get_mut(&mut tensor.get_mut(&mut parts.tensors).bytes) = byte;
        }
        if let Ok(model) = read(&parts.build()) {
            let again = read(&model.to_bytes().unwrap()).unwrap();
            prop_assert_eq!(bits(again.parameters()), bits(model.parameters()));
            // Answers or errors, and no panic.
            let _ = model.predict(table, None).map(|predictions| predictions.rows.len());
            for held_out in [model.task().default_held_out(), HeldOut::All, HeldOut::LastRows(7)] {
                let _ = model.evaluate(table, &held_out);
            }
        }
    }
}

thread_local! {
    static SAMPLES: Vec<std::rc::Rc<(Table, Parts)>> = tables().into_iter().map(|(table, options)| {
        let parts = Parts::of(&model(&table, &options, |_| {}).to_bytes().unwrap());
        std::rc::Rc::new((table, parts))
    }).collect();
}

/// JSON pointers to all values.
fn collect(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| collect(value, format!("{pointer}/{name}"), pointers));
        }
        Value::Array(values) => {
            values
                .iter()
                .enumerate()
                .for_each(|(n, value)| collect(value, format!("{pointer}/{n}"), pointers));
        }
        _ => {}
    }
    pointers.push(pointer);
}

/// A value that may stand in a header, rightly or wrongly.
fn value() -> impl Strategy<Value = Value> {
    let numbers = prop_oneof![
        (0u64..14).prop_map(|n| json!(n)),
        prop::sample::select(&[100_000, 100_001, 1 << 40, u64::MAX / 4, u64::MAX - 1, u64::MAX][..])
            .prop_map(|n| json!(n)),
        any::<u64>().prop_map(|n| json!(n)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        prop::sample::select(&[-1.0, 0.0, 0.5, 1e-308, 1e308][..]).prop_map(|n| json!(n)),
    ];
    let words =
        "lstm|gru|elman|last|every|f64|none|difference|log-difference|id|level|month|passengers|daily|x";
    prop_oneof![
        8 => numbers,
        4 => words.prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(json!([])),
        1 => Just(json!({})),
    ]
}
