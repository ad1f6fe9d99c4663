//! Replacing ops without losing names.

use mil_tensor::Tensor;

use crate::{At, Graph, GraphError, Literal, NewOp, OpId, ValueId};

/// Replaces ops of a graph, keeping the rules that rewriters break most often:
///
/// - A replaced value that is an output of the function hands its name to its successor. Where the successor
///   cannot take it (an input, another output, a value of an outer block), an `identity` takes it.
/// - New names derive from old ones and are unique.
/// - The new op remembers which ops of the original program it stands for ([`Graph::origins`]).
#[derive(Debug)]
pub struct Rewriter<'g> {
    graph: &'g mut Graph,
}

impl<'g> Rewriter<'g> {
    /// Rewrites this graph.
    pub fn new(graph: &'g mut Graph) -> Rewriter<'g> {
        Rewriter { graph }
    }

    /// The graph, for reading.
    pub fn graph(&self) -> &Graph {
        self.graph
    }

    /// The graph, for the plain mutators.
    pub fn graph_mut(&mut self) -> &mut Graph {
        self.graph
    }

    /// Inserts a `const` op before another op, under a fresh name derived from `base`.
    pub fn constant(&mut self, base: &str, literal: impl Into<Literal>, before: OpId) -> ValueId {
        let name = self.graph.fresh_name(base);
        let op = self.graph.insert(NewOp::constant(name, literal), At::Before(before));
        self.graph.op(op).results()[0]
    }

    /// Inserts a `const` op for a tensor; see [`Rewriter::constant`].
    pub fn tensor(&mut self, base: &str, tensor: Tensor, before: OpId) -> ValueId {
        self.constant(base, Literal::tensor(tensor), before)
    }

    /// Inserts an op before another, making the names of its results unique.
    pub fn insert(&mut self, mut new: NewOp, before: OpId) -> OpId {
        for at in 0..new.results.len() {
            let mut name = self.graph.fresh_name(&new.results[at].0);
            // The graph does not know the op's other results yet.
            let mut number = 0;
            while new.results[..at].iter().any(|(earlier, _)| *earlier == name) {
                name = self.graph.fresh_name(&format!("{}_{number}", new.results[at].0));
                number += 1;
            }
            new.results[at].0 = name;
        }
        self.graph.insert(new, At::Before(before))
    }

    /// Replaces an op by values that were inserted for it, which take over the names of its results;
    /// otherwise like [`Rewriter::replace_with_existing`].
    pub fn replace_with_new(
        &mut self,
        op: OpId,
        values: &[ValueId],
        gone: &[OpId],
    ) -> Result<(), GraphError> {
        let results = self.graph.op(op).results().to_vec();
        for (&old, &new) in results.iter().zip(values) {
            self.graph.swap_names(old, new);
        }
        self.inherit(op, values, gone);
        for (&old, &new) in results.iter().zip(values) {
            self.graph.replace_uses(old, new);
        }
        self.graph.erase(op)
    }

    /// Replaces an op: its results by these values, in order, then erases it. `gone` are the ops that go with
    /// it, from which the replacement inherits what it stands for.
    ///
    /// The caller has made sure that each new value computes the old one, with its type, and is visible to
    /// its users.
    pub fn replace_with_existing(
        &mut self,
        op: OpId,
        values: &[ValueId],
        gone: &[OpId],
    ) -> Result<(), GraphError> {
        let results = self.graph.op(op).results().to_vec();
        self.inherit(op, values, gone);
        for (&old, &new) in results.iter().zip(values) {
            self.replace_value(op, old, new);
        }
        self.graph.erase(op)
    }

    /// Records what the definitions of these values stand for from now on.
    fn inherit(&mut self, op: OpId, values: &[ValueId], others: &[OpId]) {
        let sources: Vec<OpId> = others.iter().copied().chain([op]).collect();
        for &value in values {
            if let Some(definition) = self.graph.definition(value)
                && !self.graph.has_origins(definition)
            {
                self.graph.inherit_origins(definition, &sources);
            }
        }
    }

    /// Makes every use of one value a use of another, with the name rule. `at` is the op that defined the old
    /// value.
    fn replace_value(&mut self, at: OpId, old: ValueId, new: ValueId) {
        if !self.graph.is_output(old) {
            self.graph.replace_uses(old, new);
            return;
        }
        let name = self.graph.value(old).name().clone();
        let can_rename = self.graph.definition(new).is_some_and(|definition| {
            self.graph.op(definition).kind() != "const" && self.graph.op(definition).block() == Graph::ROOT
        }) && !self.graph.is_output(new);
        if can_rename {
            self.graph.swap_names(old, new);
            self.graph.replace_uses(old, new);
        } else {
            let hidden = self.graph.fresh_name(&format!("{name}_replaced"));
            self.graph.rename_value(old, hidden);
            let ty = self.graph.value(old).ty().clone();
            let identity = NewOp::new("identity").named(name.clone()).with("x", new).result(name, ty);
            let identity = self.graph.insert(identity, At::After(at));
            let output = self.graph.op(identity).results()[0];
            let returned = self.graph.root().return_op();
            self.graph.replace_uses_if(old, output, |user| user == returned);
            self.graph.replace_uses(old, new);
        }
    }
}
