//! Types of values.

use std::fmt;
use std::sync::Arc;

use mil_tensor::DType;

use crate::{Attributes, Carried, SymExpr};

/// The type of a value. Clones share one allocation.
#[derive(Clone)]
pub struct Type(Arc<Inner>);

struct Inner {
    kind: TypeKind,
    carried: Option<Box<Carried>>,
}

/// The forms of a type (`MIL.proto`, message `ValueType`).
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// An n-dimensional array.
    Tensor(TensorType),
    /// A list of elements of one type; its length may be unknown.
    List(Type, Dim),
    /// Several values.
    Tuple(Vec<Type>),
    /// Keys and values.
    Dict(Type, Type),
    /// A state that lives across calls.
    State(Type),
    /// No form that this version knows. `carried` is `Some`, be it of nothing, where a message is there.
    Unknown,
}

/// Element type and shape of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorType {
    /// Element type.
    pub dtype: DType,
    /// Sizes.
    pub shape: Shape,
    /// Attributes of the type itself; rare.
    pub attributes: Attributes,
}

/// The sizes of a tensor, in elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One size per axis.
    Ranked(Vec<Dim>),
    /// Not even the rank is known.
    Unranked,
}

/// The size of one axis, in elements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dim {
    /// A number.
    Fixed(u64),
    /// An expression over input symbols; only analyses and new ops have it, files have no form for it.
    Symbolic(SymExpr),
    /// Known when the program runs. `variadic`: stands for any number of axes.
    Unknown {
        /// Any number of axes, not one.
        variadic: bool,
    },
}

impl Dim {
    /// A size that is known when the program runs.
    pub const UNKNOWN: Dim = Dim::Unknown { variadic: false };

    /// The number, where it is one.
    pub fn fixed(&self) -> Option<u64> {
        match self {
            Dim::Fixed(size) => Some(*size),
            _ => None,
        }
    }
}

/// Arithmetic on sizes. What cannot be said is [`Dim::UNKNOWN`]: an unknown operand, a result that would be
/// negative or too large, an expression that grows too long.
impl Dim {
    /// As an expression; `None` for an unknown size.
    pub fn expression(&self) -> Option<SymExpr> {
        match self {
            Dim::Fixed(size) => i64::try_from(*size).ok().map(SymExpr::constant),
            Dim::Symbolic(expression) => Some(expression.clone()),
            Dim::Unknown { .. } => None,
        }
    }

    fn combine(&self, other: &Dim, with: impl Fn(&SymExpr, &SymExpr) -> Option<SymExpr>) -> Dim {
        let both = self.expression().zip(other.expression());
        both.and_then(|(a, b)| with(&a, &b)).map_or(Dim::UNKNOWN, Dim::from)
    }

    /// The sum.
    pub fn plus(&self, other: &Dim) -> Dim {
        self.combine(other, SymExpr::checked_add)
    }

    /// The difference.
    pub fn minus(&self, other: &Dim) -> Dim {
        self.combine(other, SymExpr::checked_sub)
    }

    /// The product.
    pub fn times(&self, other: &Dim) -> Dim {
        self.combine(other, SymExpr::checked_mul)
    }

    /// The larger one.
    pub fn maximum(&self, other: &Dim) -> Dim {
        self.combine(other, SymExpr::maximum)
    }

    /// The quotient, rounded down.
    pub fn floor_div(&self, divisor: i64) -> Dim {
        self.expression().and_then(|size| size.floor_div(divisor)).map_or(Dim::UNKNOWN, Dim::from)
    }

    /// The quotient, rounded up.
    pub fn ceil_div(&self, divisor: i64) -> Dim {
        self.expression().and_then(|size| size.ceil_div(divisor)).map_or(Dim::UNKNOWN, Dim::from)
    }
}

impl From<SymExpr> for Dim {
    fn from(expression: SymExpr) -> Dim {
        match expression.as_constant() {
            Some(size) => u64::try_from(size).map_or(Dim::UNKNOWN, Dim::Fixed),
            None => Dim::Symbolic(expression),
        }
    }
}

impl From<usize> for Dim {
    fn from(size: usize) -> Dim {
        Dim::Fixed(size as u64)
    }
}

