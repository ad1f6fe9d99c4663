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
//! | code | what must hold |
//! |---|---|
//! | `unreadable` | the payload is a message of its type |
//! | `model-type` | the model has a type |
//! | `feature-count`, `feature-kind`, `feature-name`, `feature-shape` | inputs and outputs are those that the type takes |
//! | `class-labels` | labels are there, and as many as the model needs |
//! | `predicted-feature` | classifiers and regressors name their output |
//! | `element-type`, `threshold` | of non-maximum suppression |
//! | `parameter-value`, `parameter-range` | parameters have a value that is allowed |
//! | `linear-weights`, `support-vectors`, `kernel`, `neighbours`, `tree`, `items`, `curves` | the numbers of classical models fit together |
//! | `feature-print`, `revision`, `model-data`, `class-name`, `link` | what selects a model that lies elsewhere is given |
//! | `network-empty`, `network-mapping`, `network-input-rank`, `network-output` | of a neural network as a whole |
//! | `layer-kind`, `layer-arity`, `layer-input`, `layer-output`, `layer-control` | layers and their values |
//! | `layer-rank`, `layer-rank-message`, `layer-shape` | ranks and sizes agree |
//! | `layer-parameter`, `layer-activation`, `layer-weights` | parameters and weights of layers |
//! | `update` | networks that are trained on a device |
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
mod svm;
mod transforms;
mod trees;

use std::fmt;

use mil_ir::{FunctionInterface, OpaqueModel};
use mil_proto::schema::{Kind, find};
use mil_proto::wire::{self, Limits, WireErrorKind};
use prost::Message;
use prost::bytes::Bytes;

use crate::translate::model::payload;
use rule::{Checked, fault};

/// What the payload of a model breaks, and what was not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rules that are broken.
    pub violations: Vec<Finding>,
    /// What could not be judged; never to be counted as sound.
    pub unchecked: Vec<Finding>,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule; stable. See the table at the top of `payload/mod.rs`.
    pub code: &'static str,
    /// The layer of a neural network, where it lies in one.
    pub layer: Option<String>,
    /// What is wrong, or unknown.
    pub message: String,
}

/// Findings that are kept; a broken file can break a rule a million times.
const MOST_FINDINGS: usize = 1000;

impl Report {
    fn record(&mut self, checked: Checked) {
        let Err(finding) = checked else { return };
        match self.violations.len() {
            0..MOST_FINDINGS => self.violations.push(finding),
            MOST_FINDINGS if self.unchecked.iter().all(|found| found.code != "more") => {
                self.unchecked.push(fault("more", format!("violations beyond the first {MOST_FINDINGS}")));
            }
            _ => {}
        }
    }

    fn unchecked(&mut self, what: impl Into<String>) {
        self.unchecked.push(fault("unchecked", what));
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(layer) = &self.layer {
            write!(f, "layer {layer}: ")?;
        }
        write!(f, "{} [{}]", self.message, self.code)
    }
}

/// Checks the payload of a model, and what the interface owes to its type.
#[must_use]
pub fn verify(model: &OpaqueModel) -> Report {
    let mut report = Report::default();
    let Some(kind) = model.kind.as_deref() else {
        report.record(Err(fault("model-type", "the model has no type")));
        return report;
    };
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
