//! `matmul` of flattened values.

use mil_ir::{NewOp, OpId, Operand, ValueId};
use mil_pass::{Matched, No, Rewrite};
use mil_tensor::Tensor;

use super::view::View;
use super::{Unflatten, flattened};
use crate::ane::{Steps, reshaped, sizes};

/// A `matmul`, as rows times a sum times columns.
pub(super) fn matmul(pass: &Unflatten, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let call = rw.call(op)?;
    let (transposed_x, transposed_y) = (call.bool("transpose_x")?, call.bool("transpose_y")?);
    let (x, y) = (rw.input(op, "x")?, rw.input(op, "y")?);
    let (left, right) = (View::behind(rw, x, pass.limit).ok(), View::behind(rw, y, pass.limit).ok());
    let rank = rw.rank(x)?;
    No::unless(rank >= 2 && rw.rank(y)? == rank, "the factors have different ranks")?;
    // Places of the axis that is summed over, and of the other one.
    let places = |transposed: bool| if transposed { (rank - 2, rank - 1) } else { (rank - 1, rank - 2) };
    let (sum_x, row) = places(transposed_x);
    let (column, sum_y) = if transposed_y { (rank - 2, rank - 1) } else { (rank - 1, rank - 2) };
    match (left, right) {
        (Some(left), Some(right)) if left.groups[sum_x].len() > 1 && right.groups[sum_y].len() > 1 => {
            let long = left.inner[left.groups[sum_x].clone()] == right.inner[right.groups[sum_y].clone()];
            No::unless(long, "the long axes were made of different ones")?;
            summed(rw, op, [&left, &right], [transposed_x, transposed_y])
        }
        (Some(left), _) if left.groups[row].len() > 1 => {
            beside(rw, op, &left, y, [transposed_x, transposed_y], true)
        }
        (_, Some(right)) if right.groups[column].len() > 1 => {
            beside(rw, op, &right, x, [transposed_x, transposed_y], false)
        }
        _ => {
            let parts = parts(rw.size(x, sum_x)?, pass);
            let parts = parts.ok_or(No::miss("no operand was flattened"))?;
            divided(rw, op, parts, [x, y], [sum_x, sum_y])
        }
    }
}

/// Into how many equal parts a sum over so many elements is divided, so that each is within what a product may
/// sum over, and an axis may have; `None` where it need not, or cannot, be divided.
pub(super) fn parts(size: usize, pass: &Unflatten) -> Option<usize> {
    let most = |limit: i64| usize::try_from(limit).ok().filter(|&limit| limit > 0);
    let limit = most(pass.contraction).filter(|&limit| size > limit)?;
    let limit = limit.min(most(pass.limit)?);
    (2..=MOST).find(|&parts| size.is_multiple_of(parts) && size / parts <= limit)
}

/// Parts of a sum; more would move more than they save.
const MOST: usize = 64;

/// A `linear` layer, as a `matmul` of each part of its input channels, added up.
pub(super) fn layer(rw: &mut Rewrite<'_>, op: OpId, parts: usize) -> Matched {
    let weight = rw.constant(op, "weight")?;
    let bias = rw.optional_constant(op, "bias")?;
    let x = rw.input(op, "x")?;
    let (shape, result) = (rw.shape(x)?, rw.shape(rw.result(op)?)?);
    let [count, size] = *weight.shape() else { return Err(No::miss("the weight is not a matrix")) };
    let rows: usize = shape[..shape.len() - 1].iter().product();
    let inner = size / parts;
    let weight = weight.reshaped(&[count, parts, inner])?.transposed(&[1, 0, 2])?;
    let mut steps = Steps::new(rw, op);
    let own = match rows {
        // The same elements in the same order.
        1 => steps.reshape("parts", x, &[parts, rows, inner])?,
        _ => {
            let own = steps.reshape("parts", x, &[rows, parts, inner])?;
            steps.transpose("rows", own, &[1, 0, 2])?
        }
    };
    let products = NewOp::new("matmul").with("x", own).with("y", weight);
    let products = products.with("transpose_x", Tensor::bool(false)).with("transpose_y", Tensor::bool(true));
    let products = steps.emit("products", products)?;
    let mut value = summed_over(&mut steps, products, &[0])?;
    if let Some(bias) = bias {
        value = steps.binary("biased", "add", value, bias)?;
    }
    let value = steps.reshape("shaped", value, &result)?;
    steps.finish(value, &[])
}

