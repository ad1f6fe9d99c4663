//! Parts: what came of a task, in two files. `ID.bin` holds the bytes of tensors, one behind the other;
//! `ID.json`, which is written last, says what they are.

use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mil_passes::compression::Made;
use mil_tensor::{Blob, DType, FileSource, Source, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::key::{hash_file, named};
use super::{FleetError, Plan, Task};

/// What came of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Part {
    #[serde(flatten)]
    what: What,
    /// A hash of all above.
    seal: String,
    /// What it took, and what each pass says of it; nobody depends on that.
    metrics: Value,
}

/// What a part says and others rely on.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct What {
    /// The key of the plan.
    plan: String,
    task: usize,
    weight: String,
    /// Size and hash of the other file.
    bytes: u64,
    hash: String,
    fits: Vec<StoredFit>,
}

/// A fit of one pass.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredFit {
    /// Which of the passes that compress.
    step: usize,
    pass: String,
    places: Vec<String>,
    /// Why the weight is left alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    refused: Option<String>,
    tensors: Vec<Option<Stored>>,
}

/// A tensor.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "type")]
    ty: String,
    shape: Vec<usize>,
    /// Where its bytes are.
    range: Range<u64>,
}

/// A fit, and where it belongs.
pub(super) struct Fit {
    pub(super) step: usize,
    pub(super) pass: &'static str,
    pub(super) places: Vec<String>,
    pub(super) made: Made,
}

/// The two files of a task.
fn paths(folder: &Path, task: usize) -> (PathBuf, PathBuf) {
    (folder.join(format!("{task}.json")), folder.join(format!("{task}.bin")))
}

impl What {
    fn seal(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("milopt: a part");
        hasher.update(serde_json::to_string(self).unwrap_or_default().as_bytes());
        named(&hasher)
    }
}

/// Writes the part of a task; each file is there whole or not at all.
pub(super) fn write(
    folder: &Path,
    plan: &Plan,
    task: &Task,
    fits: &[Fit],
    metrics: Value,
) -> Result<(), FleetError> {
    let (head, data) = paths(folder, task.id);
    let (mut hasher, mut at, mut stored) = (blake3::Hasher::new(), 0_u64, Vec::new());
    mil_package::write_file(&data, |mut file| {
        for fit in fits {
            let mut one = StoredFit {
                step: fit.step,
                pass: fit.pass.to_owned(),
                places: fit.places.clone(),
                refused: fit.made.as_ref().err().cloned(),
                tensors: Vec::new(),
            };
            for tensor in fit.made.iter().flatten() {
                let Some(tensor) = tensor else {
                    one.tensors.push(None);
                    continue;
                };
                let begin = at;
                let mut written = Ok(());
                let read = tensor.for_each_chunk(|bytes| {
                    if written.is_ok() {
                        hasher.update(bytes);
                        at += bytes.len() as u64;
                        written = file.write_all(bytes);
                    }
                });
                written.and(read.map_err(io::Error::other))?;
                let (ty, shape) = (tensor.dtype().to_string(), tensor.shape().to_vec());
                one.tensors.push(Some(Stored { ty, shape, range: begin..at }));
            }
            stored.push(one);
        }
        Ok(())
    })?;
    let what = What {
        plan: plan.key.clone(),
        task: task.id,
        weight: task.weight.clone(),
        bytes: at,
        hash: named(&hasher),
        fits: stored,
    };
    let part = Part { seal: what.seal(), what, metrics };
    let text = serde_json::to_string_pretty(&part).map_err(|error| FleetError::io(&head)(error.into()))?;
    Ok(mil_package::write_file(&head, |mut file| file.write_all(text.as_bytes()))?)
}

/// Reads the part of a task, and holds its bytes against their hash; `None` if it is not there.
pub(super) fn read(folder: &Path, plan: &Plan, task: usize) -> Result<Option<Part>, FleetError> {
    let (head, data) = paths(folder, task);
    let text = match fs::read_to_string(&head) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(FleetError::io(&head))?,
    };
    let damaged = |path: &Path, why: String| FleetError::Damaged { path: path.to_owned(), task, why };
    let part: Part = serde_json::from_str(&text).map_err(|error| damaged(&head, error.to_string()))?;
    if part.seal != part.what.seal() {
        return Err(damaged(&head, "it is not what was written".into()));
    }
    if part.what.plan != plan.key {
        return Err(FleetError::Foreign { path: head, found: part.what.plan });
    }
    if part.what.task != task {
        return Err(damaged(&head, format!("it is the part of task {}", part.what.task)));
    }
    if !data.exists() {
        return Ok(None);
    }
    match hash_file(&data)? {
        (bytes, _) if bytes != part.what.bytes => {
            Err(damaged(&data, format!("it has {bytes} bytes, not {}", part.what.bytes)))
        }
        (_, hash) if hash != part.what.hash => Err(damaged(&data, "its bytes have another hash".into())),
        _ => Ok(Some(part)),
    }
}

impl Part {
    /// Its fits, each with the pass and the places that it is for; tensors stay in the file.
    pub(super) fn fits(&self, folder: &Path) -> Result<Vec<(usize, Vec<String>, Made)>, FleetError> {
        let (head, data) = paths(folder, self.what.task);
        let source: Arc<dyn Source> = Arc::new(PartSource { len: self.what.bytes, path: data });
        let damaged = |why: String| FleetError::Damaged { path: head.clone(), task: self.what.task, why };
        let tensor = |stored: &Stored| {
            let dtype = DType::from_name(&stored.ty).ok_or_else(|| damaged(format!("type {}", stored.ty)))?;
            let blob = Blob { source: source.clone(), range: stored.range.clone() };
            Tensor::from_blob(dtype, &stored.shape, blob).map_err(|error| damaged(error.to_string()))
        };
        let fits = self.what.fits.iter().map(|fit| {
            let made = match &fit.refused {
                Some(reason) => Err(reason.clone()),
                None => {
                    let tensors = fit.tensors.iter().map(|one| one.as_ref().map(tensor).transpose());
                    Ok(tensors.collect::<Result<Vec<_>, _>>()?)
                }
            };
            Ok((fit.step, fit.places.clone(), made))
        });
        fits.collect()
    }
}

/// A file that is opened for each read: there may be more parts than files that a process can have open.
#[derive(Debug)]
struct PartSource {
    path: PathBuf,
    len: u64,
}

impl Source for PartSource {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        FileSource::new(File::open(&self.path)?)?.read_at(offset, out)
    }

    fn len(&self) -> u64 {
        self.len
    }
}
