//! Random numbers.

use mil_ir::NewOp;
use mil_tensor::DType;

use crate::maker::{FLOATS, Made, Maker};

/// A seed of its own, unless the options allow otherwise: then the op draws other numbers in every place.
fn with_seed(maker: &mut Maker, new: NewOp) -> NewOp {
    if maker.unseeded && maker.dice.chance(50) {
        return new;
    }
    let seed = maker.dice.below(1000) as i32;
    let seed = maker.int(seed);
    new.with("seed", seed)
}

/// The shape of what is drawn, and numbers of one element type for two parameters.
fn draw(maker: &mut Maker, kind: &'static str, params: &[(&'static str, f64)]) -> Made {
    let rank = maker.dice.range(1, 4);
    let shape: Vec<i32> = maker.shape(rank).into_iter().map(|size| size as i32).collect();
    let shape = maker.ints(&shape);
    let dtype = maker.float();
    let mut new = NewOp::new(kind).with("shape", shape);
    for &(param, value) in params {
        let operand = maker.scalar(dtype, value);
        new = new.with(param, operand);
    }
    let new = with_seed(maker, new);
    maker.ops(new).map(drop)
}

pub(crate) fn random_bernoulli(maker: &mut Maker) -> Made {
    draw(maker, "random_bernoulli", &[("prob", 0.25)])
}

pub(crate) fn random_normal(maker: &mut Maker) -> Made {
    draw(maker, "random_normal", &[("mean", 0.5), ("stddev", 2.0)])
}

pub(crate) fn random_uniform(maker: &mut Maker) -> Made {
    draw(maker, "random_uniform", &[("low", -1.0), ("high", 3.0)])
}

pub(crate) fn random_categorical(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 2..=2)?;
    let shape = maker.sizes(x);
    let probabilities = maker.dice.chance(30);
    let mut new = NewOp::new("random_categorical");
    if probabilities {
        let dtype = maker.ty(x).dtype().unwrap_or(DType::Fp32);
        let probs = maker.positive(dtype, &shape);
        let probs = maker.constant(probs);
        new = new.with("x", probs);
    } else {
        new = new.with("x", x);
    }
    let mode = maker.text(if probabilities { "probs" } else { "logits" });
    let size = maker.dice.range(1, 3) as i32;
    let size = maker.int(size);
    let new = with_seed(maker, new.with("mode", mode).with("size", size));
    maker.ops(new).map(drop)
}
