//! What the `constexpr_*` ops share: scales in blocks, look-up tables, masks.

use mil_tensor::Shape;

use super::strided::{stretched, strides, walk};
use super::{Array, Context, EvalError, Stored, ensure, with_real, with_stored};

/// For each element of an array of this shape, in row-major order, the element of a smaller array whose axes
/// divide those of the larger one: each of its elements stands for a block.
pub(crate) fn block_of(cx: &Context<'_>, shape: &[usize], blocks: &[usize]) -> Result<Vec<usize>, EvalError> {
    ensure!(blocks.len() == shape.len(), "blocks of shape {blocks:?} in {shape:?}");
    let own = strides(blocks);
    // Split each axis into its blocks and the elements of a block.
    let (mut sizes, mut steps) = (Shape::new(), Vec::new());
    for ((&size, &count), &stride) in shape.iter().zip(blocks).zip(&own) {
        if size == 0 {
            return Ok(Vec::new());
        }
        ensure!(count > 0 && size % count == 0, "blocks of shape {blocks:?} in {shape:?}");
        sizes.extend([count, size / count]);
        steps.extend([stride as isize, 0]);
    }
    cx.room::<i64>(shape)?;
    let mut found = Vec::new();
    walk(&sizes, [&steps], [0], |[at]| found.push(at as usize));
    Ok(found)
}

/// `scale * (data - offset)`, with one scale and offset per block.
pub(crate) fn shift_scale(
    cx: &Context<'_>,
    data: &Array,
    scale: &Array,
    offset: Option<&Array>,
) -> Result<Array, EvalError> {
    // A scalar scale stands for one block.
    let ones: Shape = data.shape().iter().map(|_| 1).collect();
    let blocks: &[usize] = if scale.rank() == 0 { &ones } else { scale.shape() };
    let block_of = block_of(cx, data.shape(), blocks)?;
    if let Some(offset) = offset {
        ensure!(offset.len() == scale.len(), "offset {:?} and scale {:?}", offset.shape(), scale.shape());
    }
    with_real!(cx.is_double() || scale.is_double(), F => {
        let (values, scales) = (data.reals::<F>()?, scale.reals::<F>()?);
        let offsets = offset.map(Array::reals::<F>).transpose()?;
        let mut out = cx.vec::<F>(data.shape())?;
        out.extend(values.iter().zip(&block_of).map(|(&x, &block)| {
            let offset = offsets.as_ref().map_or(0.0, |offsets| offsets[block]);
            scales[block] * (x - offset)
        }));
        Array::new(scale.dtype(), data.shape(), F::pack(out))
    })
}

/// `scale * (data - zero_point)`, with one scale and zero point for all or for each index of an axis.
pub(crate) fn affine(
    cx: &Context<'_>,
    data: &Array,
    scale: &Array,
    zero_point: Option<&Array>,
    axis: Option<usize>,
) -> Result<Array, EvalError> {
    let period = |array: &Array, param: &str| -> Result<(usize, usize), EvalError> {
        if array.len() == 1 {
            return Ok((1, 1));
        }
        let axis = axis.ok_or_else(|| EvalError::Missing("axis".into()))?;
        let (_, size, inner) = super::strided::around(data.shape(), axis);
        ensure!(array.len() == size, "{param} has {} elements for {size} channels", array.len());
        Ok((inner, size))
    };
    let (inner, size) = period(scale, "scale")?;
    let shift = zero_point.map(|array| period(array, "zero_point")).transpose()?;
    with_real!(cx.is_double() || scale.is_double(), F => {
        let (values, scales) = (data.reals::<F>()?, scale.reals::<F>()?);
        let zero_points = zero_point.map(Array::reals::<F>).transpose()?;
        let mut out = cx.vec::<F>(data.shape())?;
        out.extend(values.iter().enumerate().map(|(at, &x)| {
            let zero = match (&zero_points, shift) {
                (Some(zero_points), Some((inner, size))) => zero_points[at / inner.max(1) % size],
                _ => 0.0,
            };
            scales[at / inner.max(1) % size] * (x - zero)
        }));
        Array::new(scale.dtype(), data.shape(), F::pack(out))
    })
}

