//! The cases of an op: calls with what others computed.

use std::path::Path;

use mil_ops::OpDef;
use serde_json::Value;

/// Those from coremltools' tests (`cases.json`), then those that `record/` made (`recorded.json`).
pub(crate) fn cases(def: &OpDef) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(def.family.name()).join(def.name);
    let mut found = Vec::new();
    for file in ["cases.json", "recorded.json"] {
        let Ok(text) = std::fs::read_to_string(folder.join(file)) else { continue };
        let value: Value = serde_json::from_str(&text).unwrap();
        let cases = if value.is_array() { &value } else { &value["cases"] };
        found.extend(cases.as_array().unwrap().iter().cloned());
    }
    found
}
