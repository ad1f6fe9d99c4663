//! The shapes that are known, and one layer's view of them.

use super::range::{Range, Sized};

// The axes.
pub(super) const S: usize = 0;
pub(super) const B: usize = 1;
pub(super) const C: usize = 2;
pub(super) const H: usize = 3;
pub(super) const W: usize = 4;

pub(super) type Shape = [Range; 5];

pub(super) fn axis_of(shapes: &[Shape], value: usize, axis: usize) -> Range {
    shapes.get(value).and_then(|shape| shape.get(axis)).copied().unwrap_or(Range::FREE)
}

pub(super) fn narrow_axis(shapes: &mut [Shape], value: usize, axis: usize, range: Range) -> Sized {
    if let Some(slot) = shapes.get_mut(value).and_then(|shape| shape.get_mut(axis)) {
        *slot = slot.meet(range)?;
    }
    Ok(())
}

pub(super) fn set_chw(shapes: &mut [Shape], value: usize, sizes: [u64; 3]) -> Sized {
    for (axis, size) in [C, H, W].into_iter().zip(sizes) {
        narrow_axis(shapes, value, axis, Range::exactly(size))?;
    }
    Ok(())
}

/// One layer's view of the shapes.
pub(super) struct View<'a> {
    pub(super) shapes: &'a mut [Shape],
    pub(super) input: usize,
    pub(super) output: usize,
}

impl View<'_> {
    pub(super) fn input(&self, axis: usize) -> Range {
        axis_of(self.shapes, self.input, axis)
    }

    pub(super) fn output(&self, axis: usize) -> Range {
        axis_of(self.shapes, self.output, axis)
    }

    pub(super) fn narrow_input(&mut self, axis: usize, range: Range) -> Sized {
        narrow_axis(self.shapes, self.input, axis, range)
    }

    pub(super) fn narrow_output(&mut self, axis: usize, range: Range) -> Sized {
        narrow_axis(self.shapes, self.output, axis, range)
    }

    /// These axes are the same in input and output.
    pub(super) fn same(&mut self, axes: &[usize]) -> Sized {
        for &axis in axes {
            self.narrow_output(axis, self.input(axis))?;
            self.narrow_input(axis, self.output(axis))?;
        }
        Ok(())
    }

    pub(super) fn input_chw(&mut self, sizes: [u64; 3]) -> Sized {
        set_chw(self.shapes, self.input, sizes)
    }

    pub(super) fn output_chw(&mut self, sizes: [u64; 3]) -> Sized {
        set_chw(self.shapes, self.output, sizes)
    }
}
