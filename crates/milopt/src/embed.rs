//! milopt for other languages: one object, coarse calls, text and bytes at the border.
//!
//! Reports are the JSON that the command line prints, arrays are `.npz` archives in memory: whoever embeds
//! milopt has libraries for both, and the border hardly ever changes. The Python package and the C library
//! stand on this.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use mil_estimate::{Origin, Rewrites, Target, TargetError, Version};
use mil_eval::{Array, EvalOptions, Evaluator, Flavour, Inputs, npz, random_inputs};
use mil_ir::verify::{Report, Violation};
use mil_ir::{Name, Program, Release, error_chain, text};
use mil_package::{Package, PackageError};
use mil_pass::{GrammarError, Pipeline, Runner, Sample};
use mil_passes::compression::config::pass_of;
use serde_json::{Value, json};

use crate::evaluate::{self, ChoiceError, as_arrays};
use crate::fleet::{self, Content, FleetError, Plan, Progress, Worked};
use crate::rewrite::{Direction, Rewrite, RewriteError, check};
use crate::{diff, inspect, verify, weights};

/// Bytes that one array of an archive may have.
const LARGEST_ARRAY: usize = if usize::BITS > 32 { (16_u64 << 30) as usize } else { usize::MAX };

/// A model, open.
#[derive(Debug)]
pub struct Model {
    package: Package,
    /// What was wrong with it when it came: what is written breaks no other rule. `None` as long as nothing has
    /// changed it.
    known: Option<Report>,
    /// What the last run found about programs that it left, by their place.
    verified: BTreeMap<Vec<usize>, Report>,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// Whose fault it is.
    pub kind: FaultKind,
    /// In words, with its causes.
    pub message: String,
    /// The rule that a result would break or that a package breaks, and where, in words.
    pub rule: Option<(&'static str, String)>,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A model, an option or a request does not fit.
    Input,
    /// A pass or a verification failed.
    Pass,
}

impl FaultKind {
    /// As other languages see it: `input` or `pass`.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Input => "input",
            FaultKind::Pass => "pass",
        }
    }
}

/// What to evaluate.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// The member of a pipeline, by number or name.
    pub member: Option<String>,
    /// The function; the default one where none is named.
    pub function: Option<String>,
    /// Values to give instead of the outputs.
    pub outputs: Vec<String>,
}

/// An estimate in its three forms.
#[derive(Clone, Debug)]
pub struct Estimated {
    /// As `milopt estimate --json` has it, without advice.
    pub json: String,
    /// For people.
    pub text: String,
    /// For a browser, in one file.
    pub page: String,
}

/// How two models differ.
#[derive(Clone, Debug)]
pub struct Differences {
    /// They do not.
    pub is_empty: bool,
    /// As `milopt diff --json` has it.
    pub json: String,
    /// For people.
    pub text: String,
}

impl Model {
    fn of(package: Package) -> Model {
        Model { package, known: None, verified: BTreeMap::new() }
    }

