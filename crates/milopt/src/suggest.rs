//! What would improve a placement: pipelines tried on copies of a model's programs, with what to type for
//! each that helps.

use std::fmt::Write as _;
use std::path::Path;

use mil_estimate::{Confidence, Estimate, Fix, Rewrite, Rewrites, Target, Totals, estimate};
use mil_ir::{Function, Graph, Literal, Program, Storage};
use mil_pass::{GrammarError, Pipeline, Registry};
use serde::Serialize;
use serde_json::{Value, json};

/// Models of more ops, or of more bytes of weights, are not rewritten unasked.
const OPS: usize = 20_000;
const WEIGHT_BYTES: usize = 512 << 20;
/// So many risks of a rewritten model are told.
const RISKS: usize = 3;

/// What was tried on a model, and what helped.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestions {
    /// The model as it is.
    pub now: Totals,
    /// Pipelines that lower the cost by one percent or more, or the number of segments, the best first.
    pub found: Vec<Rewrite>,
    /// Pipelines that were tried and bring nothing, or next to nothing.
    pub without_effect: Vec<String>,
    /// Pipelines that failed on this model, with why.
    pub failed: Vec<(String, String)>,
}

/// Programs of one model, and where it came from.
#[derive(Clone, Copy)]
pub struct Subject<'s> {
    /// All of them; a pipeline is run on each.
    pub programs: &'s [&'s Program],
    /// The file that a command would name.
    pub file: Option<&'s Path>,
    /// What the programs are estimated for.
    pub target: &'s Target,
    /// Where pipelines are looked up.
    pub registry: &'s Registry,
}

/// What to call while pipelines are tried: how many are done, of how many, and which one is next.
pub type Tell<'t> = &'t mut dyn FnMut(usize, usize, &str);

impl Subject<'_> {
    /// Tries the named pipelines, and `also`: what somebody asked about, as it was spelled.
    pub fn advise(&self, also: Option<(&str, &Pipeline)>) -> Suggestions {
        let mut trials = Trials::new(self);
        if let Some((text, pipeline)) = also {
            trials.attempt(text, pipeline.clone(), Vec::new());
        }
        for fix in Fix::all().iter().filter(|fix| fix.named) {
            trials.fix(fix);
        }
        trials.done()
    }

    /// Tries every fix of [`Fix::all`] alone; then the best is continued with the fix that improves most,
    /// until none does.
    pub fn suggest(&self, tell: Tell<'_>) -> Suggestions {
        let all = Fix::all();
        let mut trials = Trials::new(self);
        for (done, fix) in all.iter().enumerate() {
            tell(done, 2 * all.len(), fix.pipeline);
            trials.fix(fix);
        }
        let mut chosen: Option<(String, Totals)> = None;
        while let Some(best) = trials
            .best()
            .filter(|best| chosen.as_ref().is_none_or(|(_, reached)| best.after.is_worth_more_than(reached)))
        {
            let (start, why) = (best.pipeline.clone(), best.why.clone());
            chosen = Some((start.clone(), best.after));
            let last = start.rsplit(',').next().unwrap_or_default().to_owned();
            for (done, fix) in all.iter().enumerate().filter(|(_, fix)| fix.pipeline != last) {
                tell(all.len() + done, 2 * all.len(), fix.pipeline);
                let text = format!("{start},{}", fix.pipeline);
                if let Ok(pipeline) = Pipeline::parse(&text, self.registry) {
                    trials.attempt(&text, pipeline, [&why[..], &[fix.why]].concat());
                }
            }
            trials.keep_best_continuation(&start);
        }
        trials.done()
    }

    /// The advice that goes with an estimate: the named pipelines, unless the model is too large to try them
    /// unasked.
    pub fn rewrites(&self, also: Option<(&str, &Pipeline)>) -> Rewrites {
        if let Some(why) = self.unwritable() {
            return Rewrites::NotTried(why);
        }
        if self.is_large() {
            let file = self.file.map_or_else(|| "IN".to_owned(), shell_word);
            let command = format!("milopt estimate {file} --suggest");
            return Rewrites::NotTried(format!(
                "The model is large, so no pipeline was tried; `{command}` tries them."
            ));
        }
        Rewrites::Tried(self.advise(also).found)
    }

    /// Why no command could write the model, if none could: some of its weights are not at hand.
    pub fn unwritable(&self) -> Option<String> {
        let missing = |(_, literal): (_, &Literal)| matches!(literal.storage, Storage::Missing(..));
        self.graphs().any(|graph| graph.literals().any(missing)).then(|| {
            "Weights are missing, so the model cannot be rewritten: put them where the package \
             names them, then ask again."
                .to_owned()
        })
    }

    fn graphs(&self) -> impl Iterator<Item = &Graph> {
        self.programs.iter().flat_map(|program| program.functions.values()).filter_map(Function::graph)
    }

    fn is_large(&self) -> bool {
        let ops: usize = self.graphs().map(|graph| graph.walk().count()).sum();
        let weights =
            self.graphs().flat_map(|graph| graph.tensors().filter_map(|(_, tensor)| tensor.byte_len()));
        ops > OPS || weights.fold(0, usize::saturating_add) > WEIGHT_BYTES
    }

    /// What to type to get the model that a pipeline makes, which is told the chip where it asks for it.
    fn command(&self, pipeline: &str, is_aimed: bool) -> String {
        let Some(file) = self.file else { return String::new() };
        let stem = file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy();
        let mut command = format!(
            "milopt run {} -o {} --pipeline {}",
            shell_word(file),
            shell_word(Path::new(&format!("{stem}-ane.mlpackage"))),
            shell_word(Path::new(pipeline))
        );
        if is_aimed {
            let Target { chip, .. } = self.target;
            let _ = write!(command, " --chip {} --os {}", chip.name, system(self.target));
        }
        command
    }
}

