//! Reshapes and their kin.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod fuse_squeeze_expand_dims;
mod merge_consecutive_paddings;
mod merge_consecutive_reshapes;
pub use fuse_squeeze_expand_dims::FuseSqueezeExpandDims;
pub use merge_consecutive_paddings::MergeConsecutivePaddings;
pub use merge_consecutive_reshapes::MergeConsecutiveReshapes;
