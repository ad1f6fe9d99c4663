//! What stands in a zip archive.
//!
//! The page unpacks: browsers inflate by themselves, and keep what comes of it wherever they keep large files.
//! A file that is stored without compression is a range of the archive, and needs no unpacking.

use std::io::{self, Read, Seek, SeekFrom};

use milopt::embed::Fault;
use milopt::tensor::Source;
use serde::Serialize;
use zip::{CompressionMethod, ZipArchive};

use crate::Host;
use crate::root::Root;
use crate::slice::Slice;

/// A file of a model in an archive.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    pub(crate) path: String,
    /// Where its bytes begin in the archive.
    pub(crate) start: u64,
    /// Bytes that it takes there.
    pub(crate) stored: u64,
    /// Bytes that it has.
    pub(crate) len: u64,
    /// It is to be inflated.
    pub(crate) deflated: bool,
    pub(crate) crc: u32,
}

/// The files of the model that is in an archive.
pub(crate) fn entries(archive: &dyn Source) -> Result<Vec<Entry>, Fault> {
    let fault =
        |error: zip::result::ZipError| Fault::input(format!("the zip archive cannot be read: {error}"));
    let mut zip = ZipArchive::new(Reader { source: archive, at: 0 }).map_err(fault)?;
    let names: Vec<String> =
        zip.file_names().filter(|name| !name.ends_with('/')).map(str::to_owned).collect();
    let root = Root::find(names.iter().map(String::as_str))?;
    let mut entries = Vec::new();
    for at in 0..zip.len() {
        let file = zip.by_index_raw(at).map_err(fault)?;
        let path = file.name();
        if file.is_dir() || root.inside(path).is_none() {
            continue;
        }
        if file.encrypted() {
            return Err(Fault::input(format!("{path} is encrypted in the archive")));
        }
        let deflated = file.compression() == CompressionMethod::DEFLATE;
        if !deflated && file.compression() != CompressionMethod::STORE {
            let method = file.compression();
            return Err(Fault::input(format!("{path} is compressed as no browser unpacks it: {method}")));
        }
        let path = path.to_owned();
        let (start, stored, len) = (file.data_start(), file.compressed_size(), file.size());
        let end = start.checked_add(stored).filter(|end| *end <= archive.len());
        if end.is_none() || (!deflated && stored != len) {
            return Err(Fault::input(format!("the zip archive is damaged: {path} is not all in it")));
        }
        entries.push(Entry { path, start, stored, len, deflated, crc: file.crc32() });
    }
    Ok(entries)
}

/// Checks what an archive says of a file.
pub(crate) fn check_sum(host: &dyn Host, path: &str, file: &Slice, expected: u32) -> Result<(), Fault> {
    const CHUNK: u64 = 4 << 20;
    let (mut at, mut buffer, mut crc) = (0, Vec::new(), crc32fast::Hasher::new());
    while at < file.len() {
        buffer.resize((file.len() - at).min(CHUNK) as usize, 0);
        file.read_at(at, &mut buffer)
            .map_err(|error| Fault::input(format!("{path} cannot be read: {error}")))?;
        crc.update(&buffer);
        at += buffer.len() as u64;
        host.tell(at, file.len(), "checking");
    }
    match crc.finalize() == expected {
        true => Ok(()),
        false => Err(Fault::input(format!("the zip archive is damaged: {path} is not what was put into it"))),
    }
}

/// A source as the archive's reader wants it.
struct Reader<'s> {
    source: &'s dyn Source,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = (out.len() as u64).min(self.source.len().saturating_sub(self.at)) as usize;
        self.source.read_at(self.at, &mut out[..len])?;
        self.at += len as u64;
        Ok(len)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.source.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
