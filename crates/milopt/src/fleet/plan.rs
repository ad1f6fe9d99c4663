//! What there is to do: every distinct weight that the pipeline fits, what it costs and what becomes of it.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use mil_ir::{Program, Release};
use mil_package::Package;
use mil_pass::{PassError, Pipeline, Registry, RunError, Runner};
use mil_passes::compression::{Answer, Asked, Division, Elsewhere, Made};
use mil_tensor::{Data, Fingerprint, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::job::Job;
use super::{Content, FileHash, FleetError, Shard, VERSION, canonical, key};
use crate::rewrite::RewriteError;

/// How one package is compressed by many machines.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of milopt that made it; no other follows it.
    pub milopt: String,
    /// What the result depends on; see [`key`].
    pub key: String,
    /// The package.
    pub input: PathBuf,
    /// What it consists of.
    pub files: Vec<FileHash>,
    /// The release that it is made one for first.
    pub target: Option<String>,
    /// The passes, in JSON.
    pub pipeline: Value,
    /// What there is to fit.
    pub tasks: Vec<Task>,
}

/// A weight that is to be fitted. Where several functions or ops hold it, it is one task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Its number.
    pub id: usize,
    /// Which of the model's programs holds it.
    pub program: usize,
    /// Its name, where it was found first.
    pub weight: String,
    /// Element type and shape.
    #[serde(rename = "type")]
    pub ty: String,
    /// Where it ends up.
    pub places: Vec<String>,
    /// A hash of its type, shape and elements.
    pub content: String,
    /// Bytes that are read.
    pub bytes: u64,
    /// What it costs, beside others: elements, times the passes that fit them.
    pub cost: u64,
    /// Bytes of what it becomes; null where its elements decide, as for masks and tables of distinct values.
    pub output_bytes: Option<u64>,
}

impl Plan {
    /// Plans a pipeline that ends with passes which compress weights. Nothing is fitted; every weight is read
    /// once for its hash.
    ///
    /// # Errors
    ///
    /// If the pipeline cannot be divided, the package cannot be read, or a pass before the compression fails.
    pub fn new(input: &Path, target: Option<Release>, pipeline: &Pipeline) -> Result<Plan, FleetError> {
        let job = Job::new(pipeline, target)?;
        let content = Content::read(input)?;
        let mut package = Package::open(input)?;
        if package.model().programs().is_empty() {
            let kind = package.model().kind().to_owned();
            return Err(RewriteError::NoProgram { kind }.into());
        }
        job.prepare(&mut package)?;
        let (mut tasks, passes) = (Vec::new(), job.unmeasured()?);
        for (number, (_, program)) in package.model().programs().into_iter().enumerate() {
            // Where sizes cannot be followed from pass to pass, the tasks are still known.
            let followed = survey(&passes, program, true).or_else(|_| survey(&passes, program, false));
            for draft in followed.map_err(|error| FleetError::Rewrite(RewriteError::Run(error)))? {
                let content = draft.tensor.fingerprint();
                let content = content.map_err(|error| FleetError::OtherInput {
                    path: input.to_owned(),
                    why: format!("{}: {error}", draft.task.weight),
                })?;
                tasks.push(Task {
                    id: tasks.len(),
                    program: number,
                    content: content.to_string(),
                    ..draft.task
                });
            }
        }
        let target = target.map(|release| release.to_string());
        Ok(Plan {
            milopt: VERSION.to_owned(),
            key: key(&content.hash(), &canonical(pipeline), &[target.as_deref().unwrap_or_default()]),
            input: std::path::absolute(input).map_err(FleetError::io(input))?,
            files: content.files,
            target,
            pipeline: pipeline.to_json(),
            tasks,
        })
    }

    /// Reads a plan from its JSON, which stands in a file of this name.
    ///
    /// # Errors
    ///
    /// If it is not a plan, was changed by hand, or is one of another version of milopt.
    pub fn parse(text: &str, path: &Path, registry: &Registry) -> Result<Plan, FleetError> {
        let fault = |why: String| FleetError::NotAPlan { path: path.to_owned(), why };
        let value: Value = serde_json::from_str(text).map_err(|error| fault(error.to_string()))?;
        if let Some(planned) = value.get("milopt").and_then(Value::as_str).filter(|&made| made != VERSION) {
            return Err(FleetError::Version { planned: planned.to_owned() });
        }
        let plan: Plan = serde_json::from_value(value).map_err(|error| fault(error.to_string()))?;
        let content = Content { files: plan.files.clone() }.hash();
        let pipeline = canonical(&plan.pipeline(registry)?);
        if plan.key != key(&content, &pipeline, &[plan.target.as_deref().unwrap_or_default()]) {
            return Err(fault("its key is not that of what stands in it".into()));
        }
        if plan.tasks.iter().enumerate().any(|(at, task)| task.id != at) {
            return Err(fault("tasks are not numbered from 0 on".into()));
        }
        Ok(plan)
    }

    /// Reads a plan.
    ///
    /// # Errors
    ///
    /// See [`Plan::parse`].
    pub fn read(path: &Path, registry: &Registry) -> Result<Plan, FleetError> {
        Plan::parse(&std::fs::read_to_string(path).map_err(FleetError::io(path))?, path, registry)
    }

