//! Resizing, cropping and resampling of images.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod affine;
pub mod crop;
pub mod crop_resize;
pub mod resample;
pub mod resize;
pub mod resize_bilinear;
pub mod resize_nearest_neighbor;
pub mod upsample_bilinear;
pub mod upsample_nearest_neighbor;
