//! `layer_norm`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 5] = [
    Param::tensor("x", T, "The input."),
    Param::tensor("axes", INT32, "The axes to normalise over.").constant().or_derived("all axes of `x`"),
    Param::tensor("gamma", T, "Scale, in the shape of those axes; none is 1.").constant().optional(),
    Param::tensor("beta", T, "Shift, in the shape of those axes; none is 0.").constant().optional(),
    Param::tensor("epsilon", T, "Added to the variance.").constant().or_float(1e-5),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "layer_norm",
    family: Family::Normalization,
    doc: "`gamma · (x - m) / √(v + epsilon) + beta`, where `m` and `v` are mean and variance over the \
          axes.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor(
                        "gamma",
                        Types::Domain("U"),
                        "Scale, in the shape of those axes; none is 1.",
                    )
                    .constant()
                    .optional(),
                    Param::tensor(
                        "beta",
                        Types::Domain("U"),
                        "Shift, in the shape of those axes; none is 0.",
                    )
                    .constant()
                    .optional(),
                    Param::tensor("epsilon", Types::Domain("U"), "Added to the variance.")
                        .constant()
                        .or_float(1e-5),
                ],
            ),
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: Some(check),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The type of `x`.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    if let Some(rank) = call.rank("x")?
        && call.is_given("axes")
    {
        call.axes("axes", rank)?;
    }
    like_x(call)
}

/// Scale and shift have the shape of the axes.
fn check(call: &Call<'_>, problems: &mut Problems) {
    let Ok(Some(dims)) = call.dims("x") else { return };
    let axes = match call.is_given("axes") {
        true => call.axes("axes", dims.len()).unwrap_or_default(),
        false => (0..dims.len()).collect(),
    };
    let wanted: Vec<Dim> =
        (0..dims.len()).filter(|axis| axes.contains(axis)).map(|axis| dims[axis].clone()).collect();
    for param in ["gamma", "beta"] {
        call.expect_shape(param, &wanted, problems);
    }
}
