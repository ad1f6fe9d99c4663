//! Does a rewritten program still compute the same?
//!
//! What `exact` and `rounding` promise is held against the interpreter's `verify`, element by element, states
//! included.
//!
//! A lossy pass keeps its signal-to-noise ratio in real models. A random program may be one that its
//! precision cannot hold at all: sums that cancel, indices in floats, numbers beyond the range. So an output
//! is held to the ratio only where the original keeps it when all of its floats are rounded to `fp16`,
//! whichever way they fall.

use milopt::eval::{
    EvalOptions, EvalValue, Evaluator, Flavour, Inputs, Outputs, compare, random_inputs, verify,
};
use milopt::ir::{Graph, Name, Opset, Program, ValueId};
use milopt::numerics::draws;
use milopt::ops::Numerics;
use milopt::tensor::DType;

/// Evaluations in `fp16` that an output must survive to be held to a ratio.
const TRIALS: u64 = 16;
/// Evaluations that an output must survive before its loss is held against a pass: a comparison, or a
/// remainder that is 0 by luck, may be decided by one rounding in ten.
const SURE: u64 = 256;
/// By so much, in dB, the ratio must be kept there: other roundings are as good.
const MARGIN: f64 = 10.0;

/// The graph of a function that runs, with its opset.
pub(super) fn graph<'p>(program: &'p Program, function: &str) -> Option<(&'p Graph, &'p Opset)> {
    let function = program.function(function)?;
    Some((function.graph()?, &function.opset))
}

/// How programs are run: the same numbers on every machine.
pub(super) fn options() -> EvalOptions {
    EvalOptions::default().reproducible()
}

/// Inputs of a function, of these flavours.
pub(super) fn inputs(
    program: &Program,
    function: &str,
    flavours: &[Flavour],
    seed: u64,
) -> Result<Vec<Inputs>, String> {
    let (graph, _) = graph(program, function).ok_or("no graph")?;
    let interface = program.interface.function(function);
    flavours
        .iter()
        .zip(seed..)
        .map(|(&flavour, seed)| random_inputs(graph, interface, flavour, seed))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

/// An op draws numbers that depend on how many ops run before it.
pub(super) fn unseeded(program: &Program) -> bool {
    program.graphs().any(|(_, _, graph)| draws(graph))
}

/// Holds a rewritten program to the class of its pass. `Some`: not compared, for this reason.
pub(super) fn kept(
    before: &Program,
    after: &Program,
    class: Numerics,
    flavours: &[Flavour],
    seed: u64,
) -> Result<Option<&'static str>, String> {
    if unseeded(before) {
        return Ok(Some("random numbers"));
    }
    if let Some(name) = before.functions.keys().find(|&name| !after.functions.contains_key(name)) {
        return Err(format!("function {name} is lost"));
    }
    let mut reason = None;
    for name in before.functions.keys() {
        let found = kept_function(before, after, name, class, flavours, seed);
        reason = reason.or(found.map_err(|message| format!("function {name}: {message}"))?);
    }
    Ok(reason)
}

fn kept_function(
    before: &Program,
    after: &Program,
    function: &str,
    class: Numerics,
    flavours: &[Flavour],
    seed: u64,
) -> Result<Option<&'static str>, String> {
    let (Some(old), Some(new)) = (graph(before, function), graph(after, function)) else {
        return Err("no graph".into());
    };
    if let Numerics::Lossy { min_snr_db } = class {
        let inputs = inputs(before, function, &[Flavour::Normal, Flavour::Negative], seed)?;
        return lossy(&inputs, old, new, min_snr_db);
    }
    let inputs = inputs(before, function, flavours, seed)?;
    let report = verify(old, new, class, &inputs, &options()).map_err(|error| error.to_string())?;
    if report.failed > 0 {
        return Err(format!("the original fails: {}", report.failure.unwrap_or_default()));
    }
    match report.broken().next() {
        None => Ok((report.skipped == report.elements()).then_some("rounding decides")),
        Some(found) => Err(format!(
            "{} changes for {:?} inputs in {} elements: {:?} {:?}",
            found.place, flavours[found.input], found.wrong, found.worst, found.comparison.mismatch
        )),
    }
}

