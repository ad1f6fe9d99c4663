//! Kernels: ops on numbers.
//!
//! A [`Kernel`] is a plain function from a [`Context`] (operands by parameter, defaults, the release,
//! options) to one [`EvalValue`] per result. [`call`] runs one and settles its results; the interpreter in
//! `mil-eval` runs a program of them; [`fold`] runs a single op on constants.
//!
//! # How numbers are computed
//!
//! - `fp16` and `fp32` ops compute in `f32` and round once, when the kernel has ended. Sums of reductions and
//!   normalisations are held in `f64`.
//! - With [`Precision::Double`] floats are `f64` from constants and inputs on, and nothing is rounded: the
//!   same kernels, instantiated for `f64`.
//! - Integers wrap, as in NumPy.
//! - Functions are those of `libm` and orders of additions are fixed, so that results do not depend on the
//!   machine. Matrix products (`conv`, `linear`, `matmul`, attention, recurrent ops) are the exception: they
//!   are fast, unless [`EvalOptions::reproducible`] is set.
//!
//! # Rules
//!
//! No kernel panics or aborts, whatever its operands are: sizes of results are computed with checked
//! arithmetic and held against [`Limits`] before anything is allocated.

mod array;
pub(crate) mod compressed;
mod context;
mod convert;
pub(crate) mod elementwise;
mod error;
mod fold;
pub(crate) mod gemm;
pub(crate) mod image;
pub(crate) mod noise;
pub(crate) mod par;
pub(crate) mod prelude;
pub(crate) mod products;
mod real;
pub(crate) mod recurrent;
pub(crate) mod reduce;
pub(crate) mod scatter;
pub(crate) mod slicing;
pub(crate) mod sort;
pub(crate) mod strided;
mod value;
pub(crate) mod window;

pub use array::{Array, Data, Stored};
pub use context::{Bound, Context, EvalOptions, Host, Limits, Outcome, Precision};
pub use error::EvalError;
pub use fold::{bind_constants, call, fold, fold_with};
pub use real::Real;
pub use value::{ClassLabel, EvalValue, List, State};

pub(crate) use array::{elements, rearranged, with_stored};
pub(crate) use context::{axes, axis, one, with_real};
pub(crate) use convert::convert;
pub(crate) use error::ensure;

/// What an op computes.
pub type Kernel = fn(&Context<'_>) -> Outcome;
