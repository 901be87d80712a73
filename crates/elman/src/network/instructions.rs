//! Which instruction set engines and streams compute with.

use std::ffi::OsStr;
use std::sync::OnceLock;

use elman_kernels::InstructionSet;

use crate::error::ConfigError;

/// The environment variable by which a lower instruction set can be asked for.
pub const INSTRUCTION_SET_VARIABLE: &str = "ELMAN_INSTRUCTION_SET";

/// What engines and streams compute with unless they are told otherwise: what the environment variable
/// [`INSTRUCTION_SET_VARIABLE`] names (see [`InstructionSet::name`]), or, where it is not set or empty, the best one that
/// the machine has. The variable is read once, when this is first asked.
///
/// # Errors
/// If the variable names none that this machine has.
pub fn instruction_set() -> Result<InstructionSet, ConfigError> {
    static CHOSEN: OnceLock<Result<InstructionSet, ConfigError>> = OnceLock::new();
    CHOSEN.get_or_init(|| named(&std::env::var_os(INSTRUCTION_SET_VARIABLE).unwrap_or_default())).clone()
}

/// The one of that name; the best one where the name is empty.
fn named(name: &OsStr) -> Result<InstructionSet, ConfigError> {
    let best = InstructionSet::best();
    if name.is_empty() {
        return Ok(best);
    }
    best.and_below().find(|set| name == set.name()).ok_or_else(|| {
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

    #[test]
    fn each_set_has_a_name_and_others_are_refused_with_the_choices() {
        let best = InstructionSet::best();
        for set in best.and_below() {
            assert_eq!(named(set.name().as_ref()).unwrap().name(), set.name());
        }
        assert_eq!(named("".as_ref()).unwrap().name(), best.name());
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
}
