//! `OpPalettizerConfig`.

use serde_json::{Map, Value, json};

use super::OpConfig;
use super::fields::{Fields, boolean, count, name_of, one_of};

/// How weights become indices of look-up tables: coremltools' `OpPalettizerConfig`.
#[derive(Clone, Debug, PartialEq)]
pub struct PaletteConfig {
    /// How the tables are found.
    pub mode: PaletteMode,
    /// Bits of an index: 1, 2, 3, 4, 6 or 8. `None` where the values decide.
    pub nbits: Option<usize>,
    /// What shares a table.
    pub granularity: PaletteGranularity,
    /// Channels of a group, where groups share a table; 0 is all.
    pub group_size: usize,
    /// The axis of the channels; `None`: that of the output channels.
    pub channel_axis: Option<i64>,
    /// Elements that share an index.
    pub cluster_dim: usize,
    /// Each output channel is divided by a scale of its own first.
    pub enable_per_channel_scale: bool,
    /// Weights of more elements are compressed.
    pub weight_threshold: usize,
}

/// How tables are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaletteMode {
    /// With the least squared error.
    Kmeans,
    /// Evenly between the least and the largest value.
    Uniform,
    /// From the distinct values, which must be few.
    Unique,
}

/// What shares a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaletteGranularity {
    /// The whole weight.
    PerTensor,
    /// A group of channels.
    PerGroupedChannel,
}

const MODES: &[(&str, PaletteMode)] =
    &[("kmeans", PaletteMode::Kmeans), ("uniform", PaletteMode::Uniform), ("unique", PaletteMode::Unique)];
const GRANULARITIES: &[(&str, PaletteGranularity)] = &[
    ("per_tensor", PaletteGranularity::PerTensor),
    ("per_grouped_channel", PaletteGranularity::PerGroupedChannel),
];
const FIELDS: [&str; 11] = [
    "config_type",
    "mode",
    "nbits",
    "lut_function",
    "granularity",
    "group_size",
    "channel_axis",
    "cluster_dim",
    "enable_per_channel_scale",
    "num_kmeans_workers",
    "weight_threshold",
];

impl Default for PaletteConfig {
    fn default() -> PaletteConfig {
        PaletteConfig {
            mode: PaletteMode::Kmeans,
            nbits: None,
            granularity: PaletteGranularity::PerTensor,
            group_size: 32,
            channel_axis: None,
            cluster_dim: 1,
            enable_per_channel_scale: false,
            weight_threshold: 2048,
        }
    }
}

impl OpConfig for PaletteConfig {
    const TYPES: &'static [&'static str] = &["OpPalettizerConfig"];

    fn read(_: &str, fields: &mut Fields) -> Result<PaletteConfig, String> {
        let default = PaletteConfig::default();
        let axis = |value: Value| value.as_i64().ok_or_else(|| "an axis".to_owned());
        let bits = |value: Value| {
            let bits = count(value).ok().filter(|bits| matches!(bits, 1 | 2 | 3 | 4 | 6 | 8));
            bits.ok_or_else(|| "1, 2, 3, 4, 6 or 8".into())
        };
        if fields.optional("lut_function", |_| Ok(()))?.is_some() {
            return Err("lut_function is code, which a configuration cannot hold".into());
        }
        // All cores work, however many are asked for.
        fields.optional("num_kmeans_workers", count)?;
        let config = PaletteConfig {
            mode: fields.take("mode", one_of(MODES))?.unwrap_or(default.mode),
            nbits: fields.optional("nbits", bits)?,
            granularity: fields.take("granularity", one_of(GRANULARITIES))?.unwrap_or(default.granularity),
            group_size: fields.take("group_size", count)?.unwrap_or(default.group_size),
            channel_axis: fields.optional("channel_axis", axis)?,
            cluster_dim: fields.take("cluster_dim", count)?.unwrap_or(default.cluster_dim),
            enable_per_channel_scale: fields.take("enable_per_channel_scale", boolean)?.unwrap_or(false),
            weight_threshold: fields.optional("weight_threshold", count)?.unwrap_or(default.weight_threshold),
        };
        fields.finish(&FIELDS)?;
        match (config.mode, config.nbits) {
            (PaletteMode::Unique, Some(_)) => {
                return Err("nbits: the mode unique finds the bits itself".into());
            }
            (PaletteMode::Kmeans | PaletteMode::Uniform, None) => {
                return Err(format!("nbits is missing: the mode {} needs it", name_of(MODES, &config.mode)));
            }
            _ => {}
        }
        if config.cluster_dim == 0 {
            return Err("cluster_dim is at least 1".into());
        }
        if config.cluster_dim > 1 && config.mode == PaletteMode::Uniform {
            return Err("cluster_dim: the mode uniform has no vectors".into());
        }
        Ok(config)
    }

    fn write(&self) -> (&'static str, Map<String, Value>) {
        let fields = [
            ("mode", json!(name_of(MODES, &self.mode))),
            ("nbits", json!(self.nbits)),
            ("granularity", json!(name_of(GRANULARITIES, &self.granularity))),
            ("group_size", json!(self.group_size)),
            ("channel_axis", json!(self.channel_axis)),
            ("cluster_dim", json!(self.cluster_dim)),
            ("enable_per_channel_scale", json!(self.enable_per_channel_scale)),
            ("weight_threshold", json!(self.weight_threshold)),
        ];
        ("OpPalettizerConfig", fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
    }

    fn weight_threshold(&self) -> usize {
        self.weight_threshold
    }
}
