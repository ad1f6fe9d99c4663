//! One walk over encoded bytes: are they well-formed, do they fit, what would be lost?

use std::fmt::Write as _;
use std::ops::Range;

use super::reader::{Fault, RawField, Reader};
use super::unknown::{ChildKey, Unknown};
use super::{WireError, WireErrorKind, WireType};
use crate::schema::{Field, Kind, Label, Message};

/// What [`scan`] accepts.
///
/// Memory is estimated as the decoded messages plus the program that is built from them; an encoded message
/// of two bytes can need hundreds. Real programs stay below eight bytes per byte of file.
///
/// ```
/// use mil_proto::wire::Limits;
///
/// let strict = Limits { max_depth: 30, ..Limits::default() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many messages there may be, map entries included. Default: 2²⁵, about 33 million, which is a
    /// program of a million operations.
    pub max_messages: u64,
    /// How deep messages may be nested, map entries included. Default: 100, which is as deep as prost
    /// decodes; more counts as 100. A nested block takes two levels.
    pub max_depth: usize,
    /// The part of the memory that does not depend on the size of the input. Default: 64 MiB.
    pub base_memory: u64,
    /// How many bytes of memory one byte of input may take, on top of that. Default: 8.
    pub memory_per_byte: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_messages: 1 << 25, max_depth: DEEPEST, base_memory: 64 << 20, memory_per_byte: 8 }
    }
}

/// prost's own limit. It also bounds the recursion over [`Unknown`] trees.
const DEEPEST: usize = 100;

/// The memory of a node in an [`Unknown`] tree.
const UNKNOWN_NODE: u64 = 128;

/// What [`scan`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scan {
    /// How many messages there are, the root and map entries included.
    pub messages: u64,
    /// How deep they are nested; 0 if there is only the root.
    pub depth: usize,
    /// The estimate of the memory that the message takes decoded, in bytes.
    pub memory: u64,
    /// The fields that the schema does not have, which decoding drops.
    ///
    /// Those inside `Block.operations` are among them, though they are lost only when the operations are
    /// decoded.
    pub unknown: Unknown,
}

/// Walks the bytes of an encoded `root` and checks them against the schema and the limits.
///
/// Takes time linear in the bytes, and memory for the unknown fields only.
///
/// # Errors
///
/// If the bytes are malformed, or exceed a limit. See the [module](super) for what counts as malformed.
pub fn scan(bytes: &[u8], root: &'static Message, limits: &Limits) -> Result<Scan, WireError> {
    let mut walk = Walk {
        bytes,
        max_depth: limits.max_depth.min(DEEPEST),
        max_messages: limits.max_messages,
        max_memory: limits
            .base_memory
            .saturating_add(limits.memory_per_byte.saturating_mul(bytes.len() as u64)),
        frames: Vec::new(),
        counters: Vec::new(),
        found: Scan::default(),
    };
    match walk.run(root) {
        Ok(()) => Ok(walk.found),
        Err(fault) => Err(WireError { offset: fault.offset, path: walk.path(), kind: fault.kind }),
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    max_depth: usize,
    max_messages: u64,
    max_memory: u64,
    /// The messages around the current position, the root first.
    frames: Vec<Frame<'a>>,
    /// For each frame, how often each repeated message has occurred.
    counters: Vec<usize>,
    found: Scan,
}

struct Frame<'a> {
    message: &'static Message,
    /// The field of the parent that holds this message. None for the root.
    field: Option<&'static Field>,
    /// The index in that field.
    index: usize,
    start: usize,
    reader: Reader<'a>,
    /// The single fields and oneofs that occurred, by `Field::slot`.
    seen: u64,
    /// Where this frame's counters start.
    counters: usize,
    unknown: Unknown,
}

