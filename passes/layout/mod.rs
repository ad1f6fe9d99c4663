//! Transposes.

mod axes;
mod bind;

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod eliminate_permutes;
mod merge_consecutive_transposes;
mod reduce_transposes;
pub use eliminate_permutes::EliminatePermutes;
pub use merge_consecutive_transposes::MergeConsecutiveTransposes;
pub use reduce_transposes::ReduceTransposes;
