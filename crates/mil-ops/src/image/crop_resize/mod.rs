//! `crop_resize`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "crop_resize",
    family: Family::Image,
    doc: "Cuts boxes out of images and resizes each with bilinear interpolation. Until iOS16 the boxes \
          are `roi`, and the result is `[boxes, batch, channels, height, width]`, with 1 for `batch` \
          where each box has the number of its image; from iOS17 on they are `boxes`, each cut from one \
          image, and the result is `[boxes, channels, height, width]`. A box that is upside down is read \
          from its first corner to its second. The documentation wants coordinates inside the image: \
          a place outside takes `pad_value`, before iOS16 the nearest pixel.",
    versions: &[
        Version {
            since: Release::IOS13,
            params: &[
                Param::tensor("x", T, "Images: `[batch, channels, height, width]`."),
                Param::tensor(
                    "roi",
                    T,
                    "Boxes: `[boxes, 1, 4, 1, 1]`, or with the number of the image in front `[boxes, \
                     1, 5, 1, 1]`.",
                ),
                Param::tensor("target_height", INT32, "Height of each result.").constant().or_int(1),
                Param::tensor("target_width", INT32, "Width of each result.").constant().or_int(1),
                Param::tensor(
                    "normalized_coordinates",
                    BOOL,
                    "Coordinates run from 0 to 1 across the image, not in pixels.",
                )
                .constant()
                .or_bool(false),
                Param::tensor("spatial_scale", Types::Only(&[Fp32]), "Factor of the coordinates.")
                    .constant()
                    .or_float(1.0),
                Param::tensor("box_coordinate_mode", STRING, "What the four numbers of a box are.")
                    .one_of(&[
                        "CORNERS_HEIGHT_FIRST",
                        "CORNERS_WIDTH_FIRST",
                        "CENTER_SIZE_HEIGHT_FIRST",
                        "CENTER_SIZE_WIDTH_FIRST",
                    ])
                    .constant()
                    .or_str("CORNERS_HEIGHT_FIRST"),
                Param::tensor(
                    "sampling_mode",
                    STRING,
                    "Which place of the input a pixel of the output looks at.",
                )
                .one_of(&[
                    "DEFAULT",
                    "STRICT_ALIGN_CORNERS",
                    "ALIGN_CORNERS",
                    "UNALIGN_CORNERS",
                    "OFFSET_CORNERS",
                ])
                .constant()
                .or_str("DEFAULT"),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Release::IOS16,
            params: &[
                Param::tensor("x", T, "Images: `[batch, channels, height, width]`."),
                Param::tensor(
                    "roi",
                    T,
                    "Boxes: `[boxes, 1, 4, 1, 1]`, or with the number of the image in front `[boxes, \
                     1, 5, 1, 1]`.",
                ),
                Param::tensor("target_height", INT32, "Height of each result.").constant().or_int(1),
                Param::tensor("target_width", INT32, "Width of each result.").constant().or_int(1),
                Param::tensor(
                    "normalized_coordinates",
                    BOOL,
                    "Coordinates run from 0 to 1 across the image, not in pixels.",
                )
                .constant()
                .or_bool(false),
                Param::tensor("spatial_scale", Types::Only(&[Fp32]), "Factor of the coordinates.")
                    .constant()
                    .or_float(1.0),
                Param::tensor("box_coordinate_mode", STRING, "What the four numbers of a box are.")
                    .one_of(&[
                        "CORNERS_HEIGHT_FIRST",
                        "CORNERS_WIDTH_FIRST",
                        "CENTER_SIZE_HEIGHT_FIRST",
                        "CENTER_SIZE_WIDTH_FIRST",
                    ])
                    .constant()
                    .or_str("CORNERS_HEIGHT_FIRST"),
                Param::tensor(
                    "sampling_mode",
                    STRING,
                    "Which place of the input a pixel of the output looks at.",
                )
                .one_of(&[
                    "DEFAULT",
                    "STRICT_ALIGN_CORNERS",
                    "ALIGN_CORNERS",
                    "UNALIGN_CORNERS",
                    "OFFSET_CORNERS",
                ])
                .constant()
                .or_str("DEFAULT"),
                Param::tensor("pad_value", T, "The value beyond the edges.").constant().or_float(0.0),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Release::IOS17,
            params: &[
                Param::tensor("x", T, "Images: `[batch, channels, height, width]`."),
                Param::tensor("boxes", Types::Domain("BOX_T"), "Boxes: `[boxes, 4]`."),
                Param::tensor(
                    "box_indices",
                    Types::Domain("BOX_INDEX_T"),
                    "The image that each box is cut from.",
                )
                .or_derived("0, 1, …, one for each box"),
                Param::tensor("target_height", INT32, "Height of each result.").constant().or_int(1),
                Param::tensor("target_width", INT32, "Width of each result.").constant().or_int(1),
                Param::tensor(
                    "normalized_coordinates",
                    BOOL,
                    "Coordinates run from 0 to 1 across the image, not in pixels.",
                )
                .constant()
                .or_bool(false),
                Param::tensor("spatial_scale", Types::Only(&[Fp32]), "Factor of the coordinates.")
                    .constant()
                    .or_float(1.0),
                Param::tensor("box_coordinate_mode", STRING, "What the four numbers of a box are.")
                    .one_of(&[
                        "CORNERS_HEIGHT_FIRST",
                        "CORNERS_WIDTH_FIRST",
                        "CENTER_SIZE_HEIGHT_FIRST",
                        "CENTER_SIZE_WIDTH_FIRST",
                    ])
                    .constant()
                    .or_str("CORNERS_HEIGHT_FIRST"),
                Param::tensor(
                    "sampling_mode",
                    STRING,
                    "Which place of the input a pixel of the output looks at.",
                )
                .one_of(&[
                    "DEFAULT",
                    "STRICT_ALIGN_CORNERS",
                    "ALIGN_CORNERS",
                    "UNALIGN_CORNERS",
                    "OFFSET_CORNERS",
                ])
                .constant()
                .or_str("DEFAULT"),
                Param::tensor("pad_value", T, "The value beyond the edges.").constant().or_float(0.0),
            ],
            domains: &[
                ("T", &[Fp16, Fp32]),
                ("BOX_T", &[Fp16, Fp32, Uint16]),
                ("BOX_INDEX_T", &[Int32, Uint16]),
            ],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: Some(check),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// One image for each box; until iOS16 the boxes stand in an array of rank 5, and each is cut from every
/// image unless it has the number of one.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let [height, width] = [call.int("target_height")?, call.int("target_width")?];
    let size = [dims::size(height)?, dims::size(width)?];
    let shape = match (call.since() < Release::IOS17, call.dims("x")?) {
        (_, None) => None,
        (true, Some([batch, channels, _, _])) => {
            let (boxes, images) = match call.dims("roi")? {
                Some([boxes, _, numbers, ..]) if dims::fixed(numbers) == Some(5) => {
                    (boxes.clone(), Dim::Fixed(1))
                }
                Some([boxes, _, numbers, ..]) if dims::fixed(numbers).is_some() => {
                    (boxes.clone(), batch.clone())
                }
                Some([boxes, ..]) => (boxes.clone(), Dim::UNKNOWN),
                _ => (Dim::UNKNOWN, Dim::UNKNOWN),
            };
            Some([boxes, images, channels.clone()].into_iter().chain(size).collect())
        }
        (false, Some([_, channels, _, _])) => {
            let boxes = call.dims("boxes")?.and_then(|boxes| boxes.first()).cloned().unwrap_or(Dim::UNKNOWN);
            Some([boxes, channels.clone()].into_iter().chain(size).collect())
        }
        (_, Some(other)) => return Err(invalid!("x must have rank 4, not {}", other.len())),
    };
    Ok(vec![dims::tensor(x.dtype, shape)])
}

/// A box has four numbers.
fn check(call: &Call<'_>, problems: &mut Problems) {
    if let Some(boxes) = call.dims_of("boxes")
        && !matches!(boxes, [_, four] if dims::may_equal(four, &Dim::Fixed(4)))
    {
        problems.add(format!("boxes must have shape [boxes, 4], not {}", dims::show(boxes)));
    }
    if let Some(roi) = call.dims_of("roi")
        && roi.len() != 5
    {
        problems.add(format!("roi must have rank 5, not {}", roi.len()));
    }
}
