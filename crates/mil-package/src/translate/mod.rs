//! Messages to the program's form and back. Each file does both ways for one family of messages, side by
//! side.
//!
//! **What the program's form cannot say exactly is carried as bytes**: a type or a value of an unusual form
//! becomes an unknown type or an opaque literal that holds the whole message. So an untouched model is
//! written as it was read.
//!
//! Where a message is absent and one that is there but empty would look the same, `carried` tells: `Some`, be
//! it of nothing, means that the message is there.
//!
//! Types and values are walked by recursion, at most 100 deep as the scan allows; blocks with a stack.

pub(crate) mod block;
pub(crate) mod carried;
mod features;
pub(crate) mod interface;
mod literal;
pub(crate) mod model;
pub(crate) mod program;
mod types;

use mil_ir::verify::Violation;
use mil_ir::{Carried, Literal, Name};

use crate::EncodeError;
use crate::error::{DecodeErrorKind, EncodeErrorKind, Place};
use crate::files::Files;
use crate::weights::{Layout, Weights};

/// What decoding a program needs besides its message.
#[derive(Debug)]
pub(crate) struct Decoder<'a> {
    pub(crate) files: &'a Files,
    pub(crate) weights: &'a mut Weights,
    /// Rules that the programs break, and what was read instead; of a member of a pipeline with its path.
    pub(crate) mended: Vec<Violation>,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(files: &'a Files, weights: &'a mut Weights) -> Decoder<'a> {
        Decoder { files, weights, mended: Vec::new() }
    }
}

/// What encoding a program needs besides the program.
#[derive(Debug)]
pub(crate) struct Encoder<'a> {
    pub(crate) layout: &'a Layout<'a>,
    /// The weight file for new weights, as the program spells it.
    pub(crate) new_weights: Name,
    pub(crate) specification_version: i32,
}

/// Where a literal stands in the program, which decides whether the weight file may hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// The value of a `const`, or the data of a `constexpr`.
    Weight,
    /// Anywhere else.
    Other,
}

impl Spot {
    /// Of the literals of an op.
    pub(crate) fn of(kind: &str) -> Spot {
        if kind == "const" || kind.starts_with("constexpr_") { Spot::Weight } else { Spot::Other }
    }
}

type Decoded<T> = Result<T, DecodeErrorKind>;
type Encoded<T> = Result<T, EncodeErrorKind>;

/// `Some` for a message that is there, also where nothing is unknown in it.
fn present(carried: Carried) -> Option<Box<Carried>> {
    Some(Box::new(carried))
}

/// For `map_err`: an error of encoding at a place.
pub(crate) fn at(function: &str, op: &str) -> impl Fn(EncodeErrorKind) -> EncodeError {
    let place = Place { function: function.to_owned(), op: op.to_owned() };
    move |kind| EncodeError { place: place.clone(), kind: Box::new(kind) }
}

/// The literals inside a literal, itself first, with a flag for those that stand in it directly.
pub(crate) fn each_literal<'l>(
    literal: &'l Literal,
    spot: Spot,
    visit: &mut dyn FnMut(&'l Literal, Spot) -> Encoded<()>,
) -> Encoded<()> {
    let mut stack = vec![(literal, spot)];
    while let Some((literal, spot)) = stack.pop() {
        visit(literal, spot)?;
        types::push_attributes(&literal.ty, &mut stack);
        literal::push_inner(literal, &mut stack);
    }
    Ok(())
}

pub(crate) use literal::file_for;
pub(crate) use types::each_attribute;
