use mil_ir::{NewOp, OpId, Operand, Release};
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::{DType, Tensor};

use crate::constants::repeated_along;

pass! {
    /// Puts the two steps of a palettized weight with quantized tables into the order that Core ML wants.
    ///
    /// Up to iOS18 the tables are dequantized before they are looked up; from iOS26 on what was looked up is
    /// dequantized. Where the scale has other blocks than the tables, the tables are repeated until each has
    /// one scale; that is refused where they would take more space than the indices.
    ///
    /// # Before
    /// ```mil
    /// func main<ios18>(tensor<fp16, [1, 2]> x) {
    ///     tensor<int8, [2, 2]> l = constexpr_lut_to_dense(indices = tensor<uint1, [2, 2]>([0, 1, 1, 0]), lut = tensor<int8, [1, 1, 2, 1]>([3, -4]))[name = string("l")];
    ///     tensor<fp16, [2, 2]> w = constexpr_blockwise_shift_scale(data = l, scale = tensor<fp16, [1, 1]>([0x1p-1]))[name = string("w")];
    ///     tensor<fp16, [1, 2]> y = linear(weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp16, [1, 2]> x) {
    ///     tensor<int8, [1, 1, 2, 1]> w_data_0 = const()[name = string("w_data_0"), val = tensor<int8, [1, 1, 2, 1]>([[[[3], [-4]]]])];
    ///     tensor<fp16, [1, 1, 1, 1]> w_scale_0 = const()[name = string("w_scale_0"), val = tensor<fp16, [1, 1, 1, 1]>([[[[0x1p-1]]]])];
    ///     tensor<fp16, [1, 1, 2, 1]> w_lut = constexpr_blockwise_shift_scale(data = w_data_0, scale = w_scale_0)[name = string("w_lut")];
    ///     tensor<fp16, [2, 2]> w = constexpr_lut_to_dense(indices = tensor<uint1, [2, 2]>([[0, 1], [1, 0]]), lut = w_lut)[name = string("w")];
    ///     tensor<fp16, [1, 2]> y = linear(weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct CanonicalizeQuantizedLutPattern;
    id: "canonicalize_quantized_lut_pattern",
    numerics: Exact,
    aliases: [Alias::plain("common::canonicalize_quantized_lut_pattern")],
    patterns: [
        /// `constexpr_lut_to_dense`, then `constexpr_blockwise_shift_scale`
        scaled_last(constexpr_blockwise_shift_scale),
        /// `constexpr_blockwise_shift_scale`, then `constexpr_lut_to_dense`
        scaled_first(constexpr_lut_to_dense),
    ],
}

/// The scale is put before the look-up.
fn scaled_last(rw: &mut Rewrite<'_>, scaling: OpId) -> Matched {
    No::unless(rw.opset().release() < Some(Release::IOS26), "the order is the one of iOS26")?;
    let lut = rw.producer(scaling, "data", &["constexpr_lut_to_dense"])?;
    rw.used_only_by(lut, scaling)?;
    let scale = rw.constant(scaling, "scale")?;
    let shape = rw.shape(rw.result(scaling)?)?;
    let call = rw.call(lut)?;
    let indices = call.dims_of("indices").ok_or(No::miss("the shape of the indices is not known"))?;
    let indices: Option<Vec<usize>> =
        indices.iter().map(|dim| dim.fixed().and_then(|size| usize::try_from(size).ok())).collect();
    let indices = indices.ok_or(No::miss("the shape of the indices is not known"))?;
    let mut tables = call.operand("lut").cloned().ok_or(No::miss("the table is not an operand"))?;
    if scale.len() > 1 {
        tables = Operand::from(repeated(rw, lut, &scale, &indices, &shape)?);
    }
    let per_table = |tensor: Tensor| {
        let shape = [tensor.shape(), &[1, 1]].concat();
        tensor.reshaped(&shape)
    };
    let label = rw.graph().label(scaling).to_string();
    let mut new = NewOp::new("constexpr_blockwise_shift_scale").named(format!("{label}_lut"));
    new = new.with("data", tables).with("scale", per_table(scale)?);
    if let Some(offset) = rw.optional_constant(scaling, "offset")? {
        new = new.with("offset", per_table(offset)?);
    }
    let tables = rw.emit_one(new, scaling)?;
    let new = rw.like(lut)?.set("lut", tables);
    rw.replace(scaling, new, &[lut])
}

/// The tables, as often as each has one scale.
fn repeated(
    rw: &Rewrite<'_>,
    lut: OpId,
    scale: &Tensor,
    indices: &[usize],
    shape: &[usize],
) -> Result<Tensor, No> {
    let mut tables = rw.constant(lut, "lut")?;
    let stored = tables.len();
    for (axis, &blocks) in scale.shape().iter().enumerate() {
        let own = tables.shape()[axis];
        let wanted = own / gcd(own, blocks).max(1) * blocks;
        // Along the axis of its vectors, a table stands for more elements than indices.
        let splits = indices[axis].is_multiple_of(wanted.max(1)) && shape[axis].is_multiple_of(blocks.max(1));
        No::unless(wanted > 0 && splits, "the blocks of the scale cut through vectors of the table")?;
        tables = repeated_along(&tables, axis, wanted / own)?;
    }
    let bits = tables.dtype().bits().unwrap_or(8);
    let stored_indices =
        rw.call(lut)?.dtype("indices")?.bits().unwrap_or(8) * indices.iter().product::<usize>();
    let small = tables.len() == stored || tables.len().saturating_mul(bits) <= stored_indices;
    No::unless(small, "the repeated tables would take more space than the indices")?;
    Ok(tables)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The scale is put behind the look-up.
fn scaled_first(rw: &mut Rewrite<'_>, lut: OpId) -> Matched {
    No::unless(rw.opset().release() >= Some(Release::IOS26), "the order is the one before iOS26")?;
    let scaling = rw.producer(lut, "lut", &["constexpr_blockwise_shift_scale"])?;
    rw.used_only_by(scaling, lut)?;
    let call = rw.call(scaling)?;
    let dtype = call.dtype("data")?;
    let taken = matches!(dtype, DType::Fp16 | DType::Fp32 | DType::Int8 | DType::Uint8);
    No::unless(taken, "tables of this element type are not looked up")?;
    let data = call.operand("data").cloned().ok_or(No::miss("the data are not an operand"))?;
    let per_element = |tensor: Tensor| -> Result<Tensor, No> {
        let [blocks @ .., 1, 1] = tensor.shape() else {
            return Err(No::miss("the scale varies within a table"));
        };
        Ok(tensor.reshaped(blocks)?)
    };
    let scale = per_element(rw.constant(scaling, "scale")?)?;
    let offset = rw.optional_constant(scaling, "offset")?.map(per_element).transpose()?;
    let label = rw.graph().label(lut).to_string();
    let new = rw.like(lut)?.set("lut", data).named(format!("{label}_lut"));
    let looked_up = rw.emit_one(new, lut)?;
    let mut new = NewOp::new("constexpr_blockwise_shift_scale").with("data", looked_up).with("scale", scale);
    if let Some(offset) = offset {
        new = new.with("offset", offset);
    }
    rw.replace(lut, new, &[scaling])
}
