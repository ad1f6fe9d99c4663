//! `milopt compress`.

mod allocate;
mod apply;
mod calls;
mod report;
mod rounding;
mod settings;
pub(super) mod steps;
mod sweep;

use std::cmp::Ordering;
use std::path::PathBuf;
use std::time::Instant;

use mil_estimate::{Target, form_risks};
use mil_ir::verify::Report as Rules;
use mil_ir::{Program, Release};
use mil_package::Package;
use mil_pass::RunReport;
use serde_json::{Value, json};

use crate::cli::run::{check, warn_of};
use crate::cli::{Context, Failure, Outcome, open, say, say_json};
use crate::verify::verify_rest;
use crate::{calibrate, inspect, words};
use allocate::{Bench, Goal};
use apply::apply;
use calls::Calls;
use report::Report;
use steps::Steps;

/// Make the weights of a model smaller, and write it.
///
/// What is done is said by flags, or by configurations in coremltools' own form. Several steps are done one
/// after another: pruning, then palettizing, then quantizing, after the configurations in their order; from
/// iOS18 on a step also compresses what is compressed already. Every function of a model is compressed, and
/// weights that they share stay shared.
///
/// Instead of steps, --target-size or --max-error choose a form for each weight: all known forms are tried, and
/// those are taken that lose least in so many bytes, or that are smallest with so little lost. --sweep shows
/// what each form would make of the whole model.
///
/// With --samples, the report says how closely the outputs follow the original, forms are chosen by what the
/// outputs show of each weight's error, and --compensate rounds weights so that their errors make up for each
/// other.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    input: PathBuf,
    /// What to write: .mlpackage, or .mil with its weights beside it
    #[arg(short, long, value_name = "OUT", required_unless_present_any = ["dry_run", "sweep"])]
    output: Option<PathBuf>,
    #[command(flatten)]
    steps: Steps,
    /// Make the model one for this release first, for example iOS18, if it is for an older one
    #[arg(long, value_name = "RELEASE")]
    raise_target: Option<String>,

    /// Choose a form for each weight: the least error with all weights in so many bytes, such as 40MB
    #[arg(
        long,
        value_name = "SIZE",
        value_parser = allocate::size,
        help_heading = "Choosing forms",
        conflicts_with_all = ["config", "prune", "palettize", "quantize", "max_error"]
    )]
    target_size: Option<u64>,
    /// Choose a form for each weight: the least size with an error of no more than this part of the signal, such
    /// as 1% or 40dB
    #[arg(
        long,
        value_name = "PART|DB",
        value_parser = allocate::error,
        help_heading = "Choosing forms",
        conflicts_with_all = ["config", "prune", "palettize", "quantize"]
    )]
    max_error: Option<f64>,
    /// Try each known form on all weights, and show sizes and errors; nothing is written
    #[arg(
        long,
        help_heading = "Choosing forms",
        conflicts_with_all = [
            "output", "config", "prune", "palettize", "quantize", "activations", "target_size", "max_error"
        ]
    )]
    sweep: bool,

    /// Inputs of calls, as arrays CALL.NAME (0.x, 1.x, ..), or of one call, as arrays NAME; may be repeated
    #[arg(long, value_name = "X.npz", help_heading = "Samples")]
    samples: Vec<PathBuf>,
    /// Round weights so that what their layers give for the samples changes least, as GPTQ does; kept where outputs
    /// are no worse than with plain rounding
    #[arg(long, requires = "samples", help_heading = "Samples")]
    compensate: bool,

    /// Write nothing, and say what would be: sizes and losses
    #[arg(long, conflicts_with = "output", help_heading = "Reports")]
    dry_run: bool,
    /// Say what became of each weight and what it loses: to the terminal, or to a file that ends in .html, .json
    /// or .txt
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "-",
        help_heading = "Reports"
    )]
    report: Option<PathBuf>,
    /// Print the report as JSON for scripts
    #[arg(long, help_heading = "Reports")]
    json: bool,
    /// The chip for which forms that leave the Neural Engine are named
    #[arg(long, default_value = "M4", help_heading = "Reports")]
    chip: String,
    /// Its system
    #[arg(long, default_value = "26", help_heading = "Reports")]
    os: String,
}

