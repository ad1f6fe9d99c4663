//! A convolution or a dense layer, and what can be folded into it.

use mil_ir::{NewOp, Operand, ValueId};
use mil_tensor::DType;

use super::leak;
use crate::maker::{FLOATS, Made, Maker, filled};
use crate::recipes;

pub(super) fn chain(maker: &mut Maker) -> Made {
    let x = recipes::image_like(maker)?;
    let mut value = if maker.dice.chance(70) {
        recipes::conv_of(maker, x)?
    } else {
        recipes::transposed_conv_of(maker, x)?
    };
    if maker.dice.chance(15) {
        // What must not be in between, or may be.
        value = recipes::transpose_of(maker, value)?;
        if maker.sizes(value).len() < 3 {
            return Ok(());
        }
    }
    for _ in 0..maker.dice.range(1, 3) {
        leak(maker, value)?;
        value = match maker.dice.below(3) {
            0 => recipes::batch_norm_of(maker, value)?,
            1 => per_channel(maker, value, &["mul", "real_div"])?,
            _ => per_channel(maker, value, &["add", "sub"])?,
        };
    }
    Ok(())
}

/// A constant for each channel, for all, or for something else, on either side.
fn per_channel(maker: &mut Maker, x: ValueId, kinds: &[&'static str]) -> Made<ValueId> {
    let (shape, dtype) = (maker.sizes(x), maker.ty(x).dtype().unwrap_or(DType::Fp32));
    let rank = shape.len();
    let ones = |at: usize, from: usize| -> Vec<usize> {
        (from..rank).map(|axis| if axis == at { shape[axis] } else { 1 }).collect()
    };
    let sizes = match maker.dice.below(7) {
        0 => Vec::new(),
        1 => vec![1],
        2 => ones(1, 0),
        3 | 4 => ones(1, 1),
        // Not the channels.
        5 => ones(rank - 1, rank - 1),
        _ => ones(0, 0),
    };
    let constant =
        if maker.dice.chance(70) { maker.positive(dtype, &sizes) } else { maker.numbers(dtype, &sizes) };
    let constant = maker.constant(constant);
    let kind = maker.dice.pick(kinds);
    binary(maker, kind, x, constant)
}

fn binary(maker: &mut Maker, kind: &'static str, x: ValueId, y: Operand) -> Made<ValueId> {
    let new = NewOp::new(kind);
    let swapped = maker.dice.chance(30);
    maker.op(if swapped { new.with("x", y).with("y", x) } else { new.with("x", x).with("y", y) })
}

pub(super) fn linear(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 1..=3)?;
    let (outer, dtype) = (maker.dice.range(1, 4), maker.ty(x).dtype().unwrap_or(DType::Fp32));
    let value = if maker.dice.chance(60) {
        let bias = maker.dice.chance(50);
        recipes::linear_of(maker, x, outer, bias)?
    } else {
        let inner = maker.sizes(x).last().copied().unwrap_or(1);
        let weight = recipes::weight(maker, dtype, &[inner, outer])?;
        maker.op(NewOp::new("matmul").with("x", x).with("y", weight))?
    };
    leak(maker, value)?;
    let sizes = match maker.dice.below(6) {
        0 => Vec::new(),
        1 => vec![1],
        2 => vec![1, outer],
        // More axes than the layer gives.
        3 => vec![2, 1, 1, outer],
        _ => vec![outer],
    };
    let bias = if maker.dice.chance(80) { maker.numbers(dtype, &sizes) } else { filled(dtype, &[], &[0.0]) };
    let bias = maker.constant(bias);
    let kind = maker.dice.pick(&["add", "add", "sub"]);
    binary(maker, kind, value, bias).map(drop)
}
