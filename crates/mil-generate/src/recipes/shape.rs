//! Other shapes of the same elements, and parts of tensors.

use mil_ir::{NewOp, Operand, ValueId};
use mil_tensor::{DType, Tensor};

use crate::maker::{Made, Maker, PLAIN, divisors};

pub(crate) fn expand_dims(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 0..=3)?;
    let rank = maker.sizes(x).len();
    let count = maker.dice.range(1, 2);
    let mut axes: Vec<i32> = (0..(rank + count) as i32).collect();
    maker.shuffle(&mut axes);
    axes.truncate(count);
    axes.sort_unstable();
    if maker.dice.chance(30) {
        axes.iter_mut().for_each(|axis| *axis -= (rank + count) as i32);
    }
    let axes = maker.ints(&axes);
    maker.ops(NewOp::new("expand_dims").with("x", x).with("axes", axes)).map(drop)
}

pub(crate) fn squeeze(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 1..=5)?;
    let shape = maker.sizes(x);
    let mut ones: Vec<i32> =
        (0..shape.len()).filter(|&axis| shape[axis] == 1).map(|axis| axis as i32).collect();
    if ones.is_empty() {
        return expand_dims(maker);
    }
    maker.shuffle(&mut ones);
    ones.truncate(maker.dice.range(1, ones.len()));
    let new = NewOp::new("squeeze").with("x", x);
    let new = maker.maybe(new, "axes", |maker| Ok(maker.ints(&ones)))?;
    maker.ops(new).map(drop)
}

/// Sizes for so many elements.
fn refactored(maker: &mut Maker, mut count: usize) -> Vec<usize> {
    let mut shape = Vec::new();
    for _ in 0..maker.dice.below(4) {
        let size = maker.dice.pick(&divisors(count));
        shape.push(size);
        count /= size;
    }
    shape.push(count);
    maker.shuffle(&mut shape);
    shape
}

pub(crate) fn reshape(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 1..=5)?;
    reshape_of(maker, x).map(drop)
}

/// `x` in another shape; sometimes with a size left open, or copied by a 0.
pub(crate) fn reshape_of(maker: &mut Maker, x: ValueId) -> Made<ValueId> {
    let old = maker.sizes(x);
    let shape = refactored(maker, old.iter().product());
    let mut sizes: Vec<i32> = shape.iter().map(|&size| size as i32).collect();
    match maker.dice.below(6) {
        0 => {
            let at = maker.dice.below(sizes.len());
            sizes[at] = -1;
        }
        // What a 0 copies where the ranks differ depends on the release.
        1 if old.len() == shape.len() => {
            for (at, size) in sizes.iter_mut().enumerate() {
                if old.get(at) == Some(&shape[at]) {
                    *size = 0;
                }
            }
        }
        _ => {}
    }
    let sizes = maker.ints(&sizes);
    maker.op(NewOp::new("reshape").with("x", x).with("shape", sizes))
}

pub(crate) fn reshape_like(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 1..=4)?;
    let shape = maker.sizes(x);
    let cut = maker.dice.below(shape.len() + 1);
    let dtype = maker.float();
    // The front of one tensor, the back of another.
    let (front, back) = (maker.value(dtype, &shape)?, maker.value(dtype, &shape)?);
    let to_end = maker.dice.chance(50);
    let number = |maker: &mut Maker, value: usize| maker.int(value as i32);
    let begins = [number(maker, 0), number(maker, cut)];
    let ends = [number(maker, cut), number(maker, if to_end { 0 } else { shape.len() })];
    let open = [maker.flag(false), maker.flag(to_end)];
    let new = NewOp::new("reshape_like").with("x", x).with_all("ref_tensors", [front.into(), back.into()]);
    maker.ops(new.with_all("begins", begins).with_all("ends", ends).with_all("end_masks", open)).map(drop)
}

pub(crate) fn reverse_sequence(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 2..=4)?;
    let shape = maker.sizes(x);
    let mut axes: Vec<usize> = (0..shape.len()).collect();
    maker.shuffle(&mut axes);
    let (sequence, batch) = (axes[0], axes[1]);
    let lengths: Vec<i32> = (0..shape[batch]).map(|_| maker.dice.range(0, shape[sequence]) as i32).collect();
    let (lengths, sequence, batch) =
        (maker.ints(&lengths), maker.int(sequence as i32), maker.int(batch as i32));
    let new = NewOp::new("reverse_sequence").with("x", x).with("lengths", lengths);
    maker.ops(new.with("seq_axis", sequence).with("batch_axis", batch)).map(drop)
}

