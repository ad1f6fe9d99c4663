//! Program order: a linked list per block, with sequence numbers for comparison.

use crate::graph::{Definition, Graph};
use crate::{BlockId, OpId, ValueId};

/// Distance between the sequence numbers of neighbours in fresh order.
pub(super) const STRIDE: u64 = 1 << 16;

/// All ops of a graph in program order: an op comes before those of its inner blocks. Created by
/// [`Graph::walk`].
#[derive(Clone, Debug)]
pub struct Walk<'g> {
    graph: &'g Graph,
    stack: Vec<OpId>,
}

impl Iterator for Walk<'_> {
    type Item = OpId;

    fn next(&mut self) -> Option<OpId> {
        loop {
            let id = self.stack.pop()?;
            let op = self.graph.op(id);
            if op.is_return() {
                continue;
            }
            self.stack.extend(op.next);
            self.stack.extend(op.blocks.iter().rev().map(|&block| self.graph.blocks[block.index()].first));
            return Some(id);
        }
    }
}

impl Graph {
    /// All ops in program order, those of inner blocks after their owner, without `return`.
    pub fn walk(&self) -> Walk<'_> {
        Walk { graph: self, stack: vec![self.blocks[0].first] }
    }

    /// All blocks that are in the program, owners before what they hold.
    pub fn blocks(&self) -> impl Iterator<Item = BlockId> + '_ {
        std::iter::once(Graph::ROOT).chain(self.walk().flat_map(|op| self.op(op).blocks.iter().copied()))
    }

    /// Number of ops, those of inner blocks included, without `return`.
    pub fn op_count(&self) -> usize {
        self.walk().count()
    }

    /// The op that follows in the same block; its `return` at the end.
    pub fn next(&self, op: OpId) -> Option<OpId> {
        self.op(op).next
    }

    /// The op that precedes in the same block.
    pub fn previous(&self, op: OpId) -> Option<OpId> {
        self.op(op).previous
    }

    /// Whether `a` stands before `b` in the same block.
    pub fn is_before(&self, a: OpId, b: OpId) -> bool {
        let (a, b) = (self.op(a), self.op(b));
        a.block == b.block && a.sequence < b.sequence
    }

    /// The op of `block` that is `op` or holds it in an inner block.
    pub fn ancestor_in(&self, mut op: OpId, block: BlockId) -> Option<OpId> {
        loop {
            let home = self.op(op).block;
            if home == block {
                return Some(op);
            }
            op = self.blocks[home.index()].parent?;
        }
    }

    /// Whether a value may be used by `op`, where it stands now.
    pub fn is_visible(&self, value: ValueId, op: OpId) -> bool {
        match self.value(value).definition {
            Definition::Input(block) => self.ancestor_in(op, block).is_some(),
            Definition::Result(definer, _) => {
                let definer_op = self.op(definer);
                !definer_op.erased
                    && self
                        .ancestor_in(op, definer_op.block)
                        .is_some_and(|ancestor| self.op(ancestor).sequence > definer_op.sequence)
            }
        }
    }

    /// Puts a detached op into the list before `next`.
    pub(super) fn link_before(&mut self, op: OpId, next: OpId) {
        let block = self.op(next).block;
        let previous = self.op(next).previous;
        let low = previous.map_or(0, |previous| self.op(previous).sequence);
        let high = self.op(next).sequence;
        let entry = self.op_mut(op);
        (entry.block, entry.previous, entry.next) = (block, previous, Some(next));
        entry.sequence = low + (high - low) / 2;
        self.op_mut(next).previous = Some(op);
        match previous {
            Some(previous) => self.op_mut(previous).next = Some(op),
            None => self.blocks[block.index()].first = op,
        }
        if high - low < 2 {
            self.renumber(op);
        } else if self.op(next).is_return() {
            // At the end there is always room: the `return` moves on.
            let sequence = low.saturating_add(STRIDE);
            self.op_mut(op).sequence = sequence;
            self.op_mut(next).sequence = sequence.saturating_add(STRIDE);
        }
    }

    /// Takes an op out of the list; the op remembers nothing of its place.
    pub(super) fn unlink(&mut self, op: OpId) {
        let (block, previous, next) = (self.op(op).block, self.op(op).previous, self.op(op).next);
        match previous {
            Some(previous) => self.op_mut(previous).next = next,
            None => self.blocks[block.index()].first = next.unwrap_or(op),
        }
        if let Some(next) = next {
            self.op_mut(next).previous = previous;
        }
    }

    /// Makes room around an op: spreads the numbers of its neighbours over the smallest aligned range of
    /// numbers that holds few ops for its size. The larger a range, the sparser it has to be, so that one
    /// spot can take any number of insertions at a logarithmic price each (Bender et al., "Two simplified
    /// algorithms for maintaining order in a list").
    fn renumber(&mut self, op: OpId) {
        let middle = self.op(op).sequence;
        let (mut first, mut count) = (op, 1_u64);
        let mut last = op;
        let mut few = 1.0_f64;
        for bits in 1..u64::BITS {
            let low = middle >> bits << bits;
            let high = low + ((1 << bits) - 1);
            while let Some(previous) = self.op(first).previous.filter(|&op| self.op(op).sequence >= low) {
                (first, count) = (previous, count + 1);
            }
            while let Some(next) = self.op(last).next.filter(|&op| self.op(op).sequence <= high) {
                (last, count) = (next, count + 1);
            }
            few *= 1.4;
            let step = (1 << bits) / (count + 1);
            if step < 2 || (count as f64 > few && bits + 1 < u64::BITS) {
                continue;
            }
            let (mut next, mut sequence) = (Some(first), low);
            while let Some(op) = next {
                sequence += step;
                let entry = self.op_mut(op);
                entry.sequence = sequence;
                next = entry.next.filter(|_| op != last);
            }
            return;
        }
    }
}
