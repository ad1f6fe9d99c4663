//! The softmax in the middle of a site: an op, or spelled out.

use mil_ir::{OpId, ValueId};
use mil_pass::{No, Rewrite};

use super::scores::uniform;

/// Weights that sum to 1 along an axis, as a function of scores.
#[derive(Clone, Debug)]
pub(super) struct Softmax {
    /// What is exponentiated.
    pub scores: ValueId,
    /// The axis along which the weights sum to 1.
    pub axis: usize,
    /// What the scores are multiplied by, where the base is not e.
    pub scale: f64,
    /// The weights; where they are divided only after the product with the values, the exponentials.
    pub weights: ValueId,
    /// The sum that the product with the values is divided by.
    pub late: Option<ValueId>,
    /// A number that is added to the sum before it divides.
    pub added: f64,
    /// Its ops.
    pub ops: Vec<OpId>,
}

/// The softmax that an op begins or is.
pub(super) fn find(rw: &Rewrite<'_>, op: OpId) -> Result<Softmax, No> {
    rw.known(op)?;
    if rw.is(op, &["softmax"]) {
        let scores = rw.input(op, "x")?;
        let axis = rw.call(op)?.axis("axis", rw.rank(scores)?)?;
        let weights = rw.result(op)?;
        return Ok(Softmax { scores, axis, scale: 1.0, weights, late: None, added: 0.0, ops: vec![op] });
    }
    spelled_out(rw, op)
}

/// `exp(x)`, divided by its sum. What is subtracted from `x` first belongs to the scores.
fn spelled_out(rw: &Rewrite<'_>, exp: OpId) -> Result<Softmax, No> {
    let scale = if rw.is(exp, &["exp2"]) { std::f64::consts::LN_2 } else { 1.0 };
    let exponentials = rw.result(exp)?;
    let users: Vec<OpId> = rw.graph().users(exponentials).collect();
    if let Ok((scores, axis, mut ops)) = less_log_of_sum(rw, exp).and_then(|found| {
        No::unless(scale == 1.0, "the powers are of another base")?;
        Ok(found)
    }) {
        ops.push(exp);
        return Ok(Softmax { scores, axis, scale, weights: exponentials, late: None, added: 0.0, ops });
    }
    let sum = users.iter().copied().find(|&user| rw.is(user, &["reduce_sum"]));
    let sum = sum.ok_or(No::miss("the exponentials are not summed"))?;
    No::unless(users.len() == 2, "the exponentials are used elsewhere")?;
    let axis = only_axis(rw, sum, exponentials)?;
    let mut ops = vec![exp, sum];
    let sums = kept(rw, sum, rw.result(sum)?, axis, &mut ops)?;
    let scores = rw.input(exp, "x")?;

    let (mut divisor, mut inverse, mut added) = (sums, false, 0.0);
    let mut user = user_of(rw, divisor)?;
    if rw.is(user, &["add"]) {
        added = uniform(rw, user, if rw.input(user, "x").ok() == Some(divisor) { "y" } else { "x" })?
            .ok_or(No::miss("the sum is not the divisor alone"))?;
        ops.push(user);
        divisor = rw.result(user)?;
        user = user_of(rw, divisor)?;
    }
    if rw.is(user, &["inverse"]) {
        added += rw.call(user)?.float("epsilon")?;
        inverse = true;
        ops.push(user);
        divisor = rw.result(user)?;
    }
    let end = user_of(rw, divisor)?;
    let dividend = match inverse {
        true if rw.is(end, &["mul"]) => rw.other_operand(end, divisor)?,
        false if rw.is(end, &["real_div"]) && rw.input(end, "y")? == divisor => rw.input(end, "x")?,
        _ => return Err(No::miss("nothing is divided by the sum of the exponentials")),
    };
    if dividend == exponentials {
        ops.push(end);
        let weights = rw.result(end)?;
        return Ok(Softmax { scores, axis, scale, weights, late: None, added, ops });
    }
    Ok(Softmax { scores, axis, scale, weights: exponentials, late: Some(divisor), added, ops })
}

/// The scores from which the logarithm of the sum of their exponentials is subtracted, the axis of the sum,
/// and the ops that do it.
fn less_log_of_sum(rw: &Rewrite<'_>, exp: OpId) -> Result<(ValueId, usize, Vec<OpId>), No> {
    let sub = rw.producer(exp, "x", &["sub"])?;
    let scores = rw.input(sub, "x")?;
    let mut ops = vec![sub];
    let mut sum = rw.producer(sub, "y", &["reduce_log_sum_exp", "expand_dims"])?;
    if rw.is(sum, &["expand_dims"]) {
        ops.push(sum);
        sum = rw.producer(sum, "x", &["reduce_log_sum_exp"])?;
    }
    No::unless(rw.input(sum, "x")? == scores, "the sum is that of another value")?;
    let axis = only_axis(rw, sum, scores)?;
    kept(rw, sum, rw.result(sum)?, axis, &mut Vec::new())?;
    ops.push(sum);
    Ok((scores, axis, ops))
}

/// The one axis that a reduction runs along.
fn only_axis(rw: &Rewrite<'_>, reduction: OpId, of: ValueId) -> Result<usize, No> {
    match rw.call(reduction)?.axes("axes", rw.rank(of)?)?[..] {
        [axis] => Ok(axis),
        _ => Err(No::miss("the sum runs along several axes")),
    }
}

/// The result of a reduction with the axis that was reduced: kept, or put in again.
fn kept(
    rw: &Rewrite<'_>,
    reduction: OpId,
    result: ValueId,
    axis: usize,
    ops: &mut Vec<OpId>,
) -> Result<ValueId, No> {
    if rw.call(reduction)?.bool("keep_dims")? {
        return Ok(result);
    }
    let expand = rw.graph().users(result).find(|&user| rw.is(user, &["expand_dims"]));
    let expand = expand.ok_or(No::miss("the reduced axis is not put in again"))?;
    let axes = rw.call(expand)?.axes("axes", rw.rank(result)? + 1)?;
    No::unless(axes == [axis], "the reduced axis is put in elsewhere")?;
    ops.push(expand);
    rw.result(expand)
}

/// The only user of a value, which is no output.
fn user_of(rw: &Rewrite<'_>, value: ValueId) -> Result<OpId, No> {
    let op = rw.graph().definition(value).ok_or(No::miss("the sum is an input of the block"))?;
    rw.only_user(op)
}
