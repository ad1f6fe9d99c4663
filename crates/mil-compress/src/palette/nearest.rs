//! Indices of the nearest entries, computed when they are read.

use std::sync::{Arc, OnceLock};

use mil_tensor::{Computation, DType, Tensor, TensorError, vectorized};

use super::index_type;
use super::table::{ByBits, Table, Tables};
use crate::blocks::Segment;
use crate::read::{Reader, TILE};
use crate::{Blocks, CompressError};

/// Elements of one group that follow each other, from which on a table of all half floats pays.
const LONG: usize = 4 << 10;

/// The index of the entry next to each element.
pub(super) fn of_numbers(weight: &Tensor, groups: &Blocks, tables: &Tables) -> Result<Tensor, CompressError> {
    let dtype = index_type(tables.bits)?;
    let tables = tables.tables.iter().map(|table| Arc::new(Table::clone(table))).collect();
    let (source, groups) = (weight.nestable()?, groups.clone());
    let numbers = Numbers { source, groups, tables, whole: OnceLock::new() };
    Ok(Tensor::computed_by(dtype, weight.shape(), numbers)?)
}

/// The index of the entry next to each vector; their elements follow each other.
pub(super) fn of_vectors(spread: &Tensor, groups: &Blocks, tables: &Tables) -> Result<Tensor, CompressError> {
    let dtype = index_type(tables.bits)?;
    let entries = |table: &Table| table.entries.iter().map(|&value| value as f32).collect();
    let vectors = Vectors {
        source: spread.nestable()?,
        groups: groups.clone(),
        width: tables.width,
        tables: tables.tables.iter().map(entries).collect(),
    };
    Ok(Tensor::computed_by(dtype, groups.shape(), vectors)?)
}

#[derive(Debug)]
struct Numbers {
    source: Tensor,
    groups: Blocks,
    tables: Vec<Arc<Table>>,
    /// The entry next to each half float, where there is one table: made when it is needed.
    whole: OnceLock<Box<ByBits>>,
}

impl Computation for Numbers {
    fn operands(&self) -> &[Tensor] {
        std::slice::from_ref(&self.source)
    }

    fn key(&self) -> Vec<u8> {
        let entries = self.tables.iter().flat_map(|table| &table.entries);
        key(b"nearest number", &self.groups, entries.map(|entry| entry.to_bits()))
    }

    fn read(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let mut reader = Reader::new(&self.source);
        let halves = self.source.dtype() == DType::Fp16;
        let mut own: Option<(usize, Box<ByBits>)> = None;
        for (i, out) in out.chunks_mut(TILE).enumerate() {
            let first = first + i * TILE;
            let segments = self.groups.segments(first, out.len());
            // Where elements are many for each table.
            let long = halves && self.groups.run() >= LONG;
            if long {
                let bits = reader.bits(first, out.len()).map_err(unwrap)?;
                for (range, segment) in segments {
                    let (Segment::Same(group) | Segment::Each(group)) = segment;
                    let by_bits = match self.tables.len() {
                        1 => self.whole.get_or_init(|| self.tables[0].of_halves()),
                        _ => {
                            let known = own.take().filter(|(known, _)| *known == group);
                            &own.insert(known.unwrap_or_else(|| (group, self.tables[group].of_halves()))).1
                        }
                    };
                    for (out, &bits) in out[range.clone()].iter_mut().zip(&bits[range]) {
                        *out = by_bits[usize::from(bits)];
                    }
                }
                continue;
            }
            let values = &*reader.floats(first, out.len()).map_err(unwrap)?;
            nearest_of(self, first, values, out);
        }
        Ok(())
    }
}

vectorized! {
    /// The entries next to numbers from element `first` on.
    fn nearest_of<'n, 'v, 'o>(op: &'n Numbers, first: usize, values: &'v [f32], out: &'o mut [u8]) {
        for (range, segment) in op.groups.segments(first, values.len()) {
            match segment {
                Segment::Same(group) => {
                    op.tables[group].nearest_of(&values[range.clone()], &mut out[range]);
                }
                Segment::Each(group) => {
                    let each = out[range.clone()].iter_mut().zip(&values[range]).zip(&op.tables[group..]);
                    for ((out, &value), table) in each {
                        *out = table.nearest(value);
                    }
                }
            }
        }
    }
}

#[derive(Debug)]
struct Vectors {
    source: Tensor,
    groups: Blocks,
    width: usize,
    tables: Vec<Vec<f32>>,
}

impl Computation for Vectors {
    fn operands(&self) -> &[Tensor] {
        std::slice::from_ref(&self.source)
    }

    fn key(&self) -> Vec<u8> {
        let entries = self.tables.iter().flatten().map(|entry| u64::from(entry.to_bits()));
        key(b"nearest vector", &self.groups, entries.chain([self.width as u64]))
    }

    fn read(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let mut reader = Reader::new(&self.source);
        let (width, tile) = (self.width, (TILE / self.width).max(1));
        for (i, out) in out.chunks_mut(tile).enumerate() {
            let first = first + i * tile;
            let values = reader.floats(first * width, out.len() * width).map_err(unwrap)?;
            for (range, segment) in self.groups.segments(first, out.len()) {
                let vectors = values[range.start * width..range.end * width].chunks_exact(width);
                for (i, (out, vector)) in out[range].iter_mut().zip(vectors).enumerate() {
                    let group = match segment {
                        Segment::Same(group) => group,
                        Segment::Each(group) => group + i,
                    };
                    *out = Table::nearest_vector(&self.tables[group], vector);
                }
            }
        }
        Ok(())
    }
}

/// What a computation does, in bytes: its name, the grid and the parameters.
pub(crate) fn key(name: &[u8], blocks: &Blocks, numbers: impl Iterator<Item = u64>) -> Vec<u8> {
    let mut key = name.to_vec();
    let sizes = blocks.shape().iter().chain(blocks.counts()).map(|&size| size as u64);
    sizes.chain(numbers).for_each(|number| key.extend(number.to_le_bytes()));
    key
}

/// The tensor's own error.
pub(crate) fn unwrap(error: CompressError) -> TensorError {
    match error {
        CompressError::Tensor(error) => error,
        other => TensorError::from(std::io::Error::other(other.to_string())),
    }
}
