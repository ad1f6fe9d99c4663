//! Where a model would run, as a snapshot.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use milopt::estimate::{FunctionEstimate, Target, TargetError, estimate};

use crate::{Redact, Subject, sections};

/// The placement for a chip (`M4`) and a system (`26`), with the compute units `cpu-and-ne`: of each function
/// the share of the Neural Engine, its segments with their ops by type, and why ops are elsewhere.
///
/// # Errors
///
/// If chip or system are not known, or the chip does not run the system.
pub fn try_placement(
    subject: &impl Subject,
    chip: &str,
    os: &str,
    redact: &Redact,
) -> Result<String, TargetError> {
    Ok(placement(subject, &Target::new(chip, os, "cpu-and-ne")?, redact))
}

/// The same for any target.
pub fn placement(subject: &impl Subject, target: &Target, redact: &Redact) -> String {
    sections(subject, |program| {
        let mut out = String::new();
        for (name, function) in &estimate(program, target).functions {
            let summary = &function.summary;
            let _ = write!(out, "{name}: {} of {} ops on the ANE", summary.ane_ops, summary.ops);
            let _ = write!(out, ", segments: {}", summary.segments);
            if !redact.costs {
                let _ = write!(out, ", {:.4} ms", summary.cost_ms);
            }
            out.push('\n');
            segments(&mut out, function, redact);
            reasons(&mut out, function);
        }
        out
    })
}

fn segments(out: &mut String, function: &FunctionEstimate, redact: &Redact) {
    for segment in &function.segments {
        let ops = function.ops.get(segment.first..segment.end).unwrap_or_default();
        let kinds = counted(ops.iter().filter(|op| op.device == segment.device).map(|op| op.kind.as_str()));
        let cost = if redact.costs { String::new() } else { format!(" {:.4} ms", segment.cost_ms) };
        let _ = writeln!(out, "  {}{cost}: {kinds}", segment.device);
    }
}

fn reasons(out: &mut String, function: &FunctionEstimate) {
    let mut by_code: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for op in &function.ops {
        if let Some(reason) = &op.reason {
            by_code.entry(reason.code).or_default().push(&op.kind);
        }
    }
    for (code, kinds) in by_code {
        let _ = writeln!(out, "  not on the ANE, {code}: {}", counted(kinds.into_iter()));
    }
}

/// `3 conv, relu`: how often each comes, in the order of the alphabet.
fn counted<'a>(kinds: impl Iterator<Item = &'a str>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    kinds.for_each(|kind| *counts.entry(kind).or_default() += 1);
    let one =
        |(kind, count): (&str, usize)| if count == 1 { kind.to_owned() } else { format!("{count} {kind}") };
    counts.into_iter().map(one).collect::<Vec<_>>().join(", ")
}
