//! What the type of a model means for its interface.

use crate::Model;

/// Types of models, as far as the rules for their interfaces differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelKind {
    /// `mlProgram`.
    Program,
    /// The three pipelines.
    Pipeline,
    /// The three neural networks.
    NeuralNetwork,
    /// `serializedModel`.
    Serialized,
    /// `kNearestNeighborsClassifier`.
    NearestNeighbors,
    /// Imputers, trees, the recommender, the identity.
    OptionalInputs,
    /// Any other type.
    Other,
    /// The model has no type.
    None,
}

impl ModelKind {
    /// Of a model.
    pub fn of(model: &Model) -> ModelKind {
        match model {
            Model::Program(_) => ModelKind::Program,
            Model::Pipeline(_) => ModelKind::Pipeline,
            Model::Opaque(opaque) => match opaque.kind.as_deref() {
                None => ModelKind::None,
                Some("neuralNetwork" | "neuralNetworkClassifier" | "neuralNetworkRegressor") => {
                    ModelKind::NeuralNetwork
                }
                Some("serializedModel") => ModelKind::Serialized,
                Some("kNearestNeighborsClassifier") => ModelKind::NearestNeighbors,
                Some(
                    "imputer"
                    | "treeEnsembleClassifier"
                    | "treeEnsembleRegressor"
                    | "itemSimilarityRecommender"
                    | "identity",
                ) => ModelKind::OptionalInputs,
                Some(_) => ModelKind::Other,
            },
        }
    }

    /// From iOS18 on it may have no inputs.
    pub(super) fn may_lack_inputs(self) -> bool {
        matches!(self, ModelKind::Program | ModelKind::Pipeline | ModelKind::NeuralNetwork)
    }

    /// An optional input may have a default value, but not all inputs may be optional.
    pub(super) fn knows_defaults(self) -> bool {
        matches!(self, ModelKind::Program | ModelKind::NeuralNetwork | ModelKind::Serialized)
    }

    /// Inputs may be optional.
    pub(super) fn may_have_optional_inputs(self) -> bool {
        self.knows_defaults() || matches!(self, ModelKind::Pipeline | ModelKind::OptionalInputs)
    }

    /// It can be trained on the device.
    pub(super) fn is_trainable(self) -> bool {
        matches!(self, ModelKind::Pipeline | ModelKind::NeuralNetwork | ModelKind::NearestNeighbors)
    }
}
