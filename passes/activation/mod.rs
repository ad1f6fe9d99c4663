//! Activations.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod fuse_elu;
mod fuse_gelu_exact;
mod fuse_gelu_sigmoid;
mod fuse_gelu_tanh;
mod fuse_hard_sigmoid;
mod fuse_leaky_relu;
mod fuse_prelu;
mod fuse_relu;
mod fuse_sigmoid;
mod fuse_silu;
mod fuse_softplus;
mod merge_consecutive_relus;
mod prelu_to_leaky_relu;
pub use fuse_elu::FuseElu;
pub use fuse_gelu_exact::FuseGeluExact;
pub use fuse_gelu_sigmoid::FuseGeluSigmoid;
pub use fuse_gelu_tanh::FuseGeluTanh;
pub use fuse_hard_sigmoid::FuseHardSigmoid;
pub use fuse_leaky_relu::FuseLeakyRelu;
pub use fuse_prelu::FusePrelu;
pub use fuse_relu::FuseRelu;
pub use fuse_sigmoid::FuseSigmoid;
pub use fuse_silu::FuseSilu;
pub use fuse_softplus::FuseSoftplus;
pub use merge_consecutive_relus::MergeConsecutiveRelus;
pub use prelu_to_leaky_relu::PreluToLeakyRelu;

use mil_ir::{OpId, ValueId};
use mil_pass::{Match, No, Rewrite, Side};

/// What is negated by a product with -1, or a difference from 0.
fn negated(rw: &Rewrite<'_>, op: OpId) -> Result<ValueId, No> {
    if rw.is(op, &["mul"]) {
        return rw.beside(op, -1.0);
    }
    let (zero, x) = (rw.constant(op, "x")?, rw.input(op, "y")?);
    No::unless(zero.splat_value()? == Some(0.0), "the exponent is not negated")?;
    rw.does_not_widen(&zero, x)?;
    Ok(x)
}

/// What is compared with 0 by an op, and whether its result says that it is larger.
fn sign(rw: &Rewrite<'_>, op: OpId) -> Result<(ValueId, bool), No> {
    let (zero, x, side) = rw.with_constant(op)?;
    No::unless(zero.splat_value()? == Some(0.0), "it is not compared with 0")?;
    rw.does_not_widen(&zero, x)?;
    let is_less = rw.is(op, &["less", "less_equal"]);
    Ok((x, is_less == (side == Side::X)))
}

/// The parameters of a `select` that stand for what is above 0 and below, and what is compared.
fn branches(rw: &Rewrite<'_>, m: &mut Match) -> Result<(ValueId, ValueId, ValueId), No> {
    let end = m.end();
    let comparison = m.from(rw, end, "cond", &["greater", "greater_equal", "less", "less_equal"])?;
    let (x, is_larger) = sign(rw, comparison)?;
    rw.same_type(x, rw.result(end)?)?;
    let (above, below) = if is_larger { ("a", "b") } else { ("b", "a") };
    Ok((x, rw.input(end, above)?, rw.input(end, below)?))
}

/// The `mul` that is the only user of an op.
fn product_with(rw: &Rewrite<'_>, op: OpId) -> Result<OpId, No> {
    let user = rw.only_user(op)?;
    No::unless(rw.is(user, &["mul"]), "a product was expected")?;
    Ok(user)
}

/// The match, extended to the product of 0.5, `x` and the sum that uses the match's result: of these three
/// factors, two are multiplied first.
fn half_of_product(rw: &Rewrite<'_>, x: ValueId, sum: OpId, before: Match) -> Result<Match, No> {
    let first = product_with(rw, sum)?;
    if rw.beside(first, 0.5).is_ok() {
        let end = product_with(rw, first)?;
        No::unless(rw.other_operand(end, rw.result(first)?)? == x, "half the sum is not multiplied with x")?;
        return Ok(before.extended(&[sum, first, end]));
    }
    if rw.other_operand(first, rw.result(sum)?)? == x {
        let end = product_with(rw, first)?;
        rw.beside(end, 0.5)?;
        return Ok(before.extended(&[sum, first, end]));
    }
    let half = rw.side_from(first, &["mul"]).map(|(half, _)| half);
    let half = half.map_err(|_| No::miss("the sum is multiplied with neither 0.5, nor x, nor a product"))?;
    No::unless(rw.beside(half, 0.5)? == x, "the sum is not multiplied with half of x")?;
    let mut found = before.extended(&[sum, first]);
    found.remember(half);
    Ok(found)
}
