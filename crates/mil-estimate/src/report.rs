//! The report for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::estimate::{Estimate, FunctionEstimate, OpEstimate, Segment, Summary};
use crate::first_load::FirstLoad;
use crate::target::{Confidence, Device};

/// Width of the strip of segments.
const WIDTH: usize = 60;
/// So many segments, boundaries and reasons are listed; the rest is counted.
const LISTED: usize = 8;
/// A run of ops that misses the ANE by fewer milliseconds is near it.
const NEAR: f64 = 0.05;

/// An estimate as a person reads it: a strip of segments, shares, where the device changes and why, what to do first.
/// With `color`, devices are marked by ANSI escapes.
pub fn report(estimate: &Estimate, color: bool) -> String {
    let mut out = String::new();
    for (name, function) in &estimate.functions {
        if !out.is_empty() {
            out.push('\n');
        }
        one(&mut out, estimate, name, function, color);
    }
    out
}

fn one(out: &mut String, estimate: &Estimate, name: &str, function: &FunctionEstimate, color: bool) {
    let summary = &function.summary;
    if summary.needs_fp16_cast {
        line(
            out,
            "This program computes in fp32, which the Neural Engine does not: run `add_fp16_cast` first.",
        );
    }
    let Estimate { chip, family, os, units, .. } = estimate;
    line(out, &format!("{name} on {chip} ({family}), system {os}, {units}"));
    if function.ops.is_empty() {
        return line(out, "  no ops");
    }
    line(out, "");
    line(out, &format!("  {}", strip(&function.segments, color)));
    line(
        out,
        &format!(
            "  {} of {} ops on the ANE ({:.0}%), {} could run there · {} · {} ms by the planner's clock",
            summary.ane_ops,
            summary.ops,
            100.0 * summary.ane_share,
            summary.ane_supported,
            plural(summary.segments, "segment"),
            cost(summary),
        ),
    );
    if summary.segments_reordered < summary.segments {
        let fewer = plural(summary.segments_reordered, "segment");
        line(out, &format!("  in another order of the same ops: {fewer}"));
    }
    sureness(out, function);
    if function.segments.len() > 1 {
        list_segments(out, function, color);
        list_boundaries(out, function, color);
    }
    list_reasons(out, function);
    list_islands(out, function);
    list_risks(out, function);
    list_shapes(out, function);
    first_load(out, &function.first_load);
    line(out, "");
    line(out, "What to do first");
    line(out, &format!("  {}", advice(function)));
}

