//! Other orders and selections of elements: transpose and slice.
//!
//! A view reads its source in runs that are as long as possible, in the source's own order, and puts
//! the elements in their places. What lies close together is one read, with the gaps.

use std::slice;

use smallvec::SmallVec;

use super::Key;
use crate::limits::{BLOCK, COMPUTED_GAP, GAP};
use crate::pack::wide_size;
use crate::{DType, Shape, Tensor, TensorError};

/// Elements of `source` at `offset + Σ index × stride`, row-major over the axes.
#[derive(Debug)]
pub(crate) struct View {
    source: Tensor,
    offset: usize,
    /// At least one; canonical: what strides evenly is one axis, and none but an only one has a
    /// single index. So equal views are equal whatever shapes they came from.
    axes: SmallVec<[Axis; 6]>,
}

#[derive(Clone, Copy, Debug)]
struct Axis {
    count: usize,
    stride: usize,
}

/// An axis of a view's result: which of the tensor's axes, and which of its indices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pick {
    pub(crate) axis: usize,
    pub(crate) begin: usize,
    pub(crate) step: usize,
    pub(crate) count: usize,
}

impl View {
    /// The whole of a tensor.
    pub(crate) fn whole(source: Tensor) -> View {
        let axes = [Axis { count: source.len(), stride: 1 }].into_iter().collect();
        View { source, offset: 0, axes }
    }

    /// A view of this view, seen as an array of `shape`, with one pick for every axis of it. There is
    /// none where the strides don't follow the shape. The result has elements.
    pub(crate) fn pick(&self, shape: &[usize], picks: &[Pick]) -> Option<View> {
        let strides = self.strides(shape)?;
        let mut offset = self.offset;
        let mut axes: SmallVec<[Axis; 6]> = SmallVec::new();
        for pick in picks {
            offset += pick.begin * strides[pick.axis];
            if pick.count == 1 {
                continue;
            }
            let axis = Axis { count: pick.count, stride: strides[pick.axis] * pick.step };
            match axes.last_mut() {
                Some(outer) if outer.stride == axis.count * axis.stride => {
                    *outer = Axis { count: outer.count * axis.count, stride: axis.stride };
                }
                _ => axes.push(axis),
            }
        }
        if axes.is_empty() {
            axes.push(Axis { count: 1, stride: 1 });
        }
        Some(View { source: self.source.clone(), offset, axes })
    }

    /// The stride along each axis of an array of `shape` that has these elements in this order.
    fn strides(&self, shape: &[usize]) -> Option<Shape> {
        let mut strides: Shape = SmallVec::from_elem(0, shape.len());
        let mut axes = self.axes.iter().rev();
        let mut inner = Axis { count: 1, stride: 0 };
        for (stride, &count) in strides.iter_mut().zip(shape).rev().filter(|(_, count)| **count != 1) {
            if inner.count == 1 {
                inner = *axes.next()?;
            }
            if !inner.count.is_multiple_of(count) {
                return None;
            }
            *stride = inner.stride;
            inner = Axis { count: inner.count / count, stride: inner.stride * count };
        }
        Some(strides)
    }

    /// The same view of another tensor of the same length.
    pub(crate) fn of(&self, source: Tensor) -> View {
        View { source, offset: self.offset, axes: self.axes.clone() }
    }

    /// What is viewed.
    pub(crate) fn source(&self) -> &Tensor {
        &self.source
    }

    /// The elements, where they are a range of the source in its order.
    pub(crate) fn range(&self) -> Option<(&Tensor, usize, usize)> {
        match self.axes[..] {
            [Axis { count, stride: 1 }] => Some((&self.source, self.offset, count)),
            _ => None,
        }
    }

    pub(super) fn operands(&self) -> &[Tensor] {
        slice::from_ref(&self.source)
    }

    pub(super) fn hash(&self, key: &mut Key) {
        key.number(self.offset);
        for axis in &self.axes {
            key.number(axis.count).number(axis.stride);
        }
    }

