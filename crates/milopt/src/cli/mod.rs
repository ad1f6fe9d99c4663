//! The command line.
//!
//! Exit codes: 0 done; 1 an asserted limit or a comparison failed; 2 bad usage or input; 3 a pass or a
//! verification failed.

mod calibrate;
mod completions;
mod compress;
mod devices;
mod diff;
mod estimate;
mod eval;
mod explain;
mod flags;
mod inspect;
mod man;
mod merge;
mod passes;
mod pipeline;
mod plan;
mod print;
mod ranges;
mod record;
mod reduce;
mod run;
mod samples;
mod score;
mod surgery;
mod trend;
mod verify;
mod watch;
mod weights;
mod work;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mil_ir::error_chain as chain;
use mil_package::Package;
use mil_pass::Registry;

/// Compiler passes for Core ML models, on any system.
///
/// Opens .mlpackage, .mlmodel, .mlmodelc and .mil; shows them as text, rewrites them with passes, runs them
/// on numbers, says what the Neural Engine would do with them, and writes packages that are the same byte for
/// byte on every run.
///
/// Exit codes: 0 done; 1 an asserted limit or a comparison failed; 2 bad usage or input; 3 a pass or a
/// verification failed.
#[derive(Debug, Parser)]
#[command(
    name = "milopt",
    version = env!("MILOPT_VERSION"),
    max_term_width = 110,
    arg_required_else_help = true,
    after_help = EXAMPLES
)]
struct Cli {
    /// Print only what was asked for
    #[arg(short, long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  milopt inspect A.mlpackage                             what is in it
  milopt estimate A.mlpackage --chip M1                  where it would run, and why
  milopt run A.mlpackage --pipeline default --stats      what passes would do
  milopt run A.mlpackage -o B.mlpackage --pipeline default
  milopt compress A.mlpackage -o B.mlpackage --palettize 4
  milopt diff A.mlpackage B.mlpackage                    what they did
  milopt passes explain fuse_conv_bn                     what a pass is for";

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<run::Args>),
    Compress(Box<compress::Args>),
    Print(print::Args),
    Inspect(inspect::Args),
    Weights(weights::Args),
    Verify(verify::Args),
    Eval(eval::Args),
    Diff(diff::Args),
    Ranges(ranges::Args),
    Estimate(estimate::Args),
    Devices(devices::Args),
    Trend(trend::Args),
    Plan(plan::Args),
    Work(work::Args),
    Merge(merge::Args),
    Functions(surgery::functions::Args),
    Cut(surgery::cut::Args),
    Chunk(surgery::chunk::Args),
    Pipeline(surgery::pipeline::Args),
    Reduce(reduce::Args),
    Passes(passes::Args),
    Explain(explain::Args),
    Score(score::Args),
    Calibrate(calibrate::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// What a command may ask beside its own arguments.
struct Context {
    /// The passes and pipelines that there are.
    registry: Registry,
    /// `--quiet`.
    quiet: bool,
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

/// The command line of `milopt` with the passes and pipelines of this registry: parses the arguments, runs
/// the command, prints errors. A crate with passes of its own makes its own command of it:
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     milopt::main_with(milopt::passes::registry())
/// }
/// ```
pub fn main_with(registry: Registry) -> ExitCode {
    ExitCode::from(main_of(registry, std::env::args_os().collect()))
}

/// The same for arguments that came another way, the first of which is the name of the command. Answers the
/// exit code.
#[allow(clippy::print_stderr, reason = "the command line's own errors")]
pub fn main_of(registry: Registry, arguments: Vec<OsString>) -> u8 {
    let Cli { quiet, command } = match Cli::try_parse_from(&arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help is printed, too, and is no failure.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    // What is not text is a path, and paths are not looked for here.
    let raw: Vec<String> = arguments.iter().map(|it| it.to_string_lossy().into_owned()).collect();
    let context = Context { registry, quiet };
    let outcome = match command {
        Command::Run(args) => run::run(&args, &raw, &context),
        Command::Compress(args) => compress::run(&args, &context),
        Command::Print(args) => print::run(&args, &context),
        Command::Inspect(args) => inspect::run(&args),
        Command::Weights(args) => weights::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Ranges(args) => ranges::run(&args),
        Command::Estimate(args) => estimate::run(&args, &context),
        Command::Devices(args) => devices::run(&args),
        Command::Trend(args) => trend::run(&args),
        Command::Plan(args) => plan::run(&args, &raw, &context),
        Command::Work(args) => work::run(&args, &context),
        Command::Merge(args) => merge::run(&args, &context),
        Command::Functions(args) => surgery::functions::run(&args, &context),
        Command::Cut(args) => surgery::cut::run(&args, &context),
        Command::Chunk(args) => surgery::chunk::run(&args, &context),
        Command::Pipeline(args) => surgery::pipeline::run(&args, &context),
        Command::Reduce(args) => reduce::run(&args, &context),
        Command::Passes(args) => passes::run(&args, &context),
        Command::Explain(args) => explain::run(&args, &context),
        Command::Score(args) => score::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args, &context),
    };
    let (code, message) = match outcome {
        Ok(()) => return 0,
        Err(Failure::Limit(message)) => (1, message),
        Err(Failure::Input(message)) => (2, message),
        Err(Failure::Pass(message)) => (3, message),
    };
    if !message.is_empty() {
        eprintln!("milopt: {message}");
    }
    code
}

/// Opens a model of any readable form and passes warnings on. `-` is standard input: MIL text, or the message
/// of a model.
#[allow(clippy::print_stderr, reason = "warnings for the person at the terminal")]
fn open(path: &Path) -> Result<Package, Failure> {
    let package = if path == Path::new("-") { read_standard_input()? } else { Package::open(path)? };
    for warning in package.warnings() {
        eprintln!("milopt: warning: {warning}");
    }
    Ok(package)
}

fn read_standard_input() -> Result<Package, Failure> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let fault = |error: String| Failure::Input(format!("standard input: {error}"));
    let is_text = |text: &str| ["program", "//"].iter().any(|head| text.trim_start().starts_with(head));
    match std::str::from_utf8(&bytes) {
        _ if bytes.is_empty() => Err(fault("it is empty".into())),
        Ok(text) if is_text(text) => {
            let program = mil_ir::text::parse(text).map_err(|error| fault(error.to_string()))?;
            Ok(Package::from(program))
        }
        _ => Package::from_bytes(bytes, None).map_err(|error| fault(chain(&error))),
    }
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    /// `docs/generated/cli.md` is the help of every command. `BLESS=1` rewrites it.
    #[test]
    fn the_reference_of_commands_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/generated/cli.md");
        let mut text = String::from(
            "<!-- Made by `BLESS=1 cargo test -p milopt --features cli`; do not edit. -->\n\n# Commands\n",
        );
        let mut root = super::Cli::command().term_width(100);
        root.build();
        let names: Vec<String> =
            root.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        let mut section = |title: &str, command: &mut clap::Command| {
            let help = command.render_long_help().to_string();
            let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
            text.push_str(&format!("\n## {title}\n\n```text\n{}\n```\n", lines.join("\n")));
        };
        section("milopt", &mut root);
        for name in names.iter().filter(|name| *name != "help") {
            if let Some(command) = root.find_subcommand_mut(name) {
                section(&format!("milopt {name}"), command);
            }
        }
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert!(std::fs::read_to_string(path).unwrap_or_default() == text, "docs/generated/cli.md is stale");
    }

    #[test]
    fn the_definition_is_sound() {
        super::Cli::command().debug_assert();
    }
}
