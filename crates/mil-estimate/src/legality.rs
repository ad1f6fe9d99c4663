//! The first layer: which backends can run an op, and why the Neural Engine cannot.
//!
//! `data/support.tsv` says which ops a backend has at all; `data/rules.tsv` says what it refuses. The CPU
//! runs every op. Of an op that the ANE does not have, only rules that name the op are asked: `one_hot` is
//! refused as such, not for its int32. Messages are Core ML's own, so that an estimate can be compared with a
//! plan from a device line by line.

pub(crate) mod condition;
pub(crate) mod untested;

use std::fmt::Write as _;
use std::sync::LazyLock;

use serde::Serialize;

use self::condition::{Bound, Condition, Found, Ops, axes};
use crate::cost;
use crate::facts::OpFacts;
use crate::table::{self, Row};
use crate::target::{Backend, Confidence, Target};

/// Why an op is not on the Neural Engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Short name, the same for all ops with this reason: `int32`.
    pub code: &'static str,
    /// In words; Core ML's own where they are known.
    pub message: String,
    /// What may remove the reason: a pipeline, or passes separated by commas, any of which may.
    pub fix: Option<&'static str>,
    /// The framework's number for reasons of this kind; `None` for ours.
    pub state: Option<u16>,
    /// Who saw it.
    pub source: &'static str,
    /// How sure it is.
    pub certainty: Confidence,
}

/// What the backends say about an op.
#[derive(Clone, Debug, PartialEq)]
pub struct Legality {
    /// Whether each backend can run it, in the order of [`Backend::ALL`], whatever units are allowed.
    pub backends: [bool; 4],
    /// Why the Neural Engine cannot.
    pub reason: Option<Reason>,
    /// How sure this is.
    pub confidence: Confidence,
}

/// A reason to refuse an op: a row of `data/rules.tsv`.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) code: &'static str,
    state: u16,
    ops: Ops,
    generations: Bound,
    os: Bound,
    when: Vec<Condition>,
    message: &'static str,
    pub(crate) fix: Option<&'static str>,
    source: &'static str,
    /// Families on which it was seen; none: it is known of all.
    seen: Vec<&'static str>,
    certainty: Confidence,
}

pub(crate) const TABLE: &str = include_str!("../data/rules.tsv");

/// The code of the reason that the Neural Engine does not have an op at all.
pub(crate) const UNSUPPORTED: &str = "unsupported_op";

/// What backends refuse.
pub(crate) fn rules() -> &'static [Rule] {
    static ROWS: LazyLock<Vec<Rule>> = LazyLock::new(|| table::read(TABLE, Rule::parse));
    &ROWS
}

/// What the tables say of an op type, whatever its operands are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stance {
    /// The planner offers it to the Neural Engine.
    pub ane: bool,
    /// The planner offers it to the GPU.
    pub gpu: bool,
    /// What keeps it from the Neural Engine all the same: conditions as the table spells them, and Core ML's
    /// words. Rules that hold for all ops are left out.
    pub refusals: Vec<(String, String)>,
}

/// What the tables say of an op type; `None` where they do not have it.
pub fn stance(kind: &str) -> Option<Stance> {
    let support = cost::support(kind)?;
    let refusal = |row: &Row<'_>| -> Result<Option<(String, String)>, String> {
        if !row.text("ops")?.split(',').any(|op| op == kind) {
            return Ok(None);
        }
        let mut when = row.text("when")?.to_owned();
        for (what, key) in [("chips", "chips"), ("macOS", "os")] {
            let bound = row.text(key)?;
            if bound != "*" {
                when.push_str(&format!(", {what} {bound}"));
            }
        }
        Ok(Some((when, row.text("message")?.replace("{op}", kind))))
    };
    let refusals = table::read(TABLE, refusal).into_iter().flatten().collect();
    Some(Stance { ane: support.ane, gpu: support.gpu, refusals })
}

