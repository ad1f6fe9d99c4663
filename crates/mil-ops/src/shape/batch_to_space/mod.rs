//! `batch_to_space`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "batch_to_space",
    family: Family::Shape,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("x", T, ""),
            Param::tensor("block_shape", INT32, "").constant(),
            Param::tensor("crops", INT32, "").constant(),
        ],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The batch is dealt out to the two spatial axes, whose edges are then cropped.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let (block, crops) = super::blocks(call, "crops")?;
    let area = block[0].saturating_mul(block[1]);
    super::rank_4(call, |[batch, channels, height, width]| {
        let grow = |dim: &Dim, i: usize| dims::add(&dims::mul(dim, block[i])?, crops[i].saturating_neg());
        Ok(vec![dims::div(batch, area)?, channels.clone(), grow(height, 0)?, grow(width, 1)?])
    })
}
