//! `affine`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "affine",
    family: Family::Image,
    doc: "Samples an image at places that an affine map gives: pixel `(x, y)` of the result is the \
          input at `(a0·x + a1·y + a2, b0·x + b1·y + b2)`, interpolated. Beyond the edges it is 0.",
    versions: &[Version {
        since: Release::IOS15,
        params: &[
            Param::tensor("x", T, "Images: `[batch, channels, height, width]`."),
            Param::tensor(
                "transform_matrix",
                T,
                "`[a0, a1, a2, b0, b1, b2]` for each image, or one for all.",
            ),
            Param::tensor("output_height", INT32, "Height of the result.").constant(),
            Param::tensor("output_width", INT32, "Width of the result.").constant(),
            Param::tensor("sampling_mode", STRING, "How values between pixels are found.")
                .one_of(&["bilinear"])
                .constant(),
            Param::tensor("padding_mode", STRING, "What stands beyond the edges.")
                .one_of(&["constant"])
                .constant(),
            Param::tensor("padding_value", T, "The value beyond the edges; only 0 works.").constant(),
            Param::tensor(
                "coordinates_mode",
                STRING,
                "What coordinates mean: from -1 to 1 across the image.",
            )
            .one_of(&["normalized_minus_one_to_one"])
            .constant(),
            Param::tensor(
                "align_corners",
                BOOL,
                "The extreme coordinates name the centres of the pixels in the corners, not their \
                 outer edges. Only `true` works.",
            )
            .constant(),
        ],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: Some(check),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The last two axes are the size asked for.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let size = [call.int("output_height")?, call.int("output_width")?];
    super::spatial(call, |axis, _| dims::size(size[axis]))
}

/// A map has six numbers.
fn check(call: &Call<'_>, problems: &mut Problems) {
    if let Some(map) = call.dims_of("transform_matrix")
        && !matches!(map, [_, six] if dims::may_equal(six, &Dim::Fixed(6)))
    {
        problems.add(format!("transform_matrix must have shape [batch or 1, 6], not {}", dims::show(map)));
    }
}
