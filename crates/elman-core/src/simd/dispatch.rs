//! Code compiled for each instruction set, and chosen when the program runs.

/// Evaluates an expression with a token of the instruction set of a [`Level`](crate::simd::Level), compiled
/// for it: `dispatch!(level, s => work(s))`. The expression becomes a closure, which it cannot leave by `return`
/// or `?`.
///
/// On x86 with SSE2 that is AVX-512, AVX2 or SSE2. The macro of `fearless_simd`, which serves all other targets,
/// takes SSE4.2 as well; that has no wider vectors than SSE2 and no fused multiply-add, and would make a quarter
/// of the code that is compiled.
#[macro_export]
macro_rules! dispatch {
    ($level:expr, $s:ident => $work:expr) => {{
        #[cfg(all(
            any(target_arch = "x86", target_arch = "x86_64"),
            target_feature = "sse2",
            target_feature = "fxsr"
        ))]
        {
            let level: $crate::simd::Level = $level;
            if let Some($s) = level.as_avx512() {
                $crate::simd::Simd::vectorize($s, #[inline(always)] || $work)
            } else if let Some($s) = level.as_avx2() {
                $crate::simd::Simd::vectorize($s, #[inline(always)] || $work)
            } else if let Some($s) = level.as_sse2().or($crate::simd::Level::baseline().as_sse2()) {
                $crate::simd::Simd::vectorize($s, #[inline(always)] || $work)
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
            $crate::simd::dispatch_any!($level, $s => $work)
        }
    }};
}
