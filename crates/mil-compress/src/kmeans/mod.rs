//! k-means: optimal for numbers, by iteration for vectors.

pub(crate) mod optimal;
pub(crate) mod vectors;
