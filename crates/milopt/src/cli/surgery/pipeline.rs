//! `milopt pipeline`.

use std::path::PathBuf;

use mil_ir::Model;
use mil_ir::verify::Report;

use super::{beside, failure, write};
use crate::cli::{Context, Failure, Outcome, open, say};
use crate::surgery::{join, take_apart};
use crate::words;

/// Make a pipeline of models, or models of a pipeline.
///
/// Pipelines of passes, which rewrite a model, are for `run --pipeline`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a pipeline of models that run in this order, wired by the names of their features
    Join(Join),
    /// Make a model of each member: OUT.mlpackage becomes OUT_NAME.mlpackage
    Split(Split),
}

#[derive(Debug, clap::Args)]
struct Join {
    /// The members, as MODEL or NAME=MODEL; without names they are called after their files
    #[arg(required = true, value_name = "[NAME=]MODEL")]
    members: Vec<String>,
    /// What to write: .mlpackage
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
}

#[derive(Debug, clap::Args)]
struct Split {
    /// A pipeline: .mlpackage, .mlmodel or .mlmodelc
    input: PathBuf,
    /// What to write: .mlpackage
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
}

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    let done = match &args.what {
        What::Join(args) => joined(args)?,
        What::Split(args) => split(args)?,
    };
    if context.quiet { Ok(()) } else { say(&done) }
}

fn joined(args: &Join) -> Result<String, Failure> {
    let mut known = Report::default();
    let mut members = Vec::new();
    for member in &args.members {
        let (name, path) = match member.split_once('=') {
            Some((name, path)) => (name.to_owned(), PathBuf::from(path)),
            None => {
                let path = PathBuf::from(member);
                (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), path)
            }
        };
        let package = open(&path)?;
        known.extend(crate::verify(package.model()));
        members.push((name.as_str().into(), package.model().clone()));
    }
    let count = words::count(members.len(), "member");
    let pipeline = join(members).map_err(failure)?;
    write(vec![(args.output.clone(), Model::Pipeline(pipeline))], &known)?;
    Ok(format!("{count}, wrote {}\n", args.output.display()))
}

fn split(args: &Split) -> Result<String, Failure> {
    let package = open(&args.input)?;
    let known = crate::verify(package.model());
    let Model::Pipeline(pipeline) = package.model() else {
        let kind = package.model().kind();
        return Err(Failure::Input(format!("{} is of type {kind}: it has no members", args.input.display())));
    };
    let members = take_apart(pipeline.clone());
    let models: Vec<(PathBuf, Model)> =
        members.into_iter().map(|(name, model)| (beside(&args.output, &name), model)).collect();
    let paths: Vec<String> = models.iter().map(|(path, _)| path.display().to_string()).collect();
    write(models, &known)?;
    Ok(format!("wrote {}\n", paths.join(", ")))
}
