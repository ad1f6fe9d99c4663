//! Blocks of a tensor that share parameters.

use std::ops::Range;

use mil_tensor::{Shape, Tensor};

use crate::CompressError;

/// A tensor's shape, divided evenly along each axis: a grid of blocks, numbered row-major.
///
/// One block is the whole tensor, one for each index of an axis are its channels, and so on: every
/// granularity is such a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    shape: Shape,
    counts: Shape,
    /// The same, with axes joined where that changes nothing. The last block axis decides how elements that
    /// follow each other are spread over blocks.
    joined: Vec<Axis>,
}

/// An axis of `count` blocks of `len` indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    count: usize,
    len: usize,
}

/// How elements that follow each other belong to blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// All to this one.
    Same(usize),
    /// Each to another: the first to this one, the next to the next.
    Each(usize),
}

impl Segment {
    /// The block of an element of the segment.
    pub(crate) fn block(self, at: usize) -> usize {
        match self {
            Segment::Same(block) => block,
            Segment::Each(first) => first + at,
        }
    }
}

impl Blocks {
    /// A grid of so many blocks along each axis, which divide its size.
    pub fn new(shape: &[usize], counts: &[usize]) -> Result<Blocks, CompressError> {
        if shape.len() != counts.len() {
            let text = format!("blocks along {} axes in a weight with {}", counts.len(), shape.len());
            return Err(CompressError::Option(text));
        }
        let mut joined: Vec<Axis> = Vec::new();
        for (axis, (&size, &count)) in shape.iter().zip(counts).enumerate() {
            if count == 0 || size % count != 0 {
                return Err(CompressError::Divide { axis, size, by: count });
            }
            let next = Axis { count, len: size / count };
            match joined.last_mut() {
                Some(last) if next.count == 1 => last.len *= next.len,
                Some(last) if last.len == 1 => {
                    *last = Axis { count: last.count * next.count, len: next.len };
                }
                _ => joined.push(next),
            }
        }
        Ok(Blocks { shape: shape.into(), counts: counts.into(), joined })
    }

    /// A grid of blocks of these sizes along each axis; 0 is the whole axis.
    pub fn of_sizes(shape: &[usize], sizes: &[usize]) -> Result<Blocks, CompressError> {
        let mut counts = Vec::with_capacity(sizes.len());
        for (axis, (&size, &by)) in shape.iter().zip(sizes).enumerate() {
            if by != 0 && size % by != 0 {
                return Err(CompressError::Divide { axis, size, by });
            }
            counts.push(size.checked_div(by).unwrap_or(1).max(1));
        }
        Blocks::new(shape, &counts)
    }

    /// One block.
    pub fn whole(shape: &[usize]) -> Result<Blocks, CompressError> {
        Blocks::new(shape, &vec![1; shape.len()])
    }

    /// The shape that is divided.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Blocks along each axis: the shape of what holds one parameter for each block.
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// Blocks in all.
    pub fn count(&self) -> usize {
        self.counts.iter().product()
    }

    /// Elements of a block.
    pub fn size(&self) -> usize {
        self.joined.iter().map(|axis| axis.len).product()
    }

    /// Elements of a block that follow each other.
    pub(crate) fn run(&self) -> usize {
        self.joined.last().map_or(1, |axis| axis.len)
    }

    /// The elements of a tensor of this shape, block by block: row `i` of the result is block `i`.
    pub fn rows(&self, tensor: &Tensor) -> Result<Tensor, CompressError> {
        let (mut split, mut order, mut inner) = (Vec::new(), Vec::new(), Vec::new());
        for axis in &self.joined {
            order.push(split.len());
            inner.push(split.len() + 1);
            split.extend([axis.count, axis.len]);
        }
        order.extend(inner);
        let rows = tensor.reshaped(&split)?.transposed(&order)?;
        Ok(rows.reshaped(&[self.count(), self.size()])?)
    }

    /// Successive ranges of `len` elements from element `first` on, counted from there, and the blocks to which
    /// they belong.
    #[inline(always)]
    pub(crate) fn segments(&self, first: usize, len: usize) -> Segments<'_> {
        let (last, outer) = match self.joined.split_last() {
            Some((&last, outer)) => (last, outer),
            None => (Axis { count: 1, len: usize::MAX }, &[][..]),
        };
        let round = last.count.saturating_mul(last.len);
        let mut segments =
            Segments { last, outer, round, turn: first / round, at: 0, len, stop: 0, block: 0, left: 0 };
        segments.enter(first % round);
        segments
    }
}

