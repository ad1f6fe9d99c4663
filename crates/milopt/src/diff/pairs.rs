//! Which op of one graph is which of another.

use std::collections::{HashMap, HashSet};

use mil_ir::{Graph, Literal, Name, OpId, Operand, Type, ValueId};
use mil_tensor::{DType, Tensor};

/// Pairs of ops and of values. Ops are paired
///
/// 1. by type and the name of their first result,
/// 2. by type and label,
/// 3. by type and what the second graph says it was made from, if both are of one run,
/// 4. by type and the names of 1 without the ends that casts give them,
/// 5. by type and what they take, constants by their contents,
/// 6. the same, looking through casts between floats, and at the shape alone of constants that are not whole
///    numbers or text,
/// 7. by type and the values they take that have a counterpart, casts aside: what else they take has changed.
pub(super) struct Pairs<'g> {
    pub(super) a: &'g Graph,
    pub(super) b: &'g Graph,
    pub(super) ops: HashMap<OpId, OpId>,
    pub(super) found: HashSet<OpId>,
    values: HashMap<ValueId, ValueId>,
}

impl<'g> Pairs<'g> {
    pub(super) fn new(a: &'g Graph, b: &'g Graph) -> Pairs<'g> {
        let mut pairs = Pairs { a, b, ops: HashMap::new(), found: HashSet::new(), values: HashMap::new() };
        for &input in a.root().inputs() {
            if let Some(other) = b.input_named(a.value(input).name()) {
                pairs.values.insert(input, other);
            }
        }
        pairs.by(|_, graph, op, _| Some((graph.op(op).kind().clone(), result_name(graph, op)?.clone())));
        pairs.by(|_, graph, op, _| Some((graph.op(op).kind().clone(), graph.op(op).name()?.clone())));
        pairs.by_origin();
        pairs.by(|_, graph, op, _| {
            Some((graph.op(op).kind().clone(), stem(result_name(graph, op)?).to_owned()))
        });
        pairs.by(|pairs, graph, op, side| pairs.takes(graph, op, side, Constants::Exact));
        // What is paired by its values alone gives others theirs.
        for _ in 0..2 {
            pairs.by(|pairs, graph, op, side| pairs.takes(graph, op, side, Constants::ByShape));
            pairs.by(Pairs::values_of);
        }
        pairs
    }

    /// Pairs ops that have the same key and are not paired yet, in the order of the programs.
    fn by<K: Eq + std::hash::Hash>(&mut self, key: impl Fn(&Pairs<'g>, &Graph, OpId, Side) -> Option<K>) {
        let mut places: HashMap<K, Vec<OpId>> = HashMap::new();
        for op in self.b.walk().filter(|op| !self.found.contains(op)) {
            if let Some(key) = key(self, self.b, op, Side::Second) {
                places.entry(key).or_default().push(op);
            }
        }
        places.values_mut().for_each(|ops| ops.reverse());
        for op in self.a.walk() {
            if self.ops.contains_key(&op) {
                continue;
            }
            let other = key(self, self.a, op, Side::First).and_then(|key| places.get_mut(&key)?.pop());
            if let Some(other) = other {
                self.pair(op, other);
            }
        }
    }

    fn by_origin(&mut self) {
        let mut labels: HashMap<(Name, Name), OpId> = HashMap::new();
        for op in self.a.walk().filter(|op| !self.ops.contains_key(op)) {
            labels.insert((self.a.op(op).kind().clone(), self.a.label(op).clone()), op);
        }
        let open: Vec<OpId> = self.b.walk().filter(|op| !self.found.contains(op)).collect();
        for other in open {
            let kind = self.b.op(other).kind();
            let origins = self.b.origins(other).into_iter();
            if let Some(op) = origins.filter_map(|label| labels.remove(&(kind.clone(), label))).next() {
                self.pair(op, other);
            }
        }
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

    /// The value of the second graph that stands for one of the first.
    pub(super) fn of(&self, value: ValueId) -> Option<ValueId> {
        self.values.get(&value).copied()
    }

    /// The same value, or the same literal in the op.
    pub(super) fn is_exactly(&self, a: &Operand, b: &Operand) -> bool {
        match (a, b) {
            (Operand::Value(a), Operand::Value(b)) => self.of(*a) == Some(*b),
            (Operand::Literal(a), Operand::Literal(b)) => a == b,
            _ => false,
        }
    }

    /// The same value, casts between floats aside, or the same constant, wherever it stands.
    pub(super) fn is_same(&self, a: &Operand, b: &Operand) -> bool {
        if let (Some(a), Some(b)) = (self.a.literal(a), self.b.literal(b)) {
            return a == b;
        }
        match (a.value(), b.value()) {
            (Some(a), Some(b)) => {
                self.of(a) == Some(b) || self.of(uncast(self.a, a)) == Some(uncast(self.b, b))
            }
            _ => false,
        }
    }

    /// An op by its type and those values that it takes which have a counterpart; `None` where there are
    /// none.
    fn values_of(&self, graph: &Graph, op: OpId, side: Side) -> Option<String> {
        let found = graph.op(op);
        let mut key = String::new();
        for (param, argument) in found.arguments() {
            for value in argument.iter().filter_map(Operand::value) {
                let value = uncast(graph, value);
                let other = match side {
                    Side::First => self.of(value),
                    Side::Second => {
                        graph.definition(value).is_none_or(|op| self.found.contains(&op)).then_some(value)
                    }
                };
                let is_constant = graph.const_literal(value).is_some();
                if let Some(other) = other.filter(|_| !is_constant) {
                    key.push_str(&format!(" {param}={other}"));
                }
            }
        }
        (!key.is_empty()).then(|| format!("{}{key}", found.kind()))
    }

    /// An op by its type and what it takes, in the values of the second graph; `None` where one has no
    /// counterpart.
    fn takes(&self, graph: &Graph, op: OpId, side: Side, constants: Constants) -> Option<String> {
        let found = graph.op(op);
        if &**found.kind() == "const" {
            // Two constants of equal contents need have nothing to do with one another.
            return None;
        }
        let mut key = found.kind().to_string();
        for (param, argument) in found.arguments() {
            for operand in argument {
                let what = match (graph.literal(operand), operand.value()) {
                    (Some(literal), _) => constant_key(literal, constants),
                    (None, Some(value)) => {
                        let value =
                            if constants == Constants::ByShape { uncast(graph, value) } else { value };
                        let value = if side == Side::First { self.of(value)? } else { value };
                        value.to_string()
                    }
                    (None, None) => return None,
                };
                key.push_str(&format!(" {param}={what}"));
            }
        }
        for (name, literal) in found.attributes() {
            key.push_str(&format!(" [{name}={}]", constant_key(literal, constants)));
        }
        Some(key)
    }
}

/// The name of the first result; of an op without results, its label.
fn result_name(graph: &Graph, op: OpId) -> Option<&Name> {
    let op = graph.op(op);
    op.results().first().map(|&value| graph.value(value).name()).or_else(|| op.name())
}

/// A name without what coremltools and milopt put behind it when they cast an op: `y` of `y_cast_fp16` and
/// `w_to_fp16`.
fn stem(name: &str) -> &str {
    let types = ["fp16", "bf16", "fp32", "fp64"];
    let Some(start) = types.iter().find_map(|ty| name.strip_suffix(ty)?.strip_suffix('_')) else {
        return name;
    };
    ["_cast", "_to"].iter().find_map(|word| start.strip_suffix(word)).unwrap_or(name)
}

/// Of which graph an op is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    First,
    Second,
}

