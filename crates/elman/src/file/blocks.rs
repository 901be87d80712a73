//! The blocks of a file that were used last.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Blocks of a file, made ready to be used: of more than there is room for, those that were used last.
#[derive(Debug)]
pub(crate) struct Blocks<T> {
    kept: Mutex<Kept<T>>,
    /// The values of a block; the last has what is left.
    size: usize,
    room: usize,
}

#[derive(Debug)]
struct Kept<T> {
    /// Each with the time at which it was used.
    blocks: HashMap<usize, (u64, Arc<[T]>)>,
    clock: u64,
}

impl<T: Copy> Blocks<T> {
    /// None yet, of `size` values each; there is room for so many.
    pub(crate) fn new(size: usize, room: usize) -> Self {
        Blocks { kept: Mutex::new(Kept { blocks: HashMap::new(), clock: 0 }), size, room }
    }

    /// A stretch of the file's values, which must be there; `read` gives the block of a number, if it is not here.
    ///
    /// # Errors
    /// That of `read`.
    pub(crate) fn stretch<E>(
        &self,
        range: Range<usize>,
        read: impl Fn(usize) -> Result<Vec<T>, E>,
    ) -> Result<Vec<T>, E> {
        let mut values = Vec::with_capacity(range.len());
        let mut at = range.start;
        while at < range.end {
            let (n, start) = (at / self.size, at % self.size);
            let block = self.get(n, || read(n))?;
            let end = block.len().min(start + range.end - at);
            values.extend_from_slice(&block[start..end]);
            at += end - start;
        }
        Ok(values)
    }

    /// Block `n`, which is read if it is not here.
    ///
    /// # Errors
    /// That of `read`.
    pub(crate) fn get<E>(&self, n: usize, read: impl FnOnce() -> Result<Vec<T>, E>) -> Result<Arc<[T]>, E> {
        // What a panic left of the blocks is whole.
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(block) = kept().get(n) {
            return Ok(block);
        }
        // Others may look for theirs meanwhile.
        let block: Arc<[T]> = read()?.into();
        kept().keep(n, &block, self.room);
        Ok(block)
    }
}

impl<T> Kept<T> {
    fn get(&mut self, n: usize) -> Option<Arc<[T]>> {
        self.clock += 1;
        let (used, block) = self.blocks.get_mut(&n)?;
        *used = self.clock;
        Some(Arc::clone(block))
    }

    fn keep(&mut self, n: usize, block: &Arc<[T]>, room: usize) {
        if self.blocks.len() >= room {
            let oldest = self.blocks.iter().min_by_key(|(_, (used, _))| *used).map(|(&n, _)| n);
            oldest.map(|oldest| self.blocks.remove(&oldest));
        }
        self.blocks.insert(n, (self.clock, Arc::clone(block)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_is_kept() {
        let blocks = Blocks::new(3, 2);
        let get = |n: usize| {
            let mut is_read = false;
            let block = blocks.get(n, || {
                is_read = true;
                Ok::<_, ()>(vec![n; 3])
            });
            assert_eq!(*block.unwrap(), [n; 3]);
            is_read
        };
        // 1 is dropped for 3, since 2 was used after it.
        assert_eq!([1, 2, 1, 2, 3, 2, 1].map(get), [true, true, false, false, true, false, true]);
        assert_eq!(blocks.get(9, || Err("lost")), Err("lost"));
    }

    #[test]
    fn a_stretch_goes_through_its_blocks() {
        let blocks = Blocks::new(3, 2);
        // Eight values: the last block has two.
        let read = |n: usize| Ok::<_, ()>((3 * n..8.min(3 * n + 3)).collect());
        for range in [0..0, 0..8, 1..3, 2..4, 2..7, 6..8, 7..8] {
            assert_eq!(blocks.stretch(range.clone(), read).unwrap(), range.collect::<Vec<_>>());
        }
        assert_eq!(blocks.stretch(0..4, |n| if n == 1 { Err("lost") } else { Ok(vec![0; 3]) }), Err("lost"));
    }
}
