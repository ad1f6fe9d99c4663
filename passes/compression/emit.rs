//! The ops that decompress weights: inserting them, and reading what they stand for.

use mil_compress::sparse::{Counts, compact, expand};
use mil_compress::{CompressError, palette, quantize};
use mil_ir::{Graph, NewOp, OpId, Operand, Release, ValueId};
use mil_pass::{No, Rewrite};
use mil_tensor::{DType, Tensor};

/// An op that decompresses, to be inserted before another.
pub(super) struct Decompressor {
    new: NewOp,
    name: String,
    /// Until iOS17 its parameters are attributes.
    attributes: bool,
    constants: Vec<(&'static str, Tensor)>,
}

impl Decompressor {
    pub(super) fn new(rw: &Rewrite<'_>, kind: &'static str, name: &str) -> Decompressor {
        let (new, name) = (NewOp::new(kind), name.to_owned());
        Decompressor { new, name, attributes: is_old(rw), constants: Vec::new() }
    }

    #[must_use]
    pub(super) fn constant(mut self, param: &'static str, tensor: Tensor) -> Decompressor {
        self.constants.push((param, tensor));
        self
    }

    #[must_use]
    pub(super) fn optional(self, param: &'static str, tensor: Option<Tensor>) -> Decompressor {
        match tensor {
            Some(tensor) => self.constant(param, tensor),
            None => self,
        }
    }

    #[must_use]
    pub(super) fn value(self, param: &'static str, value: ValueId) -> Decompressor {
        self.operand(param, value.into())
    }

    /// Bound as in another op.
    #[must_use]
    pub(super) fn operand(mut self, param: &'static str, operand: Operand) -> Decompressor {
        self.new = self.new.with(param, operand);
        self
    }

