//! `cond`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "cond",
    family: Family::ControlFlow,
    doc: "Runs one of two blocks and gives what that block gives. Both give as many values of the same \
          types.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[Param::tensor("pred", BOOL, "Run the first block, else the second.")],
        domains: &[],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Blocks],
    infer: Some(infer),
    check: Some(check),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// What both branches give; sizes in which they differ are unknown.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let (Some(yes), Some(no)) = (call.block_outputs(0), call.block_outputs(1)) else {
        return Err(InferError::Undecided);
    };
    if yes.len() != no.len() {
        return Err(invalid!("one branch gives {} values, the other {}", yes.len(), no.len()));
    }
    yes.iter().zip(&no).map(|(a, b)| super::either(a, b)).collect()
}

/// There are two branches, and the predicate is one boolean.
fn check(call: &Call<'_>, problems: &mut Problems) {
    super::expect_blocks(call, problems);
    if let Some(size) = call.dims_of("pred").and_then(dims::product)
        && size != 1
    {
        problems.add(format!("pred has {size} elements, not one"));
    }
}
