//! `make_list`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "make_list",
    family: Family::ControlFlow,
    doc: "An empty list of tensors of one type.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("init_length", INT32, "Its length at first.").or_int(1),
            Param::tensor("dynamic_length", BOOL, "It grows when something is written beyond its end.")
                .constant()
                .or_bool(true),
            Param::variadic(
                "elem_shape",
                "Sizes of an element, one integer each; a string stands for a size that is not \
                 known.",
            ),
            Param::tensor("dtype", STRING, "Name of the element type.").constant().or_str("fp32"),
        ],
        domains: &[],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// A list of tensors of one type.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = dims::named_dtype("dtype", call.string("dtype")?)?;
    let mut shape = Vec::new();
    for operand in call.operands("elem_shape") {
        let sizes = call.graph().literal(operand).and_then(|literal| literal.as_tensor()?.to_i64s().ok());
        match sizes {
            Some(sizes) => {
                for size in sizes {
                    shape.push(if size < 0 { Dim::UNKNOWN } else { dims::size(size)? });
                }
            }
            None => shape.push(Dim::UNKNOWN),
        }
    }
    let length = call.int("init_length").map_or(Ok(Dim::UNKNOWN), dims::size)?;
    Ok(vec![Type::new(TypeKind::List(dims::tensor(dtype, Some(shape)), length))])
}
