//! What is asked for of weights, as passes and as the flags of `milopt compress` that mean the same.

use std::fmt::Write as _;

use milopt::ir::{Program, Release};
use serde::Deserialize;
use serde_json::{Value, json};

/// Forms of weights, and which weights.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Compression {
    form: Form,
    /// Weights with no more elements stay as they are.
    weight_threshold: Option<usize>,
    /// Makes the model one for this release first, if it is for an older one.
    pub(crate) raise_target: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Form {
    /// Indices into tables.
    Palette {
        bits: u8,
        /// Channels that share a table.
        group_size: Option<usize>,
        #[serde(default)]
        per_channel_scale: bool,
    },
    /// Integers with scales.
    Integers {
        dtype: String,
        /// Input channels that share a scale.
        block_size: Option<usize>,
    },
    /// Zeros.
    Zeros {
        /// Of all elements.
        part: f64,
    },
}

impl Compression {
    /// The pass with its options, for a program.
    pub(crate) fn pipeline(&self, program: &Program) -> Value {
        let (pass, mut config) = match &self.form {
            Form::Palette { bits, group_size, per_channel_scale } => {
                let mut config = json!({"nbits": bits, "mode": "kmeans"});
                if let Some(size) = group_size {
                    config["granularity"] = json!("per_grouped_channel");
                    config["group_size"] = json!(size);
                }
                config["enable_per_channel_scale"] = json!(per_channel_scale);
                ("palettize_weights", config)
            }
            Form::Integers { dtype, block_size } => {
                let mut config = json!({"dtype": dtype, "mode": "linear_symmetric"});
                config["granularity"] = json!(if block_size.is_some() { "per_block" } else { "per_channel" });
                if let Some(size) = block_size {
                    config["block_size"] = json!(size);
                }
                ("linear_quantize_weights", config)
            }
            Form::Zeros { part } => ("prune_weights", json!({"target_sparsity": part})),
        };
        if let Some(threshold) = self.weight_threshold {
            config["weight_threshold"] = json!(threshold);
        }
        let mut options = json!({
            "config": {"global_config": config},
            "joint_compression": is_from_ios18(program),
            "measure": true,
        });
        if pass == "linear_quantize_weights" {
            options["search_range"] = json!(true);
        }
        json!([{"pass": pass, "options": options}])
    }

    /// The flags of `milopt compress` that do the same.
    pub(crate) fn flags(&self) -> String {
        let mut flags = match &self.form {
            Form::Palette { bits, group_size, per_channel_scale } => {
                let groups = group_size.map_or_else(String::new, |size| format!(" --group-size {size}"));
                let scale = if *per_channel_scale { " --per-channel-scale" } else { "" };
                format!("--palettize {bits}{groups}{scale}")
            }
            Form::Integers { dtype, block_size } => {
                let blocks = block_size.map_or_else(String::new, |size| format!(" --block-size {size}"));
                format!("--quantize {dtype}{blocks}")
            }
            Form::Zeros { part } => format!("--prune {part}"),
        };
        if let Some(threshold) = self.weight_threshold {
            let _ = write!(flags, " --weight-threshold {threshold}");
        }
        if let Some(release) = &self.raise_target {
            let _ = write!(flags, " --raise-target {release}");
        }
        flags
    }
}

/// What is compressed may be compressed once more.
fn is_from_ios18(program: &Program) -> bool {
    let mut functions = program.functions.values();
    functions.all(|function| function.opset.release().is_some_and(|own| own >= Release::IOS18))
}
