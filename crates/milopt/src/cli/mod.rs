//! The command line.
//!
//! Exit codes: 0 done; 1 an asserted limit or a comparison failed; 2 bad usage or input; 3 a pass or a verification failed.

mod diff;
mod estimate;
mod eval;
mod inspect;
mod passes;
mod pipeline;
mod print;
mod run;
mod score;
mod verify;
mod watch;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mil_package::Package;
use mil_pass::Registry;

/// Compiler passes for Core ML models, on any system.
///
/// Opens .mlpackage, .mlmodel, .mlmodelc and .mil; shows them as text, rewrites them with passes, runs them on
/// numbers, says what the Neural Engine would do with them, and writes packages that are the same byte for byte on every run.
///
/// Exit codes: 0 done; 1 an asserted limit or a comparison failed; 2 bad usage or input; 3 a pass or a verification failed.
#[derive(Debug, Parser)]
#[command(name = "milopt", version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Print(print::Args),
    Inspect(inspect::Args),
    Verify(verify::Args),
    Eval(eval::Args),
    Diff(diff::Args),
    Estimate(estimate::Args),
    Passes(passes::Args),
    Score(score::Args),
}

/// Why a command ends, with its exit code.
#[derive(Debug)]
enum Failure {
    /// 1: an asserted limit or a comparison failed. The report says how.
    Limit(String),
    /// 2: bad usage or input.
    Input(String),
    /// 3: a pass or a verification failed.
    Pass(String),
}

type Outcome = Result<(), Failure>;

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::Input(chain(&error))
    }
}

/// An error with its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}

/// The command line over the passes and pipelines of a registry: parses the arguments, runs the command, prints errors.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     milopt::main_with(&milopt::passes::registry())
/// }
/// ```
#[allow(clippy::print_stderr, reason = "the command line's own errors")]
pub fn main_with(registry: &Registry) -> ExitCode {
    let raw: Vec<String> = std::env::args().collect();
    let outcome = match Cli::parse().command {
        Command::Run(args) => run::run(args, &raw, registry),
        Command::Print(args) => print::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Estimate(args) => estimate::run(&args, registry),
        Command::Passes(args) => passes::run(&args, registry),
        Command::Score(args) => score::run(&args),
    };
    let (code, message) = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Limit(message)) => (1, message),
        Err(Failure::Input(message)) => (2, message),
        Err(Failure::Pass(message)) => (3, message),
    };
    if !message.is_empty() {
        eprintln!("milopt: {message}");
    }
    ExitCode::from(code)
}

/// Opens a model of any readable form and passes warnings on.
#[allow(clippy::print_stderr, reason = "warnings for the person at the terminal")]
fn open(path: &Path) -> Result<Package, Failure> {
    let package = Package::open(path)?;
    for warning in package.warnings() {
        eprintln!("milopt: warning: {warning}");
    }
    Ok(package)
}

/// Writes to standard output. A closed pipe (`| head`) ends the program without a word.
fn say(text: &str) -> Outcome {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}

/// Writes a value as JSON.
fn say_json(value: &impl serde::Serialize) -> Outcome {
    say(&format!("{}\n", serde_json::to_string_pretty(value)?))
}
