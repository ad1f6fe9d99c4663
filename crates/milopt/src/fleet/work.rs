//! Doing some tasks of a plan.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use mil_ir::Program;
use mil_pass::{PassError, Pipeline, Registry, Runner};
use mil_passes::compression::{Answer, Asked, Division, Elsewhere, Made};
use serde_json::{Value, json};

use super::job::{Job, open};
use super::part::{self, Fit};
use super::{FleetError, Plan, Task};
use crate::rewrite::RewriteError;

/// Bytes of weights that are fitted in one run of the passes: as many as keep all cores busy.
const BATCH: u64 = 16 << 20;

/// Told before tasks are done: how many are, of how many, and the weight that comes next. May end the work;
/// what is done stays.
pub type Progress<'a> = dyn FnMut(usize, usize, &str) -> ControlFlow<()> + 'a;

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// Tasks that were done.
    pub done: Vec<usize>,
    /// Tasks that were done already.
    pub known: Vec<usize>,
}

/// Does some tasks of a plan, and leaves their parts in a folder. A part that is there and whole is not made
/// again; a damaged one is. `input` is where the package lies, if not where it was planned.
///
/// # Errors
///
/// If there is no such task, the package is not the one that was planned, or a part cannot be written.
pub fn work(
    plan: &Plan,
    tasks: &[usize],
    folder: &Path,
    input: Option<&Path>,
    registry: &Registry,
    progress: &mut Progress<'_>,
) -> Result<Worked, FleetError> {
    std::fs::create_dir_all(folder).map_err(FleetError::io(folder))?;
    let mut worked = Worked::default();
    let mut open_tasks: Vec<&Task> = Vec::new();
    for &id in tasks.iter().collect::<BTreeSet<_>>() {
        let count = plan.tasks.len();
        let none =
            || FleetError::NoSuchTask(format!("there is no task {id}: the plan has {count}, from 0 on"));
        let task = plan.tasks.get(id).ok_or_else(none)?;
        match part::read(folder, plan, id) {
            Ok(Some(_)) => worked.known.push(id),
            Ok(None) | Err(FleetError::Damaged { .. }) => open_tasks.push(task),
            Err(error) => return Err(error),
        }
    }
    if open_tasks.is_empty() {
        return Ok(worked);
    }
    let job = Job::of(plan, registry)?;
    let mut package = open(plan, input.unwrap_or(&plan.input))?;
    job.prepare(&mut package)?;
    let programs: Vec<&Program> =
        package.model().programs().into_iter().map(|(_, program)| program).collect();
    for batch in batches(&open_tasks) {
        let first = batch.first().map_or("", |task| task.weight.as_str());
        if progress(worked.done.len(), open_tasks.len(), first).is_break() {
            break;
        }
        let program = batch.first().and_then(|task| programs.get(task.program).copied());
        let program =
            program.ok_or_else(|| FleetError::NoSuchTask("the model has no such program".into()))?;
        do_batch(plan, batch, program, &job.weights, folder)?;
        worked.done.extend(batch.iter().map(|task| task.id));
    }
    Ok(worked)
}

