//! The instruction sets that code is compiled for.
//!
//! ```
//! use elman_kernels::InstructionSet;
//!
//! let best = InstructionSet::best();
//! assert_eq!(best.and_below().last().map(InstructionSet::name), Some(best.name()));
//! assert!([1, 4, 8, 16].contains(&best.lanes()));
//! ```

use core::fmt;

use fearless_simd::{Level, Simd};

use crate::gemm::{Product, Sums};
use crate::outer::Outer;
use crate::tuning::suits_eight_lanes;
use crate::vector::Vector;

/// An instruction set that this machine has. Results differ between those with fused multiply-add and those
/// without in the last places.
#[derive(Clone, Copy)]
pub struct InstructionSet(Level);

impl InstructionSet {
    /// The best one that there is; on x86 without the feature `std`, by which it is found out, the baseline.
    pub fn best() -> Self {
        Self::compiled_for(Level::try_detect().unwrap_or_else(Level::baseline))
    }

    /// The best one that is sure to be there on any machine that this was compiled for.
    pub fn baseline() -> Self {
        Self::compiled_for(Level::baseline())
    }

    /// The set that code is compiled for on a processor of this level. On x86, those up to SSE4.2 are served by
    /// SSE2: it has no wider vectors and no fused multiply-add either, and would make a quarter of the code.
    fn compiled_for(level: Level) -> Self {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        if (cfg!(fuzzing) || matches!(level, Level::Sse4_2(_)))
            && let Some(sse2) = level.as_sse2()
        {
            return InstructionSet(sse2.level());
        }
        InstructionSet(level)
    }

    /// This one and all below it that code is compiled for, the lowest first.
    pub fn and_below(self) -> impl Iterator<Item = Self> {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        let sets = [
            self.0.as_sse2().map(Simd::level),
            self.0.as_avx2().map(Simd::level),
            self.0.as_avx512().map(Simd::level),
        ];
        #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
        let sets = [Some(self.0)];
        sets.into_iter().flatten().map(InstructionSet)
    }

    /// The set to compute rows of at most so many values with: this one or, instead of AVX-512 where AVX2 gives the same bits
    /// in less time, AVX2. See [`suits_eight_lanes`], which tells of what `in_threes` is true.
    pub fn for_width(self, width: usize, in_threes: bool) -> Self {
        if suits_eight_lanes(width, in_threes) { self.in_eight_lanes() } else { self }
    }

    /// AVX2 for AVX-512; any other as it is.
    fn in_eight_lanes(self) -> Self {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        if let (Level::Avx512(_), Some(avx2)) = (self.0, self.0.as_avx2()) {
            return InstructionSet(avx2.level());
        }
        self
    }

    /// That of a token, which stands for the set where code is compiled for it.
    #[doc(hidden)]
    pub fn of(s: impl Isa) -> Self {
        InstructionSet(s.level())
    }

    /// See [`Isa::SINGLE_ROWS`].
    pub fn has_single_rows(self) -> bool {
        #[inline(always)]
        fn of<S: Isa>(_: S) -> bool {
            S::SINGLE_ROWS
        }
        crate::dispatch!(self, s => of(s))
    }

    /// The `f32` values in one of its vectors.
    pub fn lanes(self) -> usize {
        #[inline(always)]
        fn of<S: Isa>(_: S) -> usize {
            Vector::<S>::LANES
        }
        crate::dispatch!(self, s => of(s))
    }

    /// Its name: `avx512`, `avx2`, `sse2`, `neon`, `simd128` or, elsewhere, `plain`.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Level::Avx512(_) => "avx512",
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Level::Avx2(_) => "avx2",
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Level::Sse2(_) => "sse2",
            #[cfg(target_arch = "aarch64")]
            Level::Neon(_) => "neon",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::WasmSimd128(_) => "simd128",
            _ => "plain",
        }
    }

    /// For [`dispatch!`](crate::dispatch), which is expanded in other crates.
    #[doc(hidden)]
    pub fn level(self) -> Level {
        self.0
    }
}

/// Its name: `Avx512`.
impl fmt::Debug for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// An instruction set as a type, by which code is compiled for it; with the long functions that are compiled
/// here, once, and not wherever they are called.
pub trait Isa: Simd {
    /// Is it worth compiling functions of their own for single rows? Tiles do the same, to the bit; on
    /// processors from before 2013 that is enough.
    const SINGLE_ROWS: bool;

    /// The sums of a matrix product: see [`Product`].
    fn gemm(self, product: &Product<'_>, sums: Sums<'_>);

    /// Adds outer products to the panel `sums [columns][vectors][lanes]`: see [`Outer`].
    ///
    /// # Panics
    /// If a slice does not have its shape.
    fn add_outer(self, outer: &Outer<'_>, sums: &mut [f32]);
}

macro_rules! instruction_sets {
    ($($(#[$condition:meta])* $token:ident: $single_rows:literal,)+) => {$(
        $(#[$condition])*
        impl Isa for fearless_simd::$token {
            const SINGLE_ROWS: bool = $single_rows;

            #[inline(never)]
            fn gemm(self, product: &Product<'_>, mut sums: Sums<'_>) {
                // By reference: copied into the closure as a whole, just after its fields were written one by one, it
                // would have to be waited for.
                let sums = &mut sums;
                self.vectorize(
                    #[inline(always)]
                    || product.compute(self, sums),
                );
            }

            #[inline(never)]
            fn add_outer(self, outer: &Outer<'_>, sums: &mut [f32]) {
                self.vectorize(
                    #[inline(always)]
                    || outer.add(self, sums),
                );
            }
        }
    )+};
}

instruction_sets! {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    Avx512: true,
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    Avx2: true,
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    Sse2: false,
    #[cfg(target_arch = "aarch64")]
    Neon: true,
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    WasmSimd128: true,
    #[cfg(not(any(
        all(target_arch = "aarch64", target_feature = "neon"),
        all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2", target_feature = "fxsr"),
        all(target_arch = "wasm32", target_feature = "simd128")
    )))]
    Fallback: true,
}
