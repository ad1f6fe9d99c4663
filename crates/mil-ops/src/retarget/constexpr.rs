//! Compressed weights: until iOS17 they are attributes, indices and masks are packed into bytes, and the
//! shape is said; from iOS18 on they are operands, indices and masks have element types of their own, and
//! tables may come in blocks.

use mil_ir::NewOp;
use mil_tensor::{DType, Tensor};

use super::{Rewrite, Site};
use crate::OpDef;

/// The form of an op of iOS18 in older opsets, where another op stands for it.
pub(super) fn older_form(def: &OpDef) -> Option<Rewrite> {
    match def.name {
        "constexpr_blockwise_shift_scale" => Some(lower_shift_scale),
        _ => None,
    }
}

/// Moves everything but the name from attributes to operands.
pub(super) fn operands_from_attributes(site: &mut Site<'_>) -> Result<(), String> {
    let op = site.op;
    let attributes: Vec<_> =
        site.graph.op(op).attributes().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, literal) in attributes.into_iter().filter(|(key, _)| &**key != "name") {
        site.graph.set_attribute(op, key.clone(), None);
        site.graph.set_argument(op, &key, Some([literal.into()].into_iter().collect()));
    }
    Ok(())
}

/// Moves all operands, which are constants, to attributes.
pub(super) fn attributes_from_operands(site: &mut Site<'_>) -> Result<(), String> {
    let op = site.op;
    let mut literals = Vec::new();
    for (param, argument) in site.graph.op(op).arguments() {
        let literal = match &argument[..] {
            [one] => site.graph.literal(one).cloned(),
            _ => None,
        };
        let literal = literal.ok_or_else(|| {
            format!("{param} is decompressed by another op, which only operands of iOS18 can say")
        })?;
        literals.push((param.clone(), literal));
    }
    for (param, literal) in literals {
        site.graph.set_argument(op, &param, None);
        site.graph.set_attribute(op, param, Some(literal));
    }
    Ok(())
}

/// Packed indices are those of an element type of as many bits; a table that no such type fits is filled up.
pub(super) fn raise_look_up(site: &mut Site<'_>) -> Result<(), String> {
    let (indices, lut, shape) = (constant(site, "indices")?, constant(site, "lut")?, sizes(site)?);
    let bits = bits_of(lut.len())?;
    let packed = retyped(&indices, bits, &shape)?;
    let (width, packed) = match packed {
        Some(packed) => (bits, packed),
        None => widened(&indices, bits, &shape)?,
    };
    let entries = 1_usize << width;
    let lut = match entries == lut.len() {
        true => lut,
        false => filled_up(&lut, entries)?,
    };
    let mut blocks = vec![1; shape.len()];
    blocks.extend([entries, 1]);
    let lut = lut.reshaped(&blocks).map_err(text)?;
    replace(site, &["indices", "lut", "shape"], |new| new.with("indices", packed).with("lut", lut))
}

/// One table for all, of single elements.
pub(super) fn lower_look_up(site: &mut Site<'_>) -> Result<(), String> {
    let (indices, lut) = (constant(site, "indices")?, constant(site, "lut")?);
    let (rank, shape) = (indices.rank(), lut.shape());
    if shape.len() != rank + 2 || shape[..rank].iter().any(|&blocks| blocks != 1) || shape[rank + 1] != 1 {
        return Err("tables for blocks of the weight, or of vectors, came with iOS18".into());
    }
    let bits = indices.dtype().bits().ok_or("the indices have no fixed size")?;
    let entries = 1_usize << bits;
    let lut = lut.reshaped(&[lut.len()]).map_err(text)?;
    let lut = if lut.len() == entries { lut } else { filled_up(&lut, entries)? };
    let packed = as_bytes(&indices)?;
    let shape = said(indices.shape())?;
    replace(site, &["indices", "lut", "vector_axis"], |new| {
        new.attribute("indices", packed).attribute("lut", lut).attribute("shape", shape)
    })
}

/// A packed mask is one of single bits.
pub(super) fn raise_sparse(site: &mut Site<'_>) -> Result<(), String> {
    let (mask, data, shape) = (constant(site, "mask")?, constant(site, "nonzero_data")?, sizes(site)?);
    let mask = retyped(&mask, 1, &shape)?.ok_or("the mask cannot be read")?;
    replace(site, &["mask", "nonzero_data", "shape"], |new| new.with("nonzero_data", data).with("mask", mask))
}

pub(super) fn lower_sparse(site: &mut Site<'_>) -> Result<(), String> {
    let (mask, data) = (constant(site, "mask")?, constant(site, "nonzero_data")?);
    let (packed, shape) = (as_bytes(&mask)?, said(mask.shape())?);
    replace(site, &["mask", "nonzero_data"], |new| {
        new.attribute("nonzero_data", data).attribute("mask", packed).attribute("shape", shape)
    })
}

