//! What the scripts of the page read: estimates without repetition.
//!
//! Texts repeat (types, reasons, names that ops and results share), so each is stored once and named by its
//! place.

use std::collections::HashMap;

use serde::Serialize;

use super::{Origin, Version};
use crate::advice::advice;
use crate::estimate::{Estimate, FunctionEstimate, OpEstimate};
use crate::legality::Reason;
use crate::operands::Port;
use crate::reasons;
use crate::rewrites::{Rewrite, Rewrites};
use crate::segments::Segment;
use crate::summary::Summary;
use crate::target::{Backend, Confidence, Device};
use crate::words::{ms, plural, share, sizes};

/// So many ops are on a page, of all functions and versions together.
const OPS: usize = 40_000;
/// So many functions are.
const FUNCTIONS: usize = 64;
/// So many producers and operands of an op are, ops of a risk, risks, flexible features and shapes of one:
/// lists that a person reads.
const LISTED: usize = 32;
/// Longer texts are cut.
const LETTERS: usize = 240;

#[derive(Serialize)]
struct Page {
    title: String,
    tool: String,
    /// Files that were read, with their hashes.
    files: Vec<[String; 2]>,
    versions: Vec<VersionData>,
    reasons: Vec<ReasonData>,
    texts: Vec<String>,
    /// Functions that have no place on the page.
    left_out: usize,
}

#[derive(Serialize)]
struct VersionData {
    label: String,
    functions: Vec<FunctionData>,
    /// Pipelines that help, the best first.
    rewrites: Vec<RewriteData>,
    /// Pipelines were tried.
    tried: bool,
    /// Why they were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    untried: Option<String>,
}

#[derive(Serialize)]
struct RewriteData {
    pipeline: String,
    command: String,
    numbers: String,
    segments: usize,
    saves: f64,
    lossy: bool,
    risks: Vec<String>,
}

#[derive(Serialize)]
struct AdviceData {
    text: String,
    saves: Option<f64>,
    command: Option<String>,
    warns: bool,
    ops: Vec<usize>,
}

/// Ops that are off the ANE by one rule.
#[derive(Serialize)]
struct GroupData {
    code: String,
    message: String,
    variants: Vec<(String, usize)>,
    ops: Vec<usize>,
}

#[derive(Serialize)]
struct FunctionData {
    name: String,
    chip: String,
    family: String,
    family_confidence: Confidence,
    os: String,
    units: String,
    summary: Summary,
    advice: Vec<AdviceData>,
    groups: Vec<GroupData>,
    inputs: Vec<[String; 2]>,
    outputs: Vec<[String; 2]>,
    /// Ops in all; `ops` may have fewer.
    total: usize,
    ops: Vec<OpData>,
    segments: Vec<SegmentData>,
    warnings: Vec<Warning>,
    first_load: FirstLoadData,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// An op. Fields that most ops do not have are left out.
#[derive(Serialize)]
struct OpData {
    name: usize,
    kind: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<usize>,
    device: Device,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<Backend>,
    supported: Vec<Device>,
    /// Milliseconds on the ANE, the CPU and the GPU.
    ms: [Option<f64>; 3],
    /// The least and the most that they may be, where it is not certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<[Option<[f64; 2]>; 3]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    margin: Option<f64>,
    #[serde(skip_serializing_if = "is_false")]
    tie: bool,
    confidence: Confidence,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needs: Vec<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    operands: Vec<OperandData>,
    flop: f64,
    bytes: f64,
    weights: u64,
}

/// Places of texts (parameter, name, type, value), and 1 for a constant: by place, because there are many.
type OperandData = (usize, Option<usize>, usize, Option<usize>, u8);

#[derive(Serialize)]
struct SegmentData {
    device: Device,
    first: usize,
    end: usize,
    ops: usize,
    ms: f64,
    live_in: u64,
    live_out: u64,
    weights: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    margin: Option<f64>,
}

#[derive(Serialize)]
struct ReasonData {
    code: usize,
    message: usize,
    source: usize,
    fix: Option<usize>,
    /// The op cannot run on the ANE; otherwise it is a matter of cost or of choice.
    refused: bool,
    certainty: Confidence,
}

#[derive(Serialize)]
struct Warning {
    title: String,
    text: String,
    source: String,
    certainty: Option<Confidence>,
    ops: Vec<usize>,
}

#[derive(Serialize)]
struct FirstLoadData {
    segments: usize,
    weights: u64,
    shapes: usize,
    reported_s: Option<[f64; 2]>,
}

/// Each text, or each reason, once.
#[derive(Default)]
struct Once<'e> {
    texts: HashMap<&'e str, usize>,
    cut: Vec<String>,
    reasons: HashMap<ReasonKey<'e>, usize>,
    list: Vec<ReasonData>,
}

