//! Activations with a parameter for each channel, and `clip`.

use mil_ir::NewOp;
use mil_tensor::DType;

use crate::maker::{FLOATS, Made, Maker, filled};

pub(crate) fn prelu(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 3..=5)?;
    let shape = maker.sizes(x);
    let dtype = partner_type(maker, "prelu", x);
    // Only images may have slopes that differ.
    let slopes = if shape.len() == 4 && maker.dice.chance(60) {
        maker.numbers(dtype, &shape[1..2])
    } else {
        filled(dtype, &shape[1..2], &vec![0.25; shape[1]])
    };
    let alpha = maker.constant(slopes);
    maker.ops(NewOp::new("prelu").with("x", x).with("alpha", alpha)).map(drop)
}

/// The type of a constant beside `x`: that of `x`, or from iOS17 on now and then the other float.
pub(super) fn partner_type(maker: &mut Maker, kind: &str, x: mil_ir::ValueId) -> DType {
    let own = maker.ty(x).dtype().unwrap_or(DType::Fp32);
    let free =
        maker.version(kind).is_some_and(|version| version.domains.iter().any(|domain| domain.0 == "U"));
    if free && maker.dice.chance(15) { maker.float() } else { own }
}

pub(crate) fn softplus_parametric(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 3..=5)?;
    let channels = [maker.sizes(x)[1]];
    let dtype = partner_type(maker, "softplus_parametric", x);
    let (alpha, beta) = (maker.positive(dtype, &channels), maker.positive(dtype, &channels));
    let (alpha, beta) = (maker.constant(alpha), maker.constant(beta));
    maker
        .ops(NewOp::new("softplus_parametric").with("x", x).with("alpha", alpha).with("beta", beta))
        .map(drop)
}

pub(crate) fn clip(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 0..=5)?;
    let dtype = maker.ty(x).dtype().unwrap_or(DType::Fp32);
    let low = if maker.dice.chance(30) { 0.0 } else { -1.0 };
    let high = maker.dice.pick(&[1.0, 6.0, 0.5]);
    let (alpha, beta) = (maker.scalar(dtype, low), maker.scalar(dtype, high));
    maker.ops(NewOp::new("clip").with("x", x).with("alpha", alpha).with("beta", beta)).map(drop)
}
