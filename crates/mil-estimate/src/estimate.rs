//! The three layers on a program, and what comes out of them.

use std::collections::{BTreeMap, HashMap};

use mil_ir::{Graph, Interface, OpId, Program, ValueId};
use mil_ops::Effect;
use mil_tensor::DType;
use serde::Serialize;

use crate::cost::{Time, times};
use crate::facts::{self, OpFacts};
use crate::legality::{self, Legality, Reason};
use crate::placement::{Plan, Planner, least_segments, place};
use crate::target::{Backend, Confidence, Device, Target};

/// Where Core ML would run a program. Serializes to the JSON of `milopt estimate --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The chip, as Apple writes it.
    pub chip: String,
    /// Version of the system.
    pub os: String,
    /// What the app lets Core ML use.
    pub units: String,
    /// Each function, by name.
    pub functions: BTreeMap<String, FunctionEstimate>,
}

/// Where Core ML would run a function.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FunctionEstimate {
    /// The whole in numbers.
    pub summary: Summary,
    /// Runs of one device, in program order.
    pub segments: Vec<Segment>,
    /// Each op in program order, without `const` and `constexpr_*`.
    pub ops: Vec<OpEstimate>,
}

/// A function in numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Ops that some device runs.
    pub ops: usize,
    /// Those on the Neural Engine.
    pub ane_ops: usize,
    /// Their share of all ops.
    pub ane_share: f64,
    /// Runs of one device in program order.
    pub segments: usize,
    /// The least number of runs that an order which keeps all dependences could have; a greedy upper bound of it.
    pub segments_reordered: usize,
    /// Changes between devices in program order.
    pub switches: usize,
    /// What the planner believes the whole to cost, switches included.
    pub cost_ms: f64,
    /// Ops that could run on the Neural Engine.
    pub ane_supported: usize,
    /// The program computes in fp32 throughout, which the Neural Engine does not: it needs `add_fp16_cast` first.
    pub needs_fp16_cast: bool,
}

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
}

/// Where Core ML would run an op, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpEstimate {
    /// Its name; where it has none, its first result's.
    pub name: String,
    /// Op type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name of its first result.
    pub output: Option<String>,
    /// The device.
    pub device: Device,
    /// The backend on that device.
    pub backend: Option<Backend>,
    /// Devices that can run it and that the app allows.
    pub supported: Vec<Device>,
    /// What the planner believes it to take where it can run.
    pub cost_ms: Millis,
    /// Why it is not on the Neural Engine; `None` where it is.
    pub reason: Option<Reason>,
    /// What the cheapest plan with the op on another device costs more; `None` where no other can run it.
    pub margin_ms: Option<f64>,
    /// Another device costs the same: which one is chosen is arbitrary.
    pub tie: bool,
    /// How sure the device is.
    pub confidence: Confidence,
}

/// Milliseconds by device; `None` where an op cannot run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Millis {
    /// On the Neural Engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ane: Option<f64>,
    /// On the CPU, by the faster of its backends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<f64>,
    /// On the GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu: Option<f64>,
}

/// Estimates every function of a program: its specialisation that runs.
pub fn estimate(program: &Program, target: &Target) -> Estimate {
    let functions = program.functions.iter().filter_map(|(name, function)| {
        let found = estimate_graph(function.graph()?, &program.interface, name, target);
        Some((name.to_string(), found))
    });
    Estimate {
        chip: target.chip.name.to_owned(),
        os: target.os.to_string(),
        units: target.units.to_string(),
        functions: functions.collect(),
    }
}

fn estimate_graph(graph: &Graph, interface: &Interface, name: &str, target: &Target) -> FunctionEstimate {
    let ops = facts::read(graph, interface, name);
    let legality: Vec<Legality> = ops.iter().map(|(_, op)| legality::check(op, target)).collect();
    let times: Vec<[Time; 4]> = ops.iter().map(|(_, op)| times(op, &target.chip)).collect();
    let allowed: Vec<[bool; 4]> = legality.iter().map(|found| legality::allowed(found, target)).collect();
    let planner = Planner::known();
    let plan = place(&choose(&times, &allowed, |_, time| time.ms), &planner);
    let unsure = flips(&plan, &times, &allowed, &planner);
    let estimates: Vec<OpEstimate> = (0..ops.len())
        .map(|at| {
            let (id, op) = &ops[at];
            let device = if unsure[at] { Device::Unknown } else { plan.device(at) };
            let mut confidence = legality[at].confidence;
            if legality[at].backends[Backend::Ane as usize] {
                confidence = confidence
                    .max(times[at][Backend::Ane as usize].confidence)
                    .max(times[at][Backend::Bnns as usize].confidence);
            }
            OpEstimate {
                name: graph.label(*id).to_string(),
                kind: op.kind.to_string(),
                output: graph.op(*id).results().first().map(|&value| graph.value(value).name().to_string()),
                device,
                backend: plan.backends[at].filter(|_| !unsure[at]),
                supported: devices(&allowed[at]),
                cost_ms: millis(&times[at], &legality[at].backends),
                reason: (device != Device::Ane).then(|| reason(at, &legality[at], &plan, target)),
                margin_ms: plan.margin(at),
                tie: plan.is_tie(at),
                confidence,
            }
        })
        .collect();
    let segments = segments(graph, &ops, &estimates, &plan, &times);
    let placed: Vec<Device> = estimates.iter().map(|op| op.device).collect();
    let count = |device: Device| placed.iter().filter(|&&found| found == device).count();
    let runnable = placed.len() - count(Device::None);
    let ane = count(Device::Ane);
    let summary = Summary {
        ops: runnable,
        ane_ops: ane,
        ane_share: if runnable == 0 { 0.0 } else { ane as f64 / runnable as f64 },
        segments: segments.len(),
        segments_reordered: least_segments(&placed, &needs(graph, &ops)),
        switches: segments.len().saturating_sub(1),
        cost_ms: plan.cost,
        ane_supported: legality.iter().filter(|found| found.backends[Backend::Ane as usize]).count(),
        needs_fp16_cast: needs_fp16_cast(&ops),
    };
    FunctionEstimate { summary, segments, ops: estimates }
}

