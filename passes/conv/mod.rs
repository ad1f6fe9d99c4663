//! Fusions into convolutions.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod add_conv_transpose_output_shape;
mod compose_conv1d;
mod fuse_conv_bias;
mod fuse_conv_bn;
mod fuse_conv_scale;
mod fuse_dilated_conv;
mod fuse_pad_conv;
pub use add_conv_transpose_output_shape::AddConvTransposeOutputShape;
pub use compose_conv1d::ComposeConv1d;
pub use fuse_conv_bias::FuseConvBias;
pub use fuse_conv_bn::FuseConvBn;
pub use fuse_conv_scale::FuseConvScale;
pub use fuse_dilated_conv::FuseDilatedConv;
pub use fuse_pad_conv::FusePadConv;

use mil_ir::{NewOp, OpId};
use mil_pass::{No, Rewrite};
use mil_tensor::{DType, Tensor};

use crate::constants::scaled;
use crate::scaled_weights::{Scaled, Stored, scaled_compressed};

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
    /// Guards: element types and channels of weight and result are the same; the bias is constant or missing.
    fn new(rw: &Rewrite<'_>, op: OpId) -> Result<Conv, No> {
        let result = rw.result(op)?;
        let dtype = rw.dtype(result)?;
        let call = rw.call(op)?;
        let same = call.dtype("weight")? == dtype;
        No::unless(same, "weight and result of the convolution have different element types")?;
        // [Cout, ..], or [Cin, Cout / groups, ..].
        let (axis, groups) = if rw.is(op, &["conv"]) { (0, 1) } else { (1, call.int("groups")?) };
        let outputs = call.dims("weight")?.and_then(|dims| dims.get(axis)?.fixed());
        let outputs = outputs.zip(u64::try_from(groups).ok()).and_then(|(n, groups)| n.checked_mul(groups));
        let channels = outputs.and_then(|outputs| usize::try_from(outputs).ok());
        let channels = channels.ok_or(No::miss("the number of channels is not known"))?;
        let declared = rw.ty(result).dims().and_then(|dims| dims.get(1)?.fixed());
        No::unless(declared == Some(channels as u64), "weight and result have different channels")?;
        let bias = rw.optional_constant(op, "bias")?.map(|bias| bias.to_f64s()).transpose()?;
        let fits = bias.as_ref().is_none_or(|bias| bias.len() == channels);
        No::unless(fits, "the bias does not have one element per output channel")?;
        Ok(Conv { op, dtype, channels, bias })
    }

    /// How the weight is stored.
    fn stored(&self, rw: &Rewrite<'_>) -> Stored {
        if rw.graph().constant(self.op, "weight").is_some() { Stored::Plain } else { Stored::Compressed }
    }

    /// The weight with each output channel scaled; see [`scaled`] and [`scaled_compressed`].
    fn scaled_weight(&self, rw: &Rewrite<'_>, scale: &[f64], stored: Stored) -> Result<Scaled, No> {
        if stored == Stored::Compressed {
            let axis = if rw.is(self.op, &["conv"]) { 0 } else { 1 };
            let grouped = axis == 1 && rw.call(self.op)?.int("groups")? != 1;
            No::unless(!grouped, "the groups of a compressed weight share its output channels")?;
            return scaled_compressed(rw, self.op, axis, scale);
        }
        let weight = rw.constant(self.op, "weight")?;
        if rw.is(self.op, &["conv"]) {
            return Ok(Scaled::Plain(scaled(&weight, 0, scale)?));
        }
        // [Cin, Cout / groups, kernel…]: the groups of Cin select the part of Cout.
        let &[cin, outputs, ref kernel @ ..] = weight.shape() else {
            return Err(No::miss("the weight has too few axes"));
        };
        let groups = usize::try_from(rw.call(self.op)?.int("groups")?).unwrap_or(0);
        let divides = groups > 0 && cin.is_multiple_of(groups);
        No::unless(divides, "the groups do not divide the input channels")?;
        let (inputs, taps) = (cin / groups, kernel.iter().product::<usize>());
        let by_output = weight
            .reshaped(&[groups, inputs, outputs, taps])?
            .transposed(&[0, 2, 1, 3])?
            .reshaped(&[groups * outputs, inputs, taps])?;
        let grouped = scaled(&by_output, 0, scale)?.reshaped(&[groups, outputs, inputs, taps])?;
        Ok(Scaled::Plain(grouped.transposed(&[0, 2, 1, 3])?.reshaped(weight.shape())?))
    }

    /// The bias, or zeros.
    fn bias(&self) -> Vec<f64> {
        self.bias.clone().unwrap_or_else(|| vec![0.0; self.channels])
    }

    /// The same convolution with other constants, which are named after the op that it replaces. The caller
    /// has seen to it that the bias is finite where it should be.
    fn rebuilt(
        &self,
        rw: &mut Rewrite<'_>,
        weight: Option<Scaled>,
        bias: &[f64],
        replaced: OpId,
    ) -> Result<NewOp, No> {
        let bias = Tensor::from_f64s(self.dtype, &[bias.len()], bias)?;
        let label = rw.graph().label(replaced).to_string();
        let mut new = rw.like(self.op)?;
        if let Some(weight) = weight {
            new = new.set("weight", weight.emit(rw, replaced)?);
        }
        Ok(new.set("bias", rw.tensor(&format!("{label}_bias"), bias, replaced)))
    }
}
