//! A function in parts: which ops each computes, and the programs that are made of them.
//!
//! Constants, and what is computed of constants alone (decompressed weights among them), stand in each part
//! that needs them. Every other op of the outermost block stands in one part. Parts run in their order; what one of
//! them makes and a later one needs crosses by a feature.

use std::collections::{BTreeSet, HashSet};

use mil_ir::{Feature, Function, Graph, Name, NewOp, OpId, Opset, Program, Release, Rewriter, ValueId};
use mil_ops::{captured, effects, emit};
use mil_tensor::{DType, Tensor};

use super::carriers::{Carrier, carriers, set};
use super::{MAIN, SurgeryError, alone, chosen, refused};

/// A function that is to be taken apart, as a program of its own.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) program: Program,
    pub(super) opset: Opset,
    /// Per op of the outermost block: it is computed of constants alone.
    is_constant: Vec<bool>,
    /// The other ops of the outermost block, in program order.
    pub(super) ops: Vec<OpId>,
}

impl Whole {
    /// The function of this name; without one, the one that runs where an app names none.
    pub(super) fn of(program: &Program, function: Option<&str>) -> Result<Whole, SurgeryError> {
        let name = chosen(program, function)?;
        let program = alone(program, &name)?;
        if program.interface.updatable || !program.interface.training_inputs.is_empty() {
            return refused("a model that is trained on the device is not taken apart");
        }
        let Some(found) = program.function(MAIN) else { return refused("the program has no function") };
        if found.specializations.len() > 1 {
            return refused(format!("{name} is specialised for several opsets, of which one would be lost"));
        }
        let opset = found.opset.clone();
        let Some(graph) = found.graph() else { return refused(format!("{name} has no graph that runs")) };
        if opset.release().is_none() {
            return refused(format!("{name} has an opset that milopt does not know: {opset}"));
        }
        let mut is_constant = vec![false; graph.bound()];
        let mut ops = Vec::new();
        for op in graph.root().ops() {
            let is_made_of_constants = captured(graph, op).iter().all(|&value| {
                graph.definition(value).is_some_and(|definition| is_constant[definition.index()])
            });
            is_constant[op.index()] = is_made_of_constants && effects(graph, op).is_pure();
            if !is_constant[op.index()] {
                ops.push(op);
            }
        }
        Ok(Whole { program, opset, is_constant, ops })
    }

    pub(super) fn graph(&self) -> Result<&Graph, SurgeryError> {
        match self.program.function(MAIN).and_then(Function::graph) {
            Some(graph) => Ok(graph),
            None => refused("the function has no graph that runs"),
        }
    }

    /// The values that an op needs and that are computed by other ops, constants apart.
    pub(super) fn needs<'g>(&'g self, graph: &'g Graph, op: OpId) -> impl Iterator<Item = ValueId> + 'g {
        captured(graph, op).into_iter().filter(|&value| {
            graph.definition(value).is_some_and(|definition| !self.is_constant[definition.index()])
        })
    }

    /// The constants that an op needs, and what they are made of.
    pub(super) fn constants(&self, graph: &Graph, op: OpId) -> Vec<OpId> {
        let mut found: BTreeSet<OpId> = BTreeSet::new();
        let mut stack = vec![op];
        while let Some(op) = stack.pop() {
            for value in captured(graph, op) {
                let Some(definition) = graph.definition(value) else { continue };
                if self.is_constant[definition.index()] && found.insert(definition) {
                    stack.push(definition);
                }
            }
        }
        found.into_iter().collect()
    }
}

/// Which part each op is in: `homes[op]`, for all ops of [`Whole::ops`].
pub(super) struct Parts<'w> {
    whole: &'w Whole,
    graph: &'w Graph,
    count: usize,
    homes: Vec<usize>,
    carriers: Vec<Carrier>,
    /// Per carrier, the last part that takes it.
    last: Vec<usize>,
}