impl Walk<'_> {
    fn run(&mut self, root: &'static Message) -> Result<(), Fault> {
        self.enter(root, None, 0, 0..self.bytes.len())?;
        while let Some(frame) = self.frames.last_mut() {
            if frame.reader.is_at_end() {
                self.leave()?;
                continue;
            }
            let raw = frame.reader.field()?;
            let Some(field) = frame.message.field(raw.number) else {
                frame.unknown.own.extend_from_slice(self.bytes.get(raw.range.clone()).unwrap_or_default());
                // The list may have room to spare.
                self.charge(2 * raw.range.len() as u64, raw.range.start)?;
                continue;
            };
            let mut index = 0;
            if field.label == Label::Single {
                let bit = 1 << field.slot;
                if frame.seen & bit != 0 {
                    return Err(Fault { offset: raw.range.start, kind: WireErrorKind::Repeated(field.name) });
                }
                frame.seen |= bit;
            }
            if let Kind::Message(message) = field.kind {
                expect(WireType::Length, &raw, field)?;
                if field.label != Label::Single
                    && let Some(counter) = self.counters.get_mut(frame.counters + usize::from(field.slot))
                {
                    index = *counter;
                    *counter += 1;
                }
                self.enter(message, Some(field), index, raw.value)?;
            } else {
                let memory = scalar(self.bytes, field, &raw)?;
                self.charge(memory, raw.range.start)?;
            }
        }
        Ok(())
    }

    fn enter(
        &mut self,
        message: &'static Message,
        field: Option<&'static Field>,
        index: usize,
        range: Range<usize>,
    ) -> Result<(), Fault> {
        let offset = range.start;
        let depth = self.frames.len();
        if depth > self.max_depth {
            return Err(Fault { offset, kind: WireErrorKind::Depth(self.max_depth) });
        }
        if self.found.messages >= self.max_messages {
            return Err(Fault { offset, kind: WireErrorKind::Messages(self.max_messages) });
        }
        self.found.messages += 1;
        self.found.depth = self.found.depth.max(depth);
        self.charge(u64::from(message.memory), offset)?;

        let counters = self.counters.len();
        self.counters.resize(counters + usize::from(message.counters), 0);
        self.frames.push(Frame {
            message,
            field,
            index,
            start: offset,
            reader: Reader::within(self.bytes, &range),
            seen: 0,
            counters,
            unknown: Unknown::default(),
        });
        Ok(())
    }

    /// Ends the current message and hands its unknown fields to the one around it.
    fn leave(&mut self) -> Result<(), Fault> {
        // By far the most frames end here. Popping them in place is faster than moving them out.
        if let [.., parent, frame] = &*self.frames
            && frame.unknown.is_empty()
            && !parent.unknown.has_children()
        {
            self.counters.truncate(frame.counters);
            self.frames.truncate(self.frames.len() - 1);
            return Ok(());
        }
        let Some(mut frame) = self.frames.pop() else { return Ok(()) };
        self.counters.truncate(frame.counters);
        frame.unknown.settle();
        let Some(parent) = self.frames.last_mut() else {
            self.found.unknown = frame.unknown;
            return Ok(());
        };
        let Some(field) = frame.field else { return Ok(()) };
        // An entry of a map without unknown fields may still stand in the place of an earlier one that has
        // some.
        if frame.unknown.is_empty() && !(field.label == Label::Map && parent.unknown.has_children()) {
            return Ok(());
        }
        let key = match field.label {
            Label::Map => entry_key(self.bytes, frame.message, frame.start..frame.reader.end),
            _ => ChildKey::Index(frame.index),
        };
        parent.unknown.push(field.number, key, frame.unknown);
        self.charge(UNKNOWN_NODE, frame.start)
    }

    fn charge(&mut self, memory: u64, offset: usize) -> Result<(), Fault> {
        self.found.memory = self.found.memory.saturating_add(memory);
        if self.found.memory > self.max_memory {
            return Err(Fault { offset, kind: WireErrorKind::Memory(self.max_memory) });
        }
        Ok(())
    }

    /// Where we are, for people.
    fn path(&self) -> String {
        let mut path = String::new();
        for (at, frame) in self.frames.iter().enumerate() {
            let Some(field) = frame.field else { continue };
            let in_entry = at
                .checked_sub(1)
                .and_then(|at| self.frames.get(at)?.field)
                .is_some_and(|f| f.label == Label::Map);
            if in_entry {
                continue; // The entry has shown its key.
            }
            let key = match field.label {
                Label::Single => None,
                Label::Repeated => Some(ChildKey::Index(frame.index)),
                Label::Map => Some(entry_key(self.bytes, frame.message, frame.start..frame.reader.end)),
            };
            push_step(&mut path, field, key.as_ref());
        }
        path
    }
}

