use mil_ir::{NewOp, OpId, Operand};
use mil_ops::types_agree;
use mil_pass::{Alias, Matched, No, Rewrite, pass};

pass! {
    /// Makes identities of `stack`, `split` and `squeeze` where what is stacked is taken apart again.
    ///
    /// The `split` cuts along the new axis into parts of one element, and each part only feeds ops that
    /// squeeze this axis, of which there may be several. The stacked value may have other users, but must not
    /// be an output. `noop_elimination` removes the identities.
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
        apart(stack),
    ],
}

fn apart(rw: &mut Rewrite<'_>, stack: OpId) -> Matched {
    let stacked = rw.result(stack)?;
    let block = rw.graph().op(stack).block();
    // All users at once: there may be many.
    let mut splits = Vec::new();
    let mut squeezes = Vec::new();
    let mut reason = No::miss("no split takes the result");
    for user in rw.graph().users(stacked) {
        No::unless(!rw.graph().op(user).is_return(), "the stacked value is an output")?;
        if !rw.is(user, &["split"]) || rw.graph().op(user).block() != block {
            continue;
        }
        match taken_apart(rw, stack, user) {
            Ok(found) => {
                splits.push(user);
                squeezes.extend(found);
            }
            Err(No::Miss(why)) => reason = No::Miss(why),
            Err(fault) => return Err(fault),
        }
    }
    if splits.is_empty() {
        return Err(reason);
    }
    for (squeeze, operand) in squeezes {
        rw.replace(squeeze, NewOp::new("identity").with("x", operand), &[])?;
    }
    splits.push(stack);
    rw.erase_unused(&splits);
    Ok(())
}

/// The ops that squeeze the parts of a `split`, each with the operand of the `stack` that it gives back.
fn taken_apart(rw: &Rewrite<'_>, stack: OpId, split: OpId) -> Result<Vec<(OpId, Operand)>, No> {
    rw.known(split)?;
    let rank = rw.rank(rw.result(stack)?)?;
    let axis = rw.call(stack)?.axis("axis", rank)?;
    let call = rw.call(split)?;
    No::unless(call.axis("axis", rank)? == axis, "it is split along another axis")?;
    let operands = rw.call(stack)?.operands("values");
    let parts = rw.graph().op(split).results();
    let single = !call.is_given("split_sizes") || call.ints("split_sizes")?.iter().all(|&size| size == 1);
    No::unless(parts.len() == operands.len() && single, "the parts are not what was stacked")?;
    let mut squeezes = Vec::new();
    for (operand, &part) in operands.iter().zip(parts) {
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
    Ok(squeezes)
}
