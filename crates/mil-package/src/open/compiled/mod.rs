//! Compiled models, `.mlmodelc`: what Core ML's compiler makes of a package or a `.mlmodel`.
//!
//! A program is text in `model.mil`, with its weights where it says. Its interface stands in `coremldata.bin`
//! ([`data`]), for people in `metadata.json` ([`metadata`]), and as far as shapes go in the text itself
//! ([`flexible`]): the first of them that can be read counts. A pipeline has a folder for each member,
//! `model0`, `model1` and so on. Models of most other types are whole messages in `coremldata.bin`; neural
//! networks become files of another format, from which the model cannot be had back.

mod data;
mod flexible;
mod metadata;

use std::path::Path;

use mil_ir::{Feature, FunctionInterface, Interface, Model, ModelPipeline, Name, PipelineKind, Program};
use mil_proto::Described;
use mil_proto::specification::Model as Message;
use serde_json::Value;

use crate::files::{open_file, read_all};
use crate::open::compiled::data::Data;
use crate::open::parts::{Parts, prefixed};
use crate::translate::Decoder;
use crate::{Limits, Package, PackageError};

pub(crate) use flexible::take as take_flexible_shapes;

/// Text of a compiled program.
const PROGRAM: &str = "model.mil";
const DATA: &str = "coremldata.bin";
const METADATA: &str = "metadata.json";
/// How deep pipelines may be nested.
const DEEPEST: usize = 16;

/// Opens a compiled model.
pub(crate) fn open(folder: &Path, limits: &Limits) -> Result<Package, PackageError> {
    let mut parts = Parts::new();
    let model = Compiled { limits, parts: &mut parts }.model(folder, "", 0)?;
    Ok(parts.into_package(model))
}

struct Compiled<'a> {
    limits: &'a Limits,
    parts: &'a mut Parts,
}

impl Compiled<'_> {
    /// The model in a folder; the names of its weight files in the package begin with the prefix.
    fn model(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<Model, PackageError> {
        let data = self.data(folder)?;
        if folder.join(PROGRAM).is_file() {
            return self.program(folder, prefix, data).map(Model::Program);
        }
        match data {
            Some(Data::Message(bytes)) => {
                let mut decoder = Decoder::new(&self.parts.files, &mut self.parts.weights);
                let model = decoder.model(bytes.into(), &self.limits.message)?;
                self.parts.mended.extend(decoder.mended);
                Ok(model)
            }
            Some(Data::Described { kind, members: Some(members), interface }) => {
                self.pipeline(folder, prefix, depth, kind, Some(members), Some(*interface))
            }
            None if folder.join("model0").is_dir() => {
                self.pipeline(folder, prefix, depth, PipelineKind::Plain, None, None)
            }
            Some(Data::Other(kind)) => Err(unsupported(folder, kind)),
            _ => Err(unsupported(folder, None)),
        }
    }

    fn data(&mut self, folder: &Path) -> Result<Option<Data>, PackageError> {
        let path = folder.join(DATA);
        if !path.is_file() {
            return Ok(None);
        }
        let bytes = read_all(&open_file(&path)?, DATA, self.limits.model_bytes)?;
        let mut decoder = Decoder::new(&self.parts.files, &mut self.parts.weights);
        data::read(&bytes, &mut decoder, &self.limits.message)
    }

    fn program(&mut self, folder: &Path, prefix: &str, data: Option<Data>) -> Result<Program, PackageError> {
        let rename = |name: &str| (!prefix.is_empty()).then(|| prefixed(prefix, name));
        let mut program = self.parts.read(&folder.join(PROGRAM), folder, None, &rename, self.limits)?;
        let derived = program.interface.specification_version;
        let stated = match data {
            Some(Data::Described { interface, .. }) => Some(*interface),
            _ => None,
        };
        match stated {
            Some(stated) if agrees(&stated, &program) => program.interface = stated,
            _ => self.add_metadata(folder, &mut program.interface)?,
        }
        let version = &mut program.interface.specification_version;
        *version = derived.max(*version);
        Ok(program)
    }

    /// Adds to an interface what `metadata.json` says.
    fn add_metadata(&mut self, folder: &Path, interface: &mut Interface) -> Result<(), PackageError> {
        let path = folder.join(METADATA);
        if !path.is_file() {
            return Ok(());
        }
        let bytes = read_all(&open_file(&path)?, METADATA, self.limits.manifest_bytes)?;
        let json: Value = match serde_json::from_slice(&bytes) {
            Ok(json) => json,
            Err(error) => {
                self.parts.warnings.push(format!("{METADATA} is not read: {error}"));
                return Ok(());
            }
        };
        let first = json.as_array().and_then(|entries| entries.first()).unwrap_or(&Value::Null);
        metadata::describe(interface, first, &mut self.parts.warnings);
        Ok(())
    }

    fn pipeline(
        &mut self,
        folder: &Path,
        prefix: &str,
        depth: usize,
        kind: PipelineKind,
        count: Option<usize>,
        stated: Option<Interface>,
    ) -> Result<Model, PackageError> {
        if depth >= DEEPEST {
            return Err(PackageError::Limit(format!("pipelines are nested more than {DEEPEST} deep")));
        }
        let mut members = Vec::new();
        loop {
            let member = folder.join(format!("model{}", members.len()));
            match count {
                Some(count) if members.len() == count => break,
                Some(_) if !member.is_dir() => {
                    let item = format!("model{}", members.len());
                    return Err(PackageError::Missing { item, pointer: false });
                }
                None if !member.is_dir() => break,
                _ => {}
            }
            let model = self.model(&member, &format!("{prefix}{}-", members.len()), depth + 1)?;
            members.push((None, model));
        }
        let interface = match stated {
            Some(stated) => stated,
            None => {
                let warning =
                    "the pipeline does not say what it takes and gives; that is derived from its members";
                self.parts.warnings.push(warning.into());
                let mut interface = of_members(&members);
                self.add_metadata(folder, &mut interface)?;
                interface
            }
        };
        Ok(Model::Pipeline(ModelPipeline { kind, interface, members, carried: None }))
    }
}

