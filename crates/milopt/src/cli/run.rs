//! `milopt run`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use mil_estimate::{Estimate, Target};
use mil_ir::verify::Report;
use mil_ir::{Model, Program, Release};
use mil_package::Package;
use mil_pass::{PassReport, Pipeline, Runner};
use serde_json::{Map, Value, json};

use crate::cli::samples::{self, Named};
use crate::cli::watch::{Printer, Progress, Reproducer, Selection, Why};
use crate::cli::{Context, Failure, Outcome, chain, open, pipeline, say, say_json};
use crate::fleet::{Content, canonical, key};
use crate::rewrite::{self, Direction, Rewrite, RewriteError, Rewritten, Size};
use crate::words;

/// Rewrite a model with passes and write it.
///
/// Steps run in the order in which they are given; nothing else is run. Without any, the model is written as
/// it is. What no pass touches does not change, and the same input gives the same bytes. Without -o or
/// --in-place, the passes run and nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_long_help = PIPELINES)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    input: PathBuf,
    /// What to write: .mlpackage, or .mil with its weights beside it
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Write the result over the input
    #[arg(long, conflicts_with = "output")]
    in_place: bool,
    /// A pipeline: name, file or text; may be repeated
    #[arg(long, value_name = "PIPELINE")]
    pipeline: Vec<String>,
    /// A single pass; may be repeated
    #[arg(long = "pass", value_name = "ID")]
    pass: Vec<String>,
    /// An option of every pass with this id, as ID.OPTION=JSON; may be repeated
    #[arg(long = "set", value_name = "ID.OPTION=JSON")]
    set: Vec<String>,
    /// The chips that `improve_placement` and `ane_attention`, with which the pipeline `ane` ends, are for:
    /// `M1`, or several as `A16,A17Pro,M1`, on none of which the model may become slower
    #[arg(long, value_name = "CHIPS", help_heading = "Placement")]
    chip: Option<String>,
    /// Their systems: one version, or one for each chip, separated by commas; without it, the oldest that
    /// runs chip and model, and 26
    #[arg(long, value_name = "OS", requires = "chip", help_heading = "Placement")]
    os: Option<String>,
    /// Make the model one for this release first, for example iOS18 or macOS15: every op gets the form that
    /// it has there, or is named with the first release that has it
    #[arg(long, value_name = "RELEASE")]
    target: Option<String>,
    /// The same, for a release that is not older than the model's
    #[arg(long, value_name = "RELEASE", conflicts_with = "target")]
    raise_target: Option<String>,
    /// The same, for a release that is not newer than the model's
    #[arg(long, value_name = "RELEASE", conflicts_with_all = ["target", "raise_target"])]
    lower_target: Option<String>,

    /// Rename an input, output or state, everywhere; may be repeated [rename_features]
    #[arg(long, value_name = "OLD=NEW", help_heading = "Interface and weights")]
    rename: Vec<String>,
    /// What an app hands over: fp16, fp32, int32, int8, or an image: rgb, bgr, grayscale, grayscale_fp16;
    /// without a name for all arrays of floats; may be repeated [change_io_types]
    #[arg(long, value_name = "[NAME=]TYPE", help_heading = "Interface and weights")]
    input_type: Vec<String>,
    /// What an app gets, likewise [change_io_types]
    #[arg(long, value_name = "[NAME=]TYPE", help_heading = "Interface and weights")]
    output_type: Vec<String>,
    /// Make these values the outputs, and cut what nothing needs then [select_outputs]
    #[arg(long, value_name = "NAMES", help_heading = "Interface and weights")]
    outputs: Vec<String>,
    /// Add a function for inputs of fixed shapes; may be repeated [materialize_shapes]
    #[arg(long, value_name = "FUNCTION:INPUT=1x3x64x64,..", help_heading = "Interface and weights")]
    materialize: Vec<String>,
    /// Put plain constants in the place of compressed weights [decompress_weights]
    #[arg(long, help_heading = "Interface and weights")]
    decompress_weights: bool,
    /// Put random numbers in the place of weights [randomize_weights]
    #[arg(
        long,
        value_name = "SEED",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "0",
        help_heading = "Interface and weights"
    )]
    randomize_weights: Option<i64>,

    /// Print where the time went
    #[arg(long, help_heading = "Instruments")]
    time: bool,
    /// Print what each pass counted, and the ops before and after
    #[arg(long, help_heading = "Instruments")]
    stats: bool,
    /// Print the program before these passes: `all` or ids
    #[arg(long, value_name = "IDS", help_heading = "Instruments")]
    print_before: Option<String>,
    /// Print the program after these passes: `all` or ids
    #[arg(long, value_name = "IDS", help_heading = "Instruments")]
    print_after: Option<String>,
    /// Print what each pass changed
    #[arg(long, help_heading = "Instruments")]
    print_after_change: bool,
    /// Do not verify after each pass
    #[arg(long, help_heading = "Instruments")]
    no_verify: bool,
    /// Evaluate before and after each pass on random inputs; a pass whose results change more than its class
    /// allows fails
    #[arg(long, help_heading = "Instruments")]
    verify_numerics: bool,
    /// Print where each op of the result would run on this chip, for example M1
    #[arg(long, value_name = "CHIP")]
    estimate: Option<String>,
    /// Stop rewriting after so many rewrites
    #[arg(long, value_name = "N", help_heading = "Instruments")]
    fuel: Option<u64>,
    /// Find the first rewrite that makes the run fail, by halving the fuel
    #[arg(long, conflicts_with = "fuel", help_heading = "Instruments")]
    bisect: bool,
    /// Where a pass fails, write the program before it and the rest of the pipeline here
    #[arg(long, value_name = "DIR", help_heading = "Instruments")]
    reproducer: Option<PathBuf>,
    /// Print why this pass left places alone
    #[arg(long, value_name = "PASS", help_heading = "Instruments")]
    why: Option<String>,
    /// Print a report as JSON for scripts
    #[arg(long)]
    json: bool,
}

