//! What milopt asks of the page.

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use milopt::ir::Program;
use milopt::pass::{Instrument, PassEvent};

/// The page, as milopt sees it: files that are read in ranges, and a download that grows at its end.
pub trait Host: fmt::Debug + Send + Sync {
    /// Fills `out` with the bytes of a file that start at `offset`.
    fn read(&self, file: u32, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// The next bytes of the download.
    fn put(&self, bytes: &[u8]) -> io::Result<()>;

    /// The next bytes of the download are a range of a file.
    fn copy(&self, file: u32, range: Range<u64>) -> io::Result<()>;

    /// The bytes that were handed over since the last call come behind these.
    fn head(&self, bytes: &[u8]) -> io::Result<()>;

    /// So much is done, of so much; 0 where that is not known.
    fn tell(&self, done: u64, all: u64, what: &str);
}

/// Tells the page which pass runs.
pub(crate) struct Progress {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) passes: usize,
}

impl Instrument for Progress {
    fn before_pass(&mut self, event: &PassEvent<'_>, _: &Program) {
        // Those in a fixpoint run more than once.
        self.host.tell(event.index.min(self.passes) as u64, self.passes as u64, event.id);
    }
}
