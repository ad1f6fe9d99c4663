//! Functions of one tensor, element by element.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod abs;
pub mod acos;
pub mod asin;
pub mod atan;
pub mod atanh;
pub mod cast;
pub mod ceil;
pub mod clip;
pub mod cos;
pub mod cosh;
pub mod erf;
pub mod exp;
pub mod exp2;
pub mod floor;
pub mod inverse;
pub mod log;
pub mod logical_not;
pub mod round;
pub mod rsqrt;
pub mod sign;
pub mod sin;
pub mod sinh;
pub mod sqrt;
pub mod square;
pub mod tan;
pub mod tanh;
pub mod threshold;

use crate::prelude::*;

/// The element type that a string parameter names.
fn named_dtype(call: &Call<'_>, param: &str) -> Result<DType, InferError> {
    dims::named_dtype(param, call.string(param)?)
}
