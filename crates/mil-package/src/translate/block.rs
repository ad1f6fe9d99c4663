//! Blocks and operations: the graph of one specialisation of a function.
//!
//! Operations refer to values by name. Decoding keeps a map of the names that are visible where it stands, and a stack
//! of the blocks it stands in. An op's results become visible after its inner blocks.

use std::collections::{BTreeMap, HashMap};

use mil_ir::{
    At, Attributes, BlockId, Carried, Graph, Literal, LiteralData, Name, NewBlock, NewOp, OpId, Operand,
    STATE_PARAM, Storage, Type, TypeKind, ValueId,
};
use mil_proto::Described;
use mil_proto::specification::mil_spec::{
    Argument, Block, NamedValueType, Operation, Value,
    argument::{Binding, binding::Binding as Bound},
};
use mil_proto::wire::Unknown;
use mil_tensor::DType;
use prost::Message as _;
use prost::bytes::Bytes;

use crate::error::{DecodeErrorKind, Place};
use crate::translate::carried::{Step, fit, put, take};
use crate::translate::{Decoded, Decoder, Encoded, Encoder, Spot, at, each_attribute, each_literal};
use crate::{DecodeError, EncodeError};

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

/// A block on the stack.
enum Frame {
    /// Its turn has not come: nothing of it is visible.
    Waiting {
        id: BlockId,
        block: Block,
        carried: Carried,
        owner: String,
    },
    Open(OpenBlock),
}

/// A block that is being decoded.
struct OpenBlock {
    id: BlockId,
    operations: std::vec::IntoIter<Bytes>,
    /// The number of the next operation.
    next: usize,
    outputs: Vec<String>,
    attributes: BTreeMap<String, Value>,
    carried: Carried,
    /// The op whose inner blocks were decoded just now: its results are to become visible.
    pending: Option<OpId>,
    /// The names that the block made visible.
    names: Vec<Name>,
    /// Label of the op that owns the block, for errors.
    owner: String,
}

/// Decodes the block of a function whose inputs were decoded.
pub(crate) fn decode_graph(
    decoder: &mut Decoder<'_>,
    function: &str,
    inputs: &[(Name, Type, Carried)],
    block: Block,
    carried: Carried,
) -> Result<Graph, DecodeError> {
    let graph = Graph::new(inputs.iter().map(|(name, ty, _)| (name.clone(), ty.clone())).collect());
    let mut reader =
        GraphReader { decoder, graph, scope: HashMap::new(), states: HashMap::new(), op: String::new() };
    match reader.read(inputs, block, carried) {
        Ok(()) => {
            reader.graph.forget_edits();
            Ok(reader.graph)
        }
        Err(kind) => Err(DecodeError {
            place: Place { function: function.to_owned(), op: reader.op },
            kind: Box::new(kind),
        }),
    }
}

struct GraphReader<'r, 'd> {
    decoder: &'r mut Decoder<'d>,
    graph: Graph,
    /// What names stand for where the reader is.
    scope: HashMap<Name, ValueId>,
    /// The same for states, which have names of their own; see [`mil_ir::STATE_PARAM`].
    states: HashMap<Name, ValueId>,
    /// Label of the op that is being decoded, for errors.
    op: String,
}

impl GraphReader<'_, '_> {
    fn read(&mut self, inputs: &[(Name, Type, Carried)], block: Block, carried: Carried) -> Decoded<()> {
        if !block.inputs.is_empty() {
            return Err(DecodeErrorKind::BlockInputs);
        }
        let values = self.graph.root().inputs().to_vec();
        for (value, (_, _, carried)) in values.into_iter().zip(inputs) {
            self.graph.set_value_carried(value, carried.clone().boxed());
        }
        let mut stack = vec![Frame::Waiting { id: Graph::ROOT, block, carried, owner: String::new() }];
        while let Some(frame) = stack.pop() {
            let mut open = match frame {
                Frame::Waiting { id, block, carried, owner } => self.enter(id, block, carried, owner)?,
                Frame::Open(open) => open,
            };
            if let Some(op) = open.pending.take() {
                for value in self.graph.op(op).results().to_vec() {
                    self.define(value, &mut open.names)?;
                }
            }
            let Some(bytes) = open.operations.next() else {
                self.leave(open)?;
                continue;
            };
            let carried = take(&mut open.carried, &[Step::At(OPERATIONS, open.next)]);
            open.next += 1;
            let (op, inner) = self.operation(bytes, carried, open.id)?;
            open.pending = Some(op);
            stack.push(Frame::Open(open));
            // The last block is pushed first, so that the first has the first turn.
            let ids = self.graph.op(op).blocks().to_vec();
            for (id, (block, carried)) in ids.into_iter().zip(inner).rev() {
                stack.push(Frame::Waiting { id, block, carried, owner: self.op.clone() });
            }
        }
        Ok(())
    }

