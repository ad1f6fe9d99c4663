//! A model that is open, with all that was done to it.

use std::path::Path;
use std::sync::Arc;

use milopt::embed::Fault;
use milopt::estimate::{
    DeviceRow, Estimate, Origin, Rewrites, Target, Totals, Version, devices, devices_html, estimate, html,
    svg,
};
use milopt::inspect::summarize;
use milopt::ir::verify::Report;
use milopt::ir::{Model, Program, Release, text};
use milopt::package::Limits;
use milopt::pass::Registry;
use milopt::rewrite::{Direction, RewriteError, Rewritten, Size};
use milopt::suggest::{PLACERS, Subject, aim, shell_word, system};
use milopt::tensor::Source;
use milopt::{Package, Pipeline, Rewrite, Runner, diff, new_violations, verify};
use serde_json::{Value, json};

use crate::Host;
use crate::compress::Compression;
use crate::host::Progress;
use crate::root::{Form, Root};
use crate::slice::Slice;
use crate::stored::Archive;

const TOOL: &str = concat!("milopt ", env!("CARGO_PKG_VERSION"));

/// A model, and how it came to be what it is.
#[derive(Debug)]
pub(crate) struct Opened {
    host: Arc<dyn Host>,
    /// As the page shows it: `X.mlpackage`.
    name: String,
    package: Package,
    /// Where it is read from.
    sources: Vec<Arc<Slice>>,
    /// What was wrong with it when it came.
    known: Report,
    steps: Vec<Step>,
    /// What was found to help: for which target, and after how many steps.
    advice: Option<(Target, usize, Rewrites)>,
}

/// Something that was done.
#[derive(Debug)]
struct Step {
    /// The model before it. Copies share their weights.
    before: Model,
    /// What to type for the same.
    command: String,
    report: Value,
}

impl Opened {
    /// Reads a model from its files, by their paths.
    pub(crate) fn open(
        host: Arc<dyn Host>,
        name: &str,
        files: Vec<(String, Arc<Slice>)>,
    ) -> Result<Opened, Fault> {
        let root = Root::find(files.iter().map(|(path, _)| path.as_str()))?;
        let name = Some(root.name()).filter(|own| !own.is_empty()).unwrap_or(name).to_owned();
        let inside = |(path, slice): (String, Arc<Slice>)| Some((root.inside(&path)?.to_owned(), slice));
        let files: Vec<(String, Arc<Slice>)> = files.into_iter().filter_map(inside).collect();
        let sources: Vec<Arc<Slice>> = files.iter().map(|(_, slice)| slice.clone()).collect();
        let package = read(root.form, &name, files).map_err(|fault| match fault.message.contains(&name) {
            true => fault,
            false => Fault { message: format!("cannot open {name}: {}", fault.message), ..fault },
        })?;
        let known = verify(package.model());
        Ok(Opened { host, name, package, sources, known, steps: Vec::new(), advice: None })
    }

    fn model(&self) -> &Model {
        self.package.model()
    }

    /// The model as it came.
    fn original(&self) -> &Model {
        self.steps.first().map_or(self.model(), |step| &step.before)
    }

    /// What the page shows of it.
    pub(crate) fn state(&self) -> Result<Value, Fault> {
        let sizes = |model: &Model| -> Value {
            let sizes = programs(model).into_iter().map(Size::of);
            let sum =
                sizes.fold((0, 0), |(ops, bytes), size| (ops + size.op_count(), bytes + size.weight_bytes));
            json!({"ops": sum.0, "weight_bytes": sum.1})
        };
        let steps = self.steps.iter().map(|step| json!({"command": step.command, "report": step.report}));
        Ok(json!({
            "name": self.name,
            "output": self.output(),
            "summary": summarize(self.model()),
            "bytes": self.sources.iter().map(|source| source.len()).sum::<u64>(),
            "programs": programs(self.model()).len(),
            "before": sizes(self.original()),
            "now": sizes(self.model()),
            "warnings": self.package.warnings(),
            "missing": self.package.missing().iter().map(|missing| &missing.item).collect::<Vec<_>>(),
            "verify": milopt::verify::to_json(&self.known),
            "steps": steps.collect::<Vec<_>>(),
        }))
    }

    /// What the result is called.
    fn output(&self) -> String {
        let stem = Path::new(&self.name).file_stem().unwrap_or_default().to_string_lossy();
        format!("{stem}-opt.mlpackage")
    }

    /// Does something to the model, all of it or nothing. `command` is what follows `milopt` for the same, with
    /// `IN` and `OUT` for the files.
    fn change(
        &mut self,
        command: &str,
        act: impl FnOnce(&mut Package) -> Result<Value, Fault>,
    ) -> Result<(), Fault> {
        let before = self.model().clone();
        match act(&mut self.package) {
            Ok(report) => {
                let output = shell_word(Path::new(&self.output()));
                let input = match self.steps.len() {
                    0 => shell_word(Path::new(&self.name)),
                    _ => output.clone(),
                };
                let command = format!("milopt {}", command.replace("IN", &input).replace("OUT", &output));
                self.steps.push(Step { before, command, report });
                Ok(())
            }
            Err(fault) => {
                *self.package.model_mut() = before;
                Err(fault)
            }
        }
    }