    /// The tasks of a shard, of about the same cost as those of the others.
    pub fn shard(&self, shard: Shard) -> Vec<usize> {
        shard.tasks(&self.tasks)
    }

    /// The passes.
    pub(super) fn pipeline(&self, registry: &Registry) -> Result<Pipeline, FleetError> {
        Ok(Pipeline::from_json(&self.pipeline.to_string(), registry)?)
    }

    /// The release that the package is made one for first.
    pub(super) fn release(&self) -> Result<Option<Release>, FleetError> {
        let Some(name) = &self.target else { return Ok(None) };
        let fault = || FleetError::NotDivided(format!("target {name}: there is no such release"));
        Release::from_name(name).ok_or_else(fault).map(Some)
    }
}

/// A task in the making.
struct Draft {
    task: Task,
    tensor: Tensor,
    /// What stands for what each pass makes of it, with its bytes; `None` where that is not known.
    made: Option<Vec<Vec<(Fingerprint, u64)>>>,
}

/// Asks the passes what they would fit.
fn survey(passes: &Pipeline, program: &Program, follow: bool) -> Result<Vec<Draft>, RunError> {
    let found = std::sync::Arc::new(Mutex::new(Found::default()));
    let surveyor = Surveyor { follow, found: found.clone() };
    let mut program = program.clone();
    let runner = Runner::new().verify(false).hand(Elsewhere(Box::new(surveyor)));
    runner.run(passes, &mut program)?;
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = stand_ins(&program);
    let mut drafts = std::mem::take(&mut found.drafts);
    for draft in &mut drafts {
        draft.task.output_bytes = draft.made.as_ref().map(|made| match &made[..] {
            [only] => only.iter().map(|(_, bytes)| bytes).sum(),
            // What a later pass compressed once more is not there any more.
            all => all.iter().flatten().filter(|(it, _)| kept.contains(it)).map(|(_, bytes)| bytes).sum(),
        });
    }
    Ok(drafts)
}

/// The stand-ins that are left in a program.
fn stand_ins(program: &Program) -> BTreeSet<Fingerprint> {
    let mut found = BTreeSet::new();
    for (_, _, graph) in program.graphs() {
        for op in graph.walk() {
            let value = graph.op(op).result().and_then(|value| graph.const_tensor(value));
            if let Some(tensor) = value
                && let Data::Opaque(fingerprint) = tensor.data()
            {
                found.insert(*fingerprint);
            }
        }
    }
    found
}

#[derive(Default)]
struct Found {
    drafts: Vec<Draft>,
    /// Which of them ends up somewhere.
    places: HashMap<String, usize>,
}

/// Takes note of what passes would fit, and fits nothing.
struct Surveyor {
    /// Later passes see what earlier ones would leave, as far as that follows from shapes.
    follow: bool,
    found: std::sync::Arc<Mutex<Found>>,
}

impl Division for Surveyor {
    fn ask(&self, weights: &[Asked]) -> Result<Vec<Answer>, PassError> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let found = &mut *found;
        Ok(weights.iter().map(|weight| found.note(weight, self.follow)).collect())
    }

    fn made(&self, _: &Asked, _: &Made) {}

    fn told(&self, _: &Asked, _: &Value) {}
}

impl Found {
    fn note(&mut self, weight: &Asked, follow: bool) -> Answer {
        let known = weight.places.iter().find_map(|place| self.places.get(place)).copied();
        let at = known.unwrap_or_else(|| {
            self.drafts.push(Draft::new(weight));
            self.drafts.len() - 1
        });
        let draft = &mut self.drafts[at];
        for place in &weight.places {
            if self.places.insert(place.clone(), at).is_none() {
                draft.task.places.push(place.clone());
            }
        }
        draft.task.cost = draft.task.cost.saturating_add(weight.tensor.len() as u64);
        let (Some(forms), Some(made), true) = (&weight.forms, &mut draft.made, follow) else {
            draft.made = None;
            return Answer::Leave;
        };
        let step = made.len();
        let stand_in = |(number, form): (usize, &Option<mil_passes::compression::Form>)| {
            let (dtype, shape) = form.as_ref()?;
            let name = format!("{at} {step} {number}");
            Some(Tensor::opaque(*dtype, shape, Fingerprint::stand_in(&name)))
        };
        let tensors: Vec<Option<Tensor>> = forms.iter().enumerate().map(stand_in).collect();
        let named = |tensor: &Tensor| match tensor.data() {
            Data::Opaque(fingerprint) => Some((*fingerprint, tensor.byte_len()? as u64)),
            _ => None,
        };
        made.push(tensors.iter().flatten().filter_map(named).collect());
        Answer::Take(Ok(tensors))
    }
}

impl Draft {
    fn new(weight: &Asked) -> Draft {
        let tensor = weight.tensor.clone();
        let task = Task {
            weight: weight.name.clone(),
            ty: format!("{}{:?}", tensor.dtype(), tensor.shape()),
            bytes: tensor.byte_len().unwrap_or_default() as u64,
            ..Task::default()
        };
        Draft { task, tensor, made: Some(Vec::new()) }
    }
}
