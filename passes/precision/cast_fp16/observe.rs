//! What the values of a graph are on samples, and what single ops make of other operands.

use std::collections::HashMap;

use mil_eval::{Array, EvalOptions, EvalValue, Evaluator, Inputs};
use mil_ir::{FunctionInterface, Graph, Name, OpId, Opset, ValueId};
use mil_ops::eval::{Bound, Context, EvalError, bind_constants, call};
use mil_pass::{PassError, Sample};

use super::noise::strict;

/// A graph and its calls.
pub(super) struct Observer<'g> {
    pub graph: &'g Graph,
    pub opset: &'g Opset,
    pub function: &'g Name,
    pub interface: Option<&'g FunctionInterface>,
    pub calls: &'g [Inputs],
}

/// The values of the outermost block in each call.
pub(super) type Seen = Vec<HashMap<ValueId, Array>>;

/// Options of every evaluation here: the same numbers on every machine, as choices depend on them.
pub(super) fn options() -> EvalOptions {
    EvalOptions::default().reproducible()
}

/// Samples as calls of the interpreter.
pub(super) fn calls(samples: &[Sample]) -> Result<Vec<Inputs>, PassError> {
    let refused = |error: EvalError| PassError::Refused(format!("a sample cannot be used: {error}"));
    let call = |sample: &Sample| {
        let array = |(name, tensor): (&Name, &mil_tensor::Tensor)| {
            Array::from_tensor(tensor, false).map(|array| (name.clone(), array))
        };
        sample.iter().map(array).collect::<Result<Inputs, _>>()
    };
    samples.iter().map(call).collect::<Result<_, _>>().map_err(refused)
}

impl Observer<'_> {
    /// Runs the calls and keeps all arrays of the outermost block.
    pub(super) fn run(&self) -> Result<Seen, PassError> {
        let graph = self.graph;
        let results = graph.root().ops().flat_map(|op| graph.op(op).results());
        let values: Vec<ValueId> = graph
            .root()
            .inputs()
            .iter()
            .chain(results)
            .copied()
            .filter(|&value| graph.value(value).ty().as_tensor().is_some())
            .collect();
        let outputs = self.evaluate(graph, &values)?;
        let array = |value: EvalValue| match value {
            EvalValue::Array(array) => Some(array),
            _ => None,
        };
        let of_call = |outputs: Vec<EvalValue>| {
            values.iter().zip(outputs).filter_map(|(&value, found)| Some((value, array(found)?))).collect()
        };
        Ok(outputs.into_iter().map(of_call).collect())
    }

    /// The outputs of another graph of the same function in each call.
    pub(super) fn outputs(&self, graph: &Graph) -> Result<Vec<Vec<EvalValue>>, PassError> {
        let values: Vec<ValueId> = graph.root().outputs().collect();
        self.evaluate(graph, &values)
    }

    fn evaluate(&self, graph: &Graph, values: &[ValueId]) -> Result<Vec<Vec<EvalValue>>, PassError> {
        let refused = |error: mil_eval::Error| PassError::Refused(format!("the samples do not run: {error}"));
        let function = self.function.clone();
        let evaluator = Evaluator::of_graph(graph, self.opset, function, self.interface, options());
        let evaluator = evaluator.and_then(|evaluator| evaluator.with_values(values));
        let evaluator = evaluator.map_err(refused)?;
        let run = |inputs: &Inputs| -> Result<Vec<EvalValue>, mil_eval::Error> {
            Ok(evaluator.session()?.run(inputs)?.into_values().collect())
        };
        self.calls.iter().map(run).collect::<Result<_, _>>().map_err(refused)
    }

    /// The same with what comes close to the end of fp16 beyond it; `None` where an op does not run by itself.
    pub(super) fn strict_outputs(&self, graph: &Graph) -> Result<Option<Vec<Vec<EvalValue>>>, PassError> {
        let inputs = self.evaluate(graph, graph.root().inputs())?;
        Ok(inputs.into_iter().map(|inputs| self.strict_run(graph, inputs)).collect())
    }

    fn strict_run(&self, graph: &Graph, inputs: Vec<EvalValue>) -> Option<Vec<EvalValue>> {
        let mut known: HashMap<ValueId, EvalValue> =
            graph.root().inputs().iter().copied().zip(inputs).collect();
        for op in graph.root().ops() {
            let found = graph.op(op);
            if let Some(value) = found.result()
                && let Some(tensor) = graph.const_tensor(value)
            {
                known.insert(value, Array::from_tensor(&tensor, false).ok()?.into());
                continue;
            }
            let lookup = |value: ValueId| known.get(&value).cloned();
            let results = self.apply(graph, op, lookup, |_| Some(()))?;
            let beyond = |value: EvalValue| match value {
                EvalValue::Array(array) => EvalValue::Array(strict(array)),
                other => other,
            };
            known.extend(found.results().iter().copied().zip(results.into_iter().map(beyond)));
        }
        graph.root().outputs().map(|value| known.get(&value).cloned()).collect()
    }

    /// What an op gives in a call if one of its operands is another array; `None` where it cannot be run on
    /// its own.
    pub(super) fn again(
        &self,
        op: OpId,
        seen: &HashMap<ValueId, Array>,
        place: (&str, usize),
        array: Array,
    ) -> Option<Vec<EvalValue>> {
        let lookup = |value: ValueId| seen.get(&value).cloned().map(EvalValue::Array);
        self.apply(self.graph, op, lookup, |bound| {
            let (_, values) = bound.iter_mut().find(|(param, _)| *param == *place.0)?;
            *values.get_mut(place.1)? = EvalValue::Array(array);
            Some(())
        })
    }

    /// Runs an op by itself, on operands that may be changed before.
    fn apply(
        &self,
        graph: &Graph,
        op: OpId,
        lookup: impl Fn(ValueId) -> Option<EvalValue>,
        change: impl FnOnce(&mut Bound) -> Option<()>,
    ) -> Option<Vec<EvalValue>> {
        let found = graph.op(op);
        let def = mil_ops::def(found.kind()).filter(|_| found.blocks().is_empty())?;
        let target = self.opset.release()?;
        let options = options();
        let missing = || EvalError::Unsupported("a value that is not an array".to_owned());
        let mut bound =
            bind_constants(graph, op, &options, |value| lookup(value).ok_or_else(missing)).ok()?;
        change(&mut bound)?;
        let results: Vec<_> = found.results().iter().map(|&value| graph.value(value).ty().clone()).collect();
        let context = Context {
            def,
            target,
            bound: &bound,
            results: &results,
            options: &options,
            stream: 0,
            host: None,
        };
        call(&context).ok()
    }
}
