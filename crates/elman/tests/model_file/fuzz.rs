//! Any bytes whatever, and any change with a right checksum.

use elman::table::Table;
use elman::task::HeldOut;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::setup::{Parts, bits, model, read, tables};

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
        first_version in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), value()), 0..4),
        content_byte in prop::option::of((any::<prop::sample::Index>(), prop::char::range(' ', '~'))),
        tensor_byte in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let (table, parts) = &*SAMPLES.with(|samples| samples[task].clone());
        let parts = if first_version { parts.clone().first_version() } else { parts.clone() };
        let mut parts = parts.edit(|content| {
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
            let _ = model.predict(table, None).map(|predictions| predictions.num_rows());
            let usual = model.task().kind().held_out(None).unwrap();
            for held_out in [usual, HeldOut::All, HeldOut::LastRows(7)] {
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
pub(crate) fn collect(value: &Value, pointer: String, pointers: &mut Vec<String>) {
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
pub(crate) fn value() -> impl Strategy<Value = Value> {
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
