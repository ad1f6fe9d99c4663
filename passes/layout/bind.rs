//! Binding tensors to parameters of ops that stay.

use mil_ir::{Literal, OpId};
use mil_pass::Rewrite;
use mil_tensor::Tensor;

/// Binds a tensor to a parameter, or to one of its operands, in the spelling in which it is bound: an
/// attribute, a literal, or else a `const` op.
pub(super) fn bind(rw: &mut Rewrite<'_>, op: OpId, param: &str, index: usize, tensor: Tensor) {
    if rw.graph().op(op).attributes().get(param).is_some() {
        rw.graph_mut().set_attribute(op, param, Some(Literal::tensor(tensor)));
        return;
    }
    let operand = rw.graph().op(op).argument(param).and_then(|argument| argument.get(index));
    if operand.is_some_and(|operand| operand.literal().is_some()) {
        rw.graph_mut().set_operand(op, param, index, tensor);
        return;
    }
    let old = operand.and_then(|operand| rw.graph().definition(operand.value()?));
    let name = format!("{}_{param}_{index}", rw.graph().label(op));
    let value = rw.tensor(&name, tensor, op);
    rw.graph_mut().set_operand(op, param, index, value);
    rw.erase_unused(&old.into_iter().collect::<Vec<_>>());
}
