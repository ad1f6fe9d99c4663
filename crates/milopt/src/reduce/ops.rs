//! Ops that are left out.

use std::collections::HashSet;

use mil_ir::{Graph, Name, OpId, Program, Type, ValueId};
use mil_ops::captured;

use super::Search;
use super::interface::{is_carried, settle};

/// What stands where the result of an op was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instead {
    /// An operand of the same type.
    Operand,
    /// An input.
    Input,
}

impl<K> Search<K> {
    /// Leaves out ops: halves, quarters and so on down to single ones, later ones first.
    pub(super) fn ops<E>(&mut self) -> Result<(), E>
    where
        K: FnMut(&Program) -> Result<bool, E>,
    {
        for function in self.names() {
            let mut size = self.ops_of(&function).len();
            while size > 0 {
                let mut end = self.ops_of(&function).len();
                while end > 0 {
                    let ops = self.ops_of(&function);
                    end = end.min(ops.len());
                    let start = end.saturating_sub(size);
                    let gone: HashSet<OpId> = ops[start..end].iter().copied().collect();
                    let shows = self.attempt(without(&self.best, &function, &gone, Instead::Input))?
                        || self.attempt(without(&self.best, &function, &gone, Instead::Operand))?;
                    // What nothing needs any more went as well.
                    end = if shows { start.min(self.ops_of(&function).len()) } else { start };
                }
                size /= 2;
            }
        }
        Ok(())
    }

    /// The ops of the outermost block, constants apart.
    fn ops_of(&self, function: &Name) -> Vec<OpId> {
        let Some(graph) = self.graph(function) else { return Vec::new() };
        graph.root().ops().filter(|&op| graph.op(op).kind() != "const").collect()
    }
}

/// A program without these ops. What only they used becomes an output.
fn without(program: &Program, function: &Name, gone: &HashSet<OpId>, instead: Instead) -> Option<Program> {
    let release = program.function(function)?.opset.release()?;
    let mut candidate = program.clone();
    let graph = candidate.graph_mut(function)?;
    let order: Vec<OpId> = graph.root().ops().filter(|op| gone.contains(op)).collect();
    let mut ends: Vec<ValueId> = Vec::new();
    for &op in &order {
        ends.extend(captured(graph, op));
    }
    let carried = |ty: &Type| {
        ty.fixed_shape().is_some_and(|shape| !shape.is_empty())
            && ty.as_tensor().is_some()
            && ty.dtype().is_some_and(|dtype| is_carried(dtype, release))
    };
    let mut outputs: Vec<ValueId> = graph.root().outputs().collect();
    outputs.retain(|&value| graph.definition(value).is_none_or(|op| !gone.contains(&op)));
    graph.set_outputs(Graph::ROOT, outputs.iter().copied());
    for &op in &order {
        for result in graph.op(op).results().to_vec() {
            let is_used = graph
                .users(result)
                .any(|user| graph.ancestor_in(user, Graph::ROOT).is_some_and(|user| !gone.contains(&user)));
            if !is_used {
                continue;
            }
            let ty = graph.value(result).ty().clone();
            let new = match instead {
                Instead::Operand => {
                    graph.op(op).values().find(|&operand| *graph.value(operand).ty() == ty)?
                }
                Instead::Input if carried(&ty) => {
                    let name = graph.value(result).name().clone();
                    let hidden = graph.fresh_name(&format!("{name}_gone"));
                    graph.rename_value(result, hidden);
                    graph.add_input(Graph::ROOT, name, ty)
                }
                Instead::Input => return None,
            };
            graph.replace_uses(result, new);
        }
    }
    for &op in order.iter().rev() {
        graph.erase(op).ok()?;
    }
    let is_end = |graph: &Graph, value: ValueId| {
        let made = graph.definition(value);
        made.is_some_and(|op| graph.is_live(op) && graph.op(op).kind() != "const")
            && graph.is_unused(value)
            && carried(graph.value(value).ty())
            && mil_ir::verify::name_fault("an output", graph.value(value).name()).is_none()
    };
    for value in ends {
        if is_end(graph, value) && !outputs.contains(&value) {
            outputs.push(value);
        }
    }
    graph.set_outputs(Graph::ROOT, outputs);
    settle(candidate, function)
}