/// A slice that is not empty: operands, and the shape it has.
fn slice(maker: &mut Maker, mut new: NewOp, shape: &[usize], squeezes: bool) -> (NewOp, Vec<usize>) {
    let (mut begin, mut end, mut stride) = (Vec::new(), Vec::new(), Vec::new());
    let (mut open_begin, mut open_end, mut squeeze) = (Vec::new(), Vec::new(), Vec::new());
    let mut result = Vec::new();
    let (masked, strided) = (maker.dice.chance(50), maker.dice.chance(40));
    for &size in shape {
        let step = if strided { maker.dice.range(1, 2) } else { 1 };
        let one = squeezes && masked && maker.dice.chance(20);
        let (first_open, last_open) =
            (masked && !one && maker.dice.chance(40), masked && !one && maker.dice.chance(40));
        let first = if first_open { 0 } else { maker.dice.below(size) };
        let last = if one {
            first + 1
        } else if last_open {
            size
        } else {
            maker.dice.range(first + 1, size)
        };
        let signed = |maker: &mut Maker, at: usize| {
            // The end of the axis cannot be counted from the end.
            if at < size && maker.dice.chance(30) { at as i32 - size as i32 } else { at as i32 }
        };
        let written = if first_open { maker.dice.below(3) } else { first };
        begin.push(if first_open { written as i32 } else { signed(maker, first) });
        end.push(if last_open { 0 } else { signed(maker, last) });
        stride.push(step as i32);
        open_begin.push(first_open);
        open_end.push(last_open);
        squeeze.push(one);
        if !one {
            result.push((last - first).div_ceil(step));
        }
    }
    let (begin, end) = (maker.ints(&begin), maker.ints(&end));
    new = new.with("begin", begin).with("end", end);
    if strided {
        let stride = maker.ints(&stride);
        new = new.with("stride", stride);
    }
    if masked {
        for (param, mask) in
            [("begin_mask", &open_begin), ("end_mask", &open_end), ("squeeze_mask", &squeeze)]
        {
            if mask.contains(&true) || maker.dice.chance(30) {
                let mask = flags(maker, mask);
                new = new.with(param, mask);
            }
        }
    }
    (new, result)
}

fn flags(maker: &mut Maker, flags: &[bool]) -> Operand {
    let values: Vec<f64> = flags.iter().map(|&flag| f64::from(u8::from(flag))).collect();
    maker.constant(crate::maker::filled(DType::Bool, &[flags.len()], &values))
}

pub(crate) fn slice_by_index(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 1..=5)?;
    let shape = maker.sizes(x);
    let (new, _) = slice(maker, NewOp::new("slice_by_index").with("x", x), &shape, true);
    maker.ops(new).map(drop)
}

pub(crate) fn slice_update(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 1..=4)?;
    let (shape, dtype) = (maker.sizes(x), maker.ty(x).dtype().unwrap_or(DType::Fp32));
    let (new, sizes) = slice(maker, NewOp::new("slice_update").with("x", x), &shape, false);
    let update = maker.value(dtype, &sizes)?;
    maker.ops(new.with("update", update)).map(drop)
}

pub(crate) fn slice_by_size(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 1..=4)?;
    let (mut begin, mut sizes) = (Vec::new(), Vec::new());
    for size in maker.sizes(x) {
        let first = maker.dice.below(size);
        begin.push(first as i32);
        let length = maker.dice.range(1, size - first) as i32;
        // -1: to the end.
        sizes.push(if maker.dice.chance(30) { -1 } else { length });
    }
    let (begin, sizes) = (maker.ints(&begin), maker.ints(&sizes));
    maker.ops(NewOp::new("slice_by_size").with("x", x).with("begin", begin).with("size", sizes)).map(drop)
}

pub(crate) fn sliding_windows(maker: &mut Maker) -> Made {
    let dtypes = [DType::Fp32, DType::Fp16, DType::Int32];
    let x = maker.tensor(&dtypes, 1..=4)?;
    let shape = maker.sizes(x);
    let (axis, operand) = maker.axis(shape.len());
    let size = maker.dice.range(1, shape[axis]) as i32;
    let size = maker.int(size);
    let new = NewOp::new("sliding_windows").with("x", x).with("axis", operand).with("size", size);
    let new = maker.maybe(new, "stride", |maker| Ok(maker.int(2)))?;
    maker.ops(new).map(drop)
}

pub(crate) fn transpose(maker: &mut Maker) -> Made {
    let x = maker.tensor(PLAIN, 1..=5)?;
    transpose_of(maker, x).map(drop)
}

/// `x` with its axes in any order.
pub(crate) fn transpose_of(maker: &mut Maker, x: ValueId) -> Made<ValueId> {
    let rank = maker.sizes(x).len();
    let mut order: Vec<i32> = (0..rank as i32).collect();
    maker.shuffle(&mut order);
    if maker.dice.chance(20) {
        order.iter_mut().for_each(|axis| *axis -= rank as i32);
    }
    let order = maker.constant(Tensor::ints(&order));
    maker.op(NewOp::new("transpose").with("x", x).with("perm", order))
}
