mod product;
mod view;

use mil_ir::{NewOp, OpId, Operand};
use mil_ops::Trait;
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::Tensor;
use view::View;

use crate::ane::{Steps, reshaped, sizes, whole};

pass! {
    /// Computes on the axes that were flattened into one which is too long for the Neural Engine.
    ///
    /// Behind a `reshape` that makes several axes one of more than `limit` elements, each op works on the axes
    /// as they were, and the `reshape` moves behind it, until it meets one that takes it back. Elementwise ops,
    /// norms, reductions, `softmax`, `concat`, `split`, `transpose`, pointwise convolutions, `linear` and
    /// `matmul` can do that; a product that sums over the long axis, or over more elements than one may, becomes
    /// products that are added up.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 200, 100]> x) {
    ///     tensor<fp32, [1, 20000]> a = reshape(shape = tensor<int32, [2]>([1, 20000]), x = x)[name = string("a")];
    ///     tensor<fp32, [1, 20000]> y = relu(x = a)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 200, 100]> x) {
    ///     tensor<fp32, [1, 20000]> a = reshape(shape = tensor<int32, [2]>([1, 20000]), x = x)[name = string("a")];
    ///     tensor<fp32, [1, 200, 100]> y_unflattened = relu(x = x)[name = string("y_unflattened")];
    ///     tensor<int32, [2]> y_shape_0 = const()[name = string("y_shape_0"), val = tensor<int32, [2]>([1, 20000])];
    ///     tensor<fp32, [1, 20000]> y = reshape(shape = y_shape_0, x = y_unflattened)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct Unflatten {
        /// The longest axis that may stay.
        pub limit: i64 = 16384,
        /// The most elements that a product may sum over.
        pub contraction: i64 = 32768,
    }
    id: "unflatten",
    numerics: Rounding,
    patterns: [
        /// an elementwise op of flattened values
        elementwise() with options,
        /// `layer_norm` over the long axis or beside it
        norm(layer_norm) with options,
        /// a reduction over the long axis or beside it
        reduction(reduce_sum | reduce_mean | reduce_max | reduce_min | reduce_l2_norm | reduce_l1_norm | reduce_sum_square) with options,
        /// `softmax` along the long axis or beside it
        softmax(softmax) with options,
        /// a norm of each channel
        channels(batch_norm | instance_norm) with options,
        /// `concat` along another axis
        concat(concat) with options,
        /// `split` along another axis
        split(split) with options,
        /// `transpose` of the long axis
        transpose(transpose) with options,
        /// `conv` with a kernel of one element
        pointwise(conv) with options,
        /// `linear` over another axis
        linear(linear) with options,
        /// `matmul` over the long axis or beside it
        matmul(matmul) with options,
    ],
}

fn elementwise(pass: &Unflatten, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let is_elementwise = mil_ops::def(rw.graph().op(op).kind()).is_some_and(|def| def.is(Trait::Elementwise));
    No::unless(is_elementwise, "it is not elementwise")?;
    let result = rw.shape(rw.result(op)?)?;
    let operands: Vec<(String, Operand)> = rw
        .call(op)?
        .given()
        .into_iter()
        .filter_map(|param| Some((param.to_owned(), rw.graph().operand(op, param)?.clone())))
        .collect();
    // The first that was flattened and is not broadcast says what the axes were.
    let views =
        operands.iter().filter_map(|(_, operand)| View::behind(rw, operand.value()?, pass.limit).ok());
    let view = views.into_iter().find(|view| view.flat == result);
    let view = view.ok_or(No::miss("no operand was flattened"))?;
    let mut shaped = Vec::new();
    for (param, operand) in &operands {
        let is_tensor = !rw.graph().operand_type(operand).fixed_shape().is_none_or(|shape| shape.is_empty());
        let is_data = matches!(param.as_str(), "x" | "y" | "a" | "b" | "cond");
        if is_tensor && is_data {
            shaped.push((param.clone(), operand.clone(), view.spread(rw, operand)?));
        }
    }
    let mut new = rw.like(op)?;
    let mut steps = Steps::new(rw, op);
    for (param, operand, shape) in shaped {
        new = new.set(&param, reshaped(&mut steps, &param, operand, &shape)?);
    }
    let value = steps.emit("unflattened", new)?;
    flattened(rw, op, value)
}

