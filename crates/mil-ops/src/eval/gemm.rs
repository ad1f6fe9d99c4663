//! Matrix products.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

use super::{EvalError, Real, par};

/// A matrix inside a slice: rows, columns and their strides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a, F> {
    pub(crate) values: &'a [F],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

impl<'a, F> Matrix<'a, F> {
    /// A row-major matrix.
    pub(crate) fn new(values: &'a [F], rows: usize, columns: usize) -> Matrix<'a, F> {
        Matrix { values, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// Rows and columns change places.
    pub(crate) fn transposed(self) -> Matrix<'a, F> {
        Matrix {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    fn rows_from(self, first: usize, count: usize) -> Matrix<'a, F> {
        Matrix { values: &self.values[first * self.row_stride..], rows: count, ..self }
    }
}

/// Below so many multiplications a plain loop is as fast.
const SMALL: usize = 512;

/// Adds the product of two matrices to `out`, which is row-major.
///
/// With `reproducible` each element is a sum in the order of the inner axis.
pub(crate) fn add_product<F: Real>(
    a: Matrix<'_, F>,
    b: Matrix<'_, F>,
    out: &mut [F],
    reproducible: bool,
) -> Result<(), EvalError> {
    let (rows, inner, columns) = (a.rows, a.columns, b.columns);
    if rows == 0 || columns == 0 || inner == 0 {
        return Ok(());
    }
    if out.len() != rows * columns || b.rows != inner {
        return Err(EvalError::Invalid("matrices that do not fit".into()));
    }
    if reproducible || rows * inner * columns <= SMALL {
        plain(a, b, out);
        return Ok(());
    }
    let b_view = array(b)?;
    let block = block_rows(rows, inner * columns);
    par::try_chunks(out, block * columns, |index, piece| {
        let count = piece.len() / columns;
        let a = array(a.rows_from(index * block, count))?;
        let mut c = ArrayViewMut2::from_shape((count, columns), piece)
            .map_err(|error| EvalError::Invalid(error.to_string()))?;
        general_mat_mul(F::one(), &a, &b_view, F::one(), &mut c);
        Ok(())
    })
}

/// Rows of a block that one core computes.
fn block_rows(rows: usize, work_per_row: usize) -> usize {
    #[cfg(feature = "rayon")]
    if rows * work_per_row > 1 << 18 {
        return rows.div_ceil(rayon::current_num_threads()).next_multiple_of(8);
    }
    let _ = work_per_row;
    rows
}

fn array<F>(matrix: Matrix<'_, F>) -> Result<ArrayView2<'_, F>, EvalError> {
    let shape = (matrix.rows, matrix.columns).strides((matrix.row_stride, matrix.column_stride));
    ArrayView2::from_shape(shape, matrix.values).map_err(|error| EvalError::Invalid(error.to_string()))
}

fn plain<F: Real>(a: Matrix<'_, F>, b: Matrix<'_, F>, out: &mut [F]) {
    let columns = b.columns;
    for (row, out) in out.chunks_mut(columns).enumerate() {
        for inner in 0..a.columns {
            let factor = a.values[row * a.row_stride + inner * a.column_stride];
            let start = inner * b.row_stride;
            if b.column_stride == 1 {
                for (out, &x) in out.iter_mut().zip(&b.values[start..start + columns]) {
                    *out += factor * x;
                }
            } else {
                for (column, out) in out.iter_mut().enumerate() {
                    *out += factor * b.values[start + column * b.column_stride];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_agree() {
        let a: Vec<f32> = (0..12 * 17).map(|i| (i % 7) as f32).collect();
        let b: Vec<f32> = (0..17 * 23).map(|i| (i % 5) as f32).collect();
        for (left, right) in [
            (Matrix::new(&a[..], 12, 17), Matrix::new(&b[..], 17, 23)),
            (Matrix::new(&a[..], 17, 12).transposed(), Matrix::new(&b[..], 23, 17).transposed()),
        ] {
            let (mut fast, mut fixed) = (vec![0.0; 12 * 23], vec![0.0; 12 * 23]);
            add_product(left, right, &mut fast, false).unwrap();
            add_product(left, right, &mut fixed, true).unwrap();
            assert_eq!(fast, fixed);
        }
    }
}
