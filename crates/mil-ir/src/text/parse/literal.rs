//! Literals.

use mil_tensor::{DType, Fingerprint, Tensor, TensorError};

use crate::text::TextErrorKind;
use crate::text::lexer::Token;
use crate::text::names::{BLOBFILE, HASH, OPAQUE, UNREADABLE};
use crate::text::number::{float_size, parse_float, parse_int, parse_nan};
use crate::text::parse::{LITERAL_MEMORY, Parser, Result};
use crate::{Dim, Literal, LiteralData, Name, Shape, Storage, TensorType, Type, TypeKind};

/// Words that begin a value rather than a type.
const VALUE_WORDS: [&str; 8] = [BLOBFILE, HASH, OPAQUE, UNREADABLE, "true", "false", "inf", "nan"];

impl Parser<'_, '_> {
    /// `TYPE(value)`, and its `@{…}` clause; or a bare value.
    pub(super) fn literal(&mut self) -> Result<Literal> {
        let Token::Word(word) = self.token else {
            if self.looks_at_bare() {
                return self.bare();
            }
            return Err(self.expected("a literal with its type, for example `int32(1)`"));
        };
        let start = self.start;
        self.bump()?;
        self.literal_after(word, start)
    }

    /// A bare value may begin here.
    pub(super) fn looks_at_bare(&self) -> bool {
        matches!(self.token, Token::Number(_) | Token::Text(_)) || self.looks_at("[")
    }

    /// A value without its type, which its first element tells: int32, text, or truth values in a list.
    pub(super) fn bare(&mut self) -> Result<Literal> {
        self.charge(LITERAL_MEMORY)?;
        let start = self.start;
        let mut ahead = self.lexer.clone();
        let mut first = self.token.clone();
        while first == Token::Mark("[") {
            first = ahead.next().map_err(|(offset, kind)| self.error_at(offset, kind))?.1;
        }
        let dtype = match first {
            Token::Number(_) => DType::Int32,
            Token::Text(_) => DType::String,
            Token::Word("true" | "false") => DType::Bool,
            _ => return Err(self.expected("a literal with its type, for example `tensor<fp16, [0]>([])`")),
        };
        let (elements, shape) = self.elements(dtype)?;
        let tensor = elements.into_tensor(dtype, &shape);
        Ok(Literal::tensor(tensor.map_err(|error| self.bad_value(start, error.to_string()))?))
    }

    /// A literal whose first word, at `start`, is taken already.
    pub(super) fn literal_after(&mut self, word: &str, start: usize) -> Result<Literal> {
        let ty = self.type_after(word, start)?;
        self.expect("(", "after the type of a literal")?;
        let mut literal = self.value(&ty)?;
        self.expect(")", "after a value")?;
        if self.looks_at("@{") {
            let start = self.start;
            let extras = self.extras(&["doc", "immediate", "file", "carried"])?;
            literal.doc = extras.doc.as_deref().unwrap_or_default().into();
            literal.carried = extras.carried;
            literal.storage = match (extras.immediate, extras.file) {
                (false, None) => literal.storage,
                (true, None) => Storage::Immediate,
                (false, Some(file)) => Storage::File(file),
                (true, Some(_)) => return Err(self.bad_value(start, "a literal is stored in one place")),
            };
        }
        Ok(literal)
    }

    /// What stands between the parentheses of a literal.
    fn value(&mut self, ty: &Type) -> Result<Literal> {
        self.charge(LITERAL_MEMORY)?;
        self.nested(|parser| match parser.token {
            Token::Word(word) if !VALUE_WORDS.contains(&word) => {
                // The contents have a type of their own.
                let start = parser.start;
                parser.bump()?;
                let own = parser.type_after(word, start)?;
                parser.expect("(", "after the type of a value")?;
                let mut literal = parser.value(&own)?;
                parser.expect(")", "after a value")?;
                literal.ty = ty.clone();
                Ok(literal)
            }
            _ => parser.plain_value(ty),
        })
    }