/// The times of the backends that may run each op.
fn choose(
    times: &[[Time; 4]],
    allowed: &[[bool; 4]],
    pick: impl Fn(Backend, &Time) -> f64,
) -> Vec<[Option<f64>; 4]> {
    let one = |times: &[Time; 4], allowed: &[bool; 4]| {
        Backend::ALL.map(|backend| allowed[backend as usize].then(|| pick(backend, &times[backend as usize])))
    };
    times.iter().zip(allowed).map(|(times, allowed)| one(times, allowed)).collect()
}

/// Ops whose device changes within what is known about the costs: if one device is as fast as it may be while the others
/// are as slow as they may be, or the reverse. Ties do not count: they are arbitrary on a device, too.
fn flips(plan: &Plan, times: &[[Time; 4]], allowed: &[[bool; 4]], planner: &Planner) -> Vec<bool> {
    let mut found = vec![false; times.len()];
    let sure = |time: &Time| time.low == time.high;
    if times.iter().flatten().all(sure) {
        return found;
    }
    for favoured in [Device::Ane, Device::Cpu, Device::Gpu] {
        let usable = |allowed: &[bool; 4]| {
            Backend::ALL.iter().any(|&backend| allowed[backend as usize] && backend.device() == favoured)
        };
        if !allowed.iter().any(usable) {
            continue;
        }
        let other = place(
            &choose(
                times,
                allowed,
                |backend, time| {
                    if backend.device() == favoured { time.low } else { time.high }
                },
            ),
            planner,
        );
        for (at, flips) in found.iter_mut().enumerate() {
            *flips |= other.device(at) != plan.device(at) && !plan.is_tie(at) && !other.is_tie(at);
        }
    }
    found
}

fn devices(allowed: &[bool; 4]) -> Vec<Device> {
    let mut found: Vec<Device> =
        Backend::ALL.into_iter().filter(|&b| allowed[b as usize]).map(Backend::device).collect();
    found.dedup();
    found
}

fn millis(times: &[Time; 4], legal: &[bool; 4]) -> Millis {
    let of = |backend: Backend| legal[backend as usize].then(|| times[backend as usize].ms);
    let cpu = [Backend::Bnns, Backend::ClassicCpu].into_iter().filter_map(of).reduce(f64::min);
    Millis { ane: of(Backend::Ane), cpu, gpu: of(Backend::MpsGraph) }
}

/// Why an op is not on the Neural Engine.
fn reason(at: usize, legality: &Legality, plan: &Plan, target: &Target) -> Reason {
    let ours = |code: &'static str, message: String| Reason {
        code,
        message,
        fix: None,
        state: None,
        source: "the planner's cost model (751K)",
        certainty: legality.confidence,
    };
    if let Some(reason) = &legality.reason {
        return reason.clone();
    }
    if !target.allows(Backend::Ane) {
        return ours("units", format!("the compute units {} leave the ANE out", target.units));
    }
    let more = plan.through[at][Backend::Ane as usize] - plan.cost;
    match plan.device(at) {
        Device::Ane => ours("uncertain", "the costs are not known well enough to say".to_owned()),
        Device::Gpu => ours("gpu_cheaper", format!("the GPU makes a plan that is {more:.4} ms cheaper")),
        _ if plan.is_tie(at) => ours("tie", "the ANE and another device cost the same here".to_owned()),
        _ => ours(
            "not_worth_switching",
            format!("the ANE could run it, but the cheapest plan that does costs {more:.4} ms more"),
        ),
    }
}

fn segments(
    graph: &Graph,
    ops: &[(OpId, OpFacts)],
    estimates: &[OpEstimate],
    plan: &Plan,
    times: &[[Time; 4]],
) -> Vec<Segment> {
    const OUTSIDE: usize = usize::MAX;
    let mut found: Vec<Segment> = Vec::new();
    // Per value: the segment that defines it, the last one that it was counted to enter, whether it left.
    let mut home = vec![OUTSIDE; graph.bound()];
    let mut entered = vec![OUTSIDE; graph.bound()];
    let mut left = vec![false; graph.bound()];
    for (at, (id, op)) in ops.iter().enumerate() {
        let device = estimates[at].device;
        if device == Device::None {
            continue;
        }
        if found.last().is_none_or(|segment| segment.device != device) {
            found.push(Segment {
                device,
                ops: Vec::new(),
                cost_ms: 0.0,
                live_in_bytes: 0,
                live_out_bytes: 0,
            });
        }
        let here = found.len() - 1;
        found[here].ops.push(estimates[at].name.clone());
        found[here].cost_ms += plan.backends[at].map_or(0.0, |backend| times[at][backend as usize].ms);
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
    found
}

/// For each op the ops that must run before it.
fn needs(graph: &Graph, ops: &[(OpId, OpFacts)]) -> Vec<Vec<usize>> {
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
            needed
        })
        .collect()
}

/// Floats are computed in fp32 and nowhere in fp16.
fn needs_fp16_cast(ops: &[(OpId, OpFacts)]) -> bool {
    let results = || ops.iter().flat_map(|(_, op)| &op.results);
    results().any(|tensor| tensor.dtype == Some(DType::Fp32))
        && !results().any(|tensor| tensor.dtype == Some(DType::Fp16))
}
