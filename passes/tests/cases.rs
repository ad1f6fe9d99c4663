//! Before and After of every pass, and the cases in its folder: what the pass leaves, that it still computes
//! the same, and why it refuses. One test a case; `cargo test -p mil-passes --test cases fuse_conv_bn/` runs
//! those of a pass.

use std::process::ExitCode;

use mil_cases::Suite;
use mil_passes::{PASSES, registry};

fn main() -> ExitCode {
    let none = Suite::new(env!("CARGO_MANIFEST_DIR"), registry());
    PASSES.iter().fold(none, |suite, def| suite.pass(def)).main()
}
