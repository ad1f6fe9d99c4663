//! `milopt compress`.

mod report;
mod steps;

use std::cmp::Ordering;
use std::path::PathBuf;
use std::time::Instant;

use mil_ir::{Program, Release};
use mil_package::Package;
use mil_pass::{Pipeline, RunReport, Runner};
use serde_json::{Value, json};

use crate::cli::eval::read;
use crate::cli::run::{check, warn_of};
use crate::cli::watch::Progress;
use crate::cli::{Context, Failure, Outcome, chain, open, say, say_json};
use crate::verify::verify_rest;
use crate::{calibrate, evaluate, inspect, words};

/// Make the weights of a model smaller, and write it.
///
/// What is done is said by flags, or by configurations in coremltools' own form. Several steps are done one
/// after another: pruning, then palettizing, then quantizing, after the configurations in their order; from
/// iOS18 on a step also compresses what is compressed already. Every function of a model is compressed, and
/// weights that they share stay shared.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    input: PathBuf,
    /// What to write: .mlpackage, or .mil with its weights beside it
    #[arg(short, long, value_name = "OUT", required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    #[command(flatten)]
    steps: steps::Steps,
    /// Make the model one for this release first, for example iOS18, if it is for an older one
    #[arg(long, value_name = "RELEASE")]
    raise_target: Option<String>,
    /// Write nothing, and say what would be: sizes and losses
    #[arg(long, conflicts_with = "output")]
    dry_run: bool,
    /// Print what became of each weight, and what it loses
    #[arg(long)]
    report: bool,
    /// Print the report as JSON for scripts
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  milopt compress A.mlpackage -o B.mlpackage --palettize 4 --group-size 16
  milopt compress A.mlpackage -o B.mlpackage --quantize int4 --block-size 32 --raise-target iOS18
  milopt compress A.mlpackage --dry-run --prune 2:4 --quantize int8
  milopt compress A.mlpackage -o B.mlpackage --config config.yaml
  milopt compress A.mlpackage -o B.mlpackage --quantize int8 --activations int8 --samples X.npz

A configuration is coremltools' OptimizationConfig as YAML or JSON:
  config_type: OpPalettizerConfig
  global_config: {mode: kmeans, nbits: 4}
  op_type_configs: {conv: {mode: uniform, nbits: 6}}
  op_name_configs: {head: null}";

pub(super) fn run(args: &Args, context: &Context) -> Outcome {
    let start = Instant::now();
    let measure = args.report || args.dry_run || args.json;
    let mut package = open(&args.input)?;
    args.output.as_deref().map(Package::check_output).transpose()?;
    let known = crate::verify(package.model());
    warn_of(&args.input, &known);
    let raised = raise_target(args, &mut package)?;
    let paths: Vec<Vec<usize>> = package.model().programs().into_iter().map(|(path, _)| path).collect();
    if paths.is_empty() {
        let kind = package.model().kind();
        return Err(Failure::Input(format!(
            "{} is of type {kind}: weights of ML Programs are compressed",
            args.input.display()
        )));
    }
    let before = weight_bytes(&package);
    let mut reports: Vec<RunReport> = Vec::new();
    for (path, program) in paths.iter().zip(package.model_mut().programs_mut()) {
        let ranges = ranges(args, program)?;
        let json = args.steps.pipeline(measure, twice(program), &ranges)?;
        let pipeline = Pipeline::from_json(&json.to_string(), &context.registry)?;
        let mut runner = Runner::new();
        if !raised {
            runner = runner.verified(known.of_member(path));
        }
        let runner = runner.instrument(Progress::new(pipeline.passes().count()));
        reports.push(runner.run(&pipeline, program).map_err(|error| Failure::Pass(chain(&error)))?);
    }
    let after = weight_bytes(&package);
    if let Some(output) = &args.output {
        if raised || reports.iter().any(RunReport::changed) {
            let verified = paths.into_iter().zip(&reports);
            let verified = verified.filter_map(|(path, report)| Some((path, report.verified.clone()?)));
            check(&known, verify_rest(package.model(), verified.collect()))?;
        }
        package.save(output)?;
    }
    let weights = report::weights(&reports);
    if args.json {
        return say_json(&json!({
            "output": args.output,
            "weight_bytes_before": before,
            "weight_bytes_after": after,
            "weights": weights,
            "seconds": start.elapsed().as_secs_f64(),
        }));
    }
    if args.report || args.dry_run {
        say(&report::text(&weights))?;
    }
    if context.quiet {
        return Ok(());
    }
    let count = |key: &str| weights.iter().filter(|weight| weight.get(key).is_some()).count();
    let skipped = match count("skipped") {
        0 => String::new(),
        some => format!(", {some} left alone"),
    };
    say(&format!(
        "{} compressed{skipped}, {} of weights, {} ({:.2} s)\n",
        words::count(count("bytes_before"), "weight"),
        words::bytes_change(before, after),
        args.output.as_ref().map_or("nothing written".to_owned(), |path| format!("wrote {}", path.display())),
        start.elapsed().as_secs_f64()
    ))
}

/// The ranges of activations over all samples, as passes take them; null where activations stay.
fn ranges(args: &Args, program: &Program) -> Result<Value, Failure> {
    if args.steps.activations.is_none() {
        return Ok(Value::Null);
    }
    if program.functions.len() > 1 {
        return Err(Failure::Input(
            "--activations: the samples are for one function, and the model has several".into(),
        ));
    }
    let function = evaluate::function(program, None)?;
    let graph = program.graph(&function).ok_or_else(|| Failure::Input(format!("no function {function}")))?;
    let samples = args.steps.samples.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let names = calibrate::activations(graph);
    let found = calibrate::ranges(program, &function, &names, &samples, args.steps.calibration)?;
    let range = |(name, (least, most)): (String, (f64, f64))| (name, json!({"rmin": least, "rmax": most}));
    Ok(Value::Object(found.into_iter().map(range).collect()))
}

/// What is compressed may be compressed once more, from iOS18 on.
fn twice(program: &Program) -> bool {
    program
        .functions
        .values()
        .all(|function| function.opset.release().is_some_and(|own| own >= Release::IOS18))
}

fn weight_bytes(package: &Package) -> u64 {
    package.model().programs().into_iter().map(|(_, program)| inspect::weights(program).bytes).sum()
}

/// Makes programs that are for an older release ones for the one that is asked for. Answers whether any was.
fn raise_target(args: &Args, package: &mut Package) -> Result<bool, Failure> {
    let Some(name) = &args.raise_target else { return Ok(false) };
    let release = Release::from_name(name).ok_or_else(|| {
        let known: Vec<String> = Release::ALL.iter().map(ToString::to_string).collect();
        Failure::Input(format!("--raise-target {name}: expected one of {}", known.join(", ")))
    })?;
    let mut raised = false;
    for program in package.model_mut().programs_mut() {
        let newest = program.functions.values().filter_map(|function| function.opset.release()).max();
        match newest.map(|newest| release.cmp(&newest)) {
            Some(Ordering::Greater) => {
                mil_ops::retarget(program, release).map_err(|error| Failure::Pass(error.to_string()))?;
                raised = true;
            }
            Some(Ordering::Less) => {
                let newest = newest.map_or_else(String::new, |newest| newest.to_string());
                return Err(Failure::Input(format!("--raise-target {name}: the model is for {newest}")));
            }
            _ => {}
        }
    }
    Ok(raised)
}

/// An object's field as text.
fn field<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}
