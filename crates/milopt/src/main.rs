//! The `milopt` command.

fn main() -> std::process::ExitCode {
    milopt::cli::main()
}
