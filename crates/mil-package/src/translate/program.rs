//! `Program` and `Function`.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use mil_ir::{Attributes, Carried, Function, Graph, Interface, Literal, Name, Opset, Program, Storage};
use mil_proto::Described;
use mil_proto::specification::mil_spec::{Function as FunctionMessage, Program as Message, Value};
use mil_proto::wire::Unknown;
use mil_tensor::{Data, TensorError};

use crate::error::{DecodeErrorKind, EncodeErrorKind, Place};
use crate::translate::block::{decode_graph, each_literal_of, has_unknown, literal_has_unknown};
use crate::translate::carried::{Step, fit, put, take};
use crate::translate::{Decoded, Decoder, Encoded, Encoder, Spot, at, each_literal, file_for};
use crate::weights::{Layout, WEIGHT_FILE};
use crate::{DecodeError, EncodeError};

// Fields of `Program`.
const FUNCTIONS: u32 = 2;
/// `attributes` has the same number in `Program` and in `Function`.
const ATTRIBUTES: u32 = 4;
// Fields of `Function`.
const INPUTS: u32 = 1;
const SPECIALIZATIONS: u32 = 3;

impl Decoder<'_> {
    /// A program, whose interface was decoded before.
    pub(crate) fn program(
        &mut self,
        message: Message,
        mut carried: Carried,
        interface: Interface,
    ) -> Result<Program, DecodeError> {
        let attributes = self.attributes(&message.attributes, &mut carried).map_err(in_function(""))?;
        let mut functions = BTreeMap::new();
        for (name, function) in message.functions {
            let carried = take(&mut carried, &[Step::Entry(FUNCTIONS, &name)]);
            let function = self.function(&name, function, carried)?;
            functions.insert(Name::from(name), function);
        }
        let (version, doc) = (message.version, message.doc_string);
        Ok(Program { version, functions, doc, attributes, interface, carried: carried.boxed() })
    }

    fn function(
        &mut self,
        name: &str,
        message: FunctionMessage,
        mut carried: Carried,
    ) -> Result<Function, DecodeError> {
        if message.block_specializations.is_empty() {
            return Err(in_function(name)(DecodeErrorKind::NoBlock));
        }
        let mut inputs = Vec::with_capacity(message.inputs.len());
        for (index, input) in message.inputs.into_iter().enumerate() {
            let carried = take(&mut carried, &[Step::At(INPUTS, index)]);
            inputs.push(self.named_type(input, carried).map_err(in_function(name))?);
        }
        let mut specializations = IndexMap::new();
        for (opset, block) in message.block_specializations {
            let carried = take(&mut carried, &[Step::Entry(SPECIALIZATIONS, &opset)]);
            let opset = Opset::new(&opset);
            let graph = decode_graph(self, name, &opset, &inputs, (block, carried))?;
            specializations.insert(opset, graph);
        }
        let attributes = self.attributes(&message.attributes, &mut carried).map_err(in_function(name))?;
        let opset = Opset::new(&message.opset);
        Ok(Function { opset, specializations, attributes, carried: carried.boxed() })
    }

    fn attributes(
        &mut self,
        messages: &BTreeMap<String, Value>,
        carried: &mut Carried,
    ) -> Decoded<Attributes> {
        let mut attributes = Attributes::new();
        for (key, value) in messages {
            let carried = take(carried, &[Step::Entry(ATTRIBUTES, key)]);
            attributes.insert(key.as_str().into(), self.literal(value, carried)?);
        }
        Ok(attributes)
    }
}

fn in_function(function: &str) -> impl Fn(DecodeErrorKind) -> DecodeError {
    move |kind| DecodeError {
        place: Place { function: function.to_owned(), op: String::new() },
        kind: Box::new(kind),
    }
}

/// Encodes a program.
pub(crate) fn encode_program(
    program: &Program,
    layout: &Layout<'_>,
) -> Result<(Message, Unknown), EncodeError> {
    let encoder = Encoder {
        layout,
        new_weights: new_weights(program),
        specification_version: program.interface.specification_version,
    };
    let (attributes, attributes_unknown) =
        encoder.encode_attributes(&program.attributes, Spot::Other).map_err(at("", ""))?;
    let mut message = Message {
        version: program.version,
        doc_string: program.doc.clone(),
        attributes,
        ..Message::default()
    };
    let mut functions_unknown = Vec::new();
    for (name, function) in &program.functions {
        let (function, unknown) = encoder.encode_function(name, function)?;
        message.functions.insert(name.to_string(), function);
        functions_unknown.push((name, unknown));
    }
    let mut unknown = match &program.carried {
        Some(carried) => fit(&message, Message::SCHEMA, Some(carried)),
        None => Unknown::default(),
    };
    for (name, child) in functions_unknown {
        put(&mut unknown, &[Step::Entry(FUNCTIONS, name)], child);
    }
    for (key, child) in attributes_unknown {
        put(&mut unknown, &[Step::Entry(ATTRIBUTES, &key)], child);
    }
    Ok((message, unknown))
}

