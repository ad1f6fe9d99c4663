//! `reshape`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "reshape",
    family: Family::Shape,
    doc: "The same elements in another shape, in row-major order.",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor(
                    "shape",
                    INT32,
                    "The new sizes. One may be -1, for what remains. 0 copies a size of `x`: the one \
                     at its place, and from iOS17 on the one as far from the end.",
                ),
            ],
            domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor(
                    "shape",
                    Types::Domain("U"),
                    "The new sizes. One may be -1, for what remains. 0 copies a size of `x`: the one \
                     at its place, and from iOS17 on the one as far from the end.",
                ),
            ],
            domains: &[
                ("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16]),
                ("U", &[Int8, Int16, Int32]),
            ],
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::KeepsOrder],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The shape asked for. 0 copies a size of `x`: that at its place until iOS16, counted from the end from iOS17 on. One
/// -1 stands for what remains.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Ok(wanted) = call.ints("shape") else {
        return Ok(vec![dims::tensor(x.dtype, call.shape_from("shape")?)]);
    };
    let shape = reshaped(call.dims("x")?, &wanted, call.since() >= Target::IOS17)?;
    Ok(vec![dims::tensor(x.dtype, Some(shape))])
}

/// Resolves 0 and -1.
fn reshaped(from: Option<&[Dim]>, wanted: &[i64], from_the_end: bool) -> Result<Vec<Dim>, InferError> {
    let mut rest: Option<Vec<Dim>> = from.map(<[Dim]>::to_vec);
    let mut result = Vec::with_capacity(wanted.len());
    let mut open = None;
    for (at, &size) in wanted.iter().enumerate() {
        result.push(match size {
            -1 if open.replace(at).is_some() => return Err(invalid!("shape has more than one -1")),
            -1 => Dim::UNKNOWN,
            0 => match from {
                None => Dim::UNKNOWN,
                Some(from) => {
                    let place = match from_the_end {
                        true => (at + from.len()).checked_sub(wanted.len()),
                        false if from.len() == wanted.len() => Some(at),
                        false => return Err(invalid!("shape has a 0, but not as many sizes as x")),
                    };
                    let copied = place.map_or(Dim::Fixed(1), |place| from[place].clone());
                    if let (Some(place), Some(rest)) = (place, &mut rest) {
                        rest[place] = Dim::Fixed(1);
                    }
                    copied
                }
            },
            size => dims::size(size)?,
        });
    }
    let given =
        wanted.iter().filter(|&&size| size > 0).try_fold(1_i64, |product, &size| product.checked_mul(size));
    let Some((elements, given)) = rest.as_deref().and_then(dims::product).zip(given) else {
        return Ok(result);
    };
    match open {
        Some(_) if elements % given != 0 => {
            Err(invalid!("{elements} elements cannot be dealt out to shape {wanted:?}"))
        }
        Some(at) => {
            result[at] = dims::size(elements / given)?;
            Ok(result)
        }
        None if elements != given => Err(invalid!("{elements} elements do not fill shape {wanted:?}")),
        None => Ok(result),
    }
}
