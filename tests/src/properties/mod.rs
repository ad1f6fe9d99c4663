//! What must hold for every program, tried on random ones.

mod calls;
mod numbers;

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use mil_generate::Options;
use milopt::eval::{EvalValue, Evaluator, Flavour, Inputs, Outputs, align, compare};
use milopt::ir::{Graph, Name, Program, Release, Type, TypeKind, text};
use milopt::numerics::VerifyNumerics;
use milopt::ops::{BuildError, RetargetError};
use milopt::pass::{Pipeline, Registry};
use milopt::{Model, Package, Runner, diff};
use numbers::{graph, options};

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which one.
    pub property: String,
    /// In what it fails.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.property, self.message)
    }
}

type Outcome = Result<(), Failure>;

fn fail(property: impl Into<String>, message: impl fmt::Display) -> Failure {
    Failure { property: property.into(), message: message.to_string() }
}

/// What was tried, counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Programs.
    pub programs: usize,
    /// Programs with several functions.
    pub several: usize,
    /// Programs that hold an op of this type.
    pub ops: BTreeMap<String, usize>,
    /// Programs that a pass or pipeline changed.
    pub changed: BTreeMap<String, usize>,
    /// Programs whose numbers were not compared after a pass, by the reason.
    pub skipped: BTreeMap<String, usize>,
}

impl Tally {
    /// Adds what another one counted.
    pub fn merge(&mut self, other: Tally) {
        self.programs += other.programs;
        self.several += other.several;
        for (mine, theirs) in [
            (&mut self.ops, other.ops),
            (&mut self.changed, other.changed),
            (&mut self.skipped, other.skipped),
        ] {
            for (key, count) in theirs {
                *mine.entry(key).or_default() += count;
            }
        }
    }
}

/// The program of a seed: one in eight has two functions.
pub fn program(options: &Options) -> Result<Program, BuildError> {
    match options.seed % 8 {
        3 => mil_generate::generate_several(options),
        _ => mil_generate::generate(options),
    }
}

/// Generates a program and tries every property. A panic is a failure, too.
pub fn check(options: &Options, passes: Option<&Registry>, tally: &mut Tally) -> Outcome {
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        let program = program(options).map_err(|error| fail("generates", error))?;
        tally.programs += 1;
        tally.several += usize::from(program.functions.len() > 1);
        let mut kinds: Vec<String> = program
            .graphs()
            .flat_map(|(_, _, graph)| graph.walk().map(|op| graph.op(op).kind().to_string()))
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            *tally.ops.entry(kind).or_default() += 1;
        }
        check_program(&program, options.seed, passes, tally)
    }));
    attempt.unwrap_or_else(|payload| {
        let message = payload.downcast_ref::<String>().cloned();
        let message = message.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()));
        Err(fail("panics", message.unwrap_or_default()))
    })
}

/// Tries every property on a program.
pub fn check_program(program: &Program, seed: u64, passes: Option<&Registry>, tally: &mut Tally) -> Outcome {
    verifies(program)?;
    let runs = Runs::of(program, seed)?;
    survives_text(program, &runs)?;
    survives_packages(program)?;
    survives_targets(program, &runs, tally)?;
    let Some(registry) = passes else { return Ok(()) };
    for def in registry.passes() {
        survives_pass(program, def.id, registry, seed, tally)?;
    }
    for name in ["cleanup", "default"] {
        survives_pipeline(program, name, registry, seed, tally)?;
    }
    Ok(())
}

/// The smallest size at which a seed fails in the same property, and how.
pub fn smallest(options: &Options, failure: &Failure, passes: Option<&Registry>) -> (Options, Failure) {
    for size in 1..options.size {
        let smaller = Options { size, ..*options };
        match check(&smaller, passes, &mut Tally::default()) {
            Err(found) if found.property == failure.property => return (smaller, found),
            _ => {}
        }
    }
    (*options, failure.clone())
}

