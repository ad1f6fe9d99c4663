//! Sizes that a program computes from shapes: `shape` → `gather` → `concat` → `reshape`.
//!
//! Once the inputs' shapes are settled, such sizes are known, and the shapes that follow from them. This follows vectors of integers
//! through the ops that converters write for that, and nothing else; what it does not follow stays open.

use std::collections::HashMap;

use mil_ir::{Graph, OpId, Operand, ValueId};
use mil_tensor::{DType, Tensor};

/// Longer vectors are no sizes.
const LONGEST: usize = 64;

/// Integers that are known at the settled shapes.
#[derive(Debug, Default)]
pub(crate) struct Sizes {
    known: HashMap<ValueId, Vec<i64>>,
}

impl Sizes {
    /// Notes the result of an op if it is a vector of integers, or one integer, that follows from what is known.
    pub(crate) fn follow(&mut self, graph: &Graph, op: OpId) {
        let &[result] = graph.op(op).results() else { return };
        let small = graph.value(result).ty().rank().is_some_and(|rank| rank <= 1);
        if let Some(values) = self.result(graph, op).filter(|values| small && values.len() <= LONGEST) {
            self.known.insert(result, values);
        }
    }

    /// Binds what is known to the parameters of an op, so that inference sees it.
    pub(crate) fn bind(&self, graph: &mut Graph, op: OpId) {
        let known = |operand: &Operand| Some((operand.value()?, self.known.get(&operand.value()?)?));
        let mut bound = Vec::new();
        for (param, argument) in graph.op(op).arguments() {
            for (at, operand) in argument.iter().enumerate() {
                let Some((value, sizes)) = known(operand) else { continue };
                let rank = graph.value(value).ty().rank().unwrap_or(1);
                let Ok(sizes) =
                    sizes.iter().map(|&size| i32::try_from(size)).collect::<Result<Vec<i32>, _>>()
                else {
                    continue;
                };
                bound.push((
                    param.clone(),
                    at,
                    match (rank, &sizes[..]) {
                        (0, &[size]) => Tensor::scalar(size),
                        _ => Tensor::ints(&sizes),
                    },
                ));
            }
        }
        for (param, at, sizes) in bound {
            graph.set_operand(op, &param, at, sizes);
        }
    }

    fn result(&self, graph: &Graph, op: OpId) -> Option<Vec<i64>> {
        let of = |param: &str| self.value(graph, graph.operand(op, param)?);
        let all = |param: &str| -> Option<Vec<i64>> {
            let argument = graph.op(op).argument(param)?;
            let parts = argument.iter().map(|operand| self.value(graph, operand));
            Some(parts.collect::<Option<Vec<_>>>()?.concat())
        };
        match &**graph.op(op).kind() {
            "shape" => {
                let dims = graph.operand_type(graph.operand(op, "x")?).dims()?;
                dims.iter().map(|dim| i64::try_from(dim.fixed()?).ok()).collect()
            }
            "cast" | "identity" | "squeeze" | "expand_dims" | "reshape" => of("x"),
            "concat" | "stack" => all("values"),
            "gather" => {
                let (x, indices) = (of("x")?, of("indices")?);
                indices.iter().map(|&index| x.get(position(index, x.len())?).copied()).collect()
            }
            "slice_by_index" => {
                let one = |param: &str| of(param).and_then(|values| values.first().copied());
                let x = of("x")?;
                let begin = if one("begin_mask") == Some(1) { 0 } else { bound(one("begin")?, x.len()) };
                if one("squeeze_mask") == Some(1) {
                    return Some(vec![*x.get(begin)?]);
                }
                let end = if one("end_mask") == Some(1) { x.len() } else { bound(one("end")?, x.len()) };
                let stride = usize::try_from(one("stride").unwrap_or(1)).ok().filter(|&stride| stride > 0)?;
                Some(x.get(begin..end)?.iter().step_by(stride).copied().collect())
            }
            kind => {
                let compute: fn(i64, i64) -> Option<i64> = match kind {
                    "add" => i64::checked_add,
                    "sub" => i64::checked_sub,
                    "mul" => i64::checked_mul,
                    "maximum" => |x, y| Some(x.max(y)),
                    "minimum" => |x, y| Some(x.min(y)),
                    "floor_div" => floor_div,
                    "mod" => |x, y| x.checked_sub(floor_div(x, y)?.checked_mul(y)?),
                    _ => return None,
                };
                let (x, y) = (of("x")?, of("y")?);
                let length = if x.len() == 1 { y.len() } else { x.len() };
                if ![1, length].contains(&x.len()) || ![1, length].contains(&y.len()) {
                    return None;
                }
                let at = |values: &[i64], at: usize| values[if values.len() == 1 { 0 } else { at }];
                (0..length).map(|index| compute(at(&x, index), at(&y, index))).collect()
            }
        }
    }

