//! Recognising the forms. Everything here only reads.

use std::collections::BTreeSet;

use mil_ir::{OpId, ValueId};
use mil_pass::{Miss, Rewrite};
use mil_tensor::Tensor;

/// A normalisation and what belongs to it.
pub(super) struct Matched {
    /// What is normalised.
    pub(super) x: ValueId,
    /// Axes of the mean, sorted, from 0 on.
    pub(super) axes: Vec<usize>,
    /// Added to the variance.
    pub(super) epsilon: f64,
    /// Factor of the normalised value.
    pub(super) gamma: Option<Tensor>,
    /// Added last.
    pub(super) beta: Option<Tensor>,
    /// The op that gives the result.
    pub(super) end: OpId,
    /// The other ops, users before producers.
    pub(super) inner: Vec<OpId>,
}

impl Matched {
    /// Nothing outside uses a value between.
    pub(super) fn is_closed(&self, rw: &Rewrite<'_>) -> Result<(), Miss> {
        let all: BTreeSet<OpId> = self.inner.iter().copied().chain([self.end]).collect();
        let uses =
            self.inner.iter().flat_map(|&op| rw.graph().op(op).results()).flat_map(|&v| rw.graph().users(v));
        if uses.into_iter().any(|user| !all.contains(&user)) {
            return Err(Miss::new("a value between has another use"));
        }
        Ok(())
    }
}

/// The mean of a value and the ops that make it and its variance, collected on the way.
struct Parts {
    x: ValueId,
    mean: ValueId,
    axes: Vec<usize>,
    epsilon: f64,
    inner: Vec<OpId>,
}

/// `x * g + (beta - m * g)`, with `g = gamma * r`.
pub(super) fn folded(rw: &Rewrite<'_>, end: OpId) -> Result<Matched, Miss> {
    let (product, shift) = either(rw, end, "mul", "sub")?;
    let beta = rw.constant(shift, "x")?;
    let mean_product = rw.definition(rw.input(shift, "y")?, &["mul"])?;
    for (g, x) in ordered(rw, product)? {
        let Ok(scale) = rw.definition(g, &["mul"]) else { continue };
        let Some(mean) = other(rw, mean_product, g) else { continue };
        let (gamma, root) = with_constant(rw, scale)?;
        let mut parts = inverse_root(rw, root)?;
        if parts.x != x || parts.mean != mean {
            return Err(Miss::new("the mean is not that of x"));
        }
        let mut inner = vec![product, shift, mean_product, scale];
        inner.append(&mut parts.inner);
        return Ok(matched(parts, Some(gamma), Some(beta), end, inner));
    }
    Err(Miss::new("the products do not share gamma over the root"))
}

/// `x * r + (m * r) * -1`.
pub(super) fn bare(rw: &Rewrite<'_>, end: OpId) -> Result<Matched, Miss> {
    let (a, b) =
        (rw.definition(rw.input(end, "x")?, &["mul"])?, rw.definition(rw.input(end, "y")?, &["mul"])?);
    for (product, negated) in [(a, b), (b, a)] {
        let Ok((factor, inner_product)) = with_constant(rw, negated) else { continue };
        if factor.splat_value()? != Some(-1.0) {
            continue;
        }
        let mean_product = rw.definition(inner_product, &["mul"])?;
        for (root, x) in ordered(rw, product)? {
            let Some(mean) = other(rw, mean_product, root) else { continue };
            let Ok(mut parts) = inverse_root(rw, root) else { continue };
            if parts.x == x && parts.mean == mean {
                let mut inner = vec![product, negated, mean_product];
                inner.append(&mut parts.inner);
                return Ok(matched(parts, None, None, end, inner));
            }
        }
    }
    Err(Miss::new("no product of x less the product of its mean"))
}

