//! What differs between two graphs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use mil_ir::{Graph, Literal, LiteralData, Name, OpId, Operand, ValueId};
use mil_tensor::Tensor;
use serde::Serialize;

/// What differs between two graphs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GraphDifference {
    /// Function and opset.
    pub place: String,
    /// Ops only in the first: type and name.
    pub removed: Vec<(String, String)>,
    /// Ops only in the second: type and name.
    pub added: Vec<(String, String)>,
    /// Ops in both that differ.
    pub changed: Vec<OpChange>,
    /// Constants in both whose elements differ.
    pub weights: Vec<WeightChange>,
    /// Ops in both whose order differs.
    pub moved: usize,
}

/// An op that differs.
#[derive(Clone, Debug, Serialize)]
pub struct OpChange {
    /// Op type, in the first graph.
    pub kind: String,
    /// Name.
    pub name: String,
    /// What differs, in words.
    pub what: Vec<String>,
}

/// A constant whose elements differ.
#[derive(Clone, Debug, Serialize)]
pub struct WeightChange {
    /// Name.
    pub name: String,
    /// Type in the first graph.
    pub from: String,
    /// Type in the second.
    pub to: String,
    /// Largest absolute difference of two elements; `None` where they cannot be compared.
    pub max_error: Option<f64>,
    /// Signal to noise in dB, the first as the signal; `None` where they cannot be compared.
    pub snr_db: Option<f64>,
}

/// Elements up to which differing constants are compared one by one.
const COMPARED: usize = 1 << 26;

/// Compares two graphs; `None` if they are the same.
pub(super) fn compare(place: &str, a: &Graph, b: &Graph) -> Option<GraphDifference> {
    let pairs = Pairs::new(a, b);
    let mut difference = GraphDifference { place: place.to_owned(), ..GraphDifference::default() };
    let describe = |graph: &Graph, op: OpId| (graph.op(op).kind().to_string(), graph.label(op).to_string());
    for op in a.walk() {
        match pairs.ops.get(&op) {
            Some(&other) => pairs.compare(op, other, &mut difference),
            None => difference.removed.push(describe(a, op)),
        }
    }
    difference.added = b.walk().filter(|op| !pairs.found.contains(op)).map(|op| describe(b, op)).collect();
    difference.moved = pairs.moved();
    let signature = |graph: &Graph| {
        let entry = |value: &ValueId| (graph.value(*value).name().clone(), graph.value(*value).ty().clone());
        let inputs: Vec<_> = graph.root().inputs().iter().map(entry).collect();
        (inputs, graph.root().outputs().map(|value| graph.value(value).name().clone()).collect::<Vec<_>>())
    };
    if signature(a) != signature(b) {
        let what = vec!["inputs or outputs".to_owned()];
        difference.changed.push(OpChange { kind: "function".into(), name: place.to_owned(), what });
    }
    let blocks_differ = |a: mil_ir::BlockRef<'_>, b: mil_ir::BlockRef<'_>| {
        a.attributes() != b.attributes() || a.carried() != b.carried()
    };
    if blocks_differ(a.root(), b.root()) {
        let what = vec!["attributes of its block".to_owned()];
        difference.changed.push(OpChange { kind: "function".into(), name: place.to_owned(), what });
    }
    let same = difference.removed.is_empty()
        && difference.added.is_empty()
        && difference.changed.is_empty()
        && difference.weights.is_empty()
        && difference.moved == 0;
    (!same).then_some(difference)
}

/// Which op of one graph is which of the other.
struct Pairs<'g> {
    a: &'g Graph,
    b: &'g Graph,
    ops: HashMap<OpId, OpId>,
    found: HashSet<OpId>,
    values: HashMap<ValueId, ValueId>,
}

