//! `milopt estimate`.

use std::path::{Path, PathBuf};

use mil_estimate::{Comparison, Estimate, Target, Version, compare, estimate, html, report, svg};
use mil_ir::Program;
use mil_package::Package;
use mil_pass::Registry;
use serde_json::{Map, Value, json};

use crate::cli::pipeline::pipeline;
use crate::cli::{Failure, Outcome, chain, open, say, say_json};
use crate::suggest::{Suggestions, suggest};

/// Predict where Core ML places each op, how the program falls into segments, and why.
///
/// No model is written. With --what-if, the program is rewritten in memory, and both are compared; with a second model, the two
/// are. --suggest tries the known fixes. A program is estimated at the default shapes of its inputs.
///
/// Limits (--max-segments, --min-ane-share, --max-cost-ms) hold for each function of what is estimated last: the rewritten
/// program, or the second model. Exit code 1 if one is broken.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil
    input: PathBuf,
    /// Another one, to compare it with
    #[arg(conflicts_with_all = ["what_if", "suggest"])]
    other: Option<PathBuf>,
    /// The chip as Apple writes it, without spaces: M1, M4Pro, A17Pro
    #[arg(long, default_value = "M4")]
    chip: String,
    /// The system's version: macOS for M chips, iOS for A chips
    #[arg(long, default_value = "26")]
    os: String,
    /// What the app allows: cpu-only, cpu-and-ne, cpu-and-gpu or all
    #[arg(long, default_value = "cpu-and-ne")]
    units: String,
    /// Estimate the program as this pipeline would rewrite it, beside the program as it is: name, file or text
    #[arg(long, value_name = "PIPELINE")]
    what_if: Option<String>,
    /// Try the known fixes, alone and together, and list those that lower the cost or the number of segments
    #[arg(long)]
    suggest: bool,
    /// Fail if a function falls into more segments
    #[arg(long, value_name = "N")]
    max_segments: Option<usize>,
    /// Fail if a smaller share of the ops is on the Neural Engine, from 0 to 1
    #[arg(long, value_name = "X")]
    min_ane_share: Option<f64>,
    /// Fail if the planner believes a function to cost more milliseconds
    #[arg(long, value_name = "MS")]
    max_cost_ms: Option<f64>,
    /// Write the report as a page for a browser: one file, before and after where two are estimated
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the strips of segments as a picture for a README
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

/// One program of a model: its estimate, and what it is compared with.
struct Found {
    estimate: Estimate,
    before: Option<Estimate>,
    suggestions: Option<Suggestions>,
}

pub(super) fn run(args: &Args, registry: &Registry) -> Outcome {
    let target = Target::new(&args.chip, &args.os, &args.units)?;
    let found = match &args.other {
        Some(other) => two_models(args, other, &target)?,
        None => one_model(args, &target, registry)?,
    };
    if args.json {
        let mut values: Vec<Value> = found.iter().map(Found::to_json).collect::<Result<_, _>>()?;
        match values.len() {
            1 => say_json(&values.remove(0))?,
            _ => say_json(&json!({ "programs": values }))?,
        }
    } else {
        for one in &found {
            say(&one.text())?;
        }
    }
    draw(args, &found)?;
    let broken: Vec<String> = found.iter().flat_map(|one| broken(args, &one.estimate)).collect();
    if broken.is_empty() { Ok(()) } else { Err(Failure::Limit(broken.join("; "))) }
}

fn one_model(args: &Args, target: &Target, registry: &Registry) -> Result<Vec<Found>, Failure> {
    let mut package = programs(&args.input)?;
    let rewrite = args.what_if.as_ref().map(|text| pipeline(text, registry)).transpose()?;
    let one = |program: &mut Program| -> Result<Found, Failure> {
        let suggestions = args.suggest.then(|| suggest(program, target, registry));
        let now = estimate(program, target);
        let Some(rewrite) = &rewrite else {
            return Ok(Found { estimate: now, before: None, suggestions });
        };
        rewrite.run(program).map_err(|error| Failure::Pass(chain(&error)))?;
        Ok(Found { estimate: estimate(program, target), before: Some(now), suggestions })
    };
    package.model_mut().programs_mut().into_iter().map(one).collect()
}

