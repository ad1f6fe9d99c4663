//! The distinct values of a row and how much each of them weighs.

use mil_tensor::Tensor;

use crate::CompressError;
use crate::par;
use crate::read::{Reader, TILE, largest_magnitude, single_of};

/// Values that are told apart; beyond that, neighbours share a bin, which keeps their sum.
///
/// It bounds what k-means needs to some 32 bytes times this.
const LARGEST: usize = 1 << 22;

/// Bins of values that are not told apart.
const BINS: usize = 1 << 20;

/// Elements that one core counts before another may help.
const SHARE: usize = 1 << 18;

/// Codes of half floats.
const HALVES: usize = 1 << 16;

/// Distinct values, ascending, with positive weights: what one-dimensional clustering looks at.
#[derive(Debug, Default)]
pub(crate) struct Distribution {
    pub(crate) values: Vec<f64>,
    pub(crate) weights: Vec<f64>,
}

impl Distribution {
    fn push(&mut self, value: f64, weight: f64) {
        // The two zeros are one value.
        if let (Some(last), Some(sum)) = (self.values.last(), self.weights.last_mut())
            && *last == value
        {
            *sum += weight;
            return;
        }
        self.values.push(value);
        self.weights.push(weight);
    }

    /// Adds the half floats of which there are any, ascending; `code` gives the bits of each.
    fn push_counted(&mut self, counts: &[u32], code: impl Fn(usize) -> u16) {
        /// Half floats that are looked at before the vectors grow.
        const SOME: usize = 512;
        let (mut codes, mut found) = ([0; SOME], [0; SOME]);
        for (i, counts) in counts.chunks(SOME).enumerate() {
            let mut held = 0;
            for (at, &count) in counts.iter().enumerate() {
                // What there is none of is overwritten by the next: which are there cannot be guessed, so that
                // branches would be slow.
                codes[held] = code(i * SOME + at);
                found[held] = count;
                held += usize::from(count > 0);
            }
            self.values.extend(codes[..held].iter().map(|&code| f64::from(single_of(code))));
            self.weights.extend(found[..held].iter().map(|&count| f64::from(count)));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Removes the value 0.
    pub(crate) fn remove_zero(&mut self) {
        if let Some(at) = self.values.iter().position(|&value| value == 0.0) {
            self.values.remove(at);
            self.weights.remove(at);
        }
    }

    /// Forgets all values, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.weights.clear();
    }

    /// Of singles, each as heavy as the others. They are left sorted.
    pub(crate) fn of_singles(singles: &mut [f32]) -> Result<Distribution, CompressError> {
        if singles.iter().any(|value| !value.is_finite()) {
            return Err(CompressError::NotFinite);
        }
        if singles.len() > LARGEST {
            let mut bins = Bins::new(singles.iter().copied());
            singles.iter().for_each(|&value| bins.add(value, 1.0));
            return Ok(bins.finish());
        }
        par::sort(singles);
        let mut found = Distribution::default();
        singles.iter().for_each(|&value| found.push(f64::from(value), 1.0));
        Ok(found)
    }

    /// Of singles with weights of their own. Those without weight do not count.
    pub(crate) fn of_weighted(singles: &[f32], weights: &[f32]) -> Result<Distribution, CompressError> {
        if singles.iter().chain(weights).any(|value| !value.is_finite()) {
            return Err(CompressError::NotFinite);
        }
        if weights.iter().any(|&weight| weight < 0.0) {
            return Err(CompressError::Option("an importance is negative".into()));
        }
        let heavy = || singles.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
        if singles.len() > LARGEST {
            let mut bins = Bins::new(heavy().map(|(&value, _)| value));
            heavy().for_each(|(&value, &weight)| bins.add(value, f64::from(weight)));
            return Ok(bins.finish());
        }
        let mut pairs: Vec<(f32, f32)> = heavy().map(|(&value, &weight)| (value, weight)).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut found = Distribution::default();
        pairs.iter().for_each(|&(value, weight)| found.push(f64::from(value), f64::from(weight)));
        Ok(found)
    }
}

/// Bins of one width, each with the weight and the mean of what fell into it.
struct Bins {
    least: f32,
    scale: f64,
    weights: Vec<f64>,
    sums: Vec<f64>,
}

impl Bins {
    fn new(values: impl Iterator<Item = f32>) -> Bins {
        let (least, most) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        let width = f64::from(most) - f64::from(least);
        let scale = if width > 0.0 { (BINS - 1) as f64 / width } else { 0.0 };
        Bins { least, scale, weights: vec![0.0; BINS], sums: vec![0.0; BINS] }
    }

    fn add(&mut self, value: f32, weight: f64) {
        let value = f64::from(value);
        let bin = ((value - f64::from(self.least)) * self.scale) as usize;
        let bin = bin.min(BINS - 1);
        self.weights[bin] += weight;
        self.sums[bin] += weight * value;
    }

