//! What weights meet in sample calls: the inputs of the ops that use them.

mod windows;

use std::collections::BTreeMap;

use mil_compress::compensate::{Gram, Inputs as Met};
use mil_eval::{Array, EvalOptions, EvalValue, Evaluator, Inputs};
use mil_ir::{FunctionInterface, Graph, Name, OpId, Opset, ValueId};
use mil_pass::{PassError, Sample};

use windows::Windows;

/// Inputs of one output channel that are looked at together, at most: what rounding needs for them grows with
/// the square of their number, and takes some 500 MiB there.
const MOST_INPUTS: usize = 8192;

/// Vectors that are laid out at once.
const TILE: usize = 4096;

/// A weight as its layers see it: rows of inputs, one row for each output channel.
pub(super) struct Layer {
    output_axis: usize,
    groups: usize,
    inputs: usize,
    meetings: Vec<Meeting>,
}

/// A place where a weight meets its inputs.
struct Meeting {
    op: OpId,
    value: ValueId,
    way: Way,
}

/// How inputs lie in a value.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Along the last axis.
    Last,
    /// Along the axis before it.
    Before,
    /// In the windows of a convolution.
    Windows,
}

/// What rounding is told about a weight.
pub(super) struct Calibrated {
    pub(super) met: Met,
    pub(super) output_axis: usize,
}

/// A function that can be called.
pub(super) struct Function<'g> {
    pub(super) graph: &'g Graph,
    pub(super) opset: &'g Opset,
    pub(super) name: &'g Name,
    pub(super) interface: Option<&'g FunctionInterface>,
}

impl Layer {
    /// Of a weight of this shape; an error says why it meets nothing that could be looked at.
    pub(super) fn of(graph: &Graph, weight: ValueId, shape: &[usize]) -> Result<Layer, &'static str> {
        let mut found: Option<Layer> = None;
        for used in graph.uses(weight).filter(|used| !graph.op(used.op).is_return()) {
            let one = Layer::of_use(graph, used.op, &used.param, shape)?;
            found = Some(match found {
                None => one,
                Some(all) => all.with(one)?,
            });
        }
        let found = found.ok_or("no op uses the weight")?;
        if found.inputs > MOST_INPUTS {
            return Err("an output channel has more inputs than are looked at together");
        }
        Ok(found)
    }

    /// Both meet the same weight.
    pub(super) fn with(mut self, other: Layer) -> Result<Layer, &'static str> {
        let form = |layer: &Layer| (layer.output_axis, layer.groups, layer.inputs);
        if form(&self) != form(&other) {
            return Err("the ops that use the weight lay it out differently");
        }
        self.meetings.extend(other.meetings);
        Ok(self)
    }

    fn of_use(graph: &Graph, op: OpId, param: &str, shape: &[usize]) -> Result<Layer, &'static str> {
        let kind = graph.op(op).kind().as_str();
        let flag = |param: &str| graph.constant(op, param).and_then(|flag| flag.item_bool()).unwrap_or(false);
        let last = |turned: bool| if turned { Way::Before } else { Way::Last };
        let (way, other, output_axis) = match (kind, param, shape.len()) {
            ("linear", "weight", 2) => (Way::Last, "x", 0),
            ("matmul", "y", 2) => (last(flag("transpose_x")), "x", usize::from(!flag("transpose_y"))),
            ("matmul", "x", 2) => (last(!flag("transpose_y")), "y", usize::from(flag("transpose_x"))),
            ("conv", "weight", 3..=5) => (Way::Windows, "x", 0),
            _ => return Err("the op that uses the weight is not a linear, matmul of a matrix, or conv"),
        };
        let value = graph.input(op, other).ok_or("the weight meets a constant")?;
        if graph.op(op).block() != Graph::ROOT || graph.home(value) != Graph::ROOT {
            return Err("the weight is used in an inner block");
        }
        let groups = match way {
            Way::Windows => graph.constant(op, "groups").and_then(|groups| groups.item_i64()).unwrap_or(1),
            _ => 1,
        };
        let groups = usize::try_from(groups).ok().filter(|&groups| groups > 0);
        let groups = groups.ok_or("the number of groups is not positive")?;
        let rows = shape.get(output_axis).copied().filter(|&rows| rows > 0).ok_or("the weight is empty")?;
        if !rows.is_multiple_of(groups) {
            return Err("the groups do not divide the output channels");
        }
        let inputs = shape.iter().product::<usize>() / rows;
        Ok(Layer { output_axis, groups, inputs, meetings: vec![Meeting { op, value, way }] })
    }

    /// Bytes that gathering what it meets takes.
    pub(super) fn bytes(&self) -> usize {
        Gram::bytes(self.groups, self.inputs)
    }

    /// Adds what it meets in a call.
    fn gather(
        &self,
        graph: &Graph,
        gram: &mut Gram,
        values: &BTreeMap<ValueId, Array>,
    ) -> Result<(), String> {
        for meeting in &self.meetings {
            let array = values.get(&meeting.value).ok_or("a value was not computed")?;
            let numbers = array.reals::<f32>().map_err(|error| error.to_string())?;
            let shape = array.shape();
            let axis = match meeting.way {
                Way::Windows => {
                    let windows = Windows::of(graph, meeting.op, shape)?;
                    windows.gather(self.groups, self.inputs, &numbers, gram);
                    continue;
                }
                Way::Last => shape.len().checked_sub(1),
                Way::Before => shape.len().checked_sub(2),
            };
            let axis = axis.filter(|&axis| shape[axis] == self.inputs);
            let axis = axis.ok_or("an input has another size than the weight")?;
            let after: usize = shape[axis + 1..].iter().product();
            by_columns(&numbers, self.inputs, after, gram);
        }
        Ok(())
    }
}

