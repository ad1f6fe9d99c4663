//! What differs between two graphs.

use std::collections::{BTreeMap, HashMap};

use mil_ir::{BlockRef, Graph, Literal, OpId, Operand, Type, ValueId};
use mil_tensor::DType;
use serde::Serialize;

use crate::diff::Change;
use crate::diff::pairs::{Pairs, is_float};
use crate::diff::weights::{WeightChange, weight_change};
use crate::inspect::histogram;

/// What differs between two graphs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GraphDifference {
    /// Function and opset.
    pub place: String,
    /// Ops, without `const`.
    pub ops: Change<usize>,
    /// Types of which there are more or fewer ops, without `const`.
    pub kinds: BTreeMap<String, Change<usize>>,
    /// Ops only in the first, without `const`.
    pub removed: Vec<OpName>,
    /// Ops only in the second, without `const`.
    pub added: Vec<OpName>,
    /// `const` ops only in the first, by name.
    pub constants_removed: Vec<String>,
    /// `const` ops only in the second, by name.
    pub constants_added: Vec<String>,
    /// Ops in both that do the same on floats of another type.
    pub retyped: Vec<Retyped>,
    /// Ops in both that differ otherwise.
    pub changed: Vec<OpChange>,
    /// Constants in both whose elements differ.
    pub weights: Vec<WeightChange>,
    /// Ops in both whose order differs, without `const`.
    pub moved: usize,
    /// Arguments that are the same constants from another place, or the same values through other casts.
    pub respelled: usize,
    /// `const` ops in both whose order differs, or that stand between other ops than before.
    pub constants_moved: usize,
}

/// An op.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct OpName {
    /// Op type.
    pub kind: String,
    /// Name.
    pub name: String,
}

/// An op that does the same on floats of another type.
#[derive(Clone, Debug, Serialize)]
pub struct Retyped {
    /// Type and name in the first graph.
    #[serde(flatten)]
    pub op: OpName,
    /// Element type in the first graph.
    pub from: String,
    /// Element type in the second.
    pub to: String,
}

/// An op that differs.
#[derive(Clone, Debug, Serialize)]
pub struct OpChange {
    /// Type and name in the first graph.
    #[serde(flatten)]
    pub op: OpName,
    /// What differs, in words.
    pub what: Vec<String>,
}

/// Compares two graphs; `None` if they are the same.
pub(super) fn compare(place: &str, a: &Graph, b: &Graph) -> Option<GraphDifference> {
    let pairs = Pairs::new(a, b);
    let mut difference = GraphDifference { place: place.to_owned(), ..GraphDifference::default() };
    difference.count(histogram(a), histogram(b));
    for op in a.walk() {
        match pairs.ops.get(&op) {
            Some(&other) => compare_ops(&pairs, op, other, &mut difference),
            None if is_const(a, op) => difference.constants_removed.push(a.label(op).to_string()),
            None => difference.removed.push(op_name(a, op)),
        }
    }
    for op in b.walk().filter(|op| !pairs.found.contains(op)) {
        match is_const(b, op) {
            true => difference.constants_added.push(b.label(op).to_string()),
            false => difference.added.push(op_name(b, op)),
        }
    }
    difference.moved = moved(&pairs, |op| !is_const(a, op));
    difference.constants_moved = moved(&pairs, |_| true).saturating_sub(difference.moved);
    let what = signature(&pairs);
    if !what.is_empty() {
        let op = OpName { kind: "function".into(), name: place.to_owned() };
        difference.changed.push(OpChange { op, what });
    }
    (!difference.is_empty()).then_some(difference)
}