/// Appends `.name`, `.name[3]` or `.name["key"]` to a path.
pub(super) fn push_step(path: &mut String, field: &Field, key: Option<&ChildKey>) {
    let dot = if path.is_empty() { "" } else { "." };
    // Writing to a string cannot fail.
    let _ = match key {
        None => write!(path, "{dot}{}", field.name),
        Some(ChildKey::Index(index)) => write!(path, "{dot}{}[{index}]", field.name),
        Some(ChildKey::Text(key)) => write!(path, "{dot}{}[{key:?}]", field.name),
        Some(ChildKey::Integer(key)) => write!(path, "{dot}{}[{key}]", field.name),
    };
}

/// The key of a map entry, as far as it can be read. A key that is not written is zero or empty.
pub(super) fn entry_key(bytes: &[u8], entry: &Message, range: Range<usize>) -> ChildKey {
    let is_text = entry.field(1).is_some_and(|field| matches!(field.kind, Kind::String));
    let mut key = if is_text { ChildKey::Text(String::new()) } else { ChildKey::Integer(0) };
    let mut reader = Reader::within(bytes, &range);
    while !reader.is_at_end() {
        let Ok(raw) = reader.field() else { break };
        match (raw.number, raw.wire_type) {
            (1, WireType::Length) if is_text => {
                let text = bytes.get(raw.value).unwrap_or_default();
                key = ChildKey::Text(String::from_utf8_lossy(text).into_owned());
            }
            (1, WireType::Varint) if !is_text => {
                let value = Reader::within(bytes, &raw.value).varint().unwrap_or_default();
                key = ChildKey::Integer(value as i64);
            }
            _ => {}
        }
    }
    key
}

fn expect(expected: WireType, raw: &RawField, field: &Field) -> Result<(), Fault> {
    if raw.wire_type == expected {
        return Ok(());
    }
    let kind = WireErrorKind::UnexpectedWireType { field: field.name, found: raw.wire_type };
    Err(Fault { offset: raw.range.start, kind })
}

/// Checks a field that is not a message, and estimates its memory.
fn scalar(bytes: &[u8], field: &Field, raw: &RawField) -> Result<u64, Fault> {
    let (wire_type, size) = match field.kind {
        Kind::String | Kind::Bytes | Kind::Opaque(_) | Kind::Message(_) => {
            expect(WireType::Length, raw, field)?;
            let value = bytes.get(raw.value.clone()).unwrap_or_default();
            if matches!(field.kind, Kind::String) && std::str::from_utf8(value).is_err() {
                return Err(Fault { offset: raw.value.start, kind: WireErrorKind::Utf8(field.name) });
            }
            // In a list, each has a slot with a pointer and two lengths; a growing list has room to spare.
            let slot = if field.label == Label::Single { 0 } else { 32 };
            return Ok((slot + value.len()) as u64);
        }
        Kind::Bool => (WireType::Varint, 1),
        Kind::Int32 | Kind::Uint32 | Kind::Enum => (WireType::Varint, 4),
        Kind::Int64 | Kind::Uint64 => (WireType::Varint, 8),
        Kind::Float => (WireType::Fixed32, 4),
        Kind::Double => (WireType::Fixed64, 8),
    };
    let is_packed = field.label == Label::Repeated && raw.wire_type == WireType::Length;
    if !is_packed {
        expect(wire_type, raw, field)?;
        return Ok(if field.label == Label::Single { 0 } else { 2 * size });
    }
    let elements = match wire_type {
        WireType::Varint => count_numbers(bytes, field, &raw.value)?,
        _ => {
            if !(raw.value.len() as u64).is_multiple_of(size) {
                return Err(Fault { offset: raw.value.start, kind: WireErrorKind::Packed(field.name) });
            }
            raw.value.len() as u64 / size
        }
    };
    Ok(2 * size * elements)
}

