//! What ops do besides computing their results, and what may therefore be done with them.
//!
//! [`can_erase`], [`can_merge`], [`can_move`] and [`is_known`] are the only way to ask. Ops that this version does not
//! know, or that have fields that it does not know, are opaque: they might do anything, so nothing is done
//! with them.

use std::collections::BTreeSet;
use std::ops::BitOr;

use mil_ir::{BlockId, Graph, Op, OpId, Operand, ValueId};
use smallvec::SmallVec;

use crate::Effect;

/// What an op does besides computing its results, inner blocks included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// States that it reads.
    pub reads: SmallVec<[ValueId; 1]>,
    /// States that it writes.
    pub writes: SmallVec<[ValueId; 1]>,
    /// It draws random numbers.
    pub random: bool,
    /// It might do anything.
    pub opaque: bool,
}

impl Effects {
    /// Nothing but the results.
    pub fn is_pure(&self) -> bool {
        *self == Effects::default()
    }

    /// The order of two ops with these effects matters.
    pub fn conflict(&self, other: &Effects) -> bool {
        let touches = |a: &Effects, b: &Effects| {
            a.writes.iter().any(|state| b.reads.contains(state) || b.writes.contains(state))
        };
        let barrier = |a: &Effects, b: &Effects| a.opaque && !b.is_pure();
        touches(self, other) || touches(other, self) || barrier(self, other) || barrier(other, self)
    }
}

impl BitOr for Effects {
    type Output = Effects;

    fn bitor(mut self, other: Effects) -> Effects {
        for (mine, theirs) in [(&mut self.reads, other.reads), (&mut self.writes, other.writes)] {
            for state in theirs {
                if !mine.contains(&state) {
                    mine.push(state);
                }
            }
        }
        self.random |= other.random;
        self.opaque |= other.opaque;
        self
    }
}

/// What an op does besides computing its results, inner blocks included.
pub fn effects(graph: &Graph, op: OpId) -> Effects {
    let mut found = own_effects(graph, op);
    let mut stack: Vec<BlockId> = graph.op(op).blocks().to_vec();
    while let Some(block) = stack.pop() {
        for inner in graph.block(block).ops() {
            found = found | own_effects(graph, inner);
            stack.extend(graph.op(inner).blocks());
        }
    }
    found
}

/// The op, its results and its blocks have no fields that this version does not know: what takes its place
/// says all that it said.
pub fn is_known(graph: &Graph, op: OpId) -> bool {
    let found = graph.op(op);
    let known = |value: &ValueId| graph.value(*value).carried().is_none();
    let known_block = |block: &BlockId| {
        let block = graph.block(*block);
        block.carried().is_none() && block.inputs().iter().all(known)
    };
    found.carried().is_none() && found.results().iter().all(known) && found.blocks().iter().all(known_block)
}

fn own_effects(graph: &Graph, op: OpId) -> Effects {
    let opaque = Effects { opaque: true, ..Effects::default() };
    let Some(def) = crate::def(graph.op(op).kind()).filter(|_| is_known(graph, op)) else { return opaque };
    let state: SmallVec<[ValueId; 1]> = graph.input(op, "input").into_iter().collect();
    match def.effect {
        Effect::Pure => Effects::default(),
        Effect::Random => Effects { random: true, ..Effects::default() },
        Effect::ReadsState | Effect::WritesState if state.is_empty() => opaque,
        Effect::ReadsState => Effects { reads: state, ..Effects::default() },
        Effect::WritesState => Effects { writes: state, ..Effects::default() },
    }
}

/// The op may be erased: nothing uses its results, and it neither writes a state nor is opaque.
pub fn can_erase(graph: &Graph, op: OpId) -> bool {
    let found = graph.op(op);
    if found.is_return() || found.results().iter().any(|&value| !graph.is_unused(value)) {
        return false;
    }
    let effects = effects(graph, op);
    effects.writes.is_empty() && !effects.opaque
}

