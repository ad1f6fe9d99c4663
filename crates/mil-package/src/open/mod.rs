//! Opening a model on disk, whatever its form.

mod compiled;
mod memory;
mod parts;
mod text;

use std::fs;
use std::path::Path;

use crate::files::{Files, open_file};
use crate::open::memory::read_manifest;
use crate::package::MissingItem;
use crate::{Found, Limits, Package, PackageError, beside, identify, manifest};

impl Package {
    /// Opens a `.mlpackage` folder, a `.mlmodel` file, a compiled `.mlmodelc` folder or a `.mil` text.
    ///
    /// A text has its weights where it says, or, as older versions wrote them, `x.mil` in `x.weights.bin`
    /// beside it. Files and folders may be links.
    ///
    /// A package whose weights are missing, or are pointers of Git LFS, opens with a warning: its program can
    /// be looked at, but neither its weights can be read nor can it be saved. See [`Package::missing`].
    ///
    /// # Errors
    ///
    /// If the path does not hold a model, or one that is malformed, exceeds the [`Limits`], or refers to
    /// weights that are not what the program says.
    pub fn open(path: impl AsRef<Path>) -> Result<Package, PackageError> {
        Package::open_with(path, &Limits::default())
    }

    /// Like [`Package::open`], with limits.
    ///
    /// # Errors
    ///
    /// See [`Package::open`].
    pub fn open_with(path: impl AsRef<Path>, limits: &Limits) -> Result<Package, PackageError> {
        let path = path.as_ref();
        open(path, limits).map_err(|error| error.opening(path))
    }
}

fn open(path: &Path, limits: &Limits) -> Result<Package, PackageError> {
    let found = fs::metadata(path).map_err(PackageError::io("open", path))?;
    if found.is_dir() {
        open_folder(path, limits)
    } else if !found.is_file() {
        Err(PackageError::NotAModel { path: path.into(), found: Found::Special })
    } else if beside::is_text(path) {
        text::open(path, limits)
    } else {
        open_message(path, limits)
    }
}

/// Opens a file that holds the message of a model and nothing else.
fn open_message(path: &Path, limits: &Limits) -> Result<Package, PackageError> {
    let source = open_file(path)?;
    if !identify::is_pointer(&source)
        && let Some(whole) = identify::whole(path)
    {
        return Err(PackageError::Part { path: path.into(), whole });
    }
    Package::from_source(&source, &path.to_string_lossy(), limits)
}

fn open_folder(path: &Path, limits: &Limits) -> Result<Package, PackageError> {
    if identify::is_compiled(path) {
        return compiled::open(path, limits);
    }
    let file = path.join(manifest::FILE);
    if !file.try_exists().map_err(PackageError::io("open", &file))? {
        return Err(match identify::whole(path) {
            Some(whole) => PackageError::Part { path: path.into(), whole },
            None => PackageError::NotAModel { path: path.into(), found: identify::folder(path) },
        });
    }
    let mut files = Files::default();
    files.open_item(path, manifest::FILE, limits)?;
    if files.drop_pointer(manifest::FILE) {
        return Err(PackageError::LfsPointer { path: file });
    }
    let manifest = read_manifest(&files, limits)?;
    let mut missing = Vec::new();
    for item in manifest.items() {
        if !files.open_item(path, &item.path, limits)? {
            missing.push(MissingItem::new(item.spelled.clone()));
        }
    }
    Package::without_pointers(manifest, files, missing, limits).map_err(|error| match error {
        PackageError::LfsPointer { path: inside } => PackageError::LfsPointer { path: path.join(inside) },
        error => error,
    })
}
