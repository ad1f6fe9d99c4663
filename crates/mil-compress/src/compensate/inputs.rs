//! How the inputs of a layer go together, in the form that rounding asks for.

use mil_tensor::Tensor;

use super::{Gram, cholesky, gram::rows_first};
use crate::{CompressError, par};

/// Part of the mean energy of all inputs that is added to each: it bounds how much one element makes up for
/// others. The value is that of GPTQ's authors.
const DAMPING: f64 = 0.01;

/// How the inputs of a layer go together: what a [`Gram`] becomes when all calls were seen.
#[derive(Clone, Debug)]
pub struct Inputs {
    size: usize,
    groups: Vec<Group>,
}

/// The inputs of a group of rows.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The sum of the squares of each input.
    energies: Vec<f32>,
    /// `None` where all inputs are zero.
    pub(super) factor: Option<Factor>,
}

/// The triangle `L` with `L Lᵀ` the sums of products, in an order of its own.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    /// The inputs in the reverse order of rounding: the one with the least energy comes first, and is rounded
    /// last, as it has nobody left to make up for it.
    pub(super) order: Vec<usize>,
    /// The rows of `L`, each up to the diagonal, one after another.
    triangle: Vec<f32>,
}

impl From<Gram> for Inputs {
    fn from(gram: Gram) -> Inputs {
        let size = gram.inputs();
        let group = |group| {
            let energies: Vec<f32> = gram.energies(group).collect();
            let factor = Factor::new(gram.matrix(group), &energies, gram.count(group));
            Group { energies, factor }
        };
        Inputs { size, groups: (0..gram.groups()).map(group).collect() }
    }
}

impl Inputs {
    /// Inputs of a row.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// How much an error in each element of a weight counts: the energy of the input that it meets.
    pub fn importance(&self, shape: &[usize], output_axis: usize) -> Result<Tensor, CompressError> {
        let rows = self.check(shape, output_axis)?;
        let mut values: Vec<f32> = Vec::with_capacity(rows * self.size);
        for group in &self.groups {
            (0..rows / self.groups.len()).for_each(|_| values.extend(&group.energies));
        }
        let order = rows_first(shape.len(), output_axis);
        let by_rows: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
        Ok(Tensor::from_slice(&by_rows, &values)?.transposed(&inverse(&order))?)
    }

    /// The rows of a weight of this shape, if it can be the weight of such a layer.
    pub(super) fn check(&self, shape: &[usize], output_axis: usize) -> Result<usize, CompressError> {
        let rows = shape.get(output_axis).copied().unwrap_or(0);
        let elements: usize = shape.iter().product();
        let groups = self.groups.len();
        let fits = rows > 0
            && groups > 0
            && rows.is_multiple_of(groups)
            && rows.checked_mul(self.size) == Some(elements);
        let fault = || CompressError::Option("the calibration inputs are not those of the weight".into());
        if fits { Ok(rows) } else { Err(fault()) }
    }
}

impl Factor {
    fn new(sums: &[f32], energies: &[f32], count: usize) -> Option<Factor> {
        let size = energies.len();
        let mean = energies.iter().map(|&energy| f64::from(energy)).sum::<f64>() / size as f64;
        if !(mean > 0.0 && mean.is_finite()) {
            return None;
        }
        let kept = 1.0 - shrinkage(sums, energies, count);
        let mut order: Vec<usize> = (0..size).collect();
        order.sort_by(|&a, &b| energies[a].total_cmp(&energies[b]).then(b.cmp(&a)));
        let mut matrix = vec![0.0; size * size];
        par::each_piece(&mut matrix, size, |row, out| {
            for (column, out) in out[..=row].iter_mut().enumerate() {
                let (a, b) = (order[row], order[column]);
                *out = kept * f64::from(sums[a.max(b) * size + a.min(b)]);
            }
            out[row] = f64::from(energies[order[row]]) + DAMPING * mean;
        });
        if !cholesky::factor(&mut matrix, size) {
            return None;
        }
        let rows = matrix.chunks_exact(size).enumerate();
        let triangle = rows.flat_map(|(at, row)| row[..=at].iter().map(|&value| value as f32)).collect();
        Some(Factor { order, triangle })
    }

    /// A row of the triangle up to the diagonal, and its element there.
    pub(super) fn row(&self, at: usize) -> (&[f32], f32) {
        let row = &self.triangle[at * (at + 1) / 2..][..=at];
        (&row[..at], row[at])
    }
}

/// The part of each product of two inputs that is left out, as it is no more than chance.
///
/// Few vectors make inputs look as if they went together, and rounding would rely on what other calls do not
/// show. This is the shrinkage towards the diagonal with the least expected squared error (Schäfer and Strimmer
/// 2005, <https://doi.org/10.2202/1544-6115.1175>), for vectors with a normal distribution around zero: the sum
/// of the variances of all products beside the sum of their squares.
fn shrinkage(sums: &[f32], energies: &[f32], count: usize) -> f64 {
    let size = energies.len();
    let squares =
        |values: &[f32]| values.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>();
    let products: f64 = 2.0 * (0..size).map(|row| squares(&sums[row * size..][..row])).sum::<f64>();
    let whole = energies.iter().map(|&energy| f64::from(energy)).sum::<f64>();
    let variances = (whole * whole - squares(energies) + products) / count.max(1) as f64;
    if products > 0.0 { (variances / products).min(1.0) } else { 1.0 }
}

/// The order of axes that undoes another.
pub(super) fn inverse(order: &[usize]) -> Vec<usize> {
    let mut back = vec![0; order.len()];
    order.iter().enumerate().for_each(|(at, &axis)| back[axis] = at);
    back
}
