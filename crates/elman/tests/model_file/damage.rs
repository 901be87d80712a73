//! Files that are cut short, changed, or something else.

use elman::error::{Error, ModelError};
use elman::model::Model;
use safetensors::tensor::TensorView;

use crate::setup::{NOT_A_MODEL, file, message, read, small_model};

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
            assert_eq!(error.to_string(), NOT_A_MODEL, "{found} bytes");
        } else {
            assert_eq!(error, ModelError::CutShort { name: "m".into(), found: found as u64, expected });
        }
    }
    assert_eq!(
        message(&bytes[..bytes.len() - 1]),
        format!("m is cut short: {} bytes of {}; copy it again or train anew", bytes.len() - 1, bytes.len())
    );
}

/// A single flipped bit, wherever it is, is an error.
#[test]
fn every_flipped_bit_is_found() {
    let mut bytes = small_model().to_bytes().unwrap();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            bytes[place] ^= 1 << bit;
            assert!(read(&bytes).is_err(), "bit {bit} of byte {place} passes unseen");
            bytes[place] ^= 1 << bit;
        }
    }
}

#[test]
fn bytes_added_at_the_end_are_an_error() {
    let bytes = small_model().to_bytes().unwrap();
    for added in [&b"\n"[..], &[0; 8], &bytes] {
        let long = [&bytes[..], added].concat();
        assert_eq!(
            message(&long),
            format!(
                "m is damaged: it is {} bytes long, but should be {}; copy it again or train anew",
                long.len(),
                bytes.len()
            )
        );
    }
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

/// Offsets that together reach beyond all numbers, out of sight of the check for files cut short: it
/// cannot borrow the name of a tensor that is written with an escape.
#[test]
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

#[test]
fn files_that_cannot_be_opened() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("none");
    let error = Model::open(&path).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot read {}: ", path.display())), "{error}");
    assert!(matches!(Model::open(directory.path()), Err(Error::File(_))));
}
