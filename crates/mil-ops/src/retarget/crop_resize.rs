//! `crop_resize`: boxes are a tensor of rank 5 until iOS16, and rows with the numbers of their images from
//! iOS17 on. What lies beyond an image is its edge before iOS16, and `pad_value` since.

use mil_ir::{NewOp, Operand};
use mil_tensor::{DType, Tensor};

use super::Site;

/// Between iOS15 and iOS16 only boxes that stay within the image mean the same.
pub(super) fn across_padding(site: &mut Site<'_>) -> Result<(), String> {
    if !stays_within(site).unwrap_or(false) {
        return Err(
            "what lies beyond the image is its edge before iOS16 and pad_value since, and the boxes are not \
                    known to stay within"
                .into(),
        );
    }
    site.drop("pad_value");
    Ok(())
}

/// Every box is a constant within the image.
fn stays_within(site: &Site<'_>) -> Option<bool> {
    let call = site.call().ok()?;
    let boxes = call.constant("roi")?.to_f64s().ok()?;
    let &[_, _, height, width] = &call.ty("x")?.fixed_shape()?[..] else { return None };
    let parts =
        usize::try_from(call.dims_of("roi")?.get(2)?.fixed()?).ok().filter(|parts| [4, 5].contains(parts))?;
    let normalized = call.bool("normalized_coordinates").ok()?;
    let scale = call.value("spatial_scale")?.item_f64()?;
    let mode = call.string("box_coordinate_mode").ok()?;
    let extent = [height as f64 - 1.0, width as f64 - 1.0];
    Some(boxes.chunks(parts).all(|row| {
        let &[a, b, c, d] = &row[parts - 4..] else { return false };
        let corners = match mode {
            "CORNERS_HEIGHT_FIRST" => [a, b, c, d],
            "CORNERS_WIDTH_FIRST" => [b, a, d, c],
            "CENTER_SIZE_HEIGHT_FIRST" => [a - c / 2.0, b - d / 2.0, a + c / 2.0, b + d / 2.0],
            "CENTER_SIZE_WIDTH_FIRST" => [b - d / 2.0, a - c / 2.0, b + d / 2.0, a + c / 2.0],
            _ => return false,
        };
        corners.iter().enumerate().all(|(at, &corner)| {
            let extent = extent[at % 2];
            let pixel = corner * scale * if normalized { extent } else { 1.0 };
            (0.0..=extent).contains(&pixel)
        })
    }))
}

/// Rows of boxes and the number of the image of each.
pub(super) fn raise(site: &mut Site<'_>) -> Result<(), String> {
    let call = site.call()?;
    let dims = call.dims("roi").map_err(|error| error.to_string())?.ok_or("roi has no known shape")?;
    let [count, _, parts, _, _] = dims else { return Err("roi does not have rank 5".into()) };
    let (count, parts) = (count.fixed(), parts.fixed().ok_or("the size of a box is not known")?);
    let batch = call.dims_of("x").and_then(|dims| dims.first()).and_then(|dim| dim.fixed());
    let roi = call.operand("roi").cloned().ok_or("roi is missing")?;
    let new = site.like(&["roi"]);
    let known = call.constant("roi");
    let flat = |width: i32| Tensor::ints(&[-1, width]);
    if let (5, Some(roi)) = (parts, known) {
        // Known boxes stay so: what asks whether they lie within the image can still tell.
        let [boxes, images] = taken_apart(&roi)?;
        let cropped = site.emit(new.with("boxes", boxes).with("box_indices", images))?;
        return with_axis(site, cropped[0]);
    }
    if parts == 5 {
        let rows = site.one("rows", NewOp::new("reshape").with("x", roi).with("shape", flat(5)))?;
        let mask = |values: [bool; 2]| Tensor::from_bools(&[2], &values).map_err(|error| error.to_string());
        let (to_the_end, squeezed) = (mask([true, false])?, mask([false, true])?);
        let cut = |begin: i32, end: i32| {
            NewOp::new("slice_by_index")
                .with("x", rows)
                .with("begin", Tensor::ints(&[0, begin]))
                .with("end", Tensor::ints(&[0, end]))
                .with("end_mask", to_the_end.clone())
        };
        let boxes = site.one("boxes", cut(1, 5))?;
        let images = cut(0, 1).with("squeeze_mask", squeezed);
        let images = site.one("images", images)?;
        let images = NewOp::new("cast").with("x", images).with("dtype", Tensor::string("int32"));
        let images = site.one("box_indices", images)?;
        let cropped = site.emit(new.with("boxes", boxes).with("box_indices", images))?;
        return with_axis(site, cropped[0]);
    }
    // Each box is cut from every image.
    let (Some(count), Some(batch)) = (count, batch) else {
        return Err("each box is cut from every image, and the number of boxes or images is not fixed".into());
    };
    let size = |number: u64| i32::try_from(number).map_err(|_| "there are too many boxes".to_owned());
    let (count, batch) = (size(count)?, size(batch)?);
    let rows =
        site.one("rows", NewOp::new("reshape").with("x", roi).with("shape", Tensor::ints(&[count, 1, 4])))?;
    let rows = NewOp::new("tile").with("x", rows).with("reps", Tensor::ints(&[1, batch, 1]));
    let rows = site.one("rows_of_images", rows)?;
    let boxes = site.one("boxes", NewOp::new("reshape").with("x", rows).with("shape", flat(4)))?;
    let all = usize::try_from(i64::from(count) * i64::from(batch)).ok().filter(|&all| all <= 1 << 20);
    let all = all.ok_or("there are too many boxes")?;
    let images: Vec<i32> = (0..batch).cycle().take(all).collect();
    let cropped = site.emit(new.with("boxes", boxes).with("box_indices", Tensor::ints(&images)))?;
    if batch == 1 {
        return with_axis(site, cropped[0]);
    }
    let result = site.graph.op(site.op).result().map(|value| site.graph.value(value).ty().clone());
    let shape = result.and_then(|ty| ty.fixed_shape()).ok_or("the shape of the result is not fixed")?;
    let shape: Option<Vec<i32>> = shape.into_iter().map(|size| i32::try_from(size).ok()).collect();
    let shape = Tensor::ints(&shape.ok_or("the result is too large")?);
    let dealt = site.one("by_image", NewOp::new("reshape").with("x", cropped[0]).with("shape", shape))?;
    site.finish(&[dealt])
}

