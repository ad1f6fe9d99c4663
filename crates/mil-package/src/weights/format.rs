//! The bytes of a weight file: header, records, and the codes of element types. All numbers are little
//! endian.
//!
//! A header of 64 bytes (count of blobs, version) is followed by blobs. Each begins at a multiple of 64 with
//! a record of 64 bytes: sentinel, element type, size, place of the data, bits of padding. The data follow
//! the record. Behind the last blob there is nothing.

use mil_tensor::DType;

use crate::error::WeightsErrorKind;

/// Blobs begin at multiples of this.
const ALIGNMENT: u64 = 64;
/// Size of the header, and of a record.
pub(crate) const BLOCK: u64 = 64;
const VERSION: u32 = 2;
const SENTINEL: u32 = 0xDEAD_BEEF;

/// `BlobDataType` of Core ML.
const CODES: [(DType, u32); 17] = [
    (DType::Fp16, 1),
    (DType::Fp32, 2),
    (DType::Uint8, 3),
    (DType::Int8, 4),
    (DType::Bf16, 5),
    (DType::Int16, 6),
    (DType::Uint16, 7),
    (DType::Int4, 8),
    (DType::Uint1, 9),
    (DType::Uint2, 10),
    (DType::Uint4, 11),
    (DType::Uint3, 12),
    (DType::Uint6, 13),
    (DType::Int32, 14),
    (DType::Uint32, 15),
    (DType::Fp8E4M3Fn, 16),
    (DType::Fp8E5M2, 17),
];

/// The code of an element type; `None` where weight files cannot hold it.
pub(crate) fn code(dtype: DType) -> Option<u32> {
    CODES.iter().find(|row| row.0 == dtype).map(|row| row.1)
}

/// The next multiple of the alignment.
pub(crate) fn align(offset: u64) -> Option<u64> {
    offset.checked_next_multiple_of(ALIGNMENT)
}

/// What a record says of its blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) dtype: u32,
    pub(crate) size: u64,
    pub(crate) start: u64,
    pub(crate) padding: u64,
}

impl Record {
    /// The record of so many elements whose data stand at `start`; `None` where a file cannot hold them.
    pub(crate) fn new(dtype: DType, elements: usize, start: u64) -> Option<Record> {
        let size = dtype.byte_len(elements)? as u64;
        let padding = if dtype.is_sub_byte() {
            (size.checked_mul(8)?).checked_sub((elements as u64).checked_mul(dtype.bits()? as u64)?)?
        } else {
            0
        };
        Some(Record { dtype: code(dtype)?, size, start, padding })
    }

    pub(crate) fn to_bytes(self) -> [u8; BLOCK as usize] {
        let mut bytes = [0; BLOCK as usize];
        bytes[0..4].copy_from_slice(&SENTINEL.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.dtype.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.size.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.start.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.padding.to_le_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8; BLOCK as usize]) -> Result<Record, WeightsErrorKind> {
        if u32_at(bytes, 0) != SENTINEL {
            return Err(WeightsErrorKind::Sentinel);
        }
        let [size, start, padding] = [8, 16, 24].map(|at| u64_at(bytes, at));
        Ok(Record { dtype: u32_at(bytes, 4), size, start, padding })
    }

    /// Holds the record against the type of the tensor that refers to it.
    pub(crate) fn check(self, dtype: DType, elements: usize) -> Result<(), WeightsErrorKind> {
        let wanted = Record::new(dtype, elements, self.start).ok_or(WeightsErrorKind::NoSuchType(dtype))?;
        if self.dtype != wanted.dtype {
            return Err(WeightsErrorKind::Type { dtype, wanted: wanted.dtype, found: self.dtype });
        }
        if self.size != wanted.size {
            return Err(WeightsErrorKind::Size { wanted: wanted.size, found: self.size });
        }
        // Of other types, old files have garbage where the padding stands now.
        if dtype.is_sub_byte() && self.padding != wanted.padding {
            return Err(WeightsErrorKind::Padding { wanted: wanted.padding, found: self.padding });
        }
        Ok(())
    }
}

/// The header of a file with so many blobs.
pub(crate) fn header(count: u32) -> [u8; BLOCK as usize] {
    let mut bytes = [0; BLOCK as usize];
    bytes[0..4].copy_from_slice(&count.to_le_bytes());
    bytes[4..8].copy_from_slice(&VERSION.to_le_bytes());
    bytes
}

/// The number of blobs that a header announces.
pub(crate) fn read_header(bytes: &[u8; BLOCK as usize]) -> Result<u32, WeightsErrorKind> {
    match u32_at(bytes, 4) {
        VERSION => Ok(u32_at(bytes, 0)),
        other => Err(WeightsErrorKind::Version(other)),
    }
}

fn u32_at(bytes: &[u8; BLOCK as usize], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8; BLOCK as usize], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_written() {
        let record = Record::new(DType::Uint3, 3, 128).unwrap();
        assert_eq!(record, Record { dtype: 12, size: 2, start: 128, padding: 7 });
        assert_eq!(Record::from_bytes(&record.to_bytes()).unwrap(), record);
        assert!(record.check(DType::Uint3, 3).is_ok());
        assert!(matches!(record.check(DType::Uint3, 4), Err(WeightsErrorKind::Padding { .. })));
        assert!(matches!(record.check(DType::Uint3, 9), Err(WeightsErrorKind::Size { .. })));
        assert!(matches!(record.check(DType::Int8, 2), Err(WeightsErrorKind::Type { .. })));
        assert!(matches!(record.check(DType::Bool, 2), Err(WeightsErrorKind::NoSuchType(_))));
    }

    #[test]
    fn old_files_are_refused() {
        assert_eq!(read_header(&header(3)).unwrap(), 3);
        let mut old = header(3);
        old[4] = 1;
        assert!(matches!(read_header(&old), Err(WeightsErrorKind::Version(1))));
    }
}
