//! The graph as a pattern sees it: changes that keep names. The guards stand in `guards.rs`.

use std::collections::HashSet;

use mil_ir::{Graph, NewOp, OpId, Operand, Opset, Rewriter, Type, ValueId};
use mil_ops::{complete, is_known};
use mil_tensor::Tensor;

use crate::{Matched, No, PassError};

/// Ops that are looked through rather than hashed.
const FEW: usize = 16;

/// The graph as a pattern sees it: guards that miss with a reason, and changes that keep names.
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

    /// An op like an old one: [`NewOp::like`], refused where the old one binds a parameter that its
    /// declaration has not.
    pub fn like(&self, op: OpId) -> Result<NewOp, No> {
        let call = self.call(op)?;
        match call.given().into_iter().find(|param| call.version().param(param).is_none()) {
            Some(param) if self.graph().op(op).argument(param).is_some() => {
                Err(No::miss(format!("the op has an unknown parameter {param}")))
            }
            _ => Ok(NewOp::like(self.graph(), op)),
        }
    }

    /// Inserts a `const` op before another op.
    pub fn tensor(&mut self, base: &str, tensor: Tensor, before: OpId) -> ValueId {
        self.rewriter.tensor(base, tensor, before)
    }

    /// Inserts an op before another; types are inferred, names made unique. A tensor that is bound to a
    /// parameter becomes a `const` op called `{label}_{parameter}_0`, or `_1` and so on, after the label of
    /// the op that it is put before. Literals that were copied with [`Rewrite::like`] stay in the op.
    pub fn emit(&mut self, new: NewOp, before: OpId) -> Result<Vec<ValueId>, No> {
        let new = self.complete(new)?;
        Ok(self.insert(new, before))
    }

    /// Inserts an op with one result; see [`Rewrite::emit`].
    pub fn emit_one(&mut self, new: NewOp, before: OpId) -> Result<ValueId, No> {
        let new = self.complete(new)?;
        No::unless(new.results.len() == 1, "the new op has not exactly one result")?;
        Ok(self.insert(new, before)[0])
    }

    /// Replaces an op by a new one, which is inserted as by [`Rewrite::emit`] and takes over label and names
    /// of results. `gone` are ops that lose their last use by it; each is erased if that is so, as are
    /// constants that only they or the op used. The types of the results must stay as they were; nothing
    /// changes where they would not.
    pub fn replace(&mut self, op: OpId, mut new: NewOp, gone: &[OpId]) -> Matched {
        let label = self.graph().op(op).name().unwrap_or_else(|| self.graph().label(op));
        new.name.get_or_insert_with(|| label.clone());
        let new = self.complete(new)?;
        self.check_types(op, new.results.iter().map(|(_, ty)| ty))?;
        let values = self.insert(new, op);
        self.replace_with_new(op, &values, gone)
    }

    /// Replaces an op by values that were emitted for it, which take over the names of its results.
    pub fn replace_with_new(&mut self, op: OpId, values: &[ValueId], gone: &[OpId]) -> Matched {
        self.check_types(op, values.iter().map(|&value| self.ty(value)))?;
        self.keep_known_sizes(op, values);
        let constants = self.constants_of(op);
        self.rewriter.replace_with_new(op, values, gone)?;
        self.erase_unused(&[gone, &constants].concat());
        Ok(())
    }

    /// Makes the users of an op use these values instead, which exist for reasons of their own, and erases
    /// it. The name of a function's output stays: see [`Rewriter::replace_with_existing`].
    pub fn replace_with_existing(&mut self, op: OpId, values: &[ValueId], gone: &[OpId]) -> Matched {
        self.check_types(op, values.iter().map(|&value| self.ty(value)))?;
        let constants = self.constants_of(op);
        self.rewriter.replace_with_existing(op, values, gone)?;
        self.erase_unused(&[gone, &constants].concat());
        Ok(())
    }

    /// Erases those of these ops whose results nothing uses, in whatever order they are given, and the
    /// constants that only they used. What has fields that this version does not know stays.
    pub fn erase_unused(&mut self, ops: &[OpId]) {
        let graph = self.rewriter.graph_mut();
        let unused = |graph: &Graph, op: OpId| {
            graph.is_live(op)
                && is_known(graph, op)
                && graph.op(op).results().iter().all(|&value| graph.is_unused(value))
        };
        // Few in most cases, and many after a pass.
        let given: Option<HashSet<OpId>> = (ops.len() > FEW).then(|| ops.iter().copied().collect());
        let is_given =
            |op: &OpId| given.as_ref().map_or_else(|| ops.contains(op), |given| given.contains(op));
        let mut stack: Vec<OpId> = ops.to_vec();
        while let Some(op) = stack.pop() {
            if !unused(graph, op) {
                continue;
            }
            let producers: Vec<OpId> =
                graph.op(op).values().filter_map(|value| graph.definition(value)).collect();
            if graph.erase(op).is_ok() {
                let may_go = |op: &OpId| is_given(op) || graph.op(*op).kind() == "const";
                stack.extend(producers.into_iter().filter(may_go));
            }
        }
    }

    /// Checks an op that is to be inserted, and gives its results names and types.
    fn complete(&self, new: NewOp) -> Result<NewOp, No> {
        if let Some((def, target)) = mil_ops::def(&new.kind).zip(self.opset.release())
            && let Some(version) = def.version(target)
            && let Some((param, _)) = new.arguments.iter().find(|(param, _)| version.param(param).is_none())
        {
            return Err(PassError::NoParameter { kind: new.kind.clone(), param: param.clone() }.into());
        }
        Ok(complete(self.graph(), self.opset, new)?)
    }

    /// Inserts a completed op.
    fn insert(&mut self, mut new: NewOp, before: OpId) -> Vec<ValueId> {
        let label = self.graph().label(before).clone();
        for (param, argument) in &mut new.arguments {
            if new.inline.contains(param) {
                continue;
            }
            for operand in argument {
                if let Operand::Literal(literal) = operand {
                    let literal = (**literal).clone();
                    let mut names = (0..).map(|number| format!("{label}_{param}_{number}"));
                    let free = names.find(|name| !self.graph().has_value_named(name)).unwrap_or_default();
                    *operand = self.rewriter.constant(&free, literal, before).into();
                }
            }
        }
        let op = self.rewriter.insert(new, before);
        self.graph().op(op).results().to_vec()
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

    /// Successors have the types of what they replace, as far as both are known.
    fn check_types<'t>(&self, op: OpId, types: impl ExactSizeIterator<Item = &'t Type>) -> Matched {
        let results = self.graph().op(op).results();
        No::unless(results.len() == types.len(), "the replacement has another number of results")?;
        for (&old, new) in results.iter().zip(types) {
            if !mil_ops::types_agree(self.ty(old), new) {
                return Err(No::miss(format!("the replacement has type {new}, not {}", self.ty(old))));
            }
        }
        Ok(())
    }
}
