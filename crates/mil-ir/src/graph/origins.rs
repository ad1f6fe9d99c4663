//! Which ops of the original program an op stands for.
//!
//! A rewrite makes one entry that refers to those it takes together, so that a chain of rewrites costs no
//! more than its length; the names are collected when someone asks.

use std::collections::BTreeSet;

use smallvec::SmallVec;

use crate::graph::{Edit, Graph};
use crate::{Name, OpId};

/// What the ops of a graph stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    entries: Vec<Entry>,
    /// By op.
    known: Vec<Option<OriginId>>,
}

/// An entry of a graph's record of what its ops stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OriginId(u32);

#[derive(Clone, Debug)]
enum Entry {
    /// An op of the original program, by its label.
    Op(Name),
    /// All that these stand for.
    All(SmallVec<[OriginId; 2]>),
}

impl Origins {
    fn add(&mut self, entry: Entry) -> OriginId {
        self.entries.push(entry);
        OriginId(self.entries.len() as u32 - 1)
    }

    fn of(&self, op: OpId) -> Option<OriginId> {
        self.known.get(op.index()).copied().flatten()
    }
}

impl Graph {
    /// Labels of the ops of the original program that an op replaces, each once; empty where it stands for
    /// itself.
    pub fn origins(&self, op: OpId) -> Vec<Name> {
        let mut stack: Vec<OriginId> = self.origins.of(op).into_iter().collect();
        let (mut seen, mut told) = (BTreeSet::new(), BTreeSet::new());
        let mut names = Vec::new();
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            match &self.origins.entries[id.0 as usize] {
                Entry::Op(name) if told.insert(name) => names.push(name.clone()),
                Entry::Op(_) => {}
                Entry::All(parts) => stack.extend(parts.iter().rev()),
            }
        }
        names
    }

    /// Some op of the original program is what an op stands for.
    pub(crate) fn has_origins(&self, op: OpId) -> bool {
        self.origins.of(op).is_some()
    }

    /// Records that an op stands for all that these ops stand for.
    pub fn inherit_origins(&mut self, op: OpId, from: &[OpId]) {
        let parts = from
            .iter()
            .map(|&op| match self.origins.of(op) {
                Some(id) => id,
                None => {
                    let name = self.label(op).clone();
                    self.origins.add(Entry::Op(name))
                }
            })
            .collect();
        let all = self.origins.add(Entry::All(parts));
        self.put_origins(op, Some(all));
    }

    pub(super) fn put_origins(&mut self, op: OpId, origins: Option<OriginId>) {
        let known = &mut self.origins.known;
        if known.len() <= op.index() {
            known.resize(op.index() + 1, None);
        }
        let old = std::mem::replace(&mut known[op.index()], origins);
        self.record(Edit::Origins(op, old));
    }
}
