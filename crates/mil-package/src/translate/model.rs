//! `Model` and the pipelines of models.

use std::sync::Arc;

use mil_ir::{Carried, Model, ModelPipeline, Name, OpaqueModel, PipelineKind};
use mil_proto::Described;
use mil_proto::schema::Message as Schema;
use mil_proto::specification::{
    Model as Message, ModelDescription, Pipeline as PipelineMessage, PipelineClassifier, PipelineRegressor,
    mil_spec::Program, model::Type,
};
use mil_proto::wire::{self, Unknown, WireError, WireErrorKind};
use prost::Message as _;
use prost::bytes::Bytes;

use crate::translate::Decoder;
use crate::translate::carried::{Step, fit, from_unknown, put, take};
use crate::translate::interface::{decode_interface, encode_interface};
use crate::translate::program::{encode_program, lay_out};
use crate::weights::Layout;
use crate::{EncodeError, PackageError};

// Fields of `Model`.
const VERSION: u32 = 1;
const DESCRIPTION: u32 = 2;
const UPDATABLE: u32 = 10;
const CLASSIFIER: u32 = 200;
const REGRESSOR: u32 = 201;
const PIPELINE: u32 = 202;
const PROGRAM: u32 = 502;
/// `Pipeline.models`.
const MODELS: u32 = 1;

impl Decoder<'_> {
    /// Decodes a whole message, after a scan that found it sound.
    pub(crate) fn model(
        &mut self,
        bytes: Bytes,
        limits: &mil_proto::wire::Limits,
    ) -> Result<Model, PackageError> {
        let (bytes, scan) = match wire::scan(&bytes, Message::SCHEMA, limits) {
            // Core ML's parser reads such files, so they are read; what was merged is written merged.
            Err(WireError { kind: WireErrorKind::Repeated(_), .. }) => {
                let merged = Bytes::from(wire::merge(&bytes, Message::SCHEMA)?);
                let scan = wire::scan(&merged, Message::SCHEMA, limits)?;
                (merged, scan)
            }
            scan => (bytes, scan?),
        };
        self.scanned_model(bytes, from_unknown(scan.unknown))
    }

    /// Pipelines hold models: recursion, at most as deep as the scan allows messages to be nested.
    fn scanned_model(&mut self, bytes: Bytes, mut carried: Carried) -> Result<Model, PackageError> {
        let (outer, payload) = split(&bytes)?;
        let mut interface = decode_interface(&outer, &mut carried)?;
        let Some((number, payload)) = payload else { return Ok(opaque(bytes, None, interface)) };
        let kind = match number {
            CLASSIFIER => PipelineKind::Classifier,
            REGRESSOR => PipelineKind::Regressor,
            PIPELINE => PipelineKind::Plain,
            PROGRAM => {
                let program_carried = take(&mut carried, &[Step::One(PROGRAM)]);
                interface.model_carried = carried.boxed();
                let message = Program::decode(payload)?;
                return Ok(Model::Program(self.program(message, program_carried, interface)?));
            }
            other => {
                let kind = Message::SCHEMA.field(other).map(|field| Name::from(field.name));
                return Ok(opaque(bytes, kind, interface));
            }
        };
        let steps = pipeline_steps(kind);
        let pipeline_carried = take(&mut carried, steps);
        interface.model_carried = carried.boxed();
        let inner = match kind {
            PipelineKind::Plain => Some(payload),
            _ => field(&payload, 1)?,
        };
        let pipeline = self.pipeline(kind, inner, pipeline_carried, interface)?;
        Ok(Model::Pipeline(pipeline))
    }

    fn pipeline(
        &mut self,
        kind: PipelineKind,
        bytes: Option<Bytes>,
        mut carried: Carried,
        interface: mil_ir::Interface,
    ) -> Result<ModelPipeline, PackageError> {
        let mut models = Vec::new();
        let mut names = Vec::new();
        let present = bytes.is_some();
        let bytes = bytes.unwrap_or_default();
        for raw in wire::fields(&bytes) {
            let raw = raw?;
            let value = bytes.slice(raw.value);
            match raw.number {
                MODELS => {
                    let carried = take(&mut carried, &[Step::At(MODELS, models.len())]);
                    let known = self.mended.len();
                    let model = self.scanned_model(value, carried)?;
                    self.mended[known..]
                        .iter_mut()
                        .for_each(|found| found.place.member.insert(0, models.len()));
                    models.push(model);
                }
                2 => names.push(Name::from(String::from_utf8_lossy(&value).as_ref())),
                _ => {}
            }
        }
        if names.len() > models.len() {
            return Err(PackageError::Model("the pipeline has more names than models".into()));
        }
        let names = names.into_iter().map(Some).chain(std::iter::repeat(None));
        let members: Vec<_> = names.zip(models).collect();
        // Nothing in it, but it is there.
        let bare = present && members.is_empty();
        let carried = if bare { super::present(carried) } else { carried.boxed() };
        Ok(ModelPipeline { kind, interface, members, carried })
    }
}

fn opaque(bytes: Bytes, kind: Option<Name>, interface: mil_ir::Interface) -> Model {
    Model::Opaque(OpaqueModel { kind, interface, bytes: Arc::from(&bytes[..]) })
}