const EXAMPLES: &str = "\
Examples:
  milopt compress A.mlpackage -o B.mlpackage --palettize 4 --group-size 16
  milopt compress A.mlpackage -o B.mlpackage --quantize int4 --block-size 32 --raise-target iOS18
  milopt compress A.mlpackage --dry-run --prune 2:4 --quantize int8
  milopt compress A.mlpackage -o B.mlpackage --config config.yaml
  milopt compress A.mlpackage -o B.mlpackage --quantize int8 --activations int8 --samples X.npz
  milopt compress A.mlpackage -o B.mlpackage --quantize int4 --samples X.npz --compensate
  milopt compress A.mlpackage -o B.mlpackage --target-size 4MB --samples X.npz --report=B.html
  milopt compress A.mlpackage --sweep --report=sizes.html

A configuration is coremltools' OptimizationConfig as YAML or JSON:
  config_type: OpPalettizerConfig
  global_config: {mode: kmeans, nbits: 4}
  op_type_configs: {conv: {mode: uniform, nbits: 6}}
  op_name_configs: {head: null}";

pub(super) fn run(args: &Args, context: &Context) -> Outcome {
    let start = Instant::now();
    let target = Target::new(&args.chip, &args.os, "cpu-and-ne")?;
    let mut package = open(&args.input)?;
    args.output.as_deref().map(Package::check_output).transpose()?;
    let known = crate::verify(package.model());
    warn_of(&args.input, &known);
    let raised = raise_target(args, &mut package)?;
    if package.model().programs().is_empty() {
        let kind = package.model().kind();
        return Err(Failure::Input(format!(
            "{} is of type {kind}: weights of ML Programs are compressed",
            args.input.display()
        )));
    }
    let calls = calls(args, &package)?;
    let before = weight_bytes(&package);
    let mut report = Report {
        input: args.input.clone(),
        output: args.output.clone(),
        weight_bytes_before: before,
        weight_bytes_after: before,
        weights: Vec::new(),
        outputs: Vec::new(),
        rounding: None,
        allocation: None,
        sweep: Vec::new(),
        placement: Vec::new(),
        seconds: 0.0,
    };
    if args.sweep {
        let program = only(&package, "--sweep")?;
        let settings = settings::all(is_from_ios18(program), true, args.steps.weight_threshold);
        let how = args.steps.how(true, false, args.compensate);
        let bench = Bench { program, calls: calls.as_ref(), how: &how, registry: &context.registry };
        report.sweep = sweep::sweep(&bench, &settings)?;
    } else {
        let changed = Changed { known: &known, raised };
        compress(args, context, &mut package, calls.as_ref(), &changed, &mut report)?;
        report.placement = placement(&package, &target);
    }
    if let Some(output) = &args.output {
        package.save(output)?;
    }
    report.seconds = start.elapsed().as_secs_f64();
    tell(args, context, &report)
}

/// What is known of a model before the passes.
struct Changed<'k> {
    /// The rules that it broke when it was read.
    known: &'k Rules,
    /// It has been changed since.
    raised: bool,
}

/// Runs the passes, and checks what they leave.
fn compress(
    args: &Args,
    context: &Context,
    package: &mut Package,
    calls: Option<&Calls>,
    changed: &Changed<'_>,
    report: &mut Report,
) -> Outcome {
    let measure = args.report.is_some() || args.dry_run || args.json;
    let original = calls.map(|calls| Ok((calls, calls.outputs(only(package, "--samples")?)?)));
    let original = original.transpose().map_err(|error: Failure| error)?;
    let activations = args.steps.of_activations()?;
    let mut steps = args.steps.of_weights()?;
    let goal = args.target_size.map(Goal::Size).or(args.max_error.map(Goal::Error));
    if let Some(goal) = goal {
        let program = only(package, "--target-size and --max-error")?;
        // Not by blocks: their ops leave the Neural Engine.
        let settings = settings::all(is_from_ios18(program), false, args.steps.weight_threshold);
        let how = args.steps.how(true, false, false);
        let bench = Bench { program, calls, how: &how, registry: &context.registry };
        let (chosen, found) = allocate::allocate(&bench, &settings, goal)?;
        (steps, report.allocation) = (chosen, Some(found));
    } else if steps.is_empty() && activations.is_none() {
        return Err(Failure::Input(
            "nothing to do: say --config FILE, --palettize BITS, --quantize TYPE, --prune PART, --activations \
             TYPE, --target-size SIZE, --max-error PART or --sweep"
                .into(),
        ));
    }
    let passes = match (&activations, calls) {
        (Some(config), Some(calls)) => ranges(args, only(package, "--activations")?, calls, config)?,
        _ => Value::Null,
    };
    let paths: Vec<Vec<usize>> = package.model().programs().into_iter().map(|(path, _)| path).collect();
    let mut reports: Vec<RunReport> = Vec::new();
    for (path, program) in paths.iter().zip(package.model_mut().programs_mut()) {
        let twice = is_from_ios18(program) && goal.is_none();
        let known = (!changed.raised).then(|| changed.known.of_member(path));
        let run = |program: &mut Program, calls: Option<&Calls>| {
            let how = args.steps.how(measure, twice, args.compensate && calls.is_some());
            let json = steps::pipeline(&steps, &how, &passes)?;
            apply(&json, program, calls, known.clone(), &context.registry)
        };
        let done = match calls.filter(|_| args.compensate) {
            None => run(program, None)?,
            Some(calls) => {
                let (done, judged) = rounding::closer(program, calls, run)?;
                report.rounding = Some(judged);
                done
            }
        };
        reports.push(done);
    }
    if changed.raised || reports.iter().any(RunReport::changed) {
        let verified = paths.into_iter().zip(&reports);
        let verified = verified.filter_map(|(path, report)| Some((path, report.verified.clone()?)));
        check(changed.known, verify_rest(package.model(), verified.collect()))?;
    }
    report.weight_bytes_after = weight_bytes(package);
    report.weights = report::told(&reports);
    if let Some((calls, reference)) = original {
        report.outputs = calls::fidelity(&reference, &calls.outputs(only(package, "--samples")?)?);
    }
    Ok(())
}