const PIPELINES: &str = "\
Flags under \"Interface and weights\" are steps as well, each for the pass in brackets: `milopt passes explain`
says more about it, and --pass with --set reaches its other options.

A pipeline is the name of one (see `milopt passes pipelines`), a file, or text:
  fuse_conv_bn,fixpoint(noop_elimination,dead_code_elimination){max=8}
  const_elimination{max_bytes=1000000}";

/// What can be asked for where nothing is written.
const DRY_RUN: &str = "-o OUT.mlpackage writes the result; --stats, --time, --why PASS, --print-after-change, \
                       --verify-numerics and --estimate CHIP say more about it";

pub(super) fn run(args: &Args, raw: &[String], context: &Context) -> Outcome {
    let start = Instant::now();
    let registry = &context.registry;
    let steps = pipeline::steps(raw);
    let mut pipeline = pipeline::assemble(&steps, &args.set, registry)?;
    if let Some(chips) = &args.chip {
        pipeline::aim(&mut pipeline, chips, args.os.as_deref())?;
    }
    let output = output(args)?;
    for (flag, ids) in
        [("--why", &args.why), ("--print-before", &args.print_before), ("--print-after", &args.print_after)]
    {
        pipeline::check_named(flag, ids.as_deref(), &pipeline, registry)?;
    }
    let chip = args.estimate.as_ref().map(|chip| Target::new(chip, "26", "cpu-and-ne")).transpose()?;
    let samples = samples::of_pipeline(&pipeline)?;
    let keys = if args.json { keys(args, &pipeline)? } else { Map::new() };
    let mut package = open(&args.input)?;
    let mut rewrite = Rewrite::of(&mut package);
    retarget(args, &mut rewrite)?;
    if !args.no_verify {
        warn_of(&args.input, rewrite.known());
    }
    if args.bisect {
        return bisect(args, &pipeline, &samples, rewrite.model());
    }
    let failure = |error| failure(error, &args.input);
    rewrite.run(&pipeline, |passes| runner(args, passes, &samples, args.fuel)).map_err(failure)?;
    if let Some(output) = output {
        rewrite.save(output).map_err(failure)?;
    }
    let estimates: Option<Vec<Estimate>> = chip.map(|chip| {
        let programs = rewrite.model().programs();
        programs.into_iter().map(|(_, program)| mil_estimate::estimate(program, &chip)).collect()
    });
    let seconds = start.elapsed().as_secs_f64();
    let outcome = Done { rewritten: rewrite.done(), estimates, output, seconds };
    if args.json {
        let mut report = outcome.to_json()?;
        report.extend(keys);
        return say_json(&report);
    }
    say(&outcome.text(args))?;
    if context.quiet { Ok(()) } else { say(&outcome.line()) }
}

