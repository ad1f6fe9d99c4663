//! A function cut at named values.

use std::collections::HashSet;

use mil_ir::{Graph, Name, OpId, Program, ValueId};
use mil_ops::effects;

use super::part::{Parts, Whole};
use super::{SurgeryError, refused};

/// A function in two parts.
#[derive(Clone, Debug)]
pub struct Cut {
    /// What computes the named values, with all that they need.
    pub before: Program,
    /// The rest, which takes them.
    pub after: Program,
    /// Features by which values cross, those that were not named but are needed on both sides among them.
    pub crossing: Vec<Name>,
}

/// Cuts a function at values, named as the program names them or by the label of their op.
///
/// The first part computes them and keeps those outputs that it has anyway; everything else is in the second.
/// Constants stand on both sides where both need them. What the second part needs beside the named values
/// crosses as well, and [`Cut::crossing`] says so.
///
/// # Errors
///
/// If there is no such value, it is an input, constant or inside of an inner block; if nothing is left for the
/// second part; if a state would be in both.
pub fn cut(program: &Program, function: Option<&str>, at: &[String]) -> Result<Cut, SurgeryError> {
    let whole = Whole::of(program, function)?;
    let graph = whole.graph()?;
    let values = at.iter().map(|name| find(&whole, graph, name)).collect::<Result<Vec<_>, _>>()?;
    if values.is_empty() {
        return refused("no value is named");
    }
    let before = ancestors(&whole, graph, &values);
    if whole.ops.iter().all(|op| before.contains(op)) {
        return refused(format!(
            "everything is needed for {}: there is nothing behind the cut",
            at.join(", ")
        ));
    }
    let parts = Parts::new(&whole, 2, |op| usize::from(!before.contains(&op)), &values)?;
    let crossing = parts.crossing().map(|(_, name)| name.clone()).collect();
    let mut programs = parts.programs()?.into_iter();
    match (programs.next(), programs.next()) {
        (Some(before), Some(after)) => Ok(Cut { before, after, crossing }),
        _ => refused("a cut makes two parts"),
    }
}

fn find(whole: &Whole, graph: &Graph, name: &str) -> Result<ValueId, SurgeryError> {
    let inputs = graph.root().inputs().iter().copied();
    if inputs.into_iter().any(|value| *graph.value(value).name() == *name) {
        return refused(format!("{name} is an input: nothing is before it"));
    }
    let results = || graph.walk().flat_map(|op| graph.op(op).results()).copied();
    let named = results().find(|&value| *graph.value(value).name() == *name);
    let labelled = || graph.walk().find(|&op| graph.op(op).name().is_some_and(|label| *label == *name));
    let Some(value) = named.or_else(|| labelled().and_then(|op| graph.op(op).result())) else {
        return refused(format!("there is no value {name}, nor an op of that name with one result"));
    };
    if graph.home(value) != Graph::ROOT {
        return refused(format!("{name} is inside of an inner block, where no cut can be"));
    }
    match graph.definition(value).filter(|op| whole.ops.contains(op)) {
        Some(_) => Ok(value),
        None => refused(format!("{name} is constant: nothing is before it")),
    }
}

/// The ops that these values need; with an op that meets a state, all that meet it and need nothing of what
/// follows from the values.
fn ancestors(whole: &Whole, graph: &Graph, values: &[ValueId]) -> HashSet<OpId> {
    let mut before: HashSet<OpId> = HashSet::new();
    let grow = |before: &mut HashSet<OpId>, from: Vec<OpId>| {
        let mut stack = from;
        while let Some(op) = stack.pop() {
            if before.insert(op) {
                stack.extend(whole.needs(graph, op).filter_map(|value| graph.definition(value)));
            }
        }
    };
    grow(&mut before, values.iter().filter_map(|&value| graph.definition(value)).collect());
    // What follows from the values.
    let mut after: HashSet<OpId> = values.iter().filter_map(|&value| graph.definition(value)).collect();
    for &op in &whole.ops {
        let follows =
            whole.needs(graph, op).filter_map(|value| graph.definition(value)).any(|op| after.contains(&op));
        if follows {
            after.insert(op);
        }
    }
    let touching: Vec<(OpId, Vec<ValueId>)> = whole
        .ops
        .iter()
        .map(|&op| (op, effects(graph, op)))
        .map(|(op, effects)| (op, effects.reads.iter().chain(&effects.writes).copied().collect()))
        .filter(|(_, states): &(OpId, Vec<ValueId>)| !states.is_empty())
        .collect();
    loop {
        let is_met = |state: &ValueId| {
            touching.iter().any(|(op, states)| before.contains(op) && states.contains(state))
        };
        let more: Vec<OpId> = touching
            .iter()
            .filter(|(op, states)| !before.contains(op) && !after.contains(op) && states.iter().any(is_met))
            .map(|(op, _)| *op)
            .collect();
        if more.is_empty() {
            return before;
        }
        grow(&mut before, more);
    }
}
