//! A model rewritten as a whole: what `milopt run` does, for programs that embed it.
//!
//! A [`Pipeline`] rewrites a program. A model may be a pipeline of several, it may be wanted for another
//! release first, and what is written in the end must break no rule that it kept when it came: a [`Rewrite`]
//! sees to all of that.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use mil_ir::verify::{Report, Violation};
use mil_ir::{Model, Name, Program, Release};
use mil_ops::RetargetError;
use mil_package::{Package, PackageError};
use mil_pass::{Configured, Entry, PassReport, Pipeline, RunError, RunReport, Runner};
use mil_passes::RenameFeatures;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::inspect;
use crate::verify::{added, verify_rest};

/// A model in the course of a rewrite.
#[derive(Debug)]
pub struct Rewrite<'p> {
    package: &'p mut Package,
    /// What was wrong with it when it came.
    known: Report,
    /// Where each program stands in a pipeline of models.
    paths: Vec<Vec<usize>>,
    before: Vec<Size>,
    reports: Vec<RunReport>,
    /// Something other than a pass changed it.
    is_changed: bool,
}

/// The size of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Ops of all functions by type, `const` not counted.
    pub ops: BTreeMap<String, usize>,
    /// Bytes of weights, those that functions share counted once.
    pub weight_bytes: u64,
}

/// Whether a release that is asked for may be older or newer than the model's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// It may be any.
    #[default]
    Any,
    /// It is not older.
    Raise,
    /// It is not newer.
    Lower,
}

/// What a rewrite did, program by program, in the order of the model.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// As the programs came.
    pub before: Vec<Size>,
    /// As they are now.
    pub after: Vec<Size>,
    /// What the passes did.
    pub reports: Vec<RunReport>,
}

