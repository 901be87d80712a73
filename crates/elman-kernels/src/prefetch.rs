//! Asking for memory before it is read.
//!
//! The processor asks ahead by itself where it sees a stream, but not across the borders of pages, and only
//! while the stream is being read. Weights beyond the second cache are read once per panel and group of
//! rows, and then used from the caches: what is asked for meanwhile costs nothing.

use crate::isa::Isa;

/// The values of a cache line.
pub const LINE: usize = 16;

/// Asks for the cache line of `from[at]`, to be brought as far as the second cache. On an instruction set
/// without such an instruction it does nothing; beyond the end it asks for what is there, which is harmless.
#[inline(always)]
pub fn prefetch<S: Isa>(s: S, from: &[f32], at: usize) {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    if let Some(sse2) = s.level().as_sse2() {
        prefetch_sse2(sse2, from.as_ptr().wrapping_add(at));
    }
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    let _ = (s, from, at);
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fearless_simd::kernel!(
    #[inline]
    fn prefetch_sse2(sse2: Sse2, at: *const f32) {
        #[cfg(target_arch = "x86")]
        use core::arch::x86::{_MM_HINT_T1, _mm_prefetch};
        #[cfg(target_arch = "x86_64")]
        use core::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(at.cast());
    }
);
