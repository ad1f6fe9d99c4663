//! Counters of loops, which are never negative: they start at zero or above, and the loop ends before they
//! could wrap around.

use mil_ir::{Graph, Operand, ValueId};
use mil_ops::is_known;
use mil_tensor::DType;

/// The largest number that a counter is inside its loop. `None` for what is not a variable of a loop that
/// starts at a number which is not negative, is added such a number in each round, and is compared with a
/// constant before each.
pub(super) fn largest(graph: &Graph, value: ValueId) -> Option<i64> {
    let body = graph.block(graph.home(value));
    let is_int32 = graph.value(value).ty().dtype() == Some(DType::Int32);
    let op = graph.op(body.parent().filter(|&parent| is_int32 && is_known(graph, parent))?);
    let &[condition, own] = op.blocks() else { return None };
    if op.kind() != "while_loop" || own != body.id() {
        return None;
    }
    let at = body.inputs().iter().position(|&input| input == value)?;
    let start = number(graph, op.argument("loop_vars")?.get(at)?)?;
    let step = addend(graph, body.outputs().nth(at)?, value)?;
    let condition = graph.block(condition);
    let largest = end(graph, condition.outputs().next()?, *condition.inputs().get(at)?)? - 1;
    (start >= 0 && step >= 0 && largest + step <= i64::from(i32::MAX)).then_some(largest)
}

/// What is added to a value.
fn addend(graph: &Graph, sum: ValueId, value: ValueId) -> Option<i64> {
    let op = graph.definition(sum).filter(|&op| graph.op(op).kind() == "add")?;
    let other =
        ["y", "x"].into_iter().zip(["x", "y"]).find(|(_, own)| graph.input(op, own) == Some(value))?;
    number(graph, graph.operand(op, other.0)?)
}

/// The number that a variable is below where a condition holds.
fn end(graph: &Graph, condition: ValueId, variable: ValueId) -> Option<i64> {
    let op = graph.definition(condition)?;
    let (own, other, beyond) = match graph.op(op).kind().as_str() {
        "less" => ("x", "y", 0),
        "less_equal" => ("x", "y", 1),
        "greater" => ("y", "x", 0),
        "greater_equal" => ("y", "x", 1),
        _ => return None,
    };
    let bound =
        number(graph, graph.operand(op, other)?).filter(|_| graph.input(op, own) == Some(variable))?;
    Some(bound + beyond)
}

/// A constant integer.
fn number(graph: &Graph, operand: &Operand) -> Option<i64> {
    let tensor = graph.literal(operand)?.as_tensor()?;
    let is_one = tensor.dtype() == DType::Int32 && tensor.len() == 1;
    is_one.then(|| tensor.to_i64s().ok())??.first().copied()
}