    /// Runs a pipeline, for another release first if one is named. Passes that ask for chips are told the
    /// target.
    pub(crate) fn run(
        &mut self,
        pipeline: &str,
        release: Option<&str>,
        target: &Target,
        registry: &Registry,
    ) -> Result<(), Fault> {
        let text = pipeline;
        let mut pipeline = Pipeline::read(text, registry)?;
        let mut command = format!("run IN -o OUT --pipeline {}", shell_word(Path::new(text)));
        if let Some(release) = release {
            command.push_str(&format!(" --target {release}"));
        }
        let open = |pass: &&milopt::pass::Configured| {
            PLACERS.contains(&pass.def().id) && !pass.given().contains_key("chips")
        };
        if pipeline.passes().any(|pass| open(&pass)) {
            let system = system(target);
            aim(&mut pipeline, &json!([target.chip.name]), Some(&json!([system])))?;
            command.push_str(&format!(" --chip {} --os {system}", target.chip.name));
        }
        let release = release.map(release_named).transpose()?;
        let host = self.host.clone();
        self.change(&command, |package| {
            let mut rewrite = Rewrite::of(package);
            if let Some(release) = release {
                rewrite.retarget(release, Direction::Any)?;
            }
            rewrite.run(&pipeline, |passes| {
                Runner::new().instrument(Progress { host: host.clone(), passes: passes.passes().count() })
            })?;
            rewrite.check()?;
            Ok(serde_json::to_value(rewrite.done())?)
        })
    }

    /// Makes weights smaller.
    pub(crate) fn compress(&mut self, compression: &Compression, registry: &Registry) -> Result<(), Fault> {
        if programs(self.model()).is_empty() {
            return Err(no_program(self.model()));
        }
        let release = compression.raise_target.as_deref().map(release_named).transpose()?;
        let host = self.host.clone();
        let known = self.known.clone();
        self.change(&format!("compress IN -o OUT {}", compression.flags()), |package| {
            if let Some(release) = release {
                Rewrite::of(package).retarget(release, Direction::Raise)?;
            }
            let sizes = |model: &Model| programs(model).into_iter().map(Size::of).collect();
            let mut done =
                Rewritten { before: sizes(package.model()), after: Vec::new(), reports: Vec::new() };
            for program in package.model_mut().programs_mut() {
                let pipeline = Pipeline::from_json(&compression.pipeline(program).to_string(), registry)?;
                let runner = Runner::new().instrument(Progress { host: host.clone(), passes: 1 });
                done.reports.push(runner.run(&pipeline, program).map_err(RewriteError::from)?);
            }
            done.after = sizes(package.model());
            let broken = new_violations(&known, package.model());
            if !broken.is_empty() {
                return Err(RewriteError::Invalid(broken).into());
            }
            Ok(serde_json::to_value(&done)?)
        })
    }

    /// Takes the last step back.
    pub(crate) fn undo(&mut self) {
        if let Some(step) = self.steps.pop() {
            *self.package.model_mut() = step.before;
        }
    }

    /// Takes all steps back.
    pub(crate) fn reset(&mut self) {
        self.steps.truncate(1);
        self.undo();
    }

    /// Where its ops would run: numbers, a picture, and the page of the report.
    pub(crate) fn estimate(&self, target: &Target) -> Result<Value, Fault> {
        let of = |model: &Model| -> Vec<Estimate> {
            programs(model).into_iter().map(|program| estimate(program, target)).collect()
        };
        let now = of(self.model());
        if now.is_empty() {
            return Err(no_program(self.model()));
        }
        let untried = Rewrites::Untried;
        let rewrites = match &self.advice {
            Some((known, steps, rewrites)) if known == target && *steps == self.steps.len() => rewrites,
            _ => &untried,
        };
        let before = (!self.steps.is_empty()).then(|| of(self.original()));
        let mut versions = Vec::new();
        if let Some(before) = &before {
            let estimates = before.iter().collect();
            versions.push(Version { label: "as it came", estimates, rewrites: &untried });
        }
        let label = if before.is_some() { "now" } else { "as it is" };
        versions.push(Version { label, estimates: now.iter().collect(), rewrites });
        let origin = Origin { title: &self.name, tool: TOOL, files: Vec::new() };
        Ok(json!({
            "before": before.as_ref().map(Totals::of),
            "now": Totals::of(&now),
            "warning": target.warning(),
            "svg": svg(&self.name, &versions),
            "page": html(&origin, &versions),
        }))
    }

    /// What `milopt estimate --json` prints of the model as it is, without advice.
    pub(crate) fn placement(&self, target: &Target) -> Result<Value, Fault> {
        match &programs(self.model())[..] {
            [] => Err(no_program(self.model())),
            [only] => Ok(serde_json::to_value(estimate(only, target))?),
            all => Ok(json!({"programs": all.iter().map(|one| estimate(one, target)).collect::<Vec<_>>()})),
        }
    }

