//! `while_loop`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "while_loop",
    family: Family::ControlFlow,
    doc: "Runs its second block, the body, as long as the first gives `true`. Both blocks take the \
          loop variables; the body gives their next values. The last values are the results.",
    versions: &[Version {
        since: Target::IOS13,
        params: &[Param::variadic("loop_vars", "Values of the loop variables before the first round.")],
        domains: &[],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Blocks],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// What the body gives, which is what it takes; sizes in which they differ are unknown.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let Some(inputs) = call.block_inputs(1) else { return Err(InferError::Undecided) };
    let Some(outputs) = call.block_outputs(1) else { return Ok(inputs) };
    if inputs.len() != outputs.len() {
        return Err(invalid!("the body takes {} values and gives {}", inputs.len(), outputs.len()));
    }
    inputs.iter().zip(&outputs).map(|(a, b)| super::either(a, b)).collect()
}