/// `(x - m) / sqrt(variance + epsilon) * gamma + beta`.
pub(super) fn divided(rw: &Rewrite<'_>, quotient: OpId) -> Result<Matched, Miss> {
    let centred = rw.definition(rw.input(quotient, "x")?, &["sub"])?;
    let root = rw.definition(rw.input(quotient, "y")?, &["pow", "sqrt"])?;
    if rw.is(root, &["pow"]) && rw.constant(root, "y")?.splat_value()? != Some(0.5) {
        return Err(Miss::new("the exponent is not one half"));
    }
    let (variance, epsilon, sum) = plus_epsilon(rw, rw.input(root, "x")?)?;
    let mut parts = moments(rw, variance, epsilon)?;
    is_centred(rw, centred, &parts)?;
    let mut inner = vec![quotient, root, sum, centred];
    inner.append(&mut parts.inner);
    let (product, gamma) = constant_user(rw, quotient, "mul")?;
    let (end, beta) = constant_user(rw, product, "add")?;
    inner.insert(0, product);
    Ok(matched(parts, Some(gamma), Some(beta), end, inner))
}

/// `(x - m) * r`, then perhaps `+ beta` and `* gamma`, as networks for the Neural Engine write it.
pub(super) fn centred(rw: &Rewrite<'_>, product: OpId) -> Result<Matched, Miss> {
    let mut reason = Miss::new("no factor is centred");
    for (centred, root) in ordered(rw, product)? {
        let Ok(centred) = rw.definition(centred, &["sub"]) else { continue };
        let mut parts = match inverse_root(rw, root) {
            Ok(parts) => parts,
            Err(miss) => {
                reason = miss;
                continue;
            }
        };
        is_centred(rw, centred, &parts)?;
        if rw.ty(parts.x).rank() != Some(4) || parts.axes != [1] {
            return Err(Miss::new("the mean is not that of the channels of rank 4"));
        }
        let mut inner = vec![centred];
        inner.append(&mut parts.inner);
        let is_shift = |user: &OpId| rw.is(*user, &["add"]) && with_constant(rw, *user).is_ok();
        let users: Vec<OpId> = rw.graph().users(rw.result(product)?).collect();
        if users.len() > 1 && users.iter().any(is_shift) {
            return Err(Miss::new("the value before beta has another use"));
        }
        let added = rw.only_user(product).ok().filter(|&user| rw.is(user, &["add"]));
        let Some(added) = added.filter(|&added| {
            with_constant(rw, added).is_ok_and(|(_, other)| Ok(other) == rw.result(product))
        }) else {
            return Ok(matched(parts, None, None, product, inner));
        };
        // A sum that no product follows may be anything: a residual, a position.
        let (beta, _) = with_constant(rw, added)?;
        let (end, gamma) = constant_user(rw, added, "mul")?;
        inner.splice(0..0, [added, product]);
        return Ok(matched(parts, Some(gamma.clone()), Some(product_of(&gamma, &beta)?), end, inner));
    }
    Err(reason)
}

fn matched(
    parts: Parts,
    gamma: Option<Tensor>,
    beta: Option<Tensor>,
    end: OpId,
    mut inner: Vec<OpId>,
) -> Matched {
    let mut seen = BTreeSet::new();
    inner.retain(|&op| seen.insert(op));
    Matched { x: parts.x, axes: parts.axes, epsilon: parts.epsilon, gamma, beta, end, inner }
}

/// `beta * gamma`, of equal shapes, rounded once.
fn product_of(gamma: &Tensor, beta: &Tensor) -> Result<Tensor, Miss> {
    if gamma.shape() != beta.shape() {
        return Err(Miss::new("gamma and beta have different shapes"));
    }
    let values: Vec<f64> =
        gamma.to_f64s()?.iter().zip(beta.to_f64s()?).map(|(gamma, beta)| gamma * beta).collect();
    Ok(crate::constants::to_dtype(&values, gamma.dtype())?.reshaped(gamma.shape())?)
}

