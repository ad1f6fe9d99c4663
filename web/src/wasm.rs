//! The border to the page: a request goes in through memory, the host is four functions of the worker.
#![allow(unsafe_code, reason = "the worker reads and writes this module's memory by address and length")]

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Host, Session};

static REQUEST: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static ANSWER: Mutex<String> = Mutex::new(String::new());
static SESSION: Mutex<Option<Session>> = Mutex::new(None);

/// Room for a request of so many bytes.
#[unsafe(no_mangle)]
extern "C" fn room(len: usize) -> *mut u8 {
    let mut request = lock(&REQUEST);
    *request = vec![0; len];
    request.as_mut_ptr()
}

/// Answers the request that was written there. Says how long the answer is.
#[unsafe(no_mangle)]
extern "C" fn call() -> usize {
    let request = std::mem::take(&mut *lock(&REQUEST));
    let mut session = lock(&SESSION);
    let session = session.get_or_insert_with(|| {
        std::panic::set_hook(Box::new(|panic| {
            let text = panic.to_string();
            // SAFETY: the worker only reads the text.
            unsafe { imports::fault(text.as_ptr(), text.len()) }
        }));
        Session::new(Arc::new(Worker))
    });
    let answer = session.answer(&String::from_utf8_lossy(&request));
    let len = answer.len();
    *lock(&ANSWER) = answer;
    len
}

/// Where the answer is, until the next call.
#[unsafe(no_mangle)]
extern "C" fn answer() -> *const u8 {
    lock(&ANSWER).as_ptr()
}

mod imports {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        /// Writes bytes of a file to an address; 0 if it did.
        pub(super) fn read(file: u32, offset: u64, out: *mut u8, len: usize) -> u32;
        /// 0 if it took the bytes.
        pub(super) fn put(bytes: *const u8, len: usize) -> u32;
        pub(super) safe fn copy(file: u32, start: u64, end: u64) -> u32;
        pub(super) fn head(bytes: *const u8, len: usize) -> u32;
        pub(super) fn tell(done: f64, all: f64, what: *const u8, len: usize);
        /// Told before the module ends for good.
        pub(super) fn fault(text: *const u8, len: usize);
    }
}

/// The worker that this module runs in.
#[derive(Debug)]
struct Worker;

impl Host for Worker {
    fn read(&self, file: u32, offset: u64, out: &mut [u8]) -> io::Result<()> {
        // SAFETY: the worker writes `out.len()` bytes from the address on, all of them in `out`.
        let code = unsafe { imports::read(file, offset, out.as_mut_ptr(), out.len()) };
        done(code, "the browser does not read the file: it was changed or removed since it was opened")
    }

    fn put(&self, bytes: &[u8]) -> io::Result<()> {
        // SAFETY: the worker only reads `bytes`.
        done(unsafe { imports::put(bytes.as_ptr(), bytes.len()) }, FULL)
    }

    fn copy(&self, file: u32, range: Range<u64>) -> io::Result<()> {
        done(imports::copy(file, range.start, range.end), FULL)
    }

    fn head(&self, bytes: &[u8]) -> io::Result<()> {
        // SAFETY: the worker only reads `bytes`.
        done(unsafe { imports::head(bytes.as_ptr(), bytes.len()) }, FULL)
    }

    fn tell(&self, finished: u64, all: u64, what: &str) {
        // SAFETY: the worker only reads `what`.
        unsafe { imports::tell(finished as f64, all as f64, what.as_ptr(), what.len()) }
    }
}

const FULL: &str = "the browser has no room left";

fn done(code: u32, fault: &'static str) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::other(fault)) }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