/// Tasks that are done together: of one program, and not too many bytes.
fn batches<'t>(tasks: &'t [&'t Task]) -> Vec<&'t [&'t Task]> {
    let (mut found, mut begin, mut bytes) = (Vec::new(), 0, 0_u64);
    for (at, task) in tasks.iter().enumerate() {
        let is_other = tasks.get(begin).is_some_and(|first| first.program != task.program);
        if at > begin && (is_other || bytes.saturating_add(task.bytes) > BATCH) {
            found.extend(tasks.get(begin..at));
            (begin, bytes) = (at, 0);
        }
        bytes = bytes.saturating_add(task.bytes);
    }
    found.extend(tasks.get(begin..).filter(|last| !last.is_empty()));
    found
}

fn do_batch(
    plan: &Plan,
    batch: &[&Task],
    program: &Program,
    passes: &Pipeline,
    folder: &Path,
) -> Result<(), FleetError> {
    let start = Instant::now();
    let state = Arc::new(Mutex::new(State::default()));
    let places =
        batch.iter().flat_map(|&task| task.places.iter().map(move |place| (place.clone(), task.clone())));
    let own = Own { places: places.collect(), state: state.clone() };
    let runner = Runner::new().verify(false).hand(Elsewhere(Box::new(own)));
    let ran = runner.run(passes, &mut program.clone());
    let mut state = std::mem::take(&mut *state.lock().unwrap_or_else(PoisonError::into_inner));
    let other = |why: String| FleetError::OtherInput { path: plan.input.clone(), why };
    if let Some(weight) = state.other {
        return Err(other(format!("the weight {weight} has other elements")));
    }
    ran.map_err(|error| FleetError::Rewrite(RewriteError::Run(error)))?;
    let fitted = start.elapsed().as_secs_f64();
    let all: u64 = batch.iter().map(|task| task.cost).sum();
    for task in batch {
        let Some(fits) = state.fits.remove(&task.id) else {
            return Err(other(format!("no pass asks for the weight {}", task.weight)));
        };
        // The tasks of a batch are fitted together.
        let share = fitted * task.cost as f64 / all.max(1) as f64;
        let details = state.details.remove(&task.id).unwrap_or_default();
        let metrics =
            json!({"type": task.ty, "bytes_before": task.bytes, "fit_seconds": share, "passes": details});
        part::write(folder, plan, task, &fits, metrics)?;
    }
    Ok(())
}

#[derive(Default)]
struct State {
    /// Passes that have asked.
    steps: usize,
    fits: HashMap<usize, Vec<Fit>>,
    details: HashMap<usize, Vec<Value>>,
    /// A weight that is not what was planned.
    other: Option<String>,
}

/// Fits the weights of some tasks, and leaves the others alone.
struct Own {
    /// The task of each place.
    places: HashMap<String, Task>,
    state: Arc<Mutex<State>>,
}

impl Own {
    fn task(&self, weight: &Asked) -> Option<&Task> {
        weight.places.iter().find_map(|place| self.places.get(place))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The weight has the elements that it had when it was planned.
fn is_planned(weight: &Asked, task: &Task) -> Result<bool, PassError> {
    let found = weight.tensor.fingerprint();
    let found = found.map_err(|error| PassError::Refused(format!("{}: {error}", weight.name)))?;
    Ok(found.to_string() == task.content)
}

impl Division for Own {
    fn ask(&self, weights: &[Asked]) -> Result<Vec<Answer>, PassError> {
        let mut state = self.state();
        state.steps += 1;
        let mut answers = Vec::with_capacity(weights.len());
        for weight in weights {
            let Some(task) = self.task(weight) else {
                answers.push(Answer::Leave);
                continue;
            };
            // What later passes see was made here.
            if !state.fits.contains_key(&task.id) && !is_planned(weight, task)? {
                state.other = Some(task.weight.clone());
                return Err(PassError::Refused("a weight is not what was planned".into()));
            }
            answers.push(Answer::Make);
        }
        Ok(answers)
    }

    fn made(&self, weight: &Asked, made: &Made) {
        let Some(task) = self.task(weight) else { return };
        let mut state = self.state();
        let fit = Fit {
            step: state.steps - 1,
            pass: weight.pass,
            places: weight.places.clone(),
            made: made.clone(),
        };
        state.fits.entry(task.id).or_default().push(fit);
    }

    fn told(&self, weight: &Asked, detail: &Value) {
        let Some(task) = self.task(weight) else { return };
        let mut detail = detail.clone();
        if let Some(fields) = detail.as_object_mut() {
            fields.insert("pass".into(), json!(weight.pass));
        }
        self.state().details.entry(task.id).or_default().push(detail);
    }
}
