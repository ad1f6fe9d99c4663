mod equal;

use std::collections::HashMap;

use equal::Key;
use mil_ir::{BlockId, Graph, OpId, ValueId};
use mil_ops::can_merge;
use mil_pass::{Alias, Pass, PassCx, PassError, pass};

pass! {
    /// Makes users of equal ops share the first of them.
    ///
    /// Ops are equal if they have the same type, the same operands by parameter, and the same attributes, in
    /// the same block. Small constants count by value, large ones by identity (`const_deduplication` makes
    /// equal ones one). Ops with inner blocks, random ops, and ops that touch a state, are unknown or have
    /// fields that are, are left alone, as are those that give an output.
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

impl Pass for RemoveRedundantOps {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let blocks: Vec<BlockId> = graph.blocks().collect();
        for block in blocks {
            // In program order the operands of an op are final when it is looked at.
            let ops: Vec<OpId> = graph.block(block).ops().collect();
            let mut known: HashMap<Key, OpId> = HashMap::new();
            for op in ops {
                let Some(key) = equal::key(graph, op) else { continue };
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
