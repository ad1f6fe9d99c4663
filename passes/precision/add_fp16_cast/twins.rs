//! Ops in fp32 and their fp16 versions, side by side until all of them are there.
//!
//! Between two ops that both become fp16, no value is cast to fp32 and back. So casts back are not made
//! before it is known who needs them: ops that stay in fp32, inner blocks, and the outputs.

use std::collections::{HashMap, HashSet};

use mil_ir::{BlockId, Graph, OpId, ValueId};
use mil_pass::{No, Rewrite};
use mil_tensor::DType;

use super::cast;

/// What has become fp16 so far.
#[derive(Default)]
pub(super) struct Twins {
    /// fp16 versions of values that were cast for it, by the block they were made in and the magnitude that
    /// large constants have there.
    pub(super) casts: HashMap<(BlockId, ValueId, u32), ValueId>,
    halves: HashMap<ValueId, ValueId>,
    /// The ops in fp32, in program order, and the results of their fp16 versions.
    ops: Vec<(OpId, Vec<ValueId>)>,
}

impl Twins {
    /// The fp16 version of a result of an op that has one.
    pub(super) fn half(&self, value: ValueId) -> Option<ValueId> {
        self.halves.get(&value).copied()
    }

    /// Takes the results of an op's fp16 version, which get its declared types.
    pub(super) fn add(&mut self, rw: &mut Rewrite<'_>, op: OpId, values: Vec<ValueId>) {
        let olds = rw.graph().op(op).results().to_vec();
        for (&old, &value) in olds.iter().zip(&values) {
            let mut ty = rw.ty(old).clone();
            if ty.dtype() == Some(DType::Fp32) && rw.ty(value).dtype() == Some(DType::Fp16) {
                ty = ty.with_dtype(DType::Fp16);
                self.halves.insert(old, value);
            }
            if *rw.ty(value) != ty {
                rw.graph_mut().retype(value, ty);
            }
        }
        if let Some(new) = values.first().and_then(|&value| rw.graph().definition(value)) {
            rw.graph_mut().inherit_origins(new, &[op]);
        }
        self.ops.push((op, values));
    }

    /// Casts back what something in fp32 uses, and erases the ops in fp32.
    pub(super) fn settle(self, rw: &mut Rewrite<'_>) -> Result<(), No> {
        let leaving: HashSet<OpId> = self.ops.iter().map(|(op, _)| *op).collect();
        let is_used = |graph: &Graph, op: OpId| {
            let users = graph.op(op).results().iter().flat_map(|&value| graph.users(value));
            users.into_iter().any(|user| !leaving.contains(&user))
        };
        let mut unused = Vec::new();
        for (op, values) in self.ops {
            if !is_used(rw.graph(), op) {
                unused.push(op);
                continue;
            }
            let olds = rw.graph().op(op).results().to_vec();
            let mut results = Vec::new();
            for (old, value) in olds.into_iter().zip(values) {
                if !self.halves.contains_key(&old) {
                    results.push(value);
                    continue;
                }
                let (name, ty) = (rw.graph().value(old).name().to_string(), rw.ty(old).clone());
                let back = cast(rw, value, "fp32", &name, op)?;
                rw.graph_mut().retype(back, ty);
                unused.extend(rw.graph().definition(back));
                results.push(back);
            }
            rw.replace_with_new(op, &results, &[])?;
        }
        rw.erase_unused(&unused);
        Ok(())
    }
}
