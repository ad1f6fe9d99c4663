use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::constants::{fits, repeated_blocks};

pass! {
    /// Scales the result of a `linear`, `matmul` or `conv` instead of its palettized weight.
    ///
    /// The Neural Engine takes look-up tables, but no scale per output channel beside them. The scale has no
    /// offset and varies along the output channels only, by channel or by block of channels; everything that
    /// uses the weight is one of these ops. A bias is constant and divided by the scale. In fp16 the result
    /// before the scaling may be beyond the range where the scaled weight was not.
    ///
    /// # Before
    /// ```mil
    /// func main<ios18>(tensor<fp16, [1, 2]> x) {
    ///     tensor<fp16, [2, 2]> w = constexpr_lut_to_dense(indices = tensor<uint1, [2, 2]>([0, 1, 1, 0]), lut = tensor<fp16, [1, 1, 2, 1]>([0x1p+0, 0x1p+1]))[name = string("w")];
    ///     tensor<fp16, [2, 2]> v = constexpr_blockwise_shift_scale(data = w, scale = tensor<fp16, [2, 1]>([0x1p-1, 0x1p+1]))[name = string("v")];
    ///     tensor<fp16, [1, 2]> y = linear(weight = v, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp16, [1, 2]> x) {
    ///     tensor<fp16, [2, 2]> w = constexpr_lut_to_dense(indices = tensor<uint1, [2, 2]>([[0, 1], [1, 0]]), lut = tensor<fp16, [1, 1, 2, 1]>([[[[0x1p+0], [0x1p+1]]]]))[name = string("w")];
    ///     tensor<fp16, [1, 2]> y_unscaled = linear(weight = w, x = x)[name = string("y_unscaled")];
    ///     tensor<fp16, [1, 2]> y_y_0 = const()[name = string("y_y_0"), val = tensor<fp16, [1, 2]>([[0x1p-1, 0x1p+1]])];
    ///     tensor<fp16, [1, 2]> y = mul(x = y_unscaled, y = y_y_0)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ReorderLutPerChannelScale;
    id: "reorder_lut_per_channel_scale",
    numerics: Rounding,
    aliases: [Alias::plain("common::reorder_lut_per_channel_scale")],
    patterns: [
        /// `constexpr_lut_to_dense`, then `constexpr_blockwise_shift_scale`, then ops with weights
        scaled(constexpr_blockwise_shift_scale),
    ],
}

fn scaled(rw: &mut Rewrite<'_>, scaling: OpId) -> Matched {
    let lut = rw.producer(scaling, "data", &["constexpr_lut_to_dense"])?;
    rw.used_only_by(lut, scaling)?;
    let (unscaled, weight) = (rw.result(lut)?, rw.result(scaling)?);
    No::unless(rw.dtype(unscaled)? == rw.dtype(weight)?, "the table has another element type")?;
    if let Some(offset) = rw.optional_constant(scaling, "offset")? {
        No::unless(offset.is_splat_of(0.0)?, "the scale has an offset")?;
    }
    let scale = rw.constant(scaling, "scale")?;
    let shape = rw.shape(weight)?;
    let users: Vec<OpId> = rw.graph().users(weight).collect();
    No::unless(!users.is_empty(), "nothing uses the weight")?;
    let moves: Vec<Move> =
        users.iter().map(|&user| Move::new(rw, user, weight, &scale, &shape)).collect::<Result<_, _>>()?;
    for (user, Move { param, factors, bias }) in users.into_iter().zip(moves) {
        let label = rw.graph().label(user).to_string();
        let mut new = rw.like(user)?.set(param, unscaled).named(format!("{label}_unscaled"));
        if let Some(bias) = bias {
            new = new.set("bias", rw.tensor(&format!("{label}_bias"), bias, user));
        }
        let product = rw.emit_one(new, user)?;
        rw.replace(user, NewOp::new("mul").with("x", product).with("y", factors), &[])?;
    }
    rw.erase_unused(&[scaling]);
    Ok(())
}

/// What becomes of one user of the weight.
struct Move {
    /// The parameter that takes the weight.
    param: &'static str,
    /// The scale, as it is broadcast against the result.
    factors: Tensor,
    /// The bias before scaling, where there is one.
    bias: Option<Tensor>,
}

impl Move {
    fn new(
        rw: &Rewrite<'_>,
        user: OpId,
        weight: ValueId,
        scale: &Tensor,
        shape: &[usize],
    ) -> Result<Move, No> {
        rw.known(user)?;
        let graph = rw.graph();
        No::unless(!graph.op(user).is_return(), "the weight is an output")?;
        let takes = |param: &str| graph.input(user, param) == Some(weight);
        let uses = graph.op(user).values().filter(|&value| value == weight).count();
        No::unless(uses == 1, "an op uses the weight twice")?;
        let rank = rw.rank(rw.result(user)?)?;
        // Where the output channels lie in the weight, and in the result.
        let (param, axis, place) = match graph.op(user).kind().as_str() {
            "linear" if takes("weight") => ("weight", 0, rank.checked_sub(1)),
            "conv" if takes("weight") => ("weight", 0, Some(1)),
            "matmul" => {
                let call = rw.call(user)?;
                let (param, transposed) =
                    if takes("y") { ("y", "transpose_y") } else { ("x", "transpose_x") };
                let last = call.bool(transposed)? != (param == "y");
                let from_end = if last { 1 } else { 2 };
                let axis = shape.len().checked_sub(from_end).ok_or(No::miss("the weight is a vector"))?;
                (param, axis, rank.checked_sub(if param == "y" { 1 } else { 2 }))
            }
            kind => return Err(No::miss(format!("{kind} uses the weight"))),
        };
        let place = place.filter(|&place| place < rank).ok_or(No::miss("the result has no channels"))?;
        let mut others = scale.shape().iter().enumerate().filter(|&(at, _)| at != axis);
        No::unless(
            others.all(|(_, &size)| size == 1),
            "the scale varies along another axis than the outputs",
        )?;
        let channels = shape[axis];
        No::unless(
            rw.size(rw.result(user)?, place)? == channels,
            "weight and result have different channels",
        )?;
        let values = repeated_blocks(&scale.to_f64s()?, channels)?;
        let mut broadcast = vec![1; rank];
        broadcast[place] = channels;
        let factors = Tensor::from_f64s(scale.dtype(), &broadcast, &values)?;
        let bias = match param {
            "weight" => rw.optional_constant(user, "bias")?,
            _ => None,
        };
        let bias = bias.map(|bias| unscaled(&bias, &values)).transpose()?;
        Ok(Move { param, factors, bias })
    }
}

fn unscaled(bias: &Tensor, scale: &[f64]) -> Result<Tensor, No> {
    No::unless(bias.len() == scale.len(), "the bias does not have one element per output channel")?;
    let values: Vec<f64> = bias.to_f64s()?.iter().zip(scale).map(|(bias, scale)| bias / scale).collect();
    let finite = values.iter().all(|&value| fits(value, bias.dtype()));
    No::unless(finite, "the bias divided by the scale is not finite in its element type")?;
    Ok(Tensor::from_f64s(bias.dtype(), bias.shape(), &values)?)
}
