//! `const`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "const",
    family: Family::ControlFlow,
    doc: "A constant.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[Param::any("val", "The value; an attribute in files.").constant()],
        domains: &[],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: Some(check),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The type of the literal.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    Ok(vec![call.attribute("val").ok_or_else(|| InferError::Missing("val".into()))?.ty.clone()])
}

/// It has a value and no operands.
fn check(call: &Call<'_>, problems: &mut Problems) {
    if call.attribute("val").is_none() {
        problems.add("a const has its value in the attribute val");
    }
}
