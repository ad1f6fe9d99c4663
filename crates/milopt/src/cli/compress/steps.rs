//! The steps of `milopt compress`: flags and configurations become passes.

use std::path::{Path, PathBuf};

use mil_passes::compression::config::pass_of;
use serde_json::{Map, Value, json};

use crate::calibrate::Calibration;
use crate::cli::Failure;

/// The name under which passes find the sample calls.
pub(super) const SAMPLES: &str = "samples";

/// What is done with weights.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Steps")]
pub(in crate::cli) struct Steps {
    /// A configuration in coremltools' form, as YAML or JSON; may be repeated
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Make elements zero: a part of all (0.5), or so many of each few (2:4)
    #[arg(long, value_name = "PART|N:M")]
    prune: Option<String>,
    /// Replace elements by indices of so many bits: 1, 2, 3, 4, 6 or 8; or `unique` for a table of the
    /// distinct values
    #[arg(long, value_name = "BITS")]
    palettize: Option<String>,
    /// Replace elements by integers: int8, uint8, int4 or uint4
    #[arg(long, value_name = "TYPE")]
    quantize: Option<String>,
    /// Palettize groups of so many channels, each with a table of its own
    #[arg(long, value_name = "N", requires = "palettize")]
    group_size: Option<usize>,
    /// Palettize vectors of so many elements
    #[arg(long, value_name = "N", requires = "palettize")]
    cluster_dim: Option<usize>,
    /// Palettize with tables that are spread evenly, instead of those with the least error
    #[arg(long, requires = "palettize")]
    uniform: bool,
    /// Palettize with a scale for each output channel
    #[arg(long, requires = "palettize")]
    per_channel_scale: bool,
    /// Quantize blocks of so many input channels
    #[arg(long, value_name = "N", requires = "quantize", conflicts_with = "per_tensor")]
    block_size: Option<usize>,
    /// Quantize with one scale for each weight
    #[arg(long, requires = "quantize")]
    per_tensor: bool,
    /// Quantize with zero points
    #[arg(long, requires = "quantize")]
    zero_points: bool,
    /// Quantize to the range of all elements, instead of the one with the least error
    #[arg(long)]
    whole_range: bool,
    /// Quantize activations too: int8 or uint8, or a configuration in coremltools' form
    #[arg(long, value_name = "TYPE|FILE", requires = "samples")]
    activations: Option<String>,
    /// How ranges of activations follow from samples: min-max, percentile:PART, which leaves out this part at
    /// each end, or least-error
    #[arg(long, value_name = "HOW", default_value = "min-max", value_parser = calibration)]
    pub(super) calibration: Calibration,
    /// Leave weights with no more elements alone
    #[arg(long, value_name = "N", conflicts_with = "config")]
    pub(super) weight_threshold: Option<usize>,
}

/// A pass on weights, with its configuration.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Step {
    pub(super) pass: &'static str,
    pub(super) config: Value,
}

/// How the steps are done.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct How {
    /// What each weight loses is told.
    pub(super) measure: bool,
    /// What is compressed may be compressed once more.
    pub(super) twice: bool,
    /// Rounding makes up for its errors in the samples.
    pub(super) compensate: bool,
    /// Ranges hold all elements.
    pub(super) whole_range: bool,
}

fn calibration(text: &str) -> Result<Calibration, String> {
    match (text, text.strip_prefix("percentile:").map(str::parse)) {
        ("min-max", _) => Ok(Calibration::MinMax),
        ("least-error", _) => Ok(Calibration::LeastError),
        (_, Some(Ok(part))) if (0.0..0.5).contains(&part) => Ok(Calibration::Percentile(part)),
        _ => Err("expected min-max, least-error, or percentile: with a part below 0.5".into()),
    }
}

/// Steps as JSON of a pipeline. `activations` are passes that follow them.
pub(in crate::cli) fn pipeline(steps: &[Step], how: &How, activations: &Value) -> Result<Value, Failure> {
    let joint = how.twice || steps.len() > 1;
    let passes = steps.iter().map(|Step { pass, config }| {
        let mut options = Map::new();
        options.insert("config".into(), config.clone());
        options.insert("joint_compression".into(), json!(joint));
        options.insert("measure".into(), json!(how.measure));
        if *pass == "linear_quantize_weights" {
            options.insert("search_range".into(), json!(!how.whole_range));
        }
        if how.compensate && *pass != "prune_weights" {
            options.insert("samples".into(), json!(SAMPLES));
        }
        json!({"pass": pass, "options": options})
    });
    let mut passes: Vec<Value> = passes.collect();
    passes.extend(activations.as_array().into_iter().flatten().cloned());
    Ok(Value::Array(passes))
}

