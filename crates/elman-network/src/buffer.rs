//! Memory that starts at a cache line.

use std::ops::{Deref, DerefMut};

/// The bytes of a cache line, which is also the widest vector.
const LINE: usize = 64;

/// A growable buffer of `f32` whose first value starts a cache line, so that no aligned vector in
/// it straddles two.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// Makes room for `len` values, which may hold anything; allocates only to grow.
    pub(crate) fn resize(&mut self, len: usize) {
        let needed = len + LINE / size_of::<f32>();
        if self.memory.len() < needed {
            self.memory = vec![0.0; needed];
            // A place that cannot be aligned does not exist for `f32`; if it did, speed would be
            // all that is lost.
            self.start = self.memory.as_ptr().align_offset(LINE).min(needed - len);
        }
        self.len = len;
    }

    /// Makes room for `len` values without changing those that are there.
    pub(crate) fn grow(&mut self, len: usize) {
        if self.memory.len() < len + LINE / size_of::<f32>() {
            let mut grown = Buffer::default();
            grown.resize(len.max(self.len));
            grown.len = self.len;
            grown.copy_from_slice(self);
            *self = grown;
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    #[inline(always)]
    fn deref(&self) -> &[f32] {
        &self.memory[self.start..][..self.len]
    }
}

impl DerefMut for Buffer {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..][..self.len]
    }
}
