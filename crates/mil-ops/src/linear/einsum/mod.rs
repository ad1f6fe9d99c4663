//! `einsum`

#[cfg(feature = "eval")]
mod kernel;

use std::collections::BTreeMap;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "einsum",
    family: Family::Linear,
    doc: "A sum of products over named axes, of two tensors. Core ML knows `nchw,nwhr->nchr` and \
          `chw,whr->chr`, with any letters; any equation of two tensors is evaluated that has an \
          arrow and a letter for every axis.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::variadic("values", "The two operands."),
            Param::tensor("equation", STRING, "The letters of the axes of the operands and the result.")
                .constant(),
        ],
        domains: &[],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: Some(check),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The sizes that the letters of the result have in the operands, where 1 gives way.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let equation: String = call.string("equation")?.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = equation.split_once("->").ok_or_else(|| invalid!("equation {equation} has no ->"))?;
    let types = call.types("values");
    let terms: Vec<&str> = left.split(',').collect();
    if terms.len() != types.len() || types.is_empty() {
        return Err(invalid!("equation {equation} is not one for {} operands", types.len()));
    }
    let mut sizes: BTreeMap<char, Dim> = BTreeMap::new();
    let mut dtype = None;
    for (term, ty) in terms.into_iter().zip(types) {
        let tensor = ty.as_tensor().ok_or_else(|| InferError::NotTensor("values".into()))?;
        dtype = dtype.or(Some(tensor.dtype));
        let Some(dims) = dims::ranked(tensor) else { continue };
        if dims.len() != term.chars().count() {
            return Err(invalid!(
                "{term} is not one letter for each axis of a tensor of rank {}",
                dims.len()
            ));
        }
        for (letter, dim) in term.chars().zip(dims) {
            let known = sizes.entry(letter).or_insert_with(|| dim.clone());
            *known = dims::broadcast(std::slice::from_ref(known), std::slice::from_ref(dim))?.remove(0);
        }
    }
    let result = right.chars().map(|letter| sizes.get(&letter).cloned().unwrap_or(Dim::UNKNOWN)).collect();
    Ok(vec![dims::tensor(dtype.unwrap_or(Fp32), Some(result))])
}

/// Core ML knows two patterns of letters.
fn check(call: &Call<'_>, problems: &mut Problems) {
    let Ok(equation) = call.string("equation") else { return };
    let mut letters: Vec<char> = Vec::new();
    let mut number = |letter: char| match letters.iter().position(|&known| known == letter) {
        Some(at) => at.to_string(),
        None => {
            letters.push(letter);
            (letters.len() - 1).to_string()
        }
    };
    let pattern: String = equation
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| if letter.is_alphabetic() { number(letter) } else { letter.to_string() })
        .collect();
    if !["0123,0324->0124", "012,213->013"].contains(&pattern.as_str()) {
        problems.doubt(format!("Core ML may not know the equation {equation}"));
    }
}
