use std::collections::HashMap;

use mil_ir::{At, Graph, OpId};
use mil_ops::can_move;
use mil_pass::{Alias, Pass, PassCx, PassError, pass};

pass! {
    /// Moves each `cast` and `transpose` down to just before its first use.
    ///
    /// What nothing in the block uses, or only the block's outputs, goes to the end. Casts move first, then
    /// transposes. Both ops are pure, so that no result changes; fewer large values are alive at once.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     string half = const()[name = string("half"), val = string("fp16")];
    ///     tensor<fp16, [2]> c = cast(dtype = half, x = x)[name = string("c")];
    ///     tensor<fp32, [2]> z = exp(x = x)[name = string("z")];
    ///     tensor<fp16, [2]> y = relu(x = c)[name = string("y")];
    /// } -> (z, y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     string half = const()[name = string("half"), val = string("fp16")];
    ///     tensor<fp32, [2]> z = exp(x = x)[name = string("z")];
    ///     tensor<fp16, [2]> c = cast(dtype = half, x = x)[name = string("c")];
    ///     tensor<fp16, [2]> y = relu(x = c)[name = string("y")];
    /// } -> (z, y);
    /// ```
    pub struct TopologicalReorder;
    id: "topological_reorder",
    numerics: Exact,
    aliases: [Alias::plain("common::topological_reorder")],
    statistics: [moved: "ops moved"],
}

impl Pass for TopologicalReorder {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let blocks: Vec<_> = graph.blocks().collect();
        for block in blocks {
            // Last to first: what an op feeds has moved before it.
            let ops: Vec<OpId> = graph.block(block).ops().filter(|&op| is_moved(graph, op)).collect();
            let mut behind = Behind::default();
            for op in ops.into_iter().rev() {
                let users = graph.op(op).results().iter().flat_map(|&value| graph.users(value));
                let ancestors = users.filter_map(|user| graph.ancestor_in(user, block));
                let end = graph.block(block).return_op();
                let first = ancestors
                    .fold(end, |first, user| if graph.is_before(user, first) { user } else { first });
                // Ops that this pass moves keep their order, or they would change places in every run.
                let stands_before = behind.staying(graph, op) == behind.staying_from(first);
                if !stands_before && can_move(graph, op, first) {
                    if !cx.spend() {
                        return Ok(());
                    }
                    graph.move_op(op, At::Before(first))?;
                    cx.count("moved", 1);
                }
                let next = behind.staying(graph, op);
                behind.0.insert(op, next);
            }
        }
        Ok(())
    }
}

fn is_moved(graph: &Graph, op: OpId) -> bool {
    matches!(graph.op(op).kind().as_str(), "cast" | "transpose")
}

/// For each op that was looked at, the next one behind it that this pass does not move.
#[derive(Default)]
struct Behind(HashMap<OpId, OpId>);

impl Behind {
    /// The next op behind an op that is not moved; all ops behind it were looked at.
    fn staying(&self, graph: &Graph, op: OpId) -> OpId {
        self.staying_from(graph.next(op).unwrap_or(op))
    }

    /// The same, the op itself included.
    fn staying_from(&self, op: OpId) -> OpId {
        self.0.get(&op).copied().unwrap_or(op)
    }
}
