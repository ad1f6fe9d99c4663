//! Blocks and operations: the graph of one specialisation of a function.
//!
//! Operations refer to values by name. [`decode`] reads them, with a [`scope`] of the names that are visible
//! where it stands; [`encode`] writes the names of values; [`walk`] visits what is not a block of its own: literals, and what
//! is carried unread.

mod decode;
mod encode;
mod scope;
mod walk;

use mil_ir::{Literal, LiteralData, Storage, Type, TypeKind};

use crate::translate::carried::Step;

pub(crate) use decode::decode_graph;
pub(crate) use walk::{each_literal_of, has_unknown, literal_has_unknown};

// Fields of `Operation`.
const INPUTS: u32 = 2;
const OUTPUTS: u32 = 3;
const BLOCKS: u32 = 4;
const OP_ATTRIBUTES: u32 = 5;
// Fields of `Block`.
const BLOCK_INPUTS: u32 = 1;
const OPERATIONS: u32 = 3;
const BLOCK_ATTRIBUTES: u32 = 4;
/// The type in `NamedValueType`.
const TYPE: Step<'_> = Step::One(2);
/// The label of an op is an attribute in the file.
const NAME: &str = "name";

/// Stands for an operand that is neither a name nor a value in the file.
fn unbound() -> Literal {
    Literal::new(Type::new(TypeKind::Unknown), LiteralData::Opaque([].into()))
}

/// See [`unbound`]. Opaque values that were read are never to be stored anywhere.
fn is_unbound(literal: &Literal) -> bool {
    literal.storage == Storage::Auto
        && matches!(&literal.data, LiteralData::Opaque(bytes) if bytes.is_empty())
}
