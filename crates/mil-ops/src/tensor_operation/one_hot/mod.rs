//! `one_hot`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "one_hot",
    family: Family::TensorOperation,
    doc: "For each index a vector that holds `on_value` there and `off_value` elsewhere. An index \
          outside the vector gives `off_value` everywhere.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("indices", INT32, "The indices."),
            Param::tensor("one_hot_vector_size", INT32, "Length of the vectors."),
            Param::tensor(
                "axis",
                INT32,
                "The place of the new axis in the result; negative counts from the end.",
            )
            .constant()
            .or_int(-1),
            Param::tensor("on_value", T, "Value at the index.").constant().or_int(1),
            Param::tensor("off_value", T, "Value elsewhere.").constant().or_int(0),
        ],
        domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// One more axis, at `axis`, as long as the vectors.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = ["on_value", "off_value"].iter().find_map(|param| call.ty(param)?.dtype()).unwrap_or(Int32);
    let Some(dims) = call.dims("indices")? else { return Ok(vec![dims::tensor(dtype, None)]) };
    let depth = call.int("one_hot_vector_size").map_or(Ok(Dim::UNKNOWN), dims::size)?;
    let axis = call.axis("axis", dims.len() + 1)?;
    let mut result = dims.to_vec();
    result.insert(axis, depth);
    Ok(vec![dims::tensor(dtype, Some(result))])
}