    pub(super) fn read_wide(&self, dtype: DType, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let size = wide_size(dtype).unwrap_or(1);
        let end = first + out.len() / size;
        let mut scratch = Vec::new();
        let mut start = first;
        while start < end {
            let (region, stop) = self.region(start, end);
            let out = &mut out[(start - first) * size..(stop - first) * size];
            region.read(&mut Reader { source: &self.source, size, out, scratch: &mut scratch })?;
            start = stop;
        }
        Ok(())
    }

    /// A box that holds the elements from `start` on, and where it ends: at `end`, or earlier where
    /// the box would have to be more than twice as large as what it is for.
    fn region(&self, start: usize, end: usize) -> (Region, usize) {
        let mut stop = end;
        let mut base = self.offset;
        let mut spans = SmallVec::new();
        let mut skip = 0;
        let mut inner: usize = self.axes.iter().map(|axis| axis.count).product();
        for (i, &Axis { count, stride }) in self.axes.iter().enumerate() {
            let outer = inner;
            inner /= count;
            if !spans.is_empty() {
                // Below the axis where the range begins to spread: whole.
                spans.push(Span { count, stride, step: inner });
                continue;
            }
            let low = start % outer / inner;
            let high = (stop - 1) % outer / inner;
            base += low * stride;
            if low < high && (high - low + 1) * inner > 2 * (stop - start) {
                stop = start - start % inner + inner;
            } else if low < high || i + 1 == self.axes.len() {
                spans.push(Span { count: high - low + 1, stride, step: inner });
                skip = start % inner;
            }
        }
        (Region { base, place: -(skip as isize), spans }, stop)
    }
}

/// A box of elements. That with index 0 everywhere is element `base` of the source and belongs at
/// `place` of the result; elements outside the result are dropped.
struct Region {
    base: usize,
    place: isize,
    spans: SmallVec<[Span; 6]>,
}

/// One axis of a region: distances in the source and in the result.
#[derive(Clone, Copy)]
struct Span {
    count: usize,
    stride: usize,
    step: usize,
}

impl Span {
    /// The indices along this span, from `place` on, that belong into a result of `len` elements.
    fn inside(self, place: isize, len: usize) -> (usize, usize) {
        let from = place.min(0).unsigned_abs().div_ceil(self.step);
        let to = usize::try_from(len as isize - place).unwrap_or(0).div_ceil(self.step);
        (from.min(self.count), to.min(self.count))
    }
}

/// Where a region comes from and goes to.
struct Reader<'a> {
    source: &'a Tensor,
    /// Bytes of a wide element.
    size: usize,
    out: &'a mut [u8],
    scratch: &'a mut Vec<u8>,
}

impl Region {
    /// Reads the region in the source's order.
    fn read(mut self, to: &mut Reader<'_>) -> Result<(), TensorError> {
        self.spans.sort_by_key(|span| std::cmp::Reverse(span.stride));
        if let Some((&run, outer)) = self.spans.split_last()
            && (run.stride, run.step) == (1, 1)
            && run.count * to.size >= GAP
        {
            return walk(outer, self.base, self.place, &mut |base, place| to.read_run(run, base, place));
        }
        // The inner spans that one read covers, and how many elements of the source it has.
        let gap = if to.source.depth() > 0 { COMPUTED_GAP } else { GAP };
        let mut inner = self.spans.len();
        let mut extent = 1;
        while let Some(span) = inner.checked_sub(1).map(|i| self.spans[i]) {
            if span.stride.saturating_sub(extent) * to.size > gap {
                break;
            }
            let fits = (BLOCK / to.size).saturating_sub(extent) / span.stride + 1;
            if fits < span.count {
                if fits > 1 {
                    return self.read_split(inner - 1, fits, to);
                }
                break;
            }
            extent += (span.count - 1) * span.stride;
            inner -= 1;
        }
        // Several reads are put in their places together, so that neighbours there are written together.
        let block: SmallVec<[Span; 6]> = self.spans.drain(inner..).collect();
        let near = (0..inner).min_by_key(|&i| self.spans[i].step);
        let rows = near.map_or(Span { count: 1, stride: 0, step: 1 }, |i| self.spans.remove(i));
        let batch = (BLOCK / to.size / extent).max(1);
        walk(&self.spans, self.base, self.place, &mut |base, place| {
            for low in (0..rows.count).step_by(batch) {
                let rows = Span { count: batch.min(rows.count - low), ..rows };
                let place = place + (low * rows.step) as isize;
                to.read_block(rows, &block, extent, base + low * rows.stride, place)?;
            }
            Ok(())
        })
    }

