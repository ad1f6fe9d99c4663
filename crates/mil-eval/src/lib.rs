//! The interpreter: runs ML Programs on numbers, and compares what they give.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let program = mil_ir::Program::default();
//! use mil_eval::{Array, Evaluator, Inputs};
//!
//! let evaluator = Evaluator::new(&program, "main", Default::default())?;
//! let mut session = evaluator.session()?;
//! let x = Array::from_vec(&[1, 3, 224, 224], vec![0_f32; 3 * 224 * 224])?;
//! let outputs = session.run(&Inputs::from([("x".into(), x)]))?;
//! # Ok(())
//! # }
//! ```
//!
//! - An [`Evaluator`] is a function made ready to run: which ops are needed, and after which op each value is
//!   dropped. Constants are evaluated once, when they are first needed, and shared by all sessions.
//! - A [`Session`] holds states, which live across its calls.
//! - How numbers are computed, and what a program may ask for, is said by [`EvalOptions`]; see
//!   [`mil_ops::eval`].
//! - [`compare`] measures how far two arrays are apart, [`verify`] whether a rewritten program still computes
//!   the same.
//!
//! An op that nobody knows, and a custom one, is an error only where its result is needed.

mod chain;
mod compare;
mod error;
mod evaluator;
mod inputs;
mod interface;
mod jitter;
#[cfg(feature = "npz")]
pub mod npz;
mod plan;
mod taint;
mod verify;

pub use chain::{Chain, ChainSession};
pub use compare::{Comparison, compare};
pub use error::Error;
pub use evaluator::{Evaluator, Session};
pub use inputs::{Flavour, random_inputs};
pub use interface::{Inputs, Outputs};
pub use mil_ops::Numerics;
pub use mil_ops::eval::{
    Array, ClassLabel, Data, EvalError, EvalOptions, EvalValue, Limits, Precision, State, Stored,
};
pub use verify::{Deviation, Place, Report, align, verify};