    pub(super) fn insert(self, rw: &mut Rewrite<'_>, before: OpId) -> Result<Vec<ValueId>, No> {
        let mut new = self.new.named(self.name.as_str());
        for (param, tensor) in self.constants {
            new = match self.attributes {
                true => new.attribute(param, tensor),
                false => {
                    let value = rw.tensor(&format!("{}_{param}", self.name), tensor, before);
                    new.with(param, value)
                }
            };
        }
        rw.emit(new, before)
    }
}

/// The opset has the forms from before iOS18: parameters are attributes, elements of less than a byte are packed.
pub(super) fn is_old(rw: &Rewrite<'_>) -> bool {
    rw.opset().release().is_none_or(|release| release < Release::IOS18)
}

/// The shape of a tensor, as those forms say it.
pub(super) fn shape_of(tensor: &Tensor) -> Result<Tensor, No> {
    let sizes: Vec<f64> = tensor.shape().iter().map(|&size| size as f64).collect();
    Ok(Tensor::from_f64s(DType::Uint32, &[sizes.len()], &sizes)?)
}

/// The only value of an op that was inserted.
pub(super) fn only(values: &[ValueId]) -> Result<ValueId, No> {
    match values {
        [value] => Ok(*value),
        _ => Err(No::miss("the op has not exactly one result")),
    }
}

/// A fit's own refusal is a miss, weights that cannot be read are a fault.
pub(super) fn refuse(error: CompressError) -> No {
    match error {
        CompressError::Tensor(error) => error.into(),
        other => No::miss(other.to_string()),
    }
}

/// What an op decompresses, computed when it is read.
pub(super) fn decompressed(graph: &Graph, op: OpId) -> Result<Tensor, No> {
    let found = decompress(graph, op, 0).map_err(refuse)?;
    found.ok_or(No::miss("what the op decompresses is not a plain constant"))
}

/// A value as it is when it is decompressed: a constant, or the result of ops that decompress constants, which
/// is computed when it is read. `None` for other values, and for the mask that goes with a sparse weight.
pub fn decompressed_value(graph: &Graph, value: ValueId) -> Option<Tensor> {
    if let Some(tensor) = graph.const_tensor(value) {
        return Some(tensor);
    }
    let op = graph.definition(value)?;
    let found = decompress(graph, op, 0).ok().flatten()?;
    // Of two results, the first is a mask.
    (graph.op(op).results().last() == Some(&value)).then_some(found)
}

/// Ops that decompress for each other, at most.
const DEEPEST: usize = 4;

fn decompress(graph: &Graph, op: OpId, depth: usize) -> Result<Option<Tensor>, CompressError> {
    let of = |param: &str| -> Result<Option<Tensor>, CompressError> {
        if let Some(tensor) = graph.constant(op, param) {
            return Ok(Some(tensor));
        }
        match graph.producer(op, param) {
            Some(producer) if depth < DEEPEST => decompress(graph, producer, depth + 1),
            _ => Ok(None),
        }
    };
    macro_rules! wanted {
        ($param:literal) => {
            match of($param)? {
                Some(tensor) => tensor,
                None => return Ok(None),
            }
        };
    }
    let axis = |rank: usize, param: &str| {
        let axis = graph.constant(op, param).and_then(|axis| axis.item_i64());
        axis.and_then(|axis| usize::try_from(if axis < 0 { axis + rank as i64 } else { axis }).ok())
    };
    Ok(Some(match graph.op(op).kind().as_str() {
        "constexpr_affine_dequantize" => {
            let (data, scale, zero) = (wanted!("quantized_data"), wanted!("scale"), wanted!("zero_point"));
            let mut counts = vec![1; data.rank()];
            let sizes = scale.len().max(zero.len());
            if let Some(axis) = axis(data.rank(), "axis").filter(|_| sizes > 1) {
                counts[axis] = sizes;
            }
            let spread = |tensor: &Tensor| -> Result<Tensor, CompressError> {
                let values = tensor.to_f64s()?;
                let values = if values.len() == 1 { vec![values[0]; sizes] } else { values };
                Ok(Tensor::from_f64s(tensor.dtype(), &counts, &values)?)
            };
            quantize::dense(&data, &spread(&scale)?, Some(&spread(&zero)?))?
        }
        "constexpr_blockwise_shift_scale" => {
            quantize::dense(&wanted!("data"), &wanted!("scale"), of("offset")?.as_ref())?
        }
        "constexpr_lut_to_dense" => {
            let (indices, lut) = (wanted!("indices"), wanted!("lut"));
            match graph.constant(op, "shape") {
                None => palette::dense(&indices, &lut, axis(indices.rank(), "vector_axis"))?,
                Some(shape) => {
                    let bits = lut.len().max(2).ilog2() as usize;
                    let indices = unpacked(&indices, bits, &sizes(&shape)?)?;
                    let mut blocks = vec![1; indices.rank()];
                    blocks.extend([lut.len(), 1]);
                    palette::dense(&indices, &lut.reshaped(&blocks)?, None)?
                }
            }
        }
        "constexpr_sparse_to_dense" => {
            let (elements, mask) = (wanted!("nonzero_data"), wanted!("mask"));
            let mask = match graph.constant(op, "shape") {
                None => mask,
                Some(shape) => unpacked(&mask, 1, &sizes(&shape)?)?,
            };
            expand(&elements, &mask, &Counts::of(&mask)?)?
        }
        "constexpr_cast" => wanted!("source_val").cast(DType::Fp32)?,
        "constexpr_lut_to_sparse" => {
            let (mask, indices) = (wanted!("indices_mask"), wanted!("indices_nonzero_data"));
            let counts = Counts::of(&mask)?;
            let dense = palette::dense(&expand(&indices, &mask, &counts)?, &wanted!("lut"), None)?;
            compact(&dense, &mask, &counts)?
        }
        "constexpr_sparse_blockwise_shift_scale" => {
            let (mask, data) = (wanted!("data_mask"), wanted!("nonzero_data"));
            let counts = Counts::of(&mask)?;
            let data = expand(&data, &mask, &counts)?;
            let dense = quantize::dense(&data, &wanted!("scale"), of("offset")?.as_ref())?;
            compact(&dense, &mask, &counts)?
        }
        _ => return Ok(None),
    }))
}

fn sizes(shape: &Tensor) -> Result<Vec<usize>, CompressError> {
    Ok(shape.to_i64s()?.into_iter().map(|size| usize::try_from(size).unwrap_or(0)).collect())
}

/// Packed bytes as elements of so many bits.
fn unpacked(bytes: &Tensor, bits: usize, shape: &[usize]) -> Result<Tensor, CompressError> {
    let dtype = DType::index(bits);
    let dtype = dtype.ok_or_else(|| CompressError::Option(format!("elements of {bits} bits")))?;
    Ok(match bytes.blob() {
        Some(blob) => Tensor::from_blob(dtype, shape, blob.clone())?,
        None => Tensor::from_bytes(dtype, shape, bytes.bytes()?.into_owned())?,
    })
}

/// Bytes of the constants that a weight is decompressed from.
pub(super) fn stored_bytes(graph: &Graph, value: ValueId) -> u64 {
    let (mut sum, mut stack, mut seen) = (0, vec![value], Vec::new());
    while let Some(value) = stack.pop() {
        let Some(op) = graph.definition(value).filter(|op| !seen.contains(op)) else { continue };
        seen.push(op);
        let own = graph.op(op).attributes().iter().filter_map(|(_, literal)| literal.as_tensor());
        sum += own.filter_map(Tensor::byte_len).map(|len| len as u64).sum::<u64>();
        if graph.op(op).kind().as_str().starts_with("constexpr_") {
            stack.extend(graph.op(op).values());
        }
    }
    sum
}