/// A configuration in a file, and the pass that it is for.
fn configuration(path: &Path) -> Result<Step, Failure> {
    let fault = |error: String| Failure::Input(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
    let config: Value = serde_yaml_ng::from_str(&text).map_err(|error| fault(error.to_string()))?;
    Ok(Step { pass: pass_of(&config).map_err(fault)?, config })
}

impl Steps {
    /// How its steps are done.
    pub(in crate::cli) fn how(&self, measure: bool, twice: bool, compensate: bool) -> How {
        How { measure, twice, compensate, whole_range: self.whole_range }
    }

    /// What is done with weights, in order.
    pub(in crate::cli) fn of_weights(&self) -> Result<Vec<Step>, Failure> {
        let mut steps = self.config.iter().map(|path| configuration(path)).collect::<Result<Vec<_>, _>>()?;
        steps.extend(self.flags()?);
        Ok(steps)
    }

    /// The configuration for activations; `None` where they stay.
    pub(in crate::cli) fn of_activations(&self) -> Result<Option<Value>, Failure> {
        let Some(text) = &self.activations else { return Ok(None) };
        if matches!(text.as_str(), "int8" | "uint8") {
            return Ok(Some(json!({"global_config": {"dtype": text, "mode": "linear"}})));
        }
        if !Path::new(text).exists() {
            return Err(Failure::Input(format!(
                "--activations {text}: expected int8, uint8, or the file of a configuration"
            )));
        }
        let Step { pass, config } = configuration(Path::new(text))?;
        match pass {
            "linear_quantize_weights" => Ok(Some(config)),
            _ => Err(Failure::Input(format!(
                "--activations {text}: expected a configuration of type OpLinearQuantizerConfig"
            ))),
        }
    }

    /// The passes that put integers in the place of activations. `ranges` are as they take them.
    pub(super) fn activation_passes(config: &Value, ranges: &Value) -> Value {
        let options = json!({"config": config, "activation_stats": ranges});
        json!([
            {"pass": "insert_prefix_quantize_dequantize_pair", "options": options},
            {"pass": "insert_suffix_quantize_dequantize_pair", "options": options},
            "dequantize_quantize_pair_elimination",
        ])
    }

    /// What the flags say.
    fn flags(&self) -> Result<Vec<Step>, Failure> {
        let mut steps: Vec<(&'static str, Value)> = Vec::new();
        let global = |mut fields: Value| {
            if let Some(threshold) = self.weight_threshold {
                fields["weight_threshold"] = json!(threshold);
            }
            json!({ "global_config": fields })
        };
        if let Some(text) = &self.prune {
            let fault = || {
                Failure::Input(format!("--prune {text}: expected a part from 0 to 1, or zeros:of like 2:4"))
            };
            let fields = match text.split_once(':') {
                Some((zeros, of)) => {
                    let number = |text: &str| text.parse::<usize>().map_err(|_| fault());
                    json!({"n_m_ratio": [number(zeros)?, number(of)?]})
                }
                None => json!({"target_sparsity": text.parse::<f64>().map_err(|_| fault())?}),
            };
            steps.push(("prune_weights", global(fields)));
        }
        if let Some(bits) = &self.palettize {
            let mut fields = match (bits.as_str(), bits.parse::<usize>()) {
                ("unique", _) => json!({"mode": "unique"}),
                (_, Ok(bits)) => {
                    json!({"nbits": bits, "mode": if self.uniform { "uniform" } else { "kmeans" }})
                }
                _ => return Err(Failure::Input(format!("--palettize {bits}: expected bits, or unique"))),
            };
            if let Some(size) = self.group_size {
                fields["granularity"] = json!("per_grouped_channel");
                fields["group_size"] = json!(size);
            }
            if let Some(width) = self.cluster_dim {
                fields["cluster_dim"] = json!(width);
            }
            fields["enable_per_channel_scale"] = json!(self.per_channel_scale);
            steps.push(("palettize_weights", global(fields)));
        }
        if let Some(dtype) = &self.quantize {
            // What is quantized then are tables, which have no channels.
            let whole = self.per_tensor || self.palettize.is_some();
            let mut fields = json!({
                "dtype": dtype,
                "mode": if self.zero_points { "linear" } else { "linear_symmetric" },
                "granularity": if whole { "per_tensor" } else { "per_channel" },
            });
            if let Some(size) = self.block_size {
                fields["granularity"] = json!("per_block");
                fields["block_size"] = json!(size);
            }
            steps.push(("linear_quantize_weights", global(fields)));
        }
        Ok(steps.into_iter().map(|(pass, config)| Step { pass, config }).collect())
    }
}