/// The elements or vectors of a table that indices name. The table has the axes of the indices, for groups,
/// and two more: the entries and the elements of a vector, which follow each other along `vector_axis`.
pub(crate) fn look_up(
    cx: &Context<'_>,
    indices: &Array,
    table: &Array,
    vector_axis: Option<usize>,
) -> Result<Array, EvalError> {
    let rank = indices.rank();
    ensure!(table.rank() == rank + 2, "a table of shape {:?} for {:?}", table.shape(), indices.shape());
    let (groups, entries) = table.shape().split_at(rank);
    let (count, width) = (entries[0], entries[1]);
    ensure!(width == 1 || vector_axis.is_some(), "vectors without vector_axis");
    let axis = vector_axis.unwrap_or(0);
    let group_of = block_of(cx, indices.shape(), groups)?;
    let places = indices.longs()?;
    ensure!(
        places.iter().all(|&place| usize::try_from(place).is_ok_and(|place| place < count)),
        "an index beyond the {count} entries of the table"
    );
    let mut shape: Shape = indices.shape().into();
    if rank > 0 {
        shape[axis] = shape[axis]
            .checked_mul(width)
            .ok_or_else(|| EvalError::Invalid("a table that overflows".into()))?;
    }
    let inner: usize = indices.shape().iter().skip(axis + 1).product();
    let data = with_stored!(table.data(), T => {
        let table = table.wanted::<T>()?;
        let mut out = cx.zeros::<T>(&shape)?;
        for (at, (&place, &group)) in places.iter().zip(&group_of).enumerate() {
            let vector = &table[(group * count + place as usize) * width..][..width];
            let start = at / inner * inner * width + at % inner;
            for (element, value) in vector.iter().enumerate() {
                out[start + element * inner] = value.clone();
            }
        }
        T::pack(out)
    });
    table.with_data(&shape, data)
}

/// A dense array from the elements where a mask is set; zeros elsewhere.
pub(crate) fn to_dense(cx: &Context<'_>, mask: &Array, elements: &Array) -> Result<Array, EvalError> {
    let kept = mask.bools()?;
    let count = kept.iter().filter(|&&kept| kept).count();
    ensure!(count == elements.len(), "{} elements for a mask of {count}", elements.len());
    let data = with_stored!(elements.data(), T => {
        let mut elements = elements.wanted::<T>()?.iter();
        let mut out = cx.zeros::<T>(mask.shape())?;
        for (out, _) in out.iter_mut().zip(kept.iter()).filter(|(_, kept)| **kept) {
            if let Some(element) = elements.next() {
                *out = element.clone();
            }
        }
        T::pack(out)
    });
    elements.with_data(mask.shape(), data)
}

/// The elements where a mask is set, in row-major order.
pub(crate) fn to_sparse(mask: &Array, dense: &Array) -> Result<Array, EvalError> {
    let kept = mask.bools()?;
    ensure!(kept.len() == dense.len(), "a mask of {:?} for {:?}", mask.shape(), dense.shape());
    let data = with_stored!(dense.data(), T => {
        let elements = dense.wanted::<T>()?.iter().zip(kept.iter());
        T::pack(elements.filter(|(_, kept)| **kept).map(|(element, _)| element.clone()).collect())
    });
    let count = kept.iter().filter(|&&kept| kept).count();
    dense.with_data(&[count], data)
}

/// A mask whose elements are repeated along an axis.
pub(crate) fn repeat_mask(
    cx: &Context<'_>,
    mask: &Array,
    axis: usize,
    width: usize,
) -> Result<Array, EvalError> {
    let mut split: Shape = mask.shape().into();
    split.insert(axis + 1, 1);
    let mut wide = split.clone();
    wide[axis + 1] = width;
    let axes = stretched(&split, &wide)?;
    let mut shape: Shape = mask.shape().into();
    shape[axis] *= width;
    super::strided::view(cx, mask, 0, &axes)?.reshaped(&shape)
}

/// Bits of packed bytes, least significant first: `count` numbers of `bits` bits.
pub(crate) fn unpack(bytes: &[i64], bits: usize, count: usize) -> Result<Vec<i32>, EvalError> {
    ensure!(
        count.checked_mul(bits).is_some_and(|all| all.div_ceil(8) <= bytes.len()),
        "{} bytes for {count} numbers of {bits} bits",
        bytes.len()
    );
    let bit = |at: usize| (bytes[at / 8] >> (at % 8) & 1) as i32;
    Ok((0..count).map(|index| (0..bits).map(|b| bit(index * bits + b) << b).sum()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_packed_from_the_least_significant_bit_on() {
        assert_eq!(unpack(&[0b10_001_111, 0b1], 3, 3).unwrap(), [7, 1, 6]);
        assert!(unpack(&[0], 3, 3).is_err());
    }
}
