//! `milopt run`.

use std::path::PathBuf;

use mil_ir::{Program, Release};
use mil_package::Package;
use mil_pass::{Pipeline, Registry, RunError, RunReport, Runner};
use serde_json::json;

use crate::cli::watch::{Printer, Progress, Reproducer, Selection, Why};
use crate::cli::{Failure, Outcome, chain, open, pipeline, say, say_json};
use crate::inspect;

/// Rewrite a model with passes and write it.
///
/// Steps run in the order in which they are given; nothing else is run. Without any, the model is written as it is. What no
/// pass touches does not change, and the same input gives the same bytes.
///
/// A pipeline is the name of one (`milopt passes pipelines`), a file, or text:
///   fuse_conv_bn,fixpoint(noop_elimination,dead_code_elimination){max=8}
///   const_elimination{max_bytes=1000000}
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil
    input: PathBuf,
    /// What to write: .mlpackage, or .mil with its weights beside it
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// A pipeline: name, file or text; may be repeated
    #[arg(long, value_name = "PIPELINE")]
    pipeline: Vec<String>,
    /// A single pass; may be repeated
    #[arg(long = "pass", value_name = "ID")]
    pass: Vec<String>,
    /// An option of every pass with this id, as ID.OPTION=JSON; may be repeated
    #[arg(long = "set", value_name = "ID.OPTION=JSON")]
    set: Vec<String>,
    /// Make the model one for this release first, for example iOS18
    #[arg(long, value_name = "TARGET")]
    raise_target: Option<String>,

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
    /// Evaluate before and after each pass on random inputs; a pass whose results change more than its class allows fails
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

pub(super) fn run(args: Args, raw: &[String], registry: &Registry) -> Outcome {
    let steps = pipeline::steps(raw);
    let pipeline = pipeline::assemble(&steps, &args.set, registry)?;
    for (flag, ids) in
        [("--why", &args.why), ("--print-before", &args.print_before), ("--print-after", &args.print_after)]
    {
        pipeline::check_named(flag, ids.as_deref(), &pipeline, registry)?;
    }
    let chip =
        args.estimate.as_ref().map(|chip| mil_estimate::Target::new(chip, "26", "cpu-and-ne")).transpose()?;
    let mut package = open(&args.input)?;
    if let Some(target) = &args.raise_target {
        raise(&mut package, target)?;
    }
    let before: Vec<_> =
        package.model().programs().into_iter().map(|(_, program)| histogram(program)).collect();
    if before.is_empty() && !pipeline.entries.is_empty() {
        let kind = package.model().kind();
        return Err(Failure::Input(format!(
            "{} is of type {kind}: passes work on ML Programs",
            args.input.display()
        )));
    }
    let mut reports = Vec::new();
    for program in package.model_mut().programs_mut() {
        if args.bisect {
            return bisect(&args, &pipeline, program);
        }
        reports.push(
            runner(&args, &pipeline, args.fuel).run(&pipeline, program).map_err(|error| failure(&error))?,
        );
    }
    let after: Vec<_> =
        package.model().programs().into_iter().map(|(_, program)| histogram(program)).collect();
    if args.output.extension().is_some_and(|extension| extension == "mil") {
        package.save_text(&args.output)?;
    } else {
        package.save(&args.output)?;
    }
    report(&args, &reports, &before, &after)?;
    if let Some(chip) = chip {
        for (_, program) in package.model().programs() {
            say(&mil_estimate::report(&mil_estimate::estimate(program, &chip), false))?;
        }
    }
    Ok(())
}

type Histogram = std::collections::BTreeMap<String, usize>;

/// Ops of all functions by type.
fn histogram(program: &Program) -> Histogram {
    let mut all = Histogram::new();
    for function in program.functions.values() {
        for (kind, count) in function.graph().map(inspect::histogram).unwrap_or_default() {
            *all.entry(kind).or_default() += count;
        }
    }
    all
}

fn raise(package: &mut Package, target: &str) -> Outcome {
    let target = Release::from_name(target).ok_or_else(|| {
        let known: Vec<String> = Release::ALL.iter().map(ToString::to_string).collect();
        Failure::Input(format!("--raise-target {target}: expected one of {}", known.join(", ")))
    })?;
    for program in package.model_mut().programs_mut() {
        program.raise_target(target).map_err(|error| Failure::Input(error.to_string()))?;
    }
    Ok(())
}

fn runner(args: &Args, pipeline: &Pipeline, fuel: Option<u64>) -> Runner {
    let mut runner = Runner::new().verify(!args.no_verify);
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

fn failure(error: &RunError) -> Failure {
    Failure::Pass(chain(error))
}

/// The smallest number of rewrites with which the run fails.
fn bisect(args: &Args, pipeline: &Pipeline, program: &Program) -> Outcome {
    let attempt = |fuel: Option<u64>| runner(args, pipeline, fuel).run(pipeline, &mut program.clone());
    let Err(_) = attempt(None) else {
        return say("the run does not fail\n");
    };
    if let Err(error) = attempt(Some(0)) {
        return Err(Failure::Pass(format!("the run fails without any rewrite: {}", chain(&error))));
    }
    // `good` rewrites pass, `bad` fail.
    let (mut good, mut bad) = (0, 1);
    while attempt(Some(bad)).is_ok() {
        (good, bad) = (bad, bad.saturating_mul(2));
    }
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if attempt(Some(middle)).is_ok() { good = middle } else { bad = middle }
    }
    match attempt(Some(bad)) {
        Err(error) => Err(Failure::Pass(format!(
            "rewrite {bad} is the first that makes the run fail: {}",
            chain(&error)
        ))),
        Ok(_) => Err(Failure::Pass("the run does not fail every time".into())),
    }
}

fn report(args: &Args, reports: &[RunReport], before: &[Histogram], after: &[Histogram]) -> Outcome {
    if args.json {
        return say_json(&json!({"output": args.output, "programs": reports}));
    }
    let mut text = String::new();
    for (report, (before, after)) in reports.iter().zip(before.iter().zip(after)) {
        if args.stats {
            text.push_str(&table(before, after));
        }
        for pass in &report.passes {
            let mut line = String::new();
            if args.time {
                line = format!("{:>9.3} s {:>9.3} s verify  ", pass.seconds, pass.verify_seconds);
            }
            if args.stats || args.time {
                let ops = if pass.ops_before == pass.ops_after {
                    format!("{}", pass.ops_after)
                } else {
                    format!("{} -> {}", pass.ops_before, pass.ops_after)
                };
                let counts: Vec<String> =
                    pass.statistics.iter().map(|(name, n)| format!("{name} {n}")).collect();
                text.push_str(&format!("{line}{:<36} {ops:>14} ops  {}\n", pass.id, counts.join(", ")));
            }
        }
        if args.time {
            let seconds: f64 = report.passes.iter().map(|pass| pass.seconds + pass.verify_seconds).sum();
            text.push_str(&format!("{seconds:>9.3} s in all\n"));
        }
        for fixpoint in &report.unfinished {
            text.push_str(&format!("still changing after its last round: {fixpoint}\n"));
        }
    }
    say(&text)
}

/// Ops by type before and after, those whose number changed first.
fn table(before: &Histogram, after: &Histogram) -> String {
    let kinds: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let count = |map: &Histogram, kind: &String| map.get(kind).copied().unwrap_or(0);
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
