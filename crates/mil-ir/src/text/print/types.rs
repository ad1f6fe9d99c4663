//! Types, unknown fields, and the `@{…}` clauses of entities.

use std::fmt::{self, Write};

use crate::text::print::{Form, Printer};
use crate::{Attributes, Carried, CarriedKey, Name, Shape, Type, TypeKind};

/// Writes a type as MIL text has it: `tensor<fp16, [1, 3]>`, and `int32` for a tensor of rank 0. Attributes
/// and unknown fields of the type are left out.
pub fn write_type(out: &mut dyn Write, ty: &Type) -> fmt::Result {
    fn separated<T>(
        out: &mut dyn Write,
        items: &[T],
        mut each: impl FnMut(&mut dyn Write, &T) -> fmt::Result,
    ) -> fmt::Result {
        for (index, item) in items.iter().enumerate() {
            out.write_str(if index > 0 { ", " } else { "" })?;
            each(out, item)?;
        }
        Ok(())
    }
    match ty.kind() {
        TypeKind::Tensor(tensor) => match &tensor.shape {
            Shape::Ranked(dims) if dims.is_empty() => write!(out, "{}", tensor.dtype),
            Shape::Ranked(dims) => {
                write!(out, "tensor<{}, [", tensor.dtype)?;
                separated(out, dims, |out, dim| write!(out, "{dim}"))?;
                out.write_str("]>")
            }
            Shape::Unranked => write!(out, "tensor<{}, ?>", tensor.dtype),
        },
        TypeKind::List(element, length) => write!(out, "list<{element}, {length}>"),
        TypeKind::Tuple(elements) => {
            out.write_str("tuple<")?;
            separated(out, elements, |out, element| write!(out, "{element}"))?;
            out.write_str(">")
        }
        TypeKind::Dict(key, value) => write!(out, "dict<{key}, {value}>"),
        TypeKind::State(inner) => write!(out, "state<{inner}>"),
        TypeKind::Unknown => out.write_str("unknown"),
    }
}

/// Something in a type stands in an `@{…}` clause.
fn has_extras(ty: &Type) -> bool {
    ty.carried().is_some()
        || match ty.kind() {
            TypeKind::Tensor(tensor) => !tensor.attributes.is_empty(),
            TypeKind::List(inner, _) | TypeKind::State(inner) => has_extras(inner),
            TypeKind::Tuple(inner) => inner.iter().any(has_extras),
            TypeKind::Dict(key, value) => has_extras(key) || has_extras(value),
            TypeKind::Unknown => false,
        }
}

/// Equal, unknown fields included.
pub(super) fn is_same_type(a: &Type, b: &Type) -> bool {
    a == b && !has_extras(a) && !has_extras(b)
}