    fn finish(self) -> Distribution {
        let mut found = Distribution::default();
        for (weight, sum) in self.weights.into_iter().zip(self.sums).filter(|(weight, _)| *weight > 0.0) {
            found.push(sum / weight, weight);
        }
        found
    }
}

/// Counts half floats, which have few values; used again for one row after another.
#[derive(Debug)]
pub(crate) struct Histogram {
    /// By bits; all 0 between rows.
    counts: Vec<u32>,
    /// The largest magnitude that was counted.
    most: u16,
}

impl Histogram {
    pub(crate) fn new() -> Histogram {
        Histogram { counts: vec![0; HALVES], most: 0 }
    }

    /// Of `size` elements of a tensor of half floats, counted on all cores.
    pub(crate) fn of(tensor: &Tensor, first: usize, size: usize) -> Result<Histogram, CompressError> {
        // Few parts: each has counts of its own until all are added up.
        let parts = (size / SHARE).clamp(1, 16).min(par::cores());
        let part = size.div_ceil(parts);
        let counted = par::map(parts, |at| {
            let mut reader = Reader::new(tensor);
            let mut histogram = Histogram::new();
            let end = ((at + 1) * part).min(size);
            for at in (at * part..end).step_by(TILE) {
                histogram.add(reader.bits(first + at, TILE.min(end - at))?);
            }
            Ok(histogram)
        })?;
        let mut all = Histogram::new();
        counted.iter().for_each(|histogram| all.merge(histogram));
        Ok(all)
    }

    /// Counts the elements of a piece of a row.
    pub(crate) fn add(&mut self, bits: &[u16]) {
        self.most = self.most.max(largest_magnitude(bits));
        for &bits in bits {
            self.counts[usize::from(bits)] += 1;
        }
    }

    /// Adds what another one has counted.
    pub(crate) fn merge(&mut self, other: &Histogram) {
        self.most = self.most.max(other.most);
        for (count, other) in self.counts.iter_mut().zip(&other.counts) {
            *count += other;
        }
    }

    /// Calls `visit` with each magnitude that was counted and how often, ascending; forgets them.
    pub(crate) fn take_magnitudes(&mut self, mut visit: impl FnMut(u16, u64)) -> Result<(), CompressError> {
        self.check()?;
        for magnitude in 0..=self.most {
            let at = usize::from(magnitude);
            let count = u64::from(std::mem::take(&mut self.counts[at]))
                + u64::from(std::mem::take(&mut self.counts[at | 0x8000]));
            if count > 0 {
                visit(magnitude, count);
            }
        }
        self.most = 0;
        Ok(())
    }

    /// What was counted; forgets it.
    pub(crate) fn take(&mut self) -> Result<Distribution, CompressError> {
        let mut found = Distribution::default();
        self.take_into(&mut found)?;
        Ok(found)
    }

    /// The same, in the place of what was found before.
    pub(crate) fn take_into(&mut self, found: &mut Distribution) -> Result<(), CompressError> {
        self.check()?;
        found.clear();
        let (positive, negative) = self.counts.split_at_mut(HALVES / 2);
        let (positive, negative) =
            (&mut positive[..=usize::from(self.most)], &mut negative[..=usize::from(self.most)]);
        // The two zeros are one value.
        positive[0] += std::mem::take(&mut negative[0]);
        let last = self.most | 0x8000;
        negative.reverse();
        found.push_counted(negative, |at| last - at as u16);
        found.push_counted(positive, |at| at as u16);
        negative.fill(0);
        positive.fill(0);
        self.most = 0;
        Ok(())
    }

    fn check(&mut self) -> Result<(), CompressError> {
        if self.most < 0x7C00 {
            return Ok(());
        }
        self.counts.fill(0);
        self.most = 0;
        Err(CompressError::NotFinite)
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    #[test]
    fn a_histogram_is_the_sorted_row() {
        let row: Vec<f16> =
            [1.5, -2.0, 0.0, -0.0, 1.5, 6e-8, -65504.0].into_iter().map(f16::from_f32).collect();
        let mut histogram = Histogram::new();
        histogram.add(bytemuck::cast_slice(&row));
        let counted = histogram.take().unwrap();
        let mut singles: Vec<f32> = row.iter().map(|half| half.to_f32()).collect();
        let sorted = Distribution::of_singles(&mut singles).unwrap();
        assert_eq!((&counted.values, &counted.weights), (&sorted.values, &sorted.weights));
        assert_eq!(counted.weights, [1.0, 1.0, 2.0, 1.0, 2.0]);
        assert_eq!(histogram.take().unwrap().len(), 0, "it forgets");
        let counted_least = counted.values[3];
        let mut others = counted;
        others.remove_zero();
        assert_eq!((others.values[1], others.values[2], others.values.len()), (-2.0, counted_least, 4));
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        let mut histogram = Histogram::new();
        histogram.add(&[0x7C00, 1]);
        assert!(matches!(histogram.take(), Err(CompressError::NotFinite)));
        histogram.add(&[1]);
        assert_eq!(histogram.take().unwrap().len(), 1);
        assert!(Distribution::of_singles(&mut [f32::NAN]).is_err());
    }
}