impl<'g> Pairs<'g> {
    fn new(a: &'g Graph, b: &'g Graph) -> Pairs<'g> {
        let mut pairs = Pairs { a, b, ops: HashMap::new(), found: HashSet::new(), values: HashMap::new() };
        for &input in a.root().inputs() {
            if let Some(other) = b.input_named(a.value(input).name()) {
                pairs.values.insert(input, other);
            }
        }
        // First by the names of results (labels where there are none), then by what ops take.
        let key = |graph: &Graph, op: OpId| -> (Name, Name) {
            let value = graph.op(op).results().first().map(|&value| graph.value(value).name().clone());
            (graph.op(op).kind().clone(), value.unwrap_or_else(|| graph.label(op).clone()))
        };
        let mut by_name: HashMap<(Name, Name), Vec<OpId>> = HashMap::new();
        b.walk().for_each(|op| by_name.entry(key(b, op)).or_default().push(op));
        by_name.values_mut().for_each(|ops| ops.reverse());
        for op in a.walk() {
            if let Some(other) = by_name.get_mut(&key(a, op)).and_then(Vec::pop) {
                pairs.pair(op, other);
            }
        }
        let mut by_operands: HashMap<String, Vec<OpId>> = HashMap::new();
        let identity: HashMap<ValueId, ValueId> =
            b.walk().flat_map(|op| b.op(op).results()).map(|&v| (v, v)).collect();
        for op in b.walk().filter(|op| !pairs.found.contains(op)) {
            by_operands.entry(shape_of(b, op, &identity)).or_default().push(op);
        }
        by_operands.values_mut().for_each(|ops| ops.reverse());
        for op in a.walk() {
            if pairs.ops.contains_key(&op) {
                continue;
            }
            if let Some(other) = by_operands.get_mut(&shape_of(a, op, &pairs.values)).and_then(Vec::pop) {
                pairs.pair(op, other);
            }
        }
        pairs
    }

    fn pair(&mut self, op: OpId, other: OpId) {
        self.ops.insert(op, other);
        self.found.insert(other);
        let (a, b) = (self.a.op(op), self.b.op(other));
        self.values.extend(a.results().iter().copied().zip(b.results().iter().copied()));
        for (&block_a, &block_b) in a.blocks().iter().zip(b.blocks()) {
            let (inputs_a, inputs_b) = (self.a.block(block_a).inputs(), self.b.block(block_b).inputs());
            self.values.extend(inputs_a.iter().copied().zip(inputs_b.iter().copied()));
        }
    }

    fn compare(&self, op: OpId, other: OpId, difference: &mut GraphDifference) {
        let (a, b) = (self.a.op(op), self.b.op(other));
        let mut what = Vec::new();
        let params_a: BTreeMap<_, _> = a.arguments().collect();
        let params_b: BTreeMap<_, _> = b.arguments().collect();
        for (param, argument) in &params_a {
            match params_b.get(param) {
                None => what.push(format!("{param} is gone")),
                Some(other) => {
                    let same = argument.len() == other.len()
                        && argument.iter().zip(other.iter()).all(|(x, y)| self.same_operand(x, y));
                    if !same {
                        what.push(format!("{param}"));
                    }
                }
            }
        }
        what.extend(
            params_b
                .keys()
                .filter(|param| !params_a.contains_key(*param))
                .map(|param| format!("{param} is new")),
        );
        for (key, literal) in a.attributes() {
            match b.attributes().get(key) {
                None => what.push(format!("attribute {key} is gone")),
                Some(other) if literal != other => match weight_change(self.a.label(op), literal, other) {
                    Some(change) => difference.weights.push(change),
                    None => what.push(format!("attribute {key}")),
                },
                Some(_) => {}
            }
        }
        let new = b.attributes().keys().filter(|key| !a.attributes().contains_key(key));
        what.extend(new.map(|key| format!("attribute {key} is new")));
        if a.name() != b.name() {
            what.push(format!("label {:?} became {:?}", a.name(), b.name()));
        }
        if a.carried() != b.carried() {
            what.push("unknown fields".to_owned());
        }
        if a.results().len() != b.results().len() || a.blocks().len() != b.blocks().len() {
            what.push("number of results or blocks".to_owned());
        }
        for (&x, &y) in a.results().iter().zip(b.results()) {
            let (x, y) = (self.a.value(x), self.b.value(y));
            if x.name() != y.name() {
                what.push(format!("result {} became {}", x.name(), y.name()));
            }
            if x.ty() != y.ty() {
                what.push(format!("type {} became {}", x.ty(), y.ty()));
            }
        }
        for (&x, &y) in a.blocks().iter().zip(b.blocks()) {
            let (x, y) = (self.a.block(x), self.b.block(y));
            let outputs: Vec<_> = x.outputs().map(|value| self.values.get(&value).copied()).collect();
            if outputs != y.outputs().map(Some).collect::<Vec<_>>() || x.attributes() != y.attributes() {
                what.push("outputs or attributes of a block".to_owned());
            }
        }
        if !what.is_empty() {
            let (kind, name) = (a.kind().to_string(), self.a.label(op).to_string());
            difference.changed.push(OpChange { kind, name, what });
        }
    }

    fn same_operand(&self, a: &Operand, b: &Operand) -> bool {
        match (a, b) {
            (Operand::Value(a), Operand::Value(b)) => self.values.get(a) == Some(b),
            (Operand::Literal(a), Operand::Literal(b)) => a == b,
            _ => false,
        }
    }

    /// Ops outside the longest run of pairs that keeps its order.
    fn moved(&self) -> usize {
        let place: HashMap<OpId, usize> = self.b.walk().enumerate().map(|(at, op)| (op, at)).collect();
        let places: Vec<usize> =
            self.a.walk().filter_map(|op| place.get(self.ops.get(&op)?).copied()).collect();
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
}

