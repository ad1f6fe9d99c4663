mod matcher;

use mil_ir::{Graph, NewOp};
use mil_pass::{Alias, Miss, Pass, PassCx, PassError, Pattern, Rewrite, pass};
use mil_tensor::{DType, Tensor};

use crate::constants::to_dtype;
use matcher::Matched;

pass! {
    /// Recognises layer and instance normalisation in their elementary ops.
    ///
    /// With `m` the mean of `x` over some axes and `r` one over the square root of its variance plus epsilon, five forms are
    /// known: `x * (gamma * r) + (beta - m * (gamma * r))`, with the variance as the mean of `(x - m)^2` or as the mean of
    /// `x^2` less `m^2`; `(x - m) / sqrt(..) * gamma + beta`; `x * r - m * r`; and `(x - m) * r`, after which
    /// `+ beta` and `* gamma` may follow. All means keep their axes. It is `layer_norm` where gamma and beta vary along
    /// the axes of the mean only, and `instance_norm` where the axes are the two spatial ones of rank 4 and gamma and beta
    /// vary along the channels only; channels that stand last are transposed. No value between may have another use.
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
        folded: "`x * (gamma * r) + (beta - m * (gamma * r))`",
        bare: "`x * r + m * r * -1`",
        divided: "`(x - m) / sqrt(variance + epsilon) * gamma + beta`",
        centred: "`(x - m) * r`, then perhaps `+ beta` and `* gamma`",
    ],
}

const PATTERNS: &[Pattern<FuseLayernormOrInstancenorm>] = &[
    Pattern { name: "folded", anchors: &["add"], apply: |_, rw, op| fuse(rw, matcher::folded(rw, op)?) },
    Pattern { name: "bare", anchors: &["add"], apply: |_, rw, op| fuse(rw, matcher::bare(rw, op)?) },
    Pattern {
        name: "divided",
        anchors: &["real_div"],
        apply: |_, rw, op| fuse(rw, matcher::divided(rw, op)?),
    },
    Pattern { name: "centred", anchors: &["mul"], apply: |_, rw, op| fuse(rw, matcher::centred(rw, op)?) },
];

impl Pass for FuseLayernormOrInstancenorm {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        cx.rewrite(self, PATTERNS, graph)
    }
}

/// What replaces a match.
enum Norm {
    /// `layer_norm`, with gamma and beta in the shape of the axes.
    Layer { gamma: Option<Tensor>, beta: Option<Tensor> },
    /// `instance_norm` with one gamma and one beta per channel; channels stand last.
    Instance { gamma: Tensor, beta: Tensor, channels_last: bool },
}

fn fuse(rw: &mut Rewrite<'_>, found: Matched) -> Result<(), Miss> {
    found.is_closed(rw)?;
    let shape = rw.shape(found.x)?;
    let dtype = rw.ty(found.x).dtype().ok_or(Miss::new("x is no tensor"))?;
    if rw.ty(rw.result(found.end)?) != rw.ty(found.x) {
        return Err(Miss::new("gamma or beta widens the result"));
    }
    let norm = classify(&found, &shape, dtype)?;
    let (end, label) = (found.end, rw.graph().label(found.end).to_string());
    let epsilon = to_dtype(&[found.epsilon], dtype)?.reshaped(&[])?;
    let epsilon = rw.tensor(&format!("{label}_epsilon_0"), epsilon, end);
    match norm {
        Norm::Layer { gamma, beta } => {
            let axes: Vec<i32> = found.axes.iter().map(|&axis| axis as i32).collect();
            let axes = rw.tensor(&format!("{label}_axes_0"), Tensor::ints(&axes), end);
            let mut new =
                NewOp::new("layer_norm").with("x", found.x).with("axes", axes).with("epsilon", epsilon);
            for (param, tensor) in [("gamma", gamma), ("beta", beta)] {
                if let Some(tensor) = tensor {
                    let value = rw.tensor(&format!("{label}_{param}_0"), tensor, end);
                    new = new.with(param, value);
                }
            }
            rw.replace_op(end, new, &found.inner)
        }
        Norm::Instance { gamma, beta, channels_last } => {
            let mut x = found.x;
            if channels_last {
                let perm = rw.tensor(&format!("{label}_perm_0"), Tensor::ints(&[0, 3, 1, 2]), end);
                let name = format!("{label}_channels_first");
                x = rw.emit_one(NewOp::new("transpose").named(name).with("x", x).with("perm", perm), end)?;
            }
            let gamma = rw.tensor(&format!("{label}_gamma_0"), gamma, end);
            let beta = rw.tensor(&format!("{label}_beta_0"), beta, end);
            let new = NewOp::new("instance_norm")
                .with("x", x)
                .with("gamma", gamma)
                .with("beta", beta)
                .with("epsilon", epsilon);
            if !channels_last {
                return rw.replace_op(end, new, &found.inner);
            }
            let normed = rw.emit_one(new.named(format!("{label}_instance_norm")), end)?;
            let perm = rw.tensor(&format!("{label}_perm_1"), Tensor::ints(&[0, 2, 3, 1]), end);
            rw.replace_op(end, NewOp::new("transpose").with("x", normed).with("perm", perm), &found.inner)
        }
    }
}

fn classify(found: &Matched, shape: &[usize], dtype: DType) -> Result<Norm, Miss> {
    let rank = shape.len();
    let trailing = found.axes.iter().copied().eq(rank - found.axes.len()..rank);
    let channels_of_bc1s = rank == 4 && found.axes == [1];
    let bare_instance = rank == 4 && found.axes == [2, 3] && found.gamma.is_none();
    if (trailing && !bare_instance) || channels_of_bc1s {
        let fitted = |tensor: &Option<Tensor>| {
            tensor.as_ref().map(|t| varies_along(t, shape, &found.axes)).transpose()
        };
        if let (Ok(gamma), Ok(beta)) = (fitted(&found.gamma), fitted(&found.beta)) {
            return Ok(Norm::Layer { gamma, beta });
        }
    }
    let channel = match &found.axes[..] {
        [2, 3] if rank == 4 => 1,
        [1, 2] if rank == 4 => 3,
        _ => return Err(Miss::new("the axes are neither a layer's nor an instance's")),
    };
    let per_channel = |tensor: &Option<Tensor>, default: f64| match tensor {
        Some(tensor) => varies_along(tensor, shape, &[channel]),
        None => to_dtype(&vec![default; shape[channel]], dtype),
    };
    let (gamma, beta) = (per_channel(&found.gamma, 1.0)?, per_channel(&found.beta, 0.0)?);
    Ok(Norm::Instance { gamma, beta, channels_last: channel == 3 })
}

/// A constant that is broadcast to `shape`, reduced to these axes. Refused where it varies along others, or does not
/// fill these.
fn varies_along(constant: &Tensor, shape: &[usize], axes: &[usize]) -> Result<Tensor, Miss> {
    let missing =
        shape.len().checked_sub(constant.rank()).ok_or(Miss::new("gamma or beta has too many axes"))?;
    for (axis, &size) in shape.iter().enumerate() {
        let own = if axis < missing { 1 } else { constant.shape()[axis - missing] };
        let wanted = if axes.contains(&axis) { size } else { 1 };
        if own != wanted {
            return Err(Miss::new("gamma or beta does not vary along the right axes"));
        }
    }
    let kept: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
    Ok(constant.reshaped(&kept)?)
}
