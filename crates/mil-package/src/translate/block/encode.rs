//! A graph to messages of blocks.

use std::collections::BTreeMap;

use mil_ir::{Attributes, BlockId, Graph, Literal, OpId, Operand, ValueId};
use mil_proto::Described;
use mil_proto::specification::mil_spec::{
    Argument, Block, NamedValueType, Operation, Value,
    argument::{Binding, binding::Binding as Bound},
};
use mil_proto::wire::Unknown;

use super::{
    BLOCK_ATTRIBUTES, BLOCK_INPUTS, BLOCKS, INPUTS, NAME, OP_ATTRIBUTES, OPERATIONS, OUTPUTS, TYPE,
    is_unbound,
};
use crate::EncodeError;
use crate::translate::carried::{Step, fit, put};
use crate::translate::{Encoded, Encoder, Spot, at};

/// The messages of a map, and the unknown fields of those that have some.
type EncodedMap = (BTreeMap<String, Value>, Vec<(String, Unknown)>);

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
