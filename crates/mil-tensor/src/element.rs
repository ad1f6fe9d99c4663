//! Rust types that stand for MIL element types.

use half::{bf16, f16};

use crate::DType;

/// A Rust type whose slices are the bytes of a tensor of [`Element::DTYPE`].
pub trait Element: bytemuck::Pod + PartialEq + Send + Sync {
    /// The MIL type.
    const DTYPE: DType;
}

macro_rules! elements {
    ($($rust:ty => $mil:ident),* $(,)?) => {
        $(impl Element for $rust { const DTYPE: DType = DType::$mil; })*
    };
}

elements! {
    f16 => Fp16, bf16 => Bf16, f32 => Fp32, f64 => Fp64,
    i8 => Int8, i16 => Int16, i32 => Int32, i64 => Int64,
    u8 => Uint8, u16 => Uint16, u32 => Uint32, u64 => Uint64,
}

#[cfg(target_endian = "big")]
compile_error!("milopt stores tensors as little-endian bytes and reinterprets them in place");
