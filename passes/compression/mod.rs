//! Smaller weights, and activations as integers.
//!
//! Three passes compress weights; `weights.rs` drives them: it finds the weights that a configuration speaks
//! of, has each distinct one fitted once, whatever number of functions hold it, and puts the ops in their
//! places that decompress them when the model is loaded. With sample calls, `calibration/` sees what each
//! weight meets in them, and rounding makes up for its errors there. `elsewhere.rs` lets several runs divide
//! the fits between them.

mod activations;
mod calibration;
pub mod config;
mod elsewhere;
mod emit;
mod fits;
mod held;
mod mask;
mod weights;

pub use elsewhere::{Answer, Asked, Division, Elsewhere, Form, Made};
pub use emit::decompressed_value;

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod insert_prefix_quantize_dequantize_pair;
mod insert_suffix_quantize_dequantize_pair;
mod linear_quantize_weights;
mod palettize_weights;
mod prune_weights;
pub use insert_prefix_quantize_dequantize_pair::InsertPrefixQuantizeDequantizePair;
pub use insert_suffix_quantize_dequantize_pair::InsertSuffixQuantizeDequantizePair;
pub use linear_quantize_weights::LinearQuantizeWeights;
pub use palettize_weights::PalettizeWeights;
pub use prune_weights::PruneWeights;