impl<'w> Parts<'w> {
    /// Puts each op into a part, a number under `count`. The values `also` leave their parts even where no
    /// later part takes them.
    ///
    /// # Errors
    ///
    /// If an op needs what a later part makes, two parts meet a state, or a value that crosses cannot be
    /// carried.
    pub(super) fn new(
        whole: &'w Whole,
        count: usize,
        home: impl Fn(OpId) -> usize,
        also: &[ValueId],
    ) -> Result<Parts<'w>, SurgeryError> {
        let graph = whole.graph()?;
        let mut homes = vec![usize::MAX; graph.bound()];
        for &op in &whole.ops {
            homes[op.index()] = home(op);
        }
        refuse_split_effects(whole, graph, &homes)?;
        let mut last: Vec<Option<usize>> = vec![None; graph.bound()];
        let mut crossing: Vec<ValueId> = Vec::new();
        for &value in also {
            if !crossing.contains(&value) {
                crossing.push(value);
            }
        }
        for &op in &whole.ops {
            let here = homes[op.index()];
            for value in whole.needs(graph, op) {
                let there = graph.definition(value).map_or(here, |definition| homes[definition.index()]);
                if there > here {
                    return refused(format!(
                        "{} needs {}, which a later part makes",
                        graph.label(op),
                        graph.value(value).name()
                    ));
                }
                if there < here {
                    let known = &mut last[value.index()];
                    if known.is_none() && !also.contains(&value) {
                        crossing.push(value);
                    }
                    *known = Some(known.map_or(here, |known| known.max(here)));
                }
            }
        }
        let carriers = carriers(&whole.program, &crossing)?;
        let of = |carrier: &Carrier| last[carrier.value.index()].unwrap_or(0);
        let last = carriers.iter().map(of).collect();
        Ok(Parts { whole, graph, count, homes, carriers, last })
    }

    /// Names of the features that carry values from part to part.
    pub(super) fn crossing(&self) -> impl Iterator<Item = (ValueId, &Name)> {
        self.carriers.iter().map(|carrier| (carrier.value, &carrier.name))
    }

    /// The parts as programs, in the order in which they run.
    pub(super) fn programs(&self) -> Result<Vec<Program>, SurgeryError> {
        (0..self.count).map(|part| self.program(part)).collect()
    }

    fn home(&self, value: ValueId) -> Option<usize> {
        let definition = self.graph.definition(value)?;
        Some(self.homes[definition.index()]).filter(|&home| home != usize::MAX)
    }

    fn program(&self, part: usize) -> Result<Program, SurgeryError> {
        let Whole { program, opset, .. } = self.whole;
        let mut features = program.interface.function(MAIN).cloned().unwrap_or_default();
        let mut graph = self.graph.clone();
        let ops: Vec<OpId> =
            self.whole.ops.iter().copied().filter(|op| self.homes[op.index()] == part).collect();
        // Inputs and constants that are outputs leave with the last part.
        let gives = |value: &ValueId| self.home(*value).unwrap_or(self.count - 1) == part;
        let mut outputs: Vec<ValueId> = graph.root().outputs().filter(gives).collect();
        let given: Vec<Name> = outputs.iter().map(|&value| graph.value(value).name().clone()).collect();
        features.outputs.retain(|output| given.contains(&output.name));
        for name in [&mut features.predicted_feature, &mut features.predicted_probabilities] {
            if !given.contains(name) {
                *name = Name::default();
            }
        }
        let mut needed: HashSet<OpId> = ops.iter().copied().collect();
        needed.extend(ops.iter().flat_map(|&op| self.whole.constants(self.graph, op)));
        needed.extend(outputs.iter().filter(|_| part + 1 == self.count).filter_map(|&value| {
            graph.definition(value).filter(|definition| self.homes[definition.index()] == usize::MAX)
        }));
        let taken_here = |value: ValueId| {
            let users = self.graph.users(value).filter_map(|user| self.graph.ancestor_in(user, Graph::ROOT));
            users.into_iter().any(|user| self.homes.get(user.index()) == Some(&part))
        };
        for (carrier, &last) in self.carriers.iter().zip(&self.last) {
            let home = self.home(carrier.value);
            if home == Some(part) {
                let value = give(&mut graph, opset, carrier)?;
                if !outputs.contains(&value) {
                    outputs.push(value);
                    features.outputs.push(carrier.feature());
                }
            } else if home < Some(part) && part <= last && taken_here(carrier.value) {
                take(&mut graph, opset, carrier)?;
                features.inputs.push(carrier.feature());
            }
        }
        graph.set_outputs(Graph::ROOT, outputs);
        let old: Vec<OpId> = self.graph.root().ops().collect();
        for op in old.into_iter().rev().filter(|op| !needed.contains(op)) {
            graph.erase(op)?;
        }
        let kept = drop_unused_inputs(&mut graph);
        features.inputs.retain(|input| kept.contains(&input.name));
        features.states.retain(|state| kept.contains(&state.name));
        let mut interface = program.interface.clone();
        let is_set = |input: &&Feature| set(input).is_some();
        let several_sets = features.inputs.iter().filter(is_set).count() > 1;
        let least = features.least_release().max(if several_sets { Release::IOS18 } else { Release::IOS15 });
        interface.functions = [(Name::from(MAIN), features)].into();
        interface.raise_target(least);
        let mut function = Function::new(opset.clone(), graph);
        if let Some(original) = program.function(MAIN) {
            function.attributes = original.attributes.clone();
        }
        Ok(Program {
            version: program.version,
            functions: [(Name::from(MAIN), function)].into(),
            doc: program.doc.clone(),
            attributes: program.attributes.clone(),
            interface,
            carried: program.carried.clone(),
        })
    }
}

