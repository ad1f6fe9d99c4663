//! Several models, one after the other: the members of a pipeline, or the parts of a model.

use std::collections::BTreeSet;

use mil_eval::{Chain, EvalOptions, Evaluator, Flavour, Inputs, Outputs, random_inputs};
use mil_ir::{Model, Name, Program};
use mil_package::Package;

use super::{Args, Run, call, read, report};
use crate::cli::{Failure, Outcome, open};
use crate::evaluate::{function, members, program};

pub(super) fn run(args: &Args, first: &Package) -> Outcome {
    let others = args.then.iter().map(|path| open(path)).collect::<Result<Vec<Package>, _>>()?;
    let (programs, own): (Vec<&Program>, Option<Vec<Name>>) = match first.model() {
        Model::Pipeline(pipeline) if others.is_empty() => {
            if pipeline.members.iter().any(|(_, member)| member.as_program().is_none()) {
                return Err(Failure::Input(format!(
                    "{}: only ML Programs run; choose one with --member: {}",
                    args.input.display(),
                    members(pipeline)
                )));
            }
            let programs = pipeline.members.iter().filter_map(|(_, model)| model.as_program()).collect();
            let features = pipeline.interface.functions.values().flat_map(|features| &features.outputs);
            (programs, Some(features.map(|feature| feature.name.clone()).collect()))
        }
        _ => {
            let models = std::iter::once(first).chain(&others).map(Package::model);
            let programs = models.map(|model| program(model, args.member.as_deref()));
            (programs.collect::<Result<_, _>>()?, None)
        }
    };
    let mut evaluators = Vec::new();
    for program in &programs {
        evaluators.push(Evaluator::new(program, &function(program, None)?, EvalOptions::default())?);
    }
    let chain = Chain::new(evaluators);
    let known = chain.inputs();
    let mut session = chain.session()?;
    if let Some(path) = &args.state {
        for (name, array) in &read(path)? {
            let mut members = session.members().iter_mut();
            let member = members.find(|member| member.states().any(|(state, _)| state == name));
            let missing = || Failure::Input(format!("{}: no model has a state {name}", path.display()));
            member.ok_or_else(missing)?.set_state(name, array)?;
        }
    }
    let calls: Vec<Inputs> = match args.random {
        Some(seed) => vec![random(&programs, &known, seed)?],
        None => args.inputs.iter().map(|path| call(path, &known)).collect::<Result<_, _>>()?,
    };
    let own = match &args.compare {
        Some(reference) if own.is_none() => Some(read(reference)?.keys().map(without_call).collect()),
        _ => own,
    };
    let mut results = Vec::new();
    for (index, inputs) in calls.iter().enumerate() {
        let outputs = chosen(args, own.as_deref(), session.run(inputs)?)?;
        results.extend(outputs.into_iter().map(|(name, value)| {
            (if calls.len() > 1 { format!("{name}.{index}") } else { name.to_string() }, value)
        }));
    }
    report(args, &known, &Run { function: "main".into(), others: Vec::new(), results })
}

/// Random inputs for what the caller hands over, each as the first model that takes it wants it.
fn random(programs: &[&Program], known: &[Name], seed: u64) -> Result<Inputs, Failure> {
    let mut inputs = Inputs::new();
    for program in programs {
        let function = function(program, None)?;
        let Some(graph) = program.graph(&function) else { continue };
        let own = random_inputs(graph, program.interface.function(&function), Flavour::Normal, seed)?;
        for (name, array) in own.into_iter().filter(|(name, _)| known.contains(name)) {
            inputs.entry(name).or_insert(array);
        }
    }
    Ok(inputs)
}

/// A name without the number of its call.
fn without_call(name: &Name) -> Name {
    match name.rsplit_once('.') {
        Some((base, call)) if call.parse::<usize>().is_ok() => base.into(),
        _ => name.clone(),
    }
}

/// The outputs that are asked for: those of --outputs, else those of a pipeline, else those that a reference has,
/// as what goes from model to model is nothing that the whole gives, else all.
fn chosen(args: &Args, own: Option<&[Name]>, mut outputs: Outputs) -> Result<Outputs, Failure> {
    if let Some(unknown) = args.outputs.iter().find(|name| !outputs.contains_key(name.as_str())) {
        let names: Vec<&str> = outputs.keys().map(|name| name.as_str()).collect();
        return Err(Failure::Input(format!("no model gives {unknown}; they give {}", names.join(", "))));
    }
    let asked: BTreeSet<&str> = match own {
        _ if !args.outputs.is_empty() => args.outputs.iter().map(String::as_str).collect(),
        Some(own) => own.iter().map(Name::as_str).collect(),
        None => return Ok(outputs),
    };
    outputs.retain(|name, _| asked.contains(name.as_str()));
    Ok(outputs)
}
