mod blend;
mod follow;
mod held;
mod proof;
mod rewrite;

use std::collections::{BTreeMap, HashSet};

use mil_ir::{Graph, Name, OpId, Program, ValueId};
use mil_ops::{Shapes, verify_graph};
use mil_pass::{Pass, PassCx, PassError, pass};

use crate::cleanup::ConstElimination;
use proof::Pair;
use rewrite::{can_be_state, make_state};

pass! {
    /// Makes states of inputs that come back as outputs: caches, contexts of convolutions, hidden states.
    ///
    /// `pairs` says which output is the new version of which input. Without it, those are taken that can be
    /// proven: the output holds elements of the input at their places, or all of them moved along one axis,
    /// and what is new in it comes from another input. That is so for windows that are sliced and joined,
    /// writes at a position by `slice_update`, `scatter` and its kin, choices by `select`, blends by a mask
    /// of zeros and ones, and stacks of such layers. A hidden state, or a mean, cannot be told from any
    /// other output, so it takes being named.
    ///
    /// A state is one for all functions: what is proven in one becomes a state in every function that has the
    /// input and the output, and in none if it cannot be one in all of them. So prefill and decoding share their
    /// caches.
    ///
    /// The input and the output are gone from the interface, and a state of the input's name is there. It is
    /// read once, at the beginning, so what used the input sees the old value wherever it stands; it is
    /// written once, as soon as the new value is there and nothing uses the old one any more. States are
    /// fp16: what was fp32 is cast, so it is rounded between calls. A state begins as zeros, and an app
    /// makes it new for each sequence.
    ///
    /// A cache that grows, an input with new elements joined behind, has no fixed size. With `max_length` its
    /// last places are kept, as if the app cut off the first ones: until the cache is full, places at its
    /// front hold zeros, which the mask that the app hands over has to take out.
    ///
    /// Where states are made, what ops compute from constants alone is folded too, as by `const_elimination`.
    /// A program without any stays as it is, unless ops compute what an op takes as a constant only.
    ///
    /// Refused: other element types, shapes that are not fixed, an output of another shape than the input,
    /// two pairs for one input or output, an output that is its input unchanged or the only one, and programs
    /// for releases before iOS18. `unmark_states` is the way back.
    ///
    /// # Before
    /// ```mil
    /// func main<ios18>(tensor<fp16, [1, 2]> x, tensor<fp16, [3, 2]> past) {
    ///     tensor<fp16, [2, 2]> kept = slice_by_index(begin = tensor<int32, [2]>([1, 0]), end = tensor<int32, [2]>([3, 2]), x = past)[name = string("kept")];
    ///     tensor<fp16, [3, 2]> present = concat(axis = int32(0), interleave = bool(false), values = (kept, x))[name = string("present")];
    ///     tensor<fp16, [2]> y = reduce_mean(axes = tensor<int32, [1]>([0]), keep_dims = bool(false), x = present)[name = string("y")];
    /// } -> (y, present);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp16, [1, 2]> x, state<tensor<fp16, [3, 2]>> past) {
    ///     tensor<fp16, [3, 2]> past_read = read_state(input = past)[name = string("past_read")];
    ///     tensor<fp16, [2, 2]> kept = slice_by_index(begin = tensor<int32, [2]>([1, 0]), end = tensor<int32, [2]>([3, 2]), x = past_read)[name = string("kept")];
    ///     tensor<fp16, [3, 2]> present = concat(axis = int32(0), interleave = bool(false), values = (kept, x))[name = string("present")];
    ///     write_state(data = present, input = past)[name = string("past_write")];
    ///     tensor<fp16, [2]> y = reduce_mean(axes = tensor<int32, [1]>([0]), keep_dims = bool(false), x = present)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct MarkKvCacheStates {
        /// Inputs, each with the output that is its new version. Empty: those that can be proven.
        pub pairs: BTreeMap<String, String> = BTreeMap::new(),
        /// How many places a cache has that grows by what is joined behind it. The input must have this length:
        /// `resolve_static_shapes` fixes it, and that of a mask. Left out: no such cache.
        pub max_length: Option<usize> = None,
    }
    id: "mark_kv_cache_states",
    numerics: Lossy { min_snr_db: 40.0 },
    scope: Program,
    changes_interface: true,
    statistics: [
        states: "states made",
        narrowed: "of them, caches that were fp32 and are fp16 now",
    ],
}