/// A failure as a report: the seed and the size that show it, what fails, the program, and the smallest program
/// in which the same property fails.
pub fn report(options: &Options, failure: &Failure, passes: Option<&Registry>) -> String {
    let (options, failure) = smallest(options, failure, passes);
    let shown = |program: &Program| text::print(program, &text::PrintOptions::default().inline_all());
    let program = match program(&options) {
        Ok(program) => program,
        Err(error) => return format!("seed {} size {} {failure}\n{error}", options.seed, options.size),
    };
    let reduced = match reduced(&program, options.seed, &failure, passes) {
        Some(smaller) => format!("\nreduced:\n{}", shown(&smaller)),
        None => String::new(),
    };
    format!("seed {} size {} {failure}\n{}{reduced}", options.seed, options.size, shown(&program))
}

/// The smallest program in which the same property fails; `None` where nothing of it can go.
fn reduced(program: &Program, seed: u64, failure: &Failure, passes: Option<&Registry>) -> Option<Program> {
    let fails = |program: &Program| -> Result<bool, std::convert::Infallible> {
        let attempt =
            catch_unwind(AssertUnwindSafe(|| check_program(program, seed, passes, &mut Tally::default())));
        Ok(match attempt {
            Ok(outcome) => outcome.is_err_and(|found| found.property == failure.property),
            Err(_) => failure.property == "panics",
        })
    };
    let Ok(found) = milopt::reduce::reduce(program, fails);
    found.filter(|found| found.kept > 0).map(|found| found.program)
}

fn verifies(program: &Program) -> Outcome {
    let report = milopt::ops::verify_program(program);
    match report.violations.first() {
        Some(violation) => Err(fail("verifies", violation)),
        None => Ok(()),
    }
}

/// Inputs of every flavour for each function, and what it gives for them.
struct Runs(Vec<Calls>);

/// Calls of one function.
struct Calls {
    function: Name,
    inputs: Vec<Inputs>,
    outputs: Vec<Outputs>,
}

impl Runs {
    /// Runs every function; every value of its outermost block has the type that the program declares.
    fn of(program: &Program, seed: u64) -> Result<Runs, Failure> {
        program
            .functions
            .keys()
            .map(|function| Calls::of(program, function, seed))
            .collect::<Result<_, _>>()
            .map(Runs)
    }

    /// Runs another form of the program on the same inputs, and holds it to the same outputs.
    fn hold(&self, other: &Program, property: &str) -> Outcome {
        for calls in &self.0 {
            let evaluator = evaluator(other, &calls.function).map_err(|message| fail(property, message))?;
            for (inputs, before) in calls.inputs.iter().zip(&calls.outputs) {
                for (name, after) in evaluator.run(inputs).map_err(|error| fail(property, error))? {
                    let (Some(before), Some(after)) =
                        (before.get(&name).and_then(EvalValue::as_array), after.as_array())
                    else {
                        continue;
                    };
                    // The interface may ask for another element type than the program computes.
                    if before.dtype() == after.dtype() && !compare(before, after).is_exact() {
                        return Err(fail(property, format!("{name} of function {} differs", calls.function)));
                    }
                }
            }
        }
        Ok(())
    }
}

fn evaluator<'p>(program: &'p Program, function: &Name) -> Result<Evaluator<'p>, String> {
    let (graph, opset) = graph(program, function).ok_or("no graph")?;
    let interface = program.interface.function(function);
    Evaluator::of_graph(graph, opset, function.clone(), interface, options())
        .map_err(|error| error.to_string())
}

