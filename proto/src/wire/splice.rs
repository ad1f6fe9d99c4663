//! Puts unknown fields back into encoded messages.

use std::ops::Range;

use super::reader::{Fault, Reader, push_varint, varint_len};
use super::scan::{entry_key, push_step};
use super::unknown::{ChildKey, Unknown};
use super::{WireError, WireErrorKind, WireType};
use crate::schema::{Field, Kind, Label, Message};

/// Puts unknown fields back into an encoded `root`, each behind the known fields of its message.
///
/// Messages without unknown fields are copied as they are; those around an insertion get a new length. An
/// entry of a map whose value has nothing but unknown fields gets its value back, which encoders leave out.
///
/// # Errors
///
/// If `unknown` has a node for a message that is not in `encoded` ([`WireErrorKind::Missing`]), or if the
/// bytes on the way to one are malformed. The fields that no node leads to are not checked.
pub fn splice(encoded: &[u8], root: &'static Message, unknown: &Unknown) -> Result<Vec<u8>, WireError> {
    let mut plan =
        Plan { encoded, frames: vec![Frame::new(root, unknown, None, 0..encoded.len())], edits: Vec::new() };
    let growth = plan.make().map_err(|fault| WireError {
        offset: fault.offset,
        path: plan.path(),
        kind: fault.kind,
    })?;

    let mut out = Vec::with_capacity(encoded.len() + growth);
    let mut copied = 0;
    for edit in &plan.edits {
        out.extend_from_slice(encoded.get(copied..edit.replaced.start).unwrap_or_default());
        match edit.by {
            By::Length(length) => push_varint(&mut out, length as u64),
            By::Bytes(bytes) => out.extend_from_slice(bytes),
            By::Field(number, content) => {
                push_varint(&mut out, length_key(number));
                push_varint(&mut out, content.len() as u64);
                out.extend_from_slice(content);
            }
        }
        copied = edit.replaced.end;
    }
    out.extend_from_slice(encoded.get(copied..).unwrap_or_default());
    Ok(out)
}

fn length_key(number: u32) -> u64 {
    u64::from(number) << 3 | 2
}

/// The first of two passes: what has to change, in the order of the bytes. A length stands before the content
/// that it counts, so it is only known when the walk leaves the message.
struct Plan<'a> {
    encoded: &'a [u8],
    /// The messages around the current position, all of them with unknown fields.
    frames: Vec<Frame<'a>>,
    edits: Vec<Edit<'a>>,
}

/// Bytes that are replaced by others.
struct Edit<'a> {
    replaced: Range<usize>,
    by: By<'a>,
}