/// Adds vectors whose elements lie `after` elements apart.
fn by_columns(numbers: &[f32], inputs: usize, after: usize, gram: &mut Gram) {
    if after == 1 {
        for vectors in numbers.chunks(TILE * inputs) {
            let count = vectors.len() / inputs;
            let mut columns = Vec::with_capacity(vectors.len());
            for input in 0..inputs {
                columns.extend((0..count).map(|vector| vectors[vector * inputs + input]));
            }
            gram.add(0, &columns, count);
        }
    } else if after > 0 {
        numbers.chunks_exact(inputs * after).for_each(|columns| gram.add(0, columns, after));
    }
}

impl Function<'_> {
    /// The calls with the inputs that the function takes; `None` where it takes others.
    pub(super) fn calls(&self, samples: &[Sample]) -> Result<Option<Vec<Inputs>>, PassError> {
        let graph = self.graph;
        let inputs = graph.root().inputs().iter().map(|&value| graph.value(value));
        let names: Vec<&Name> =
            inputs.filter(|value| value.ty().as_state().is_none()).map(|value| value.name()).collect();
        if !samples.iter().all(|sample| names.iter().all(|&name| sample.contains_key(name))) {
            return Ok(None);
        }
        let call = |sample: &Sample| -> Result<Inputs, mil_eval::EvalError> {
            let array = |&name: &&Name| {
                let tensor = sample.get(name).map(|tensor| Array::from_tensor(tensor, false));
                tensor.map(|array| Ok((name.clone(), array?)))
            };
            names.iter().filter_map(array).collect()
        };
        let refused = |error| PassError::Refused(format!("a sample cannot be used: {error}"));
        samples.iter().map(call).collect::<Result<_, _>>().map(Some).map_err(refused)
    }

    /// What layers meet in all calls.
    pub(super) fn gather(&self, calls: &[Inputs], layers: &[&Layer]) -> Result<Vec<Gram>, PassError> {
        let refused = |error: String| PassError::Refused(format!("the samples do not run: {error}"));
        let meetings = layers.iter().flat_map(|layer| &layer.meetings);
        let mut values: Vec<ValueId> = meetings.map(|meeting| meeting.value).collect();
        values.sort_unstable();
        values.dedup();
        let options = EvalOptions::default().reproducible();
        let evaluator =
            Evaluator::of_graph(self.graph, self.opset, self.name.clone(), self.interface, options);
        let evaluator = evaluator.and_then(|evaluator| evaluator.with_values(&values));
        let evaluator = evaluator.map_err(|error| refused(error.to_string()))?;
        let mut grams: Vec<Gram> = layers.iter().map(|layer| Gram::new(layer.groups, layer.inputs)).collect();
        for call in calls {
            let found = evaluator.run(call).map_err(|error| refused(error.to_string()))?;
            let arrays = values.iter().zip(found.into_values()).filter_map(|(&value, found)| match found {
                EvalValue::Array(array) => Some((value, array)),
                _ => None,
            });
            let arrays = arrays.collect();
            for (layer, gram) in layers.iter().zip(&mut grams) {
                layer.gather(self.graph, gram, &arrays).map_err(refused)?;
            }
        }
        Ok(grams)
    }
}

impl Calibrated {
    pub(super) fn new(layer: &Layer, gram: Gram) -> Calibrated {
        Calibrated { met: gram.into(), output_axis: layer.output_axis }
    }
}
