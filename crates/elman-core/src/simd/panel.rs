//! Packed weights as a step reads them.
//!
//! PyTorch's layout `[gate, unit, k]` suits a dot product per unit. A tile wants, for one `k`, the
//! weights of many units side by side: a *panel* `[k][vector][lane]`, read from front to back.

use core::ops::Range;

use crate::cell::Cell;

use super::shape::{Shape, direct};
use super::tile::MAX_VECTORS;

/// Which of a layer's panels a step reads first. Results do not depend on it: where the caches do not hold all
/// weights of a layer, steps that take turns find in them what the step before read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From the first panel to the last.
    Forth,
    /// From the last panel to the first.
    Back,
}

impl Order {
    /// That of the `n`-th step.
    #[inline(always)]
    pub const fn of_step(n: usize) -> Self {
        if n.is_multiple_of(2) { Order::Forth } else { Order::Back }
    }
}

/// How vectors are cut into the fewest panels of at most so many, as equal as can be: 5 into 3 + 2
/// rather than 4 + 1, since a narrow tile wastes loads.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) count: usize,
    width: usize,
    /// The first panels, which are wider by one.
    wider: usize,
}

impl Cut {
    #[inline(always)]
    pub(super) const fn new(vectors: usize, most: usize) -> Self {
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
    pub(super) fn vectors(self, n: usize) -> Range<usize> {
        let start = n * self.width + n.min(self.wider);
        start..start + self.width + usize::from(n < self.wider)
    }

    /// The vectors of all panels.
    #[inline(always)]
    pub(super) fn all(self) -> impl Iterator<Item = Range<usize>> {
        (0..self.count).map(
            #[inline(always)]
            move |n| self.vectors(n),
        )
    }

    /// The panels by width, in the order in which a step reads them.
    #[inline(always)]
    pub(super) fn spans(self, order: Order) -> Spans {
        if let Some(all) = self.even() {
            return Spans { next: Some(all), last: None };
        }
        let wide = Span { block: 0, units: self.width + 1, panels: self.wider };
        let narrow =
            Span { block: wide.units * wide.panels, units: self.width, panels: self.count - self.wider };
        let (next, last) = if order == Order::Forth { (wide, narrow) } else { (narrow, wide) };
        Spans { next: Some(next), last: Some(last) }
    }

    /// All panels, if they are equally wide.
    #[inline(always)]
    pub(super) fn even(self) -> Option<Span> {
        (self.wider == 0).then_some(Span { block: 0, units: self.width, panels: self.count })
    }

    /// The panels `of` these numbers, out of `weights` of `len` values per vector of units.
    #[inline(always)]
    pub(super) fn read(self, weights: &[f32], len: usize, of: Range<usize>, order: Order) -> Panels<'_> {
        Panels { cut: self, weights, len, of, order }
    }
}

/// Panels of the same width, one behind the other.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// The first vector of units.
    pub(super) block: usize,
    /// The vectors of units in each panel.
    pub(super) units: usize,
    /// The number of panels.
    pub(super) panels: usize,
}

impl Span {
    /// The first vector of units of the `n`-th panel.
    #[inline(always)]
    pub(super) fn block_of(self, n: usize) -> usize {
        self.block + n * self.units
    }
}

/// One span after the other. Not an array, whose elements, just written field by field and read as a whole, would
/// have to be waited for.
pub(super) struct Spans {
    next: Option<Span>,
    last: Option<Span>,
}

impl Iterator for Spans {
    type Item = Span;

    #[inline(always)]
    fn next(&mut self) -> Option<Span> {
        core::mem::replace(&mut self.next, self.last.take())
    }
}

/// Panels, in the order in which a step reads them.
///
/// An iterator of its own: the standard library's adapters are not always inlined, which small layers feel.
pub(super) struct Panels<'a> {
    cut: Cut,
    weights: &'a [f32],
    len: usize,
    of: Range<usize>,
    order: Order,
}

impl Panels<'_> {
    /// The units of the next panel, in vectors: none if there is no next one.
    #[inline(always)]
    fn coming(&self) -> Range<usize> {
        if self.of.is_empty() {
            return 0..0;
        }
        self.cut.vectors(if self.order == Order::Forth { self.of.start } else { self.of.end - 1 })
    }
}

impl<'a> Iterator for Panels<'a> {
    type Item = Panel<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Panel<'a>> {
        let blocks = self.coming();
        if blocks.is_empty() {
            return None;
        }
        match self.order {
            Order::Forth => self.of.start += 1,
            Order::Back => self.of.end -= 1,
        }
        let weights = |of: Range<usize>| &self.weights[of.start * self.len..of.end * self.len];
        Some(Panel { weights: weights(blocks.clone()), next: weights(self.coming()), blocks })
    }
}

/// The weights of some units.
pub(super) struct Panel<'a> {
    /// The units, in vectors.
    pub(super) blocks: Range<usize>,
    pub(super) weights: &'a [f32],
    /// The panel that is read after it, if there is one.
    pub(super) next: &'a [f32],
}

impl<'a> Panel<'a> {
    /// The parts of a panel of the forward pass.
    #[inline(always)]
    pub(super) fn parts<C: Cell>(&self, shape: Shape) -> ForwardPanel<'a> {
        ForwardPanel::of::<C>(self.weights, self.next, self.blocks.len(), shape)
    }
}

