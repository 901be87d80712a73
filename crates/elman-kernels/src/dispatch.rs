//! Code compiled for each instruction set, and chosen when the program runs.

/// Evaluates an expression with a token of an [`InstructionSet`](crate::InstructionSet), compiled for it:
/// `dispatch!(set, s => work(s))`. The expression becomes a closure, which it cannot leave by `return` or `?`.
///
/// For fuzzers, which run what reads files, only the lowest set of x86 is compiled: the others are most of the engine's code.
///
/// The token's type implements [`Isa`](crate::Isa), which is why this is not the macro of `fearless_simd`.
#[macro_export]
macro_rules! dispatch {
    ($set:expr, $s:ident => $work:expr) => {
        match $crate::InstructionSet::level($set) {
            #[cfg(all(not(fuzzing), any(target_arch = "x86", target_arch = "x86_64")))]
            $crate::Level::Avx512($s) => $crate::Simd::vectorize(
                $s,
                #[inline(always)]
                || $work,
            ),
            #[cfg(all(not(fuzzing), any(target_arch = "x86", target_arch = "x86_64")))]
            $crate::Level::Avx2($s) => $crate::Simd::vectorize(
                $s,
                #[inline(always)]
                || $work,
            ),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            $crate::Level::Sse2($s) => $crate::Simd::vectorize(
                $s,
                #[inline(always)]
                || $work,
            ),
            #[cfg(target_arch = "aarch64")]
            $crate::Level::Neon($s) => $crate::Simd::vectorize(
                $s,
                #[inline(always)]
                || $work,
            ),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            $crate::Level::WasmSimd128($s) => $crate::Simd::vectorize(
                $s,
                #[inline(always)]
                || $work,
            ),
            #[cfg(not(any(
                all(target_arch = "aarch64", target_feature = "neon"),
                all(
                    any(target_arch = "x86", target_arch = "x86_64"),
                    target_feature = "sse2",
                    target_feature = "fxsr"
                ),
                all(target_arch = "wasm32", target_feature = "simd128")
            )))]
            $crate::Level::Fallback($s) => $crate::Simd::vectorize(
                $s,
                #[inline(always)]
                || $work,
            ),
            _ => unreachable!("an instruction set is one that code is compiled for"),
        }
    };
}
