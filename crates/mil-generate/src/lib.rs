//! Random ML Programs, valid by construction, for property tests.
//!
//! ```
//! use mil_generate::{Options, generate};
//!
//! let program = generate(&Options { seed: 7, size: 12, ..Options::default() })?;
//! assert!(mil_ops::verify_program(&program).is_clean());
//! # Ok::<(), mil_ops::BuildError>(())
//! ```
//!
//! The op table decides what is generated: an op is drawn from all that the program's release has. Most are
//! made from their declaration alone (`generic`); those whose operands depend on each other have a recipe
//! (`recipes`). `templates` makes what passes look for, and near misses of it. Every op goes through the
//! typed builder, so that one which the table refuses is an error: a fault of the recipe or of the table.
//!
//! The same options give the same program on every machine. A failure is made smaller by the same seed with a
//! smaller size: the first ops stay what they were.

#![allow(clippy::indexing_slicing, reason = "sizes are the generator's own")]

mod damage;
mod finish;
mod generic;
mod maker;
mod recipes;
mod several;
mod step;
mod templates;

use mil_ir::{Program, Release};
use mil_ops::BuildError;

pub use damage::damage;
pub use mil_tensor::random::Stream;
pub use several::generate_several;

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where the choices start.
    pub seed: u64,
    /// Steps of the outermost block: each makes an op, or a few.
    pub size: usize,
    /// The release; `None`: one from iOS15 on that the seed decides.
    pub target: Option<Release>,
    /// Ops that draw random numbers without a seed of their own are among those made.
    pub unseeded: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { seed: 0, size: 16, target: None, unseeded: false }
    }
}

/// A random program with one function, `main`.
///
/// # Errors
///
/// If the op table refuses what a recipe made of it. No seed is known for which that happens.
pub fn generate(options: &Options) -> Result<Program, BuildError> {
    let mut maker = maker::Maker::new(options, step::step);
    for _ in 0..options.size {
        maker.step()?;
    }
    finish::finish(maker)
}

/// Ops that no program holds, each with the reason.
pub const NEVER: &[(&str, &str)] = &[];
