//! `matmul` of flattened values.

use mil_ir::{NewOp, OpId, Operand, ValueId};
use mil_pass::{Matched, No, Rewrite};
use mil_tensor::Tensor;

use super::view::{View, reshaped};
use super::{Unflatten, flattened};
use crate::ane::{Steps, sizes};

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
        _ => Err(No::miss("no operand was flattened")),
    }
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
    let sums = NewOp::new("reduce_sum").with("x", products).with("axes", sizes(&outer));
    let sums = steps.emit("sums", sums.with("keep_dims", Tensor::bool(false)))?;
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
