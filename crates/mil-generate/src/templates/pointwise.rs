//! Activations and normalisations spelled in small ops.

use mil_ir::{NewOp, Operand, ValueId};
use mil_tensor::DType;

use super::leak;
use crate::maker::{FLOATS, Made, Maker, filled};

/// Two operands in either order.
fn binary(
    maker: &mut Maker,
    kind: &'static str,
    x: impl Into<Operand>,
    y: impl Into<Operand>,
) -> Made<ValueId> {
    let (x, y) = if maker.dice.chance(30) { (y.into(), x.into()) } else { (x.into(), y.into()) };
    let value = maker.op(NewOp::new(kind).with("x", x).with("y", y))?;
    leak(maker, value)?;
    Ok(value)
}

/// A constant that is what it should be, but for some cases.
fn about(maker: &mut Maker, dtype: DType, value: f64) -> Operand {
    let value = if maker.dice.chance(6) { value * 1.25 } else { value };
    maker.scalar(dtype, value)
}

/// `x/2 · (1 + erf(x/√2))`, its factors in any order.
pub(super) fn gelu(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 1..=4)?;
    let dtype = maker.ty(x).dtype().unwrap_or(DType::Fp32);
    let inner = if maker.dice.chance(50) {
        let root = about(maker, dtype, std::f64::consts::FRAC_1_SQRT_2);
        binary(maker, "mul", x, root)?
    } else {
        let root = about(maker, dtype, std::f64::consts::SQRT_2);
        maker.op(NewOp::new("real_div").with("x", x).with("y", root))?
    };
    let erf = maker.op(NewOp::new("erf").with("x", inner))?;
    let one = about(maker, dtype, 1.0);
    let sum = binary(maker, "add", erf, one)?;
    let half = about(maker, dtype, 0.5);
    let other = if maker.dice.chance(5) { inner } else { x };
    match maker.dice.below(3) {
        0 => {
            let halved = binary(maker, "mul", other, half)?;
            binary(maker, "mul", halved, sum)?;
        }
        1 => {
            let halved = binary(maker, "mul", sum, half)?;
            binary(maker, "mul", other, halved)?;
        }
        _ => {
            let product = binary(maker, "mul", other, sum)?;
            binary(maker, "mul", product, half)?;
        }
    }
    Ok(())
}

/// `(x - mean) / sqrt(variance + epsilon) · gamma + beta`, in one of its spellings.
pub(super) fn norm(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 2..=4)?;
    let (shape, dtype) = (maker.sizes(x), maker.ty(x).dtype().unwrap_or(DType::Fp32));
    let rank = shape.len();
    // The last axes, or those of an image.
    let first = if rank == 4 && maker.dice.chance(50) { 2 } else { maker.dice.range(1, rank - 1) };
    let axes: Vec<i32> = (first..rank).map(|axis| axis as i32).collect();
    let mean = mean(maker, x, &axes)?;
    let centred = maker.op(NewOp::new("sub").with("x", x).with("y", mean))?;
    leak(maker, centred)?;
    let squared = if maker.dice.chance(50) {
        maker.op(NewOp::new("square").with("x", centred))?
    } else {
        binary(maker, "mul", centred, centred)?
    };
    let other = if maker.dice.chance(8) { vec![first as i32] } else { axes.clone() };
    let variance = self::mean(maker, squared, &other)?;
    let epsilon = maker.dice.pick(&[1e-5, 1e-3]);
    let epsilon = maker.scalar(dtype, epsilon);
    let scaled = match maker.dice.below(3) {
        0 => {
            let root = maker.op(NewOp::new("rsqrt").with("x", variance).with("epsilon", epsilon))?;
            binary(maker, "mul", centred, root)?
        }
        choice => {
            let sum = binary(maker, "add", variance, epsilon)?;
            let root = if choice == 1 {
                maker.op(NewOp::new("sqrt").with("x", sum))?
            } else {
                let half = maker.scalar(dtype, 0.5);
                maker.op(NewOp::new("pow").with("x", sum).with("y", half))?
            };
            maker.op(NewOp::new("real_div").with("x", centred).with("y", root))?
        }
    };
    leak(maker, scaled)?;
    if maker.dice.chance(75) {
        // In the shape of the axes, of the channels of an image, or of nothing in particular.
        let sizes = match maker.dice.below(3) {
            0 if rank == 4 => vec![1, shape[1], 1, 1],
            1 => Vec::new(),
            _ => shape[first..].to_vec(),
        };
        let (gamma, beta) = (maker.numbers(dtype, &sizes), maker.numbers(dtype, &sizes));
        let (gamma, beta) = (maker.constant(gamma), maker.constant(beta));
        let product = binary(maker, "mul", scaled, gamma)?;
        binary(maker, "add", product, beta)?;
    }
    Ok(())
}

fn mean(maker: &mut Maker, x: ValueId, axes: &[i32]) -> Made<ValueId> {
    let (axes, keep) = (maker.ints(axes), maker.flag(true));
    let value =
        maker.op(NewOp::new("reduce_mean").with("x", x).with("axes", axes).with("keep_dims", keep))?;
    leak(maker, value)?;
    Ok(value)
}

/// Slopes that are all the same, or not quite.
pub(super) fn prelu(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 4..=4)?;
    let (channels, dtype) = (maker.sizes(x)[1], maker.ty(x).dtype().unwrap_or(DType::Fp32));
    let mut slopes = vec![0.25; channels];
    if maker.dice.chance(30) {
        slopes[channels - 1] = 0.5;
    }
    let alpha = maker.constant(filled(dtype, &[channels], &slopes));
    maker.ops(NewOp::new("prelu").with("x", x).with("alpha", alpha)).map(drop)
}