type ReasonKey<'e> = (&'e str, &'e str, &'e str, Option<&'e str>, bool, Confidence);

impl<'e> Once<'e> {
    fn text(&mut self, text: &'e str) -> usize {
        *self.texts.entry(text).or_insert_with(|| {
            self.cut.push(short(text));
            self.cut.len() - 1
        })
    }

    fn reason(&mut self, reason: &'e Reason) -> usize {
        let refused = reason.state.is_some() || reason.code == "unknown_op";
        let key = (reason.code, &*reason.message, reason.source, reason.fix, refused, reason.certainty);
        if let Some(&at) = self.reasons.get(&key) {
            return at;
        }
        let data = ReasonData {
            code: self.text(reason.code),
            message: self.text(&reason.message),
            source: self.text(reason.source),
            fix: reason.fix.map(|fix| self.text(fix)),
            refused,
            certainty: reason.certainty,
        };
        self.list.push(data);
        self.reasons.insert(key, self.list.len() - 1);
        self.list.len() - 1
    }
}

/// The data of a page as JSON that may stand in a `<script>` element.
pub(super) fn json(origin: &Origin<'_>, versions: &[Version<'_>]) -> String {
    let mut once = Once::default();
    let all: usize = versions.iter().flat_map(|version| &version.estimates).map(|e| e.functions.len()).sum();
    let mut functions = FUNCTIONS;
    let mut ops = OPS;
    let versions = versions
        .iter()
        .map(|version| {
            let mut found = Vec::new();
            for (number, estimate) in version.estimates.iter().enumerate() {
                for (name, function) in estimate.functions.iter().take(functions - found.len()) {
                    let name = match version.estimates.len() {
                        1 => short(name),
                        _ => format!("program {} · {}", number + 1, short(name)),
                    };
                    let data = function_data(name, estimate, function, version.rewrites, ops, &mut once);
                    ops -= data.ops.len();
                    found.push(data);
                }
            }
            functions -= found.len();
            let (rewrites, tried) = match version.rewrites {
                Rewrites::Tried(found) => (found.iter().take(LISTED).map(rewrite_data).collect(), true),
                _ => (Vec::new(), false),
            };
            let untried = match version.rewrites {
                Rewrites::NotTried(why) => Some(long(why)),
                _ => None,
            };
            VersionData { label: short(version.label), functions: found, rewrites, tried, untried }
        })
        .collect();
    let page = Page {
        title: short(origin.title),
        tool: short(origin.tool),
        files: origin.files.iter().take(LISTED).map(|(name, hash)| [short(name), short(hash)]).collect(),
        versions,
        reasons: once.list,
        texts: once.cut,
        left_out: all - (FUNCTIONS - functions),
    };
    // Nothing in these structures can fail to be written: no maps with odd keys, no writer that ends.
    let json = serde_json::to_string(&page).unwrap_or_default();
    json.replace('<', "\\u003c")
}

fn function_data<'e>(
    name: String,
    estimate: &Estimate,
    function: &'e FunctionEstimate,
    rewrites: &Rewrites,
    most: usize,
    once: &mut Once<'e>,
) -> FunctionData {
    let shown = function.ops.len().min(most);
    let load = &function.first_load;
    FunctionData {
        name,
        chip: estimate.chip.clone(),
        family: estimate.family.clone(),
        family_confidence: estimate.family_confidence,
        os: estimate.os.clone(),
        units: estimate.units.clone(),
        summary: function.summary.clone(),
        advice: advice(function, rewrites)
            .into_iter()
            .map(|one| AdviceData {
                text: long(&one.text),
                saves: one.saves_ms.map(round),
                command: one.command.map(|command| long(&command)),
                warns: one.warns,
                ops: one.ops.into_iter().filter(|&op| op < shown).take(LISTED).collect(),
            })
            .collect(),
        groups: reasons::groups(function)
            .into_iter()
            .map(|group| GroupData {
                code: group.code.to_owned(),
                message: long(&group.message),
                variants: group
                    .variants
                    .into_iter()
                    .take(LISTED)
                    .map(|(text, count)| (short(&text), count))
                    .collect(),
                ops: group.ops.into_iter().filter(|&op| op < shown).collect(),
            })
            .collect(),
        inputs: ports(&function.inputs),
        outputs: ports(&function.outputs),
        total: function.ops.len(),
        ops: function.ops[..shown].iter().map(|op| op_data(op, once)).collect(),
        segments: function
            .segments
            .iter()
            .take_while(|segment| segment.first < shown)
            .map(|segment| segment_data(segment, shown))
            .collect(),
        warnings: warnings(function, shown),
        first_load: FirstLoadData {
            segments: load.ane_segments,
            weights: load.ane_weight_bytes,
            shapes: load.shapes,
            reported_s: load.reported_s.map(|span| span.map(round)),
        },
    }
}

