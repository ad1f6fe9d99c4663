//! Resampling of images.

use mil_ir::{NewOp, Operand, Release, ValueId};
use mil_tensor::DType;

use crate::maker::{FLOATS, Made, Maker, filled};

fn image(maker: &mut Maker) -> Made<ValueId> {
    maker.tensor(FLOATS, 4..=4)
}

/// A size of the result.
fn size(maker: &mut Maker) -> Operand {
    let size = maker.dice.range(1, 5) as i32;
    maker.int(size)
}

fn dtype_of(maker: &Maker, x: ValueId) -> DType {
    maker.ty(x).dtype().unwrap_or(DType::Fp32)
}

fn bind<const N: usize>(new: NewOp, operands: [(&'static str, Operand); N]) -> NewOp {
    operands.into_iter().fold(new, |new, (param, operand)| new.with(param, operand))
}

pub(crate) fn affine(maker: &mut Maker) -> Made {
    let x = image(maker)?;
    let dtype = dtype_of(maker, x);
    let rows = if maker.dice.chance(50) { 1 } else { maker.sizes(x)[0] };
    let map = maker.numbers(dtype, &[rows, 6]);
    let map =
        if maker.dice.chance(70) { maker.constant(map) } else { maker.value(dtype, &[rows, 6])?.into() };
    let operands = [
        ("transform_matrix", map),
        ("output_height", size(maker)),
        ("output_width", size(maker)),
        ("sampling_mode", maker.choice("affine", "sampling_mode")),
        ("padding_mode", maker.choice("affine", "padding_mode")),
        ("padding_value", maker.scalar(dtype, 0.5)),
        ("coordinates_mode", maker.choice("affine", "coordinates_mode")),
        ("align_corners", maker.any_flag()),
    ];
    maker.ops(bind(NewOp::new("affine").with("x", x), operands)).map(drop)
}

pub(crate) fn resample(maker: &mut Maker) -> Made {
    let x = image(maker)?;
    let dtype = dtype_of(maker, x);
    let grid = [maker.sizes(x)[0], maker.dice.range(1, 4), maker.dice.range(1, 4), 2];
    let kind = maker.dtype("resample", "coordinates", crate::maker::NUMBERS);
    let coordinates = if maker.dice.chance(50) {
        let numbers = maker.numbers(kind, &grid);
        maker.constant(numbers)
    } else {
        maker.value(kind, &grid)?.into()
    };
    // Integers are positions of pixels.
    let mode = match kind {
        DType::Int32 => maker.text("unnormalized"),
        _ => maker.choice("resample", "coordinates_mode"),
    };
    let operands = [
        ("coordinates", coordinates),
        ("sampling_mode", maker.choice("resample", "sampling_mode")),
        ("padding_mode", maker.choice("resample", "padding_mode")),
        ("padding_value", maker.scalar(dtype, 0.5)),
        ("coordinates_mode", mode),
        ("align_corners", maker.any_flag()),
    ];
    maker.ops(bind(NewOp::new("resample").with("x", x), operands)).map(drop)
}

pub(crate) fn crop(maker: &mut Maker) -> Made {
    let x = image(maker)?;
    let shape = maker.sizes(x);
    let mut cut = |size: usize| {
        let before = maker.dice.below(size);
        let after = maker.dice.below(size - before);
        maker.ints(&[before as i32, after as i32])
    };
    let operands = [("crop_height", cut(shape[2])), ("crop_width", cut(shape[3]))];
    maker.ops(bind(NewOp::new("crop").with("x", x), operands)).map(drop)
}

pub(crate) fn crop_resize(maker: &mut Maker) -> Made {
    let x = image(maker)?;
    let (dtype, shape) = (dtype_of(maker, x), maker.sizes(x));
    let count = maker.dice.range(1, 3);
    // Corners in order, inside the image or a little outside.
    let mut corners = Vec::new();
    for _ in 0..count {
        let (top, left) = (maker.dice.below(3) as f64 / 2.0, maker.dice.below(3) as f64 / 2.0);
        corners.push([
            top,
            left,
            top + 0.5 * maker.dice.range(1, 4) as f64,
            left + 0.5 * maker.dice.range(1, 4) as f64,
        ]);
    }
    let mut new = NewOp::new("crop_resize").with("x", x);
    if maker.target >= Release::IOS17 {
        let boxes = filled(dtype, &[count, 4], &corners.concat());
        let boxes = maker.constant(boxes);
        let images = maker.indices(DType::Int32, &[count], shape[0])?;
        new = new.with("boxes", boxes);
        // Without them, each box is of an image of its own.
        if count > shape[0] || maker.dice.chance(60) {
            let images = non_negative(maker, images, count, shape[0]);
            new = new.with("box_indices", images);
        }
    } else {
        let mut rows = Vec::new();
        for corner in &corners {
            rows.push(maker.dice.below(shape[0]) as f64);
            rows.extend(corner);
        }
        let roi = filled(dtype, &[count, 1, 5, 1, 1], &rows);
        let roi = maker.constant(roi);
        new = new.with("roi", roi);
    }
    new = new.with("target_height", size(maker)).with("target_width", size(maker));
    let new = maker.maybe(new, "normalized_coordinates", |maker| Ok(maker.any_flag()))?;
    let new = maker.maybe(new, "spatial_scale", |maker| Ok(maker.scalar(DType::Fp32, 0.5)))?;
    let new = maker
        .maybe(new, "box_coordinate_mode", |maker| Ok(maker.choice("crop_resize", "box_coordinate_mode")))?;
    let new = maker.maybe(new, "sampling_mode", |maker| Ok(maker.choice("crop_resize", "sampling_mode")))?;
    let new = maker.maybe(new, "pad_value", |maker| Ok(maker.scalar(dtype, 0.25)))?;
    maker.ops(new).map(drop)
}

/// Images are counted from the front only.
fn non_negative(maker: &mut Maker, images: Operand, count: usize, bound: usize) -> Operand {
    match images {
        Operand::Value(value) if maker.graph().const_literal(value).is_none() => images,
        _ => {
            let numbers: Vec<f64> = (0..count).map(|_| maker.dice.below(bound) as f64).collect();
            maker.constant(filled(DType::Int32, &[count], &numbers))
        }
    }
}

pub(crate) fn resize(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 3..=5)?;
    let rank = maker.sizes(x).len();
    let count = maker.dice.range(1, 2.min(rank - 1));
    // 0 keeps an axis.
    let sizes: Vec<f64> = (0..count).map(|_| maker.dice.below(6) as f64).collect();
    let kind = maker.dice.pick(&[DType::Int32, DType::Int32, DType::Uint32, DType::Int16]);
    let sizes = maker.constant(filled(kind, &[count], &sizes));
    let dims = maker.scalar(DType::Uint32, count as f64);
    let new = NewOp::new("resize").with("x", x).with("shape", sizes).with("resized_dims", dims);
    let new =
        maker.maybe(new, "interpolation_mode", |maker| Ok(maker.choice("resize", "interpolation_mode")))?;
    let new = maker.maybe(new, "sampling_mode", |maker| Ok(maker.choice("resize", "sampling_mode")))?;
    maker.ops(new).map(drop)
}

pub(crate) fn resize_bilinear(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 3..=5)?;
    let (height, width) = (size(maker), size(maker));
    let new = NewOp::new("resize_bilinear").with("x", x).with("target_size_height", height);
    let new = new.with("target_size_width", width);
    let new =
        maker.maybe(new, "sampling_mode", |maker| Ok(maker.choice("resize_bilinear", "sampling_mode")))?;
    maker.ops(new).map(drop)
}