/// Asks every backend about an op.
pub fn check(op: &OpFacts, target: &Target) -> Legality {
    let Some(support) = cost::support(&op.kind) else {
        let reason = Reason {
            code: "unknown_op",
            message: format!("milopt does not know the op {:?}", &*op.kind),
            fix: None,
            state: None,
            source: "",
            certainty: Confidence::Assumed,
        };
        return Legality {
            backends: [false, true, true, false],
            reason: Some(reason),
            confidence: Confidence::Assumed,
        };
    };
    let certainty = certainty_on(support.certainty, SEEN, target);
    let mut rules = rules().iter().filter(|rule| support.ane || matches!(rule.ops, Ops::Only(_)));
    let refused = rules.find_map(|rule| rule.apply(op, target));
    let reason = refused.or_else(|| {
        (!support.ane).then(|| Reason {
            code: UNSUPPORTED,
            message: format!("Unsupported MIL operation \"{}\".", op.kind),
            fix: support.fix,
            state: Some(400),
            source: support.source,
            certainty,
        })
    });
    let mut confidence = reason.as_ref().map_or(certainty, |reason| reason.certainty);
    if reason.is_none() {
        confidence = confidence.max(untested::least_confidence(op, target));
    }
    if op.flexible && reason.is_none() {
        confidence = Confidence::Assumed;
    }
    Legality { backends: [reason.is_none(), true, true, support.gpu && !op.inner], reason, confidence }
}

/// Families of the chips whose plans `data/support.tsv` rests on.
const SEEN: &[&str] = &["H16G", "H18G"];

/// How sure on a chip what was seen on these families is: there, as it was seen; elsewhere it follows.
fn certainty_on(certainty: Confidence, seen: &[&str], target: &Target) -> Confidence {
    let elsewhere = !seen.is_empty() && !seen.contains(&target.chip.family);
    if elsewhere { certainty.max(Confidence::Derived) } else { certainty }
}

impl Rule {
    pub(crate) fn parse(row: &Row<'_>) -> Result<Rule, String> {
        let fix = row.text("fix")?;
        Ok(Rule {
            code: row.text("code")?,
            state: row.need("state")?,
            ops: Ops::parse(row.text("ops")?),
            generations: row.need("chips")?,
            os: row.need("os")?,
            when: row.text("when")?.split(' ').map(Condition::parse).collect::<Result<_, _>>()?,
            message: row.text("message")?,
            fix: (!fix.is_empty()).then_some(fix),
            source: row.text("source")?,
            seen: row.list("seen")?,
            certainty: row.need("certainty")?,
        })
    }

    fn apply(&self, op: &OpFacts, target: &Target) -> Option<Reason> {
        let os = u32::from(target.macos_major());
        if !self.ops.name(&op.kind) || !self.generations.holds(target.chip.generation) || !self.os.holds(os) {
            return None;
        }
        let mut found = Found::default();
        for condition in &self.when {
            let next = condition.holds(op)?;
            found.dtype = found.dtype.or(next.dtype);
            found.value = found.value.or(next.value);
            found.dims = found.dims.or(next.dims);
        }
        Some(Reason {
            code: self.code,
            message: self.message(op, &found),
            fix: self.fix,
            state: Some(self.state),
            source: self.source,
            certainty: certainty_on(self.certainty, &self.seen, target),
        })
    }

    fn message(&self, op: &OpFacts, found: &Found) -> String {
        let mut text = self.message.replace("{op}", &op.kind);
        if let Some(dtype) = found.dtype {
            text = text.replace("{type}", &dtype.to_string());
        }
        if let Some(value) = found.value {
            text = text.replace("{value}", &value.to_string());
        }
        if let Some(dims) = &found.dims {
            let mut sizes = String::new();
            for (axis, size) in axes(dims) {
                let _ = write!(sizes, "{axis}{size}");
            }
            text = text.replace("{dims}", &sizes);
        }
        text
    }
}

/// The backends that can run an op and that an app allows, by the device that a person sees.
pub(crate) fn allowed(legality: &Legality, target: &Target) -> [bool; 4] {
    let mut found = legality.backends;
    for backend in Backend::ALL {
        found[backend as usize] &= target.allows(backend);
    }
    found
}

#[cfg(test)]
mod tests;