    /// Opens a model of any readable form.
    ///
    /// # Errors
    ///
    /// See [`Package::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Model, Fault> {
        Ok(Model::of(Package::open(path)?))
    }

    /// Reads a model from its message, and the bytes of its weight file if it has one.
    ///
    /// # Errors
    ///
    /// See [`Package::from_bytes`].
    pub fn from_bytes(message: &[u8], weights: Option<&[u8]>) -> Result<Model, Fault> {
        Ok(Model::of(Package::from_bytes(message, weights.map(Arc::from))?))
    }

    /// Reads MIL text.
    ///
    /// # Errors
    ///
    /// If it is not a program, with line and column.
    pub fn from_text(text: &str) -> Result<Model, Fault> {
        let program: Program = text::parse(text).map_err(|error| Fault::input(error_chain(&error)))?;
        Ok(Model::of(Package::from(program)))
    }

    /// What is odd about the model, but does not keep it from being read.
    pub fn warnings(&self) -> &[String] {
        self.package.warnings()
    }

    /// MIL text: for people, or in the `full` form that reads back the same to the last bit.
    ///
    /// # Errors
    ///
    /// If a weight cannot be read.
    pub fn text(&self, full: bool) -> Result<String, Fault> {
        let options = if full { text::PrintOptions::default() } else { text::PrintOptions::readable() };
        let (mut text, model) = (String::new(), self.package.model());
        text::write_model(&mut text, model, &options, &mut |_, _| text::Placement::BySize)?;
        Ok(text)
    }

    /// What is in it, as `milopt inspect --json` has it.
    ///
    /// # Errors
    ///
    /// If a number has no form in JSON.
    pub fn inspect(&self) -> Result<String, Fault> {
        Ok(serde_json::to_string(&inspect::summarize(self.package.model()))?)
    }

    /// The rules that it breaks, as `milopt verify --json` has them.
    pub fn verify(&self) -> String {
        verify::to_json(&verify::verify(self.package.model())).to_string()
    }

    /// Rewrites it, for another release first if `target` names one. `runner` makes what runs passes. Gives a
    /// report, an object for each program.
    ///
    /// # Errors
    ///
    /// If the pipeline is not understood, the release is not known or lacks something, or a pass fails: the
    /// model is then as it was before that pass.
    pub fn run(
        &mut self,
        pipeline: &str,
        target: Option<&str>,
        runner: impl Fn(&Pipeline) -> Runner,
    ) -> Result<String, Fault> {
        let pipeline = Pipeline::read(pipeline, &mil_passes::registry())?;
        let target = target.map(release).transpose()?;
        let programs = self.package.model().programs();
        let paths: Vec<Vec<usize>> = programs.into_iter().map(|(path, _)| path).collect();
        let mut rewrite = Rewrite::of(&mut self.package);
        // What fails half way has changed it, too.
        self.known.get_or_insert_with(|| rewrite.known().clone());
        self.verified.clear();
        if let Some(release) = target {
            rewrite.retarget(release, Direction::Any)?;
        }
        rewrite.run(&pipeline, runner)?;
        let done = rewrite.done();
        let verified = paths.into_iter().zip(&done.reports);
        self.verified =
            verified.filter_map(|(path, report)| Some((path, report.verified.clone()?))).collect();
        Ok(serde_json::to_string(&done)?)
    }

    /// The pipeline that configurations of coremltools, a JSON array, stand for in their order.
    ///
    /// # Errors
    ///
    /// If one of them is not known for what it is.
    pub fn compression(&self, configs: &str) -> Result<String, Fault> {
        let configs: Vec<Value> = serde_json::from_str(configs)?;
        // What is compressed may be compressed once more, from iOS18 on.
        let programs = self.package.model().programs();
        let mut functions = programs.iter().flat_map(|(_, program)| program.functions.values());
        let twice = functions.all(|it| it.opset.release().is_some_and(|own| own >= Release::IOS18));
        let joint = twice || configs.len() > 1;
        let steps = configs.iter().map(|config| {
            let pass = pass_of(config).map_err(Fault::input)?;
            let options = json!({"config": config, "joint_compression": joint, "measure": true});
            Ok(json!({"pass": pass, "options": options}))
        });
        Ok(Value::Array(steps.collect::<Result<_, Fault>>()?).to_string())
    }

    /// Where its ops would run. The page has a title.
    ///
    /// # Errors
    ///
    /// If the chip or the system is not known, or the model holds no program.
    pub fn estimate(&self, chip: &str, os: &str, units: &str, title: &str) -> Result<Estimated, Fault> {
        let target = Target::new(chip, os, units)?;
        let programs = self.package.model().programs();
        if programs.is_empty() {
            return Err(RewriteError::NoProgram { kind: self.package.model().kind().to_owned() }.into());
        }
        let all: Vec<_> =
            programs.into_iter().map(|(_, program)| mil_estimate::estimate(program, &target)).collect();
        let value = match &all[..] {
            [only] => serde_json::to_value(only)?,
            all => json!({ "programs": all }),
        };
        let text: Vec<String> = all.iter().map(|one| mil_estimate::report(one, false)).collect();
        let tool = concat!("milopt ", env!("CARGO_PKG_VERSION"));
        let origin = Origin { title, tool, files: Vec::new() };
        let estimates = all.iter().collect();
        let version = Version { label: "as it is", estimates, rewrites: &Rewrites::Untried };
        let page = mil_estimate::html(&origin, &[version]);
        Ok(Estimated { json: value.to_string(), text: text.join("\n"), page })
    }

    /// Runs calls that share states, each an archive of its inputs. Gives an archive of each one's outputs,
    /// and one of the states behind them. `states` are those to start with, else zeros.
    ///
    /// # Errors
    ///
    /// If nothing of that name runs, an input is missing or does not fit, or an op fails.
    pub fn eval(
        &self,
        call: &Call,
        calls: &[impl AsRef<[u8]>],
        states: Option<&[u8]>,
    ) -> Result<(Vec<Vec<u8>>, Vec<u8>), Fault> {
        let (program, function) = self.function(call)?;
        let mut evaluator = Evaluator::new(program, &function, EvalOptions::default())?;
        if !call.outputs.is_empty() {
            let names: Vec<&str> = call.outputs.iter().map(String::as_str).collect();
            evaluator = evaluator.with_outputs(&names)?;
        }
        let mut session = evaluator.session()?;
        for (name, array) in states.map(arrays).transpose()?.into_iter().flatten() {
            session.set_state(&name, &array)?;
        }
        let mut results = Vec::new();
        for inputs in calls {
            let outputs = session.run(&arrays(inputs.as_ref())?)?;
            let named: Vec<_> = outputs.iter().flat_map(|(name, value)| as_arrays(name, value)).collect();
            results.push(archive(named.iter().map(|(name, array)| (name.as_str(), array)))?);
        }
        let states: Vec<_> = session.states().collect();
        Ok((results, archive(states.iter().map(|(name, array)| (name.as_str(), array)))?))
    }

    /// An archive of random inputs of a function.
    ///
    /// # Errors
    ///
    /// If nothing of that name runs, or an input has no declared shape.
    pub fn random_inputs(&self, call: &Call, seed: u64) -> Result<Vec<u8>, Fault> {
        let (program, function) = self.function(call)?;
        let graph =
            program.graph(&function).ok_or_else(|| Fault::input(format!("no function {function}")))?;
        let inputs = random_inputs(graph, program.interface.function(&function), Flavour::Normal, seed)?;
        archive(inputs.iter().map(|(name, array)| (name.as_str(), array)))
    }

    fn function(&self, call: &Call) -> Result<(&Program, String), Fault> {
        let program = evaluate::program(self.package.model(), call.member.as_deref())?;
        Ok((program, evaluate::function(program, call.function.as_deref())?))
    }

    /// Its weights with at least so many elements, as `milopt weights --json` has them.
    ///
    /// # Errors
    ///
    /// If a number has no form in JSON.
    pub fn weights(&self, min_elements: usize) -> Result<String, Fault> {
        let programs = self.package.model().programs();
        let all = programs
            .into_iter()
            .flat_map(|(path, program)| weights::weights(program, &path, min_elements, LARGEST_ARRAY));
        Ok(serde_json::to_string(&all.collect::<Vec<_>>())?)
    }

    /// How another model differs.
    ///
    /// # Errors
    ///
    /// If a number has no form in JSON.
    pub fn diff(&self, other: &Model) -> Result<Differences, Fault> {
        let found = diff::compare(self.package.model(), other.package.model());
        let json = serde_json::to_string(&found)?;
        Ok(Differences { is_empty: found.is_empty(), json, text: found.table() + &found.details() })
    }

    /// Writes it: .mlpackage, or .mil with its weights beside it.
    ///
    /// # Errors
    ///
    /// If passes made it break a rule that it kept when it came; see [`Package::save`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Fault> {
        if let Some(known) = &self.known {
            check(known, verify::verify_rest(self.package.model(), self.verified.clone()))?;
        }
        Ok(self.package.save(path)?)
    }
}