    fn plain_value(&mut self, ty: &Type) -> Result<Literal> {
        if self.eat_word(OPAQUE)? {
            self.expect("(", "after `OPAQUE`")?;
            let bytes = self.hex()?;
            self.expect(")", "after the bytes")?;
            return Ok(Literal::new(ty.clone(), LiteralData::Opaque(bytes.into())));
        }
        let data = match ty.kind() {
            TypeKind::Tensor(tensor) => return self.tensor(ty, tensor),
            TypeKind::List(element, _) => {
                self.expect("[", "for a list")?;
                let mut elements = Vec::new();
                self.list("]", "an element", |parser| {
                    elements.push(parser.element(element)?);
                    Ok(())
                })?;
                LiteralData::List(elements)
            }
            TypeKind::Tuple(types) => {
                let start = self.start;
                self.expect("(", "for a tuple")?;
                let mut elements = Vec::new();
                self.list(")", "an element", |parser| {
                    let Some(ty) = types.get(elements.len()) else {
                        return Err(
                            parser.bad_value(start, format!("a tuple of {} elements has more", types.len()))
                        );
                    };
                    elements.push(parser.element(ty)?);
                    Ok(())
                })?;
                if elements.len() < types.len() {
                    let message = format!("a tuple of {} elements has {}", types.len(), elements.len());
                    return Err(self.bad_value(start, message));
                }
                LiteralData::Tuple(elements)
            }
            TypeKind::Dict(key, value) => {
                self.expect("{", "for a dictionary")?;
                let mut pairs = Vec::new();
                self.list("}", "a pair", |parser| {
                    parser.expect("{", "for a pair of key and value")?;
                    let key = parser.element(key)?;
                    parser.expect(",", "after a key")?;
                    pairs.push((key, parser.element(value)?));
                    parser.expect("}", "after a pair of key and value")
                })?;
                LiteralData::Dict(pairs)
            }
            TypeKind::State(_) => return Err(self.bad_value(self.start, "a state has no literal")),
            TypeKind::Unknown => {
                return Err(self.expected("a type, or `OPAQUE`, in a literal of unknown type"));
            }
        };
        Ok(Literal::new(ty.clone(), data))
    }

    /// A literal inside another: without a type where it has the one that the outer type says.
    fn element(&mut self, ty: &Type) -> Result<Literal> {
        match self.token {
            Token::Word(word) if !VALUE_WORDS.contains(&word) => self.nested(Parser::literal),
            _ => self.value(ty),
        }
    }

    fn tensor(&mut self, ty: &Type, declared: &TensorType) -> Result<Literal> {
        let start = self.start;
        let fixed = declared.shape.to_fixed();
        if matches!(self.token, Token::Word(BLOBFILE | HASH | UNREADABLE)) {
            let Some(shape) = fixed else {
                return Err(self.bad_value(
                    start,
                    format!("a tensor of type {ty} cannot stand elsewhere: its size is open"),
                ));
            };
            return self.reference(ty, declared.dtype, &shape);
        }
        let (elements, dims) = self.elements(declared.dtype)?;
        let shape = match (fixed, &declared.shape) {
            (Some(fixed), _) => {
                let flat = dims.len() == 1 && !fixed.is_empty();
                let matches = if flat { Some(dims[0]) == product(&fixed) } else { dims == fixed };
                if !matches {
                    return Err(self.bad_value(start, format!("{} where the type is {ty}", describe(&dims))));
                }
                fixed
            }
            (None, Shape::Ranked(wanted)) => {
                let fits = |(dim, &size): (&Dim, &usize)| dim.fixed().is_none_or(|dim| dim == size as u64);
                if dims.len() != wanted.len() || !wanted.iter().zip(&dims).all(fits) {
                    return Err(self.bad_value(start, format!("{} where the type is {ty}", describe(&dims))));
                }
                dims
            }
            (None, Shape::Unranked) => dims,
        };
        let tensor = elements.into_tensor(declared.dtype, &shape);
        let tensor = tensor.map_err(|error| self.bad_value(start, error.to_string()))?;
        Ok(Literal::new(ty.clone(), LiteralData::Tensor(tensor)))
    }