/// The users of `b` may use `a` instead: both compute the same, `a` is visible wherever `b` is, and no effect
/// makes a difference. Small constants are the same by value, large ones by identity. Ops with inner blocks
/// are never merged, nor are ops that draw random numbers.
pub fn can_merge(graph: &Graph, a: OpId, b: OpId) -> bool {
    let (first, second) = (graph.op(a), graph.op(b));
    let same = first.kind() == second.kind()
        && !first.is_return()
        && first.blocks().is_empty()
        && second.blocks().is_empty()
        && is_known(graph, a)
        && is_known(graph, b)
        && first.results().len() == second.results().len()
        && first
            .results()
            .iter()
            .zip(second.results())
            .all(|(&x, &y)| graph.value(x).ty() == graph.value(y).ty())
        && same_arguments(graph, first, second)
        && first.attributes() == second.attributes();
    if !same || a == b {
        return false;
    }
    let Some(place) = graph.ancestor_in(b, first.block()) else { return false };
    if !graph.is_before(a, place) {
        return false;
    }
    let effects = effects(graph, b);
    if effects.is_pure() {
        return true;
    }
    if effects.random || effects.opaque || !effects.writes.is_empty() || place != b {
        return false;
    }
    between(graph, a, b).all(|op| !self::effects(graph, op).conflict(&effects))
}

/// Elements below which constants are compared by value.
const SMALL: usize = 100;

fn same_arguments(graph: &Graph, a: &Op, b: &Op) -> bool {
    let small = |operand: &Operand| {
        let tensor = graph.literal(operand)?.as_tensor().filter(|tensor| tensor.len() < SMALL)?;
        Some((tensor.dtype(), tensor.shape().to_vec(), tensor.fingerprint().ok()?))
    };
    let same = |x: &Operand, y: &Operand| x == y || small(x).is_some_and(|x| Some(x) == small(y));
    a.arguments()
        .map(|(param, argument)| (param, argument.len()))
        .eq(b.arguments().map(|(param, argument)| (param, argument.len())))
        && a.operands().zip(b.operands()).all(|(x, y)| same(x, y))
}

/// The op may stand directly before another one: its operands are visible there, its users stay behind it,
/// and it passes no op whose effects conflict with its own. Only pure ops change their block.
pub fn can_move(graph: &Graph, op: OpId, before: OpId) -> bool {
    let effects = effects(graph, op);
    let found = graph.op(op);
    let home = graph.op(before).block();
    if found.is_return()
        || effects.opaque
        || graph.ancestor_in(before, found.block()) == Some(op) && before != op
    {
        return false;
    }
    if before == op || graph.next(op) == Some(before) {
        return true;
    }
    let visible = captured(graph, op).into_iter().all(|value| graph.is_visible(value, before));
    let users_behind = found.results().iter().flat_map(|&value| graph.users(value)).all(|user| {
        graph.ancestor_in(user, home).is_some_and(|user| user == before || graph.is_before(before, user))
    });
    if !visible || !users_behind {
        return false;
    }
    if effects.is_pure() {
        return true;
    }
    if found.block() != home {
        return false;
    }
    let passed: Vec<OpId> = match graph.is_before(op, before) {
        true => between(graph, op, before).collect(),
        false => between(graph, before, op).chain([before]).collect(),
    };
    passed.into_iter().all(|other| !self::effects(graph, other).conflict(&effects))
}

/// The ops strictly between two ops of a block, the first of which stands before the second.
fn between(graph: &Graph, first: OpId, last: OpId) -> impl Iterator<Item = OpId> + '_ {
    std::iter::successors(graph.next(first), |&op| graph.next(op)).take_while(move |&op| op != last)
}

/// The values that an op needs from outside: its operands and what its blocks capture.
pub fn captured(graph: &Graph, op: OpId) -> Vec<ValueId> {
    let mut values: Vec<ValueId> = graph.op(op).operands().filter_map(Operand::value).collect();
    let mut stack: Vec<BlockId> = graph.op(op).blocks().to_vec();
    let mut inner = BTreeSet::new();
    while let Some(block) = stack.pop() {
        inner.insert(block);
        let found = graph.block(block);
        values.extend(found.outputs());
        for op in found.ops() {
            values.extend(graph.op(op).values());
            stack.extend(graph.op(op).blocks());
        }
    }
    values.retain(|&value| !inner.contains(&graph.home(value)));
    values.sort_unstable();
    values.dedup();
    values
}