/// Boxes as rows of four, and the number of the image of each, of boxes that say both.
fn taken_apart(roi: &Tensor) -> Result<[Tensor; 2], String> {
    let values = roi.to_f64s().map_err(|error| error.to_string())?;
    let boxes: Vec<f64> = values.chunks(5).flat_map(|row| row.iter().skip(1).copied()).collect();
    let images: Vec<i32> = values.iter().step_by(5).map(|&image| image as i32).collect();
    let boxes = Tensor::from_f64s(roi.dtype(), &[images.len(), 4], &boxes);
    Ok([boxes.map_err(|error| error.to_string())?, Tensor::ints(&images)])
}

/// The inverse, in the element type of the boxes.
fn put_together(boxes: &Tensor, images: &[i64]) -> Result<Tensor, String> {
    let values = boxes.to_f64s().map_err(|error| error.to_string())?;
    let rows = values.chunks(4).zip(images);
    let rows: Vec<f64> = rows.flat_map(|(row, &image)| [&[image as f64], row].concat()).collect();
    let shape = [images.len(), 1, 5, 1, 1];
    Tensor::from_f64s(boxes.dtype(), &shape, &rows).map_err(|error| error.to_string())
}

/// The result with the axis of images, of size 1.
fn with_axis(site: &mut Site<'_>, cropped: mil_ir::ValueId) -> Result<(), String> {
    let new = NewOp::new("expand_dims").with("x", cropped).with("axes", Tensor::ints(&[1]));
    let result = site.one("by_image", new)?;
    site.finish(&[result])
}

/// The number of the image in front of each box.
pub(super) fn lower(site: &mut Site<'_>) -> Result<(), String> {
    let call = site.call()?;
    let dtype = call.dtype("x").map_err(|error| error.to_string())?;
    let boxes_dtype = call.dtype("boxes").map_err(|error| error.to_string())?;
    let count = call.dims_of("boxes").and_then(|dims| dims.first()).and_then(|dim| dim.fixed());
    let batch = call.dims_of("x").and_then(|dims| dims.first()).and_then(|dim| dim.fixed());
    // Whole numbers up to this one are exact.
    let exact = if dtype == DType::Fp16 { 1 << 11 } else { 1 << 24 };
    if batch.is_none_or(|batch| batch > exact) {
        return Err(format!(
            "the number of an image stands among the {dtype} of its box, and there may be too many"
        ));
    }
    if boxes_dtype != dtype && (boxes_dtype, dtype) != (DType::Fp16, DType::Fp32) {
        return Err(format!("boxes are {boxes_dtype}, and were {dtype} as x is"));
    }
    let boxes = call.operand("boxes").cloned().ok_or("boxes is missing")?;
    let images: Operand = match call.operand("box_indices") {
        Some(images) => images.clone(),
        None => {
            let count = count.filter(|&count| count <= exact).ok_or("the number of boxes is not fixed")?;
            let numbers: Vec<i32> = (0..count as i32).collect();
            Tensor::ints(&numbers).into()
        }
    };
    let new = site.like(&["boxes", "box_indices"]);
    let numbers = site.graph.literal(&images).and_then(|literal| literal.as_tensor()?.to_i64s().ok());
    if let (Some(numbers), Some(known)) = (numbers, site.call()?.constant("boxes"))
        && boxes_dtype == dtype
    {
        let roi = put_together(&known, &numbers)?;
        let cropped = site.emit(new.with("roi", roi))?;
        return without_axis(site, cropped[0]);
    }
    let as_x = |operand: Operand| {
        NewOp::new("cast").with("x", operand).with("dtype", Tensor::string(dtype.to_string()))
    };
    let images = site.one("images", as_x(images))?;
    let images = NewOp::new("expand_dims").with("x", images).with("axes", Tensor::ints(&[1]));
    let images = site.one("image_column", images)?;
    let boxes = match boxes_dtype == dtype {
        true => boxes,
        false => site.one("boxes", as_x(boxes))?.into(),
    };
    let rows = NewOp::new("concat")
        .with_all("values", [images.into(), boxes])
        .with("axis", Tensor::scalar(1_i32))
        .with("interleave", Tensor::bool(false));
    let rows = site.one("rows", rows)?;
    let shape = Tensor::ints(&[-1, 1, 5, 1, 1]);
    let roi = site.one("roi", NewOp::new("reshape").with("x", rows).with("shape", shape))?;
    let cropped = site.emit(new.with("roi", roi))?;
    without_axis(site, cropped[0])
}

/// The result without the axis of images, of size 1.
fn without_axis(site: &mut Site<'_>, cropped: mil_ir::ValueId) -> Result<(), String> {
    let new = NewOp::new("squeeze").with("x", cropped).with("axes", Tensor::ints(&[1]));
    let result = site.one("of_images", new)?;
    site.finish(&[result])
}
