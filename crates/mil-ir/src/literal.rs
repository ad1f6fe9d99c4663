//! Values that stand in the program itself.

use mil_tensor::{DType, Fingerprint, Tensor};

use crate::{Carried, Name, Type, TypeKind};

/// A constant with its type (`MIL.proto`, message `Value`).
#[derive(Clone, Debug)]
pub struct Literal {
    /// The type as declared.
    pub ty: Type,
    /// The contents.
    pub data: LiteralData,
    /// Documentation; empty in most programs.
    pub doc: Name,
    /// Where a file keeps the bytes.
    pub storage: Storage,
    /// Unknown fields.
    pub carried: Option<Box<Carried>>,
}

/// The contents of a literal.
#[derive(Clone, Debug)]
pub enum LiteralData {
    /// An array.
    Tensor(Tensor),
    /// Elements of one type.
    List(Vec<Literal>),
    /// Elements of several types.
    Tuple(Vec<Literal>),
    /// Keys and values, in the order of the file.
    Dict(Vec<(Literal, Literal)>),
    /// The wire bytes of a value that this version cannot read: carried, never interpreted.
    Opaque(Box<[u8]>),
}

/// Where the bytes of a literal tensor go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// Where the format's rules say: a new literal.
    #[default]
    Auto,
    /// In the program, as they were read.
    Immediate,
    /// In the weight file of this name, as they were read (`@model_path/weights/weight.bin`).
    File(Name),
    /// In a weight file that is not at hand, at this offset. The tensor is opaque, and the literal can be
    /// shown, not read. An empty name: nobody knows where.
    Missing(Name, u64),
}

impl Literal {
    /// A literal that milopt made.
    pub fn new(ty: Type, data: LiteralData) -> Literal {
        Literal { ty, data, doc: Name::default(), storage: Storage::Auto, carried: None }
    }

    /// A tensor.
    pub fn tensor(tensor: Tensor) -> Literal {
        Literal::new(Type::fixed(tensor.dtype(), tensor.shape()), LiteralData::Tensor(tensor))
    }

    /// A tensor in a weight file that is not at hand. Its elements are not known, but that they are those of
    /// every other tensor of this type at the same place.
    pub fn missing(ty: Type, dtype: DType, shape: &[usize], file: &str, offset: u64) -> Literal {
        let stand_in = Fingerprint::stand_in(&format!("{dtype} {shape:?} at {offset} of {file}"));
        let data = LiteralData::Tensor(Tensor::opaque(dtype, shape, stand_in));
        Literal { storage: Storage::Missing(file.into(), offset), ..Literal::new(ty, data) }
    }

    /// A string.
    pub fn string(text: &str) -> Literal {
        Literal::tensor(Tensor::string(text))
    }

    /// A list of elements of one type.
    pub fn list(element: Type, elements: Vec<Literal>) -> Literal {
        let length = elements.len().into();
        Literal::new(Type::new(TypeKind::List(element, length)), LiteralData::List(elements))
    }

    /// The tensor, where it is one.
    pub fn as_tensor(&self) -> Option<&Tensor> {
        match &self.data {
            LiteralData::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// The text of a string scalar.
    pub fn as_str(&self) -> Option<&str> {
        self.as_tensor().filter(|tensor| tensor.dtype() == DType::String)?.item_str()
    }
}

impl From<Tensor> for Literal {
    fn from(tensor: Tensor) -> Literal {
        Literal::tensor(tensor)
    }
}

/// Same type and contents, bit by bit. Literals whose bytes cannot be read are equal only to themselves.
impl PartialEq for Literal {
    fn eq(&self, other: &Literal) -> bool {
        self.ty == other.ty
            && match (&self.data, &other.data) {
                (LiteralData::Tensor(a), LiteralData::Tensor(b)) => a.content_eq(b).unwrap_or(false),
                (LiteralData::List(a), LiteralData::List(b))
                | (LiteralData::Tuple(a), LiteralData::Tuple(b)) => a == b,
                (LiteralData::Dict(a), LiteralData::Dict(b)) => a == b,
                (LiteralData::Opaque(a), LiteralData::Opaque(b)) => a == b,
                _ => false,
            }
    }
}
