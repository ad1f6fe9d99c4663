//! Recognising the forms. Everything here only reads.

use mil_ir::{OpId, ValueId};
use mil_pass::{Match, No, Rewrite, is_close};
use mil_tensor::Tensor;

/// A normalisation and what belongs to it.
pub(super) struct Found {
    /// Its ops.
    pub(super) m: Match,
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
}

/// A value, its mean over some axes, and what is added to its variance.
struct Moments {
    x: ValueId,
    mean: ValueId,
    axes: Vec<usize>,
    epsilon: f64,
}

impl Moments {
    fn found(self, m: Match, gamma: Option<Tensor>, beta: Option<Tensor>) -> Found {
        Found { m, x: self.x, axes: self.axes, epsilon: self.epsilon, gamma, beta }
    }
}

/// `x * g + (beta - m * g)`, with `g = gamma * r`.
pub(super) fn folded(rw: &Rewrite<'_>, end: OpId) -> Result<Found, No> {
    let (shift, side) = rw.side_from(end, &["sub"])?;
    let mut m = Match::of(end, &[shift]);
    let product = m.from(rw, end, side.other().param(), &["mul"])?;
    let beta = rw.constant(shift, "x")?;
    let mean_product = m.from(rw, shift, "y", &["mul"])?;
    let mut reason = None;
    for (g, x) in rw.orders(product)? {
        let tried = m.attempt(|m| {
            let scale = m.definition(rw, g, &["mul"])?;
            let mean = rw.other_operand(mean_product, g)?;
            let (gamma, root, _) = rw.with_constant(scale)?;
            let moments = inverse_root(rw, m, root)?;
            No::unless(moments.x == x && moments.mean == mean, "the mean is not that of x")?;
            Ok((moments, gamma))
        });
        match tried {
            Ok((moments, gamma)) => return Ok(moments.found(m, Some(gamma), Some(beta))),
            Err(no) => reason = Some(no),
        }
    }
    Err(reason.unwrap_or_else(|| No::miss("the products do not share gamma over the root")))
}

/// `x * r + (m * r) * -1`.
pub(super) fn bare(rw: &Rewrite<'_>, end: OpId) -> Result<Found, No> {
    let mut m = Match::ending(end);
    let (a, b) = (m.from(rw, end, "x", &["mul"])?, m.from(rw, end, "y", &["mul"])?);
    for (product, negated) in [(a, b), (b, a)] {
        let Ok(inner_product) = rw.beside(negated, -1.0) else { continue };
        let mean_product = m.definition(rw, inner_product, &["mul"])?;
        for (root, x) in rw.orders(product)? {
            let tried = m.attempt(|m| {
                let mean = rw.other_operand(mean_product, root)?;
                let moments = inverse_root(rw, m, root)?;
                No::unless(moments.x == x && moments.mean == mean, "the mean is not that of x")?;
                Ok(moments)
            });
            if let Ok(moments) = tried {
                return Ok(moments.found(m, None, None));
            }
        }
    }
    Err(No::miss("no product of x less the product of its mean"))
}

/// `(x - m) / sqrt(variance + epsilon) * gamma + beta`.
pub(super) fn divided(rw: &Rewrite<'_>, quotient: OpId) -> Result<Found, No> {
    let centred = rw.producer(quotient, "x", &["sub"])?;
    let root = rw.producer(quotient, "y", &["pow", "sqrt"])?;
    let half = || Ok::<bool, No>(rw.constant(root, "y")?.splat_value()? == Some(0.5));
    No::unless(rw.is(root, &["sqrt"]) || half()?, "the exponent is not one half")?;
    let mut m = Match::of(quotient, &[centred, root]);
    let (variance, epsilon) = plus_epsilon(rw, &mut m, rw.input(root, "x")?)?;
    let moments = moments(rw, &mut m, variance, epsilon)?;
    is_centred(rw, centred, &moments)?;
    let (product, gamma) = constant_user(rw, quotient, "mul")?;
    let (end, beta) = constant_user(rw, product, "add")?;
    Ok(moments.found(m.extended(&[product, end]), Some(gamma), Some(beta)))
}

/// `(x - m) * r`, then perhaps `+ beta` and `* gamma`, as networks for the Neural Engine write it.
pub(super) fn centred(rw: &Rewrite<'_>, product: OpId) -> Result<Found, No> {
    let mut reason = No::miss("no factor is centred");
    for (centred, root) in rw.orders(product)? {
        let mut m = Match::ending(product);
        let Ok(centred) = m.definition(rw, centred, &["sub"]) else { continue };
        let moments = match inverse_root(rw, &mut m, root) {
            Ok(moments) => moments,
            Err(no) => {
                reason = no;
                continue;
            }
        };
        is_centred(rw, centred, &moments)?;
        let of_channels = rw.rank(moments.x)? == 4 && moments.axes == [1];
        No::unless(of_channels, "the mean is not that of the channels of rank 4")?;
        let shift = |user: OpId| rw.is(user, &["add"]) && rw.with_constant(user).is_ok();
        let users: Vec<OpId> = rw.graph().users(rw.result(product)?).collect();
        let shared = users.len() > 1 && users.iter().any(|&user| shift(user));
        No::unless(!shared, "the value before beta has another use")?;
        // A sum that no product follows may be anything: a residual, a position.
        return match rw.only_user(product).ok().filter(|&user| shift(user)) {
            None => Ok(moments.found(m, None, None)),
            Some(added) => {
                let (beta, _, _) = rw.with_constant(added)?;
                let (end, gamma) = constant_user(rw, added, "mul")?;
                let beta = product_of(&gamma, &beta)?;
                Ok(moments.found(m.extended(&[added, end]), Some(gamma), Some(beta)))
            }
        };
    }
    Err(reason)
}

