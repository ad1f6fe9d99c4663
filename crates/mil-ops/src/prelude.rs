//! What an op folder needs.

pub(crate) use mil_ir::{Dim, Release, Type, TypeKind};
pub(crate) use mil_tensor::DType::{
    self, Bool, Fp16, Fp32, Int4, Int8, Int16, Int32, Uint1, Uint2, Uint3, Uint4, Uint6, Uint8, Uint16,
    Uint32,
};

pub(crate) use crate::call::Call;
pub(crate) use crate::dims;
pub(crate) use crate::error::{InferError, Problems, invalid};
pub(crate) use crate::infer::{self, like_x, types_agree};
pub(crate) use crate::table::{Effect, Family, OpDef, Param, Trait, Types, Version, changed};

/// A parameter of booleans.
pub(crate) const BOOL: Types = Types::Only(&[Bool]);
/// A parameter of 32-bit integers.
pub(crate) const INT32: Types = Types::Only(&[Int32]);
/// A parameter of text.
pub(crate) const STRING: Types = Types::Only(&[DType::String]);
/// The domain that most ops have.
pub(crate) const T: Types = Types::Domain("T");

/// Sizes, where the rank is known.
pub(crate) type Dims<'a> = Option<&'a [Dim]>;
