//! `rnn`

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, ""),
    Param::tensor("initial_h", T, ""),
    Param::tensor("weight_ih", T, "").constant(),
    Param::tensor("weight_hh", T, "").constant(),
    Param::tensor("bias", T, "").constant().optional(),
    Param::tensor("direction", STRING, "").constant().or_str("forward"),
    Param::tensor("output_sequence", BOOL, "").constant().or_bool(false),
    Param::tensor("activation", STRING, "").constant().or_str("tanh"),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "rnn",
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
