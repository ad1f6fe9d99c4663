//! Products of stacks of matrices.

use mil_tensor::Shape;

use super::gemm::{Matrix, add_product};
use super::strided::{broadcast, stretched, strides, walk};
use super::{Array, Context, EvalError, Stored, ensure, par, with_real};

/// The product of two stacks of matrices, whose stacks broadcast. Integers wrap.
pub(crate) fn matmul(
    cx: &Context<'_>,
    x: &Array,
    y: &Array,
    (transpose_x, transpose_y): (bool, bool),
) -> Result<Array, EvalError> {
    ensure!(x.rank() > 0 && y.rank() > 0, "a product of shapes {:?} and {:?}", x.shape(), y.shape());
    // A vector is a matrix of one row, or of one column, and that axis vanishes again. It is never
    // transposed.
    let rows_only: Shape = if x.rank() == 1 { [1, x.len()].into_iter().collect() } else { x.shape().into() };
    let columns_only: Shape =
        if y.rank() == 1 { [y.len(), 1].into_iter().collect() } else { y.shape().into() };
    let (transpose_x, transpose_y) = (transpose_x && x.rank() > 1, transpose_y && y.rank() > 1);
    let (x_stack, x_matrix) = rows_only.split_at(rows_only.len() - 2);
    let (y_stack, y_matrix) = columns_only.split_at(columns_only.len() - 2);
    let (rows, inner) = if transpose_x { (x_matrix[1], x_matrix[0]) } else { (x_matrix[0], x_matrix[1]) };
    let (other, columns) = if transpose_y { (y_matrix[1], y_matrix[0]) } else { (y_matrix[0], y_matrix[1]) };
    ensure!(inner == other, "a product of shapes {:?} and {:?}", x.shape(), y.shape());
    let stack = broadcast(x_stack, y_stack)?;
    let mut shape = stack.clone();
    if x.rank() > 1 {
        shape.push(rows);
    }
    if y.rank() > 1 {
        shape.push(columns);
    }
    // Where each pair of matrices starts.
    let steps = |from: &[usize]| -> Result<Vec<isize>, EvalError> {
        Ok(stretched(from, &stack)?.iter().map(|axis| axis.1).collect())
    };
    let (x_steps, y_steps) = (steps(x_stack)?, steps(y_stack)?);
    let mut pairs = Vec::new();
    if !stack.contains(&0) {
        walk(&stack, [&x_steps, &y_steps], [0, 0], |[i, j]| {
            pairs.push((i as usize * rows * inner, j as usize * inner * columns));
        });
    }
    // One matrix on the right for a stack on the left: one product.
    let joined = !transpose_x && y_stack.iter().all(|&size| size == 1);
    let (rows, pairs) = if joined { (rows * pairs.len(), vec![(0, 0)]) } else { (rows, pairs) };
    let size = rows * columns;
    if !x.dtype().is_float() && !y.dtype().is_float() {
        let (a, b) = (x.longs()?, y.longs()?);
        let mut out = cx.vec::<i64>(&shape)?;
        for (i, j) in pairs {
            for at in 0..size {
                let (row, column) = (at / columns, at % columns);
                out.push((0..inner).fold(0_i64, |sum, k| {
                    let left = a[i + if transpose_x { k * rows + row } else { row * inner + k }];
                    let right = b[j + if transpose_y { column * inner + k } else { k * columns + column }];
                    sum.wrapping_add(left.wrapping_mul(right))
                }));
            }
        }
        return super::reduce::integers(x, &shape, out);
    }
    let like = if x.dtype().is_float() { x } else { y };
    with_real!(x.is_double() || y.is_double(), F => {
        let (a, b) = (x.reals::<F>()?, y.reals::<F>()?);
        let mut out = cx.zeros::<F>(&shape)?;
        par::try_chunks(&mut out, size, |index, out| {
            let (i, j) = pairs[index];
            let left = match transpose_x {
                true => Matrix::new(&a[i..][..rows * inner], inner, rows).transposed(),
                false => Matrix::new(&a[i..][..rows * inner], rows, inner),
            };
            let right = match transpose_y {
                true => Matrix::new(&b[j..][..inner * columns], columns, inner).transposed(),
                false => Matrix::new(&b[j..][..inner * columns], inner, columns),
            };
            add_product(left, right, out, cx.options.reproducible)
        })?;
        like.with_data(&shape, F::pack(out))
    })
}

