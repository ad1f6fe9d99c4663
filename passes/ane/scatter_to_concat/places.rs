//! Places of a tensor that are written, as rows of its axes.

use mil_pass::No;
use mil_tensor::Tensor;

/// Where the elements of an update go: for each part of it, in order, its place among the leading axes.
pub(super) struct Places {
    shape: Vec<usize>,
    /// The axes that `at` counts through; those before and behind are written whole.
    axes: std::ops::Range<usize>,
    /// Places, counted through `axes`.
    at: Vec<usize>,
}

impl Places {
    /// Rows of one axis.
    pub(super) fn rows(indices: &[i64], axis: usize, shape: &[usize]) -> Result<Places, No> {
        let at = indices.iter().map(|&index| mil_tensor::place(index, shape[axis])).collect::<Option<_>>();
        let at = at.ok_or(No::miss("an index is outside"))?;
        Ok(Places { shape: shape.to_vec(), axes: axis..axis + 1, at })
    }

    /// Indices along an axis, each of which must be the same along the others.
    pub(super) fn along(indices: &Tensor, axis: usize, shape: &[usize]) -> Result<Places, No> {
        let same = indices.rank() == shape.len()
            && (0..shape.len()).all(|other| other == axis || indices.shape()[other] == shape[other]);
        No::unless(same, "the indices do not reach along the other axes")?;
        let count = indices.shape()[axis];
        let inner: usize = shape[axis + 1..].iter().product();
        let values = indices.to_i64s()?;
        let first: Vec<i64> = (0..count).filter_map(|row| values.get(row * inner).copied()).collect();
        let same = values.iter().enumerate().all(|(at, &value)| value == first[at / inner.max(1) % count]);
        No::unless(same, "the indices differ along other axes")?;
        Places::rows(&first, axis, shape)
    }

    /// Points among the leading axes: the last axis of the indices counts through them.
    pub(super) fn points(indices: &Tensor, shape: &[usize]) -> Result<Places, No> {
        let depth = *indices.shape().last().ok_or(No::miss("the indices are a scalar"))?;
        No::unless((1..=shape.len()).contains(&depth), "the indices have another depth")?;
        let values = indices.to_i64s()?;
        let place = |point: &[i64]| {
            point
                .iter()
                .zip(shape)
                .try_fold(0, |at, (&index, &size)| Some(at * size + mil_tensor::place(index, size)?))
        };
        let at = values.chunks(depth).map(place).collect::<Option<_>>();
        let at = at.ok_or(No::miss("an index is outside"))?;
        Ok(Places { shape: shape.to_vec(), axes: 0..depth, at })
    }

    /// The same places in a tensor whose axes were all flattened into the one of this.
    pub(super) fn unflattened(&self, shape: &[usize]) -> Option<Places> {
        let flat = self.shape.len() == 1 && shape.iter().product::<usize>() == self.shape[0];
        flat.then(|| Places { shape: shape.to_vec(), axes: 0..shape.len(), at: self.at.clone() })
    }

    /// The shape of the tensor.
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Some place is written twice.
    pub(super) fn repeats(&self) -> bool {
        let mut sorted = self.at.clone();
        sorted.sort_unstable();
        sorted.windows(2).any(|pair| pair[0] == pair[1])
    }

    /// The rows of each axis whose combinations are the places, in the order of the update.
    pub(super) fn rows_of_axes(&self) -> Result<Vec<Vec<usize>>, No> {
        let mut rows: Vec<Vec<usize>> = self.shape.iter().map(|&size| (0..size).collect()).collect();
        No::unless(!self.at.is_empty(), "nothing is written")?;
        if self.axes.len() == 1 {
            rows[self.axes.start] = self.at.clone();
            return Ok(rows);
        }
        let mut stride: usize = self.shape[self.axes.clone()].iter().product();
        for axis in self.axes.clone() {
            let size = self.shape[axis];
            stride /= size;
            let mut own: Vec<usize> = self.at.iter().map(|at| at / stride % size).collect();
            own.sort_unstable();
            own.dedup();
            rows[axis] = own;
        }
        let count = self.axes.clone().map(|axis| rows[axis].len()).product::<usize>();
        let ascending = self.at.windows(2).all(|pair| pair[0] < pair[1]);
        No::unless(count == self.at.len() && ascending, "the places are not a box")?;
        Ok(rows)
    }
}