/// The cost, with its interval where the chip's constants are not known.
fn cost(summary: &Summary) -> String {
    let [low, high] = summary.cost_interval_ms;
    if high - low > 1e-3 * summary.cost_ms {
        format!("{:.3} ({low:.3} to {high:.3})", summary.cost_ms)
    } else {
        format!("{:.3}", summary.cost_ms)
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn paint(text: &str, device: Device, color: bool) -> String {
    let code = match device {
        Device::Ane => "32",
        Device::Cpu => "33",
        Device::Gpu => "34",
        Device::None | Device::Unknown => "90",
    };
    if color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// The function as a bar: each segment as wide as its share of ops, and never invisible.
fn strip(segments: &[Segment], color: bool) -> String {
    let total: usize = segments.iter().map(|segment| segment.ops.len()).sum();
    let mut bar = String::new();
    if segments.len() > WIDTH {
        return format!("({} segments: too many to draw)", segments.len());
    }
    for segment in segments {
        let width = (segment.ops.len() * WIDTH / total.max(1)).max(1);
        let letter = match segment.device {
            Device::Ane => "A",
            Device::Cpu => "c",
            Device::Gpu => "g",
            Device::None | Device::Unknown => "?",
        };
        bar.push_str(&paint(&if color { "█" } else { letter }.repeat(width), segment.device, color));
    }
    let mut devices: Vec<Device> = segments.iter().map(|segment| segment.device).collect();
    devices.sort();
    devices.dedup();
    let legend: Vec<String> =
        devices.into_iter().map(|device| paint(&device.to_string(), device, color)).collect();
    format!("{bar}  {}", legend.join(" "))
}

fn sureness(out: &mut String, function: &FunctionEstimate) {
    let count = |test: &dyn Fn(&OpEstimate) -> bool| function.ops.iter().filter(|op| test(op)).count();
    let unknown = count(&|op| op.device == Device::Unknown);
    let assumed = count(&|op| op.confidence == Confidence::Assumed);
    let ties = count(&|op| op.tie);
    let mut notes = Vec::new();
    if unknown > 0 {
        notes.push(format!("{unknown} undecided (the costs on this chip are not known well enough)"));
    }
    if assumed > 0 {
        let verb = if assumed == 1 { "rests" } else { "rest" };
        notes.push(format!("{assumed} {verb} on numbers of other chips or ops"));
    }
    if ties > 0 {
        notes.push(format!("{ties} could be on either device at the same cost"));
    }
    if !notes.is_empty() {
        line(out, &format!("  of the ops, {}", notes.join("; ")));
    }
}

fn list_segments(out: &mut String, function: &FunctionEstimate, color: bool) {
    line(out, "");
    line(out, "Segments");
    for (number, segment) in function.segments.iter().take(LISTED).enumerate() {
        let span = match &segment.ops[..] {
            [] => String::new(),
            [one] => one.clone(),
            [first, .., last] => format!("{first} … {last}"),
        };
        let device = paint(&format!("{:<7}", segment.device), segment.device, color);
        let _ = writeln!(
            out,
            "  {:>3} {device} {:>9} {:>9.4} ms  in {:>8}  out {:>8}  {span}",
            number + 1,
            plural(segment.ops.len(), "op"),
            segment.cost_ms,
            bytes(segment.live_in_bytes),
            bytes(segment.live_out_bytes),
        );
    }
    rest(out, function.segments.len());
}

/// The ops on both sides of each change, and why the one that is not on the ANE is not.
fn list_boundaries(out: &mut String, function: &FunctionEstimate, color: bool) {
    line(out, "");
    line(out, "Boundaries");
    let placed: Vec<&OpEstimate> = function.ops.iter().filter(|op| op.device != Device::None).collect();
    let changes = || placed.windows(2).filter(|pair| pair[0].device != pair[1].device);
    for pair in changes().take(LISTED) {
        let [before, after] = pair else { continue };
        let why = [after, before]
            .into_iter()
            .find_map(|op| op.reason.as_ref())
            .map_or_else(String::new, |reason| format!(": {}", reason.message));
        let _ = writeln!(
            out,
            "  {} → {}  {} ({}) → {} ({}){why}",
            paint(&before.device.to_string(), before.device, color),
            paint(&after.device.to_string(), after.device, color),
            before.name,
            before.kind,
            after.name,
            after.kind
        );
    }
    rest(out, changes().count());
}

fn list_reasons(out: &mut String, function: &FunctionEstimate) {
    let mut found: BTreeMap<&str, (usize, &str, BTreeMap<&str, usize>)> = BTreeMap::new();
    for op in &function.ops {
        let Some(reason) = &op.reason else { continue };
        let entry = found.entry(reason.code).or_insert((0, &reason.message, BTreeMap::new()));
        entry.0 += 1;
        *entry.2.entry(&op.kind).or_default() += 1;
    }
    if found.is_empty() {
        return;
    }
    line(out, "");
    line(out, "Why ops are not on the ANE");
    let mut sorted: Vec<_> = found.into_iter().collect();
    sorted.sort_by(|a, b| b.1.0.cmp(&a.1.0).then(a.0.cmp(b.0)));
    for (code, (count, message, kinds)) in sorted.iter().take(LISTED) {
        let mut kinds: Vec<_> = kinds.iter().collect();
        kinds.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let mut names: Vec<String> =
            kinds.iter().take(4).map(|(kind, count)| format!("{kind} {count}")).collect();
        if kinds.len() > 4 {
            names.push("…".to_owned());
        }
        let text = match *code {
            "not_worth_switching" => "the ANE could run them; the time saved is shorter than the switches",
            "gpu_cheaper" => "the GPU makes a cheaper plan",
            _ => message,
        };
        line(out, &format!("  {count:>4}  {code}: {text} ({})", names.join(", ")));
    }
    rest(out, sorted.len());
}

/// Runs that the ANE could have taken, and by how much it missed them. One op alone says little.
fn list_islands(out: &mut String, function: &FunctionEstimate) {
    let runs = || function.islands.iter().filter(|island| island.ops > 1);
    if runs().next().is_none() {
        return;
    }
    line(out, "");
    line(out, "Runs that the ANE could take, nearest first");
    for island in runs().take(LISTED) {
        let name = |at: usize| function.ops.get(at).map_or("", |op| &op.name);
        let _ = writeln!(
            out,
            "  {:>9} misses it by {:>8.4} ms  {} … {}",
            plural(island.ops, "op"),
            island.misses_ms,
            name(island.first),
            name(island.end.saturating_sub(1)),
        );
    }
    rest(out, runs().count());
}

/// What the plan does not show.
fn list_risks(out: &mut String, function: &FunctionEstimate) {
    if function.risks.is_empty() {
        return;
    }
    line(out, "");
    line(out, "What may go wrong");
    for risk in &function.risks {
        line(out, &format!("  {}: {}", risk.code, risk.message));
        line(out, &format!("    {} ({}; {})", risk.consequence, risk.certainty, risk.source));
        let names: Vec<&str> = risk.ops.iter().filter_map(|&at| Some(&*function.ops.get(at)?.name)).collect();
        if !names.is_empty() {
            let more = if names.len() > 4 { ", …" } else { "" };
            line(out, &format!("    at {}{more}", names[..names.len().min(4)].join(", ")));
        }
    }
}

/// Inputs whose shape may change, and the other shapes.
fn list_shapes(out: &mut String, function: &FunctionEstimate) {
    if function.shapes.is_empty() {
        return;
    }
    line(out, "");
    line(out, "Flexible shapes: all of this is for the default ones");
    for feature in &function.shapes {
        let sizes = |shape: &[u64]| shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ");
        let default = if feature.default.is_empty() { "none".to_owned() } else { sizes(&feature.default) };
        let allowed = if feature.allowed.is_empty() { "not declared" } else { &feature.allowed };
        line(out, &format!("  {}: default {default}; {}: {allowed}", feature.feature, feature.kind));
        for other in &feature.others {
            let summary = &other.summary;
            let segments = plural(summary.segments, "segment");
            let share = 100.0 * summary.ane_share;
            line(
                out,
                &format!(
                    "    {}: {share:.0}% on the ANE, {segments}, {} ms",
                    sizes(&other.shape),
                    cost(summary)
                ),
            );
        }
    }
    let mut said = BTreeSet::new();
    for feature in function.shapes.iter().filter(|feature| said.insert(feature.consequence)) {
        line(out, &format!("  {}: {}", feature.kind, feature.consequence));
        line(out, &format!("    ({}; {})", feature.certainty, feature.source));
    }
}

fn seconds(seconds: f64) -> String {
    if seconds < 0.95 { format!("{:.0} ms", 1e3 * seconds) } else { format!("{seconds:.1} s") }
}

fn first_load(out: &mut String, load: &FirstLoad) {
    let Some([low, high]) = load.reported_s else { return };
    let shapes = if load.shapes > 1 { format!(", for {} shapes", load.shapes) } else { String::new() };
    line(out, "");
    line(
        out,
        &format!(
            "First load: {} and {} of weights are compiled for the ANE in {}{shapes}. No model of its time is known; published ones \
             of that size range from {} to {}.",
            plural(load.ane_ops, "op"),
            bytes(load.ane_weight_bytes),
            plural(load.ane_segments, "segment"),
            seconds(low),
            seconds(high),
        ),
    );
}

fn rest(out: &mut String, total: usize) {
    if total > LISTED {
        line(out, &format!("  … and {} more", total - LISTED));
    }
}

/// The one thing that is most likely to help.
pub(crate) fn advice(function: &FunctionEstimate) -> String {
    let summary = &function.summary;
    if summary.needs_fp16_cast {
        return "Run `add_fp16_cast`, then estimate again.".to_owned();
    }
    let illegal = |op: &&OpEstimate| op.reason.as_ref().is_some_and(|reason| reason.state.is_some());
    if let Some((fix, op)) = function.ops.iter().find_map(|op| Some((op.reason.as_ref()?.fix?, op))) {
        return format!(
            "Run `{fix}`: it removes the reason of {} ({}) and others like it.",
            op.name, op.kind
        );
    }
    if summary.ane_ops == summary.ops {
        return "Nothing: everything is on the ANE.".to_owned();
    }
    // The smallest run off the ANE between two on it, and the op in it that cannot run there.
    let segments = &function.segments;
    let cut = (1..segments.len().saturating_sub(1))
        .filter(|&at| segments[at - 1].device == Device::Ane && segments[at + 1].device == Device::Ane)
        .min_by_key(|&at| segments[at].ops.len());
    if let Some(at) = cut {
        let ops = &segments[at].ops;
        let culprit = function.ops.iter().filter(illegal).find(|op| ops.contains(&op.name));
        if let Some(op) = culprit {
            let why = op.reason.as_ref().map_or("", |reason| &reason.message);
            return format!(
                "Rewrite {} ({}): it cuts the ANE's part in two, a run of {} off it. {why}",
                op.name,
                op.kind,
                plural(ops.len(), "op")
            );
        }
    }
    let near = function.islands.iter().find(|island| island.ops > 1 && island.misses_ms < NEAR);
    if let Some(island) = near {
        return format!(
            "{} miss the ANE by {:.4} ms: fewer ops around them may bring them there; --suggest tries what passes can do.",
            plural(island.ops, "op"),
            island.misses_ms
        );
    }
    if 2 * summary.unknown_ops > summary.ops {
        return "Measure on a device, or estimate for another chip: the costs on this one are not known well enough to say."
            .to_owned();
    }
    if summary.ane_ops == 0 && 2 * summary.ane_supported > summary.ops {
        return "Nothing: the ANE could run most of it, but the model is too small to pay for the switches."
            .to_owned();
    }
    if let Some(op) = function.ops.iter().find(illegal) {
        let count = function.ops.iter().filter(illegal).count();
        let why = op.reason.as_ref().map_or("", |reason| &reason.message);
        return if count == 1 {
            format!("Look at {} ({}), the one op that cannot run there. {why}", op.name, op.kind)
        } else {
            format!("Look at the {count} ops that cannot run there, {} ({}) first. {why}", op.name, op.kind)
        };
    }
    "Nothing stands out.".to_owned()
}

fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}
