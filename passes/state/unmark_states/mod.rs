use mil_ir::{ArrayFeature, At, Feature, FeatureKind, Graph, Interface, Name, NewOp, OpId, Program, ValueId};
use mil_pass::{Pass, PassCx, PassError, pass};

use super::access;

pass! {
    /// Makes inputs and outputs of states: the app keeps what the model kept.
    ///
    /// A state becomes an input of its name and an output whose name ends in `suffix`. What the state held
    /// at a place in the program is the value that was written last before it. It undoes
    /// `mark_kv_cache_states`, and shows tools that know no states what a model computes. Refused: a state
    /// that is written in a branch or a loop; where no state is named, such a one is left as it is.
    ///
    /// # Before
    /// ```mil
    /// func main<ios18>(state<tensor<fp16, [2]>> s, tensor<fp16, [2]> x) {
    ///     tensor<fp16, [2]> old = read_state(input = s)[name = string("old")];
    ///     tensor<fp16, [2]> new = mul(x = old, y = x)[name = string("new")];
    ///     write_state(data = new, input = s)[name = string("w")];
    ///     tensor<fp16, [2]> held = read_state(input = s)[name = string("held")];
    ///     tensor<fp16, [2]> y = add(x = held, y = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp16, [2]> x, tensor<fp16, [2]> s) {
    ///     tensor<fp16, [2]> s_out = mul(x = s, y = x)[name = string("new")];
    ///     tensor<fp16, [2]> y = add(x = s_out, y = x)[name = string("y")];
    /// } -> (y, s_out);
    /// ```
    pub struct UnmarkStates {
        /// The states. Empty: all.
        pub states: Vec<String> = Vec::new(),
        /// What the names of the outputs end in.
        pub suffix: String = "_out".to_owned(),
    }
    id: "unmark_states",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    statistics: [
        unmarked: "states that became an input and an output",
    ],
}

impl Pass for UnmarkStates {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let functions: Vec<Name> = program.functions.keys().cloned().collect();
        let mut left: Vec<&String> = self.states.iter().collect();
        for function in &functions {
            let Some(graph) = program.graph(function) else { continue };
            let inputs = graph.root().inputs().iter().map(|&input| graph.value(input));
            let states = inputs.filter(|input| input.ty().as_state().is_some());
            let wanted =
                |name: &Name| self.states.is_empty() || self.states.iter().any(|state| **state == **name);
            let states: Vec<Name> = states.map(|state| state.name().clone()).filter(wanted).collect();
            for state in states {
                let refused = can_be_unmarked(program, function, &state);
                if let Err(reason) = refused {
                    if !self.states.is_empty() {
                        return Err(PassError::Refused(format!("state {state}: {reason}")));
                    }
                    let graph = program.graph(function);
                    let place = graph
                        .and_then(|graph| Some((graph, graph.users(graph.input_named(&state)?).next()?)));
                    if let Some((graph, op)) = place {
                        cx.missed("state", graph, op, &reason);
                    }
                    continue;
                }
                if !cx.spend() {
                    return Ok(());
                }
                left.retain(|other| other.as_str() != &*state);
                let output = free(program, function, &format!("{state}{}", self.suffix));
                for (_, _, graph) in program.graphs_mut().filter(|(name, ..)| *name == function) {
                    in_graph(graph, &state, &output)?;
                }
                if program.interface.function(function).is_some() {
                    in_interface(&mut program.interface, function, &state, &output)?;
                }
                cx.count("unmarked", 1);
            }
        }
        match left.first() {
            Some(state) => Err(PassError::Refused(format!("there is no state {state}"))),
            None => Ok(()),
        }
    }
}

/// Why a state cannot become an input and an output.
fn can_be_unmarked(program: &Program, function: &Name, state: &Name) -> Result<(), String> {
    for (_, _, graph) in program.graphs().filter(|(name, ..)| *name == function) {
        let value = graph.input_named(state).ok_or("a graph of the function lacks it")?;
        for user in graph.users(value) {
            let kind = graph.op(user).kind();
            match kind.as_str() {
                "read_state" => {}
                "write_state" if graph.op(user).block() != Graph::ROOT => {
                    return Err("it is written in a branch or a loop".to_owned());
                }
                "write_state" => {}
                _ => return Err(format!("{kind} takes it")),
            }
        }
    }
    let features = program.interface.function(function);
    let feature = features.and_then(|features| features.states.iter().find(|feature| feature.name == *state));
    match feature.map(|feature| &feature.kind) {
        None | Some(Some(FeatureKind::State(Some(_)))) => Ok(()),
        Some(_) => Err("the model does not say what it holds".to_owned()),
    }
}

