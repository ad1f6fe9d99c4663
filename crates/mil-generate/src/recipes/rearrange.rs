//! Blocks of pixels and the batch or the channels.

use mil_ir::{NewOp, ValueId};
use mil_tensor::{DType, Tensor};

use crate::maker::{Made, Maker, filled};

/// An image of these sizes.
fn image(maker: &mut Maker, shape: [usize; 4]) -> Made<ValueId> {
    let dtype = maker.float();
    maker.value(dtype, &shape)
}

fn small(maker: &mut Maker) -> usize {
    maker.dice.range(1, 3)
}

/// An op on channels that are a multiple of the block's area.
fn to_space(maker: &mut Maker, kind: &'static str, param: &'static str) -> Made {
    let block = maker.dice.range(1, 2);
    let shape = [small(maker), block * block * small(maker), small(maker), small(maker)];
    let x = image(maker, shape)?;
    let block = maker.int(block as i32);
    maker.ops(NewOp::new(kind).with("x", x).with(param, block)).map(drop)
}

pub(crate) fn depth_to_space(maker: &mut Maker) -> Made {
    to_space(maker, "depth_to_space", "block_size")
}

pub(crate) fn pixel_shuffle(maker: &mut Maker) -> Made {
    to_space(maker, "pixel_shuffle", "upscale_factor")
}

/// An image whose sides are multiples of a number.
fn tiled(maker: &mut Maker) -> Made<(ValueId, usize)> {
    let block = maker.dice.range(1, 3);
    let shape = [small(maker), small(maker), block * maker.dice.range(1, 2), block * maker.dice.range(1, 2)];
    Ok((image(maker, shape)?, block))
}

pub(crate) fn space_to_depth(maker: &mut Maker) -> Made {
    let (x, block) = tiled(maker)?;
    let block = maker.int(block as i32);
    maker.ops(NewOp::new("space_to_depth").with("x", x).with("block_size", block)).map(drop)
}

pub(crate) fn pixel_unshuffle(maker: &mut Maker) -> Made {
    let (x, block) = tiled(maker)?;
    let block = maker.scalar(DType::Uint32, block as f64);
    maker.ops(NewOp::new("pixel_unshuffle").with("x", x).with("downscale_factor", block)).map(drop)
}

/// Two numbers for each of two axes.
fn sides(values: [usize; 4]) -> Tensor {
    filled(DType::Int32, &[2, 2], &values.map(|value| value as f64))
}

pub(crate) fn space_to_batch(maker: &mut Maker) -> Made {
    let (x, block) = tiled(maker)?;
    let shape = maker.dice.chance(50);
    // Padding that keeps the sides multiples of the block.
    let padding = if shape { [0, block, block, 0] } else { [0; 4] };
    let (sizes, padding) = (maker.ints(&[block as i32; 2]), maker.constant(sides(padding)));
    let new = NewOp::new("space_to_batch").with("x", x).with("block_shape", sizes).with("paddings", padding);
    maker.ops(new).map(drop)
}

pub(crate) fn batch_to_space(maker: &mut Maker) -> Made {
    let block = [maker.dice.range(1, 3), maker.dice.range(1, 3)];
    let shape = [block[0] * block[1] * maker.dice.range(1, 2), small(maker), small(maker), small(maker)];
    let x = image(maker, shape)?;
    let mut crop = |axis: usize| {
        let length = block[axis] * shape[2 + axis];
        let before = maker.dice.below(length);
        [before, maker.dice.below(length - before)]
    };
    let ([top, bottom], [left, right]) = (crop(0), crop(1));
    let crops = maker.constant(sides([top, bottom, left, right]));
    let sizes = maker.ints(&block.map(|size| size as i32));
    let new = NewOp::new("batch_to_space").with("x", x).with("block_shape", sizes).with("crops", crops);
    maker.ops(new).map(drop)
}
