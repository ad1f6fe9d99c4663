//! A zip archive of a package, without compression, written from front to back.
//!
//! Each file's checksum and size stand before its bytes, as every reader understands them; so the page gets
//! them once the bytes have gone by, and puts them in front. What was read and does not change is handed over as
//! a range of the file that it came from, and is not copied before somebody saves the download.
//!
//! Structures by PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16; sizes that do not fit into 32 bits are
//! said by the extra field of zip64, 4.5.3.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use milopt::package::Sink;
use milopt::tensor::Source;

use crate::Host;
use crate::slice::Slice;

/// Bytes that are read at once of what is handed over by its place.
const CHUNK: u64 = 4 << 20;
/// What 32 bits hold at most; the number itself says that zip64 knows the size.
const MOST: u64 = u32::MAX as u64;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// The first day of the format, so that the same package gives the same archive.
const DATE: u16 = 1 << 5 | 1;
/// Version 4.5, which has zip64.
const VERSION: u16 = 45;
/// Made on Unix, where files have the permissions below.
const MADE_BY: u16 = 3 << 8 | VERSION;

/// Writes an archive.
pub(crate) struct Archive<'h> {
    host: &'h dyn Host,
    /// What may be handed over by its place.
    sources: &'h [Arc<Slice>],
    /// The folder in the archive.
    folder: String,
    current: Option<Entry>,
    done: Vec<Entry>,
    /// Bytes of the archive so far.
    at: u64,
    /// Bytes that are expected in all.
    expected: u64,
}

/// A file or folder in the archive.
struct Entry {
    name: String,
    start: u64,
    len: u64,
    crc: crc32fast::Hasher,
}

impl<'h> Archive<'h> {
    pub(crate) fn new(
        host: &'h dyn Host,
        sources: &'h [Arc<Slice>],
        folder: &str,
        expected: u64,
    ) -> Archive<'h> {
        let (folder, current, done) = (folder.to_owned(), None, Vec::new());
        Archive { host, sources, folder, current, done, at: 0, expected }
    }

    fn open(&mut self, path: &str) -> io::Result<()> {
        self.close()?;
        let name = format!("{}/{path}", self.folder);
        let crc = crc32fast::Hasher::new();
        self.current = Some(Entry { name, start: self.at, len: 0, crc });
        Ok(())
    }

    /// Ends the current file: now its head is known.
    fn close(&mut self) -> io::Result<()> {
        let Some(entry) = self.current.take() else { return Ok(()) };
        let head = entry.local()?;
        self.host.head(&head)?;
        self.at += head.len() as u64 + entry.len;
        self.done.push(entry);
        Ok(())
    }

    /// Counts bytes that were handed over.
    fn passed(&mut self, bytes: &[u8]) {
        if let Some(entry) = &mut self.current {
            entry.crc.update(bytes);
            entry.len += bytes.len() as u64;
            let done = self.at + entry.len;
            self.host.tell(done, self.expected.max(done), "writing");
        }
    }

    /// Ends the archive. Gives its size.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.close()?;
        let mut end = Vec::new();
        for entry in &self.done {
            entry.central(&mut end)?;
        }
        let (start, len, count) = (self.at, end.len() as u64, self.done.len() as u64);
        if start + len >= MOST || count >= u64::from(u16::MAX) {
            // The end of zip64, and where it is.
            put(&mut end, &[0x0606_4B50, 44], &[]);
            end.extend_from_slice(&0_u32.to_le_bytes());
            put(&mut end, &[], &[MADE_BY, VERSION]);
            put(&mut end, &[0, 0], &[]);
            [count, count, len, start].iter().for_each(|number| end.extend_from_slice(&number.to_le_bytes()));
            put(&mut end, &[0x0706_4B50, 0], &[]);
            end.extend_from_slice(&(start + len).to_le_bytes());
            put(&mut end, &[1], &[]);
        }
        let short = count.min(u64::from(u16::MAX)) as u16;
        put(&mut end, &[0x0605_4B50], &[0, 0, short, short]);
        put(&mut end, &[len.min(MOST) as u32, start.min(MOST) as u32], &[0]);
        self.host.put(&end)?;
        Ok(self.at + end.len() as u64)
    }
}

impl Sink for Archive<'_> {
    fn begin(&mut self, path: &str) -> io::Result<()> {
        self.open(path)
    }

    fn folder(&mut self, path: &str) -> io::Result<()> {
        self.open(&format!("{path}/"))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.host.put(bytes)?;
        self.passed(bytes);
        Ok(())
    }

    fn copy(&mut self, source: &dyn Source, range: Range<u64>) -> io::Result<()> {
        let known =
            self.sources.iter().find(|own| std::ptr::addr_eq(Arc::as_ptr(own), std::ptr::from_ref(source)));
        let (mut at, mut buffer) = (range.start, Vec::new());
        while at < range.end {
            let len = (range.end - at).min(CHUNK);
            buffer.resize(len as usize, 0);
            source.read_at(at, &mut buffer)?;
            if known.is_none() {
                self.host.put(&buffer)?;
            }
            self.passed(&buffer);
            at += len;
        }
        match known {
            Some(own) => self.host.copy(own.file, own.start + range.start..own.start + range.end),
            None => Ok(()),
        }
    }
}

