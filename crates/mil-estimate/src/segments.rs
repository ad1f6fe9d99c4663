//! Segments: runs of one device; and islands: runs of ops inside them that the Neural Engine could have run.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use mil_ir::{Graph, OpId, ValueId};
use mil_ops::Effect;
use serde::Serialize;

use crate::facts::{OpFacts, is_placed};
use crate::placement::{Plan, Planner};
use crate::target::{Backend, Device};

/// A run of ops on one device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Segment {
    /// The device.
    pub device: Device,
    /// Names of its ops.
    pub ops: Vec<String>,
    /// The sum of their times, in milliseconds.
    pub cost_ms: f64,
    /// Bytes of the values that enter it, constants apart.
    pub live_in_bytes: u64,
    /// Bytes of the values that leave it.
    pub live_out_bytes: u64,
    /// Bytes of the constants that its ops use, as stored; each once.
    pub weight_bytes: u64,
    /// Place of its first op in `ops`.
    pub first: usize,
    /// Place after its last op. In between may stand ops that no device runs.
    pub end: usize,
    /// What the cheapest plan costs more that has all of its ops on the other device: on the Neural Engine,
    /// or, if it is there, off it. `None` where that cannot be.
    pub margin_ms: Option<f64>,
}

/// A run of ops that the Neural Engine could run and that the plan leaves on another device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Island {
    /// Place of its first op in `ops`.
    pub first: usize,
    /// Place after its last op.
    pub end: usize,
    /// Number of its ops.
    pub ops: usize,
    /// What the cheapest plan costs more that has the whole run on the Neural Engine: by so much it misses
    /// it.
    pub misses_ms: f64,
}

/// A function with its plan: what segments are cut from.
pub(crate) struct Planned<'p> {
    pub(crate) graph: &'p Graph,
    pub(crate) ops: &'p [(OpId, OpFacts)],
    pub(crate) plan: &'p Plan,
    /// The times that the plan was made from.
    pub(crate) times: &'p [[Option<f64>; 4]],
    pub(crate) planner: &'p Planner,
    /// The constants of each op.
    pub(crate) weights: &'p [Weights],
}

/// Constants, with their bytes as stored.
pub(crate) type Weights = Vec<(ValueId, u64)>;

/// Bytes of these constants, each counted once.
pub(crate) fn distinct_bytes<'w>(weights: impl Iterator<Item = &'w Weights>) -> u64 {
    let mut seen = HashSet::new();
    weights
        .flatten()
        .filter(|(value, _)| seen.insert(*value))
        .fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes))
}

