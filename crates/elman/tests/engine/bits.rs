//! The number of threads changes no bit, nor does the instruction set as long as it fuses
//! multiplication and addition.

use std::num::NonZeroUsize;

use elman::network::{Engine, SimdEngine};
use elman_core::simd::{Level, lanes, levels};
use proptest::prelude::*;

use crate::drawn::{Results, any_problem};

fn bits(results: &Results<f32>) -> Vec<(&str, Vec<u32>)> {
    let of = |values: &Vec<f32>| values.iter().map(|value| value.to_bits()).collect();
    results.iter().map(|(name, values)| (name.as_str(), of(values))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn threads_and_instruction_sets_with_fma_give_the_same_bits(problem in any_problem()) {
        let with = |threads| {
            let threads = NonZeroUsize::new(threads).unwrap();
            problem.run(SimdEngine::with(&problem.network, Level::new(), threads))
        };
        let one = with(1);
        for threads in [2, 3, 4, 8] {
            let several = with(threads);
            prop_assert_eq!(bits(&several), bits(&one), "{} threads", threads);
        }
        for level in levels(Level::new()).filter(|&level| lanes(level) >= 8) {
            let on_level = problem.run(SimdEngine::with(&problem.network, level, NonZeroUsize::MIN));
            prop_assert_eq!(bits(&on_level), bits(&one), "{:?}", level);
        }
        let default = problem.run(SimdEngine::new(&problem.network));
        prop_assert_eq!(bits(&default), bits(&one), "by default");
    }
}
