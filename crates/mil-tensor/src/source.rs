//! Where stored bytes come from.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Bytes that can be read at any offset, by several threads at once.
///
/// A source is immutable while tensors refer to it. One that shrinks gives errors.
pub trait Source: Send + Sync + fmt::Debug {
    /// Fills `out` with the bytes that start at `offset`.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Bytes in all.
    fn len(&self) -> u64;

    /// No bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of a range, where they are in memory, so that nobody copies them to look at them.
    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        let _ = range;
        None
    }

    /// The file behind, for copying from file to file.
    fn file(&self) -> Option<&File> {
        None
    }
}

/// A range of a [`Source`].
#[derive(Clone, Debug)]
pub struct Blob {
    /// Whole file or buffer.
    pub source: Arc<dyn Source>,
    /// Bytes in it.
    pub range: Range<u64>,
}

impl Blob {
    /// The same range of the same source: equal without reading a byte.
    pub fn same_place(&self, other: &Blob) -> bool {
        Arc::ptr_eq(&self.source, &other.source) && self.range == other.range
    }

    /// Bytes in the range.
    pub fn len(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// No bytes in the range.
    pub fn is_empty(&self) -> bool {
        self.range.start >= self.range.end
    }
}

/// A file, read with `pread`.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    len: u64,
}

impl FileSource {
    /// Takes a file as it is now; its length is read once.
    pub fn new(file: File) -> io::Result<FileSource> {
        let len = file.metadata()?.len();
        Ok(FileSource { file, len })
    }
}

impl Source for FileSource {
    #[cfg(unix)]
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, out, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, mut offset: u64, mut out: &mut [u8]) -> io::Result<()> {
        while !out.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(&self.file, out, offset)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => {
                    out = &mut out[n..];
                    offset += n as u64;
                }
            }
        }
        Ok(())
    }

    #[cfg(not(any(unix, windows)))]
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(out)
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn file(&self) -> Option<&File> {
        Some(&self.file)
    }
}

/// Bytes in memory, for packages that never were files.
#[derive(Debug)]
pub struct MemorySource(Arc<[u8]>);

impl MemorySource {
    /// Shares the bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> MemorySource {
        MemorySource(bytes.into())
    }
}

impl Source for MemorySource {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(out.len() as u64).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(self.bytes(offset..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        self.0.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
    }

    fn len(&self) -> u64 {
        self.0.len() as u64
    }
}
