//! What `estimate --record` adds to a history, which `milopt trend` reads.

use std::io::Write;
use std::path::Path;

use mil_estimate::{Estimate, Record, RecordSubject};

use crate::cli::{Failure, Outcome};

/// Adds the estimates of a model to a history: of the model as it is, or after a pipeline.
pub(super) fn record(
    file: &Path,
    model: &Path,
    after: Option<&str>,
    label: &str,
    estimates: &[&Estimate],
) -> Outcome {
    let mut hasher = blake3::Hasher::new();
    for (name, hash) in hashes(model)? {
        // The package's own name does not count.
        let inner = name.split_once(std::path::MAIN_SEPARATOR).map_or("", |(_, inner)| inner);
        hasher.update(inner.as_bytes()).update(b"\0").update(hash.as_bytes()).update(b"\0");
    }
    let name = model.file_name().unwrap_or(model.as_os_str()).to_string_lossy();
    let subject = RecordSubject {
        tool: concat!("milopt ", env!("CARGO_PKG_VERSION")).to_owned(),
        model: match after {
            Some(pipeline) => format!("{name} after {pipeline}"),
            None => name.into_owned(),
        },
        content: format!("blake3:{}", hasher.finalize().to_hex()),
        label: label.to_owned(),
    };
    let Some(record) = Record::of(subject, estimates) else { return Ok(()) };
    let mut history = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
    Ok(history.write_all(format!("{}\n", serde_json::to_string(&record)?).as_bytes())?)
}

/// Each file of a model with its BLAKE3 hash, by path.
pub(super) fn hashes(model: &Path) -> Result<Vec<(String, String)>, Failure> {
    let fault = |path: &Path, error: std::io::Error| Failure::Input(format!("{}: {error}", path.display()));
    let mut found = Vec::new();
    let mut pending = vec![model.to_path_buf()];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            for entry in std::fs::read_dir(&path).map_err(|error| fault(&path, error))? {
                pending.push(entry.map_err(|error| fault(&path, error))?.path());
            }
            continue;
        }
        let mut hasher = blake3::Hasher::new();
        let mut file = std::fs::File::open(&path).map_err(|error| fault(&path, error))?;
        std::io::copy(&mut file, &mut hasher).map_err(|error| fault(&path, error))?;
        let base = model.parent().unwrap_or(model);
        let name = path.strip_prefix(base).unwrap_or(&path).to_string_lossy().into_owned();
        found.push((name, format!("blake3:{}", hasher.finalize().to_hex())));
    }
    found.sort();
    Ok(found)
}
