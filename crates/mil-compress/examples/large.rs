//! Prints how fast weights in a file are read, counted and palettized, and how much memory that takes at most:
//! the file may be larger than the memory.
//!
//! `cargo run --release -p mil-compress --features rayon --example large -- FILE [GIB]`
//!
//! A file that is not there is made: so many GiB of half floats, drawn from a bell curve.
#![allow(clippy::print_stdout, reason = "what it is for")]

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use half::f16;
use mil_compress::palette::{Mode, Options, palettize};
use mil_compress::{Blocks, CompressError};
use mil_tensor::random::Stream;
use mil_tensor::{Blob, DType, FileSource, Source, Tensor};

/// The shape of each of the weights, of half a GiB.
const SHAPE: [usize; 2] = [16 << 10, 16 << 10];

const BYTES: u64 = (SHAPE[0] * SHAPE[1] * 2) as u64;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = Path::new(arguments.first().ok_or("which file?")?);
    if !path.exists() {
        make(path, arguments.get(1).ok_or("how many GiB?")?.parse()?)?;
    }
    let source: Arc<dyn Source> = Arc::new(FileSource::new(File::open(path)?)?);
    let weights = (0..source.len() / BYTES).map(|at| {
        let range = at * BYTES..(at + 1) * BYTES;
        Tensor::from_blob(DType::Fp16, &SHAPE, Blob { source: source.clone(), range })
    });
    let weights = weights.collect::<Result<Vec<Tensor>, _>>()?;
    measure("read", &weights, |weight| Ok(weight.for_each_chunk(|_| ())?))?;
    let fit = |weight: &Tensor, rows| {
        let groups = Blocks::of_sizes(weight.shape(), &[rows, 0])?;
        palettize(weight, &groups, &Options::new(Mode::Kmeans, 4), None)
    };
    measure("count, and fit a table", &weights, |weight| fit(weight, 0).map(|_| ()))?;
    measure("fit a table for 16 rows", &weights, |weight| fit(weight, 16).map(|_| ()))?;
    measure("fit, and compute indices", &weights, |weight| {
        Ok(fit(weight, 16)?.indices.for_each_chunk(|_| ())?)
    })
}

fn make(path: &Path, gib: u64) -> Result<(), Box<dyn Error>> {
    let mut random = Stream::new(0);
    let mut normal = || 0.02 * ((0..12).map(|_| random.unit()).sum::<f64>() - 6.0);
    // What repeats has another length than rows, so that no two of them are alike.
    let some: Vec<f16> = (0..(16 << 20) - 4099).map(|_| f16::from_f64(normal())).collect();
    let (mut file, mut left) = (File::create_new(path)?, (gib << 30) as usize);
    while left > 0 {
        let bytes = bytemuck::cast_slice::<f16, u8>(&some);
        let bytes = &bytes[..bytes.len().min(left)];
        file.write_all(bytes)?;
        left -= bytes.len();
    }
    Ok(())
}

/// Prints the time for all weights, and the most memory so far.
fn measure(
    name: &str,
    weights: &[Tensor],
    work: impl Fn(&Tensor) -> Result<(), CompressError>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    for weight in weights {
        work(weight)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let gib = weights.len() as f64 * BYTES as f64 / (1_u64 << 30) as f64;
    println!("{name:<26} {seconds:8.2} s, {:6.2} GiB/s, peak {}", gib / seconds, peak());
    Ok(())
}

/// The most memory that the process had, where the system says so.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |most| most.trim().to_owned())
}
