//! `write_state`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "write_state",
    family: Family::State,
    doc: "Replaces what a state holds. It has no result; position in the block decides what later \
          reads see.",
    versions: &[Version {
        since: Release::IOS18,
        params: &[
            Param::state("input", "The state."),
            Param::tensor("data", Types::Any, "The new contents."),
        ],
        domains: &[],
    }],
    effect: Effect::WritesState,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Nothing. The data have the type of what the state holds.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let (state, data) =
        (super::contents(call)?, call.ty("data").ok_or_else(|| InferError::Missing("data".into()))?);
    if types_agree(state, data) {
        return Ok(Vec::new());
    }
    Err(invalid!("the state holds a {state}, data is a {data}"))
}
