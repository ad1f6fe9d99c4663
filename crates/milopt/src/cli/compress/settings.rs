//! Ways in which all weights of a model could be compressed: what `--sweep` tries, and what `--target-size` and
//! `--max-error` choose from.

use serde_json::{Value, json};

use super::steps::Step;

/// A way in which a weight can be compressed.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// In words.
    pub(super) name: String,
    pub(super) pass: &'static str,
    /// The fields of a configuration of that pass.
    pub(super) fields: Value,
}

impl Setting {
    /// For all weights.
    pub(super) fn for_all(&self) -> Step {
        Step { pass: self.pass, config: json!({ "global_config": self.fields }) }
    }
}

/// The settings that a model can have, with scales of blocks or without; until iOS18 there are fewer.
pub(super) fn all(from_ios18: bool, blocks: bool, weight_threshold: Option<usize>) -> Vec<Setting> {
    let mut all = Vec::new();
    let mut add = |name: String, pass: &'static str, needs_ios18: bool, mut fields: Value| {
        if let Some(threshold) = weight_threshold {
            fields["weight_threshold"] = json!(threshold);
        }
        if from_ios18 || !needs_ios18 {
            all.push(Setting { name, pass, fields });
        }
    };
    for (dtype, needs_ios18) in [("int8", false), ("int4", true)] {
        let fields = json!({"dtype": dtype, "granularity": "per_channel"});
        add(format!("{dtype} by channel"), "linear_quantize_weights", needs_ios18, fields);
    }
    for size in [32, 16].into_iter().filter(|_| blocks) {
        let fields = json!({"dtype": "int4", "granularity": "per_block", "block_size": size});
        add(format!("int4 by {size}"), "linear_quantize_weights", true, fields);
    }
    for bits in [8, 6, 4, 3, 2, 1] {
        let fields = json!({"mode": "kmeans", "nbits": bits});
        add(format!("{bits} bit palette"), "palettize_weights", bits == 3, fields);
    }
    for bits in [6, 4, 3, 2] {
        let granularity = "per_grouped_channel";
        let fields = json!({"mode": "kmeans", "nbits": bits, "granularity": granularity, "group_size": 16});
        add(format!("{bits} bit palettes of 16"), "palettize_weights", true, fields);
    }
    all
}

#[cfg(test)]
mod tests {
    use mil_passes::compression::config::pass_of;

    use super::*;

    #[test]
    fn older_releases_have_fewer_settings() {
        let (old, new) = (all(false, true, None), all(true, true, Some(7)));
        assert!(old.len() < new.len());
        assert!(all(true, false, None).iter().all(|setting| setting.fields["granularity"] != "per_block"));
        let bits: Vec<&Value> = old.iter().filter_map(|setting| setting.fields.get("nbits")).collect();
        assert_eq!(bits, [8, 6, 4, 2, 1]);
        assert!(new.iter().all(|setting| setting.fields["weight_threshold"] == 7));
    }

    #[test]
    fn each_is_a_configuration_of_its_pass() {
        for setting in all(true, true, None) {
            let config_type = match setting.pass {
                "palettize_weights" => "OpPalettizerConfig",
                _ => "OpLinearQuantizerConfig",
            };
            assert_eq!(pass_of(&json!({ "config_type": config_type })), Ok(setting.pass));
            let json = json!([{"pass": setting.pass, "options": {"config": setting.for_all().config}}]);
            mil_pass::Pipeline::from_json(&json.to_string(), &mil_passes::registry()).unwrap();
        }
    }
}
