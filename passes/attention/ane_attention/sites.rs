//! Where attention is, and what stands around it.

use mil_ir::{Graph, Name, OpId, Program, ValueId};
use mil_pass::Sites;

/// Ops that move elements, change their type or scale and mask scores.
const THROUGH: &[&str] = &[
    "add",
    "cast",
    "clip",
    "expand_dims",
    "identity",
    "maximum",
    "mul",
    "real_div",
    "reshape",
    "select",
    "squeeze",
    "sub",
    "tile",
    "transpose",
];
const PRODUCTS: &[&str] = &["matmul", "einsum"];

/// An op of attention: a fused one, or a softmax between two products.
pub(super) fn attention(graph: &Graph) -> Option<OpId> {
    let mut from_product = vec![false; graph.bound()];
    let mut weights = vec![None; graph.bound()];
    for op in graph.walk() {
        let found = graph.op(op);
        let kind = found.kind().as_str();
        if kind == "scaled_dot_product_attention" {
            return Some(op);
        }
        let given = |values: &[bool]| found.values().any(|value: ValueId| values[value.index()]);
        let weighed = found.values().find_map(|value: ValueId| weights[value.index()]);
        let is = |kinds: &[&str]| kinds.contains(&kind);
        if is(PRODUCTS) && weighed.is_some() {
            return weighed;
        }
        let leads = is(PRODUCTS) || is(THROUGH) && given(&from_product);
        let weighs = match kind {
            "softmax" if given(&from_product) => Some(op),
            _ if is(THROUGH) => weighed,
            _ => None,
        };
        for &result in found.results() {
            (from_product[result.index()], weights[result.index()]) = (leads, weighs);
        }
    }
    None
}

/// The linears of a function.
pub(super) fn linears(program: &Program, function: &Name) -> Sites {
    let graphs = program.graphs().filter(|(name, ..)| *name == function);
    graphs
        .flat_map(|(name, opset, graph)| {
            let linears = graph.walk().filter(|&op| graph.op(op).kind() == "linear");
            linears.map(move |op| (name.clone(), opset.clone(), op))
        })
        .collect()
}
