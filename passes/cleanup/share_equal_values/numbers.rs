//! Numbers for what values hold: their elements in row-major order, whatever the shape.

use std::collections::HashMap;

use mil_ir::{Graph, Name, OpId, Operand, ValueId};
use mil_ops::{Shapes, Trait, effects};
use mil_tensor::{Fingerprint, Tensor};

/// Two values with one number have the same elements in the same order.
pub(super) type Number = usize;

/// Elements up to which constants are compared by what they hold; larger ones are equal to themselves alone.
const LARGEST: usize = 1 << 20;

/// What a number stands for.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    /// The elements of a constant.
    Constant(Fingerprint),
    /// An op that goes element by element. Axes of size 1 do not matter; where each operand has all elements or
    /// one, no axis does.
    Elements { kind: Name, dtype: String, sizes: Vec<usize>, operands: Vec<(Name, Number, Vec<bool>)> },
    /// A value several times along an axis.
    Repeated { number: Number, shape: Vec<usize>, axis: usize, times: usize },
    /// A result of any other op.
    Result {
        kind: Name,
        operands: Vec<(Name, Number, String)>,
        attributes: Vec<(Name, Fingerprint)>,
        /// As they are written.
        results: Vec<String>,
        at: usize,
    },
}

#[derive(Default)]
pub(super) struct Numbers {
    of_keys: HashMap<Key, Number>,
    of_values: HashMap<ValueId, Number>,
    next: Number,
}

impl Numbers {
    /// Numbers of the results of an op; `None` for one whose results are like no others.
    pub(super) fn of_results(&mut self, graph: &Graph, shapes: &Shapes, op: OpId) -> Option<Vec<Number>> {
        let found = graph.op(op);
        let plain = found.blocks().is_empty() && found.kind() != "const" && effects(graph, op).is_pure();
        let carries = |&value: &ValueId| graph.value(value).ty().carried().is_some();
        if !plain || found.is_return() || found.results().iter().any(carries) {
            return None;
        }
        // An op of an inner block may have been seen first.
        if found.results().iter().any(|result| self.of_values.contains_key(result)) {
            return None;
        }
        let numbers = match found.results() {
            &[result] => vec![self.of_result(graph, shapes, op, result)?],
            results => (0..results.len()).map(|at| self.other(graph, op, at)).collect::<Option<_>>()?,
        };
        self.of_values.extend(found.results().iter().copied().zip(numbers.iter().copied()));
        Some(numbers)
    }

    /// A new value holds what another one holds.
    pub(super) fn set(&mut self, value: ValueId, number: Number) {
        self.of_values.insert(value, number);
    }

    fn of_result(&mut self, graph: &Graph, shapes: &Shapes, op: OpId, result: ValueId) -> Option<Number> {
        if keeps_order(graph, shapes, op) {
            let x = graph.operand(op, "x")?.clone();
            return self.of_operand(graph, &x);
        }
        if let Some(key) =
            self.elements(graph, shapes, op, result).or_else(|| self.repeated(graph, shapes, op))
        {
            return Some(self.of_key(key));
        }
        self.other(graph, op, 0)
    }

    fn of_key(&mut self, key: Key) -> Number {
        let next = self.next;
        let number = *self.of_keys.entry(key).or_insert(next);
        self.next = next.max(number + 1);
        number
    }

    fn of_operand(&mut self, graph: &Graph, operand: &Operand) -> Option<Number> {
        if let Some(number) = operand.value().and_then(|value| self.of_values.get(&value)) {
            return Some(*number);
        }
        let number = match constant(graph, operand).filter(|tensor| tensor.len() <= LARGEST) {
            Some(tensor) => self.of_key(Key::Constant(flat(&tensor)?)),
            None if operand.value().is_none() => return None,
            None => {
                self.next += 1;
                self.next - 1
            }
        };
        self.of_values.extend(operand.value().map(|value| (value, number)));
        Some(number)
    }

    fn elements(&mut self, graph: &Graph, shapes: &Shapes, op: OpId, result: ValueId) -> Option<Key> {
        let found = graph.op(op);
        let def = mil_ops::def(found.kind()).filter(|def| def.is(Trait::Elementwise))?;
        let shape = shapes.ty(graph, result).fixed_shape().filter(|_| found.attributes().is_empty())?;
        let long: Vec<usize> = (0..shape.len()).filter(|&axis| shape[axis] != 1).collect();
        let mut operands = Vec::new();
        for (param, argument) in found.arguments() {
            for operand in argument {
                let own = sizes(graph, shapes, operand)?;
                let missing = shape.len().checked_sub(own.len())?;
                let size = |axis: usize| axis.checked_sub(missing).map_or(1, |axis| own[axis]);
                let fits = |axis: usize| size(axis) == shape[axis] || size(axis) == 1;
                if !(0..shape.len()).all(fits) {
                    return None;
                }
                let has = long.iter().map(|&axis| size(axis) != 1).collect::<Vec<bool>>();
                operands.push((param.clone(), self.of_operand(graph, operand)?, has));
            }
        }
        let mut sizes: Vec<usize> = long.iter().map(|&axis| shape[axis]).collect();
        let all_or_one = |has: &[bool]| has.iter().all(|&has| has) || !has.iter().any(|&has| has);
        if operands.iter().all(|(_, _, has)| all_or_one(has)) {
            sizes = vec![shape.iter().product()];
            operands.iter_mut().for_each(|(_, _, has)| *has = vec![has.first() == Some(&true)]);
        }
        if def.is(Trait::Commutative) {
            operands.sort_by(|a, b| (a.1, &a.2).cmp(&(b.1, &b.2)));
            operands.iter_mut().for_each(|(param, ..)| *param = "".into());
        }
        let dtype = graph.value(result).ty().dtype()?.to_string();
        Some(Key::Elements { kind: found.kind().clone(), dtype, sizes, operands })
    }

