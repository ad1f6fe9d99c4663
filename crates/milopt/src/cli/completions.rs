//! `milopt completions`.

use clap::CommandFactory;

use crate::cli::{Cli, Outcome, say};

/// Print the completion script of a shell.
///
/// For bash: milopt completions bash > ~/.local/share/bash-completion/completions/milopt
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(args: &Args) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "milopt", &mut script);
    say(&String::from_utf8_lossy(&script))
}