/// A pair by the names of its features.
#[derive(Clone, Debug, PartialEq)]
struct Named {
    past: Name,
    present: Name,
}

impl Pass for MarkKvCacheStates {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        // What is constant shows where something is written, and a program with states must have it folded.
        let mut folded = program.clone();
        cx.each_graph(&mut folded, |graph, cx| ConstElimination::default().run_on_graph(graph, cx))?;
        let mut found = self.found(&folded, cx)?.into_iter().peekable();
        if found.peek().is_none() {
            if lacks_constants(program) {
                *program = folded;
            }
            return Ok(());
        }
        *program = folded;
        for (function, pair) in found {
            if !cx.spend() {
                return Ok(());
            }
            let narrowed = make_state(program, &function, &pair)?;
            cx.count("states", 1);
            cx.count("narrowed", u64::from(narrowed));
        }
        Ok(())
    }
}

impl MarkKvCacheStates {
    /// The pairs of all functions. A function must give something back besides.
    fn found(&self, program: &Program, cx: &mut PassCx<'_>) -> Result<Vec<(Name, Named)>, PassError> {
        let mut known: HashSet<&String> = HashSet::new();
        let mut pairs: Vec<Named> = Vec::new();
        for function in program.functions.keys() {
            let own = match self.pairs.is_empty() {
                true => proven(program, function, self.max_length, cx),
                false => self.told(program, function, &mut known)?,
            };
            own.into_iter().for_each(|pair| {
                if !pairs.contains(&pair) {
                    pairs.push(pair)
                }
            });
        }
        if let Some((input, output)) = self.pairs.iter().find(|(input, _)| !known.contains(input)) {
            return Err(PassError::Refused(format!(
                "no function has an input {input} and an output {output}"
            )));
        }
        let mut found: Vec<(Name, Named)> = Vec::new();
        for pair in pairs {
            match functions_with(program, &pair, self.max_length, &found) {
                Ok(functions) => found.extend(functions.into_iter().map(|name| (name, pair.clone()))),
                Err((_, reason)) if !self.pairs.is_empty() => {
                    let Named { past, present } = pair;
                    return Err(PassError::Refused(format!("{past} and {present}: {reason}")));
                }
                Err((function, reason)) => {
                    let place = program.graph(&function).and_then(|graph| Some((graph, of(graph, &pair)?)));
                    place.into_iter().for_each(|(graph, op)| cx.missed("pair", graph, op, &reason));
                }
            }
        }
        Ok(found)
    }

    /// An output that is longer than its input has to be proven, told or not.
    fn grows_as_told(&self, program: &Program, function: &Name, pair: &Pair) -> Result<(), String> {
        let Some(found) = program.function(function) else { return Ok(()) };
        let Some(graph) = found.graph() else { return Ok(()) };
        let [past, present] = [pair.past, pair.present].map(|value| graph.value(value).ty());
        if past.fixed_shape() == present.fixed_shape() {
            return Ok(());
        }
        let shapes = Shapes::of(graph, &found.opset, program.interface.function(function));
        let (pairs, left) = proof::pairs(graph, &found.opset, &shapes, self.max_length);
        let reason = left.iter().find(|(value, _)| *value == pair.present).map(|(_, reason)| *reason);
        match pairs.contains(pair) {
            true => Ok(()),
            false => Err(reason.unwrap_or("it holds another input").to_owned()),
        }
    }