pub(crate) fn resize_nearest_neighbor(maker: &mut Maker) -> Made {
    let x = maker.tensor(FLOATS, 3..=5)?;
    let (height, width) = (size(maker), size(maker));
    let new = NewOp::new("resize_nearest_neighbor").with("x", x).with("target_size_height", height);
    maker.ops(new.with("target_size_width", width)).map(drop)
}

/// Factors of one type: whole ones, or fractions too.
fn factors(maker: &mut Maker) -> [(&'static str, Operand); 2] {
    let fractions = maker.dice.chance(50);
    ["scale_factor_height", "scale_factor_width"].map(|param| {
        let operand = match fractions {
            true => {
                let factor = maker.dice.pick(&[0.5, 1.0, 1.5, 2.0]);
                maker.scalar(DType::Fp32, factor)
            }
            false => {
                let factor = maker.dice.range(1, 3) as i32;
                maker.int(factor)
            }
        };
        (param, operand)
    })
}

/// An image whose sizes remain positive when they are halved.
fn even_image(maker: &mut Maker) -> Made<ValueId> {
    let dtype = maker.float();
    let shape = [
        maker.dice.range(1, 2),
        maker.dice.range(1, 3),
        2 * maker.dice.range(1, 2),
        2 * maker.dice.range(1, 2),
    ];
    maker.value(dtype, &shape)
}

pub(crate) fn upsample_bilinear(maker: &mut Maker) -> Made {
    let x = even_image(maker)?;
    let factors = factors(maker);
    let new = bind(NewOp::new("upsample_bilinear").with("x", x), factors);
    let corners = maker.dice.chance(50);
    let flag = maker.flag(corners);
    let mut new = new.with("align_corners", flag);
    if maker.has("upsample_bilinear", "half_pixel_centers") && maker.dice.chance(50) {
        let flag = maker.flag(!corners);
        new = new.with("half_pixel_centers", flag);
    }
    maker.ops(new).map(drop)
}

pub(crate) fn upsample_nearest_neighbor(maker: &mut Maker) -> Made {
    let x = even_image(maker)?;
    let factors = factors(maker);
    maker.ops(bind(NewOp::new("upsample_nearest_neighbor").with("x", x), factors)).map(drop)
}