    /// A tensor that stands elsewhere.
    fn reference(&mut self, ty: &Type, dtype: DType, shape: &[usize]) -> Result<Literal> {
        let start = self.start;
        let word = self.bump()?;
        self.expect("(", "after a reference")?;
        let literal = match word {
            Token::Word(BLOBFILE) => {
                self.expect_word("path", "in `BLOBFILE`")?;
                self.expect("=", "after `path`")?;
                let path = self.literal()?;
                self.expect(",", "after the path")?;
                self.expect_word("offset", "in `BLOBFILE`")?;
                self.expect("=", "after `offset`")?;
                let offset = self.literal()?;
                let path =
                    path.as_str().ok_or_else(|| self.bad_value(start, "the path of a blob is a string"))?;
                let number = offset.as_tensor().filter(|tensor| tensor.dtype().is_int());
                let offset = number
                    .and_then(Tensor::item_i64)
                    .map(|offset| offset as u64)
                    .ok_or_else(|| self.bad_value(start, "the offset of a blob is an integer"))?;
                self.blob(start, ty, (path, offset), dtype, shape)?
            }
            Token::Word(HASH) => {
                let at = self.start;
                let hash = Fingerprint::parse(&self.string("a hash")?)
                    .ok_or_else(|| self.bad_value(at, "a hash has 32 hexadecimal digits"))?;
                Literal::new(ty.clone(), LiteralData::Tensor(Tensor::opaque(dtype, shape, hash)))
            }
            _ => {
                // Equal to no other: what it stands for is not known.
                self.unreadable += 1;
                let hash = Fingerprint::stand_in(&format!("unreadable {}", self.unreadable));
                let data = LiteralData::Tensor(Tensor::opaque(dtype, shape, hash));
                Literal { storage: Storage::Missing(Name::default(), 0), ..Literal::new(ty.clone(), data) }
            }
        };
        self.expect(")", "after a reference")?;
        Ok(literal)
    }

    fn blob(
        &mut self,
        start: usize,
        ty: &Type,
        (path, offset): (&str, u64),
        dtype: DType,
        shape: &[usize],
    ) -> Result<Literal> {
        let weights = |message: String| TextErrorKind::Weights { path: path.into(), offset, message };
        let found = self.weights.open(path, offset, dtype, shape);
        match found.map_err(|message| self.error_at(start, weights(message)))? {
            Some(tensor) if tensor.dtype() == dtype && tensor.shape() == shape => {
                let literal = Literal::new(ty.clone(), LiteralData::Tensor(tensor));
                Ok(Literal { storage: Storage::File(path.into()), ..literal })
            }
            Some(tensor) => {
                let message =
                    format!("a {} tensor of shape {:?} stands there", tensor.dtype(), tensor.shape());
                Err(self.error_at(start, weights(message)))
            }
            None => Ok(Literal::missing(ty.clone(), dtype, shape, path, offset)),
        }
    }

    /// Elements, and how many there are at each level of lists.
    fn elements(&mut self, dtype: DType) -> Result<(Elements, Vec<usize>)> {
        let mut elements = match dtype {
            DType::String => Elements::Strings(Vec::new()),
            _ => Elements::Bytes(Vec::new()),
        };
        if !self.looks_at("[") {
            self.one(dtype, &mut elements, 0)?;
            return Ok((elements, Vec::new()));
        }
        // For each open list: how many items it has; for each level: how many its lists have.
        let mut open: Vec<usize> = Vec::new();
        let mut dims: Vec<Option<usize>> = Vec::new();
        let mut leaves: Option<usize> = None;
        let mut count = 0;
        loop {
            if self.looks_at("[") {
                if open.len() >= self.depth || leaves.is_some_and(|level| open.len() >= level) {
                    return Err(self.expected("an element: lists are nested unevenly or too deeply"));
                }
                self.bump()?;
                open.push(0);
                if open.len() > dims.len() {
                    dims.push(None);
                }
                if !self.looks_at("]") {
                    continue;
                }
            } else {
                if *leaves.get_or_insert(open.len()) != open.len() {
                    return Err(self.expected("a list: lists are nested unevenly"));
                }
                self.one(dtype, &mut elements, count)?;
                count += 1;
                if let Some(items) = open.last_mut() {
                    *items += 1;
                }
            }
            while self.looks_at("]") {
                let Some(items) = open.pop() else { break };
                let level = open.len();
                match dims[level] {
                    Some(size) if size != items => {
                        return Err(self.bad_value(
                            self.start,
                            format!("a list of {items} elements beside lists of {size}"),
                        ));
                    }
                    _ => dims[level] = Some(items),
                }
                self.bump()?;
                match open.last_mut() {
                    Some(items) => *items += 1,
                    None => return Ok((elements, dims.into_iter().flatten().collect())),
                }
            }
            if !self.eat(",")? {
                return Err(self.expected("`,` or `]` after an element"));
            }
        }
    }

