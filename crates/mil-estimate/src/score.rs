//! An estimate against a plan that Core ML made on a device.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use serde::Serialize;

use crate::estimate::{Estimate, OpEstimate};
use crate::plan::{DevicePlan, PlannedOp, device_named};
use crate::target::{Confidence, Device};

/// So many disagreements are listed in text; the rest is counted.
const LISTED: usize = 20;

/// How an estimate compares with a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// Ops of the plan that have a device and are in the estimate.
    pub ops: usize,
    /// Of these, those that the plan marks as ties: they count in nothing but `ties`.
    pub plan_ties: usize,
    /// Ops apart from ties for which the estimator gives a device.
    pub answered: usize,
    /// Of these, those with the right one.
    pub right: usize,
    /// Ops on whose Neural Engine support both speak, and those on which they agree.
    pub legality: [usize; 2],
    /// Disagreements at ops that we mark as a tie, where either device is as good.
    pub our_ties: usize,
    /// Runs of one device in program order: the plan's, ours.
    pub segments: [usize; 2],
    /// By op type: ops answered, right.
    pub by_op: BTreeMap<String, [usize; 2]>,
    /// By the code of our reason (`ane` where we place the op there): ops answered, right.
    pub by_rule: BTreeMap<String, [usize; 2]>,
    /// Every op on which device or support differ, in program order.
    pub disagreements: Vec<Disagreement>,
    /// Ops of the plan that the estimate does not have.
    pub not_in_estimate: Vec<String>,
    /// Number of ops of the estimate that the plan does not have.
    pub not_in_plan: usize,
}

/// An op on which an estimate and a plan differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Disagreement {
    /// Name of its first result.
    pub output: String,
    /// Op type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Our device.
    pub ours: Device,
    /// The plan's.
    pub plan: Device,
    /// Whether the Neural Engine can run it: we say, the plan says; `None` where it does not.
    pub ane_supported: (bool, Option<bool>),
    /// Code of our reason.
    pub rule: Option<&'static str>,
    /// Our reason in words.
    pub message: Option<String>,
    /// Who saw what our reason rests on.
    pub source: Option<&'static str>,
    /// The plan's reason.
    pub plan_reason: Option<String>,
    /// By how much our device is the cheaper one.
    pub margin_ms: Option<f64>,
    /// We mark it as a tie.
    pub tie: bool,
    /// How sure we were.
    pub confidence: Confidence,
}

/// Compares an estimate with a plan, op by op. Ops are matched by function, if the plan names it, and first
/// result.
pub fn score(estimate: &Estimate, plan: &DevicePlan) -> Score {
    let mut ours: HashMap<&str, Vec<(&str, &OpEstimate)>> = HashMap::new();
    let mut total: usize = 0;
    for (function, found) in &estimate.functions {
        for op in &found.ops {
            total += 1;
            if let Some(output) = &op.output {
                ours.entry(output).or_default().push((function, op));
            }
        }
    }
    let mut score = Score::default();
    let mut devices: Vec<[Device; 2]> = Vec::new();
    for planned in &plan.ops {
        let Some(wanted) = device_named(&planned.preferred) else { continue };
        let found = ours.get(&*planned.output).and_then(|found| {
            let fits = |function: &str| planned.function.as_deref().is_none_or(|wanted| wanted == function);
            found.iter().find(|(function, _)| fits(function)).map(|(_, op)| *op)
        });
        match found {
            None => score.not_in_estimate.push(planned.output.clone()),
            Some(op) => {
                score.count(op, planned, wanted);
                devices.push([wanted, if planned.tie { wanted } else { op.device }]);
            }
        }
    }
    score.not_in_plan = total.saturating_sub(score.ops);
    for (at, segments) in score.segments.iter_mut().enumerate() {
        let changes = devices.windows(2).filter(|pair| pair[0][at] != pair[1][at]).count();
        *segments = if devices.is_empty() { 0 } else { changes + 1 };
    }
    score
}

impl Score {
    /// Share of the answered ops with the right device; 1 where none was asked.
    pub fn device_share(&self) -> f64 {
        if self.answered == 0 { 1.0 } else { self.right as f64 / self.answered as f64 }
    }

