//! What a plan does not show: a segment may fail to compile as a whole, and then all of it runs on the CPU,
//! with one reason at every op. Such failures cannot be predicted; their known causes can be found
//! (`data/risks.tsv`).

use std::str::FromStr;
use std::sync::LazyLock;

use mil_ir::{
    FeatureKind, Flexibility, FunctionInterface, Graph, OpId, SizeFlexibility, SizeRange, TypeKind,
};
use mil_ops::Family;
use mil_tensor::DType;
use serde::Serialize;

use crate::facts::{OpFacts, OperandFacts};
use crate::legality::condition::{Bound, Condition, Ops};
use crate::segments::{Weights, distinct_bytes};
use crate::table::{self, Row};
use crate::target::{Backend, Chip, Confidence, Device, Target};

/// What may keep a whole segment off the Neural Engine, or go wrong there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Risk {
    /// Short name: `weight_file`.
    pub code: &'static str,
    /// What was found.
    pub message: String,
    /// What then happens, as far as it was seen, and what helps.
    pub consequence: &'static str,
    /// Places in `ops` of the ops that cause it; empty where the function does.
    pub ops: Vec<usize>,
    /// Who saw it.
    pub source: &'static str,
    /// How sure the consequence is.
    pub certainty: Confidence,
}

/// A condition on an op's place rather than on the op.
const ON_ANE: &str = "on_ane";

/// A row of `data/risks.tsv`.
#[derive(Clone, Debug)]
pub(crate) struct RiskRule {
    pub(crate) code: &'static str,
    chips: Chips,
    os: Bound,
    cause: Cause,
    message: &'static str,
    consequence: &'static str,
    source: &'static str,
    certainty: Confidence,
}

/// Chips on which a risk was seen: those of some generations, or of one family alone (`H18G`: M6, not the A19
/// beside it).
#[derive(Clone, Copy, Debug)]
enum Chips {
    Generations(Bound),
    Family(&'static str),
}

impl Chips {
    fn parse(text: &'static str) -> Result<Chips, String> {
        if text.starts_with('H') { Ok(Chips::Family(text)) } else { text.parse().map(Chips::Generations) }
    }

    fn holds(self, chip: &Chip) -> bool {
        match self {
            Chips::Generations(bound) => bound.holds(chip.generation),
            Chips::Family(family) => family == chip.family,
        }
    }
}

/// What brings a risk about.
#[derive(Clone, Debug)]
enum Cause {
    /// At least so many ops for which all conditions hold; with `on_ane` among them, only ops that are
    /// planned there.
    Ops { ops: Ops, on_ane: bool, when: Vec<Condition>, at_least: usize },
    /// `mask`: the ops put an infinite fp16 constant into the scores of a softmax.
    Mask(Ops),
    /// `weights>N`: bytes of the constants, as stored.
    Weights(u64),
    /// `conv_chain>N`: convolutions that follow each other, with nothing but activations between them.
    ConvChain(usize),
    /// `states>N`.
    States(usize),
    /// `state_last_axis%N`: a state whose last axis is not a multiple.
    StateLastAxis(u64),
    /// `state_type!=T`.
    StateType(DType),
    /// `range`: an input whose shape may be any in a range.
    Range,
}

/// What the function is asked for.
pub(crate) struct Subject<'s> {
    pub(crate) graph: &'s Graph,
    pub(crate) ops: &'s [(OpId, OpFacts)],
    pub(crate) devices: &'s [Device],
    pub(crate) needs: &'s [Vec<usize>],
    pub(crate) weights: &'s [Weights],
    pub(crate) features: Option<&'s FunctionInterface>,
}

pub(crate) const TABLE: &str = include_str!("../data/risks.tsv");

/// The risks that are known.
fn rules() -> &'static [RiskRule] {
    static ROWS: LazyLock<Vec<RiskRule>> = LazyLock::new(|| table::read(TABLE, RiskRule::parse));
    &ROWS
}

/// The risks of a function of which the plan has something on the Neural Engine.
pub(crate) fn find(subject: &Subject<'_>, target: &Target) -> Vec<Risk> {
    if !target.allows(Backend::Ane) {
        return Vec::new();
    }
    rules().iter().filter_map(|rule| rule.apply(subject, target)).collect()
}

