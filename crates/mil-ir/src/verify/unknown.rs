//! What nobody can check, as this version does not know it.

use std::collections::BTreeSet;

use mil_tensor::DType;

use super::report::{Place, Unchecked};
use crate::{LiteralData, Program, Type, TypeKind};

/// What no one can check in a program: unknown opsets, types and literals. Each once, sorted.
pub(super) fn unchecked(program: &Program) -> Vec<Unchecked> {
    let mut found = BTreeSet::new();
    for (name, opset, graph) in program.graphs() {
        let mut add = |code, what: String| found.insert(Unchecked::new(code, Place::function(name), what));
        if opset.release().is_none() {
            add("unknown-opset", format!("opset {opset} is not known"));
        }
        let inputs = graph.blocks().flat_map(|block| graph.block(block).inputs());
        let results = graph.walk().flat_map(|op| graph.op(op).results());
        for &value in inputs.chain(results) {
            if let Some(what) = unknown_in(graph.value(value).ty()) {
                add("unknown-type", what);
            }
        }
        for (_, literal) in graph.literals() {
            if matches!(literal.data, LiteralData::Opaque(_)) {
                add("unknown-literal", "a literal cannot be read".into());
            } else if let Some(what) = unknown_in(&literal.ty) {
                add("unknown-type", what);
            }
        }
    }
    found.into_iter().collect()
}

/// What is unknown in a type.
fn unknown_in(ty: &Type) -> Option<String> {
    match ty.kind() {
        TypeKind::Tensor(tensor) => matches!(tensor.dtype, DType::Unknown(_))
            .then(|| format!("element type {} is not known", tensor.dtype)),
        TypeKind::List(inner, _) | TypeKind::State(inner) => unknown_in(inner),
        TypeKind::Tuple(elements) => elements.iter().find_map(unknown_in),
        TypeKind::Dict(key, value) => unknown_in(key).or_else(|| unknown_in(value)),
        TypeKind::Unknown => Some("a type has an unknown form".into()),
    }
}
