use mil_ir::{OpId, ValueId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use crate::constants::ints;

pass! {
    /// Makes one `pad` of two in a row.
    ///
    /// Both have the same mode. A constant must be the same in both. A reflection or replication is merged
    /// where no side of an axis is padded twice; where both sides of an axis are reflected, one by each op,
    /// the second must not reach into what the first has added. The value between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     string constant = const()[name = string("constant"), val = string("constant")];
    ///     fp32 zero = const()[name = string("zero"), val = fp32(0x0p+0)];
    ///     tensor<int32, [2]> p = const()[name = string("p"), val = tensor<int32, [2]>([1, 2])];
    ///     tensor<int32, [4]> q = const()[name = string("q"), val = tensor<int32, [4]>([1, 0, 1, 0])];
    ///     tensor<fp32, [2, 6]> z = pad(constant_val = zero, mode = constant, pad = p, x = x)[name = string("z")];
    ///     tensor<fp32, [3, 7]> y = pad(constant_val = zero, mode = constant, pad = q, x = z)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     string constant = const()[name = string("constant"), val = string("constant")];
    ///     fp32 zero = const()[name = string("zero"), val = fp32(0x0p+0)];
    ///     tensor<int32, [4]> y_pad_0 = const()[name = string("y_pad_0"), val = tensor<int32, [4]>([1, 0, 2, 2])];
    ///     tensor<fp32, [3, 7]> y = pad(constant_val = zero, mode = constant, pad = y_pad_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct MergeConsecutivePaddings;
    id: "merge_consecutive_paddings",
    numerics: Exact,
    aliases: [Alias::plain("common::merge_consecutive_paddings")],
    patterns: [
        /// `pad`, then `pad`
        pair(pad),
    ],
}

fn pair(rw: &mut Rewrite<'_>, second: OpId) -> Matched {
    let first = rw.producer(second, "x", &["pad"])?;
    rw.used_only_by(first, second)?;
    let x = rw.input(first, "x")?;
    let (before, after) = (rw.call(first)?, rw.call(second)?);
    let mode = after.string("mode")?;
    No::unless(before.string("mode")? == mode, "the modes differ")?;
    let (inner, outer) = (before.ints("pad")?, after.ints("pad")?);
    // Each covers the last axes.
    let count = inner.len().max(outer.len());
    let sizes = |pad: &[i64]| [vec![0; count - pad.len()], pad.to_vec()].concat();
    let (inner, outer) = (sizes(&inner), sizes(&outer));
    if mode == "constant" {
        let same = before.float("constant_val")?.to_bits() == after.float("constant_val")?.to_bits();
        No::unless(same, "the constants differ")?;
    } else {
        let twice = inner.iter().zip(&outer).any(|(&a, &b)| a != 0 && b != 0);
        No::unless(!twice, "a side is padded twice")?;
        No::unless(stays_inside(rw, x, &inner, &outer)?, "the second pad reaches what the first has added")?;
    }
    let merged = inner.iter().zip(&outer).map(|(&a, &b)| a.saturating_add(b));
    let new = rw.like(second)?.set("x", x).set("pad", ints(merged)?);
    rw.replace(second, new, &[first])
}

/// Where the first pads one side of an axis and the second the other, the second reads elements of `x` alone,
/// as it will when both are one op.
fn stays_inside(rw: &Rewrite<'_>, x: ValueId, inner: &[i64], outer: &[i64]) -> Result<bool, No> {
    let rank = rw.rank(x)?;
    let first = rank.checked_sub(inner.len() / 2).ok_or(No::miss("there are more pads than axes"))?;
    let dims = rw.ty(x).dims().unwrap_or_default();
    let mut axes = inner.chunks(2).zip(outer.chunks(2)).zip(&dims[first..]);
    Ok(axes.all(|((inner, outer), dim)| {
        let reach = outer.iter().copied().max().unwrap_or(0);
        let apart = reach == 0 || inner.iter().all(|&size| size == 0);
        apart || dim.fixed().is_some_and(|size| i64::try_from(size).is_ok_and(|size| reach < size))
    }))
}