impl RiskRule {
    pub(crate) fn parse(row: &Row<'_>) -> Result<RiskRule, String> {
        let cause = match row.text("ops")? {
            "-" => row.need("when")?,
            ops if row.text("when")? == "mask" => Cause::Mask(Ops::parse(ops)),
            ops => {
                let words = || row.text("when").map(|when| when.split(' '));
                Cause::Ops {
                    ops: Ops::parse(ops),
                    on_ane: words()?.any(|word| word == ON_ANE),
                    when: words()?
                        .filter(|&word| word != ON_ANE)
                        .map(Condition::parse)
                        .collect::<Result<_, _>>()?,
                    at_least: row.need("at_least")?,
                }
            }
        };
        Ok(RiskRule {
            code: row.text("code")?,
            chips: Chips::parse(row.text("chips")?)?,
            os: row.need("os")?,
            cause,
            message: row.text("message")?,
            consequence: row.text("consequence")?,
            source: row.text("source")?,
            certainty: row.need("certainty")?,
        })
    }

    fn apply(&self, subject: &Subject<'_>, target: &Target) -> Option<Risk> {
        let os = u32::from(target.macos_major());
        if !self.chips.holds(&target.chip) || !self.os.holds(os) {
            return None;
        }
        let (value, ops) = self.cause.find(subject)?;
        let message = self.message.replace("{value}", &value).replace("{count}", &ops.len().to_string());
        let message = message.replace("{s}", if ops.len() == 1 { "" } else { "s" });
        let Self { code, consequence, source, certainty, .. } = *self;
        Some(Risk { code, message, consequence, ops, source, certainty })
    }
}

impl Cause {
    /// What was found, and the ops that cause it.
    fn find(&self, subject: &Subject<'_>) -> Option<(String, Vec<usize>)> {
        let whole = |value: String| Some((value, Vec::new()));
        match self {
            Cause::Ops { ops, on_ane, when, at_least } => {
                let mut value = String::new();
                let mut found = Vec::new();
                let planned = |at: usize| !on_ane || may_be_on_ane(subject.devices[at]);
                let named = |at: &usize| ops.name(&subject.ops[*at].1.kind) && planned(*at);
                for at in (0..subject.ops.len()).filter(named) {
                    let op = &subject.ops[at].1;
                    let mut holds = when.iter().map(|condition| condition.holds(op));
                    if let Some(facts) = holds.try_fold(None, |first, facts| Some(first.or(facts?.value))) {
                        found.push(at);
                        value = facts.map_or(value, |facts| facts.to_string());
                    }
                }
                (found.len() >= *at_least).then_some((value, found))
            }
            Cause::Mask(ops) => {
                let found = masks(subject, ops);
                (!found.is_empty()).then(|| (String::new(), found))
            }
            Cause::Weights(limit) => {
                let bytes = distinct_bytes(subject.weights.iter());
                (bytes > *limit).then(|| bytes.to_string()).and_then(whole)
            }
            Cause::ConvChain(limit) => {
                let longest = conv_chain(subject.ops, subject.needs);
                (longest > *limit).then(|| longest.to_string()).and_then(whole)
            }
            Cause::States(limit) => {
                let count = states(subject.graph).count();
                (count > *limit).then(|| count.to_string()).and_then(whole)
            }
            Cause::StateLastAxis(multiple) => states(subject.graph)
                .find(|(_, _, last)| last.is_some_and(|last| last % multiple != 0))
                .and_then(|(name, ..)| whole(name.to_owned())),
            Cause::StateType(wanted) => states(subject.graph)
                .find(|(_, dtype, _)| dtype.is_some_and(|dtype| dtype != *wanted))
                .and_then(|(name, ..)| whole(name.to_owned())),
            Cause::Range => {
                let inputs = subject.features.map_or(&[][..], |features| &features.inputs);
                let ranged = inputs.iter().find(|feature| match &feature.kind {
                    Some(FeatureKind::Array(array)) => match &array.flexibility {
                        Some(Flexibility::Ranges(ranges)) => ranges.iter().any(is_open_range),
                        _ => false,
                    },
                    Some(FeatureKind::Image(image)) => match &image.flexibility {
                        Some(SizeFlexibility::Range(width, height)) => {
                            [width, height].into_iter().flatten().any(is_open_range)
                        }
                        _ => false,
                    },
                    _ => false,
                });
                ranged.and_then(|feature| whole(feature.name.to_string()))
            }
        }
    }
}

