//! Values that have become fp16 where they stand, and who still takes them in fp32.
//!
//! Between two ops that both become fp16, no value is cast to fp32 and back. So casts back are not made
//! before it is known who needs them: ops that stay in fp32, inner blocks, and the outputs. Until then such an
//! op seems to take an fp16 value, and [`Halves::is_fp32`] says what the program was.

use foldhash::HashMap;
use mil_ir::{BlockId, Graph, Name, OpId, Operand, Type, ValueId};
use mil_pass::{Matched, Rewrite};
use mil_tensor::DType;

use super::{Asked, cast};

/// What has become fp16 so far.
#[derive(Default)]
pub(super) struct Halves {
    /// fp16 versions of values that were cast for it, by the block they were made in and what constants are
    /// asked for there.
    pub(super) casts: HashMap<(BlockId, ValueId, Asked), ValueId>,
    /// By value: the type in fp32 of one that is fp16 now.
    types: Vec<Option<Type>>,
    /// By op: it takes such values in fp16.
    takers: Vec<bool>,
    /// Parameters of those that keep fp32, by the value that is bound to them.
    exceptions: HashMap<ValueId, Vec<(OpId, Name, usize)>>,
    /// The ops that compute in fp16 now, in program order.
    ops: Vec<OpId>,
    /// Casts to fp16 of what is fp16 now.
    idle: Vec<(OpId, ValueId)>,
    /// What their results stand for.
    sources: HashMap<ValueId, ValueId>,
    /// Constants in fp32 that may have lost their last use.
    constants: Vec<OpId>,
}

impl Halves {
    /// The value has become fp16.
    pub(super) fn is_half(&self, value: ValueId) -> bool {
        self.types.get(value.index()).is_some_and(Option::is_some)
    }

    /// In the program as it was, this is fp32.
    pub(super) fn is_fp32(&self, graph: &Graph, operand: &Operand) -> bool {
        graph.operand_type(operand).dtype() == Some(DType::Fp32)
            || operand.value().is_some_and(|value| self.is_half(value))
    }

    /// In the program as it was, this is fp16.
    pub(super) fn was_fp16(&self, graph: &Graph, value: ValueId) -> bool {
        graph.value(value).ty().dtype() == Some(DType::Fp16) && !self.is_half(value)
    }

    /// The value behind a cast to fp16 that is to fall away: who takes it has no detour to make.
    pub(super) fn source(&self, value: ValueId) -> ValueId {
        self.sources.get(&value).copied().unwrap_or(value)
    }

    /// A constant that something takes in fp16 instead.
    pub(super) fn replaced_constant(&mut self, graph: &Graph, value: ValueId) {
        self.constants.extend(graph.definition(value));
    }

    /// A cast to fp16 of a value that is fp16 now.
    pub(super) fn is_idle(&mut self, graph: &Graph, cast: OpId, value: ValueId) {
        self.takes(cast);
        self.sources.extend(graph.op(cast).result().map(|result| (result, value)));
        self.idle.push((cast, value));
    }

    /// An op has been bound to fp16 operands for these parameters: its results that thereby become fp16, of
    /// the types that follow, are declared so.
    pub(super) fn convert(&mut self, rw: &mut Rewrite<'_>, op: OpId, params: &[&str], types: &[Type]) {
        let (graph, results) = (rw.graph(), rw.graph().op(op).results().to_vec());
        for (param, argument) in
            graph.op(op).arguments().filter(|(param, _)| !params.contains(&param.as_str()))
        {
            for (index, operand) in argument.iter().enumerate() {
                if let Some(value) = operand.value().filter(|&value| self.is_half(value)) {
                    self.exceptions.entry(value).or_default().push((op, param.clone(), index));
                }
            }
        }
        for (value, ty) in results.into_iter().zip(types) {
            let old = rw.ty(value).clone();
            if old.dtype() == Some(DType::Fp32) && ty.dtype() == Some(DType::Fp16) {
                rw.graph_mut().retype(value, old.with_dtype(DType::Fp16));
                self.types.resize(self.types.len().max(value.index() + 1), None);
                self.types[value.index()] = Some(old);
            }
        }
        self.takes(op);
        self.ops.push(op);
    }

    fn takes(&mut self, op: OpId) {
        self.takers.resize(self.takers.len().max(op.index() + 1), false);
        self.takers[op.index()] = true;
    }

    fn is_taker(&self, op: OpId) -> bool {
        self.takers.get(op.index()).is_some_and(|&takes| takes)
    }

    /// Something takes a result of an op as it was.
    fn is_used(&self, graph: &Graph, op: OpId) -> bool {
        graph.op(op).results().iter().any(|&value| match self.is_half(value) {
            true => {
                self.exceptions.contains_key(&value) || graph.users(value).any(|user| !self.is_taker(user))
            }
            false => !graph.is_unused(value),
        })
    }

    /// Gives fp16 values names of their own, and casts back what something takes in fp32, under the old name.
    pub(super) fn settle(mut self, rw: &mut Rewrite<'_>) -> Matched {
        let mut unused = std::mem::take(&mut self.constants);
        for &op in &self.ops {
            let is_used = self.is_used(rw.graph(), op);
            let results = rw.graph().op(op).results().to_vec();
            let label = rw.graph().label(op);
            let base = format!("{label}_cast_fp16");
            rw.graph_mut().inherit_origins(op, &[op]);
            rw.graph_mut().rename_op(op, Some(base.as_str().into()));
            // The end of a block is behind all its ops.
            let next = rw.graph().next(op).unwrap_or(op);
            for (index, &value) in results.iter().enumerate() {
                let Some(ty) = self.types.get(value.index()).cloned().flatten() else {
                    if !is_used {
                        rename(rw, value, &base, index, results.len());
                    }
                    continue;
                };
                let name = rename(rw, value, &base, index, results.len());
                if !is_used {
                    continue;
                }
                let back = cast(rw, value, "fp32", &name, next)?;
                rw.graph_mut().retype(back, ty);
                let Some(made) = rw.graph().definition(back) else { continue };
                rw.graph_mut().inherit_origins(made, &[op]);
                rw.graph_mut().replace_uses_if(value, back, |user| user != made && !self.is_taker(user));
                for (user, param, at) in self.exceptions.get(&value).into_iter().flatten() {
                    rw.graph_mut().set_operand(*user, param, *at, back);
                }
                unused.push(made);
            }
        }
        for (cast, value) in self.idle {
            rw.replace_with_existing(cast, &[value], &[])?;
        }
        rw.erase_unused(&unused);
        Ok(())
    }
}

/// Names a result of an op in fp16 after the op; answers the name that it had.
fn rename(rw: &mut Rewrite<'_>, value: ValueId, base: &str, index: usize, of: usize) -> Name {
    let graph = rw.graph_mut();
    let name = match of {
        1 => graph.fresh_name(base),
        _ => graph.fresh_name(&format!("{base}_{index}")),
    };
    let old = graph.value(value).name().clone();
    graph.rename_value(value, name);
    old
}
