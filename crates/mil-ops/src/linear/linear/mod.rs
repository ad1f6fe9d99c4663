//! `linear`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 3] = [
    Param::tensor("x", T, "The input: `[…, in]`."),
    Param::tensor("weight", T, "The weight: `[out, in]`.").constant(),
    Param::tensor("bias", T, "The bias: `[out]`.").constant().or_derived("zeros, in the type of `weight`"),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "linear",
    family: Family::Linear,
    doc: "`x · weightᵀ + bias`: the last axis, of size `in`, becomes one of size `out`.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor("weight", Types::Domain("U"), "The weight: `[out, in]`.").constant(),
                    Param::tensor("bias", Types::Domain("U"), "The bias: `[out]`.")
                        .constant()
                        .or_derived("zeros, in the type of `weight`"),
                ],
            ),
            domains: &[("T", &[Fp16, Fp32, Int32]), ("U", &[Fp16, Fp32, Int32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The last axis becomes the first of the weight.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let weight = call.dims("weight")?.map_or_else(|| vec![Dim::UNKNOWN; 2], <[Dim]>::to_vec);
    let ([rows, columns], Some((last, front))) = (&weight[..], dims.split_last()) else {
        return Err(invalid!("weight has shape {}, x {}", dims::show(&weight), dims::show(dims)));
    };
    if !dims::may_equal(last, columns) {
        return Err(invalid!("the last axis of x has size {last}, that of weight {columns}"));
    }
    if let Some(bias) = call.dims_of("bias")
        && !matches!(bias, [size] if dims::may_equal(size, rows))
    {
        return Err(invalid!("bias has shape {}, not [{rows}]", dims::show(bias)));
    }
    Ok(vec![dims::tensor(x.dtype, Some(front.iter().chain([rows]).cloned().collect()))])
}
