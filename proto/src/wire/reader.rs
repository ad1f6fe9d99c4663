//! The wire format without a schema: keys, numbers, ranges.

use std::ops::Range;

use super::{WireError, WireErrorKind};

/// How a field's value is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WireType {
    /// A number of up to 64 bits, seven bits a byte.
    Varint,
    /// Eight bytes.
    Fixed64,
    /// A length and as many bytes.
    Length,
    /// Fields up to an end key. Only old schemas have groups, so only unknown fields can be one.
    Group,
    /// Four bytes.
    Fixed32,
}

/// A field as it stands in the bytes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawField {
    /// The field number, at least 1.
    pub number: u32,
    /// How the value is encoded.
    pub wire_type: WireType,
    /// The whole field: key, length and value.
    pub range: Range<usize>,
    /// The value. For [`WireType::Length`] the bytes behind the length, for [`WireType::Group`] the fields
    /// inside.
    pub value: Range<usize>,
}

/// The fields of an encoded message, in the order of the bytes. Nothing inside them is checked or decoded.
///
/// ```
/// use mil_proto::wire::{WireType, fields};
///
/// // Field 1 is the number 150, field 2 the string "hi".
/// let bytes = [0x08, 0x96, 0x01, 0x12, 2, b'h', b'i'];
/// let fields: Vec<_> = fields(&bytes).collect::<Result<_, _>>()?;
/// assert_eq!((fields[0].number, fields[0].wire_type, fields[0].range.clone()), (1, WireType::Varint, 0..3));
/// assert_eq!(&bytes[fields[1].value.clone()], b"hi");
/// # Ok::<(), mil_proto::wire::WireError>(())
/// ```
#[must_use]
pub fn fields(bytes: &[u8]) -> Fields<'_> {
    Fields { reader: Reader { bytes, position: 0, end: bytes.len() } }
}

/// Iterator over the fields of a message, from [`fields`]. It ends after an error.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    reader: Reader<'a>,
}

impl Iterator for Fields<'_> {
    type Item = Result<RawField, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_at_end() {
            return None;
        }
        Some(self.reader.field().map_err(|fault| {
            self.reader.position = self.reader.end;
            WireError { offset: fault.offset, path: String::new(), kind: fault.kind }
        }))
    }
}

impl std::iter::FusedIterator for Fields<'_> {}

/// An error that does not know its path yet.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) offset: usize,
    pub(super) kind: WireErrorKind,
}

/// Deeper groups are refused; nothing writes even one.
const MAX_GROUPS: usize = 100;

/// A place in a message that ends at `end`. Never reads beyond, and `position <= end <= bytes.len()` always
/// holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) position: usize,
    pub(super) end: usize,
}

impl<'a> Reader<'a> {
    /// Reads inside a range that came from a [`RawField`] of the same bytes.
    pub(super) fn within(bytes: &'a [u8], range: &Range<usize>) -> Self {
        let end = range.end.min(bytes.len());
        Reader { bytes, position: range.start.min(end), end }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.position >= self.end
    }

    /// The next field, whole.
    #[inline]
    pub(super) fn field(&mut self) -> Result<RawField, Fault> {
        let start = self.position;
        let (number, code) = self.key()?;
        let (wire_type, value) = match code {
            0 => {
                let value = self.position;
                self.varint()?;
                (WireType::Varint, value..self.position)
            }
            1 => (WireType::Fixed64, self.skip(8)?),
            2 => (WireType::Length, self.length_delimited()?),
            3 => (WireType::Group, self.group(number)?),
            4 => return Err(Fault { offset: start, kind: WireErrorKind::Group }),
            5 => (WireType::Fixed32, self.skip(4)?),
            other => return Err(Fault { offset: start, kind: WireErrorKind::WireType(other) }),
        };
        Ok(RawField { number, wire_type, range: start..self.position, value })
    }