/// A panel of the forward pass in its parts.
#[derive(Clone, Copy)]
pub(super) struct ForwardPanel<'a> {
    /// `[units][PRE]`
    pub(super) bias: &'a [f32],
    /// `[I][units][FROM_X]`
    pub(super) x: &'a [f32],
    /// `[H][units][direct]`
    pub(super) h: &'a [f32],
    /// See [`Panel::next`].
    pub(super) next: &'a [f32],
}

impl<'a> ForwardPanel<'a> {
    /// The parts of the weights of so many vectors of units, before those of the `next` panel.
    #[inline(always)]
    pub(super) fn of<C: Cell>(weights: &'a [f32], next: &'a [f32], units: usize, shape: Shape) -> Self {
        let width = units * shape.lanes;
        let (bias, rest) = weights.split_at(width * C::PRE);
        let (x, h) = rest.split_at(width * C::FROM_X * shape.input.len());
        ForwardPanel { bias, x, h, next }
    }
}

impl Shape {
    /// The panels of [`pack_forward`](super::pack::pack_forward) up to those of the inner product.
    #[inline(always)]
    pub(super) fn forward_panels<C: Cell>(self, panels: &[f32], order: Order) -> Panels<'_> {
        let cut = self.forward_cut::<C>();
        cut.read(panels, self.forward_unit::<C>(), 0..cut.count, order)
    }

    /// How the forward pass' units are cut into panels.
    #[inline(always)]
    pub(super) const fn forward_cut<C: Cell>(self) -> Cut {
        Cut::new(self.blocks(), self.forward_units::<C>())
    }

    /// The values of such a panel per vector of units.
    #[inline(always)]
    pub(super) fn forward_unit<C: Cell>(self) -> usize {
        (C::PRE + C::FROM_X * self.input.len() + direct::<C>().len() * self.hidden_size) * self.lanes
    }

    /// The panels of the inner product at the end of those of [`pack_forward`](super::pack::pack_forward).
    #[inline(always)]
    pub(super) fn inner_panels<C: Cell>(self, panels: &[f32]) -> Panels<'_> {
        let cut = Cut::new(self.blocks(), self.inner_units::<C>());
        let panels = &panels[self.forward_unit::<C>() * self.blocks()..];
        cut.read(panels, C::FROM_INNER * self.hidden_size * self.lanes, 0..cut.count, Order::Forth)
    }

    /// The panels of [`pack_backward`](super::pack::pack_backward) for the gates that the state feeds directly.
    #[inline(always)]
    pub(super) fn backward_panels<C: Cell>(self, panels: &[f32], order: Order) -> Panels<'_> {
        let cut = self.backward_cut();
        cut.read(panels, self.backward_unit::<C>(), 0..cut.count, order)
    }

    /// How the backward pass' units are cut into panels.
    #[inline(always)]
    pub(super) const fn backward_cut(self) -> Cut {
        Cut::new(self.blocks(), self.units())
    }

    /// The values of such a panel per vector of units.
    #[inline(always)]
    pub(super) fn backward_unit<C: Cell>(self) -> usize {
        direct::<C>().len() * self.hidden_size * self.lanes
    }

    /// Those for the inner product.
    #[inline(always)]
    pub(super) fn inner_backward_panels<C: Cell>(self, panels: &[f32]) -> Panels<'_> {
        let cut = self.backward_cut();
        let panels = &panels[direct::<C>().len() * self.hidden_size * self.padded()..];
        cut.read(panels, C::FROM_INNER * self.hidden_size * self.lanes, 0..cut.count, Order::Forth)
    }
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
    use crate::simd::tile::Columns;

    /// The vectors of each panel, in the order in which the spans give them.
    fn panels_of(cut: Cut, order: Order) -> Vec<Range<usize>> {
        let of = |span: Span| (0..span.panels).map(move |n| span.block_of(n)..span.block_of(n + 1));
        cut.spans(order).flat_map(of).collect()
    }

    #[test]
    fn spans_hold_each_panel_once_and_come_in_order() {
        for (vectors, most) in (1..=40).flat_map(|vectors| [1, 2, 4].map(|most| (vectors, most))) {
            let cut = Cut::new(vectors, most);
            let panels: Vec<_> = cut.all().collect();
            assert_eq!(panels_of(cut, Order::Forth), panels, "{vectors} vectors, {most} at most");
            let first = |order| cut.spans(order).map(|span| span.block).next();
            let turned = cut.even().is_none();
            assert_eq!(
                first(Order::Forth) != first(Order::Back),
                turned,
                "{vectors} vectors, {most} at most"
            );
            let mut back = panels_of(cut, Order::Back);
            back.sort_by_key(|panel| panel.start);
            assert_eq!(back, panels, "{vectors} vectors, {most} at most");
        }
    }

    /// A row has code for these widths and chains.
    #[test]
    fn panels_have_widths_that_a_row_knows() {
        for (lanes, hidden_size) in [4, 8, 16].into_iter().flat_map(|lanes| (1..300).map(move |h| (lanes, h)))
        {
            let shape = Shape::new(Columns::dense(1), hidden_size, lanes);
            let most = MAX_VECTORS / shape.chains();
            for span in shape.backward_cut().spans(Order::Forth) {
                assert!(span.panels > 0 && (1..=most).contains(&span.units), "{hidden_size}");
            }
        }
    }
}
