//! One op on its own.

use mil_ir::{Graph, Literal, LiteralData, OpId, Operand, Opset, Release, ValueId};
use mil_tensor::{DType, Tensor};

use super::{Array, Bound, Context, EvalError, EvalOptions, EvalValue, List, Outcome, Precision, elements};
use crate::{Effect, Trait};

/// Runs the kernel of an op and settles its results: floats are rounded to their element type, integers
/// wrapped.
pub fn call(context: &Context<'_>) -> Outcome {
    let kernel =
        context.def.kernel.ok_or_else(|| EvalError::Unsupported(format!("the op {}", context.def.name)))?;
    let mut values = kernel(context)?;
    for value in &mut values {
        if let EvalValue::Array(array) = value {
            let empty = Array::ints(Vec::new());
            *array = std::mem::replace(array, empty).settle();
        }
    }
    Ok(values)
}

/// The value of a literal, as kernels take it. Integer and text scalars of dictionaries have no array form.
pub(crate) fn literal_value(
    literal: &mil_ir::Literal,
    options: &EvalOptions,
) -> Result<EvalValue, EvalError> {
    match &literal.data {
        LiteralData::Tensor(tensor) => {
            // A few bytes of a file can stand for any number of equal elements.
            let limit = options.limits.value_bytes;
            if elements(tensor.shape())
                .is_none_or(|count| count.checked_mul(8).is_none_or(|bytes| bytes > limit))
            {
                return Err(EvalError::TooLarge { shape: tensor.shape().to_vec(), limit });
            }
            Ok(Array::from_tensor(tensor, options.precision == Precision::Double)?.into())
        }
        LiteralData::List(items) | LiteralData::Tuple(items) => {
            let elements = items
                .iter()
                .map(|item| match literal_value(item, options)? {
                    EvalValue::Array(array) => Ok(Some(array)),
                    _ => Err(EvalError::Unsupported("a literal list of lists".into())),
                })
                .collect::<Result<Vec<_>, _>>()?;
            let dtype = elements.iter().flatten().next().map_or(DType::Int32, Array::dtype);
            Ok(List { dtype, elements: elements.into(), growing: false }.into())
        }
        LiteralData::Dict(_) => Err(EvalError::Unsupported("a literal dictionary".into())),
        LiteralData::Opaque(_) => Err(EvalError::Unsupported("a literal of an unknown form".into())),
    }
}

/// Binds the operands and attributes of an op; values of the program come from `lookup`.
///
/// Attributes stand in for operands that are missing, as those of an iOS16 `constexpr_*` op do.
pub fn bind_constants(
    graph: &Graph,
    op: OpId,
    options: &EvalOptions,
    mut lookup: impl FnMut(mil_ir::ValueId) -> Result<EvalValue, EvalError>,
) -> Result<Bound, EvalError> {
    let op = graph.op(op);
    let mut bound = Bound::new();
    for (param, argument) in op.arguments() {
        let values = argument
            .iter()
            .map(|operand| match operand {
                Operand::Value(value) => lookup(*value),
                Operand::Literal(literal) => literal_value(literal, options),
            })
            .collect::<Result<_, _>>()?;
        bound.push((param.clone(), values));
    }
    for (key, literal) in op.attributes() {
        if op.argument(key).is_none() {
            bound.push((key.clone(), smallvec::smallvec![literal_value(literal, options)?]));
        }
    }
    Ok(bound)
}

/// Bytes of an operand that folding always reads.
const OPERAND_BYTES: usize = 256 << 20;

/// Evaluates an op whose operands are constants.
///
/// `None` where it cannot be folded: the op is unknown to this opset, has effects or blocks, draws random
/// numbers, some operand is no constant, or the results would need more than `options.limits.value_bytes`.
/// Results are the same on every machine if `options.reproducible` is set.
pub fn fold(
    graph: &Graph,
    op: OpId,
    opset: &Opset,
    options: &EvalOptions,
) -> Option<Result<Vec<Tensor>, EvalError>> {
    fold_with(graph, op, opset, options, |_| None)
}

/// [`fold`] where values that are no constants of the graph are known: what folding would have made of them.
pub fn fold_with(
    graph: &Graph,
    op: OpId,
    opset: &Opset,
    options: &EvalOptions,
    known: impl Fn(ValueId) -> Option<Tensor>,
) -> Option<Result<Vec<Tensor>, EvalError>> {
    let found = graph.op(op);
    let def = crate::def(found.kind())?;
    let target = opset.release()?;
    def.version(target)?;
    def.kernel?;
    if def.effect != Effect::Pure
        || def.is(Trait::Blocks)
        || !found.blocks().is_empty()
        || found.kind() == "const"
    {
        return None;
    }
    let is_known = |operand: &Operand| match graph.literal(operand) {
        Some(literal) => literal.as_tensor().is_some(),
        None => operand.value().is_some_and(|value| known(value).is_some()),
    };
    if !found.operands().all(is_known) {
        return None;
    }
    match evaluate(graph, op, def, target, options, &known) {
        Err(EvalError::TooLarge { .. } | EvalError::OutOfMemory(_)) => None,
        other => Some(other),
    }
}

fn evaluate(
    graph: &Graph,
    op: OpId,
    def: &crate::OpDef,
    target: Release,
    options: &EvalOptions,
    known: &impl Fn(ValueId) -> Option<Tensor>,
) -> Result<Vec<Tensor>, EvalError> {
    // The budget is for what is computed; the operands are there already, and may be larger.
    let mut reading = options.clone();
    reading.precision = Precision::Native;
    reading.limits.value_bytes = reading.limits.value_bytes.max(OPERAND_BYTES);
    let missing = || EvalError::Unsupported("an operand that is no constant".into());
    let bound = bind_constants(graph, op, &reading, |value| match graph.const_literal(value) {
        Some(literal) => literal_value(literal, &reading),
        None => literal_value(&Literal::tensor(known(value).ok_or_else(missing)?), &reading),
    })?;
    let results: Vec<_> =
        graph.op(op).results().iter().map(|&value| graph.value(value).ty().clone()).collect();
    let context = Context { def, target, bound: &bound, results: &results, options, stream: 0, host: None };
    call(&context)?
        .into_iter()
        .map(|value| match value {
            EvalValue::Array(array) => array.to_tensor(),
            other => Err(EvalError::Unsupported(format!("{} as a constant", other.form()))),
        })
        .collect()
}
