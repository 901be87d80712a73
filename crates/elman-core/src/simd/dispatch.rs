//! Code compiled for each instruction set, and chosen when the program runs.

/// Evaluates an expression with a token of the instruction set of a [`Level`](crate::simd::Level), compiled
/// for it: `dispatch!(level, s => work(s))`.
///
/// On x86 that is AVX-512, AVX2 or SSE2. That of `fearless_simd` takes SSE4.2 as well, which has no wider
/// vectors than SSE2 and no fused multiply-add, and would make a quarter of the code that is compiled.
#[macro_export]
macro_rules! dispatch {
    ($level:expr, $s:ident => $work:expr) => {{
        #[cfg(all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2"))]
        {
            let level: $crate::simd::Level = $level;
            if let Some($s) = level.as_avx512() {
                $crate::simd::Simd::vectorize($s, #[inline(always)] || $work)
            } else if let Some($s) = level.as_avx2() {
                $crate::simd::Simd::vectorize($s, #[inline(always)] || $work)
            } else if let Some($s) = level.as_sse2() {
                $crate::simd::Simd::vectorize($s, #[inline(always)] || $work)
            } else {
                unreachable!("the code is compiled for machines with SSE2")
            }
        }
        #[cfg(not(all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2")))]
        {
            $crate::simd::dispatch_any!($level, $s => $work)
        }
    }};
}