/// Outputs of one call that are held to a ratio, and are not.
fn lossy(
    inputs: &[Inputs],
    (old, opset): (&Graph, &Opset),
    (new, new_opset): (&Graph, &Opset),
    min_snr_db: f64,
) -> Result<Option<&'static str>, String> {
    let evaluator = |graph, opset| {
        let made = Evaluator::of_graph(graph, opset, "main".into(), None, options());
        made.map_err(|error| error.to_string())
    };
    let mut held = 0;
    for inputs in inputs {
        let run = |evaluator: &Evaluator<'_>| evaluator.run(inputs).map_err(|error| error.to_string());
        let was = run(&evaluator(old, opset)?)?;
        // A ratio is promised for finite numbers: NaN and infinities go other ways where products replace
        // choices, as 0 times infinity shows.
        let within = evaluator(old, opset)?.with_values(&floats(old)).map_err(|error| error.to_string())?;
        if !is_finite(&run(&within)?) {
            continue;
        }
        let trial = |seed| -> Result<Outputs, String> {
            Ok(run(&evaluator(old, opset)?.rounded_to(DType::Fp16, seed)).unwrap_or_default())
        };
        let keeps = |trial: &Outputs, name: &Name| ratio(&was, trial, name) >= min_snr_db + MARGIN;
        let trials = (0..TRIALS).map(trial).collect::<Result<Vec<_>, _>>()?;
        // A loss is measured against the largest number of a tensor: whether a small one is 0 is left open, and
        // with it the sizes and integers that hang on it.
        let flushed = run(&evaluator(old, opset)?.flushed_to(DType::Fp16, 0)).unwrap_or_default();
        let is_stable = |name: &&Name| {
            let hangs_on_zeros = was.get(*name).is_some_and(is_discrete) && !keeps(&flushed, name);
            !hangs_on_zeros && trials.iter().all(|trial| keeps(trial, name))
        };
        let stable: Vec<&Name> = was.keys().filter(is_stable).collect();
        // A size or an index that hangs on the roundings may make the call fail.
        let is = match run(&evaluator(new, new_opset)?) {
            Ok(is) => is,
            Err(_) if stable.len() < was.len() => continue,
            // Nor need numbers that promise nothing be boxes of an image that is there.
            Err(_) if min_snr_db == f64::NEG_INFINITY => continue,
            Err(error) => return Err(error),
        };
        for name in &stable {
            let found = ratio(&was, &is, name);
            if found >= min_snr_db {
                continue;
            }
            let more = (TRIALS..SURE).map(trial).collect::<Result<Vec<_>, _>>()?;
            if more.iter().all(|trial| keeps(trial, name)) {
                return Err(format!(
                    "output {name} has {found:.1} dB, and {min_snr_db} in every fp16 evaluation"
                ));
            }
        }
        held += stable.len();
    }
    Ok((held == 0).then_some("fp16 cannot hold it"))
}

/// A value of integers, flags or text.
fn is_discrete(value: &EvalValue) -> bool {
    value.as_array().is_none_or(|array| !array.dtype().is_float())
}

/// The values of the outermost block that hold floats.
fn floats(graph: &Graph) -> Vec<ValueId> {
    let results = graph.walk().flat_map(|op| graph.op(op).results().to_vec());
    let outermost = results.filter(|&value| graph.home(value) == Graph::ROOT);
    outermost.filter(|&value| graph.value(value).ty().dtype().is_some_and(|dtype| dtype.is_float())).collect()
}

/// No value is NaN or infinite.
fn is_finite(values: &Outputs) -> bool {
    let reals = values.values().filter_map(|value| value.as_array()?.reals::<f64>().ok());
    reals.flat_map(|reals| reals.into_owned()).all(f64::is_finite)
}

/// Signal to noise of an output, in dB; the lowest of all where it cannot be compared.
fn ratio(was: &Outputs, is: &Outputs, name: &Name) -> f64 {
    let array = |outputs: &Outputs| outputs.get(name).and_then(EvalValue::as_array).cloned();
    let Some((was, is)) = array(was).zip(array(is)) else { return f64::NEG_INFINITY };
    let found = compare(&was, &is);
    let odd = found.mismatch.is_some() || found.nan + found.infinite + found.text > 0;
    if odd || found.snr_db.is_nan() { f64::NEG_INFINITY } else { found.snr_db }
}