/// A name that no feature and no value of a function has.
fn free(program: &Program, function: &Name, base: &str) -> Name {
    let taken = |name: &str| {
        let features = program.interface.function(function);
        let mut graphs = program.graphs().filter(|(of, ..)| *of == function);
        features.is_some_and(|features| features.find(name).is_some())
            || graphs.any(|(_, _, graph)| graph.has_value_named(name))
    };
    let numbered = (1..).map(|number| format!("{base}_{number}"));
    let mut names = std::iter::once(base.to_owned()).chain(numbered);
    names.find(|name| !taken(name)).unwrap_or_else(|| base.to_owned()).into()
}

fn in_graph(graph: &mut Graph, state: &Name, output: &Name) -> Result<(), PassError> {
    let refused = |reason: &str| PassError::Refused(format!("state {state}: {reason}"));
    let old = graph.input_named(state).ok_or_else(|| refused("a graph of the function lacks it"))?;
    let contents = graph.value(old).ty().as_state().cloned().ok_or_else(|| refused("it is not a state"))?;
    let users = access::accesses(graph, old)?;
    access::free_name(graph, state);
    let mut held = graph.add_input(Graph::ROOT, state.clone(), contents.clone());
    for op in users {
        match graph.op(op).result() {
            Some(read) => {
                if graph.is_output(read) {
                    held = named(graph, read, held, op);
                }
                graph.replace_uses(read, held);
            }
            None => held = graph.input(op, "data").ok_or_else(|| refused("a constant is written to it"))?,
        }
        graph.erase(op)?;
    }
    graph.remove_input(Graph::ROOT, old);
    let mut outputs: Vec<ValueId> = graph.root().outputs().collect();
    outputs.push(new_output(graph, held, output));
    graph.set_outputs(Graph::ROOT, outputs);
    Ok(())
}

/// A read that is an output of the function: its name stays, for a copy of what was held.
fn named(graph: &mut Graph, read: ValueId, held: ValueId, at: OpId) -> ValueId {
    let name = graph.value(read).name().clone();
    let hidden = graph.fresh_name(&format!("{name}_read"));
    graph.rename_value(read, hidden);
    identity(graph, held, &name, At::Before(at))
}

/// A value that is an output of this name: the value itself where it may be renamed.
fn new_output(graph: &mut Graph, held: ValueId, output: &Name) -> ValueId {
    let may_be_renamed = graph
        .definition(held)
        .is_some_and(|op| graph.op(op).kind() != "const" && graph.op(op).block() == Graph::ROOT);
    if may_be_renamed && !graph.is_output(held) {
        graph.rename_value(held, output.clone());
        return held;
    }
    identity(graph, held, output, At::End(Graph::ROOT))
}

fn identity(graph: &mut Graph, value: ValueId, name: &Name, at: At) -> ValueId {
    let ty = graph.value(value).ty().clone();
    let new = NewOp::new("identity").named(name.clone()).with("x", value).result(name.clone(), ty);
    let op = graph.insert(new, at);
    graph.op(op).results()[0]
}

fn in_interface(
    interface: &mut Interface,
    function: &Name,
    state: &Name,
    output: &Name,
) -> Result<(), PassError> {
    let features = interface.function(function);
    let missing = || mil_ir::InterfaceError::NoFeature(function.clone(), state.clone());
    let feature = features.and_then(|features| features.states.iter().find(|feature| feature.name == *state));
    let feature = feature.ok_or_else(missing)?.clone();
    let contents: ArrayFeature = match &feature.kind {
        Some(FeatureKind::State(Some(contents))) => contents.clone(),
        _ => return Err(PassError::Refused(format!("the model does not say what state {state} holds"))),
    };
    let kind = Some(FeatureKind::Array(contents));
    let mut outputs = features.map(|features| features.outputs.clone()).unwrap_or_default();
    outputs.push(Feature { name: output.clone(), kind: kind.clone(), ..feature.clone() });
    interface.remove_input(function, state)?;
    interface.add_input(function, Feature { kind, ..feature })?;
    interface.set_outputs(function, outputs)?;
    Ok(())
}
