//! What the tests of this package share.

pub mod markdown;
pub mod properties;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A package of `fixtures/`.
pub fn fixture(name: &str) -> PathBuf {
    root().join("fixtures").join(name)
}

/// Every fixture package. There are some, or a test that loops over them would hold of nothing.
pub fn fixtures() -> Vec<PathBuf> {
    let folder = root().join("fixtures");
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut packages: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "mlpackage")).collect();
    assert!(!packages.is_empty(), "{} holds no packages", folder.display());
    packages.sort();
    packages
}

/// Files below a folder whose names end so, sorted; build folders left out.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut stack = vec![folder.to_path_buf()];
    while let Some(folder) = stack.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if path.is_dir() && name != "target" && name != ".git" {
                stack.push(path);
            } else if name.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
