//! A value whose axes were flattened, and what they were.

use std::ops::Range;

use mil_ir::{OpId, Operand, ValueId};
use mil_pass::{No, Rewrite};

use crate::ane::Steps;

/// A value whose axes were flattened.
pub(super) struct View {
    /// The value before.
    x: ValueId,
    /// The shape that it was given, with the axes that a long one was made of in its place.
    pub(super) inner: Vec<usize>,
    /// The shape that it was given.
    pub(super) flat: Vec<usize>,
    /// For each axis of that shape, those that stand for it in `inner`.
    pub(super) groups: Vec<Range<usize>>,
}

impl View {
    /// The operand `x` of an op, if it was flattened.
    pub(super) fn of(rw: &Rewrite<'_>, op: OpId, limit: i64) -> Result<View, No> {
        View::behind(rw, rw.input(op, "x")?, limit)
    }

    /// A value, if a `reshape` made one axis of several, of more than `limit` elements.
    pub(super) fn behind(rw: &Rewrite<'_>, value: ValueId, limit: i64) -> Result<View, No> {
        let reshape = rw.definition_anywhere(value, &["reshape"])?;
        let x = rw.input(reshape, "x")?;
        let (inner, flat) = (rw.shape(x)?, rw.shape(value)?);
        let is_long = |size: usize| i64::try_from(size).is_ok_and(|size| size > limit);
        let (mut kept, mut places) = (Vec::new(), Vec::new());
        for (axis, &size) in flat.iter().enumerate() {
            let start = kept.len();
            let joined = if is_long(size) { joined(&inner, &flat, axis) } else { None };
            match joined {
                Some(group) => kept.extend(inner[group].iter().filter(|&&size| size != 1)),
                None => kept.push(size),
            }
            places.push(start..kept.len());
        }
        let found = places.iter().any(|group| group.len() > 1);
        No::unless(found, "no axis is longer than the limit")?;
        No::unless(kept.len() <= 5, "the axes are more than five")?;
        Ok(View { x, inner: kept, flat, groups: places })
    }

    /// The value on the axes as they were.
    pub(super) fn value(&self, steps: &mut Steps<'_, '_>) -> Result<ValueId, No> {
        steps.reshape("shaped", self.x, &self.inner)
    }

    /// The axes that these were made of.
    pub(super) fn axes(&self, flat: &[usize]) -> Vec<usize> {
        flat.iter().flat_map(|&axis| self.groups[axis].clone()).collect()
    }

    /// The axis that is this one.
    pub(super) fn single(&self, flat: usize) -> Result<usize, No> {
        let group = self.groups.get(flat).ok_or(No::miss("the value has too few axes"))?;
        No::unless(group.len() == 1, "the op works along the long axis")?;
        Ok(group.start)
    }

    /// The shape of an operand that is broadcast to the flat shape, on the axes as they were.
    pub(super) fn spread(&self, rw: &Rewrite<'_>, operand: &Operand) -> Result<Vec<usize>, No> {
        let shape =
            rw.graph().operand_type(operand).fixed_shape().ok_or(No::miss("a shape is not static"))?;
        let missing = self.flat.len().checked_sub(shape.len()).ok_or(No::miss("an operand has more axes"))?;
        let mut spread = Vec::new();
        for (axis, group) in self.groups.iter().enumerate() {
            let size = if axis < missing { 1 } else { shape[axis - missing] };
            match size {
                size if size == self.flat[axis] => spread.extend(&self.inner[group.clone()]),
                1 => spread.extend(group.clone().map(|_| 1)),
                _ => return Err(No::miss("an operand widens the result")),
            }
        }
        Ok(spread)
    }
}

/// The axes that an axis of a flatter shape was made of, where it was made of whole ones.
fn joined(inner: &[usize], flat: &[usize], axis: usize) -> Option<Range<usize>> {
    let before: usize = flat[..axis].iter().product();
    let reaches =
        |product: usize| (0..=inner.len()).find(|&at| inner[..at].iter().product::<usize>() == product);
    Some(reaches(before)?..reaches(before * flat[axis])?)
}