impl GraphDifference {
    fn count(&mut self, a: BTreeMap<String, usize>, b: BTreeMap<String, usize>) {
        self.ops = Change { before: a.values().sum(), after: b.values().sum() };
        for kind in a.keys().chain(b.keys()) {
            let count = |ops: &BTreeMap<String, usize>| ops.get(kind).copied().unwrap_or(0);
            let change = Change { before: count(&a), after: count(&b) };
            if change.before != change.after {
                self.kinds.insert(kind.clone(), change);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.removed.is_empty()
            && self.added.is_empty()
            && self.constants_removed.is_empty()
            && self.constants_added.is_empty()
            && self.retyped.is_empty()
            && self.changed.is_empty()
            && self.weights.is_empty()
            && self.moved + self.constants_moved + self.respelled == 0
    }
}

fn op_name(graph: &Graph, op: OpId) -> OpName {
    OpName { kind: graph.op(op).kind().to_string(), name: graph.label(op).to_string() }
}

/// What differs in inputs, outputs and the outermost block.
fn signature(pairs: &Pairs<'_>) -> Vec<String> {
    let (a, b) = (pairs.a.root(), pairs.b.root());
    let list = |graph: &Graph, values: &[ValueId], with_type: bool| {
        let entry = |&value: &ValueId| match with_type {
            true => format!("{} {}", graph.value(value).ty(), graph.value(value).name()),
            false => graph.value(value).name().to_string(),
        };
        values.iter().map(entry).collect::<Vec<_>>().join(", ")
    };
    let (outputs_a, outputs_b): (Vec<_>, Vec<_>) = (a.outputs().collect(), b.outputs().collect());
    let mut what = Vec::new();
    for (role, x, y) in [
        ("inputs", list(pairs.a, a.inputs(), true), list(pairs.b, b.inputs(), true)),
        ("outputs", list(pairs.a, &outputs_a, false), list(pairs.b, &outputs_b, false)),
    ] {
        if x != y {
            what.push(format!("{role}: {x} became {y}"));
        }
    }
    if block_differs(a, b) {
        what.push("attributes of its block".to_owned());
    }
    what
}

fn block_differs(a: BlockRef<'_>, b: BlockRef<'_>) -> bool {
    a.attributes() != b.attributes() || a.carried() != b.carried()
}

fn compare_ops(pairs: &Pairs<'_>, op: OpId, other: OpId, difference: &mut GraphDifference) {
    let (a, b) = (pairs.a.op(op), pairs.b.op(other));
    let mut what = Vec::new();
    compare_arguments(pairs, op, other, &mut what, difference);
    compare_attributes(pairs, op, other, &mut what, difference);
    if a.carried() != b.carried() {
        what.push("unknown fields".to_owned());
    }
    for (role, x, y) in
        [("results", a.results().len(), b.results().len()), ("blocks", a.blocks().len(), b.blocks().len())]
    {
        if x != y {
            what.push(format!("{role}: {x} became {y}"));
        }
    }
    for (&x, &y) in a.blocks().iter().zip(b.blocks()) {
        let (x, y) = (pairs.a.block(x), pairs.b.block(y));
        let outputs = |block: BlockRef<'_>| block.outputs().map(Operand::Value).collect::<Vec<_>>();
        let (of_x, of_y) = (outputs(x), outputs(y));
        if !compare_operands(pairs, &of_x, &of_y, difference) || block_differs(x, y) {
            what.push("outputs or attributes of a block".to_owned());
        }
    }
    let types = a.results().iter().zip(b.results());
    let types: Vec<(&Type, &Type)> = types
        .map(|(&x, &y)| (pairs.a.value(x).ty(), pairs.b.value(y).ty()))
        .filter(|(x, y)| x != y)
        .collect();
    let was_cast = !types.is_empty() && types.iter().all(|(x, y)| is_cast(x, y));
    if was_cast && what.is_empty() && is_const(pairs.a, op) {
        // It stands among the weights.
        return;
    }
    if let Some((from, to)) = types.first().and_then(|(x, y)| Some((x.dtype()?, y.dtype()?)))
        && was_cast
        && what.is_empty()
    {
        let op = op_name(pairs.a, op);
        return difference.retyped.push(Retyped { op, from: from.to_string(), to: to.to_string() });
    }
    what.extend(types.into_iter().map(|(x, y)| format!("type {x} became {y}")));
    if !was_cast {
        compare_names(pairs, op, other, &mut what);
    }
    if !what.is_empty() {
        difference.changed.push(OpChange { op: op_name(pairs.a, op), what });
    }
}

/// Labels and names of results. Who casts an op renames it, too, which is no news.
fn compare_names(pairs: &Pairs<'_>, op: OpId, other: OpId, what: &mut Vec<String>) {
    let (a, b) = (pairs.a.op(op), pairs.b.op(other));
    match (a.name(), b.name()) {
        (Some(x), Some(y)) if x != y => what.push(format!("label {x} became {y}")),
        (Some(x), None) => what.push(format!("label {x} is gone")),
        (None, Some(y)) => what.push(format!("label {y} is new")),
        _ => {}
    }
    for (&x, &y) in a.results().iter().zip(b.results()) {
        let (x, y) = (pairs.a.value(x).name(), pairs.b.value(y).name());
        if x != y {
            what.push(format!("result {x} became {y}"));
        }
    }
}

/// Whether operands are the same; counts those that are only spelled otherwise.
fn compare_operands(
    pairs: &Pairs<'_>,
    a: &[Operand],
    b: &[Operand],
    difference: &mut GraphDifference,
) -> bool {
    let all = |same: fn(&Pairs<'_>, &Operand, &Operand) -> bool| {
        a.len() == b.len() && a.iter().zip(b).all(|(x, y)| same(pairs, x, y))
    };
    let is_same = all(|pairs, x, y| pairs.is_exactly(x, y) || pairs.is_same(x, y));
    if is_same && !all(|pairs, x, y| pairs.is_exactly(x, y)) {
        difference.respelled += 1;
    }
    is_same
}

fn compare_arguments(
    pairs: &Pairs<'_>,
    op: OpId,
    other: OpId,
    what: &mut Vec<String>,
    difference: &mut GraphDifference,
) {
    let params = |graph: &Graph, op: OpId| -> BTreeMap<String, Vec<Operand>> {
        let argument =
            |(param, operands): (&mil_ir::Name, &mil_ir::Argument)| (param.to_string(), operands.to_vec());
        graph.op(op).arguments().map(argument).collect()
    };
    let (a, b) = (params(pairs.a, op), params(pairs.b, other));
    for (param, operands) in &a {
        let Some(others) = b.get(param) else {
            what.push(format!("{param} is gone"));
            continue;
        };
        if compare_operands(pairs, operands, others, difference) {
            continue;
        }
        if let ([x], [y]) = (&operands[..], &others[..])
            && let (Some(literal_a), Some(literal_b)) = (pairs.a.literal(x), pairs.b.literal(y))
        {
            // `const` ops that are paired speak for themselves.
            let is_paired = x.value().is_some_and(|x| pairs.of(x).is_some() && pairs.of(x) == y.value());
            if !is_paired {
                let name = format!("{} of {}", param, pairs.a.label(op));
                compare_literals(&name, param, literal_a, literal_b, what, difference);
            }
            continue;
        }
        let words = |graph: &Graph, operands: &[Operand]| {
            operands.iter().map(|operand| operand_words(graph, operand)).collect::<Vec<_>>().join(", ")
        };
        what.push(format!("{param}: {} became {}", words(pairs.a, operands), words(pairs.b, others)));
    }
    what.extend(b.keys().filter(|param| !a.contains_key(*param)).map(|param| format!("{param} is new")));
}

fn compare_attributes(
    pairs: &Pairs<'_>,
    op: OpId,
    other: OpId,
    what: &mut Vec<String>,
    difference: &mut GraphDifference,
) {
    let (a, b) = (pairs.a.op(op).attributes(), pairs.b.op(other).attributes());
    for (key, literal) in a {
        match b.get(key) {
            None => what.push(format!("attribute {key} is gone")),
            Some(other) if literal != other => {
                compare_literals(pairs.a.label(op), key, literal, other, what, difference);
            }
            Some(_) => {}
        }
    }
    let new = b.keys().filter(|key| !a.contains_key(key));
    what.extend(new.map(|key| format!("attribute {key} is new")));
}

/// Floats are weights, which are compared in numbers; other constants are shown.
fn compare_literals(
    name: &str,
    param: &str,
    a: &Literal,
    b: &Literal,
    what: &mut Vec<String>,
    difference: &mut GraphDifference,
) {
    match weight_change(name, a, b) {
        Some(change) => difference.weights.push(change),
        None => what.push(format!("{param}: {} became {}", literal_words(a), literal_words(b))),
    }
}

/// The same shape and another float type.
fn is_cast(a: &Type, b: &Type) -> bool {
    is_float(a.dtype()) && is_float(b.dtype()) && a.dims().is_some() && a.dims() == b.dims()
}

fn operand_words(graph: &Graph, operand: &Operand) -> String {
    match operand {
        Operand::Value(value) => graph.value(*value).name().to_string(),
        Operand::Literal(literal) => literal_words(literal),
    }
}

/// A small tensor by its elements, anything else by its type.
fn literal_words(literal: &Literal) -> String {
    let Some(tensor) = literal.as_tensor().filter(|tensor| tensor.len() <= 8) else {
        return format!("a {}", literal.ty);
    };
    let elements: Option<Vec<String>> = match tensor.dtype() {
        DType::String => tensor.to_strings().ok().map(|all| all.iter().map(ToString::to_string).collect()),
        DType::Bool => {
            tensor.to_i64s().ok().map(|all| all.iter().map(|element| (*element != 0).to_string()).collect())
        }
        _ => tensor.to_f64s().ok().map(|all| all.iter().map(ToString::to_string).collect()),
    };
    match elements {
        Some(elements) if tensor.rank() == 0 => elements.concat(),
        Some(elements) => format!("[{}]", elements.join(", ")),
        None => format!("a {}", literal.ty),
    }
}

fn is_const(graph: &Graph, op: OpId) -> bool {
    &**graph.op(op).kind() == "const"
}

/// Ops outside the longest run of pairs that keeps its order.
fn moved(pairs: &Pairs<'_>, counts: impl Fn(OpId) -> bool) -> usize {
    let place: HashMap<OpId, usize> = pairs.b.walk().enumerate().map(|(at, op)| (op, at)).collect();
    let places: Vec<usize> = pairs
        .a
        .walk()
        .filter(|&op| counts(op))
        .filter_map(|op| place.get(pairs.ops.get(&op)?).copied())
        .collect();
    let mut ends: Vec<usize> = Vec::new();
    for &at in &places {
        match ends.binary_search(&at) {
            Ok(_) => {}
            Err(slot) if slot == ends.len() => ends.push(at),
            Err(slot) => ends[slot] = at,
        }
    }
    places.len() - ends.len()
}
