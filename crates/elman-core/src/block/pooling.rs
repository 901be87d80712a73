use core::fmt;

use crate::lane::Scalar;

/// One row for a whole sequence, value by value over time. In a stream it is the row for what has come so
/// far.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Pooling {
    /// What is taken of the timesteps.
    pub kind: PoolingKind,
}

/// What pooling takes of the timesteps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum PoolingKind {
    /// The last one.
    Last,
    /// The mean: the sum in the order of time, divided once.
    Mean,
    /// The largest, of equal ones the earliest. A NaN is larger than all else.
    Max,
}

impl Pooling {
    /// Pooling of this kind.
    pub const fn new(kind: PoolingKind) -> Self {
        Pooling { kind }
    }

    /// Takes up the row `x [W]` of timestep `t` into `pool [W]`, which at timestep 0 may hold anything.
    pub fn add<T: Scalar>(&self, t: usize, x: &[T], pool: &mut [T]) {
        if t == 0 || self.kind == PoolingKind::Last {
            pool.copy_from_slice(x);
            return;
        }
        for (pool, &x) in pool.iter_mut().zip(x) {
            match self.kind {
                PoolingKind::Mean => *pool += x,
                _ if x > *pool || is_nan(x) => *pool = x,
                _ => {}
            }
        }
    }

    /// The row `y [W]` of a sequence of `len` timesteps, all of which are in `pool [W]`.
    pub fn finish<T: Scalar>(&self, len: usize, pool: &[T], y: &mut [T]) {
        y.copy_from_slice(pool);
        if self.kind == PoolingKind::Mean {
            let len = T::from_f64(len as f64);
            y.iter_mut().for_each(|y| *y = *y / len);
        }
    }

    /// From `dy [W]`: adds to the gradient of the row `x [W]` of timestep `t`. To be called in the order of
    /// time, with the same `dy`, of which a maximum takes out what has found its timestep.
    pub fn backward<T: Scalar>(&self, t: usize, len: usize, x: &[T], y: &[T], dy: &mut [T], dx: &mut [T]) {
        match self.kind {
            PoolingKind::Last if t + 1 < len => {}
            PoolingKind::Last => dx.iter_mut().zip(&*dy).for_each(|(dx, &dy)| *dx += dy),
            PoolingKind::Mean => {
                let len = T::from_f64(len as f64);
                dx.iter_mut().zip(&*dy).for_each(|(dx, &dy)| *dx += dy / len);
            }
            PoolingKind::Max => {
                for (n, dx) in dx.iter_mut().enumerate() {
                    if x[n] == y[n] || (is_nan(x[n]) && is_nan(y[n])) {
                        *dx += core::mem::take(&mut dy[n]);
                    }
                }
            }
        }
    }
}

impl fmt::Display for PoolingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            PoolingKind::Last => "last",
            PoolingKind::Mean => "mean",
            PoolingKind::Max => "max",
        })
    }
}

fn is_nan<T: Scalar>(x: T) -> bool {
    x.to_f64().is_nan()
}
