//! What an app sees: names, types, shapes and functions. Passes of this theme change the interface, and the
//! graphs so that they agree with it.

mod casts;
mod io_type;
mod layout;
mod names;
mod pixels;

pub use io_type::{Form, IoType};
pub use pixels::Preprocessing;

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod adjust_io_types;
mod change_io_types;
mod handle_unused_inputs;
mod image_channels_first;
mod insert_image_preprocessing;
mod match_output_types;
mod materialize_shapes;
mod outputs_to_fp16;
mod rename_features;
mod sanitize_io_names;
mod sanitize_names;
mod select_outputs;
pub use adjust_io_types::AdjustIoTypes;
pub use change_io_types::ChangeIoTypes;
pub use handle_unused_inputs::HandleUnusedInputs;
pub use image_channels_first::ImageChannelsFirst;
pub use insert_image_preprocessing::InsertImagePreprocessing;
pub use match_output_types::MatchOutputTypes;
pub use materialize_shapes::MaterializeShapes;
pub use outputs_to_fp16::OutputsToFp16;
pub use rename_features::RenameFeatures;
pub use sanitize_io_names::SanitizeIoNames;
pub use sanitize_names::SanitizeNames;
pub use select_outputs::SelectOutputs;
