//! States that become inputs and outputs, or states of another form: the same over successive calls.

use milopt::eval::{Array, Evaluator, Flavour, Inputs, Outputs, compare, random_inputs};
use milopt::ir::{Graph, Program, Type};
use milopt::pass::{Pipeline, Registry};

use super::numbers::{graph, options, unseeded};

/// Calls in a row.
const CALLS: u64 = 3;

/// The states of some function are others than those of the other program's.
pub(super) fn states_differ(before: &Program, after: &Program) -> bool {
    let states = |program: &Program, name: &str| -> Vec<Type> {
        let graph = graph(program, name).map(|(graph, _)| graph);
        graph.into_iter().flat_map(|graph| inputs(graph, true)).collect()
    };
    before.functions.keys().any(|name| states(before, name) != states(after, name))
}

/// Holds two programs with different states to one another. What one has as a state `s`, the other may have
/// as an input `s` and an output `s_out`, as `unmark_states` makes them. `Some`: not compared, for this
/// reason.
pub(super) fn kept(
    before: &Program,
    after: &Program,
    registry: &Registry,
    seed: u64,
) -> Result<Option<&'static str>, String> {
    if unseeded(before) {
        return Ok(Some("random numbers"));
    }
    let mut again = after.clone();
    let pipeline = Pipeline::parse("unmark_states", registry).map_err(|error| error.to_string())?;
    pipeline.run(&mut again).map_err(|error| error.to_string())?;
    let count = |program: &Program, name: &str| {
        graph(program, name).map_or(0, |(graph, _)| inputs(graph, false).count())
    };
    let mut reason = None;
    for name in before.functions.keys() {
        let before = if count(after, name) >= count(before, name) { before } else { &again };
        let found =
            same(before, after, name, seed).map_err(|message| format!("function {name}: {message}"))?;
        reason = reason.or(found);
    }
    Ok(reason)
}

/// The types of a graph's states, or of its other inputs.
fn inputs(graph: &Graph, states: bool) -> impl Iterator<Item = Type> + '_ {
    let inputs = graph.root().inputs().iter().map(|&input| graph.value(input).ty());
    inputs.filter(move |ty| ty.as_state().is_some() == states).cloned()
}

/// A function of two programs gives the same in each of successive calls.
fn same(one: &Program, other: &Program, name: &str, seed: u64) -> Result<Option<&'static str>, String> {
    let Some(wanted) = looped(one, name, seed) else { return Ok(Some("the program fails")) };
    let got = looped(other, name, seed).ok_or("it fails")?;
    for (call, (wanted, got)) in wanted.iter().zip(&got).enumerate() {
        for (name, value) in got {
            let arrays = wanted.get(name).and_then(|wanted| wanted.as_array()).zip(value.as_array());
            if let Some((wanted, got)) = arrays
                && !compare(wanted, got).is_exact()
            {
                return Err(format!("output {name} changes in call {call}: {:?}", compare(wanted, got)));
            }
        }
    }
    Ok(None)
}

/// The outputs of successive calls; an input `s` with an output `s_out` is handed that of the call before,
/// and zeros at first.
fn looped(program: &Program, name: &str, seed: u64) -> Option<Vec<Outputs>> {
    let (graph, opset) = graph(program, name)?;
    let interface = program.interface.function(name);
    let evaluator = Evaluator::of_graph(graph, opset, name.into(), interface, options()).ok()?;
    let mut session = evaluator.session().ok()?;
    let mut all: Vec<Outputs> = Vec::new();
    let outputs: Vec<String> =
        graph.root().outputs().map(|output| graph.value(output).name().to_string()).collect();
    for call in 0..CALLS {
        let mut given: Inputs = random_inputs(graph, interface, Flavour::Normal, seed + call).ok()?;
        for (name, array) in &mut given {
            let carried = format!("{name}_out");
            if outputs.contains(&carried) {
                *array = match all.last() {
                    Some(last) => last.get(carried.as_str())?.as_array()?.clone(),
                    None => Array::filled(array.dtype(), array.shape(), 0.0, false).ok()?,
                };
            }
        }
        all.push(session.run(&given).ok()?);
    }
    Some(all)
}