/// The hash of all files of a model ([`Content::hash`]).
///
/// # Errors
///
/// If one cannot be read.
pub fn content(model: &Path) -> Result<String, Fault> {
    Ok(Content::read(model)?.hash())
}

/// The key of what a pipeline makes of a model with this content, for what else counts ([`fleet::key`]).
///
/// # Errors
///
/// If the pipeline is not understood.
pub fn key(content: &str, pipeline: &str, target: &[&str]) -> Result<String, Fault> {
    let pipeline = match pipeline.trim() {
        "" => Pipeline::new(),
        text => Pipeline::read(text, &mil_passes::registry())?,
    };
    Ok(fleet::key(content, &fleet::canonical(&pipeline), target))
}

/// The plan of a compression, as JSON.
///
/// # Errors
///
/// See [`Plan::new`].
pub fn plan(input: &Path, pipeline: &str, target: Option<&str>) -> Result<String, Fault> {
    let pipeline = Pipeline::read(pipeline, &mil_passes::registry())?;
    let plan = Plan::new(input, target.map(release).transpose()?, &pipeline)?;
    Ok(serde_json::to_string(&plan)?)
}

/// Does tasks of a plan, which is given as JSON.
///
/// # Errors
///
/// See [`fleet::work`].
pub fn work(
    plan: &str,
    tasks: &[usize],
    parts: &Path,
    input: Option<&Path>,
    progress: &mut Progress<'_>,
) -> Result<Worked, Fault> {
    let registry = mil_passes::registry();
    let plan = Plan::parse(plan, Path::new("plan"), &registry)?;
    Ok(fleet::work(&plan, tasks, parts, input, &registry, progress)?)
}

