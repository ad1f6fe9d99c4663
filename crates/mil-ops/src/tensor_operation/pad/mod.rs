//! `pad`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "pad",
    family: Family::TensorOperation,
    doc: "Adds elements around the last axes.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input."),
            Param::tensor(
                "pad",
                INT32,
                "Elements before and after each of the last axes: `[before, after, before, after, \
                 …]`.",
            ),
            Param::tensor(
                "mode",
                STRING,
                "What is added: `constant_val`, a reflection without the edge (`reflect`), or the \
                 edge itself (`replicate`).",
            )
            .one_of(&["constant", "reflect", "replicate"])
            .constant()
            .or_str("constant"),
            Param::tensor("constant_val", T, "The value for `constant`.").constant().or_float(0.0),
        ],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The last axes grow by what stands before and after them.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let mut result = dims.to_vec();
    let known = call.ints("pad").ok();
    let count = match (&known, call.dims("pad")?) {
        (Some(pad), _) => pad.len(),
        (None, Some([Dim::Fixed(count)])) => usize::try_from(*count).unwrap_or(usize::MAX),
        _ => 2 * dims.len(),
    };
    let first = dims.len().checked_sub(count / 2).filter(|_| count % 2 == 0);
    let first = first.ok_or_else(|| invalid!("pad has {count} sizes for a tensor of rank {}", dims.len()))?;
    match known {
        Some(pad) if pad.iter().any(|&size| size < 0) => return Err(invalid!("pad is negative")),
        Some(pad) => {
            for (dim, sides) in result[first..].iter_mut().zip(pad.chunks(2)) {
                *dim = dims::add(dim, sides.iter().fold(0, |sum: i64, &side| sum.saturating_add(side)))?;
            }
        }
        None => result[first..].fill(Dim::UNKNOWN),
    }
    Ok(vec![dims::tensor(x.dtype, Some(result))])
}