    /// One element.
    fn one(&mut self, dtype: DType, elements: &mut Elements, index: usize) -> Result<()> {
        let bytes = match elements {
            Elements::Strings(strings) => {
                let text = self.string("a string")?.into_owned();
                self.charge(size_of::<String>())?;
                strings.push(text);
                return Ok(());
            }
            Elements::Bytes(bytes) => bytes,
        };
        if let Some(size) = float_size(dtype) {
            let bits = self.float(dtype)?;
            self.charge(size)?;
            bytes.extend_from_slice(&bits.to_le_bytes()[..size]);
            return Ok(());
        }
        let value = match (dtype, &self.token) {
            (DType::Bool, Token::Word("true")) => Some(1),
            (DType::Bool, Token::Word("false")) => Some(0),
            (_, Token::Number(digits)) => parse_int(dtype, digits),
            _ => None,
        };
        let Some(value) = value else {
            return Err(self.expected(match dtype.int_range() {
                Some((low, high)) => format!("an integer from {low} to {high}"),
                None if dtype == DType::Bool => "`true` or `false`".into(),
                None => format!("no element, as {dtype} has no form in text"),
            }));
        };
        self.bump()?;
        match dtype.bits().unwrap_or(8) {
            bits if bits >= 8 => {
                self.charge(bits / 8)?;
                bytes.extend_from_slice(&value.to_le_bytes()[..bits / 8]);
            }
            bits => {
                // Packed least significant bit first, across bytes.
                let (at, low) = (index * bits / 8, index * bits % 8);
                bytes.resize(((index + 1) * bits).div_ceil(8), 0);
                let spread = ((value as u16) & ((1 << bits) - 1)) << low;
                bytes[at] |= spread as u8;
                if spread > 0xff
                    && let Some(next) = bytes.get_mut(at + 1)
                {
                    *next |= (spread >> 8) as u8;
                }
            }
        }
        Ok(())
    }

    fn float(&mut self, dtype: DType) -> Result<u64> {
        let text = match self.token {
            Token::Number(text) => text,
            Token::Word(word @ ("inf" | "nan")) => word,
            _ => return Err(self.expected(format!("a number of type {dtype}"))),
        };
        let bits =
            parse_float(dtype, text).ok_or_else(|| self.expected(format!("a number of type {dtype}")))?;
        self.bump()?;
        if text != "nan" || !self.eat("(")? {
            return Ok(bits);
        }
        let Token::Number(payload) = self.token else { return Err(self.expected("the bits of a NaN")) };
        let bits = parse_nan(dtype, payload)
            .ok_or_else(|| self.expected(format!("the bits of a NaN of type {dtype}")))?;
        self.bump()?;
        self.expect(")", "after the bits of a NaN")?;
        Ok(bits)
    }
}

enum Elements {
    Bytes(Vec<u8>),
    Strings(Vec<String>),
}

impl Elements {
    fn into_tensor(self, dtype: DType, shape: &[usize]) -> Result<Tensor, TensorError> {
        match self {
            Elements::Bytes(bytes) => Tensor::from_bytes(dtype, shape, bytes),
            Elements::Strings(strings) => Tensor::from_strings(shape, strings),
        }
    }
}

fn product(dims: &[usize]) -> Option<usize> {
    if dims.contains(&0) {
        return Some(0);
    }
    dims.iter().try_fold(1_usize, |n, &dim| n.checked_mul(dim))
}

fn describe(dims: &[usize]) -> String {
    match dims {
        [] => "a scalar".into(),
        [count] => format!("a list of {count}"),
        _ => format!("lists of sizes {dims:?}"),
    }
}
