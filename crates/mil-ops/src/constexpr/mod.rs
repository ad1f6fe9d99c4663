//! Weights that are stored compressed and decompressed when the program is loaded.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod constexpr_affine_dequantize;
pub mod constexpr_blockwise_shift_scale;
pub mod constexpr_cast;
pub mod constexpr_lut_to_dense;
pub mod constexpr_lut_to_sparse;
pub mod constexpr_sparse_blockwise_shift_scale;
pub mod constexpr_sparse_to_dense;
