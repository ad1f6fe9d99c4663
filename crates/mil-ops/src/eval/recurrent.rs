//! What recurrent ops share.

use super::gemm::{Matrix, add_product};
use super::{Context, EvalError, Real, ensure};

/// An activation of a gate, by the name that programs give it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Activation {
    Linear,
    Relu,
    Tanh,
    ScaledTanh,
    Sigmoid,
    HardSigmoid,
}

impl Activation {
    pub(crate) fn new(cx: &Context<'_>, param: &str) -> Result<Activation, EvalError> {
        let name = cx.text(param)?;
        Ok(match name.to_ascii_lowercase().as_str() {
            "linear" => Activation::Linear,
            "relu" => Activation::Relu,
            "tanh" => Activation::Tanh,
            "scaled_tanh" => Activation::ScaledTanh,
            "sigmoid" => Activation::Sigmoid,
            "hard_sigmoid" | "sigmoid_hard" => Activation::HardSigmoid,
            _ => return Err(EvalError::Unsupported(format!("{param} {name}"))),
        })
    }

    /// With the constants that coremltools tests against: `scaled_tanh` is not scaled, and `hard_sigmoid` is
    /// `0.2 x + 0.5`.
    pub(crate) fn apply<F: Real>(self, x: F) -> F {
        match self {
            Activation::Linear => x,
            Activation::Relu => x.larger(F::zero()),
            Activation::Tanh | Activation::ScaledTanh => x.tanh(),
            Activation::Sigmoid => x.sigmoid(),
            Activation::HardSigmoid => (F::of(0.2) * x + F::of(0.5)).larger(F::zero()).smaller(F::one()),
        }
    }
}

/// Sizes of a recurrent op in one direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) steps: usize,
    pub(crate) batch: usize,
    pub(crate) input: usize,
    pub(crate) hidden: usize,
    pub(crate) gates: usize,
}

impl Sizes {
    /// From the operands `x`, `weight_ih` and `weight_hh`, which are checked.
    pub(crate) fn new(cx: &Context<'_>, gates: usize, suffix: &str) -> Result<Sizes, EvalError> {
        let (x, ih, hh) = (
            cx.array("x")?,
            cx.array(&format!("weight_ih{suffix}"))?,
            cx.array(&format!("weight_hh{suffix}"))?,
        );
        let (&[steps, batch, input], &[rows, columns], &[all, hidden]) = (x.shape(), ih.shape(), hh.shape())
        else {
            return Err(EvalError::invalid("x has rank 3, weights have rank 2"));
        };
        ensure!(
            columns == input && rows == all && Some(all) == hidden.checked_mul(gates),
            "x {:?}, weight_ih{suffix} {:?}, weight_hh{suffix} {:?}",
            x.shape(),
            ih.shape(),
            hh.shape()
        );
        Ok(Sizes { steps, batch, input, hidden, gates })
    }

    /// Elements of all gates of a batch.
    pub(crate) fn row(self) -> usize {
        self.batch * self.gates * self.hidden
    }
}

/// A bias, or zeros.
pub(crate) fn bias<F: Real>(cx: &Context<'_>, param: &str, len: usize) -> Result<Vec<F>, EvalError> {
    let Some(bias) = cx.optional_reals::<F>(param)? else {
        return Ok(vec![F::zero(); len]);
    };
    ensure!(bias.len() == len, "{param} has {} elements, not {len}", bias.len());
    Ok(bias.into_owned())
}

/// `x * weight^T + bias` for rows of `x`.
pub(crate) fn project<F: Real>(
    cx: &Context<'_>,
    x: &[F],
    weight: &[F],
    bias: &[F],
    inner: usize,
) -> Result<Vec<F>, EvalError> {
    let (rows, columns) = (x.len().checked_div(inner).unwrap_or(0), bias.len());
    let mut out = cx.vec::<F>(&[rows, columns])?;
    for _ in 0..rows {
        out.extend_from_slice(bias);
    }
    let weight = Matrix::new(weight, columns, inner).transposed();
    add_product(Matrix::new(x, rows, inner), weight, &mut out, cx.options.reproducible)?;
    Ok(out)
}

/// The steps of a sequence in the order in which a direction visits them.
pub(crate) fn order(steps: usize, reverse: bool) -> impl Iterator<Item = usize> {
    (0..steps).map(move |step| if reverse { steps - 1 - step } else { step })
}

/// Whether the sequence is visited from its end.
pub(crate) fn is_reverse(cx: &Context<'_>) -> Result<bool, EvalError> {
    match cx.text("direction")? {
        "forward" => Ok(false),
        "reverse" => Ok(true),
        other => Err(EvalError::Unsupported(format!("direction {other}"))),
    }
}
