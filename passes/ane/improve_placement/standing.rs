//! Where a program stands: what it is estimated to cost on each target, and what keeps it there.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use mil_estimate::{Device, FunctionEstimate, Target, estimate};
use mil_ir::{Name, OpId, Program};
use mil_pass::Sites;

/// A saving below this share of the cost is not one.
const WORTH: f64 = 1e-3;
/// Sums that differ by less are the same, added up in another order.
const SAME: f64 = 1e-6;

/// The estimates of a program.
pub(crate) struct Standing {
    targets: Vec<OnTarget>,
    /// For each pass that a reason names, the places of its reasons, neighbours together.
    pub(super) places: BTreeMap<&'static str, Vec<Place>>,
}

/// What counts on one target, over all functions.
struct OnTarget {
    name: String,
    cost: f64,
    interval: [f64; 2],
    segments: usize,
    risks: BTreeSet<(String, &'static str)>,
}

/// Neighbouring ops of one function that a pass may rewrite.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) function: Name,
    pub(super) first: OpId,
    pub(super) sites: Sites,
}

impl Standing {
    pub(crate) fn of(program: &Program, targets: &[Target]) -> Standing {
        let mut places: BTreeMap<&'static str, Vec<Place>> = BTreeMap::new();
        let mut on_targets = Vec::new();
        for target in targets {
            let found = estimate(program, target);
            let functions = found.functions.values();
            let sum = |pick: fn(&FunctionEstimate) -> f64| functions.clone().map(pick).sum::<f64>();
            let risks = found.functions.iter().flat_map(|(name, function)| {
                function.risks.iter().map(move |risk| (name.clone(), risk.code))
            });
            on_targets.push(OnTarget {
                name: format!("{} with {} {}", found.chip, target.chip.platform, found.os),
                cost: sum(|function| function.summary.cost_ms),
                interval: [
                    sum(|function| function.summary.cost_interval_ms[0]),
                    sum(|function| function.summary.cost_interval_ms[1]),
                ],
                segments: functions.clone().map(|function| function.summary.segments).sum(),
                risks: risks.collect(),
            });
            for (name, function) in &found.functions {
                if let Some((name, of_program)) = program.functions.get_key_value(name.as_str()) {
                    collect(&mut places, name, &of_program.opset, function);
                }
            }
        }
        Standing { targets: on_targets, places }
    }

    /// What a rewrite brings that leads from here to `after`, as a share of the cost summed over the targets;
    /// else why it is not taken.
    pub(crate) fn gain(&self, after: &Standing) -> Result<f64, String> {
        let (mut gain, mut saves) = (0.0, false);
        for (now, then) in self.targets.iter().zip(&after.targets) {
            if then.cost > now.cost * (1.0 + SAME) {
                return Err(format!("it costs {:.4} ms more on {}", then.cost - now.cost, now.name));
            }
            if then.segments > now.segments {
                return Err(format!(
                    "there would be {} segments, not {}, on {}",
                    then.segments, now.segments, now.name
                ));
            }
            if let Some((_, risk)) = then.risks.difference(&now.risks).next() {
                return Err(format!("it adds the risk {risk} on {}", now.name));
            }
            let saved = now.cost - then.cost;
            let certain = then.interval.iter().zip(&now.interval).all(|(then, now)| then < now);
            saves |= saved > WORTH * now.cost && certain;
            gain += saved / now.cost.max(f64::MIN_POSITIVE);
        }
        if saves { Ok(gain) } else { Err("it saves nothing beyond what is uncertain".to_owned()) }
    }

    /// What a rewrite brings, in words.
    pub(crate) fn compared(&self, after: &Standing) -> String {
        let one = |(now, then): (&OnTarget, &OnTarget)| {
            format!(
                "{:.4} → {:.4} ms, {} → {} segments on {}",
                now.cost, then.cost, now.segments, then.segments, now.name
            )
        };
        let all: Vec<String> = self.targets.iter().zip(&after.targets).map(one).collect();
        all.join("; ")
    }
}

/// Adds the places of a function's reasons: runs of ops off the Neural Engine.
fn collect(
    places: &mut BTreeMap<&'static str, Vec<Place>>,
    name: &Name,
    opset: &mil_ir::Opset,
    function: &FunctionEstimate,
) {
    let mut run: BTreeMap<&'static str, Place> = BTreeMap::new();
    let mut close = |run: &mut BTreeMap<&'static str, Place>| {
        for (pass, mut place) in std::mem::take(run) {
            let known = places.entry(pass).or_default();
            // Another target may have found the same ops, or some of them.
            let seen: HashSet<_> = known.iter().flat_map(|place| &place.sites).cloned().collect();
            place.sites.retain(|site| !seen.contains(site));
            if !place.sites.is_empty() {
                known.push(place);
            }
        }
    };
    for op in &function.ops {
        if op.device == Device::Ane {
            close(&mut run);
        }
        let fixes = op.reason.as_ref().and_then(|reason| reason.fix).unwrap_or_default();
        for fix in fixes.split(',').filter(|fix| !fix.is_empty()) {
            let place = run.entry(fix).or_insert_with(|| Place {
                function: name.clone(),
                first: op.id,
                sites: Sites::new(),
            });
            place.sites.insert((name.clone(), opset.clone(), op.id));
        }
    }
    close(&mut run);
}
