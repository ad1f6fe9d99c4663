//! `split`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "split",
    family: Family::TensorOperation,
    doc: "Cuts a tensor along an axis into parts, one result each.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input."),
            Param::tensor(
                "num_splits",
                INT32,
                "Number of parts, of equal size unless `split_sizes` says otherwise.",
            )
            .constant()
            .optional(),
            Param::tensor("split_sizes", INT32, "Size of each part.").constant().optional(),
            Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant(),
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

/// One tensor for each part.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let sizes = call.ints("split_sizes").ok();
    let number = match (call.int("num_splits"), &sizes, call.dims_of("split_sizes")) {
        (Ok(number), ..) => usize::try_from(number).map_err(|_| invalid!("num_splits is {number}"))?,
        (_, Some(sizes), _) => sizes.len(),
        (_, _, Some([Dim::Fixed(number)])) => usize::try_from(*number).unwrap_or(usize::MAX),
        _ => return Err(InferError::NotConstant("split_sizes".into())),
    };
    if number > 1 << 16 {
        return Err(invalid!("{number} parts are too many"));
    }
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None); number]) };
    let axis = call.axis("axis", dims.len())?;
    let parts: Vec<Dim> = match &sizes {
        Some(sizes) if sizes.len() != number => {
            return Err(invalid!("split_sizes has {} sizes, not {number}", sizes.len()));
        }
        Some(sizes) => sizes.iter().map(|&size| dims::size(size)).collect::<Result<_, _>>()?,
        None if call.is_given("split_sizes") => vec![Dim::UNKNOWN; number],
        None => vec![dims::div(&dims[axis], i64::try_from(number).unwrap_or(0))?; number],
    };
    if let (Some(sizes), Some(whole)) = (dims::sum(&parts), dims::fixed(&dims[axis]))
        && sizes != whole
    {
        return Err(invalid!("the parts add up to {sizes}, not {whole}"));
    }
    let part = |size| {
        let mut shape = dims.to_vec();
        shape[axis] = size;
        dims::tensor(x.dtype, Some(shape))
    };
    Ok(parts.into_iter().map(part).collect())
}