/// What the model consists of, and the key of what becomes of it: where it comes from standard input, nothing.
fn keys(args: &Args, pipeline: &Pipeline) -> Result<Map<String, Value>, Failure> {
    if args.input == Path::new("-") {
        return Ok(Map::new());
    }
    let content = Content::read(&args.input)?.hash();
    let options = pipeline.passes().map(|pass| pass.pass().options());
    let named = options.filter_map(|options| Some(options.get("samples")?.as_str()?.to_owned()));
    let samples = named.collect::<BTreeSet<String>>().into_iter();
    let samples = samples.map(|file| Ok(Content::read(Path::new(&file))?.hash()));
    let samples = samples.collect::<Result<Vec<String>, Failure>>()?;
    let releases = [&args.target, &args.raise_target, &args.lower_target];
    let release = releases.into_iter().flatten().next().map_or("", |name| name.as_str());
    let mut target = vec![release];
    target.extend(samples.iter().map(String::as_str));
    let key = key(&content, &canonical(pipeline), &target);
    Ok(Map::from_iter([("key".to_owned(), json!(key)), ("content".to_owned(), json!(content))]))
}

/// Where to write, if anywhere.
fn output(args: &Args) -> Result<Option<&Path>, Failure> {
    if args.in_place {
        let is_written = args.input.extension().is_some_and(|end| end == "mlpackage" || end == "mil");
        return match is_written {
            true => Ok(Some(&args.input)),
            false => Err(Failure::Input(format!(
                "--in-place: {} is neither .mlpackage nor .mil, which is what milopt writes; use -o",
                args.input.display()
            ))),
        };
    }
    match args.output.as_deref() {
        Some(path) if path == Path::new("-") => Err(Failure::Input(
            "-o -: a model and its weights are several files; `milopt print` writes text to standard output"
                .into(),
        )),
        output => {
            output.map(Package::check_output).transpose()?;
            Ok(output)
        }
    }
}

/// Passes keep what was broken before them, so that it is said here or nowhere.
#[allow(clippy::print_stderr, reason = "a warning for the person at the terminal")]
pub(super) fn warn_of(input: &Path, known: &Report) {
    let rules: BTreeSet<&str> = known.violations.iter().map(|found| found.code).collect();
    if !rules.is_empty() {
        let rules = words::count(rules.len(), "rule");
        eprintln!("milopt: warning: {0} breaks {rules} as it is: see milopt verify {0}", input.display());
    }
}

/// What is written breaks no rule that the input kept.
pub(super) fn check(known: &Report, result: Report) -> Outcome {
    rewrite::check(known, result).map_err(|error| Failure::Pass(chain(&error)))
}

/// Makes every program one for another release, if that is asked for.
fn retarget(args: &Args, rewrite: &mut Rewrite<'_>) -> Outcome {
    let asked = [
        ("--target", &args.target, Direction::Any),
        ("--raise-target", &args.raise_target, Direction::Raise),
        ("--lower-target", &args.lower_target, Direction::Lower),
    ];
    for (option, name, direction) in asked {
        let Some(name) = name else { continue };
        let release = Release::from_name(name).ok_or_else(|| {
            let known: Vec<String> = Release::ALL.iter().map(ToString::to_string).collect();
            let known = known.join(", ");
            Failure::Input(format!(
                "{option} {name}: expected one of {known}, or what came with it on another system"
            ))
        })?;
        rewrite.retarget(release, direction).map_err(|error| match error {
            RewriteError::Direction { newest } => {
                Failure::Input(format!("{option} {name}: the model is for {newest}, see --target"))
            }
            error => failure(error, &args.input),
        })?;
    }
    Ok(())
}

