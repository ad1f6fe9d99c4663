//! What the mutators did, and undoing it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::graph::{Argument, Graph, OriginId, Use};
use crate::{BlockId, Literal, Name, OpId, Operand, Type, ValueId};

/// A point to which a graph can be rolled back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    edits: usize,
    revision: Revision,
}

/// The state of a graph's content. Two graphs of the same revision, a graph at two times among them, are
/// equal; a rollback brings the old revision back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision(u64);

impl Revision {
    /// One that no graph has had.
    pub(super) fn next() -> Revision {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Revision(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// One change, with what is needed to undo it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Edit {
    /// An op was inserted.
    Inserted(OpId),
    /// An op was erased that stood before another.
    Erased(OpId, OpId),
    /// An op was moved that stood before another.
    Moved(OpId, OpId),
    /// The operands of a parameter were replaced; `None`: there were none.
    Argument(OpId, Name, Option<Argument>),
    /// One operand was replaced, which was this value.
    Operand(Use, ValueId),
    /// An attribute was replaced. Boxed, as most edits are others and are small.
    Attribute(OpId, Name, Option<Box<Literal>>),
    /// An op's label was replaced.
    OpName(OpId, Option<Name>),
    /// A value's name was replaced.
    ValueName(ValueId, Name),
    /// A value's type was replaced.
    ValueType(ValueId, Type),
    /// A block's inputs were replaced.
    Inputs(BlockId, Vec<ValueId>),
    /// The origins of an op were replaced.
    Origins(OpId, Option<OriginId>),
}

impl Graph {
    /// The present, to roll back to or to ask for changes since.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { edits: self.journal.len(), revision: self.revision }
    }

    /// Changes with every edit: what an analysis is remembered by.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Writes an edit down.
    pub(super) fn record(&mut self, edit: Edit) {
        self.journal.push(edit);
        self.revision = Revision::next();
    }

    /// What changed since a checkpoint, oldest first.
    pub fn edits_since(&self, checkpoint: Checkpoint) -> &[Edit] {
        self.journal.get(checkpoint.edits..).unwrap_or(&[])
    }

    /// Forgets what was done, which can then no longer be undone. Checkpoints made before lose their meaning.
    pub fn forget_edits(&mut self) {
        self.journal = Vec::new();
    }

    /// Undoes everything since a checkpoint. Ids that were given out since then stay taken.
    pub fn roll_back(&mut self, checkpoint: Checkpoint) {
        while self.journal.len() > checkpoint.edits {
            let Some(edit) = self.journal.pop() else { break };
            let before = self.journal.len();
            match edit {
                Edit::Inserted(op) => self.detach(op),
                Edit::Erased(op, next) => self.attach(op, next),
                Edit::Moved(op, next) => {
                    self.unlink(op);
                    self.link_before(op, next);
                }
                Edit::Argument(op, param, old) => self.put_argument(op, param, old),
                Edit::Operand(found, old) => {
                    // Undone in reverse order, it is the newest edge of its value.
                    let now = self
                        .op(found.op)
                        .argument(&found.param)
                        .and_then(|argument| argument.get(found.position)?.value());
                    let edge = now.and_then(|value| self.edge_of(value, &found));
                    if let Some(ends) = edge.and_then(|edge| self.put_operand(edge, found, old)) {
                        self.tidy(ends);
                    }
                }
                Edit::Attribute(op, key, old) => self.set_attribute(op, key, old.map(|literal| *literal)),
                Edit::OpName(op, old) => self.rename_op(op, old),
                Edit::ValueName(value, old) => self.rename_value(value, old),
                Edit::ValueType(value, old) => self.retype(value, old),
                Edit::Inputs(block, old) => self.put_inputs(block, old),
                Edit::Origins(op, old) => self.put_origins(op, old),
            }
            self.journal.truncate(before);
        }
        self.revision = checkpoint.revision;
    }

    /// The live ops whose results lost a use since a checkpoint; sorted, each once.
    pub fn freed_since(&self, checkpoint: Checkpoint) -> Vec<OpId> {
        let mut freed: Vec<OpId> = Vec::new();
        let definitions = |values: &mut dyn Iterator<Item = ValueId>| -> Vec<OpId> {
            values.filter_map(|value| self.definition(value)).collect()
        };
        for edit in self.edits_since(checkpoint) {
            match edit {
                Edit::Erased(op, _) => freed.extend(definitions(&mut self.op(*op).values())),
                Edit::Argument(_, _, Some(old)) => {
                    freed.extend(definitions(&mut old.iter().filter_map(Operand::value)))
                }
                _ => {}
            }
        }
        freed.retain(|&op| self.is_live(op));
        self.sorted(freed)
    }

    /// The live ops that changes since a checkpoint touched, and the users of their results; sorted, each
    /// once.
    pub fn touched_since(&self, checkpoint: Checkpoint) -> Vec<OpId> {
        let mut ops: Vec<OpId> = Vec::new();
        let value_ops = |value: ValueId| self.definition(value).into_iter().chain(self.users(value));
        for edit in self.edits_since(checkpoint) {
            match edit {
                Edit::Inserted(op)
                | Edit::Moved(op, _)
                | Edit::Argument(op, ..)
                | Edit::Operand(Use { op, .. }, _)
                | Edit::Attribute(op, ..)
                | Edit::OpName(op, _) => ops.push(*op),
                Edit::ValueName(value, _) | Edit::ValueType(value, _) => ops.extend(value_ops(*value)),
                Edit::Inputs(block, _) => {
                    ops.extend(self.block(*block).inputs().iter().flat_map(|&v| self.users(v)))
                }
                Edit::Erased(..) | Edit::Origins(..) => {}
            }
        }
        let mut ops = self.sorted(ops);
        ops.retain(|&op| self.is_live(op));
        let users: Vec<OpId> =
            ops.iter().flat_map(|&op| self.op(op).results.iter()).flat_map(|&v| self.users(v)).collect();
        ops.extend(users);
        self.sorted(ops)
    }

    /// Ops in the order of their ids, each once.
    fn sorted(&self, mut ops: Vec<OpId>) -> Vec<OpId> {
        if ops.len() < self.bound() / 16 {
            ops.sort_unstable();
            ops.dedup();
            return ops;
        }
        let mut found = vec![false; self.bound()];
        ops.iter().for_each(|op| found[op.index()] = true);
        ops.clear();
        ops.extend((0_u32..).zip(found).filter(|&(_, found)| found).map(|(id, _)| OpId(id)));
        ops
    }
}