/// Ops that must run in the order of the program stand in parts that do.
fn refuse_split_effects(whole: &Whole, graph: &Graph, homes: &[usize]) -> Result<(), SurgeryError> {
    let found = whole.ops.iter().map(|&op| (op, effects(graph, op)));
    let found: Vec<_> = found.filter(|(_, effects)| !effects.is_pure()).collect();
    let mut state_homes = std::collections::HashMap::new();
    for (op, effects) in &found {
        for state in effects.reads.iter().chain(&effects.writes) {
            let home = *state_homes.entry(*state).or_insert(homes[op.index()]);
            if home != homes[op.index()] {
                return refused(format!(
                    "the state {} would be in two parts, each with its own contents",
                    graph.value(*state).name()
                ));
            }
        }
    }
    let opaque: Vec<OpId> = found.iter().filter(|(_, effects)| effects.opaque).map(|(op, _)| *op).collect();
    for &op in &opaque {
        for (other, _) in &found {
            let is_before = graph.is_before(*other, op);
            let (first, second) = if is_before { (*other, op) } else { (op, *other) };
            if homes[first.index()] > homes[second.index()] {
                let (first, second) = (graph.label(first), graph.label(second));
                return refused(format!("{second} would run before {first}, and one of them is not known"));
            }
        }
    }
    Ok(())
}

/// Makes a value an output in the form in which it is carried.
fn give(graph: &mut Graph, opset: &Opset, carrier: &Carrier) -> Result<ValueId, SurgeryError> {
    if carrier.is_plain {
        return Ok(carrier.value);
    }
    let name = graph.value(carrier.value).name().clone();
    if name == carrier.name {
        let hidden = graph.fresh_name(&format!("{name}_inside"));
        graph.rename_value(carrier.value, hidden);
    }
    let end = graph.root().return_op();
    let mut rewriter = Rewriter::new(graph);
    let mut value = carrier.value;
    if carrier.given != carrier.dtype {
        value = cast(&mut rewriter, opset, value, carrier.given, &name, end)?;
    }
    if carrier.is_scalar {
        let axes = rewriter.tensor(&format!("{name}_axes_0"), axis(), end);
        let new = NewOp::new("expand_dims").named(format!("{name}_as_array"));
        value = one(emit(&mut rewriter, opset, new.with("x", value).with("axes", axes), end)?, &name)?;
    }
    if value == carrier.value {
        let new = NewOp::new("identity").named(carrier.name.clone()).with("x", value);
        value = one(emit(&mut rewriter, opset, new, end)?, &name)?;
    }
    graph.rename_value(value, carrier.name.clone());
    Ok(value)
}