impl Calls {
    fn of(program: &Program, function: &Name, seed: u64) -> Result<Calls, Failure> {
        let (graph, _) = graph(program, function).ok_or_else(|| fail("evaluates", "no graph"))?;
        let evaluator = evaluator(program, function).map_err(|error| fail("evaluates", error))?;
        let root = graph.root();
        let values: Vec<_> = root.ops().flat_map(|op| graph.op(op).results().to_vec()).collect();
        let names: Vec<&str> = values.iter().map(|&value| graph.value(value).name().as_str()).collect();
        let evaluator = evaluator.with_outputs(&names).map_err(|error| fail("evaluates", error))?;
        let mut calls = Calls { function: function.clone(), inputs: Vec::new(), outputs: Vec::new() };
        let all = numbers::inputs(program, function, &Flavour::ALL, seed);
        let all = all.map_err(|error| fail("evaluates", error))?;
        for (flavour, inputs) in Flavour::ALL.into_iter().zip(all) {
            let outputs = evaluator
                .run(&inputs)
                .map_err(|error| fail("evaluates", format!("{flavour:?} inputs: {error}")))?;
            for &value in &values {
                let (name, ty) = (graph.value(value).name(), graph.value(value).ty());
                let got =
                    outputs.get(name).ok_or_else(|| fail("evaluates", format!("{name} has no value")))?;
                if !fits(ty, got) {
                    let got = match got {
                        EvalValue::Array(array) => format!("{} {:?}", array.dtype(), array.shape()),
                        other => other.form().to_owned(),
                    };
                    let kind =
                        graph.definition(value).map(|op| graph.op(op).kind().clone()).unwrap_or_default();
                    let message = format!("{name} ({kind}) is a {ty} by inference, and {got} by evaluation");
                    return Err(fail("has the inferred types", message));
                }
            }
            if !suppresses_by_nan(graph, &outputs) {
                calls.inputs.push(inputs);
                calls.outputs.push(outputs);
            }
        }
        Ok(calls)
    }
}

/// Boxes are picked by scores that are not numbers: no rule says which.
fn suppresses_by_nan(graph: &Graph, values: &Outputs) -> bool {
    let suppressions =
        graph.root().ops().filter(|&op| graph.op(op).kind().as_str() == "non_maximum_suppression");
    let operands = suppressions.flat_map(|op| graph.op(op).values().collect::<Vec<_>>());
    let arrays = operands.filter_map(|value| values.get(graph.value(value).name())?.as_array());
    arrays.filter_map(|array| array.slice::<f32>()).any(|numbers| numbers.iter().any(|x| x.is_nan()))
}

/// A value is of a type, where sizes that are not known may be any.
fn fits(ty: &Type, value: &EvalValue) -> bool {
    match (ty.kind(), value) {
        (TypeKind::Tensor(tensor), EvalValue::Array(array)) => {
            tensor.dtype == array.dtype()
                && tensor.shape.dims().is_some_and(|dims| {
                    dims.len() == array.rank()
                        && dims
                            .iter()
                            .zip(array.shape())
                            .all(|(dim, &size)| dim.fixed().is_none_or(|dim| dim == size as u64))
                })
        }
        (TypeKind::List(element, _), EvalValue::List(list)) => element.dtype() == Some(list.dtype),
        (TypeKind::Dict(..), EvalValue::Dictionary(_)) => true,
        _ => false,
    }
}

fn survives_text(program: &Program, runs: &Runs) -> Outcome {
    let print = |program: &Program| text::print(program, &text::PrintOptions::default().inline_all());
    let printed = print(program);
    let parsed = text::parse(&printed).map_err(|error| fail("parses", error))?;
    let again = print(&parsed);
    if let Some((before, after)) = printed.lines().zip(again.lines()).find(|(a, b)| a != b) {
        return Err(fail("prints the same", format!("{before}\nbecomes\n{after}")));
    }
    if printed.len() != again.len() {
        return Err(fail("prints the same", "lines are lost or added"));
    }
    verifies(&parsed)?;
    if numbers::unseeded(program) {
        return Ok(());
    }
    runs.hold(&parsed, "computes the same from text")
}

fn survives_packages(program: &Program) -> Outcome {
    let fault = |error: milopt::package::PackageError| fail("is written and read", error);
    let files = Package::from(program.clone()).to_files().map_err(fault)?;
    let shared = files.iter().map(|(path, bytes)| (path.clone(), Arc::from(bytes.as_slice())));
    let read = Package::from_files(shared, &milopt::package::Limits::default()).map_err(fault)?;
    let difference = diff::compare(&Model::Program(program.clone()), read.model());
    if !difference.is_empty() {
        return Err(fail("is written and read", difference));
    }
    if read.to_files().map_err(fault)? != files {
        return Err(fail("is written the same twice", "files differ"));
    }
    Ok(())
}

