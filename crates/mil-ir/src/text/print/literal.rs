//! Literals: scalars, nested lists, references to weights.

use std::fmt;

use mil_tensor::{DType, Data, Tensor, TensorError};

use crate::text::names::{BLOBFILE, HASH, OPAQUE, UNREADABLE, usual_storage};
use crate::text::number::{float_size, write_decimal, write_float};
use crate::text::print::types::{Entry, is_same_type};
use crate::text::print::{Form, Placement, Printer, write_quoted};
use crate::{Dim, Literal, LiteralData, Shape, Storage, Type, TypeKind};

impl Printer<'_> {
    /// `TYPE(value)` and its `@{…}` clause; for people, `value` alone where that says the type.
    pub(super) fn literal(&mut self, literal: &Literal) -> fmt::Result {
        match self.bare(literal) {
            Some(elements) => self.out.write_str(&elements),
            None => self.typed(literal),
        }
    }

    fn typed(&mut self, literal: &Literal) -> fmt::Result {
        self.ty(&literal.ty)?;
        self.out.write_str("(")?;
        let storage = self.contents(literal)?;
        self.out.write_str(")")?;
        self.literal_clause(literal, storage)
    }

    /// The elements of a literal that needs no type in front: int32, text, and truth values in lists, since a
    /// word on its own is a name.
    fn bare(&self, literal: &Literal) -> Option<String> {
        let tensor = literal.as_tensor().filter(|_| self.is(Form::Readable) && is_plain(literal))?;
        let says_its_type = match tensor.dtype() {
            DType::Int32 | DType::String => !tensor.is_empty(),
            DType::Bool => !tensor.is_empty() && tensor.rank() > 0,
            _ => false,
        };
        if !says_its_type || (tensor.len() > self.options.inline_elements && tensor.dtype() != DType::String)
        {
            return None;
        }
        self.elements(tensor)
    }

    /// The elements of a tensor; `None` if they are not at hand.
    fn elements(&self, tensor: &Tensor) -> Option<String> {
        let mut elements = String::new();
        let write = if self.is(Form::Readable) { write_decimal } else { write_float };
        let known = !matches!(tensor.data(), Data::Opaque(_));
        let written = known && matches!(write_elements(&mut elements, tensor, write), Ok(Ok(())));
        written.then_some(elements)
    }

    /// What stands beside a literal: documentation, unusual storage, unknown fields.
    fn literal_clause(&mut self, literal: &Literal, shown: Shown) -> fmt::Result {
        let mut entries = Vec::new();
        if !literal.doc.is_empty() {
            entries.push(("doc", Entry::Text(&literal.doc)));
        }
        if shown == Shown::Plain
            && literal.storage != Storage::Auto
            && literal.storage != usual_storage(literal)
        {
            match &literal.storage {
                Storage::Immediate => entries.push(("immediate", Entry::Flag)),
                Storage::File(file) => entries.push(("file", Entry::Text(file))),
                Storage::Auto | Storage::Missing(..) => {}
            }
        }
        // Apple's grammar cannot say where a literal is stored, but its compiler decides that anyway.
        if self.is(Form::Apple) {
            entries.retain(|(key, _)| *key == "doc");
        }
        self.clause("literal", &entries, None, literal.carried.as_deref())
    }

    /// What stands between the parentheses.
    fn contents(&mut self, literal: &Literal) -> Result<Shown, fmt::Error> {
        if fits(&literal.ty, &literal.data) {
            return self.data(literal);
        }
        // The contents have a type of their own.
        self.ty(&own_type(&literal.data))?;
        self.out.write_str("(")?;
        let shown = self.data(literal)?;
        self.out.write_str(")")?;
        Ok(shown)
    }

    fn data(&mut self, literal: &Literal) -> Result<Shown, fmt::Error> {
        match &literal.data {
            LiteralData::Tensor(tensor) => return self.tensor(tensor, literal),
            LiteralData::List(elements) => {
                let ty = match literal.ty.kind() {
                    TypeKind::List(element, _) => element.clone(),
                    _ => element_type(elements.first()),
                };
                self.out.write_str("[")?;
                self.separated(elements, |printer, element| printer.element(element, &ty))?;
                self.out.write_str("]")?;
            }
            LiteralData::Tuple(elements) => {
                let types = match literal.ty.kind() {
                    TypeKind::Tuple(types) if types.len() == elements.len() => types.clone(),
                    _ => elements.iter().map(|element| element.ty.clone()).collect(),
                };
                self.out.write_str("(")?;
                self.separated(elements.iter().zip(&types), |printer, (element, ty)| {
                    printer.element(element, ty)
                })?;
                self.out.write_str(")")?;
            }
            LiteralData::Dict(pairs) => {
                let (key_type, value_type) = match literal.ty.kind() {
                    TypeKind::Dict(key, value) => (key.clone(), value.clone()),
                    _ => dict_types(pairs),
                };
                self.out.write_str("{")?;
                self.separated(pairs, |printer, (key, value)| {
                    printer.out.write_str("{")?;
                    printer.element(key, &key_type)?;
                    printer.out.write_str(", ")?;
                    printer.element(value, &value_type)?;
                    printer.out.write_str("}")
                })?;
                self.out.write_str("}")?;
            }
            LiteralData::Opaque(bytes) => {
                self.drops(|| "a literal that this version cannot read is shown as OPAQUE".into());
                write!(self.out, "{OPAQUE}(")?;
                self.hex(bytes)?;
                self.out.write_str(")")?;
            }
        }
        Ok(Shown::Plain)
    }

    /// A literal inside another: without its type, where the outer type says it.
    fn element(&mut self, literal: &Literal, ty: &Type) -> fmt::Result {
        let plain = is_same_type(&literal.ty, ty)
            && fits(ty, &literal.data)
            && literal.doc.is_empty()
            && literal.carried.is_none()
            && matches!(literal.storage, Storage::Auto | Storage::Immediate | Storage::Missing(..))
            && (literal.storage == Storage::Auto
                || literal.storage == usual_storage(literal)
                || matches!(literal.storage, Storage::Missing(..)));
        if plain { self.data(literal).map(drop) } else { self.typed(literal) }
    }

    fn tensor(&mut self, tensor: &Tensor, literal: &Literal) -> Result<Shown, fmt::Error> {
        match &literal.storage {
            Storage::Missing(path, _) if path.is_empty() => {
                self.drops(|| {
                    format!("the values of a tensor of type {}, which are not available", literal.ty)
                });
                write!(self.out, "{UNREADABLE}()")?;
                return Ok(Shown::Reference);
            }
            Storage::Missing(path, offset) => return self.blob(path, *offset),
            _ => {}
        }
        let is_text = tensor.dtype() == DType::String;
        // Only how lists are nested tells the sizes that the type leaves open.
        let is_open = literal.ty.fixed_shape().is_none() && fits(&literal.ty, &literal.data);
        let inline = match (self.place)(tensor, literal) {
            _ if is_open => true,
            Placement::Blob { path, offset } => return self.blob(&path, offset),
            Placement::Inline => true,
            Placement::Hash => false,
            Placement::BySize => {
                is_text || self.is(Form::Apple) || tensor.len() <= self.options.inline_elements
            }
        };
        if inline && let Some(elements) = self.elements(tensor) {
            self.out.write_str(&elements)?;
            return Ok(Shown::Plain);
        }
        self.drops(|| format!("the values of a tensor of type {}, which are not available", literal.ty));
        match tensor.fingerprint() {
            Ok(hash) => {
                write!(self.out, "{HASH}(\"{hash}\")")?;
                Ok(Shown::Plain)
            }
            Err(_) => {
                write!(self.out, "{UNREADABLE}()")?;
                Ok(Shown::Reference)
            }
        }
    }

    fn blob(&mut self, path: &str, offset: u64) -> Result<Shown, fmt::Error> {
        write!(self.out, "{BLOBFILE}(path = string(")?;
        self.quoted(path)?;
        write!(self.out, "), offset = uint64({offset}))")?;
        Ok(Shown::Reference)
    }
}

