//! Compressed weights.

use mil_ir::{NewOp, Operand, Release, ValueId};
use mil_tensor::{DType, Tensor};

use crate::maker::{Made, Maker, divisors, filled};

/// An op on a compressed weight.
pub(crate) fn used(maker: &mut Maker) -> Made {
    let x = maker.tensor(crate::maker::FLOATS, 1..=5)?;
    let (dtype, shape) = (maker.ty(x).dtype().unwrap_or(DType::Fp32), maker.sizes(x));
    let weight = compressed(maker, dtype, &shape)?;
    maker.ops(NewOp::new("mul").with("x", x).with("y", weight)).map(drop)
}

/// A constant operand with random numbers; where it can be, now and then stored compressed.
pub(crate) fn weight(maker: &mut Maker, dtype: DType, shape: &[usize]) -> Made<Operand> {
    if maker.target >= Release::IOS16 && dtype.is_float() && !shape.is_empty() && maker.dice.chance(20) {
        return Ok(compressed(maker, dtype, shape)?.into());
    }
    let tensor = maker.numbers(dtype, shape);
    Ok(maker.constant(tensor))
}

/// A float weight of this shape, of at least one axis, in one of the compressed forms that the release has.
fn compressed(maker: &mut Maker, dtype: DType, shape: &[usize]) -> Made<ValueId> {
    let modern = maker.target >= Release::IOS18;
    match maker.dice.below(if modern { 8 } else { 4 }) {
        0 => affine(maker, dtype, shape),
        1 if dtype == DType::Fp32 => cast(maker, shape),
        1 | 2 if modern => lut(maker, dtype, shape),
        1 | 2 => packed_lut(maker, dtype, shape),
        3 if modern => {
            let (mask, count) = mask(maker, shape);
            let data = maker.numbers(dtype, &[count]);
            sparse_to_dense(maker, data, mask)
        }
        3 => packed_sparse(maker, dtype, shape),
        4 | 5 => blockwise(maker, dtype, shape),
        6 => sparse_lut(maker, dtype, shape),
        _ => sparse_blockwise(maker, dtype, shape),
    }
}

/// The data of a `constexpr_*` op: an attribute until iOS17, as converters write it, or an operand.
fn with(maker: &mut Maker, new: NewOp, param: &'static str, tensor: Tensor) -> NewOp {
    if maker.target < Release::IOS18 || maker.dice.chance(20) {
        return new.attribute(param, tensor);
    }
    let operand = maker.constant(tensor);
    new.with(param, operand)
}

fn affine(maker: &mut Maker, dtype: DType, shape: &[usize]) -> Made<ValueId> {
    let stored = maker.dice.pick(&[DType::Int8, DType::Uint8]);
    let axis = maker.dice.below(shape.len());
    let per_slice = |maker: &mut Maker| if maker.dice.chance(50) { vec![shape[axis]] } else { Vec::new() };
    let (scales, zeros) = (per_slice(maker), per_slice(maker));
    let tensors = [
        ("quantized_data", maker.numbers(stored, shape)),
        ("scale", maker.positive(dtype, &scales)),
        ("zero_point", maker.numbers(stored, &zeros)),
        ("axis", Tensor::scalar(axis as i32)),
    ];
    finish(maker, "constexpr_affine_dequantize", tensors)
}

