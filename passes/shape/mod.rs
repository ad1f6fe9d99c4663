//! Reshapes and their kin.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod merge_consecutive_reshapes;
pub use merge_consecutive_reshapes::MergeConsecutiveReshapes;