/// The passes that are told which chips a model is for, and with which systems.
pub const PLACERS: [&str; 2] = ["ane_attention", "improve_placement"];

/// Tells the passes that ask for them what chips, and what systems, a model is for: what `--chip` and `--os`
/// do. Gives how many there are.
///
/// # Errors
///
/// If a pass takes no such chip or system.
pub fn aim(pipeline: &mut Pipeline, chips: &Value, systems: Option<&Value>) -> Result<usize, GrammarError> {
    let mut count = pipeline.set("fuse_sdpa", "chips", chips)?;
    for id in PLACERS {
        count += pipeline.set(id, "chips", chips)?;
        if let Some(systems) = systems {
            pipeline.set(id, "systems", systems)?;
        }
    }
    Ok(count)
}

/// A pipeline with [`PLACERS`] told the target, and whether it has one.
pub(crate) fn aimed(mut pipeline: Pipeline, target: &Target) -> (Pipeline, bool) {
    let (chips, systems) = (json!([target.chip.name]), json!([system(target)]));
    let mut tell = |id: &str| {
        let found = pipeline.set(id, "chips", &chips).and_then(|_| pipeline.set(id, "systems", &systems));
        found.is_ok_and(|count| count > 0)
    };
    let told = PLACERS.map(&mut tell);
    (pipeline, told.contains(&true))
}

/// A system with its platform, as one word: an M chip may be an iPad's.
pub fn system(target: &Target) -> String {
    format!("{}{}", target.chip.platform, target.os)
}

/// A text as a shell reads it as one word.
pub fn shell_word(text: &Path) -> String {
    let text = text.to_string_lossy();
    let plain = |letter: char| letter.is_alphanumeric() || "_-./,:+@%".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Pipelines that were tried so far.
struct Trials<'t> {
    subject: &'t Subject<'t>,
    now: Totals,
    known_risks: Vec<String>,
    found: Vec<Rewrite>,
    without_effect: Vec<String>,
    failed: Vec<(String, String)>,
}

