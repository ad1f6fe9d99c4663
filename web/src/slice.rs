//! A range of a file of the page, as something that models are read from.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use milopt::tensor::Source;

use crate::Host;

/// Shorter reads are answered from a block that is kept.
const SHORT: usize = 64 << 10;
/// Bytes of the block. Asking the page costs about as much as this many bytes.
const BLOCK: u64 = 256 << 10;

/// A range of a file.
#[derive(Debug)]
pub(crate) struct Slice {
    host: Arc<dyn Host>,
    /// The page's number for the file.
    pub(crate) file: u32,
    /// Where it begins in the file.
    pub(crate) start: u64,
    len: u64,
    recent: Mutex<Block>,
}

/// Bytes that were read lately, with their place.
#[derive(Debug, Default)]
struct Block {
    start: u64,
    bytes: Vec<u8>,
}

impl Block {
    fn get(&self, offset: u64, len: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.bytes.get(from..from.checked_add(len)?)
    }
}

impl Slice {
    pub(crate) fn new(host: Arc<dyn Host>, file: u32, start: u64, len: u64) -> Slice {
        Slice { host, file, start, len, recent: Mutex::default() }
    }
}

impl Source for Slice {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(out.len() as u64).filter(|end| *end <= self.len);
        let place = end.and(self.start.checked_add(offset)).ok_or(io::ErrorKind::UnexpectedEof)?;
        if out.len() >= SHORT {
            return self.host.read(self.file, place, out);
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.get(offset, out.len()).is_none() {
            let mut bytes = vec![0; (self.len - offset).min(BLOCK) as usize];
            self.host.read(self.file, place, &mut bytes)?;
            *recent = Block { start: offset, bytes };
        }
        out.copy_from_slice(recent.get(offset, out.len()).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn len(&self) -> u64 {
        self.len
    }
}
