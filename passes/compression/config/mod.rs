//! Configurations as coremltools writes them, as JSON or YAML: one for all weights, others for the weights of
//! ops of a type, and of ops or constants of a name.

mod fields;
mod linear;
mod palette;
mod prune;

use std::collections::BTreeMap;

use mil_ir::{Graph, OpId};
use mil_pass::OptionValue;
use serde_json::{Map, Value, json};

pub(super) use fields::Fields;
pub use linear::{BlockSize, LinearConfig, LinearGranularity};
pub use palette::{PaletteConfig, PaletteGranularity, PaletteMode};
pub use prune::{MagnitudeConfig, PruneConfig, ThresholdConfig};

/// What a pass is told about weights: coremltools' `OptimizationConfig`.
///
/// What is said of a name goes before what is said of a type, and that before what is said of all. `None`
/// leaves weights alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Config<C> {
    /// For all weights.
    pub global: Option<C>,
    /// For weights of ops of these types.
    pub types: BTreeMap<String, Option<C>>,
    /// For weights of ops, and constants, of these names.
    pub names: BTreeMap<String, Option<C>>,
}

/// What can be said of a weight; one type for each pass.
pub trait OpConfig: Clone + PartialEq + std::fmt::Debug + Send + Sync + Sized {
    /// Its names in coremltools. The first is meant where none is given.
    const TYPES: &'static [&'static str];

    /// Reads the fields of one of these types.
    fn read(config_type: &str, fields: &mut Fields) -> Result<Self, String>;

    /// Its type and all of its fields.
    fn write(&self) -> (&'static str, Map<String, Value>);

    /// Weights of more elements are compressed.
    fn weight_threshold(&self) -> usize;
}

/// The keys of a configuration.
const KEYS: [&str; 4] = ["config_type", "global_config", "op_type_configs", "op_name_configs"];

impl<C> Default for Config<C> {
    fn default() -> Config<C> {
        Config { global: None, types: BTreeMap::new(), names: BTreeMap::new() }
    }
}

impl<C: OpConfig> Config<C> {
    /// The same for all weights.
    pub fn global(config: C) -> Config<C> {
        Config { global: Some(config), types: BTreeMap::new(), names: BTreeMap::new() }
    }

    /// What is said of a constant: by its own name, else of the ops that use it, which must agree.
    pub(super) fn of_constant(
        &self,
        graph: &Graph,
        constant: OpId,
        users: &[OpId],
    ) -> Result<Option<&C>, String> {
        let own = graph.op(constant).results().iter().map(|&value| graph.value(value).name());
        for name in graph.op(constant).name().into_iter().chain(own) {
            if let Some(said) = self.names.get(name.as_str()) {
                return Ok(said.as_ref());
            }
        }
        let Some((&first, others)) = users.split_first() else { return Ok(None) };
        let said = self.of_op(graph, first);
        match others.iter().find(|&&other| self.of_op(graph, other) != said) {
            None => Ok(said),
            Some(&other) => Err(format!(
                "{} is used by {} and {}, for which the configuration says different things",
                graph.label(constant),
                graph.label(first),
                graph.label(other)
            )),
        }
    }

    /// What is said of an op.
    pub(super) fn of_op(&self, graph: &Graph, op: OpId) -> Option<&C> {
        let names = [graph.op(op).name(), Some(graph.label(op))];
        for name in names.into_iter().flatten() {
            if let Some(said) = self.names.get(name.as_str()) {
                return said.as_ref();
            }
        }
        match self.types.get(graph.op(op).kind().as_str()) {
            Some(said) => said.as_ref(),
            None => self.global.as_ref(),
        }
    }
}

impl<C: OpConfig> OptionValue for Config<C> {
    fn read(value: &Value) -> Result<Config<C>, String> {
        let Some(given) = value.as_object() else { return Err("a configuration".into()) };
        let mut fields = Fields::new(given.clone());
        let default = fields.take("config_type", fields::text)?;
        let default = default.unwrap_or_else(|| C::TYPES[0].to_owned());
        let read = |value: Value| op_config::<C>(value, &default);
        let by_name = |value: Value| match value {
            Value::Null => Ok(BTreeMap::new()),
            Value::Object(map) => map
                .into_iter()
                .map(|(name, value)| {
                    let read = read(value).map_err(|error| format!("for {name}: {error}"))?;
                    Ok((name, read))
                })
                .collect(),
            other => Err(format!("an object of configurations, not {other}")),
        };
        let global = fields.take("global_config", read)?.flatten();
        let types = fields.take("op_type_configs", by_name)?.unwrap_or_default();
        let names = fields.take("op_name_configs", by_name)?.unwrap_or_default();
        fields.finish(&KEYS)?;
        Ok(Config { global, types, names })
    }

    fn write(&self) -> Value {
        let one = |config: &Option<C>| config.as_ref().map_or(Value::Null, written);
        let all = |configs: &BTreeMap<String, Option<C>>| -> Value {
            Value::Object(configs.iter().map(|(name, config)| (name.clone(), one(config))).collect())
        };
        json!({
            "global_config": one(&self.global),
            "op_type_configs": all(&self.types),
            "op_name_configs": all(&self.names),
        })
    }
}

fn written<C: OpConfig>(config: &C) -> Value {
    let (config_type, fields) = config.write();
    let mut all = Map::from_iter([("config_type".to_owned(), config_type.into())]);
    all.extend(fields);
    Value::Object(all)
}

/// What is said of an op; null leaves it alone.
fn op_config<C: OpConfig>(value: Value, default: &str) -> Result<Option<C>, String> {
    let given = match value {
        Value::Null => return Ok(None),
        Value::Object(given) => given,
        other => return Err(format!("the fields of a configuration, not {other}")),
    };
    let mut fields = Fields::new(given);
    let config_type = fields.take("config_type", fields::text)?.unwrap_or_else(|| default.to_owned());
    if !C::TYPES.contains(&config_type.as_str()) {
        return Err(format!("a configuration of type {}, not {config_type}", C::TYPES.join(" or ")));
    }
    C::read(&config_type, &mut fields).map(Some)
}

/// The passes by the types of their configurations: which pass a configuration is for.
pub fn pass_of(config: &Value) -> Result<&'static str, String> {
    let kinds: [(&str, &[&str]); 3] = [
        ("palettize_weights", PaletteConfig::TYPES),
        ("linear_quantize_weights", LinearConfig::TYPES),
        ("prune_weights", PruneConfig::TYPES),
    ];
    let inner = |key: &str| {
        config.get(key).and_then(Value::as_object).into_iter().flat_map(Map::values).collect::<Vec<_>>()
    };
    let all = [vec![config], config.get("global_config").into_iter().collect()];
    let all = all.into_iter().chain([inner("op_type_configs"), inner("op_name_configs")]).flatten();
    let named: Vec<&str> =
        all.filter_map(|config| config.get("config_type").and_then(Value::as_str)).collect();
    let Some(&first) = named.first() else {
        return Err("config_type is missing: it says which kind of compression is meant".into());
    };
    let mut found = None;
    for name in named {
        let Some((pass, _)) = kinds.iter().find(|(_, types)| types.contains(&name)) else {
            let known: Vec<&str> = kinds.iter().flat_map(|(_, types)| *types).copied().collect();
            return Err(fields::unknown("config_type", name, &known));
        };
        if *found.get_or_insert(*pass) != *pass {
            return Err(format!("{first} and {name} are for different passes: apply one after the other"));
        }
    }
    found.ok_or_else(|| "config_type is missing".to_owned())
}

#[cfg(test)]
mod tests;
