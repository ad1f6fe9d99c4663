//! `lstm`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, "The sequence: `[steps, batch, input]`."),
    Param::tensor("initial_h", T, "Hidden state before the first step: `[batch, directions · hidden]`."),
    Param::tensor("initial_c", T, "Cell state before the first step: `[batch, directions · hidden]`."),
    Param::tensor("weight_ih", T, "Input, forget, output and cell weights stacked: `[4 · hidden, input]`.")
        .constant(),
    Param::tensor("weight_hh", T, "Input, forget, output and cell weights stacked: `[4 · hidden, hidden]`.")
        .constant(),
    Param::tensor("bias", T, "`[4 · hidden]`; none is 0.").constant().optional(),
    Param::tensor(
        "peephole",
        T,
        "Weights of the cell state in the input, forget and output gates: `[3 · hidden]`; \
         none is 0.",
    )
    .constant()
    .optional(),
    Param::tensor("weight_ih_back", T, "`weight_ih` of the backward direction; needed if `bidirectional`.")
        .constant()
        .optional(),
    Param::tensor("weight_hh_back", T, "`weight_hh` of the backward direction; needed if `bidirectional`.")
        .constant()
        .optional(),
    Param::tensor("bias_back", T, "`bias` of the backward direction.").constant().optional(),
    Param::tensor("peephole_back", T, "`peephole` of the backward direction.").constant().optional(),
    Param::tensor("direction", STRING, "The order in which the sequence is read.")
        .one_of(&["forward", "reverse", "bidirectional"])
        .constant()
        .or_str("forward"),
    Param::tensor("output_sequence", BOOL, "Give every step, not only the last.").constant().or_bool(false),
    Param::tensor("recurrent_activation", STRING, "Activation of the gates.")
        .one_of(&["tanh", "scaled_tanh", "sigmoid", "hard_sigmoid", "relu", "linear"])
        .constant()
        .or_str("sigmoid"),
    Param::tensor("cell_activation", STRING, "Activation of the cell gate.")
        .one_of(&["tanh", "scaled_tanh", "sigmoid", "hard_sigmoid", "relu", "linear"])
        .constant()
        .or_str("tanh"),
    Param::tensor("activation", STRING, "Activation of the cell state in the output.")
        .one_of(&["tanh", "scaled_tanh", "sigmoid", "hard_sigmoid", "relu", "linear"])
        .constant()
        .or_str("tanh"),
    Param::tensor("clip", T, "Bound of the cell state's magnitude; none is no bound.").constant().optional(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "lstm",
    family: Family::Recurrent,
    doc: "A long short-term memory. `i, f, o = σ(W·x + R·h + b)`, `z = cell(W·x + R·h + b)`, `c ← f \
          ∘ c + i ∘ z`, `h ← o ∘ act(c)`. Gives the hidden states `[steps or 1, batch, directions \
          · hidden]`, the last one and the last cell state. `clip` bounds the cell state, as \
          coremltools' tests have it. With `reverse` the results stand in the order in which the \
          steps are visited, the last one of the input first; with two directions both stand in \
          the order of the input. `hard_sigmoid` is `min(max(0.2·x + 0.5, 0), 1)` and \
          `scaled_tanh` is `tanh`, the constants that coremltools tests against.",
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

/// The whole sequence or its last step, the last hidden state and the last cell state.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    super::outputs(call, 4, 2)
}

/// A bidirectional layer has weights for both directions.
fn check(call: &Call<'_>, problems: &mut Problems) {
    super::check_weights(call, 4, problems);
    if call.string("direction") == Ok("bidirectional") {
        for param in ["weight_ih_back", "weight_hh_back"] {
            if !call.is_given(param) {
                problems.add(format!("a bidirectional layer needs {param}"));
            }
        }
    }
}
