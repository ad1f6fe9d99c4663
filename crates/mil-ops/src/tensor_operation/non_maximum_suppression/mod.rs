//! `non_maximum_suppression`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "non_maximum_suppression",
    family: Family::TensorOperation,
    doc: "Picks the boxes with the highest scores, dropping those that overlap a better one. Until \
          iOS16 the result is `boxes [batch, max_boxes, 4]`, `scores [batch, max_boxes, classes]`, \
          indices and counts; from iOS17 on coordinates and classes stand before the boxes, and \
          there are no counts. Places that stay free hold -1 as index. Where no box passes the \
          score threshold the best one is picked, as coremltools' tests have it.",
    versions: &[
        Version {
            since: Release::IOS13,
            params: &[
                Param::tensor(
                    "boxes",
                    T,
                    "Boxes as centre and size: `[batch, boxes, 4]`; from iOS17 on `[batch, 4, \
                     boxes]`.",
                ),
                Param::tensor(
                    "scores",
                    T,
                    "Scores: `[batch, boxes, classes]`; from iOS17 on `[batch, classes, boxes]`.",
                ),
                Param::tensor(
                    "iou_threshold",
                    T,
                    "Overlap, as intersection over union, above which a box is dropped.",
                )
                .constant(),
                Param::tensor("score_threshold", T, "Boxes with a lower score are dropped.").constant(),
                Param::tensor("max_boxes", INT32, "Number of boxes picked at most.").constant(),
                Param::tensor("per_class_suppression", BOOL, "Only boxes of one class suppress each other.")
                    .constant()
                    .or_bool(false),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Release::IOS17,
            params: &[
                Param::tensor(
                    "boxes",
                    T,
                    "Boxes as centre and size: `[batch, boxes, 4]`; from iOS17 on `[batch, 4, \
                     boxes]`.",
                ),
                Param::tensor(
                    "scores",
                    T,
                    "Scores: `[batch, boxes, classes]`; from iOS17 on `[batch, classes, boxes]`.",
                ),
                Param::tensor(
                    "iou_threshold",
                    T,
                    "Overlap, as intersection over union, above which a box is dropped.",
                )
                .constant(),
                Param::tensor("max_boxes", INT32, "Number of boxes picked at most.").constant(),
                Param::tensor("per_class_suppression", BOOL, "Only boxes of one class suppress each other.")
                    .constant()
                    .or_bool(false),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Boxes, scores and indices of what is kept, and until iOS16 how many. From iOS17 on the coordinates stand
/// before the boxes.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let (boxes, scores) = (call.dtype("boxes")?, call.dtype("scores")?);
    let kept = dims::size(call.int("max_boxes")?)?;
    let shape = call.dims("scores")?.map_or_else(|| vec![Dim::UNKNOWN; 3], <[Dim]>::to_vec);
    let [batch, second, third] = &shape[..] else {
        return Err(invalid!("scores must have rank 3, not {}", shape.len()));
    };
    let array =
        |dtype, dims: &[&Dim]| dims::tensor(dtype, Some(dims.iter().map(|&dim| dim.clone()).collect()));
    let four = Dim::Fixed(4);
    Ok(if call.since() < Release::IOS17 {
        vec![
            array(boxes, &[batch, &kept, &four]),
            array(scores, &[batch, &kept, third]),
            array(Int32, &[batch, &kept]),
            array(Int32, &[batch]),
        ]
    } else {
        vec![
            array(boxes, &[batch, &four, &kept]),
            array(scores, &[batch, second, &kept]),
            array(Int32, &[batch, &kept]),
        ]
    })
}
