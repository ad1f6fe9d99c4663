//! `batch_to_space`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "batch_to_space",
    family: Family::Shape,
    doc: "Deals the batch out to blocks of pixels, then crops them: `[n, c, h, w]` becomes `[n / \
          (b₀·b₁), c, h·b₀ - crops, w·b₁ - crops]`. The inverse of `space_to_batch`.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input, rank 4."),
            Param::tensor("block_shape", INT32, "Height and width of a block.").constant(),
            Param::tensor("crops", INT32, "Rows and columns removed: `[[top, bottom], [left, right]]`.")
                .constant(),
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