/// A tensor of its literal's very type, stored where the text need not say, and nothing beside it.
pub(super) fn is_plain(literal: &Literal) -> bool {
    let own = |tensor: &Tensor| is_same_type(&literal.ty, &Type::fixed(tensor.dtype(), tensor.shape()));
    literal.as_tensor().is_some_and(own)
        && literal.doc.is_empty()
        && literal.carried.is_none()
        && (literal.storage == Storage::Auto || literal.storage == usual_storage(literal))
}

/// How the contents of a literal stand in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// By themselves.
    Plain,
    /// As a reference to a file, which also says where they are stored.
    Reference,
}

/// The type says how the contents are to be read.
fn fits(ty: &Type, data: &LiteralData) -> bool {
    match (ty.kind(), data) {
        (_, LiteralData::Opaque(_)) => true,
        (TypeKind::Tensor(declared), LiteralData::Tensor(tensor)) => {
            declared.dtype == tensor.dtype() && shape_shows(&declared.shape, tensor)
        }
        (TypeKind::List(..), LiteralData::List(_)) | (TypeKind::Dict(..), LiteralData::Dict(_)) => true,
        (TypeKind::Tuple(types), LiteralData::Tuple(elements)) => types.len() == elements.len(),
        _ => false,
    }
}

/// A reader finds the tensor's shape from the declared one and, where that has unknown sizes, from how lists
/// are nested.
fn shape_shows(declared: &Shape, tensor: &Tensor) -> bool {
    if let Some(fixed) = declared.to_fixed() {
        return fixed == tensor.shape();
    }
    let nested = matches!(tensor.data(), Data::Inline(_) | Data::Strings(_) | Data::Splat(_))
        && tensor.len() <= 16
        && !tensor.is_empty();
    let compatible = match declared {
        Shape::Ranked(dims) => {
            dims.len() == tensor.rank()
                && dims.iter().zip(tensor.shape()).all(|(dim, &size)| match dim {
                    Dim::Fixed(declared) => *declared == size as u64,
                    Dim::Unknown { variadic } => !variadic,
                    Dim::Symbolic(_) => true,
                })
        }
        Shape::Unranked => tensor.rank() > 0,
    };
    nested && compatible
}

