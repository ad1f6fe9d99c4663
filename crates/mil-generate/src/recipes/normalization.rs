//! Normalisation, and quantisation at run time.

use mil_ir::{NewOp, ValueId};
use mil_tensor::DType;

use super::activation::partner_type;
use super::constexpr;
use super::conv::image_like;
use crate::maker::{FLOATS, Made, Maker};

/// Binds `epsilon` now and then.
fn with_epsilon(maker: &mut Maker, new: NewOp, dtype: DType) -> Made<NewOp> {
    maker.maybe(new, "epsilon", |maker| {
        let value = maker.dice.pick(&[1e-5, 1e-3, 0.125]);
        Ok(maker.scalar(dtype, value))
    })
}

/// Binds `gamma` and `beta` of this shape now and then.
fn with_scale(maker: &mut Maker, new: NewOp, dtype: DType, shape: &[usize]) -> Made<NewOp> {
    let new = maker.maybe(new, "gamma", |maker| constexpr::weight(maker, dtype, shape))?;
    maker.maybe(new, "beta", |maker| constexpr::weight(maker, dtype, shape))
}

/// A batch normalisation of `x`.
pub(crate) fn batch_norm_of(maker: &mut Maker, x: ValueId) -> Made<ValueId> {
    let channels = [maker.sizes(x)[1]];
    let dtype = partner_type(maker, "batch_norm", x);
    let (mean, variance) = (maker.numbers(dtype, &channels), maker.positive(dtype, &channels));
    let (mean, variance) = (maker.constant(mean), maker.constant(variance));
    let mut new = NewOp::new("batch_norm").with("x", x).with("mean", mean).with("variance", variance);
    // Both or none.
    if maker.dice.chance(60) {
        let (gamma, beta) =
            (constexpr::weight(maker, dtype, &channels)?, constexpr::weight(maker, dtype, &channels)?);
        new = new.with("gamma", gamma).with("beta", beta);
    }
    let new = with_epsilon(maker, new, dtype)?;
    maker.op(new)
}

pub(crate) fn batch_norm(maker: &mut Maker) -> Made {
    let x = image_like(maker)?;
    batch_norm_of(maker, x).map(drop)
}

pub(crate) fn instance_norm(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 3..=4)?;
    let channels = [maker.sizes(x)[1]];
    let dtype = partner_type(maker, "instance_norm", x);
    let new = with_scale(maker, NewOp::new("instance_norm").with("x", x), dtype, &channels)?;
    let new = with_epsilon(maker, new, dtype)?;
    maker.ops(new).map(drop)
}

pub(crate) fn l2_norm(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 3..=5)?;
    let dtype = partner_type(maker, "l2_norm", x);
    let new = with_epsilon(maker, NewOp::new("l2_norm").with("x", x), dtype)?;
    maker.ops(new).map(drop)
}

pub(crate) fn layer_norm(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 2..=5)?;
    let shape = maker.sizes(x);
    let dtype = partner_type(maker, "layer_norm", x);
    // Axes at the end, or just one.
    let first = maker.dice.range(1, shape.len() - 1);
    let axes: Vec<usize> = if maker.dice.chance(70) { (first..shape.len()).collect() } else { vec![first] };
    let sizes: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
    let back = maker.dice.chance(50);
    let rank = shape.len() as i32;
    let axes: Vec<i32> = axes.iter().map(|&axis| axis as i32 - if back { rank } else { 0 }).collect();
    let axes = maker.ints(&axes);
    let new = NewOp::new("layer_norm").with("x", x).with("axes", axes);
    let new = with_scale(maker, new, dtype, &sizes)?;
    let new = with_epsilon(maker, new, dtype)?;
    maker.ops(new).map(drop)
}

pub(crate) fn local_response_norm(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 3..=4)?;
    let dtype = partner_type(maker, "local_response_norm", x);
    let size = maker.dice.range(1, 5) as i32;
    let size = maker.int(size);
    let mut new = NewOp::new("local_response_norm").with("x", x).with("size", size);
    for param in ["alpha", "beta", "k"] {
        new = maker.maybe(new, param, |maker| Ok(maker.scalar(dtype, 0.5)))?;
    }
    maker.ops(new).map(drop)
}

/// Scale and zero point: numbers, or one for each slice along an axis.
fn with_scales(
    maker: &mut Maker,
    mut new: NewOp,
    shape: &[usize],
    float: DType,
    stored: DType,
) -> Made<NewOp> {
    let mut sizes = Vec::new();
    if !shape.is_empty() && maker.dice.chance(60) {
        let (axis, operand) = maker.axis(shape.len());
        sizes = vec![shape[axis]];
        new = new.with("axis", operand);
    }
    let scale = maker.positive(float, &sizes);
    let scale = maker.constant(scale);
    new = new.with("scale", scale);
    maker.maybe(new, "zero_point", |maker| {
        let zero = maker.numbers(stored, &sizes);
        Ok(maker.constant(zero))
    })
}

pub(crate) fn quantize(maker: &mut Maker) -> Made {
    let input = maker.tensor(FLOATS, 1..=4)?;
    let (shape, float) = (maker.sizes(input), maker.ty(input).dtype().unwrap_or(DType::Fp32));
    let stored = maker.dice.pick(&[DType::Int8, DType::Uint8]);
    let name = maker.text(&stored.to_string());
    let new = NewOp::new("quantize").with("input", input).with("output_dtype", name);
    let new = with_scales(maker, new, &shape, float, stored)?;
    maker.ops(new).map(drop)
}

pub(crate) fn dequantize(maker: &mut Maker) -> Made {
    let stored = maker.dice.pick(&[DType::Int8, DType::Uint8]);
    let input = maker.tensor(&[stored], 1..=4)?;
    let (shape, float) = (maker.sizes(input), maker.float());
    let new = with_scales(maker, NewOp::new("dequantize").with("input", input), &shape, float, stored)?;
    maker.ops(new).map(drop)
}
