//! Messages of blocks to a graph.
//!
//! A stack holds the blocks that are open. An op's results become visible after its inner blocks.

use std::collections::BTreeMap;

use mil_ir::verify::Report;
use mil_ir::{
    At, Attributes, BlockId, Carried, Graph, Literal, Name, NewBlock, NewOp, OpId, Operand, Opset, Type,
    ValueId,
};
use mil_proto::specification::mil_spec::{
    Block, NamedValueType, Operation, Value, argument::binding::Binding as Bound,
};
use mil_tensor::DType;
use prost::Message as _;
use prost::bytes::Bytes;

use super::{
    BLOCK_ATTRIBUTES, BLOCK_INPUTS, BLOCKS, INPUTS, NAME, OP_ATTRIBUTES, OPERATIONS, OUTPUTS, TYPE, unbound,
};
use crate::DecodeError;
use crate::error::{DecodeErrorKind, Place};
use crate::translate::block::scope::Scope;
use crate::translate::carried::{Step, take};
use crate::translate::{Decoded, Decoder};

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
    opset: &Opset,
    inputs: &[(Name, Type, Carried)],
    (block, carried): (Block, Carried),
) -> Result<Graph, DecodeError> {
    let graph = Graph::new(inputs.iter().map(|(name, ty, _)| (name.clone(), ty.clone())).collect());
    let mut reader = GraphReader { decoder, graph, scope: Scope::default(), op: String::new() };
    let read = reader.read(inputs, block, carried).and_then(|()| {
        reader.op.clear();
        std::mem::take(&mut reader.scope).rename_repeated(&mut reader.graph)
    });
    match read {
        Ok(repeated) => {
            let report = Report { violations: repeated, ..Report::default() };
            reader.decoder.mended.extend(report.in_graph(&function.into(), opset).violations);
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
    scope: Scope,
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
                    self.scope.define(&self.graph, value, &mut open.names)?;
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
            self.scope.define(&self.graph, value, &mut names)?;
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
        let outputs =
            block.outputs.iter().map(|name| self.scope.lookup(name, "")).collect::<Decoded<Vec<_>>>()?;
        self.graph.set_outputs(block.id, outputs);
        let attributes = self.attributes(&block.attributes, BLOCK_ATTRIBUTES, &mut block.carried)?;
        self.graph.set_block_extras(block.id, attributes, block.carried.boxed());
        self.scope.leave(block.names);
        Ok(())
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
                    Some(Bound::Name(name)) => Operand::Value(self.scope.lookup(name, param)?),
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
