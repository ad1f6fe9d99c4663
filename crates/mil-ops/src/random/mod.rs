//! Random numbers.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod random_bernoulli;
pub mod random_categorical;
pub mod random_normal;
pub mod random_uniform;