/// For every release the program is refused, or it verifies and gives the same numbers.
fn survives_targets(program: &Program, runs: &Runs, tally: &mut Tally) -> Outcome {
    for release in Release::ALL.into_iter().filter(|&release| release >= Release::IOS15) {
        let property = format!("target {release}");
        let mut other = program.clone();
        if let Err(refused) = milopt::ops::retarget(&mut other, release) {
            let refusals = match &refused {
                RetargetError::Refused(_, refusals) => refusals.as_slice(),
                _ => return Err(fail(&property, refused)),
            };
            if refusals.is_empty()
                || diff::compare(&Model::Program(program.clone()), &Model::Program(other)).is_empty()
            {
                for kind in refusals.iter().filter_map(|refusal| refusal.violation.place.kind.as_ref()) {
                    *tally.skipped.entry(format!("{property}: {kind}")).or_default() += 1;
                }
                continue;
            }
            return Err(fail(&property, "a refused program is changed"));
        }
        verifies(&other).map_err(|failure| fail(&property, failure))?;
        *tally.changed.entry(property.clone()).or_default() += 1;
        if !numbers::unseeded(program) {
            runs.hold(&other, &property)?;
        }
    }
    Ok(())
}

/// Runs of a pass until one changes nothing.
const ROUNDS: usize = 5;

fn survives_pass(program: &Program, id: &str, registry: &Registry, seed: u64, tally: &mut Tally) -> Outcome {
    let property = format!("pass {id}");
    let pipeline = Pipeline::parse(id, registry).map_err(|error| fail(&property, error))?;
    let mut after = program.clone();
    let report = pipeline.run(&mut after).map_err(|error| fail(&property, with_sources(&error)))?;
    if !report.changed() {
        return Ok(());
    }
    *tally.changed.entry(id.to_owned()).or_default() += 1;
    verifies(&after).map_err(|failure| fail(&property, failure))?;
    if let Some((def, _)) = registry.find(id) {
        let compared = if calls::states_differ(program, &after) {
            calls::kept(program, &after, registry, seed)
        } else {
            let aligned = if def.changes_interface { aligned(program, &after) } else { None };
            let (before, after) =
                aligned.as_ref().map_or((program, &after), |(before, after)| (before, after));
            numbers::kept(before, after, def.numerics, &Flavour::ALL, seed)
        };
        match compared.map_err(|message| fail(&property, message))? {
            None => {}
            Some(reason) => *tally.skipped.entry(format!("{id}: {reason}")).or_default() += 1,
        }
    }
    let mut round = 1;
    while pipeline.run(&mut after).map_err(|error| fail(&property, with_sources(&error)))?.changed() {
        round += 1;
        if round > ROUNDS {
            return Err(fail(&property, format!("still changes something in round {round}")));
        }
    }
    Ok(())
}

/// Two programs with one interface, where the second has another than the first.
fn aligned(before: &Program, after: &Program) -> Option<(Program, Program)> {
    let (mut before, mut after) = (before.clone(), after.clone());
    let names: Vec<Name> = before.functions.keys().cloned().collect();
    for name in &names {
        let (old, new) = align(before.graph(name)?, after.graph(name)?)?;
        (*before.graph_mut(name)?, *after.graph_mut(name)?) = (old, new);
    }
    after.interface = before.interface.clone();
    Some((before, after))
}

fn survives_pipeline(
    program: &Program,
    name: &str,
    registry: &Registry,
    seed: u64,
    tally: &mut Tally,
) -> Outcome {
    let property = format!("pipeline {name}");
    let pipeline = registry.pipeline(name).ok_or_else(|| fail(&property, "there is none"))?;
    let pipeline = pipeline.map_err(|error| fail(&property, error))?;
    let mut after = program.clone();
    let runner = Runner::new().instrument(VerifyNumerics::new(seed));
    let report = runner.run(&pipeline, &mut after).map_err(|error| fail(&property, with_sources(&error)))?;
    *tally.changed.entry(format!("pipeline {name}")).or_default() += usize::from(report.changed());
    verifies(&after).map_err(|failure| fail(&property, failure))?;
    Runs::of(&after, seed).map(drop).map_err(|failure| fail(&property, failure))
}

/// An error and its sources in one line.
fn with_sources(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}
