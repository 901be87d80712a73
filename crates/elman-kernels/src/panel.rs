//! Packed weights as a step reads them.
//!
//! PyTorch's layout `[gate, unit, k]` suits a dot product per unit. A tile wants, for one `k`, the
//! weights of many units side by side: a *panel* `[k][vector][lane]`, read from front to back.

use core::ops::Range;

use crate::tile::MAX_VECTORS;

/// Which of a layer's panels a step reads first. Results do not depend on it: where the caches do not hold all
/// weights of a layer, steps that take turns find in them what the step before read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From the first panel to the last.
    Ascending,
    /// From the last panel to the first.
    Descending,
}

impl Order {
    /// That of the `n`-th step.
    #[inline(always)]
    pub const fn of_step(n: usize) -> Self {
        if n.is_multiple_of(2) { Order::Ascending } else { Order::Descending }
    }
}

/// How vectors are cut into the fewest panels of at most so many, as equal as can be: 5 into 3 + 2
/// rather than 4 + 1, since a narrow tile wastes loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The number of panels.
    pub count: usize,
    width: usize,
    /// The first panels, which are wider by one.
    wider: usize,
}

impl Cut {
    /// So many vectors in panels of at most so many.
    #[inline(always)]
    pub const fn new(vectors: usize, most: usize) -> Self {
        let count = vectors.div_ceil(most);
        // Most often there is one panel, or one vector in each, and divisions take time.
        let (width, wider) = if count <= 1 {
            (vectors, 0)
        } else if most == 1 {
            (1, 0)
        } else {
            (vectors / count, vectors % count)
        };
        Cut { count, width, wider }
    }

    /// The vectors of the `n`-th panel.
    #[inline(always)]
    pub fn vectors(self, n: usize) -> Range<usize> {
        let start = n * self.width + n.min(self.wider);
        start..start + self.width + usize::from(n < self.wider)
    }

    /// The vectors of all panels.
    #[inline(always)]
    pub fn all(self) -> impl Iterator<Item = Range<usize>> {
        (0..self.count).map(
            #[inline(always)]
            move |n| self.vectors(n),
        )
    }

    /// The panels by width, in the order in which a step reads them.
    #[inline(always)]
    pub fn runs(self, order: Order) -> PanelRuns {
        if let Some(all) = self.even() {
            return PanelRuns { next: Some(all), last: None };
        }
        let wide = PanelRun { block: 0, units: self.width + 1, panels: self.wider };
        let narrow =
            PanelRun { block: wide.units * wide.panels, units: self.width, panels: self.count - self.wider };
        let (next, last) = if order == Order::Ascending { (wide, narrow) } else { (narrow, wide) };
        PanelRuns { next: Some(next), last: Some(last) }
    }

    /// All panels, if they are equally wide.
    #[inline(always)]
    pub fn even(self) -> Option<PanelRun> {
        (self.wider == 0).then_some(PanelRun { block: 0, units: self.width, panels: self.count })
    }

    /// The panels `of` these numbers, out of `weights` of `len` values per vector of units.
    #[inline(always)]
    pub fn read(self, weights: &[f32], len: usize, of: Range<usize>, order: Order) -> PanelIter<'_> {
        PanelIter { cut: self, weights, len, of, order }
    }
}

/// Panels of the same width, one behind the other.
#[derive(Clone, Copy, Debug)]
pub struct PanelRun {
    /// The first vector of units.
    pub block: usize,
    /// The vectors of units in each panel.
    pub units: usize,
    /// The number of panels.
    pub panels: usize,
}

impl PanelRun {
    /// The first vector of units of the `n`-th panel.
    #[inline(always)]
    pub fn block_of(self, n: usize) -> usize {
        self.block + n * self.units
    }
}

/// One run after the other. Not an array, whose elements, just written field by field and read as a whole, would
/// have to be waited for.
#[derive(Debug)]
pub struct PanelRuns {
    next: Option<PanelRun>,
    last: Option<PanelRun>,
}

impl Iterator for PanelRuns {
    type Item = PanelRun;

    #[inline(always)]
    fn next(&mut self) -> Option<PanelRun> {
        core::mem::replace(&mut self.next, self.last.take())
    }
}

/// Panels, in the order in which a step reads them.
///
/// An iterator of its own: the standard library's adapters are not always inlined, which small layers feel.
#[derive(Debug)]
pub struct PanelIter<'a> {
    cut: Cut,
    weights: &'a [f32],
    len: usize,
    of: Range<usize>,
    order: Order,
}

impl PanelIter<'_> {
    /// The units of the next panel, in vectors: none if there is no next one.
    #[inline(always)]
    fn coming(&self) -> Range<usize> {
        if self.of.is_empty() {
            return 0..0;
        }
        self.cut.vectors(if self.order == Order::Ascending { self.of.start } else { self.of.end - 1 })
    }
}

impl<'a> Iterator for PanelIter<'a> {
    type Item = Panel<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Panel<'a>> {
        let blocks = self.coming();
        if blocks.is_empty() {
            return None;
        }
        match self.order {
            Order::Ascending => self.of.start += 1,
            Order::Descending => self.of.end -= 1,
        }
        let weights = |of: Range<usize>| &self.weights[of.start * self.len..of.end * self.len];
        Some(Panel { weights: weights(blocks.clone()), next: weights(self.coming()), blocks })
    }
}

/// The weights of some units.
#[derive(Debug)]
pub struct Panel<'a> {
    /// The units, in vectors.
    pub blocks: Range<usize>,
    /// Their weights.
    pub weights: &'a [f32],
    /// The panel that is read after it, if there is one.
    pub next: &'a [f32],
}

/// The panels in which a weight matrix's gradient is summed up, of at most four `vectors` each.
pub fn gradient_panels(vectors: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    Cut::new(vectors.len(), MAX_VECTORS)
        .all()
        .map(move |panel| vectors.start + panel.start..vectors.start + panel.end)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    /// The vectors of each panel, in the order in which the runs give them.
    fn panels_of(cut: Cut, order: Order) -> Vec<Range<usize>> {
        let of = |run: PanelRun| (0..run.panels).map(move |n| run.block_of(n)..run.block_of(n + 1));
        cut.runs(order).flat_map(of).collect()
    }

    #[test]
    fn runs_hold_each_panel_once_and_come_in_order() {
        for (vectors, most) in (1..=40).flat_map(|vectors| [1, 2, 4].map(|most| (vectors, most))) {
            let cut = Cut::new(vectors, most);
            let panels: Vec<_> = cut.all().collect();
            assert_eq!(panels_of(cut, Order::Ascending), panels, "{vectors} vectors, {most} at most");
            let first = |order| cut.runs(order).map(|run| run.block).next();
            let turned = cut.even().is_none();
            assert_eq!(
                first(Order::Ascending) != first(Order::Descending),
                turned,
                "{vectors} vectors, {most} at most"
            );
            let mut back = panels_of(cut, Order::Descending);
            back.sort_by_key(|panel| panel.start);
            assert_eq!(back, panels, "{vectors} vectors, {most} at most");
        }
    }
}