    fn enter(&mut self, id: BlockId, block: Block, carried: Carried, owner: String) -> Decoded<OpenBlock> {
        let mut names = Vec::new();
        for value in self.graph.block(id).inputs().to_vec() {
            self.define(value, &mut names)?;
        }
        Ok(OpenBlock {
            id,
            operations: block.operations.into_iter(),
            next: 0,
            outputs: block.outputs,
            attributes: block.attributes,
            carried,
            pending: None,
            names,
            owner,
        })
    }

    fn leave(&mut self, mut block: OpenBlock) -> Decoded<()> {
        self.op = block.owner;
        let outputs = block.outputs.iter().map(|name| self.lookup(name, "")).collect::<Decoded<Vec<_>>>()?;
        self.graph.set_outputs(block.id, outputs);
        let attributes = self.attributes(&block.attributes, BLOCK_ATTRIBUTES, &mut block.carried)?;
        self.graph.set_block_extras(block.id, attributes, block.carried.boxed());
        for name in block.names {
            self.scope.remove(&name);
        }
        Ok(())
    }

    fn define(&mut self, value: ValueId, names: &mut Vec<Name>) -> Decoded<()> {
        let name = self.graph.value(value).name().clone();
        if self.graph.value(value).ty().as_state().is_some() {
            // Only functions take states, so that their names never go out of sight.
            return match self.states.insert(name.clone(), value) {
                Some(_) => Err(DecodeErrorKind::Duplicate(name.to_string())),
                None => Ok(()),
            };
        }
        if self.scope.insert(name.clone(), value).is_some() {
            return Err(DecodeErrorKind::Duplicate(name.to_string()));
        }
        names.push(name);
        Ok(())
    }

    /// The value of a name. Of a state and another value with the same name, `param` tells which.
    fn lookup(&self, name: &str, param: &str) -> Decoded<ValueId> {
        let (first, second) =
            if param == STATE_PARAM { (&self.states, &self.scope) } else { (&self.scope, &self.states) };
        first
            .get(name)
            .or_else(|| second.get(name))
            .copied()
            .ok_or_else(|| DecodeErrorKind::Undefined(name.to_owned()))
    }

    fn attributes(
        &mut self,
        messages: &BTreeMap<String, Value>,
        field: u32,
        carried: &mut Carried,
    ) -> Decoded<Attributes> {
        let mut attributes = Attributes::new();
        for (key, value) in messages {
            let carried = take(carried, &[Step::Entry(field, key)]);
            attributes.insert(self.graph.intern(key), self.decoder.literal(value, carried)?);
        }
        Ok(attributes)
    }

