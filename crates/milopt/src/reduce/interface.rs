//! Functions and outputs that are left out, and what nothing needs then.

use mil_ir::{ArrayFeature, Feature, FeatureKind, Graph, Name, OpId, Program, Release, ValueId};
use mil_tensor::DType;

use super::Search;

impl<K> Search<K> {
    /// Leaves out functions, one by one.
    pub(super) fn functions<E>(&mut self) -> Result<(), E>
    where
        K: FnMut(&Program) -> Result<bool, E>,
    {
        let names: Vec<Name> = self.best.functions.keys().cloned().collect();
        for name in names {
            if self.best.functions.len() < 2 {
                break;
            }
            let mut candidate = self.best.clone();
            candidate.functions.remove(&name);
            candidate.interface.functions.shift_remove(&name);
            if candidate.interface.default_function.as_ref() == Some(&name) {
                candidate.interface.default_function = candidate.functions.keys().next().cloned();
            }
            self.attempt(Some(candidate))?;
        }
        Ok(())
    }

    /// Leaves out outputs: all but one where that will do, else one by one.
    pub(super) fn outputs<E>(&mut self) -> Result<(), E>
    where
        K: FnMut(&Program) -> Result<bool, E>,
    {
        for function in self.names() {
            let Some(graph) = self.graph(&function) else { continue };
            let outputs: Vec<ValueId> = graph.root().outputs().collect();
            if outputs.len() < 2 {
                continue;
            }
            let mut found = false;
            for &output in &outputs {
                found = self.attempt(with_outputs(&self.best, &function, &[output]))?;
                if found {
                    break;
                }
            }
            for &gone in outputs.iter().filter(|_| !found) {
                let Some(graph) = self.graph(&function) else { continue };
                let left: Vec<ValueId> = graph.root().outputs().filter(|&value| value != gone).collect();
                if !left.is_empty() {
                    self.attempt(with_outputs(&self.best, &function, &left))?;
                }
            }
        }
        Ok(())
    }
}

fn with_outputs(program: &Program, function: &Name, outputs: &[ValueId]) -> Option<Program> {
    let mut candidate = program.clone();
    candidate.graph_mut(function)?.set_outputs(Graph::ROOT, outputs.iter().copied());
    settle(candidate, function)
}

/// A program without what nothing needs, whose interface says what its graph takes and gives. `None` where that
/// cannot be said, or nothing is given.
pub(super) fn settle(mut program: Program, function: &Name) -> Option<Program> {
    let release = program.function(function)?.opset.release()?;
    let old = program.interface.function(function)?.clone();
    let graph = program.graph_mut(function)?;
    let ops: Vec<OpId> = graph.walk().collect();
    for op in ops.into_iter().rev() {
        if graph.is_live(op) && mil_ops::can_erase(graph, op) {
            graph.erase(op).ok()?;
        }
    }
    for input in graph.root().inputs().to_vec() {
        graph.remove_input(Graph::ROOT, input);
    }
    let feature = |value: ValueId, known: &[Feature]| -> Option<Feature> {
        let (name, ty) = (graph.value(value).name(), graph.value(value).ty());
        if let Some(feature) = known.iter().find(|feature| feature.name == *name) {
            return Some(feature.clone());
        }
        let shape: Option<Vec<i64>> =
            ty.fixed_shape()?.into_iter().map(|size| i64::try_from(size).ok()).collect();
        let dtype = ty.dtype().filter(|&dtype| is_carried(dtype, release))?;
        let array = ArrayFeature::new(dtype, shape.filter(|shape| !shape.is_empty())?)?;
        Some(Feature {
            name: name.clone(),
            doc: String::new(),
            kind: Some(FeatureKind::Array(array)),
            optional: false,
            carried: None,
        })
    };
    let mut new = old.clone();
    let is_state = |value: &&ValueId| graph.value(**value).ty().as_state().is_some();
    let inputs = graph.root().inputs();
    new.inputs = inputs
        .iter()
        .filter(|value| !is_state(value))
        .map(|&value| feature(value, &old.inputs))
        .collect::<Option<_>>()?;
    new.states.retain(|state| graph.input_named(&state.name).is_some());
    new.outputs = graph.root().outputs().map(|value| feature(value, &old.outputs)).collect::<Option<_>>()?;
    if new.outputs.is_empty() {
        return None;
    }
    let is_given = |name: &Name| new.outputs.iter().any(|output| output.name == *name);
    for name in [&old.predicted_feature, &old.predicted_probabilities] {
        if !name.is_empty() && !is_given(name) {
            (new.predicted_feature, new.predicted_probabilities) = Default::default();
        }
    }
    program.interface.raise_target(new.least_release());
    program.interface.functions.insert(function.clone(), new);
    Some(program)
}

/// An app can hand over arrays of this type.
pub(super) fn is_carried(dtype: DType, release: Release) -> bool {
    matches!(dtype, DType::Fp32 | DType::Int32) || dtype == DType::Fp16 && release >= Release::IOS16
}