impl Printer<'_> {
    /// A type with its `@{…}` clauses.
    pub(super) fn ty(&mut self, ty: &Type) -> fmt::Result {
        if !has_extras(ty) {
            return write_type(self.out, ty);
        }
        let none = Attributes::new();
        let mut attributes = &none;
        match ty.kind() {
            TypeKind::Tensor(tensor) => {
                attributes = &tensor.attributes;
                write_type(self.out, ty)?;
            }
            TypeKind::List(element, length) => {
                self.out.write_str("list<")?;
                self.ty(element)?;
                write!(self.out, ", {length}>")?;
            }
            TypeKind::Tuple(elements) => {
                self.out.write_str("tuple<")?;
                self.separated(elements, |printer, element| printer.ty(element))?;
                self.out.write_str(">")?;
            }
            TypeKind::Dict(key, value) => {
                self.out.write_str("dict<")?;
                self.separated([key, value], |printer, inner| printer.ty(inner))?;
                self.out.write_str(">")?;
            }
            TypeKind::State(inner) => {
                self.out.write_str("state<")?;
                self.ty(inner)?;
                self.out.write_str(">")?;
            }
            TypeKind::Unknown => write_type(self.out, ty)?,
        }
        self.clause(&format!("type {ty}"), &[], Some(attributes), ty.carried())
    }

    /// An `@{…}` clause, where there is something to say: given entries, attributes, unknown fields.
    pub(super) fn clause(
        &mut self,
        owner: &str,
        entries: &[(&str, Entry<'_>)],
        attributes: Option<&Attributes>,
        carried: Option<&Carried>,
    ) -> fmt::Result {
        let attributes = attributes.filter(|attributes| !attributes.is_empty());
        if entries.is_empty() && attributes.is_none() && carried.is_none() {
            return Ok(());
        }
        let said = || {
            let mut words: Vec<&str> = entries.iter().map(|entry| entry.0).collect();
            words.extend(attributes.map(|_| "attributes"));
            words.extend(carried.map(|_| "unknown fields"));
            format!("{owner}: {}", words.join(", "))
        };
        if self.drops(said) {
            return Ok(());
        }
        self.out.write_str(" @{")?;
        let mut first = true;
        let mut key = |printer: &mut Self, key: &str| {
            let separator = if std::mem::take(&mut first) { "" } else { ", " };
            write!(printer.out, "{separator}{key}")
        };
        for (word, entry) in entries {
            key(self, word)?;
            match entry {
                Entry::Flag => {}
                Entry::Text(text) => {
                    self.out.write_str(" = ")?;
                    self.quoted(text)?;
                }
                Entry::Number(number) => write!(self.out, " = {number}")?,
            }
        }
        if let Some(attributes) = attributes {
            key(self, "attributes")?;
            self.out.write_str(" = ")?;
            self.attributes(None, attributes)?;
        }
        if let Some(carried) = carried {
            key(self, "carried")?;
            self.out.write_str(" = ")?;
            self.carried(carried)?;
        }
        self.out.write_str("}")
    }

    /// Unknown fields: `"0a02"`, or `("0a02", 3[0] = "08", 4["key"] = "08")` with those of messages inside.
    pub(super) fn carried(&mut self, carried: &Carried) -> fmt::Result {
        if carried.children.is_empty() {
            return self.hex(&carried.own);
        }
        self.out.write_str("(")?;
        self.hex(&carried.own)?;
        for ((field, key), child) in &carried.children {
            write!(self.out, ", {field}[")?;
            match key {
                CarriedKey::Index(index) => write!(self.out, "{index}")?,
                CarriedKey::Key(key) => self.quoted(key)?,
            }
            self.out.write_str("] = ")?;
            self.carried(child)?;
        }
        self.out.write_str(")")
    }

    /// Attributes in brackets, sorted, the label of an op among them.
    pub(super) fn attributes(&mut self, label: Option<&Name>, attributes: &Attributes) -> fmt::Result {
        let before = attributes.iter().filter(|(key, _)| ***key < *"name" || label.is_none());
        let after = attributes.iter().filter(|(key, _)| ***key > *"name" && label.is_some());
        let all = before
            .map(|(key, literal)| (Some(key), Some(literal)))
            .chain(label.map(|_| (None, None)))
            .chain(after.map(|(key, literal)| (Some(key), Some(literal))));
        self.out.write_str("[")?;
        self.separated(all, |printer, (key, literal)| match (key, literal, label) {
            (Some(key), Some(literal), _) => {
                printer.name(key)?;
                printer.out.write_str(" = ")?;
                printer.literal(literal)
            }
            (_, _, Some(label)) => {
                let (open, close) =
                    if printer.is(Form::Readable) { ("name = ", "") } else { ("name = string(", ")") };
                printer.out.write_str(open)?;
                printer.quoted(label)?;
                printer.out.write_str(close)
            }
            _ => Ok(()),
        })?;
        self.out.write_str("]")
    }
}

/// The value of an entry of an `@{…}` clause.
pub(super) enum Entry<'a> {
    Flag,
    Text(&'a str),
    Number(i64),
}
