//! A package in, a package and a report out, without files, threads, clocks or pointers that anybody follows:
//! the host writes named buffers into [`input`], calls [`run`], and reads the same form at [`output`].
//!
//! A buffer is its name and its bytes, each behind its length as a little-endian `u32`. The names of the
//! package's files are their paths in it; the buffer `pipeline` holds the text of a pipeline, `chip` the chip
//! to estimate for. Back come the files and `report.json`, or `error` alone.

use std::error::Error;
use std::sync::{Mutex, MutexGuard};

use milopt::estimate::{Target, estimate};
use milopt::package::Limits;
use milopt::{Package, Pipeline};

static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Room for so many bytes of input.
#[unsafe(no_mangle)]
pub extern "C" fn input(len: usize) -> *mut u8 {
    let mut input = lock(&INPUT);
    *input = vec![0; len];
    input.as_mut_ptr()
}

/// Runs on the input; says how long the output is.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> usize {
    let result = rewrite(&lock(&INPUT));
    let buffers = result.unwrap_or_else(|error| vec![("error".to_owned(), error.to_string().into_bytes())]);
    let mut output = lock(&OUTPUT);
    output.clear();
    for (name, bytes) in buffers {
        for piece in [name.as_bytes(), &bytes] {
            output.extend_from_slice(&(piece.len() as u32).to_le_bytes());
            output.extend_from_slice(piece);
        }
    }
    output.len()
}

/// Where the output is.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    lock(&OUTPUT).as_ptr()
}

type Buffers = Vec<(String, Vec<u8>)>;

fn rewrite(input: &[u8]) -> Result<Buffers, Box<dyn Error>> {
    let (mut files, mut pipeline, mut chip) = (Vec::new(), String::new(), String::new());
    let mut rest = input;
    while !rest.is_empty() {
        let name = String::from_utf8(piece(&mut rest)?.to_vec())?;
        let bytes = piece(&mut rest)?;
        match name.as_str() {
            "pipeline" => pipeline = String::from_utf8(bytes.to_vec())?,
            "chip" => chip = String::from_utf8(bytes.to_vec())?,
            _ => files.push((name, bytes.into())),
        }
    }
    let mut package = Package::from_files(files, &Limits::default())?;
    let mut program = package.take_program()?;
    Pipeline::parse(&pipeline, &milopt::passes::registry())?.run(&mut program)?;
    let report = serde_json::to_vec(&estimate(&program, &Target::new(&chip, "26", "cpu-and-ne")?))?;
    let mut buffers: Buffers = package.set_program(program).to_files()?.into_iter().collect();
    buffers.push(("report.json".to_owned(), report));
    Ok(buffers)
}

fn piece<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], &'static str> {
    let (len, tail) = rest.split_first_chunk().ok_or("a length is cut short")?;
    let (piece, tail) = tail.split_at_checked(u32::from_le_bytes(*len) as usize).ok_or("a buffer is cut short")?;
    *rest = tail;
    Ok(piece)
}

fn lock(buffer: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    buffer.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