fn finish<const N: usize>(
    maker: &mut Maker,
    kind: &'static str,
    tensors: [(&'static str, Tensor); N],
) -> Made<ValueId> {
    let mut new = NewOp::new(kind);
    for (param, tensor) in tensors {
        new = with(maker, new, param, tensor);
    }
    maker.op(new)
}

fn cast(maker: &mut Maker, shape: &[usize]) -> Made<ValueId> {
    let tensors =
        [("source_val", maker.numbers(DType::Fp16, shape)), ("output_dtype", Tensor::string("fp32"))];
    finish(maker, "constexpr_cast", tensors)
}

/// Bits, lowest first, in bytes.
fn bytes(values: &[u8], bits: usize) -> Tensor {
    let mut packed = vec![0_u8; (values.len() * bits).div_ceil(8)];
    for (at, &value) in values.iter().enumerate() {
        for bit in 0..bits {
            if value >> bit & 1 == 1 {
                let place = at * bits + bit;
                packed[place / 8] |= 1 << (place % 8);
            }
        }
    }
    let numbers: Vec<f64> = packed.iter().map(|&byte| f64::from(byte)).collect();
    filled(DType::Uint8, &[numbers.len()], &numbers)
}

fn sizes(shape: &[usize]) -> Tensor {
    let numbers: Vec<f64> = shape.iter().map(|&size| size as f64).collect();
    filled(DType::Uint32, &[shape.len()], &numbers)
}

fn packed_lut(maker: &mut Maker, dtype: DType, shape: &[usize]) -> Made<ValueId> {
    let bits = maker.dice.pick(&[1, 2, 4, 6, 8]);
    let count = shape.iter().product();
    let indices: Vec<u8> = (0..count).map(|_| maker.dice.below(1 << bits) as u8).collect();
    let tensors = [
        ("indices", bytes(&indices, bits)),
        ("lut", maker.numbers(dtype, &[1 << bits])),
        ("shape", sizes(shape)),
    ];
    finish(maker, "constexpr_lut_to_dense", tensors)
}

fn packed_sparse(maker: &mut Maker, dtype: DType, shape: &[usize]) -> Made<ValueId> {
    let count = shape.iter().product();
    let flags: Vec<u8> = (0..count).map(|_| maker.dice.below(2) as u8).collect();
    let set = flags.iter().filter(|&&flag| flag == 1).count();
    let tensors =
        [("nonzero_data", maker.numbers(dtype, &[set])), ("mask", bytes(&flags, 1)), ("shape", sizes(shape))];
    finish(maker, "constexpr_sparse_to_dense", tensors)
}

/// A number for each block: along each axis as many as divide it.
fn blocks(maker: &mut Maker, shape: &[usize]) -> Vec<usize> {
    shape.iter().map(|&size| maker.dice.pick(&divisors(size))).collect()
}

/// Index type, and tables of vectors of length 1 for indices of this shape.
fn tables(maker: &mut Maker, dtype: DType, shape: &[usize]) -> (DType, usize, Tensor) {
    let (index, bits) = maker.dice.pick(&[
        (DType::Uint1, 1),
        (DType::Uint2, 2),
        (DType::Uint3, 3),
        (DType::Uint4, 4),
        (DType::Uint6, 6),
    ]);
    let mut lut = blocks(maker, shape);
    lut.extend([1 << bits, 1]);
    (index, 1 << bits, maker.numbers(dtype, &lut))
}

fn entries(maker: &mut Maker, index: DType, shape: &[usize], count: usize) -> Tensor {
    let values: Vec<f64> = (0..shape.iter().product()).map(|_| maker.dice.below(count) as f64).collect();
    filled(index, shape, &values)
}

fn lut(maker: &mut Maker, dtype: DType, shape: &[usize]) -> Made<ValueId> {
    let even: Vec<usize> = (0..shape.len()).filter(|&axis| shape[axis].is_multiple_of(2)).collect();
    if !even.is_empty() && maker.dice.chance(30) {
        // Vectors of two elements along one axis.
        let axis = maker.dice.pick(&even);
        let mut indices = shape.to_vec();
        indices[axis] /= 2;
        let mut table = blocks(maker, &indices);
        table.extend([4, 2]);
        let tensors = [
            ("indices", entries(maker, DType::Uint2, &indices, 4)),
            ("lut", maker.numbers(dtype, &table)),
            ("vector_axis", Tensor::scalar(axis as i32)),
        ];
        return finish(maker, "constexpr_lut_to_dense", tensors);
    }
    let (index, count, table) = tables(maker, dtype, shape);
    let tensors = [("indices", entries(maker, index, shape, count)), ("lut", table)];
    finish(maker, "constexpr_lut_to_dense", tensors)
}

/// A mask of single bits, and how many are set.
fn mask(maker: &mut Maker, shape: &[usize]) -> (Tensor, usize) {
    let flags: Vec<f64> = (0..shape.iter().product()).map(|_| maker.dice.below(2) as f64).collect();
    (filled(DType::Uint1, shape, &flags), flags.iter().filter(|&&flag| flag == 1.0).count())
}

fn sparse_to_dense(maker: &mut Maker, data: Tensor, mask: Tensor) -> Made<ValueId> {
    finish(maker, "constexpr_sparse_to_dense", [("nonzero_data", data), ("mask", mask)])
}

fn blockwise(maker: &mut Maker, dtype: DType, shape: &[usize]) -> Made<ValueId> {
    let stored = maker.dice.pick(&[DType::Int4, DType::Uint4, DType::Int8, DType::Uint8]);
    let scales = blocks(maker, shape);
    let new = NewOp::new("constexpr_blockwise_shift_scale");
    let (data, scale) = (maker.numbers(stored, shape), maker.positive(dtype, &scales));
    let mut new = with(maker, new, "data", data);
    new = with(maker, new, "scale", scale);
    if maker.dice.chance(50) {
        let offset = maker.numbers(stored, &scales);
        new = with(maker, new, "offset", offset);
    }
    maker.op(new)
}

/// The results of a sparse op, made dense.
fn dense(maker: &mut Maker, results: &[ValueId]) -> Made<ValueId> {
    let new =
        NewOp::new("constexpr_sparse_to_dense").with("mask", results[0]).with("nonzero_data", results[1]);
    maker.op(new)
}

fn sparse_lut(maker: &mut Maker, dtype: DType, shape: &[usize]) -> Made<ValueId> {
    let (mask, set) = mask(maker, shape);
    let (index, count, table) = tables(maker, dtype, shape);
    let mut new = NewOp::new("constexpr_lut_to_sparse");
    new = with(maker, new, "indices_mask", mask);
    let data = entries(maker, index, &[set], count);
    new = with(maker, new, "indices_nonzero_data", data);
    new = with(maker, new, "lut", table);
    let results = maker.ops(new)?;
    dense(maker, &results)
}

fn sparse_blockwise(maker: &mut Maker, dtype: DType, shape: &[usize]) -> Made<ValueId> {
    let (mask, set) = mask(maker, shape);
    let scales = blocks(maker, shape);
    let mut new = NewOp::new("constexpr_sparse_blockwise_shift_scale");
    new = with(maker, new, "data_mask", mask);
    let (data, scale) = (maker.numbers(DType::Int8, &[set]), maker.positive(dtype, &scales));
    new = with(maker, new, "nonzero_data", data);
    new = with(maker, new, "scale", scale);
    if maker.dice.chance(50) {
        let offset = maker.numbers(DType::Int8, &scales);
        new = with(maker, new, "offset", offset);
    }
    let results = maker.ops(new)?;
    dense(maker, &results)
}
