//! The model file: what is saved is what is loaded, to the bit, and no bytes whatever cause a panic or
//! pass for a model that they are not.
//!
//! Files are taken apart and put together here by hand, after the documentation of the format alone:
//! a safetensors file whose one metadata entry, `elman`, is JSON with a CRC-32 of its content's text
//! and the tensors' bytes.
//!
//! - [`saving`]: saved and loaded is the same;
//! - [`format`]: the file is as documented;
//! - [`damage`]: files that are cut short, changed, or something else;
//! - [`refusals`]: files with a right checksum that no model can have;
//! - [`version_1`]: files of the first version of the format;
//! - [`weights`]: files of weights alone;
//! - [`fuzz`]: any bytes whatever.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod damage;
mod format;
mod fuzz;
mod refusals;
mod saving;
mod setup;
mod version_1;
mod weights;
