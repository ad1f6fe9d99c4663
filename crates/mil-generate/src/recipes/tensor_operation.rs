//! Whole tensors: joined, split, filled, sorted, chosen; constants; classifiers.

use mil_ir::{Literal, NewOp, Operand, Type, ValueId};
use mil_tensor::{DType, Tensor};

use super::constexpr;
use crate::maker::{FLOATS, Made, Maker, NUMBERS, PLAIN, divisors};

/// A constant that something uses, or nothing.
pub(crate) fn constant(maker: &mut Maker) -> Made {
    let x = maker.tensor(NUMBERS, 0..=4)?;
    let (dtype, shape) = (maker.ty(x).dtype().unwrap_or(DType::Fp32), maker.sizes(x));
    let literal = maker.numbers(dtype, &shape).into();
    let value = maker.const_op(literal);
    if maker.dice.chance(80) {
        maker.ops(NewOp::new("add").with("x", x).with("y", value))?;
    }
    Ok(())
}

pub(crate) fn cast(maker: &mut Maker) -> Made {
    let dtypes =
        maker.version("cast").and_then(|version| version.dtypes(version.param("x")?)).unwrap_or(PLAIN);
    let from = if maker.dice.chance(70) { PLAIN } else { dtypes };
    let x = maker.tensor(from, 0..=5)?;
    let dtype = if maker.dice.chance(70) { maker.dice.pick(PLAIN) } else { maker.dice.pick(dtypes) };
    maker.cast(x, dtype).map(drop)
}

/// Label and probabilities, once, as outputs of the program.
pub(crate) fn classify(maker: &mut Maker) -> Made {
    if maker.classifier.is_some() || !maker.is_outermost() {
        return Ok(());
    }
    let count = maker.dice.range(1, 5);
    let probabilities = maker.value(DType::Fp32, &[1, count])?;
    let texts = maker.dice.chance(50);
    let labels: Vec<Literal> = (0..count)
        .map(|at| match texts {
            true => Literal::string(&format!("class {at}")),
            false => Literal::tensor(Tensor::scalar(at as i64 - 1)),
        })
        .collect();
    let label = Type::scalar(if texts { DType::String } else { DType::Int64 });
    let classes = maker.const_op(Literal::list(label, labels));
    let results =
        maker.ops(NewOp::new("classify").with("probabilities", probabilities).with("classes", classes))?;
    maker.classifier = Some([results[0], results[1]]);
    Ok(())
}

/// Tensors that differ in one axis at most.
fn alike(maker: &mut Maker, axis: Option<usize>, x: ValueId) -> Made<Vec<Operand>> {
    let (dtype, shape) = (maker.ty(x).dtype().unwrap_or(DType::Fp32), maker.sizes(x));
    let mut values = vec![Operand::from(x)];
    for _ in 0..maker.dice.range(0, 3) {
        let mut shape = shape.clone();
        if let Some(axis) = axis
            && maker.dice.chance(50)
        {
            shape[axis] = maker.dice.range(1, 3);
        }
        values.push(match maker.dice.chance(75) {
            true => maker.value(dtype, &shape)?.into(),
            false => constexpr::weight(maker, dtype, &shape)?,
        });
    }
    let last = values.len() - 1;
    values.swap(0, maker.dice.below(last + 1));
    Ok(values)
}

pub(crate) fn concat(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 1..=5)?;
    let (axis, operand) = maker.axis(maker.sizes(x).len());
    let interleave = maker.dice.chance(15);
    let values = alike(maker, Some(axis).filter(|_| !interleave), x)?;
    let new = NewOp::new("concat").with_all("values", values).with("axis", operand);
    let flag = maker.flag(interleave);
    let new = if interleave || maker.dice.chance(50) { new.with("interleave", flag) } else { new };
    maker.ops(new).map(drop)
}

pub(crate) fn stack(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 0..=4)?;
    let values = alike(maker, None, x)?;
    let (_, axis) = maker.axis(maker.sizes(x).len() + 1);
    maker.ops(NewOp::new("stack").with_all("values", values).with("axis", axis)).map(drop)
}

pub(crate) fn split(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 1..=5)?;
    let shape = maker.sizes(x);
    let (axis, operand) = maker.axis(shape.len());
    let size = shape[axis];
    let new = NewOp::new("split").with("x", x).with("axis", operand);
    let count = maker.dice.pick(&divisors(size));
    let new = if maker.dice.chance(50) {
        let count = maker.int(count as i32);
        new.with("num_splits", count)
    } else {
        let mut sizes = Vec::new();
        let mut rest = size;
        while rest > 0 {
            let part = maker.dice.range(1, rest);
            sizes.push(part as i32);
            rest -= part;
        }
        let parts = sizes.len() as i32;
        let sizes = maker.ints(&sizes);
        let new = new.with("split_sizes", sizes);
        maker.maybe(new, "num_splits", |maker| Ok(maker.int(parts)))?
    };
    maker.ops(new).map(drop)
}

pub(crate) fn fill(maker: &mut Maker) -> Made {
    let dtype = maker.dice.pick(PLAIN);
    let rank = maker.dice.range(1, 4);
    let shape: Vec<i32> = maker.shape(rank).into_iter().map(|size| size as i32).collect();
    let shape = maker.ints(&shape);
    let value = maker.numbers(dtype, &[]);
    let new = NewOp::new("fill").with("shape", shape);
    let new = maker.maybe(new, "value", |maker| Ok(maker.constant(value)))?;
    maker.ops(new).map(drop)
}

pub(crate) fn tile(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 1..=4)?;
    let reps: Vec<i32> = maker.sizes(x).iter().map(|_| maker.dice.pick(&[1, 1, 2, 3])).collect();
    let reps = maker.ints(&reps);
    maker.ops(NewOp::new("tile").with("x", x).with("reps", reps)).map(drop)
}