    /// The integers, or truth values, of an operand.
    fn value(&self, graph: &Graph, operand: &Operand) -> Option<Vec<i64>> {
        if let Some(known) = operand.value().and_then(|value| self.known.get(&value)) {
            return Some(known.clone());
        }
        let tensor = graph.literal(operand)?.as_tensor()?;
        let whole = !tensor.dtype().is_float() && tensor.dtype() != DType::String;
        let small = tensor.rank() <= 1 && tensor.len() <= LONGEST;
        (whole && small).then(|| tensor.to_i64s().ok()).flatten()
    }
}

/// An index, counted from the end where it is negative.
fn position(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    usize::try_from(if index < 0 { index.checked_add(length)? } else { index }).ok()
}

/// An index as the bound of a slice: cut off at both ends.
fn bound(index: i64, length: usize) -> usize {
    position(index, length).map_or(0, |at| at.min(length))
}

fn floor_div(x: i64, y: i64) -> Option<i64> {
    let quotient = x.checked_div(y)?;
    Some(if x % y != 0 && (x < 0) != (y < 0) { quotient - 1 } else { quotient })
}

#[cfg(test)]
mod tests {
    use mil_ir::{At, Dim, NewOp, Shape, Type};

    use super::*;

    /// The value that `ops` compute last from a shape of 1 × 3 × 640 × 480; each reads the one before as `x`.
    fn follow(ops: &[NewOp]) -> Option<Vec<i64>> {
        let mut graph = Graph::new(vec![("x".into(), Type::fixed(DType::Fp16, &[1, 3, 640, 480]))]);
        let mut last = graph.root().inputs()[0];
        let mut sizes = Sizes::default();
        let vector = Type::tensor(DType::Int32, Shape::Ranked(vec![Dim::UNKNOWN]));
        let first = NewOp::new("shape");
        for (at, op) in [first].iter().chain(ops).enumerate() {
            let op = op.clone().with("x", last).result(format!("v{at}"), vector.clone());
            let op = graph.insert(op, At::End(Graph::ROOT));
            sizes.follow(&graph, op);
            last = graph.op(op).results()[0];
        }
        sizes.known.get(&last).cloned()
    }

    #[test]
    fn ops_on_sizes_are_followed() {
        let gather = |index: i32| NewOp::new("gather").with("indices", Tensor::ints(&[index]));
        let with = |kind: &str, y: i32| NewOp::new(kind).with("y", Tensor::scalar(y));
        let slice = |begin: i32, end: i32| {
            let op = NewOp::new("slice_by_index").with("begin", Tensor::ints(&[begin]));
            op.with("end", Tensor::ints(&[end]))
        };
        assert_eq!(follow(&[]), Some(vec![1, 3, 640, 480]));
        assert_eq!(follow(&[gather(-1)]), Some(vec![480]));
        assert_eq!(follow(&[gather(4)]), None, "out of bounds");
        assert_eq!(follow(&[slice(1, -1)]), Some(vec![3, 640]));
        assert_eq!(follow(&[slice(2, 100)]), Some(vec![640, 480]));
        assert_eq!(
            follow(&[slice(0, 9).with("end_mask", Tensor::from_bools(&[1], &[true]).unwrap())])
                .unwrap()
                .len(),
            4
        );
        assert_eq!(follow(&[with("floor_div", 7)]), Some(vec![0, 0, 91, 68]));
        assert_eq!(follow(&[with("mul", -1), with("floor_div", 7)]), Some(vec![-1, -1, -92, -69]));
        assert_eq!(follow(&[with("mod", 7)]), Some(vec![1, 3, 3, 4]));
        assert_eq!(follow(&[with("floor_div", 0)]), None);
        assert_eq!(
            follow(&[with("mul", i32::MAX), with("mul", i32::MAX), with("mul", i32::MAX)]),
            None,
            "too large"
        );
        assert_eq!(follow(&[NewOp::new("relu")]), None);
    }
}
