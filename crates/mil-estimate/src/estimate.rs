//! The three layers on a program, and what comes out of them.

use std::collections::BTreeMap;

use mil_ir::{FunctionInterface, Graph, OpId, Program};
use mil_tensor::DType;
use serde::Serialize;

use crate::blockers::{self, Blocker};
use crate::cost::{Costs, Time, counted};
use crate::facts::{self, OpFacts};
use crate::first_load::{self, FirstLoad};
use crate::legality::{self, Legality, Reason};
use crate::operands::{OperandEstimate, Port, operands, ports};
use crate::placement::{Plan, Planner, least_segments, place};
use crate::risk::{self, Risk, Subject};
use crate::segments::{Island, Planned, Segment, Weights, needs, weights_of};
use crate::shapes::{FlexibleShape, Shapes};
use crate::summary::Summary;
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
    /// Family of the chip's Neural Engine, by which the planner's constants are kept: `H16G`.
    pub family: String,
    /// How sure it is that the chip belongs to the family.
    pub family_confidence: Confidence,
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
    /// Runs of ops that the Neural Engine could run and does not, nearest to it first.
    pub islands: Vec<Island>,
    /// Ops that the Neural Engine refuses and that make the plan more expensive, the most expensive first.
    /// Empty for a program in fp32, of which it refuses every op.
    pub blockers: Vec<Blocker>,
    /// What may keep a whole segment, or the whole function, off the Neural Engine although each op could run
    /// there.
    pub risks: Vec<Risk>,
    /// Inputs and states whose shape may change, and what that means.
    pub shapes: Vec<FlexibleShape>,
    /// What decides how long the first load takes.
    pub first_load: FirstLoad,
    /// What it takes, states included.
    pub inputs: Vec<Port>,
    /// What it gives.
    pub outputs: Vec<Port>,
}

/// Where Core ML would run an op, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpEstimate {
    /// The op itself, in the function's graph.
    #[serde(skip)]
    pub id: OpId,
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
    /// The least and the most that `cost_ms` may be.
    pub interval_ms: Intervals,
    /// Place of its segment in `segments`; `None` where no device runs it.
    pub segment: Option<usize>,
    /// What it works on, constants included.
    pub operands: Vec<OperandEstimate>,
    /// Places in `ops` of the ops that must run before it: whose results it uses, and those whose states it
    /// meets.
    pub needs: Vec<usize>,
    /// Type of its first result: `tensor<fp16, [1, 64, 32, 32]>`.
    pub result: Option<String>,
    /// What the planner counts as its work, in operations.
    pub flop: f64,
    /// What the planner counts as its bytes.
    pub bytes: f64,
    /// Bytes of its constants, as stored.
    pub weight_bytes: u64,
}

/// Intervals of milliseconds by device: the least and the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Intervals {
    /// On the Neural Engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ane: Option<[f64; 2]>,
    /// On the CPU, by the faster of its backends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<[f64; 2]>,
    /// On the GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu: Option<[f64; 2]>,
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
    estimate_with(program, target, Costs::known())
}

/// The same with other leaves than those that are known.
pub fn estimate_with(program: &Program, target: &Target, costs: &Costs) -> Estimate {
    let functions = program.functions.iter().filter_map(|(name, function)| {
        let graph = function.graph()?;
        let features = program.interface.function(name);
        let shapes = Shapes::of(graph, &function.opset, features);
        let settled = shapes.settle();
        let mut found = estimate_graph(settled.as_ref().unwrap_or(graph), graph, features, target, costs);
        found.shapes =
            shapes.describe(|settled| estimate_graph(settled, graph, features, target, costs).summary);
        let others = found.shapes.iter().map(|feature| feature.others.len()).max().unwrap_or(0);
        found.first_load = found.first_load.with_shapes(1 + others);
        Some((name.to_string(), found))
    });
    Estimate {
        chip: target.chip.name.to_owned(),
        os: target.os.to_string(),
        units: target.units.to_string(),
        family: target.chip.family.to_owned(),
        family_confidence: target.chip.confidence,
        functions: functions.collect(),
    }
}

/// What the layers know of each op of a program that a plan names: its function, its first result, its facts.
pub(crate) fn facts_of(program: &Program) -> Vec<(String, String, OpFacts)> {
    let mut all = Vec::new();
    for (name, function) in &program.functions {
        let Some(graph) = function.graph() else { continue };
        let shapes = Shapes::of(graph, &function.opset, program.interface.function(name));
        let settled = shapes.settle();
        let settled = settled.as_ref().unwrap_or(graph);
        for (id, facts) in facts::read(settled, graph) {
            if let Some(&first) = settled.op(id).results().first() {
                all.push((name.to_string(), settled.value(first).name().to_string(), facts));
            }
        }
    }
    all
}