    /// Decodes an operation into the end of a block; answers its inner blocks, which are still empty.
    fn operation(
        &mut self,
        bytes: Bytes,
        mut carried: Carried,
        block: BlockId,
    ) -> Decoded<(OpId, Vec<(Block, Carried)>)> {
        let message = Operation::decode(bytes)?;
        self.op = label(&message);
        let kind = self.graph.intern(&message.r#type);
        let mut new = NewOp::new(kind);
        new.attributes = self.attributes(&message.attributes, OP_ATTRIBUTES, &mut carried)?;
        new.name = new.attributes.get(NAME).and_then(plain_name);
        if new.name.is_some() {
            new.attributes.remove(NAME);
        }
        for (param, argument) in &message.inputs {
            let param_name = self.graph.intern(param);
            let mut operands = mil_ir::Argument::new();
            for (index, binding) in argument.arguments.iter().enumerate() {
                operands.push(match &binding.binding {
                    Some(Bound::Name(name)) => Operand::Value(self.lookup(name, param)?),
                    Some(Bound::Value(value)) => {
                        let steps = [Step::Entry(INPUTS, param), Step::At(1, index), Step::One(2)];
                        let carried = take(&mut carried, &steps);
                        self.decoder.literal(value, carried)?.into()
                    }
                    None => unbound().into(),
                });
            }
            new.arguments.push((param_name, operands));
        }
        let mut carried_values = Vec::new();
        for (index, output) in message.outputs.into_iter().enumerate() {
            let carried = take(&mut carried, &[Step::At(OUTPUTS, index)]);
            let (name, ty, carried) = self.decoder.named_type(output, carried)?;
            new.results.push((name, ty));
            carried_values.push(carried);
        }
        let mut inner = Vec::with_capacity(message.blocks.len());
        for (index, mut block) in message.blocks.into_iter().enumerate() {
            let mut carried = take(&mut carried, &[Step::At(BLOCKS, index)]);
            let mut inputs = Vec::with_capacity(block.inputs.len());
            for (index, input) in std::mem::take(&mut block.inputs).into_iter().enumerate() {
                let carried = take(&mut carried, &[Step::At(BLOCK_INPUTS, index)]);
                let (name, ty, carried) = self.decoder.named_type(input, carried)?;
                inputs.push((name, ty));
                carried_values.push(carried);
            }
            new.blocks.push(NewBlock { inputs });
            inner.push((block, carried));
        }
        let op = self.graph.insert(new, At::End(block));
        self.graph.set_op_carried(op, carried.boxed());
        let blocks = self.graph.op(op).blocks().iter();
        let inputs = blocks.flat_map(|&block| self.graph.block(block).inputs());
        let values: Vec<ValueId> = self.graph.op(op).results().iter().chain(inputs).copied().collect();
        for (value, carried) in values.into_iter().zip(carried_values) {
            self.graph.set_value_carried(value, carried.boxed());
        }
        Ok((op, inner))
    }
}

/// How errors call an operation: its label, its first result, or its type.
fn label(message: &Operation) -> String {
    if let Some(name) = message.attributes.get(NAME).and_then(text) {
        return name.to_owned();
    }
    match message.outputs.first() {
        Some(output) => output.name.clone(),
        None => message.r#type.clone(),
    }
}

fn text(value: &Value) -> Option<&str> {
    use mil_proto::specification::mil_spec::{
        tensor_value::Value as Elements,
        value::{Value as Contents, immediate_value::Value as Immediate},
    };
    let Contents::ImmediateValue(immediate) = value.value.as_ref()? else { return None };
    let Some(Immediate::Tensor(tensor)) = &immediate.value else { return None };
    match &tensor.value {
        Some(Elements::Strings(strings)) => strings.values.first().map(String::as_str),
        _ => None,
    }
}

/// The label in an attribute, if encoding that label gives the attribute again.
fn plain_name(literal: &Literal) -> Option<Name> {
    let tensor = literal.as_tensor()?;
    let plain = literal.doc.is_empty()
        && literal.carried.is_none()
        && literal.ty.carried().is_none()
        && literal.ty == Type::scalar(DType::String)
        && tensor.rank() == 0;
    plain.then(|| tensor.item_str()).flatten().map(Name::from)
}

/// Stands for an operand that is neither a name nor a value in the file.
fn unbound() -> Literal {
    Literal::new(Type::new(TypeKind::Unknown), LiteralData::Opaque([].into()))
}

/// See [`unbound`]. Opaque values that were read are never to be stored anywhere.
fn is_unbound(literal: &Literal) -> bool {
    literal.storage == Storage::Auto
        && matches!(&literal.data, LiteralData::Opaque(bytes) if bytes.is_empty())
}

/// The messages of a map, and the unknown fields of those that have some.
type EncodedMap = (BTreeMap<String, Value>, Vec<(String, Unknown)>);

impl Decoder<'_> {
    /// A name and the type declared for it.
    pub(crate) fn named_type(
        &mut self,
        message: NamedValueType,
        mut carried: Carried,
    ) -> Decoded<(Name, Type, Carried)> {
        let ty_carried = take(&mut carried, &[TYPE]);
        let ty = self.ty(message.r#type.as_deref(), ty_carried)?;
        Ok((message.name.into(), ty, carried))
    }
}

impl Encoder<'_> {
    /// A value as it is declared.
    pub(crate) fn encode_named_type(
        &self,
        graph: &Graph,
        value: ValueId,
    ) -> Encoded<(NamedValueType, Unknown)> {
        let value = graph.value(value);
        let (ty, ty_unknown) = self.encode_ty(value.ty())?;
        let message = NamedValueType { name: value.name().to_string(), r#type: ty.map(Box::new) };
        let mut unknown = fit(&message, NamedValueType::SCHEMA, value.carried());
        put(&mut unknown, &[TYPE], ty_unknown);
        Ok((message, unknown))
    }

    /// The literals of a map of attributes.
    pub(crate) fn encode_attributes(&self, attributes: &Attributes, spot: Spot) -> Encoded<EncodedMap> {
        let mut messages = BTreeMap::new();
        let mut unknown = Vec::new();
        for (key, literal) in attributes {
            let (value, child) = self.encode_literal(literal, spot)?;
            if !child.is_empty() {
                unknown.push((key.to_string(), child));
            }
            messages.insert(key.to_string(), value);
        }
        Ok((messages, unknown))
    }

    /// The block of a graph. The inputs of the outermost block stand in the function's message.
    pub(crate) fn encode_graph(
        &self,
        function: &str,
        graph: &Graph,
    ) -> Result<(Block, Unknown), EncodeError> {
        let mut stack = vec![self.open(graph, Graph::ROOT).map_err(at(function, ""))?];
        loop {
            let Some(top) = stack.last_mut() else { return Ok(Default::default()) };
            if let Some(op) = top.current
                && let Some(&inner) = graph.op(op).blocks().get(top.inner.len())
            {
                let open = self.open(graph, inner).map_err(at(function, graph.label(op)))?;
                stack.push(open);
                continue;
            }
            if let Some(op) = top.current.take() {
                let inner = std::mem::take(&mut top.inner);
                let (message, unknown) =
                    self.encode_op(graph, op, inner).map_err(at(function, graph.label(op)))?;
                put(&mut top.unknown, &[Step::At(OPERATIONS, top.message.operations.len())], unknown);
                top.message.push_operation(&message);
            }
            top.current = top.ops.next();
            if top.current.is_none() {
                let Some(done) = stack.pop() else { return Ok(Default::default()) };
                match stack.last_mut() {
                    Some(parent) => parent.inner.push((done.message, done.unknown)),
                    None => return Ok((done.message, done.unknown)),
                }
            }
        }
    }

    fn open<'g>(&self, graph: &'g Graph, id: BlockId) -> Encoded<Writing<'g>> {
        let block = graph.block(id);
        let (attributes, attributes_unknown) = self.encode_attributes(block.attributes(), Spot::Other)?;
        let mut message = Block {
            outputs: block.outputs().map(|value| graph.value(value).name().to_string()).collect(),
            attributes,
            ..Block::default()
        };
        let mut inputs_unknown = Vec::new();
        if id != Graph::ROOT {
            for &value in block.inputs() {
                let (input, unknown) = self.encode_named_type(graph, value)?;
                message.inputs.push(input);
                inputs_unknown.push(unknown);
            }
        }
        let mut unknown = fit(&message, Block::SCHEMA, block.carried());
        for (index, child) in inputs_unknown.into_iter().enumerate() {
            put(&mut unknown, &[Step::At(BLOCK_INPUTS, index)], child);
        }
        for (key, child) in attributes_unknown {
            put(&mut unknown, &[Step::Entry(BLOCK_ATTRIBUTES, &key)], child);
        }
        Ok(Writing { message, unknown, ops: Box::new(block.ops()), current: None, inner: Vec::new() })
    }

    fn encode_op(
        &self,
        graph: &Graph,
        id: OpId,
        blocks: Vec<(Block, Unknown)>,
    ) -> Encoded<(Operation, Unknown)> {
        let op = graph.op(id);
        let spot = Spot::of(op.kind());
        let mut message = Operation { r#type: op.kind().to_string(), ..Operation::default() };
        let mut inner: Vec<(Vec<Step<'_>>, Unknown)> = Vec::new();
        for (param, argument) in op.arguments() {
            let mut arguments = Vec::with_capacity(argument.len());
            for (index, operand) in argument.iter().enumerate() {
                let binding = match operand {
                    Operand::Value(value) => Some(Bound::Name(graph.value(*value).name().to_string())),
                    Operand::Literal(literal) if is_unbound(literal) => None,
                    Operand::Literal(literal) => {
                        let (value, unknown) = self.encode_literal(literal, spot)?;
                        let steps = vec![Step::Entry(INPUTS, param), Step::At(1, index), Step::One(2)];
                        inner.push((steps, unknown));
                        Some(Bound::Value(Box::new(value)))
                    }
                };
                arguments.push(Binding { binding });
            }
            message.inputs.insert(param.to_string(), Argument { arguments });
        }
        for (index, &value) in op.results().iter().enumerate() {
            let (output, unknown) = self.encode_named_type(graph, value)?;
            inner.push((vec![Step::At(OUTPUTS, index)], unknown));
            message.outputs.push(output);
        }
        let (attributes, attributes_unknown) = self.encode_attributes(op.attributes(), spot)?;
        message.attributes = attributes;
        if let Some(name) = op.name() {
            let (value, _) = self.encode_literal(&Literal::string(name), Spot::Other)?;
            message.attributes.insert(NAME.to_owned(), value);
        }
        for (index, (block, unknown)) in blocks.into_iter().enumerate() {
            inner.push((vec![Step::At(BLOCKS, index)], unknown));
            message.blocks.push(block);
        }
        let mut unknown = fit(&message, Operation::SCHEMA, op.carried());
        for (steps, child) in inner {
            put(&mut unknown, &steps, child);
        }
        for (key, child) in attributes_unknown {
            put(&mut unknown, &[Step::Entry(OP_ATTRIBUTES, &key)], child);
        }
        Ok((message, unknown))
    }
}

/// A block that is being encoded.
struct Writing<'g> {
    message: Block,
    unknown: Unknown,
    /// The ops that are left.
    ops: Box<dyn Iterator<Item = OpId> + 'g>,
    /// The op whose inner blocks are being encoded.
    current: Option<OpId>,
    /// Its blocks that are done.
    inner: Vec<(Block, Unknown)>,
}

