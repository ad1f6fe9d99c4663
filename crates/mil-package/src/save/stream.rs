//! Writing a package where there is no file system.

use std::io;
use std::ops::Range;

use mil_tensor::Source;

use crate::weights::{Out, copy_chunks};
use crate::{Package, PackageError};

/// Where a package goes: its empty folders, then its files one after another in the order of their paths, each
/// from front to back.
pub trait Sink {
    /// A file begins, and the one before it is complete.
    fn begin(&mut self, path: &str) -> io::Result<()>;

    /// A folder in which no file lies, and the file before it is complete.
    fn folder(&mut self, path: &str) -> io::Result<()>;

    /// The next bytes of the file.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// The next bytes of the file are a range of something that the package was read from.
    fn copy(&mut self, source: &dyn Source, range: Range<u64>) -> io::Result<()> {
        copy_chunks(&mut Streamed(self), source, range)
    }
}

impl Package {
    /// Hands over the package that [`Package::save`] writes, of which no more is in memory than a piece at a
    /// time.
    ///
    /// # Errors
    ///
    /// If the program cannot be written, see [`Package::save`]; if the sink says so.
    pub fn stream(&self, sink: &mut dyn Sink) -> Result<(), PackageError> {
        let contents = self.contents()?;
        for path in contents.empty_folders() {
            sink.folder(path).map_err(PackageError::io("write", path))?;
        }
        for (path, content) in contents.iter() {
            let done = sink.begin(path).and_then(|()| content.write(&mut Streamed(&mut *sink)));
            done.map_err(PackageError::io("write", path))?;
        }
        Ok(())
    }
}

struct Streamed<'s, S: Sink + ?Sized>(&'s mut S);

impl<S: Sink + ?Sized> Out for Streamed<'_, S> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.put(bytes)
    }

    fn copy(&mut self, source: &dyn Source, range: Range<u64>) -> io::Result<()> {
        self.0.copy(source, range)
    }
}
