//! `milopt estimate`.

use std::io::Write;
use std::path::{Path, PathBuf};

use mil_estimate::{
    Comparison, Estimate, Origin, Rewrites, Target, Version, compare, estimate, html, report_with, svg,
};
use mil_ir::Program;
use mil_package::Package;
use mil_pass::{Pipeline, Registry};
use serde_json::{Map, Value, json};

use crate::cli::pipeline::pipeline;
use crate::cli::record::{hashes, record};
use crate::cli::{Context, Failure, Outcome, chain, open, say, say_json};
use crate::fleet::{Content, canonical, key};
use crate::suggest::{Subject, Suggestions, aimed};

/// Predict where Core ML places each op, how the program falls into segments, and why.
///
/// No model is written. The last line is the command that reaches the best estimate that is known: the named
/// pipelines are tried on a copy, if the model is not too large for that. With --what-if, the program is
/// rewritten in memory, and both are compared; with a second model, the two are. --suggest tries every known
/// fix. A program is estimated at the default shapes of its inputs.
///
/// Limits (--max-segments, --min-ane-share, --max-cost-ms) hold for each function of what is estimated last:
/// the rewritten program, or the second model. Exit code 1 if one is broken.
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
    /// The system: 15.4, 26 (macOS for M chips, iOS for A chips), or with its name: macOS15, iOS18
    #[arg(long, default_value = "26")]
    os: String,
    /// What the app allows: cpu-only, cpu-and-ne, cpu-and-gpu or all; Apple's and coremltools' spellings are
    /// read, too
    #[arg(long, default_value = "cpu-and-ne")]
    units: String,
    /// Estimate the program as this pipeline would rewrite it, beside the program as it is: name, file or
    /// text
    #[arg(long, value_name = "PIPELINE")]
    what_if: Option<String>,
    /// Try every known fix, alone and together, and list those that lower the cost or the number of segments
    #[arg(long)]
    suggest: bool,
    /// Fail if a function falls into more segments
    #[arg(long, value_name = "N")]
    max_segments: Option<usize>,
    /// Fail if a smaller share of the ops is on the Neural Engine: from 0 to 1, or 95%
    #[arg(long, value_name = "X", value_parser = share)]
    min_ane_share: Option<f64>,
    /// Fail if the planner believes a function to cost more milliseconds
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    max_cost_ms: Option<f64>,
    /// Write the report as a page for a browser: one file, before and after where two are estimated
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the strips of segments as a picture for a README
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Add a line to this history: numbers, and the ops that are not on the Neural Engine; see `milopt trend`
    #[arg(long, value_name = "FILE.jsonl")]
    record: Option<PathBuf>,
    /// With --record: what to call the line, for example a commit
    #[arg(long, value_name = "TEXT", requires = "record", default_value = "")]
    label: String,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

/// A share: from 0 to 1, or in percent.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim_end().parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse(),
    };
    match number {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("write a share from 0 to 1, or a percentage such as 95%".to_owned()),
    }
}

fn milliseconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("write a number of milliseconds, 0 or more".to_owned()),
    }
}

/// What the command line's words name; says what there is to say about it.
#[allow(clippy::print_stderr, reason = "a warning for the person at the terminal")]
pub(super) fn target(chip: &str, os: &str, units: &str) -> Result<Target, Failure> {
    let target = Target::new(chip, os, units)?;
    if let Some(warning) = target.warning() {
        eprintln!("milopt: warning: {warning}");
    }
    Ok(target)
}

/// One program of a model: its estimate, and what it is compared with.
struct Found {
    /// Its place in a pipeline: the member, the member of that, …
    member: Vec<usize>,
    estimate: Estimate,
    before: Option<Estimate>,
}

/// All of a model's programs, and what rewriting the model would bring.
struct Answer {
    programs: Vec<Found>,
    /// Of the model as it came.
    rewrites: Rewrites,
    /// Of what it is compared with.
    rewrites_after: Rewrites,
    suggestions: Option<Suggestions>,
}

pub(super) fn run(args: &Args, context: &Context) -> Outcome {
    let target = target(&args.chip, &args.os, &args.units)?;
    let found = match &args.other {
        Some(other) => two_models(args, other, &target, &context.registry)?,
        None => one_model(args, &target, &context.registry)?,
    };
    if args.json {
        say_json(&keyed(args, &target, &context.registry, found.to_json()?)?)?;
    } else {
        say(&found.text())?;
    }
    draw(args, &found)?;
    if let Some(file) = &args.record {
        let model = args.other.as_deref().unwrap_or(&args.input);
        let estimates: Vec<&Estimate> = found.programs.iter().map(|one| &one.estimate).collect();
        record(file, model, args.what_if.as_deref(), &args.label, &estimates)?;
    }
    let broken: Vec<String> = found.programs.iter().flat_map(|one| broken(args, &one.estimate)).collect();
    if broken.is_empty() { Ok(()) } else { Err(Failure::Limit(broken.join("; "))) }
}