fn count_numbers(bytes: &[u8], field: &Field, range: &Range<usize>) -> Result<u64, Fault> {
    let mut reader = Reader::within(bytes, range);
    let mut count = 0;
    while !reader.is_at_end() {
        reader.varint().map_err(|fault| match fault.kind {
            WireErrorKind::Truncated => Fault { kind: WireErrorKind::Packed(field.name), ..fault },
            _ => fault,
        })?;
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::Described;
    use crate::specification::mil_spec::{
        Argument, Block, Dimension, Function, NamedValueType, Operation, Program, TensorType, Value,
        ValueType, argument, dimension, tensor_value, value, value_type,
    };
    use crate::specification::{FeatureDescription, Metadata, Model, ModelDescription, model};
    use crate::wire::random;
    use crate::wire::reader::push_varint;

    /// Encodes a field with a length.
    fn field(number: u64, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        push_varint(&mut out, number << 3 | 2);
        push_varint(&mut out, content.len() as u64);
        out.extend(content);
        out
    }

    fn scan_as<M: Described>(bytes: &[u8]) -> Result<Scan, WireError> {
        scan(bytes, M::SCHEMA, &Limits::default())
    }

    fn error<M: Described>(bytes: &[u8]) -> (usize, String, WireErrorKind) {
        let error = scan_as::<M>(bytes).expect_err("an error");
        (error.offset, error.path, error.kind)
    }

    #[test]
    fn an_empty_message_is_a_message() {
        let found = scan_as::<Model>(&[]).unwrap();
        assert_eq!((found.messages, found.depth, found.unknown), (1, 0, Unknown::default()));
    }

    #[test]
    fn errors_say_where() {
        let mut function = field(1, &field(1, b"x"));
        function.extend(field(1, &field(1, b"\xff")));
        let mut entry = field(1, b"main");
        entry.extend(field(2, &function));
        let bytes = field(502, &field(2, &entry));
        let error = scan_as::<Model>(&bytes).expect_err("an error");
        assert_eq!(error.path, r#"mlProgram.functions["main"].inputs[1]"#);
        assert_eq!(error.offset, bytes.len() - 1);
        assert_eq!(
            error.to_string(),
            r#"byte 22 in mlProgram.functions["main"].inputs[1]: string `name` is not UTF-8"#
        );
    }

    #[test]
    fn truncated_bytes_are_refused() {
        let bytes = program(2).encode_to_vec();
        let lengths: Vec<_> =
            (0..bytes.len()).filter(|&length| scan_as::<Program>(&bytes[..length]).is_ok()).collect();
        // Only where a top-level field ends.
        let ends: Vec<_> = crate::wire::fields(&bytes).map(|field| field.unwrap().range.start).collect();
        assert_eq!(lengths, ends);
    }

    #[test]
    fn lengths_near_the_top_of_64_bits_are_refused() {
        for length in [u64::MAX, u64::MAX - 1, 1 << 63, u64::from(u32::MAX), i32::MAX as u64] {
            let mut bytes = vec![0x12];
            push_varint(&mut bytes, length);
            assert_eq!(error::<Model>(&bytes).2, WireErrorKind::Length { length, available: 0 });
        }
    }

    #[test]
    fn wire_types_must_fit_the_schema() {
        let found = WireType::Varint;
        let kind = WireErrorKind::UnexpectedWireType { field: "description", found };
        assert_eq!(error::<Model>(&[0x10, 1]), (0, String::new(), kind));
        let found = WireType::Length;
        let kind = WireErrorKind::UnexpectedWireType { field: "specificationVersion", found };
        assert_eq!(error::<Model>(&[0x0a, 0]).2, kind);
        let found = WireType::Group;
        let kind = WireErrorKind::UnexpectedWireType { field: "description", found };
        assert_eq!(error::<Model>(&[0x13, 0x14]).2, kind);
    }

    #[test]
    fn what_protobuf_would_silently_drop_is_refused() {
        let twice = [0x08, 1, 0x08, 2];
        assert_eq!(
            error::<Model>(&twice),
            (2, String::new(), WireErrorKind::Repeated("specificationVersion"))
        );
        let mut two_payloads = field(500, &[]);
        two_payloads.extend(field(502, &[]));
        assert_eq!(error::<Model>(&two_payloads).2, WireErrorKind::Repeated("mlProgram"));
    }

    #[test]
    fn numbers_may_be_packed_or_not() {
        use tensor_value::{RepeatedFloats, RepeatedInts};
        assert!(scan_as::<RepeatedInts>(&[0x0a, 3, 1, 0x80, 1]).is_ok());
        assert!(scan_as::<RepeatedInts>(&[0x08, 1, 0x08, 2, 0x0a, 1, 3]).is_ok());
        assert_eq!(error::<RepeatedInts>(&[0x0a, 2, 1, 0x80]).2, WireErrorKind::Packed("values"));
        assert!(scan_as::<RepeatedFloats>(&[0x0a, 4, 0, 0, 0, 0, 0x0d, 0, 0, 0, 0]).is_ok());
        assert_eq!(error::<RepeatedFloats>(&[0x0a, 3, 0, 0, 0]).2, WireErrorKind::Packed("values"));
    }

    #[test]
    fn opaque_payloads_are_not_looked_into() {
        let bytes = field(500, b"not a network at all");
        let found = scan_as::<Model>(&bytes).unwrap();
        assert_eq!((found.messages, found.unknown), (1, Unknown::default()));
        let network = crate::schema::find("CoreML.Specification.NeuralNetwork").unwrap();
        assert!(scan(b"not a network at all", network, &Limits::default()).is_err());
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_stack_overflow() {
        let mut block = Vec::new();
        for _ in 0..10_000 {
            block = field(3, &field(4, &block));
        }
        let (_, path, kind) = error::<Block>(&block);
        assert_eq!(kind, WireErrorKind::Depth(100));
        assert!(path.starts_with("operations[0].blocks[0].operations[0]"), "{path}");
    }

    #[test]
    fn the_depth_limit_is_the_one_of_prost() {
        // Types nest without being kept encoded anywhere: list of list of …
        for depth in 95..105 {
            let mut list = Vec::new();
            for level in 0..depth {
                list = field(if level % 2 == 0 { 1 } else { 2 }, &list);
            }
            if depth % 2 == 1 {
                continue; // Does not end at a `ValueType`.
            }
            assert_eq!(scan_as::<ValueType>(&list).is_ok(), ValueType::decode(&*list).is_ok(), "{depth}");
        }
    }

    #[test]
    fn ten_million_empty_messages_are_refused() {
        for (name, number) in [
            ("Block", 2),
            ("Block", 3),
            ("Operation", 2),
            ("Operation", 3),
            ("Argument", 1),
            ("TupleType", 1),
        ] {
            let message = crate::schema::find(&format!("CoreML.Specification.MILSpec.{name}")).unwrap();
            let bytes = [number << 3 | 2, 0].repeat(10_000_000);
            let error = scan(&bytes, message, &Limits::default()).expect_err(name);
            assert!(matches!(error.kind, WireErrorKind::Memory(_)), "{name} {number}: {error}");
        }
    }

    #[test]
    fn many_unknown_fields_are_no_way_around_the_limits() {
        let bytes = [0x1a, 2, 0xf8, 0x7f].repeat(4_000_000);
        assert!(scan_as::<Block>(&bytes).is_err());
    }

    #[test]
    fn every_limit_can_be_set() {
        let bytes = program(10).encode_to_vec();
        let kind = |limits: Limits| scan(&bytes, Program::SCHEMA, &limits).expect_err("an error").kind;
        let default = Limits::default;
        assert_eq!(kind(Limits { max_messages: 5, ..default() }), WireErrorKind::Messages(5));
        assert_eq!(kind(Limits { max_depth: 3, ..default() }), WireErrorKind::Depth(3));
        let tight = Limits { base_memory: 100, memory_per_byte: 0, ..default() };
        assert_eq!(kind(tight), WireErrorKind::Memory(100));
    }

    /// Operations as converters write them: small constants and a `conv` that uses them.
    fn program(operations: usize) -> Program {
        let tensor = |data_type, shape: &[u64]| ValueType {
            r#type: Some(value_type::Type::TensorType(TensorType {
                data_type,
                rank: shape.len() as i64,
                dimensions: shape
                    .iter()
                    .map(|&size| Dimension {
                        dimension: Some(dimension::Dimension::Constant(dimension::ConstantDimension {
                            size,
                        })),
                    })
                    .collect(),
                ..Default::default()
            })),
        };
        let immediate = |data_type, data| Value {
            r#type: Some(Box::new(tensor(data_type, &[]))),
            value: Some(value::Value::ImmediateValue(Box::new(value::ImmediateValue {
                value: Some(value::immediate_value::Value::Tensor(
                    crate::specification::mil_spec::TensorValue { value: Some(data) },
                )),
            }))),
            ..Default::default()
        };
        let text = |text: &str| {
            immediate(
                2,
                tensor_value::Value::Strings(tensor_value::RepeatedStrings { values: vec![text.into()] }),
            )
        };
        let truth =
            || immediate(1, tensor_value::Value::Bools(tensor_value::RepeatedBools { values: vec![true] }));
        let output =
            |name: &str, r#type| NamedValueType { name: name.into(), r#type: Some(Box::new(r#type)) };

        let mut block = Block { outputs: vec!["out".into()], ..Default::default() };
        for at in 0..operations {
            let name = format!("op_{at}_pad_0");
            let operation = if at % 6 == 0 {
                let binding = |name: String| Argument {
                    arguments: vec![argument::Binding {
                        binding: Some(argument::binding::Binding::Name(name)),
                    }],
                };
                let parameters = ["x", "weight", "strides", "pad", "groups"];
                Operation {
                    r#type: "conv".into(),
                    inputs: parameters.map(|p| (p.to_owned(), binding(format!("op_{at}_{p}_0")))).into(),
                    outputs: vec![output(&name, tensor(11, &[1, 64, 56, 56]))],
                    attributes: [("name".to_owned(), text(&name))].into(),
                    ..Default::default()
                }
            } else {
                Operation {
                    r#type: "const".into(),
                    outputs: vec![output(&name, tensor(1, &[]))],
                    attributes: [("name".to_owned(), text(&name)), ("val".to_owned(), truth())].into(),
                    ..Default::default()
                }
            };
            block.push_operation(&operation);
        }
        let function = Function {
            opset: "CoreML7".into(),
            block_specializations: [("CoreML7".to_owned(), block)].into(),
            ..Default::default()
        };
        Program { version: 1, functions: [("main".to_owned(), function)].into(), ..Default::default() }
    }

    #[test]
    fn real_programs_fit_without_the_base() {
        let bytes = program(50_000).encode_to_vec();
        let found = scan(&bytes, Program::SCHEMA, &Limits { base_memory: 0, ..Limits::default() });
        let found = found.unwrap_or_else(|error| panic!("{} bytes: {error}", bytes.len()));
        assert!(found.memory < 15 * bytes.len() as u64 / 2, "{} of {}", found.memory, bytes.len());
        assert_eq!(found.unknown, Unknown::default());
    }

    #[test]
    fn unknown_fields_are_found_at_every_depth() {
        let unknown = [0xf8, 0x7f, 7];
        let mut feature = FeatureDescription { name: "x".into(), ..Default::default() }.encode_to_vec();
        feature.extend(unknown);
        let mut value = unknown.to_vec();
        value.extend(field(1, b"documentation"));
        let mut entry = field(2, &value);
        entry.extend(field(1, b"info")); // The key behind the value.
        entry.extend(unknown);
        let mut program = field(4, &entry);
        program.extend(field(4, &field(1, b"other")));
        let mut bytes = field(2, &[field(1, &[]), field(1, &feature)].concat());
        bytes.extend(field(502, &program));

        let found = scan_as::<Model>(&bytes).unwrap().unknown;
        assert_eq!(found.at(2, 0).and_then(|d| d.at(1, 1)).map(|f| &*f.own), Some(&unknown[..]));
        let program = found.at(502, 0).unwrap();
        assert_eq!(program.map_value(4, "info").map(|v| &*v.own), Some(&unknown[..]));
        assert_eq!(program.child(4, &ChildKey::Text("info".into())).map(|e| &*e.own), Some(&unknown[..]));
        assert_eq!(program.children().len(), 1);
        assert_eq!(found.own, []);
    }

    #[test]
    fn a_later_map_entry_replaces_an_earlier_one() {
        let mut bytes = field(4, &[field(1, b"k"), field(2, &[0xf8, 0x7f, 7])].concat());
        bytes.extend(field(4, &field(1, b"k")));
        assert_eq!(scan_as::<Program>(&bytes).unwrap().unknown, Unknown::default());
    }

    #[test]
    fn unknown_enum_values_survive_in_known_fields() {
        let bytes = [0x08, 99];
        let decoded = TensorType::decode(&bytes[..]).unwrap();
        assert_eq!(decoded.data_type, 99);
        assert_eq!(decoded.encode_to_vec(), bytes);
        assert_eq!(scan_as::<TensorType>(&bytes).unwrap().unknown, Unknown::default());
    }

    #[test]
    fn a_whole_model_scans() {
        let metadata = Metadata {
            user_defined: [("com.github.apple.coremltools.version".into(), "9.0".into())].into(),
            ..Default::default()
        };
        let model = Model {
            specification_version: 8,
            description: Some(ModelDescription { metadata: Some(metadata), ..Default::default() }),
            r#type: Some(model::Type::MlProgram(program(12))),
            ..Default::default()
        };
        let found = scan_as::<Model>(&model.encode_to_vec()).unwrap();
        assert_eq!(found.unknown, Unknown::default());
        assert!(found.depth >= 10, "{}", found.depth);
    }

    proptest::proptest! {
        /// What scan accepts, prost decodes; bytes that are almost right never make it panic.
        #[test]
        fn scan_is_at_least_as_strict_as_prost(
            seed: u64,
            flips in proptest::collection::vec((proptest::num::usize::ANY, 0..8_u32), 0..4),
            cut in proptest::option::of(proptest::num::usize::ANY),
        ) {
            let mut bytes = random::message(Model::SCHEMA, seed);
            for (at, bit) in flips {
                if !bytes.is_empty() {
                    let at = at % bytes.len();
                    bytes[at] ^= 1 << bit;
                }
            }
            if let Some(cut) = cut {
                bytes.truncate(cut % (bytes.len() + 1));
            }
            if let Ok(found) = scan_as::<Model>(&bytes) {
                proptest::prop_assert!(Model::decode(&*bytes).is_ok());
                proptest::prop_assert!(found.messages > 0);
            }
        }

        #[test]
        fn any_bytes_are_an_answer(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            for message in crate::schema::messages() {
                let _ = scan(&bytes, message, &Limits::default());
            }
        }
    }
}
