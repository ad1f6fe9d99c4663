//! Tensors of a program, by the precision in which they are stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mil_ir::{Graph, OpId, Program};
use mil_tensor::{Blob, DType, Data, Tensor};
use serde::Serialize;

/// Tensors of a program.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Weights {
    /// Bytes as stored.
    pub bytes: u64,
    /// Tensors.
    pub tensors: usize,
    /// The same by precision: `fp16`, `int32`, `palettized 4 bit`, `quantized int8`, `sparse fp16`, …
    pub precisions: BTreeMap<String, Stored>,
}

/// Tensors of one precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Bytes as stored; of compressed tensors with their tables, scales and masks.
    pub bytes: u64,
    /// Tensors; a compressed one with its parts.
    pub tensors: usize,
}

/// Tensors of all functions; what several share counts once.
pub fn weights(program: &Program) -> Weights {
    let mut places = BTreeSet::new();
    let mut total = Weights::default();
    for (_, _, graph) in program.graphs() {
        for (op, tensor) in graph.tensors() {
            let is_new = match tensor.data() {
                Data::Mapped(blob) => places.insert(place(blob)),
                _ => true,
            };
            if is_new {
                let bytes = tensor.byte_len().unwrap_or(0) as u64;
                total.tensors += 1;
                total.bytes += bytes;
                let stored = total.precisions.entry(precision(graph, op, tensor)).or_default();
                stored.tensors += 1;
                stored.bytes += bytes;
            }
        }
    }
    total
}

/// Where a tensor is stored: the source, as long as it lives, and the range of its bytes.
pub(crate) fn place(blob: &Blob) -> (usize, u64, u64) {
    (Arc::as_ptr(&blob.source).cast::<u8>() as usize, blob.range.start, blob.range.end)
}

/// How a tensor of an op is stored: by its element type, or by the op that decompresses it.
fn precision(graph: &Graph, op: OpId, tensor: &Tensor) -> String {
    let user = || graph.op(op).results().iter().flat_map(|&value| graph.users(value));
    let decompresses = |op: &OpId| graph.op(*op).kind().starts_with("constexpr_");
    let decompressor = std::iter::once(op).chain(user()).find(decompresses);
    decompressor.and_then(|op| stored_as(graph, op)).unwrap_or_else(|| tensor.dtype().to_string())
}

/// The form of the weight that a `constexpr_*` op makes: `palettized 4 bit`, `quantized int8` and so on.
pub(crate) fn stored_as(graph: &Graph, op: OpId) -> Option<String> {
    let dtype = |param: &str| -> Option<DType> {
        match graph.param_type(op, param) {
            Some(ty) => ty.dtype(),
            None => graph.op(op).attributes().get(param)?.ty.dtype(),
        }
    };
    let palettized = |indices: &str| -> Option<String> {
        // Since iOS18 the indices say how wide they are; before, they are packed, and the table has all
        // values.
        let bits = match dtype(indices)?.bits()? {
            8 => graph.constant(op, "lut").map_or(8, |lut| lut.len().max(2).ilog2().min(8) as usize),
            bits => bits,
        };
        Some(format!("palettized {bits} bit"))
    };
    let quantized = |data: &str| Some(format!("quantized {}", dtype(data)?));
    match &**graph.op(op).kind() {
        "constexpr_cast" => Some(dtype("source_val")?.to_string()),
        "constexpr_affine_dequantize" => quantized("quantized_data"),
        "constexpr_blockwise_shift_scale" => quantized("data"),
        "constexpr_lut_to_dense" => palettized("indices"),
        "constexpr_sparse_to_dense" => Some(format!("sparse {}", dtype("nonzero_data")?)),
        "constexpr_lut_to_sparse" => Some(format!("sparse {}", palettized("indices_nonzero_data")?)),
        "constexpr_sparse_blockwise_shift_scale" => Some(format!("sparse {}", quantized("nonzero_data")?)),
        _ => None,
    }
}
