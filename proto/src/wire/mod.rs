//! Encoded messages, looked at before and after prost sees them.
//!
//! A file's bytes are claims by a stranger, and prost believes them: two bytes become a struct of a hundred,
//! and fields that the schema does not have are dropped. So a file is read in this order:
//!
//! 1. [`scan`] walks the bytes once, without building anything. It refuses what is malformed, too deep or too
//!    big for [`Limits`], and collects the [`Unknown`] fields at every depth.
//! 2. prost decodes.
//! 3. Later, prost encodes, and [`splice`] puts the unknown fields back.
//!
//! [`fields`] is the part of this that needs no schema: the fields of one message as byte ranges.
//!
//! # What counts as malformed
//!
//! What prost refuses, with a better message: truncated or overlong lengths and numbers, wire types that do
//! not fit the schema, groups that do not close, strings that are not UTF-8. And one thing more: a single
//! field that occurs twice, or two members of one oneof. Protobuf would keep the last and silently lose the
//! first; no encoder writes such messages. Who wants to read them all the same calls [`merge`] first. (A map
//! key that occurs twice is allowed, and the last entry wins, as in every other reader.)
//!
//! Fields of [`Kind::Opaque`](crate::schema::Kind::Opaque) are not looked into.

mod merge;
mod reader;
mod scan;
mod splice;
mod unknown;

#[cfg(test)]
mod random;

pub use merge::merge;
pub use reader::{Fields, RawField, WireType, fields};
pub use scan::{Limits, Scan, scan};
pub use splice::splice;
pub use unknown::{ChildKey, Unknown};

/// Why an encoded message was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}{}: {kind}", At(path))]
#[non_exhaustive]
pub struct WireError {
    /// Where in the bytes.
    pub offset: usize,
    /// Where in the message, as in `mlProgram.functions["main"].inputs[2]`; empty for the message itself.
    pub path: String,
    /// What is wrong there.
    pub kind: WireErrorKind,
}

/// What is wrong with an encoded message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireErrorKind {
    /// The bytes end inside a number or a fixed-size value.
    #[error("the data ends inside a field")]
    Truncated,
    /// A number has more than 64 bits.
    #[error("a number has more than 64 bits")]
    Varint,
    /// A field key has number 0, or more than 32 bits.
    #[error("{0} is not a field key")]
    Key(u64),
    /// A length leads beyond the end of the message around it.
    #[error("a length of {length} leads beyond the {available} bytes that are left")]
    Length {
        /// The length that was claimed.
        length: u64,
        /// The bytes that are left.
        available: usize,
    },
    /// One of the two wire types that do not exist.
    #[error("wire type {0} does not exist")]
    WireType(u8),
    /// The end of a group that was not opened, or the end of the data inside a group.
    #[error("a group is opened or closed without its counterpart")]
    Group,
    /// The wire type cannot hold what the schema says the field holds.
    #[error("field `{field}` has wire type {found:?}")]
    UnexpectedWireType {
        /// The name of the field.
        field: &'static str,
        /// The wire type that was found.
        found: WireType,
    },
    /// A packed list whose bytes do not divide into elements.
    #[error("packed list `{0}` ends inside an element")]
    Packed(&'static str),
    /// A string that is not UTF-8.
    #[error("string `{0}` is not UTF-8")]
    Utf8(&'static str),
    /// A field that occurs twice where only one occurrence can be kept.
    #[error("`{0}`, or another member of its oneof, occurs twice")]
    Repeated(&'static str),
    /// Too many messages inside each other.
    #[error("messages are nested more than {0} deep")]
    Depth(usize),
    /// Too many messages.
    #[error("there are more than {0} messages")]
    Messages(u64),
    /// The message would take too much memory.
    #[error("the decoded message would take more than {0} bytes of memory")]
    Memory(u64),
    /// Unknown fields belong to a message that is not there (from [`splice`]).
    #[error("{0} has unknown fields, but is not in the message")]
    Missing(String),
}

/// Shows a path that is not empty after ` in `.
struct At<'a>(&'a str);

impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " in {}", self.0) }
    }
}
