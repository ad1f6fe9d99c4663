use mil_ir::{NewOp, OpId, Operand};
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Computes with a vector of one element in place of a scalar that becomes one.
    ///
    /// The scalar is computed of another one and a constant; both get an axis before the op, not after it.
    /// What else uses the scalar is given one by a `squeeze`.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(fp32 x) {
    ///     fp32 two = const()[name = string("two"), val = fp32(2.0)];
    ///     fp32 s = sub(x = x, y = two)[name = string("s")];
    ///     tensor<int32, [1]> axes = const()[name = string("axes"), val = tensor<int32, [1]>([0])];
    ///     tensor<fp32, [1]> y = expand_dims(axes = axes, x = s)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(fp32 x) {
    ///     fp32 two = const()[name = string("two"), val = fp32(2.0)];
    ///     tensor<int32, [1]> s_axes_0 = const()[name = string("s_axes_0"), val = tensor<int32, [1]>([0])];
    ///     tensor<fp32, [1]> y_x = expand_dims(axes = s_axes_0, x = x)[name = string("y_x")];
    ///     tensor<int32, [1]> s_axes_1 = const()[name = string("s_axes_1"), val = tensor<int32, [1]>([0])];
    ///     tensor<fp32, [1]> y_y = expand_dims(axes = s_axes_1, x = two)[name = string("y_y")];
    ///     tensor<fp32, [1]> y = sub(x = y_x, y = y_y)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct Rank0ExpandDimsSwap;
    id: "rank0_expand_dims_swap",
    numerics: Exact,
    aliases: [Alias::plain("common::rank0_expand_dims_swap")],
    patterns: [
        /// arithmetic of a scalar and a constant, then `expand_dims`
        scalar(expand_dims),
    ],
}

fn scalar(rw: &mut Rewrite<'_>, expand: OpId) -> Matched {
    let op = rw.producer(expand, "x", &["add", "sub", "mul", "real_div", "floor_div"])?;
    let value = rw.result(op)?;
    No::unless(rw.rank(value)? == 0, "the value is not a scalar")?;
    // A scalar has one place for a new axis.
    No::unless(rw.call(expand)?.ints("axes")?.len() == 1, "there are more new axes than one")?;
    let graph = rw.graph();
    No::unless(!graph.is_block_output(value), "the scalar is an output")?;
    let constants = ["x", "y"].into_iter().filter(|param| rw.constant(op, param).is_ok()).count();
    No::unless(constants == 1, "not exactly one operand is constant")?;
    let users: Vec<OpId> = graph.users(value).collect();
    let expands = users.iter().filter(|&&user| rw.is(user, &["expand_dims"])).count();
    No::unless(expands == 1, "the scalar is expanded several times")?;

    let label = graph.label(expand).to_string();
    let mut new = rw.like(op)?.named(label.clone());
    for param in ["x", "y"] {
        let operand = match rw.input(op, param) {
            Ok(value) => Operand::from(value),
            Err(_) => rw.constant(op, param)?.into(),
        };
        let inner = NewOp::new("expand_dims").with("x", operand).with("axes", Tensor::ints(&[0]));
        new = new.set(param, rw.emit_one(inner.named(format!("{label}_{param}")), op)?);
    }
    let vector = rw.emit_one(new, op)?;
    if users.len() > 1 {
        let inner = NewOp::new("squeeze").with("x", vector).with("axes", Tensor::ints(&[0]));
        let scalar = rw.emit_one(inner.named(format!("{label}_scalar")), op)?;
        rw.graph_mut().replace_uses_if(value, scalar, |user| user != expand);
    }
    rw.replace_with_new(expand, &[vector], &[op])
}