/// One operand of an einsum, as a stack of matrices: its labels in groups, brought into order.
fn grouped(
    cx: &Context<'_>,
    x: &Array,
    labels: &[char],
    groups: [&[char]; 3],
    sizes: &dyn Fn(char) -> usize,
) -> Result<Array, EvalError> {
    let own = strides(x.shape());
    let axes: super::strided::Axes = groups
        .iter()
        .flat_map(|group| group.iter())
        .map(|&label| {
            // A label that comes twice is a diagonal; an axis of one element is repeated.
            let at = (0..labels.len()).filter(|&at| labels[at] == label);
            let stride = at.map(|at| if x.shape()[at] == 1 { 0 } else { own[at] as isize }).sum();
            (sizes(label), stride)
        })
        .collect();
    let shape: Shape = groups.iter().map(|group| group.iter().map(|&label| sizes(label)).product()).collect();
    super::strided::view(cx, x, 0, &axes)?.reshaped(&shape)
}

/// The sum of products of two arrays that an equation such as `abc,cd->abd` describes.
pub(crate) fn einsum(cx: &Context<'_>, equation: &str, x: &Array, y: &Array) -> Result<Array, EvalError> {
    let wrong = || EvalError::Invalid(format!("the equation {equation:?}"));
    let equation: String = equation.chars().filter(|c| !c.is_whitespace()).collect();
    let (operands, result) = equation.split_once("->").ok_or_else(wrong)?;
    let (a, b) = operands.split_once(',').ok_or_else(wrong)?;
    let [a, b, result] = [a, b, result].map(|labels| labels.chars().collect::<Vec<char>>());
    ensure!(
        a.iter().chain(&b).chain(&result).all(|label| label.is_alphabetic()),
        "the equation {equation:?} has more than labels"
    );
    ensure!(
        a.len() == x.rank() && b.len() == y.rank(),
        "the equation {equation:?} for ranks {} and {}",
        x.rank(),
        y.rank()
    );
    let mut sizes: Vec<(char, usize)> = Vec::new();
    for (&label, &size) in a.iter().zip(x.shape()).chain(b.iter().zip(y.shape())) {
        match sizes.iter_mut().find(|entry| entry.0 == label) {
            None => sizes.push((label, size)),
            Some(entry) if entry.1 == 1 => entry.1 = size,
            Some(entry) => ensure!(size == 1 || entry.1 == size, "{label} has sizes {} and {size}", entry.1),
        }
    }
    let size = |label: char| sizes.iter().find(|entry| entry.0 == label).map_or(1, |entry| entry.1);
    let pick = |accept: &dyn Fn(char) -> bool| -> Vec<char> {
        sizes.iter().map(|entry| entry.0).filter(|&label| accept(label)).collect()
    };
    ensure!(
        result.iter().all(|label| a.contains(label) || b.contains(label)),
        "the equation {equation:?} names a result that no operand has"
    );
    let stack = pick(&|label| a.contains(&label) && b.contains(&label) && result.contains(&label));
    let inner = pick(&|label| !result.contains(&label));
    let rows = pick(&|label| a.contains(&label) && !b.contains(&label) && result.contains(&label));
    let columns = pick(&|label| !a.contains(&label) && b.contains(&label) && result.contains(&label));
    for group in [&stack, &inner, &rows, &columns] {
        cx.room::<f64>(&group.iter().map(|&label| size(label)).collect::<Vec<_>>())?;
    }
    // An inner label that only one operand has is summed over there: the other operand repeats.
    let left = grouped(cx, x, &a, [&stack, &rows, &inner], &size)?;
    let right = grouped(cx, y, &b, [&stack, &inner, &columns], &size)?;
    let product = matmul(cx, &left, &right, (false, false))?;
    let labels: Vec<char> = stack.iter().chain(&rows).chain(&columns).copied().collect();
    let shape: Vec<usize> = labels.iter().map(|&label| size(label)).collect();
    let product = product.reshaped(&shape)?;
    let own = super::strided::whole(&shape);
    let mut axes = super::strided::Axes::new();
    for label in &result {
        let at = labels.iter().position(|other| other == label).ok_or_else(wrong)?;
        axes.push(own[at]);
    }
    super::strided::view(cx, &product, 0, &axes)
}
