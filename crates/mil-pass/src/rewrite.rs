//! Patterns, what they may do, and the work list that drives them.

use std::collections::{HashSet, VecDeque};

use mil_ir::{Graph, NewOp, OpId, Opset, Rewriter, Type, ValueId};
use mil_ops::emit;
use mil_tensor::Tensor;

use crate::{Miss, PassCx, PassError};

/// A named rewrite around one op.
pub struct Pattern<P> {
    /// Name, as in the declaration of the pass.
    pub name: &'static str,
    /// Types of the ops it looks at; empty: all.
    pub anchors: &'static [&'static str],
    /// Rewrites around the op, or says why not. All guards come before the first change.
    pub apply: fn(&P, &mut Rewrite<'_>, OpId) -> Result<(), Miss>,
}

/// The graph as a pattern sees it: guards that return a [`Miss`], and changes that keep names.
pub struct Rewrite<'g> {
    rewriter: Rewriter<'g>,
    opset: &'g Opset,
}

impl<'g> Rewrite<'g> {
    /// For a pass that drives itself; patterns are handed one.
    pub fn new(graph: &'g mut Graph, opset: &'g Opset) -> Rewrite<'g> {
        Rewrite { rewriter: Rewriter::new(graph), opset }
    }

    /// The graph, for reading.
    pub fn graph(&self) -> &Graph {
        self.rewriter.graph()
    }

    /// The graph, for the plain mutators.
    pub fn graph_mut(&mut self) -> &mut Graph {
        self.rewriter.graph_mut()
    }

    /// The opset of the graph.
    pub fn opset(&self) -> &Opset {
        self.opset
    }

    // Guards.

    /// The op is of one of these types.
    pub fn is(&self, op: OpId, kinds: &[&str]) -> bool {
        kinds.contains(&self.graph().op(op).kind().as_str())
    }

    /// The opset has this op.
    pub fn has_op(&self, kind: &str) -> Result<(), Miss> {
        let known = self
            .opset
            .release()
            .zip(mil_ops::def(kind))
            .is_some_and(|(target, def)| def.version(target).is_some());
        if known { Ok(()) } else { Err(Miss(format!("opset {} has no {kind}", self.opset).into())) }
    }

    /// The value bound to a parameter.
    pub fn input(&self, op: OpId, param: &str) -> Result<ValueId, Miss> {
        self.graph().input(op, param).ok_or_else(|| Miss(format!("{param} is no value").into()))
    }

    /// The op behind a parameter, if it is of one of these types and in the same block.
    pub fn producer(&self, op: OpId, param: &str, kinds: &[&str]) -> Result<OpId, Miss> {
        let producer = self.definition(self.input(op, param)?, kinds)?;
        if self.graph().op(producer).block() != self.graph().op(op).block() {
            return Err(Miss::new("the producer stands in an outer block"));
        }
        Ok(producer)
    }

    /// The op that defines a value, if it is of one of these types.
    pub fn definition(&self, value: ValueId, kinds: &[&str]) -> Result<OpId, Miss> {
        let op = self.graph().definition(value).ok_or(Miss::new("the value is an input of a block"))?;
        if self.is(op, kinds) {
            return Ok(op);
        }
        Err(Miss(
            format!("the value comes from {}, not from {}", self.graph().op(op).kind(), kinds.join(" or "))
                .into(),
        ))
    }

    /// The only result of an op.
    pub fn result(&self, op: OpId) -> Result<ValueId, Miss> {
        self.graph().op(op).result().ok_or(Miss::new("the op has not exactly one result"))
    }

    /// The op that is the only user of an op's only result, once.
    pub fn only_user(&self, op: OpId) -> Result<OpId, Miss> {
        let value = self.result(op)?;
        let found = self.graph().only_use(value).ok_or(Miss::new("the intermediate value has other uses"))?;
        if self.graph().op(found.op).is_return() {
            return Err(Miss::new("the intermediate value is an output of its block"));
        }
        if self.graph().op(found.op).block() != self.graph().op(op).block() {
            return Err(Miss::new("the intermediate value is used in an inner block"));
        }
        Ok(found.op)
    }

    /// An op's only result is used by one op only, once, and is no output.
    pub fn used_only_by(&self, op: OpId, user: OpId) -> Result<(), Miss> {
        if self.only_user(op)? == user {
            Ok(())
        } else {
            Err(Miss::new("the intermediate value has another user"))
        }
    }

    /// The constant bound to a parameter, in any spelling.
    pub fn constant(&self, op: OpId, param: &str) -> Result<Tensor, Miss> {
        self.graph().constant(op, param).ok_or_else(|| Miss(format!("{param} is not constant").into()))
    }

    /// The constant bound to a parameter, or its default in the op table.
    pub fn parameter(&self, op: OpId, param: &str) -> Result<Tensor, Miss> {
        mil_ops::parameter(self.graph(), op, self.opset, param)
            .ok_or_else(|| Miss(format!("{param} is neither constant nor left out").into()))
    }

    /// The type of a value.
    pub fn ty(&self, value: ValueId) -> &Type {
        self.graph().value(value).ty()
    }

    /// Sizes of a value, all known.
    pub fn shape(&self, value: ValueId) -> Result<Vec<usize>, Miss> {
        self.ty(value).fixed_shape().ok_or(Miss::new("a shape is not static"))
    }

    /// Two values have the same declared type, with nothing unknown about it.
    pub fn same_static_type(&self, a: ValueId, b: ValueId) -> Result<(), Miss> {
        let (a, b) = (self.ty(a), self.ty(b));
        if a.dtype() == b.dtype() && a.fixed_shape().is_some() && a.fixed_shape() == b.fixed_shape() {
            Ok(())
        } else {
            Err(Miss::new("the types differ or are not static"))
        }
    }

    // Changes.

    /// Inserts a `const` op before another op.
    pub fn tensor(&mut self, base: &str, tensor: Tensor, before: OpId) -> ValueId {
        self.rewriter.tensor(base, tensor, before)
    }

    /// Inserts an op before another; types are inferred, names made unique.
    pub fn emit(&mut self, new: NewOp, before: OpId) -> Result<Vec<ValueId>, Miss> {
        Ok(emit(&mut self.rewriter, self.opset, new, before)?)
    }

    /// Inserts an op with one result; see [`Rewrite::emit`].
    pub fn emit_one(&mut self, new: NewOp, before: OpId) -> Result<ValueId, Miss> {
        match self.emit(new, before)?.as_slice() {
            [one] => Ok(*one),
            _ => Err(Miss::new("the new op has not exactly one result")),
        }
    }

    /// Replaces an op by a new one, which takes over the names of its results and its label. `gone` are ops that lose
    /// their last use by it; each is erased if that is so, as are constants that only they or the op used. The types of the
    /// results must stay as they were.
    pub fn replace_op(&mut self, op: OpId, mut new: NewOp, gone: &[OpId]) -> Result<(), Miss> {
        let label = self.graph().op(op).name().cloned();
        if new.name.is_none() {
            new.name = Some(label.clone().unwrap_or_else(|| self.graph().label(op).clone()));
        }
        let values = self.emit(new, op)?;
        self.supersede(op, &values, gone)
    }

    /// Replaces an op by values that were emitted for it, which take over the names of its results.
    pub fn supersede(&mut self, op: OpId, values: &[ValueId], gone: &[OpId]) -> Result<(), Miss> {
        self.check_types(op, values)?;
        self.keep_known_sizes(op, values);
        let constants = self.constants_of(op);
        self.rewriter.supersede(op, values, gone)?;
        self.erase_unused(&[gone, &constants].concat());
        Ok(())
    }

    /// Makes the users of an op use these values instead, which exist for reasons of their own, and erases it. The
    /// name of a function's output stays: see [`Rewriter::replace`].
    pub fn forward(&mut self, op: OpId, values: &[ValueId], gone: &[OpId]) -> Result<(), Miss> {
        self.check_types(op, values)?;
        let constants = self.constants_of(op);
        self.rewriter.replace(op, values, gone)?;
        self.erase_unused(&[gone, &constants].concat());
        Ok(())
    }

    /// Erases those of these ops whose results nothing uses, in whatever order they are given, and the constants that
    /// only they used.
    pub fn erase_unused(&mut self, ops: &[OpId]) {
        let graph = self.rewriter.graph_mut();
        let unused = |graph: &Graph, op: OpId| {
            graph.is_live(op) && graph.op(op).results().iter().all(|&value| graph.is_unused(value))
        };
        let given: HashSet<OpId> = ops.iter().copied().collect();
        let mut stack: Vec<OpId> = ops.to_vec();
        while let Some(op) = stack.pop() {
            if !unused(graph, op) {
                continue;
            }
            let producers: Vec<OpId> =
                graph.op(op).values().filter_map(|value| graph.definition(value)).collect();
            if graph.erase(op).is_ok() {
                let may_go = |op: &OpId| given.contains(op) || graph.op(*op).kind() == "const";
                stack.extend(producers.into_iter().filter(may_go));
            }
        }
    }

    /// A size that the replaced op declared and inference could not tell stays declared.
    fn keep_known_sizes(&mut self, op: OpId, values: &[ValueId]) {
        let results = self.graph().op(op).results().to_vec();
        for (&old, &new) in results.iter().zip(values) {
            if let Some(refined) =
                mil_ops::refine_type(self.ty(old), self.ty(new)).filter(|ty| ty != self.ty(new))
            {
                self.graph_mut().retype(new, refined);
            }
        }
    }

    /// The `const` ops that an op takes.
    fn constants_of(&self, op: OpId) -> Vec<OpId> {
        let graph = self.graph();
        let producers = graph.op(op).values().filter_map(|value| graph.definition(value));
        producers.filter(|&producer| graph.op(producer).kind() == "const").collect()
    }

    /// A successor has the type of what it replaces, as far as both are known.
    fn check_types(&self, op: OpId, values: &[ValueId]) -> Result<(), Miss> {
        let results = self.graph().op(op).results();
        if results.len() != values.len() {
            return Err(Miss::new("the replacement has another number of results"));
        }
        for (&old, &new) in results.iter().zip(values) {
            if !mil_ops::types_agree(self.ty(old), self.ty(new)) {
                let reason = format!("the replacement has type {}, not {}", self.ty(new), self.ty(old));
                return Err(Miss(reason.into()));
            }
        }
        Ok(())
    }
}

