//! `gru`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// What the versions of two releases share; their type domains differ.
const PARAMS: &[Param] = &[
    Param::tensor("x", T, "The sequence: `[steps, batch, input]`."),
    Param::tensor("initial_h", T, "Hidden state before the first step: `[batch, hidden]`."),
    Param::tensor("weight_ih", T, "Reset, output and update weights stacked: `[3 · hidden, input]`.")
        .constant(),
    Param::tensor("weight_hh", T, "Reset, output and update weights stacked: `[3 · hidden, hidden]`.")
        .constant(),
    Param::tensor("bias", T, "`[3 · hidden]`; none is 0. With `input_bias` it is that of the hidden state.")
        .constant()
        .optional(),
    Param::tensor("direction", STRING, "The order in which the sequence is read.")
        .one_of(&["forward", "reverse"])
        .constant()
        .or_str("forward"),
    Param::tensor("output_sequence", BOOL, "Give every step, not only the last.").constant().or_bool(false),
    Param::tensor("recurrent_activation", STRING, "Activation of the gates.").constant().or_str("sigmoid"),
    Param::tensor("activation", STRING, "Activation of the output.").constant().or_str("tanh"),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "gru",
    family: Family::Recurrent,
    doc: "A gated recurrent unit. `r = σ(W_ir·x + W_hr·h + b_r)`, `z = σ(W_iz·x + W_hz·h + b_z)`, \
          `o = act(W_io·x + r ∘ (W_ho·h) + b_o)`, then `h ← (1 - z) ∘ o + z ∘ h`. Gives the hidden \
          states `[steps or 1, batch, hidden]` and the last one. With `reverse` the results stand \
          in the order in which the steps are visited. `hard_sigmoid` and `scaled_tanh` are those \
          of `lstm`.",
    versions: &[
        Version { since: Release::IOS13, params: PARAMS, domains: &[("T", &[Fp32])] },
        Version { since: Release::IOS17, params: PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS18,
            params: &[
                Param::tensor("x", T, "The sequence: `[steps, batch, input]`."),
                Param::tensor("initial_h", T, "Hidden state before the first step: `[batch, hidden]`."),
                Param::tensor(
                    "weight_ih",
                    T,
                    "Reset, output and update weights stacked: `[3 · hidden, input]`.",
                )
                .constant(),
                Param::tensor(
                    "weight_hh",
                    T,
                    "Reset, output and update weights stacked: `[3 · hidden, hidden]`.",
                )
                .constant(),
                Param::tensor(
                    "bias",
                    T,
                    "`[3 · hidden]`; none is 0. With `input_bias` it is that of the hidden state.",
                )
                .constant()
                .optional(),
                Param::tensor("direction", STRING, "The order in which the sequence is read.")
                    .one_of(&["forward", "reverse"])
                    .constant()
                    .or_str("forward"),
                Param::tensor("output_sequence", BOOL, "Give every step, not only the last.")
                    .constant()
                    .or_bool(false),
                Param::tensor("recurrent_activation", STRING, "Activation of the gates.")
                    .constant()
                    .or_str("sigmoid"),
                Param::tensor("activation", STRING, "Activation of the output.").constant().or_str("tanh"),
                Param::tensor(
                    "reset_after",
                    BOOL,
                    "The reset gate meets the product with the hidden state, not the state itself.",
                )
                .constant()
                .or_bool(false),
                Param::tensor(
                    "input_bias",
                    T,
                    "`[3 · hidden]`, added to the product with the input; none is 0.",
                )
                .constant()
                .optional(),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
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
    super::outputs(call, 3, 1)
}

/// The weights are those of three gates.
fn check(call: &Call<'_>, problems: &mut Problems) {
    super::check_weights(call, 3, problems);
}
