//! What an op works on, as a person reads it: names, types, small constants.

use mil_ir::{Graph, Literal, OpId, Operand};
use serde::Serialize;

/// Constants of up to so many elements are shown.
const SHOWN: usize = 16;

/// An operand of an op, or an attribute.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OperandEstimate {
    /// The parameter: `strides`.
    pub param: String,
    /// Name of the value; `None` for a constant that stands in the op itself.
    pub name: Option<String>,
    /// Its type: `tensor<fp16, [64, 3, 3, 3]>`.
    #[serde(rename = "type")]
    pub ty: String,
    /// It is known when the program is compiled.
    pub constant: bool,
    /// What it is, where it is a small constant: `[1, 1]`, `same`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// An input or an output of a function.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// Its type in the program.
    #[serde(rename = "type")]
    pub ty: String,
}

/// The operands of an op, by parameter and position. `graph` gives the types, `declared` all else.
pub(crate) fn operands(graph: &Graph, declared: &Graph, op: OpId) -> Vec<OperandEstimate> {
    let one = |param: &str, operand: &Operand| {
        let literal = declared.literal(operand);
        let definition = operand.value().and_then(|value| declared.definition(value));
        let constexpr = definition.is_some_and(|op| declared.op(op).kind().starts_with("constexpr_"));
        OperandEstimate {
            param: param.to_owned(),
            name: operand.value().map(|value| declared.value(value).name().to_string()),
            ty: operand
                .value()
                .map_or_else(|| graph.operand_type(operand), |value| graph.value(value).ty())
                .to_string(),
            constant: literal.is_some() || constexpr,
            value: literal.and_then(value),
        }
    };
    let arguments = declared.op(op).arguments();
    arguments.flat_map(|(param, argument)| argument.iter().map(move |operand| one(param, operand))).collect()
}

/// A small constant in words; decimals, not bits.
fn value(literal: &Literal) -> Option<String> {
    if let Some(text) = literal.as_str() {
        return Some(text.to_owned());
    }
    let tensor = literal.as_tensor().filter(|tensor| tensor.len() <= SHOWN)?;
    let elements: Vec<String> = if tensor.dtype().is_float() {
        tensor.to_f64s().ok()?.iter().map(|value| format!("{}", *value as f32)).collect()
    } else if tensor.dtype() == mil_tensor::DType::Bool {
        tensor.to_i64s().ok()?.iter().map(|&value| (value != 0).to_string()).collect()
    } else {
        tensor.to_i64s().ok()?.iter().map(ToString::to_string).collect()
    };
    Some(match (tensor.shape(), &elements[..]) {
        ([], [one]) => one.clone(),
        _ => format!("[{}]", elements.join(", ")),
    })
}

/// The inputs and outputs of a function.
pub(crate) fn ports(graph: &Graph) -> [Vec<Port>; 2] {
    let port = |value: mil_ir::ValueId| {
        let value = graph.value(value);
        Port { name: value.name().to_string(), ty: value.ty().to_string() }
    };
    let root = graph.root();
    [root.inputs().iter().copied().map(port).collect(), root.outputs().map(port).collect()]
}
