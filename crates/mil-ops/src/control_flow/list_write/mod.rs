//! `list_write`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "list_write",
    family: Family::ControlFlow,
    doc: "A list with one element replaced.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::list("ls", "The list."),
            Param::tensor("index", INT32, "The place in the list, from 0 on."),
            Param::tensor("value", T, "The new element."),
        ],
        domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(super::infer_list),
    check: Some(check),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The new element is like the others.
fn check(call: &Call<'_>, problems: &mut Problems) {
    if let (Ok(element), Some(value)) = (super::element(call), call.ty("value"))
        && !types_agree(element, value)
    {
        problems.add(format!("value is a {value}, an element a {element}"));
    }
}