/// More than one size lies in it.
fn is_open_range(range: &SizeRange) -> bool {
    u64::try_from(range.upper).ok() != Some(range.lower)
}

fn may_be_on_ane(device: Device) -> bool {
    matches!(device, Device::Ane | Device::Unknown)
}

/// Ops on the Neural Engine that mask scores by infinity: an fp16 constant of theirs is infinite, and what
/// they give reaches a softmax through ops that keep it as it is, or goes into an attention.
fn masks(subject: &Subject<'_>, named: &Ops) -> Vec<usize> {
    /// Ops that pass infinity on to the scores.
    const KEEP: [&str; 10] =
        ["add", "sub", "mul", "select", "cast", "identity", "reshape", "expand_dims", "squeeze", "transpose"];
    // From the end: whether what an op gives reaches a softmax.
    let mut reaches = vec![false; subject.ops.len()];
    for (at, (_, op)) in subject.ops.iter().enumerate().rev() {
        let masked = matches!(&*op.kind, "softmax" | "scaled_dot_product_attention");
        if masked || (reaches[at] && KEEP.contains(&&*op.kind)) {
            subject.needs[at].iter().for_each(|&needed| reaches[needed] = true);
        }
    }
    let is_mask = |&at: &usize| {
        let (_, op) = &subject.ops[at];
        let infinite = |operand: &OperandFacts| operand.infinite && operand.tensor.dtype == Some(DType::Fp16);
        named.name(&op.kind)
            && may_be_on_ane(subject.devices[at])
            && (reaches[at] || &*op.kind == "scaled_dot_product_attention")
            && op.operands.iter().any(infinite)
    };
    (0..subject.ops.len()).filter(is_mask).collect()
}

/// The most convolutions that follow each other, with nothing but activations between them.
fn conv_chain(ops: &[(OpId, OpFacts)], needs: &[Vec<usize>]) -> usize {
    let mut depth = vec![0; ops.len()];
    for (at, (_, op)) in ops.iter().enumerate() {
        // What an op needs stands before it.
        let before = needs[at].iter().map(|&needed| depth[needed]).max().unwrap_or(0);
        depth[at] = match mil_ops::def(&op.kind) {
            Some(def) if def.name == "conv" => before + 1,
            Some(def) if def.family == Family::Activation => before,
            _ => 0,
        };
    }
    depth.into_iter().max().unwrap_or(0)
}

/// Name, element type and last size of each state.
fn states(graph: &Graph) -> impl Iterator<Item = (&str, Option<DType>, Option<u64>)> {
    graph.root().inputs().iter().filter_map(|&value| {
        let value = graph.value(value);
        let TypeKind::State(inner) = value.ty().kind() else { return None };
        let last = inner.dims().and_then(|dims| dims.last()?.fixed());
        Some((&**value.name(), inner.dtype(), last))
    })
}

impl FromStr for Cause {
    type Err = String;
    fn from_str(text: &str) -> Result<Cause, String> {
        let fault = || format!("cause {text:?}");
        let number = |text: &str| text.parse::<u64>().map_err(|_| fault());
        let count = |text: &str| text.parse::<usize>().map_err(|_| fault());
        if text == "range" {
            return Ok(Cause::Range);
        }
        if let Some(name) = text.strip_prefix("state_type!=") {
            return DType::from_name(name).map(Cause::StateType).ok_or_else(fault);
        }
        let (key, limit) = text.split_once(['>', '%']).ok_or_else(fault)?;
        match key {
            "weights" => number(limit).map(Cause::Weights),
            "conv_chain" => count(limit).map(Cause::ConvChain),
            "states" => count(limit).map(Cause::States),
            "state_last_axis" => number(limit).map(Cause::StateLastAxis),
            _ => Err(fault()),
        }
    }
}

#[cfg(test)]
mod tests;
