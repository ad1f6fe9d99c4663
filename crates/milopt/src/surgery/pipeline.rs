//! Pipelines of models, made and taken apart.

use std::collections::BTreeSet;

use mil_ir::{FunctionInterface, Interface, Model, ModelPipeline, Name, PipelineKind, Program};

use super::{MAIN, SurgeryError, refused};

/// A pipeline of models that run in this order, wired by the names of their features.
///
/// It takes what its members take and none before makes. It gives what its members give and none behind takes;
/// it is a classifier where the last one is. Everything else is said of it as of the first member.
///
/// # Errors
///
/// If there is no member, one has several functions or states, of which pipelines know nothing, or two have
/// one name.
pub fn join(members: Vec<(Name, Model)>) -> Result<ModelPipeline, SurgeryError> {
    let mut features = FunctionInterface::default();
    let mut made: BTreeSet<Name> = BTreeSet::new();
    for (name, member) in &members {
        let own = own(name, member.interface())?;
        for input in &own.inputs {
            let is_known = features.inputs.iter().any(|known| known.name == input.name);
            if !is_known && !made.contains(&input.name) {
                features.inputs.push(input.clone());
            }
        }
        features.outputs.retain(|output| own.inputs.iter().all(|input| input.name != output.name));
        features.outputs.retain(|output| own.outputs.iter().all(|newer| newer.name != output.name));
        features.outputs.extend(own.outputs.iter().cloned());
        made.extend(own.outputs.iter().map(|output| output.name.clone()));
    }
    if let Some((name, last)) = members.last() {
        let own = own(name, last.interface())?;
        features.predicted_feature = own.predicted_feature.clone();
        features.predicted_probabilities = own.predicted_probabilities.clone();
    }
    pipeline(members, features)
}

/// A pipeline of the parts of a function, which an app sees as it saw the function.
///
/// # Errors
///
/// As for [`join`].
pub fn pipeline_of_parts(
    whole: &FunctionInterface,
    parts: Vec<(Name, Program)>,
) -> Result<ModelPipeline, SurgeryError> {
    let members: Vec<(Name, Model)> =
        parts.into_iter().map(|(name, program)| (name, Model::Program(program))).collect();
    for (name, member) in &members {
        own(name, member.interface())?;
    }
    pipeline(members, whole.clone())
}

/// The features of a member.
fn own<'m>(name: &Name, interface: &'m Interface) -> Result<&'m FunctionInterface, SurgeryError> {
    if interface.multifunction {
        return refused(format!("{name} has several functions: a pipeline runs models of one"));
    }
    let Some(features) = interface.functions.values().next() else {
        return refused(format!("{name} describes no features"));
    };
    match features.states.first() {
        Some(state) => refused(format!(
            "{name} has the state {}: a pipeline does not hand states to its members",
            state.name
        )),
        None => Ok(features),
    }
}

fn pipeline(members: Vec<(Name, Model)>, features: FunctionInterface) -> Result<ModelPipeline, SurgeryError> {
    let Some((_, first)) = members.first() else { return refused("a pipeline has members") };
    let names: BTreeSet<&Name> = members.iter().map(|(name, _)| name).collect();
    if names.len() < members.len() {
        return refused("two members have one name");
    }
    let kind = match features.predicted_feature.is_empty() {
        true => PipelineKind::Plain,
        false => PipelineKind::Classifier,
    };
    let versions = members.iter().map(|(_, member)| member.interface().specification_version);
    let interface = Interface {
        specification_version: versions.max().unwrap_or_default(),
        functions: [(Name::from(MAIN), features)].into(),
        metadata: first.interface().metadata.clone(),
        updatable: members.last().is_some_and(|(_, last)| last.interface().updatable),
        ..Interface::default()
    };
    let members = members.into_iter().map(|(name, member)| (Some(name), member)).collect();
    Ok(ModelPipeline { kind, interface, members, carried: None })
}

/// The members of a pipeline, each a model of its own, by name; `member_N` where one has none.
pub fn take_apart(pipeline: ModelPipeline) -> Vec<(Name, Model)> {
    let named = |(index, (name, model)): (usize, (Option<Name>, Model))| {
        let name = name.filter(|name| !name.is_empty());
        (name.unwrap_or_else(|| format!("member_{index}").into()), model)
    };
    pipeline.members.into_iter().enumerate().map(named).collect()
}
