//! The cases of our passes, as milopt runs its own.

use std::process::ExitCode;

use milopt::testing::Suite;
use own_passes::{AbsOfAbs, registry};

fn main() -> ExitCode {
    Suite::new(env!("CARGO_MANIFEST_DIR"), registry()).pass(&AbsOfAbs::DEF).main()
}
