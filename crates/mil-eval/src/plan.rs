//! Which ops are needed, and after which op each value is dropped.

use mil_ir::{BlockId, Graph, OpId, ValueId};
use mil_ops::Effect;

/// The plan of a function.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Ops to run, by the index of their block, in program order.
    blocks: Vec<Vec<Step>>,
    /// Needed ops, by index.
    needed: Vec<bool>,
}

/// One op of a plan.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) op: OpId,
    /// Values that nobody needs once the op has run.
    pub(crate) drop: Vec<ValueId>,
}

impl Plan {
    /// What computing these values of the outermost block takes, and all effects.
    pub(crate) fn new(graph: &Graph, wanted: &[ValueId]) -> Plan {
        let mut needed = vec![false; graph.bound()];
        let mut work: Vec<OpId> = wanted.iter().filter_map(|&value| graph.definition(value)).collect();
        work.extend(graph.walk().filter(|&op| has_effect(graph, op)).flat_map(|op| enclosing(graph, op)));
        while let Some(op) = work.pop() {
            if std::mem::replace(&mut needed[op.index()], true) {
                continue;
            }
            let found = graph.op(op);
            work.extend(found.values().filter_map(|value| graph.definition(value)));
            for &block in found.blocks() {
                work.extend(graph.block(block).outputs().filter_map(|value| graph.definition(value)));
            }
            // A value of an outer block is needed together with the ops that enclose its definition: they are
            // running.
        }
        let mut plan = Plan { blocks: Vec::new(), needed };
        let mut pending = vec![Graph::ROOT];
        while let Some(block) = pending.pop() {
            let steps = plan.steps(graph, block, wanted, &mut pending);
            if plan.blocks.len() <= block.index() {
                plan.blocks.resize_with(block.index() + 1, Vec::new);
            }
            plan.blocks[block.index()] = steps;
        }
        plan
    }

    /// The ops to run in a block.
    pub(crate) fn block(&self, block: BlockId) -> &[Step] {
        self.blocks.get(block.index()).map_or(&[], Vec::as_slice)
    }

    fn steps(
        &self,
        graph: &Graph,
        block: BlockId,
        wanted: &[ValueId],
        pending: &mut Vec<BlockId>,
    ) -> Vec<Step> {
        let ops: Vec<OpId> = graph.block(block).ops().filter(|op| self.needed[op.index()]).collect();
        let outputs: Vec<ValueId> = graph.block(block).outputs().collect();
        let kept =
            |value: ValueId| outputs.contains(&value) || (block == Graph::ROOT && wanted.contains(&value));
        let mut seen = vec![false; graph.bound()];
        let mut steps = Vec::with_capacity(ops.len());
        // Backwards: the first use that is met is the last one.
        for &op in ops.iter().rev() {
            let mut drop = Vec::new();
            let mut inside = vec![op];
            while let Some(op) = inside.pop() {
                let found = graph.op(op);
                for value in found.values().chain(found.results().iter().copied()) {
                    // Values of outer blocks outlive this one, which may run again.
                    if graph.home(value) == block
                        && !std::mem::replace(&mut seen[value.index()], true)
                        && !kept(value)
                    {
                        drop.push(value);
                    }
                }
                for &inner in found.blocks() {
                    inside.extend(graph.block(inner).ops());
                    inside.push(graph.block(inner).return_op());
                }
            }
            pending.extend(graph.op(op).blocks());
            steps.push(Step { op, drop });
        }
        steps.reverse();
        steps
    }
}

/// The op does more than computing its results.
fn has_effect(graph: &Graph, op: OpId) -> bool {
    mil_ops::def(graph.op(op).kind()).is_some_and(|def| def.effect == Effect::WritesState)
}

/// The op and those whose blocks it is in.
fn enclosing(graph: &Graph, op: OpId) -> impl Iterator<Item = OpId> {
    std::iter::successors(Some(op), |&op| graph.block(graph.op(op).block()).parent())
}
