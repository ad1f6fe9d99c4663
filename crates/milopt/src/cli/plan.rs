//! `milopt plan`.

use std::io::Write;
use std::path::PathBuf;

use mil_ir::{Model, Release};
use mil_pass::Pipeline;
use serde_json::Value;

use crate::cli::compress::steps::{self, Steps};
use crate::cli::work::failure;
use crate::cli::{Context, Failure, Outcome, open, pipeline, say, say_json};
use crate::fleet::Plan;
use crate::words;

/// Divide the compression of one model between machines: list what there is to do.
///
/// What is done is said by the flags of `compress`, or by pipelines that end with passes which compress weights.
/// The plan names each weight that will be fitted; `milopt work` does some of them, on any machine that sees the
/// model, and `milopt merge` puts all together: to the bytes that `compress` or `run` alone would write.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil
    input: PathBuf,
    /// Where to write the plan
    #[arg(short, long, value_name = "PLAN.json")]
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
    #[command(flatten)]
    steps: Steps,
    /// Make the model one for this release first, for example iOS18, if it is for an older one
    #[arg(long, value_name = "RELEASE")]
    raise_target: Option<String>,
    /// Samples run the whole model, and are not planned: an error that says so
    #[arg(long, value_name = "X.npz", hide = true)]
    samples: Vec<PathBuf>,
    /// Print the plan as JSON, too
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, raw: &[String], context: &Context) -> Outcome {
    if !args.samples.is_empty() || args.steps.of_activations()?.is_some() {
        return Err(Failure::Input(
            "--samples, --activations: what learns from samples runs the whole model, and is not divided; see \
             milopt compress"
                .into(),
        ));
    }
    let target = args.raise_target.as_deref().map(release).transpose()?;
    let named = pipeline::assemble(&pipeline::steps(raw), &args.set, &context.registry)?;
    let flags = args.steps.of_weights()?;
    let pipeline = match (named.entries.is_empty(), flags.is_empty()) {
        (false, true) => named,
        (true, false) => compression(args, &flags, target, context)?,
        (true, true) => {
            return Err(Failure::Input(
                "nothing to do: say --pipeline, --config FILE, --palettize BITS, --quantize TYPE or --prune PART"
                    .into(),
            ));
        }
        (false, false) => {
            return Err(Failure::Input("say either a pipeline, or the steps of compress".into()));
        }
    };
    let plan = Plan::new(&args.input, target, &pipeline).map_err(failure)?;
    let text = serde_json::to_string_pretty(&plan)? + "\n";
    mil_package::write_file(&args.output, |mut file| file.write_all(text.as_bytes()))?;
    if args.json {
        return say_json(&plan);
    }
    if context.quiet { Ok(()) } else { say(&line(&plan, args)) }
}

/// The passes that flags stand for, as `compress` would run them.
fn compression(
    args: &Args,
    flags: &[steps::Step],
    target: Option<Release>,
    context: &Context,
) -> Result<Pipeline, Failure> {
    let package = open(&args.input)?;
    let releases = releases(package.model(), target);
    let is_new = |release: &Option<Release>| release.is_some_and(|own| own >= Release::IOS18);
    let twice = releases.iter().all(is_new);
    if !twice && releases.iter().any(is_new) {
        return Err(Failure::Input(
            "the model's programs are for different releases, which compress in different ways: \
             --raise-target iOS18 makes them equal"
                .into(),
        ));
    }
    let how = args.steps.how(true, twice, false);
    let json = steps::pipeline(flags, &how, &Value::Null)?;
    Ok(Pipeline::from_json(&json.to_string(), &context.registry)?)
}

/// The oldest release of each program, as it will be.
fn releases(model: &Model, target: Option<Release>) -> Vec<Option<Release>> {
    let programs = model.programs().into_iter();
    let oldest = |program: &mil_ir::Program| {
        let functions = program.functions.values();
        functions
            .map(|function| function.opset.release().map(|own| target.map_or(own, |it| it.max(own))))
            .min()
    };
    programs.map(|(_, program)| oldest(program).flatten()).collect()
}

pub(super) fn release(name: &str) -> Result<Release, Failure> {
    Release::from_name(name).ok_or_else(|| {
        let known: Vec<String> = Release::ALL.iter().map(ToString::to_string).collect();
        Failure::Input(format!("--raise-target {name}: expected one of {}", known.join(", ")))
    })
}

fn line(plan: &Plan, args: &Args) -> String {
    let before: u64 = plan.tasks.iter().map(|task| task.bytes).sum();
    let after: Option<u64> = plan.tasks.iter().map(|task| task.output_bytes).sum();
    let bytes = match after {
        Some(after) => words::bytes_change(before, after),
        None => words::bytes_change(before, before),
    };
    let tasks = words::count(plan.tasks.len(), "task");
    format!("{tasks}, {bytes} of weights, wrote {}\n", args.output.display())
}