/// A `matmul` of each part of the axis that is summed over, added up.
fn divided(
    rw: &mut Rewrite<'_>,
    op: OpId,
    parts: usize,
    [x, y]: [ValueId; 2],
    [sum_x, sum_y]: [usize; 2],
) -> Matched {
    let rank = rw.rank(x)?;
    No::unless(rank < 5, "the axes are more than five")?;
    let mut sides = Vec::new();
    for (param, value, sum) in [("x", x, sum_x), ("y", y, sum_y)] {
        let mut shape = rw.shape(value)?;
        let inner = shape[sum] / parts;
        shape.splice(sum..=sum, [parts, inner]);
        // The parts go before the other axis of the matrix.
        let mut order: Vec<usize> = (0..=rank).collect();
        order.remove(sum);
        order.insert(rank - 2, sum);
        let constant = match rw.constant(op, param) {
            Ok(tensor) => Some(tensor.reshaped(&shape)?.transposed(&order)?),
            Err(No::Miss(_)) => None,
            Err(fault) => return Err(fault),
        };
        sides.push((param, value, shape, order, constant));
    }
    let mut new = rw.like(op)?;
    let mut steps = Steps::new(rw, op);
    for (param, value, shape, order, constant) in sides {
        new = match constant {
            Some(constant) => new.set(param, constant),
            None => {
                let own = steps.reshape(&format!("{param}_parts"), value, &shape)?;
                new.set(param, steps.transpose(&format!("{param}_rows"), own, &order)?)
            }
        };
    }
    let products = steps.emit("products", new)?;
    let value = summed_over(&mut steps, products, &[rank - 2])?;
    steps.finish(value, &[])
}

fn summed_over(steps: &mut Steps<'_, '_>, products: ValueId, axes: &[usize]) -> Result<ValueId, No> {
    let sums = NewOp::new("reduce_sum").with("x", products).with("axes", sizes(axes));
    steps.emit("sums", sums.with("keep_dims", Tensor::bool(false)))
}

/// Products over the last of the axes, added up over the others.
fn summed(
    rw: &mut Rewrite<'_>,
    op: OpId,
    [left, right]: [&View; 2],
    [turned_x, turned_y]: [bool; 2],
) -> Matched {
    // [batch…, outer…] and, in the order that they have, the last of the long axis and the other one.
    let order_x = order(left, !turned_x)?;
    let order_y = order(right, turned_y)?;
    let rank = left.flat.len();
    let outer: Vec<usize> = (rank - 2..order_x.len() - 2).collect();
    let shape = rw.shape(rw.result(op)?)?;
    let like = rw.like(op)?;
    let mut steps = Steps::new(rw, op);
    let x = left.value(&mut steps)?;
    let x = steps.transpose("x_rows", x, &order_x)?;
    let y = right.value(&mut steps)?;
    let y = steps.transpose("y_rows", y, &order_y)?;
    let products = steps.emit("products", like.set("x", x).set("y", y))?;
    let sums = summed_over(&mut steps, products, &outer)?;
    let value = steps.reshape("shaped", sums, &shape)?;
    steps.finish(value, &[])
}

/// Products with the long axis beside the one that is summed over: all but the last of its axes count through
/// the products.
fn beside(
    rw: &mut Rewrite<'_>,
    op: OpId,
    view: &View,
    other: ValueId,
    [turned_x, turned_y]: [bool; 2],
    is_left: bool,
) -> Matched {
    let rank = view.flat.len();
    // The long axis stands last where the factor is turned, or is the second.
    let long_is_last = if is_left { turned_x } else { !turned_y };
    let order = order(view, long_is_last)?;
    let outer = order.len() - rank;
    let other_shape = rw.shape(other)?;
    let spread = [&other_shape[..rank - 2], &vec![1; outer], &other_shape[rank - 2..]].concat();
    let like = rw.like(op)?;
    let mut steps = Steps::new(rw, op);
    let own = view.value(&mut steps)?;
    let own = steps.transpose("rows", own, &order)?;
    // The other factor is the same for all of them.
    let other = reshaped(&mut steps, "factor", Operand::Value(other), &spread)?;
    let (x, y) = if is_left { (own.into(), other) } else { (other, own.into()) };
    let products = steps.emit("products", like.set("x", x).set("y", y))?;
    if is_left {
        return flattened(rw, op, products);
    }
    // [batch…, outer…, free, last]: the free axis goes before the long one.
    let place = rank - 2;
    let back: Vec<usize> =
        (0..place).chain([place + outer]).chain(place..place + outer).chain([place + outer + 1]).collect();
    let value = steps.transpose("back", products, &back)?;
    flattened(rw, op, value)
}

/// The order of axes with all but the last of the long ones before the last two. The long axis is the last, or
/// the one before; all others are single.
fn order(view: &View, long_is_last: bool) -> Result<Vec<usize>, No> {
    let rank = view.flat.len();
    let (long, other) = if long_is_last { (rank - 1, rank - 2) } else { (rank - 2, rank - 1) };
    let other = view.single(other)?;
    let mut order = Vec::new();
    for batch in 0..rank - 2 {
        order.push(view.single(batch)?);
    }
    let group = view.groups[long].clone();
    order.extend(group.start..group.end - 1);
    order.extend(if long_is_last { [other, group.end - 1] } else { [group.end - 1, other] });
    Ok(order)
}
