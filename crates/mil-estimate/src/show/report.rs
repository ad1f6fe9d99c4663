//! The report for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::advice::advice;
use crate::estimate::{Estimate, FunctionEstimate, OpEstimate};
use crate::first_load::FirstLoad;
use crate::reasons;
use crate::rewrites::Rewrites;
use crate::segments::Segment;
use crate::summary::Summary;
use crate::target::{Confidence, Device};
use crate::words::{bytes, millis, ms, plural, share, sizes};

/// Width of the strip of segments.
const WIDTH: usize = 60;
/// So many segments, boundaries and reasons are listed; the rest is counted.
const LISTED: usize = 8;

/// An estimate as a person reads it: a strip of segments, shares, where the device changes and why, what to
/// do first. With `color`, devices are marked by ANSI escapes.
pub fn report(estimate: &Estimate, color: bool) -> String {
    report_with(estimate, &Rewrites::Untried, color)
}

/// The same, with what is known about rewriting the model. Its last word, [`Rewrites::closing`], is left to
/// who prints the estimates of all programs of the model.
pub fn report_with(estimate: &Estimate, rewrites: &Rewrites, color: bool) -> String {
    let mut out = String::new();
    for (name, function) in &estimate.functions {
        if !out.is_empty() {
            out.push('\n');
        }
        one(&mut out, estimate, name, function, rewrites, color);
    }
    out
}

fn one(
    out: &mut String,
    estimate: &Estimate,
    name: &str,
    function: &FunctionEstimate,
    rewrites: &Rewrites,
    color: bool,
) {
    let summary = &function.summary;
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
            "  {} of {} ops on the ANE ({}), {} could run there · {} · {} planned",
            summary.ane_ops,
            summary.ops,
            share(summary.ane_ops, summary.ops),
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
    for one in advice(function, rewrites) {
        match one.command {
            Some(_) => line(
                out,
                &format!("  Run the command of the last line: it saves {}.", ms(one.saves_ms.unwrap_or(0.0))),
            ),
            None => line(out, &format!("  {}", one.text)),
        }
    }
}

/// The cost, with its interval where the chip's constants are not known.
fn cost(summary: &Summary) -> String {
    let [low, high] = summary.cost_interval_ms;
    if high - low > 1e-3 * summary.cost_ms {
        format!("{} ({} to {}) ms", millis(summary.cost_ms), millis(low), millis(high))
    } else {
        ms(summary.cost_ms)
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
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
            "  {:>3} {device} {:>9} {:>12}  in {:>8}  out {:>8}  {span}",
            number + 1,
            plural(segment.ops.len(), "op"),
            ms(segment.cost_ms),
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
    let found = reasons::groups(function);
    if found.is_empty() {
        return;
    }
    line(out, "");
    line(out, "Why ops are not on the ANE");
    for group in found.iter().take(LISTED) {
        let list = |items: &[(String, usize)]| {
            let named = items.iter().take(4).map(|(name, count)| format!("{name} {count}"));
            let more = if items.len() > 4 { ", …" } else { "" };
            format!("{}{more}", named.collect::<Vec<_>>().join(", "))
        };
        line(
            out,
            &format!("  {:>4}  {}: {} ({})", group.ops.len(), group.code, group.message, list(&group.kinds)),
        );
        if !group.variants.is_empty() {
            line(out, &format!("        … is {}", list(&group.variants)));
        }
    }
    rest(out, found.len());
}

/// Runs that the ANE could have taken, and by how much it missed them. One op alone says little.
fn list_islands(out: &mut String, function: &FunctionEstimate) {
    let runs = || function.islands.iter().filter(|island| island.ops > 1);
    // In fp32 nothing but casts could.
    if runs().next().is_none() || function.summary.needs_fp16_cast {
        return;
    }
    line(out, "");
    line(out, "Runs that the ANE could take and misses, nearest first");
    for island in runs().take(LISTED) {
        let name = |at: usize| function.ops.get(at).map_or("", |op| &op.name);
        let _ = writeln!(
            out,
            "  {:>9} by {:>12}  {} … {}",
            plural(island.ops, "op"),
            ms(island.misses_ms),
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
        let default = if feature.default.is_empty() { "none".to_owned() } else { sizes(&feature.default) };
        let allowed = if feature.allowed.is_empty() { "not declared" } else { &feature.allowed };
        line(out, &format!("  {}: default {default}; {}: {allowed}", feature.feature, feature.kind));
    }
    // Enumerated features change together: each has the same numbers.
    if let Some(feature) = function.shapes.iter().rev().max_by_key(|feature| feature.others.len()) {
        for other in &feature.others {
            let summary = &other.summary;
            let with = other.with.iter().map(|(name, shape)| format!(", {name} {}", sizes(shape)));
            line(
                out,
                &format!(
                    "    {} {}{}: {} on the ANE, {}, {}",
                    feature.feature,
                    sizes(&other.shape),
                    with.collect::<String>(),
                    share(summary.ane_ops, summary.ops),
                    plural(summary.segments, "segment"),
                    cost(summary)
                ),
            );
        }
    }
    if let Some(fault) = function.shapes.iter().find_map(|feature| feature.fault.as_ref()) {
        line(out, &format!("  {fault}"));
    }
    let mut said = BTreeSet::new();
    for feature in function.shapes.iter().filter(|feature| said.insert(feature.consequence)) {
        line(out, &format!("  {}: {}", feature.kind, feature.consequence));
        line(out, &format!("    ({}; {})", feature.certainty, feature.source));
    }
}

fn seconds(seconds: f64) -> String {
    match seconds {
        _ if seconds < 0.001 => "less than 1 ms".to_owned(),
        _ if seconds < 0.95 => format!("{:.0} ms", 1e3 * seconds),
        _ => format!("{seconds:.1} s"),
    }
}

fn first_load(out: &mut String, load: &FirstLoad) {
    let Some([low, high]) = load.reported_s.filter(|_| load.ane_weight_bytes > 0) else { return };
    let shapes = if load.shapes > 1 { format!(", for {} shapes", load.shapes) } else { String::new() };
    let span = match [seconds(low), seconds(high)] {
        [low, high] if low == high => format!("take about {low}"),
        [low, high] => format!("range from {low} to {high}"),
    };
    line(out, "");
    line(
        out,
        &format!(
            "First load: {} and {} of weights are compiled for the ANE in {}{shapes}. No model of its time is known; published \
             ones of that size {span}.",
            plural(load.ane_ops, "op"),
            bytes(load.ane_weight_bytes),
            plural(load.ane_segments, "segment"),
        ),
    );
}

fn rest(out: &mut String, total: usize) {
    if total > LISTED {
        line(out, &format!("  … and {} more", total - LISTED));
    }
}
