//! What plan, work and merge have in common: the package behind the passes that come before the compression.

use std::path::Path;

use mil_ir::Release;
use mil_package::Package;
use mil_pass::{Configured, Entry, Pipeline, Registry, Runner};
use serde_json::Value;

use super::key::files_of;
use super::{FleetError, Plan};
use crate::rewrite::{Direction, Rewrite};

/// The passes whose fits are divided.
const DIVIDED: [&str; 3] = ["palettize_weights", "linear_quantize_weights", "prune_weights"];

/// A pipeline in two parts, and the release before it.
#[derive(Debug)]
pub(super) struct Job {
    /// Passes that every machine runs for itself.
    before: Pipeline,
    /// Passes that compress weights.
    pub(super) weights: Pipeline,
    target: Option<Release>,
}

impl Job {
    /// Takes a pipeline apart. Weights that were fitted elsewhere are not there when other passes would look at
    /// them, so that those come first.
    pub(super) fn new(pipeline: &Pipeline, target: Option<Release>) -> Result<Job, FleetError> {
        let is_divided = |pass: &Configured| DIVIDED.contains(&pass.def().id);
        let divided = |entry: &Entry| matches!(entry, Entry::Pass(pass) if is_divided(pass));
        let count = pipeline.entries.iter().rev().take_while(|entry| divided(entry)).count();
        let (before, weights) = pipeline.entries.split_at(pipeline.entries.len() - count);
        let (before, weights) =
            (Pipeline { entries: before.to_vec() }, Pipeline { entries: weights.to_vec() });
        if let Some(pass) = before.passes().find(|pass| is_divided(pass)) {
            return Err(FleetError::NotDivided(format!(
                "{} stands before other passes: in a plan, passes that compress weights come last",
                pass.id()
            )));
        }
        if count == 0 {
            let known = DIVIDED.join(", ");
            return Err(FleetError::NotDivided(format!(
                "nothing is divided: the pipeline does not end with one of {known}"
            )));
        }
        let learns = |pass: &&Configured| pass.pass().options().get("samples").is_some_and(Value::is_string);
        if let Some(pass) = pipeline.passes().find(learns) {
            return Err(FleetError::NotDivided(format!(
                "{} learns from samples, which runs the whole model: that is not divided",
                pass.id()
            )));
        }
        Ok(Job { before, weights, target })
    }

    /// That of a plan.
    pub(super) fn of(plan: &Plan, registry: &Registry) -> Result<Job, FleetError> {
        let pipeline = plan.pipeline(registry)?;
        Job::new(&pipeline, plan.release()?)
    }

    /// The passes that compress, without a look at what is lost: for where that is not known, or known already.
    pub(super) fn unmeasured(&self) -> Result<Pipeline, FleetError> {
        let mut weights = self.weights.clone();
        let ids: Vec<&'static str> = weights.passes().map(Configured::id).collect();
        for id in ids {
            weights.set(id, "measure", &false.into())?;
        }
        Ok(weights)
    }

    /// Brings a package to where the compression begins. Where that is as it came, it is not looked at.
    pub(super) fn prepare(&self, package: &mut Package) -> Result<(), FleetError> {
        match self.target.is_none() && self.before.entries.is_empty() {
            true => Ok(()),
            false => self.begin(&mut Rewrite::of(package)),
        }
    }

    /// Runs what comes before the compression.
    pub(super) fn begin(&self, rewrite: &mut Rewrite<'_>) -> Result<(), FleetError> {
        if let Some(release) = self.target {
            rewrite.retarget(release, Direction::Raise)?;
        }
        if !self.before.entries.is_empty() {
            rewrite.run(&self.before, |_| Runner::new())?;
        }
        Ok(())
    }
}

/// Opens the package of a plan, wherever it lies here. Files that hold weights are not read for it: each task
/// knows its own.
pub(super) fn open(plan: &Plan, path: &Path) -> Result<Package, FleetError> {
    let other = |why: String| FleetError::OtherInput { path: path.to_owned(), why };
    let found = files_of(path)?;
    let missing = plan.files.iter().find(|file| found.iter().all(|(name, _)| *name != file.path));
    if let Some(file) = missing {
        return Err(other(format!("{} is missing", file.path)));
    }
    for (name, file) in &found {
        let planned = plan.files.iter().find(|planned| planned.path == *name);
        let planned = planned.ok_or_else(|| other(format!("{name} was not there")))?;
        let bytes = std::fs::metadata(file).map_err(FleetError::io(file))?.len();
        if bytes != planned.bytes {
            return Err(other(format!("{name} has {bytes} bytes, not {}", planned.bytes)));
        }
        let holds_weights = name.ends_with(".bin");
        if !holds_weights && super::key::hash_file(file)?.1 != planned.hash {
            return Err(other(format!("{name} has other contents")));
        }
    }
    Ok(Package::open(path)?)
}
