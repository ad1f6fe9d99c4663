//! `Manifest.json`: which items a package has, and which of them is the model.

use serde_json::{Map, Value};

use crate::PackageError;
use crate::paths::join;

/// The manifest's file name.
pub(crate) const FILE: &str = "Manifest.json";
/// The folder of the items.
pub(crate) const DATA: &str = "Data";
/// Where converters put all items.
pub(crate) const CORE_ML: &str = "Data/com.apple.CoreML";
/// Where converters put the model.
const MODEL: &str = "com.apple.CoreML/model.mlmodel";

/// A manifest. What it says beyond the items is kept.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    value: Map<String, Value>,
    /// As read, while nothing was changed.
    raw: Option<Vec<u8>>,
    /// Items by id: their paths in the package.
    items: Vec<(String, Item)>,
    /// Path of the model's message in the package.
    model: String,
}

/// An item.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Path in the package.
    pub(crate) path: String,
    /// Path as the manifest has it.
    pub(crate) spelled: String,
}

impl Manifest {
    /// Reads a manifest.
    pub(crate) fn parse(raw: Vec<u8>) -> Result<Manifest, PackageError> {
        let fault = |message: &str| PackageError::Manifest(message.to_owned());
        let value: Value = serde_json::from_slice(&raw).map_err(|error| fault(&error.to_string()))?;
        let Value::Object(value) = value else { return Err(fault("it is not an object")) };
        let entries = value.get("itemInfoEntries").and_then(Value::as_object);
        let mut items = Vec::new();
        for (id, entry) in entries.ok_or_else(|| fault("itemInfoEntries is missing"))? {
            let path = entry.get("path").and_then(Value::as_str);
            let spelled = path.ok_or_else(|| fault(&format!("item {id} has no path")))?.to_owned();
            let path = join(DATA, &spelled).ok_or_else(|| PackageError::Outside(spelled.clone()))?;
            items.push((id.clone(), Item { path, spelled }));
        }
        let root = value.get("rootModelIdentifier").and_then(Value::as_str);
        let root = root.ok_or_else(|| fault("rootModelIdentifier is missing"))?;
        let model = items.iter().find(|(id, _)| id == root);
        let model = model.ok_or_else(|| fault("rootModelIdentifier names no item"))?.1.path.clone();
        Ok(Manifest { value, raw: Some(raw), items, model })
    }

    /// The manifest of a package that did not have one.
    pub(crate) fn new(message: &[u8]) -> Manifest {
        let mut manifest =
            Manifest { value: Map::new(), raw: None, items: Vec::new(), model: format!("{DATA}/{MODEL}") };
        manifest.value.insert("fileFormatVersion".into(), "1.0.0".into());
        manifest.value.insert("itemInfoEntries".into(), Map::new().into());
        let id = manifest.add(MODEL, "model.mlmodel", "CoreML Model Specification", message);
        manifest.value.insert("rootModelIdentifier".into(), id.into());
        manifest
    }

    /// The path of the model's message in a package whose manifest is new.
    pub(crate) fn new_model_path() -> String {
        format!("{DATA}/{MODEL}")
    }

    /// The items.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().map(|(_, item)| item)
    }

    /// The path of the model's message in the package.
    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// Adds an item; answers its id, which derives from the path and the model's message.
    pub(crate) fn add(&mut self, spelled: &str, name: &str, description: &str, message: &[u8]) -> String {
        let id = derived_id(spelled, message);
        let mut entry = Map::new();
        entry.insert("author".into(), "com.apple.CoreML".into());
        entry.insert("description".into(), description.into());
        entry.insert("name".into(), name.into());
        entry.insert("path".into(), spelled.into());
        if let Some(Value::Object(entries)) = self.value.get_mut("itemInfoEntries") {
            entries.insert(id.clone(), entry.into());
        }
        let path = format!("{DATA}/{spelled}");
        self.items.push((id.clone(), Item { path, spelled: spelled.to_owned() }));
        self.raw = None;
        id
    }

    /// The manifest as a file.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, PackageError> {
        if let Some(raw) = &self.raw {
            return Ok(raw.clone());
        }
        let mut bytes = serde_json::to_vec_pretty(&self.value)
            .map_err(|error| PackageError::Manifest(error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// An id that is the same for the same content: a UUID of the custom version 8.
fn derived_id(path: &str, message: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(path.as_bytes());
    hasher.update(&[0]);
    hasher.update(message);
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    id[6] = id[6] & 0x0F | 0x80;
    id[8] = id[8] & 0x3F | 0x80;
    let hex: String = id.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_manifest_is_read_as_written() {
        let manifest = Manifest::new(b"message");
        let bytes = manifest.to_bytes().unwrap();
        let again = Manifest::parse(bytes.clone()).unwrap();
        assert_eq!(again.model(), Manifest::new_model_path());
        assert_eq!(again.to_bytes().unwrap(), bytes);
        assert_eq!(Manifest::new(b"message").to_bytes().unwrap(), bytes);
    }

    #[test]
    fn paths_that_leave_the_package_are_refused() {
        for path in ["../x", "/etc/passwd", "a/../../b"] {
            let text = format!(
                r#"{{"itemInfoEntries": {{"A": {{"path": "{path}"}}}}, "rootModelIdentifier": "A"}}"#
            );
            assert!(matches!(Manifest::parse(text.into_bytes()), Err(PackageError::Outside(_))));
        }
        for text in ["", "[]", "{}", r#"{"itemInfoEntries": {}}"#, r#"{"itemInfoEntries": {"A": {}}}"#] {
            assert!(matches!(Manifest::parse(text.into()), Err(PackageError::Manifest(_))), "{text}");
        }
    }
}