/// Estimates a graph whose sizes are settled as far as they can be, for its types; `declared` is the graph as
/// it was before.
fn estimate_graph(
    graph: &Graph,
    declared: &Graph,
    features: Option<&FunctionInterface>,
    target: &Target,
    costs: &Costs,
) -> FunctionEstimate {
    let ops = facts::read(graph, declared);
    let legality: Vec<Legality> = ops.iter().map(|(_, op)| legality::check(op, target)).collect();
    let times: Vec<[Time; 4]> = ops.iter().map(|(_, op)| costs.times(op, &target.chip)).collect();
    let allowed: Vec<[bool; 4]> = legality.iter().map(|found| legality::allowed(found, target)).collect();
    let planner = Planner::known();
    let chosen = choose(&times, &allowed, |_, time| time.ms);
    let plan = place(&chosen, &planner);
    let unsure = flips(&plan, &times, &allowed, &planner);
    let needs = needs(declared, &ops);
    let weights: Vec<Weights> = ops.iter().map(|(id, _)| weights_of(declared, *id)).collect();
    let mut estimates: Vec<OpEstimate> = (0..ops.len())
        .map(|at| {
            let (id, op) = &ops[at];
            let device = if unsure[at] { Device::Unknown } else { plan.device(at) };
            let mut confidence = legality[at].confidence;
            if legality[at].backends[Backend::Ane as usize] {
                confidence = confidence
                    .max(times[at][Backend::Ane as usize].confidence)
                    .max(times[at][Backend::Bnns as usize].confidence);
            }
            let result = graph.op(*id).results().first().map(|&value| graph.value(value));
            let counted = counted(op);
            OpEstimate {
                id: *id,
                name: graph.label(*id).to_string(),
                kind: op.kind.to_string(),
                output: result.map(|value| value.name().to_string()),
                device,
                backend: plan.backends[at].filter(|_| !unsure[at]),
                supported: devices(&allowed[at]),
                cost_ms: millis(&times[at], &legality[at].backends),
                reason: (device != Device::Ane).then(|| reason(at, &legality[at], &plan, target)),
                margin_ms: plan.margin(at),
                tie: plan.is_tie(at),
                confidence,
                interval_ms: intervals(&times[at], &legality[at].backends),
                segment: None,
                operands: operands(graph, declared, *id),
                needs: needs[at].clone(),
                result: result.map(|value| value.ty().to_string()),
                flop: counted.0,
                bytes: counted.1,
                weight_bytes: weights[at].iter().map(|(_, bytes)| bytes).sum(),
            }
        })
        .collect();
    let planned = Planned {
        graph: declared,
        ops: &ops,
        plan: &plan,
        times: &chosen,
        planner: &planner,
        weights: &weights,
    };
    let placed: Vec<Device> = estimates.iter().map(|op| op.device).collect();
    let names: Vec<String> = estimates.iter().map(|op| op.name.clone()).collect();
    let (segments, homes) = planned.segments(&placed, &names);
    for (op, home) in estimates.iter_mut().zip(homes) {
        op.segment = home;
    }
    let islands = planned.islands(&segments);
    let count = |device: Device| placed.iter().filter(|&&found| found == device).count();
    let (runnable, ane, unknown) =
        (placed.len() - count(Device::None), count(Device::Ane), count(Device::Unknown));
    let at_cost =
        |pick: fn(&Time) -> f64| place(&choose(&times, &allowed, |_, time| pick(time)), &planner).cost;
    let summary = Summary {
        ops: runnable,
        ane_ops: ane,
        ane_share: if runnable == 0 { 0.0 } else { ane as f64 / runnable as f64 },
        segments: segments.len(),
        segments_reordered: least_segments(&placed, &needs),
        switches: segments.len().saturating_sub(1),
        cost_ms: plan.cost,
        ane_supported: legality.iter().filter(|found| found.backends[Backend::Ane as usize]).count(),
        unknown_ops: unknown,
        assumed_ops: estimates.iter().filter(|op| op.confidence == Confidence::Assumed).count(),
        tied_ops: estimates.iter().filter(|op| op.tie).count(),
        cost_interval_ms: [at_cost(|time| time.low), at_cost(|time| time.high)],
        needs_fp16_cast: needs_fp16_cast(&ops),
    };
    let blockers = if target.allows(Backend::Ane) && !summary.needs_fp16_cast {
        blockers::find(&ops, &legality, &times, &chosen, &plan, &planner)
    } else {
        Vec::new()
    };
    let subject = Subject { graph, ops: &ops, devices: &placed, needs: &needs, weights: &weights, features };
    let risks = if ane + unknown > 0 { risk::find(&subject, target) } else { Vec::new() };
    let first_load = first_load::drivers(&placed, &segments, &weights);
    let [inputs, outputs] = ports(declared);
    FunctionEstimate {
        summary,
        segments,
        ops: estimates,
        islands,
        blockers,
        risks,
        shapes: Vec::new(),
        first_load,
        inputs,
        outputs,
    }
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

/// Ops whose device changes within what is known about the costs: if one device is as fast as it may be while
/// the others are as slow as they may be, or the reverse. Ties do not count: they are arbitrary on a device,
/// too.
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

fn intervals(times: &[Time; 4], legal: &[bool; 4]) -> Intervals {
    let of = |backend: Backend| {
        let time = &times[backend as usize];
        legal[backend as usize].then_some([time.low, time.high])
    };
    let least = |a: [f64; 2], b: [f64; 2]| [a[0].min(b[0]), a[1].min(b[1])];
    let cpu = [Backend::Bnns, Backend::ClassicCpu].into_iter().filter_map(of).reduce(least);
    Intervals { ane: of(Backend::Ane), cpu, gpu: of(Backend::MpsGraph) }
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

/// Floats are computed in fp32 and nowhere in fp16.
fn needs_fp16_cast(ops: &[(OpId, OpFacts)]) -> bool {
    let results = || ops.iter().flat_map(|(_, op)| &op.results);
    results().any(|tensor| tensor.dtype == Some(DType::Fp32))
        && !results().any(|tensor| tensor.dtype == Some(DType::Fp16))
}
