//! Transposes.

mod axes;

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod merge_consecutive_transposes;
mod reduce_transposes;
pub use merge_consecutive_transposes::MergeConsecutiveTransposes;
pub use reduce_transposes::ReduceTransposes;
