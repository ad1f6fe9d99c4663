//! What can be wrong with a text, and where.

use crate::Name;

/// Why a text is not a program, and where it stops being one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {kind}")]
#[non_exhaustive]
pub struct TextError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub kind: TextErrorKind,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextErrorKind {
    /// The grammar wants something else.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// In the words of the grammar.
        expected: String,
        /// The token that stands there.
        found: String,
    },
    /// A value that is not defined before this place, or in a block that does not enclose it.
    #[error("no value `{0}` is visible here")]
    Undefined(Name),
    /// A value, function, parameter or key that is there already.
    #[error("{what} `{name}` is there already")]
    Duplicate {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: Name,
    },
    /// A value that its type does not allow.
    #[error("{0}")]
    Value(String),
    /// A text that is larger, deeper or heavier than the limits allow.
    #[error("{0}; see `text::Limits`")]
    Limit(String),
    /// A weight that cannot be had.
    #[error("weights at offset {offset} of `{path}`: {message}")]
    Weights {
        /// The file, as the text names it.
        path: String,
        /// The offset, as the text has it.
        offset: u64,
        /// What the resolver says.
        message: String,
    },
    /// A text that milopt prints for reading only.
    #[error("this text shows {0}, which is printed for reading only; only programs can be read back")]
    ReadOnly(&'static str),
}

impl TextError {
    /// At a byte of a text.
    pub(super) fn at(text: &str, offset: usize, kind: TextErrorKind) -> TextError {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = 1 + before.bytes().filter(|&byte| byte == b'\n').count();
        let column = 1 + before[line_start..].chars().count();
        TextError { line, column, kind }
    }
}