impl<'t> Trials<'t> {
    fn new(subject: &'t Subject<'t>) -> Trials<'t> {
        let estimates: Vec<Estimate> =
            subject.programs.iter().map(|program| estimate(program, subject.target)).collect();
        Trials {
            subject,
            now: Totals::of(&estimates),
            known_risks: risks(&estimates),
            found: Vec::new(),
            without_effect: Vec::new(),
            failed: Vec::new(),
        }
    }

    fn fix(&mut self, fix: &Fix) {
        match Pipeline::parse(fix.pipeline, self.subject.registry) {
            Ok(pipeline) => self.attempt(fix.pipeline, pipeline, vec![fix.why]),
            Err(error) => self.failed.push((fix.pipeline.to_owned(), error.to_string())),
        }
    }

    fn attempt(&mut self, text: &str, pipeline: Pipeline, why: Vec<&'static str>) {
        let Subject { programs, target, .. } = *self.subject;
        let (pipeline, is_aimed) = aimed(pipeline, target);
        let mut estimates = Vec::new();
        for program in programs {
            let mut copy = (*program).clone();
            if let Err(error) = pipeline.run(&mut copy) {
                return self.failed.push((text.to_owned(), error.to_string()));
            }
            estimates.push(estimate(&copy, target));
        }
        let after = Totals::of(&estimates);
        if !after.is_worth_more_than(&self.now) {
            return self.without_effect.push(text.to_owned());
        }
        let mut risks = risks(&estimates);
        risks.retain(|risk| !self.known_risks.contains(risk));
        risks.truncate(RISKS);
        self.found.push(Rewrite {
            pipeline: text.to_owned(),
            command: self.subject.command(text, is_aimed),
            why,
            before: self.now,
            after,
            lossy: is_lossy(&pipeline),
            risks,
        });
        // The first of equal ones stays first: what was asked about, and what loses less.
        self.found.sort_by(|a, b| {
            let cost = |one: &Rewrite| (one.after.cost_ms * 1e9).round();
            let by_cost = cost(a).total_cmp(&cost(b));
            by_cost.then(a.after.segments.cmp(&b.after.segments)).then(a.lossy.cmp(&b.lossy))
        });
    }

    fn best(&self) -> Option<&Rewrite> {
        self.found.first()
    }

    /// Of what continues a pipeline, only the best is news, and only if it is better.
    fn keep_best_continuation(&mut self, start: &str) {
        let Some(base) = self.found.iter().find(|one| one.pipeline == start).map(|one| one.after) else {
            return;
        };
        let head = format!("{start},");
        let mut kept = false;
        self.found.retain(|one| {
            let keep = !one.pipeline.starts_with(&head) || (!kept && one.after.is_worth_more_than(&base));
            kept |= one.pipeline.starts_with(&head) && keep;
            keep
        });
        self.without_effect.retain(|text| !text.starts_with(&head));
    }

    fn done(self) -> Suggestions {
        let Trials { now, found: all, without_effect, failed, .. } = self;
        // What is no better than one that stands before it, and loses as much, is not news.
        let mut found: Vec<Rewrite> = Vec::new();
        for one in all {
            let as_good =
                |other: &Rewrite| !one.after.is_worth_more_than(&other.after) && (one.lossy || !other.lossy);
            if !found.iter().any(as_good) {
                found.push(one);
            }
        }
        Suggestions { now, found, without_effect, failed }
    }
}

/// What may go wrong with a model by more than one uncertain report, in short.
fn risks(estimates: &[Estimate]) -> Vec<String> {
    let functions = estimates.iter().flat_map(|estimate| estimate.functions.values());
    let serious = functions
        .flat_map(|function| &function.risks)
        .filter(|risk| risk.certainty != Confidence::Assumed)
        .map(|risk| format!("{}: {}", risk.message, risk.consequence));
    let mut found: Vec<String> = Vec::new();
    for risk in serious {
        if !found.contains(&risk) {
            found.push(risk);
        }
    }
    found
}

fn is_lossy(pipeline: &Pipeline) -> bool {
    pipeline.passes().any(|pass| pass.def().numerics.is_lossy())
}

