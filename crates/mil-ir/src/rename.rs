//! Other names for features, wherever their names stand: in the interface, in every graph, and where models
//! are wired by names, in all of them.

use std::collections::BTreeMap;

use crate::verify::name_fault;
use crate::{Graph, InterfaceError, Model, ModelPipeline, Name, Program, ValueId};

impl Program {
    /// Renames features of one function, or of all. Answers how many were renamed.
    ///
    /// Each name is replaced at once, so that two features can change names. A value inside a graph that has
    /// a new name already gives it up for one like it.
    ///
    /// # Errors
    ///
    /// If no function has a feature, or one that is to stay has its new name. Then nothing changes.
    pub fn rename_features(
        &mut self,
        function: Option<&str>,
        names: &BTreeMap<Name, Name>,
    ) -> Result<usize, InterfaceError> {
        check_names(names)?;
        let functions = self.interface.functions.keys();
        let functions: Vec<Name> =
            functions.filter(|name| function.is_none_or(|only| ***name == *only)).cloned().collect();
        if let Some(only) = function.filter(|_| functions.is_empty()) {
            return Err(InterfaceError::NoFunction(only.into()));
        }
        let mut result = self.clone();
        let mut renamed = 0;
        for name in functions.iter() {
            renamed += result.rename_in(name, names)?;
        }
        for old in names.keys() {
            let mut known = functions.iter().filter_map(|name| self.interface.function(name));
            if !known.any(|features| features.find(old).is_some()) {
                let function = functions.first().cloned().unwrap_or_default();
                return Err(InterfaceError::NoFeature(function, old.clone()));
            }
        }
        *self = result;
        Ok(renamed)
    }

    /// Renames those features of a function that it has.
    fn rename_in(&mut self, function: &Name, names: &BTreeMap<Name, Name>) -> Result<usize, InterfaceError> {
        let has = |old: &&Name| {
            self.interface.function(function).is_some_and(|features| features.find(old).is_some())
        };
        let present: Vec<&Name> = names.keys().filter(has).collect();
        // By way of names that nothing has, so that features may change places.
        let between: Vec<Name> = (0..present.len()).map(|number| format!(" {number}").into()).collect();
        let first = present.iter().copied().zip(&between);
        let second = between.iter().zip(present.iter().map(|old| &names[*old]));
        for (old, new) in first.chain(second) {
            self.interface.rename_feature(function, old, new)?;
            let graphs = self.functions.get_mut(function).into_iter();
            for graph in graphs.flat_map(|function| function.specializations.values_mut()) {
                rename_values(graph, old, new);
            }
        }
        Ok(present.len())
    }
}

/// Renames what enters and leaves a graph under a name.
fn rename_values(graph: &mut Graph, old: &str, new: &str) {
    let root = graph.root();
    let mut values: Vec<ValueId> = root.inputs().iter().copied().chain(root.outputs()).collect();
    values.retain(|&value| *graph.value(value).name() == *old);
    values.sort_unstable();
    values.dedup();
    if graph.has_value_named(new) {
        for other in values_named(graph, new) {
            let free = graph.fresh_name(new);
            graph.rename_value(other, free);
        }
    }
    for value in values {
        graph.rename_value(value, new);
    }
}

/// Every value of a graph that has a name, those of inner blocks included.
fn values_named(graph: &Graph, name: &str) -> Vec<ValueId> {
    let inputs = graph.blocks().flat_map(|block| graph.block(block).inputs());
    let all = inputs.chain(graph.walk().flat_map(|op| graph.op(op).results())).copied();
    all.filter(|&value| *graph.value(value).name() == *name).collect()
}

impl Model {
    /// Renames features everywhere in a model. A pipeline wires its members by name: what one of them gives
    /// and another takes is renamed in both, and in the pipeline where it has a feature of that name. Answers
    /// how many were renamed.
    ///
    /// # Errors
    ///
    /// If nothing has such a feature, if something else has its new name, or if a model has it that is only
    /// carried. Then nothing changes.
    pub fn rename_features(&mut self, names: &BTreeMap<Name, Name>) -> Result<usize, InterfaceError> {
        check_names(names)?;
        match self {
            Model::Program(program) => program.rename_features(None, names),
            Model::Pipeline(_) => {
                check_wires(self, names)?;
                let mut result = self.clone();
                let renamed = rename_present(&mut result, names)?;
                *self = result;
                Ok(renamed)
            }
            Model::Opaque(_) => refuse_carried(self, names).map(|()| 0),
        }
    }
}

