//! A file of the new package that takes over the one that stands, as far as they are the same.
//!
//! Whoever runs a pipeline again mostly changes the program and not a byte of gigabytes of weights. So what
//! is to be written is compared with what stands. If all of it is the same, the new package gets a second
//! link to the file, and the old package loses its own when it is removed; otherwise the part up to the first
//! difference is copied.

use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use mil_tensor::{FileSource, Source};

use crate::weights::Out;

/// Bytes that are compared at once.
const CHUNK: u64 = 1 << 20;

/// A new file, which is there when [`finish`](Over::finish) has answered.
pub(crate) struct Over<'a> {
    path: &'a Path,
    /// The file that stands, while nothing differs from it.
    same: Option<Standing>,
    /// The new file, once something is written.
    new: Option<File>,
}

impl<'a> Over<'a> {
    /// A new file at `path`, where the package to be replaced has `standing`.
    pub(crate) fn new(path: &'a Path, standing: Option<Standing>) -> Over<'a> {
        Over { path, same: standing, new: None }
    }

    /// The finished file, to be synced.
    pub(crate) fn finish(mut self) -> io::Result<File> {
        if let Some(same) = &self.same
            && same.position == same.source.len()
            && same.link(self.path)
        {
            return File::open(self.path);
        }
        self.file()?.try_clone()
    }

    /// The new file; it begins with what was the same.
    fn file(&mut self) -> io::Result<&File> {
        let file = match self.new.take() {
            Some(file) => file,
            None => {
                let file = File::create_new(self.path)?;
                if let Some(same) = self.same.take() {
                    (&file).copy(&same.source, 0..same.position)?;
                }
                file
            }
        };
        Ok(self.new.insert(file))
    }
}

impl Out for Over<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(same) = &mut self.same
            && same.goes_on_with(bytes)
        {
            return Ok(());
        }
        self.file()?.write_all(bytes)
    }

    fn copy(&mut self, source: &dyn Source, mut range: Range<u64>) -> io::Result<()> {
        let mut buffer = vec![0; (range.end - range.start).min(CHUNK) as usize];
        while self.same.is_some() && !range.is_empty() {
            let piece = &mut buffer[..(range.end - range.start).min(CHUNK) as usize];
            source.read_at(range.start, piece)?;
            self.put(piece)?;
            range.start += piece.len() as u64;
        }
        if range.is_empty() {
            return Ok(());
        }
        let mut file = self.file()?;
        Out::copy(&mut file, source, range)
    }
}

/// A file of the package that is to be replaced.
pub(crate) struct Standing {
    path: PathBuf,
    source: FileSource,
    /// So much of it is the same.
    position: u64,
    buffer: Vec<u8>,
}

impl Standing {
    /// The file at `path`, if it is nobody's but the package's: no link leads to it, and it has no second
    /// name.
    pub(crate) fn open(root: &Path, name: &str) -> Option<Standing> {
        let path = root.join(name);
        if fs::canonicalize(&path).ok()? != fs::canonicalize(root).ok()?.join(name) {
            return None;
        }
        let source = FileSource::new(File::open(&path).ok()?).ok()?;
        links(source.file()?).filter(|links| *links == 1)?;
        Some(Standing { path, source, position: 0, buffer: Vec::new() })
    }

    /// Whether these bytes come next in it.
    fn goes_on_with(&mut self, bytes: &[u8]) -> bool {
        let end = self.position + bytes.len() as u64;
        self.buffer.resize(bytes.len(), 0);
        let same = end <= self.source.len()
            && self.source.read_at(self.position, &mut self.buffer).is_ok()
            && self.buffer == bytes;
        if same {
            self.position = end;
        }
        same
    }

    /// Gives it a second name; `false` if the system does not, or if another file has taken its place.
    fn link(&self, path: &Path) -> bool {
        if fs::hard_link(&self.path, path).is_err() {
            return false;
        }
        let is_it = self.source.file().is_some_and(|file| is_same(file, path));
        if !is_it {
            let _ = fs::remove_file(path);
        }
        is_it
    }
}

#[cfg(unix)]
fn links(file: &File) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    Some(file.metadata().ok()?.nlink())
}

/// Where a file's names cannot be counted, it is not taken over.
#[cfg(not(unix))]
fn links(_: &File) -> Option<u64> {
    None
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let found = file.metadata().and_then(|one| Ok((one, fs::symlink_metadata(path)?)));
    found.is_ok_and(|(one, other)| (one.dev(), one.ino()) == (other.dev(), other.ino()))
}

#[cfg(not(unix))]
fn is_same(_: &File, _: &Path) -> bool {
    false
}
