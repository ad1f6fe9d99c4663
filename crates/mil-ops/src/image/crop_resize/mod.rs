//! `crop_resize`

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "crop_resize",
    family: Family::Image,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("roi", T, ""),
                Param::tensor("target_height", INT32, "").constant().or_int(1),
                Param::tensor("target_width", INT32, "").constant().or_int(1),
                Param::tensor("normalized_coordinates", BOOL, "").constant().or_bool(false),
                Param::tensor("spatial_scale", Types::Only(&[Fp32]), "").constant().or_float(1.0),
                Param::tensor("box_coordinate_mode", STRING, "").constant().or_str("CORNERS_HEIGHT_FIRST"),
                Param::tensor("sampling_mode", STRING, "").constant().or_str("DEFAULT"),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Target::IOS16,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("roi", T, ""),
                Param::tensor("target_height", INT32, "").constant().or_int(1),
                Param::tensor("target_width", INT32, "").constant().or_int(1),
                Param::tensor("normalized_coordinates", BOOL, "").constant().or_bool(false),
                Param::tensor("spatial_scale", Types::Only(&[Fp32]), "").constant().or_float(1.0),
                Param::tensor("box_coordinate_mode", STRING, "").constant().or_str("CORNERS_HEIGHT_FIRST"),
                Param::tensor("sampling_mode", STRING, "").constant().or_str("DEFAULT"),
                Param::tensor("pad_value", T, "").constant().or_float(0.0),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("boxes", Types::Domain("BOX_T"), ""),
                Param::tensor("box_indices", Types::Domain("BOX_INDEX_T"), "")
                    .or_derived("0, 1, …, one for each box"),
                Param::tensor("target_height", INT32, "").constant().or_int(1),
                Param::tensor("target_width", INT32, "").constant().or_int(1),
                Param::tensor("normalized_coordinates", BOOL, "").constant().or_bool(false),
                Param::tensor("spatial_scale", Types::Only(&[Fp32]), "").constant().or_float(1.0),
                Param::tensor("box_coordinate_mode", STRING, "").constant().or_str("CORNERS_HEIGHT_FIRST"),
                Param::tensor("sampling_mode", STRING, "").constant().or_str("DEFAULT"),
                Param::tensor("pad_value", T, "").constant().or_float(0.0),
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
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: None,
};
