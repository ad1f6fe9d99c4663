//! Arithmetic on sizes that may be unknown.
//!
//! Numbers are computed, checked for overflow and for negative results. A size that only the run decides
//! stays what it is where nothing happens to it, and otherwise becomes unknown.

use mil_ir::{Dim, Shape, SymExpr, TensorType, Type};
use mil_tensor::DType;

use crate::InferError;
use crate::error::invalid;

/// More axes than any tensor has.
pub(crate) const MAX_RANK: u64 = 64;

/// The sizes of a tensor, where its rank is known.
pub(crate) fn ranked(tensor: &TensorType) -> Option<&[Dim]> {
    let dims = tensor.shape.dims()?;
    let variadic = dims.iter().any(|dim| matches!(dim, Dim::Unknown { variadic: true }));
    (!variadic).then_some(dims)
}

/// A tensor of these sizes; of unknown rank, as converters write it, for `None`.
pub(crate) fn tensor(dtype: DType, dims: Option<Vec<Dim>>) -> Type {
    Type::tensor(dtype, Shape::Ranked(dims.unwrap_or_else(|| vec![Dim::Unknown { variadic: true }])))
}

/// The number, where it is one.
pub(crate) fn fixed(dim: &Dim) -> Option<i64> {
    i64::try_from(dim.fixed()?).ok()
}

/// From a number that must not be negative.
pub(crate) fn size(number: i64) -> Result<Dim, InferError> {
    u64::try_from(number).map(Dim::Fixed).map_err(|_| invalid!("a size would be {number}"))
}

/// Applies a function to the number, where it is one. `None` from it: no such size.
pub(crate) fn map(dim: &Dim, f: impl FnOnce(i64) -> Option<i64>) -> Result<Dim, InferError> {
    match fixed(dim) {
        Some(number) => match f(number) {
            Some(result) => size(result),
            None => Err(invalid!("a size cannot be computed from {number}")),
        },
        None => Ok(Dim::UNKNOWN),
    }
}

/// Adds a number.
pub(crate) fn add(dim: &Dim, number: i64) -> Result<Dim, InferError> {
    match dim {
        _ if number == 0 => Ok(dim.clone()),
        Dim::Symbolic(size) => Ok(symbolic(size.checked_add(&SymExpr::constant(number)))),
        _ => map(dim, |size| size.checked_add(number)),
    }
}

/// Multiplies by a number.
pub(crate) fn mul(dim: &Dim, number: i64) -> Result<Dim, InferError> {
    match dim {
        _ if number == 1 => Ok(dim.clone()),
        Dim::Symbolic(size) => Ok(symbolic(size.checked_mul(&SymExpr::constant(number)))),
        _ => map(dim, |size| size.checked_mul(number)),
    }
}

/// Divides by a number, which must divide.
pub(crate) fn div(dim: &Dim, number: i64) -> Result<Dim, InferError> {
    match (number, fixed(dim)) {
        (1, _) => Ok(dim.clone()),
        (..=0, _) => Err(invalid!("a size is divided by {number}")),
        (_, None) => Ok(dim.floor_div(number)),
        (_, Some(size)) if size % number != 0 => Err(invalid!("{size} is not a multiple of {number}")),
        _ => map(dim, |size| Some(size / number)),
    }
}

/// The product, where all are numbers.
pub(crate) fn product(dims: &[Dim]) -> Option<i64> {
    dims.iter().try_fold(1_i64, |product, dim| product.checked_mul(fixed(dim)?))
}

/// The product as a size: unknown where it is not a number; the size itself where there is only one that is
/// not 1.
pub(crate) fn volume(dims: &[Dim]) -> Dim {
    let mut others = dims.iter().filter(|dim| **dim != Dim::Fixed(1));
    match (others.next(), others.next()) {
        (None, _) => Dim::Fixed(1),
        (Some(only), None) => only.clone(),
        _ => dims.iter().fold(Dim::Fixed(1), |product, dim| product.times(dim)),
    }
}

/// What remains of a number of elements once some sizes are taken off, which must divide it. Sizes that stand
/// on both sides cancel.
pub(crate) fn quotient(whole: &[Dim], part: &[Dim]) -> Dim {
    let mut whole = whole.to_vec();
    let mut divisor = 1_i64;
    for size in part {
        if let Some(at) = whole.iter().position(|other| other == size && *size != Dim::UNKNOWN) {
            whole.remove(at);
            continue;
        }
        match fixed(size).and_then(|size| divisor.checked_mul(size)) {
            Some(product) => divisor = product,
            None => return Dim::UNKNOWN,
        }
    }
    if divisor == 0 { Dim::UNKNOWN } else { volume(&whole).floor_div(divisor) }
}

fn symbolic(size: Option<SymExpr>) -> Dim {
    size.map_or(Dim::UNKNOWN, Dim::from)
}

/// An axis that may be counted from the end.
pub(crate) fn axis(param: &str, axis: i64, rank: usize) -> Result<usize, InferError> {
    mil_tensor::place(axis, rank)
        .ok_or_else(|| invalid!("{param} {axis} is not an axis of a tensor of rank {rank}"))
}

