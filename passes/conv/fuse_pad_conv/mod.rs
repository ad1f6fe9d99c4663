use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use crate::constants::ints;
use crate::conv::CONVS;

pass! {
    /// Moves a `pad` behind the `transpose` that stands between it and a convolution, which can then pad by
    /// itself.
    ///
    /// Every user of the padded value is a `transpose` with a constant order whose result a convolution
    /// takes; each gets a `pad` of its own. A reflection or replication stays if it would leave the last two
    /// axes.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 2, 1]> x) {
    ///     tensor<fp32, [1, 1, 1, 1]> w = const()[name = string("w"), val = tensor<fp32, [1, 1, 1, 1]>([0x1p+1])];
    ///     tensor<int32, [6]> p = const()[name = string("p"), val = tensor<int32, [6]>([1, 0, 0, 1, 0, 0])];
    ///     tensor<int32, [4]> perm = const()[name = string("perm"), val = tensor<int32, [4]>([0, 3, 1, 2])];
    ///     tensor<fp32, [1, 3, 3, 1]> z = pad(pad = p, x = x)[name = string("z")];
    ///     tensor<fp32, [1, 1, 3, 3]> t = transpose(perm = perm, x = z)[name = string("t")];
    ///     tensor<fp32, [1, 1, 3, 3]> y = conv(weight = w, x = t)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 2, 1]> x) {
    ///     tensor<fp32, [1, 1, 1, 1]> w = const()[name = string("w"), val = tensor<fp32, [1, 1, 1, 1]>([[[[0x1p+1]]]])];
    ///     tensor<int32, [4]> perm = const()[name = string("perm"), val = tensor<int32, [4]>([0, 3, 1, 2])];
    ///     tensor<fp32, [1, 1, 2, 2]> t_unpadded = transpose(perm = perm, x = x)[name = string("t_unpadded")];
    ///     tensor<int32, [4]> t_pad_0 = const()[name = string("t_pad_0"), val = tensor<int32, [4]>([1, 0, 0, 1])];
    ///     tensor<fp32, [1, 1, 3, 3]> t = pad(pad = t_pad_0, x = t_unpadded)[name = string("t")];
    ///     tensor<fp32, [1, 1, 3, 3]> y = conv(weight = w, x = t)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FusePadConv;
    id: "fuse_pad_conv",
    numerics: Exact,
    aliases: [Alias::plain("common::fuse_pad_conv")],
    patterns: [
        /// `pad`, then `transpose`, then `conv` or `conv_transpose`
        pad_transpose(pad),
    ],
}

fn pad_transpose(rw: &mut Rewrite<'_>, pad: OpId) -> Matched {
    let (x, padded) = (rw.input(pad, "x")?, rw.result(pad)?);
    let users: Vec<OpId> = rw.graph().users(padded).collect();
    No::unless(!users.is_empty(), "nothing uses the padded value")?;
    let mut moved: Vec<(OpId, NewOp, NewOp)> = Vec::new();
    for &user in &users {
        No::unless(rw.is(user, &["transpose"]), "a user is not a transpose")?;
        rw.known(user)?;
        let same_block = rw.graph().op(user).block() == rw.graph().op(pad).block();
        No::unless(same_block, "a transpose stands in an inner block")?;
        let transposed = rw.result(user)?;
        let feeds_conv = rw.graph().users(transposed).any(|op| rw.is(op, CONVS));
        No::unless(feeds_conv, "a transpose feeds no convolution")?;
        let sizes = transposed_pad(rw, pad, &rw.call(user)?.order("perm")?)?;
        let name = format!("{}_unpadded", rw.graph().label(user));
        let transpose = rw.like(user)?.named(name).set("x", x);
        moved.push((user, transpose, rw.like(pad)?.set("pad", ints(sizes)?)));
    }
    for (user, transpose, padding) in moved {
        let transposed = rw.emit_one(transpose, user)?;
        rw.replace(user, padding.set("x", transposed), &[pad])?;
    }
    Ok(())
}

/// The sizes of a `pad` behind a transpose that computes what it does before it.
fn transposed_pad(rw: &Rewrite<'_>, pad: OpId, order: &[usize]) -> Result<Vec<i64>, No> {
    let call = rw.call(pad)?;
    let given = call.ints("pad")?;
    let front =
        (2 * order.len()).checked_sub(given.len()).ok_or(No::miss("there are more pads than axes"))?;
    let all = [vec![0; front], given].concat();
    let moved: Vec<i64> = order.iter().flat_map(|&axis| [all[2 * axis], all[2 * axis + 1]]).collect();
    // The first axes that get nothing are left out; one axis at least is named.
    let last = moved.len().saturating_sub(2);
    let first = moved.chunks(2).take_while(|sides| *sides == [0, 0]).count() * 2;
    let sizes = moved[first.min(last)..].to_vec();
    let allowed = call.string("mode")? == "constant" || sizes.len() <= 4;
    No::unless(allowed, "a reflection would leave the last two axes")?;
    Ok(sizes)
}
