//! Tables as they are stored, and as elements are looked for in them.

use mil_tensor::{DType, Tensor};

use crate::CompressError;
use crate::kmeans::vectors;

/// The tables of all groups: entries of `width` numbers, rounded to the type in which they are stored.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) bits: usize,
    pub(super) width: usize,
    pub(super) tables: Vec<Table>,
}

/// The entries of one table: as many as are in use.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Rounded to the type in which they are stored.
    pub(super) entries: Vec<f64>,
    /// For single numbers: the borders between entries, ascending. What is above a border belongs to the
    /// next place.
    borders: Vec<f32>,
    /// For single numbers: which entry each place between borders is.
    places: Vec<u8>,
}

/// An entry for each half float, by its bits.
pub(super) type ByBits = [u8; 1 << 16];

impl Tables {
    /// Rounds the entries of each group.
    pub(super) fn round(
        groups: Vec<Vec<f64>>,
        width: usize,
        bits: usize,
        dtype: DType,
    ) -> Result<Tables, CompressError> {
        let round = |entries: Vec<f64>| {
            let rounded = match dtype.is_float() {
                true => Tensor::from_f64s(dtype, &[entries.len()], &entries)?.to_f64s()?,
                // Conversion truncates.
                false => entries.into_iter().map(libm::rint).collect(),
            };
            Ok(Table::new(rounded, width))
        };
        let tables = groups.into_iter().map(round).collect::<Result<Vec<_>, CompressError>>()?;
        Ok(Tables { bits, width, tables })
    }

    /// All tables as one tensor. Entries that are not in use are 0.
    pub(super) fn lut(&self, counts: &[usize], dtype: DType) -> Result<Tensor, CompressError> {
        let size = (1 << self.bits) * self.width;
        let mut all = Vec::with_capacity(self.tables.len() * size);
        for (i, table) in self.tables.iter().enumerate() {
            all.extend(&table.entries);
            all.resize((i + 1) * size, 0.0);
        }
        let shape: Vec<usize> = counts.iter().copied().chain([1 << self.bits, self.width]).collect();
        Ok(Tensor::from_f64s(dtype, &shape, &all)?)
    }
}

impl Table {
    fn new(entries: Vec<f64>, width: usize) -> Table {
        if width > 1 {
            return Table { entries, borders: Vec::new(), places: Vec::new() };
        }
        let mut order: Vec<u8> = (0..entries.len()).map(|at| at as u8).collect();
        order.sort_by(|&a, &b| entries[usize::from(a)].total_cmp(&entries[usize::from(b)]));
        order.dedup_by_key(|at| entries[usize::from(*at)].to_bits());
        let middle = |pair: &[u8]| (entries[usize::from(pair[0])] + entries[usize::from(pair[1])]) / 2.0;
        let borders = order.windows(2).map(|pair| below(middle(pair))).collect();
        Table { entries, borders, places: order }
    }

    /// The entry next to a number; of two that are equally near, the lesser.
    #[inline(always)]
    pub(super) fn nearest(&self, value: f32) -> u8 {
        let place = self.borders.partition_point(|&border| value > border);
        self.places[place]
    }

    /// The entry next to each number.
    #[inline(always)]
    pub(super) fn nearest_of(&self, values: &[f32], out: &mut [u8]) {
        if self.borders.len() > 16 {
            for (out, &value) in out.iter_mut().zip(values) {
                *out = self.nearest(value);
            }
            return;
        }
        // Counting the borders below is what vector units do best.
        const LANES: usize = 16;
        for (out, values) in out.chunks_mut(LANES).zip(values.chunks(LANES)) {
            let mut places = [0_u32; LANES];
            let mut lanes = [0.0_f32; LANES];
            lanes[..values.len()].copy_from_slice(values);
            for &border in &self.borders {
                for (place, &value) in places.iter_mut().zip(&lanes) {
                    *place += u32::from(value > border);
                }
            }
            for (out, &place) in out.iter_mut().zip(&places) {
                *out = self.places[place as usize];
            }
        }
    }

    /// The entry next to each half float, by its bits.
    pub(super) fn of_halves(&self) -> Box<ByBits> {
        let mut table = Box::new([0; 1 << 16]);
        // Ascending values: the negative numbers from the largest magnitude on, then the others.
        let value = |rank: usize| {
            let bits = if rank < 0x8000 { 0xFFFF - rank } else { rank - 0x8000 };
            half::f16::from_bits(bits as u16).to_f32()
        };
        let mut begin = 0;
        for (i, &place) in self.places.iter().enumerate() {
            let end = match self.borders.get(i) {
                Some(&border) => {
                    // NaN has no place between numbers, at both ends of the ranks, and compares as false.
                    let (mut low, mut high) = (begin.max(0x03FF), 0xFC01);
                    while low < high {
                        let middle = (low + high) / 2;
                        if value(middle) > border { high = middle } else { low = middle + 1 }
                    }
                    low
                }
                None => 1 << 16,
            };
            let negative = begin.min(0x8000)..end.min(0x8000);
            table[0x1_0000 - negative.end..0x1_0000 - negative.start].fill(place);
            table[begin.max(0x8000) - 0x8000..end.max(0x8000) - 0x8000].fill(place);
            begin = end;
        }
        table
    }

    /// The entry next to a vector.
    pub(super) fn nearest_vector(entries: &[f32], vector: &[f32]) -> u8 {
        vectors::nearest(entries, vector).0 as u8
    }
}

/// The largest single that is not above a number.
fn below(number: f64) -> f32 {
    let single = number as f32;
    if f64::from(single) > number { single.next_down() } else { single }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_float_finds_its_entry_in_each_way() {
        for entries in [
            vec![0.5],
            vec![-1.0, -0.25, 0.0, 0.1, 3.0],
            vec![2.0, -2.0, 2.0, 0.0],
            (0..256).map(|i| f64::from(i * i) - 20000.0).collect(),
        ] {
            let table = Table::new(entries.clone(), 1);
            let by_bits = table.of_halves();
            for bits in (0..0x7C00).chain(0x8000..0xFC00) {
                let value = half::f16::from_bits(bits).to_f32();
                let mut all = [0];
                table.nearest_of(&[value], &mut all);
                let found = table.nearest(value);
                assert_eq!((all[0], by_bits[usize::from(bits)]), (found, found), "{value} in {entries:?}");
                let distance = |entry: f64| (f64::from(value) - entry).abs();
                let least = entries.iter().map(|&entry| distance(entry)).fold(f64::INFINITY, f64::min);
                assert_eq!(distance(entries[usize::from(found)]), least, "{value} in {entries:?}");
            }
        }
    }
}
