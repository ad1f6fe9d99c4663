//! Core ML packages, read and written without loss.
//!
//! The only crate that knows the file formats: `.mlpackage` folders, `.mlmodel` files, compiled `.mlmodelc`
//! folders, MIL text, weight files. It translates between them and [`mil_ir::Model`], both ways.
//!
//! # Invariants
//!
//! - **Nothing is lost.** An untouched program is written as a message equal to the one that was read. What
//!   the program's form cannot say is carried as bytes, unknown fields at any depth among them.
//! - **Nothing is in memory that need not be.** Weights are read at offsets and copied from file to file; a
//!   weight file that did not change is copied as a whole.
//! - **Same input, same output.** No clock, no random ids: ids come from the input, or from its content.
//! - **Old or new, nothing between.** A package is written beside its place and exchanged in one step; of a
//!   text and its weights, the text goes last, and the weights have a name of their content.
//! - **Links are read through, never written through.** What is written replaces a link, not what it leads
//!   to.
//! - **Bad input is an error.** Sizes in files are claims: [`Limits`] hold before memory is taken.

mod beside;
mod error;
mod files;
mod identify;
mod limits;
mod manifest;
mod open;
mod package;
mod paths;
pub mod payload;
mod save;
mod translate;
mod weights;

pub use error::{
    DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, PackageError, Place, WeightsErrorKind,
};
pub use identify::Found;
pub use limits::Limits;
pub use package::{MissingItem, Package};
pub use save::{Sink, write_file};
