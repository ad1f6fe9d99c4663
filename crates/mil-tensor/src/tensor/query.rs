//! Questions about all elements, answered by reading them once, in order.

use std::ops::ControlFlow;

use crate::limits::LANES;
use crate::number::decode_f64;
use crate::pack::{pack, unpack, wide_size};
use crate::{DType, Data, Tensor, TensorError};

/// The smallest and largest number, and whether there was a NaN.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    range: Option<(f64, f64)>,
    has_nan: bool,
}

impl Extent {
    fn include(&mut self, value: f64) {
        match &mut self.range {
            _ if value.is_nan() => self.has_nan = true,
            None => self.range = Some((value, value)),
            Some((min, _)) if value < *min => *min = value,
            Some((_, max)) if value > *max => *max = value,
            Some(_) => {}
        }
    }
}

impl Tensor {
    /// Calls `visit` with successive pieces of the values of any numeric or boolean type, in order.
    pub fn for_each_f64_chunk(&self, mut visit: impl FnMut(&[f64])) -> Result<(), TensorError> {
        self.visit_f64s(|values| {
            visit(values);
            ControlFlow::Continue(())
        })
    }

    /// Whether `holds` for every value; stops at the first for which it does not.
    pub fn all(&self, mut holds: impl FnMut(f64) -> bool) -> Result<bool, TensorError> {
        let mut all = true;
        self.visit_f64s(|values| {
            all = values.iter().all(|&value| holds(value));
            if all { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(all)
    }

    fn visit_f64s(&self, mut visit: impl FnMut(&[f64]) -> ControlFlow<()>) -> Result<(), TensorError> {
        let size = wide_size(self.dtype).ok_or(TensorError::Type(self.dtype, DType::Fp64))?;
        let mut values = [0.0; LANES];
        self.visit_wide(|tile| {
            tile.chunks(LANES * size).try_for_each(|piece| {
                let values = &mut values[..piece.len() / size];
                decode_f64(self.dtype, piece, values);
                visit(values)
            })
        })
    }

    /// The smallest and the largest value that are no NaN; `None` where there is none. Read once.
    pub fn min_max(&self) -> Result<Option<(f64, f64)>, TensorError> {
        Ok(self.extent()?.range)
    }

    /// Whether a value is NaN. Shares its reading with [`Tensor::min_max`].
    pub fn has_nan(&self) -> Result<bool, TensorError> {
        Ok(self.extent()?.has_nan)
    }

    fn extent(&self) -> Result<Extent, TensorError> {
        if let Some(&known) = self.known.extent.get() {
            return Ok(known);
        }
        let mut extent = Extent::default();
        match self.data.as_ref() {
            Data::Splat(element) if !self.is_empty() => extent.include(self.element_f64(element)?),
            _ => self.for_each_f64_chunk(|values| values.iter().for_each(|&value| extent.include(value)))?,
        }
        Ok(*self.known.extent.get_or_init(|| extent))
    }

    /// The value that all elements have, bit for bit: the two zeros differ. `None` where elements
    /// differ or there are none. Read once, up to the first difference.
    pub fn splat_value(&self) -> Result<Option<f64>, TensorError> {
        self.splat_element()?.map(|element| self.element_f64(element)).transpose()
    }

    /// Whether there are elements and all are `value`, which is compared exactly: a number that the
    /// element type cannot hold is none of its elements, the two zeros differ, NaN is any NaN.
    pub fn is_splat_of(&self, value: f64) -> Result<bool, TensorError> {
        let Some(element) = self.splat_element()? else { return Ok(false) };
        if value.is_nan() {
            return Ok(self.element_f64(element)?.is_nan());
        }
        let wanted = Tensor::from_f64s(self.dtype, &[], &[value])?;
        let held = wanted.item_f64().is_some_and(|held| held.to_bits() == value.to_bits());
        Ok(held && *wanted.bytes()? == *element)
    }

    /// The one packed element, where all are the same.
    fn splat_element(&self) -> Result<Option<&[u8]>, TensorError> {
        let size = wide_size(self.dtype).ok_or(TensorError::Type(self.dtype, DType::Fp64))?;
        if let Some(known) = self.known.splat.get() {
            return Ok(known.as_deref());
        }
        let mut found: Option<Vec<u8>> = None;
        match self.data.as_ref() {
            _ if self.is_empty() => {}
            Data::Splat(element) => found = Some(element.to_vec()),
            _ => {
                let mut same = true;
                self.visit_wide(|tile| {
                    let (first, rest) = tile.split_at(size);
                    let element = found.get_or_insert_with(|| first.to_vec());
                    same = element == first && *rest == tile[..rest.len()];
                    if same { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                })?;
                found = found.filter(|_| same);
                if let Some(wide) = &mut found
                    && self.dtype.is_sub_byte()
                {
                    let mut packed = vec![0];
                    pack(self.dtype, wide, &mut packed);
                    *wide = packed;
                }
            }
        }
        Ok(self.known.splat.get_or_init(|| found.map(Vec::into_boxed_slice)).as_deref())
    }

    /// The value of one packed element of this tensor's type.
    fn element_f64(&self, element: &[u8]) -> Result<f64, TensorError> {
        if wide_size(self.dtype).is_none() {
            return Err(TensorError::Type(self.dtype, DType::Fp64));
        }
        let mut wide = element.to_vec();
        unpack(self.dtype, element, 0, &mut wide);
        let mut value = [0.0];
        decode_f64(self.dtype, &wide, &mut value);
        Ok(value[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(values: &[f32]) -> Tensor {
        Tensor::from_slice(&[values.len()], values).unwrap()
    }

    #[test]
    fn splats_are_found_in_every_form() {
        assert_eq!(Tensor::splat(&[1 << 40], 2.5_f32).splat_value().unwrap(), Some(2.5));
        assert_eq!(floats(&[1.0; 100]).splat_value().unwrap(), Some(1.0));
        assert_eq!(floats(&[]).splat_value().unwrap(), None);
        let mut values = [1.0; 100];
        values[99] = 2.0;
        assert_eq!(floats(&values).splat_value().unwrap(), None);
        let packed = Tensor::from_bytes(DType::Int4, &[3], vec![0xEE, 0xFE]).unwrap();
        assert_eq!(packed.splat_value().unwrap(), Some(-2.0));
        assert!(packed.is_splat_of(-2.0).unwrap());
    }

    #[test]
    fn a_splat_is_compared_exactly() {
        assert!(floats(&[0.0; 3]).is_splat_of(0.0).unwrap());
        assert!(!floats(&[-0.0; 3]).is_splat_of(0.0).unwrap());
        assert!(!floats(&[0.0, -0.0]).is_splat_of(0.0).unwrap());
        assert!(!floats(&[0.1; 3]).is_splat_of(0.1).unwrap());
        assert!(floats(&[0.1; 3]).is_splat_of(f64::from(0.1_f32)).unwrap());
        assert!(floats(&[f32::NAN; 3]).is_splat_of(f64::NAN).unwrap());
        let large = Tensor::from_slice(&[1], &[(1_i64 << 53) + 1]).unwrap();
        assert!(!large.is_splat_of(2_f64.powi(53)).unwrap());
    }

    #[test]
    fn the_extent_ignores_nan_but_tells() {
        let tensor = floats(&[f32::NAN, 3.0, -2.0, 7.5]);
        assert_eq!(tensor.min_max().unwrap(), Some((-2.0, 7.5)));
        assert!(tensor.has_nan().unwrap());
        assert_eq!(floats(&[f32::NAN]).min_max().unwrap(), None);
        assert!(!floats(&[1.0]).has_nan().unwrap());
        assert_eq!(Tensor::splat(&[1 << 40], -1_i8).min_max().unwrap(), Some((-1.0, -1.0)));
    }

    #[test]
    fn all_stops_at_the_first_failure() {
        let tensor = Tensor::splat(&[1 << 40], 1.0_f32);
        let mut seen = 0;
        let all = tensor.all(|_| {
            seen += 1;
            seen < 5
        });
        assert!(!all.unwrap());
        assert_eq!(seen, 5);
        assert!(floats(&[1.0, 2.0]).all(|value| value > 0.0).unwrap());
    }

    #[test]
    fn strings_have_no_numbers() {
        let text = Tensor::string("a");
        assert!(text.splat_value().is_err() && text.min_max().is_err() && text.all(|_| true).is_err());
    }
}
