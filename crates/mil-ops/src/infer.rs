//! Types of results, and how they compare with declared ones.

use mil_ir::{Dim, Graph, NewOp, OpId, Opset, Shape, Type, TypeKind};
use mil_tensor::Tensor;

use crate::{Call, InferError};

/// The types of the results of an op.
pub fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    call.def().infer.ok_or(InferError::Undecided)?(call)
}

/// The types of the results of an op in a graph.
pub fn infer_op(graph: &Graph, op: OpId, opset: &Opset) -> Result<Vec<Type>, InferError> {
    infer(&Call::of(graph, op, opset)?)
}

/// The types of the results of an op that is not inserted yet.
pub fn infer_new(graph: &Graph, new: &NewOp, opset: &Opset) -> Result<Vec<Type>, InferError> {
    infer(&Call::of_new(graph, new, opset)?)
}

/// The constant bound to a parameter in any of its three spellings, or the default of the op table.
pub fn parameter(graph: &Graph, op: OpId, opset: &Opset, param: &str) -> Option<Tensor> {
    match Call::of(graph, op, opset) {
        Ok(call) => call.value(param),
        Err(_) => graph.constant(op, param),
    }
}

/// The type of `x`: what most ops of one tensor give.
pub(crate) fn like_x(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    Ok(vec![call.ty_like("x", call.dtype("x")?)?])
}

/// Two types can be those of one value: equal as far as both are known. A scalar and a tensor of one element
/// and one axis agree, as converters write one for the other.
pub fn types_agree(a: &Type, b: &Type) -> bool {
    match (a.kind(), b.kind()) {
        (TypeKind::Tensor(a), TypeKind::Tensor(b)) => a.dtype == b.dtype && shapes_agree(&a.shape, &b.shape),
        (TypeKind::List(a, n), TypeKind::List(b, m)) => types_agree(a, b) && crate::dims::may_equal(n, m),
        (TypeKind::Tuple(a), TypeKind::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| types_agree(a, b))
        }
        (TypeKind::Dict(key_a, a), TypeKind::Dict(key_b, b)) => {
            types_agree(key_a, key_b) && types_agree(a, b)
        }
        (TypeKind::State(a), TypeKind::State(b)) => types_agree(a, b),
        (TypeKind::Unknown, _) | (_, TypeKind::Unknown) => true,
        _ => false,
    }
}

/// What two types of one value say together: each size from the one that knows it. `None` where they do not
/// agree.
pub fn refine_type(a: &Type, b: &Type) -> Option<Type> {
    if !types_agree(a, b) {
        return None;
    }
    let (Some(x), Some(y)) = (a.as_tensor(), b.as_tensor()) else { return Some(a.clone()) };
    match (crate::dims::ranked(x), crate::dims::ranked(y)) {
        (Some(x), Some(y)) if x.len() == y.len() => {
            let dims = x.iter().zip(y).map(|(x, y)| crate::dims::unify(x, y)).collect::<Option<_>>()?;
            Some(Type::tensor(a.dtype()?, Shape::Ranked(dims)))
        }
        (None, Some(_)) => Some(b.clone()),
        _ => Some(a.clone()),
    }
}

/// Two shapes can be those of one tensor.
pub(crate) fn shapes_agree(a: &Shape, b: &Shape) -> bool {
    let (Some(a), Some(b)) = (a.dims(), b.dims()) else { return true };
    let variadic = |dims: &[Dim]| dims.iter().any(|dim| matches!(dim, Dim::Unknown { variadic: true }));
    if variadic(a) || variadic(b) {
        return true;
    }
    match (a, b) {
        ([], [one]) | ([one], []) => crate::dims::may_equal(one, &Dim::Fixed(1)),
        _ => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| crate::dims::may_equal(a, b)),
    }
}

#[cfg(test)]
mod tests {
    use mil_tensor::DType;

    use super::*;

    #[test]
    fn unknown_sizes_agree_with_any() {
        let ty = |dims: Vec<Dim>| Type::tensor(DType::Fp32, Shape::Ranked(dims));
        let known = Type::fixed(DType::Fp32, &[2, 3]);
        assert!(types_agree(&known, &ty(vec![Dim::UNKNOWN, 3.into()])));
        assert!(types_agree(&known, &ty(vec![Dim::Unknown { variadic: true }])));
        assert!(!types_agree(&known, &ty(vec![Dim::UNKNOWN])));
        assert!(types_agree(&Type::scalar(DType::Fp32), &Type::fixed(DType::Fp32, &[1])));
        assert!(!types_agree(&known, &Type::fixed(DType::Fp16, &[2, 3])));
        let half = ty(vec![2.into(), Dim::UNKNOWN]);
        assert_eq!(refine_type(&half, &ty(vec![Dim::UNKNOWN, 3.into()])), Some(known.clone()));
        assert_eq!(refine_type(&ty(vec![Dim::Unknown { variadic: true }]), &known), Some(known.clone()));
        assert_eq!(refine_type(&known, &Type::fixed(DType::Fp32, &[2, 4])), None);
    }
}