enum By<'a> {
    Length(usize),
    Bytes(&'a [u8]),
    /// A field with this number that holds these bytes.
    Field(u32, &'a [u8]),
}

struct Frame<'a> {
    message: &'static Message,
    unknown: &'a Unknown,
    /// The field of the parent, the key in it, and the edit that holds the length. None for the root.
    place: Option<(&'static Field, ChildKey, usize)>,
    content: Range<usize>,
    position: usize,
    /// How often each repeated message has occurred.
    counts: Vec<(u32, usize)>,
    /// Which children of `unknown` have been met.
    met: Vec<bool>,
    /// How many have not.
    unmet: usize,
    /// By how many bytes the content grows.
    growth: usize,
}

impl<'a> Frame<'a> {
    fn new(
        message: &'static Message,
        unknown: &'a Unknown,
        place: Option<(&'static Field, ChildKey, usize)>,
        content: Range<usize>,
    ) -> Self {
        let (position, unmet) = (content.start, unknown.children().len());
        Frame {
            message,
            unknown,
            place,
            content,
            position,
            counts: Vec::new(),
            met: vec![false; unmet],
            unmet,
            growth: 0,
        }
    }

    fn is_entry(&self) -> bool {
        self.place.as_ref().is_some_and(|(field, ..)| field.label == Label::Map)
    }

    /// Counts an occurrence of a field: its index.
    fn count(&mut self, number: u32) -> usize {
        match self.counts.iter_mut().find(|(counted, _)| *counted == number) {
            Some((_, count)) => {
                *count += 1;
                *count - 1
            }
            None => {
                self.counts.push((number, 1));
                0
            }
        }
    }

    /// The child of the unknown fields at a place, if it is met for the first time.
    fn meet(&mut self, number: u32, key: &ChildKey) -> Option<&'a Unknown> {
        let (index, child) = self.unknown.find(number, key)?;
        match self.met.get_mut(index) {
            Some(met) if !*met => {
                *met = true;
                self.unmet -= 1;
                Some(child)
            }
            _ => None,
        }
    }
}

impl<'a> Plan<'a> {
    /// Fills `edits`; answers by how many bytes the whole grows.
    fn make(&mut self) -> Result<usize, Fault> {
        let mut total = 0;
        while let Some(frame) = self.frames.last_mut() {
            if frame.position >= frame.content.end || frame.unmet == 0 {
                total = self.leave()?;
                continue;
            }
            let mut reader = Reader::within(self.encoded, &(frame.position..frame.content.end));
            let raw = reader.field()?;
            frame.position = reader.position;
            let Some(field) = frame.message.field(raw.number) else { continue };
            let Kind::Message(message) = field.kind else { continue };
            if raw.wire_type != WireType::Length {
                let kind = WireErrorKind::UnexpectedWireType { field: field.name, found: raw.wire_type };
                return Err(Fault { offset: raw.range.start, kind });
            }
            let key = match field.label {
                Label::Map => entry_key(self.encoded, message, raw.value.clone()),
                Label::Single | Label::Repeated => ChildKey::Index(frame.count(field.number)),
            };
            if let Some(child) = frame.meet(field.number, &key) {
                // The length stands between the key, which we know how to measure, and the value.
                let mut reader = Reader::within(self.encoded, &raw.range);
                reader.varint()?;
                let edit = self.edits.len();
                self.edits.push(Edit { replaced: reader.position..raw.value.start, by: By::Length(0) });
                self.frames.push(Frame::new(message, child, Some((field, key, edit)), raw.value));
            }
        }
        Ok(total)
    }

    /// Ends the current message: appends its unknown fields and sets its length. Answers its growth.
    fn leave(&mut self) -> Result<usize, Fault> {
        let Some(frame) = self.frames.last_mut() else { return Ok(0) };
        let (unknown, end) = (frame.unknown, frame.content.end);
        let missing = unknown.children().zip(&frame.met).find(|(_, met)| !**met).map(|(child, _)| child);
        if let Some((number, key, child)) = missing {
            // Encoders leave out the value of a map entry if it is empty.
            if !(frame.is_entry() && number == 2 && child.children().len() == 0) {
                let mut step = String::new();
                match frame.message.field(number) {
                    Some(field) => push_step(&mut step, field, Some(key)),
                    None => step = format!("field {number}"),
                }
                return Err(Fault { offset: end, kind: WireErrorKind::Missing(step) });
            }
            let length = child.own.len();
            frame.growth += varint_len(length_key(number)) + varint_len(length as u64) + length;
            self.edits.push(Edit { replaced: end..end, by: By::Field(number, &child.own) });
        }
        if !unknown.own.is_empty() {
            frame.growth += unknown.own.len();
            self.edits.push(Edit { replaced: end..end, by: By::Bytes(&unknown.own) });
        }

        let Some(frame) = self.frames.pop() else { return Ok(0) };
        let Some((_, _, edit)) = frame.place else { return Ok(frame.growth) };
        let length = frame.content.len() + frame.growth;
        let mut growth = frame.growth + varint_len(length as u64);
        if let Some(edit) = self.edits.get_mut(edit) {
            growth = growth.saturating_sub(edit.replaced.len());
            edit.by = By::Length(length);
        }
        if let Some(parent) = self.frames.last_mut() {
            parent.growth += growth;
        }
        Ok(growth)
    }

    fn path(&self) -> String {
        let mut path = String::new();
        let mut in_entry = false;
        for (field, key, _) in self.frames.iter().filter_map(|frame| frame.place.as_ref()) {
            if !in_entry {
                push_step(&mut path, field, Some(key).filter(|_| field.label != Label::Single));
            }
            in_entry = field.label == Label::Map;
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message as _;

    use super::*;
    use crate::Described;
    use crate::specification::mil_spec::{Block, Function, Operation, Program, Value};
    use crate::specification::{Model, model};
    use crate::wire::{Limits, random, scan};

    fn unknown_in<M: Described>(bytes: &[u8]) -> Unknown {
        scan(bytes, M::SCHEMA, &Limits::default()).unwrap().unknown
    }

    fn leaf(own: &[u8]) -> Unknown {
        Unknown::new(own.to_vec())
    }

    #[test]
    fn nothing_to_insert_changes_nothing() {
        assert_eq!(splice(&[1, 2, 3], Model::SCHEMA, &Unknown::default()).unwrap(), [1, 2, 3]);
    }

    #[test]
    fn lengths_grow_at_every_depth() {
        // 126 bytes of documentation: three more lift both lengths over 127.
        let value = Value { doc_string: "d".repeat(122), ..Default::default() };
        let program = Program { attributes: [("k".to_owned(), value)].into(), ..Default::default() };
        let mut unknown = Unknown::default();
        unknown.insert_map_value(4, "k", leaf(&[0xf8, 0x7f, 7]));
        let spliced = splice(&program.encode_to_vec(), Program::SCHEMA, &unknown).unwrap();
        assert_eq!(Program::decode(&*spliced).unwrap(), program);
        assert_eq!(unknown_in::<Program>(&spliced), unknown);
    }

    #[test]
    fn map_values_that_encoders_leave_out_come_back() {
        for key in ["", "k"] {
            let program =
                Program { functions: [(key.to_owned(), Function::default())].into(), ..Default::default() };
            let mut unknown = Unknown::default();
            unknown.insert_map_value(2, key, leaf(&[0xf8, 0x7f, 7]));
            let spliced = splice(&program.encode_to_vec(), Program::SCHEMA, &unknown).unwrap();
            assert_eq!(Program::decode(&*spliced).unwrap(), program);
            assert_eq!(unknown_in::<Program>(&spliced), unknown);
        }
    }

    #[test]
    fn a_message_that_is_gone_is_an_error() {
        let mut function = Unknown::default();
        function.insert(1, ChildKey::Index(3), leaf(&[0xf8, 0x7f, 7]));
        let mut unknown = Unknown::default();
        unknown.insert_map_value(2, "main", function);
        let program = Program {
            functions: [("main".to_owned(), Function { opset: "CoreML7".into(), ..Default::default() })]
                .into(),
            ..Default::default()
        };
        let error = splice(&program.encode_to_vec(), Program::SCHEMA, &unknown).expect_err("an error");
        assert_eq!(
            error.to_string(),
            r#"byte 19 in functions["main"]: inputs[3] has unknown fields, but is not in the message"#
        );
        let empty = splice(&[], Program::SCHEMA, &unknown).expect_err("an error");
        assert_eq!(empty.kind, WireErrorKind::Missing(r#"functions["main"]"#.into()));
    }

    #[test]
    fn broken_bytes_on_the_way_are_an_error() {
        let mut unknown = Unknown::default();
        unknown.insert(2, ChildKey::Index(0), leaf(&[0xf8, 0x7f, 7]));
        for bytes in [&[0x12, 9][..], &[0x10, 1], &[0x07]] {
            assert!(splice(bytes, Model::SCHEMA, &unknown).is_err());
        }
    }

    /// Decodes and encodes everything, operations too.
    fn through_rust(bytes: &[u8]) -> Model {
        let mut decoded = Model::decode(bytes).unwrap();
        renew_model(&mut decoded);
        decoded
    }

    fn renew_model(model: &mut Model) {
        let pipeline = match &mut model.r#type {
            Some(model::Type::MlProgram(program)) => {
                let functions = program.functions.values_mut();
                functions
                    .flat_map(|function| function.block_specializations.values_mut())
                    .for_each(renew_block);
                None
            }
            Some(model::Type::Pipeline(pipeline)) => Some(pipeline),
            Some(model::Type::PipelineClassifier(outer)) => outer.pipeline.as_mut(),
            Some(model::Type::PipelineRegressor(outer)) => outer.pipeline.as_mut(),
            _ => None,
        };
        pipeline.into_iter().flat_map(|pipeline| &mut pipeline.models).for_each(renew_model);
    }

    fn renew_block(block: &mut Block) {
        let operations: Vec<Operation> = block.decode_operations().map(Result::unwrap).collect();
        block.operations.clear();
        for mut operation in operations {
            operation.blocks.iter_mut().for_each(renew_block);
            block.push_operation(&operation);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn what_decoding_drops_splicing_restores(seed: u64) {
            let bytes = random::message(Model::SCHEMA, seed);
            let unknown = unknown_in::<Model>(&bytes);
            let decoded = through_rust(&bytes);
            let encoded = decoded.encode_to_vec();
            prop_assert_eq!(unknown_in::<Model>(&encoded), Unknown::default());

            let spliced = splice(&encoded, Model::SCHEMA, &unknown).unwrap();
            prop_assert_eq!(&unknown_in::<Model>(&spliced), &unknown);
            prop_assert_eq!(through_rust(&spliced), decoded);
            // From here on it is a fixed point.
            let again = through_rust(&spliced).encode_to_vec();
            prop_assert_eq!(splice(&again, Model::SCHEMA, &unknown).unwrap(), spliced);
        }

        #[test]
        fn splicing_into_any_bytes_is_an_answer(seed: u64, bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let unknown = unknown_in::<Model>(&random::message(Model::SCHEMA, seed));
            let _ = splice(&bytes, Model::SCHEMA, &unknown);
        }
    }
}
