//! Keys: what a result depends on, in one hash.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use mil_pass::{Entry, Pipeline};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::FleetError;

/// The version of milopt, with the commit where that is known.
pub const VERSION: &str = match option_env!("MILOPT_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

/// The files of a model, with their hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// By path.
    pub files: Vec<FileHash>,
}

/// A file of a model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileHash {
    /// Its path in the model, with `/`; empty where the model is one file.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its BLAKE3 hash, as `blake3:…`.
    pub hash: String,
}

impl Content {
    /// Reads all files of a model: a folder, or a file, and what a MIL text refers to.
    ///
    /// # Errors
    ///
    /// If one cannot be read.
    pub fn read(model: &Path) -> Result<Content, FleetError> {
        let mut files = Vec::new();
        for (path, file) in files_of(model)? {
            let (bytes, hash) = hash_file(&file)?;
            files.push(FileHash { path, bytes, hash });
        }
        Ok(Content { files })
    }

    /// One hash of all. The name of the model itself does not count.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for file in &self.files {
            hasher.update(file.path.as_bytes()).update(b"\0").update(file.hash.as_bytes()).update(b"\0");
        }
        named(&hasher)
    }
}

/// The size of a file, and its hash.
pub(super) fn hash_file(path: &Path) -> Result<(u64, String), FleetError> {
    let mut hasher = blake3::Hasher::new();
    let copied = File::open(path).and_then(|mut file| io::copy(&mut file, &mut hasher));
    Ok((copied.map_err(FleetError::io(path))?, named(&hasher)))
}

/// A hash with the name of its function.
pub(super) fn named(hasher: &blake3::Hasher) -> String {
    format!("blake3:{}", hasher.finalize().to_hex())
}

/// The files of a model by their path in it.
pub(super) fn files_of(model: &Path) -> Result<Vec<(String, PathBuf)>, FleetError> {
    if !model.is_dir() {
        let mut found = vec![(String::new(), model.to_owned())];
        if model.extension().is_some_and(|end| end == "mil") {
            let folder = model.parent().unwrap_or(Path::new(""));
            let stem = model.file_stem().unwrap_or_default().to_string_lossy();
            for name in referred(model).map_err(FleetError::io(model))? {
                // Older versions called it by the text's name.
                let older = match name.strip_prefix("weights/").unwrap_or(&name) {
                    "weight.bin" => format!("{stem}.weights.bin"),
                    end => format!("{stem}.{end}"),
                };
                // Weights that are not there make a model that can be looked at.
                let path =
                    [name.as_str(), &older].map(|name| folder.join(name)).into_iter().find(|it| it.exists());
                found.extend(path.map(|path| (name, path)));
            }
        }
        return Ok(found);
    }
    let (mut found, mut pending) = (Vec::new(), vec![(String::new(), model.to_owned())]);
    while let Some((name, path)) = pending.pop() {
        if !path.is_dir() {
            found.push((name, path));
            continue;
        }
        for entry in fs::read_dir(&path).map_err(FleetError::io(&path))? {
            let entry = entry.map_err(FleetError::io(&path))?;
            let own = entry.file_name().to_string_lossy().into_owned();
            let name = if name.is_empty() { own } else { format!("{name}/{own}") };
            pending.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// The files beside a MIL text that it names.
fn referred(text: &Path) -> io::Result<BTreeSet<String>> {
    const FOLDER: &[u8] = b"@model_path/";
    let (mut found, mut line) = (BTreeSet::new(), Vec::new());
    let mut reader = BufReader::new(File::open(text)?);
    while reader.read_until(b'\n', &mut line)? > 0 {
        let mut rest = &line[..];
        while let Some(at) = rest.windows(FOLDER.len()).position(|piece| piece == FOLDER) {
            rest = &rest[at + FOLDER.len()..];
            let end = rest.iter().position(|&byte| byte == b'"').unwrap_or(rest.len());
            found.insert(String::from_utf8_lossy(&rest[..end]).into_owned());
        }
        line.clear();
    }
    Ok(found)
}

/// The key of a result: BLAKE3 over the version of milopt, what the model consists of ([`Content::hash`]), what
/// is done with it ([`canonical`]), and what else it is for, such as a release or a chip.
///
/// ```
/// use milopt::fleet::key;
/// let one = key("blake3:00", "", &["M1", "26"]);
/// assert_ne!(one, key("blake3:00", "", &["M12", "6"]));
/// ```
pub fn key(content: &str, pipeline: &str, target: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("milopt: a result");
    for part in [VERSION, content, pipeline].iter().chain(target) {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    named(&hasher)
}

/// A pipeline in the one form that all spellings of it have: ids of passes, every option with its value, and
/// the patterns that are off.
pub fn canonical(pipeline: &Pipeline) -> String {
    pipeline.entries.iter().map(spelled).collect::<Value>().to_string()
}

fn spelled(entry: &Entry) -> Value {
    match entry {
        Entry::Pass(pass) => {
            let mut options: Vec<_> = pass.pass().options().into_iter().collect();
            options.sort_by(|a, b| a.0.cmp(&b.0));
            let options: Map<String, Value> = options.into_iter().collect();
            json!({"pass": pass.def().id, "options": options, "disabled": pass.disabled()})
        }
        Entry::Fixpoint { entries, max } => {
            json!({"fixpoint": entries.iter().map(spelled).collect::<Value>(), "max": max})
        }
        other => json!(Pipeline { entries: vec![other.clone()] }.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_pipeline_is_the_same() {
        let registry = mil_passes::registry();
        let of = |text: &str| canonical(&Pipeline::read(text, &registry).unwrap());
        let default = registry.pipeline("cleanup").unwrap().unwrap().to_string();
        assert_eq!(of("cleanup"), of(&default));
        assert_eq!(of("palettize_weights"), of("palettize_weights{measure=false}"));
        assert_eq!(of("palettize_weights"), of(r#"[{"pass": "palettize_weights"}]"#));
        assert_ne!(of("palettize_weights"), of("palettize_weights{measure=true}"));
        assert_ne!(of("fixpoint(noop_elimination){max=2}"), of("fixpoint(noop_elimination){max=3}"));
    }

    #[test]
    fn content_is_files_and_not_where_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let model = |name: &str| {
            let root = folder.path().join(name);
            fs::create_dir_all(root.join("a/b")).unwrap();
            fs::write(root.join("a/b/c"), "one").unwrap();
            fs::write(root.join("d"), "two").unwrap();
            root
        };
        let (one, other) = (model("one"), model("other"));
        let before = Content::read(&one).unwrap();
        assert_eq!(before.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a/b/c", "d"]);
        assert_eq!(before, Content::read(&other).unwrap());
        fs::write(one.join("d"), "six").unwrap();
        assert_ne!(before.hash(), Content::read(&one).unwrap().hash());
    }

    #[test]
    fn the_weights_of_a_text_are_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("x.mil");
        fs::write(&text, "w = BLOBFILE(path = \"@model_path/x.weights.bin\", offset = 64)").unwrap();
        fs::write(folder.path().join("x.weights.bin"), "one").unwrap();
        let before = Content::read(&text).unwrap();
        assert_eq!(before.files.len(), 2);
        fs::write(folder.path().join("x.weights.bin"), "two").unwrap();
        assert_ne!(before.hash(), Content::read(&text).unwrap().hash());
    }
}
