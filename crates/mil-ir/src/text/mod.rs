//! MIL text: Apple's `model.mil` grammar, read in both of its spellings and printed in one, with extensions
//! for what the grammar has no form for, and a form for people. `docs/mil-text.md` describes the language and
//! what it promises.
//!
//! - `lexer.rs`, `number.rs`: tokens; floats as C hexadecimal and as decimals
//! - `parse/`: text to [`Program`], by recursive descent under [`Limits`]
//! - `print/`: [`Program`] to text, deterministic
//! - `names.rs`: words that both sides use
//!
//! **What survives.** For every program `p`, `parse(print(p))` prints the same text again. From
//! [`Form::Full`] it is also the same program, as far as the text holds it: a tensor that is shown by its
//! hash becomes an opaque tensor of that hash ([`mil_tensor::Tensor::opaque`]), a symbolic size becomes an
//! unknown one, and where the format's rules leave no choice of where a literal is stored, [`crate::Storage`]
//! says `Auto` afterwards.

mod derive;
mod error;
mod lexer;
mod limits;
mod names;
mod number;
mod parse;
mod print;

pub use derive::derived_interface;
pub use error::{TextError, TextErrorKind};
pub use limits::Limits;
pub use parse::{NoWeights, Weights, parse, parse_with};
pub use print::{
    Form, Placement, PrintOptions, print, print_feature, print_model, print_op, write, write_model,
    write_type,
};

#[cfg(doc)]
use crate::Program;
