//! `resample`

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, ""),
    Param::tensor("coordinates", Types::Domain("U"), ""),
    Param::tensor("sampling_mode", STRING, "").constant(),
    Param::tensor("padding_mode", STRING, "").constant(),
    Param::tensor("padding_value", T, "").constant(),
    Param::tensor("coordinates_mode", STRING, "").constant(),
    Param::tensor("align_corners", BOOL, "").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "resample",
    family: Family::Image,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS15,
            params: PARAMS,
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp32, Int32])],
        },
        Version {
            since: Target::IOS16,
            params: PARAMS,
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS17,
            params: PARAMS,
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: None,
};

/// The last two axes are those of the grid of coordinates.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let Some(grid) = call.dims("coordinates")? else {
        return super::spatial(call, |_, _| Ok(Dim::UNKNOWN));
    };
    let [_, height, width, pair] = grid else {
        return Err(invalid!("coordinates must have rank 4, not {}", grid.len()));
    };
    if !dims::may_equal(pair, &Dim::Fixed(2)) {
        return Err(invalid!("the last axis of coordinates must have size 2, not {pair}"));
    }
    super::spatial(call, |axis, _| Ok([height, width][axis].clone()))
}