/// Visits every literal of a graph in the order in which it is written, attributes of types among them.
pub(crate) fn each_literal_of<'g>(
    function: &str,
    graph: &'g Graph,
    visit: &mut dyn FnMut(&'g Literal, Spot) -> Encoded<()>,
) -> Result<(), EncodeError> {
    let types = |values: &[ValueId], visit: &mut dyn FnMut(&'g Literal, Spot) -> Encoded<()>| {
        values.iter().try_for_each(|&value| each_attribute(graph.value(value).ty(), visit))
    };
    types(graph.root().inputs(), visit).map_err(at(function, ""))?;
    for id in graph.walk() {
        let op = graph.op(id);
        let spot = Spot::of(op.kind());
        let mut all = || {
            let operands = op.operands().filter_map(Operand::literal);
            operands.chain(op.attributes().values()).try_for_each(|l| each_literal(l, spot, visit))?;
            types(op.results(), visit)?;
            for &block in op.blocks() {
                let block = graph.block(block);
                types(block.inputs(), visit)?;
                block.attributes().values().try_for_each(|l| each_literal(l, Spot::Other, visit))?;
            }
            Ok(())
        };
        all().map_err(at(function, graph.label(id)))?;
    }
    let attributes = graph.root().attributes().values();
    attributes.into_iter().try_for_each(|l| each_literal(l, Spot::Other, visit)).map_err(at(function, ""))
}

