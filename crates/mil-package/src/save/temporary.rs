//! A place beside the place: where something is written before it takes the place of what stands.
//!
//! It is a folder `.NAME.milopt-PID-N`. Who writes holds a lock on it, so the next writer knows the leftovers
//! of one that was killed, and removes them. Its name is nobody's business: errors speak of the place.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::PackageError;

/// The folder around a place, and the name in it.
pub(super) fn split(path: &Path) -> Result<(PathBuf, &OsStr), PackageError> {
    let name = path.file_name();
    let name = name.ok_or_else(|| PackageError::NotReplaced { path: path.to_owned() })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    Ok((folder, name))
}

/// A file or folder that is to be made durable.
pub(super) type Written = (PathBuf, File);

/// A folder beside a place, removed with all that is in it when it is dropped.
pub(super) struct Temporary {
    pub(super) path: PathBuf,
    /// Held open for its lock.
    _lock: Option<File>,
}

impl Temporary {
    /// Makes a folder beside a place, after removing those of writers that died.
    pub(super) fn beside(place: &Path) -> Result<Temporary, PackageError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (folder, name) = split(place)?;
        let prefix = prefix(name);
        remove_leftovers(&folder, &prefix);
        // The process and a count tell writers apart; the name is in no file.
        loop {
            let mut name = prefix.clone();
            name.push(format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
            let path = folder.join(name);
            match fs::create_dir(&path) {
                // Left by a process of the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.exists() => {
                    return Err(PackageError::NoFolder { path: folder });
                }
                other => other.map_err(PackageError::io("write", place))?,
            }
            // Before there was a lock, somebody may have taken the folder for a leftover.
            match lock(&path) {
                Lock::Held(lock) if path.is_dir() => return Ok(Temporary { path, _lock: Some(lock) }),
                Lock::Unknown if path.is_dir() => return Ok(Temporary { path, _lock: None }),
                _ => {}
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// The folder to which a package is renamed where the system cannot exchange two.
pub(super) fn old(place: &Path) -> Result<PathBuf, PackageError> {
    let (folder, name) = split(place)?;
    let mut name = prefix(name);
    name.push("old");
    Ok(folder.join(name))
}

/// Temporary folders begin with it.
fn prefix(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".milopt-");
    prefix
}

/// Removes what killed writers left: folders on which nobody holds a lock.
fn remove_leftovers(folder: &Path, prefix: &OsStr) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes()).is_some_and(|rest| {
            rest.contains(&b'-') && rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
        });
        // The lock keeps others from the folder until it is gone.
        if is_ours && let Lock::Held(_lock) = lock(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A try to lock a folder.
#[cfg_attr(not(unix), allow(dead_code, reason = "nothing is locked there"))]
enum Lock {
    Held(File),
    /// Somebody else has it, or the folder is gone.
    Taken,
    /// The system has no such thing here.
    Unknown,
}

#[cfg(unix)]
fn lock(path: &Path) -> Lock {
    use rustix::fs::{FlockOperation, flock};
    let Ok(folder) = File::open(path) else { return Lock::Taken };
    match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Lock::Held(folder),
        Err(rustix::io::Errno::WOULDBLOCK) => Lock::Taken,
        Err(_) => Lock::Unknown,
    }
}

#[cfg(not(unix))]
fn lock(_: &Path) -> Lock {
    Lock::Unknown
}

/// Waits until this is the only writer in a folder, as far as writers ask; `None` where the system has no
/// such thing.
#[cfg(unix)]
pub(super) fn wait_for(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive).ok()?;
    Some(folder)
}

/// See the one for unix.
#[cfg(not(unix))]
pub(super) fn wait_for(_: &Path) -> Option<File> {
    None
}

/// Makes the names in a folder durable.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Other systems have no such thing.
#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
