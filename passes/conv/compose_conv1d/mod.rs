use mil_ir::{NewOp, OpId};
use mil_ops::Trait;
use mil_pass::{Alias, Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::constants::ints;

pass! {
    /// Makes a convolution along one axis of one along two, of which one was inserted.
    ///
    /// `expand_dims` inserts a spatial axis of size 1, `squeeze` removes it, and between them the kernel is 1
    /// long and nothing is padded along it. The same with the channels last, where a `transpose` stands on
    /// both sides of the convolution. The weight gets a `squeeze` of its own, which `const_elimination`
    /// folds; a compressed weight stays as it is. The values between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 4]> x) {
    ///     tensor<fp32, [1, 1, 1, 2]> w = const()[name = string("w"), val = tensor<fp32, [1, 1, 1, 2]>([0x1p+0, 0x1p+1])];
    ///     tensor<int32, [1]> axis = const()[name = string("axis"), val = tensor<int32, [1]>([2])];
    ///     tensor<fp32, [1, 1, 1, 4]> e = expand_dims(axes = axis, x = x)[name = string("e")];
    ///     tensor<fp32, [1, 1, 1, 3]> c = conv(weight = w, x = e)[name = string("c")];
    ///     tensor<fp32, [1, 1, 3]> y = squeeze(axes = axis, x = c)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 4]> x) {
    ///     tensor<fp32, [1, 1, 1, 2]> w = const()[name = string("w"), val = tensor<fp32, [1, 1, 1, 2]>([[[[0x1p+0, 0x1p+1]]]])];
    ///     tensor<int32, [1]> c_axes_0 = const()[name = string("c_axes_0"), val = tensor<int32, [1]>([2])];
    ///     tensor<fp32, [1, 1, 2]> c_weight = squeeze(axes = c_axes_0, x = w)[name = string("c_weight")];
    ///     tensor<fp32, [1, 1, 3]> y = conv(weight = c_weight, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ComposeConv1d;
    id: "compose_conv1d",
    numerics: Rounding,
    aliases: [Alias::plain("common::compose_conv1d")],
    patterns: [
        /// `expand_dims`, `conv`, `squeeze`
        channels_first(squeeze),
        /// `expand_dims`, `transpose`, `conv`, `transpose`, `squeeze`
        channels_last(squeeze),
    ],
}

fn channels_first(rw: &mut Rewrite<'_>, squeeze: OpId) -> Matched {
    let mut m = Match::ending(squeeze);
    let conv = m.from(rw, squeeze, "x", &["conv"])?;
    let expand = m.from(rw, conv, "x", &["expand_dims"])?;
    m.closed(rw)?;
    let axis = inserted(rw, expand, squeeze)?;
    No::unless(axis >= 2, "the inserted axis is not a spatial one")?;
    let conv1d = narrowed(rw, conv, axis)?;
    let weight = rw.emit_one(squeezed_weight(rw, conv, axis)?, conv)?;
    let new = conv1d.set("x", rw.input(expand, "x")?).set("weight", weight);
    m.replace(rw, new)
}

fn channels_last(rw: &mut Rewrite<'_>, squeeze: OpId) -> Matched {
    let mut m = Match::ending(squeeze);
    let to_last = m.from(rw, squeeze, "x", &["transpose"])?;
    let conv = m.from(rw, to_last, "x", &["conv"])?;
    let to_first = m.from(rw, conv, "x", &["transpose"])?;
    let expand = m.from(rw, to_first, "x", &["expand_dims"])?;
    m.closed(rw)?;
    let axis = inserted(rw, expand, squeeze)?;
    let moves_channels =
        rw.call(to_first)?.order("perm")? == [0, 3, 1, 2] && rw.call(to_last)?.order("perm")? == [0, 2, 3, 1];
    No::unless(moves_channels, "the transposes do not move the channels")?;
    No::unless(axis == 1 || axis == 2, "the inserted axis is not a spatial one")?;
    // Behind the first transpose the spatial axes stand one further.
    let conv1d = narrowed(rw, conv, axis + 1)?;
    let weight = squeezed_weight(rw, conv, axis + 1)?;
    let swapped = || Tensor::ints(&[0, 2, 1]);
    let name = |op: OpId| rw.graph().label(op).clone();
    let (first, conv_name) = (name(to_first), name(conv));
    let first =
        NewOp::new("transpose").named(first).with("x", rw.input(expand, "x")?).with("perm", swapped());
    let x = rw.emit_one(first, conv)?;
    let weight = rw.emit_one(weight, conv)?;
    let conv1d = rw.emit_one(conv1d.named(conv_name).set("x", x).set("weight", weight), conv)?;
    m.replace(rw, NewOp::new("transpose").with("x", conv1d).with("perm", swapped()))
}

/// The only axis that the one inserts and the other removes.
fn inserted(rw: &Rewrite<'_>, expand: OpId, squeeze: OpId) -> Result<usize, No> {
    let rank = rw.rank(rw.result(expand)?)?;
    let (back, gone) = (rw.call(expand)?.axes("axes", rank)?, rw.call(squeeze)?.axes("axes", rank)?);
    match (&back[..], &gone[..]) {
        (&[axis], &[other]) if axis == other && rank == 4 => Ok(axis),
        _ => Err(No::miss("not one and the same axis of four is inserted and removed")),
    }
}

/// The convolution without one axis, along which it does nothing; without its weight.
fn narrowed(rw: &Rewrite<'_>, conv: OpId, axis: usize) -> Result<NewOp, No> {
    let call = rw.call(conv)?;
    let kernel = call.dims("weight")?.and_then(|dims| dims.get(axis)?.fixed());
    No::unless(kernel == Some(1), "the kernel is not 1 long along the inserted axis")?;
    let spatial = axis - 2;
    if call.string("pad_type")?.eq_ignore_ascii_case("custom") {
        let pad = call.ints("pad")?;
        let none = pad.chunks(2).nth(spatial) == Some(&[0, 0]);
        No::unless(none, "the inserted axis is padded")?;
    }
    let mut new = rw.like(conv)?;
    for param in ["strides", "dilations"].into_iter().filter(|param| call.is_given(param)) {
        new = new.set(param, without(&call.ints(param)?, spatial, 1)?);
    }
    if call.is_given("pad") {
        new = new.set("pad", without(&call.ints("pad")?, spatial, 2)?);
    }
    Ok(new)
}

/// Integers without those of one axis, of which each has `count`.
fn without(sizes: &[i64], axis: usize, count: usize) -> Result<Tensor, No> {
    let kept = sizes.iter().enumerate().filter(|(at, _)| at / count != axis);
    ints(kept.map(|(_, &size)| size))
}

/// The weight without an axis.
fn squeezed_weight(rw: &Rewrite<'_>, conv: OpId, axis: usize) -> Result<NewOp, No> {
    let weight = rw.call(conv)?.operand("weight").ok_or(No::miss("the weight is an attribute"))?.clone();
    let compressed = rw
        .graph()
        .producer(conv, "weight")
        .is_some_and(|op| mil_ops::def(rw.graph().op(op).kind()).is_some_and(|def| def.is(Trait::Constexpr)));
    No::unless(!compressed, "the weight is compressed")?;
    let name = format!("{}_weight", rw.graph().label(conv));
    Ok(NewOp::new("squeeze").named(name).with("x", weight).with("axes", ints([axis as i64])?))
}
