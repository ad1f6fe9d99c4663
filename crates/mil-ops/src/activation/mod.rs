//! Activations: functions of one tensor, element by element or along an axis.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod clamped_relu;
pub mod elu;
pub mod gelu;
pub mod leaky_relu;
pub mod linear_activation;
pub mod prelu;
pub mod relu;
pub mod relu6;
pub mod scaled_tanh;
pub mod sigmoid;
pub mod sigmoid_hard;
pub mod silu;
pub mod softmax;
pub mod softplus;
pub mod softplus_parametric;
pub mod softsign;
pub mod thresholded_relu;
