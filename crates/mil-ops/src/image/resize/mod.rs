//! `resize`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "resize",
    family: Family::Image,
    doc: "Resizes the last `resized_dims` axes with interpolation. The nearest neighbour of a place \
          is found by rounding it, halves up. Interpolated integers are truncated.",
    versions: &[Version {
        since: Release::IOS17,
        params: &[
            Param::tensor("x", T, "The input."),
            Param::tensor(
                "shape",
                Types::Domain("U"),
                "The sizes of the result; its last `resized_dims` numbers count. 0 keeps an axis.",
            ),
            Param::tensor("resized_dims", Types::Only(&[Uint32]), "Number of axes to resize, 1 or 2.")
                .constant(),
            Param::tensor("interpolation_mode", STRING, "How values between pixels are found.")
                .one_of(&["LINEAR", "NEAREST_NEIGHBOR"])
                .constant()
                .or_str("LINEAR"),
            Param::tensor(
                "sampling_mode",
                STRING,
                "Which place of the input a pixel of the output looks at.",
            )
            .one_of(&[
                "DEFAULT",
                "STRICT_ALIGN_CORNERS",
                "ALIGN_CORNERS",
                "UNALIGN_CORNERS",
                "OFFSET_CORNERS",
            ])
            .constant()
            .or_str("DEFAULT"),
        ],
        domains: &[("T", &[Fp16, Fp32, Int32]), ("U", &[Int16, Int32, Uint16, Uint32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The last `resized_dims` axes get the last sizes of `shape`; 0 keeps an axis.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let count =
        usize::try_from(call.int("resized_dims")?).map_err(|_| invalid!("resized_dims is negative"))?;
    let kept = dims
        .len()
        .checked_sub(count)
        .ok_or_else(|| invalid!("resized_dims {count} exceeds the rank of x"))?;
    let mut result = dims.to_vec();
    match call.ints("shape") {
        Ok(shape) => {
            let from = shape
                .len()
                .checked_sub(count)
                .ok_or_else(|| invalid!("shape has fewer than {count} sizes"))?;
            for (dim, &wanted) in result[kept..].iter_mut().zip(&shape[from..]) {
                if wanted != 0 {
                    *dim = dims::size(wanted)?;
                }
            }
        }
        Err(_) => result[kept..].fill(Dim::UNKNOWN),
    }
    Ok(vec![dims::tensor(x.dtype, Some(result))])
}
