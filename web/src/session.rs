//! Requests, one after another.

use std::sync::Arc;

use milopt::embed::Fault;
use milopt::estimate::{Chip, Target, Units};
use milopt::ir::Release;
use milopt::pass::Registry;
use serde_json::{Value, json};

use crate::Host;
use crate::archive::{check_sum, entries};
use crate::opened::Opened;
use crate::request::{Aim, FileRange, Request};
use crate::slice::Slice;

/// What a worker holds: at most one open model.
#[derive(Debug)]
pub struct Session {
    host: Arc<dyn Host>,
    registry: Registry,
    opened: Option<Opened>,
}

impl Session {
    /// Nothing is open.
    pub fn new(host: Arc<dyn Host>) -> Session {
        Session { host, registry: milopt::passes::registry(), opened: None }
    }

    /// Answers a request, both in JSON: `{"ok": …}`, or `{"error": {"kind": …, "message": …}}` with what is
    /// open as it was.
    pub fn answer(&mut self, request: &str) -> String {
        let request = serde_json::from_str(request).map_err(Fault::from);
        let answer = match request.and_then(|request| self.done(request)) {
            Ok(value) => json!({"ok": value}),
            Err(fault) => json!({"error": {"kind": fault.kind.name(), "message": fault.message}}),
        };
        answer.to_string()
    }

    fn done(&mut self, request: Request) -> Result<Value, Fault> {
        let Session { host, registry, opened } = self;
        let model = || opened.as_ref().ok_or_else(|| Fault::input("no model is open"));
        match request {
            Request::About => about(registry),
            Request::Archive { file } => {
                let found = entries(&slice(host, &file))?;
                Ok(serde_json::to_value(found)?)
            }
            Request::Open { name, files } => {
                let mut sources = Vec::new();
                for file in files {
                    let source = slice(host, &file.range);
                    if let Some(crc) = file.crc {
                        check_sum(host.as_ref(), &file.path, &source, crc)?;
                    }
                    sources.push((file.path, Arc::new(source)));
                }
                opened.insert(Opened::open(host.clone(), &name, sources)?).state()
            }
            Request::Estimate { target } => model()?.estimate(&aimed(&target)?),
            Request::Placement { target } => model()?.placement(&aimed(&target)?),
            Request::Devices => model()?.devices(),
            Request::Compare => Ok(model()?.compare()),
            Request::Write => model()?.write(),
            Request::Suggest { target, all } => {
                let target = aimed(&target)?;
                changing(opened)?.suggest(all, &target, registry)
            }
            Request::Run { pipeline, release, target } => {
                let target = aimed(&target)?;
                let model = changing(opened)?;
                model.run(&pipeline, release.as_deref(), &target, registry)?;
                model.state()
            }
            Request::Compress(compression) => {
                let model = changing(opened)?;
                model.compress(&compression, registry)?;
                model.state()
            }
            Request::Undo => {
                let model = changing(opened)?;
                model.undo();
                model.state()
            }
            Request::Reset => {
                let model = changing(opened)?;
                model.reset();
                model.state()
            }
        }
    }
}

fn changing(opened: &mut Option<Opened>) -> Result<&mut Opened, Fault> {
    opened.as_mut().ok_or_else(|| Fault::input("no model is open"))
}

fn slice(host: &Arc<dyn Host>, range: &FileRange) -> Slice {
    Slice::new(host.clone(), range.file, range.start, range.len)
}

fn aimed(aim: &Aim) -> Result<Target, Fault> {
    Ok(Target::new(&aim.chip, &aim.os, &aim.units)?)
}

/// What this version knows.
fn about(registry: &Registry) -> Result<Value, Fault> {
    let mut pipelines = Vec::new();
    for name in registry.pipelines() {
        let Some(pipeline) = registry.pipeline(name).transpose()? else { continue };
        let steps: Vec<&str> = pipeline.passes().map(|pass| pass.def().id).collect();
        let is_lossy = pipeline.passes().any(|pass| pass.def().numerics.is_lossy());
        pipelines.push(json!({"name": name, "steps": steps, "lossy": is_lossy}));
    }
    let pass = |def: &&milopt::pass::PassDef| json!({"id": def.id, "summary": def.summary(), "theme": def.theme(), "lossy": def.numerics.is_lossy()});
    let chip = |chip: &Chip| json!({"name": chip.name, "platform": chip.platform.to_string(), "first_os": chip.first_os});
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "pipelines": pipelines,
        "passes": registry.passes().iter().map(pass).collect::<Vec<_>>(),
        "chips": Chip::all().iter().map(chip).collect::<Vec<_>>(),
        "units": Units::ALL.map(|units| units.to_string()),
        "releases": Release::ALL.iter().map(ToString::to_string).collect::<Vec<_>>(),
    }))
}