/// `beta * gamma`, of equal shapes, rounded once.
fn product_of(gamma: &Tensor, beta: &Tensor) -> Result<Tensor, No> {
    No::unless(gamma.shape() == beta.shape(), "gamma and beta have different shapes")?;
    let values: Vec<f64> =
        gamma.to_f64s()?.iter().zip(beta.to_f64s()?).map(|(gamma, beta)| gamma * beta).collect();
    Ok(crate::constants::to_dtype(&values, gamma.dtype())?.reshaped(gamma.shape())?)
}

/// `1 / sqrt(variance + epsilon)`.
fn inverse_root(rw: &Rewrite<'_>, m: &mut Match, value: ValueId) -> Result<Moments, No> {
    let root = m.definition(rw, value, &["rsqrt"])?;
    let own = rw.call(root)?.float("epsilon")?;
    let (variance, epsilon) = plus_epsilon(rw, m, rw.input(root, "x")?)?;
    moments(rw, m, variance, epsilon + own)
}

/// A value plus a constant scalar.
fn plus_epsilon(rw: &Rewrite<'_>, m: &mut Match, value: ValueId) -> Result<(ValueId, f64), No> {
    let sum = m.definition(rw, value, &["add"])?;
    let (epsilon, variance, _) = rw.with_constant(sum)?;
    let scalar = epsilon.item_f64().filter(|_| epsilon.rank() == 0);
    Ok((variance, scalar.ok_or(No::miss("epsilon is not a scalar"))?))
}

/// Mean and variance behind a variance: the mean of `(x - m)^2`, or the mean of `x^2` less `m^2`.
fn moments(rw: &Rewrite<'_>, m: &mut Match, variance: ValueId, epsilon: f64) -> Result<Moments, No> {
    let (x, mu, axes) = if let Ok(difference) = m.definition(rw, variance, &["sub"]) {
        let (square, axes) = mean(rw, m, rw.input(difference, "x")?)?;
        (squared(rw, m, square)?, squared(rw, m, rw.input(difference, "y")?)?, axes)
    } else {
        let (square, axes) = mean(rw, m, variance)?;
        let centred = squared(rw, m, square)?;
        let centred = m.definition(rw, centred, &["sub"])?;
        (rw.input(centred, "x")?, rw.input(centred, "y")?, axes)
    };
    let same = mean(rw, m, mu)? == (x, axes.clone());
    No::unless(same, "the means are of different values or axes")?;
    Ok(Moments { x, mean: mu, axes, epsilon })
}

/// What is averaged, along which axes: `reduce_mean`, or `reduce_sum` times one over the number of elements.
fn mean(rw: &Rewrite<'_>, m: &mut Match, value: ValueId) -> Result<(ValueId, Vec<usize>), No> {
    let op = m.definition(rw, value, &["reduce_mean", "mul"])?;
    let (reduce, factor) = if rw.is(op, &["reduce_mean"]) {
        (op, None)
    } else {
        let (factor, sum, _) = rw.with_constant(op)?;
        (m.definition(rw, sum, &["reduce_sum"])?, Some(factor))
    };
    let (call, x) = (rw.call(reduce)?, rw.input(reduce, "x")?);
    let mut axes = call.axes("axes", rw.rank(x)?)?;
    axes.sort_unstable();
    axes.dedup();
    if let Some(factor) = factor {
        let shape = rw.shape(x)?;
        let count: usize = axes.iter().map(|&axis| shape[axis]).product();
        let value = factor.item_f64().ok_or(No::miss("the factor of a sum is not a scalar"))?;
        let inverse = is_close(value, 1.0 / count as f64, factor.dtype());
        No::unless(inverse, "the factor of a sum is not one over the number of elements")?;
    }
    No::unless(call.bool("keep_dims")?, "the mean drops its axes")?;
    Ok((x, axes))
}

/// What is squared, by `square`, a product with itself, or `pow` with 2.
fn squared(rw: &Rewrite<'_>, m: &mut Match, value: ValueId) -> Result<ValueId, No> {
    let op = m.definition(rw, value, &["square", "mul", "pow"])?;
    let x = rw.input(op, "x")?;
    let is_square = match rw.graph().op(op).kind().as_str() {
        "square" => true,
        "mul" => rw.graph().input(op, "y") == Some(x),
        _ => rw.constant(op, "y")?.splat_value()? == Some(2.0),
    };
    No::unless(is_square, "a factor is not the other one")?;
    Ok(x)
}

/// The op is `x - m` of these moments.
fn is_centred(rw: &Rewrite<'_>, op: OpId, moments: &Moments) -> Result<(), No> {
    let centred = (rw.input(op, "x")?, rw.input(op, "y")?) == (moments.x, moments.mean);
    No::unless(centred, "the centred value is not x less its mean")
}

/// The only user of an op, of this type, that combines it with a constant.
fn constant_user(rw: &Rewrite<'_>, op: OpId, kind: &str) -> Result<(OpId, Tensor), No> {
    let user = rw.only_user(op)?;
    if !rw.is(user, &[kind]) {
        return Err(No::miss(format!("{kind} was expected")));
    }
    Ok((user, rw.with_constant(user)?.0))
}