    /// The pairs that were given, as far as the function has them. All that is wrong with them is an error.
    fn told<'a>(
        &'a self,
        program: &Program,
        function: &Name,
        known: &mut HashSet<&'a String>,
    ) -> Result<Vec<Named>, PassError> {
        let Some(graph) = program.graph(function) else { return Ok(Vec::new()) };
        let mut pairs: Vec<Named> = Vec::new();
        for (input, output) in &self.pairs {
            let present =
                graph.root().outputs().find(|&value| &**graph.value(value).name() == output.as_str());
            let (Some(past), Some(present)) = (graph.input_named(input), present) else { continue };
            let refused = |reason: &str| PassError::Refused(format!("{input} and {output}: {reason}"));
            if pairs.iter().any(|pair| &*pair.present == output.as_str()) {
                return Err(refused("two inputs claim one output"));
            }
            let pair = Pair { past, present };
            can_be_state(program, function, graph, &pair, self.max_length)
                .and_then(|()| self.grows_as_told(program, function, &pair))
                .map_err(|reason| refused(&reason))?;
            known.insert(input);
            pairs.push(Named { past: input.as_str().into(), present: output.as_str().into() });
        }
        Ok(pairs)
    }
}

/// The functions that a pair becomes a state of: all that have it, as a state is one for all of them by its name.
/// Else the function in which it cannot be one, and why.
fn functions_with(
    program: &Program,
    named: &Named,
    max_length: Option<usize>,
    found: &[(Name, Named)],
) -> Result<Vec<Name>, (Name, String)> {
    let (mut functions, mut shape) = (Vec::new(), None);
    for function in program.functions.keys() {
        let refused = |reason: String| Err((function.clone(), reason));
        let Some(graph) = program.graph(function) else { continue };
        let outputs = graph.root().outputs().count();
        let present = graph.root().outputs().find(|&value| *graph.value(value).name() == named.present);
        let pair = match (graph.input_named(&named.past), present) {
            (Some(past), Some(present)) => Pair { past, present },
            (None, None) => continue,
            (Some(_), None) => {
                return refused(format!("function {function} has no output {}", named.present));
            }
            (None, Some(_)) => return refused(format!("function {function} has no input {}", named.past)),
        };
        can_be_state(program, function, graph, &pair, max_length)
            .map_err(|reason| (function.clone(), reason))?;
        let own = graph.value(pair.past).ty().fixed_shape();
        if shape.get_or_insert_with(|| own.clone()) != &own {
            return refused(format!("it has another shape in function {function} than in others"));
        }
        if found.iter().filter(|(other, _)| other == function).count() + 1 >= outputs {
            return refused(format!("function {function} has no other output"));
        }
        functions.push(function.clone());
    }
    Ok(functions)
}

/// An op that has to do with a pair.
fn of(graph: &Graph, pair: &Named) -> Option<OpId> {
    let mut outputs = graph.root().outputs().filter(|&value| *graph.value(value).name() == pair.present);
    outputs
        .find_map(|value| graph.definition(value))
        .or_else(|| graph.users(graph.input_named(&pair.past)?).next())
}

/// Whether an op of a program takes as a constant only what ops compute.
fn lacks_constants(program: &Program) -> bool {
    program.graphs().any(|(_, opset, graph)| {
        verify_graph(graph, opset).violations.iter().any(|violation| violation.code == "op-unfolded")
    })
}

/// The pairs of a function that can be proven.
fn proven(program: &Program, function: &Name, max_length: Option<usize>, cx: &mut PassCx<'_>) -> Vec<Named> {
    let Some(found) = program.function(function) else { return Vec::new() };
    let Some(graph) = found.graph().filter(|_| found.opset.release().is_some()) else { return Vec::new() };
    let shapes = Shapes::of(graph, &found.opset, program.interface.function(function));
    let (pairs, mut left) = proof::pairs(graph, &found.opset, &shapes, max_length);
    let mut named = Vec::new();
    let mut reasons: Vec<(ValueId, String)> =
        left.drain(..).map(|(value, reason)| (value, reason.to_owned())).collect();
    for pair in pairs {
        match can_be_state(program, function, graph, &pair, max_length) {
            Ok(()) => named.push(Named {
                past: graph.value(pair.past).name().clone(),
                present: graph.value(pair.present).name().clone(),
            }),
            Err(reason) => reasons.push((pair.present, reason)),
        }
    }
    for (value, reason) in reasons {
        if let Some(op) = graph.definition(value) {
            cx.missed("pair", graph, op, &reason);
        }
    }
    named
}
