//! The messages of the Core ML schema as a table, for code that walks encoded bytes.
//!
//! The table is generated from `schema/*.proto` and costs nothing to build: messages are statics that refer
//! to each other. It covers all messages, also those without a Rust type.

mod table {
    use super::{Field, Kind, Label, Message};

    include!("generated/schema.rs");
}

/// A message of the schema.
#[derive(Debug)]
#[non_exhaustive]
pub struct Message {
    /// The full name, as in `CoreML.Specification.Model`.
    pub name: &'static str,
    /// The fields, by ascending number.
    pub fields: &'static [Field],
    /// How many counters [`Label::Repeated`] messages and maps need.
    pub(crate) counters: u8,
    /// An estimate of the bytes that one such message takes in memory, decoded and as part of a program,
    /// without its strings and without the messages in it. Zero for messages that are stored inside their
    /// parent.
    pub(crate) memory: u32,
}

/// A field of a message.
#[derive(Debug)]
#[non_exhaustive]
pub struct Field {
    /// The number that stands for the field in encoded messages.
    pub number: u32,
    /// The name.
    pub name: &'static str,
    /// How often it occurs.
    pub label: Label,
    /// What it holds.
    pub kind: Kind,
    /// For a single field: its bit in the set of what was seen, shared by the members of a oneof. For
    /// repeated messages and maps: the index of its counter.
    pub(crate) slot: u8,
}

/// How often a field occurs in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// At most once.
    Single,
    /// Any number of times. Numbers may be packed into one occurrence.
    Repeated,
    /// Any number of times, as entries of a map: messages with the key as field 1 and the value as field 2.
    Map,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the scalar types of protobuf, under their own names")]
pub enum Kind {
    Bool,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Enum,
    Float,
    Double,
    String,
    Bytes,
    /// A message, or the entry of a map.
    Message(&'static Message),
    /// A message that the Rust types keep as bytes, so that nothing inside is ever lost.
    Opaque(&'static Message),
}

/// A generated message type, and its place in the schema.
pub trait Described: prost::Message + Default {
    /// The message in the schema.
    const SCHEMA: &'static Message;
}

/// Every message of the schema, by ascending name. The entries of maps count as messages.
#[must_use]
pub fn messages() -> &'static [&'static Message] {
    table::MESSAGES
}

/// The message with a full name, as in `CoreML.Specification.NeuralNetwork`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Message> {
    let index = table::MESSAGES.binary_search_by(|message| message.name.cmp(name)).ok()?;
    table::MESSAGES.get(index).copied()
}

impl Message {
    /// The field with a number.
    #[must_use]
    pub fn field(&self, number: u32) -> Option<&'static Field> {
        // Most messages number their fields from 1 without gaps.
        match self.fields.get((number as usize).wrapping_sub(1)) {
            Some(field) if field.number == number => Some(field),
            _ => {
                let index = self.fields.binary_search_by_key(&number, |field| field.number).ok()?;
                self.fields.get(index)
            }
        }
    }

    /// The field with a name.
    #[must_use]
    pub fn field_named(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// Two messages are the same if they have the same name.
impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Message {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specification::{Model, mil_spec::Operation};

    #[test]
    fn messages_are_found_by_name_and_by_type() {
        assert_eq!(find("CoreML.Specification.Model"), Some(Model::SCHEMA));
        assert_eq!(find("CoreML.Specification.MILSpec.Operation"), Some(Operation::SCHEMA));
        assert_eq!(find("CoreML.Specification.Nothing"), None);
        assert!(messages().iter().all(|message| find(message.name) == Some(*message)));
        assert!(messages().is_sorted_by_key(|message| message.name));
    }

    #[test]
    fn fields_are_found_by_number_with_and_without_gaps() {
        for message in messages() {
            assert!(message.fields.is_sorted_by_key(|field| field.number), "{}", message.name);
            for field in message.fields {
                assert_eq!(message.field(field.number).map(|f| f.name), Some(field.name));
            }
            for number in [0, 999_999, u32::MAX] {
                assert!(message.field(number).is_none());
            }
        }
    }

    #[test]
    fn payloads_without_a_rust_type_are_opaque() {
        let kind = |name| Model::SCHEMA.field_named(name).map(|field| field.kind);
        assert!(matches!(kind("mlProgram"), Some(Kind::Message(_))));
        assert!(matches!(kind("pipeline"), Some(Kind::Message(_))));
        assert!(matches!(kind("neuralNetwork"), Some(Kind::Opaque(_))));
    }
}
