//! Text to programs: recursive descent, one token ahead, under [`Limits`].

mod function;
mod literal;
mod model;
mod types;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;

use mil_tensor::{DType, Tensor};

use crate::text::lexer::{Lexer, Token};
use crate::text::{Limits, TextError, TextErrorKind};
use crate::{Name, Program, Type};

/// Where the tensors come from that a text only refers to.
pub trait Weights {
    /// The tensor that stands at `offset` of the file that programs name `path`. The offset is that of its
    /// metadata. `None`: the file is not at hand, and the tensor is to stay opaque.
    fn open(
        &mut self,
        path: &str,
        offset: u64,
        dtype: DType,
        shape: &[usize],
    ) -> Result<Option<Tensor>, String>;
}

impl<F> Weights for F
where
    F: FnMut(&str, u64, DType, &[usize]) -> Result<Option<Tensor>, String>,
{
    fn open(
        &mut self,
        path: &str,
        offset: u64,
        dtype: DType,
        shape: &[usize],
    ) -> Result<Option<Tensor>, String> {
        self(path, offset, dtype, shape)
    }
}

/// No weight file is at hand: every reference becomes an opaque tensor, stored as
/// [`crate::Storage::Missing`].
#[derive(Clone, Copy, Debug, Default)]
pub struct NoWeights;

impl Weights for NoWeights {
    fn open(&mut self, _: &str, _: u64, _: DType, _: &[usize]) -> Result<Option<Tensor>, String> {
        Ok(None)
    }
}

/// The program of a text, with [`NoWeights`] and the default [`Limits`].
pub fn parse(text: &str) -> Result<Program, TextError> {
    parse_with(text, &Limits::default(), &mut NoWeights)
}

/// The program of a text.
pub fn parse_with(text: &str, limits: &Limits, weights: &mut dyn Weights) -> Result<Program, TextError> {
    if text.len() > limits.bytes {
        let kind = TextErrorKind::Limit(format!("a text of {} bytes, over {}", text.len(), limits.bytes));
        return Err(TextError::at(text, 0, kind));
    }
    let mut parser = Parser {
        text,
        lexer: Lexer::new(text),
        token: Token::End,
        start: 0,
        end: 0,
        depth: limits.safe_depth(),
        memory: limits.memory.saturating_add(text.len().saturating_mul(limits.memory_factor)),
        weights,
        types: HashMap::new(),
        unreadable: 0,
    };
    parser.bump()?;
    parser.program()
}

type Result<T, E = TextError> = std::result::Result<T, E>;

/// Estimated bytes of an op, a value, a literal: with their share of the graph's tables.
const OP_MEMORY: usize = 448;
const VALUE_MEMORY: usize = 320;
const LITERAL_MEMORY: usize = 160;

struct Parser<'t, 'w> {
    text: &'t str,
    lexer: Lexer<'t>,
    /// The token that is looked at.
    token: Token<'t>,
    /// Its first byte.
    start: usize,
    /// One past the last byte of the token before it.
    end: usize,
    /// Levels that may still be entered.
    depth: usize,
    /// Bytes that the program may still take.
    memory: usize,
    weights: &'w mut dyn Weights,
    /// Types by their text, so that equal ones share memory.
    types: HashMap<&'t str, Type>,
    /// Tensors so far that could not be read when the text was printed.
    unreadable: usize,
}

