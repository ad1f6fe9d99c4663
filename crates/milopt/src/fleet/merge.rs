//! Putting the parts of a plan together.

use std::cell::Cell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mil_package::Package;
use mil_pass::{PassError, Registry, Runner};
use mil_passes::compression::{Answer, Asked, Division, Elsewhere, Made};
use serde_json::Value;

use super::job::{Job, open};
use super::{FleetError, Plan, part};
use crate::rewrite::{Rewrite, Rewritten};

/// Fits by pass and place, for each program.
type Fits = HashMap<(usize, String), Made>;

/// Writes what the parts of a plan make of its package: the bytes that a run alone writes. `input` is where the
/// package lies, if not where it was planned.
///
/// Where a tensor stands in the weight file is decided here, as the writer stores equal results once, and which
/// are equal is known when all are there.
///
/// # Errors
///
/// If a part is missing, damaged or of another plan, the package is not the one that was planned, or the
/// result cannot be written.
pub fn merge(
    plan: &Plan,
    folder: &Path,
    output: &Path,
    input: Option<&Path>,
    registry: &Registry,
) -> Result<Rewritten, FleetError> {
    Package::check_output(output)?;
    let job = Job::of(plan, registry)?;
    let programs = fits(plan, folder)?;
    let mut package = open(plan, input.unwrap_or(&plan.input))?;
    let mut rewrite = Rewrite::of(&mut package);
    job.begin(&mut rewrite)?;
    // Programs come in the order of the model.
    let next = Cell::new(0);
    rewrite.run(&job.unmeasured()?, |_| {
        let number = next.replace(next.get() + 1);
        let fits = programs.get(number).cloned().unwrap_or_default();
        Runner::new().hand(Elsewhere(Box::new(Done { fits, steps: AtomicUsize::new(0) })))
    })?;
    rewrite.save(output)?;
    Ok(rewrite.done())
}

/// All fits of all parts.
fn fits(plan: &Plan, folder: &Path) -> Result<Vec<Arc<Fits>>, FleetError> {
    let mut programs: Vec<Fits> = Vec::new();
    let mut missing = Vec::new();
    for task in &plan.tasks {
        let Some(part) = part::read(folder, plan, task.id)? else {
            missing.push(task.id);
            continue;
        };
        if programs.len() <= task.program {
            programs.resize_with(task.program + 1, Fits::new);
        }
        for (step, places, made) in part.fits(folder)? {
            programs[task.program].extend(places.into_iter().map(|place| ((step, place), made.clone())));
        }
    }
    if let Some(&task) = missing.first() {
        let path = folder.join(format!("{task}.json"));
        return Err(FleetError::Missing { path, task, more: missing.len() - 1 });
    }
    Ok(programs.into_iter().map(Arc::new).collect())
}

/// Brings what was fitted elsewhere.
struct Done {
    fits: Arc<Fits>,
    /// Passes that have asked.
    steps: AtomicUsize,
}

impl Division for Done {
    fn ask(&self, weights: &[Asked]) -> Result<Vec<Answer>, PassError> {
        let step = self.steps.fetch_add(1, Ordering::Relaxed);
        let answer = |weight: &Asked| {
            let made = weight.places.iter().find_map(|place| self.fits.get(&(step, place.clone())));
            let missing = || PassError::Refused(format!("{}: no part holds what became of it", weight.name));
            Ok(Answer::Take(made.ok_or_else(missing)?.clone()))
        };
        weights.iter().map(answer).collect()
    }

    fn made(&self, _: &Asked, _: &Made) {}

    fn told(&self, _: &Asked, _: &Value) {}
}