/// One scale for all, or one for each index of an axis, is what `constexpr_affine_dequantize` has.
fn lower_shift_scale(site: &mut Site<'_>) -> Result<(), String> {
    let (data, scale) = (constant(site, "data")?, constant(site, "scale")?);
    let offset = site.call()?.is_given("offset").then(|| constant(site, "offset")).transpose()?;
    let blocks: Vec<usize> = (0..scale.rank()).filter(|&axis| scale.shape()[axis] != 1).collect();
    let axis = match blocks[..] {
        [] => 0,
        [axis] if data.shape().get(axis) == scale.shape().get(axis) => axis,
        _ => return Err("scales for blocks of the weight came with iOS18".into()),
    };
    let wide = |tensor: &Tensor| match tensor.dtype() {
        DType::Int4 => tensor.cast(DType::Int8).map_err(text),
        DType::Uint4 => tensor.cast(DType::Uint8).map_err(text),
        _ => Ok(tensor.clone()),
    };
    let flat = |tensor: &Tensor| {
        let shape: &[usize] = if tensor.len() == 1 { &[] } else { &[tensor.len()] };
        tensor.reshaped(shape).map_err(text)
    };
    let data = wide(&data)?;
    if !matches!(data.dtype(), DType::Int8 | DType::Uint8) {
        return Err(format!("a stored weight of {} came with iOS18", data.dtype()));
    }
    let zero = match &offset {
        Some(offset) if offset.dtype() == DType::Fp16 => offset.cast(DType::Fp32).map_err(text)?,
        Some(offset) => wide(offset)?,
        None => Tensor::from_f64s(data.dtype(), &[], &[0.0]).map_err(text)?,
    };
    let (scale, zero) = (flat(&scale)?, flat(&zero)?);
    let new = NewOp::new("constexpr_affine_dequantize")
        .attribute("quantized_data", data)
        .attribute("scale", scale)
        .attribute("zero_point", zero)
        .attribute(
            "axis",
            Tensor::scalar(i32::try_from(axis).map_err(|_| "the axis is too large".to_owned())?),
        );
    let new = NewOp { name: site.graph.op(site.op).name().cloned(), ..new };
    let values = site.emit(new)?;
    site.finish(&values)
}

/// Replaces the op by one of the same type without some parameters, and with what is added.
fn replace(site: &mut Site<'_>, without: &[&str], add: impl FnOnce(NewOp) -> NewOp) -> Result<(), String> {
    let new = add(site.like(without));
    let values = site.emit(new)?;
    site.finish(&values)
}

fn constant(site: &Site<'_>, param: &str) -> Result<Tensor, String> {
    let call = site.call()?;
    call.constant(param).ok_or_else(|| format!("{param} is not a plain constant"))
}

/// The shape that an older form says.
fn sizes(site: &Site<'_>) -> Result<Vec<usize>, String> {
    let numbers = constant(site, "shape")?.to_i64s().map_err(text)?;
    let sizes: Option<Vec<usize>> = numbers.into_iter().map(|size| usize::try_from(size).ok()).collect();
    sizes.ok_or_else(|| "the shape has a negative size".to_owned())
}

/// A shape, as older forms say it.
fn said(shape: &[usize]) -> Result<Tensor, String> {
    let sizes: Vec<f64> = shape.iter().map(|&size| size as f64).collect();
    Tensor::from_f64s(DType::Uint32, &[sizes.len()], &sizes).map_err(text)
}

/// How many bits an index of a table has.
fn bits_of(entries: usize) -> Result<usize, String> {
    if !entries.is_power_of_two() {
        return Err(format!("a table of {entries} entries"));
    }
    Ok(entries.trailing_zeros() as usize)
}

/// The same bytes as elements of so many bits; `None` where there is no such type. Both are packed lowest bit
/// first.
fn retyped(packed: &Tensor, bits: usize, shape: &[usize]) -> Result<Option<Tensor>, String> {
    let Some(dtype) = DType::index(bits) else { return Ok(None) };
    let tensor = match packed.blob() {
        Some(blob) => Tensor::from_blob(dtype, shape, blob.clone()),
        None => Tensor::from_bytes(dtype, shape, packed.bytes().map_err(text)?.into_owned()),
    };
    tensor.map(Some).map_err(text)
}

/// Bytes of elements that are packed.
fn as_bytes(elements: &Tensor) -> Result<Tensor, String> {
    let length = elements.byte_len().ok_or("the elements have no fixed size")?;
    let tensor = match elements.blob() {
        Some(blob) => Tensor::from_blob(DType::Uint8, &[length], blob.clone()),
        None => Tensor::from_bytes(DType::Uint8, &[length], elements.bytes().map_err(text)?.into_owned()),
    };
    tensor.map_err(text)
}

/// Indices of 0, 5 or 7 bits in the next larger type, and its bits.
fn widened(packed: &Tensor, bits: usize, shape: &[usize]) -> Result<(usize, Tensor), String> {
    let width = (bits + 1..=8).find(|&width| DType::index(width).is_some());
    let width = width.ok_or_else(|| format!("indices of {bits} bits"))?;
    let dtype = DType::index(width).ok_or_else(|| format!("indices of {width} bits"))?;
    let count = shape.iter().try_fold(1_usize, |count, &size| count.checked_mul(size));
    let count = count.ok_or("the weight is too large")?;
    let bytes = packed.bytes().map_err(text)?;
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| usize::from(byte >> (at % 8) & 1));
    let index = |at: usize| (0..bits).map(|low| bit(at * bits + low) << low).sum::<usize>() as f64;
    let indices: Vec<f64> = (0..count).map(index).collect();
    Ok((width, Tensor::from_f64s(dtype, shape, &indices).map_err(text)?))
}

/// A table with zeros behind its entries, which no index names.
fn filled_up(lut: &Tensor, entries: usize) -> Result<Tensor, String> {
    let lut = lut.reshaped(&[lut.len()]).map_err(text)?;
    let missing =
        entries.checked_sub(lut.len()).ok_or("the table has more entries than its indices can name")?;
    let zeros = Tensor::from_f64s(lut.dtype(), &[missing], &vec![0.0; missing]).map_err(text)?;
    Tensor::concat(0, &[lut, zeros]).map_err(text)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
