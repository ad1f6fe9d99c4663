//! Rounding element after element, each with what the errors before it ask for.
//!
//! With `H = R Rᵀ`, `R` an upper triangle in the order of rounding, the squared error of a row for all inputs is
//! `|Rᵀe|²`, and its term for an element depends on that element and on those before it alone. So each
//! element is rounded from where its own term would be zero. This is GPTQ without inverting `H`.

use super::Gain;
use super::grid::Grid;
use super::inputs::{Factor, Inputs};
use crate::{CompressError, par};

/// Rows of the weight that are rounded side by side, and read the triangle together.
const ROWS: usize = 8;

/// Codes for the elements of a weight, row by row. `places` has the block of each element, or nothing where
/// there is only one.
pub(super) fn rounded(
    values: &[f32],
    places: &[i32],
    inputs: &Inputs,
    grid: &dyn Grid,
) -> Result<(Vec<u8>, Gain), CompressError> {
    let size = inputs.size();
    let per_group = values.len() / size / inputs.groups().len();
    let mut codes = Vec::with_capacity(values.len());
    let mut gain = Gain::default();
    for (group, inputs) in inputs.groups().iter().enumerate() {
        let pieces = par::map(per_group.div_ceil(ROWS), |piece| {
            let first = group * per_group + piece * ROWS;
            let count = ROWS.min(per_group - piece * ROWS);
            let at = first * size..(first + count) * size;
            let piece = Piece { first, values: &values[at.clone()], places: places.get(at).unwrap_or(&[]) };
            Ok(match &inputs.factor {
                Some(factor) => piece.better(factor, grid),
                None => (piece.plain(size, grid), Gain::default()),
            })
        })?;
        for (found, of_piece) in pieces {
            codes.extend(found);
            gain.plain += of_piece.plain;
            gain.compensated += of_piece.compensated;
        }
    }
    Ok((codes, gain))
}

/// Some rows of a weight.
struct Piece<'v> {
    /// The number of the first.
    first: usize,
    values: &'v [f32],
    places: &'v [i32],
}

impl Piece<'_> {
    fn nearest(&self, at: usize, size: usize, value: f32, grid: &dyn Grid) -> (u8, f32) {
        let block = self.places.get(at).map_or(0, |&place| place as usize);
        grid.nearest(self.first + at / size, block, value)
    }

    /// The nearest of all elements.
    fn plain(&self, size: usize, grid: &dyn Grid) -> Vec<u8> {
        let values = self.values.iter().enumerate();
        values.map(|(at, &value)| self.nearest(at, size, value, grid).0).collect()
    }

    /// The codes of each row that have the smaller error.
    fn better(&self, factor: &Factor, grid: &dyn Grid) -> (Vec<u8>, Gain) {
        let size = factor.order.len();
        let (mut codes, errors) = self.rounded(factor, grid, true);
        let (plain, plain_errors) = self.rounded(factor, grid, false);
        let mut gain = Gain::default();
        for (row, (&error, &plain_error)) in errors.iter().zip(&plain_errors).enumerate() {
            gain.plain += plain_error;
            gain.compensated += error.min(plain_error);
            if plain_error <= error {
                codes[row * size..][..size].copy_from_slice(&plain[row * size..][..size]);
            }
        }
        (codes, gain)
    }

    /// The codes, and the squared error of each row; with or without making up for errors.
    fn rounded(&self, factor: &Factor, grid: &dyn Grid, compensate: bool) -> (Vec<u8>, Vec<f64>) {
        let size = factor.order.len();
        let rows = self.values.len() / size;
        let mut codes = vec![0; self.values.len()];
        // What the errors so far have added to the term of each element.
        let mut terms = vec![0.0_f32; self.values.len()];
        let mut errors = vec![0.0; rows];
        for at in (0..size).rev() {
            let (below, diagonal) = factor.row(at);
            for row in 0..rows {
                let place = row * size + factor.order[at];
                let terms = &mut terms[row * size..][..size];
                let asked = if compensate { terms[at] / diagonal } else { 0.0 };
                let (code, number) = self.nearest(place, size, self.values[place] + asked, grid);
                codes[place] = code;
                let error = self.values[place] - number;
                let term = f64::from(terms[at] + diagonal * error);
                errors[row] += term * term;
                if error != 0.0 {
                    terms.iter_mut().zip(below).for_each(|(term, &factor)| *term += factor * error);
                }
            }
        }
        (codes, errors)
    }
}