/// The report with what the model consists of, and the key of what was asked about it.
fn keyed(args: &Args, target: &Target, registry: &Registry, mut report: Value) -> Result<Value, Failure> {
    let (Some(fields), true) = (report.as_object_mut(), args.input != Path::new("-")) else {
        return Ok(report);
    };
    let content = Content::read(&args.input)?.hash();
    let read = |text: &String| Ok::<_, Failure>(aimed(pipeline(text, registry)?, target).0);
    let rewrite = args.what_if.as_ref().map(read).transpose()?.unwrap_or_default();
    let other = args.other.as_ref().map(|other| Content::read(other).map(|it| it.hash())).transpose()?;
    let asked = ["estimate", &args.chip, &args.os, &args.units, other.as_deref().unwrap_or_default()];
    fields.insert("key".to_owned(), json!(key(&content, &canonical(&rewrite), &asked)));
    fields.insert("content".to_owned(), json!(content));
    Ok(report)
}

fn one_model(args: &Args, target: &Target, registry: &Registry) -> Result<Answer, Failure> {
    let mut package = programs(&args.input)?;
    let read = |text: &str| Ok::<_, Failure>(aimed(pipeline(text, registry)?, target).0);
    let rewrite = args.what_if.as_ref().map(|text| Ok((&**text, read(text)?)));
    let rewrite: Option<(&str, Pipeline)> = rewrite.transpose().map_err(|failure: Failure| failure)?;
    let also = rewrite.as_ref().map(|(text, pipeline)| (*text, pipeline));
    let (rewrites, suggestions) = advised(args, &package, target, registry, also);
    let members: Vec<Vec<usize>> = package.model().programs().into_iter().map(|(path, _)| path).collect();
    let one = |(member, program): (Vec<usize>, &mut Program)| -> Result<Found, Failure> {
        let now = estimate(program, target);
        let Some((_, rewrite)) = &rewrite else {
            return Ok(Found { member, estimate: now, before: None });
        };
        rewrite.run(program).map_err(|error| Failure::Pass(chain(&error)))?;
        Ok(Found { member, estimate: estimate(program, target), before: Some(now) })
    };
    let programs = members.into_iter().zip(package.model_mut().programs_mut());
    let programs: Vec<Found> = programs.map(one).collect::<Result<_, _>>()?;
    // What was asked about is not advised again where it is done already.
    let reached = mil_estimate::Totals::of(programs.iter().map(|one| &one.estimate));
    let rewrites_after = match &rewrites {
        Rewrites::Tried(found) => Rewrites::Tried(
            found.iter().filter(|one| one.after.is_worth_more_than(&reached)).cloned().collect(),
        ),
        other => other.clone(),
    };
    Ok(Answer { programs, rewrites, rewrites_after, suggestions })
}

/// What rewriting a model would bring: with --suggest by every fix, else by the named pipelines and what was
/// asked about.
fn advised(
    args: &Args,
    package: &Package,
    target: &Target,
    registry: &Registry,
    also: Option<(&str, &Pipeline)>,
) -> (Rewrites, Option<Suggestions>) {
    let programs: Vec<&Program> =
        package.model().programs().into_iter().map(|(_, program)| program).collect();
    let file = args.other.as_deref().unwrap_or(&args.input);
    let subject = Subject { programs: &programs, file: Some(file), target, registry };
    if !args.suggest {
        return (subject.rewrites(also), None);
    }
    // Draws to standard error, and only to a terminal.
    let bar = indicatif::ProgressBar::new(1);
    let style = indicatif::ProgressStyle::with_template("{pos:>4}/{len} {wide_bar} {msg}");
    bar.set_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()));
    let found = subject.suggest(&mut |done, all, name| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
        bar.set_message(name.to_owned());
    });
    bar.finish_and_clear();
    let rewrites = match subject.unwritable() {
        Some(why) => Rewrites::NotTried(why),
        None => Rewrites::Tried(found.found.clone()),
    };
    (rewrites, Some(found))
}

fn two_models(args: &Args, other: &Path, target: &Target, registry: &Registry) -> Result<Answer, Failure> {
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
    let (rewrites, _) = advised(args, &second, target, registry, None);
    let members = second.model().programs().into_iter().map(|(path, _)| path);
    let pairs = members.zip(before.into_iter().zip(after));
    let programs = pairs.map(|(member, (a, b))| Found { member, estimate: b, before: Some(a) }).collect();
    Ok(Answer { programs, rewrites: rewrites.clone(), rewrites_after: rewrites, suggestions: None })
}

/// Opens a model that holds at least one program.
fn programs(path: &std::path::Path) -> Result<Package, Failure> {
    let package = open(path)?;
    if package.model().programs().is_empty() {
        let (path, kind) = (path.display(), package.model().kind());
        return Err(Failure::Input(if kind.starts_with("pipeline") || kind == "none" {
            format!("{path} holds no ML Program: nothing else is estimated")
        } else {
            format!("{path} is a {kind}, and only ML Programs are estimated: convert it with coremltools")
        }));
    }
    Ok(package)
}

