//! Files in the folder of a package that are none of its own.
//!
//! A package's own are `Manifest.json` and the items that it names; where it cannot be read, all that
//! converters put in `Data/com.apple.CoreML`. Whatever else somebody keeps in the folder, notes or a licence,
//! is not the writer's to remove: it gets a second name in the new package before the old one goes, so that
//! at no moment it is nowhere. A file of the new package at the same path has precedence.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::files::{open_file, read_all};
use crate::manifest::{self, CORE_ML, Manifest};
use crate::save::temporary::Written;
use crate::{Limits, PackageError};

/// Gives the guests of the package at a place a name in the new one. Folders that are new are to be made
/// durable.
pub(super) fn take_over(place: &Path, new: &Path) -> Result<Vec<Written>, PackageError> {
    // Behind a link stands somebody else's folder.
    if !fs::symlink_metadata(place).is_ok_and(|found| found.is_dir()) {
        return Ok(Vec::new());
    }
    let own = own_items(place);
    let mut written = Vec::new();
    let mut stack = vec![PathBuf::new()];
    while let Some(folder) = stack.pop() {
        let entries = match fs::read_dir(place.join(&folder)) {
            Ok(entries) => entries,
            // Another writer has replaced the package meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(PackageError::io("list", place.join(folder))(error)),
        };
        for entry in entries {
            let entry = entry.map_err(PackageError::io("list", place))?;
            let inside = folder.join(entry.file_name());
            if own.iter().any(|item| inside.starts_with(item)) {
                continue;
            }
            let to = new.join(&inside);
            let is_free = fs::symlink_metadata(&to).is_err();
            let kept = PackageError::io("keep", entry.path());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                // One that holds own items comes into being with the first guest in it.
                if is_free && !own.iter().any(|item| item.starts_with(&inside)) {
                    make_folder(&to, &mut written).map_err(kept)?;
                }
                if is_free || to.is_dir() {
                    stack.push(inside);
                }
            } else if is_free {
                let folder = to.parent().unwrap_or(new);
                make_folder(folder, &mut written).and_then(|()| move_in(&entry.path(), &to)).map_err(kept)?;
            }
        }
    }
    Ok(written)
}

/// Makes a folder that is not there, to be synced when all is in it.
fn make_folder(path: &Path, written: &mut Vec<Written>) -> io::Result<()> {
    let new: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    for folder in new.into_iter().rev() {
        fs::create_dir(folder)?;
        if cfg!(unix) {
            written.push((folder.to_owned(), File::open(folder)?));
        }
    }
    Ok(())
}

/// What the manifest at a place names, itself among it.
fn own_items(place: &Path) -> Vec<PathBuf> {
    let limits = Limits::default();
    let mut own = vec![PathBuf::from(manifest::FILE)];
    let manifest = open_file(&place.join(manifest::FILE))
        .and_then(|source| read_all(&source, manifest::FILE, limits.manifest_bytes))
        .and_then(Manifest::parse);
    match manifest {
        Ok(manifest) => own.extend(manifest.items().map(|item| PathBuf::from(&item.path))),
        Err(_) => own.push(PathBuf::from(CORE_ML)),
    }
    own
}

/// Gives a file a second name, or copies it where that cannot be. A link stays the link it is.
fn move_in(from: &Path, to: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    if found.is_symlink() {
        return link(&fs::read_link(from)?, to);
    }
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if !found.is_file() => Err(error),
        Err(_) => {
            fs::copy(from, to)?;
            File::open(to)?.sync_all()
        }
    }
}

#[cfg(unix)]
fn link(target: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, to)
}

/// Making links needs rights there that most users do not have.
#[cfg(not(unix))]
fn link(target: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::other(format!("a link to {} cannot be made", target.display())))
}