fn runner(args: &Args, pipeline: &Pipeline, samples: &Named, fuel: Option<u64>) -> Runner {
    let mut runner = Runner::new().verify(!args.no_verify);
    for (name, calls) in samples {
        runner = runner.samples(name, calls.clone());
    }
    if let Some(fuel) = fuel {
        runner = runner.fuel(fuel);
    }
    if args.print_before.is_some() || args.print_after.is_some() || args.print_after_change {
        runner = runner.instrument(Printer {
            before: args.print_before.as_deref().map(Selection::parse),
            after: args.print_after.as_deref().map(Selection::parse),
            changes: args.print_after_change,
            last: String::new(),
        });
    }
    if let Some(id) = &args.why {
        runner = runner.instrument(Why { id: id.clone(), counts: Default::default() });
    }
    if args.verify_numerics {
        runner = runner.instrument(crate::numerics::VerifyNumerics::default());
    }
    if let Some(folder) = &args.reproducer {
        runner = runner.instrument(Reproducer { folder: folder.clone() });
    }
    runner.instrument(Progress::new(pipeline.passes().count()))
}

/// A model or a request that does not fit is bad input; what fails on the way is a failure of passes.
fn failure(error: RewriteError, input: &Path) -> Failure {
    match error {
        RewriteError::NoProgram { .. } => Failure::Input(format!("{} is {error}", input.display())),
        RewriteError::Wired { .. } | RewriteError::NoFunctions | RewriteError::Package(_) => {
            Failure::Input(chain(&error))
        }
        error => Failure::Pass(chain(&error)),
    }
}

/// Finds the first program that the run fails on, and the smallest number of rewrites with which it does.
fn bisect(args: &Args, pipeline: &Pipeline, samples: &Named, model: &Model) -> Outcome {
    for (path, program) in model.programs() {
        let at: String = path.iter().map(|index| format!("member {index}: ")).collect();
        if let Some(message) = first_bad_rewrite(args, pipeline, samples, program) {
            return Err(Failure::Pass(at + &message));
        }
    }
    say("the run does not fail\n")
}

/// Says which rewrite makes the run fail; `None` if it does not fail.
fn first_bad_rewrite(args: &Args, pipeline: &Pipeline, samples: &Named, program: &Program) -> Option<String> {
    let attempt =
        |fuel: Option<u64>| runner(args, pipeline, samples, fuel).run(pipeline, &mut program.clone());
    attempt(None).err()?;
    if let Err(error) = attempt(Some(0)) {
        return Some(format!("the run fails without any rewrite: {}", chain(&error)));
    }
    // `good` rewrites pass, `bad` fail.
    let (mut good, mut bad) = (0, 1);
    while attempt(Some(bad)).is_ok() {
        if bad == u64::MAX {
            return Some("the run does not fail every time".into());
        }
        (good, bad) = (bad, bad.saturating_mul(2));
    }
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if attempt(Some(middle)).is_ok() { good = middle } else { bad = middle }
    }
    Some(match attempt(Some(bad)) {
        Err(error) => format!("rewrite {bad} is the first that makes the run fail: {}", chain(&error)),
        Ok(_) => "the run does not fail every time".into(),
    })
}

/// A run that succeeded. Programs stand in the order of the model.
struct Done<'a> {
    rewritten: Rewritten,
    estimates: Option<Vec<Estimate>>,
    output: Option<&'a Path>,
    seconds: f64,
}

