//! Normalisations.

mod fuse_layernorm_or_instancenorm;

pub use fuse_layernorm_or_instancenorm::FuseLayernormOrInstancenorm;
