//! A match of several ops that remembers what it walked through.

use mil_ir::{NewOp, OpId, ValueId};

use crate::{Matched, No, Rewrite};

/// The ops of a match: the one that gives the result, and those behind it that a pattern walked through. It
/// knows which of them fall away with the result, and whether anything outside uses a value between.
///
/// ```text
/// let mut m = Match::ending(end);
/// let product = m.from(rw, end, "x", &["mul"])?;      // as `rw.producer`, but remembered
/// m.closed(rw)?;
/// m.replace(rw, NewOp::new("layer_norm").with("x", x))
/// ```
#[derive(Clone, Debug)]
pub struct Match {
    end: OpId,
    inner: Vec<OpId>,
}

impl Match {
    /// A match whose result is that of this op.
    pub fn ending(end: OpId) -> Match {
        Match { end, inner: Vec::new() }
    }

    /// A match of ops that were found in other ways, by only uses for example.
    pub fn of(end: OpId, inner: &[OpId]) -> Match {
        let mut found = Match::ending(end);
        inner.iter().for_each(|&op| found.remember(op));
        found
    }

    /// The op that gives the result.
    pub fn end(&self) -> OpId {
        self.end
    }

    /// The op behind a parameter, if it is of one of these types and in the block of the match.
    pub fn from(&mut self, rw: &Rewrite<'_>, op: OpId, param: &str, kinds: &[&str]) -> Result<OpId, No> {
        self.definition(rw, rw.input(op, param)?, kinds)
    }

    /// The op that defines a value, if it is of one of these types and in the block of the match.
    pub fn definition(&mut self, rw: &Rewrite<'_>, value: ValueId, kinds: &[&str]) -> Result<OpId, No> {
        let op = rw.definition_anywhere(value, kinds)?;
        let same = rw.graph().op(op).block() == rw.graph().op(self.end).block();
        No::unless(same, "the producer stands in an outer block")?;
        self.remember(op);
        Ok(op)
    }

    /// Adds an op that was found in another way.
    pub fn remember(&mut self, op: OpId) {
        if op != self.end && !self.inner.contains(&op) {
            self.inner.push(op);
        }
    }

    /// What `try_it` gives; where it misses, what it walked through on the way is forgotten.
    pub fn attempt<T>(&mut self, try_it: impl FnOnce(&mut Match) -> Result<T, No>) -> Result<T, No> {
        let before = self.inner.len();
        try_it(self).inspect_err(|_| self.inner.truncate(before))
    }

    /// Nothing outside the match uses a value between.
    pub fn closed(&self, rw: &Rewrite<'_>) -> Result<(), No> {
        let graph = rw.graph();
        let values = self.inner.iter().flat_map(|&op| graph.op(op).results());
        let mut users = values.flat_map(|&value| graph.users(value));
        let closed = users.all(|user| user == self.end || self.inner.contains(&user));
        No::unless(closed, "a value between has another use")
    }

    /// Replaces the whole match by one op; see [`Rewrite::replace`].
    pub fn replace(&self, rw: &mut Rewrite<'_>, new: NewOp) -> Matched {
        rw.replace(self.end, new, &self.inner)
    }

    /// The match that ends further on: the op that gave the result so far feeds the first of these, that one
    /// the next, and the last gives the result.
    #[must_use]
    pub fn extended(mut self, further: &[OpId]) -> Match {
        for &op in further {
            let end = std::mem::replace(&mut self.end, op);
            self.remember(end);
        }
        self
    }

    /// The ops that fall away with the result.
    pub fn inner(&self) -> &[OpId] {
        &self.inner
    }
}
