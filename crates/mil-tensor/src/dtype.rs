//! Element types.

use std::fmt;

/// An element type of MIL (`MIL.proto`, enum `DataType`).
///
/// The text form ([`fmt::Display`], [`DType::from_name`]) is Apple's: `fp16`, `int32`, `bool`, `uint4`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// One byte, 0 or 1.
    Bool,
    /// UTF-8 text; never in a weight file.
    String,
    /// IEEE 754 binary16.
    Fp16,
    /// IEEE 754 binary32.
    Fp32,
    /// IEEE 754 binary64.
    Fp64,
    /// The upper half of a binary32.
    Bf16,
    /// Signed 4-bit integer.
    Int4,
    /// Signed 8-bit integer.
    Int8,
    /// Signed 16-bit integer.
    Int16,
    /// Signed 32-bit integer.
    Int32,
    /// Signed 64-bit integer.
    Int64,
    /// Unsigned 1-bit integer.
    Uint1,
    /// Unsigned 2-bit integer.
    Uint2,
    /// Unsigned 3-bit integer.
    Uint3,
    /// Unsigned 4-bit integer.
    Uint4,
    /// Unsigned 6-bit integer.
    Uint6,
    /// Unsigned 8-bit integer.
    Uint8,
    /// Unsigned 16-bit integer.
    Uint16,
    /// Unsigned 32-bit integer.
    Uint32,
    /// Unsigned 64-bit integer.
    Uint64,
    /// 8-bit float, 4 exponent bits, no infinities.
    Fp8E4M3Fn,
    /// 8-bit float, 5 exponent bits.
    Fp8E5M2,
    /// A number that this version does not know: carried, never interpreted.
    Unknown(i32),
}

/// Name, number in `MIL.proto`, bits of an element.
const TABLE: &[(DType, &str, i32, u32)] = &[
    (DType::Bool, "bool", 1, 8),
    (DType::String, "string", 2, 0),
    (DType::Fp16, "fp16", 10, 16),
    (DType::Fp32, "fp32", 11, 32),
    (DType::Fp64, "fp64", 12, 64),
    (DType::Bf16, "bf16", 13, 16),
    (DType::Int8, "int8", 21, 8),
    (DType::Int16, "int16", 22, 16),
    (DType::Int32, "int32", 23, 32),
    (DType::Int64, "int64", 24, 64),
    (DType::Int4, "int4", 25, 4),
    (DType::Uint8, "uint8", 31, 8),
    (DType::Uint16, "uint16", 32, 16),
    (DType::Uint32, "uint32", 33, 32),
    (DType::Uint64, "uint64", 34, 64),
    (DType::Uint4, "uint4", 35, 4),
    (DType::Uint2, "uint2", 36, 2),
    (DType::Uint1, "uint1", 37, 1),
    (DType::Uint6, "uint6", 38, 6),
    (DType::Uint3, "uint3", 39, 3),
    (DType::Fp8E4M3Fn, "fp8e4m3fn", 40, 8),
    (DType::Fp8E5M2, "fp8e5m2", 41, 8),
];

impl DType {
    /// Every type that this version knows, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = DType> {
        TABLE.iter().map(|row| row.0)
    }

    fn row(self) -> Option<&'static (DType, &'static str, i32, u32)> {
        TABLE.iter().find(|row| row.0 == self)
    }

    /// The number in `MIL.proto`.
    pub fn number(self) -> i32 {
        match self {
            DType::Unknown(number) => number,
            known => known.row().map_or(0, |row| row.2),
        }
    }

    /// The type with this number; [`DType::Unknown`] where there is none.
    pub fn from_number(number: i32) -> DType {
        TABLE.iter().find(|row| row.2 == number).map_or(DType::Unknown(number), |row| row.0)
    }

    /// The type of this name: the inverse of `Display`.
    pub fn from_name(name: &str) -> Option<DType> {
        if let Some(row) = TABLE.iter().find(|row| row.1 == name) {
            return Some(row.0);
        }
        name.strip_prefix("dtype_")?.parse().ok().map(DType::from_number)
    }

    /// The type of the indices of a look-up table, and of masks, that have so many bits: unsigned, and of at
    /// most a byte. Core ML has no such type of 5 or 7 bits.
    pub fn index(bits: usize) -> Option<DType> {
        DType::all().find(|&dtype| {
            bits <= 8 && dtype.bits() == Some(bits) && dtype.int_range().is_some_and(|(least, _)| least == 0)
        })
    }

    /// Bits of one element in memory; `None` for strings and unknown types.
    pub fn bits(self) -> Option<usize> {
        match self.row()?.3 {
            0 => None,
            bits => Some(bits as usize),
        }
    }

    /// Elements narrower than a byte, which are packed.
    pub fn is_sub_byte(self) -> bool {
        self.bits().is_some_and(|bits| bits < 8)
    }

    /// A floating-point type.
    pub fn is_float(self) -> bool {
        use DType::*;
        matches!(self, Fp16 | Fp32 | Fp64 | Bf16 | Fp8E4M3Fn | Fp8E5M2)
    }

    /// An integer type; `bool` is none.
    pub fn is_int(self) -> bool {
        self.int_range().is_some()
    }

    /// The smallest and largest integer; `None` for other types.
    pub fn int_range(self) -> Option<(i128, i128)> {
        use DType::*;
        let bits = self.bits()? as u32;
        match self {
            Int4 | Int8 | Int16 | Int32 | Int64 => Some((-(1 << (bits - 1)), (1 << (bits - 1)) - 1)),
            Uint1 | Uint2 | Uint3 | Uint4 | Uint6 | Uint8 | Uint16 | Uint32 | Uint64 => {
                Some((0, (1 << bits) - 1))
            }
            _ => None,
        }
    }

    /// The packed size of so many elements; `None` where elements have no fixed size or the size
    /// overflows.
    pub fn byte_len(self, elements: usize) -> Option<usize> {
        let bits = self.bits()?;
        if bits >= 8 {
            elements.checked_mul(bits / 8)
        } else {
            elements.checked_mul(bits).map(|n| n.div_ceil(8))
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.row()) {
            (DType::Unknown(number), _) => write!(f, "dtype_{number}"),
            (_, Some(row)) => f.write_str(row.1),
            (_, None) => f.write_str("?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_inverse() {
        for dtype in DType::all().chain([DType::Unknown(99)]) {
            assert_eq!(DType::from_number(dtype.number()), dtype);
            assert_eq!(DType::from_name(&dtype.to_string()), Some(dtype));
        }
    }

    #[test]
    fn indices_have_the_bits_that_there_are() {
        let bits: Vec<usize> = (0..=64).filter(|&bits| DType::index(bits).is_some()).collect();
        assert_eq!(bits, [1, 2, 3, 4, 6, 8]);
        assert_eq!(DType::index(4), Some(DType::Uint4));
    }

    #[test]
    fn packed_sizes() {
        assert_eq!(DType::Uint3.byte_len(3), Some(2));
        assert_eq!(DType::Fp16.byte_len(3), Some(6));
        assert_eq!(DType::Fp32.byte_len(usize::MAX), None);
        assert_eq!(DType::String.byte_len(1), None);
    }

    #[test]
    fn integer_ranges() {
        assert_eq!(DType::Int4.int_range(), Some((-8, 7)));
        assert_eq!(DType::Uint64.int_range(), Some((0, u64::MAX as i128)));
        assert_eq!(DType::Bool.int_range(), None);
    }
}
