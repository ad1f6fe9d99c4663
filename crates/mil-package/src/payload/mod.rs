//! What Core ML's own validator demands of models that are not programs: neural networks, classical models,
//! transforms, models of the system's frameworks.
//!
//! [`verify`] decodes the payload of an [`OpaqueModel`] once and checks it. One file holds the rules of one
//! family. The rules are those of the open-source validator in coremltools (`mlmodel/src`); where that lets
//! something pass, so does this. Rules that do not depend on the payload (names, shapes, versions, optional
//! features) belong to the interface and are not here.
//!
//! Payloads are hostile: they are scanned before they are decoded, layers and tree nodes are decoded one at a
//! time, and nothing here recurses deeper than messages nest.
//!
//! [`RULES`] lists the codes.
//!
//! What cannot be judged has the code `unchecked`, or `more` where a model breaks more rules than anyone
//! would read.

mod apple;
mod bayesian;
mod classifier;
mod custom;
mod equal;
mod features;
mod linear;
mod nearest_neighbors;
mod network;
mod nms;
mod parameter;
mod recommender;
mod rule;
mod rules;
mod svm;
mod transforms;
mod trees;

use mil_ir::verify::Report;
use mil_ir::{FunctionInterface, OpaqueModel};
use mil_proto::schema::{Kind, find};
use mil_proto::wire::{self, Limits, WireErrorKind};
use prost::Message;
use prost::bytes::Bytes;

use crate::translate::model::payload;
pub use rules::RULES;

use rule::{Record, fault};

/// Checks the payload of a model, and what the interface owes to its type.
#[must_use]
pub fn verify(model: &OpaqueModel) -> Report {
    let Some(kind) = &model.kind else {
        let mut report = Report::default();
        report.record(Err(fault("model-type", "the model has no type")));
        return report;
    };
    // What is said of a layer names the layer's kind.
    contents(kind, model).at(|place| {
        place.kind.get_or_insert_with(|| kind.clone());
    })
}

fn contents(kind: &str, model: &OpaqueModel) -> Report {
    let mut report = Report::default();
    match payload(&Bytes::from_owner(model.bytes.clone())) {
        Ok(Some(payload)) if scan(kind, &payload, &mut report) => {
            if let Err(error) = family(kind, model, payload, &mut report) {
                report.record(Err(fault("unreadable", error.to_string())));
            }
        }
        Ok(Some(_)) => {}
        Ok(None) => report.record(Err(fault("unreadable", "the payload is missing"))),
        Err(error) => report.record(Err(fault("unreadable", error.to_string()))),
    }
    report
}

/// Whether the payload may be decoded: well-formed, and not beyond all measure.
fn scan(kind: &str, payload: &[u8], report: &mut Report) -> bool {
    let message = find("CoreML.Specification.Model").and_then(|model| model.field_named(kind));
    let Some(Kind::Opaque(message)) = message.map(|field| field.kind) else {
        report.unchecked(format!("a model of type {kind}"));
        return false;
    };
    // Classical models consist of small messages, which take more room decoded than programs do.
    let limits = Limits { base_memory: 256 << 20, memory_per_byte: 48, ..Limits::default() };
    let Err(error) = wire::scan(payload, message, &limits) else { return true };
    match error.kind {
        // The last one counts, and messages are merged.
        WireErrorKind::Repeated(_) => true,
        WireErrorKind::Memory(_) | WireErrorKind::Messages(_) => {
            report.unchecked(format!("the payload of type {kind}: {error}"));
            false
        }
        _ => {
            report.record(Err(fault("unreadable", error.to_string())));
            false
        }
    }
}

/// The rules of each type.
fn family(
    kind: &str,
    model: &OpaqueModel,
    payload: Bytes,
    report: &mut Report,
) -> Result<(), prost::DecodeError> {
    let interface = &model.interface;
    let unset = FunctionInterface::default();
    let main = interface.functions.get("main").unwrap_or(&unset);
    let checked = match kind {
        "neuralNetwork" => {
            network::plain(interface, main, decode(payload)?, report);
            return Ok(());
        }
        "neuralNetworkClassifier" => {
            network::classifier(interface, main, decode(payload)?, report);
            return Ok(());
        }
        "neuralNetworkRegressor" => {
            network::regressor(interface, main, decode(payload)?, report);
            return Ok(());
        }
        "glmRegressor" => linear::regressor(main, &decode(payload)?),
        "glmClassifier" => linear::classifier(main, &decode(payload)?),
        "supportVectorRegressor" => svm::regressor(main, &decode(payload)?),
        "supportVectorClassifier" => svm::classifier(main, &decode(payload)?),
        "treeEnsembleRegressor" => trees::regressor(&decode(payload)?),
        "treeEnsembleClassifier" => trees::classifier(&decode(payload)?),
        "bayesianProbitRegressor" => bayesian::regressor(main),
        "kNearestNeighborsClassifier" => nearest_neighbors::classifier(main, &decode(payload)?),
        "itemSimilarityRecommender" => recommender::recommender(main, &decode(payload)?),
        "nonMaximumSuppression" => nms::suppression(main, interface.specification_version, &decode(payload)?),
        "oneHotEncoder" => transforms::one_hot_encoder(main, &decode(payload)?),
        "imputer" => transforms::imputer(main, &decode(payload)?),
        "featureVectorizer" => transforms::feature_vectorizer(main, &decode(payload)?),
        "dictVectorizer" => transforms::dict_vectorizer(main, &decode(payload)?),
        "scaler" => transforms::scaler(main, &decode(payload)?),
        "categoricalMapping" => transforms::categorical_mapping(main, &decode(payload)?),
        "normalizer" => transforms::normalizer(main, &decode(payload)?),
        "arrayFeatureExtractor" => transforms::array_feature_extractor(main, &decode(payload)?),
        "visionFeaturePrint" => apple::vision(main, &decode(payload)?),
        "audioFeaturePrint" => apple::audio(main, &decode(payload)?),
        "soundAnalysisPreprocessing" => apple::sound_preprocessing(main, &decode(payload)?),
        "textClassifier" => apple::text_classifier(main, &decode(payload)?),
        "gazetteer" => apple::gazetteer(main, &decode(payload)?),
        "wordEmbedding" => apple::word_embedding(main, &decode(payload)?),
        "wordTagger" => apple::word_tagger(main, &decode(payload)?),
        "classConfidenceThresholding" => apple::confidence_thresholding(&decode(payload)?),
        "customModel" => custom::custom(&decode(payload)?),
        "linkedModel" => custom::linked(&decode(payload)?),
        // There is nothing inside.
        "identity" => Ok(()),
        "serializedModel" => {
            report.unchecked("the contents of a serialized model, which only their owner can read");
            return Ok(());
        }
        _ => {
            report.unchecked(format!("a model of type {kind}"));
            return Ok(());
        }
    };
    report.record(checked);
    Ok(())
}

fn decode<M: Message + Default>(payload: Bytes) -> Result<M, prost::DecodeError> {
    M::decode(payload)
}
