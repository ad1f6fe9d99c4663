//! Images as values: batch, channels, height, width.

use mil_ir::{
    ArrayFeature, ColorSpace, Dim, Flexibility, Graph, ImageFeature, NewOp, Opset, Shape, SizeFlexibility,
    SizeRange, Type, ValueId,
};
use mil_pass::{PassError, Rewrite};
use mil_tensor::Tensor;

use super::casts::first_op;

/// Channels of an image.
pub(super) fn channels(space: ColorSpace) -> u64 {
    match space {
        ColorSpace::Grayscale | ColorSpace::GrayscaleFloat16 => 1,
        ColorSpace::Rgb | ColorSpace::Bgr => 3,
    }
}

/// The value cannot be this image as it is, but could if its last axis came second.
pub(super) fn has_channels_last(ty: &Type, image: &ImageFeature) -> bool {
    let Some(space) = image.color_space() else { return false };
    let Some([batch, height, width, last]) = ty.dims() else { return false };
    let may_be = |dim: &Dim, size: i64| dim.fixed().is_none_or(|fixed| i64::try_from(fixed) == Ok(size));
    let is_first = height.fixed().is_none_or(|fixed| fixed == channels(space))
        && last.fixed().is_none_or(|fixed| i64::try_from(fixed) == Ok(image.width));
    batch.fixed().is_none_or(|fixed| fixed == 1)
        && last.fixed() == Some(channels(space))
        && !is_first
        && (image.flexibility.is_some() || may_be(height, image.height) && may_be(width, image.width))
}

/// Gives an input of batch, height, width, channels the order of images. The ops that take it get what they
/// had from a `transpose`, which is the answer where there is one.
pub(super) fn put_channels_first(graph: &mut Graph, opset: &Opset, input: ValueId) -> Result<(), PassError> {
    let (name, ty) = (graph.value(input).name().clone(), graph.value(input).ty().clone());
    let (Some([batch, height, width, channels]), Some(dtype)) = (ty.dims(), ty.dtype()) else {
        return Ok(());
    };
    let first = [batch, channels, height, width].into_iter().cloned().collect();
    if graph.is_output(input) {
        return Err(PassError::Refused(format!("{name} is an input and an output: its layout stays")));
    }
    let before = first_op(graph);
    graph.retype(input, Type::tensor(dtype, Shape::Ranked(first)));
    // As coremltools calls it.
    let label = format!("{name}__transpose_from_nchw__");
    let mut rw = Rewrite::new(graph, opset);
    let perm = rw.tensor(&format!("{label}perm_0"), Tensor::ints(&[0, 2, 3, 1]), before);
    let transpose = NewOp::new("transpose").named(label).with("x", input).with("perm", perm);
    let value = rw.emit_one(transpose, before)?;
    let op = graph.definition(value);
    graph.replace_uses_if(input, value, |user| Some(user) != op);
    Ok(())
}

/// The image that an array of batch, channels, height, width is, with the sizes that it may have; or why it
/// is none.
pub(super) fn image_of(array: &ArrayFeature, ty: &Type, space: ColorSpace) -> Result<ImageFeature, String> {
    let wanted = channels(space);
    let refuse = || format!("a {ty} is not an image of batch 1, {wanted} channels, height and width");
    let Some([batch, found, height, width]) = ty.dims() else { return Err(refuse()) };
    if batch.fixed() != Some(1) || found.fixed() != Some(wanted) {
        return Err(refuse());
    }
    let default = |axis: usize, dim: &Dim| {
        let declared = array.shape.get(axis).copied();
        dim.fixed().and_then(|size| i64::try_from(size).ok()).or(declared)
    };
    let (Some(height), Some(width)) = (default(2, height), default(3, width)) else { return Err(refuse()) };
    let side = |size: i64| u64::try_from(size).map_err(|_| refuse());
    let flexibility = match &array.flexibility {
        None => None,
        Some(Flexibility::Enumerated(shapes)) => {
            let size = |shape: &Vec<i64>| match shape[..] {
                [_, _, height, width] => Ok((side(width)?, side(height)?)),
                _ => Err(refuse()),
            };
            Some(SizeFlexibility::Enumerated(shapes.iter().map(size).collect::<Result<_, _>>()?))
        }
        Some(Flexibility::Ranges(ranges)) => match ranges[..] {
            [_, _, height, width] if height.only().is_none() || width.only().is_none() => {
                Some(SizeFlexibility::Range(Some(width), Some(height)))
            }
            [_, _, _, _] => None,
            _ => return Err(refuse()),
        },
    };
    Ok(ImageFeature { width, height, color: space.number(), flexibility })
}

/// The array that an image is.
pub(super) fn array_of(image: &ImageFeature, ty: &Type) -> Option<ArrayFeature> {
    let space = image.color_space()?;
    let channels = i64::try_from(channels(space)).ok()?;
    let shape = |width: i64, height: i64| vec![1, channels, height, width];
    let one = |size: i64| SizeRange { lower: size as u64, upper: size };
    let flexibility = match &image.flexibility {
        None => None,
        Some(SizeFlexibility::Enumerated(sizes)) => {
            let wide = |&(width, height): &(u64, u64)| {
                Some(shape(i64::try_from(width).ok()?, i64::try_from(height).ok()?))
            };
            Some(Flexibility::Enumerated(sizes.iter().map(wide).collect::<Option<_>>()?))
        }
        Some(SizeFlexibility::Range(width, height)) => Some(Flexibility::Ranges(vec![
            one(1),
            one(channels),
            height.unwrap_or(one(image.height)),
            width.unwrap_or(one(image.width)),
        ])),
    };
    let array = ArrayFeature::new(ty.dtype()?, shape(image.width, image.height))?;
    Some(ArrayFeature { flexibility, ..array })
}