fn two_models(args: &Args, other: &std::path::Path, target: &Target) -> Result<Vec<Found>, Failure> {
    let (first, second) = (programs(&args.input)?, programs(other)?);
    let estimates = |package: &Package| -> Vec<Estimate> {
        package.model().programs().iter().map(|(_, program)| estimate(program, target)).collect()
    };
    let (before, after) = (estimates(&first), estimates(&second));
    if before.len() != after.len() {
        return Err(Failure::Input(format!(
            "{} holds {} programs, {} holds {}",
            args.input.display(),
            before.len(),
            other.display(),
            after.len()
        )));
    }
    let pairs = before.into_iter().zip(after);
    Ok(pairs.map(|(a, b)| Found { estimate: b, before: Some(a), suggestions: None }).collect())
}

/// Opens a model that holds at least one program.
fn programs(path: &std::path::Path) -> Result<Package, Failure> {
    let package = open(path)?;
    if package.model().programs().is_empty() {
        return Err(Failure::Input(format!("{} holds no ML Program", path.display())));
    }
    Ok(package)
}

/// Writes the page and the picture that were asked for.
fn draw(args: &Args, found: &[Found]) -> Outcome {
    if args.html.is_none() && args.svg.is_none() {
        return Ok(());
    }
    let name = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let title = name(&args.input);
    let (first, last) = match (&args.other, &args.what_if) {
        (Some(other), _) => (title.clone(), name(other)),
        (None, Some(pipeline)) => ("as it is".to_owned(), format!("after {pipeline}")),
        (None, None) => (String::new(), "as it is".to_owned()),
    };
    let before: Vec<&Estimate> = found.iter().filter_map(|one| one.before.as_ref()).collect();
    let mut versions = Vec::new();
    if !before.is_empty() {
        versions.push(Version { label: &first, estimates: before });
    }
    versions.push(Version { label: &last, estimates: found.iter().map(|one| &one.estimate).collect() });
    let write = |file: &Path, content: String| {
        std::fs::write(file, content).map_err(|error| Failure::Input(format!("{}: {error}", file.display())))
    };
    if let Some(file) = &args.html {
        write(file, html(&title, &versions))?;
    }
    if let Some(file) = &args.svg {
        write(file, svg(&title, &versions))?;
    }
    Ok(())
}

/// The limits that an estimate breaks, with the first reason.
fn broken(args: &Args, estimate: &Estimate) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, function) in &estimate.functions {
        let summary = &function.summary;
        let mut breaks = |text: String| {
            let why = function.ops.iter().find_map(|op| Some((op, op.reason.as_ref()?)));
            broken.push(match why {
                Some((op, reason)) => format!("{text}; first {} ({}): {}", op.name, op.kind, reason.message),
                None => text,
            });
        };
        if let Some(max) = args.max_segments.filter(|&max| summary.segments > max) {
            breaks(format!("{name} falls into {} segments, more than {max}", summary.segments));
        }
        if let Some(min) = args.min_ane_share.filter(|&min| summary.ane_share < min) {
            breaks(format!("{:.3} of {name} is on the Neural Engine, less than {min}", summary.ane_share));
        }
        if let Some(max) = args.max_cost_ms.filter(|&max| summary.cost_ms > max) {
            breaks(format!("{name} costs {:.4} ms by the planner's clock, more than {max}", summary.cost_ms));
        }
    }
    broken
}

impl Found {
    fn comparison(&self) -> Option<Comparison> {
        self.before.as_ref().map(|before| compare(before, &self.estimate))
    }

    /// The estimate's JSON, with `before` and `comparison`, and with `suggestions`, where there are some.
    fn to_json(&self) -> Result<Value, Failure> {
        let Value::Object(mut fields) = serde_json::to_value(&self.estimate)? else {
            return Ok(Value::Object(Map::new()));
        };
        if let Some(before) = &self.before {
            fields.insert("before".to_owned(), serde_json::to_value(before)?);
            fields.insert("comparison".to_owned(), serde_json::to_value(self.comparison())?);
        }
        if let Some(suggestions) = &self.suggestions {
            fields.insert("suggestions".to_owned(), serde_json::to_value(suggestions)?);
        }
        Ok(Value::Object(fields))
    }

    fn text(&self) -> String {
        let mut out = report(&self.estimate, is_terminal());
        if let Some(comparison) = self.comparison() {
            out.push('\n');
            out.push_str(&comparison.report());
        }
        if let Some(suggestions) = &self.suggestions {
            out.push('\n');
            out.push_str(&suggestions.report());
        }
        out
    }
}

fn is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stdout()) && std::env::var_os("NO_COLOR").is_none()
}
