//! Several ops of one kind, one after the other; the same op twice.

use mil_ir::NewOp;
use mil_tensor::DType;

use super::leak;
use crate::maker::{FLOATS, Made, Maker, PLAIN};
use crate::recipes;

pub(super) fn transposes(maker: &mut Maker) -> Made {
    let mut x = maker.tensor(PLAIN, 2..=4)?;
    for _ in 0..maker.dice.range(2, 3) {
        x = recipes::transpose_of(maker, x)?;
        leak(maker, x)?;
    }
    Ok(())
}

pub(super) fn reshapes(maker: &mut Maker) -> Made {
    let mut x = maker.tensor(PLAIN, 1..=4)?;
    for _ in 0..maker.dice.range(2, 3) {
        x = recipes::reshape_of(maker, x)?;
        leak(maker, x)?;
    }
    Ok(())
}

/// Casts that lose something, or nothing.
pub(super) fn casts(maker: &mut Maker) -> Made {
    let mut x = maker.tensor(PLAIN, 0..=4)?;
    for _ in 0..maker.dice.range(2, 4) {
        let dtype = maker.dice.pick(PLAIN);
        x = maker.cast(x, dtype)?;
        leak(maker, x)?;
    }
    Ok(())
}

pub(super) fn relus(maker: &mut Maker) -> Made {
    let mut x = maker.tensor(FLOATS, 1..=4)?;
    for _ in 0..maker.dice.range(2, 4) {
        let kind = maker.dice.pick(&["relu", "relu", "relu", "relu6", "leaky_relu"]);
        let mut new = NewOp::new(kind).with("x", x);
        if kind == "leaky_relu" {
            let dtype = maker.ty(x).dtype().unwrap_or(DType::Fp32);
            let alpha = maker.scalar(dtype, 0.5);
            new = new.with("alpha", alpha);
        }
        x = maker.op(new)?;
        leak(maker, x)?;
    }
    Ok(())
}

/// The same op on the same operands, or nearly.
pub(super) fn duplicates(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 1..=4)?;
    let dtype = maker.ty(x).dtype().unwrap_or(DType::Fp32);
    let kind = maker.dice.pick(&["sigmoid", "tanh", "exp", "cos"]);
    let second = if maker.dice.chance(80) { kind } else { "sigmoid" };
    let (a, b) = (maker.op(NewOp::new(kind).with("x", x))?, maker.op(NewOp::new(second).with("x", x))?);
    let (one, two) = (maker.scalar(dtype, 1.5), maker.scalar(dtype, 1.5));
    let a = maker.op(NewOp::new("mul").with("x", a).with("y", one))?;
    let b = maker.op(NewOp::new("mul").with("x", b).with("y", two))?;
    maker.ops(NewOp::new("sub").with("x", a).with("y", b)).map(drop)
}