/// The type that contents have on their own.
fn own_type(data: &LiteralData) -> Type {
    match data {
        LiteralData::Tensor(tensor) => Type::fixed(tensor.dtype(), tensor.shape()),
        LiteralData::List(elements) => {
            Type::new(TypeKind::List(element_type(elements.first()), elements.len().into()))
        }
        LiteralData::Tuple(elements) => {
            Type::new(TypeKind::Tuple(elements.iter().map(|element| element.ty.clone()).collect()))
        }
        LiteralData::Dict(pairs) => {
            let (key, value) = dict_types(pairs);
            Type::new(TypeKind::Dict(key, value))
        }
        LiteralData::Opaque(_) => Type::new(TypeKind::Unknown),
    }
}

fn element_type(first: Option<&Literal>) -> Type {
    first.map_or_else(|| Type::new(TypeKind::Unknown), |first| first.ty.clone())
}

fn dict_types(pairs: &[(Literal, Literal)]) -> (Type, Type) {
    (element_type(pairs.first().map(|pair| &pair.0)), element_type(pairs.first().map(|pair| &pair.1)))
}

/// Elements as lists nested by axis; a scalar on its own.
fn write_elements(
    out: &mut String,
    tensor: &Tensor,
    float: fn(&mut dyn fmt::Write, DType, u64) -> fmt::Result,
) -> Result<fmt::Result, TensorError> {
    use fmt::Write;
    let dtype = tensor.dtype();
    if dtype == DType::String {
        let strings = tensor.to_strings()?;
        return Ok(nest(out, tensor, |out, index| write_quoted(out, &strings[index])));
    }
    if let Some(size) = float_size(dtype) {
        let bytes = tensor.bytes()?;
        return Ok(nest(out, tensor, |out, index| {
            let mut bits = [0; 8];
            bits[..size].copy_from_slice(&bytes[index * size..(index + 1) * size]);
            float(out, dtype, u64::from_le_bytes(bits))
        }));
    }
    let values = tensor.to_i64s()?;
    Ok(nest(out, tensor, |out, index| match dtype {
        DType::Bool => write!(out, "{}", values[index] != 0),
        DType::Uint64 => write!(out, "{}", values[index] as u64),
        _ => write!(out, "{}", values[index]),
    }))
}

fn nest(
    out: &mut String,
    tensor: &Tensor,
    mut element: impl FnMut(&mut String, usize) -> fmt::Result,
) -> fmt::Result {
    if tensor.rank() == 0 {
        return element(out, 0);
    }
    if tensor.is_empty() {
        out.push_str("[]");
        return Ok(());
    }
    // Elements in one list of each depth, innermost first.
    let mut spans = Vec::new();
    for &size in tensor.shape().iter().rev() {
        spans.push(size * spans.last().copied().unwrap_or(1));
    }
    for index in 0..tensor.len() {
        if index > 0 {
            out.push_str(", ");
        }
        spans.iter().filter(|&&span| index % span == 0).for_each(|_| out.push('['));
        element(out, index)?;
        spans.iter().filter(|&&span| (index + 1) % span == 0).for_each(|_| out.push(']'));
    }
    Ok(())
}
