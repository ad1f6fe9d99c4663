//! `coremldata.bin`: the header of a compiled model.
//!
//! The format is not published. What is read here is what the files of public models have in common; a file
//! that is different in any way counts as not read. Numbers are little endian, a text is a length of 64 bits
//! and its bytes:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | type: the number of its field in `Model` |
//! | 24 | versions of the compiler's own |
//! | text | `spec`, or `generic` and, in a pipeline, what its members are |
//! | 8 | specification version |
//! | 24 | zeros |
//!
//! Behind `spec` follows the whole message of the model. Behind `generic` follows the `ModelDescription` as a
//! text, in a pipeline the number of members in 8 bytes, and the type again in 8 bytes.

use mil_ir::{Interface, PipelineKind};
use mil_proto::specification::Model as Message;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};

use crate::PackageError;
use crate::translate::Decoder;

/// `Model.description`.
const DESCRIPTION: u32 = 2;
/// `Model.mlProgram`.
const PROGRAM: u32 = 502;

/// What the header of a compiled model says.
pub(super) enum Data {
    /// The message of the model.
    Message(Vec<u8>),
    /// What an app sees of a program or a pipeline.
    Described { kind: PipelineKind, members: Option<usize>, interface: Box<Interface> },
    /// A model of the type with this number, which is not in the file.
    Other(Option<u32>),
}

/// Reads a header; `None` if it is not of the form that is known.
pub(super) fn read(
    bytes: &[u8],
    decoder: &mut Decoder<'_>,
    limits: &mil_proto::wire::Limits,
) -> Result<Option<Data>, PackageError> {
    let Some(header) = Header::parse(bytes) else { return Ok(None) };
    let (description, members) = match header.rest {
        Rest::Message(message) => return Ok(Some(Data::Message(message.to_vec()))),
        Rest::Description(description, members) => (description, members),
    };
    let kind = match header.kind {
        200 => PipelineKind::Classifier,
        201 => PipelineKind::Regressor,
        202 | PROGRAM => PipelineKind::Plain,
        other => return Ok(Some(Data::Other(Some(other)))),
    };
    // A model without a type, to be decoded as any other.
    let outer = Message { specification_version: header.version, ..Message::default() };
    let mut message = outer.encode_to_vec();
    encode_key(DESCRIPTION, WireType::LengthDelimited, &mut message);
    encode_varint(description.len() as u64, &mut message);
    message.extend_from_slice(description);
    let model = decoder.model(message.into(), limits)?;
    let interface = Box::new(model.interface().clone());
    Ok(Some(Data::Described { kind, members, interface }))
}

struct Header<'a> {
    kind: u32,
    version: i32,
    rest: Rest<'a>,
}

enum Rest<'a> {
    Message(&'a [u8]),
    Description(&'a [u8], Option<usize>),
}

impl<'a> Header<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Header<'a>> {
        let mut rest = bytes;
        let kind = u32::from_le_bytes(*take(&mut rest, 4)?.first_chunk()?);
        take(&mut rest, 24)?;
        let form = text(&mut rest)?;
        let version = i32::try_from(number(&mut rest)?).ok()?;
        if take(&mut rest, 24)?.iter().any(|&byte| byte != 0) {
            return None;
        }
        let rest = if form == b"spec" {
            Rest::Message(rest)
        } else if form.starts_with(b"generic") {
            let description = text(&mut rest)?;
            let members = match kind {
                200..=202 => Some(usize::try_from(number(&mut rest)?).ok()?),
                _ => None,
            };
            if number(&mut rest)? != u64::from(kind) {
                return None;
            }
            Rest::Description(description, members)
        } else {
            return None;
        };
        Some(Header { kind, version, rest })
    }
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (piece, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(piece)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(*take(rest, 8)?.first_chunk()?))
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(number(rest)?).ok()?;
    take(rest, len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: u32, form: &str, version: u64, tail: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend([0; 24]);
        bytes.extend((form.len() as u64).to_le_bytes());
        bytes.extend(form.as_bytes());
        bytes.extend(version.to_le_bytes());
        bytes.extend([0; 24]);
        bytes.extend(tail);
        bytes
    }

    #[test]
    fn a_header_is_read_whole_or_not_at_all() {
        let tail = [&3_u64.to_le_bytes()[..], b"abc", &2_u64.to_le_bytes(), &202_u64.to_le_bytes()].concat();
        let bytes = header(202, "generic.model0v1", 7, &tail);
        let read = Header::parse(&bytes).unwrap();
        assert_eq!((read.kind, read.version), (202, 7));
        assert!(matches!(read.rest, Rest::Description(b"abc", Some(2))));
        for len in 0..bytes.len() {
            assert!(Header::parse(&bytes[..len]).is_none(), "{len}");
        }
        let program = [&3_u64.to_le_bytes()[..], b"abc", &502_u64.to_le_bytes()].concat();
        let bytes = header(502, "generic", 8, &program);
        assert!(matches!(Header::parse(&bytes).unwrap().rest, Rest::Description(b"abc", None)));
        let message = header(602, "spec", 1, b"message");
        assert!(matches!(Header::parse(&message).unwrap().rest, Rest::Message(b"message")));
        assert!(Header::parse(&header(602, "other", 1, b"message")).is_none());
    }
}