impl PassCx<'_> {
    /// Applies patterns until none matches: first at every op in program order, then around what changed.
    ///
    /// A pattern that returns a [`Miss`] after it changed something is undone.
    pub fn rewrite<P>(
        &mut self,
        pass: &P,
        patterns: &[Pattern<P>],
        graph: &mut Graph,
    ) -> Result<(), PassError> {
        let opset = self.opset().clone();
        let enabled: Vec<&Pattern<P>> =
            patterns.iter().filter(|pattern| self.is_enabled(pattern.name)).collect();
        let anchors = |graph: &Graph, op: OpId| {
            let kind = graph.op(op).kind().as_str();
            enabled.iter().any(|pattern| pattern.anchors.is_empty() || pattern.anchors.contains(&kind))
        };
        let mut queue: VecDeque<OpId> = graph.walk().filter(|&op| anchors(graph, op)).collect();
        let mut queued = vec![false; graph.bound()];
        queue.iter().for_each(|op| queued[op.index()] = true);
        let wants_misses = self.wants_misses();

        while let Some(op) = queue.pop_front() {
            queued[op.index()] = false;
            self.check_cancelled()?;
            for pattern in &enabled {
                let kind = graph.op(op).kind();
                if !graph.is_live(op)
                    || !(pattern.anchors.is_empty() || pattern.anchors.contains(&kind.as_str()))
                {
                    continue;
                }
                if !self.spend() {
                    return Ok(());
                }
                let before = graph.checkpoint();
                let mut rewrite = Rewrite::new(graph, &opset);
                match (pattern.apply)(pass, &mut rewrite, op) {
                    Ok(()) => {
                        self.count(pattern.name, 1);
                        queued.resize(graph.bound(), false);
                        for touched in neighbourhood(graph, before) {
                            if !queued[touched.index()] && anchors(graph, touched) {
                                queued[touched.index()] = true;
                                queue.push_back(touched);
                            }
                        }
                        break;
                    }
                    Err(miss) => {
                        graph.roll_back(before);
                        self.refund();
                        if wants_misses {
                            self.missed(pattern.name, graph, op, &miss.0);
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// Operands of an op whose producers are looked at again when it changed.
const FEW: usize = 16;

/// The ops that changed, their users, and the producers of their operands.
fn neighbourhood(graph: &Graph, since: mil_ir::Checkpoint) -> Vec<OpId> {
    let mut ops = graph.touched_since(since);
    // An op of many operands would be looked through again for each of them that changes.
    let producers: Vec<OpId> = ops
        .iter()
        .flat_map(|&op| graph.op(op).values().take(FEW))
        .filter_map(|value| graph.definition(value))
        .collect();
    ops.extend(producers);
    ops.sort_unstable();
    ops.dedup();
    ops
}
