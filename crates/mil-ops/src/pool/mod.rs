//! Pooling.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod avg_pool;
pub mod l2_pool;
pub mod max_pool;

use crate::prelude::*;

/// Batch and channels as they are, the other axes as many windows as fit.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let kernel = call.ints("kernel_sizes")?;
    let [batch, channels, spatial @ ..] = dims else {
        return Err(invalid!("x must have rank 3 at least, not {}", dims.len()));
    };
    let (strides, pads) = (call.ints("strides")?, call.ints("pad")?);
    let ceil = call.bool("ceil_mode").unwrap_or(false);
    if [kernel.len(), strides.len(), pads.len() / 2].iter().any(|&count| count != spatial.len())
        || pads.len() % 2 != 0
    {
        return Err(invalid!("kernel_sizes, strides or pad are not those of {} axes", spatial.len()));
    }
    let mut result = vec![batch.clone(), channels.clone()];
    for (axis, dim) in spatial.iter().enumerate() {
        let window = Window {
            kernel: kernel[axis],
            stride: strides[axis],
            pad: pads[2 * axis].saturating_add(pads[2 * axis + 1]),
            ceil,
        };
        result.push(window.count(call.string("pad_type")?, dim)?);
    }
    Ok(vec![dims::tensor(x.dtype, Some(result))])
}

/// A window that slides along an axis.
pub(crate) struct Window {
    /// Its length, gaps included.
    pub(crate) kernel: i64,
    /// How far it goes in a step.
    pub(crate) stride: i64,
    /// Zeros at both ends, for `pad_type` `custom`.
    pub(crate) pad: i64,
    /// A last window may reach beyond the end.
    pub(crate) ceil: bool,
}

impl Window {
    /// How many places it has.
    pub(crate) fn count(&self, pad_type: &str, dim: &Dim) -> Result<Dim, InferError> {
        let &Window { kernel, stride, ceil, .. } = self;
        if stride < 1 {
            return Err(invalid!("a stride is {stride}"));
        }
        let pad = match pad_type.to_ascii_lowercase().as_str() {
            "same" | "same_lower" if stride == 1 => return Ok(dim.clone()),
            "same" | "same_lower" => {
                return Ok(dim.ceil_div(stride));
            }
            "valid" => 0,
            "custom" => self.pad,
            other => return Err(invalid!("pad_type {other} is not known")),
        };
        if stride == 1 && pad == kernel.saturating_sub(1) {
            return Ok(dim.clone());
        }
        let count = |size: i64| {
            let room = size.checked_add(pad)?.checked_sub(kernel)?;
            if !ceil {
                return (room >= 0).then(|| room / stride + 1);
            }
            let count = room.checked_add(stride - 1)?.checked_div_euclid(stride)?.checked_add(1)?;
            // A window that would start in the padding at the end is dropped.
            let beyond = pad > 0
                && 2 * i128::from(count - 1) * i128::from(stride) >= 2 * i128::from(size) + i128::from(pad);
            Some(count - i64::from(beyond)).filter(|&count| count > 0)
        };
        match dims::fixed(dim) {
            Some(size) => dims::size(
                count(size)
                    .ok_or_else(|| invalid!("no window of {kernel} fits into {size} and {pad} of padding"))?,
            ),
            None if ceil && pad > 0 => Ok(Dim::UNKNOWN),
            None => {
                let room = dims::add(dim, pad.saturating_sub(kernel))?;
                dims::add(&if ceil { room.ceil_div(stride) } else { room.floor_div(stride) }, 1)
            }
        }
    }
}

#[cfg(test)]
#[cfg(feature = "eval")]
mod tests {
    use mil_ir::NewOp;
    use mil_tensor::Tensor;

    use super::*;
    use crate::ProgramBuilder;
    use crate::eval::{Array, Bound, Context, EvalOptions, EvalValue, call};

    /// The sizes of a `max_pool` of this many elements, by inference and by its kernel.
    fn both(size: usize, kernel: i32, stride: i32, pad: [i32; 2]) -> (Option<Vec<usize>>, Vec<usize>) {
        let operands = [
            ("kernel_sizes", Tensor::ints(&[kernel])),
            ("strides", Tensor::ints(&[stride])),
            ("pad", Tensor::ints(&pad)),
            ("pad_type", Tensor::string("custom")),
            ("ceil_mode", Tensor::bool(true)),
        ];
        let mut builder = ProgramBuilder::new(Release::IOS17);
        let x = builder.input("x", Type::fixed(Fp32, &[1, 1, size]));
        let mut new = NewOp::new("max_pool").with("x", x);
        let mut bound: Bound = Bound::new();
        let array = |array: Array| [EvalValue::from(array)].into_iter().collect();
        bound.push(("x".into(), array(Array::filled(Fp32, &[1, 1, size], 1.0, false).unwrap())));
        for (param, tensor) in operands {
            bound.push((param.into(), array(Array::from_tensor(&tensor, false).unwrap())));
            new = new.with(param, tensor);
        }
        let inferred = crate::infer_new(builder.graph(), &new, &Release::IOS17.opset()).unwrap();
        let options = EvalOptions::default();
        let def = crate::def("max_pool").unwrap();
        let context = Context {
            def,
            target: Release::IOS17,
            bound: &bound,
            results: &[],
            options: &options,
            stream: 0,
            host: None,
        };
        let results = call(&context).unwrap();
        (inferred[0].fixed_shape(), results[0].as_array().unwrap().shape().to_vec())
    }

    #[test]
    fn a_kernel_counts_the_windows_that_inference_counts() {
        for size in 1..6 {
            for kernel in 1..=size.min(3) as i32 {
                for stride in 1..4 {
                    for before in 0..kernel {
                        for after in 0..kernel {
                            let (inferred, got) = both(size, kernel, stride, [before, after]);
                            assert_eq!(inferred, Some(got), "{size} {kernel} {stride} {before} {after}");
                        }
                    }
                }
            }
        }
    }
}
