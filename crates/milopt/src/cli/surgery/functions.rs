//! `milopt functions`.

use std::path::{Path, PathBuf};

use mil_ir::Model;
use mil_ir::verify::Report;
use mil_package::Package;
use mil_pass::{OptionMap, Pipeline, Runner};
use mil_passes::MaterializeShapes;
use serde_json::json;

use super::{beside, failure, program, write};
use crate::cli::{Context, Failure, Outcome, chain, flags, open, say, say_json};
use crate::surgery::{FunctionRow, Source, functions, merge, split};
use crate::words;

/// List the functions of a model, make one model of several, or several of one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List functions, with the weights that they share
    List(List),
    /// Make one model whose functions are those of several models
    Merge(Merge),
    /// Make a model of each function
    Split(Split),
    /// Add functions for inputs of fixed shapes
    Materialize(Materialize),
}

#[derive(Debug, clap::Args)]
struct List {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    input: PathBuf,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

/// Make one model whose functions are those of several models.
///
/// Weights that are equal byte for byte are written once, so that adapters over one base cost what they differ
/// by. What stands beside the functions is that of the first model; `split` gives back what the others said.
/// Needs iOS18.
#[derive(Debug, clap::Args)]
struct Merge {
    /// A function of the new model: NAME=MODEL, or NAME=MODEL:FUNCTION where the model has several
    #[arg(required = true, value_name = "NAME=MODEL[:FUNCTION]")]
    sources: Vec<String>,
    /// What to write: .mlpackage, or .mil with its weights beside it
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// The function that runs where an app names none; the first where it is not said
    #[arg(long, value_name = "NAME")]
    default: Option<String>,
}

/// Make a model of each function.
///
/// OUT.mlpackage becomes OUT_NAME.mlpackage for each function. A model that `merge` took in is given back as it
/// was.
#[derive(Debug, clap::Args)]
struct Split {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    input: PathBuf,
    /// What to write: .mlpackage, or .mil with its weights beside it
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Only this function, to OUT itself
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Materialize {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    input: PathBuf,
    /// What to write: .mlpackage, or .mil with its weights beside it
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// A new function and the shapes of its inputs; may be repeated
    #[arg(long, required = true, value_name = "FUNCTION:INPUT=1x3x64x64,..")]
    function: Vec<String>,
    /// The function that they are made of; what runs where an app names none where it is not said
    #[arg(long, value_name = "NAME", default_value = "")]
    source: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    let done = match &args.what {
        What::List(args) => return list(args),
        What::Merge(args) => merged(args)?,
        What::Split(args) => taken_apart(args)?,
        What::Materialize(args) => materialized(args)?,
    };
    if context.quiet { Ok(()) } else { say(&done) }
}

fn list(args: &List) -> Outcome {
    let package = open(&args.input)?;
    let rows = functions(program(&args.input, &package)?);
    if args.json {
        return say_json(&rows);
    }
    say(&rows.iter().map(line).collect::<String>())
}

fn line(row: &FunctionRow) -> String {
    let states = match row.states.len() {
        0 => String::new(),
        _ => format!(", states {}", row.states.join(", ")),
    };
    let shared = match row.shares_with.len() {
        0 => String::new(),
        _ => format!(
            ", {} of it its own, the rest shared with {}",
            words::bytes(row.own_weight_bytes),
            row.shares_with.join(", ")
        ),
    };
    format!(
        "{}{} ({}): {} -> {}{states}\n  {}, {} of weights{shared}\n",
        row.name,
        if row.default { ", the default" } else { "" },
        row.opset,
        row.inputs.join(", "),
        row.outputs.join(", "),
        words::count(row.ops, "op"),
        words::bytes(row.weight_bytes)
    )
}

fn merged(args: &Merge) -> Result<String, Failure> {
    let mut packages: Vec<(String, PathBuf, Option<String>, Package)> = Vec::new();
    for source in &args.sources {
        let (name, path, function) = read(source)?;
        let package = open(&path)?;
        packages.push((name, path, function, package));
    }
    let mut sources = Vec::new();
    let mut known = Report::default();
    for (name, path, function, package) in &packages {
        known.extend(crate::verify(package.model()));
        let program = program(path, package)?;
        sources.push(Source {
            name: name.as_str().into(),
            program,
            function: function.as_deref().map(Into::into),
        });
    }
    let merged = merge(&sources, args.default.as_deref()).map_err(failure)?;
    let rows = functions(&merged);
    let count = words::count(rows.len(), "function");
    write(vec![(args.output.clone(), Model::Program(merged))], &known)?;
    Ok(format!("{count}, wrote {}\n", args.output.display()))
}

/// What stands in `NAME=MODEL[:FUNCTION]`.
fn read(source: &str) -> Result<(String, PathBuf, Option<String>), Failure> {
    let form = || Failure::Input(format!("{source}: expected NAME=MODEL, or NAME=MODEL:FUNCTION"));
    let (name, rest) = source.split_once('=').ok_or_else(form)?;
    if Path::new(rest).exists() {
        return Ok((name.to_owned(), rest.into(), None));
    }
    Ok(match rest.rsplit_once(':') {
        Some((path, function)) => (name.to_owned(), path.into(), Some(function.to_owned())),
        None => (name.to_owned(), rest.into(), None),
    })
}

fn taken_apart(args: &Split) -> Result<String, Failure> {
    let package = open(&args.input)?;
    let known = crate::verify(package.model());
    let mut programs = split(program(&args.input, &package)?).map_err(failure)?;
    let written: Vec<(PathBuf, Model)> = match &args.function {
        Some(name) => {
            let missing = || Failure::Input(format!("{} has no function {name}", args.input.display()));
            let program = programs.remove(name.as_str()).ok_or_else(missing)?;
            vec![(args.output.clone(), Model::Program(program))]
        }
        None => programs
            .into_iter()
            .map(|(name, program)| (beside(&args.output, &name), Model::Program(program)))
            .collect(),
    };
    let paths: Vec<String> = written.iter().map(|(path, _)| path.display().to_string()).collect();
    write(written, &known)?;
    Ok(format!("wrote {}\n", paths.join(", ")))
}

fn materialized(args: &Materialize) -> Result<String, Failure> {
    let mut package = open(&args.input)?;
    program(&args.input, &package)?;
    let mut options = OptionMap::new();
    let flag = flags::find("--materialize").ok_or_else(|| Failure::Input("no such flag".into()))?;
    for function in &args.function {
        flag.read(function, &mut options).map_err(Failure::Input)?;
    }
    let read = options.remove("functions").unwrap_or_else(|| json!({}));
    let pass = MaterializeShapes { functions: serde_json::from_value(read)?, source: args.source.clone() };
    let known = crate::verify(package.model());
    let mut changed = package.take_program()?;
    let runner = Runner::new().verified(known.of_member(&[]));
    runner.run(&Pipeline::new().add(pass), &mut changed).map_err(|error| Failure::Pass(chain(&error)))?;
    package.set_program(changed).save(&args.output)?;
    Ok(format!("{} added, wrote {}\n", words::count(args.function.len(), "function"), args.output.display()))
}