/// What an interface says has a value in the program.
fn agrees(interface: &Interface, program: &Program) -> bool {
    interface.functions.len() == program.functions.len()
        && interface.functions.iter().all(|(name, features)| {
            // A model without named functions calls its only one `main`.
            let function = program
                .functions
                .get(name)
                .or_else(|| program.functions.values().next().filter(|_| !interface.multifunction));
            let Some(graph) = function.and_then(|function| function.graph()) else { return false };
            let is_input = |feature: &Feature| graph.input_named(&feature.name).is_some();
            let outputs: Vec<&Name> = graph.root().outputs().map(|value| graph.value(value).name()).collect();
            features.inputs.len() + features.states.len() == graph.root().inputs().len()
                && features.inputs.iter().chain(&features.states).all(is_input)
                && features.outputs.iter().all(|feature| outputs.contains(&&feature.name))
        })
}

/// What goes into the members and comes from none before; what comes out of the last.
fn of_members(members: &[(Option<Name>, Model)]) -> Interface {
    let mut own = FunctionInterface::default();
    let mut made: Vec<Name> = Vec::new();
    let mut version = 0;
    for (_, member) in members {
        let interface = member.interface();
        version = version.max(interface.specification_version);
        let Some(features) = interface.functions.values().next() else { continue };
        for input in &features.inputs {
            if !made.contains(&input.name) && !own.inputs.iter().any(|known| known.name == input.name) {
                own.inputs.push(input.clone());
            }
        }
        own.states.extend(features.states.iter().cloned());
        made.extend(features.outputs.iter().map(|output| output.name.clone()));
        own.outputs.clone_from(&features.outputs);
    }
    Interface {
        specification_version: version,
        functions: [(Name::from("main"), own)].into(),
        ..Interface::default()
    }
}

fn unsupported(folder: &Path, kind: Option<u32>) -> PackageError {
    let named = kind.and_then(|kind| Message::SCHEMA.field(kind)).map(|field| field.name);
    let what = match named {
        _ if folder.join("model.espresso.net").is_file() => "a compiled neural network".to_owned(),
        Some(name) => format!("a compiled model of type {name}"),
        None => "a compiled model of a form that is not known".to_owned(),
    };
    let what = format!("{what}; milopt reads the .mlmodel or .mlpackage that it was compiled from");
    PackageError::Unsupported { path: folder.into(), what }
}