    #[inline]
    fn key(&mut self) -> Result<(u32, u8), Fault> {
        let offset = self.position;
        let key = self.varint()?;
        match u32::try_from(key) {
            Ok(short) if short >> 3 != 0 => Ok((short >> 3, (short & 7) as u8)),
            _ => Err(Fault { offset, kind: WireErrorKind::Key(key) }),
        }
    }

    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, Fault> {
        if self.position < self.end
            && let Some(&byte) = self.bytes.get(self.position)
            && byte < 0x80
        {
            self.position += 1;
            return Ok(u64::from(byte));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, Fault> {
        let offset = self.position;
        let rest = self.bytes.get(offset..self.end).unwrap_or_default();
        let mut value = 0;
        for (at, &byte) in rest.iter().take(10).enumerate() {
            // The tenth byte holds the last bit.
            if at == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                self.position += at + 1;
                return Ok(value);
            }
        }
        let kind = if rest.len() < 10 { WireErrorKind::Truncated } else { WireErrorKind::Varint };
        Err(Fault { offset, kind })
    }

    #[inline]
    fn skip(&mut self, length: usize) -> Result<Range<usize>, Fault> {
        let start = self.position;
        if self.end - start < length {
            return Err(Fault { offset: start, kind: WireErrorKind::Truncated });
        }
        self.position += length;
        Ok(start..self.position)
    }

    #[inline]
    fn length_delimited(&mut self) -> Result<Range<usize>, Fault> {
        let offset = self.position;
        let length = self.varint()?;
        let available = self.end - self.position;
        match usize::try_from(length) {
            Ok(short) if short <= available => self.skip(short),
            _ => Err(Fault { offset, kind: WireErrorKind::Length { length, available } }),
        }
    }

    /// Skips to behind the end of group `number`, whose start has been read.
    fn group(&mut self, number: u32) -> Result<Range<usize>, Fault> {
        let start = self.position;
        let mut open = vec![number];
        loop {
            let offset = self.position;
            if self.is_at_end() {
                return Err(Fault { offset, kind: WireErrorKind::Group });
            }
            let (number, code) = self.key()?;
            match code {
                0 => {
                    self.varint()?;
                }
                1 => {
                    self.skip(8)?;
                }
                2 => {
                    self.length_delimited()?;
                }
                3 if open.len() == MAX_GROUPS => {
                    return Err(Fault { offset, kind: WireErrorKind::Depth(MAX_GROUPS) });
                }
                3 => open.push(number),
                4 if open.pop() != Some(number) => return Err(Fault { offset, kind: WireErrorKind::Group }),
                4 if open.is_empty() => return Ok(start..offset),
                4 => {}
                5 => {
                    self.skip(4)?;
                }
                other => return Err(Fault { offset, kind: WireErrorKind::WireType(other) }),
            }
        }
    }
}

/// Appends a number.
pub(super) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The bytes that a number takes.
pub(super) fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_error(bytes: &[u8]) -> (usize, WireErrorKind) {
        let error = fields(bytes).find_map(Result::err).expect("an error");
        (error.offset, error.kind)
    }

    #[test]
    fn numbers_take_up_to_ten_bytes() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX >> 1, u64::MAX] {
            let mut bytes = Vec::new();
            push_varint(&mut bytes, value);
            assert_eq!(bytes.len(), varint_len(value), "{value}");
            let mut reader = Reader { bytes: &bytes, position: 0, end: bytes.len() };
            assert_eq!(reader.varint().unwrap(), value);
            assert!(reader.is_at_end());
        }
    }

    #[test]
    fn numbers_that_end_early_or_never_are_refused() {
        assert_eq!(first_error(&[0x80]), (0, WireErrorKind::Truncated));
        assert_eq!(first_error(&[0x08, 0xff, 0xff]), (1, WireErrorKind::Truncated));
        assert_eq!(first_error(&[0xff; 11]), (0, WireErrorKind::Varint));
        let mut too_big = vec![0x08];
        too_big.extend([0xff; 9]);
        too_big.push(2);
        assert_eq!(first_error(&too_big), (1, WireErrorKind::Varint));
    }

    #[test]
    fn keys_have_a_number_and_a_known_wire_type() {
        assert_eq!(first_error(&[0x00, 0x00]), (0, WireErrorKind::Key(0)));
        assert_eq!(first_error(&[0x80, 0x80, 0x80, 0x80, 0x10]), (0, WireErrorKind::Key(1 << 32)));
        assert_eq!(first_error(&[0x0e]), (0, WireErrorKind::WireType(6)));
        assert_eq!(first_error(&[0x0f]), (0, WireErrorKind::WireType(7)));
    }

    #[test]
    fn lengths_stay_inside_the_message() {
        assert_eq!(first_error(&[0x0a, 3, 0, 0]), (1, WireErrorKind::Length { length: 3, available: 2 }));
        let mut near_the_top = vec![0x0a];
        push_varint(&mut near_the_top, u64::MAX);
        assert_eq!(first_error(&near_the_top), (1, WireErrorKind::Length { length: u64::MAX, available: 0 }));
        assert_eq!(first_error(&[0x09, 0, 0, 0]), (1, WireErrorKind::Truncated));
        assert_eq!(first_error(&[0x0d, 0, 0, 0]), (1, WireErrorKind::Truncated));
    }

    #[test]
    fn groups_nest_and_close() {
        // Group 1 { group 2 { 3: 1 } }, then 4: 5.
        let bytes = [0x0b, 0x13, 0x18, 1, 0x14, 0x0c, 0x20, 5];
        let found: Vec<_> = fields(&bytes).map(|field| field.expect("a field")).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].wire_type, found[0].range.clone(), found[0].value.clone()),
            (WireType::Group, 0..6, 1..5)
        );
        assert_eq!((found[1].number, found[1].range.clone()), (4, 6..8));

        assert_eq!(first_error(&[0x0c]), (0, WireErrorKind::Group));
        assert_eq!(first_error(&[0x0b]), (1, WireErrorKind::Group));
        assert_eq!(first_error(&[0x0b, 0x14]), (1, WireErrorKind::Group));
        assert_eq!(first_error(&[0x0b; 100_000]), (100, WireErrorKind::Depth(MAX_GROUPS)));
    }

    #[test]
    fn iteration_ends_after_an_error() {
        assert_eq!(fields(&[0x0e, 0x0e, 0x0e]).count(), 1);
    }
}
