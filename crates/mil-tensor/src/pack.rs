//! Packed and wide elements.
//!
//! A tensor's bytes are *packed*. Inside this crate expressions compute on *wide* elements: the same,
//! but a sub-byte integer has a byte of its own, sign-extended. Elements of a byte or more look alike
//! in both forms.

use crate::DType;

/// Bytes of one wide element; `None` for types without a fixed size.
pub(crate) fn wide_size(dtype: DType) -> Option<usize> {
    Some(dtype.bits()?.div_ceil(8))
}

/// The packed elements that begin after `skip` bits, as wide ones.
pub(crate) fn unpack(dtype: DType, packed: &[u8], skip: usize, wide: &mut [u8]) {
    let Some(bits) = dtype.bits().filter(|&bits| bits < 8) else { return };
    let signed = dtype.int_range().is_some_and(|(min, _)| min < 0);
    for (group, out) in wide.chunks_mut(8).enumerate() {
        let at = skip + group * 8 * bits;
        let mut bytes = [0; 8];
        let rest = packed.get(at / 8..).unwrap_or_default();
        let len = rest.len().min(8);
        bytes[..len].copy_from_slice(&rest[..len]);
        // Eight elements of at most 6 bits, and at most 7 bits to skip.
        let word = u64::from_le_bytes(bytes) >> (at % 8);
        for (i, out) in out.iter_mut().enumerate() {
            let high = ((word >> (i * bits)) as u8) << (8 - bits);
            *out = if signed { (high as i8 >> (8 - bits)) as u8 } else { high >> (8 - bits) };
        }
    }
}

/// The inverse of [`unpack`] from bit 0 on; bits behind the last element are 0.
pub(crate) fn pack(dtype: DType, wide: &[u8], packed: &mut [u8]) {
    let Some(bits) = dtype.bits().filter(|&bits| bits < 8) else { return };
    packed.fill(0);
    // Eight elements fill as many bytes as one has bits.
    for (group, out) in wide.chunks(8).zip(packed.chunks_mut(bits)) {
        let element = |(i, &value): (usize, &u8)| u64::from(value & low_bits(bits)) << (i * bits);
        let word = group.iter().enumerate().map(element).fold(0, |word, bits| word | bits);
        out.copy_from_slice(&word.to_le_bytes()[..out.len()]);
    }
}

/// The `bits` lowest bits of a byte.
fn low_bits(bits: usize) -> u8 {
    (0xFF_u16 >> (8 - bits.min(8))) as u8
}

/// Those bits of the last packed byte that belong to elements.
pub(crate) fn last_byte_mask(dtype: DType, elements: usize) -> u8 {
    match dtype.bits() {
        Some(bits) if bits < 8 => match elements % 8 * bits % 8 {
            0 => 0xFF,
            used => low_bits(used),
        },
        _ => 0xFF,
    }
}

/// The packed bytes from `start` on of `elements` repetitions of one element, which for sub-byte
/// types is the low bits of one byte.
pub(crate) fn fill_splat(dtype: DType, element: &[u8], start: usize, elements: usize, out: &mut [u8]) {
    let mut packed = [0; 8];
    let pattern = match (dtype.bits(), element) {
        // Eight elements fill as many bytes as one element has bits.
        (Some(bits), &[one]) if bits < 8 => {
            pack(dtype, &[one; 8], &mut packed[..bits]);
            &packed[..bits]
        }
        _ => element,
    };
    if pattern.is_empty() {
        return;
    }
    let skip = start % pattern.len();
    for (byte, &value) in out.iter_mut().zip(pattern.iter().cycle().skip(skip)) {
        *byte = value;
    }
    let end = start + out.len();
    if let Some(last) = out.last_mut()
        && dtype.byte_len(elements) == Some(end)
    {
        *last &= last_byte_mask(dtype, elements);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_is_inverse_to_unpacking() {
        for dtype in DType::all().filter(|dtype| dtype.is_sub_byte()) {
            let (min, max) = dtype.int_range().unwrap();
            let values: Vec<u8> = (0..29).map(|i| (min + i * 5 % (max - min + 1)) as i8 as u8).collect();
            let mut packed = vec![0xFF; dtype.byte_len(values.len()).unwrap()];
            pack(dtype, &values, &mut packed);
            for first in 0..values.len() {
                let mut wide = vec![0; values.len() - first];
                unpack(dtype, &packed, first * dtype.bits().unwrap(), &mut wide);
                assert_eq!(wide, values[first..], "{dtype} from {first}");
            }
            let mask = last_byte_mask(dtype, values.len());
            assert_eq!(packed.last().unwrap() & !mask, 0);
        }
    }

    #[test]
    fn a_splat_is_its_packed_elements_from_any_byte_on() {
        for (dtype, element) in
            [(DType::Uint3, vec![5]), (DType::Int4, vec![0x0F]), (DType::Fp32, vec![1, 2, 3, 4])]
        {
            let len = dtype.byte_len(11).unwrap();
            let mut whole = vec![0; len];
            fill_splat(dtype, &element, 0, 11, &mut whole);
            for start in 0..len {
                let mut part = vec![0; len - start];
                fill_splat(dtype, &element, start, 11, &mut part);
                assert_eq!(part, whole[start..]);
            }
            assert_eq!(whole[len - 1] & !last_byte_mask(dtype, 11), 0);
        }
    }
}
