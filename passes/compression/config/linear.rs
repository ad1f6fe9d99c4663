//! `OpLinearQuantizerConfig`.

use mil_tensor::DType;
use serde_json::{Map, Value, json};

use super::OpConfig;
use super::fields::{Fields, count, counts, name_of, one_of};

/// How weights, or activations, become integers: coremltools' `OpLinearQuantizerConfig`.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearConfig {
    /// Zero stands in the middle of the integers.
    pub symmetric: bool,
    /// The integers.
    pub dtype: DType,
    /// What shares a scale.
    pub granularity: LinearGranularity,
    /// The blocks, where blocks share a scale.
    pub block_size: BlockSize,
    /// Weights of more elements are compressed.
    pub weight_threshold: usize,
}

/// What shares a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinearGranularity {
    /// The whole weight.
    PerTensor,
    /// An output channel.
    PerChannel,
    /// A block.
    PerBlock,
}

/// The sizes of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockSize {
    /// So many input channels of one output channel; 0 is all.
    Inputs(usize),
    /// So many indices of each axis; 0 is all.
    Axes(Vec<usize>),
}

const MODES: &[(&str, bool)] = &[("linear_symmetric", true), ("linear", false)];
const DTYPES: &[(&str, DType)] =
    &[("int8", DType::Int8), ("uint8", DType::Uint8), ("int4", DType::Int4), ("uint4", DType::Uint4)];
const GRANULARITIES: &[(&str, LinearGranularity)] = &[
    ("per_tensor", LinearGranularity::PerTensor),
    ("per_channel", LinearGranularity::PerChannel),
    ("per_block", LinearGranularity::PerBlock),
];
const FIELDS: [&str; 6] = ["config_type", "mode", "dtype", "granularity", "block_size", "weight_threshold"];

impl Default for LinearConfig {
    fn default() -> LinearConfig {
        LinearConfig {
            symmetric: true,
            dtype: DType::Int8,
            granularity: LinearGranularity::PerChannel,
            block_size: BlockSize::Inputs(32),
            weight_threshold: 2048,
        }
    }
}

impl OpConfig for LinearConfig {
    const TYPES: &'static [&'static str] = &["OpLinearQuantizerConfig"];

    fn read(_: &str, fields: &mut Fields) -> Result<LinearConfig, String> {
        let default = LinearConfig::default();
        let block_size = |value: Value| match value {
            Value::Array(_) => counts(value).map(BlockSize::Axes),
            _ => count(value).map(BlockSize::Inputs).map_err(|_| "a size, or one for each axis".into()),
        };
        let config = LinearConfig {
            symmetric: fields.take("mode", one_of(MODES))?.unwrap_or(default.symmetric),
            dtype: fields.take("dtype", one_of(DTYPES))?.unwrap_or(default.dtype),
            granularity: fields.take("granularity", one_of(GRANULARITIES))?.unwrap_or(default.granularity),
            block_size: fields.take("block_size", block_size)?.unwrap_or(default.block_size),
            weight_threshold: fields.optional("weight_threshold", count)?.unwrap_or(default.weight_threshold),
        };
        fields.finish(&FIELDS)?;
        Ok(config)
    }

    fn write(&self) -> (&'static str, Map<String, Value>) {
        let block_size = match &self.block_size {
            BlockSize::Inputs(size) => json!(size),
            BlockSize::Axes(sizes) => json!(sizes),
        };
        let fields = [
            ("mode", json!(name_of(MODES, &self.symmetric))),
            ("dtype", json!(name_of(DTYPES, &self.dtype))),
            ("granularity", json!(name_of(GRANULARITIES, &self.granularity))),
            ("block_size", block_size),
            ("weight_threshold", json!(self.weight_threshold)),
        ];
        ("OpLinearQuantizerConfig", fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
    }

    fn weight_threshold(&self) -> usize {
        self.weight_threshold
    }
}
