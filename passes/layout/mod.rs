//! Transposes.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod merge_consecutive_transposes;
pub use merge_consecutive_transposes::MergeConsecutiveTransposes;