    fn count(&mut self, op: &OpEstimate, planned: &PlannedOp, wanted: Device) {
        self.ops += 1;
        let speaks = !planned.supported.is_empty();
        let ane = op.supported.contains(&Device::Ane);
        let theirs =
            speaks.then(|| planned.supported.iter().any(|name| device_named(name) == Some(Device::Ane)));
        if let Some(theirs) = theirs {
            self.legality[0] += 1;
            self.legality[1] += usize::from(theirs == ane);
        }
        let right = op.device == wanted;
        if planned.tie {
            self.plan_ties += 1;
        } else if op.device != Device::Unknown {
            let rule = op.reason.as_ref().map_or("ane", |reason| reason.code);
            self.answered += 1;
            self.right += usize::from(right);
            self.our_ties += usize::from(!right && op.tie);
            for counts in [
                self.by_op.entry(op.kind.clone()).or_default(),
                self.by_rule.entry(rule.to_owned()).or_default(),
            ] {
                counts[0] += 1;
                counts[1] += usize::from(right);
            }
        }
        let differs = !planned.tie && op.device != Device::Unknown && !right;
        if differs || theirs.is_some_and(|theirs| theirs != ane) {
            let reason = op.reason.as_ref();
            self.disagreements.push(Disagreement {
                output: planned.output.clone(),
                kind: op.kind.clone(),
                ours: op.device,
                plan: wanted,
                ane_supported: (ane, theirs),
                rule: reason.map(|reason| reason.code),
                message: reason.map(|reason| reason.message.clone()),
                source: reason.map(|reason| reason.source),
                plan_reason: planned.reason.clone(),
                margin_ms: op.margin_ms,
                tie: op.tie,
                confidence: op.confidence,
            });
        }
    }

    /// The score as a person reads it.
    pub fn report(&self) -> String {
        let mut out = String::new();
        let Score { ops, answered, right, segments, legality, .. } = self;
        let _ = writeln!(
            out,
            "{right} of {answered} devices right ({:.3}); {ops} ops matched, {} ties of the plan left out, {} not answered",
            self.device_share(),
            self.plan_ties,
            ops - self.plan_ties - answered
        );
        let _ = writeln!(out, "segments: {} in the plan, {} in the estimate", segments[0], segments[1]);
        if legality[0] > 0 {
            let _ = writeln!(out, "what the ANE can run: {} of {} right", legality[1], legality[0]);
        }
        for (count, what) in [
            (self.not_in_estimate.len(), "ops of the plan are not in the model"),
            (self.not_in_plan, "ops of the model are not in the plan"),
            (self.our_ties, "of the wrong devices are ties by our costs"),
        ] {
            if count > 0 {
                let _ = writeln!(out, "{count} {what}");
            }
        }
        for (title, counts) in [("by op", &self.by_op), ("by rule", &self.by_rule)] {
            let mut wrong: Vec<_> = counts.iter().filter(|(_, [asked, right])| asked > right).collect();
            wrong.sort_by_key(|(name, [asked, right])| (std::cmp::Reverse(asked - right), (*name).clone()));
            if !wrong.is_empty() {
                let _ = writeln!(out, "\nWrong {title}");
            }
            for (name, [asked, right]) in wrong {
                let _ = writeln!(out, "  {:>5} of {asked:<5} {name}", asked - right);
            }
        }
        if !self.disagreements.is_empty() {
            out.push_str("\nWhere they differ\n");
        }
        for one in self.disagreements.iter().take(LISTED) {
            out.push_str(&one.line());
        }
        if self.disagreements.len() > LISTED {
            let _ = writeln!(out, "  … and {} more", self.disagreements.len() - LISTED);
        }
        out
    }
}

impl Disagreement {
    fn line(&self) -> String {
        let mut text = format!("  {} ({}): ours {}, plan {}", self.output, self.kind, self.ours, self.plan);
        if let (ours, Some(theirs)) = self.ane_supported
            && ours != theirs
        {
            let can = |can: bool| if can { "can" } else { "cannot" };
            let _ = write!(text, "; we say the ANE {} run it, the plan that it {}", can(ours), can(theirs));
        }
        if let (Some(rule), Some(message)) = (self.rule, &self.message) {
            let _ = write!(text, "; {rule}: {message}");
        }
        if let Some(margin) = self.margin_ms {
            let _ = write!(text, "; margin {margin:.4} ms");
        }
        if let Some(reason) = &self.plan_reason {
            let _ = write!(text, "; the plan says: {reason}");
        }
        text.push('\n');
        text
    }
}