    /// Reads the region in pieces of at most `count` along a span.
    fn read_split(&self, span: usize, count: usize, to: &mut Reader<'_>) -> Result<(), TensorError> {
        let whole = self.spans[span];
        for low in (0..whole.count).step_by(count) {
            let mut spans = self.spans.clone();
            spans[span].count = count.min(whole.count - low);
            let base = self.base + low * whole.stride;
            Region { base, place: self.place + (low * whole.step) as isize, spans }.read(to)?;
        }
        Ok(())
    }
}

impl Reader<'_> {
    fn len(&self) -> usize {
        self.out.len() / self.size
    }

    /// Reads elements that follow one another here and there.
    fn read_run(&mut self, run: Span, base: usize, place: isize) -> Result<(), TensorError> {
        let (from, to) = run.inside(place, self.len());
        if from >= to {
            return Ok(());
        }
        let at = place.saturating_add_unsigned(from).unsigned_abs() * self.size;
        self.source.read_wide(base + from, &mut self.out[at..at + (to - from) * self.size])
    }

    /// Reads `extent` elements for each of the rows, and puts those of the block in their places.
    fn read_block(
        &mut self,
        rows: Span,
        block: &[Span],
        extent: usize,
        base: usize,
        place: isize,
    ) -> Result<(), TensorError> {
        let bytes = extent * self.size;
        self.scratch.resize(rows.count * bytes, 0);
        let reach: usize = block.iter().map(|span| (span.count - 1) * span.step).sum();
        for (i, row) in self.scratch.chunks_mut(bytes).enumerate() {
            let place = place + (i * rows.step) as isize;
            // None of the others is put anywhere.
            if place.saturating_add_unsigned(reach) >= 0 && place < (self.out.len() / self.size) as isize {
                self.source.read_wide(base + i * rows.stride, row)?;
            }
        }
        let mut spans: SmallVec<[Span; 6]> = block.into();
        if rows.count > 1 {
            spans.push(Span { stride: extent, ..rows });
        }
        spans.sort_by_key(|span| std::cmp::Reverse(span.step));
        let one = Span { count: 1, stride: 1, step: 1 };
        let (&run, outer) = spans.split_last().unwrap_or((&one, &[]));
        let len = self.len();
        walk(outer, 0, place, &mut |from, place| {
            let (low, high) = run.inside(place, len);
            if low < high {
                let place = place.saturating_add_unsigned(low * run.step).unsigned_abs();
                let run = Span { count: high - low, ..run };
                let from = from + low * run.stride;
                match self.size {
                    1 => scatter::<1>(self.scratch, from, self.out, place, run),
                    2 => scatter::<2>(self.scratch, from, self.out, place, run),
                    4 => scatter::<4>(self.scratch, from, self.out, place, run),
                    _ => scatter::<8>(self.scratch, from, self.out, place, run),
                }
            }
            Ok(())
        })
    }
}

/// Copies a run of elements of `SIZE` bytes; positions are in elements.
fn scatter<const SIZE: usize>(source: &[u8], from: usize, out: &mut [u8], to: usize, run: Span) {
    let source = &source.as_chunks::<SIZE>().0[from..];
    let out = &mut out.as_chunks_mut::<SIZE>().0[to..];
    if (run.stride, run.step) == (1, 1) {
        return out[..run.count].copy_from_slice(&source[..run.count]);
    }
    for (to, from) in out.iter_mut().step_by(run.step).zip(source.iter().step_by(run.stride)).take(run.count)
    {
        *to = *from;
    }
}

/// Calls `visit` with the source position and the place of every index of the spans, in order.
fn walk(
    spans: &[Span],
    base: usize,
    place: isize,
    visit: &mut dyn FnMut(usize, isize) -> Result<(), TensorError>,
) -> Result<(), TensorError> {
    let Some((span, inner)) = spans.split_first() else { return visit(base, place) };
    // As deep as the tensor has axes.
    for i in 0..span.count {
        walk(inner, base + i * span.stride, place + (i * span.step) as isize, visit)?;
    }
    Ok(())
}
