//! What the elements of a compressed weight can be.

use mil_tensor::Tensor;

use crate::CompressError;
use crate::palette::Palette;
use crate::quantize::Quantized;

/// What the elements of a compressed weight can be.
pub(super) trait Grid: Sync {
    /// The code of the number next to `value` among those that an element of this row and block can be, and
    /// the number.
    fn nearest(&self, row: usize, block: usize, value: f32) -> (u8, f32);
}

/// Integers with a scale and a zero point for each block.
pub(super) struct Integers {
    scales: Vec<f32>,
    zeros: Vec<f32>,
    least: f32,
    most: f32,
}

impl Integers {
    pub(super) fn new(of: &Quantized) -> Result<Integers, CompressError> {
        let dtype = of.data.dtype();
        let range = dtype.int_range().ok_or(CompressError::Type(dtype))?;
        let single = |tensor: &Tensor| -> Result<Vec<f32>, CompressError> {
            Ok(tensor.to_f64s()?.into_iter().map(|value| value as f32).collect())
        };
        let scales = single(&of.scale)?;
        let zeros = match &of.offset {
            Some(offset) => single(offset)?,
            None => vec![0.0; scales.len()],
        };
        Ok(Integers { scales, zeros, least: range.0 as f32, most: range.1 as f32 })
    }
}

impl Grid for Integers {
    #[inline]
    fn nearest(&self, _: usize, block: usize, value: f32) -> (u8, f32) {
        let (scale, zero) = (self.scales[block], self.zeros[block]);
        let integer = libm::rintf((value / scale).clamp(self.least - zero, self.most - zero));
        ((integer + zero) as i32 as u8, integer * scale)
    }
}

/// Entries of a table for each block, and perhaps a scale for each row.
pub(super) struct Entries {
    /// The entries of each table, ascending, with their indices.
    tables: Vec<Vec<(f32, u8)>>,
    scales: Vec<f32>,
}

impl Entries {
    pub(super) fn new(of: &Palette, weight: &Tensor, output_axis: usize) -> Result<Entries, CompressError> {
        let entries = of.lut.to_f64s()?;
        let size = 1 << of.bits();
        let sorted = |entries: &[f64]| {
            let mut table: Vec<(f32, u8)> =
                entries.iter().enumerate().map(|(at, &entry)| (entry as f32, at as u8)).collect();
            table.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            table.dedup_by_key(|entry| entry.0);
            table
        };
        let scales: Vec<f32> = match &of.scale {
            None => Vec::new(),
            Some(scale) => scale.to_f64s()?.into_iter().map(|value| value as f32).collect(),
        };
        let rows = weight.shape().get(output_axis).copied().unwrap_or(0);
        if ![0, 1, rows].contains(&scales.len()) {
            return Err(CompressError::Option("the scales are not those of the output channels".into()));
        }
        Ok(Entries { tables: entries.chunks_exact(size).map(sorted).collect(), scales })
    }
}

impl Grid for Entries {
    #[inline]
    fn nearest(&self, row: usize, block: usize, value: f32) -> (u8, f32) {
        let scale = match &self.scales[..] {
            [] => 1.0,
            [one] => *one,
            each => each[row],
        };
        let (table, value) = (&self.tables[block], value / scale);
        let above = table.partition_point(|entry| entry.0 < value);
        let pair = [table.get(above.wrapping_sub(1)), table.get(above)];
        let (entry, code) = match pair {
            [Some(&below), Some(&above)] if value - below.0 > above.0 - value => above,
            [Some(&below), _] => below,
            [None, Some(&above)] => above,
            // A table has at least two entries.
            [None, None] => (0.0, 0),
        };
        (code, entry * scale)
    }
}