/// Puts what an input carries into the place of a value that another part makes.
fn take(graph: &mut Graph, opset: &Opset, carrier: &Carrier) -> Result<(), SurgeryError> {
    let (name, ty) = (graph.value(carrier.value).name().clone(), graph.value(carrier.value).ty().clone());
    let hidden = graph.fresh_name(&format!("{name}_outside"));
    graph.rename_value(carrier.value, hidden);
    let given = match carrier.is_scalar {
        true => mil_ir::Type::fixed(carrier.given, &[1]),
        false => ty.with_dtype(carrier.given),
    };
    let first = graph.root().ops().next().unwrap_or(graph.root().return_op());
    let mut value = graph.add_input(Graph::ROOT, carrier.name.clone(), given);
    let mut rewriter = Rewriter::new(graph);
    if carrier.is_scalar {
        let axes = rewriter.tensor(&format!("{name}_axes_0"), axis(), first);
        let new = NewOp::new("squeeze").named(format!("{name}_as_scalar"));
        value = one(emit(&mut rewriter, opset, new.with("x", value).with("axes", axes), first)?, &name)?;
    }
    if carrier.given != carrier.dtype {
        value = cast(&mut rewriter, opset, value, carrier.dtype, &name, first)?;
    }
    if !carrier.is_plain && name != carrier.name {
        graph.rename_value(value, name);
    }
    graph.replace_uses(carrier.value, value);
    Ok(())
}

fn axis() -> Tensor {
    Tensor::from_slice(&[1], &[0_i32]).unwrap_or_else(|_| Tensor::scalar(0_i32))
}

fn cast(
    rewriter: &mut Rewriter<'_>,
    opset: &Opset,
    value: ValueId,
    dtype: DType,
    name: &Name,
    before: OpId,
) -> Result<ValueId, SurgeryError> {
    let label = format!("{name}_to_{dtype}");
    let to = rewriter.tensor(&format!("{label}_dtype_0"), Tensor::string(dtype.to_string()), before);
    let new = NewOp::new("cast").named(label).with("x", value).with("dtype", to);
    one(emit(rewriter, opset, new, before)?, name)
}

fn one(values: Vec<ValueId>, name: &Name) -> Result<ValueId, SurgeryError> {
    match values[..] {
        [one] => Ok(one),
        _ => refused(format!("what carries {name} is not one value")),
    }
}

/// Removes the inputs and states that nothing uses, but for one where there would be none; answers the names of
/// those that stay.
fn drop_unused_inputs(graph: &mut Graph) -> HashSet<Name> {
    let inputs = graph.root().inputs().to_vec();
    let is_input = |graph: &Graph, value: ValueId| graph.value(value).ty().as_state().is_none();
    let first = inputs.iter().copied().find(|&value| is_input(graph, value));
    let is_used = |&&value: &&ValueId| is_input(graph, value) && !graph.is_unused(value);
    let spare = first.filter(|_| inputs.iter().find(is_used).is_none());
    for &value in inputs.iter().filter(|&&value| Some(value) != spare) {
        // Says no where something uses it.
        graph.remove_input(Graph::ROOT, value);
    }
    graph.root().inputs().iter().map(|&value| graph.value(value).name().clone()).collect()
}
