//! Types, attributes, unknown fields, and the `@{…}` clauses of entities.

use std::collections::BTreeMap;

use mil_tensor::DType;

use crate::text::lexer::Token;
use crate::text::parse::{LITERAL_MEMORY, Parser, Result};
use crate::{Attributes, Carried, CarriedKey, Dim, Name, Shape, TensorType, Type, TypeKind};

/// Types whose text is longer than this are not looked up, as they are rarely equal.
const SHARED_TEXT: usize = 96;

/// What an `@{…}` clause says.
#[derive(Debug, Default)]
pub(super) struct Extras {
    pub(super) doc: Option<String>,
    pub(super) version: Option<i64>,
    pub(super) immediate: bool,
    pub(super) optional: bool,
    pub(super) file: Option<Name>,
    pub(super) attributes: Attributes,
    pub(super) carried: Option<Box<Carried>>,
}

impl<'t> Parser<'t, '_> {
    /// A type.
    pub(super) fn ty(&mut self) -> Result<Type> {
        let Token::Word(word) = self.token else { return Err(self.expected("a type")) };
        let start = self.start;
        self.bump()?;
        self.type_after(word, start)
    }

    /// A type whose first word, at `start`, is taken already.
    pub(super) fn type_after(&mut self, word: &str, start: usize) -> Result<Type> {
        if let Some(ty) = self.known_tensor(word, start)? {
            return Ok(ty);
        }
        self.charge(LITERAL_MEMORY / 2)?;
        let kind = self.nested(|parser| parser.type_kind(word, start))?;
        if !self.looks_at("@{") {
            let text = &self.text[start..self.end];
            if text.len() > SHARED_TEXT {
                return Ok(Type::new(kind));
            }
            return Ok(self.types.entry(text).or_insert_with(|| Type::new(kind)).clone());
        }
        let extras = self.extras(&["attributes", "carried"])?;
        self.with_extras(kind, extras, start)
    }

    /// A tensor type of which the same text was read before. Most are, and need no second look.
    fn known_tensor(&mut self, word: &str, start: usize) -> Result<Option<Type>> {
        if word != "tensor" || !self.looks_at("<") {
            return Ok(None);
        }
        let window = self.text.as_bytes()[start..].iter().take(SHARED_TEXT);
        let Some(length) = window.into_iter().position(|&byte| byte == b'>') else { return Ok(None) };
        let end = start + length + 1;
        let Some(ty) = self.text.get(start..end).and_then(|text| self.types.get(text)).cloned() else {
            return Ok(None);
        };
        self.lexer.skip_to(end);
        self.bump()?;
        // What follows in a clause belongs to this type alone.
        if !self.looks_at("@{") {
            return Ok(Some(ty));
        }
        let (extras, kind) = (self.extras(&["attributes", "carried"])?, ty.kind().clone());
        Ok(Some(self.with_extras(kind, extras, start)?))
    }

    fn with_extras(&self, mut kind: TypeKind, extras: Extras, start: usize) -> Result<Type> {
        match &mut kind {
            TypeKind::Tensor(tensor) => tensor.attributes = extras.attributes,
            _ if !extras.attributes.is_empty() => {
                return Err(self.bad_value(start, "only a tensor type has attributes"));
            }
            _ => {}
        }
        Ok(Type::with_carried(kind, extras.carried))
    }

    fn type_kind(&mut self, word: &str, start: usize) -> Result<TypeKind> {
        let tensor =
            |dtype, shape| TypeKind::Tensor(TensorType { dtype, shape, attributes: Attributes::new() });
        let after = "after the form of a type";
        let kind = match word {
            "tensor" => {
                self.expect("<", after)?;
                let dtype = self.dtype()?;
                self.expect(",", "after the element type")?;
                tensor(dtype, self.shape()?)
            }
            "list" => {
                self.expect("<", after)?;
                let element = self.ty()?;
                self.expect(",", "after the type of elements")?;
                TypeKind::List(element, self.dim()?)
            }
            "tuple" => {
                self.expect("<", after)?;
                let mut elements = Vec::new();
                self.list(">", "a type", |parser| {
                    elements.push(parser.ty()?);
                    Ok(())
                })?;
                return Ok(TypeKind::Tuple(elements));
            }
            "dict" => {
                self.expect("<", after)?;
                let key = self.ty()?;
                self.expect(",", "after the type of keys")?;
                TypeKind::Dict(key, self.ty()?)
            }
            "state" => {
                self.expect("<", after)?;
                TypeKind::State(self.ty()?)
            }
            "unknown" => return Ok(TypeKind::Unknown),
            _ => {
                let Some(dtype) = DType::from_name(word) else {
                    let kind = crate::text::TextErrorKind::Expected {
                        expected: "a type: `tensor`, `list`, `tuple`, `dict`, `state` or an element type"
                            .into(),
                        found: Token::Word(word).to_string(),
                    };
                    return Err(self.error_at(start, kind));
                };
                return Ok(tensor(dtype, Shape::Ranked(Vec::new())));
            }
        };
        self.expect(">", "at the end of the type")?;
        Ok(kind)
    }

    pub(super) fn dtype(&mut self) -> Result<DType> {
        let dtype = match self.token {
            Token::Word(word) => DType::from_name(word),
            _ => None,
        };
        let dtype = dtype.ok_or_else(|| self.expected("an element type, for example `fp16`"))?;
        self.bump()?;
        Ok(dtype)
    }

    fn shape(&mut self) -> Result<Shape> {
        if self.eat("?")? {
            return Ok(Shape::Unranked);
        }
        self.expect("[", "or `?` for the shape")?;
        let mut dims = Vec::new();
        self.list("]", "a size", |parser| {
            parser.charge(size_of::<Dim>())?;
            dims.push(parser.dim()?);
            Ok(())
        })?;
        Ok(Shape::Ranked(dims))
    }

    fn dim(&mut self) -> Result<Dim> {
        if self.eat("?")? {
            return Ok(Dim::UNKNOWN);
        }
        if self.eat("...")? {
            return Ok(Dim::Unknown { variadic: true });
        }
        Ok(Dim::Fixed(self.integer("a size, `?` or `...`")?))
    }

    /// An `@{…}` clause that may have these keys; nothing where there is none.
    pub(super) fn extras(&mut self, allowed: &[&str]) -> Result<Extras> {
        let mut extras = Extras::default();
        if !self.eat("@{")? {
            return Ok(extras);
        }
        let mut seen: Vec<&str> = Vec::new();
        self.list("}", "an entry", |parser| {
            let key = match parser.token {
                Token::Word(word) => allowed.iter().find(|key| **key == word),
                _ => None,
            };
            let Some(&key) = key else {
                let keys: Vec<String> = allowed.iter().map(|key| format!("`{key}`")).collect();
                return Err(parser.expected(format!("one of {}", keys.join(", "))));
            };
            if seen.contains(&key) {
                return Err(parser.duplicate(parser.start, "key", key));
            }
            seen.push(key);
            parser.bump()?;
            match key {
                "immediate" => {
                    extras.immediate = true;
                    return Ok(());
                }
                "optional" => {
                    extras.optional = true;
                    return Ok(());
                }
                _ => parser.expect("=", "after a key")?,
            }
            match key {
                "doc" => extras.doc = Some(parser.string("a string")?.into_owned()),
                "file" => extras.file = Some(Name::from(&*parser.string("the name of a weight file")?)),
                "version" => extras.version = Some(parser.integer("a number")?),
                "attributes" => {
                    if !parser.looks_at("[") {
                        return Err(parser.expected("`[` before attributes"));
                    }
                    extras.attributes = parser.attributes()?;
                }
                _ => extras.carried = parser.carried()?.boxed(),
            }
            Ok(())
        })?;
        Ok(extras)
    }

    /// Unknown fields.
    pub(super) fn carried(&mut self) -> Result<Carried> {
        if !self.eat("(")? {
            return Ok(Carried { own: self.hex()?, ..Carried::default() });
        }
        let mut carried = Carried { own: self.hex()?, ..Carried::default() };
        while self.eat(",")? {
            self.charge(LITERAL_MEMORY)?;
            let field = self.integer("the number of a field")?;
            self.expect("[", "after the number of a field")?;
            let key = match self.token {
                Token::Text(_) => CarriedKey::Key(self.string("a key")?.into_owned()),
                _ => CarriedKey::Index(self.integer("an index or a key")?),
            };
            self.expect("]", "after the place in a field")?;
            self.expect("=", "before unknown fields")?;
            let child = self.nested(Parser::carried)?;
            carried.put(field, key, child);
        }
        self.expect(")", "after unknown fields")?;
        Ok(carried)
    }

    /// Attributes in brackets; nothing where there are none.
    pub(super) fn attributes(&mut self) -> Result<Attributes> {
        let mut attributes = BTreeMap::new();
        if !self.eat("[")? {
            return Ok(Attributes::new());
        }
        self.list("]", "an attribute", |parser| {
            let start = parser.start;
            let key = parser.name("the name of an attribute")?;
            parser.expect("=", "after the name of an attribute")?;
            let literal = parser.literal()?;
            if attributes.insert(key.clone(), literal).is_some() {
                return Err(parser.duplicate(start, "attribute", key));
            }
            Ok(())
        })?;
        Ok(attributes.into())
    }
}
