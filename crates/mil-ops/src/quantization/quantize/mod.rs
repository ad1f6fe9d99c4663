//! `quantize`

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "quantize",
    family: Family::Quantization,
    doc: "",
    versions: &[Version {
        since: Target::IOS17,
        params: &[
            Param::tensor("input", Types::Domain("SrcT"), ""),
            Param::tensor("zero_point", Types::Domain("DstT"), "").constant().optional(),
            Param::tensor("scale", Types::Domain("SrcT"), "").constant(),
            Param::tensor("axis", INT32, "").constant().optional(),
            Param::tensor("output_dtype", STRING, "").constant(),
        ],
        domains: &[("SrcT", &[Fp16, Fp32]), ("DstT", &[Int8, Uint8])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: None,
};

/// The shape of the input, in the type that `output_dtype` names.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = dims::named_dtype("output_dtype", call.string("output_dtype")?)?;
    super::check_scale(call)?;
    Ok(vec![call.ty_like("input", dtype)?])
}
