//! `read_state`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "read_state",
    family: Family::State,
    doc: "What a state holds now.",
    versions: &[Version {
        since: Release::IOS18,
        params: &[Param::state("input", "The state.")],
        domains: &[],
    }],
    effect: Effect::ReadsState,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// What the state holds.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    Ok(vec![super::contents(call)?.clone()])
}
