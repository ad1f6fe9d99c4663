//! Convolutions and pooling.

use mil_ir::{NewOp, Operand, Release, ValueId};
use mil_tensor::DType;

use super::activation::partner_type;
use super::constexpr;
use crate::maker::{FLOATS, Made, Maker, divisors};

/// Windows over the spatial axes of a tensor: each fits at least once.
pub(crate) struct Windows {
    pub(crate) kernel: Vec<usize>,
    strides: Vec<i32>,
    dilations: Vec<i32>,
    pad: Vec<i32>,
    pad_type: &'static str,
}

impl Windows {
    pub(crate) fn new(maker: &mut Maker, spatial: &[usize], dilated: bool) -> Windows {
        let pad_type = maker.dice.pick(&["valid", "valid", "same", "same_lower", "custom"]);
        let mut windows = Windows {
            kernel: Vec::new(),
            strides: Vec::new(),
            dilations: Vec::new(),
            pad: Vec::new(),
            pad_type,
        };
        for &size in spatial {
            let kernel = maker.dice.range(1, size.min(3));
            let dilation = if dilated && (kernel - 1) * 2 < size && maker.dice.chance(25) { 2 } else { 1 };
            windows.kernel.push(kernel);
            windows.dilations.push(dilation);
            windows.strides.push(maker.dice.pick(&[1, 1, 2, 3]));
            // Padding no wider than the window: otherwise a pool averages nothing.
            for _ in 0..2 {
                windows.pad.push(if pad_type == "custom" { maker.dice.below(kernel) as i32 } else { 0 });
            }
        }
        windows
    }

    pub(crate) fn bind(&self, maker: &mut Maker, mut new: NewOp) -> NewOp {
        let kind = new.kind.clone();
        for (param, values) in [("strides", &self.strides), ("dilations", &self.dilations)] {
            let default = values.iter().all(|&value| value == 1);
            if maker.has(&kind, param) && (!default || maker.dice.chance(50)) {
                let operand = maker.ints(values);
                new = new.with(param, operand);
            }
        }
        let pad_type = maker.text(self.pad_type);
        new = new.with("pad_type", pad_type);
        if self.pad_type == "custom" || maker.dice.chance(30) {
            let pad = maker.ints(&self.pad);
            new = new.with("pad", pad);
        }
        new
    }
}

/// A tensor with batch, channels and spatial axes.
pub(crate) fn image_like(maker: &mut Maker) -> Made<ValueId> {
    let ranks = maker.dice.pick(&[3..=3, 4..=4, 4..=4, 5..=5]);
    maker.tensor(FLOATS, ranks)
}

/// A number that divides the channels, and the channels of a group.
fn groups(maker: &mut Maker, channels: usize) -> (usize, usize) {
    let divisors = divisors(channels);
    let groups = if maker.dice.chance(50) { 1 } else { maker.dice.pick(&divisors) };
    (groups, channels / groups)
}

fn with_groups(maker: &mut Maker, new: NewOp, groups: usize) -> NewOp {
    if groups == 1 && maker.dice.chance(50) {
        return new;
    }
    let groups = maker.int(groups as i32);
    new.with("groups", groups)
}

/// A weight: constant, or from iOS17 on now and then computed.
fn weight(maker: &mut Maker, dtype: DType, shape: &[usize]) -> Made<Operand> {
    if maker.target >= Release::IOS17 && maker.dice.chance(15) {
        return Ok(maker.value(dtype, shape)?.into());
    }
    constexpr::weight(maker, dtype, shape)
}

/// A convolution of `x`.
pub(crate) fn conv_of(maker: &mut Maker, x: ValueId) -> Made<ValueId> {
    let shape = maker.sizes(x);
    let (groups, inner) = groups(maker, shape[1]);
    let outer = groups * maker.dice.range(1, 3);
    let windows = Windows::new(maker, &shape[2..], true);
    let dtype = partner_type(maker, "conv", x);
    let sizes: Vec<usize> = [outer, inner].into_iter().chain(windows.kernel.iter().copied()).collect();
    let weight = weight(maker, dtype, &sizes)?;
    let new = NewOp::new("conv").with("x", x).with("weight", weight);
    let new = maker.maybe(new, "bias", |maker| constexpr::weight(maker, dtype, &[outer]))?;
    let new = windows.bind(maker, new);
    let new = with_groups(maker, new, groups);
    maker.op(new)
}