/// Two sizes that must be equal: the one that says more.
pub(crate) fn unify(a: &Dim, b: &Dim) -> Option<Dim> {
    match (a, b) {
        (Dim::Fixed(x), Dim::Fixed(y)) => (x == y).then(|| a.clone()),
        (Dim::Fixed(_), _) => Some(a.clone()),
        (_, Dim::Fixed(_)) | (Dim::Unknown { .. }, _) => Some(b.clone()),
        _ => Some(a.clone()),
    }
}

/// The two sizes can be equal.
pub(crate) fn may_equal(a: &Dim, b: &Dim) -> bool {
    unify(a, b).is_some()
}

/// One axis of two tensors that are broadcast to each other. An unknown size against a number above 1 can
/// only be that number or 1; two unknown ones stay unknown.
fn broadcast_dim(a: &Dim, b: &Dim) -> Option<Dim> {
    match (a, b) {
        _ if a == b => Some(a.clone()),
        (Dim::Fixed(1), other) | (other, Dim::Fixed(1)) => Some(other.clone()),
        (Dim::Fixed(_), Dim::Fixed(_)) => None,
        (Dim::Fixed(size), _) | (_, Dim::Fixed(size)) => Some(Dim::Fixed(*size)),
        // One that is never 1 is not stretched, so the other is 1 or equal.
        _ if never_one(a) => Some(a.clone()),
        _ if never_one(b) => Some(b.clone()),
        _ => Some(Dim::UNKNOWN),
    }
}

fn never_one(dim: &Dim) -> bool {
    dim.expression().is_some_and(|size| size.bounds().lower.is_some_and(|lower| lower > 1))
}

/// The shape of two tensors that are broadcast to each other.
pub(crate) fn broadcast(a: &[Dim], b: &[Dim]) -> Result<Vec<Dim>, InferError> {
    let rank = a.len().max(b.len());
    let one = Dim::Fixed(1);
    let at = |dims: &[Dim], axis: usize| {
        (axis + dims.len()).checked_sub(rank).map_or(&one, |at| &dims[at]).clone()
    };
    (0..rank)
        .map(|axis| broadcast_dim(&at(a, axis), &at(b, axis)))
        .collect::<Option<Vec<Dim>>>()
        .ok_or_else(|| invalid!("shapes {} and {} cannot be broadcast", show(a), show(b)))
}

/// [`broadcast`] where a rank may be unknown.
pub(crate) fn broadcast_ranked(a: Option<&[Dim]>, b: Option<&[Dim]>) -> Result<Option<Vec<Dim>>, InferError> {
    match (a, b) {
        (Some(a), Some(b)) => broadcast(a, b).map(Some),
        _ => Ok(None),
    }
}

/// The sum, where all are numbers.
pub(crate) fn sum(dims: &[Dim]) -> Option<i64> {
    dims.iter().try_fold(0_i64, |sum, dim| sum.checked_add(fixed(dim)?))
}

/// The element type of this name.
pub(crate) fn named_dtype(param: &str, name: &str) -> Result<DType, InferError> {
    DType::from_name(name).ok_or_else(|| invalid!("{param} {name} is no element type"))
}

/// The element type of a result of two operands: a wider one, a float before an integer.
pub(crate) fn promote(a: DType, b: DType) -> DType {
    let rank = |dtype: DType| (dtype.is_float(), dtype.bits());
    if rank(a) >= rank(b) { a } else { b }
}

/// Sizes for messages.
pub(crate) fn show(dims: &[Dim]) -> String {
    let one = |dim: &Dim| match dim {
        Dim::Symbolic(size) => size.to_string(),
        other => other.to_string(),
    };
    let dims: Vec<String> = dims.iter().map(one).collect();
    format!("[{}]", dims.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: Dim = Dim::UNKNOWN;

    fn d(size: u64) -> Dim {
        Dim::Fixed(size)
    }

    #[test]
    fn broadcasting_unknown_sizes_goes_by_bounds() {
        assert_eq!(broadcast(&[N, d(1), d(3)], &[d(4), N]).unwrap(), [N, d(4), d(3)]);
        assert_eq!(broadcast(&[N], &[N]).unwrap(), [N]);
        assert!(broadcast(&[d(2)], &[d(3)]).is_err());
        assert_eq!(broadcast(&[], &[d(0)]).unwrap(), [d(0)]);
    }

    #[test]
    fn sizes_do_not_wrap() {
        assert!(add(&d(1), -2).is_err());
        assert!(mul(&d(1 << 62), 4).is_err());
        assert_eq!(fixed(&d(u64::MAX)), None);
        assert!(div(&d(7), 2).is_err());
        assert_eq!(mul(&N, 1).unwrap(), N);
    }

    #[test]
    fn axes_count_from_both_ends() {
        assert_eq!(axis("axis", -1, 3).unwrap(), 2);
        assert!(axis("axis", 3, 3).is_err());
        assert!(axis("axis", i64::MIN, 3).is_err());
    }
}