impl Shape {
    /// From numbers.
    pub fn fixed(dims: &[usize]) -> Shape {
        Shape::Ranked(dims.iter().map(|&dim| dim.into()).collect())
    }

    /// The sizes, where the rank is known.
    pub fn dims(&self) -> Option<&[Dim]> {
        match self {
            Shape::Ranked(dims) => Some(dims),
            Shape::Unranked => None,
        }
    }

    /// The number of axes, where it is known.
    pub fn rank(&self) -> Option<usize> {
        self.dims().map(<[Dim]>::len)
    }

    /// The sizes as numbers, where all are.
    pub fn to_fixed(&self) -> Option<Vec<usize>> {
        self.dims()?.iter().map(|dim| dim.fixed().and_then(|size| usize::try_from(size).ok())).collect()
    }
}

impl Type {
    /// Of this form.
    pub fn new(kind: TypeKind) -> Type {
        Type::with_carried(kind, None)
    }

    /// Of this form, with unknown fields.
    pub fn with_carried(kind: TypeKind, carried: Option<Box<Carried>>) -> Type {
        Type(Arc::new(Inner { kind, carried }))
    }

    /// A tensor.
    pub fn tensor(dtype: DType, shape: Shape) -> Type {
        Type::new(TypeKind::Tensor(TensorType { dtype, shape, attributes: Attributes::new() }))
    }

    /// A tensor of fixed sizes.
    pub fn fixed(dtype: DType, dims: &[usize]) -> Type {
        Type::tensor(dtype, Shape::fixed(dims))
    }

    /// A tensor of rank 0.
    pub fn scalar(dtype: DType) -> Type {
        Type::fixed(dtype, &[])
    }

    /// The form.
    pub fn kind(&self) -> &TypeKind {
        &self.0.kind
    }

    /// Unknown fields of the type's message.
    pub fn carried(&self) -> Option<&Carried> {
        self.0.carried.as_deref()
    }

    /// As a tensor, where it is one.
    pub fn as_tensor(&self) -> Option<&TensorType> {
        match self.kind() {
            TypeKind::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// The type of a state's contents, where it is a state.
    pub fn as_state(&self) -> Option<&Type> {
        match self.kind() {
            TypeKind::State(inner) => Some(inner),
            _ => None,
        }
    }

    /// Element type, where it is a tensor.
    pub fn dtype(&self) -> Option<DType> {
        self.as_tensor().map(|tensor| tensor.dtype)
    }

    /// Sizes, where it is a tensor of known rank.
    pub fn dims(&self) -> Option<&[Dim]> {
        self.as_tensor()?.shape.dims()
    }

    /// Number of axes, where it is a tensor of known rank.
    pub fn rank(&self) -> Option<usize> {
        self.dims().map(<[Dim]>::len)
    }

    /// Sizes as numbers, where it is a tensor and all are.
    pub fn fixed_shape(&self) -> Option<Vec<usize>> {
        self.as_tensor()?.shape.to_fixed()
    }

    /// The same tensor type with another element type; other forms as they are.
    pub fn with_dtype(&self, dtype: DType) -> Type {
        match self.as_tensor() {
            Some(tensor) => Type::tensor(dtype, tensor.shape.clone()),
            None => self.clone(),
        }
    }
}

/// Types are equal if their forms are; unknown fields do not count.
impl PartialEq for Type {
    fn eq(&self, other: &Type) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.kind == other.0.kind
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Fixed(size) => write!(f, "{size}"),
            Dim::Symbolic(_) | Dim::Unknown { variadic: false } => f.write_str("?"),
            Dim::Unknown { variadic: true } => f.write_str("..."),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::text::write_type(f, self)
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_computed() {
        let (s, two) = (Dim::from(SymExpr::symbol("s")), Dim::Fixed(2));
        assert_eq!(Dim::Fixed(7).ceil_div(2), Dim::Fixed(4));
        assert_eq!(two.minus(&Dim::Fixed(3)), Dim::UNKNOWN);
        assert_eq!(s.times(&two).minus(&s).minus(&s), Dim::Fixed(0));
        assert_eq!(s.plus(&two).maximum(&s), s.plus(&two));
        assert_eq!(s.plus(&Dim::UNKNOWN), Dim::UNKNOWN);
        assert_eq!(s.times(&two).floor_div(2), s);
    }
}
