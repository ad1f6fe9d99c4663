use mil_ir::{NewOp, OpId, Operand};
use mil_ops::Trait;
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::constants::broadcast;

pass! {
    /// Makes `matmul` and `add` of a `linear` whose weight or bias is not constant.
    ///
    /// `linear` takes constants, compressed or not. Where only the bias is computed, the layer stays without
    /// it. A bias of zeros is not added.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2]> x, tensor<fp32, [1, 2]> w) {
    ///     tensor<fp32, [1]> b = const()[name = string("b"), val = tensor<fp32, [1]>([0.5])];
    ///     tensor<fp32, [1, 1]> y = linear(bias = b, weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2]> x, tensor<fp32, [1, 2]> w) {
    ///     tensor<fp32, [1]> b = const()[name = string("b"), val = tensor<fp32, [1]>([0.5])];
    ///     bool y_transpose_y_0 = const()[name = string("y_transpose_y_0"), val = bool(true)];
    ///     tensor<fp32, [1, 1]> y_product = matmul(transpose_y = y_transpose_y_0, x = x, y = w)[name = string("y_product")];
    ///     tensor<fp32, [1, 1]> y = add(x = y_product, y = b)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ExpandDynamicLinear;
    id: "expand_dynamic_linear",
    numerics: Rounding,
    aliases: [Alias::plain("common::expand_dynamic_linear")],
    patterns: [
        /// `linear` with a weight that is computed
        dynamic_weight(linear),
        /// `linear` with a constant weight and a bias that is computed
        dynamic_bias(linear),
    ],
}

fn dynamic_weight(rw: &mut Rewrite<'_>, linear: OpId) -> Matched {
    No::unless(!is_static(rw, linear, "weight"), "the weight is constant")?;
    let product = NewOp::new("matmul")
        .with("x", rw.input(linear, "x")?)
        .with("y", rw.input(linear, "weight")?)
        .with("transpose_y", Tensor::bool(true));
    match rw.graph().operand(linear, "bias").cloned() {
        Some(bias) if !is_zero(rw, linear)? => sum(rw, linear, product, bias),
        _ => rw.replace(linear, product, &[]),
    }
}

fn dynamic_bias(rw: &mut Rewrite<'_>, linear: OpId) -> Matched {
    No::unless(is_static(rw, linear, "weight"), "the weight is not constant")?;
    No::unless(!is_static(rw, linear, "bias"), "the bias is constant")?;
    let bias = rw.input(linear, "bias")?;
    let product = rw.like(linear)?.without("bias");
    sum(rw, linear, product, bias.into())
}

/// Puts a product and a bias that is added to it in the place of a layer.
fn sum(rw: &mut Rewrite<'_>, linear: OpId, product: NewOp, bias: Operand) -> Matched {
    let same = rw.graph().operand_type(&bias).dtype() == rw.ty(rw.result(linear)?).dtype();
    No::unless(same, "bias and result have different element types")?;
    let label = rw.graph().label(linear).to_string();
    let product = rw.emit_one(product.named(format!("{label}_product")), linear)?;
    rw.replace(linear, NewOp::new("add").with("x", product).with("y", bias), &[])
}

/// A parameter is constant, compressed or left out.
fn is_static(rw: &Rewrite<'_>, op: OpId, param: &str) -> bool {
    let constexpr = |op| mil_ops::def(rw.graph().op(op).kind()).is_some_and(|def| def.is(Trait::Constexpr));
    rw.optional_constant(op, param).is_ok() || rw.graph().producer(op, param).is_some_and(constexpr)
}

/// The bias is zero everywhere: as it stands, or as its integers say.
fn is_zero(rw: &Rewrite<'_>, linear: OpId) -> Result<bool, No> {
    if let Ok(bias) = rw.constant(linear, "bias") {
        return Ok(bias.all(|value| value == 0.0)?);
    }
    match rw.graph().producer(linear, "bias") {
        Some(op) if rw.is(op, &["constexpr_affine_dequantize"]) => {
            let (data, zero) = (rw.constant(op, "quantized_data")?, rw.constant(op, "zero_point")?);
            let (_, [data, zero]) = broadcast(&data, &zero)?;
            Ok(data == zero)
        }
        _ => Ok(false),
    }
}
