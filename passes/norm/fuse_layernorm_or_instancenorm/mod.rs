mod matcher;

use mil_ir::{NewOp, OpId, Operand};
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::{DType, Tensor};

use crate::constants::{along_axes, to_dtype};
use matcher::Found;

pass! {
    /// Recognises layer and instance normalisation in their elementary ops.
    ///
    /// With `m` the mean of `x` over some axes and `r` one over the square root of its variance plus epsilon,
    /// five forms are known: `x * (gamma * r) + (beta - m * (gamma * r))`, with the variance as the mean of
    /// `(x - m)^2` or as the mean of `x^2` less `m^2`; `(x - m) / sqrt(..) * gamma + beta`; `x * r - m * r`;
    /// and `(x - m) * r`, after which `+ beta` and `* gamma` may follow. All means keep their axes. It is
    /// `layer_norm` where gamma and beta vary along the axes of the mean only, and `instance_norm` where the
    /// axes are the two spatial ones of rank 4 and gamma and beta vary along the channels only; channels that
    /// stand last are transposed. No value between may have another use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 1, 4]> x) {
    ///     tensor<int32, [1]> axes = const()[name = string("axes"), val = tensor<int32, [1]>([1])];
    ///     bool keep = const()[name = string("keep"), val = bool(true)];
    ///     tensor<fp32, [1, 1, 1, 4]> m = reduce_mean(axes = axes, keep_dims = keep, x = x)[name = string("m")];
    ///     tensor<fp32, [1, 2, 1, 4]> c = sub(x = x, y = m)[name = string("c")];
    ///     tensor<fp32, [1, 2, 1, 4]> s = mul(x = c, y = c)[name = string("s")];
    ///     tensor<fp32, [1, 1, 1, 4]> v = reduce_mean(axes = axes, keep_dims = keep, x = s)[name = string("v")];
    ///     fp32 e = const()[name = string("e"), val = fp32(0x1p-10)];
    ///     tensor<fp32, [1, 1, 1, 4]> a = add(x = v, y = e)[name = string("a")];
    ///     fp32 zero = const()[name = string("zero"), val = fp32(0x0p+0)];
    ///     tensor<fp32, [1, 1, 1, 4]> r = rsqrt(epsilon = zero, x = a)[name = string("r")];
    ///     tensor<fp32, [1, 2, 1, 4]> y = mul(x = c, y = r)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 1, 4]> x) {
    ///     fp32 y_epsilon_0 = const()[name = string("y_epsilon_0"), val = fp32(0x1p-10)];
    ///     tensor<int32, [1]> y_axes_0 = const()[name = string("y_axes_0"), val = tensor<int32, [1]>([1])];
    ///     tensor<fp32, [1, 2, 1, 4]> y = layer_norm(axes = y_axes_0, epsilon = y_epsilon_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseLayernormOrInstancenorm;
    id: "fuse_layernorm_or_instancenorm",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_layernorm_or_instancenorm")],
    patterns: [
        /// `x * (gamma * r) + (beta - m * (gamma * r))`
        folded(add),
        /// `x * r + m * r * -1`
        bare(add),
        /// `(x - m) / sqrt(variance + epsilon) * gamma + beta`
        divided(real_div),
        /// `(x - m) * r`, then perhaps `+ beta` and `* gamma`
        centred(mul),
    ],
}

fn folded(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    fuse(rw, matcher::folded(rw, op)?)
}

fn bare(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    fuse(rw, matcher::bare(rw, op)?)
}

fn divided(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    fuse(rw, matcher::divided(rw, op)?)
}

fn centred(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    fuse(rw, matcher::centred(rw, op)?)
}

/// What replaces a match.
enum Norm {
    /// `layer_norm`, with gamma and beta in the shape of the axes.
    Layer { gamma: Option<Tensor>, beta: Option<Tensor> },
    /// `instance_norm` with one gamma and one beta per channel; channels stand last.
    Instance { gamma: Tensor, beta: Tensor, channels_last: bool },
}

fn fuse(rw: &mut Rewrite<'_>, found: Found) -> Matched {
    let Found { m, x, .. } = &found;
    m.closed(rw)?;
    let (end, shape, dtype) = (m.end(), rw.shape(*x)?, rw.dtype(*x)?);
    rw.same_type(rw.result(end)?, *x)?;
    let norm = classify(&found, &shape, dtype)?;
    let epsilon = to_dtype(&[found.epsilon], dtype)?.reshaped(&[])?;
    match norm {
        Norm::Layer { gamma, beta } => {
            let axes: Vec<i32> = found.axes.iter().map(|&axis| axis as i32).collect();
            let new = NewOp::new("layer_norm").with("epsilon", epsilon).with("x", *x);
            let mut new = new.with("axes", Tensor::ints(&axes));
            for (param, tensor) in [("gamma", gamma), ("beta", beta)] {
                new = tensor.into_iter().fold(new, |new, tensor| new.with(param, tensor));
            }
            m.replace(rw, new)
        }
        Norm::Instance { gamma, beta, channels_last } => {
            let new = |x, epsilon: Operand| {
                let new = NewOp::new("instance_norm").with("epsilon", epsilon).with("x", x);
                new.with("gamma", gamma).with("beta", beta)
            };
            if !channels_last {
                return m.replace(rw, new(*x, epsilon.into()));
            }
            let label = rw.graph().label(end).to_string();
            let transpose = |name: &str, x, order: [i32; 4]| {
                NewOp::new("transpose").named(name).with("x", x).with("perm", Tensor::ints(&order))
            };
            let epsilon = rw.tensor(&format!("{label}_epsilon_0"), epsilon, end);
            let first = rw.emit_one(transpose(&format!("{label}_channels_first"), *x, [0, 3, 1, 2]), end)?;
            let normed = new(first, epsilon.into()).named(format!("{label}_instance_norm"));
            let normed = rw.emit_one(normed, end)?;
            m.replace(rw, transpose(&label, normed, [0, 2, 3, 1]))
        }
    }
}

fn classify(found: &Found, shape: &[usize], dtype: DType) -> Result<Norm, No> {
    let rank = shape.len();
    let trailing = found.axes.iter().copied().eq(rank - found.axes.len()..rank);
    let channels_of_bc1s = rank == 4 && found.axes == [1];
    let bare_instance = rank == 4 && found.axes == [2, 3] && found.gamma.is_none();
    if (trailing && !bare_instance) || channels_of_bc1s {
        let fitted =
            |tensor: &Option<Tensor>| tensor.as_ref().map(|t| along_axes(t, shape, &found.axes)).transpose();
        if let (Ok(gamma), Ok(beta)) = (fitted(&found.gamma), fitted(&found.beta)) {
            return Ok(Norm::Layer { gamma, beta });
        }
    }
    let channel = match &found.axes[..] {
        [2, 3] if rank == 4 => 1,
        [1, 2] if rank == 4 => 3,
        _ => return Err(No::miss("the axes are neither a layer's nor an instance's")),
    };
    let per_channel = |tensor: &Option<Tensor>, default: f64| match tensor {
        Some(tensor) => along_axes(tensor, shape, &[channel]),
        None => to_dtype(&vec![default; shape[channel]], dtype),
    };
    let (gamma, beta) = (per_channel(&found.gamma, 1.0)?, per_channel(&found.beta, 0.0)?);
    Ok(Norm::Instance { gamma, beta, channels_last: channel == 3 })
}