pub(crate) fn pad(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 1..=5)?;
    let (shape, dtype) = (maker.sizes(x), maker.ty(x).dtype().unwrap_or(DType::Fp32));
    let mode = maker.dice.pick(&["constant", "constant", "reflect", "replicate"]);
    // Only constants are put around more than two axes.
    let rank = shape.len();
    let axes = if mode == "constant" { maker.dice.range(1, rank) } else { maker.dice.range(1, rank.min(2)) };
    let widest = |size: usize| if mode == "reflect" { size - 1 } else { 2 };
    let mut sides = Vec::new();
    for &size in &shape[rank - axes..] {
        for _ in 0..2 {
            sides.push(maker.dice.below(widest(size).min(3) + 1) as i32);
        }
    }
    let sides = maker.ints(&sides);
    let mut new = NewOp::new("pad").with("x", x).with("pad", sides);
    if mode != "constant" || maker.dice.chance(50) {
        let mode = maker.text(mode);
        new = new.with("mode", mode);
    }
    let new = maker.maybe(new, "constant_val", |maker| Ok(maker.scalar(dtype, 0.5)))?;
    maker.ops(new).map(drop)
}

pub(crate) fn one_hot(maker: &mut Maker) -> Made {
    let rank = maker.dice.range(0, 3);
    let shape: Vec<usize> = (0..rank).map(|_| maker.dice.range(1, 3)).collect();
    let size = maker.dice.range(1, 5);
    let indices = maker.indices(DType::Int32, &shape, size)?;
    let dtype = maker.dice.pick(PLAIN);
    let (_, axis) = maker.axis(rank + 1);
    let size = maker.int(size as i32);
    let mut new = NewOp::new("one_hot").with("indices", indices).with("one_hot_vector_size", size);
    new = maker.maybe(new, "axis", |_| Ok(axis))?;
    if maker.dice.chance(60) {
        let (on, off) = (maker.scalar(dtype, 1.0), maker.scalar(dtype, 0.0));
        new = new.with("on_value", on).with("off_value", off);
    }
    maker.ops(new).map(drop)
}

pub(crate) fn range_1d(maker: &mut Maker) -> Made {
    let dtype = maker.dice.pick(NUMBERS);
    let start = maker.dice.below(5) as f64 - 2.0;
    let step = maker.dice.pick(&[1.0, 2.0, -1.0]);
    let end: Operand = if dtype == DType::Int32 && maker.dice.chance(40) {
        // A length that only the run decides.
        let (low, high) = (maker.int(-4), maker.int(4));
        let end = maker.value(dtype, &[])?;
        let end = maker.op(NewOp::new("maximum").with("x", end).with("y", low))?;
        maker.op(NewOp::new("minimum").with("x", end).with("y", high))?.into()
    } else {
        let end = start + step * maker.dice.range(1, 8) as f64;
        maker.scalar(dtype, end)
    };
    let (start, step) = (maker.scalar(dtype, start), maker.scalar(dtype, step));
    maker.ops(NewOp::new("range_1d").with("start", start).with("end", end).with("step", step)).map(drop)
}

pub(crate) fn topk(maker: &mut Maker) -> Made {
    let x = maker.tensor(NUMBERS, 1..=4)?;
    let shape = maker.sizes(x);
    let (axis, operand) = maker.axis(shape.len());
    let k = maker.dice.range(1, shape[axis]) as i32;
    let k = maker.int(k);
    let new = NewOp::new("topk").with("x", x).with("k", k).with("axis", operand);
    let new = maker.maybe(new, "ascending", |maker| Ok(maker.any_flag()))?;
    let new = maker.maybe(new, "sort", |maker| Ok(maker.any_flag()))?;
    let new = maker.maybe(new, "return_indices", |maker| Ok(maker.any_flag()))?;
    let new =
        maker.maybe(new, "output_indices_dtype", |maker| Ok(maker.choice("topk", "output_indices_dtype")))?;
    maker.ops(new).map(drop)
}

pub(crate) fn band_part(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 2..=4)?;
    let mut new = NewOp::new("band_part").with("x", x);
    for param in ["lower", "upper"] {
        let count = maker.dice.range(0, 3) as i32 - 1;
        new = maker.maybe(new, param, |maker| Ok(maker.int(count)))?;
    }
    maker.ops(new).map(drop)
}

pub(crate) fn non_maximum_suppression(maker: &mut Maker) -> Made {
    let dtype = maker.float();
    let (batch, boxes, classes) = (maker.dice.range(1, 2), maker.dice.range(1, 5), maker.dice.range(1, 3));
    let rows = if maker.target >= mil_ir::Release::IOS17 {
        [[4, boxes], [classes, boxes]]
    } else {
        [[boxes, 4], [boxes, classes]]
    };
    let shapes = rows.map(|[a, b]| [batch, a, b]);
    let (places, scores) = (maker.value(dtype, &shapes[0])?, maker.value(dtype, &shapes[1])?);
    let new = NewOp::new("non_maximum_suppression").with("boxes", places).with("scores", scores);
    let overlap = maker.scalar(dtype, 0.5);
    let most = maker.dice.range(1, 4) as i32;
    let most = maker.int(most);
    let mut new = new.with("iou_threshold", overlap).with("max_boxes", most);
    if maker.has("non_maximum_suppression", "score_threshold") {
        let least = maker.scalar(dtype, 0.25);
        new = new.with("score_threshold", least);
    }
    let new = maker.maybe(new, "per_class_suppression", |maker| Ok(maker.any_flag()))?;
    maker.ops(new).map(drop)
}
