//! A weight larger than the memory that may be used for it. Alone in its process, so that what the
//! process used is what the tensor used.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mil_tensor::{Blob, DType, Data, FileSource, Source, Tensor};

const ROWS: usize = 16 << 10;
const COLUMNS: usize = 40 << 10;
const TILE: usize = 1 << 20;

/// Counts what is read of a file.
#[derive(Debug)]
struct Counted {
    file: FileSource,
    reads: AtomicU64,
    bytes: AtomicU64,
}

impl Source for Counted {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(out.len() as u64, Ordering::Relaxed);
        self.file.read_at(offset, out)
    }

    fn len(&self) -> u64 {
        self.file.len()
    }
}

/// What the element at a row and column holds, where it holds anything.
fn value(row: usize, column: usize) -> f32 {
    (row * 3 + column) as f32 / 256.0
}

/// The most memory that this process has held, where the system tells.
fn peak_kib() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn sparse_file(places: &[(usize, usize)]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.set_len((ROWS * COLUMNS * 4) as u64)?;
    for &(row, column) in places {
        file.seek(SeekFrom::Start(((row * COLUMNS + column) * 4) as u64))?;
        file.write_all(&value(row, column).to_le_bytes())?;
    }
    Ok(file)
}

#[test]
fn a_weight_of_gigabytes_is_cast_and_transposed_in_megabytes() {
    let columns = [0, 1, 20_000, COLUMNS - 1];
    let rows = [0, 1, 777, ROWS - 1];
    let places: Vec<_> = columns.iter().flat_map(|&column| rows.map(|row| (row, column))).collect();
    let file = FileSource::new(sparse_file(&places).unwrap()).unwrap();
    let source = Arc::new(Counted { file, reads: AtomicU64::new(0), bytes: AtomicU64::new(0) });
    let blob = Blob { source: source.clone(), range: 0..source.len() };
    let weight = Tensor::from_blob(DType::Fp32, &[ROWS, COLUMNS], blob).unwrap();
    let before = peak_kib();

    let result = weight.cast(DType::Fp16).unwrap().transposed(&[1, 0]).unwrap();
    let bias = Tensor::from_slice(&[COLUMNS], &vec![1.0_f32; COLUMNS]).unwrap();
    let result = result.scale_shift(0, None, Some(&bias)).unwrap();
    assert!(matches!(result.data(), Data::Lazy(_)));
    assert_eq!(source.reads.load(Ordering::Relaxed), 0, "building reads nothing");

    let mut tile = vec![0; TILE];
    for column in columns {
        let start = (column * ROWS * 2).min(ROWS * COLUMNS * 2 - TILE);
        result.read_bytes(start, &mut tile).unwrap();
        let halves: &[half::f16] = bytemuck::cast_slice(&tile);
        for row in rows {
            let half = halves[column * ROWS + row - start / 2];
            let expected = half::f16::from_f32(half::f16::from_f32(value(row, column)).to_f32() + 1.0);
            assert_eq!(half, expected, "row {row} of column {column}");
        }
    }

    // A tile is 32 columns: one read for each row, of those columns and at most two more.
    let tiles = columns.len() as u64;
    let (reads, bytes) = (source.reads.load(Ordering::Relaxed), source.bytes.load(Ordering::Relaxed));
    assert!(reads <= 2 * tiles * ROWS as u64, "{reads} reads");
    assert!(bytes <= 2 * tiles * 2 * TILE as u64, "{bytes} bytes read");
    if let (Some(before), Some(after)) = (before, peak_kib()) {
        assert!(after - before < 16 << 10, "{} KiB more memory", after - before);
    }
}
