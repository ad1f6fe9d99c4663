//! What to do about a function: the one source of advice, for the report and for the page.

use serde::Serialize;

use crate::estimate::{FunctionEstimate, OpEstimate};
use crate::rewrites::Rewrites;
use crate::target::{Confidence, Device};
use crate::words::{ms, plural, sentence};

/// So many risks, and so many refusals, are spoken of.
const SPOKEN: usize = 3;
/// A run of ops that misses the Neural Engine by fewer milliseconds is near it.
const NEAR: f64 = 0.05;

/// One thing to do, or to know before doing anything.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advice {
    /// In words; what is to be typed stands in backquotes.
    pub text: String,
    /// What it could save at most, in milliseconds of the plan.
    pub saves_ms: Option<f64>,
    /// Places in `ops` of the ops that it is about.
    pub ops: Vec<usize>,
    /// It warns of something that may go wrong.
    pub warns: bool,
    /// What to type, where the text says no more than that.
    pub command: Option<String>,
}

impl Advice {
    fn note(text: impl Into<String>) -> Advice {
        Advice { text: text.into(), saves_ms: None, ops: Vec::new(), warns: false, command: None }
    }
}

/// What to do about a function: risks first, then what saves most. Never empty. A pipeline is advised only if
/// it is known to help; its command is the report's last word ([`Rewrites::closing`]).
pub fn advice(function: &FunctionEstimate, rewrites: &Rewrites) -> Vec<Advice> {
    let summary = &function.summary;
    if summary.ops == 0 {
        return vec![Advice::note("There are no ops to place.")];
    }
    let mut found = risks(function);
    let mut savings = rewriting(function, rewrites);
    savings.extend(refusals(function));
    savings.extend(island(function));
    savings.sort_by(|a, b| b.saves_ms.unwrap_or(0.0).total_cmp(&a.saves_ms.unwrap_or(0.0)));
    let told = !savings.is_empty();
    found.extend(savings);
    if !told {
        found.push(Advice::note(resting(function)));
    }
    found
}

/// What was seen to go wrong comes before any speed.
fn risks(function: &FunctionEstimate) -> Vec<Advice> {
    let serious = function.risks.iter().filter(|risk| risk.certainty != Confidence::Assumed);
    let one = |risk: &crate::risk::Risk| Advice {
        text: format!("{}: {}.", sentence(&risk.message), risk.consequence),
        saves_ms: None,
        ops: risk.ops.clone(),
        warns: true,
        command: None,
    };
    serious.take(SPOKEN).map(one).collect()
}

fn rewriting(function: &FunctionEstimate, rewrites: &Rewrites) -> Vec<Advice> {
    let text = match rewrites {
        Rewrites::Tried(_) => {
            let Some(best) = rewrites.best() else { return Vec::new() };
            let saves_ms = Some((best.before.cost_ms - best.after.cost_ms).max(0.0));
            let what = if best.command.is_empty() {
                format!("the pipeline `{}`", best.pipeline)
            } else {
                format!("`{}`", best.command)
            };
            let text = format!("Run {what}: {}.", best.numbers());
            let command = Some(best.command.clone()).filter(|command| !command.is_empty());
            return vec![Advice { saves_ms, command, ..Advice::note(text) }];
        }
        _ if !function.summary.needs_fp16_cast => return Vec::new(),
        Rewrites::NotTried(_) => "It computes in fp32, which the ANE does not: the pipeline `fp16` casts it.",
        Rewrites::Untried => {
            "It computes in fp32, which the ANE does not: estimate what the pipeline `fp16` makes of it."
        }
    };
    // Before all else: nothing can be on the ANE.
    vec![Advice { saves_ms: Some(function.summary.cost_ms), ..Advice::note(text) }]
}

/// Ops that the ANE refuses, by what the refusal costs. In a program in fp32 that is every op: the pipeline
/// is the answer.
fn refusals(function: &FunctionEstimate) -> Vec<Advice> {
    if function.summary.needs_fp16_cast {
        return Vec::new();
    }
    let told = |blocker: &crate::blockers::Blocker| {
        let reason = function.ops.get(*blocker.ops.first()?)?.reason.as_ref()?;
        let name = &function.ops.get(*blocker.ops.first()?)?.name;
        let what = match blocker.ops.len() {
            1 => format!("{name} ({})", blocker.kind),
            count => format!("{count} {} ops ({name}, …)", blocker.kind),
        };
        let text = format!(
            "Rewrite {what}, refused as {}: {} With {} on the ANE the plan would cost {} less.",
            reason.code,
            stop(&reason.message),
            if blocker.ops.len() == 1 { "it" } else { "them" },
            ms(blocker.saves_ms),
        );
        let saves_ms = Some(blocker.saves_ms);
        Some(Advice { saves_ms, ops: blocker.ops.clone(), ..Advice::note(text) })
    };
    let worth = |blocker: &&crate::blockers::Blocker| blocker.saves_ms > 0.01 * function.summary.cost_ms;
    function.blockers.iter().filter(worth).take(SPOKEN).filter_map(told).collect()
}

/// The run of ops that misses the ANE by least, if it is near.
fn island(function: &FunctionEstimate) -> Option<Advice> {
    // One that misses it by nothing is a tie.
    let is_near = |misses: f64| misses > 1e-6 && misses < NEAR;
    let near = function.islands.iter().find(|island| island.ops > 1 && is_near(island.misses_ms))?;
    let first = &function.ops.get(near.first)?.name;
    let text = format!(
        "{} from {first} on miss the ANE by {}: fewer ops around them may bring them there.",
        plural(near.ops, "op"),
        ms(near.misses_ms)
    );
    Some(Advice { ops: (near.first..near.end).collect(), ..Advice::note(text) })
}

/// Where nothing is to be done, why.
fn resting(function: &FunctionEstimate) -> String {
    let summary = &function.summary;
    let refused = |op: &&OpEstimate| op.device != Device::Ane && !op.cost_ms.ane.is_some_and(f64::is_finite);
    if summary.ane_ops == summary.ops {
        return "Everything is on the ANE.".to_owned();
    }
    if 2 * summary.unknown_ops > summary.ops {
        return "Measure on a device, or estimate for another chip: the costs on this one are not known \
                well enough to say."
            .to_owned();
    }
    if summary.ane_ops == 0 && 2 * summary.ane_supported > summary.ops {
        return "Leave it on the CPU: the ANE could run most of it, but the model is too small to pay for \
                the switches."
            .to_owned();
    }
    let count = function.ops.iter().filter(refused).count();
    if count > 0 {
        return format!(
            "Leave it as it is: the plan would hardly be cheaper if the ANE took the {} that it refuses, \
             one type at a time.",
            plural(count, "op")
        );
    }
    "Leave it as it is: the ANE could run all of it, and what is elsewhere is as cheap there.".to_owned()
}

fn stop(message: &str) -> String {
    if message.ends_with('.') { message.to_owned() } else { format!("{message}.") }
}
