//! The `milopt` command.

fn main() -> std::process::ExitCode {
    milopt::main_with(&milopt::passes::registry())
}
