//! Whether all that hangs together by values of more than five axes can be done on fewer.

use std::collections::HashSet;

use mil_ir::OpId;
use mil_pass::{No, Rewrite};

use super::alike::Plan;
use super::{MOST, VIEWS, merged, turns};

/// Ops that hang together; more are left alone, as each of them looks at all.
const OPS: usize = 256;

/// Refuses an op if something would go on in six axes, before it or behind it: then nothing is gained.
pub(super) fn is_lowered(rw: &Rewrite<'_>, op: OpId) -> Result<(), No> {
    let mut seen = HashSet::from([op]);
    let mut open = vec![op];
    let graph = rw.graph();
    let is_high = |value| rw.rank(value).is_ok_and(|rank| rank > MOST);
    while let Some(op) = open.pop() {
        No::unless(seen.len() <= OPS, "too many ops hang together in six axes")?;
        can_be_lowered(rw, op)?;
        let mut near: Vec<OpId> = Vec::new();
        for value in graph.op(op).values().filter(|&value| is_high(value)) {
            if graph.literal(&value.into()).is_none() {
                near.push(graph.definition(value).ok_or(No::miss("an input has more than five axes"))?);
            }
        }
        for &value in graph.op(op).results().iter().filter(|&&value| is_high(value)) {
            near.extend(graph.users(value));
        }
        open.extend(near.into_iter().filter(|&op| seen.insert(op)));
    }
    Ok(())
}

fn can_be_lowered(rw: &Rewrite<'_>, op: OpId) -> Result<(), No> {
    No::unless(rw.graph().op(op).kind() != "return", "more than five axes are handed on")?;
    if rw.is(op, VIEWS) {
        rw.shape(rw.result(op)?)?;
        return rw.known(op);
    }
    if rw.is(op, &["transpose"]) {
        rw.known(op)?;
        let (_, order) = merged(&rw.shape(rw.input(op, "x")?)?, &rw.call(op)?.order("perm")?);
        return No::unless(turns(&order).is_some(), "it moves too many axes");
    }
    match Plan::of(rw, op) {
        Err(No::Miss(reason)) => {
            Err(No::miss(format!("{} hangs together with it: {reason}", rw.graph().op(op).kind())))
        }
        found => found.map(|_| ()),
    }
}
