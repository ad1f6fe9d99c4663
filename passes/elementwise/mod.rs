//! Elementwise arithmetic.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod decompose_const_base2_pow;
mod divide_to_multiply;
mod fuse_pow2_sqrt;
mod fuse_reduce_mean;
mod merge_constant_factors;
mod rank0_expand_dims_swap;
mod select_optimization;
pub use decompose_const_base2_pow::DecomposeConstBase2Pow;
pub use divide_to_multiply::DivideToMultiply;
pub use fuse_pow2_sqrt::FusePow2Sqrt;
pub use fuse_reduce_mean::FuseReduceMean;
pub use merge_constant_factors::MergeConstantFactors;
pub use rank0_expand_dims_swap::Rank0ExpandDimsSwap;
pub use select_optimization::SelectOptimization;
