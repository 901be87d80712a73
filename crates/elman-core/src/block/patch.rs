use crate::lane::Scalar;

/// `p` successive timesteps become one, their rows side by side: `[T, W]` becomes `[ceil(T / p), p W]`. The
/// last patch is filled up with zeros.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Patch {
    /// `p`
    pub len: usize,
}

impl Patch {
    /// Patches of `len` timesteps.
    pub const fn new(len: usize) -> Self {
        Patch { len }
    }

    /// `p W`
    pub const fn output_size(&self, input_size: usize) -> usize {
        self.len.saturating_mul(input_size)
    }

    /// Puts the row `x [W]` of timestep `t` into its place in `patch [p W]`, the row of timestep `t / p`, and
    /// zeros after it.
    pub fn forward<T: Scalar>(&self, t: usize, x: &[T], patch: &mut [T]) {
        let place = t % self.len;
        if place == 0 {
            patch.fill(T::default());
        }
        patch[place * x.len()..][..x.len()].copy_from_slice(x);
    }

    /// From `dpatch [p W]`, the gradient of the row of timestep `t / p`: adds to the gradient of the row of
    /// timestep `t`, `dx [W]`.
    pub fn backward<T: Scalar>(&self, t: usize, dpatch: &[T], dx: &mut [T]) {
        let place = &dpatch[t % self.len * dx.len()..];
        dx.iter_mut().zip(place).for_each(|(dx, &d)| *dx += d);
    }
}