/// Writes what the parts of a plan make of its model. Gives a report, an object for each program.
///
/// # Errors
///
/// See [`fleet::merge`].
pub fn merge(plan: &str, parts: &Path, output: &Path, input: Option<&Path>) -> Result<String, Fault> {
    let registry = mil_passes::registry();
    let plan = Plan::parse(plan, Path::new("plan"), &registry)?;
    Ok(serde_json::to_string(&fleet::merge(&plan, parts, output, input, &registry)?)?)
}

/// A release by its name.
fn release(name: &str) -> Result<Release, Fault> {
    Release::from_name(name).ok_or_else(|| {
        let known: Vec<String> = Release::ALL.iter().map(ToString::to_string).collect();
        Fault::input(format!("target {name}: expected one of {}", known.join(", ")))
    })
}

/// The arrays of an archive.
fn arrays(archive: &[u8]) -> Result<Inputs, Fault> {
    Ok(npz::read(Cursor::new(archive), LARGEST_ARRAY)?)
}

fn archive<'a>(arrays: impl IntoIterator<Item = (&'a str, &'a Array)>) -> Result<Vec<u8>, Fault> {
    Ok(npz::to_bytes(arrays)?)
}

/// The inputs of one call, as passes take samples, from an archive.
///
/// # Errors
///
/// If it is not an archive, or an array is not a tensor.
pub fn sample(archive: &[u8]) -> Result<Sample, Fault> {
    let tensor = |(name, array): (Name, Array)| {
        let tensor = array.to_tensor().map_err(|error| Fault::input(format!("sample {name}: {error}")))?;
        Ok((name, tensor))
    };
    arrays(archive)?.into_iter().map(tensor).collect()
}

impl Fault {
    /// Something does not fit.
    pub fn input(message: impl Into<String>) -> Fault {
        Fault { kind: FaultKind::Input, message: message.into(), rule: None }
    }
}

impl From<RewriteError> for Fault {
    fn from(error: RewriteError) -> Fault {
        let kind = match &error {
            RewriteError::Target(_) | RewriteError::Rename(_) => FaultKind::Pass,
            RewriteError::Run(_) | RewriteError::Invalid(_) => FaultKind::Pass,
            _ => FaultKind::Input,
        };
        let rule = |violation: &Violation| (violation.code, violation.place.to_string());
        let rule = match &error {
            RewriteError::Invalid(violations) => violations.first().map(rule),
            _ => None,
        };
        Fault { kind, message: error_chain(&error), rule }
    }
}

macro_rules! from_errors {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Fault {
            fn from(error: $error) -> Fault {
                Fault::input(error_chain(&error))
            }
        })*
    };
}

impl From<PackageError> for Fault {
    fn from(error: PackageError) -> Fault {
        let path = |path: &Path| path.display().to_string();
        let rule = match error.cause() {
            PackageError::Io { path: at, .. } | PackageError::NoFolder { path: at } => {
                ("package-io", path(at))
            }
            PackageError::Missing { item, .. } => ("package-file", item.clone()),
            PackageError::LfsPointer { path: at } => ("package-file", path(at)),
            PackageError::Manifest(_) => ("package-manifest", "Manifest.json".to_owned()),
            PackageError::Wire(_) | PackageError::Protobuf(_) | PackageError::Model(_) => {
                ("package-message", "model".to_owned())
            }
            PackageError::Decode(error) => ("package-program", error.place.to_string()),
            PackageError::Encode(error) => ("package-program", error.place.to_string()),
            PackageError::Unwritable(violation) => (violation.code, violation.place.to_string()),
            PackageError::Text { path: at, .. } | PackageError::NotText { path: at } => {
                ("package-text", path(at))
            }
            PackageError::NotAModel { path: at, .. }
            | PackageError::Part { path: at, .. }
            | PackageError::Unsupported { path: at, .. } => ("package-form", path(at)),
            PackageError::Limit(_) | PackageError::Outside(_) => ("package-limit", "model".to_owned()),
            _ => return Fault::input(error_chain(&error)),
        };
        Fault { rule: Some(rule), ..Fault::input(error_chain(&error)) }
    }
}

impl From<FleetError> for Fault {
    fn from(error: FleetError) -> Fault {
        match error {
            FleetError::Package(error) => error.into(),
            FleetError::Rewrite(error) => error.into(),
            error => Fault::input(error_chain(&error)),
        }
    }
}

from_errors!(
    GrammarError,
    mil_eval::Error,
    mil_eval::EvalError,
    npz::NpzError,
    ChoiceError,
    TargetError,
    serde_json::Error,
    text::TextError,
    std::fmt::Error,
);