/// Something in a graph is carried without being understood, and may refer to blobs by their offsets.
pub(crate) fn has_unknown(graph: &Graph) -> bool {
    let some = |carried: Option<&Carried>| carried.is_some_and(|carried| !carried.is_empty());
    let value = |&id: &ValueId| {
        let value = graph.value(id);
        some(value.carried()) || type_has_unknown(value.ty())
    };
    graph.root().inputs().iter().any(value)
        || graph.blocks().any(|id| {
            let block = graph.block(id);
            some(block.carried()) || block.inputs().iter().any(value)
        })
        || graph.walk().any(|id| some(graph.op(id).carried()) || graph.op(id).results().iter().any(value))
}

/// See [`has_unknown`].
pub(crate) fn type_has_unknown(ty: &Type) -> bool {
    let mut stack = vec![ty];
    while let Some(ty) = stack.pop() {
        if ty.carried().is_some_and(|carried| !carried.is_empty()) {
            return true;
        }
        match ty.kind() {
            TypeKind::List(inner, _) | TypeKind::State(inner) => stack.push(inner),
            TypeKind::Tuple(inner) => stack.extend(inner),
            TypeKind::Dict(key, value) => stack.extend([key, value]),
            TypeKind::Tensor(_) | TypeKind::Unknown => {}
        }
    }
    false
}

/// See [`has_unknown`].
pub(crate) fn literal_has_unknown(literal: &Literal) -> bool {
    let opaque = matches!(&literal.data, LiteralData::Opaque(bytes) if !bytes.is_empty());
    opaque
        || literal.carried.as_ref().is_some_and(|carried| !carried.is_empty())
        || type_has_unknown(&literal.ty)
}
