//! What a kernel needs.

pub(crate) use mil_tensor::{DType, Shape};

pub(crate) use super::elementwise::{self, map_number, map_real, parametric};
pub(crate) use super::gemm::{self, Matrix};
pub(crate) use super::{
    Array, Context, Data, EvalError, EvalValue, Outcome, Real, Stored, axes, axis, ensure, one, par,
    rearranged, strided, with_real, with_stored,
};
