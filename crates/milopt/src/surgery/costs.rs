//! What each place of a function costs as a place to cut, and what lies between two of them.

use std::collections::{BTreeMap, HashMap};

use mil_estimate::{Device, Estimate};
use mil_ir::{Dim, Graph, OpId, Type, ValueId};
use mil_ops::effects;
use mil_tensor::{DType, Data};
use serde::Serialize;

use super::carriers::carried_as;
use super::part::Whole;
use super::{MAIN, SurgeryError};
use crate::inspect::place;

/// A part of a function, in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartSize {
    /// Ops, without constants.
    pub ops: usize,
    /// Estimated cost of its ops.
    pub cost_ms: f64,
    /// Bytes of its weights, each once; those that another part has as well among them.
    pub weight_bytes: u64,
    /// The first op.
    pub first: String,
    /// The last one.
    pub last: String,
}

/// The ops of a function in program order, with what a cut before each would cost.
#[derive(Debug)]
pub(super) struct Costs {
    /// Cost of all ops before a place, from 0 to the number of ops.
    sums: Vec<f64>,
    /// Bytes that cross a cut at a place; `None` where no cut can be.
    pub(super) crossing: Vec<Option<u64>>,
    /// Weights of each op: number and bytes.
    weights: Vec<Vec<(usize, u64)>>,
    /// How many weights there are.
    distinct: usize,
    /// Labels of the ops.
    labels: Vec<String>,
}

impl Costs {
    pub(super) fn of(whole: &Whole, estimate: &Estimate) -> Result<Costs, SurgeryError> {
        let graph = whole.graph()?;
        let release = whole.opset.release().unwrap_or(mil_ir::Release::IOS15);
        let position: HashMap<OpId, usize> = whole.ops.iter().enumerate().map(|(at, &op)| (op, at)).collect();
        let mut cost = vec![0.0; whole.ops.len()];
        for op in estimate.functions.get(MAIN).into_iter().flat_map(|function| &function.ops) {
            let millis = op.cost_ms;
            let of_device = match op.device {
                Device::Ane => millis.ane,
                Device::Cpu => millis.cpu,
                Device::Gpu => millis.gpu,
                _ => None,
            };
            let least = || [millis.ane, millis.cpu, millis.gpu].into_iter().flatten().reduce(f64::min);
            let outer = graph.ancestor_in(op.id, Graph::ROOT);
            if let Some(&at) = outer.and_then(|outer| position.get(&outer)) {
                cost[at] += of_device.or_else(least).unwrap_or(0.0);
            }
        }
        let mut sums = vec![0.0];
        for cost in cost {
            sums.push(sums.last().copied().unwrap_or(0.0) + cost);
        }
        let mut costs = Costs {
            sums,
            crossing: crossing(whole, graph, &position, release),
            weights: Vec::new(),
            distinct: 0,
            labels: whole.ops.iter().map(|&op| graph.label(op).to_string()).collect(),
        };
        costs.weigh(whole, graph);
        Ok(costs)
    }

    fn weigh(&mut self, whole: &Whole, graph: &Graph) {
        let mut numbers: BTreeMap<Key, usize> = BTreeMap::new();
        let mut of_constant: HashMap<OpId, Vec<(usize, u64)>> = HashMap::new();
        let mut tensors: HashMap<OpId, Vec<(Key, u64)>> = HashMap::new();
        for (index, (op, tensor)) in graph.tensors().enumerate() {
            let key = match tensor.data() {
                Data::Mapped(blob) => Key::Place(place(blob)),
                _ => Key::Inline(index),
            };
            let outer = graph.ancestor_in(op, Graph::ROOT).unwrap_or(op);
            tensors.entry(outer).or_default().push((key, tensor.byte_len().unwrap_or(0) as u64));
        }
        let mut numbered = |op: OpId| -> Vec<(usize, u64)> {
            of_constant
                .entry(op)
                .or_insert_with(|| {
                    let own = tensors.get(&op).into_iter().flatten();
                    own.map(|(key, bytes)| {
                        let next = numbers.len();
                        (*numbers.entry(key.clone()).or_insert(next), *bytes)
                    })
                    .collect()
                })
                .clone()
        };
        self.weights = whole
            .ops
            .iter()
            .map(|&op| {
                let all = whole.constants(graph, op).into_iter().chain([op]);
                all.flat_map(&mut numbered).collect()
            })
            .collect();
        self.distinct = numbers.len();
    }

    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    /// Cost of the ops between two places.
    pub(super) fn cost(&self, from: usize, to: usize) -> f64 {
        self.sums[to] - self.sums[from]
    }