fn norm(pass: &Unflatten, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let view = View::of(rw, op, pass.limit)?;
    let axes = rw.call(op)?.axes("axes", view.flat.len())?;
    let inner = view.axes(&axes);
    let shape: Vec<usize> = inner.iter().map(|&axis| view.inner[axis]).collect();
    let mut new = rw.like(op)?.set("axes", sizes(&inner));
    for param in ["gamma", "beta"] {
        if let Some(weights) = rw.optional_constant(op, param)? {
            new = new.set(param, weights.reshaped(&shape)?);
        }
    }
    moved(rw, op, &view, new)
}

fn reduction(pass: &Unflatten, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let view = View::of(rw, op, pass.limit)?;
    let call = rw.call(op)?;
    No::unless(call.is_given("axes"), "no axes are given")?;
    let axes = call.axes("axes", view.flat.len())?;
    let keeps = call.bool("keep_dims")?;
    let inner = view.axes(&axes);
    No::unless(keeps || inner.len() < view.inner.len(), "the result is a scalar")?;
    let new = rw.like(op)?.set("axes", sizes(&inner));
    moved(rw, op, &view, new)
}

fn softmax(pass: &Unflatten, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let view = View::of(rw, op, pass.limit)?;
    let axis = rw.call(op)?.axis("axis", view.flat.len())?;
    if let Ok(axis) = view.single(axis) {
        let new = rw.like(op)?.set("axis", whole(axis));
        return moved(rw, op, &view, new);
    }
    // Over several axes: the exponentials by their sum.
    let axes = view.axes(&[axis]);
    let mut steps = Steps::new(rw, op);
    let x = view.value(&mut steps)?;
    let most = steps.reduce("most", "reduce_max", x, &axes)?;
    let below = steps.binary("below", "sub", x, most)?;
    let powers = steps.unary("powers", "exp", below)?;
    let sum = steps.reduce("sum", "reduce_sum", powers, &axes)?;
    let value = steps.binary("unflattened", "real_div", powers, sum)?;
    flattened(rw, op, value)
}

fn channels(pass: &Unflatten, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let view = View::of(rw, op, pass.limit)?;
    let spatial = view.inner.len().saturating_sub(2);
    No::unless(view.single(0)? == 0 && view.single(1)? == 1, "batch or channels were flattened")?;
    No::unless((1..=2).contains(&spatial), "there are more than two spatial axes")?;
    let new = rw.like(op)?;
    moved(rw, op, &view, new)
}

fn concat(pass: &Unflatten, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let operands = rw.call(op)?.operands("values").to_vec();
    let views: Result<Vec<View>, No> = operands
        .iter()
        .map(|operand| {
            let value = operand.value().ok_or(No::miss("an operand is not a value"))?;
            View::behind(rw, value, pass.limit)
        })
        .collect();
    let views = views?;
    let first = views.first().ok_or(No::miss("nothing is joined"))?;
    let axis = first.single(rw.call(op)?.axis("axis", first.flat.len())?)?;
    let rest = |view: &View| {
        let mut shape = view.inner.clone();
        shape[axis] = 0;
        shape
    };
    let same = views.iter().all(|view| view.groups == first.groups && rest(view) == rest(first));
    No::unless(same, "the operands were made of different axes")?;
    let new = rw.like(op)?.without("values").set("axis", whole(axis));
    let mut steps = Steps::new(rw, op);
    let values =
        views.iter().map(|view| Ok(view.value(&mut steps)?.into())).collect::<Result<Vec<Operand>, No>>()?;
    let value = steps.emit("unflattened", new.with_all("values", values))?;
    flattened(rw, op, value)
}

