//! Packed and wide elements.
//!
//! A tensor's bytes are *packed*. Inside this crate expressions compute on *wide* elements: the same,
//! but a sub-byte integer has a byte of its own, sign-extended. Elements of a byte or more look alike
//! in both forms.

use crate::{DType, vectorized};

/// Bytes of one wide element; `None` for types without a fixed size.
pub(crate) fn wide_size(dtype: DType) -> Option<usize> {
    Some(dtype.bits()?.div_ceil(8))
}

/// The packed elements that begin after `skip` bits, as wide ones.
pub(crate) fn unpack(dtype: DType, packed: &[u8], skip: usize, wide: &mut [u8]) {
    let signed = dtype.int_range().is_some_and(|(min, _)| min < 0);
    match dtype.bits() {
        Some(1) => unpack_bits::<1>(packed, skip, signed, wide),
        Some(2) => unpack_bits::<2>(packed, skip, signed, wide),
        Some(3) => unpack_bits::<3>(packed, skip, signed, wide),
        Some(4) => unpack_bits::<4>(packed, skip, signed, wide),
        Some(6) => unpack_bits::<6>(packed, skip, signed, wide),
        _ => {}
    }
}

/// The inverse of [`unpack`] from bit 0 on; bits behind the last element are 0.
pub(crate) fn pack(dtype: DType, wide: &[u8], packed: &mut [u8]) {
    match dtype.bits() {
        Some(1) => pack_bits::<1>(wide, packed),
        Some(2) => pack_bits::<2>(wide, packed),
        Some(3) => pack_bits::<3>(wide, packed),
        Some(4) => pack_bits::<4>(wide, packed),
        Some(6) => pack_bits::<6>(wide, packed),
        _ => {}
    }
}

// Eight elements fill as many bytes as one has bits: a word of wide elements on one side, a word of packed
// ones on the other.

fn unpack_bits<const BITS: usize>(packed: &[u8], skip: usize, signed: bool, wide: &mut [u8]) {
    let packed = packed.get(skip / 8..).unwrap_or_default();
    let (groups, rest) = wide.as_chunks_mut::<8>();
    let mut done = 0;
    if skip.is_multiple_of(8) {
        spread_all::<BITS>(packed, signed, groups);
        done = groups.len().min(packed.len() / BITS);
    }
    for (i, group) in groups[done..].iter_mut().map(|group| &mut group[..]).chain([rest]).enumerate() {
        let at = skip % 8 + (done + i) * 8 * BITS;
        let mut word = [0; 8];
        let left = packed.get(at / 8..).unwrap_or_default();
        let len = left.len().min(8);
        word[..len].copy_from_slice(&left[..len]);
        // Eight elements of at most 6 bits, and at most 7 bits to skip.
        let elements = spread::<BITS>(u64::from_le_bytes(word) >> (at % 8), signed).to_le_bytes();
        group.copy_from_slice(&elements[..group.len()]);
    }
}

fn pack_bits<const BITS: usize>(wide: &[u8], packed: &mut [u8]) {
    let (groups, rest) = wide.as_chunks::<8>();
    let whole = groups.len().min(packed.len() / BITS);
    let (front, tail) = packed.split_at_mut(whole * BITS);
    gather_all::<BITS>(groups, front);
    tail.fill(0);
    let last = groups.get(whole).map_or(rest, |group| &group[..]);
    let mut word = [0; 8];
    word[..last.len()].copy_from_slice(last);
    let word = gather::<BITS>(u64::from_le_bytes(word)).to_le_bytes();
    let len = tail.len().min(BITS);
    tail[..len].copy_from_slice(&word[..len]);
}

vectorized! {
    fn spread_all<'p, 'g; const BITS: usize>(packed: &'p [u8], signed: bool, groups: &'g mut [[u8; 8]]) {
        let (packed, _) = packed.as_chunks::<BITS>();
        for (group, packed) in groups.iter_mut().zip(packed) {
            let mut word = [0; 8];
            word[..BITS].copy_from_slice(packed);
            *group = spread::<BITS>(u64::from_le_bytes(word), signed).to_le_bytes();
        }
    }
}

vectorized! {
    fn gather_all<'g, 'p; const BITS: usize>(groups: &'g [[u8; 8]], packed: &'p mut [u8]) {
        let (packed, _) = packed.as_chunks_mut::<BITS>();
        for (out, &group) in packed.iter_mut().zip(groups) {
            out.copy_from_slice(&gather::<BITS>(u64::from_le_bytes(group)).to_le_bytes()[..BITS]);
        }
    }
}

/// Ones in the `ones` lowest bits of every second lane of a word, from the first on.
const fn even(width: usize, ones: usize) -> u64 {
    let (mut mask, mut at) = (0, 0);
    while at < 64 {
        mask |= ((1 << ones) - 1) << at;
        at += 2 * width;
    }
    mask
}

/// Moves the lowest bits of each byte together: of two neighbours first, then of four, then of eight.
#[inline(always)]
fn gather<const BITS: usize>(word: u64) -> u64 {
    let ones = word & const { even(8, BITS) } | word >> (8 - BITS) & const { even(8, BITS) << BITS };
    let twos = ones & const { even(16, 2 * BITS) };
    let twos = twos | ones >> (16 - 2 * BITS) & const { even(16, 2 * BITS) << (2 * BITS) };
    let fours = twos & const { even(32, 4 * BITS) };
    fours | twos >> (32 - 4 * BITS) & const { even(32, 4 * BITS) << (4 * BITS) }
}

/// The inverse of [`gather`], sign-extended within each byte where elements are signed.
#[inline(always)]
fn spread<const BITS: usize>(word: u64, signed: bool) -> u64 {
    let fours = word & const { even(32, 4 * BITS) };
    let fours = fours | word << (32 - 4 * BITS) & const { even(32, 4 * BITS) << 32 };
    let twos = fours & const { even(16, 2 * BITS) };
    let twos = twos | fours << (16 - 2 * BITS) & const { even(16, 2 * BITS) << 16 };
    let ones = twos & const { even(8, BITS) };
    let ones = ones | twos << (8 - BITS) & const { even(8, BITS) << 8 };
    if !signed {
        return ones;
    }
    let negative = ones >> (BITS - 1) & 0x0101_0101_0101_0101;
    ones | (negative * (0xFF << BITS & 0xFF))
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