    pub(super) fn total(&self) -> f64 {
        self.sums.last().copied().unwrap_or(0.0)
    }

    /// For each of these places, in order, the last of them up to which the weights stay within a limit; the
    /// place itself where not even the first op does.
    pub(super) fn reach(&self, places: &[usize], limit: u64) -> Vec<usize> {
        let mut seen = vec![usize::MAX; self.distinct];
        let mut reach = Vec::with_capacity(places.len());
        for (number, &from) in places.iter().enumerate() {
            let (mut bytes, mut far) = (0_u64, number);
            'places: for (next, pair) in places.windows(2).enumerate().skip(number) {
                for weights in &self.weights[pair[0].max(from)..pair[1]] {
                    for &(weight, size) in weights {
                        if std::mem::replace(&mut seen[weight], number) != number {
                            bytes = bytes.saturating_add(size);
                        }
                    }
                }
                if bytes > limit {
                    break 'places;
                }
                far = next + 1;
            }
            reach.push(far);
        }
        reach
    }

    /// Bytes of the weights between two places.
    pub(super) fn weight_bytes(&self, from: usize, to: usize) -> u64 {
        let mut seen = vec![false; self.distinct];
        let all = self.weights[from..to].iter().flatten();
        all.filter(|(weight, _)| !std::mem::replace(&mut seen[*weight], true)).map(|(_, bytes)| bytes).sum()
    }

    pub(super) fn part(&self, from: usize, to: usize) -> PartSize {
        PartSize {
            ops: to - from,
            cost_ms: self.cost(from, to),
            weight_bytes: self.weight_bytes(from, to),
            first: self.labels.get(from).cloned().unwrap_or_default(),
            last: self.labels.get(to - 1).cloned().unwrap_or_default(),
        }
    }
}

/// What makes two weights one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Place((usize, u64, u64)),
    Inline(usize),
}

/// Bytes that cross a cut before each op; `None` where a state would be on both sides, or a value could not
/// be carried.
fn crossing(
    whole: &Whole,
    graph: &Graph,
    position: &HashMap<OpId, usize>,
    release: mil_ir::Release,
) -> Vec<Option<u64>> {
    let count = whole.ops.len();
    // What changes at a place: bytes, and how many reasons there are against a cut.
    let mut changes = vec![(0_i128, 0_i64); count + 2];
    let mut last: BTreeMap<ValueId, usize> = BTreeMap::new();
    let mut states: BTreeMap<ValueId, (usize, usize)> = BTreeMap::new();
    for (at, &op) in whole.ops.iter().enumerate() {
        for value in whole.needs(graph, op) {
            last.insert(value, at);
        }
        let effects = effects(graph, op);
        for &state in effects.reads.iter().chain(&effects.writes) {
            states.entry(state).or_insert((at, at)).1 = at;
        }
    }
    for (value, last) in last {
        let made = graph.definition(value).and_then(|op| position.get(&op)).copied().unwrap_or(last);
        let (bytes, against) = match carried_bytes(graph.value(value).ty(), release) {
            Some(bytes) => (i128::from(bytes), 0),
            None => (0, 1),
        };
        changes[made + 1].0 += bytes;
        changes[made + 1].1 += against;
        changes[last + 1].0 -= bytes;
        changes[last + 1].1 -= against;
    }
    for (first, last) in states.into_values() {
        changes[first + 1].1 += 1;
        changes[last + 1].1 -= 1;
    }
    let (mut bytes, mut against) = (0, 0);
    let mut all = Vec::with_capacity(count + 1);
    for (more, reasons) in changes.into_iter().take(count + 1) {
        (bytes, against) = (bytes + more, against + reasons);
        all.push((against == 0).then(|| u64::try_from(bytes).unwrap_or(u64::MAX)));
    }
    all
}

/// Bytes of a value as an app carries it, unknown sizes counted as 1.
fn carried_bytes(ty: &Type, release: mil_ir::Release) -> Option<u64> {
    let given: DType = carried_as(ty.as_tensor()?.dtype, release)?;
    let size = |dim: &Dim| dim.fixed().unwrap_or(1);
    let elements = ty.dims()?.iter().map(size).fold(1_u64, u64::saturating_mul);
    Some(elements.saturating_mul(given.bits()? as u64).div_ceil(8))
}