fn split(pass: &Unflatten, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let view = View::of(rw, op, pass.limit)?;
    let axis = view.single(rw.call(op)?.axis("axis", view.flat.len())?)?;
    let results = rw.graph().op(op).results().to_vec();
    let shapes = results.iter().map(|&value| rw.shape(value)).collect::<Result<Vec<_>, No>>()?;
    let new = rw.like(op)?.set("axis", whole(axis));
    let mut steps = Steps::new(rw, op);
    let x = view.value(&mut steps)?;
    let parts = steps.emit_all("unflattened", new.set("x", x))?;
    let mut flat = Vec::new();
    for (part, shape) in parts.into_iter().zip(&shapes) {
        flat.push(steps.reshape("part", part, shape)?);
    }
    rw.replace_with_new(op, &flat, &[])
}

fn transpose(pass: &Unflatten, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let view = View::of(rw, op, pass.limit)?;
    let order = rw.call(op)?.order("perm")?;
    let inner: Vec<usize> = order.iter().flat_map(|&axis| view.groups[axis].clone()).collect();
    let new = rw.like(op)?.set("perm", sizes(&inner));
    moved(rw, op, &view, new)
}

fn pointwise(pass: &Unflatten, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let view = View::of(rw, op, pass.limit)?;
    let weight = rw.constant(op, "weight")?;
    let call = rw.call(op)?;
    let points = weight.shape().get(2..).is_some_and(|kernel| kernel.iter().all(|&size| size == 1));
    let plain = call.ints("strides")?.iter().all(|&stride| stride == 1)
        && (call.string("pad_type")? != "custom" || call.ints("pad")?.iter().all(|&size| size == 0));
    No::unless(points && plain, "the kernel does not have one element, or moves")?;
    No::unless(view.single(0)? == 0 && view.single(1)? == 1, "batch or channels were flattened")?;
    let spatial = view.inner.len() - 2;
    No::unless((1..=3).contains(&spatial), "there are more than three spatial axes")?;
    let kernel = [&weight.shape()[..2], &vec![1; spatial]].concat();
    let (ones, zeros) = (sizes(&vec![1; spatial]), sizes(&vec![0; 2 * spatial]));
    let new = rw
        .like(op)?
        .set("weight", weight.reshaped(&kernel)?)
        .set("strides", ones.clone())
        .set("dilations", ones)
        .set("pad_type", Tensor::string("valid"))
        .set("pad", zeros);
    moved(rw, op, &view, new)
}

fn linear(pass: &Unflatten, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let x = rw.input(op, "x")?;
    if let Some(last) = rw.rank(x)?.checked_sub(1)
        && let Some(parts) = product::parts(rw.size(x, last)?, pass)
    {
        return product::layer(rw, op, parts);
    }
    let view = View::of(rw, op, pass.limit)?;
    view.single(view.flat.len() - 1)?;
    let new = rw.like(op)?;
    moved(rw, op, &view, new)
}

fn matmul(pass: &Unflatten, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    product::matmul(pass, rw, op)
}

/// The op gives way to one like it that works on the axes as they were, and to a `reshape`.
fn moved(rw: &mut Rewrite<'_>, op: OpId, view: &View, new: NewOp) -> Matched {
    let mut steps = Steps::new(rw, op);
    let x = view.value(&mut steps)?;
    let value = steps.emit("unflattened", new.set("x", x))?;
    flattened(rw, op, value)
}

/// The op gives way to a `reshape` of a value that was computed on the axes as they were.
fn flattened(rw: &mut Rewrite<'_>, op: OpId, value: mil_ir::ValueId) -> Matched {
    let shape = rw.shape(rw.result(op)?)?;
    if rw.ty(value).fixed_shape().as_ref() == Some(&shape) {
        return rw.replace_with_new(op, &[value], &[]);
    }
    rw.replace(op, NewOp::new("reshape").with("x", value).with("shape", sizes(&shape)), &[])
}
