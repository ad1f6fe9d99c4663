//! `reshape`

#[cfg(feature = "eval")]
mod kernel;

use mil_ir::SymExpr;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 2] = [
    Param::tensor("x", T, "The input."),
    Param::tensor(
        "shape",
        INT32,
        "The new sizes. One may be -1, for what remains. 0 copies a size of `x`: the one \
         at its place, and from iOS17 on the one as far from the end.",
    ),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "reshape",
    family: Family::Shape,
    doc: "The same elements in another shape, in row-major order.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Bool, Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[Param::tensor(
                    "shape",
                    Types::Domain("U"),
                    "The new sizes. One may be -1, for what remains. 0 copies a size of `x`: the one \
                     at its place, and from iOS17 on the one as far from the end.",
                )],
            ),
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

/// The shape asked for. 0 copies a size of `x`: that at its place until iOS16, counted from the end from
/// iOS17 on. One -1 stands for what remains.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(wanted) = call.elements("shape") else {
        return Ok(vec![dims::tensor(x.dtype, call.shape_from("shape")?)]);
    };
    let shape = reshaped(call.dims("x")?, &wanted, call.since() >= Release::IOS17)?;
    Ok(vec![dims::tensor(x.dtype, Some(shape))])
}

/// Resolves 0 and -1.
fn reshaped(
    from: Option<&[Dim]>,
    wanted: &[Option<SymExpr>],
    from_the_end: bool,
) -> Result<Vec<Dim>, InferError> {
    let mut rest: Option<Vec<Dim>> = from.map(<[Dim]>::to_vec);
    let (mut result, mut given) = (Vec::with_capacity(wanted.len()), Vec::new());
    let mut open = None;
    for (at, size) in wanted.iter().enumerate() {
        let size = match size.as_ref().map(|size| (size.as_constant(), size)) {
            Some((Some(-1), _)) if open.replace(at).is_some() => {
                return Err(invalid!("shape has more than one -1"));
            }
            Some((Some(-1), _)) => {
                result.push(Dim::UNKNOWN);
                continue;
            }
            Some((Some(0), _)) => {
                result.push(match from {
                    None => Dim::UNKNOWN,
                    Some(from) => {
                        let place = match from_the_end {
                            true => (at + from.len()).checked_sub(wanted.len()),
                            false if from.len() == wanted.len() => Some(at),
                            false => return Err(invalid!("shape has a 0, but not as many sizes as x")),
                        };
                        if let (Some(place), Some(rest)) = (place, &mut rest) {
                            rest[place] = Dim::Fixed(1);
                        }
                        place.map_or(Dim::Fixed(1), |place| from[place].clone())
                    }
                });
                continue;
            }
            Some((Some(number), _)) => dims::size(number)?,
            // One that may come to 0 or -1 may mean something else.
            Some((None, size)) if size.bounds().lower.is_some_and(|lower| lower > 0) => size.clone().into(),
            _ => Dim::UNKNOWN,
        };
        given.push(size.clone());
        result.push(size);
    }
    let Some(rest) = rest else { return Ok(result) };
    match (open, dims::product(&rest), dims::product(&given)) {
        (Some(_), Some(elements), Some(given)) if given == 0 || elements % given != 0 => {
            Err(invalid!("{elements} elements cannot be dealt out to {given} and a -1"))
        }
        (Some(at), ..) => {
            result[at] = dims::quotient(&rest, &given);
            Ok(result)
        }
        (None, Some(elements), Some(given)) if elements != given => {
            Err(invalid!("{elements} elements do not fill a shape of {given}"))
        }
        _ => Ok(result),
    }
}