impl<'t> Parser<'t, '_> {
    /// Takes the token, and looks at the next.
    fn bump(&mut self) -> Result<Token<'t>> {
        self.end = self.lexer.position();
        let (start, next) =
            self.lexer.next().map_err(|(offset, kind)| TextError::at(self.text, offset, kind))?;
        self.start = start;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn error_at(&self, offset: usize, kind: TextErrorKind) -> TextError {
        TextError::at(self.text, offset, kind)
    }

    fn error(&self, kind: TextErrorKind) -> TextError {
        self.error_at(self.start, kind)
    }

    /// The token is not what the grammar wants.
    fn expected(&self, expected: impl Into<String>) -> TextError {
        self.error(TextErrorKind::Expected { expected: expected.into(), found: self.token.to_string() })
    }

    /// The value at this offset is not what its type allows.
    fn bad_value(&self, offset: usize, message: impl Into<String>) -> TextError {
        self.error_at(offset, TextErrorKind::Value(message.into()))
    }

    fn looks_at(&self, mark: &str) -> bool {
        matches!(self.token, Token::Mark(found) if found == mark)
    }

    fn looks_at_word(&self, word: &str) -> bool {
        matches!(self.token, Token::Word(found) if found == word)
    }

    /// Takes a mark if it is there.
    fn eat(&mut self, mark: &str) -> Result<bool> {
        let found = self.looks_at(mark);
        if found {
            self.bump()?;
        }
        Ok(found)
    }

    /// Takes a mark that must be there. `place`: what it stands for or after, for the message.
    fn expect(&mut self, mark: &str, place: &str) -> Result<()> {
        if self.eat(mark)? { Ok(()) } else { Err(self.expected(format!("`{mark}` {place}"))) }
    }

    /// Takes a word if it is there.
    fn eat_word(&mut self, word: &str) -> Result<bool> {
        let found = self.looks_at_word(word);
        if found {
            self.bump()?;
        }
        Ok(found)
    }

    fn expect_word(&mut self, word: &str, place: &str) -> Result<()> {
        if self.eat_word(word)? { Ok(()) } else { Err(self.expected(format!("`{word}` {place}"))) }
    }

    /// Takes an identifier or a quoted name.
    fn name(&mut self, what: &str) -> Result<Name> {
        match &self.token {
            Token::Word(word) => {
                let name = Name::from(*word);
                self.bump()?;
                Ok(name)
            }
            Token::Quoted(name) => {
                let name = Name::from(&**name);
                self.bump()?;
                Ok(name)
            }
            _ => Err(self.expected(what)),
        }
    }

    /// Takes a string.
    fn string(&mut self, what: &str) -> Result<Cow<'t, str>> {
        if !matches!(self.token, Token::Text(_)) {
            return Err(self.expected(what));
        }
        match self.bump()? {
            Token::Text(text) => Ok(text),
            _ => Ok(Cow::Borrowed("")),
        }
    }

    /// Takes an integer of this Rust type.
    fn integer<T: std::str::FromStr>(&mut self, what: &str) -> Result<T> {
        let value = match self.token {
            Token::Number(digits) => digits.parse().ok(),
            _ => None,
        };
        let value = value.ok_or_else(|| self.expected(what))?;
        self.bump()?;
        Ok(value)
    }

    /// Takes bytes, written as a string of hexadecimal digits.
    fn hex(&mut self) -> Result<Vec<u8>> {
        let start = self.start;
        let text = self.string("a string of hexadecimal digits")?;
        let bytes: Option<Vec<u8>> = match text.is_ascii() && text.len().is_multiple_of(2) {
            true => {
                (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
            }
            false => None,
        };
        bytes.ok_or_else(|| {
            self.bad_value(start, "a string of hexadecimal digits, two for each byte, is wanted here")
        })
    }

    /// Reads items with commas in between, up to a mark, which it takes. `what` names an item.
    fn list(&mut self, close: &str, what: &str, mut item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        if self.eat(close)? {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.eat(close)? {
                return Ok(());
            }
            if !self.eat(",")? {
                return Err(self.expected(format!("`,` or `{close}` after {what}")));
            }
        }
    }

    /// Descends one level.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(self.error(TextErrorKind::Limit("too many levels of nesting".into())));
        };
        self.depth = depth;
        let result = inner(self);
        self.depth += 1;
        result
    }

    /// Counts memory that the program takes.
    fn charge(&mut self, bytes: usize) -> Result<()> {
        match self.memory.checked_sub(bytes) {
            Some(rest) => {
                self.memory = rest;
                Ok(())
            }
            None => {
                Err(self.error(TextErrorKind::Limit("the program takes too much memory for its text".into())))
            }
        }
    }

    fn duplicate(&self, offset: usize, what: &'static str, name: impl Display) -> TextError {
        self.error_at(offset, TextErrorKind::Duplicate { what, name: name.to_string().into() })
    }
}
