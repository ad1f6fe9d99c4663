//! Weights of which only some elements are stored: where these are, in a fit and in the ops that result.

use mil_compress::sparse::{Counts, compact, expand};
use mil_ir::ValueId;
use mil_pass::{No, Rewrite};
use mil_tensor::{DType, Tensor};

use super::emit::{Decompressor, refuse};
use super::weights::{Place, Weight};

/// Where a sparse weight has its elements.
#[derive(Clone)]
pub(super) struct Mask {
    bits: Tensor,
    counts: Counts,
}

impl Mask {
    /// That of a weight, if it is sparse; and the weight, dense.
    pub(super) fn of(place: &Place<'_>) -> Result<(Option<Mask>, Tensor), No> {
        let Some(sparse) = place.decompressor("constexpr_sparse_to_dense") else {
            return Ok((None, place.tensor.clone()));
        };
        let bits = place.graph.constant(sparse, "mask").filter(|mask| mask.dtype() == DType::Uint1);
        let bits = bits.ok_or(No::miss("the mask is not a plain constant"))?;
        let counts = Counts::of(&bits).map_err(refuse)?;
        let dense = expand(place.tensor, &bits, &counts).map_err(refuse)?;
        Ok((Some(Mask { bits, counts }), dense))
    }

    /// Both keep the same elements.
    pub(super) fn is_same(a: &Option<Mask>, b: &Option<Mask>) -> bool {
        match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => a.bits.is_same(&b.bits),
            _ => false,
        }
    }

    /// The elements that are stored.
    pub(super) fn compact(&self, dense: &Tensor) -> Result<Tensor, No> {
        compact(dense, &self.bits, &self.counts).map_err(refuse)
    }

    /// Inserts an op that decompresses stored elements, takes the mask as this parameter and gives it on to the
    /// op that makes the weight dense.
    pub(super) fn insert(
        rw: &mut Rewrite<'_>,
        weight: &Weight,
        new: Decompressor,
        param: &'static str,
    ) -> Result<ValueId, No> {
        let sparse = weight.decompressor.ok_or(No::miss("the weight is not sparse"))?;
        let mask = rw.input(sparse, "mask")?;
        let found = new.value(param, mask).insert(rw, sparse)?;
        let [mask, elements] = found[..] else { return Err(No::miss("the op has not two results")) };
        rw.graph_mut().set_operand(sparse, "mask", 0, mask);
        Ok(elements)
    }
}

/// What is left of a fit under `fake_compression`: the weight as it is decompressed, sparse as it was.
pub(super) fn faked(
    rw: &mut Rewrite<'_>,
    weight: &Weight,
    how: &str,
    dense: Tensor,
    mask: Option<&Mask>,
) -> Result<ValueId, No> {
    let stored = match mask {
        None => dense,
        Some(mask) => mask.compact(&dense)?,
    };
    Ok(rw.tensor(&format!("{}_fake_{how}", weight.name), stored, weight.op))
}

/// Why the rounding of a weight does not learn from calls: it is one part of a weight that is compressed
/// already, and what the parts make of each other is not followed.
pub(super) fn uncalibrated(mask: &Option<Mask>, is_part: bool) -> Option<&'static str> {
    (mask.is_some() || is_part).then_some("the weight is compressed already")
}
