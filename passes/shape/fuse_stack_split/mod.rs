use mil_ir::{NewOp, OpId, Operand};
use mil_ops::types_agree;
use mil_pass::{Alias, Matched, No, Rewrite, pass};

pass! {
    /// Makes identities of `stack`, `split` and `squeeze` where what is stacked is taken apart again.
    ///
    /// The `split` cuts along the new axis into parts of one element, and each part only feeds ops that squeeze this axis, of
    /// which there may be several. The stacked value may have other users, but must not be an output. `noop_elimination` removes
    /// the identities.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> a, tensor<fp32, [2]> b) {
    ///     int32 axis = const()[name = string("axis"), val = int32(0)];
    ///     tensor<int32, [1]> axes = const()[name = string("axes"), val = tensor<int32, [1]>([0])];
    ///     int32 two = const()[name = string("two"), val = int32(2)];
    ///     tensor<fp32, [2, 2]> s = stack(axis = axis, values = (a, b))[name = string("s")];
    ///     tensor<fp32, [1, 2]> p, tensor<fp32, [1, 2]> q = split(axis = axis, num_splits = two, x = s)[name = string("p")];
    ///     tensor<fp32, [2]> y = squeeze(axes = axes, x = p)[name = string("y")];
    ///     tensor<fp32, [2]> z = squeeze(axes = axes, x = q)[name = string("z")];
    /// } -> (y, z);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> a, tensor<fp32, [2]> b) {
    ///     tensor<fp32, [2]> y = identity(x = a)[name = string("y")];
    ///     tensor<fp32, [2]> z = identity(x = b)[name = string("z")];
    /// } -> (y, z);
    /// ```
    pub struct FuseStackSplit;
    id: "fuse_stack_split",
    numerics: Exact,
    aliases: [Alias::plain("common::fuse_stack_split")],
    patterns: [
        /// `stack`, then `split` along the same axis, then a `squeeze` of each part
        apart(split),
    ],
}

fn apart(rw: &mut Rewrite<'_>, split: OpId) -> Matched {
    let stack = rw.producer(split, "x", &["stack"])?;
    let stacked = rw.result(stack)?;
    No::unless(!rw.graph().is_block_output(stacked), "the stacked value is an output")?;
    let rank = rw.rank(stacked)?;
    let axis = rw.call(stack)?.axis("axis", rank)?;
    No::unless(rw.call(split)?.axis("axis", rank)? == axis, "it is split along another axis")?;
    let operands: Vec<Operand> = rw.call(stack)?.operands("values").to_vec();
    let parts = rw.graph().op(split).results().to_vec();
    let sizes = rw.call(split)?;
    let single = !sizes.is_given("split_sizes") || sizes.ints("split_sizes")?.iter().all(|&size| size == 1);
    No::unless(parts.len() == operands.len() && single, "the parts are not what was stacked")?;
    let mut squeezes = Vec::new();
    for (operand, &part) in operands.iter().zip(&parts) {
        let ty = rw.graph().operand_type(operand);
        for user in rw.graph().users(part) {
            No::unless(rw.is(user, &["squeeze"]), "a part feeds something else than a squeeze")?;
            rw.known(user)?;
            let call = rw.call(user)?;
            No::unless(call.axes("axes", rank)? == [axis], "another axis is squeezed")?;
            No::unless(types_agree(ty, rw.ty(rw.result(user)?)), "a part has another type")?;
            squeezes.push((user, operand.clone()));
        }
    }
    No::unless(!squeezes.is_empty(), "no part is used")?;
    for (squeeze, operand) in squeezes {
        rw.replace(squeeze, NewOp::new("identity").with("x", operand), &[])?;
    }
    rw.erase_unused(&[split, stack]);
    Ok(())
}
