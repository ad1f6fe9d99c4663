//! The work list that drives patterns over a graph.

use std::collections::VecDeque;

use mil_ir::{Checkpoint, Graph, OpId};

use crate::{Matched, No, PassCx, PassError, Rewrite};

/// The counter of rewrites that were undone, since a pattern missed after it had changed something.
const UNDONE: &str = "undone";

/// A named rewrite around one op.
pub struct Pattern<P> {
    /// Name, as in the declaration of the pass.
    pub name: &'static str,
    /// Types of the ops that it looks at; empty: all.
    pub anchors: &'static [&'static str],
    /// Rewrites around the op, or says why not. All guards come before the first change.
    pub apply: fn(&P, &mut Rewrite<'_>, OpId) -> Matched,
}

impl<P> Pattern<P> {
    fn looks_at(&self, graph: &Graph, op: OpId) -> bool {
        self.anchors.is_empty() || self.anchors.contains(&graph.op(op).kind().as_str())
    }
}

impl PassCx<'_> {
    /// Applies patterns: first at every op in program order, then again around what changed.
    ///
    /// Around a change means: the ops that changed, the users of their results, the producers of their
    /// operands, and the producers of what was erased, whose results may have one user less. A pattern that
    /// looks further than one step may match elsewhere because of the change; a `fixpoint` around the pass
    /// finds that.
    ///
    /// An op with fields that this version does not know is left alone. A fault ends the pass. A pattern that
    /// misses after it changed something is undone.
    pub fn rewrite<P>(
        &mut self,
        pass: &P,
        patterns: &[Pattern<P>],
        graph: &mut Graph,
    ) -> Result<(), PassError> {
        let opset = self.opset().clone();
        let enabled: Vec<&Pattern<P>> =
            patterns.iter().filter(|pattern| self.is_enabled(pattern.name)).collect();
        let is_anchor = |graph: &Graph, op: OpId| enabled.iter().any(|pattern| pattern.looks_at(graph, op));
        let mut queue: VecDeque<OpId> = graph.walk().filter(|&op| is_anchor(graph, op)).collect();
        let mut queued = vec![false; graph.bound()];
        queue.iter().for_each(|op| queued[op.index()] = true);

        while let Some(op) = queue.pop_front() {
            queued[op.index()] = false;
            self.check_cancelled()?;
            for pattern in &enabled {
                if !graph.is_live(op) || !pattern.looks_at(graph, op) || !self.is_site(op) {
                    continue;
                }
                if !self.spend() {
                    return Ok(());
                }
                let before = graph.checkpoint();
                let mut rw = Rewrite::new(graph, &opset);
                match rw.known(op).and_then(|()| (pattern.apply)(pass, &mut rw, op)) {
                    Ok(()) => {
                        self.count(pattern.name, 1);
                        queued.resize(graph.bound(), false);
                        for touched in neighbourhood(graph, before) {
                            if !queued[touched.index()] && is_anchor(graph, touched) {
                                queued[touched.index()] = true;
                                queue.push_back(touched);
                            }
                        }
                        break;
                    }
                    Err(No::Miss(reason)) => {
                        self.refund();
                        self.missed_after(pattern.name, graph, op, &reason, before)?;
                    }
                    Err(No::Fault(source)) => {
                        let op = graph.label(op).clone();
                        return Err(PassError::Pattern { pattern: pattern.name, op, source: source.into() });
                    }
                }
            }
        }
        Ok(())
    }

    /// A pattern has missed: nothing may have changed since it began.
    fn missed_after(
        &mut self,
        pattern: &'static str,
        graph: &mut Graph,
        op: OpId,
        reason: &str,
        before: Checkpoint,
    ) -> Result<(), PassError> {
        if !graph.edits_since(before).is_empty() {
            graph.roll_back(before);
            self.count(UNDONE, 1);
            if cfg!(debug_assertions) {
                let (op, reason) = (graph.label(op).clone(), reason.to_owned());
                return Err(PassError::ChangedThenMissed { pattern, op, reason });
            }
        }
        if self.wants_misses() {
            self.missed(pattern, graph, op, reason);
        }
        Ok(())
    }
}

/// Operands of an op whose producers are looked at again when it changed.
const FEW: usize = 16;

/// Where another pattern may match because of the changes since a checkpoint; see [`PassCx::rewrite`].
fn neighbourhood(graph: &Graph, since: Checkpoint) -> Vec<OpId> {
    let mut ops = graph.touched_since(since);
    // An op of many operands would be looked through again for each of them that changes.
    let values = ops.iter().flat_map(|&op| graph.op(op).values().take(FEW));
    let producers: Vec<OpId> = values.filter_map(|value| graph.definition(value)).collect();
    ops.extend(producers);
    ops.extend(graph.freed_since(since));
    ops.sort_unstable();
    ops.dedup();
    ops
}
