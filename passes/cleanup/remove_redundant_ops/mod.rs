use std::collections::HashMap;

use mil_ir::{BlockId, Graph, Name, OpId, Operand, ValueId};
use mil_ops::{can_merge, effects};
use mil_pass::{Alias, Pass, PassCx, PassError, pass};
use mil_tensor::Fingerprint;

pass! {
    /// Makes users of equal ops share the first of them.
    ///
    /// Ops are equal if they have the same type, the same operands by parameter, and the same attributes, in the same block.
    /// Small constants count by value, large ones by identity (`const_deduplication` makes equal ones one). Ops with inner blocks,
    /// random ops, and ops that touch a state or are unknown are left alone, as are those that give an output.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> a = exp(x = x)[name = string("a")];
    ///     tensor<fp32, [2]> b = exp(x = x)[name = string("b")];
    ///     tensor<fp32, [2]> y = add(x = a, y = b)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> a = exp(x = x)[name = string("a")];
    ///     tensor<fp32, [2]> y = add(x = a, y = a)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct RemoveRedundantOps;
    id: "remove_redundant_ops",
    numerics: Exact,
    aliases: [Alias::plain("common::remove_redundant_ops")],
    statistics: [erased: "ops erased"],
}

/// Elements below which constants are compared by value.
const SMALL: usize = 100;

/// What makes two ops equal.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    kind: Name,
    operands: Vec<(Name, Part)>,
    attributes: Vec<(Name, Fingerprint)>,
}

#[derive(PartialEq, Eq, Hash)]
enum Part {
    Value(ValueId),
    Small(Fingerprint),
}

impl Pass for RemoveRedundantOps {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let blocks: Vec<BlockId> = graph.blocks().collect();
        for block in blocks {
            // In program order the operands of an op are final when it is looked at.
            let ops: Vec<OpId> = graph.block(block).ops().collect();
            let mut known: HashMap<Key, OpId> = HashMap::new();
            for op in ops {
                let Some(key) = key(graph, op) else { continue };
                let first = *known.entry(key).or_insert(op);
                let is_output = || graph.op(op).results().iter().any(|&value| graph.is_block_output(value));
                if first == op || is_output() || !can_merge(graph, first, op) {
                    continue;
                }
                if !cx.spend() {
                    return Ok(());
                }
                let pairs: Vec<(ValueId, ValueId)> = graph
                    .op(op)
                    .results()
                    .iter()
                    .copied()
                    .zip(graph.op(first).results().iter().copied())
                    .collect();
                for (gone, kept) in pairs {
                    graph.replace_uses(gone, kept);
                }
                graph.erase(op)?;
                cx.count("erased", 1);
            }
        }
        Ok(())
    }
}

/// `None` for ops that must stay apart or cannot be compared.
fn key(graph: &Graph, op: OpId) -> Option<Key> {
    let found = graph.op(op);
    if found.kind() == "const" || !found.blocks().is_empty() || !effects(graph, op).is_pure() {
        return None;
    }
    let mut operands = Vec::new();
    let mut takes_value = false;
    for (param, argument) in found.arguments() {
        for operand in argument {
            let part = match graph.literal(operand).map(|literal| literal.as_tensor()) {
                Some(Some(tensor)) if tensor.len() < SMALL => Part::Small(tensor.fingerprint().ok()?),
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
    })
}
