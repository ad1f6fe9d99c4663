//! `milopt eval`.

mod chain;
mod compare;
mod show;

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use mil_eval::{Array, EvalOptions, EvalValue, Evaluator, Flavour, Inputs, Outputs, npz, random_inputs};
use mil_ir::{Graph, Model, Name};

use crate::cli::{Failure, Outcome, open};
use crate::evaluate::{self, as_arrays};

/// Run a model on numbers.
///
/// Inputs and outputs are arrays by feature name in .npz archives. Several --inputs are successive calls that
/// share states; their outputs are then called NAME.0, NAME.1, and so on. States start at zero. A dictionary
/// of classes is written as NAME.keys and NAME.values. Of a pipeline all members run, or the one that --member
/// chooses. Several models run one after the other: each takes what is handed over and what those before it
/// give.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil
    input: PathBuf,
    /// Models that run behind it, for example the other parts that `chunk` wrote
    #[arg(value_name = "THEN", conflicts_with_all = ["function", "member"])]
    then: Vec<PathBuf>,
    /// Arrays by input name; may be repeated for successive calls
    #[arg(long, value_name = "X.npz")]
    inputs: Vec<PathBuf>,
    /// Random inputs of the declared types and shapes instead
    #[arg(long, value_name = "SEED", conflicts_with = "inputs")]
    random: Option<u64>,
    /// States to start with, by name
    #[arg(long, value_name = "S.npz")]
    state: Option<PathBuf>,
    /// Where to write the outputs
    #[arg(short, long, value_name = "Y.npz")]
    output: Option<PathBuf>,
    /// Values to give instead of the outputs, by name; intermediate ones too
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    outputs: Vec<String>,
    /// The function to run; the default function where there are several
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Of a pipeline, the member to run: its number from 0 on, or its name
    #[arg(long, value_name = "MEMBER")]
    member: Option<String>,
    /// Reference outputs to compare with: exit 1 if one is missing, has another shape, other text, or NaN or
    /// infinity where the reference has not
    #[arg(long, value_name = "REF.npz")]
    compare: Option<PathBuf>,
    /// With --compare: exit 1 if an output has a lower signal-to-noise ratio, in dB
    #[arg(long, value_name = "DB", requires = "compare")]
    min_snr: Option<f64>,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

/// Bytes that one array of an archive may have.
const LARGEST_ARRAY: usize = if usize::BITS > 32 { (4_u64 << 30) as usize } else { usize::MAX };

/// What ran, and what it gave.
struct Run {
    function: String,
    /// The functions that did not run.
    others: Vec<String>,
    /// Outputs by name, those of several calls with the number of the call.
    results: Vec<(String, EvalValue)>,
}

impl Run {
    /// All results that have a form in an archive.
    fn arrays(&self) -> Vec<(String, Array)> {
        self.results.iter().flat_map(|(name, value)| as_arrays(name, value)).collect()
    }
}

pub(super) fn run(args: &Args) -> Outcome {
    if args.inputs.is_empty() && args.random.is_none() {
        return Err(Failure::Input("no inputs: give --inputs X.npz, or --random SEED".into()));
    }
    let package = open(&args.input)?;
    if !args.then.is_empty() || args.member.is_none() && matches!(package.model(), Model::Pipeline(_)) {
        return chain::run(args, &package);
    }
    let program = evaluate::program(package.model(), args.member.as_deref())
        .map_err(|error| Failure::Input(format!("{}: {error}", args.input.display())))?;
    let function = evaluate::function(program, args.function.as_deref())?;
    let graph = program.graph(&function).ok_or_else(|| Failure::Input(format!("no function {function}")))?;
    let names: Vec<&str> = args.outputs.iter().map(String::as_str).collect();
    let mut evaluator = Evaluator::new(program, &function, EvalOptions::default())?;
    if !names.is_empty() {
        known_values(graph, &function, &names)?;
        evaluator = evaluator.with_outputs(&names)?;
    }
    let mut session = evaluator.session()?;
    if let Some(path) = &args.state {
        for (name, array) in &read(path)? {
            session.set_state(name, array)?;
        }
    }
    let interface = program.interface.function(&function);
    let calls: Vec<Inputs> = match args.random {
        Some(seed) => vec![random_inputs(graph, interface, Flavour::Normal, seed)?],
        None => {
            let known: Vec<Name> = evaluator.inputs().map(|(name, _)| name.clone()).collect();
            args.inputs.iter().map(|path| call(path, &known)).collect::<Result<_, _>>()?
        }
    };
    let mut results = Vec::new();
    for (index, inputs) in calls.iter().enumerate() {
        let outputs: Outputs = session.run(inputs)?;
        results.extend(outputs.into_iter().map(|(name, value)| {
            (if calls.len() > 1 { format!("{name}.{index}") } else { name.to_string() }, value)
        }));
    }
    let others = program.functions.keys().filter(|name| **name != *function);
    let run = Run { others: others.map(ToString::to_string).collect(), function, results };
    let inputs = graph.root().inputs().iter().map(|&value| graph.value(value).name().clone());
    report(args, &inputs.collect::<Vec<_>>(), &run)
}