/// The passes on activations, with ranges from the calls.
fn ranges(args: &Args, program: &Program, calls: &Calls, config: &Value) -> Result<Value, Failure> {
    let function = &calls.function;
    let graph = program.graph(function).ok_or_else(|| Failure::Input(format!("no function {function}")))?;
    let names = calibrate::activations(graph);
    let found = calibrate::ranges(program, function, &names, &calls.inputs, args.steps.calibration)?;
    let range = |(name, (least, most)): (String, (f64, f64))| (name, json!({"rmin": least, "rmax": most}));
    let ranges = Value::Object(found.into_iter().map(range).collect());
    Ok(Steps::activation_passes(config, &ranges))
}

/// Prints the report, or writes it.
#[allow(clippy::print_stderr, reason = "a warning for the person at the terminal")]
fn tell(args: &Args, context: &Context, report: &Report) -> Outcome {
    let file = args.report.as_ref().filter(|path| path.as_os_str() != "-");
    if let Some(path) = file {
        report.write(path)?;
    }
    if args.json {
        return say_json(report);
    }
    let is_asked = args.report.is_some() || args.dry_run;
    if args.sweep || (is_asked && file.is_none()) {
        say(&report::text(report))?;
    } else {
        report.placement.iter().for_each(|line| eprintln!("milopt: warning: {line}"));
    }
    if context.quiet {
        return Ok(());
    }
    let seconds = report.seconds;
    if args.sweep {
        return say(&format!("{} tried ({seconds:.2} s)\n", words::count(report.sweep.len(), "setting")));
    }
    let count = |key: &str| report.weights.iter().filter(|weight| weight.get(key).is_some()).count();
    let skipped = match count("skipped") {
        0 => String::new(),
        some => format!(", {some} left alone"),
    };
    let closest = calls::worst(&report.outputs).map(|snr| format!(", outputs {}", sweep::snr_text(snr)));
    say(&format!(
        "{} compressed{skipped}, {} of weights{}, {} ({seconds:.2} s)\n",
        words::count(count("bytes_before"), "weight"),
        words::bytes_change(report.weight_bytes_before, report.weight_bytes_after),
        closest.unwrap_or_default(),
        report
            .output
            .as_ref()
            .map_or("nothing written".to_owned(), |path| format!("wrote {}", path.display())),
    ))
}

/// The sample calls, if there are any.
fn calls(args: &Args, package: &Package) -> Result<Option<Calls>, Failure> {
    if args.samples.is_empty() {
        return Ok(None);
    }
    Calls::read(&args.samples, only(package, "--samples")?).map(Some)
}

/// The only program of a model, for what works on no others.
fn only<'p>(package: &'p Package, what: &str) -> Result<&'p Program, Failure> {
    match package.model().programs()[..] {
        [(_, program)] => Ok(program),
        _ => Err(Failure::Input(format!("{what}: the model is a pipeline of several; compress its members"))),
    }
}

/// What the forms of weights and activations mean for where the model runs.
fn placement(package: &Package, target: &Target) -> Vec<String> {
    let programs = package.model().programs();
    let risks = programs.into_iter().flat_map(|(_, program)| form_risks(program, target));
    risks.map(|risk| risk.to_string()).collect()
}

/// Weights can have the forms that came with iOS18, and what is compressed may be compressed once more.
fn is_from_ios18(program: &Program) -> bool {
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