/// The model without its payload, and the payload with its field number.
fn split(bytes: &Bytes) -> Result<(Message, Option<(u32, Bytes)>), PackageError> {
    let mut outer = Message::default();
    let mut payload = None;
    for raw in wire::fields(bytes) {
        let raw = raw?;
        match raw.number {
            DESCRIPTION => outer.description = Some(ModelDescription::decode(bytes.slice(raw.value))?),
            VERSION | UPDATABLE => {
                outer.merge(bytes.slice(raw.range))?;
            }
            number if Message::SCHEMA.field(number).is_some() => {
                payload = Some((number, bytes.slice(raw.value)));
            }
            _ => {}
        }
    }
    Ok((outer, payload))
}

/// The payload of a model, encoded.
pub(crate) fn payload(model: &Bytes) -> Result<Option<Bytes>, PackageError> {
    Ok(split(model)?.1.map(|(_, payload)| payload))
}

/// The message in a field that occurs once.
fn field(bytes: &Bytes, number: u32) -> Result<Option<Bytes>, PackageError> {
    for raw in wire::fields(bytes) {
        let raw = raw?;
        if raw.number == number {
            return Ok(Some(bytes.slice(raw.value)));
        }
    }
    Ok(None)
}

/// The way from a model to the `Pipeline` message in it.
fn pipeline_steps(kind: PipelineKind) -> &'static [Step<'static>] {
    match kind {
        PipelineKind::Plain => &[Step::One(PIPELINE)],
        PipelineKind::Classifier => &[Step::One(CLASSIFIER), Step::One(1)],
        PipelineKind::Regressor => &[Step::One(REGRESSOR), Step::One(1)],
    }
}

/// Gives the weights of a model their places.
pub(crate) fn lay_out_model(model: &Model, layout: &mut Layout<'_>) -> Result<(), EncodeError> {
    let mut pinned = false;
    for (_, program) in model.programs() {
        pinned |= lay_out(program, layout)?;
    }
    layout.settle(pinned).map_err(super::at("", ""))
}

/// The message of a model.
pub(crate) fn encode_model(model: &Model, layout: &Layout<'_>) -> Result<Vec<u8>, PackageError> {
    if let Model::Opaque(opaque) = model {
        return Ok(opaque.bytes.to_vec());
    }
    let (message, unknown) = encode(model, layout)?;
    let bytes = message.encode_to_vec();
    drop(message);
    if unknown.is_empty() { Ok(bytes) } else { Ok(wire::splice(&bytes, Message::SCHEMA, &unknown)?) }
}

fn encode(model: &Model, layout: &Layout<'_>) -> Result<(Message, Unknown), PackageError> {
    match model {
        // Spliced into the empty message.
        Model::Opaque(opaque) => Ok((Message::default(), Unknown::new(opaque.bytes.to_vec()))),
        Model::Program(program) => {
            let (mut message, unknown) = encode_interface(&program.interface);
            let (payload, payload_unknown) = encode_program(program, layout)?;
            message.r#type = Some(Type::MlProgram(payload));
            let inner = vec![(vec![Step::One(PROGRAM)], payload_unknown)];
            Ok(finish(message, program.interface.model_carried.as_deref(), unknown, inner))
        }
        Model::Pipeline(pipeline) => {
            let (mut message, unknown) = encode_interface(&pipeline.interface);
            let mut inner = Vec::new();
            let mut payload = PipelineMessage::default();
            for (index, (_, member)) in pipeline.members.iter().enumerate() {
                let (member, unknown) = encode(member, layout)?;
                payload.models.push(member);
                let steps = [pipeline_steps(pipeline.kind), &[Step::At(MODELS, index)]].concat();
                inner.push((steps, unknown));
            }
            let named = pipeline.members.iter().rposition(|(name, _)| name.is_some()).map_or(0, |at| at + 1);
            for (name, _) in pipeline.members.iter().take(named) {
                payload.names.push(name.as_deref().unwrap_or_default().to_owned());
            }
            let own = fit(&payload, PipelineMessage::SCHEMA, pipeline.carried.as_deref());
            inner.insert(0, (pipeline_steps(pipeline.kind).to_vec(), own));
            let present = pipeline.carried.is_some() || !pipeline.members.is_empty();
            let wrapped = present.then_some(payload);
            message.r#type = Some(match pipeline.kind {
                PipelineKind::Plain => Type::Pipeline(wrapped.unwrap_or_default()),
                PipelineKind::Classifier => {
                    Type::PipelineClassifier(PipelineClassifier { pipeline: wrapped })
                }
                PipelineKind::Regressor => Type::PipelineRegressor(PipelineRegressor { pipeline: wrapped }),
            });
            Ok(finish(message, pipeline.interface.model_carried.as_deref(), unknown, inner))
        }
    }
}

/// Puts the unknown fields of a model together: its own, those of its interface and those of its payload.
fn finish(
    message: Message,
    carried: Option<&Carried>,
    interface: Unknown,
    inner: Vec<(Vec<Step<'_>>, Unknown)>,
) -> (Message, Unknown) {
    let schema: &'static Schema = Message::SCHEMA;
    let mut unknown = fit(&message, schema, carried);
    for (number, key, child) in interface.into_children() {
        unknown.insert(number, key, child);
    }
    for (steps, child) in inner {
        put(&mut unknown, &steps, child);
    }
    (message, unknown)
}
