//! The command of milopt with our passes.

fn main() -> std::process::ExitCode {
    milopt::main_with(own_passes::registry())
}
