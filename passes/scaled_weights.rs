//! Weights whose slices a fusion scales. What is compressed stays so: its scale or its look-up table takes the
//! factors, and the stored data are the same bytes.

use mil_ir::{NewOp, OpId, Release, ValueId};
use mil_pass::{No, Rewrite};
use mil_tensor::{DType, Tensor};

use crate::constants::{repeated_along, scaled};

/// How a weight is stored, as a pattern asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// As a constant.
    Plain,
    /// As what a `constexpr_*` op decompresses.
    Compressed,
}

/// A weight with scaled slices, before it is put into the graph.
pub(crate) enum Scaled {
    /// A constant.
    Plain(Tensor),
    /// An op that decompresses, and the op that did so before.
    Compressed(NewOp, OpId),
}

impl Scaled {
    /// Puts the weight before the op that is to be replaced, and names it after that.
    pub(crate) fn emit(self, rw: &mut Rewrite<'_>, replaced: OpId) -> Result<ValueId, No> {
        let name = format!("{}_weight", rw.graph().label(replaced));
        match self {
            Scaled::Plain(tensor) => Ok(rw.tensor(&name, tensor, replaced)),
            Scaled::Compressed(new, _) => rw.emit_one(new.named(name), replaced),
        }
    }

    /// The op that decompressed the weight, which loses its use.
    pub(crate) fn old(&self) -> Option<OpId> {
        match self {
            Scaled::Plain(_) => None,
            Scaled::Compressed(_, old) => Some(*old),
        }
    }
}

/// The ops whose results can be scaled without touching the data.
const COMPRESSED: &[&str] =
    &["constexpr_affine_dequantize", "constexpr_blockwise_shift_scale", "constexpr_lut_to_dense"];

/// The op that decompresses the weight of an op.
pub(crate) fn decompressed_by(rw: &Rewrite<'_>, user: OpId) -> Result<OpId, No> {
    rw.producer(user, "weight", COMPRESSED)
}

/// The compressed weight of an op with each slice along an axis scaled. Only the op uses the weight.
pub(crate) fn scaled_compressed(
    rw: &Rewrite<'_>,
    user: OpId,
    axis: usize,
    factors: &[f64],
) -> Result<Scaled, No> {
    let weight = decompressed_by(rw, user)?;
    rw.used_only_by(weight, user)?;
    let new = match rw.graph().op(weight).kind().as_str() {
        "constexpr_affine_dequantize" => affine(rw, weight, axis, factors)?,
        "constexpr_blockwise_shift_scale" => blockwise(rw, weight, axis, factors)?,
        _ => table(rw, weight, axis, factors)?,
    };
    Ok(Scaled::Compressed(new, weight))
}

/// The factor that all slices share.
fn shared(factors: &[f64]) -> Option<f64> {
    let (&first, rest) = factors.split_first()?;
    rest.iter().all(|&factor| factor == first).then_some(first)
}

/// `scale * (data - zero_point)`, where scale and zero point are numbers or vectors along one axis.
fn affine(rw: &Rewrite<'_>, weight: OpId, axis: usize, factors: &[f64]) -> Result<NewOp, No> {
    let (scale, zero_point) = (rw.constant(weight, "scale")?, rw.constant(weight, "zero_point")?);
    let call = rw.call(weight)?;
    let rank = rw.rank(rw.result(weight)?)?;
    let along = call.axis("axis", rank)?;
    let new = rw.like(weight)?.without("scale");
    if let Some(factor) = shared(factors) {
        return Ok(new.attribute("scale", scaled(&scale, 0, &[factor])?));
    }
    let vectors = scale.len() > 1 || zero_point.len() > 1;
    No::unless(!vectors || along == axis, "the weight has scales along another axis")?;
    let scale = match scale.len() {
        1 => repeated_along(&scale.reshaped(&[1])?, 0, factors.len())?,
        _ => scale,
    };
    let scale = scaled(&scale, 0, factors)?;
    Ok(new.attribute("scale", scale).without("axis").attribute("axis", Tensor::scalar(axis as i32)))
}

/// `scale * (data - offset)`, where scale and offset have one number for each block.
fn blockwise(rw: &Rewrite<'_>, weight: OpId, axis: usize, factors: &[f64]) -> Result<NewOp, No> {
    let (scale, offset) = (rw.constant(weight, "scale")?, rw.optional_constant(weight, "offset")?);
    let blocks = *scale.shape().get(axis).ok_or(No::miss("the scale has fewer axes than the weight"))?;
    let new = rw.like(weight)?;
    if let Some(factor) = shared(factors) {
        return Ok(new.set("scale", scaled(&scale, 0, &[factor])?));
    }
    let times = factors.len().checked_div(blocks).unwrap_or(0);
    No::unless(times * blocks == factors.len(), "the blocks do not divide the axis")?;
    let scale = scaled(&repeated_along(&scale, axis, times)?, axis, factors)?;
    let new = new.set("scale", scale);
    Ok(match offset {
        Some(offset) if times > 1 => new.set("offset", repeated_along(&offset, axis, times)?),
        _ => new,
    })
}

/// Look-up tables: one for all or, from iOS18 on, one for each block. Where slices share a table, a scale is put
/// behind the look-up.
fn table(rw: &Rewrite<'_>, weight: OpId, axis: usize, factors: &[f64]) -> Result<NewOp, No> {
    let call = rw.call(weight)?;
    let blockwise = call.since() >= Release::IOS18;
    let floats = matches!(rw.dtype(rw.result(weight)?)?, DType::Fp16 | DType::Fp32);
    No::unless(floats, "the table does not hold floats")?;
    if let Ok(lut) = rw.constant(weight, "lut") {
        let own = match shared(factors) {
            Some(factor) => Some((0, vec![factor])),
            // A vector of several elements along the axis stands for several slices.
            None => {
                let vectors = blockwise && lut.shape().last().is_some_and(|&length| length > 1);
                let lengthened = vectors && call.axis("vector_axis", rw.rank(rw.result(weight)?)?)? == axis;
                let each = blockwise && !lengthened && lut.shape().get(axis) == Some(&factors.len());
                each.then(|| (axis, factors.to_vec()))
            }
        };
        if let Some((axis, factors)) = own {
            let lut = scaled(&lut, axis, &factors)?;
            let new = rw.like(weight)?;
            return Ok(match call.attribute("lut") {
                Some(_) => new.without("lut").attribute("lut", lut),
                None => new.set("lut", lut),
            });
        }
    }
    No::unless(blockwise, "slices with other factors share a table")?;
    let dense = rw.result(weight)?;
    let mut shape = vec![1; rw.rank(dense)?];
    *shape.get_mut(axis).ok_or(No::miss("the weight has too few axes"))? = factors.len();
    let units = Tensor::from_f64s(rw.dtype(dense)?, &shape, &vec![1.0; factors.len()])?;
    let scale = scaled(&units, axis, factors)?;
    Ok(NewOp::new("constexpr_blockwise_shift_scale").with("data", dense).with("scale", scale))
}
