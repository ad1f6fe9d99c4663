//! Weights as such, whatever op takes them.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod decompress_weights;
mod randomize_weights;
pub use decompress_weights::DecompressWeights;
pub use randomize_weights::RandomizeWeights;
