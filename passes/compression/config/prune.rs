//! `OpThresholdPrunerConfig` and `OpMagnitudePrunerConfig`.

use serde_json::{Map, Value, json};

use super::OpConfig;
use super::fields::{Fields, count, counts, number};

/// Which elements of weights become zero.
#[derive(Clone, Debug, PartialEq)]
pub enum PruneConfig {
    /// Those up to a threshold.
    Threshold(ThresholdConfig),
    /// A part of them, the least.
    Magnitude(MagnitudeConfig),
}

/// Elements up to a threshold: coremltools' `OpThresholdPrunerConfig`.
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdConfig {
    /// Magnitudes up to this become zero.
    pub threshold: f64,
    /// A weight of which less becomes zero stays as it is.
    pub minimum_sparsity_percentile: f64,
    /// Weights of more elements are compressed.
    pub weight_threshold: usize,
}

/// A part of the elements: coremltools' `OpMagnitudePrunerConfig`.
#[derive(Clone, Debug, PartialEq)]
pub struct MagnitudeConfig {
    /// The part that becomes zero.
    pub target_sparsity: Option<f64>,
    /// Elements that become zero together, with `target_sparsity`.
    pub block_size: Option<usize>,
    /// So many of so many elements become zero.
    pub n_m_ratio: Option<(usize, usize)>,
    /// The axis of the blocks, or of the many.
    pub dim: usize,
    /// Weights of more elements are compressed.
    pub weight_threshold: usize,
}

impl MagnitudeConfig {
    /// It looks at elements that follow each other along an axis.
    pub(crate) fn is_structural(&self) -> bool {
        self.block_size.is_some() || self.n_m_ratio.is_some()
    }
}

const WEIGHT_THRESHOLD: usize = 2048;
const THRESHOLD_FIELDS: [&str; 4] =
    ["config_type", "threshold", "minimum_sparsity_percentile", "weight_threshold"];
const MAGNITUDE_FIELDS: [&str; 6] =
    ["config_type", "target_sparsity", "block_size", "n_m_ratio", "dim", "weight_threshold"];

impl OpConfig for PruneConfig {
    const TYPES: &'static [&'static str] = &["OpMagnitudePrunerConfig", "OpThresholdPrunerConfig"];

    fn read(config_type: &str, fields: &mut Fields) -> Result<PruneConfig, String> {
        match config_type {
            "OpThresholdPrunerConfig" => threshold(fields).map(PruneConfig::Threshold),
            _ => magnitude(fields).map(PruneConfig::Magnitude),
        }
    }

    fn write(&self) -> (&'static str, Map<String, Value>) {
        let (name, fields) = match self {
            PruneConfig::Threshold(config) => (
                "OpThresholdPrunerConfig",
                vec![
                    ("threshold", json!(config.threshold)),
                    ("minimum_sparsity_percentile", json!(config.minimum_sparsity_percentile)),
                    ("weight_threshold", json!(config.weight_threshold)),
                ],
            ),
            PruneConfig::Magnitude(config) => (
                "OpMagnitudePrunerConfig",
                vec![
                    ("target_sparsity", json!(config.target_sparsity)),
                    ("block_size", json!(config.block_size)),
                    ("n_m_ratio", json!(config.n_m_ratio)),
                    ("dim", if config.is_structural() { json!(config.dim) } else { Value::Null }),
                    ("weight_threshold", json!(config.weight_threshold)),
                ],
            ),
        };
        (name, fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
    }

    fn weight_threshold(&self) -> usize {
        match self {
            PruneConfig::Threshold(config) => config.weight_threshold,
            PruneConfig::Magnitude(config) => config.weight_threshold,
        }
    }
}

/// A number from 0 to 1.
fn part(value: Value) -> Result<f64, String> {
    number(value).ok().filter(|part| (0.0..=1.0).contains(part)).ok_or_else(|| "a number from 0 to 1".into())
}

fn threshold(fields: &mut Fields) -> Result<ThresholdConfig, String> {
    let not_negative = |value: Value| {
        number(value).ok().filter(|&value| value >= 0.0).ok_or_else(|| "a number from 0 on".to_owned())
    };
    let config = ThresholdConfig {
        threshold: fields.take("threshold", not_negative)?.unwrap_or(1e-12),
        minimum_sparsity_percentile: fields.take("minimum_sparsity_percentile", part)?.unwrap_or(0.5),
        weight_threshold: fields.optional("weight_threshold", count)?.unwrap_or(WEIGHT_THRESHOLD),
    };
    fields.finish(&THRESHOLD_FIELDS)?;
    Ok(config)
}

fn magnitude(fields: &mut Fields) -> Result<MagnitudeConfig, String> {
    let ratio = |value: Value| match counts(value)?[..] {
        [zeros, of] if zeros <= of && of > 0 => Ok((zeros, of)),
        _ => Err("two whole numbers, of which the first is not larger".into()),
    };
    let block = |value: Value| {
        count(value).ok().filter(|&size| size > 1).ok_or_else(|| "a whole number above 1".to_owned())
    };
    let axis = |value: Value| count(value).ok().filter(|&axis| axis < 2).ok_or_else(|| "0 or 1".to_owned());
    let target_sparsity = fields.optional("target_sparsity", part)?;
    let n_m_ratio = fields.optional("n_m_ratio", ratio)?;
    let block_size = fields.optional("block_size", block)?;
    let dim = fields.optional("dim", axis)?;
    let weight_threshold = fields.optional("weight_threshold", count)?.unwrap_or(WEIGHT_THRESHOLD);
    fields.finish(&MAGNITUDE_FIELDS)?;
    if target_sparsity.is_some() == n_m_ratio.is_some() {
        return Err("one of target_sparsity and n_m_ratio is to be given".into());
    }
    if block_size.is_some() && n_m_ratio.is_some() {
        return Err("block_size goes with target_sparsity, not with n_m_ratio".into());
    }
    if dim.is_some() && block_size.is_none() && n_m_ratio.is_none() {
        return Err("dim goes with block_size or n_m_ratio".into());
    }
    let dim = dim.unwrap_or(usize::from(n_m_ratio.is_some()));
    Ok(MagnitudeConfig { target_sparsity, block_size, n_m_ratio, dim, weight_threshold })
}
