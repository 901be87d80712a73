//! The number of threads changes no bit, nor does the instruction set as long as it fuses
//! multiplication and addition.

use std::num::NonZeroUsize;

use elman_network::network::{
    CellKind, Dense, Direction, Engine, InstructionSet, NetworkConfig, Readout, Recurrent, SimdEngine,
    Stacked,
};
use proptest::prelude::*;

use crate::drawn::{Problem, Results, any_chain, any_lengths, any_problem, long, one_layer};

fn bits(results: &Results<f32>) -> Vec<(&str, Vec<u32>)> {
    let of = |values: &Vec<f32>| values.iter().map(|value| value.to_bits()).collect();
    results.iter().map(|(name, values)| (name.as_str(), of(values))).collect()
}

/// On every instruction set with fused multiply-adds and any number of threads.
fn assert_same_bits(problem: &Problem) {
    let one = problem.run(SimdEngine::with(&problem.network, InstructionSet::best(), NonZeroUsize::MIN));
    for set in InstructionSet::best().and_below().filter(|&set| set.lanes() >= 8) {
        for threads in [1, 2, 3] {
            let threads = NonZeroUsize::new(threads).unwrap();
            let found = problem.run(SimdEngine::with(&problem.network, set, threads));
            assert_eq!(bits(&found), bits(&one), "{set:?}, {threads} threads");
        }
    }
}

/// Several chunks, each with many more rows than there are columns: they sum up their gradients each for
/// itself.
#[test]
fn many_rows_give_the_same_bits() {
    for cell in CellKind::ALL {
        assert_same_bits(&Problem::new(one_layer(cell, 8, 8, Readout::Last), &[20; 64], 1));
    }
}

#[test]
fn long_backward_passes_give_the_same_bits() {
    for cell in CellKind::ALL {
        long(cell).iter().for_each(assert_same_bits);
    }
}

/// A layer near the size from which on chunks are larger, with units that fill no whole vectors.
#[test]
fn large_layers_are_cut_alike_on_every_instruction_set() {
    assert_same_bits(&Problem::new(one_layer(CellKind::Lstm, 8, 248, Readout::Last), &[2; 48], 1));
}

/// Sequences with masks of their own, more than there are parts for threads.
#[test]
fn recurrent_dropout_gives_the_same_bits_on_any_number_of_threads() {
    let lengths: Vec<usize> = (0..70).map(|n| 1 + n % 4).collect();
    let layer = Recurrent::new(CellKind::Gru, 10).with_direction(Direction::Both).with_recurrent_dropout(0.4);
    assert_same_bits(&Problem::new(NetworkConfig::new(3).with(layer).with(Dense::new(2)), &lengths, 3));
}

/// A batch of more chunks than most machines have cores, on as many threads and more.
#[test]
fn any_number_of_threads_up_to_32_gives_the_same_bits() {
    let lengths: Vec<usize> = (0..300).map(|n| 1 + n % 7).collect();
    let recurrent = one_layer(CellKind::Lstm, 3, 12, Readout::Every);
    let problem =
        Problem::new(Stacked { num_layers: 2, bidirectional: true, dropout: 0.3, ..recurrent }, &lengths, 3);
    let on = |threads| {
        let threads = NonZeroUsize::new(threads).unwrap();
        problem.run(SimdEngine::with(&problem.network, InstructionSet::best(), threads))
    };
    let one = on(1);
    for threads in 2..=32 {
        assert_eq!(bits(&on(threads)), bits(&one), "{threads} threads");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn threads_and_instruction_sets_with_fma_give_the_same_bits(problem in any_problem()) {
        let with = |threads| {
            let threads = NonZeroUsize::new(threads).unwrap();
            problem.run(SimdEngine::with(&problem.network, InstructionSet::best(), threads))
        };
        let one = with(1);
        for threads in [2, 3, 4, 8] {
            let several = with(threads);
            prop_assert_eq!(bits(&several), bits(&one), "{} threads", threads);
        }
        for set in InstructionSet::best().and_below().filter(|&set| set.lanes() >= 8) {
            let on_level = problem.run(SimdEngine::with(&problem.network, set, NonZeroUsize::MIN));
            prop_assert_eq!(bits(&on_level), bits(&one), "{:?}", set);
        }
        let default = problem.run(SimdEngine::new(&problem.network));
        prop_assert_eq!(bits(&default), bits(&one), "by default");
    }

    /// An engine keeps its memory: what a batch of another shape has left there changes nothing.
    #[test]
    fn what_another_batch_has_left_changes_no_bit(
        config in prop_oneof![any_chain(true), any_chain(false)],
        before in prop_oneof![any_lengths(), Just(vec![3; 40]), Just(vec![1; 200])],
        lengths in prop_oneof![any_lengths(), Just([vec![500], vec![1; 60]].concat())],
        seed in any::<u64>(),
    ) {
        let problem = Problem::new(config.clone(), &lengths, seed);
        let new = || SimdEngine::with(&problem.network, InstructionSet::best(), NonZeroUsize::MIN);
        let mut used = new();
        Problem::new(config, &before, seed).run_on(&mut used);
        let (found, expected) = (problem.run_on(&mut used), problem.run(new()));
        prop_assert_eq!(bits(&found), bits(&expected));
    }
}
