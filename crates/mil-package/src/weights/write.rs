//! Weight files, streamed: nothing is in memory but a buffer.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;

use mil_tensor::{Source, Tensor};

use crate::weights::format::{self, BLOCK, Record};
use crate::weights::{FileLayout, Origin};

/// Bytes that are copied at once where the system does not copy from file to file.
const CHUNK: u64 = 4 << 20;

/// Where bytes go, one behind the other.
pub(crate) trait Out {
    /// Takes bytes.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Takes a range of a source.
    fn copy(&mut self, source: &dyn Source, range: Range<u64>) -> io::Result<()> {
        copy_chunks(self, source, range)
    }
}

impl Out for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

impl Out for &File {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn copy(&mut self, source: &dyn Source, mut range: Range<u64>) -> io::Result<()> {
        if let Some(file) = source.file() {
            copy_in_kernel(file, &mut range, self)?;
        }
        copy_chunks(self, source, range)
    }
}

/// Copies what the system can copy by itself, which is all or nothing of a range; takes it off the range.
#[cfg(target_os = "linux")]
fn copy_in_kernel(from: &File, range: &mut Range<u64>, to: &File) -> io::Result<()> {
    while !range.is_empty() {
        let left = usize::try_from(range.end - range.start).unwrap_or(usize::MAX).min(1 << 30);
        match rustix::fs::copy_file_range(from, Some(&mut range.start), to, None, left) {
            // The end came early; reading gives the error.
            Ok(0) => break,
            Ok(_) => {}
            // Which errors mean "not between these two" differs from kernel to kernel.
            Err(rustix::io::Errno::NOSPC | rustix::io::Errno::DQUOT | rustix::io::Errno::FBIG) => {
                return Err(io::ErrorKind::StorageFull.into());
            }
            Err(_) => break,
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn copy_in_kernel(_: &File, _: &mut Range<u64>, _: &File) -> io::Result<()> {
    Ok(())
}

/// Copies a range through memory.
pub(crate) fn copy_chunks<O: Out + ?Sized>(
    out: &mut O,
    source: &dyn Source,
    mut range: Range<u64>,
) -> io::Result<()> {
    if range.is_empty() {
        return Ok(());
    }
    let mut buffer = vec![0; (range.end - range.start).min(CHUNK) as usize];
    while range.start < range.end {
        let len = (range.end - range.start).min(CHUNK);
        let piece = &mut buffer[..len as usize];
        source.read_at(range.start, piece)?;
        out.put(piece)?;
        range.start += len;
    }
    Ok(())
}

/// Copies all bytes of a source.
pub(crate) fn copy(source: &dyn Source, out: &mut dyn Out) -> io::Result<()> {
    out.copy(source, 0..source.len())
}

/// Writes a weight file as it was laid out.
pub(crate) fn write(layout: &FileLayout, out: &mut dyn Out) -> io::Result<()> {
    let count = |blobs: usize| u32::try_from(blobs).map_err(|_| io::ErrorKind::FileTooLarge);
    let (mut position, new) = match &layout.origin {
        Origin::Same(source) => return copy(source.as_ref(), out),
        Origin::Appended(source, first) => {
            let mut header = [0; BLOCK as usize];
            source.read_at(0, &mut header)?;
            let new = layout.blobs.get(*first..).unwrap_or_default();
            let old = format::read_header(&header).map_err(io::Error::other)?;
            let sum = old.checked_add(count(new.len())?).ok_or(io::ErrorKind::FileTooLarge)?;
            header[..4].copy_from_slice(&sum.to_le_bytes());
            out.put(&header)?;
            out.copy(source.as_ref(), BLOCK..source.len())?;
            (source.len(), new)
        }
        Origin::Blobs => {
            out.put(&format::header(count(layout.blobs.len())?))?;
            (BLOCK, &layout.blobs[..])
        }
    };
    for (tensor, offset) in new {
        let record = Record::new(tensor.dtype(), tensor.len(), offset + BLOCK)
            .ok_or_else(|| io::Error::other("a tensor has no form in a weight file"))?;
        let mut head = vec![0; (offset - position) as usize];
        head.extend_from_slice(&record.to_bytes());
        out.put(&head)?;
        write_elements(tensor, out)?;
        position = offset + BLOCK + record.size;
    }
    Ok(())
}

fn write_elements(tensor: &Tensor, out: &mut dyn Out) -> io::Result<()> {
    if let Some(blob) = tensor.blob() {
        return out.copy(blob.source.as_ref(), blob.range.clone());
    }
    let mut result = Ok(());
    tensor
        .for_each_chunk(|piece| {
            if result.is_ok() {
                result = out.put(piece);
            }
        })
        .map_err(io::Error::other)?;
    result
}
