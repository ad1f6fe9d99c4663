//! `milopt eval`.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use mil_eval::{
    Array, EvalOptions, EvalValue, Evaluator, Flavour, Inputs, Outputs, compare, npz, random_inputs,
};
use mil_ir::{Name, Program};
use serde_json::json;

use crate::cli::{Failure, Outcome, open, say, say_json};

/// Run a model on numbers.
///
/// Inputs and outputs are arrays by feature name in .npz archives. Several --inputs are successive calls that share states;
/// their outputs are then called NAME.0, NAME.1, and so on. States start at zero.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil
    input: PathBuf,
    /// Arrays by input name; may be repeated for successive calls
    #[arg(long, value_name = "X.npz", required_unless_present = "random")]
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
    /// Reference outputs to compare with
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
const LARGEST_ARRAY: usize = 4 << 30;

pub(super) fn run(args: &Args) -> Outcome {
    let package = open(&args.input)?;
    let program = package.model().as_program().ok_or_else(|| {
        Failure::Input(format!(
            "{} is of type {}: only ML Programs run",
            args.input.display(),
            package.model().kind()
        ))
    })?;
    let function = function(program, args.function.as_deref());
    let names: Vec<&str> = args.outputs.iter().map(String::as_str).collect();
    let mut evaluator = Evaluator::new(program, &function, EvalOptions::default())?;
    if !names.is_empty() {
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
        Some(seed) => {
            let graph =
                program.graph(&function).ok_or_else(|| Failure::Input(format!("no function {function}")))?;
            vec![random_inputs(graph, interface, Flavour::Normal, seed)?]
        }
        None => args.inputs.iter().map(|path| read(path)).collect::<Result<_, _>>()?,
    };
    let mut results: Vec<(String, Array)> = Vec::new();
    for (index, inputs) in calls.iter().enumerate() {
        for (name, array) in arrays(session.run(inputs)?) {
            results.push((if calls.len() > 1 { format!("{name}.{index}") } else { name.to_string() }, array));
        }
    }
    if let Some(path) = &args.output {
        let file = File::create(path)
            .map_err(|error| Failure::Input(format!("cannot write {}: {error}", path.display())))?;
        npz::write(
            std::io::BufWriter::new(file),
            results.iter().map(|(name, array)| (name.as_str(), array)),
        )?;
    }
    match &args.compare {
        Some(path) => compared(args, path, &results),
        None => summary(args, &results),
    }
}

/// The function that runs if none is named: the default one, else `main`, else the only one.
fn function(program: &Program, named: Option<&str>) -> String {
    let default = program.interface.default_function.as_deref();
    let only =
        program.functions.keys().next().filter(|_| program.functions.len() == 1).map(|name| name.as_str());
    named.or(default).or(only).unwrap_or("main").to_owned()
}

fn read(path: &Path) -> Result<Inputs, Failure> {
    let fault = |error: &dyn std::error::Error| Failure::Input(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| fault(&error))?;
    npz::read(BufReader::new(file), LARGEST_ARRAY).map_err(|error| fault(&error))
}

/// The outputs that are arrays. A class label and the probabilities of the classes have no form in an archive.
#[allow(clippy::print_stderr, reason = "a note beside the outputs")]
fn arrays(outputs: Outputs) -> Vec<(Name, Array)> {
    let mut arrays = Vec::new();
    for (name, value) in outputs {
        match value {
            EvalValue::Array(array) => arrays.push((name, array)),
            other => {
                eprintln!("milopt: output {name} is {}, which .npz has no form for; left out", other.form())
            }
        }
    }
    arrays
}

fn summary(args: &Args, results: &[(String, Array)]) -> Outcome {
    if args.json {
        let all: serde_json::Map<_, _> = results
            .iter()
            .map(|(name, array)| {
                (name.clone(), json!({"type": array.dtype().to_string(), "shape": array.shape()}))
            })
            .collect();
        return say_json(&json!({"outputs": all}));
    }
    for (name, array) in results {
        say(&format!("{name}: {} {:?}{}\n", array.dtype(), array.shape(), range(array)))?;
    }
    Ok(())
}

/// Smallest, largest and mean element of a numeric array, and how many are not finite.
fn range(array: &Array) -> String {
    let Ok(values) = array.reals::<f64>() else { return String::new() };
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let odd = values.len() - finite.len();
    let odd = if odd > 0 { format!(", {odd} of {} not finite", values.len()) } else { String::new() };
    if finite.is_empty() {
        return odd;
    }
    let min = finite.iter().copied().fold(f64::INFINITY, f64::min);
    let max = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = finite.iter().sum::<f64>() / finite.len() as f64;
    format!(", from {} to {}, mean {}{odd}", number(min), number(max), number(mean))
}

/// With six digits behind the point, or in powers of ten where those would not do.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || (1e-3..1e6).contains(&magnitude) {
        format!("{value:.6}")
    } else {
        format!("{value:.6e}")
    }
}

fn compared(args: &Args, path: &Path, results: &[(String, Array)]) -> Outcome {
    let reference = read(path)?;
    let (mut faults, mut rows) = (Vec::new(), serde_json::Map::new());
    for (name, array) in results {
        let Some(wanted) = reference.get(name.as_str()) else { continue };
        let found = compare(wanted, array);
        if !args.json {
            let text = match &found.mismatch {
                Some(mismatch) => mismatch.clone(),
                None => format!(
                    "{:.1} dB, largest difference {:.3e}, {} of {} elements differ",
                    found.snr_db, found.max_abs, found.different, found.elements
                ),
            };
            say(&format!("{name}: {text}\n"))?;
        }
        if args
            .min_snr
            .is_some_and(|min| found.mismatch.is_some() || found.snr_db.is_nan() || found.snr_db < min)
        {
            faults.push(format!("{name} has {:.1} dB", found.snr_db));
        }
        rows.insert(name.clone(), json!({"snr_db": found.snr_db, "max_abs": found.max_abs}));
    }
    let missing: Vec<&str> = reference
        .keys()
        .map(|name| name.as_str())
        .filter(|name| !results.iter().any(|(own, _)| own == name))
        .collect();
    if !missing.is_empty() && rows.is_empty() {
        return Err(Failure::Input(format!("no output is called {}", missing.join(", "))));
    }
    if args.json {
        say_json(&json!({"outputs": rows}))?;
    }
    if faults.is_empty() { Ok(()) } else { Err(Failure::Limit(faults.join("; "))) }
}
