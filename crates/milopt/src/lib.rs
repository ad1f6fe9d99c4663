//! Compiler passes for Core ML models.
//!
//! `milopt` opens a model package on any system, shows it as text, rewrites it with composable passes, says
//! what the Apple Neural Engine would do with it, checks on an interpreter that it still computes the same,
//! and writes a package that is the same byte for byte on every run.
//!
//! ```
//! # fn main() -> Result<(), milopt::Error> {
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let input = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/star_hourglass.mlpackage");
//! # let output = folder.path().join("out.mlpackage");
//! use milopt::{Package, Pipeline, passes::FuseConvBn};
//!
//! let mut package = Package::open(input)?;
//! let mut program = package.take_program()?;
//! let report = Pipeline::new().add(FuseConvBn).run(&mut program)?;
//! assert!(report.changed());
//! package.set_program(program).save(output)?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Error`] covers what opening, rewriting and saving can meet. A program prints as text:
//! `println!("{program}")`, or [`ir::text::print`] in a form of your choice.
//!
//! | to | look at |
//! |---|---|
//! | open, change and save a file | [`Package`] |
//! | rewrite a whole model, for another release perhaps, with a last look before it is written | [`Rewrite`] |
//! | choose passes | [`Pipeline`], [`passes`]: `Pipeline::parse("fp16", &passes::registry())` |
//! | watch a run, stop it, ask why a pass left a place alone | [`Runner`] |
//! | build a program op by op | [`ops::ProgramBuilder`] |
//! | find what Core ML would refuse | [`verify()`] |
//! | run a program on numbers, and compare | [`eval`], [`evaluate`] |
//! | know where each op would run, and what would help | [`estimate`], [`suggest`] |
//! | compare two models, or look into one | [`mod@diff`], [`inspect`], [`weights`], [`ranges`] |
//! | cut, merge and split models, shrink one that fails | [`surgery`], [`reduce`] |
//! | write passes of one's own | [`pass::pass!`], and `testing` to run their cases |
//!
//! # Features
//!
//! The default features use all cores and temporary files; where there are none, as in a browser, leave them
//! out. `cli` adds the command line as `main_with(registry)`: a crate with passes of its own gets its own
//! `milopt` of it. `testing` runs the cases of passes. `embed` adds what other languages stand on.
//!
//! The crates behind it: [`ir`] (programs, graphs, text), [`ops`] (what each op means), [`pass`] and
//! [`passes`], [`package`] (files), [`eval`] (the interpreter), [`estimate`] (placement).

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod calibrate;
pub mod diff;
#[cfg(feature = "embed")]
pub mod embed;
mod error;
pub mod evaluate;
pub mod fleet;
pub mod inspect;
pub mod numerics;
pub mod ranges;
pub mod reduce;
pub mod rewrite;
pub mod suggest;
pub mod surgery;
pub mod verify;
pub mod weights;
mod words;

pub use mil_estimate as estimate;
pub use mil_eval as eval;
pub use mil_ir as ir;
pub use mil_ops as ops;
pub use mil_package as package;
pub use mil_pass as pass;
pub use mil_passes as passes;
pub use mil_tensor as tensor;

pub use crate::verify::{new_violations, rules, verify};
pub use error::Error;
pub use mil_ir::{Model, Program};
pub use mil_package::Package;
pub use mil_pass::{Pipeline, Runner};
pub use rewrite::Rewrite;

#[cfg(feature = "testing")]
pub use mil_cases as testing;

#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
pub use cli::{main_of, main_with};
