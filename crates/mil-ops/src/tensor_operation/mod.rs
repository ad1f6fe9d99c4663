//! Making, joining, splitting and searching tensors.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod argsort;
pub mod band_part;
pub mod concat;
pub mod cumsum;
pub mod fill;
pub mod fill_like;
pub mod flatten2d;
pub mod identity;
pub mod non_maximum_suppression;
pub mod non_zero;
pub mod one_hot;
pub mod pad;
pub mod range_1d;
pub mod shape;
pub mod split;
pub mod stack;
pub mod tile;
pub mod topk;