impl Encoder<'_> {
    fn encode_function(
        &self,
        name: &str,
        function: &Function,
    ) -> Result<(FunctionMessage, Unknown), EncodeError> {
        let (inputs, inputs_unknown) = self.inputs(function).map_err(at(name, ""))?;
        let (attributes, attributes_unknown) =
            self.encode_attributes(&function.attributes, Spot::Other).map_err(at(name, ""))?;
        let opset = function.opset.to_string();
        let mut message = FunctionMessage { inputs, opset, attributes, ..FunctionMessage::default() };
        let mut blocks_unknown = Vec::new();
        for (opset, graph) in &function.specializations {
            let (block, unknown) = self.encode_graph(name, graph)?;
            message.block_specializations.insert(opset.to_string(), block);
            blocks_unknown.push((opset, unknown));
        }
        let mut unknown = fit(&message, FunctionMessage::SCHEMA, function.carried.as_deref());
        for (index, child) in inputs_unknown.into_iter().enumerate() {
            put(&mut unknown, &[Step::At(INPUTS, index)], child);
        }
        for (opset, child) in blocks_unknown {
            put(&mut unknown, &[Step::Entry(SPECIALIZATIONS, opset.as_str())], child);
        }
        for (key, child) in attributes_unknown {
            put(&mut unknown, &[Step::Entry(ATTRIBUTES, &key)], child);
        }
        Ok((message, unknown))
    }

    /// The inputs, which the specialisations share.
    fn inputs(
        &self,
        function: &Function,
    ) -> Encoded<(Vec<mil_proto::specification::mil_spec::NamedValueType>, Vec<Unknown>)> {
        let active = function.specializations.get_key_value(&function.opset);
        let (opset, graph) =
            active.or_else(|| function.specializations.first()).ok_or(EncodeErrorKind::NoBlock)?;
        let declared = |graph: &Graph| -> Vec<_> {
            let values = graph.root().inputs().iter().map(|&value| graph.value(value));
            values.map(|value| (value.name().clone(), value.ty().clone())).collect()
        };
        let wanted = declared(graph);
        if let Some((other, _)) = function.specializations.iter().find(|(_, other)| declared(other) != wanted)
        {
            return Err(EncodeErrorKind::Inputs(opset.to_string(), other.to_string()));
        }
        let inputs = graph.root().inputs().iter().map(|&value| self.encode_named_type(graph, value));
        Ok(inputs.collect::<Encoded<Vec<_>>>()?.into_iter().unzip())
    }
}

/// The weight file for new weights: the one that the program's other weights are in.
pub(crate) fn new_weights(program: &Program) -> Name {
    let graphs = program.graphs().flat_map(|(_, _, graph)| graph.literals());
    let mut files = graphs.filter_map(|(_, literal)| match &literal.storage {
        Storage::File(name) => Some(name.clone()),
        _ => None,
    });
    files.next().unwrap_or_else(|| WEIGHT_FILE.into())
}

/// Asks for places for the weights of a program; answers whether those that were read must stay where they
/// are.
pub(crate) fn lay_out(program: &Program, layout: &mut Layout<'_>) -> Result<bool, EncodeError> {
    let new_weights = new_weights(program);
    let version = program.interface.specification_version;
    let mut pinned = false;
    let mut visit = |literal: &Literal, spot: Spot| -> Encoded<()> {
        pinned |= literal_has_unknown(literal);
        let Some(tensor) = literal.as_tensor() else { return Ok(()) };
        if let Data::Opaque(fingerprint) = tensor.data() {
            return Err(TensorError::Opaque(*fingerprint).into());
        }
        match file_for(literal, spot, version, &new_weights) {
            Some(file) => layout.add(file, tensor),
            None => Ok(()),
        }
    };
    let mut each = |literal| each_literal(literal, Spot::Other, &mut visit);
    program.attributes.values().try_for_each(&mut each).map_err(at("", ""))?;
    for (name, function) in &program.functions {
        function.attributes.values().try_for_each(&mut each).map_err(at(name, ""))?;
    }
    for (name, _, graph) in program.graphs() {
        each_literal_of(name, graph, &mut visit)?;
    }
    let some = |carried: &Option<Box<Carried>>| carried.as_ref().is_some_and(|carried| !carried.is_empty());
    Ok(pinned
        || some(&program.carried)
        || program.functions.values().any(|function| some(&function.carried))
        || program.graphs().any(|(_, _, graph)| has_unknown(graph)))
}
