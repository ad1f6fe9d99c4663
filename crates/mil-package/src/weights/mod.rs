//! Weight files: reading blobs, giving blobs a place, writing.

pub(crate) mod format;
mod layout;
mod open;
mod share;
mod write;

pub(crate) use layout::{FileLayout, Layout, Origin};
pub(crate) use open::Weights;
pub(crate) use write::{Out, copy, copy_chunks, write};

/// The folder of the model, as programs spell it.
pub(crate) const MODEL_PATH: &str = "@model_path/";

/// The weight file that converters write, as programs spell it.
pub(crate) const WEIGHT_FILE: &str = "@model_path/weights/weight.bin";
