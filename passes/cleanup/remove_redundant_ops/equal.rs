//! When two ops are equal.

use mil_ir::{Graph, Name, OpId, Operand, ValueId};
use mil_ops::effects;
use mil_tensor::Fingerprint;

/// Elements below which constants are compared by value.
const SMALL: usize = 100;

/// What makes two ops equal.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Key {
    kind: Name,
    operands: Vec<(Name, Part)>,
    attributes: Vec<(Name, Fingerprint)>,
    /// As they are written: what one declares of a size, the other declares.
    results: Vec<String>,
}

#[derive(PartialEq, Eq, Hash)]
enum Part {
    Value(ValueId),
    Small(Fingerprint),
}

/// `None` for ops that must stay apart or cannot be compared.
pub(super) fn key(graph: &Graph, op: OpId) -> Option<Key> {
    let found = graph.op(op);
    if found.kind() == "const"
        || !found.blocks().is_empty()
        || !effects(graph, op).is_pure()
        || has_unknown_fields(graph, op)
    {
        return None;
    }
    let mut operands = Vec::new();
    let mut takes_value = false;
    for (param, argument) in found.arguments() {
        for operand in argument {
            // A constant whose op has unknown fields is equal to itself alone.
            let plain = operand.value().and_then(|value| graph.definition(value));
            let plain = !plain.is_some_and(|definition| has_unknown_fields(graph, definition));
            let part = match graph.literal(operand).map(|literal| literal.as_tensor()) {
                Some(Some(tensor)) if tensor.len() < SMALL && plain => {
                    Part::Small(tensor.fingerprint().ok()?)
                }
                _ => match operand {
                    Operand::Value(value) => {
                        takes_value |= graph.const_literal(*value).is_none();
                        Part::Value(*value)
                    }
                    Operand::Literal(_) => return None,
                },
            };
            operands.push((param.clone(), part));
        }
    }
    let attributes = found.attributes().iter().map(|(key, literal)| {
        Some((key.clone(), literal.as_tensor().filter(|tensor| tensor.len() < SMALL)?.fingerprint().ok()?))
    });
    // Ops over constants alone are `const_elimination`'s.
    takes_value.then_some(Key {
        kind: found.kind().clone(),
        operands,
        attributes: attributes.collect::<Option<_>>()?,
        results: found.results().iter().map(|&value| graph.value(value).ty().to_string()).collect(),
    })
}

/// The message of the op, of a result or of its type has fields that this version does not know.
fn has_unknown_fields(graph: &Graph, op: OpId) -> bool {
    let found = graph.op(op);
    let mut results = found.results().iter().map(|&value| graph.value(value));
    found.carried().is_some()
        || results.any(|value| value.carried().is_some() || value.ty().carried().is_some())
}
