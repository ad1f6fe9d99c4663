//! `lstm`

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, ""),
    Param::tensor("initial_h", T, ""),
    Param::tensor("initial_c", T, ""),
    Param::tensor("weight_ih", T, "").constant(),
    Param::tensor("weight_hh", T, "").constant(),
    Param::tensor("bias", T, "").constant().optional(),
    Param::tensor("peephole", T, "").constant().optional(),
    Param::tensor("weight_ih_back", T, "").constant().optional(),
    Param::tensor("weight_hh_back", T, "").constant().optional(),
    Param::tensor("bias_back", T, "").constant().optional(),
    Param::tensor("peephole_back", T, "").constant().optional(),
    Param::tensor("direction", STRING, "").constant().or_str("forward"),
    Param::tensor("output_sequence", BOOL, "").constant().or_bool(false),
    Param::tensor("recurrent_activation", STRING, "").constant().or_str("sigmoid"),
    Param::tensor("cell_activation", STRING, "").constant().or_str("tanh"),
    Param::tensor("activation", STRING, "").constant().or_str("tanh"),
    Param::tensor("clip", T, "").constant().optional(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "lstm",
    family: Family::Recurrent,
    doc: "",
    versions: &[
        Version { since: Target::IOS13, params: PARAMS, domains: &[("T", &[Fp32])] },
        Version { since: Target::IOS17, params: PARAMS, domains: &[("T", &[Fp16, Fp32])] },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: None,
};
