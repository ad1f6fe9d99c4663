//! Normalisations.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod fuse_elementwise_to_batchnorm;
mod fuse_layernorm_or_instancenorm;
mod fuse_norm_any_axes;
mod fuse_rsqrt;
mod rms_norm_to_layer_norm;
pub use fuse_elementwise_to_batchnorm::FuseElementwiseToBatchnorm;
pub use fuse_layernorm_or_instancenorm::FuseLayernormOrInstancenorm;
pub use fuse_norm_any_axes::FuseNormAnyAxes;
pub use fuse_rsqrt::FuseRsqrt;
pub use rms_norm_to_layer_norm::RmsNormToLayerNorm;