    /// A `tile` along one axis, or a `concat` of one value.
    fn repeated(&mut self, graph: &Graph, shapes: &Shapes, op: OpId) -> Option<Key> {
        let ints = |param: &str| graph.constant(op, param).and_then(|tensor| tensor.to_f64s().ok());
        let found = graph.op(op);
        let (operand, axis, times) = match found.kind().as_str() {
            "tile" => {
                let reps = ints("reps")?;
                let mut more = (0..reps.len()).filter(|&axis| reps[axis] != 1.0);
                let (axis, rest) = (more.next()?, more.next());
                (graph.operand(op, "x").filter(|_| rest.is_none())?.clone(), axis, reps[axis] as usize)
            }
            "concat" => {
                let joined = ints("interleave").is_none_or(|interleave| interleave == [0.0]);
                let values: Vec<Operand> =
                    found.arguments().find(|(param, _)| ***param == *"values")?.1.iter().cloned().collect();
                let first = values.first().filter(|_| joined)?.clone();
                let number = self.of_operand(graph, &first)?;
                let same = |operand: &Operand| Some(number) == self.of_operand(graph, operand);
                if !values.iter().all(same) {
                    return None;
                }
                let rank = sizes(graph, shapes, &first)?.len() as f64;
                let axis = *ints("axis")?.first()?;
                (first, (if axis < 0.0 { axis + rank } else { axis }) as usize, values.len())
            }
            _ => return None,
        };
        let shape = sizes(graph, shapes, &operand)?;
        let number = self.of_operand(graph, &operand)?;
        (axis < shape.len()).then_some(Key::Repeated { number, shape, axis, times })
    }

    /// A result of an op that is only equal to the same result of an equal op.
    fn other(&mut self, graph: &Graph, op: OpId, at: usize) -> Option<Number> {
        let found = graph.op(op);
        let mut operands = Vec::new();
        for (param, argument) in found.arguments() {
            for operand in argument {
                let ty = graph.operand_type(operand).to_string();
                operands.push((param.clone(), self.of_operand(graph, operand)?, ty));
            }
        }
        let attribute = |(name, literal): (&Name, &mil_ir::Literal)| {
            Some((name.clone(), literal.as_tensor()?.fingerprint().ok()?))
        };
        let key = Key::Result {
            kind: found.kind().clone(),
            operands,
            attributes: found.attributes().iter().map(attribute).collect::<Option<_>>()?,
            results: found.results().iter().map(|&value| graph.value(value).ty().to_string()).collect(),
            at,
        };
        Some(self.of_key(key))
    }
}

/// The result has the elements of `x` in their order.
pub(super) fn keeps_order(graph: &Graph, shapes: &Shapes, op: OpId) -> bool {
    let found = graph.op(op);
    let dtype = |value: Option<ValueId>| value.and_then(|value| graph.value(value).ty().dtype());
    let same_type = dtype(graph.input(op, "x")) == dtype(found.result()) && dtype(found.result()).is_some();
    if found.kind() != "transpose" {
        return same_type && mil_ops::def(found.kind()).is_some_and(|def| def.is(Trait::KeepsOrder));
    }
    let long_axes_stay = || {
        let shape = shapes.ty(graph, graph.input(op, "x")?).fixed_shape()?;
        let perm = graph.constant(op, "perm")?.to_f64s().ok()?;
        let axes =
            perm.iter().map(|&axis| (if axis < 0.0 { axis + shape.len() as f64 } else { axis }) as usize);
        let long: Vec<usize> = axes.filter(|&axis| shape.get(axis).is_none_or(|&size| size != 1)).collect();
        Some(long.is_sorted())
    };
    same_type && long_axes_stay() == Some(true)
}

/// A constant that an operand is, without what this version does not know of its op.
fn constant(graph: &Graph, operand: &Operand) -> Option<Tensor> {
    let definition = operand.value().and_then(|value| graph.definition(value));
    if definition.is_some_and(|op| !mil_ops::is_known(graph, op)) {
        return None;
    }
    graph.literal(operand)?.as_tensor().cloned()
}

/// The elements of a constant, in one row.
fn flat(tensor: &Tensor) -> Option<Fingerprint> {
    tensor.reshaped(&[tensor.len()]).ok()?.fingerprint().ok()
}

fn sizes(graph: &Graph, shapes: &Shapes, operand: &Operand) -> Option<Vec<usize>> {
    match operand.value() {
        Some(value) => shapes.ty(graph, value).fixed_shape(),
        None => graph.operand_type(operand).fixed_shape(),
    }
}
