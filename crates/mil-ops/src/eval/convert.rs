//! Changing element types.

use mil_tensor::DType;

use super::{Array, Context, Data, EvalError, Stored};

/// An array of another element type. Floats become integers by truncation, saturating at the bounds of the
/// type that they are held in, and then wrap into narrower types; NaN becomes 0.
pub(crate) fn convert(cx: &Context<'_>, x: &Array, dtype: DType) -> Result<Array, EvalError> {
    if x.dtype() == dtype {
        return Ok(x.clone());
    }
    let unsupported = || EvalError::Unsupported(format!("a conversion of {} to {dtype}", x.dtype()));
    let data = match dtype {
        DType::Bool => bool::pack(x.bools()?.into_owned()),
        DType::String => return Err(unsupported()),
        DType::Int64 | DType::Uint32 | DType::Uint64 => i64::pack(match x.data() {
            Data::Single(v) => v.iter().map(|&x| x as i64).collect(),
            Data::Double(v) => v.iter().map(|&x| x as i64).collect(),
            _ => x.longs()?,
        }),
        int if int.is_int() => i32::pack(match x.data() {
            Data::Int(v) => v.to_vec(),
            Data::Single(v) => v.iter().map(|&x| x as i32).collect(),
            Data::Double(v) => v.iter().map(|&x| x as i32).collect(),
            _ => x.longs()?.into_iter().map(|x| x as i32).collect(),
        }),
        // As the other floats of the program are held, whatever a kernel computed in.
        DType::Fp16 | DType::Bf16 | DType::Fp32 if !cx.is_double() => {
            f32::pack(x.reals::<f32>()?.into_owned())
        }
        DType::Fp16 | DType::Bf16 | DType::Fp32 | DType::Fp64 => f64::pack(x.reals::<f64>()?.into_owned()),
        _ => return Err(unsupported()),
    };
    Ok(Array::new(dtype, x.shape(), data)?.settle())
}

#[cfg(test)]
mod tests {
    use super::super::{Bound, EvalOptions};
    use super::*;

    /// Kernels that compute in `f64` (`one_hot`, `random_categorical`) give floats like those of all others,
    /// which can be joined with them.
    #[test]
    fn floats_are_held_as_the_precision_says() {
        let wide = Array::from_vec(&[1], vec![0.1_f64]).unwrap();
        for (options, double) in [(EvalOptions::default(), false), (EvalOptions::default().double(), true)] {
            let context = Context {
                def: crate::def("cast").unwrap(),
                target: mil_ir::Release::IOS17,
                bound: &Bound::new(),
                results: &[],
                options: &options,
                stream: 0,
                host: None,
            };
            assert_eq!(convert(&context, &wide, DType::Fp32).unwrap().is_double(), double);
        }
    }
}