/// Something in a pipeline has each old name. What is not renamed has none of the new ones: it would be wired
/// to what has it now.
fn check_wires(pipeline: &Model, names: &BTreeMap<Name, Name>) -> Result<(), InterfaceError> {
    let all = || pipeline.members().into_iter().flat_map(|(_, model)| features(model));
    let is_taken = |name: &Name| names.values().any(|new| new == name) && !names.contains_key(name);
    if let Some((function, name)) = all().find(|(_, name)| is_taken(name)) {
        return Err(InterfaceError::Taken(function.clone(), name.clone()));
    }
    match names.keys().find(|old| !all().any(|(_, name)| name == *old)) {
        Some(old) => Err(InterfaceError::NoFeature("main".into(), old.clone())),
        None => Ok(()),
    }
}

/// Function and name of each feature of a model.
fn features(model: &Model) -> impl Iterator<Item = (&Name, &Name)> {
    let functions = model.interface().functions.iter();
    functions.flat_map(|(function, features)| features.all().map(move |feature| (function, &feature.name)))
}

/// Renames those features that a model and its members have.
fn rename_present(model: &mut Model, names: &BTreeMap<Name, Name>) -> Result<usize, InterfaceError> {
    match model {
        Model::Program(program) => {
            let functions: Vec<Name> = program.interface.functions.keys().cloned().collect();
            functions.iter().map(|function| program.rename_in(function, names)).sum()
        }
        Model::Pipeline(ModelPipeline { interface, members, .. }) => {
            // A pipeline has no graphs: a program without functions renames its interface.
            let mut shell = Program::new(std::mem::take(interface));
            let own: Vec<Name> = shell.interface.functions.keys().cloned().collect();
            let renamed = own.iter().map(|function| shell.rename_in(function, names)).sum();
            *interface = shell.interface;
            let inner = members.iter_mut().map(|(_, member)| rename_present(member, names));
            inner.fold(renamed, |sum, more| Ok(sum? + more?))
        }
        Model::Opaque(_) => refuse_carried(model, names).map(|()| 0),
    }
}

/// A model that is only carried cannot be renamed inside.
fn refuse_carried(model: &Model, names: &BTreeMap<Name, Name>) -> Result<(), InterfaceError> {
    match features(model).find(|(_, name)| names.contains_key(*name)) {
        Some((_, name)) => Err(InterfaceError::Carried(model.kind().into(), name.clone())),
        None => Ok(()),
    }
}

/// Each new name is an identifier and is given once.
fn check_names(names: &BTreeMap<Name, Name>) -> Result<(), InterfaceError> {
    let mut seen: Vec<&Name> = Vec::new();
    for new in names.values() {
        if let Some(fault) = name_fault("a feature", new) {
            return Err(InterfaceError::BadName(fault));
        }
        if seen.contains(&new) {
            return Err(InterfaceError::BadName(format!("two features are to be named {new}")));
        }
        seen.push(new);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Interface, PipelineKind, text, verify};

    fn program(input: &str, output: &str) -> Model {
        let text = format!(
            "program(1.3)\n{{\n    func main<ios17>(tensor<fp32, [2]> {input}) {{\n        \
             tensor<fp32, [2]> {output} = exp(x = {input})[name = \"op\"];\n    }} -> ({output});\n}}\n"
        );
        Model::Program(text::parse(&text).unwrap())
    }

    /// Two members: `x` to `y`, and `y` to `z`.
    fn pipeline() -> Model {
        let (first, second) = (program("x", "y"), program("y", "z"));
        let mut interface: Interface = first.interface().clone();
        let outputs = second.interface().function("main").unwrap().outputs.clone();
        interface.set_outputs("main", outputs).unwrap();
        let members = vec![(None, first), (None, second)];
        Model::Pipeline(ModelPipeline { kind: PipelineKind::Plain, interface, members, carried: None })
    }

    fn names(pairs: &[(&str, &str)]) -> BTreeMap<Name, Name> {
        pairs.iter().map(|&(old, new)| (old.into(), new.into())).collect()
    }

    #[test]
    fn what_flows_through_a_pipeline_is_renamed_in_all_members() {
        let mut model = pipeline();
        assert!(verify::verify_model(&model).is_clean());
        assert_eq!(model.rename_features(&names(&[("y", "between"), ("x", "z"), ("z", "x")])), Ok(6));
        assert!(verify::verify_model(&model).is_clean());
        let shown = text::print_model(&model, &text::PrintOptions::readable());
        for line in ["> z) {", "between = exp(x = z)", "x = exp(x = between)"] {
            assert!(shown.contains(line), "{line} in {shown}");
        }
    }

    #[test]
    fn what_would_change_the_wiring_is_refused() {
        for (pairs, message) in [
            (&[("y", "x")][..], "has a feature x already"),
            (&[("nothing", "a")], "has no feature nothing"),
            (&[("x", "a"), ("y", "a")], "two features are to be named a"),
            (&[("x", "1")], "is not an identifier"),
        ] {
            let mut model = pipeline();
            let before = text::print_model(&model, &text::PrintOptions::default());
            let error = model.rename_features(&names(pairs)).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
            assert_eq!(text::print_model(&model, &text::PrintOptions::default()), before);
        }
    }
}
