//! The files of a package, on disk or in memory, by their path in it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mil_tensor::{FileSource, Source};

use crate::identify::is_pointer;
use crate::paths::is_within;
use crate::{Limits, PackageError};

/// How deep folders may be nested in an item; a link to a folder above would otherwise never end.
const DEEPEST: usize = 32;

/// The files of a package, opened when the package was: replacing it on disk does not change them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(BTreeMap<String, Arc<dyn Source>>);

impl Files {
    pub(crate) fn get(&self, path: &str) -> Option<&Arc<dyn Source>> {
        self.0.get(path)
    }

    pub(crate) fn insert(&mut self, path: impl Into<String>, source: Arc<dyn Source>) {
        self.0.insert(path.into(), source);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Arc<dyn Source>)> {
        self.0.iter()
    }

    /// Some file is this item or lies in it.
    pub(crate) fn has_item(&self, item: &str) -> bool {
        self.0
            .range(item.to_owned()..)
            .take_while(|(path, _)| path.starts_with(item))
            .any(|(path, _)| is_within(path, item))
    }

    /// The whole of a file.
    pub(crate) fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, PackageError> {
        let source = self.get(path);
        let source = source.ok_or_else(|| PackageError::Missing { item: path.to_owned(), pointer: false })?;
        read_all(source.as_ref(), path, limit)
    }

    /// Opens an item of a package on disk: a file, or a folder with all that is in it. `false` if it is not
    /// there.
    ///
    /// Links are followed, wherever they lead: a hub's cache keeps the files of a package in a store of its
    /// own. The manifest cannot name anything outside ([`paths::join`](crate::paths::join)).
    pub(crate) fn open_item(
        &mut self,
        root: &Path,
        item: &str,
        limits: &Limits,
    ) -> Result<bool, PackageError> {
        let mut stack: Vec<(String, PathBuf, usize)> = vec![(item.to_owned(), root.join(item), 0)];
        while let Some((name, path, depth)) = stack.pop() {
            let found = match fs::metadata(&path) {
                Ok(found) => found,
                Err(error) if depth == 0 && error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(PackageError::io("open", path)(error)),
            };
            if found.is_file() {
                if self.0.len() >= limits.files {
                    return Err(PackageError::Limit(format!(
                        "the package has more than {} files",
                        limits.files
                    )));
                }
                self.insert(name, Arc::new(open_file(&path)?));
            } else if found.is_dir() && depth < DEEPEST {
                for entry in fs::read_dir(&path).map_err(PackageError::io("list", &path))? {
                    let entry = entry.map_err(PackageError::io("list", &path))?;
                    let Ok(child) = entry.file_name().into_string() else {
                        return Err(PackageError::Limit(format!(
                            "a file in {name} has a name that is not UTF-8"
                        )));
                    };
                    if stack.len() >= limits.files {
                        return Err(PackageError::Limit(format!(
                            "{name} has more than {} files",
                            limits.files
                        )));
                    }
                    stack.push((format!("{name}/{child}"), entry.path(), depth + 1));
                }
            } else {
                return Err(PackageError::Limit(format!(
                    "{name} is neither a file nor a folder that can be read"
                )));
            }
        }
        Ok(true)
    }

    /// Takes a file that is a Git LFS pointer for one that is not there; `true` if it is one.
    pub(crate) fn drop_pointer(&mut self, path: &str) -> bool {
        let is_pointer = self.get(path).is_some_and(|source| is_pointer(source.as_ref()));
        if is_pointer {
            self.0.remove(path);
        }
        is_pointer
    }
}

/// Opens a file for reading in ranges.
pub(crate) fn open_file(path: &Path) -> Result<FileSource, PackageError> {
    File::open(path).and_then(FileSource::new).map_err(PackageError::io("open", path))
}

/// The whole of a source, which an error calls by this name.
pub(crate) fn read_all(source: &dyn Source, name: &str, limit: u64) -> Result<Vec<u8>, PackageError> {
    let len = source.len();
    if len > limit {
        return Err(PackageError::Limit(format!("{name} has {len} bytes; at most {limit} are read")));
    }
    let len = usize::try_from(len).map_err(|_| PackageError::Limit(format!("{name} is too large")))?;
    let mut bytes = vec![0; len];
    source.read_at(0, &mut bytes).map_err(PackageError::io("read", name))?;
    Ok(bytes)
}