    /// What to let Core ML use on each device, and the page of it.
    pub(crate) fn devices(&self) -> Result<Value, Fault> {
        let programs = programs(self.model());
        if programs.is_empty() {
            return Err(no_program(self.model()));
        }
        let rows: Vec<DeviceRow> = devices(&programs);
        let origin = Origin { title: &self.name, tool: TOOL, files: Vec::new() };
        Ok(json!({"page": devices_html(&origin, &rows)}))
    }

    /// What would help: the named pipelines, unless the model is too large to try them unasked; or all fixes.
    pub(crate) fn suggest(
        &mut self,
        all: bool,
        target: &Target,
        registry: &Registry,
    ) -> Result<Value, Fault> {
        let programs = programs(self.model());
        if programs.is_empty() {
            return Err(no_program(self.model()));
        }
        let name = Path::new(&self.name);
        let subject = Subject { programs: &programs, file: Some(name), target, registry };
        if let Some(why) = subject.unwritable() {
            return Ok(json!({"untried": why}));
        }
        let (found, rest) = if all {
            let tell =
                &mut |done: usize, all: usize, name: &str| self.host.tell(done as u64, all as u64, name);
            let found = subject.suggest(tell);
            (found.found, json!({"without_effect": found.without_effect, "failed": found.failed}))
        } else {
            match subject.rewrites(None) {
                Rewrites::Tried(found) => (found, json!({})),
                _ => return Ok(json!({"untried": "The model is large, so nothing was tried unasked."})),
            }
        };
        let mut answer = json!({"found": found, "all": all});
        if let (Some(answer), Value::Object(rest)) = (answer.as_object_mut(), rest) {
            answer.extend(rest);
        }
        self.advice = Some((*target, self.steps.len(), Rewrites::Tried(found)));
        Ok(answer)
    }

    /// How it differs from what came.
    pub(crate) fn compare(&self) -> Value {
        let found = diff::compare(self.original(), self.model());
        json!({"text": found.to_string(), "table": found.table(), "details": found.details()})
    }

    /// Hands the package over as a zip archive. Gives its name and size.
    pub(crate) fn write(&self) -> Result<Value, Fault> {
        let name = if self.steps.is_empty() {
            let stem = Path::new(&self.name).file_stem().unwrap_or_default().to_string_lossy();
            format!("{stem}.mlpackage")
        } else {
            self.output()
        };
        let expected = programs(self.model()).into_iter().map(|program| Size::of(program).weight_bytes).sum();
        let mut archive = Archive::new(self.host.as_ref(), &self.sources, &name, expected);
        self.package.stream(&mut archive)?;
        let bytes = archive
            .finish()
            .map_err(|error| Fault::input(format!("the archive cannot be written: {error}")))?;
        Ok(json!({"name": format!("{name}.zip"), "bytes": bytes}))
    }
}

/// A model from its files.
fn read(form: Form, name: &str, files: Vec<(String, Arc<Slice>)>) -> Result<Package, Fault> {
    let only =
        || files.first().map(|(_, slice)| slice.clone()).ok_or_else(|| Fault::input("there is no file"));
    match form {
        Form::Message => Ok(Package::from_source(only()?.as_ref(), name, &Limits::default())?),
        Form::Text => program(only()?.as_ref(), name),
        Form::Package => {
            let source = |(path, slice): (String, Arc<Slice>)| (path, slice as Arc<dyn Source>);
            Ok(Package::from_sources(files.into_iter().map(source), &Limits::default())?)
        }
    }
}

/// A program in MIL text.
fn program(file: &dyn Source, name: &str) -> Result<Package, Fault> {
    let most = Limits::default().text.bytes;
    let len = usize::try_from(file.len()).ok().filter(|len| *len <= most);
    let mut bytes = vec![0; len.ok_or_else(|| Fault::input(format!("{name} is too large for a text")))?];
    file.read_at(0, &mut bytes).map_err(|error| Fault::input(format!("{name} cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| Fault::input(format!("{name} is not text")))?;
    if text.contains("BLOBFILE") {
        return Err(Fault::input(format!(
            "{name} has weights in a file beside it, which this page does not read; the command \
             `milopt run {name} -o X.mlpackage` makes a package of both"
        )));
    }
    let program: Program = text::parse(&text)?;
    Ok(Package::from(program))
}

fn programs(model: &Model) -> Vec<&Program> {
    model.programs().into_iter().map(|(_, program)| program).collect()
}

fn no_program(model: &Model) -> Fault {
    RewriteError::NoProgram { kind: model.kind().to_owned() }.into()
}

fn release_named(name: &str) -> Result<Release, Fault> {
    Release::from_name(name).ok_or_else(|| {
        let known: Vec<String> = Release::ALL.iter().map(ToString::to_string).collect();
        Fault::input(format!("there is no release {name}; known: {}", known.join(", ")))
    })
}
