//! `classify`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "classify",
    family: Family::Classify,
    doc: "The label of the most probable class, and a dictionary from labels to probabilities. It ends \
          the program of a classifier.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("probabilities", Types::Only(&[Fp32]), "A probability for each class."),
            Param::list("classes", "The labels: a list of strings or 64-bit integers.").constant(),
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

/// The label of the most probable class, and the probability of each.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let classes = call.ty("classes").ok_or_else(|| InferError::Missing("classes".into()))?;
    let TypeKind::List(label, _) = classes.kind() else {
        return Err(invalid!("classes is no list"));
    };
    let probability = Type::scalar(DType::Fp64);
    Ok(vec![label.clone(), Type::new(TypeKind::Dict(label.clone(), probability))])
}

/// There are as many classes as probabilities, and the labels are strings or integers.
fn check(call: &Call<'_>, problems: &mut Problems) {
    if let Some(TypeKind::List(label, count)) = call.ty("classes").map(Type::kind) {
        if !matches!(label.dtype(), Some(DType::String | DType::Int64)) {
            problems.add(format!("labels cannot be a {label}"));
        }
        let size = call.dims_of("probabilities").map_or(Dim::UNKNOWN, dims::volume);
        if !dims::may_equal(&size, count) {
            problems.add(format!("there are {count} classes for {size} probabilities"));
        }
    }
}
