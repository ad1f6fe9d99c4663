//! Runs the cases of passes, each as a test of its own name.
//!
//! A pass has cases in two places: Before and After of its documentation, and the files of the folder `cases`
//! beside its source. A file is a program, then the line `// after`, then the program that the pass leaves:
//!
//! - `// options: {key=value}` sets options of the pass, in the documentation too.
//! - A name that contains `refuses_` promises that nothing changes. Then the lines `// miss: pattern: reason`
//!   say why.
//! - What changes must still compute the same, as far as the pass's numerics class says.
//! - Each pattern must fire in some case.
//!
//! With `BLESS=1` in the environment, what the pass leaves and why it refuses are written into the files.
//!
//! ```text
//! // tests/cases.rs, with `harness = false`
//! fn main() -> ExitCode {
//!     Suite::new(env!("CARGO_MANIFEST_DIR"), registry()).pass(&MyPass::DEF).main()
//! }
//! ```

mod compare;
mod run;
mod suite;

pub use run::{Outcome, run};
pub use suite::Suite;
