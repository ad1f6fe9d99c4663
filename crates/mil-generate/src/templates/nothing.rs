//! Ops that do nothing, or nearly nothing.

use mil_ir::NewOp;
use mil_tensor::{DType, Tensor};

use crate::maker::{FLOATS, Made, Maker, PLAIN};

pub(super) fn noops(maker: &mut Maker) -> Made {
    let numeric = maker.dice.below(12);
    let x = if numeric < 7 { maker.tensor(FLOATS, 1..=4)? } else { maker.tensor(PLAIN, 1..=4)? };
    let (shape, dtype) = (maker.sizes(x), maker.ty(x).dtype().unwrap_or(DType::Fp32));
    let rank = shape.len();
    let off = maker.dice.chance(25);
    let new = match numeric {
        0..=2 => {
            let (kind, neutral) = maker.dice.pick(&[
                ("add", 0.0),
                ("sub", 0.0),
                ("mul", 1.0),
                ("real_div", 1.0),
                ("floor_div", 1.0),
                ("pow", 1.0),
            ]);
            // Negative zero, another number, a shape that broadcasts.
            let number = if off { -neutral } else { neutral };
            let sizes = match maker.dice.below(4) {
                0 => shape.clone(),
                1 => vec![2, 1, 1, 1, 1],
                _ => Vec::new(),
            };
            let sizes = if sizes.len() > 4 && rank > 4 { Vec::new() } else { sizes };
            let count = sizes.iter().product();
            let y = maker.constant(crate::maker::filled(dtype, &sizes, &vec![number; count]));
            let new = NewOp::new(kind);
            if maker.dice.chance(30) { new.with("x", y).with("y", x) } else { new.with("x", x).with("y", y) }
        }
        3 => {
            let mut sides = vec![0; 2 * rank];
            if off {
                sides[1] = 1;
            }
            let sides = maker.ints(&sides);
            NewOp::new("pad").with("x", x).with("pad", sides)
        }
        4 => {
            let (one, zero) = (maker.scalar(dtype, 1.0), maker.scalar(dtype, if off { 0.5 } else { 0.0 }));
            NewOp::new("linear_activation").with("x", x).with("alpha", one).with("beta", zero)
        }
        5 => {
            let reps = maker.ints(&vec![1; rank]);
            NewOp::new("tile").with("x", x).with("reps", reps)
        }
        6 if rank >= 3 => {
            let kind = maker.dice.pick(&["upsample_nearest_neighbor", "upsample_bilinear"]);
            let (one, two) = (maker.int(1), maker.int(if off { 2 } else { 1 }));
            NewOp::new(kind).with("x", x).with("scale_factor_height", one).with("scale_factor_width", two)
        }
        7 => {
            let order: Vec<i32> = (0..rank as i32).collect();
            let order = maker.constant(Tensor::ints(&order));
            NewOp::new("transpose").with("x", x).with("perm", order)
        }
        8 => {
            let sizes: Vec<i32> = shape.iter().map(|&size| size as i32).collect();
            let sizes = maker.ints(&sizes);
            NewOp::new("reshape").with("x", x).with("shape", sizes)
        }
        9 => {
            let begin = maker.ints(&vec![0; rank]);
            let end: Vec<i32> = shape.iter().map(|&size| size as i32).collect();
            let end = maker.ints(&end);
            let stride = maker.ints(&vec![if off { 2 } else { 1 }; rank]);
            NewOp::new("slice_by_index")
                .with("x", x)
                .with("begin", begin)
                .with("end", end)
                .with("stride", stride)
        }
        10 => {
            let begin = maker.ints(&vec![0; rank]);
            let size = maker.ints(&vec![-1; rank]);
            NewOp::new("slice_by_size").with("x", x).with("begin", begin).with("size", size)
        }
        _ => NewOp::new("identity").with("x", x),
    };
    maker.ops(new).map(drop)
}
