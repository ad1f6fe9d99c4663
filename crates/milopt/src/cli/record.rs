//! What `estimate --record` adds to a history, which `milopt trend` reads.

use std::io::Write;
use std::path::Path;

use mil_estimate::{Estimate, Record, RecordSubject};

use crate::cli::{Failure, Outcome};
use crate::fleet::Content;

/// Adds the estimates of a model to a history: of the model as it is, or after a pipeline.
pub(super) fn record(
    file: &Path,
    model: &Path,
    after: Option<&str>,
    label: &str,
    estimates: &[&Estimate],
) -> Outcome {
    let name = model.file_name().unwrap_or(model.as_os_str()).to_string_lossy();
    let subject = RecordSubject {
        tool: concat!("milopt ", env!("CARGO_PKG_VERSION")).to_owned(),
        model: match after {
            Some(pipeline) => format!("{name} after {pipeline}"),
            None => name.into_owned(),
        },
        content: Content::read(model)?.hash(),
        label: label.to_owned(),
    };
    let Some(record) = Record::of(subject, estimates) else { return Ok(()) };
    let mut history = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
    Ok(history.write_all(format!("{}\n", serde_json::to_string(&record)?).as_bytes())?)
}

/// Each file of a model with its hash, by a path that begins with the model's name.
pub(super) fn hashes(model: &Path) -> Result<Vec<(String, String)>, Failure> {
    let name = model.file_name().unwrap_or(model.as_os_str()).to_string_lossy();
    let path = |inner: String| if inner.is_empty() { name.to_string() } else { format!("{name}/{inner}") };
    let files = Content::read(model)?.files.into_iter();
    Ok(files.map(|file| (path(file.path), file.hash)).collect())
}
