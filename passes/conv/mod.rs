//! Fusions into convolutions.

mod fuse_conv_bias;
mod fuse_conv_bn;
mod fuse_conv_scale;

pub use fuse_conv_bias::FuseConvBias;
pub use fuse_conv_bn::FuseConvBn;
pub use fuse_conv_scale::FuseConvScale;

use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Miss, Rewrite};
use mil_tensor::{DType, Tensor};

/// The op types that these fusions reach.
const CONVS: &[&str] = &["conv", "conv_transpose"];

/// A `conv` or `conv_transpose` that a scale and a shift per output channel can be folded into.
struct Conv {
    op: OpId,
    /// Type of weight and bias.
    dtype: DType,
    /// Output channels.
    channels: usize,
    /// Constant bias; `None` where there is none.
    bias: Option<Vec<f64>>,
}

impl Conv {
    /// Guards: the element types of input, weight and result are one; the bias is constant or missing.
    fn new(rw: &Rewrite<'_>, op: OpId) -> Result<Conv, Miss> {
        let result = rw.ty(rw.result(op)?);
        let dtype = result.dtype().ok_or(Miss::new("the convolution gives no tensor"))?;
        let weight = rw.graph().param_type(op, "weight").ok_or(Miss::new("the convolution has no weight"))?;
        if weight.dtype() != Some(dtype) {
            return Err(Miss::new("weight and result of the convolution have different element types"));
        }
        let dims = result.dims().ok_or(Miss::new("the rank of the convolution is not known"))?;
        let channels = dims
            .get(1)
            .and_then(|dim| dim.fixed())
            .ok_or(Miss::new("the number of channels is not known"))?;
        let bias = match rw.graph().operand(op, "bias") {
            None => None,
            Some(_) => Some(rw.constant(op, "bias")?.to_f64s()?),
        };
        let channels = channels as usize;
        if bias.as_ref().is_some_and(|bias| bias.len() != channels) {
            return Err(Miss::new("the bias has not one element per output channel"));
        }
        Ok(Conv { op, dtype, channels, bias })
    }

    /// The weight with each output channel scaled, rounded once. Refused where elements would overflow, but for channels whose
    /// scale is infinite: what a division by zero gives is not finite before and after.
    fn scaled_weight(&self, rw: &Rewrite<'_>, scale: &[f64]) -> Result<Tensor, Miss> {
        let weight = rw.constant(self.op, "weight")?;
        let scaled = self.scaled(rw, &weight, scale)?;
        let finite: Vec<f64> = scale.iter().map(|&factor| if factor.is_infinite() { 1.0 } else { factor }).collect();
        let checked = if finite == scale { scaled.clone() } else { self.scaled(rw, &weight, &finite)? };
        if !checked.all(f64::is_finite)? {
            return Err(Miss::new("the scaled weight is not finite in its element type"));
        }
        Ok(scaled)
    }

    fn scaled(&self, rw: &Rewrite<'_>, weight: &Tensor, scale: &[f64]) -> Result<Tensor, Miss> {
        let factors = Tensor::from_slice(&[scale.len()], scale)?;
        if rw.is(self.op, &["conv"]) {
            return Ok(weight.scale_shift(0, Some(&factors), None)?);
        }
        // [Cin, Cout / groups, kernel…]: the groups of Cin select the part of Cout.
        let groups = rw.parameter(self.op, "groups")?.item_i64().and_then(|n| usize::try_from(n).ok());
        let groups =
            groups.filter(|&n| n > 0 && weight.shape()[0].is_multiple_of(n)).ok_or(Miss::new("odd groups"))?;
        let [inputs, outputs] = [weight.shape()[0] / groups, weight.shape()[1]];
        let taps: usize = weight.shape()[2..].iter().product();
        let grouped = weight
            .reshaped(&[groups, inputs, outputs, taps])?
            .transposed(&[0, 2, 1, 3])?
            .reshaped(&[groups * outputs, inputs, taps])?
            .scale_shift(0, Some(&factors), None)?
            .reshaped(&[groups, outputs, inputs, taps])?;
        Ok(grouped.transposed(&[0, 2, 1, 3])?.reshaped(weight.shape())?)
    }

    /// The bias, or zeros.
    fn bias(&self) -> Vec<f64> {
        self.bias.clone().unwrap_or_else(|| vec![0.0; self.channels])
    }

    /// The same convolution with other constants. The caller has seen to it that the bias is finite where it should be.
    fn rebuilt(
        &self,
        rw: &mut Rewrite<'_>,
        weight: Option<Tensor>,
        bias: &[f64],
        before: OpId,
    ) -> Result<NewOp, Miss> {
        let bias = Tensor::from_f64s(self.dtype, &[bias.len()], bias)?;
        let conv = rw.graph().op(self.op);
        let mut new = NewOp::new(conv.kind().clone());
        for (param, argument) in conv.arguments() {
            if param != "bias" && !(param == "weight" && weight.is_some()) {
                new.arguments.push((param.clone(), argument.clone()));
            }
        }
        new.attributes = conv.attributes().clone();
        let label = rw.graph().label(before).to_string();
        if let Some(weight) = weight {
            let weight = rw.tensor(&format!("{label}_weight"), weight, before);
            new = new.with("weight", weight);
        }
        let bias = rw.tensor(&format!("{label}_bias"), bias, before);
        Ok(new.with("bias", bias))
    }
}

/// The values of a constant along one axis of a tensor that it is combined with: one per place on that axis, or one for all.
/// Refused where it varies along another axis, or would widen the result.
fn along_axis(constant: &Tensor, rank: usize, axis: usize, size: usize) -> Result<Vec<f64>, Miss> {
    if constant.rank() > rank {
        return Err(Miss::new("the constant has more axes than the tensor"));
    }
    let missing = rank - constant.rank();
    for (at, &dim) in constant.shape().iter().enumerate() {
        if dim != 1 && at + missing != axis {
            return Err(Miss::new("the constant varies along an axis other than the channels"));
        }
    }
    let values = constant.to_f64s()?;
    match values.len() {
        1 => Ok(vec![values[0]; size]),
        n if n == size => Ok(values),
        _ => Err(Miss::new("the constant has another number of channels")),
    }
}

/// The convolution and the constant of a binary op, and whether the convolution is its `x`.
fn operands(rw: &Rewrite<'_>, op: OpId, kinds: &[&str]) -> Result<(OpId, Tensor, bool), Miss> {
    let mut reason = Miss::new("no operand comes from a convolution");
    for (param, other, is_x) in [("x", "y", true), ("y", "x", false)] {
        match rw.producer(op, param, kinds) {
            Ok(producer) => return Ok((producer, rw.constant(op, other)?, is_x)),
            Err(miss) => reason = miss,
        }
    }
    Err(reason)
}

/// The value that a binary op shares its type with: guards against constants that widen the result.
fn keeps_type(rw: &Rewrite<'_>, op: OpId, value: ValueId) -> Result<(), Miss> {
    let (a, b) = (rw.ty(rw.result(op)?), rw.ty(value));
    if a == b { Ok(()) } else { Err(Miss::new("the constant widens the result")) }
}
