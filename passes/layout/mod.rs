//! Transposes.

mod merge_consecutive_transposes;

pub use merge_consecutive_transposes::MergeConsecutiveTransposes;
