//! Reshapes and their kin.

mod merge_consecutive_reshapes;

pub use merge_consecutive_reshapes::MergeConsecutiveReshapes;
