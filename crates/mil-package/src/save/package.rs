//! Replacing a package in one step.
//!
//! The new package is written into a folder beside its place ([`temporary`](super::temporary)) and made
//! durable. Where nothing stands, a rename puts it there; where a package stands, the two are exchanged, and
//! then the old one, now in the folder beside, is removed. Where the system cannot exchange, the old one is
//! first renamed to `.NAME.milopt-old`, from where a person can bring it back if the machine fails just then.
//!
//! A file that the old package has already, byte for byte, is not written again ([`keep`](super::keep)). A
//! file that is not one of the package's own goes over to the new one ([`guests`](super::guests)).

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::save::keep::{Over, Standing};
use crate::save::temporary::{Temporary, Written, old, split, sync_folder};
use crate::save::{Contents, guests};
use crate::{PackageError, manifest};

/// What stands at the place of the new package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Present {
    Nothing,
    /// A package, an empty folder or a link: to be exchanged.
    Something,
}

/// Writes a package to a path.
pub(crate) fn replace(path: &Path, contents: &Contents) -> Result<(), PackageError> {
    let (folder, _) = split(path)?;
    look(path)?;
    let temporary = Temporary::beside(path)?;
    let mut files = write_all(&temporary.path, contents, path)?;
    files.extend(guests::take_over(path, &temporary.path)?);
    sync(&files, path)?;
    drop(files);
    put(&temporary.path, path)?;
    sync_folder(&folder).map_err(PackageError::io("sync", &folder))?;
    // What is here now is the package that was replaced; one that cannot be removed does no harm.
    drop(temporary);
    let _ = fs::remove_dir_all(old(path)?);
    Ok(())
}

/// Only what looks like a package, or is an empty folder, or a link may be replaced.
fn look(path: &Path) -> Result<Present, PackageError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Present::Nothing),
        Err(error) => Err(PackageError::io("look at", path)(error)),
        Ok(found) if found.is_symlink() => Ok(Present::Something),
        Ok(found) if found.is_dir() => {
            let is_empty = || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
            if path.join(manifest::FILE).is_file() || is_empty() {
                Ok(Present::Something)
            } else {
                Err(PackageError::NotReplaced { path: path.to_owned() })
            }
        }
        Ok(_) => Err(PackageError::NotReplaced { path: path.to_owned() }),
    }
}

/// Writes the files and folders. Files that the package at `place` has already are taken over.
fn write_all(root: &Path, contents: &Contents, place: &Path) -> Result<Vec<Written>, PackageError> {
    let mut folders = vec![root.to_owned()];
    let mut files = Vec::new();
    for (name, content) in contents.iter() {
        let path = root.join(name);
        if let Some(folder) = path.parent()
            && !folders.iter().any(|known| known == folder)
        {
            fs::create_dir_all(folder).map_err(PackageError::io("write", place))?;
            let new = folder.ancestors().take_while(|ancestor| *ancestor != root);
            folders.extend(new.map(Path::to_owned));
        }
        let mut over = Over::new(&path, Standing::open(place, name));
        let done = content.write(&mut over).and_then(|()| over.finish());
        let file = done.map_err(PackageError::io("write", place.join(name)))?;
        files.push((path, file));
    }
    for name in contents.empty_folders() {
        let folder = root.join(name);
        fs::create_dir_all(&folder).map_err(PackageError::io("write", place.join(name)))?;
        folders.extend(folder.ancestors().take_while(|ancestor| *ancestor != root).map(Path::to_owned));
    }
    folders.sort();
    folders.dedup();
    if cfg!(unix) {
        for folder in folders {
            let file = File::open(&folder).map_err(PackageError::io("write", place))?;
            files.push((folder, file));
        }
    }
    Ok(files)
}

/// Makes files and folders durable, several at a time: a file system with a journal commits it once for all
/// of them.
fn sync(files: &[Written], place: &Path) -> Result<(), PackageError> {
    const THREADS: usize = 8;
    let sync_some = |first: usize| {
        let mut some = files.iter().skip(first).step_by(THREADS);
        some.try_for_each(|(_, file)| file.sync_all().map_err(PackageError::io("write", place)))
    };
    std::thread::scope(|scope| {
        let start = |first| {
            std::thread::Builder::new().spawn_scoped(scope, move || sync_some(first)).map_err(|_| first)
        };
        let threads: Vec<_> = (0..files.len().min(THREADS)).map(start).collect();
        threads.into_iter().try_for_each(|thread| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // The system has no thread left.
            Err(first) => sync_some(first),
        })
    })
}

/// Puts the new package to its place; what stood there is then where the new one was, or at `old`.
///
/// Others may write to the same place at the same time. Each turn that finds the place changed is a turn in
/// which somebody else got through.
fn put(new: &Path, place: &Path) -> Result<(), PackageError> {
    const TURNS: usize = 1000;
    for _ in 0..TURNS {
        let present = look(place)?;
        match put_over(new, place, present) {
            Err(error) if is_other_writer(&error, new, present) => {}
            other => return other.map_err(PackageError::io("replace", place)),
        }
    }
    Err(PackageError::io("replace", place)(io::ErrorKind::ResourceBusy.into()))
}

/// The place is not what it was when it was looked at.
fn is_other_writer(error: &io::Error, new: &Path, present: Present) -> bool {
    match present {
        Present::Nothing => {
            matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty)
        }
        Present::Something => error.kind() == io::ErrorKind::NotFound && new.exists(),
    }
}

fn put_over(new: &Path, place: &Path, present: Present) -> io::Result<()> {
    let done = match present {
        Present::Nothing => move_to_free(new, place),
        Present::Something => exchange(new, place),
    };
    match done {
        Some(result) => result,
        None if present == Present::Nothing => fs::rename(new, place),
        None => {
            let old = old(place).map_err(io::Error::other)?;
            let _ = fs::remove_dir_all(&old);
            fs::rename(place, &old)?;
            fs::rename(new, place).inspect_err(|_| {
                let _ = fs::rename(&old, place);
            })
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod flags {
    use std::io;
    use std::path::Path;

    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;

    /// `None` where system or file system cannot.
    pub(super) fn move_to_free(new: &Path, place: &Path) -> Option<io::Result<()>> {
        answer(renameat_with(CWD, new, CWD, place, RenameFlags::NOREPLACE))
    }

    /// `None` where system or file system cannot.
    pub(super) fn exchange(new: &Path, place: &Path) -> Option<io::Result<()>> {
        answer(renameat_with(CWD, new, CWD, place, RenameFlags::EXCHANGE))
    }

    fn answer(result: rustix::io::Result<()>) -> Option<io::Result<()>> {
        match result {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => None,
            other => Some(other.map_err(io::Error::from)),
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod flags {
    use std::io;
    use std::path::Path;

    pub(super) fn move_to_free(_: &Path, _: &Path) -> Option<io::Result<()>> {
        None
    }

    pub(super) fn exchange(_: &Path, _: &Path) -> Option<io::Result<()>> {
        None
    }
}

use flags::{exchange, move_to_free};