/// Why a model is not rewritten, or not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RewriteError {
    /// The model holds no program.
    #[error("a model of type {kind}: passes work on ML Programs")]
    NoProgram {
        /// Its type.
        kind: String,
    },
    /// The model is for a release on the other side of the one that is asked for.
    #[error("the model is for {newest}")]
    Direction {
        /// The release of the model.
        newest: Release,
    },
    /// The model has no form for a release.
    #[error(transparent)]
    Target(#[from] RetargetError),
    /// A pass that changes an interface on which other models of a pipeline depend.
    #[error(
        "{id} changes what a program takes or gives, and the members of a pipeline are wired by that: of such \
         passes, only {} knows them all, outside of a fixpoint",
        RenameFeatures::DEF.id
    )]
    Wired {
        /// The pass.
        id: String,
    },
    /// A function is chosen where there are none.
    #[error("the models of a pipeline have no functions to choose from")]
    NoFunctions,
    /// Features cannot be renamed.
    #[error(transparent)]
    Rename(#[from] mil_ir::InterfaceError),
    /// A pass failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The result breaks rules that the model kept.
    #[error("nothing is written, as the result is not valid: {}", first(.0))]
    Invalid(Vec<Violation>),
    /// The result cannot be written.
    #[error(transparent)]
    Package(#[from] PackageError),
}

/// The first violation, and how many more there are.
fn first(violations: &[Violation]) -> String {
    let Some(first) = violations.first() else { return String::new() };
    match violations.len() {
        1 => first.to_string(),
        count => format!("{first} (and {} more)", count - 1),
    }
}

impl<'p> Rewrite<'p> {
    /// Begins with a model as it is.
    pub fn of(package: &'p mut Package) -> Rewrite<'p> {
        let known = crate::verify(package.model());
        let paths: Vec<Vec<usize>> = package.model().programs().into_iter().map(|(path, _)| path).collect();
        let before = sizes(package.model());
        let reports = paths.iter().map(|_| RunReport::default()).collect();
        Rewrite { package, known, paths, before, reports, is_changed: false }
    }

    /// The rules that the model broke when it came. Passes keep what was broken before them.
    pub fn known(&self) -> &Report {
        &self.known
    }

    /// The model as it is now.
    pub fn model(&self) -> &Model {
        self.package.model()
    }

    /// Makes every program one for this release. A pipeline of models keeps its own version, which need not
    /// reach its members'.
    ///
    /// # Errors
    ///
    /// If a program is for a release on the wrong side, or has no form for this one.
    pub fn retarget(&mut self, release: Release, direction: Direction) -> Result<(), RewriteError> {
        let refused = match direction {
            Direction::Any => None,
            Direction::Raise => Some(Ordering::Less),
            Direction::Lower => Some(Ordering::Greater),
        };
        for program in self.package.model_mut().programs_mut() {
            let newest = program.functions.values().filter_map(|function| function.opset.release()).max();
            if let Some(newest) = newest
                && refused == Some(release.cmp(&newest))
            {
                return Err(RewriteError::Direction { newest });
            }
            mil_ops::retarget(program, release)?;
        }
        self.is_changed = true;
        Ok(())
    }

    /// Runs a pipeline of passes on every program; `runner` makes what runs a part of it on one of them.
    ///
    /// # Errors
    ///
    /// If there are passes and no program, if a pass fails, or if it would change how the members of a
    /// pipeline of models are wired.
    pub fn run(
        &mut self,
        pipeline: &Pipeline,
        runner: impl Fn(&Pipeline) -> Runner,
    ) -> Result<(), RewriteError> {
        if self.paths.is_empty() && !pipeline.entries.is_empty() {
            return Err(RewriteError::NoProgram { kind: self.model().kind().to_string() });
        }
        for stage in stages(pipeline, self.model())? {
            let passes = match stage {
                Stage::Passes(passes) => passes,
                Stage::Rename(names) => {
                    self.package.model_mut().rename_features(&names)?;
                    self.is_changed = true;
                    self.reports.iter_mut().for_each(|report| report.verified = None);
                    continue;
                }
            };
            let programs = self.package.model_mut().programs_mut().into_iter();
            for ((path, program), report) in self.paths.iter().zip(programs).zip(&mut self.reports) {
                let mut runner = runner(&passes);
                if !self.is_changed {
                    runner = runner.verified(self.known.of_member(path));
                }
                join(report, runner.run(&passes, program)?);
            }
        }
        Ok(())
    }

    /// Makes sure that the result breaks no rule that the model kept when it came.
    ///
    /// # Errors
    ///
    /// If it does, with the rules and where.
    pub fn check(&self) -> Result<(), RewriteError> {
        if self.is_changed || self.reports.iter().any(RunReport::changed) {
            let verified = self.paths.iter().zip(&self.reports);
            let verified =
                verified.filter_map(|(path, report)| Some((path.clone(), report.verified.clone()?)));
            check(&self.known, verify_rest(self.package.model(), verified.collect()))?;
        }
        Ok(())
    }

    /// Writes the model.
    ///
    /// # Errors
    ///
    /// If the result does not pass [`Rewrite::check`]; if it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), RewriteError> {
        self.check()?;
        Ok(self.package.save(path)?)
    }

    /// What was done.
    pub fn done(self) -> Rewritten {
        Rewritten { before: self.before, after: sizes(self.package.model()), reports: self.reports }
    }
}

/// What is written breaks no rule that the model kept when it came, of which `known` tells.
pub(crate) fn check(known: &Report, result: Report) -> Result<(), RewriteError> {
    let new = added(known, result);
    if new.is_empty() { Ok(()) } else { Err(RewriteError::Invalid(new)) }
}

fn sizes(model: &Model) -> Vec<Size> {
    model.programs().into_iter().map(|(_, program)| Size::of(program)).collect()
}

impl Size {
    /// The size of a program as it is.
    pub fn of(program: &Program) -> Size {
        let mut ops = BTreeMap::new();
        for function in program.functions.values() {
            for (kind, count) in function.graph().map(inspect::histogram).unwrap_or_default() {
                *ops.entry(kind).or_default() += count;
            }
        }
        Size { ops, weight_bytes: inspect::weights(program).bytes }
    }

    /// Ops in all.
    pub fn op_count(&self) -> usize {
        self.ops.values().sum()
    }
}

/// A part of a run.
enum Stage {
    /// Passes, on every program.
    Passes(Pipeline),
    /// New names for what flows through a pipeline of models.
    Rename(BTreeMap<Name, Name>),
}

/// The parts of a run. Passes work on programs; what flows between the members of a pipeline of models is
/// renamed in all of them at once.
fn stages(pipeline: &Pipeline, model: &Model) -> Result<Vec<Stage>, RewriteError> {
    if !matches!(model, Model::Pipeline(_)) {
        return Ok(vec![Stage::Passes(pipeline.clone())]);
    }
    let (mut stages, mut passes) = (Vec::new(), Pipeline::new());
    for entry in &pipeline.entries {
        match entry {
            Entry::Pass(pass) if pass.def().id == RenameFeatures::DEF.id => {
                stages.push(Stage::Passes(std::mem::take(&mut passes)));
                stages.push(Stage::Rename(new_names(pass)?));
            }
            entry => passes.entries.push(entry.clone()),
        }
    }
    stages.push(Stage::Passes(passes));
    stages.retain(|stage| !matches!(stage, Stage::Passes(passes) if passes.entries.is_empty()));
    for stage in &stages {
        let Stage::Passes(passes) = stage else { continue };
        if let Some(pass) = passes.passes().find(|pass| pass.def().changes_interface) {
            return Err(RewriteError::Wired { id: pass.id().to_owned() });
        }
    }
    Ok(stages)
}

/// What `rename_features` is asked for.
fn new_names(pass: &Configured) -> Result<BTreeMap<Name, Name>, RewriteError> {
    let options = pass.pass().options();
    if options.get("function").and_then(Value::as_str).is_some_and(|function| !function.is_empty()) {
        return Err(RewriteError::NoFunctions);
    }
    let names = options.get("names").and_then(Value::as_object).into_iter().flatten();
    Ok(names.filter_map(|(old, new)| Some((old.as_str().into(), new.as_str()?.into()))).collect())
}

/// Puts the report of a later part of a run behind that of an earlier one.
fn join(report: &mut RunReport, later: RunReport) {
    report.passes.extend(later.passes);
    report.unfinished.extend(later.unfinished);
    report.rewrites += later.rewrites;
    report.notes.extend(later.notes);
    report.verified = later.verified;
}

impl Rewritten {
    /// Any pass changed anything.
    pub fn changed(&self) -> bool {
        self.reports.iter().any(RunReport::changed)
    }
}

/// An object for each program: ops and bytes before and after, and the passes with their statistics by name.
impl Serialize for Rewritten {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let programs = self.reports.iter().zip(self.before.iter().zip(&self.after));
        serializer.collect_seq(programs.map(|(report, (before, after))| {
            json!({
                "changed": report.changed(),
                "ops_before": before.op_count(),
                "ops_after": after.op_count(),
                "weight_bytes_before": before.weight_bytes,
                "weight_bytes_after": after.weight_bytes,
                "ops": {"before": before.ops, "after": after.ops},
                "rewrites": report.rewrites,
                "passes": report.passes.iter().map(pass_to_json).collect::<Vec<_>>(),
                "notes": report.notes,
                "unfinished": report.unfinished,
            })
        }))
    }
}

/// Statistics are an object here, for scripts to index.
fn pass_to_json(pass: &PassReport) -> Value {
    let statistics: Map<String, Value> =
        pass.statistics.iter().map(|(name, count)| (name.clone(), json!(count))).collect();
    let mut value = json!({
        "id": pass.id,
        "changed": pass.changed,
        "ops_before": pass.ops_before,
        "ops_after": pass.ops_after,
        "statistics": statistics,
        "seconds": pass.seconds,
        "verify_seconds": pass.verify_seconds,
    });
    if !pass.details.is_empty() {
        value["details"] = json!(pass.details);
    }
    value
}