pub(crate) fn conv(maker: &mut Maker) -> Made {
    let x = image_like(maker)?;
    conv_of(maker, x).map(drop)
}

pub(crate) fn conv_transpose(maker: &mut Maker) -> Made {
    let x = image_like(maker)?;
    transposed_conv_of(maker, x).map(drop)
}

/// A transposed convolution of `x`.
pub(crate) fn transposed_conv_of(maker: &mut Maker, x: ValueId) -> Made<ValueId> {
    let shape = maker.sizes(x);
    let (groups, _) = groups(maker, shape[1]);
    let outer = maker.dice.range(1, 3);
    let windows = Windows::new(maker, &shape[2..], true);
    let dtype = partner_type(maker, "conv_transpose", x);
    let sizes: Vec<usize> = [shape[1], outer].into_iter().chain(windows.kernel.iter().copied()).collect();
    let weight = weight(maker, dtype, &sizes)?;
    let new = NewOp::new("conv_transpose").with("x", x).with("weight", weight);
    let new = maker.maybe(new, "bias", |maker| constexpr::weight(maker, dtype, &[outer * groups]))?;
    let new = windows.bind(maker, new);
    let mut new = with_groups(maker, new, groups);
    if maker.dice.chance(20)
        && let Ok(types) = mil_ops::infer_new(maker.graph(), &new, maker.opset())
        && let Some(shape) = types[0].fixed_shape()
    {
        let shape: Vec<i32> = shape.iter().map(|&size| size as i32).collect();
        let shape = maker.ints(&shape);
        new = new.with("output_shape", shape);
    }
    maker.op(new)
}

pub(crate) fn conv_quantized(maker: &mut Maker) -> Made {
    let x = image_like(maker)?;
    let (shape, dtype) = (maker.sizes(x), maker.ty(x).dtype().unwrap_or(DType::Fp32));
    let outer = maker.dice.range(1, 3);
    let windows = Windows::new(maker, &shape[2..], true);
    let sizes: Vec<usize> = [outer, shape[1]].into_iter().chain(windows.kernel.iter().copied()).collect();
    let weight = maker.numbers(DType::Uint8, &sizes);
    let (scale, bias) = (maker.positive(dtype, &[outer]), maker.numbers(dtype, &[outer]));
    let operands = [
        ("weight", maker.constant(weight)),
        ("quantization_type", maker.text("linear")),
        ("nbits", maker.int(8)),
        ("quant_scale", maker.constant(scale)),
        ("quant_bias", maker.constant(bias)),
    ];
    let new = operands
        .into_iter()
        .fold(NewOp::new("conv_quantized").with("x", x), |new, (param, operand)| new.with(param, operand));
    let new = windows.bind(maker, new);
    maker.ops(new).map(drop)
}

fn pool(maker: &mut Maker, kind: &'static str) -> Made {
    let x = image_like(maker)?;
    let shape = maker.sizes(x);
    let windows = Windows::new(maker, &shape[2..], false);
    let kernel: Vec<i32> = windows.kernel.iter().map(|&size| size as i32).collect();
    let kernel = maker.ints(&kernel);
    let new = NewOp::new(kind).with("x", x).with("kernel_sizes", kernel);
    let mut new = windows.bind(maker, new);
    if maker.dice.chance(30) && !windows.pad_type.starts_with("same") {
        let ceil = maker.any_flag();
        new = new.with("ceil_mode", ceil);
    }
    let new = maker.maybe(new, "exclude_padding_from_average", |maker| Ok(maker.any_flag()))?;
    maker.ops(new).map(drop)
}

pub(crate) fn avg_pool(maker: &mut Maker) -> Made {
    pool(maker, "avg_pool")
}

pub(crate) fn l2_pool(maker: &mut Maker) -> Made {
    pool(maker, "l2_pool")
}

pub(crate) fn max_pool(maker: &mut Maker) -> Made {
    pool(maker, "max_pool")
}
