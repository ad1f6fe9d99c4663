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
        since: Release::IOS13,
        params: &[Param::variadic("loop_vars", "Values of the loop variables before the first round.")],
        domains: &[],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Blocks],
    infer: Some(infer),
    check: Some(check),
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

/// Both blocks take the loop variables, and the first gives one boolean.
fn check(call: &Call<'_>, problems: &mut Problems) {
    super::expect_blocks(call, problems);
    let variables = call.types("loop_vars");
    for block in 0..call.block_count() {
        let inputs = call.block_inputs(block).unwrap_or_default();
        if inputs.len() != variables.len() {
            problems.add(format!("block {block} takes {} values, not {}", inputs.len(), variables.len()));
            continue;
        }
        for (input, variable) in inputs.iter().zip(&variables) {
            if !types_agree(input, variable) {
                problems.add(format!("block {block} takes a {input} for a {variable}"));
            }
        }
    }
    if let Some(condition) = call.block_outputs(0)
        && !matches!(&condition[..], [one] if one.dtype() == Some(Bool))
    {
        problems.add("the first block must give one boolean");
    }
}
