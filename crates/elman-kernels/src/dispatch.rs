//! Code compiled for each instruction set, and chosen when the program runs.

/// Evaluates an expression with a token of an [`InstructionSet`](crate::InstructionSet), compiled for it:
/// `dispatch!(set, s => work(s))`. The expression becomes a closure, which it cannot leave by `return` or `?`.
///
/// On x86 with SSE2 that is AVX-512, AVX2 or SSE2. The macro of `fearless_simd`, which serves all other targets,
/// takes SSE4.2 as well; that has no wider vectors than SSE2 and no fused multiply-add, and would make a quarter
/// of the code that is compiled.
#[macro_export]
macro_rules! dispatch {
    ($set:expr, $s:ident => $work:expr) => {{
        let level = $crate::InstructionSet::level($set);
        #[cfg(all(
            any(target_arch = "x86", target_arch = "x86_64"),
            target_feature = "sse2",
            target_feature = "fxsr"
        ))]
        {
            if let Some($s) = level.as_avx512() {
                $crate::Simd::vectorize($s, #[inline(always)] || $work)
            } else if let Some($s) = level.as_avx2() {
                $crate::Simd::vectorize($s, #[inline(always)] || $work)
            } else if let Some($s) = level.as_sse2().or($crate::InstructionSet::baseline().level().as_sse2()) {
                $crate::Simd::vectorize($s, #[inline(always)] || $work)
            } else {
                unreachable!("SSE2 is in the baseline of what this is compiled for")
            }
        }
        #[cfg(not(all(
            any(target_arch = "x86", target_arch = "x86_64"),
            target_feature = "sse2",
            target_feature = "fxsr"
        )))]
        {
            $crate::dispatch_any!(level, $s => $work)
        }
    }};
}