/// `1 / sqrt(variance + epsilon)`.
fn inverse_root(rw: &Rewrite<'_>, value: ValueId) -> Result<Parts, Miss> {
    let root = rw.definition(value, &["rsqrt"])?;
    let own = rw.parameter(root, "epsilon")?.item_f64().ok_or(Miss::new("epsilon is no scalar"))?;
    let (variance, epsilon, sum) = plus_epsilon(rw, rw.input(root, "x")?)?;
    let mut parts = moments(rw, variance, epsilon + own)?;
    parts.inner.splice(0..0, [root, sum]);
    Ok(parts)
}

/// A value plus a constant scalar.
fn plus_epsilon(rw: &Rewrite<'_>, value: ValueId) -> Result<(ValueId, f64, OpId), Miss> {
    let sum = rw.definition(value, &["add"])?;
    let (epsilon, variance) = with_constant(rw, sum)?;
    let epsilon =
        epsilon.item_f64().filter(|_| epsilon.rank() == 0).ok_or(Miss::new("epsilon is no scalar"))?;
    Ok((variance, epsilon, sum))
}

/// Mean and variance behind a variance: the mean of `(x - m)^2`, or the mean of `x^2` less `m^2`.
fn moments(rw: &Rewrite<'_>, variance: ValueId, epsilon: f64) -> Result<Parts, Miss> {
    if let Ok(difference) = rw.definition(variance, &["sub"]) {
        let (square_x, axes, mut inner) = mean(rw, rw.input(difference, "x")?)?;
        let (x, square) = squared(rw, square_x)?;
        let (m, square_mean) = squared(rw, rw.input(difference, "y")?)?;
        let (of_mean, axes_of_mean, mean_ops) = mean(rw, m)?;
        if of_mean != x || axes_of_mean != axes {
            return Err(Miss::new("the means are of different values or axes"));
        }
        inner.splice(0..0, [difference]);
        inner.extend([square, square_mean]);
        inner.extend(mean_ops);
        return Ok(Parts { x, mean: m, axes, epsilon, inner });
    }
    let (square_c, axes, mut inner) = mean(rw, variance)?;
    let (c, square) = squared(rw, square_c)?;
    let centred = rw.definition(c, &["sub"])?;
    let (x, m) = (rw.input(centred, "x")?, rw.input(centred, "y")?);
    let (of_mean, axes_of_mean, mean_ops) = mean(rw, m)?;
    if of_mean != x || axes_of_mean != axes {
        return Err(Miss::new("the means are of different values or axes"));
    }
    inner.extend([square, centred]);
    inner.extend(mean_ops);
    Ok(Parts { x, mean: m, axes, epsilon, inner })
}

/// What is averaged, along which axes, by which ops: `reduce_mean`, or `reduce_sum` times one over the number of elements.
fn mean(rw: &Rewrite<'_>, value: ValueId) -> Result<(ValueId, Vec<usize>, Vec<OpId>), Miss> {
    let op = rw.definition(value, &["reduce_mean", "mul"])?;
    let (reduce, inner) = if rw.is(op, &["reduce_mean"]) {
        (op, vec![op])
    } else {
        let (factor, sum) = with_constant(rw, op)?;
        let reduce = rw.definition(sum, &["reduce_sum"])?;
        let count: usize = {
            let shape = rw.shape(rw.input(reduce, "x")?)?;
            axes_of(rw, reduce)?.iter().map(|&axis| shape[axis]).product()
        };
        let factor_value = factor.item_f64().ok_or(Miss::new("the factor of a sum is no scalar"))?;
        if !crate::constants::is_close(factor_value, 1.0 / count as f64, factor.dtype()) {
            return Err(Miss::new("the factor of a sum is not one over the number of elements"));
        }
        (reduce, vec![op, reduce])
    };
    if rw.parameter(reduce, "keep_dims")?.item_bool() != Some(true) {
        return Err(Miss::new("the mean drops its axes"));
    }
    Ok((rw.input(reduce, "x")?, axes_of(rw, reduce)?, inner))
}

