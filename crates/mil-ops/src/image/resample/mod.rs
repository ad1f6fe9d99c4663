//! `resample`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, "Images: `[batch, channels, height, width]`."),
    Param::tensor(
        "coordinates",
        Types::Domain("U"),
        "Places, as x and y: `[batch, new height, new width, 2]`.",
    ),
    Param::tensor("sampling_mode", STRING, "How values between pixels are found.")
        .one_of(&["bilinear", "nearest"])
        .constant(),
    Param::tensor(
        "padding_mode",
        STRING,
        "What stands beyond the edges: `padding_value`, the edge itself, or a reflection \
         without (`reflection`) or with (`symmetric`) the edge.",
    )
    .one_of(&["constant", "border", "reflection", "symmetric"])
    .constant(),
    Param::tensor("padding_value", T, "The value beyond the edges for `constant`.").constant(),
    Param::tensor(
        "coordinates_mode",
        STRING,
        "What coordinates mean: pixels, or from -1 or 0 to 1 across the image.",
    )
    .one_of(&["unnormalized", "normalized_minus_one_to_one", "normalized_zero_to_one"])
    .constant(),
    Param::tensor(
        "align_corners",
        BOOL,
        "The extreme coordinates name the centres of the pixels in the corners, not their \
         outer edges. Ignored for coordinates in pixels.",
    )
    .constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "resample",
    family: Family::Image,
    doc: "Samples images at given places: each pixel of the result is the input at its coordinates, \
          interpolated.",
    versions: &[
        Version {
            since: Release::IOS15,
            params: PARAMS,
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp32, Int32])],
        },
        Version {
            since: Release::IOS16,
            params: PARAMS,
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Release::IOS17,
            params: PARAMS,
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
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
