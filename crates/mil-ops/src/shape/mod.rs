//! Other shapes, orders and slices of one tensor.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod batch_to_space;
pub mod depth_to_space;
pub mod expand_dims;
pub mod pixel_shuffle;
pub mod pixel_unshuffle;
pub mod reshape;
pub mod reshape_like;
pub mod reverse;
pub mod reverse_sequence;
pub mod slice_by_index;
pub mod slice_by_size;
pub mod slice_update;
pub mod sliding_windows;
pub mod space_to_batch;
pub mod space_to_depth;
pub mod squeeze;
pub mod transpose;
