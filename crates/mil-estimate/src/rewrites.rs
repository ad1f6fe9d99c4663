//! What rewriting a model would bring. This crate has no passes: who has them tries them and tells the
//! advice.

use serde::Serialize;

use crate::estimate::Estimate;
use crate::words::{from_to, plural};

/// Numbers of a whole model: all functions of all its programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// What the planner believes them to cost.
    pub cost_ms: f64,
    /// Runs of one device.
    pub segments: usize,
    /// Ops that some device runs.
    pub ops: usize,
    /// Ops on the Neural Engine.
    pub ane_ops: usize,
    /// Ops whose device the estimator does not give.
    pub unknown_ops: usize,
}

/// A rewrite that was tried, and what the model is after it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rewrite {
    /// The pipeline: `fp16`.
    pub pipeline: String,
    /// What to type: `milopt run X.mlpackage -o X-ane.mlpackage --pipeline fp16`. Empty where the model has
    /// no file.
    pub command: String,
    /// What it helps with.
    pub why: Vec<&'static str>,
    /// The model before.
    pub before: Totals,
    /// The model after it.
    pub after: Totals,
    /// Some pass in it is lossy: compare the numbers.
    pub lossy: bool,
    /// What may go wrong with the model after it, in short.
    pub risks: Vec<String>,
}

/// What is known about rewriting a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Rewrites {
    /// Nobody tried.
    #[default]
    Untried,
    /// Not tried, with why and what to do instead: a sentence.
    NotTried(String),
    /// The pipelines that help, the best first; empty: none does.
    Tried(Vec<Rewrite>),
}

/// A rewrite that saves less than this share of the time is not worth a word.
const WORTH: f64 = 0.01;

impl Totals {
    /// The sums over the functions of some estimates.
    pub fn of<'e>(estimates: impl IntoIterator<Item = &'e Estimate>) -> Totals {
        let functions = estimates.into_iter().flat_map(|estimate| estimate.functions.values());
        functions.fold(Totals::default(), |sum, function| {
            let summary = &function.summary;
            Totals {
                cost_ms: sum.cost_ms + summary.cost_ms,
                segments: sum.segments + summary.segments,
                ops: sum.ops + summary.ops,
                ane_ops: sum.ane_ops + summary.ane_ops,
                unknown_ops: sum.unknown_ops + summary.unknown_ops,
            }
        })
    }

    /// Cheaper by so much that it is worth a word, or as cheap in fewer segments.
    pub fn is_worth_more_than(&self, other: &Totals) -> bool {
        let saved = other.cost_ms - self.cost_ms;
        let same = WORTH * other.cost_ms;
        saved > same || (saved > -1e-6 && self.segments < other.segments)
    }
}

impl Rewrites {
    /// The best rewrite, if one was tried and helps.
    pub fn best(&self) -> Option<&Rewrite> {
        match self {
            Rewrites::Tried(found) => found.first(),
            _ => None,
        }
    }

    /// The last word of a report: what to type, and what it brings. Nothing where there is nothing to type.
    pub fn closing(&self) -> String {
        match self {
            Rewrites::Untried => String::new(),
            Rewrites::NotTried(why) => format!("{why}\n"),
            Rewrites::Tried(found) => found.first().map_or_else(String::new, Rewrite::closing),
        }
    }
}

impl Rewrite {
    /// What it brings: `489 of 489 ops, 3.02 → 0.50 ms`.
    pub fn numbers(&self) -> String {
        let Rewrite { before, after, .. } = self;
        format!("{} of {} ops, {}", after.ane_ops, after.ops, from_to(before.cost_ms, after.cost_ms))
    }

    fn closing(&self) -> String {
        let mut out = String::new();
        for risk in &self.risks {
            out.push_str(&format!("Then mind: {risk}\n"));
        }
        if self.lossy {
            out.push_str("It rounds to fp16: compare the numbers with `milopt eval`.\n");
        }
        out.push_str(&format!("`{}`: {}", self.command, self.numbers()));
        let (before, after) = (self.before.segments, self.after.segments);
        if before != after {
            out.push_str(&format!(", {before} → {}", plural(after, "segment")));
        }
        if self.after.unknown_ops > 0 {
            out.push_str(&format!(", {} undecided", plural(self.after.unknown_ops, "op")));
        }
        out.push('\n');
        out
    }
}