impl Suggestions {
    /// What helps, as a person reads it. The command of the best is the last word of the whole report.
    pub fn report(&self) -> String {
        let numbers = |totals: &Totals| {
            let segments =
                format!("{} segment{}", totals.segments, if totals.segments == 1 { "" } else { "s" });
            format!(
                "{:>10.4} ms {segments:>13} {:>6} of {} ops on the ANE",
                totals.cost_ms, totals.ane_ops, totals.ops
            )
        };
        let mut out = format!("What would help\n  {}  as it is\n", numbers(&self.now));
        for one in &self.found {
            let lossy = if one.lossy { "  (rounds to fp16: compare the numbers)" } else { "" };
            let _ = writeln!(out, "  {}  {}{lossy}", numbers(&one.after), one.pipeline);
        }
        if self.found.is_empty() {
            let _ = writeln!(
                out,
                "  none of {} pipelines lowers the cost by one percent, or the segments",
                self.without_effect.len()
            );
        }
        for (pipeline, why) in &self.failed {
            let _ = writeln!(out, "  {pipeline} cannot be run here: {why}");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fix_is_a_pipeline_that_exists() {
        let registry = mil_passes::registry();
        for fix in Fix::all() {
            let parsed = Pipeline::parse(fix.pipeline, &registry);
            assert!(parsed.is_ok_and(|pipeline| !pipeline.entries.is_empty()), "{}", fix.pipeline);
        }
        // What a reason names is tried by itself, or is a pass that the placer tries where the reason stands.
        for fix in Fix::of_reasons() {
            let by_itself = Fix::all().iter().any(|known| known.pipeline == fix);
            let theme = registry.find(fix).and_then(|(def, _)| def.theme());
            assert!(by_itself || theme == Some("ane"), "{fix} is tried");
        }
        assert!(Fix::all().iter().any(|fix| fix.pipeline == "ane"));
    }

    #[test]
    fn commands_are_words_of_a_shell() {
        assert_eq!(shell_word(Path::new("a/b-c.mlpackage")), "a/b-c.mlpackage");
        assert_eq!(shell_word(Path::new("my model's")), r"'my model'\''s'");
        assert_eq!(shell_word(Path::new("fixpoint(a){max=2}")), "'fixpoint(a){max=2}'");
    }

    #[test]
    fn a_program_in_fp32_is_suggested_the_pipeline_that_casts_it() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/star_hourglass.mlpackage");
        let mut package = mil_package::Package::open(path).unwrap();
        let program = package.take_program().unwrap();
        let target = Target::new("M4", "27", "cpu-and-ne").unwrap();
        let registry = mil_passes::registry();
        let subject = Subject {
            programs: &[&program],
            file: Some(Path::new("in/star.mlpackage")),
            target: &target,
            registry: &registry,
        };
        let mut told = Vec::new();
        let found = subject.suggest(&mut |done, all, name| told.push((done < all, name.to_owned())));
        assert!(told.len() >= Fix::all().len() && told.iter().all(|(within, _)| *within));
        assert_eq!(found.failed, []);
        assert_eq!((found.now.ane_ops, found.now.segments), (0, 1));
        let best = &found.found[0];
        assert_eq!(best.pipeline, "fp16");
        assert_eq!(best.command, "milopt run in/star.mlpackage -o star-ane.mlpackage --pipeline fp16");
        assert!(best.lossy && best.after.ane_ops > 100 && best.after.cost_ms < found.now.cost_ms, "{best:?}");
        assert!(found.found.iter().all(|one| one.after.is_worth_more_than(&found.now)));
        // What is printed is what gives the numbers.
        let mut copy = program.clone();
        Pipeline::parse(&best.pipeline, &registry).unwrap().run(&mut copy).unwrap();
        assert_eq!(Totals::of([&estimate(&copy, &target)]), best.after);
        // After it, nothing is advised.
        let subject = Subject { programs: &[&copy], ..subject };
        assert_eq!(subject.rewrites(None), Rewrites::Tried(Vec::new()));
    }
}
