//! Kernels: ops on numbers.

/// What an op computes.
pub type Kernel = fn(&mut ());
