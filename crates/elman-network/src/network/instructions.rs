//! Which instruction set engines and streams compute with.

use std::ffi::OsStr;
use std::sync::OnceLock;

use elman_core::block::Dense;
use elman_kernels::InstructionSet;

use super::{Kind, Network};
use crate::error::ConfigError;

/// The environment variable by which a lower instruction set can be asked for.
pub const INSTRUCTION_SET_VARIABLE: &str = "ELMAN_INSTRUCTION_SET";

/// What engines and streams compute with unless they are told otherwise: what the environment variable
/// [`INSTRUCTION_SET_VARIABLE`] names (see [`InstructionSet::name`]), or, where it is not set or empty, the best one that
/// the machine has; for networks of a few units, narrower vectors of the same bits, see [`InstructionSet::for_width`]. The
/// variable is read once, when this is first asked.
///
/// # Errors
/// If the variable names none that this machine has.
pub fn instruction_set() -> Result<InstructionSet, ConfigError> {
    Ok(asked()?.unwrap_or_else(InstructionSet::best))
}

/// The one that a network is computed with.
pub(crate) fn instruction_set_of(network: &Network) -> Result<InstructionSet, ConfigError> {
    let width = |kind: &Kind| match kind {
        Kind::Recurrent(layers) => layers.block.hidden_size,
        Kind::Dense { block: Dense { output_size, .. }, .. } => *output_size,
        _ => 0,
    };
    let in_threes = |kind: &Kind| match kind {
        Kind::Recurrent(layers) => layers.block.cell.facts().in_threes,
        _ => true,
    };
    let kinds = || network.blocks().iter().map(|placed| &placed.kind);
    let widest = kinds().map(width).max().unwrap_or(0);
    Ok(asked()?.unwrap_or_else(|| InstructionSet::best().for_width(widest, kinds().all(in_threes))))
}

/// The one that the environment asks for, if it does.
fn asked() -> Result<Option<InstructionSet>, ConfigError> {
    static ASKED: OnceLock<Result<Option<InstructionSet>, ConfigError>> = OnceLock::new();
    ASKED.get_or_init(|| named(&std::env::var_os(INSTRUCTION_SET_VARIABLE).unwrap_or_default())).clone()
}

/// The one of that name, if there is a name.
fn named(name: &OsStr) -> Result<Option<InstructionSet>, ConfigError> {
    let best = InstructionSet::best();
    if name.is_empty() {
        return Ok(None);
    }
    best.and_below().find(|set| name == set.name()).map(Some).ok_or_else(|| {
        let known: Vec<&str> = best.and_below().map(InstructionSet::name).collect();
        let (name, known) = (name.display(), known.join(", "));
        let message = format!(
            "the environment variable {INSTRUCTION_SET_VARIABLE} is {name}; this machine has {known}: choose \
             one of them, or leave it unset for the best"
        );
        ConfigError::new("", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{CellKind, NetworkConfig};

    #[test]
    fn each_set_has_a_name_and_others_are_refused_with_the_choices() {
        let best = InstructionSet::best();
        for set in best.and_below() {
            assert_eq!(named(set.name().as_ref()).unwrap().unwrap().name(), set.name());
        }
        assert!(named("".as_ref()).unwrap().is_none());
        let known: Vec<&str> = best.and_below().map(InstructionSet::name).collect();
        for wrong in ["avx1024", "AVX2", " "] {
            let error = named(wrong.as_ref()).unwrap_err().to_string();
            let expected = format!(
                "the environment variable ELMAN_INSTRUCTION_SET is {wrong}; this machine has {}: ",
                known.join(", ")
            );
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn a_few_units_are_computed_in_vectors_that_they_fill() {
        if asked().unwrap().is_some() {
            return;
        }
        let best = InstructionSet::best();
        let (elman, gru) = (CellKind::Elman, CellKind::Gru);
        for (cell, units, outputs, fills_narrow) in [
            (gru, 8, 8, true),
            (gru, 9, 1, false),
            (gru, 3, 9, false),
            (gru, 20, 1, false),
            (CellKind::ElmanRelu, 20, 1, false),
            (elman, 16, 1, false),
            (elman, 17, 1, true),
            (elman, 20, 24, true),
            (elman, 20, 25, false),
        ] {
            let network = NetworkConfig::stacked(cell, 100, units, 1, outputs);
            let set = instruction_set_of(&Network::new(network).unwrap()).unwrap();
            let is_narrow = best.lanes() == 16 && fills_narrow;
            assert_eq!(
                set.name(),
                if is_narrow { "avx2" } else { best.name() },
                "{cell}, {units} units, {outputs} outputs"
            );
        }
    }
}