/// Writes the page and the picture that were asked for.
fn draw(args: &Args, found: &Answer) -> Outcome {
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
    let before: Vec<&Estimate> = found.programs.iter().filter_map(|one| one.before.as_ref()).collect();
    let mut versions = Vec::new();
    let untried = Rewrites::Untried;
    if !before.is_empty() {
        let rewrites = if args.other.is_some() { &untried } else { &found.rewrites };
        versions.push(Version { label: &first, estimates: before, rewrites });
    }
    versions.push(Version {
        label: &last,
        estimates: found.programs.iter().map(|one| &one.estimate).collect(),
        rewrites: &found.rewrites_after,
    });
    if let Some(file) = &args.html {
        let mut files = hashes(&args.input)?;
        if let Some(other) = &args.other {
            files.extend(hashes(other)?);
        }
        let origin = Origin { title: &title, tool: concat!("milopt ", env!("CARGO_PKG_VERSION")), files };
        mil_package::write_file(file, |mut file| file.write_all(html(&origin, &versions).as_bytes()))?;
    }
    if let Some(file) = &args.svg {
        mil_package::write_file(file, |mut file| file.write_all(svg(&title, &versions).as_bytes()))?;
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
            let ending = if summary.segments == 1 { "" } else { "s" };
            breaks(format!("{name} falls into {} segment{ending}, more than {max}", summary.segments));
        }
        if let Some(min) = args.min_ane_share.filter(|&min| summary.ane_share < min) {
            let (ane, ops) = (summary.ane_ops, summary.ops);
            // Rounded down: what is less than the limit must not look like it.
            let share = (1000.0 * summary.ane_share).floor() / 10.0;
            let least = 100.0 * min;
            breaks(format!(
                "{share}% of {name} is on the Neural Engine ({ane} of {ops} ops), less than {least}%"
            ));
        }
        if let Some(max) = args.max_cost_ms.filter(|&max| summary.cost_ms > max) {
            breaks(format!("{name} is planned to take {:.4} ms, more than {max}", summary.cost_ms));
        }
    }
    broken
}

impl Found {
    fn comparison(&self) -> Option<Comparison> {
        self.before.as_ref().map(|before| compare(before, &self.estimate))
    }

    /// The estimate's JSON, with `before` and `comparison` where it is compared.
    fn to_json(&self) -> Result<Map<String, Value>, Failure> {
        let Value::Object(mut fields) = serde_json::to_value(&self.estimate)? else {
            return Ok(Map::new());
        };
        if !self.member.is_empty() {
            fields.insert("member".to_owned(), json!(self.member));
        }
        if let Some(before) = &self.before {
            fields.insert("before".to_owned(), serde_json::to_value(before)?);
            fields.insert("comparison".to_owned(), serde_json::to_value(self.comparison())?);
        }
        Ok(fields)
    }
}

impl Answer {
    /// One document: the estimate, or `programs`; beside it the `advice` (the best rewrite, or null) and the
    /// `suggestions`.
    fn to_json(&self) -> Result<Value, Failure> {
        let mut values: Vec<Map<String, Value>> =
            self.programs.iter().map(Found::to_json).collect::<Result<_, _>>()?;
        let mut fields = match values.len() {
            1 => values.remove(0),
            _ => Map::from_iter([("programs".to_owned(), json!(values))]),
        };
        fields.insert("advice".to_owned(), serde_json::to_value(self.rewrites.best())?);
        if let Some(suggestions) = &self.suggestions {
            fields.insert("suggestions".to_owned(), serde_json::to_value(suggestions)?);
        }
        Ok(Value::Object(fields))
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for one in &self.programs {
            if !one.member.is_empty() {
                let path: Vec<String> = one.member.iter().map(ToString::to_string).collect();
                out.push_str(&format!("Member {}: ", path.join(".")));
            }
            out.push_str(&report_with(&one.estimate, &self.rewrites_after, is_terminal()));
            if let Some(comparison) = one.comparison() {
                out.push('\n');
                out.push_str(&comparison.report());
            }
            out.push('\n');
        }
        if let Some(suggestions) = &self.suggestions {
            out.push_str(&suggestions.report());
            out.push('\n');
        }
        out.push_str(&self.rewrites.closing());
        out.trim_end().to_owned() + "\n"
    }
}

fn is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stdout()) && std::env::var_os("NO_COLOR").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_from_nothing_to_all() {
        assert_eq!(
            [share("0.95"), share("95%"), share("1"), share("0")],
            [Ok(0.95), Ok(0.95), Ok(1.0), Ok(0.0)]
        );
        for text in ["95", "2", "-0.1", "nan", "101%", "x", "%"] {
            assert!(share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_numbers() {
        assert_eq!(milliseconds("2.5"), Ok(2.5));
        for text in ["nan", "inf", "-1", ""] {
            assert!(milliseconds(text).is_err(), "{text}");
        }
    }
}
