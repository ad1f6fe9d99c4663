//! Finite numbers that stand for infinity: masks, which fp16 does not have.

use mil_ir::{Graph, Literal, OpId, Operand};
use mil_pass::PassError;
use mil_tensor::{DType, Tensor};

use super::noise::LARGEST;
use crate::precision::add_fp16_cast::range::MASK;

/// Ops in which a mask is added, put in the place of scores, or multiplied out of zeros and ones.
const MASKS: &[&str] = &["add", "sub", "mul", "select"];

/// An op, the parameter and place of what may be a mask, and what it would become.
pub(super) type Candidate = (OpId, String, usize, Tensor);

/// Operands that may be masks: constants whose elements are all zero or beyond fp16.
pub(super) fn candidates(graph: &Graph) -> Result<Vec<Candidate>, PassError> {
    let mut found = Vec::new();
    for op in graph.walk().filter(|&op| MASKS.contains(&graph.op(op).kind().as_str())) {
        for (param, argument) in graph.op(op).arguments() {
            for (index, operand) in argument.iter().enumerate() {
                let tensor = graph.literal(operand).and_then(Literal::as_tensor);
                let Some(tensor) = tensor.filter(|tensor| tensor.dtype() == DType::Fp32) else { continue };
                let fault = |source| PassError::Tensor { op: graph.label(op).clone(), source };
                if let Some(safe) = safe(tensor).map_err(fault)? {
                    found.push((op, param.to_string(), index, safe));
                }
            }
        }
    }
    Ok(found)
}

/// A constant with what stands for infinity at a safe distance; `None` for one that is no mask.
fn safe(tensor: &Tensor) -> Result<Option<Tensor>, mil_tensor::TensorError> {
    let is_beyond = |value: f64| value.is_finite() && value.abs() > LARGEST;
    if !tensor.all(|value| value == 0.0 || value.is_infinite() || is_beyond(value))?
        || tensor.all(|value| !is_beyond(value))?
    {
        return Ok(None);
    }
    let replaced: Vec<f64> = tensor
        .to_f64s()?
        .into_iter()
        .map(|value| if is_beyond(value) { f64::from(MASK).copysign(value) } else { value })
        .collect();
    Tensor::from_f64s(DType::Fp32, tensor.shape(), &replaced).map(Some)
}

/// Puts a safe constant in the place of a mask, for this op only.
pub(super) fn replace(graph: &mut Graph, op: OpId, param: &str, index: usize, safe: Tensor) {
    graph.set_operand(op, param, index, Operand::from(Literal::tensor(safe)));
}
