//! Replacing a package in one step.
//!
//! The new package is written into a folder beside its place, `.NAME.milopt-PID`, and made durable. Where nothing
//! stands, a rename puts it there; where a package stands, the two are exchanged, and then the old one, now in the
//! folder beside, is removed. Where the system cannot exchange, the old one is first renamed to `.NAME.milopt-old`,
//! from where a person can bring it back if the machine fails just then.
//!
//! A file that the old package has already, byte for byte, is not written again ([`keep`](super::keep)).
//!
//! Who writes holds a lock on the folder. So the next writer knows the leftovers of one that was killed, and removes them.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::save::Contents;
use crate::save::keep::{Over, Standing};
use crate::{PackageError, manifest};

/// What stands at the place of the new package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Present {
    Nothing,
    Package,
}

/// Writes a package to a path.
pub(crate) fn replace(path: &Path, contents: &Contents) -> Result<(), PackageError> {
    // A link stays a link; what it leads to is replaced.
    let real = fs::canonicalize(path);
    let path = real.as_deref().unwrap_or(path);
    let (folder, name) = split(path)?;
    let present = look(path)?;
    let names = Names::new(name);
    remove_leftovers(&folder, &names);
    let temporary = Temporary::create(&folder, &names)?;
    write_all(&temporary.path, contents, path)?;
    put(&temporary.path, path, &folder.join(&names.old), present)
        .map_err(PackageError::io("put the package to", path))?;
    sync_folder(&folder).map_err(PackageError::io("sync", &folder))?;
    // What is here now is the package that was replaced; one that cannot be removed does no harm.
    drop(temporary);
    let _ = fs::remove_dir_all(folder.join(&names.old));
    Ok(())
}

/// Writes one file to a path, whatever file stands there.
pub(crate) fn replace_file(
    path: &Path,
    write: impl FnOnce(&File) -> io::Result<()>,
) -> Result<(), PackageError> {
    let (folder, name) = split(path)?;
    let names = Names::new(name);
    remove_leftovers(&folder, &names);
    let temporary = Temporary::create(&folder, &names)?;
    let new = temporary.path.join(name);
    let done = File::create_new(&new).and_then(|file| write(&file).and_then(|()| file.sync_all()));
    done.map_err(PackageError::io("write", path))?;
    fs::rename(&new, path).map_err(PackageError::io("replace", path))?;
    sync_folder(&folder).map_err(PackageError::io("sync", folder))
}

fn split(path: &Path) -> Result<(PathBuf, &OsStr), PackageError> {
    let name = path.file_name();
    let name = name.ok_or_else(|| PackageError::NotReplaced { path: path.to_owned() })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    Ok((folder, name))
}

/// Only what looks like a package, or is an empty folder, may be replaced.
fn look(path: &Path) -> Result<Present, PackageError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Present::Nothing),
        Err(error) => Err(PackageError::io("look at", path)(error)),
        Ok(found) if found.is_dir() => {
            let is_empty = || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
            if path.join(manifest::FILE).is_file() || is_empty() {
                Ok(Present::Package)
            } else {
                Err(PackageError::NotReplaced { path: path.to_owned() })
            }
        }
        Ok(_) => Err(PackageError::NotReplaced { path: path.to_owned() }),
    }
}

/// The names beside a package.
struct Names {
    /// Temporary folders begin with it.
    prefix: OsString,
    old: OsString,
}

impl Names {
    fn new(name: &OsStr) -> Names {
        let mut prefix = OsString::from(".");
        prefix.push(name);
        prefix.push(".milopt-");
        let mut old = prefix.clone();
        old.push("old");
        Names { prefix, old }
    }
}

/// A folder beside the package, removed with all that is in it when it is dropped.
struct Temporary {
    path: PathBuf,
    /// Held open for its lock.
    _lock: Option<File>,
}

impl Temporary {
    fn create(folder: &Path, names: &Names) -> Result<Temporary, PackageError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // The process and a count tell writers apart; the name is in no file.
        loop {
            let mut name = names.prefix.clone();
            name.push(format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
            let path = folder.join(name);
            match fs::create_dir(&path) {
                // Left by a process of the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                other => other.map_err(PackageError::io("create", &path))?,
            }
            let lock = lock(&path);
            // Before there was a lock, somebody may have taken the folder for a leftover.
            if lock.is_none() || path.is_dir() {
                return Ok(Temporary { path, _lock: lock });
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes what killed writers left: folders on which nobody holds a lock.
fn remove_leftovers(folder: &Path, names: &Names) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let prefix = names.prefix.as_encoded_bytes();
        let is_ours = name.as_encoded_bytes().strip_prefix(prefix).is_some_and(|rest| {
            rest.contains(&b'-') && rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
        });
        // The lock keeps others from the folder until it is gone.
        if is_ours && let Some(_lock) = lock(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A lock on a folder; `None` if somebody has it, or the system has no such thing.
#[cfg(unix)]
fn lock(path: &Path) -> Option<File> {
    let folder = File::open(path).ok()?;
    rustix::fs::flock(&folder, rustix::fs::FlockOperation::NonBlockingLockExclusive).ok()?;
    Some(folder)
}

#[cfg(not(unix))]
fn lock(_: &Path) -> Option<File> {
    None
}

/// Writes the files and folders, and makes them durable. Files that the package at `place` has already are taken over.
fn write_all(root: &Path, contents: &Contents, place: &Path) -> Result<(), PackageError> {
    let mut folders = vec![root.to_owned()];
    let mut files = Vec::new();
    for (name, content) in contents.iter() {
        let path = root.join(name);
        if let Some(folder) = path.parent()
            && !folders.iter().any(|known| known == folder)
        {
            fs::create_dir_all(folder).map_err(PackageError::io("create", folder))?;
            let new = folder.ancestors().take_while(|ancestor| *ancestor != root);
            folders.extend(new.map(Path::to_owned));
        }
        let mut over = Over::new(&path, Standing::open(place, name));
        let done = content.write(&mut over).and_then(|()| over.finish());
        let file = done.map_err(PackageError::io("write", &path))?;
        files.push((path, file));
    }
    for name in contents.empty_folders() {
        let folder = root.join(name);
        fs::create_dir_all(&folder).map_err(PackageError::io("create", &folder))?;
        folders.extend(folder.ancestors().take_while(|ancestor| *ancestor != root).map(Path::to_owned));
    }
    folders.sort();
    folders.dedup();
    if cfg!(unix) {
        for folder in folders {
            let file = File::open(&folder).map_err(PackageError::io("open", &folder))?;
            files.push((folder, file));
        }
    }
    sync(&files)
}

/// Makes files and folders durable, several at a time: a file system with a journal commits it once for all of them.
fn sync(files: &[(PathBuf, File)]) -> Result<(), PackageError> {
    const THREADS: usize = 8;
    let sync_some = |first: usize| {
        let mut some = files.iter().skip(first).step_by(THREADS);
        some.try_for_each(|(path, file)| file.sync_all().map_err(PackageError::io("sync", path)))
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

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Other systems have no such thing.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Puts the new package to its place; what stood there is then where the new one was, or at `old`.
fn put(new: &Path, place: &Path, old: &Path, present: Present) -> io::Result<()> {
    let done = match present {
        Present::Nothing => move_to_free(new, place),
        Present::Package => exchange(new, place),
    };
    match done {
        Some(result) => result,
        None if present == Present::Nothing => fs::rename(new, place),
        None => {
            let _ = fs::remove_dir_all(old);
            fs::rename(place, old)?;
            fs::rename(new, place).inspect_err(|_| {
                let _ = fs::rename(old, place);
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