/// Writes, compares and shows what ran.
fn report(args: &Args, inputs: &[Name], run: &Run) -> Outcome {
    if let Some(path) = &args.output {
        write(path, run)?;
    }
    match &args.compare {
        Some(path) => compare::compare(args, &read(path)?, inputs, run),
        None => show::summary(args, run),
    }
}

/// An error with the nearest name for a value that the outermost block does not have.
fn known_values(graph: &Graph, function: &str, names: &[&str]) -> Outcome {
    let root = graph.root();
    let results = root.ops().flat_map(|op| graph.op(op).results());
    let known: Vec<&str> =
        root.inputs().iter().chain(results).map(|&value| graph.value(value).name().as_str()).collect();
    let Some(unknown) = names.iter().find(|name| !known.contains(*name)) else { return Ok(()) };
    let near = known.iter().map(|name| (strsim::jaro_winkler(unknown, name), *name));
    let nearest = near.filter(|(likeness, _)| *likeness > 0.7).max_by(|a, b| a.0.total_cmp(&b.0));
    let outputs: Vec<&str> = root.outputs().map(|value| graph.value(value).name().as_str()).collect();
    let hint = match nearest {
        Some((_, name)) => format!("did you mean {name}?"),
        None => format!("its outputs are {}", outputs.join(", ")),
    };
    Err(Failure::Input(format!("function {function} has no value {unknown}; {hint}")))
}

/// The arrays of an archive.
pub(super) fn read(path: &Path) -> Result<Inputs, Failure> {
    let fault = |error: &dyn std::error::Error| Failure::Input(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| fault(&error))?;
    npz::read(BufReader::new(file), LARGEST_ARRAY).map_err(|error| fault(&error))
}

/// The inputs of one call. Arrays that are no inputs are left out: reference outputs often stand in the same
/// archive.
#[allow(clippy::print_stderr, reason = "a warning for the person at the terminal")]
fn call(path: &Path, known: &[Name]) -> Result<Inputs, Failure> {
    let mut inputs = read(path)?;
    let extra: Vec<String> =
        inputs.keys().filter(|name| !known.contains(name)).map(|name| name.to_string()).collect();
    if !extra.is_empty() {
        inputs.retain(|name, _| known.contains(name));
        let known: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
        eprintln!(
            "milopt: warning: {}: {} ignored; the inputs are {}",
            path.display(),
            extra.join(", "),
            known.join(", ")
        );
    }
    Ok(inputs)
}

/// Writes the outputs. What an archive has no form for is named.
#[allow(clippy::print_stderr, reason = "a note beside the outputs")]
fn write(path: &Path, run: &Run) -> Outcome {
    for (name, value) in &run.results {
        if as_arrays(name, value).is_empty() {
            eprintln!("milopt: output {name} is {}, which .npz has no form for; left out", value.form());
        }
    }
    let arrays = run.arrays();
    let bytes = npz::to_bytes(arrays.iter().map(|(name, array)| (name.as_str(), array)))?;
    Ok(mil_package::write_file(path, |mut file| file.write_all(&bytes))?)
}