/// See [`Blocks::segments`].
pub(crate) struct Segments<'b> {
    last: Axis,
    outer: &'b [Axis],
    /// Elements of an index of the outer axes, and which of these indices.
    round: usize,
    turn: usize,
    /// What is left of the range.
    at: usize,
    len: usize,
    /// Where the index of the outer axes ends.
    stop: usize,
    /// The next block, and how many of its elements are left.
    block: usize,
    left: usize,
}

impl Segments<'_> {
    /// Begins with an index of the outer axes, at a place of it.
    #[inline(always)]
    fn enter(&mut self, place: usize) {
        self.stop = self.len.min(self.at.saturating_add(self.round - place));
        self.block = outer_block(self.outer, self.turn) * self.last.count + place / self.last.len;
        self.left = self.last.len - place % self.last.len;
    }
}

impl Iterator for Segments<'_> {
    type Item = (Range<usize>, Segment);

    #[inline(always)]
    fn next(&mut self) -> Option<(Range<usize>, Segment)> {
        if self.at == self.stop {
            if self.at >= self.len {
                return None;
            }
            self.turn += 1;
            self.enter(0);
        }
        let (begin, block) = (self.at, self.block);
        if self.last.len == 1 && self.last.count > 1 {
            self.at = self.stop;
            return Some((begin..self.stop, Segment::Each(block)));
        }
        self.at = self.stop.min(begin.saturating_add(self.left));
        (self.block, self.left) = (block + 1, self.last.len);
        Some((begin..self.at, Segment::Same(block)))
    }
}

/// The number of the block along the outer axes, where `at` counts their indices.
fn outer_block(outer: &[Axis], mut at: usize) -> usize {
    let (mut block, mut stride) = (0, 1);
    for axis in outer.iter().rev() {
        let size = axis.count * axis.len;
        block += at % size / axis.len * stride;
        (at, stride) = (at / size, stride * axis.count);
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The block of each element, by the definition.
    fn by_definition(shape: &[usize], counts: &[usize]) -> Vec<usize> {
        let total: usize = shape.iter().product();
        (0..total)
            .map(|element| {
                let (mut at, mut block, mut stride) = (element, 0, 1);
                for (&size, &count) in shape.iter().zip(counts).rev() {
                    block += at % size / (size / count) * stride;
                    (at, stride) = (at / size, stride * count);
                }
                block
            })
            .collect()
    }

    #[test]
    fn segments_and_rows_follow_the_definition() {
        let cases: [(&[usize], &[usize]); 9] = [
            (&[4, 6], &[1, 1]),
            (&[4, 6], &[4, 1]),
            (&[4, 6], &[1, 6]),
            (&[4, 6], &[4, 3]),
            (&[4, 6], &[2, 3]),
            (&[4, 6], &[2, 6]),
            (&[2, 3, 4], &[1, 3, 2]),
            (&[2, 4, 3, 1], &[2, 2, 1, 1]),
            (&[2, 4, 3], &[1, 4, 3]),
        ];
        for (shape, counts) in cases {
            let blocks = Blocks::new(shape, counts).unwrap();
            let wanted = by_definition(shape, counts);
            for first in 0..wanted.len() {
                let len = wanted.len() - first;
                let mut found = vec![usize::MAX; len];
                for (range, segment) in blocks.segments(first, len) {
                    for (i, found) in found[range].iter_mut().enumerate() {
                        *found = match segment {
                            Segment::Same(block) => block,
                            Segment::Each(block) => block + i,
                        };
                    }
                }
                assert_eq!(found, wanted[first..], "{shape:?} {counts:?} from {first}");
            }
            let numbers: Vec<i32> = wanted.iter().map(|&block| block as i32).collect();
            let rows = blocks.rows(&Tensor::from_slice(shape, &numbers).unwrap()).unwrap();
            assert_eq!(rows.shape(), [blocks.count(), blocks.size()]);
            let sorted = rows.to_i64s().unwrap();
            assert!(
                sorted.chunks(blocks.size()).enumerate().all(|(i, row)| row.iter().all(|&b| b == i as i64))
            );
        }
    }

    #[test]
    fn blocks_divide_the_shape() {
        assert!(Blocks::of_sizes(&[6, 4], &[4, 0]).is_err());
        assert_eq!(Blocks::of_sizes(&[6, 4], &[3, 0]).unwrap().counts(), [2, 1]);
        assert!(Blocks::new(&[6], &[1, 1]).is_err());
    }
}
