//! A single file, replaced in one step.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::PackageError;
use crate::save::temporary::{Temporary, split, sync_folder};

/// Writes a file that is there whole or not at all: beside its place first, made durable, then renamed to it.
///
/// What stood there is replaced, a link as well; the file that the link leads to is not touched. A device or
/// a pipe, such as `/dev/null`, is written to as it is.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// use std::io::Write;
///
/// let path = folder.path().join("report.html");
/// mil_package::write_file(&path, |mut file| file.write_all(b"<html>"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If a folder stands there, the folder around it does not exist, or the file system or `write` fails. Then
/// what stood there stands there still.
pub fn write_file(
    path: impl AsRef<Path>,
    write: impl FnOnce(&File) -> io::Result<()>,
) -> Result<(), PackageError> {
    let path = path.as_ref();
    if is_device(path) {
        let device = File::options().write(true).open(path).map_err(PackageError::io("write", path))?;
        return write(&device).map_err(PackageError::io("write", path));
    }
    let draft = Draft::new(path, write)?;
    draft.put(path)
}

/// Nothing that could be put in place of another, such as `/dev/stdout`, whatever that leads to.
fn is_device(path: &Path) -> bool {
    let descriptors = ["/dev", "/dev/fd", "/proc/self/fd"].map(Path::new);
    let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    (is_link && path.parent().is_some_and(|folder| descriptors.contains(&folder)))
        || fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// A file that is written and durable, but not in its place.
pub(super) struct Draft {
    path: PathBuf,
    /// Removed when the draft is dropped.
    _temporary: Temporary,
}

impl Draft {
    /// Writes a file beside a place.
    pub(super) fn new(
        place: &Path,
        write: impl FnOnce(&File) -> io::Result<()>,
    ) -> Result<Draft, PackageError> {
        if fs::symlink_metadata(place).is_ok_and(|found| found.is_dir()) {
            return Err(PackageError::NotReplaced { path: place.to_owned() });
        }
        let temporary = Temporary::beside(place)?;
        let path = temporary.path.join("new");
        let done = File::create_new(&path).and_then(|file| write(&file).and_then(|()| file.sync_all()));
        done.map_err(PackageError::io("write", place))?;
        Ok(Draft { path, _temporary: temporary })
    }

    /// Puts it to a place in the same folder.
    pub(super) fn put(self, place: &Path) -> Result<(), PackageError> {
        fs::rename(&self.path, place).map_err(PackageError::io("replace", place))?;
        let (folder, _) = split(place)?;
        sync_folder(&folder).map_err(PackageError::io("sync", folder))
    }
}
