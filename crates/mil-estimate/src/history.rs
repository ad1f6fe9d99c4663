//! Estimates of a model over time: what is written down of each, and what became worse.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::estimate::Estimate;
use crate::rewrites::Totals;
use crate::target::Device;

/// An estimate, as a line of a history. Nothing in it tells the time: the order of the lines does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of what estimated.
    pub tool: String,
    /// The model's name.
    pub model: String,
    /// What its files hold, as a hash.
    pub content: String,
    /// What whoever wrote it down calls it: a commit, a build.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// The chip.
    pub chip: String,
    /// Version of the system.
    pub os: String,
    /// What the app lets Core ML use.
    pub units: String,
    /// Runs of one device.
    pub segments: usize,
    /// Share of the ops that is on the Neural Engine.
    pub ane_share: f64,
    /// What the planner believes it to cost.
    pub cost_ms: f64,
    /// Ops that some device runs.
    pub ops: usize,
    /// Ops on which the estimator abstains.
    pub unknown_ops: usize,
    /// Ops that are not on the Neural Engine: type, device and reason by function and name.
    pub off_ane: BTreeMap<String, OffAne>,
}

/// An op that is not on the Neural Engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffAne {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its device.
    pub device: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What names a model and what it was estimated by and for.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Version of what estimates.
    pub tool: String,
    /// The model's name.
    pub model: String,
    /// What its files hold, as a hash.
    pub content: String,
    /// A commit, a build.
    pub label: String,
}

impl Record {
    /// Of the programs of a model, all estimated for one target; `None` of none.
    pub fn of(subject: Subject, estimates: &[&Estimate]) -> Option<Record> {
        let first = estimates.first()?;
        let totals = Totals::of(estimates.iter().copied());
        let mut off_ane = BTreeMap::new();
        for (member, estimate) in estimates.iter().enumerate() {
            for (function, found) in &estimate.functions {
                for op in found.ops.iter().filter(|op| !matches!(op.device, Device::Ane | Device::None)) {
                    let member = if estimates.len() > 1 { format!("{member}.") } else { String::new() };
                    let reason = op.reason.as_ref().map(|reason| reason.code.to_string());
                    let off = OffAne { kind: op.kind.clone(), device: op.device.to_string(), reason };
                    off_ane.insert(format!("{member}{function}.{}", op.name), off);
                }
            }
        }
        Some(Record {
            tool: subject.tool,
            model: subject.model,
            content: subject.content,
            label: subject.label,
            chip: first.chip.clone(),
            os: first.os.clone(),
            units: first.units.clone(),
            segments: totals.segments,
            ane_share: if totals.ops > 0 { totals.ane_ops as f64 / totals.ops as f64 } else { 0.0 },
            cost_ms: totals.cost_ms,
            ops: totals.ops,
            unknown_ops: totals.unknown_ops,
            off_ane,
        })
    }

    /// What must be the same for two estimates to be compared.
    fn series(&self) -> (String, String) {
        (self.model.clone(), format!("{} {} {}", self.chip, self.os, self.units))
    }
}

/// The estimates of one model for one target, oldest first.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    /// The model.
    pub model: String,
    /// Chip, system and units.
    pub target: String,
    /// Its records.
    pub records: Vec<Record>,
    /// Where a record is worse than the one before it.
    pub regressions: Vec<Regression>,
}

/// A record that is worse than the one before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Regression {
    /// Place of the record in its series.
    pub at: usize,
    /// What the planner believes it to cost more, in milliseconds.
    pub cost_ms: f64,
    /// How many segments more there are; negative: fewer.
    pub segments: i64,
    /// Ops that left the Neural Engine, or came and are not on it: name, type, device and reason.
    pub ops: Vec<String>,
}

/// A record that costs more by less than this share is not worse.
const WORTH: f64 = 0.01;

/// Records by model and target, each with what became worse from line to line.
pub fn history(records: Vec<Record>) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for record in records {
        let (model, target) = record.series();
        match all.iter_mut().find(|series| series.model == model && series.target == target) {
            Some(series) => series.records.push(record),
            None => {
                all.push(Series { model, target, records: vec![record], regressions: Vec::new() });
            }
        }
    }
    for series in &mut all {
        let pairs = series.records.windows(2).enumerate();
        series.regressions = pairs.filter_map(|(at, pair)| regression(at + 1, &pair[0], &pair[1])).collect();
    }
    all
}

fn regression(at: usize, before: &Record, after: &Record) -> Option<Regression> {
    let cost_ms = after.cost_ms - before.cost_ms;
    let segments = after.segments as i64 - before.segments as i64;
    if cost_ms <= WORTH * before.cost_ms && segments <= 0 {
        return None;
    }
    let ops = after.off_ane.iter().filter(|(name, _)| !before.off_ane.contains_key(*name));
    let ops = ops.map(|(name, off)| {
        let reason = off.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{name} ({}) on the {}{reason}", off.kind, off.device)
    });
    Some(Regression { at, cost_ms, segments, ops: ops.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(label: &str, cost_ms: f64, segments: usize, off: &[&str]) -> Record {
        let gather =
            OffAne { kind: "gather".into(), device: "cpu".into(), reason: Some("unsupported".into()) };
        Record {
            tool: "milopt 0".into(),
            model: "m.mlpackage".into(),
            content: "blake3:0".into(),
            label: label.into(),
            chip: "M1".into(),
            os: "26".into(),
            units: "cpu-and-ne".into(),
            segments,
            ane_share: 1.0,
            cost_ms,
            ops: 10,
            unknown_ops: 0,
            off_ane: off.iter().map(|&name| (name.to_owned(), gather.clone())).collect(),
        }
    }

    #[test]
    fn what_became_worse_is_said_by_op() {
        let other = Record { chip: "M4".into(), ..record("a", 9.0, 9, &[]) };
        let lines = vec![
            record("a", 1.0, 1, &[]),
            other,
            record("b", 1.005, 1, &[]),
            record("c", 1.5, 3, &["main.g"]),
        ];
        let found = history(lines);
        assert_eq!(found.iter().map(|series| series.records.len()).collect::<Vec<_>>(), [3, 1]);
        let worse = &found[0].regressions;
        assert_eq!(worse.len(), 1, "{worse:?}");
        assert_eq!((worse[0].at, worse[0].segments), (2, 2));
        assert_eq!(worse[0].ops, ["main.g (gather) on the cpu: unsupported"]);
        assert!(found[1].regressions.is_empty());
    }
}
