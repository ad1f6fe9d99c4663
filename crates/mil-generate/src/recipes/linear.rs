//! Products of matrices.

use mil_ir::{NewOp, Operand, ValueId};
use mil_tensor::DType;

use super::activation::partner_type;
use super::constexpr;
use crate::maker::{FLOATS, Made, Maker, NUMBERS};

/// A dense layer on the last axis of `x`.
pub(crate) fn linear_of(maker: &mut Maker, x: ValueId, outer: usize, bias: bool) -> Made<ValueId> {
    let inner = maker.sizes(x).last().copied().unwrap_or(1);
    let dtype = partner_type(maker, "linear", x);
    let dtype = if maker.ty(x).dtype() == Some(DType::Int32) { DType::Int32 } else { dtype };
    let weight = constexpr::weight(maker, dtype, &[outer, inner])?;
    let mut new = NewOp::new("linear").with("x", x).with("weight", weight);
    if bias {
        let bias = constexpr::weight(maker, dtype, &[outer])?;
        new = new.with("bias", bias);
    }
    maker.op(new)
}

pub(crate) fn linear(maker: &mut Maker) -> Made {
    let x = maker.tensor(NUMBERS, 1..=3)?;
    let (outer, bias) = (maker.dice.range(1, 5), maker.dice.chance(50));
    linear_of(maker, x, outer, bias).map(drop)
}

pub(crate) fn matmul(maker: &mut Maker) -> Made {
    let x = maker.tensor(NUMBERS, 1..=4)?;
    let shape = maker.sizes(x);
    let dtype = maker.ty(x).dtype().unwrap_or(DType::Fp32);
    let rank = shape.len();
    let flip = maker.dice.chance(40);
    let inner = if rank > 1 && flip { shape[rank - 2] } else { shape[rank - 1] };
    let columns = maker.dice.range(1, 4);
    let turned = maker.dice.chance(40);
    let mut other: Vec<usize> = shape[..rank.saturating_sub(2)].to_vec();
    match maker.dice.below(4) {
        0 => other.clear(),
        1 => other.iter_mut().for_each(|size| *size = 1),
        _ => {}
    }
    other.extend(if turned { [columns, inner] } else { [inner, columns] });
    let y: Operand = match maker.dice.chance(50) {
        true => maker.value(dtype, &other)?.into(),
        false => constexpr::weight(maker, dtype, &other)?,
    };
    let mut new = NewOp::new("matmul").with("x", x).with("y", y);
    for (param, value) in [("transpose_x", flip && rank > 1), ("transpose_y", turned)] {
        if value || maker.dice.chance(50) {
            let flag = maker.flag(value);
            new = new.with(param, flag);
        }
    }
    maker.ops(new).map(drop)
}

pub(crate) fn einsum(maker: &mut Maker) -> Made {
    let dtype = maker.float();
    let mut size = || maker.dice.range(1, 4);
    let (b, c, h, w, k) = (size(), size(), size(), size(), size());
    let (x, y, equation) = match maker.dice.chance(50) {
        true => (vec![b, c, h, w], vec![b, w, c, k], "nchw,nwcu->nchu"),
        false => (vec![c, h, w], vec![w, h, k], "chw,whu->chu"),
    };
    let (x, y) = (maker.value(dtype, &x)?, maker.value(dtype, &y)?);
    let equation = maker.text(equation);
    let new = NewOp::new("einsum").with_all("values", [x.into(), y.into()]).with("equation", equation);
    maker.ops(new).map(drop)
}

pub(crate) fn attention(maker: &mut Maker) -> Made {
    let query = maker.tensor(FLOATS, 3..=4)?;
    let shape = maker.sizes(query);
    let dtype = maker.ty(query).dtype().unwrap_or(DType::Fp32);
    let rank = shape.len();
    let (length, width) = (maker.dice.range(1, 4), maker.dice.range(1, 4));
    let mut key = shape.clone();
    key[rank - 2] = length;
    let mut value = key.clone();
    value[rank - 1] = width;
    let (key, value) = (maker.value(dtype, &key)?, maker.value(dtype, &value)?);
    let new = NewOp::new("scaled_dot_product_attention");
    let new = new.with("query", query).with("key", key).with("value", value);
    let new = maker.maybe(new, "attn_mask", |maker| {
        let mut mask = shape.clone();
        mask[rank - 1] = length;
        let kind = if maker.dice.chance(50) { DType::Bool } else { dtype };
        Ok(maker.value(kind, &mask)?.into())
    })?;
    maker.ops(new).map(drop)
}
