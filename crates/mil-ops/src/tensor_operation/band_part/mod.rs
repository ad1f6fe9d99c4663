//! `band_part`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "band_part",
    family: Family::TensorOperation,
    doc: "`x` with 0 outside a band around the diagonal of its last two axes.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "Matrices: `[…, rows, columns]`."),
            Param::tensor("lower", INT32, "Diagonals kept below the main one; negative keeps all.")
                .constant()
                .or_int(-1),
            Param::tensor("upper", INT32, "Diagonals kept above the main one; negative keeps all.")
                .constant()
                .or_int(-1),
        ],
        domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
