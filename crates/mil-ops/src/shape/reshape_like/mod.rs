//! `reshape_like`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, "The input."),
    Param::variadic("ref_tensors", "The tensors that give sizes."),
    Param::variadic("begins", "First axis of each range."),
    Param::variadic("ends", "One past the last axis of each range."),
    Param::variadic("end_masks", "The range goes to the last axis."),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "reshape_like",
    family: Family::Shape,
    doc: "The same elements in a shape made of ranges of other tensors' shapes.",
    versions: &[
        Version { since: Release::IOS16, params: PARAMS, domains: &[("T", &[Bool, Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS17,
            params: PARAMS,
            domains: &[("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16])],
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::KeepsOrder],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Ranges of the shapes of the reference tensors, one after the other.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let references = call.operands("ref_tensors");
    let numbers = |param: &str| -> Result<Vec<i64>, InferError> {
        let operands = call.operands(param);
        if operands.len() != references.len() {
            return Err(invalid!("{param} has {} numbers for {} tensors", operands.len(), references.len()));
        }
        let constant = |operand| call.graph().literal(operand)?.as_tensor()?.item_i64();
        operands
            .iter()
            .map(|operand| constant(operand).ok_or_else(|| InferError::NotConstant(param.into())))
            .collect()
    };
    let (begins, ends, open) = (numbers("begins")?, numbers("ends")?, numbers("end_masks")?);
    let mut result = Vec::new();
    for (i, reference) in references.iter().enumerate() {
        let tensor = call.operand_type(reference).as_tensor();
        let tensor = tensor.ok_or_else(|| InferError::NotTensor("ref_tensors".into()))?;
        let Some(dims) = dims::ranked(tensor) else { return Ok(vec![dims::tensor(x.dtype, None)]) };
        let place = |at: i64| {
            let rank = i64::try_from(dims.len()).unwrap_or(i64::MAX);
            usize::try_from(if at < 0 { at.saturating_add(rank) } else { at }.clamp(0, rank)).unwrap_or(0)
        };
        let end = if open[i] != 0 { dims.len() } else { place(ends[i]) };
        result.extend_from_slice(dims.get(place(begins[i])..end).unwrap_or(&[]));
    }
    if let (Some(from), Some(to)) = (call.dims("x")?.and_then(dims::product), dims::product(&result))
        && from != to
    {
        return Err(invalid!("{from} elements do not fill shape {}", dims::show(&result)));
    }
    Ok(vec![dims::tensor(x.dtype, Some(result))])
}
