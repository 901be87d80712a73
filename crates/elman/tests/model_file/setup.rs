//! Models, and files in parts.

use elman::data;
use elman::error::ModelError;
use elman::float::Parameters;
use elman::model::Model;
use elman::network::CellKind;
use elman::recipe::Recipe;
use elman::table::Table;
use elman::task::{ForecastOptions, GroupedOptions, Task, TaskOptions};
use safetensors::SafeTensors;
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
pub(crate) fn tables() -> [(Table, TaskOptions); 3] {
    let grouped_options = || GroupedOptions::default().with_time("time").with_split_seed(5);
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
pub(crate) fn model(table: &Table, options: &TaskOptions, change: impl FnOnce(&mut Recipe)) -> Model {
    let prepared = Task::prepare(table, options).unwrap();
    let mut recipe = Recipe::for_task(&prepared.task);
    (recipe.hidden_size, recipe.train.epochs, recipe.train.batch_size) = (3, 1, 64);
    change(&mut recipe);
    recipe.train(&prepared, table).unwrap()
}

/// The smallest file to be had: one unit, for a regression.
pub(crate) fn small_model() -> Model {
    let [_, (table, options), _] = tables();
    model(&table, &options, |recipe| (recipe.cell, recipe.hidden_size) = (CellKind::Elman, 1))
}

pub(crate) fn read(bytes: &[u8]) -> Result<Model, ModelError> {
    Model::from_bytes("m", bytes)
}

/// The message of the error that these bytes are.
#[track_caller]
pub(crate) fn message(bytes: &[u8]) -> String {
    read(bytes).map(|_| "a model").expect_err("no error").to_string()
}

pub(crate) const NOT_A_MODEL: &str = "m is not a model file of Elman; make one with `elman train`";

pub(crate) fn bits(parameters: &Parameters) -> Vec<u64> {
    match parameters {
        Parameters::F32(values) => values.iter().map(|value| u64::from(value.to_bits())).collect(),
        Parameters::F64(values) => values.iter().map(|value| value.to_bits()).collect(),
    }
}

/// CRC-32 as in IEEE 802.3, bit by bit.
fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    !bytes.fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// A file in parts. What is built from them has a checksum that is right, whatever else is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) format: String,
    pub(crate) version: Value,
    /// JSON.
    pub(crate) content: String,
    pub(crate) tensors: Vec<Tensor>,
}

#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) dtype: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

impl Parts {
    pub(crate) fn of(file: &[u8]) -> Self {
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

    pub(crate) fn build(&self) -> Vec<u8> {
        let bytes = || self.tensors.iter().flat_map(|tensor| tensor.bytes.iter().copied());
        let version = self.version.as_u64().filter(|&version| version > 2);
        let version = version.map(|version| (version as u32).to_le_bytes());
        let checksum = crc32(version.into_iter().flatten().chain(self.content.bytes()).chain(bytes()));
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

    /// The same model in a file of version 1, whose network is that of the recipe.
    pub(crate) fn first_version(mut self) -> Self {
        self.version = json!(1);
        self.edit(|content| {
            let content = content.as_object_mut().unwrap();
            assert!(content.remove("network").is_some() && content.remove("dtype").is_some());
            if let Some(test) = content["record"]["test"].as_object_mut() {
                let baselines = test.remove("baselines").unwrap();
                test.insert("baseline_name".into(), baselines[0]["name"].clone());
                test.insert("baseline".into(), baselines[0]["metrics"].clone());
            }
        })
    }

    /// Changes the content by way of its JSON value.
    pub(crate) fn edit(mut self, edit: impl FnOnce(&mut Value)) -> Self {
        let mut content = serde_json::from_str(&self.content).unwrap();
        edit(&mut content);
        self.content = content.to_string();
        self
    }
}

/// A safetensors file of this header, padded as usual, and these bytes.
pub(crate) fn file(header: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = header.as_bytes().to_vec();
    header.resize(header.len().next_multiple_of(8), b' ');
    [&(header.len() as u64).to_le_bytes()[..], &header, bytes].concat()
}
