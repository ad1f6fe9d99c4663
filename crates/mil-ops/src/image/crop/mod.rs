//! `crop`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "crop",
    family: Family::Image,
    doc: "Removes rows and columns at the edges of images.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "Images: `[…, height, width]`, rank 3 at least."),
            Param::tensor("crop_height", INT32, "Rows removed at top and bottom.").constant(),
            Param::tensor("crop_width", INT32, "Columns removed left and right.").constant(),
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

/// The last two axes lose what is cropped.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    super::spatial(call, |axis, dim| {
        let param = ["crop_height", "crop_width"][axis];
        match *call.ints(param)? {
            [before, after] => dims::add(dim, before.saturating_add(after).saturating_neg()),
            _ => Err(invalid!("{param} takes two integers")),
        }
    })
}
