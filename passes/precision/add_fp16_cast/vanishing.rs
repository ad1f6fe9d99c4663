//! Constants that fp16 rounds to zero: mostly an offset of nothing, sometimes what keeps a divisor from zero.

use half::f16;
use mil_ir::{Graph, OpId};
use mil_tensor::{Data, Tensor, TensorError};

/// Elements from which on a constant is not looked at: what keeps others from zero has few.
const FEW: usize = 400;

/// Ops that are followed from a constant on.
const REACH: usize = 32;

/// Operands near zero of which an op makes large numbers.
const SINGULAR: &[(&str, &[&str])] = &[
    ("batch_norm", &["epsilon", "variance"]),
    ("floor_div", &["y"]),
    ("instance_norm", &["epsilon"]),
    ("inverse", &["epsilon", "x"]),
    ("l2_norm", &["epsilon"]),
    ("layer_norm", &["epsilon"]),
    ("log", &["epsilon", "x"]),
    ("mod", &["y"]),
    ("pow", &["x"]),
    ("real_div", &["y"]),
    ("reduce_log_sum", &["x"]),
    ("rsqrt", &["epsilon", "x"]),
];

/// Ops whose result is near zero where their operands are.
const CARRIES: &[&str] = &[
    "abs",
    "add",
    "cast",
    "clip",
    "concat",
    "expand_dims",
    "fill",
    "gather",
    "identity",
    "maximum",
    "minimum",
    "mul",
    "real_div",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_sum",
    "reshape",
    "select",
    "slice_by_index",
    "slice_by_size",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "sub",
    "threshold",
    "tile",
    "transpose",
];

/// A constant has elements that are not zero, and that fp16 rounds to it.
pub(in crate::precision) fn vanishes(tensor: &Tensor) -> Result<bool, TensorError> {
    if tensor.len() >= FEW || matches!(tensor.data(), Data::Opaque(_)) {
        return Ok(false);
    }
    Ok(!tensor.all(|value| value == 0.0 || f16::from_f64(value) != f16::ZERO)?)
}

/// What an op takes by this parameter keeps a divisor, or what a logarithm or a root is taken of, from zero:
/// there or behind arithmetic.
pub(in crate::precision) fn keeps_from_zero(graph: &Graph, op: OpId, param: &str) -> bool {
    let mut reached = vec![(op, param.to_owned())];
    let mut next = 0;
    while let Some((op, param)) = reached.get(next).filter(|_| next < REACH).cloned() {
        next += 1;
        let found = graph.op(op);
        let kind = found.kind().as_str();
        if SINGULAR.iter().any(|(name, params)| *name == kind && params.contains(&param.as_str())) {
            return true;
        }
        if !CARRIES.contains(&kind) {
            continue;
        }
        for &value in found.results() {
            for user in graph.users(value).take(REACH) {
                let takes = graph
                    .op(user)
                    .arguments()
                    .filter(|(_, argument)| argument.iter().any(|operand| operand.value() == Some(value)));
                for (param, _) in takes {
                    let taken = (user, param.to_string());
                    if !reached.contains(&taken) {
                        reached.push(taken);
                    }
                }
            }
        }
    }
    false
}
