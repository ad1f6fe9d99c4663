//! Indexing with tensors.

use mil_ir::{NewOp, Operand, ValueId};
use mil_tensor::DType;

use crate::maker::{Made, Maker, NUMBERS, filled};

const INDICES: &[DType] = &[DType::Int32, DType::Int32, DType::Int16, DType::Uint16];

fn dtype_of(maker: &Maker, x: ValueId) -> DType {
    maker.ty(x).dtype().unwrap_or(DType::Fp32)
}

/// A shape of few axes for indices.
fn places(maker: &mut Maker, least: usize) -> Vec<usize> {
    let rank = maker.dice.range(least, 2);
    (0..rank).map(|_| maker.dice.range(1, 3)).collect()
}

fn validated(maker: &mut Maker, new: NewOp) -> Made<NewOp> {
    maker.maybe(new, "validate_indices", |maker| Ok(maker.any_flag()))
}

pub(crate) fn gather(maker: &mut Maker) -> Made {
    let x = maker.tensor(NUMBERS, 1..=4)?;
    let shape = maker.sizes(x);
    let (axis, operand) = maker.axis(shape.len());
    let mut sizes = places(maker, 0);
    let batched = axis > 0 && maker.has("gather", "batch_dims") && maker.dice.chance(30);
    let batch = if batched { maker.dice.range(1, axis) } else { 0 };
    sizes.splice(0..0, shape[..batch].iter().copied());
    let dtype = maker.dtype("gather", "indices", INDICES);
    let indices = maker.indices(dtype, &sizes, shape[axis])?;
    let mut new = NewOp::new("gather").with("x", x).with("indices", indices);
    if axis != 0 || maker.dice.chance(50) {
        new = new.with("axis", operand);
    }
    if batch > 0 {
        let batch = maker.int(batch as i32);
        new = new.with("batch_dims", batch);
    }
    let new = validated(maker, new)?;
    maker.ops(new).map(drop)
}

pub(crate) fn gather_along_axis(maker: &mut Maker) -> Made {
    let x = maker.tensor(NUMBERS, 1..=4)?;
    let shape = maker.sizes(x);
    let (axis, operand) = maker.axis(shape.len());
    let mut sizes = shape.clone();
    sizes[axis] = maker.dice.range(1, 4);
    let dtype = maker.dtype("gather_along_axis", "indices", INDICES);
    let indices = maker.indices(dtype, &sizes, shape[axis])?;
    let new = NewOp::new("gather_along_axis").with("x", x).with("indices", indices).with("axis", operand);
    let new = validated(maker, new)?;
    maker.ops(new).map(drop)
}

/// Index tuples into the first axes of a shape, behind some axes of the batch: the sizes of the tensor of
/// tuples, and the tuples.
fn tuples(maker: &mut Maker, dtype: DType, shape: &[usize], batch: usize) -> (Vec<usize>, usize, Operand) {
    let depth = maker.dice.range(1, shape.len() - batch);
    let mut sizes: Vec<usize> = shape[..batch].to_vec();
    sizes.extend(places(maker, 1));
    // Neither the tuples nor what they find has more than five axes.
    sizes.truncate(4.min(5 - (shape.len() - batch - depth)));
    let count: usize = sizes.iter().product();
    let mut values = Vec::new();
    for _ in 0..count {
        for &size in &shape[batch..batch + depth] {
            values.push(maker.dice.below(size) as f64);
        }
    }
    sizes.push(depth);
    let tensor = filled(dtype, &sizes, &values);
    sizes.pop();
    (sizes, depth, maker.constant(tensor))
}

pub(crate) fn gather_nd(maker: &mut Maker) -> Made {
    let x = maker.tensor(NUMBERS, 1..=4)?;
    let shape = maker.sizes(x);
    let batched = shape.len() > 1 && maker.has("gather_nd", "batch_dims") && maker.dice.chance(30);
    let batch = if batched { maker.dice.range(1, shape.len() - 1) } else { 0 };
    let dtype = maker.dtype("gather_nd", "indices", INDICES);
    let (_, _, indices) = tuples(maker, dtype, &shape, batch);
    let mut new = NewOp::new("gather_nd").with("x", x).with("indices", indices);
    if batch > 0 {
        let batch = maker.int(batch as i32);
        new = new.with("batch_dims", batch);
    }
    let new = validated(maker, new)?;
    maker.ops(new).map(drop)
}

/// Binds `mode`; never `div`, as updates may be 0 and integers then have no quotient.
fn with_mode(maker: &mut Maker, new: NewOp) -> Made<NewOp> {
    let mode = maker.dice.pick(&["update", "add", "sub", "mul", "max", "min"]);
    let new = maker.maybe(new, "mode", |maker| Ok(maker.text(mode)))?;
    validated(maker, new)
}

pub(crate) fn scatter(maker: &mut Maker) -> Made {
    let data = maker.tensor(NUMBERS, 1..=4)?;
    let shape = maker.sizes(data);
    let (axis, operand) = maker.axis(shape.len());
    // Places that differ, so that the order of updates does not matter.
    let mut places: Vec<usize> = (0..shape[axis]).collect();
    maker.shuffle(&mut places);
    places.truncate(maker.dice.range(1, shape[axis]));
    let numbers: Vec<f64> = places.iter().map(|&place| place as f64).collect();
    let indices = maker.constant(filled(DType::Int32, &[places.len()], &numbers));
    let mut sizes = shape.clone();
    sizes[axis] = places.len();
    let updates = maker.value(dtype_of(maker, data), &sizes)?;
    let new = NewOp::new("scatter").with("data", data).with("indices", indices).with("updates", updates);
    let new = with_mode(maker, new.with("axis", operand))?;
    maker.ops(new).map(drop)
}

pub(crate) fn scatter_along_axis(maker: &mut Maker) -> Made {
    let data = maker.tensor(NUMBERS, 1..=4)?;
    let shape = maker.sizes(data);
    let (axis, operand) = maker.axis(shape.len());
    // The same permutation of the axis everywhere.
    let inner: usize = shape[axis + 1..].iter().product();
    let mut order: Vec<usize> = (0..shape[axis]).collect();
    maker.shuffle(&mut order);
    let count: usize = shape.iter().product();
    let values: Vec<f64> = (0..count).map(|at| order[at / inner % shape[axis]] as f64).collect();
    let indices = maker.constant(filled(DType::Int32, &shape, &values));
    let updates = maker.value(dtype_of(maker, data), &shape)?;
    let new = NewOp::new("scatter_along_axis").with("data", data).with("indices", indices);
    let new = with_mode(maker, new.with("updates", updates).with("axis", operand))?;
    maker.ops(new).map(drop)
}

pub(crate) fn scatter_nd(maker: &mut Maker) -> Made {
    let data = maker.tensor(NUMBERS, 1..=4)?;
    let shape = maker.sizes(data);
    let (mut sizes, depth, indices) = tuples(maker, DType::Int32, &shape, 0);
    sizes.extend(&shape[depth..]);
    let updates = maker.value(dtype_of(maker, data), &sizes)?;
    let new = NewOp::new("scatter_nd").with("data", data).with("indices", indices).with("updates", updates);
    let new = with_mode(maker, new)?;
    maker.ops(new).map(drop)
}
