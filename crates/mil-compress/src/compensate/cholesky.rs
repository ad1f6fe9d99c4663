//! The Cholesky factor of a matrix.

use super::dots::dots;
use crate::par;

/// Columns that are finished together.
const BLOCK: usize = 32;

/// Rows that share what they read.
const ROWS: usize = 4;

/// Replaces the lower triangle of a symmetric matrix, row by row, by `L` with `A = L Lᵀ`. What is above the
/// diagonal is not read, and means nothing afterwards. `false` where the matrix is not positive definite.
pub(super) fn factor(matrix: &mut [f64], size: usize) -> bool {
    for start in (0..size).step_by(BLOCK) {
        let end = (start + BLOCK).min(size);
        take_finished_columns(matrix, size, start, end);
        if !factor_diagonal(matrix, size, start, end) {
            return false;
        }
        // The rows below the block need its triangle, while they change.
        let width = end - start;
        let triangle: Vec<f64> =
            (start..end).flat_map(|row| matrix[row * size + start..][..width].to_vec()).collect();
        par::each_piece(&mut matrix[end * size..], ROWS * size, |_, rows| {
            for row in rows.chunks_exact_mut(size) {
                let row = &mut row[start..end];
                for column in 0..width {
                    let finished = &triangle[column * width..][..=column];
                    let [sum] = dots([&row[..column]], &finished[..column]);
                    row[column] = (row[column] - sum) / finished[column];
                }
            }
        });
    }
    true
}

/// Takes what the columns before `start` make of the columns of a block away from these, in all rows from
/// `start` on.
fn take_finished_columns(matrix: &mut [f64], size: usize, start: usize, end: usize) {
    if start == 0 {
        return;
    }
    let block: Vec<f64> = (start..end).flat_map(|row| matrix[row * size..][..start].to_vec()).collect();
    par::each_piece(&mut matrix[start * size..], ROWS * size, |_, rows| {
        if rows.len() == ROWS * size {
            for (column, finished) in block.chunks_exact(start).enumerate() {
                let own = [0, 1, 2, 3].map(|row| &rows[row * size..][..start]);
                for (row, sum) in dots(own, finished).into_iter().enumerate() {
                    rows[row * size + start + column] -= sum;
                }
            }
        } else {
            for row in rows.chunks_exact_mut(size) {
                let (own, open) = row.split_at_mut(start);
                for (value, finished) in open.iter_mut().zip(block.chunks_exact(start)) {
                    let [sum] = dots([&*own], finished);
                    *value -= sum;
                }
            }
        }
    });
}

/// The factor of the triangle on the diagonal.
fn factor_diagonal(matrix: &mut [f64], size: usize, start: usize, end: usize) -> bool {
    for row in start..end {
        for column in start..=row {
            let (upper, lower) = matrix.split_at_mut(row * size);
            let own = &lower[start..column];
            let sum = if column == row {
                dots([own], own)[0]
            } else {
                dots([own], &upper[column * size + start..][..column - start])[0]
            };
            let rest = lower[column] - sum;
            lower[column] = if column < row {
                rest / upper[column * size + column]
            } else if rest > 0.0 {
                libm::sqrt(rest)
            } else {
                return false;
            };
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use mil_tensor::random::Stream;

    use super::*;

    #[test]
    fn the_factor_times_its_transpose_is_the_matrix() {
        for size in [1, 2, 5, 31, 32, 33, 64, 97, 130] {
            let mut random = Stream::new(size as u64);
            let vectors: Vec<f64> = (0..size * (size + 3)).map(|_| random.unit() - 0.5).collect();
            let product = |a: usize, b: usize| -> f64 {
                let vector = |at: usize| &vectors[at * (size + 3)..][..size + 3];
                vector(a).iter().zip(vector(b)).map(|(a, b)| a * b).sum()
            };
            let matrix: Vec<f64> = (0..size * size).map(|at| product(at / size, at % size)).collect();
            let mut found = matrix.clone();
            assert!(factor(&mut found, size));
            for row in 0..size {
                for column in 0..=row {
                    let sum: f64 =
                        (0..=column).map(|at| found[row * size + at] * found[column * size + at]).sum();
                    assert!((sum - matrix[row * size + column]).abs() < 1e-10, "{size}: {row} {column}");
                }
            }
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_has_no_factor() {
        assert!(!factor(&mut [1.0, 2.0, 2.0, 1.0], 2));
        assert!(!factor(&mut [0.0], 1));
        assert!(!factor(&mut [f64::NAN], 1));
    }
}