/// How constants are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Constants {
    Exact,
    ByShape,
}

fn constant_key(literal: &Literal, constants: Constants) -> String {
    let by_shape = |tensor: &&Tensor| constants == Constants::ByShape && is_float(Some(tensor.dtype()));
    match literal.as_tensor() {
        Some(tensor) if by_shape(&tensor) => format!("{:?}", tensor.shape()),
        Some(tensor) => tensor
            .fingerprint()
            .map_or_else(|_| "unreadable".to_owned(), |fingerprint| fingerprint.to_string()),
        None => literal.ty.to_string(),
    }
}

/// The value before the casts from one float type to another that lead to it.
fn uncast(graph: &Graph, mut value: ValueId) -> ValueId {
    while let Some(op) = graph.definition(value)
        && &**graph.op(op).kind() == "cast"
        && let Some(input) = graph.input(op, "x")
        && is_float_type(graph.value(input).ty())
        && is_float_type(graph.value(value).ty())
    {
        value = input;
    }
    value
}

fn is_float_type(ty: &Type) -> bool {
    is_float(ty.dtype())
}

/// Of a type that a model may be cast to as a whole.
pub(super) fn is_float(dtype: Option<DType>) -> bool {
    matches!(dtype, Some(DType::Fp16 | DType::Bf16 | DType::Fp32 | DType::Fp64))
}
