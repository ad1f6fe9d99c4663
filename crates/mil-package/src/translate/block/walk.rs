//! What is in a graph besides its structure: literals, and what is carried unread.

use mil_ir::{Carried, Graph, Literal, LiteralData, Operand, Type, TypeKind, ValueId};

use crate::EncodeError;
use crate::translate::{Encoded, Spot, at, each_attribute, each_literal};

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
