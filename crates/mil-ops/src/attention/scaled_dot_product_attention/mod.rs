//! `scaled_dot_product_attention`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "scaled_dot_product_attention",
    family: Family::Attention,
    doc: "",
    versions: &[Version {
        since: Target::IOS18,
        params: &[
            Param::tensor("query", T, ""),
            Param::tensor("key", T, ""),
            Param::tensor("value", T, ""),
            Param::tensor("attn_mask", Types::Domain("M"), "").optional(),
        ],
        domains: &[("T", &[Fp16, Fp32]), ("M", &[Bool, Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