/// Axes of a reduction, sorted, from 0 on.
fn axes_of(rw: &Rewrite<'_>, reduce: OpId) -> Result<Vec<usize>, Miss> {
    let rank = rw.ty(rw.input(reduce, "x")?).rank().ok_or(Miss::new("the rank is not known"))?;
    let axes = rw.constant(reduce, "axes")?.to_i64s()?;
    let mut axes: Vec<usize> = axes
        .into_iter()
        .map(|axis| {
            usize::try_from(if axis < 0 { axis + rank as i64 } else { axis })
                .map_err(|_| Miss::new("an axis is out of range"))
        })
        .collect::<Result<_, _>>()?;
    axes.sort_unstable();
    axes.dedup();
    if axes.last().is_some_and(|&axis| axis < rank) {
        Ok(axes)
    } else {
        Err(Miss::new("an axis is out of range"))
    }
}

/// What is squared, by `square`, a product with itself, or `pow` with 2.
fn squared(rw: &Rewrite<'_>, value: ValueId) -> Result<(ValueId, OpId), Miss> {
    let op = rw.definition(value, &["square", "mul", "pow"])?;
    let x = rw.input(op, "x")?;
    let is_square = match rw.graph().op(op).kind().as_str() {
        "square" => true,
        "mul" => rw.graph().input(op, "y") == Some(x),
        _ => rw.constant(op, "y")?.splat_value()? == Some(2.0),
    };
    if is_square { Ok((x, op)) } else { Err(Miss::new("no square")) }
}

/// The op is `x - m` of these parts.
fn is_centred(rw: &Rewrite<'_>, op: OpId, parts: &Parts) -> Result<(), Miss> {
    if rw.graph().input(op, "x") == Some(parts.x) && rw.graph().input(op, "y") == Some(parts.mean) {
        return Ok(());
    }
    Err(Miss::new("the centred value is not x less its mean"))
}

/// The definitions of the operands of a binary op, the one of type `a` first.
fn either(rw: &Rewrite<'_>, op: OpId, a: &str, b: &str) -> Result<(OpId, OpId), Miss> {
    let (x, y) = (rw.definition(rw.input(op, "x")?, &[a, b])?, rw.definition(rw.input(op, "y")?, &[a, b])?);
    match (rw.is(x, &[a]), rw.is(y, &[a])) {
        (true, false) => Ok((x, y)),
        (false, true) => Ok((y, x)),
        _ => Err(Miss(format!("the operands are not one {a} and one {b}").into())),
    }
}

/// Both orders of the operands of a binary op.
fn ordered(rw: &Rewrite<'_>, op: OpId) -> Result<[(ValueId, ValueId); 2], Miss> {
    let (x, y) = (rw.input(op, "x")?, rw.input(op, "y")?);
    Ok([(x, y), (y, x)])
}

/// The operand of a binary op other than this one.
fn other(rw: &Rewrite<'_>, op: OpId, known: ValueId) -> Option<ValueId> {
    let (x, y) = (rw.graph().input(op, "x")?, rw.graph().input(op, "y")?);
    if x == known { Some(y) } else { (y == known).then_some(x) }
}

/// The constant operand of a binary op, and the other.
fn with_constant(rw: &Rewrite<'_>, op: OpId) -> Result<(Tensor, ValueId), Miss> {
    match rw.constant(op, "y") {
        Ok(constant) => Ok((constant, rw.input(op, "x")?)),
        Err(_) => Ok((rw.constant(op, "x")?, rw.input(op, "y")?)),
    }
}

/// The only user of an op, of this type, that combines it with a constant.
fn constant_user(rw: &Rewrite<'_>, op: OpId, kind: &str) -> Result<(OpId, Tensor), Miss> {
    let user = rw.only_user(op)?;
    if !rw.is(user, &[kind]) {
        return Err(Miss(format!("{kind} was expected").into()));
    }
    let (constant, _) = with_constant(rw, user)?;
    Ok((user, constant))
}
