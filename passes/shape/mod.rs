//! Reshapes and their kin.

mod fixed;

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod cancel_moves;
mod concat_to_pixel_shuffle;
mod detect_concat_interleave;
mod enumerate_shapes;
mod expand_high_rank_reshape_and_transpose;
mod fuse_squeeze_expand_dims;
mod fuse_stack_split;
mod guard_negative_gather_indices;
mod merge_concats;
mod merge_consecutive_paddings;
mod merge_consecutive_reshapes;
mod merge_reduce_axes;
mod remove_symbolic_reshape;
mod replace_stack_reshape;
mod resolve_static_shapes;
mod simplify_gather_indices;
mod use_reflection_padding;
pub use cancel_moves::CancelMoves;
pub use concat_to_pixel_shuffle::ConcatToPixelShuffle;
pub use detect_concat_interleave::DetectConcatInterleave;
pub use enumerate_shapes::EnumerateShapes;
pub use expand_high_rank_reshape_and_transpose::ExpandHighRankReshapeAndTranspose;
pub use fuse_squeeze_expand_dims::FuseSqueezeExpandDims;
pub use fuse_stack_split::FuseStackSplit;
pub use guard_negative_gather_indices::GuardNegativeGatherIndices;
pub use merge_concats::MergeConcats;
pub use merge_consecutive_paddings::MergeConsecutivePaddings;
pub use merge_consecutive_reshapes::MergeConsecutiveReshapes;
pub use merge_reduce_axes::MergeReduceAxes;
pub use remove_symbolic_reshape::RemoveSymbolicReshape;
pub use replace_stack_reshape::ReplaceStackReshape;
pub use resolve_static_shapes::ResolveStaticShapes;
pub use simplify_gather_indices::SimplifyGatherIndices;
pub use use_reflection_padding::UseReflectionPadding;

pub(crate) use guard_negative_gather_indices::along_axis as guard_rows;