impl Planned<'_> {
    /// Cuts the ops into runs of one device; and for each op the place of its run, `None` where no device
    /// runs it.
    pub(crate) fn segments(
        &self,
        devices: &[Device],
        names: &[String],
    ) -> (Vec<Segment>, Vec<Option<usize>>) {
        const OUTSIDE: usize = usize::MAX;
        let Planned { graph, ops, plan, .. } = *self;
        let mut found: Vec<Segment> = Vec::new();
        let mut homes: Vec<Option<usize>> = vec![None; ops.len()];
        // Per value: the segment that defines it, the last one that it was counted to enter, whether it left.
        let mut home = vec![OUTSIDE; graph.bound()];
        let mut entered = vec![OUTSIDE; graph.bound()];
        let mut left = vec![false; graph.bound()];
        let mut weights = HashSet::new();
        for (at, (id, op)) in ops.iter().enumerate() {
            let device = devices[at];
            if device == Device::None {
                continue;
            }
            if found.last().is_none_or(|segment| segment.device != device) {
                weights.clear();
                found.push(Segment {
                    device,
                    ops: Vec::new(),
                    cost_ms: 0.0,
                    live_in_bytes: 0,
                    live_out_bytes: 0,
                    weight_bytes: 0,
                    first: at,
                    end: at,
                    margin_ms: None,
                });
            }
            let here = found.len() - 1;
            homes[at] = Some(here);
            let segment = &mut found[here];
            segment.end = at + 1;
            segment.ops.push(names[at].clone());
            segment.cost_ms +=
                plan.backends[at].and_then(|backend| self.times[at][backend as usize]).unwrap_or(0.0);
            for &(weight, bytes) in &self.weights[at] {
                if weights.insert(weight) {
                    segment.weight_bytes += bytes;
                }
            }
            for (operand, facts) in graph.op(*id).operands().zip(&op.operands) {
                let Some(value) = operand.value().filter(|_| !facts.constant).map(ValueId::index) else {
                    continue;
                };
                let bytes = facts.tensor.bytes() as u64;
                if home[value] != here && entered[value] != here {
                    entered[value] = here;
                    found[here].live_in_bytes += bytes;
                }
                if home[value] != here && home[value] != OUTSIDE && !left[value] {
                    left[value] = true;
                    found[home[value]].live_out_bytes += bytes;
                }
            }
            for (&value, facts) in graph.op(*id).results().iter().zip(&op.results) {
                home[value.index()] = here;
                if graph.is_block_output(value) {
                    left[value.index()] = true;
                    found[here].live_out_bytes += facts.bytes() as u64;
                }
            }
        }
        for segment in &mut found {
            let other = if segment.device == Device::Ane { Device::Cpu } else { Device::Ane };
            segment.margin_ms = self.moved(segment.first..segment.end, other);
        }
        (found, homes)
    }

    /// The islands in segments that are not on the Neural Engine, nearest to it first.
    pub(crate) fn islands(&self, segments: &[Segment]) -> Vec<Island> {
        let can = |op: usize| self.times[op][Backend::Ane as usize].is_some();
        let mut found = Vec::new();
        for segment in segments.iter().filter(|segment| matches!(segment.device, Device::Cpu | Device::Gpu)) {
            let mut at = segment.first;
            while at < segment.end {
                let first = at;
                while at < segment.end && can(at) {
                    at += 1;
                }
                if let Some(misses_ms) = self.moved(first..at, Device::Ane) {
                    found.push(Island { first, end: at, ops: at - first, misses_ms });
                }
                at += 1;
            }
        }
        found.sort_by(|a, b| a.misses_ms.total_cmp(&b.misses_ms).then(a.first.cmp(&b.first)));
        found
    }

    fn moved(&self, ops: Range<usize>, device: Device) -> Option<f64> {
        self.plan.moved(ops, device, self.times, self.planner)
    }
}

/// For each op the ops that must run before it.
pub(crate) fn needs(graph: &Graph, ops: &[(OpId, OpFacts)]) -> Vec<Vec<usize>> {
    let place: HashMap<OpId, usize> = ops.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
    let mut touched_state = None;
    ops.iter()
        .enumerate()
        .map(|(at, (id, op))| {
            let op_ref = graph.op(*id);
            let values = op_ref.values().filter_map(|value| graph.definition(value));
            let owner = graph.block(op_ref.block()).parent();
            let mut needed: Vec<usize> =
                values.chain(owner).filter_map(|op| place.get(&op).copied()).collect();
            let effect = mil_ops::def(&op.kind).map(|def| def.effect);
            if matches!(effect, None | Some(Effect::ReadsState | Effect::WritesState)) {
                needed.extend(touched_state.replace(at));
            }
            needed.sort_unstable();
            needed.dedup();
            needed
        })
        .collect()
}

/// The constants behind the operands of an op, with their bytes as stored: through the `constexpr_*` that
/// decompress them.
pub(crate) fn weights_of(graph: &Graph, op: OpId) -> Weights {
    let mut found = Vec::new();
    let mut pending: Vec<ValueId> = graph.op(op).values().collect();
    while let Some(value) = pending.pop() {
        let Some(id) = graph.definition(value) else { continue };
        let definition = graph.op(id);
        if is_placed(definition.kind()) {
            continue;
        }
        let literals =
            definition.attributes().values().chain(definition.operands().filter_map(|o| o.literal()));
        let tensors = literals.filter_map(|literal| literal.as_tensor());
        let bytes: usize = tensors.filter_map(mil_tensor::Tensor::byte_len).fold(0, usize::saturating_add);
        found.push((value, bytes as u64));
        pending.extend(definition.values());
    }
    found
}
