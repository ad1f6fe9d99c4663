//! Two estimates side by side: before and after a rewrite, or two packages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use crate::estimate::{Estimate, FunctionEstimate};
use crate::summary::Summary;
use crate::target::Device;
use crate::words::{millis, share};

/// So many ops that moved are listed in text; the rest is counted.
const LISTED: usize = 8;

/// What changed between two estimates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Each function of either, by name.
    pub functions: BTreeMap<String, FunctionComparison>,
}

/// What changed in a function.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FunctionComparison {
    /// In numbers, before; `None` where there was no such function.
    pub before: Option<Summary>,
    /// After.
    pub after: Option<Summary>,
    /// Ops with results of one name and one type that are on another device, in the order of the program
    /// after.
    pub moved: Vec<Moved>,
    /// Number of ops by type, before and after, of the types whose number changed.
    pub kinds: BTreeMap<String, [usize; 2]>,
    /// Number of ops off the Neural Engine by code of the reason, before and after, where it changed.
    pub reasons: BTreeMap<String, [usize; 2]>,
}

/// An op that is on another device than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Name of its first result.
    pub output: String,
    /// Op type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The device before.
    pub from: Device,
    /// The device after.
    pub to: Device,
}

/// Compares two estimates, function by function and op by op.
pub fn compare(before: &Estimate, after: &Estimate) -> Comparison {
    let names: BTreeSet<&String> = before.functions.keys().chain(after.functions.keys()).collect();
    let functions = names.into_iter().map(|name| {
        let pair = [before.functions.get(name), after.functions.get(name)];
        let codes = |function: &FunctionEstimate| {
            count(function.ops.iter().filter_map(|op| Some(op.reason.as_ref()?.code.to_owned())))
        };
        let kinds = |function: &FunctionEstimate| count(function.ops.iter().map(|op| op.kind.clone()));
        let compared = FunctionComparison {
            before: pair[0].map(|function| function.summary.clone()),
            after: pair[1].map(|function| function.summary.clone()),
            moved: if let [Some(before), Some(after)] = pair { moved(before, after) } else { Vec::new() },
            kinds: changes(pair.map(|function| function.map_or_else(BTreeMap::new, kinds))),
            reasons: changes(pair.map(|function| function.map_or_else(BTreeMap::new, codes))),
        };
        (name.clone(), compared)
    });
    Comparison { functions: functions.collect() }
}

fn count(items: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for item in items {
        *found.entry(item).or_default() += 1;
    }
    found
}

fn changes([before, after]: [BTreeMap<String, usize>; 2]) -> BTreeMap<String, [usize; 2]> {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let of = |counts: &BTreeMap<String, usize>, key: &str| counts.get(key).copied().unwrap_or(0);
    let pairs = keys.into_iter().map(|key| (key.clone(), [of(&before, key), of(&after, key)]));
    pairs.filter(|(_, [before, after])| before != after).collect()
}

fn moved(before: &FunctionEstimate, after: &FunctionEstimate) -> Vec<Moved> {
    let old: BTreeMap<(&str, &str), Device> =
        before.ops.iter().filter_map(|op| Some(((op.output.as_deref()?, &*op.kind), op.device))).collect();
    let changed = after.ops.iter().filter_map(|op| {
        let output = op.output.as_deref()?;
        let from = *old.get(&(output, &*op.kind))?;
        let to = op.device;
        (from != to).then(|| Moved { output: output.to_owned(), kind: op.kind.clone(), from, to })
    });
    changed.collect()
}

impl Comparison {
    /// The comparison as a person reads it: numbers side by side, what moved, which reasons came and went.
    pub fn report(&self) -> String {
        let mut out = String::new();
        for (name, function) in &self.functions {
            let (before, after) = match (&function.before, &function.after) {
                (Some(before), Some(after)) => (before, after),
                (Some(_), None) => {
                    let _ = writeln!(out, "{name}: only before");
                    continue;
                }
                _ => {
                    let _ = writeln!(out, "{name}: only after");
                    continue;
                }
            };
            let _ = writeln!(out, "{name:<20} {:>12} {:>12}", "before", "after");
            for (what, numbers) in numbers(before, after) {
                let _ = writeln!(out, "  {what:<18} {:>12} {:>12}", numbers[0], numbers[1]);
            }
            for (title, counts) in
                [("ops by type", &function.kinds), ("off the ANE, by reason", &function.reasons)]
            {
                if !counts.is_empty() {
                    let each: Vec<String> = counts
                        .iter()
                        .map(|(key, [before, after])| format!("{key} {before} → {after}"))
                        .collect();
                    let _ = writeln!(out, "  {title}: {}", each.join(", "));
                }
            }
            for op in function.moved.iter().take(LISTED) {
                let _ = writeln!(out, "  {} → {}  {} ({})", op.from, op.to, op.output, op.kind);
            }
            if function.moved.len() > LISTED {
                let _ = writeln!(out, "  … and {} more ops on another device", function.moved.len() - LISTED);
            }
        }
        out
    }
}

fn numbers(before: &Summary, after: &Summary) -> [(&'static str, [String; 2]); 6] {
    let of = |number: fn(&Summary) -> String| [number(before), number(after)];
    [
        ("planned time, ms", of(|summary| millis(summary.cost_ms))),
        ("segments", of(|summary| summary.segments.to_string())),
        ("  in another order", of(|summary| summary.segments_reordered.to_string())),
        ("ops", of(|summary| summary.ops.to_string())),
        ("ops on the ANE", of(|summary| summary.ane_ops.to_string())),
        ("share on the ANE", of(|summary| share(summary.ane_ops, summary.ops))),
    ]
}