impl Done<'_> {
    /// What happened, in one line.
    fn line(&self) -> String {
        let ops = |sizes: &[Size]| sizes.iter().map(Size::op_count).sum::<usize>();
        let bytes = |sizes: &[Size]| sizes.iter().map(|size| size.weight_bytes).sum::<u64>();
        let Rewritten { before, after, .. } = &self.rewritten;
        let mut parts = Vec::new();
        if !before.is_empty() {
            parts.push(words::count_change(ops(before), ops(after), "op"));
            parts.push(words::bytes_change(bytes(before), bytes(after)) + " of weights");
        }
        parts.push(match self.output {
            Some(path) => format!("wrote {}", path.display()),
            None => "nothing written".to_owned(),
        });
        let hint = if self.output.is_none() { format!("\n  {DRY_RUN}") } else { String::new() };
        format!("{} ({:.2} s){hint}\n", parts.join(", "), self.seconds)
    }

    fn to_json(&self) -> Result<Map<String, Value>, Failure> {
        let mut document = Map::new();
        document.insert("output".into(), json!(self.output));
        document.insert("seconds".into(), json!(self.seconds));
        document.insert("programs".into(), serde_json::to_value(&self.rewritten)?);
        if let Some(estimates) = &self.estimates {
            let mut values = estimates.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
            let value = if values.len() == 1 { values.remove(0) } else { json!({ "programs": values }) };
            document.insert("estimate".into(), value);
        }
        Ok(document)
    }

    /// The tables that were asked for.
    fn text(&self, args: &Args) -> String {
        let mut text = String::new();
        let Rewritten { before, after, reports } = &self.rewritten;
        for (report, (before, after)) in reports.iter().zip(before.iter().zip(after)) {
            if args.stats {
                text.push_str(&table(&before.ops, &after.ops));
            }
            if args.stats || args.time {
                report.passes.iter().for_each(|pass| text.push_str(&pass_line(pass, args.time)));
            }
            if args.time {
                let seconds: f64 = report.passes.iter().map(|pass| pass.seconds + pass.verify_seconds).sum();
                text.push_str(&format!("{seconds:>9.3} s in all\n"));
            }
            for note in &report.notes {
                text.push_str(&format!("{note}\n"));
            }
            for fixpoint in &report.unfinished {
                text.push_str(&format!("still changing after its last round: {fixpoint}\n"));
            }
        }
        for estimate in self.estimates.iter().flatten() {
            text.push_str(&mil_estimate::report(estimate, false));
        }
        text
    }
}

fn pass_line(pass: &PassReport, with_time: bool) -> String {
    let time = match with_time {
        true => format!("{:>9.3} s {:>9.3} s verify  ", pass.seconds, pass.verify_seconds),
        false => String::new(),
    };
    let ops = words::count_change(pass.ops_before, pass.ops_after, "op");
    let counts: Vec<String> = pass.statistics.iter().map(|(name, n)| format!("{name} {n}")).collect();
    format!("{time}{:<36} {ops:>18}  {}\n", pass.id, counts.join(", ")).replace("  \n", "\n")
}

/// Ops by type before and after, those whose number changed first.
fn table(before: &BTreeMap<String, usize>, after: &BTreeMap<String, usize>) -> String {
    let kinds: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let count = |map: &BTreeMap<String, usize>, kind: &String| map.get(kind).copied().unwrap_or(0);
    let mut rows: Vec<_> =
        kinds.into_iter().map(|kind| (kind, count(before, kind), count(after, kind))).collect();
    rows.sort_by_key(|(kind, before, after)| (before == after, (*kind).clone()));
    let mut text = format!("{:<36} {:>8} {:>8}\n", "op", "before", "after");
    for (kind, before, after) in &rows {
        let mark = if before == after { "" } else { "  *" };
        text.push_str(&format!("{kind:<36} {before:>8} {after:>8}{mark}\n"));
    }
    let total = |pick: fn(&(&String, usize, usize)) -> usize| rows.iter().map(pick).sum::<usize>();
    text.push_str(&format!("{:<36} {:>8} {:>8}\n\n", "in all", total(|row| row.1), total(|row| row.2)));
    text
}
