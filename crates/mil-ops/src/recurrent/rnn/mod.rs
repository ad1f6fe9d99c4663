//! `rnn`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, "The sequence: `[steps, batch, input]`."),
    Param::tensor("initial_h", T, "Hidden state before the first step: `[batch, hidden]`."),
    Param::tensor("weight_ih", T, "`[hidden, input]`.").constant(),
    Param::tensor("weight_hh", T, "`[hidden, hidden]`.").constant(),
    Param::tensor("bias", T, "`[hidden]`; none is 0.").constant().optional(),
    Param::tensor("direction", STRING, "The order in which the sequence is read.")
        .one_of(&["forward", "reverse"])
        .constant()
        .or_str("forward"),
    Param::tensor("output_sequence", BOOL, "Give every step, not only the last.").constant().or_bool(false),
    Param::tensor("activation", STRING, "Activation of the output.").constant().or_str("tanh"),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "rnn",
    family: Family::Recurrent,
    doc: "`hₜ = activation(weight_ih · xₜ + weight_hh · hₜ₋₁ + bias)`. Gives the hidden states \
          `[steps or 1, batch, hidden]` and the last one. With `reverse` the results stand in the \
          order in which the steps are visited. `hard_sigmoid` and `scaled_tanh` are those of \
          `lstm`.",
    versions: &[
        Version { since: Release::IOS13, params: PARAMS, domains: &[("T", &[Fp32])] },
        Version { since: Release::IOS17, params: PARAMS, domains: &[("T", &[Fp16, Fp32])] },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: Some(check),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The whole sequence or its last step, and the last hidden state.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    super::outputs(call, 1, 1)
}

/// The weights fit the sequence.
fn check(call: &Call<'_>, problems: &mut Problems) {
    super::check_weights(call, 1, problems);
}