/// An op by its type and what it takes, in the ids of the second graph.
fn shape_of(graph: &Graph, op: OpId, values: &HashMap<ValueId, ValueId>) -> String {
    let found = graph.op(op);
    let mut text = found.kind().to_string();
    for (param, argument) in found.arguments() {
        for operand in argument {
            let what = match operand {
                Operand::Value(value) => match graph.const_tensor(*value) {
                    Some(tensor) => tensor_key(&tensor),
                    None => values.get(value).map_or_else(|| "?".to_owned(), ToString::to_string),
                },
                Operand::Literal(literal) => literal.as_tensor().map_or_else(String::new, tensor_key),
            };
            text.push_str(&format!(" {param}={what}"));
        }
    }
    for (key, literal) in found.attributes() {
        text.push_str(&format!(" [{key}={}]", literal.as_tensor().map_or_else(String::new, tensor_key)));
    }
    text
}

fn tensor_key(tensor: &Tensor) -> String {
    tensor.fingerprint().map_or_else(|_| "unreadable".to_owned(), |fingerprint| fingerprint.to_string())
}

/// The difference of two constants in numbers; `None` for what is no tensor.
fn weight_change(name: &Name, a: &Literal, b: &Literal) -> Option<WeightChange> {
    let (LiteralData::Tensor(x), LiteralData::Tensor(y)) = (&a.data, &b.data) else { return None };
    let mut change = WeightChange {
        name: name.to_string(),
        from: a.ty.to_string(),
        to: b.ty.to_string(),
        max_error: None,
        snr_db: None,
    };
    if x.shape() == y.shape()
        && x.len() <= COMPARED
        && let (Ok(x), Ok(y)) = (x.to_f64s(), y.to_f64s())
    {
        let (mut max, mut signal, mut noise) = (0.0_f64, 0.0_f64, 0.0_f64);
        for (x, y) in x.iter().zip(&y) {
            max = max.max((x - y).abs());
            signal += x * x;
            noise += (x - y) * (x - y);
        }
        change.max_error = Some(max);
        change.snr_db = Some(10.0 * (signal / noise).log10()).filter(|db| db.is_finite());
    }
    Some(change)
}

impl fmt::Display for GraphDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:", self.place)?;
        for (kind, name) in &self.removed {
            writeln!(f, "  - {kind} {name}")?;
        }
        for (kind, name) in &self.added {
            writeln!(f, "  + {kind} {name}")?;
        }
        for change in &self.changed {
            writeln!(f, "  ~ {} {}: {}", change.kind, change.name, change.what.join(", "))?;
        }
        for change in &self.weights {
            write!(f, "  ~ weight {}", change.name)?;
            if change.from != change.to {
                write!(f, ": {} became {}", change.from, change.to)?;
            }
            if let Some(error) = change.max_error {
                write!(f, ", largest error {error:.3e}")?;
            }
            if let Some(db) = change.snr_db {
                write!(f, ", {db:.1} dB")?;
            }
            writeln!(f)?;
        }
        if self.moved > 0 {
            writeln!(f, "  {} ops in another order", self.moved)?;
        }
        Ok(())
    }
}