fn rewrite_data(rewrite: &Rewrite) -> RewriteData {
    RewriteData {
        pipeline: long(&rewrite.pipeline),
        command: long(&rewrite.command),
        numbers: rewrite.numbers(),
        segments: rewrite.after.segments,
        saves: round(rewrite.before.cost_ms - rewrite.after.cost_ms),
        lossy: rewrite.lossy,
        risks: rewrite.risks.iter().take(LISTED).map(|risk| long(risk)).collect(),
    }
}

fn ports(ports: &[Port]) -> Vec<[String; 2]> {
    ports.iter().take(LISTED).map(|port| [short(&port.name), short(&port.ty)]).collect()
}

fn op_data<'e>(op: &'e OpEstimate, once: &mut Once<'e>) -> OpData {
    let ranges = [op.interval_ms.ane, op.interval_ms.cpu, op.interval_ms.gpu];
    let open = ranges.iter().flatten().any(|[low, high]| low < high);
    OpData {
        name: once.text(&op.name),
        kind: once.text(&op.kind),
        output: op.output.as_deref().filter(|&output| output != op.name).map(|output| once.text(output)),
        result: op.result.as_deref().map(|result| once.text(result)),
        device: op.device,
        backend: op.backend,
        supported: op.supported.clone(),
        ms: [op.cost_ms.ane, op.cost_ms.cpu, op.cost_ms.gpu].map(|ms| ms.map(round)),
        range: open.then(|| ranges.map(|range| range.map(|span| span.map(round)))),
        reason: op.reason.as_ref().map(|reason| once.reason(reason)),
        margin: op.margin_ms.map(round),
        tie: op.tie,
        confidence: op.confidence,
        needs: op.needs.iter().copied().take(LISTED).collect(),
        operands: op
            .operands
            .iter()
            .take(LISTED)
            .map(|operand| {
                let name = operand.name.as_deref().map(|name| once.text(name));
                let value = operand.value.as_deref().map(|value| once.text(value));
                (once.text(&operand.param), name, once.text(&operand.ty), value, u8::from(operand.constant))
            })
            .collect(),
        flop: round(op.flop),
        bytes: round(op.bytes),
        weights: op.weight_bytes,
    }
}

fn segment_data(segment: &Segment, shown: usize) -> SegmentData {
    SegmentData {
        device: segment.device,
        first: segment.first,
        end: segment.end.min(shown),
        ops: segment.ops.len(),
        ms: round(segment.cost_ms),
        live_in: segment.live_in_bytes,
        live_out: segment.live_out_bytes,
        weights: segment.weight_bytes,
        margin: segment.margin_ms.map(round),
    }
}

fn warnings(function: &FunctionEstimate, shown: usize) -> Vec<Warning> {
    let risks = function.risks.iter().take(LISTED).map(|risk| Warning {
        title: long(&risk.message),
        text: risk.consequence.to_owned(),
        source: risk.source.to_owned(),
        certainty: Some(risk.certainty),
        ops: risk.ops.iter().copied().filter(|&op| op < shown).take(LISTED).collect(),
    });
    let shapes = function.shapes.iter().take(LISTED).map(|feature| {
        let mut text = feature.consequence.to_owned();
        for other in feature.others.iter().take(LISTED) {
            let numbers = &other.summary;
            let with = other.with.iter().map(|(name, shape)| format!(" with {name} {}", sizes(shape)));
            text.push_str(&format!(
                " At {}{}: {} on the ANE, {}, {}.",
                sizes(&other.shape),
                with.collect::<String>(),
                share(numbers.ane_ops, numbers.ops),
                plural(numbers.segments, "segment"),
                ms(numbers.cost_ms)
            ));
        }
        if let Some(fault) = &feature.fault {
            text.push_str(&format!(" But {fault}."));
        }
        let default = if feature.default.is_empty() {
            "it has no default shape: open sizes count as 1".to_owned()
        } else {
            format!("estimated at {}", sizes(&feature.default))
        };
        Warning {
            title: long(&format!(
                "The shape of {} may change ({}); {default}",
                feature.feature, feature.allowed
            )),
            text: long(&text),
            source: feature.source.to_owned(),
            certainty: Some(feature.certainty),
            ops: Vec::new(),
        }
    });
    risks.chain(shapes).collect()
}

/// Six digits: more than any constant here is known to.
fn round(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// A name, cut where it is too long to be read.
pub(super) fn short(text: &str) -> String {
    cut(text, LETTERS)
}

/// Sentences, with names in them.
fn long(text: &str) -> String {
    cut(text, 8 * LETTERS)
}

/// A text of at most so many letters.
pub(super) fn cut(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
