//! `space_to_batch`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "space_to_batch",
    family: Family::Shape,
    doc: "Pads the spatial axes, then deals their blocks out to the batch: `[n, c, h, w]` becomes \
          `[n·b₀·b₁, c, h / b₀, w / b₁]`.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input, rank 4."),
            Param::tensor("block_shape", INT32, "Height and width of a block; they divide the padded sizes.")
                .constant(),
            Param::tensor(
                "paddings",
                INT32,
                "Rows and columns of zeros added: `[[top, bottom], [left, right]]`.",
            )
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

/// The two spatial axes are padded, then dealt out to the batch.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let (block, paddings) = super::blocks(call, "paddings")?;
    let area = block[0].saturating_mul(block[1]);
    super::rank_4(call, |[batch, channels, height, width]| {
        let shrink = |dim: &Dim, i: usize| dims::div(&dims::add(dim, paddings[i])?, block[i]);
        Ok(vec![dims::mul(batch, area)?, channels.clone(), shrink(height, 0)?, shrink(width, 1)?])
    })
}
