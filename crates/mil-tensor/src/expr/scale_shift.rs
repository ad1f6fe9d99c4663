//! `x * scale + shift` along an axis.

use std::slice;

use super::Key;
use crate::limits::LANES;
use crate::number::{decode_f64, encode_f64};
use crate::pack::wide_size;
use crate::{DType, Tensor, TensorError};

/// `source * scale + shift` in `f64`, then rounded to the source's type.
#[derive(Debug)]
pub(crate) struct ScaleShift {
    pub(crate) source: Tensor,
    /// Elements that follow one another with the same index along the axis.
    pub(crate) run: usize,
    pub(crate) scale: Option<Factors>,
    pub(crate) shift: Option<Factors>,
}

/// One number for each index along the axis, or one for all.
#[derive(Debug)]
pub(crate) struct Factors(pub(crate) Box<[f64]>);

impl Factors {
    /// Calls `apply` with each value, from element `at` on, and its factor.
    fn each(&self, run: usize, mut at: usize, mut values: &mut [f64], apply: impl Fn(&mut f64, f64)) {
        let factors = &*self.0;
        if run == 1 {
            let factors = factors.iter().cycle().skip(at % factors.len());
            return values.iter_mut().zip(factors).for_each(|(value, &factor)| apply(value, factor));
        }
        while !values.is_empty() {
            let factor = factors[at / run % factors.len()];
            let left = (run - at % run).min(values.len());
            let (now, rest) = values.split_at_mut(left);
            now.iter_mut().for_each(|value| apply(value, factor));
            (at, values) = (at + left, rest);
        }
    }
}

impl ScaleShift {
    pub(super) fn operands(&self) -> &[Tensor] {
        slice::from_ref(&self.source)
    }

    pub(super) fn hash(&self, key: &mut Key) {
        key.number(self.run);
        for factors in [&self.scale, &self.shift] {
            let factors = factors.as_ref().map_or(&[][..], |factors| &factors.0);
            key.number(factors.len());
            factors.iter().for_each(|factor| {
                key.bytes(&factor.to_bits().to_le_bytes());
            });
        }
    }

    pub(super) fn read_wide(&self, dtype: DType, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        self.source.read_wide(first, out)?;
        let size = wide_size(dtype).unwrap_or(1);
        let mut lanes = [0.0; LANES];
        let mut at = first;
        for piece in out.chunks_mut(LANES * size) {
            let values = &mut lanes[..piece.len() / size];
            decode_f64(dtype, piece, values);
            self.apply(at, values);
            encode_f64(dtype, values, false, piece);
            at += values.len();
        }
        Ok(())
    }

    /// Scales and shifts the values from element `at` on. The product is rounded before the sum:
    /// nothing is contracted.
    pub(crate) fn apply(&self, at: usize, values: &mut [f64]) {
        if let Some(scale) = &self.scale {
            scale.each(self.run, at, values, |value, scale| *value *= scale);
        }
        if let Some(shift) = &self.shift {
            shift.each(self.run, at, values, |value, shift| *value += shift);
        }
    }
}
