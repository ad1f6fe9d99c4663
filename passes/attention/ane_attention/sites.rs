//! Where attention is, and what stands around it.

use mil_ir::{Graph, Name, OpId, Program, ValueId};
use mil_pass::Sites;

/// Ops that weights go through on their way to a product: they move elements, or change their type or size.
const THROUGH: &[&str] = &[
    "cast",
    "expand_dims",
    "identity",
    "mul",
    "real_div",
    "reshape",
    "slice_by_index",
    "split",
    "squeeze",
    "tile",
    "transpose",
];
const PRODUCTS: &[&str] = &["matmul", "einsum"];

/// An op of attention: a fused one, or a softmax whose weights go into a product.
pub(super) fn attention(graph: &Graph) -> Option<OpId> {
    let mut weights = vec![None; graph.bound()];
    for op in graph.walk() {
        let found = graph.op(op);
        let kind = found.kind().as_str();
        if kind == "scaled_dot_product_attention" {
            return Some(op);
        }
        let weighed = found.values().find_map(|value: ValueId| weights[value.index()]);
        if PRODUCTS.contains(&kind) && weighed.is_some() {
            return weighed;
        }
        let weighs = match kind {
            "softmax" => Some(op),
            _ if THROUGH.contains(&kind) => weighed,
            _ => None,
        };
        found.results().iter().for_each(|result| weights[result.index()] = weighs);
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
