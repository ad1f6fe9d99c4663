//! What would improve a placement: the known fixes, tried on a copy of the program, alone and together.

use std::fmt::Write as _;

use mil_estimate::{Estimate, Fix, Target, estimate};
use mil_ir::Program;
use mil_pass::{Numerics, Pipeline, Registry};
use serde::Serialize;

/// Costs that differ by less, in milliseconds, are the same.
const SAME: f64 = 1e-6;

/// What was tried on a program, and what helped.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestions {
    /// The program as it is.
    pub now: Totals,
    /// Pipelines that lower the cost or the number of segments, the best first.
    pub found: Vec<Suggestion>,
    /// Pipelines that were tried and change nothing for the better.
    pub without_effect: Vec<String>,
    /// Pipelines that failed on this program, with why.
    pub failed: Vec<(String, String)>,
}

/// A pipeline that improves a placement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    /// What to run.
    pub pipeline: String,
    /// What it helps with.
    pub why: Vec<&'static str>,
    /// The program after it.
    pub after: Totals,
    /// Some pass in it is lossy: compare the numbers.
    pub lossy: bool,
}

/// All functions of a program together.
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

impl Totals {
    /// The sums over the functions of an estimate.
    pub fn of(estimate: &Estimate) -> Totals {
        estimate.functions.values().fold(Totals::default(), |sum, function| {
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

    /// Cheaper, or as cheap in fewer segments.
    fn is_better_than(&self, other: &Totals) -> bool {
        let saved = other.cost_ms - self.cost_ms;
        saved > SAME || (saved > -SAME && self.segments < other.segments)
    }
}

impl Suggestions {
    /// What helps, as a person reads it.
    pub fn report(&self) -> String {
        let numbers = |totals: &Totals| {
            format!(
                "{:>10.4} ms {:>5} segments {:>6} of {} ops on the ANE",
                totals.cost_ms, totals.segments, totals.ane_ops, totals.ops
            )
        };
        let mut out = format!("What would help\n  {}  as it is\n", numbers(&self.now));
        for one in &self.found {
            let lossy = if one.lossy { "  (lossy: compare the numbers)" } else { "" };
            let _ = writeln!(out, "  {}  {}{lossy}", numbers(&one.after), one.pipeline);
        }
        if self.found.is_empty() {
            let _ = writeln!(
                out,
                "  none of {} fixes lowers the cost or the segments",
                self.without_effect.len()
            );
        }
        for (pipeline, why) in &self.failed {
            let _ = writeln!(out, "  {pipeline} cannot be run here: {why}");
        }
        out
    }
}

/// Tries every fix of [`Fix::all`] alone, then puts together those that help each other: beginning with the best, the one is
/// added that improves most, until none does. A fix that helps only beside another is found, too.
/// The program is copied for each trial; its weights are shared.
pub fn suggest(program: &Program, target: &Target, registry: &Registry) -> Suggestions {
    let now = Totals::of(&estimate(program, target));
    let fixes: Vec<(&Fix, Result<Pipeline, String>)> = Fix::all()
        .iter()
        .map(|fix| (fix, Pipeline::parse(fix.pipeline, registry).map_err(|error| error.to_string())))
        .collect();
    let mut found: Vec<Suggestion> = Vec::new();
    let mut failed = Vec::new();
    let mut without_effect = Vec::new();
    let mut usable = Vec::new();
    for (at, (fix, pipeline)) in fixes.iter().enumerate() {
        let tried = pipeline.clone().and_then(|pipeline| attempt(&pipeline, program, target));
        match tried {
            Err(why) => failed.push((fix.pipeline.to_owned(), why)),
            Ok(after) => {
                usable.push((at, after));
                if after.is_better_than(&now) {
                    found.push(describe(&fixes, &[at], after));
                } else {
                    without_effect.push(fix.pipeline.to_owned());
                }
            }
        }
    }
    let mut chosen: Vec<usize> = Vec::new();
    let mut reached = now;
    loop {
        let others = usable.iter().map(|&(at, alone)| (at, alone)).filter(|(at, _)| !chosen.contains(at));
        let tries = others.filter_map(|(at, alone)| {
            let mut with = chosen.clone();
            with.push(at);
            with.sort_unstable();
            let after = if chosen.is_empty() {
                alone
            } else {
                attempt(&combine(&fixes, &with), program, target).ok()?
            };
            Some((with, after))
        });
        let best = tries.reduce(|best, next| if next.1.is_better_than(&best.1) { next } else { best });
        match best {
            Some((with, after)) if after.is_better_than(&reached) => (chosen, reached) = (with, after),
            // Nothing helps alone: all together may.
            _ if chosen.is_empty() && usable.len() > 1 => {
                let all: Vec<usize> = usable.iter().map(|(at, _)| *at).collect();
                if let Ok(after) = attempt(&combine(&fixes, &all), program, target)
                    && after.is_better_than(&now)
                {
                    found.push(describe(&fixes, &all, after));
                }
                break;
            }
            _ => break,
        }
        if chosen.len() > 1 {
            found.push(describe(&fixes, &chosen, reached));
        }
    }
    found.sort_by(|a, b| {
        let by_cost = a.after.cost_ms.total_cmp(&b.after.cost_ms);
        by_cost.then(a.after.segments.cmp(&b.after.segments)).then(a.pipeline.len().cmp(&b.pipeline.len()))
    });
    Suggestions { now, found, without_effect, failed }
}

fn attempt(pipeline: &Pipeline, program: &Program, target: &Target) -> Result<Totals, String> {
    let mut copy = program.clone();
    pipeline.run(&mut copy).map_err(|error| error.to_string())?;
    Ok(Totals::of(&estimate(&copy, target)))
}

type Parsed<'f> = (&'f Fix, Result<Pipeline, String>);

fn combine(fixes: &[Parsed<'_>], chosen: &[usize]) -> Pipeline {
    let pipelines = chosen.iter().filter_map(|&at| fixes[at].1.as_ref().ok());
    pipelines.fold(Pipeline::new(), |all, next| all.then(next.clone()))
}

fn describe(fixes: &[Parsed<'_>], chosen: &[usize], after: Totals) -> Suggestion {
    let texts: Vec<&str> = chosen.iter().map(|&at| fixes[at].0.pipeline).collect();
    Suggestion {
        pipeline: texts.join(","),
        why: chosen.iter().map(|&at| fixes[at].0.why).collect(),
        after,
        lossy: is_lossy(&combine(fixes, chosen)),
    }
}

fn is_lossy(pipeline: &Pipeline) -> bool {
    pipeline.passes().any(|pass| pass.def().numerics == Numerics::Lossy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fix_is_a_pass_that_exists() {
        let registry = mil_passes::registry();
        for fix in Fix::all() {
            let parsed = Pipeline::parse(fix.pipeline, &registry);
            assert!(parsed.is_ok_and(|pipeline| !pipeline.entries.is_empty()), "{}", fix.pipeline);
        }
        for id in Fix::of_reasons() {
            assert!(registry.find(id).is_some(), "a reason names {id}");
            assert!(Fix::all().iter().any(|fix| fix.pipeline == id), "{id} is tried");
        }
    }

    #[test]
    fn a_program_in_fp32_is_suggested_the_cast_and_more() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/star_hourglass.mlpackage");
        let mut package = mil_package::Package::open(path).unwrap();
        let program = package.take_program().unwrap();
        let target = Target::new("M4", "27", "cpu-and-ne").unwrap();
        let found = suggest(&program, &target, &mil_passes::registry());
        assert_eq!(found.failed, []);
        assert_eq!((found.now.ane_ops, found.now.segments), (0, 1));
        let best = &found.found[0];
        assert!(
            best.pipeline.contains("add_fp16_cast,") || best.pipeline.contains(",add_fp16_cast"),
            "{best:?}"
        );
        assert!(best.lossy && best.after.ane_ops > 100 && best.after.cost_ms < found.now.cost_ms, "{best:?}");
        let alone = found.found.iter().find(|one| one.pipeline == "add_fp16_cast").unwrap();
        assert!(best.after.cost_ms <= alone.after.cost_ms);
        assert!(found.found.iter().all(|one| one.after.is_better_than(&found.now)));
        // What is printed is what gives the numbers.
        let mut copy = program.clone();
        Pipeline::parse(&best.pipeline, &mil_passes::registry()).unwrap().run(&mut copy).unwrap();
        assert_eq!(Totals::of(&estimate(&copy, &target)), best.after);
    }
}