impl Entry {
    fn crc(&self) -> u32 {
        self.crc.clone().finalize()
    }

    fn name_len(&self) -> io::Result<u16> {
        u16::try_from(self.name.len()).map_err(|_| io::ErrorKind::InvalidFilename.into())
    }

    /// What stands before its bytes.
    fn local(&self) -> io::Result<Vec<u8>> {
        let mut extra = Vec::new();
        if self.len >= MOST {
            put(&mut extra, &[], &[1, 16]);
            [self.len; 2].iter().for_each(|len| extra.extend_from_slice(&len.to_le_bytes()));
        }
        let size = self.len.min(MOST) as u32;
        let mut head = Vec::new();
        put(&mut head, &[0x0403_4B50], &[VERSION, FLAGS, 0, 0, DATE]);
        put(&mut head, &[self.crc(), size, size], &[self.name_len()?, extra.len() as u16]);
        head.extend_from_slice(self.name.as_bytes());
        head.extend_from_slice(&extra);
        Ok(head)
    }

    /// What the list at the end says of it.
    fn central(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let mut large = Vec::new();
        if self.len >= MOST {
            large.extend([self.len; 2]);
        }
        if self.start >= MOST {
            large.push(self.start);
        }
        let mut extra = Vec::new();
        if !large.is_empty() {
            put(&mut extra, &[], &[1, 8 * large.len() as u16]);
            large.iter().for_each(|number| extra.extend_from_slice(&number.to_le_bytes()));
        }
        // -rw-r--r-- and drwxr-xr-x
        let mode: u32 = if self.name.ends_with('/') { 0o40755 << 16 | 0x10 } else { 0o100_644 << 16 };
        let size = self.len.min(MOST) as u32;
        put(out, &[0x0201_4B50], &[MADE_BY, VERSION, FLAGS, 0, 0, DATE]);
        put(out, &[self.crc(), size, size], &[self.name_len()?, extra.len() as u16, 0, 0, 0]);
        put(out, &[mode, self.start.min(MOST) as u32], &[]);
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(&extra);
        Ok(())
    }
}

/// Appends numbers, the long ones first.
fn put(out: &mut Vec<u8>, long: &[u32], short: &[u16]) {
    long.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
    short.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, SeekFrom};
    use std::sync::Mutex;

    use super::*;

    /// Keeps what is put and put in front.
    #[derive(Debug, Default)]
    struct Heads(Mutex<Vec<Vec<u8>>>);

    impl Host for Heads {
        fn read(&self, _: u32, _: u64, _: &mut [u8]) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }
        fn put(&self, bytes: &[u8]) -> io::Result<()> {
            self.head(bytes)
        }
        fn copy(&self, _: u32, _: Range<u64>) -> io::Result<()> {
            Ok(())
        }
        fn head(&self, bytes: &[u8]) -> io::Result<()> {
            self.0.lock().unwrap().push(bytes.to_vec());
            Ok(())
        }
        fn tell(&self, _: u64, _: u64, _: &str) {}
    }

    /// Pieces with nothing but zeros between them.
    struct Sparse {
        pieces: Vec<(u64, Vec<u8>)>,
        len: u64,
        at: u64,
    }

    impl Read for Sparse {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let Some(byte) = out.first_mut().filter(|_| self.at < self.len) else { return Ok(0) };
            let inside = |(start, bytes): &(u64, Vec<u8>)| {
                bytes.get(usize::try_from(self.at.checked_sub(*start)?).ok()?).copied()
            };
            *byte = self.pieces.iter().find_map(inside).unwrap_or(0);
            self.at += 1;
            Ok(1)
        }
    }

    impl Seek for Sparse {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.at = match to {
                SeekFrom::Start(at) => at,
                SeekFrom::End(by) => self.len.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?,
                SeekFrom::Current(by) => self.at.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?,
            };
            Ok(self.at)
        }
    }

    #[test]
    fn files_beyond_four_gigabytes_are_said_by_zip64() {
        let host = Heads::default();
        let mut archive = Archive::new(&host, &[], "X.mlpackage", 0);
        let sizes = [("a", 5 << 30), ("b", 7), ("c", MOST), ("d", MOST - 1)];
        for (name, len) in sizes {
            archive.begin(name).unwrap();
            archive.current.as_mut().unwrap().len = len;
        }
        let len = archive.finish().unwrap();
        let (mut pieces, mut at) = (Vec::new(), 0);
        for (turn, piece) in host.0.into_inner().unwrap().into_iter().enumerate() {
            let end = at + piece.len() as u64;
            pieces.push((at, piece));
            at = end + sizes.get(turn).map_or(0, |size| size.1);
        }
        assert_eq!(at, len);
        let starts: Vec<u64> = pieces.iter().map(|(start, head)| start + head.len() as u64).collect();
        let mut read = zip::ZipArchive::new(Sparse { pieces, len, at: 0 }).unwrap();
        for (turn, (name, len)) in sizes.into_iter().enumerate() {
            let file = read.by_index_raw(turn).unwrap();
            assert_eq!((file.name(), file.size()), (&*format!("X.mlpackage/{name}"), len));
            assert_eq!((file.compressed_size(), file.data_start()), (len, starts[turn]));
        }
    }
}
